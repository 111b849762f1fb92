// The heatmap of endpoints over time.
import type { MetricRow, SeriesPage } from "../api/types";
import type { Step } from "../charts/slots";
import { endOf, indexOf, slots } from "../charts/slots";
import * as number from "../format/number";
import { clock, day, span, weekday } from "../format/time";
import { Route } from "../ui/Route";
import { href } from "../view/location";
import { type GridModel, largest, type Metric, metricOf } from "./model";

/** The largest number of rows; the busiest endpoints are shown. */
const ROWS = 40;

/** One row per endpoint, the busiest first; one column per time slot. */
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
      return cell ? metricOf(cell, metric) : metric === "requests" ? 0 : null;
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
      max: largest(values),
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

/** Keeps at most fifteen evenly spaced labels. */
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
