// The totals of one endpoint or one consumer over the range.
import type { Summary } from "../api/types";
import * as number from "../format/number";
import { Figures } from "../ui/Figures";

interface Props {
  summary: Summary | undefined;
  endpoint?: boolean;
}

export const Totals = ({ summary: now, endpoint = false }: Props) => (
  <Figures
    label="Totals"
    values={[
      ["Requests", now ? number.count(now.totalRequests) : null],
      ["Error rate", now ? number.percent(now.errorRate) : null],
      ["Client errors", now ? number.count(now.errorCount4xx) : null],
      ["Server errors", now ? number.count(now.errorCount5xx) : null],
      ["Aborted", now ? number.count(now.abortedCount) : null],
      ["Average", now ? number.ms(now.averageMs) : null],
      ["p50", now ? number.ms(now.p50Ms) : null],
      ["p95", now ? number.ms(now.p95Ms) : null],
      ["p99", now ? number.ms(now.p99Ms) : null],
      ...(endpoint ? [["Max", now ? number.ms(now.maxMs) : null] as const] : []),
      ...(endpoint && now && now.timeToHeadersQuantileCount > 0
        ? ([
            ["Headers p50", number.ms(now.p50TimeToHeadersMs)],
            ["Headers p95", number.ms(now.p95TimeToHeadersMs)],
            ["Headers p99", number.ms(now.p99TimeToHeadersMs)],
            ["Headers measured", number.count(now.timeToHeadersQuantileCount)],
          ] as const)
        : []),
      ["Received", now ? number.bytes(now.totalRequestBytes) : null],
      ["Sent", now ? number.bytes(now.totalResponseBytes) : null],
      ...(endpoint ? [["Active keys", now ? number.count(now.distinctKeys) : null] as const] : []),
    ]}
  />
);
