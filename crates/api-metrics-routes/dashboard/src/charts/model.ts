// What a chart over time is made of.
import type { Slots } from "./slots";

export interface Series {
  id: string;
  name: string;
  /** A colour of the style sheet. */
  colour: string;
  kind: "bar" | "line";
  /** One value a slot; null where there is none. */
  values: (number | null)[];
  stack?: string;
  width?: number;
  dash?: boolean;
  /** Not shown until it is switched on. */
  off?: boolean;
}

/** A line across the chart. */
export interface Threshold {
  value: number;
  name: string;
  /** How it is drawn; as an alarm where nothing is said. */
  colour?: string;
}

/** A moment worth knowing. */
export interface Mark {
  at: number;
  name: string;
  kind: "deploy" | "alert";
}

/** In words. */
export const nameOf = (mark: Mark): string =>
  mark.kind === "deploy" ? `Release ${mark.name}` : `Alert ${mark.name}`;

/** A stretch of slots, both ends included. */
export interface Stretch {
  first: number;
  last: number;
  kind: "none" | "slow";
}

export interface TimeChartModel {
  slots: Slots;
  series: Series[];
  /** Short, for the line below a chart. */
  short: (value: number) => string;
  /** What the axis counts in. */
  unit: "count" | "ms" | "bytes" | "percent" | "money";
  /** As in tooltips and tables: exact. */
  exact: (value: number | null) => string;
  thresholds?: Threshold[];
  marks?: Mark[];
  stretches?: Stretch[];
  /** A line below the numbers of a tooltip. */
  note?: (index: number) => string | null;
  /** The last slot is still being filled. */
  running: boolean;
}

/** Joins slots for which `is` holds into stretches. */
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
