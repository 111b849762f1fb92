// The traffic charts as models: requests, latency, errors, bandwidth and a unit.
import type { MetricRow } from "../api/types";
import { within } from "../charts/marks";
import { type Mark, type Stretch, stretchesOf, type Threshold, type TimeChartModel } from "../charts/model";
import { indexOf } from "../charts/periods";
import * as number from "../format/number";
import type { Timeline } from "./timeline";

/** Safe methods (RFC 9110, section 9.2.1). */
const READS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

const values = (line: Timeline, of: (row: MetricRow) => number | null | undefined, zero: boolean) =>
  line.rows.map((row, index) => (row ? (of(row) ?? null) : zero && !line.none[index] ? 0 : null));

const gaps = (line: Timeline): Stretch[] =>
  stretchesOf(line.none.length, "none", (index) => line.none[index] ?? false);

const base = (line: Timeline) => ({
  slots: line.slots,
  running: line.running,
  stretches: gaps(line),
  partial: line.partial,
  approximate: line.approximate,
});

/** Requests stacked by safe and other methods; `byMethod` has a row per slot and method. */
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
    note: (index) => (line.none[index] ? null : `${number.count(line.rows[index]?.requestCount ?? 0)} total`),
  };
};

/** The p95 in milliseconds from which a slot is slow: twice the median of the range, at least 50 ms. */
const slowFrom = (line: Timeline): number | null => {
  const known = line.rows.flatMap((row) => (row?.p95Ms == null ? [] : [row.p95Ms])).sort((a, b) => a - b);
  if (known.length < 8) return null;
  return Math.max(50, 2 * (known[known.length >> 1] ?? 0));
};

export const latency = (line: Timeline, thresholds: Threshold[] = []): TimeChartModel => {
  const limit = slowFrom(line);
  // Where a threshold is drawn, what crosses it is seen; it is marked too.
  const drawn = thresholds.length === 0 ? null : Math.min(...thresholds.map(({ value }) => value));
  const isSlow = (index: number) => limit !== null && (line.rows[index]?.p95Ms ?? 0) >= limit;
  const isOver = (index: number) => drawn !== null && (line.rows[index]?.p99Ms ?? 0) >= drawn;
  const slow = stretchesOf(line.rows.length, "slow", (index) => isSlow(index) || isOver(index));
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
    logarithmic: true,
    exact: number.exactMs,
    thresholds,
    note: (index) =>
      isSlow(index)
        ? `Slow: p95 at or above ${number.ms(limit)}`
        : isOver(index)
          ? `Slow: p99 at or above the threshold of ${number.ms(drawn)}`
          : null,
  };
};

export const errors = (line: Timeline, marks: Mark[] = []): TimeChartModel => ({
  ...base(line),
  series: [
    {
      id: "5xx",
      name: "Server errors (5xx)",
      colour: "s5xx",
      kind: "bar",
      stack: "all",
      values: values(line, (row) => row.errorCount5xx, true),
    },
    {
      id: "4xx",
      name: "Client errors (4xx)",
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

/** A unit over time: its sum, or the mean and the extremes of what is no sum. */
export const unit = (line: Timeline, name: string, isGauge: boolean): TimeChartModel => {
  const of = (key: "mean" | "min" | "max") => values(line, (row) => row.gauges?.[name]?.[key], false);
  if (!isGauge)
    return {
      ...base(line),
      series: [
        {
          id: "sum",
          name,
          colour: "keys",
          kind: "bar",
          values: values(line, (row) => row.units?.[name] ?? 0, true),
        },
      ],
      short: number.compact,
      unit: "count",
      exact: number.count,
    };
  return {
    ...base(line),
    series: [
      { id: "mean", name: "Mean", colour: "keys", kind: "line", width: 2, values: of("mean") },
      { id: "max", name: "Greatest", colour: "p99", kind: "line", dash: true, values: of("max") },
      { id: "min", name: "Least", colour: "p50", kind: "line", dash: true, values: of("min") },
    ],
    short: number.decimal,
    unit: "decimal",
    exact: number.decimal,
    note: (index) => {
      const seen = line.rows[index]?.gauges?.[name]?.count;
      return seen === undefined ? null : `${number.count(seen)} observed`;
    },
  };
};

/** One value per slot, for a tile. The slot in progress is left out, because it would look like a drop. */
export const spark = (
  line: Timeline,
  of: (row: MetricRow) => number | null | undefined,
  zero: boolean,
): (number | null)[] => {
  const all = values(line, of, zero);
  return line.running ? all.slice(0, -1) : all;
};
