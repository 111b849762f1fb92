import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricRow } from "../src/api/types";
import { concerns, glob, matchesExactly } from "../src/traffic/alertScope";
import { bandwidth, errors, latency, spark, unit, volume } from "../src/traffic/models";
import { timeline } from "../src/traffic/timeline";
import { amountOf, idOf, unitsOf } from "../src/traffic/unitsOf";
import { at, hours, page, rule, status } from "./fixtures";

const FROM = "2026-01-05T00:00:00Z";
const TO = "2026-01-05T06:00:00Z";
const line = (values: (Partial<MetricRow> | null)[], recorded?: Parameters<typeof status>[0], asOf?: string) =>
  timeline(
    page(FROM, TO, hours(FROM, values), asOf === undefined ? {} : { asOf }),
    recorded && status(recorded),
    null,
    null,
  );
const idle = { startedAt: FROM, lastFlushAt: TO };

test("a slot without requests is zero while a process was recording, and unknown otherwise", () => {
  const found = line(
    [{ requestCount: 5 }, null, null, { requestCount: 7 }],
    [
      { startedAt: FROM, lastFlushAt: "2026-01-05T01:20:00Z" },
      { startedAt: "2026-01-05T03:10:00Z", lastFlushAt: "2026-01-05T03:50:00Z" },
    ],
  );
  assert.deepEqual(found.none, [false, false, true, false, true, true]);
  const [read] = volume(found, hours(FROM, [{ method: "GET", requestCount: 5 }])).series;
  assert.deepEqual(read?.values, [5, 0, null, 0, null, null]);
});

test("without a status only slots before the first request and after the answer are unknown", () => {
  const found = line([null, { requestCount: 1 }, null], undefined, "2026-01-05T03:30:00Z");
  assert.deepEqual(found.none, [true, false, false, false, true, true]);
  assert.equal(found.empty, false);
});

test("a range without any data is empty, and all of it is unknown", () => {
  const found = line([]);
  assert.equal(found.empty, true);
  assert.deepEqual(found.none, [true, true, true, true, true, true]);
  for (const model of [latency(found), errors(found), bandwidth(found), volume(found, [])]) {
    for (const series of model.series)
      assert.deepEqual(series.values, [null, null, null, null, null, null], series.id);
    assert.deepEqual(
      model.stretches?.map(({ first, last, kind }) => [first, last, kind]),
      [[0, 5, "none"]],
    );
  }
});

test("while the store is unreachable nothing but what was read is known", () => {
  const data = page(FROM, TO, hours(FROM, [{ requestCount: 1 }, null]));
  const down = { instances: [], store: { reachable: false } } as unknown as Parameters<typeof timeline>[1];
  assert.deepEqual(timeline(data, down, null, null).none, [false, true, true, true, true, true]);
});

test("instances of another service or environment don't fill gaps", () => {
  const data = page(FROM, TO, hours(FROM, [{ requestCount: 1 }]));
  const known = status([
    { service: "blog", startedAt: FROM, lastFlushAt: TO },
    { environment: "staging", startedAt: FROM, lastFlushAt: TO },
  ]);
  assert.deepEqual(timeline(data, known, "shop", null).none.slice(0, 2), [false, false], "staging's shop");
  assert.deepEqual(timeline(data, known, "blog", "staging").none.slice(0, 2), [false, false]);
  assert.equal(timeline(data, known, "blog", null).none[1], false);
});

test("only the slot that contains the time of the answer is in progress", () => {
  assert.equal(line([{ requestCount: 1 }], [idle], "2026-01-05T05:59:59Z").running, true);
  assert.equal(line([{ requestCount: 1 }], [idle], "2026-01-05T04:59:59Z").running, false, "the range ends later");
  assert.equal(line([{ requestCount: 1 }], [idle], TO).running, false);
});

test("the first process of a version is a release, later ones are restarts", () => {
  const found = line(
    [{ requestCount: 1 }],
    [
      { version: "2.0", startedAt: "2026-01-05T03:00:00Z", lastFlushAt: TO },
      { version: "2.0", startedAt: "2026-01-05T02:00:00Z", lastFlushAt: TO },
      { version: "1.0", startedAt: "2026-01-04T02:00:00Z", lastFlushAt: TO },
      { version: "", startedAt: "2026-01-05T01:00:00Z", lastFlushAt: TO },
    ],
  );
  assert.deepEqual(found.marks, [{ at: at("2026-01-05T02:00:00Z"), name: "2.0", kind: "deploy" }]);
});

