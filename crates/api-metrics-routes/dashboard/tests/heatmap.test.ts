import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Heatmap } from "../src/api/types";
import { byEndpoint } from "../src/heatmap/endpointGrid";
import { intensity, valueAt } from "../src/heatmap/scale";
import { byWeekday } from "../src/heatmap/weekdayGrid";
import { at, hours, page } from "./fixtures";

const FROM = "2026-01-05T00:00:00Z";
const TO = "2026-01-05T06:00:00Z";
const rows = (endpoint: string, counts: (number | null)[]) =>
  hours(
    FROM,
    counts.map((requestCount) =>
      requestCount === null
        ? null
        : { service: "shop", method: "GET", endpoint, requestCount, errorRate: 0, p95Ms: 12 },
    ),
  );

test("no data, one endpoint and five hundred give no row, one row and the busiest forty", () => {
  assert.deepEqual(byEndpoint(page(FROM, TO, []), "requests", "UTC").model.rows, []);
  const one = byEndpoint(page(FROM, TO, rows("/a", [3])), "requests", "UTC");
  assert.deepEqual(one.model.values, [[3, 0, 0, 0, 0, 0]]);
  const many = Array.from({ length: 500 }, (_, n) => rows(`/e${n}`, [n])).flat();
  const found = byEndpoint(page(FROM, TO, many), "requests", "UTC");
  assert.equal(found.of, 500);
  assert.equal(found.model.rows.length, 40);
  assert.equal(found.model.rows[0]?.text, "GET /e499");
  assert.equal(found.model.max, 499);
});

test("requests without a row are zero, rates and latencies without one are unknown", () => {
  const data = page(FROM, TO, rows("/a", [3, null, 4]));
  assert.deepEqual(byEndpoint(data, "requests", "UTC").model.values[0]?.slice(0, 3), [3, 0, 4]);
  assert.deepEqual(byEndpoint(data, "errors", "UTC").model.values[0]?.slice(0, 3), [0, null, 0]);
  assert.deepEqual(byEndpoint(data, "latency", "UTC").model.values[0]?.slice(0, 3), [12, null, 12]);
  assert.deepEqual(byEndpoint(data, "latency", "UTC").model.describe(0, 1), [["Requests", "0"]]);
});

const week = (
  from: string,
  to: string,
  data: Heatmap["data"],
  tz = "UTC",
  since = 0,
  metric: "requests" | "latency" = "requests",
) => byWeekday({ from, to, asOf: "2030-01-01T00:00:00Z", data } as unknown as Heatmap, metric, tz, since);
const cell = (weekday: number, hour: number, requestCount: number) =>
  ({ weekday, hour, requestCount, errorRate: 0, averageMs: 5 }) as Heatmap["data"][number];

test("requests by weekday are those of an average week", () => {
  // Nine days from a Saturday on: two Saturdays and two Sundays, one of each other day.
  const grid = week("2026-01-03T00:00:00Z", "2026-01-12T00:00:00Z", [cell(6, 9, 100), cell(1, 9, 100)]);
  assert.equal(grid.values[5]?.[9], 50);
  assert.equal(grid.values[0]?.[9], 100);
  assert.equal(grid.values[0]?.[10], null);
  assert.equal(grid.max, 100);
  assert.deepEqual(grid.describe(5, 9).slice(0, 2), [
    ["Requests per week", "50"],
    ["Total requests", "100"],
  ]);
  assert.deepEqual(grid.describe(5, 10), []);
});

test("weeks before recording started don't count", () => {
  const since = at("2026-01-19T00:00:00Z");
  const grid = week("2026-01-05T00:00:00Z", "2026-02-02T00:00:00Z", [cell(1, 9, 100)], "UTC", since);
  assert.equal(grid.values[0]?.[9], 50, "two Mondays of four");
});

test("hours are those of the zone, and latency is no sum", () => {
  const grid = week("2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z", [cell(7, 23, 10)], "Asia/Kolkata", 0, "latency");
  assert.equal(grid.values[6]?.[23], 5);
  assert.equal(grid.rows.length, 7);
  assert.equal(grid.columns.length, 24);
  assert.equal(grid.columns[23]?.name, "23:00 – 00:00");
});

test("a scale runs from zero to the maximum, and a small value differs from zero", () => {
  for (const scale of ["linear", "log"] as const) {
    assert.equal(intensity(0, 100, scale), 0);
    assert.equal(intensity(100, 100, scale), 1);
    assert.equal(intensity(0.001, 100, scale), 0.05);
    assert.equal(intensity(5, 0, scale), 0, "nothing to compare with");
    for (const part of [0.25, 0.5, 0.75])
      assert.ok(Math.abs(intensity(valueAt(part, 100, scale), 100, scale) - part) < 1e-9);
  }
  assert.ok(intensity(10, 1_000, "log") > intensity(10, 1_000, "linear"));
});
