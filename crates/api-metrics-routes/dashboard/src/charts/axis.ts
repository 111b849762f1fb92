// Round numbers for an axis, in the units that its labels are written in.

const STEPS = [1, 2, 2.5, 5, 10];

/** The least round step of which at most `parts` reach `most`. */
export const niceStep = (most: number, parts: number, unit: (value: number) => number): number => {
  if (most <= 0) return 1;
  const base = unit(most);
  const raw = most / parts / base;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = STEPS.find((each) => each * power >= raw) ?? 10;
  return step * power * base;
};

/** The largest of 1, 1024, 1024² .. that is not above `value`. */
export const binary = (value: number): number =>
  1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, value)) / Math.log(1024)));

/** Nothing is counted in halves. */
export const whole = (step: number): number => Math.max(1, Math.ceil(step));
