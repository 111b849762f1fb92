// Which units rows have, and what a row has of one.
import type { Summary } from "../api/types";

/** Rows and summaries alike. */
type Using = Pick<Summary, "units" | "gauges">;

/** A unit as it is chosen: sums and gauges of one name are told apart. */
export interface Unit {
  name: string;
  isGauge: boolean;
}

/** The text that stands for a unit among the options of a list. */
export const idOf = ({ name, isGauge }: Unit): string => `${isGauge ? "gauge" : "sum"} ${name}`;

/** All units of these rows, sums first, each once. */
export const unitsOf = (rows: readonly Using[]): Unit[] => {
  const sums = new Set(rows.flatMap((row) => Object.keys(row.units)));
  const gauges = new Set(rows.flatMap((row) => Object.keys(row.gauges)));
  return [
    ...[...sums].sort().map((name) => ({ name, isGauge: false })),
    ...[...gauges].sort().map((name) => ({ name, isGauge: true })),
  ];
};

/** What a row has of a unit: the sum, or the mean of what is no sum; null without any. */
export const amountOf = (row: Using, { name, isGauge }: Unit): number | null =>
  (isGauge ? row.gauges[name]?.mean : row.units[name]) ?? null;
