// The whole state of a view is in the URL's fragment, so that a link shows what its sender saw,
// under any mount point and without server routes.
import { useSyncExternalStore } from "react";

export interface Location {
  page: string;
  params: Readonly<Record<string, string>>;
}

const parse = (hash: string): Location => {
  const text = hash.replace(/^#\/?/, "");
  const cut = text.indexOf("?");
  const path = cut < 0 ? text : text.slice(0, cut);
  return {
    page: path || "overview",
    params: Object.fromEntries(new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1))),
  };
};

let current = parse(window.location.hash);
const listeners = new Set<() => void>();
window.addEventListener("hashchange", () => {
  current = parse(window.location.hash);
  for (const listener of listeners) listener();
});

export const useLocation = (): Location =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );

export type Params = Readonly<Record<string, string | undefined>>;

/** Parameters that are kept when another page is opened. */
const KEPT = ["period", "from", "to", "tz", "service", "env", "refresh"];

/** A link to a page that keeps the time range and the filters. */
export const href = (page: string, params: Params = {}): string => {
  const kept = Object.fromEntries(KEPT.map((name) => [name, current.params[name]]));
  return write(page, { ...kept, ...params });
};

const write = (page: string, params: Params): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value) query.set(name, value);
  const text = query.toString();
  return `#/${page}${text ? `?${text}` : ""}`;
};

/** Changes parameters of the current page. `replace` adds no history entry. */
export const patch = (params: Params, replace = false): void => {
  const next = write(current.page, { ...current.params, ...params });
  if (next === window.location.hash) return;
  if (replace) {
    window.history.replaceState(null, "", window.location.pathname + window.location.search + next);
    current = parse(next);
    for (const listener of listeners) listener();
  } else {
    window.location.hash = next;
  }
};

export const open = (page: string, params: Params = {}): void => {
  window.location.hash = href(page, params);
};
