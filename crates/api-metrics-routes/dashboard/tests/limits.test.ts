import assert from "node:assert/strict";
import { test } from "node:test";
import type { Headroom } from "../src/api/types";
import { basis, hits, over, period, usedUp, when, whole } from "../src/limits/words";

const AS_OF = "2026-05-18T09:30:30Z";

const forecast = (weeks: number, at: string | null) => ({ weeks, at, text: "" });

const row = (more: Partial<Headroom>): Headroom => ({
  apiKeyId: 3,
  externalId: "k-3",
  name: "render-farm",
  tenantId: null,
  requests: 10,
  refused: 0,
  hitsAt: null,
  rate: null,
  quota: null,
  ...more,
});

const rate = {
  limit: 100,
  isDefault: false,
  used: 20,
  previous: 10,
  utilization: 20,
  requestsPerMinute: 25,
  busiest: null,
  overRequests: 0,
  overMinutes: 0,
  forecast: forecast(4, null),
};

const quota = {
  unit: null,
  limit: 1_000,
  isDefault: false,
  used: 400,
  remaining: 600,
  usagePercentage: 40,
  period: "month",
  periodStart: "2026-05-01T00:00:00Z",
  resetDate: "2026-06-01T00:00:00Z",
  forecast: forecast(2, null),
  approximate: false,
};

test("who hits a bound first is said in a sentence, with what the forecast rests on", () => {
  const said = (more: Partial<Headroom>) => hits(row(more), AS_OF, "UTC");
  assert.equal(said({ rate }), null);
  assert.equal(
    said({ rate: { ...rate, used: 100 }, hitsAt: AS_OF }),
    "render-farm has reached its limit of 100 a minute",
  );
  assert.equal(
    said({ rate: { ...rate, forecast: forecast(4, "2026-05-18T12:07:00Z") }, hitsAt: "2026-05-18T12:07:00Z" }),
    "render-farm reaches its limit of 100 a minute at 12:07. By the same hours of the last 4 weeks",
  );
  assert.equal(
    said({ rate, hitsAt: "2026-05-18T09:30:44Z" }),
    "render-farm reaches its limit of 100 a minute within this minute",
  );
  assert.equal(
    said({ quota: { ...quota, remaining: 0 }, hitsAt: AS_OF }),
    "render-farm has used up its quota of 1,000",
  );
  assert.match(
    said({ quota: { ...quota, forecast: forecast(1, "2026-05-20T12:07:00Z") }, hitsAt: "2026-05-20T12:07:00Z" }) ??
      "",
    /^render-farm uses up its quota at .*20.*12:07\. By the same hours of the last week$/,
  );
});

test("a consumer without a week of history gets a plain statement", () => {
  assert.equal(basis(forecast(0, null)), "Less than a week of history: no forecast");
  assert.equal(usedUp({ ...quota, forecast: forecast(0, null) }, AS_OF, "UTC"), "No forecast yet");
  assert.equal(usedUp(quota, AS_OF, "UTC"), "Not before the reset");
  assert.equal(usedUp({ ...quota, remaining: 0 }, AS_OF, "UTC"), "Used up");
  assert.equal(when(AS_OF, AS_OF, "UTC"), "Now");
});

test("bounds are whole numbers or nothing, periods a month or days", () => {
  assert.deepEqual(["", " 1,000 ", "0", "1.5", "-1", "x", "9".repeat(17)].map(whole), [
    null,
    1_000,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(["month", " 30d", "366d", "367d", "0d", "week", ""].map(period), [
    "month",
    "30d",
    "366d",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(over(0, 0), "Nothing");
  assert.equal(over(48, 3), "48 requests in 3 minutes");
  assert.equal(over(1, 1, "tokens"), "1 tokens in 1 minute");
});
