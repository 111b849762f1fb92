// The whole state of a view is in the URL's fragment, so that a link shows what its sender saw,
// under any mount point and without server routes.
import { useSyncExternalStore } from "react";
import { appliedOn } from "./applied";

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

/** Filters of traffic and of requests, which every page keeps. */
export const SHARED_FILTERS = [
  "service",
  "env",
  "version",
  "protocol",
  "endpoint",
  "method",
  "status",
  "key",
  "tenant",
  "owner",
  "team",
] as const;

/** Parameters that are kept when another page is opened. */
const KEPT = ["period", "from", "to", "tz", "refresh", "vs", "vsFrom", "vsTo", ...SHARED_FILTERS];

/** What a page is about, which is no filter of it. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  endpoint: ["method", "endpoint"],
  consumer: ["key"],
  limits: ["key"],
  bill: ["key"],
};

export const subjectOf = (page: string): readonly string[] => SUBJECTS[page] ?? [];

/** No filter at all. */
export const NO_FILTERS: Params = Object.fromEntries(SHARED_FILTERS.map((name) => [name, undefined]));

/** Takes away the filters that the numbers of a page do not have: what they count has none of them either. */
export const withoutUnapplied = (page = current.page): Params => {
  const applied = appliedOn(page);
  return Object.fromEntries(
    SHARED_FILTERS.filter((name) => applied !== null && !applied.includes(name)).map((name) => [name, undefined]),
  );
};

/** A link to a page that keeps the time range and the filters. */
export const href = (page: string, params: Params = {}): string => {
  const subject = subjectOf(current.page);
  const kept = Object.fromEntries(
    KEPT.filter((name) => !subject.includes(name)).map((name) => [name, current.params[name]]),
  );
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

/** The address of what is shown, with a range that stays what it is now. */
export const frozenLink = (from: string, to: string): string => {
  const link = new URL(window.location.href);
  link.hash = write(current.page, { ...current.params, period: undefined, refresh: undefined, from, to });
  return link.href;
};

export const open = (page: string, params: Params = {}): void => {
  window.location.hash = href(page, params);
};