test("requests are split into safe and other methods", () => {
  const methods = ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "_OTHER"];
  const found = line([{ requestCount: 45 }], [idle]);
  const rows = methods.flatMap((method, n) => hours(FROM, [{ method, requestCount: n + 1 }]));
  const model = volume(found, rows);
  assert.deepEqual(
    model.series.map(({ id, values }) => [id, values[0]]),
    [
      ["read", 10],
      ["write", 35],
    ],
  );
  assert.equal(model.note?.(0), "45 total");
});

test("a value is null where the API has none, also between values", () => {
  const found = line([{ p50Ms: 1, p95Ms: 2, p99Ms: null }, null, { p50Ms: 3 }], [idle]);
  const model = latency(found);
  assert.deepEqual(
    model.series.map(({ values }) => values.slice(0, 3)),
    [
      [1, null, 3],
      [2, null, null],
      [null, null, null],
    ],
  );
});

test("a slow stretch has at least twice the median p95, and 50 ms", () => {
  const p95 = (values: number[]) => {
    const data = page(
      FROM,
      "2026-01-05T12:00:00Z",
      hours(
        FROM,
        values.map((p95Ms) => ({ p95Ms, requestCount: 1 })),
      ),
    );
    return (latency(timeline(data, undefined, null, null)).stretches ?? []).filter(({ kind }) => kind === "slow");
  };
  assert.deepEqual(p95([40, 40, 40, 40, 40, 40, 79, 80, 81, 40]), [{ first: 7, last: 8, kind: "slow" }]);
  assert.deepEqual(p95([1, 1, 1, 1, 1, 1, 1, 1, 49, 1]), [], "49 ms are not slow, however fast the rest is");
  assert.deepEqual(p95([1, 1, 1, 500]), [], "four slots are too few to tell");
});

test("a slot is slow too where its p99 passes a threshold that is drawn", () => {
  const rows = [100, 700, 100].map((p99Ms) => ({ p50Ms: 10, p95Ms: 20, p99Ms, requestCount: 1 }));
  const found = timeline(page(FROM, "2026-01-05T12:00:00Z", hours(FROM, rows)), undefined, null, null);
  const slow = (model: ReturnType<typeof latency>) => (model.stretches ?? []).filter(({ kind }) => kind === "slow");
  assert.deepEqual(slow(latency(found)), []);
  const model = latency(found, [{ value: 600, name: "Slow answers" }]);
  assert.deepEqual(slow(model), [{ first: 1, last: 1, kind: "slow" }]);
  assert.match(model.note?.(1) ?? "", /p99 at or above the threshold of 600 ms/);
});

test("errors name the five most frequent codes", () => {
  const statusCodes = { 200: 900, 404: 50, 500: 30, 429: 9, 401: 8, 502: 2, 503: 1 };
  const found = line(
    [{ requestCount: 1_000, errorRate: 10, errorCount4xx: 67, errorCount5xx: 33, statusCodes }],
    [idle],
  );
  const model = errors(found);
  assert.equal(model.note?.(0), "10.0% of 1,000 requests\n404 × 50  500 × 30  429 × 9  401 × 8  502 × 2");
  assert.equal(model.note?.(1), null);
  assert.deepEqual(
    model.series.map(({ name, values }) => [name, values[0]]),
    [
      ["Server errors (5xx)", 33],
      ["Client errors (4xx)", 67],
    ],
  );
});

