import assert from "node:assert/strict";
import { test } from "node:test";
import { condition, scopeOf, stateOf, valueIn } from "../src/alerts/describe";
import { bodyOf, draftOf, fresh, validate } from "../src/alerts/draft";
import type { BillingPage, RateLimit, UtilizationPage } from "../src/api/types";
import { amountIn, byDay, currenciesOf, monthName, months, roughly, spark } from "../src/billing/costs";
import { relayShare } from "../src/ingest/relay";
import { advice } from "../src/limits/advice";
import { utilization } from "../src/limits/utilization";
import { searchRows, sortRows } from "../src/ui/rows";
import { levelOf } from "../src/ui/usageLevel";
import { at, axis, rule } from "./fixtures";

test("relays are a share of the samples whose candidates are known", () => {
  const row = (protocol: string, method: string, requestCount: number) => ({ protocol, method, requestCount });
  assert.equal(relayShare([row("http", "GET", 9), row("webrtc", "", 9), row("agent", "relay", 9)]), null);
  const rows = [row("webrtc", "relay", 1), row("webrtc", "host", 2), row("webrtc", "srflx", 1), row("webrtc", "", 5)];
  assert.equal(relayShare(rows), 25);
});

test("a rule reads as a condition in its own units", () => {
  assert.equal(condition(rule()), "p95 response time > 600 ms over 10 min");
  assert.equal(condition(rule({ quantile: null, windowMinutes: 120 })), "average response time > 600 ms over 2 h");
  assert.equal(condition(rule({ quantile: 0.999 })), "p99.9 response time > 600 ms over 10 min");
  assert.equal(
    condition(rule({ alertType: "error_rate", comparison: "gte", thresholdValue: 5, windowMinutes: 5 })),
    "error rate ≥ 5.00% over 5 min",
  );
  assert.equal(valueIn("bandwidth", 1_048_576), "1.00 MiB");
  assert.equal(valueIn("anomaly", 6.04), "6 deviations");
  assert.equal(valueIn("request_volume", null), "–");
});

test("a rule applies to all traffic or to what its filters name", () => {
  const name = (id: number) => `Key ${id}`;
  assert.equal(scopeOf(rule(), name), "All traffic");
  assert.equal(
    scopeOf(rule({ endpointFilter: "GET /a", serviceFilter: "shop", apiKeyFilter: 3 }), name),
    "GET /a · shop · Key 3",
  );
  assert.equal(stateOf(rule({ enabled: false })), "off");
});

test("a draft is validated as the service does it", () => {
  const wrong = (changes: Partial<ReturnType<typeof fresh>>) =>
    Object.keys(validate({ ...fresh(), name: "A", ...changes }));
  assert.deepEqual(wrong({}), []);
  assert.deepEqual(wrong({ name: "  " }), ["name"]);
  assert.deepEqual(wrong({ name: "ü".repeat(100) }), [], "200 bytes");
  assert.deepEqual(wrong({ name: "ü".repeat(101) }), ["name"]);
  assert.deepEqual(wrong({ windowMinutes: "0" }), ["windowMinutes"]);
  assert.deepEqual(wrong({ windowMinutes: "1.5" }), ["windowMinutes"]);
  assert.deepEqual(wrong({ windowMinutes: "" }), ["windowMinutes"]);
  assert.deepEqual(wrong({ thresholdValue: "101" }), ["thresholdValue"]);
  assert.deepEqual(wrong({ thresholdValue: "-1", alertType: "response_time" }), ["thresholdValue"]);
  assert.deepEqual(wrong({ thresholdValue: "0", comparison: "lt" }), ["thresholdValue"]);
  assert.deepEqual(wrong({ alertType: "anomaly", comparison: "lt" }), ["comparison"]);
  assert.deepEqual(wrong({ endpointFilter: "GET " }), ["endpointFilter"]);
  assert.deepEqual(wrong({ alertType: "unit", unit: "my tokens" }), ["unit"]);
  assert.deepEqual(wrong({ unit: "my tokens" }), [], "only a rule of a unit has one");
  assert.deepEqual(wrong({ alertType: "request_volume", minRequests: "many" }), [], "volume has no minimum");
});

test("a rule survives the form unchanged", () => {
  const before = rule({ endpointFilter: "GET /a", apiKeyFilter: 3, tenantId: "t1" });
  const body = bodyOf(draftOf(before));
  assert.deepEqual(
    body,
    Object.fromEntries(Object.keys(body).map((key) => [key, before[key as keyof typeof before]])),
  );
  assert.equal(bodyOf({ ...fresh(), name: " A " }).name, "A");
  assert.equal(bodyOf({ ...fresh(), alertType: "request_volume" }).minRequests, 0);
  assert.equal(bodyOf(fresh()).quantile, null, "only latency has a quantile");
  assert.equal(bodyOf(fresh()).unit, null, "only a rule of a unit has one");
  assert.equal(bodyOf({ ...fresh(), alertType: "unit", unit: " tokens " }).unit, "tokens");
});

