// A line of the compared range, moved onto the chart's own periods.
import type { MetricRow } from "../api/types";
import type { Series, TimeChartModel } from "../charts/model";
import { endOf, indexOf, type Slots } from "../charts/periods";
import type { Ghost } from "./useCompared";

const lengthAt = (slots: Slots, index: number): number => endOf(slots, index) - (slots.starts[index] ?? 0);

/** A value for each period of `slots`. Periods of another length share a sum in proportion; `sum` says it is one. */
export const ghostValues = (
  ghost: Ghost,
  slots: Slots,
  of: (row: MetricRow) => number | null | undefined,
  sum: boolean,
): (number | null)[] =>
  slots.starts.map((start, index) => {
    const middle = start + lengthAt(slots, index) / 2 - ghost.shift;
    const then = indexOf(ghost.line.slots, middle);
    if (then < 0) return null;
    const row = ghost.line.rows[then];
    const value = row ? of(row) : sum && !ghost.line.none[then] ? 0 : null;
    if (value == null || !sum) return value ?? null;
    return (value * lengthAt(slots, index)) / Math.max(1, lengthAt(ghost.line.slots, then));
  });

/** The model with the compared line over it. */
export const withGhost = (
  model: TimeChartModel | null,
  ghost: Ghost | null,
  name: string,
  of: (row: MetricRow) => number | null | undefined,
  sum: boolean,
): TimeChartModel | null => {
  if (!model || !ghost) return model;
  const line: Series = {
    id: "ghost",
    name: `${name}, ${ghost.name}`,
    colour: "ghost",
    kind: "line",
    dash: true,
    values: ghostValues(ghost, model.slots, of, sum),
  };
  return { ...model, series: [...model.series, line] };
};
