// Rate limit utilization over time, as a chart model.
import type { UtilizationPage } from "../api/types";
import type { TimeChartModel } from "../charts/model";
import { indexOf, slotsOf } from "../charts/periods";
import * as number from "../format/number";

export const utilization = (page: UtilizationPage): TimeChartModel => {
  const axis = slotsOf(page.axis);
  const rows = axis.starts.map((): UtilizationPage["data"][number] | null => null);
  for (const row of page.data) {
    const index = indexOf(axis, Date.parse(row.periodStart));
    if (index >= 0) rows[index] = row;
  }
  return {
    slots: axis,
    // Only finished periods are recorded.
    running: false,
    series: [
      {
        id: "used",
        name: "Utilization",
        colour: "p95",
        kind: "bar",
        values: rows.map((row) => row?.utilization ?? null),
      },
    ],
    short: number.percent,
    exact: number.percent,
    unit: "percent",
    thresholds: [
      { value: 80, name: "80%", colour: "s4xx" },
      { value: 100, name: "Limit" },
    ],
    note: (index) => {
      const row = rows[index];
      return row ? `${number.count(row.requestsMade)} of ${number.count(row.rateLimit)} requests` : null;
    },
  };
};
