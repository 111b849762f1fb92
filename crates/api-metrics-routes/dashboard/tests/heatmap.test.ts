import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Heatmap } from "../src/api/types";
import { byEndpoint } from "../src/heatmap/endpointGrid";
import { intensity, valueAt } from "../src/heatmap/scale";
import { byWeekday } from "../src/heatmap/weekdayGrid";
import { hours, page, status } from "./fixtures";

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

/** A process that was recording all the time. */
const idle = status([{ startedAt: FROM, lastFlushAt: TO }]);
const grid = (data: Parameters<typeof byEndpoint>[0], metric: Parameters<typeof byEndpoint>[1]) =>
  byEndpoint(data, metric, "UTC", idle).model;

test("no data, one endpoint and five hundred give no row, one row and the top forty", () => {
  assert.deepEqual(grid(page(FROM, TO, []), "requests").rows, []);
  const one = grid(page(FROM, TO, rows("/a", [3])), "requests");
  assert.deepEqual(one.values, [[3, 0, 0, 0, 0, 0]]);
  const many = Array.from({ length: 500 }, (_, n) => rows(`/e${n}`, [n])).flat();
  const found = grid(page(FROM, TO, many), "requests");
  assert.equal(found.rows.length, 40);
  assert.equal(found.rows[0]?.text, "GET /e499");
  assert.equal(found.max, 499);
});

test("requests without a row are zero, rates and latencies without one are unknown", () => {
  const data = page(FROM, TO, rows("/a", [3, null, 4]));
  assert.deepEqual(grid(data, "requests").values[0]?.slice(0, 3), [3, 0, 4]);
  assert.deepEqual(grid(data, "errors").values[0]?.slice(0, 3), [0, null, 0]);
  assert.deepEqual(grid(data, "latency").values[0]?.slice(0, 3), [12, null, 12]);
  assert.deepEqual(grid(data, "latency").describe(0, 1), [["Requests", "0"]]);
});

test("periods that were not read, or that nobody recorded, are unknown and not zero", () => {
  const cut = { ...page(FROM, TO, rows("/a", [3, 4, 5])), complete: false };
  const found = grid(cut, "requests");
  assert.deepEqual(found.values, [[3, 4, null, null, null, null]], "the last period may have been cut");
  assert.equal(found.unknown(0, 5), true);
  assert.equal(found.unknown(0, 0), false);
  assert.deepEqual(found.describe(0, 5), [["Requests", "unknown"]]);
  const stopped = status([{ startedAt: FROM, lastFlushAt: "2026-01-05T01:20:00Z" }]);
  const half = byEndpoint(page(FROM, TO, rows("/a", [3])), "requests", "UTC", stopped).model;
  assert.deepEqual(half.values, [[3, 0, null, null, null, null]]);
});

const week = (data: Heatmap["data"], metric: "requests" | "latency" = "requests") =>
  byWeekday({ data } as unknown as Heatmap, metric);
const cell = (weekday: number, hour: number, requestCount: number, occurrences: number) =>
  ({ weekday, hour, requestCount, occurrences, errorRate: 0, averageMs: 5 }) as Heatmap["data"][number];

test("requests by weekday are those of an average week, by how often the API says an hour occurs", () => {
  const found = week([cell(6, 9, 100, 2), cell(1, 9, 100, 1), cell(2, 9, 0, 0)]);
  assert.equal(found.values[5]?.[9], 50);
  assert.equal(found.values[0]?.[9], 100);
  assert.equal(found.values[1]?.[9], null, "an hour that the range does not have");
  assert.equal(found.unknown(1, 9), true);
  assert.equal(found.unknown(5, 9), false);
  assert.equal(found.max, 100);
  assert.deepEqual(found.describe(5, 9).slice(0, 2), [
    ["Requests per week", "50"],
    ["Total requests", "100"],
  ]);
  assert.deepEqual(found.describe(5, 10), []);
});

test("latency by weekday is no sum", () => {
  const found = week([cell(7, 23, 10, 2)], "latency");
  assert.equal(found.values[6]?.[23], 5);
  assert.equal(found.rows.length, 7);
  assert.equal(found.columns.length, 24);
  assert.equal(found.columns[23]?.name, "23:00 – 00:00");
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
