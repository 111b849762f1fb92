// The time axis: one slot per period of the range, with or without data.
import { instant, local } from "../format/time";

export type Step = "1m" | "5m" | "1h" | "1d" | "1w";

const FIXED: Readonly<Record<string, number>> = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000 };

/** The starts of all periods that overlap [from, to), and the end of the last, in milliseconds. */
export interface Slots {
  starts: number[];
  end: number;
  step: Step;
}

/** Hours start on the zone's full hours, days and weeks at its midnight. */
export const slots = (from: number, to: number, step: Step, tz: string): Slots => {
  const starts: number[] = [];
  const length = FIXED[step];
  if (length !== undefined) {
    const wall = local(from, tz);
    const ahead = step === "1h" ? wall.minute * 60_000 + wall.second * 1000 : from % length;
    let at = from - ahead - (step === "1h" ? from % 1000 : 0);
    for (; at < to; at += length) starts.push(at);
    return { starts, end: at, step };
  }
  const wall = local(from, tz);
  let midnight = Date.UTC(wall.year, wall.month - 1, wall.day);
  const days = step === "1w" ? 7 : 1;
  // ISO weeks start on Monday.
  if (step === "1w") midnight -= ((new Date(midnight).getUTCDay() + 6) % 7) * 86_400_000;
  let at = instant(midnight, tz);
  for (; at < to; midnight += days * 86_400_000, at = instant(midnight, tz)) starts.push(at);
  return { starts, end: at, step };
};

export const endOf = (slots: Slots, index: number): number => slots.starts[index + 1] ?? slots.end;

/** The slot that contains `at`; -1 outside the axis. */
export const indexOf = (slots: Slots, at: number): number => {
  let low = 0;
  let high = slots.starts.length - 1;
  if (high < 0 || at < (slots.starts[0] ?? 0) || at >= slots.end) return -1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((slots.starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
};
