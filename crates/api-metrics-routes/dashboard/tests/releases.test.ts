import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { condition, valueIn } from "../src/alerts/describe";
import { bodyOf, fresh, validate } from "../src/alerts/draft";
import type { Release, Rollout } from "../src/api/types";
import * as number from "../src/format/number";
import { change, chartOf, difference, shown } from "../src/releases/model";

const figures = { requests: 1_200, serverErrorRate: 0.4, p95Ms: 120 };
const release = (changes: object = {}): Release =>
  ({
    service: "shop",
    environment: "production",
    version: "1.9.1",
    firstAt: "2026-05-18T06:41:00Z",
    lastAt: "2026-05-18T09:25:00Z",
    comparison: { previous: "1.9.0", before: figures, after: { ...figures, p95Ms: 210 } },
    ...changes,
  }) as unknown as Release;

test("a difference says its bounds and what follows from them", () => {
  const of = (verdict: string, value: number | null, low: number | null, high: number | null) => ({
    verdict,
    value,
    low,
    high,
  });
  assert.equal(difference(of("worse", 75.2, 60.3, 91.4), "%"), "+75%, +60% to +91%: worse");
  assert.equal(
    difference(of("no_difference", 0.03, -0.11, 0.17), "points"),
    "+0.03 points, −0.11 to +0.17: no difference that this traffic can show",
  );
  assert.equal(difference(of("no_difference", 2, 1, 3), "%"), "+2%, +1% to +3%: too little to matter");
  assert.equal(difference(of("too_few", null, null, null), "%"), "too few requests to tell");
});

test("a cell says what it was and what it is", () => {
  const { comparison } = release();
  assert.equal(
    change(comparison, (of) => of.p95Ms, number.ms),
    `${number.ms(120)} → ${number.ms(210)}`,
  );
  assert.equal(
    change(null, (of) => of.p95Ms, number.ms),
    number.NONE,
  );
});

test("a rollout is shown from before the release to the end of what it lived, a day at most", () => {
  const now = Date.parse("2026-05-20T00:00:00Z");
  assert.deepEqual(shown(release(), now), { from: "2026-05-18T03:40:00Z", to: "2026-05-18T09:40:00Z" });
  const long = release({ lastAt: "2026-05-19T23:00:00Z" });
  assert.deepEqual(shown(long, now), { from: "2026-05-18T00:40:00Z", to: "2026-05-19T06:40:00Z" });
  const young = release({ lastAt: "2026-05-18T06:44:00Z" });
  const soon = Date.parse("2026-05-18T06:44:30Z");
  assert.deepEqual(shown(young, soon), { from: "2026-05-18T05:40:00Z", to: "2026-05-18T06:45:00Z" });
});

test("both versions are lines on one axis, in hours where nothing finer is kept", () => {
  const rollout = (minutes: [number, number]): Rollout => ({
    service: "shop",
    environment: "production",
    from: "2026-05-18T06:00:00Z",
    to: "2026-05-18T08:00:00Z",
    stepSeconds: 300,
    versions: ["1.9.0", "1.9.1"].map((version) => ({
      version,
      firstAt: "2026-05-18T06:00:00Z",
      lastAt: "2026-05-18T08:00:00Z",
      steps: minutes.map((minute) => ({
        at: new Date(Date.parse("2026-05-18T06:00:00Z") + minute * 60_000).toISOString(),
        requests: 7,
        serverErrors: 1,
        p95Ms: null,
      })),
    })),
  });
  const how = { short: number.compact, unit: "count", exact: number.count } as const;
  const model = (minutes: [number, number]) =>
    chartOf(rollout(minutes), release(), "UTC", (step) => step.requests, how);
  const fine = model([0, 5]);
  assert.equal(fine.slots.starts.length, 24);
  assert.deepEqual(fine.series[1]?.values.slice(0, 3), [7, 7, null]);
  assert.deepEqual(
    fine.series.map(({ name, colour }) => [name, colour]),
    [
      ["1.9.0", "p50"],
      ["1.9.1", "p95"],
    ],
  );
  const coarse = model([0, 60]);
  assert.deepEqual([coarse.slots.step, coarse.series[0]?.values], ["1h", [7, 7]]);
});

test("a rule over releases has words, a unit and filters of its own", () => {
  const draft = {
    ...fresh(),
    name: "Releases",
    alertType: "release_regression" as const,
    comparison: "gte" as const,
    thresholdValue: "1",
    quantile: "",
    windowMinutes: "120",
    serviceFilter: "shop",
    endpointFilter: "/cart",
  };
  assert.deepEqual(validate(draft), {});
  const body = bodyOf(draft);
  assert.deepEqual([body.serviceFilter, body.endpointFilter], ["shop", null]);
  assert.equal(condition(body), "5xx of a release ≥ 1 point worse within 2 h");
  assert.equal(
    condition({ ...body, quantile: 0.95, thresholdValue: 20 }),
    "p95 response time of a release ≥ 20% worse within 2 h",
  );
  assert.equal(valueIn("release_regression", 1.604), "1.6 points");
  const wrong = validate({ ...draft, windowMinutes: "5", thresholdValue: "100", comparison: "lt" });
  assert.deepEqual(Object.keys(wrong).sort(), ["comparison", "thresholdValue", "windowMinutes"]);
});
