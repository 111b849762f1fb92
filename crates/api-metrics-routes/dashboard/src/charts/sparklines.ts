// The small lines in table rows: their length, and one list of values per group.
import { type Axis, indexOf, slotsOf } from "./periods";

/** The most points of a sparkline that is 96 pixels wide. */
export const SPARKLINE_POINTS = 48;

/** One list of values per group, by the periods of the answer. Periods in which a group has no row are zero. */
export const sparklines = <Row extends { periodStart?: string; requestCount?: number }>(
  page: { data: readonly Row[]; axis?: Axis | null },
  key: (row: Row) => string,
): Map<string, number[]> => {
  const slots = slotsOf(page.axis);
  const found = new Map<string, number[]>();
  for (const row of page.data) {
    let line = found.get(key(row));
    if (!line) {
      line = slots.starts.map(() => 0);
      found.set(key(row), line);
    }
    const index = row.periodStart ? indexOf(slots, Date.parse(row.periodStart)) : -1;
    if (index >= 0) line[index] = row.requestCount ?? 0;
  }
  return found;
};
