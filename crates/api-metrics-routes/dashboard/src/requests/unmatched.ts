// Requests that no route matched, by what they asked for and by where they come from.
import type { LoggedRequest } from "../api/types";

export interface Sum {
  name: string;
  /** With those that the kept ones stand for. */
  requests: number;
  firstAt: string;
  lastAt: string;
  /** How many different names the other side has. */
  others: number;
}

/** Who sent a request: its consumer, or its address as the log keeps it, or its program. */
export const sourceOf = (row: LoggedRequest): string =>
  row.apiKey ?? (row.address ? `Address ${row.address.slice(0, 8)}` : row.userAgent || "Unknown");

const sums = (
  rows: readonly LoggedRequest[],
  nameOf: (row: LoggedRequest) => string,
  otherOf: (row: LoggedRequest) => string,
): Sum[] => {
  const found = new Map<string, Sum & { seen: Set<string> }>();
  for (const row of rows) {
    const name = nameOf(row);
    let sum = found.get(name);
    if (!sum) {
      sum = { name, requests: 0, firstAt: row.at, lastAt: row.at, others: 0, seen: new Set() };
      found.set(name, sum);
    }
    sum.requests += row.weight;
    sum.seen.add(otherOf(row));
    if (Date.parse(row.at) < Date.parse(sum.firstAt)) sum.firstAt = row.at;
    if (Date.parse(row.at) > Date.parse(sum.lastAt)) sum.lastAt = row.at;
  }
  return [...found.values()]
    .map(({ seen, ...sum }) => ({ ...sum, others: seen.size }))
    .sort((a, b) => b.requests - a.requests);
};

const pathOf = (row: LoggedRequest): string => `${row.method} ${row.path}`;

/** The paths, those with the most requests first, with how many sources each has. */
export const byPath = (rows: readonly LoggedRequest[]): Sum[] => sums(rows, pathOf, sourceOf);

/** The sources likewise, with how many paths each has tried. */
export const bySource = (rows: readonly LoggedRequest[]): Sum[] => sums(rows, sourceOf, pathOf);

interface Counted {
  endpoint: string;
  requestCount: number;
  errorRate?: number | null | undefined;
}

/** Requests and the error rate without those that no route matched; null where there are none of these. */
export const withoutUnmatched = (
  rows: readonly Counted[],
  totals: { totalRequests: number; errorCount4xx: number; errorCount5xx: number },
): { requests: number; unmatched: number; errorRate: number | null } | null => {
  let [unmatched, errors] = [0, 0];
  for (const row of rows) {
    if (row.endpoint !== "<unmatched>") continue;
    unmatched += row.requestCount;
    errors += Math.round(((row.errorRate ?? 0) * row.requestCount) / 100);
  }
  if (unmatched === 0) return null;
  const requests = Math.max(0, totals.totalRequests - unmatched);
  const left = Math.max(0, totals.errorCount4xx + totals.errorCount5xx - errors);
  return { requests, unmatched, errorRate: requests === 0 ? null : (100 * left) / requests };
};