const bill = (changes: object = {}) =>
  ({
    from: "2026-02-01T00:00:00Z",
    to: "2026-03-01T00:00:00Z",
    asOf: "2026-02-03T12:00:00Z",
    axis: axis("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "1d"),
    data: [
      { cost: [{ amount: "1.50", currency: "EUR" }] },
      {
        cost: [
          { amount: "2.00", currency: "USD" },
          { amount: "0.25", currency: "EUR" },
        ],
      },
    ],
    total: {
      cost: [
        { amount: "2.00", currency: "USD" },
        { amount: "1.75", currency: "EUR" },
        { amount: "0", currency: "CHF" },
      ],
      days: [
        { date: "2026-02-01", requests: 10, cost: [{ amount: "1.75", currency: "EUR" }] },
        { date: "2026-02-03", requests: 4, cost: [{ amount: "2.00", currency: "USD" }] },
      ],
    },
    ...changes,
  }) as unknown as BillingPage;

test("daily cost has a bar for each day so far, in one currency", () => {
  const model = byDay(bill(), "EUR");
  assert.deepEqual(model.series[0]?.values, [1.75, 0, 0]);
  assert.equal(model.running, true);
  assert.equal(model.note?.(0), "10 requests in all currencies");
  assert.equal(byDay(bill({ asOf: "2026-04-01T00:00:00Z" }), "EUR").series[0]?.values.length, 28);
  assert.equal(byDay(bill({ asOf: "2026-04-01T00:00:00Z" }), "EUR").running, false);
});

test("currencies come by the number of consumers that pay in them", () => {
  assert.deepEqual(currenciesOf(bill()), ["EUR", "USD", "CHF"]);
  assert.deepEqual(currenciesOf(bill({ data: [], total: { cost: [], days: [] } })), []);
  assert.equal(amountIn(bill().total.cost, "EUR"), "1.75");
  assert.equal(amountIn(bill().total.cost, "JPY"), null);
  assert.equal(roughly(bill().total.cost, "JPY"), 0);
});

test("a consumer's sparkline has the days of the month so far", () => {
  const row = { days: [{ date: "2026-02-02", requests: 1, cost: [{ amount: "0.5", currency: "EUR" }] }] };
  assert.deepEqual(spark(bill(), row as never, "EUR"), [0, 0.5, 0]);
});

test("months go back over the turn of the year", () => {
  assert.deepEqual(months(at("2026-02-28T23:59:59Z"), 4), ["2026-02", "2026-01", "2025-12", "2025-11"]);
  assert.deepEqual(months(at("2026-03-31T12:00:00Z"), 2), ["2026-03", "2026-02"]);
  assert.equal(monthName("2026-02"), "February 2026");
});

test("advice follows from how close a limit is", () => {
  const limit = (changes: Partial<RateLimit>) =>
    advice({
      limit: 100,
      requestsPerMinute: 50,
      hitsInSeconds: null,
      forecast: null,
      consistently: null,
      near: false,
      ...changes,
    } as RateLimit);
  assert.match(limit({ hitsInSeconds: 0 }), /^Limit reached\./);
  assert.equal(
    limit({ forecast: "at this pace the limit is hit in 40 s" }),
    "At this pace the limit is hit in 40 s.",
  );
  assert.match(
    limit({ consistently: { activePeriods: 40, nearPeriods: 25, share: 62.5, peak: 104 } }),
    /62\.5% .* 104\.0%/,
  );
  assert.equal(limit({ near: true }), "Close to the limit.");
  assert.equal(limit({ requestsPerMinute: 9 }), "Plenty of headroom.");
  assert.equal(limit({ requestsPerMinute: 10 }), "Within the limit.");
});

test("utilization has gaps where nothing was recorded", () => {
  const data = [{ periodStart: "2026-01-05T01:00:00Z", utilization: 82, requestsMade: 82, rateLimit: 100 }];
  const model = utilization({
    from: "2026-01-05T00:00:00Z",
    to: "2026-01-05T03:00:00Z",
    granularity: "1h",
    axis: axis("2026-01-05T00:00:00Z", "2026-01-05T03:00:00Z", "1h"),
    data,
  } as unknown as UtilizationPage);
  assert.deepEqual(model.series[0]?.values, [null, 82, null]);
  assert.equal(model.note?.(1), "82 of 100 requests");
  assert.equal(model.note?.(0), null);
});

test("a usage bar is green below 60%, yellow up to 80% and red above", () => {
  assert.deepEqual([0, 59.9, 60, 80, 80.1, 140].map(levelOf), ["fine", "fine", "some", "some", "bad", "bad"]);
});

test("rows without a value come last in both directions", () => {
  const rows = [{ v: 2 }, { v: null }, { v: 10 }, { v: undefined }, { v: 1 }];
  const order = (down: boolean) => sortRows(rows, (row) => row.v, down).map((row) => row.v ?? null);
  assert.deepEqual(order(false), [1, 2, 10, null, null]);
  assert.deepEqual(order(true), [10, 2, 1, null, null]);
  assert.deepEqual(
    sortRows(["v10", "v9", "V1"], (text) => text, false),
    ["V1", "v9", "v10"],
    "numbers in names count",
  );
  const times = ["2026-11-29T05:47:47.9Z", "2026-11-29T05:47:48Z", "2026-11-29T05:47:47Z"];
  assert.deepEqual(
    sortRows(times, (text) => text, false),
    [times[2], times[0], times[1]],
    "a whole second stands before its parts",
  );
  assert.deepEqual(
    sortRows([], () => 1, true),
    [],
  );
});

test("a search ignores case and surrounding space", () => {
  assert.deepEqual(
    searchRows(["Orders", "users"], " ORD ", (text) => text),
    ["Orders"],
  );
  assert.deepEqual(searchRows(["a", "b"], "", undefined), ["a", "b"]);
  assert.deepEqual(searchRows(["a", "b"], "a", undefined), []);
});
