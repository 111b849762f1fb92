// How a figure compares with the previous period.
import * as number from "./number";

export interface Change {
  text: string;
  /** Whether the change is an improvement; null if it is neither. */
  good: boolean | null;
}

/** The change in percent of the previous value. */
export const relative = (
  now: number | null | undefined,
  before: number | null | undefined,
  lessIsGood: boolean | null,
): Change | null => {
  if (now == null || !before) return null;
  const change = ((now - before) / before) * 100;
  const good = lessIsGood === null || Math.abs(change) < 10 ? null : change < 0 === lessIsGood;
  if (Math.abs(change) < 0.05) return { text: "no change", good: null };
  return { text: number.signed(change, Math.abs(change) < 10 ? 1 : 0, "%"), good };
};

/** The change in percentage points; lower is better. */
export const points = (now: number | null | undefined, before: number | null | undefined): Change | null => {
  if (now == null || before == null) return null;
  const change = now - before;
  return { text: number.signed(change, 2, " pp"), good: Math.abs(change) < 0.1 ? null : change < 0 };
};
