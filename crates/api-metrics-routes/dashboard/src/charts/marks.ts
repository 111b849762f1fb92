import type { Mark } from "./model";

/** Marks of the busiest hour would hide what they mark. */
const MOST_MARKS = 12;

/** Those in a range, the latest where there are too many. */
export const within = (marks: readonly Mark[], from: number, to: number): Mark[] =>
  marks
    .filter((mark) => mark.at >= from && mark.at < to)
    .sort((a, b) => b.at - a.at)
    .slice(0, MOST_MARKS);
