// The two layouts from the API's rows.
import type { Heatmap, MetricRow, SeriesPage } from "../api/types";
import type { Step } from "../charts/slots";
import { endOf, indexOf, slots } from "../charts/slots";
import * as number from "../format/number";
import { clock, day, local, span, weekday } from "../format/time";
import { Route } from "../ui/Route";
import { href } from "../view/location";
import type { GridModel } from "./Grid";

export type Metric = "requests" | "errors" | "latency";

export const METRICS: Readonly<Record<Metric, { name: string; short: (value: number) => string }>> = {
  requests: { name: "Requests", short: number.compact },
  errors: { name: "Error rate", short: number.percent },
  latency: { name: "Latency", short: number.ms },
};

const ROWS = 40;

const valueOf = (row: MetricRow, metric: Metric): number | null =>
  (metric === "requests" ? row.requestCount : metric === "errors" ? row.errorRate : row.p95Ms) ?? null;

const largest = (values: (number | null)[][]): number =>
  Math.max(0, ...values.map((row) => Math.max(0, ...row.map((value) => value ?? 0))));

/** One row an endpoint, the busiest first, one column a step of time. */
export const byEndpoint = (
  page: SeriesPage,
  metric: Metric,
  tz: string,
): { model: GridModel; starts: number[]; end: number; of: number } => {
  const axis = slots(Date.parse(page.from), Date.parse(page.to), page.granularity as Step, tz);
  const groups = new Map<string, { row: MetricRow; total: number; cells: (MetricRow | undefined)[] }>();
  for (const row of page.data) {
    const id = `${row.service} ${row.method} ${row.endpoint}`;
    let group = groups.get(id);
    if (!group) {
      group = { row, total: 0, cells: [] };
      groups.set(id, group);
    }
    const index = row.periodStart ? indexOf(axis, Date.parse(row.periodStart)) : -1;
    if (index >= 0) group.cells[index] = row;
    group.total += row.requestCount ?? 0;
  }
  const shown = [...groups].sort(([, a], [, b]) => b.total - a.total).slice(0, ROWS);
  const values = shown.map(([, group]) =>
    axis.starts.map((_, index) => {
      const cell = group.cells[index];
      return cell ? valueOf(cell, metric) : metric === "requests" ? 0 : null;
    }),
  );
  const length = axis.end - (axis.starts[0] ?? 0);
  let last = "";
  const tick = (start: number): string | null => {
    const hourly = axis.step === "1h" || axis.step === "5m" || axis.step === "1m";
    if (hourly && length <= 172_800_000) {
      const text = clock(start, tz);
      const every = length <= 3_700_000 ? 10 : length <= 22_000_000 ? 60 : 180;
      const [h, m] = text.split(":").map(Number);
      return ((h ?? 0) * 60 + (m ?? 0)) % every === 0 ? text : null;
    }
    const text = length > 15 * 86_400_000 && hourly ? day(start, tz) : hourly ? weekday(start, tz) : day(start, tz);
    if (text === last) return null;
    last = text;
    return text;
  };
  const columns = axis.starts.map((start, index) => ({
    name: span(start, endOf(axis, index), tz),
    tick: tick(start),
  }));
  const spaced = thin(columns);
  return {
    starts: axis.starts,
    end: axis.end,
    of: groups.size,
    model: {
      rows: shown.map(([id, { row }]) => ({
        id,
        text: `${row.method} ${row.endpoint}`,
        label: (
          <a
            href={href("endpoint", {
              service: row.service ?? "",
              method: row.method ?? "",
              endpoint: row.endpoint ?? "",
            })}
          >
            <Route method={row.method ?? ""} endpoint={row.endpoint ?? ""} />
          </a>
        ),
      })),
      columns: spaced,
      values,
      most: largest(values),
      describe: (row, column) => {
        const cell = shown[row]?.[1].cells[column];
        if (!cell) return [["Requests", "0"]];
        return [
          ["Requests", number.count(cell.requestCount)],
          ["4xx", number.count(cell.errorCount4xx)],
          ["5xx", number.count(cell.errorCount5xx)],
          ["Error rate", number.percent(cell.errorRate)],
          ["p95", number.exactMs(cell.p95Ms)],
        ];
      },
    },
  };
};

/** At most about fifteen labels, evenly. */
const thin = <Column extends { tick: string | null }>(columns: Column[]): Column[] => {
  const ticks = columns.filter((column) => column.tick !== null).length;
  const every = Math.ceil(ticks / 15);
  let n = -1;
  return columns.map((column) => {
    if (column.tick === null) return column;
    n += 1;
    return n % every === 0 ? column : { ...column, tick: null };
  });
};

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** How often each hour of the week lies in [from, to), in parts of an hour at the edges: a range of nine
 * days has two Saturdays, which would look like a habit. */
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

/** Seven rows, 24 columns: a habit of the week is a column or a corner. Requests are those of an
 * average week; `since` is when somebody began to record. */
export const byWeekday = (map: Heatmap, metric: Metric, tz: string, since: number): GridModel => {
  const weeks = occurrences(
    Math.max(Date.parse(map.from), since),
    Math.min(Date.parse(map.to), Date.parse(map.asOf)),
    tz,
  );
  const usual = (row: number, column: number, count: number) => count / Math.max(weeks[row]?.[column] ?? 0, 1 / 60);
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
          ? usual(r, c, cell.requestCount)
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
    most: largest(values),
    describe: (row, column) => {
      const cell = cells[row]?.[column];
      if (!cell) return [];
      return [
        ["Requests a week", number.count(usual(row, column, cell.requestCount))],
        ["In all", number.count(cell.requestCount)],
        ["Error rate", number.percent(cell.errorRate)],
        ["Average", number.exactMs(cell.averageMs)],
      ];
    },
  };
};
