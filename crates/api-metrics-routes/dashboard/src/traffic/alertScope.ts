// Which alert rules concern what a page shows, by service, endpoint and API key.
import type { Alert } from "../api/types";

/** What a page shows; null for everything. */
export interface Scope {
  service: string | null;
  environment: string | null;
  method: string | null;
  endpoint: string | null;
  key: string | null;
}

/** Splits `GET /users/*` into method and path; the method is optional and in capitals. */
export const parse = (filter: string): [string | null, string] => {
  const found = /^([A-Z_]+) +(.*)$/s.exec(filter.trim());
  return found ? [found[1] ?? null, found[2] ?? ""] : [null, filter.trim()];
};

/** Matches `*` (any text) and `?` (one character). It backtracks to the last star only, so it takes at most
 * `pattern.length * text.length` steps. */
export const glob = (pattern: string, text: string): boolean => {
  let [p, t, star, from] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") [star, from, p] = [p, t, p + 1];
    else if (pattern[p] === "?" || pattern[p] === text[t]) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [from, p, t] = [from + 1, star + 1, from + 1];
    else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
};

const covers = (filter: string, { method, endpoint }: Scope): boolean => {
  const [verb, path] = parse(filter);
  return (verb === null || method === null || verb === method) && glob(path, endpoint ?? "");
};

/** Whether a rule measures exactly what the page shows. A threshold for other traffic would mislead. */
export const matchesExactly = (rule: Alert, watched: Scope): boolean => {
  if (rule.protocolFilter != null) return false;
  if ((rule.serviceFilter ?? watched.service) !== watched.service) return false;
  if ((rule.environmentFilter ?? watched.environment) !== watched.environment) return false;
  if ((rule.apiKeyFilter == null ? null : String(rule.apiKeyFilter)) !== watched.key) return false;
  if (watched.endpoint === null || rule.endpointFilter == null)
    return watched.endpoint === null && rule.endpointFilter == null;
  const [verb, path] = parse(rule.endpointFilter);
  return path === watched.endpoint && (verb === null || verb === watched.method);
};

/** Whether a rule's alerts concern what the page shows. */
export const concerns = (rule: Alert | undefined, watched: Scope): boolean => {
  // The filters of a deleted rule are unknown.
  if (!rule) return Object.values(watched).every((each) => each === null);
  // Pages show requests to the server.
  if (rule.protocolFilter != null && !["http", "grpc", "any"].includes(rule.protocolFilter)) return false;
  const others = (filter: string | null | undefined, seen: string | null) =>
    filter != null && seen !== null && filter !== seen;
  if (others(rule.serviceFilter, watched.service)) return false;
  if (others(rule.environmentFilter, watched.environment)) return false;
  if (watched.key !== null && rule.apiKeyFilter != null && String(rule.apiKeyFilter) !== watched.key) return false;
  return watched.endpoint === null || rule.endpointFilter == null || covers(rule.endpointFilter, watched);
};

export const quantileOf = (rule: Alert): string =>
  rule.quantile == null ? "average" : `p${+(rule.quantile * 100).toFixed(2)}`;
