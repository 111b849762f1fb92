// From the API's rows to charts: the same four everywhere.
import type { SeriesPage } from "../api/queries";
import type { MetricRow, Status } from "../api/types";
import { type Mark, type Stretch, stretchesOf, type Threshold, type TimeChartModel } from "../charts/model";
import { endOf, indexOf, type Slots, type Step, slots } from "../charts/slots";
import * as number from "../format/number";
import { within } from "./alertOverlay";

/** Methods that change nothing, by RFC 9110. */
const READS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

export interface Timeline {
  slots: Slots;
  /** One a slot; null where there was no request. */
  rows: (MetricRow | null)[];
  /** Nothing was recording: neither a value nor a zero. */
  none: boolean[];
  running: boolean;
  marks: Mark[];
  empty: boolean;
}

interface Span {
  from: number;
  to: number;
}

/** When somebody was recording, as far as the store remembers; null where that isn't known. */
const recorded = (status: Status | undefined, service: string | null, environment: string | null): Span[] | null => {
  if (!status) return null;
  return (
    status.instances
      .filter(
        (i) => (service === null || i.service === service) && (environment === null || i.environment === environment),
      )
      // A flush carries what came since the last one: seconds, in which nothing was missing.
      .map((i) => ({
        from: Date.parse(i.startedAt),
        to: (i.lastFlushAt ? Date.parse(i.lastFlushAt) : Date.parse(i.startedAt)) + 30_000,
      }))
  );
};

const deploys = (status: Status | undefined, service: string | null): Mark[] => {
  const seen = new Set<string>();
  return (
    (status?.instances ?? [])
      .filter((i) => i.version !== "" && (service === null || i.service === service))
      .map((i) => ({ at: Date.parse(i.startedAt), name: i.version, key: `${i.service} ${i.version}` }))
      .sort((a, b) => a.at - b.at)
      // The first process of a version is its release; those after it are restarts.
      .filter(({ key }) => !seen.has(key) && seen.add(key))
      .map(({ at, name }) => ({ at, name, kind: "deploy" }))
  );
};

export const timeline = (
  page: SeriesPage,
  tz: string,
  status: Status | undefined,
  service: string | null,
  environment: string | null,
): Timeline => {
  const from = Date.parse(page.from);
  const to = Date.parse(page.to);
  const asOf = Date.parse(page.asOf);
  const axis = slots(from, to, page.granularity as Step, tz);
  const rows: (MetricRow | null)[] = axis.starts.map(() => null);
  for (const row of page.data) {
    const index = row.periodStart ? indexOf(axis, Date.parse(row.periodStart)) : -1;
    if (index >= 0) rows[index] = row;
  }
  const spans = recorded(status, service, environment);
  const first = rows.findIndex((row) => row !== null);
  const none = axis.starts.map((start, index) => {
    if (rows[index]) return false;
    if (start > asOf) return true;
    // Without the list of processes only what lies before the first request is in doubt.
    if (!spans || spans.length === 0) return first < 0 || index < first;
    const end = Math.min(endOf(axis, index), asOf);
    return !spans.some((span) => span.from < end && span.to > start);
  });
  const last = axis.starts.length - 1;
  return {
    slots: axis,
    rows,
    none,
    running: last >= 0 && (axis.starts[last] ?? 0) <= asOf && endOf(axis, last) > asOf,
    marks: deploys(status, service).filter((mark) => mark.at >= from && mark.at < to),
    empty: first < 0,
  };
};

const values = (line: Timeline, of: (row: MetricRow) => number | null | undefined, zero: boolean) =>
  line.rows.map((row, index) => (row ? (of(row) ?? null) : zero && !line.none[index] ? 0 : null));

const gaps = (line: Timeline): Stretch[] =>
  stretchesOf(line.none.length, "none", (index) => line.none[index] ?? false);

const base = (line: Timeline) => ({ slots: line.slots, running: line.running, stretches: gaps(line) });

