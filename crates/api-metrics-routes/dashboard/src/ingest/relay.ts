// How many connections of WebRTC go over a relay.
import type { MetricRow } from "../api/types";

const CANDIDATES: ReadonlySet<string> = new Set(["host", "srflx", "prflx", "relay"]);

/** The share of samples over a relay, in percent of those whose candidates are known; null without any. */
export const relayShare = (rows: readonly MetricRow[]): number | null => {
  let [relayed, known] = [0, 0];
  for (const { protocol, method, requestCount } of rows) {
    if (protocol !== "webrtc" || !CANDIDATES.has(method ?? "")) continue;
    known += requestCount ?? 0;
    if (method === "relay") relayed += requestCount ?? 0;
  }
  return known === 0 ? null : (100 * relayed) / known;
};