test("a sparkline leaves out the slot in progress", () => {
  const values = [1, 2, 3, 4, 5, 6].map((requestCount) => ({ requestCount }));
  const of = (row: MetricRow) => row.requestCount;
  assert.deepEqual(spark(line(values, [idle]), of, true), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(spark(line(values, [idle], "2026-01-05T05:30:00Z"), of, true), [1, 2, 3, 4, 5]);
});

test("a glob matches any text and single characters, and never takes for ever", () => {
  assert.equal(glob("/users/*", "/users/1/orders"), true);
  assert.equal(glob("/users/?", "/users/12"), false);
  assert.equal(glob("*orders", "/api/orders"), true);
  assert.equal(glob("*a*b", "aXbXa"), false);
  assert.equal(glob("", ""), true);
  assert.equal(glob("*", ""), true);
  const started = performance.now();
  assert.equal(glob(`${"*a".repeat(200)}b`, "a".repeat(2_000)), false);
  assert.ok(performance.now() - started < 1_000);
});

test("a threshold is drawn only for exactly the traffic that a page shows", () => {
  const all = { service: null, environment: null, method: null, endpoint: null, key: null };
  const orders = { service: null, environment: null, method: "POST", endpoint: "/api/orders", key: null };
  assert.equal(matchesExactly(rule(), all), true);
  assert.equal(matchesExactly(rule(), orders), false);
  assert.equal(matchesExactly(rule({ endpointFilter: "POST /api/orders" }), orders), true);
  assert.equal(matchesExactly(rule({ endpointFilter: "/api/orders" }), orders), true);
  assert.equal(matchesExactly(rule({ endpointFilter: "GET /api/orders" }), orders), false);
  assert.equal(matchesExactly(rule({ apiKeyFilter: 3 }), all), false);
  assert.equal(matchesExactly(rule({ apiKeyFilter: 3 }), { ...all, key: "3" }), true);
  assert.equal(matchesExactly(rule({ serviceFilter: "shop" }), { ...all, service: "shop" }), true);
  assert.equal(matchesExactly(rule({ environmentFilter: "live" }), all), false);
  assert.equal(matchesExactly(rule({ environmentFilter: "live" }), { ...all, environment: "live" }), true);
});

test("an alert concerns a page that shows part of its traffic", () => {
  const all = { service: null, environment: null, method: null, endpoint: null, key: null };
  const user = { service: "shop", environment: null, method: "GET", endpoint: "/users/{id}", key: null };
  assert.equal(concerns(rule({ endpointFilter: "GET /users/*" }), user), true);
  assert.equal(concerns(rule({ endpointFilter: "POST /users/*" }), user), false);
  assert.equal(concerns(rule({ serviceFilter: "blog" }), user), false);
  assert.equal(concerns(rule({ environmentFilter: "live" }), user), true);
  assert.equal(concerns(rule({ environmentFilter: "live" }), { ...user, environment: "test" }), false);
  // Pages show requests to the server: a rule about agents is none of theirs.
  assert.equal(concerns(rule({ protocolFilter: "agent" }), user), false);
  assert.equal(matchesExactly(rule({ protocolFilter: "any" }), { ...all }), false);
  assert.equal(concerns(rule({ apiKeyFilter: 3 }), { ...all, key: "4" }), false);
  assert.equal(concerns(undefined, all), true, "a deleted rule is shown where everything is");
  assert.equal(concerns(undefined, user), false);
});

test("a unit is summed by slot, and what is no sum has its mean and extremes", () => {
  const score = { count: 2, mean: 0.5, min: -1, max: 2, sum: 1 };
  const found = line(
    [{ requestCount: 3, units: { tokens: 7 }, gauges: { score } }, { requestCount: 1, units: {} }, null],
    [idle],
  );
  assert.deepEqual(unit(found, "tokens", false).series[0]?.values, [7, 0, 0, 0, 0, 0]);
  const means = unit(found, "score", true);
  assert.deepEqual(
    means.series.map(({ values }) => values.slice(0, 3)),
    [
      [0.5, null, null],
      [2, null, null],
      [-1, null, null],
    ],
  );
  assert.equal(means.note?.(0), "2 observed");
  assert.equal(means.note?.(1), null);
});

test("units of rows are listed once, sums before what is no sum", () => {
  const gauge = { count: 1, mean: 4, min: 4, max: 4, sum: 4 };
  const rows = [
    { units: { b: 1 }, gauges: { score: gauge } },
    { units: { a: 2, b: 3 }, gauges: { b: gauge } },
  ];
  assert.deepEqual(unitsOf(rows).map(idOf), ["sum a", "sum b", "gauge b", "gauge score"]);
  const [first, second] = rows;
  assert.equal(first && amountOf(first, { name: "a", isGauge: false }), null);
  assert.equal(second && amountOf(second, { name: "b", isGauge: true }), 4);
});
