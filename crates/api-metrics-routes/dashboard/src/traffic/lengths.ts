// Ranges that are compared may differ in length: the store widens their ends to whole periods, which are longer the
// older they are.

/** What an answer covers. */
export interface Covered {
  from: string;
  to: string;
  asOf: string;
}

/** Its length in milliseconds, up to when it was read. */
const lengthOf = ({ from, to, asOf }: Covered): number =>
  Math.min(Date.parse(to), Date.parse(asOf)) - Date.parse(from);

/** By what counts of `then` are multiplied to be those of a range as long as `now`. */
export const scaleOf = (now: Covered, then: Covered): number => {
  const scale = lengthOf(now) / lengthOf(then);
  return Number.isFinite(scale) && scale > 0 ? scale : 1;
};

/** Beyond this part of the length a scaled count is told to be approximate. */
const TOLD = 0.1;

export const isApproximate = (scale: number): boolean => Math.abs(Math.log(scale)) > Math.log(1 + TOLD);
