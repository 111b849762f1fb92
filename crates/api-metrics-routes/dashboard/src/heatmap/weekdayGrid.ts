// The heatmap of the hours of an average week.
import type { Heatmap } from "../api/types";
import * as number from "../format/number";
import { type GridModel, largest, type Metric } from "./model";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Seven rows of 24 hours. Requests are those of an average week: the API says how often each hour occurs. */
export const byWeekday = (map: Heatmap, metric: Metric): GridModel => {
  const cells = DAYS.map((): (Heatmap["data"][number] | undefined)[] => Array.from({ length: 24 }, () => undefined));
  for (const cell of map.data) {
    const row = cells[(cell.weekday ?? 1) - 1];
    if (row) row[cell.hour ?? 0] = cell;
  }
  const weekly = (cell: Heatmap["data"][number]) => cell.requestCount / Math.max(cell.occurrences ?? 0, 1 / 60);
  const values = cells.map((row) =>
    row.map((cell) => {
      if (!cell?.occurrences) return null;
      return (metric === "requests" ? weekly(cell) : metric === "errors" ? cell.errorRate : cell.averageMs) ?? null;
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
    unknown: (row, column) => !cells[row]?.[column]?.occurrences,
    max: largest(values),
    describe: (row, column) => {
      const cell = cells[row]?.[column];
      if (!cell) return [];
      return [
        ["Requests per week", number.count(weekly(cell))],
        ["Total requests", number.count(cell.requestCount)],
        ["Error rate", number.percent(cell.errorRate)],
        ["Average latency", number.exactMs(cell.averageMs)],
      ];
    },
  };
};
