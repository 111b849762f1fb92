// What the page covers: as of when, and what of it is stale, approximate, incomplete or missing.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { ApiError } from "../api/client";

/** The members of an answer that tell how whole it is. */
interface Answer {
  asOf?: string;
  approximate?: boolean;
  /** Whether stored bytes could not be read, so that something is left out. */
  incomplete?: boolean;
  /** Whether all rows were read; missing where an answer has no pages. */
  complete?: boolean;
  cutShort?: boolean;
  from?: string;
  axis?: { alignment: string } | null;
}

export interface Coverage {
  /** When the oldest figure on the page was read, in milliseconds; null before the first answer. */
  asOf: number | null;
  /** Why the last refresh failed; null where it did not. */
  failure: string | null;
  approximate: boolean;
  /** Whether stored bytes could not be read. */
  damaged: boolean;
  /** How the periods are cut where they are not the zone's. */
  alignment: string | null;
  truncated: boolean;
  /** From when on hours are known, where the range begins earlier. */
  since: number | null;
}

/** One query as far as its state matters here. */
export interface Read {
  data: unknown;
  error: unknown;
  /** Whether the last attempt to fetch it failed. */
  failed: boolean;
  /** When it was last fetched, in milliseconds; 0 before. */
  fetchedAt: number;
}

/** Whether an error tells about the service, and not about the question. */
const isOutage = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;

/** Sums up the answers on the page. */
export const coverageOf = (reads: readonly Read[]): Coverage => {
  const found: Coverage = {
    asOf: null,
    failure: null,
    approximate: false,
    damaged: false,
    alignment: null,
    truncated: false,
    since: null,
  };
  // For pages whose answers name no snapshot, such as Status.
  let fetched: number | null = null;
  for (const { data, error, failed, fetchedAt } of reads) {
    if (failed && isOutage(error)) found.failure ??= error instanceof Error ? error.message : "No response";
    if (typeof data !== "object" || data === null) continue;
    const answer = data as Answer;
    if (fetchedAt > 0) fetched = Math.min(fetched ?? fetchedAt, fetchedAt);
    const asOf = answer.asOf === undefined ? Number.NaN : Date.parse(answer.asOf);
    if (!Number.isNaN(asOf)) found.asOf = Math.min(found.asOf ?? asOf, asOf);
    found.approximate ||= answer.approximate === true;
    found.damaged ||= answer.incomplete === true;
    found.truncated ||= answer.complete === false;
    if (answer.axis && answer.axis.alignment !== "local") found.alignment = answer.axis.alignment;
    if (answer.cutShort && answer.from) found.since = Date.parse(answer.from);
  }
  found.asOf ??= fetched;
  return found;
};

const readsOf = (client: QueryClient): Read[] =>
  client
    .getQueryCache()
    .getAll()
    // A question of the toolbar, or about another range, says nothing about the page's figures.
    .filter((query) => query.isActive() && query.meta?.covers !== false)
    .map(({ state }) => ({
      data: state.data,
      error: state.error ?? state.fetchFailureReason,
      fetchedAt: state.dataUpdatedAt,
      failed: state.status === "error" || state.fetchFailureCount > 0,
    }));

/** The coverage of all active queries. */
export const useCoverage = (): Coverage => {
  const client = useQueryClient();
  const subscribe = useCallback((changed: () => void) => client.getQueryCache().subscribe(changed), [client]);
  // A text, so that the same coverage is the same snapshot.
  const snapshot = useSyncExternalStore(subscribe, () => JSON.stringify(coverageOf(readsOf(client))));
  return useMemo(() => JSON.parse(snapshot) as Coverage, [snapshot]);
};

const ALIGNMENTS: Readonly<Record<string, string>> = {
  utcDays: "days are whole UTC days, named by the date that holds most of them",
  utcHours: "days and hours are cut at whole UTC hours",
};

/** The line below the toolbar, in words. `clock` formats an instant. */
export const wordsOf = (
  coverage: Coverage,
  { stale, unreachableSince }: { stale: boolean; unreachableSince: number | null },
  clock: (at: number) => string,
): string[] => {
  const { asOf } = coverage;
  const words: string[] = [];
  if (stale) words.push(asOf === null ? "Nothing could be read" : `Stale: last read at ${clock(asOf)}`);
  else if (asOf !== null) words.push(`As of ${clock(asOf)}`);
  if (unreachableSince !== null) words.push(`store unreachable since ${clock(unreachableSince)}`);
  else if (stale && coverage.failure !== null) words.push(coverage.failure);
  if (coverage.alignment !== null)
    words.push(`Approximate: ${ALIGNMENTS[coverage.alignment] ?? "periods are moved"}`);
  else if (coverage.approximate) words.push("Approximate: records at the edges may belong to neighbouring periods");
  if (coverage.since !== null)
    words.push(`Hours are known since ${clock(coverage.since)}; earlier days are left out`);
  if (coverage.damaged) words.push("Incomplete: some stored data can't be read; Status names it");
  if (coverage.truncated) words.push("Incomplete: not all rows were read");
  return words;
};
