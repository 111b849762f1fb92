// The heatmap of endpoints over time.
import type { SeriesPage } from "../api/queries";
import type { MetricRow, Status } from "../api/types";
import { indexOf, labelOf, nameOfSlot, type Slots, slotsOf, ticks } from "../charts/periods";
import * as number from "../format/number";
import { unknownIn } from "../traffic/timeline";
import { Route } from "../ui/Route";
import { href } from "../view/location";
import { type GridModel, largest, type Metric, metricOf } from "./model";

/** The largest number of rows; the server chooses the endpoints with the most requests. */
export const ROWS = 40;

const UNMATCHED = "<unmatched>";

/** Labels on the time axis. */
const LABELS = 15;

/** One row per endpoint, most requests first; one column per time slot. */
export const byEndpoint = (
  page: SeriesPage,
  metric: Metric,
  tz: string,
  status: Status | undefined,
  service: string | null = null,
  environment: string | null = null,
): { model: GridModel; slots: Slots } => {
  const axis = slotsOf(page.axis);
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
  const used = new Set(shown.flatMap(([, group]) => Object.keys(group.cells).map(Number)));
  // Rows come in order of time, so that what was not read is missing at the end.
  const read = page.complete ? axis.starts.length : Math.max(0, ...used);
  const unknown = unknownIn(axis, (index) => used.has(index), Date.parse(page.asOf), status, service, environment);
  const isUnknown = (index: number) => index >= read || (unknown[index] ?? false);
  const values = shown.map(([, group]) =>
    axis.starts.map((_, index) => {
      const cell = index < read ? group.cells[index] : undefined;
      return cell ? metricOf(cell, metric) : metric === "requests" && !isUnknown(index) ? 0 : null;
    }),
  );
  const labelled = ticks(axis, LABELS);
  const columns = axis.starts.map((_, index) => ({
    name: nameOfSlot(axis, index, tz),
    tick: labelled.has(index) ? labelOf(axis, index) : null,
  }));
  return {
    slots: axis,
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
      columns,
      values,
      unknown: (_, column) => isUnknown(column),
      // Scanners fail always; their rows would pale everybody else's.
      max: largest(
        shown.some(([, { row }]) => row.endpoint !== UNMATCHED)
          ? values.filter((_, n) => shown[n]?.[1].row.endpoint !== UNMATCHED)
          : values,
      ),
      describe: (row, column) => {
        const cell = shown[row]?.[1].cells[column];
        if (!cell) return [["Requests", isUnknown(column) ? "unknown" : "0"]];
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
