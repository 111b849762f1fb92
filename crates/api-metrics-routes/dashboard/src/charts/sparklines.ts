// The small lines in table rows: their step, and one list of values per group.
import { lengthOf, type View } from "../view/view";

/** The step of a sparkline that is 96 pixels wide. */
export const sparklineStep = (view: View): string => {
  const length = lengthOf(view);
  return length <= 900 ? "1m" : length <= 21_600 ? "5m" : length <= 172_800 ? "1h" : "1d";
};

/** One list of values per group. Slots in which a group has no row are zero. */
export const sparklines = <Row extends { periodStart?: string; requestCount?: number }>(
  rows: readonly Row[],
  key: (row: Row) => string,
): Map<string, number[]> => {
  const starts = [...new Set(rows.map((row) => row.periodStart ?? ""))].sort();
  const at = new Map(starts.map((start, index) => [start, index]));
  const found = new Map<string, number[]>();
  for (const row of rows) {
    let line = found.get(key(row));
    if (!line) {
      line = starts.map(() => 0);
      found.set(key(row), line);
    }
    line[at.get(row.periodStart ?? "") ?? 0] = row.requestCount ?? 0;
  }
  return found;
};
