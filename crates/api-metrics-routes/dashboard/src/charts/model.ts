// The model of a chart over time.
import type { Slots } from "./periods";

export interface Series {
  id: string;
  name: string;
  /** The name of a colour in the style sheet. */
  colour: string;
  kind: "bar" | "line";
  /** One value per slot; null without data. */
  values: (number | null)[];
  stack?: string;
  width?: number;
  dash?: boolean;
  /** Hidden until it is switched on in the legend. */
  off?: boolean;
}

/** A horizontal line across the chart. */
export interface Threshold {
  value: number;
  name: string;
  /** A colour of the style sheet; "alarm" by default. */
  colour?: string;
}

/** A vertical line at a release or an alert. */
export interface Mark {
  at: number;
  name: string;
  kind: "deploy" | "alert";
}

/** The mark's name in words, such as "Release 1.9.1". */
export const nameOf = (mark: Mark): string =>
  mark.kind === "deploy" ? `Release ${mark.name}` : `Alert ${mark.name}`;

/** A hundredth of a chart's height is two pixels. */
const FLATTENED = 100;

/** A highlighted stretch of slots, both ends included. */
export interface Stretch {
  first: number;
  last: number;
  kind: "none" | "slow";
}

export interface TimeChartModel {
  slots: Slots;
  series: Series[];
  /** Formats a value for the line below a chart. */
  short: (value: number) => string;
  /** The unit of the value axis. */
  unit: "count" | "ms" | "bytes" | "percent" | "money" | "decimal";
  /** Formats a value exactly, for tooltips and tables. */
  exact: (value: number | null) => string;
  thresholds?: Threshold[];
  marks?: Mark[];
  stretches?: Stretch[];
  /** A note below the values of a tooltip. */
  note?: (index: number) => string | null;
  /** Whether its values may be drawn on a logarithmic axis; they are all of one unit, and none is a sum. */
  logarithmic?: boolean;
  /** Whether the last slot is in progress. */
  running: boolean;
  /** By slot, whether the range cuts it; missing where none is cut. */
  partial?: readonly boolean[];
  /** By slot, whether records at its edges may belong to its neighbours. */
  approximate?: readonly boolean[];
}

/** Whether the greatest values flatten the ordinary ones to a line at the bottom. */
export const isFlattened = (model: TimeChartModel): boolean => {
  const known = (values: readonly (number | null)[] | undefined) =>
    (values ?? []).filter((value): value is number => value !== null && value > 0).sort((a, b) => a - b);
  const ordinary = known(model.series[0]?.values);
  const all = model.series.flatMap(({ values }) => known(values));
  const median = ordinary[ordinary.length >> 1];
  return median !== undefined && Math.max(...all) > FLATTENED * median;
};

/** Joins adjacent slots for which `is` holds into stretches. */
export const stretchesOf = (length: number, kind: Stretch["kind"], is: (index: number) => boolean): Stretch[] => {
  const found: Stretch[] = [];
  for (let i = 0; i < length; i += 1) {
    if (!is(i)) continue;
    const last = found[found.length - 1];
    if (last && last.last === i - 1) last.last = i;
    else found.push({ first: i, last: i, kind });
  }
  return found;
};
