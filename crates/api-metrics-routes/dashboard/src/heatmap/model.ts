// What a heatmap is made of, and the metrics it can show.
import type { ReactNode } from "react";
import type { MetricRow } from "../api/types";
import * as number from "../format/number";

export interface GridModel {
  rows: { id: string; label: ReactNode; text: string }[];
  /** Full name of a column; `tick` is its axis label, or null for none. */
  columns: { name: string; tick: string | null }[];
  /** One row of values per grid row; null without data. */
  values: (number | null)[][];
  /** Whether nothing is known of a cell, which is neither zero nor a cell without requests. */
  unknown: (row: number, column: number) => boolean;
  max: number;
  /** Labelled figures of a cell, for the tooltip. */
  describe: (row: number, column: number) => [string, string][];
}

export type Metric = "requests" | "errors" | "latency";

export const METRICS: Readonly<Record<Metric, { name: string; short: (value: number) => string }>> = {
  requests: { name: "Requests", short: number.compact },
  errors: { name: "Error rate", short: number.percent },
  latency: { name: "Latency", short: number.ms },
};

export const metricOf = (row: MetricRow, metric: Metric): number | null =>
  (metric === "requests" ? row.requestCount : metric === "errors" ? row.errorRate : row.p95Ms) ?? null;

export const largest = (values: (number | null)[][]): number =>
  Math.max(0, ...values.map((row) => Math.max(0, ...row.map((value) => value ?? 0))));
