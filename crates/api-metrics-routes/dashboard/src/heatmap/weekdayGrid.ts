// The heatmap of the hours of an average week.
import type { Heatmap } from "../api/types";
import { endOf, slots } from "../charts/slots";
import * as number from "../format/number";
import { local } from "../format/time";
import { type GridModel, largest, type Metric } from "./model";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** How many times each hour of the week occurs in [from, to), with fractions at the edges. A range of nine days
 * has two Saturdays, so plain sums would show a pattern that isn't there. */
const occurrences = (from: number, to: number, tz: string): number[][] => {
  const found = DAYS.map(() => Array.from({ length: 24 }, () => 0));
  const axis = slots(from, to, "1h", tz);
  axis.starts.forEach((start, index) => {
    const wall = local(start, tz);
    const weekday = (new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay() + 6) % 7;
    const part = (Math.min(endOf(axis, index), to) - Math.max(start, from)) / 3_600_000;
    const row = found[weekday];
    if (row) row[wall.hour] = (row[wall.hour] ?? 0) + part;
  });
  return found;
};

/** Seven rows of 24 hours. Requests are those of an average week; `since` is when recording started,
 * in milliseconds. */
export const byWeekday = (map: Heatmap, metric: Metric, tz: string, since: number): GridModel => {
  const weeks = occurrences(
    Math.max(Date.parse(map.from), since),
    Math.min(Date.parse(map.to), Date.parse(map.asOf)),
    tz,
  );
  const weekly = (row: number, column: number, count: number) => count / Math.max(weeks[row]?.[column] ?? 0, 1 / 60);
  const cells = DAYS.map((): (Heatmap["data"][number] | undefined)[] => Array.from({ length: 24 }, () => undefined));
  for (const cell of map.data) {
    const row = cells[(cell.weekday ?? 1) - 1];
    if (row) row[cell.hour ?? 0] = cell;
  }
  const values = cells.map((row, r) =>
    row.map((cell, c) => {
      if (!cell) return null;
      return (
        (metric === "requests"
          ? weekly(r, c, cell.requestCount)
          : metric === "errors"
            ? cell.errorRate
            : cell.averageMs) ?? null
      );
    }),
  );
  const hour = (n: number) => `${String(n).padStart(2, "0")}:00`;
  return {
    rows: DAYS.map((name) => ({ id: name, text: name, label: name.slice(0, 3) })),
    columns: Array.from({ length: 24 }, (_, n) => ({
      name: `${hour(n)} – ${hour((n + 1) % 24)}`,
      tick: n % 3 === 0 ? hour(n) : null,
    })),
    values,
    max: largest(values),
    describe: (row, column) => {
      const cell = cells[row]?.[column];
      if (!cell) return [];
      return [
        ["Requests per week", number.count(weekly(row, column, cell.requestCount))],
        ["Total requests", number.count(cell.requestCount)],
        ["Error rate", number.percent(cell.errorRate)],
        ["Average latency", number.exactMs(cell.averageMs)],
      ];
    },
  };
};