/** Stacked by what methods do; `byMethod` has a row a slot and method. */
export const volume = (line: Timeline, byMethod: readonly MetricRow[]): TimeChartModel => {
  const sums = { read: line.slots.starts.map(() => 0), write: line.slots.starts.map(() => 0) };
  for (const row of byMethod) {
    const index = row.periodStart ? indexOf(line.slots, Date.parse(row.periodStart)) : -1;
    if (index < 0) continue;
    const sum = READS.has(row.method ?? "") ? sums.read : sums.write;
    sum[index] = (sum[index] ?? 0) + (row.requestCount ?? 0);
  }
  const shown = (sum: number[]) => sum.map((value, index) => (line.none[index] ? null : value));
  return {
    ...base(line),
    series: [
      { id: "read", name: "Read", colour: "read", kind: "bar", stack: "all", values: shown(sums.read) },
      { id: "write", name: "Write", colour: "write", kind: "bar", stack: "all", values: shown(sums.write) },
    ],
    short: number.compact,
    unit: "count",
    exact: number.count,
    note: (index) => (line.none[index] ? null : `${number.count(line.rows[index]?.requestCount ?? 0)} in all`),
  };
};

/** Slow: p95 at least twice its median over the range, and 50 ms at least. */
const slowFrom = (line: Timeline): number | null => {
  const known = line.rows.flatMap((row) => (row?.p95Ms == null ? [] : [row.p95Ms])).sort((a, b) => a - b);
  if (known.length < 8) return null;
  return Math.max(50, 2 * (known[known.length >> 1] ?? 0));
};

export const latency = (line: Timeline, thresholds: Threshold[] = []): TimeChartModel => {
  const limit = slowFrom(line);
  const slow =
    limit === null ? [] : stretchesOf(line.rows.length, "slow", (index) => (line.rows[index]?.p95Ms ?? 0) >= limit);
  return {
    ...base(line),
    stretches: [...gaps(line), ...slow],
    series: [
      { id: "p50", name: "p50", colour: "p50", kind: "line", values: values(line, (row) => row.p50Ms, false) },
      {
        id: "p95",
        name: "p95",
        colour: "p95",
        kind: "line",
        width: 2,
        values: values(line, (row) => row.p95Ms, false),
      },
      {
        id: "p99",
        name: "p99",
        colour: "p99",
        kind: "line",
        dash: true,
        values: values(line, (row) => row.p99Ms, false),
      },
    ],
    short: number.ms,
    unit: "ms",
    exact: number.exactMs,
    thresholds,
    note: (index) =>
      slow.some(({ first, last }) => first <= index && index <= last)
        ? `Slow: p95 over twice the usual (${number.ms(limit)})`
        : null,
  };
};

export const errors = (line: Timeline, marks: Mark[] = []): TimeChartModel => ({
  ...base(line),
  series: [
    {
      id: "5xx",
      name: "5xx",
      colour: "s5xx",
      kind: "bar",
      stack: "all",
      values: values(line, (row) => row.errorCount5xx, true),
    },
    {
      id: "4xx",
      name: "4xx",
      colour: "s4xx",
      kind: "bar",
      stack: "all",
      values: values(line, (row) => row.errorCount4xx, true),
    },
  ],
  short: number.compact,
  unit: "count",
  exact: number.count,
  marks: [...line.marks, ...within(marks, line.slots.starts[0] ?? 0, line.slots.end)],
  note: (index) => {
    const row = line.rows[index];
    if (!row) return null;
    const codes = Object.entries(row.statusCodes ?? {})
      .filter(([code]) => Number(code) >= 400)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 5)
      .map(([code, n]) => `${code} × ${number.count(n)}`)
      .join("  ");
    return `${number.percent(row.errorRate)} of ${number.count(row.requestCount)} requests${codes ? `\n${codes}` : ""}`;
  },
});

export const bandwidth = (line: Timeline): TimeChartModel => ({
  ...base(line),
  series: [
    {
      id: "sent",
      name: "Sent",
      colour: "sent",
      kind: "bar",
      stack: "all",
      values: values(line, (row) => row.responseBytes, true),
    },
    {
      id: "received",
      name: "Received",
      colour: "received",
      kind: "bar",
      stack: "all",
      values: values(line, (row) => row.requestBytes, true),
    },
  ],
  short: number.bytes,
  unit: "bytes",
  exact: number.exactBytes,
});

/** One figure a slot, for tiles. The running slot is left out: it would look like a fall. */
export const spark = (
  line: Timeline,
  of: (row: MetricRow) => number | null | undefined,
  zero: boolean,
): (number | null)[] => {
  const all = values(line, of, zero);
  return line.running ? all.slice(0, -1) : all;
};
