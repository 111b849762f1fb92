// A threshold over a curve: where it is drawn, what it breaches, and what it could be.

import type { DryRunAnswer } from "../api/types";
import { niceStep } from "../charts/axis";
import type { Comparison } from "./describe";

export type Bin = DryRunAnswer["curve"][number];

export const holds = (comparison: Comparison, value: number, threshold: number): boolean =>
  comparison === "gt"
    ? value > threshold
    : comparison === "gte"
      ? value >= threshold
      : comparison === "lt"
        ? value < threshold
        : value <= threshold;

/** The top of the value axis: all values and the threshold have room below it. */
export const topOf = (bins: readonly Bin[], threshold: number): number => {
  const most = Math.max(threshold * 1.25, ...bins.map(({ value }) => (value ?? 0) * 1.1));
  const step = niceStep(most, 4, () => 1);
  return Math.max(1, Math.ceil(most / step - 1e-9)) * step;
};

/** What a key moves a threshold by: a round hundredth of the axis. */
export const stepOf = (top: number): number => niceStep(top, 100, () => 1);

/** A value of the axis as a threshold: a multiple of its step, without the noise of binary fractions. */
export const roundTo = (value: number, top: number): number => {
  const step = stepOf(top);
  return Math.max(0, +(Math.round(Math.min(value, top) / step) * step).toPrecision(12));
};

/** Two significant digits, away from the values: up where the rule looks for more, down where it looks for less. */
const rounded = (value: number, up: boolean): number => {
  if (value <= 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return +((up ? Math.ceil(value / unit - 1e-9) : Math.floor(value / unit + 1e-9)) * unit).toPrecision(6);
};

/** A threshold that ordinary windows stay within: half as much again as nine of ten, or half of the least tenth where
 * the rule looks for less. Null where nothing was judged, or where those are 0. */
export const proposedThreshold = (bins: readonly Bin[], comparison: Comparison): number | null => {
  const values = bins.flatMap(({ value }) => (value == null ? [] : [value])).sort((a, b) => a - b);
  const up = comparison.startsWith("g");
  const at = values[up ? Math.ceil(values.length * 0.9) - 1 : Math.floor(values.length * 0.1)];
  if (at === undefined || at <= 0) return null;
  return rounded(up ? at * 1.5 : at / 2, up);
};

/** Windows that were breached, judged and not judged. */
export const judgedOf = (run: Pick<DryRunAnswer, "windows" | "breaches" | "tooFew" | "passedOver">) => ({
  breached: run.breaches,
  judged: run.windows - run.tooFew,
  notJudged: run.tooFew + run.passedOver,
  all: run.windows + run.passedOver,
});
