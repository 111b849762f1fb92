// Round steps for an axis, in the units of its labels.

const STEPS = [1, 2, 2.5, 5, 10];

/** The smallest round step of which at most `parts` reach `max`. */
export const niceStep = (max: number, parts: number, unit: (value: number) => number): number => {
  if (max <= 0) return 1;
  const base = unit(max);
  const raw = max / parts / base;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = STEPS.find((each) => each * power >= raw) ?? 10;
  return step * power * base;
};

/** The largest power of 1024 up to `value`, at least 1. */
export const binary = (value: number): number =>
  1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, value)) / Math.log(1024)));

/** Rounds a step up to a whole number, for axes that count. */
export const wholeStep = (step: number): number => Math.max(1, Math.ceil(step));
