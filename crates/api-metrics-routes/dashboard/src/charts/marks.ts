import type { Mark } from "./model";

/** The largest number of marks; more would cover the chart. */
const MOST_MARKS = 12;

/** The marks in [from, to), the latest first, at most `MOST_MARKS`. */
export const within = (marks: readonly Mark[], from: number, to: number): Mark[] =>
  marks
    .filter((mark) => mark.at >= from && mark.at < to)
    .sort((a, b) => b.at - a.at)
    .slice(0, MOST_MARKS);
