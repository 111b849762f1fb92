import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fresh as freshRule, bodyOf as ruleBody, validate as validateRule } from "../src/alerts/draft";
import type { Objective } from "../src/api/types";
import { bodyOf, burn, burning, fresh, left, promise, summary, validate } from "../src/objectives/model";

const objective = (changes: object = {}): Objective =>
  ({
    state: "met",
    indicator: "latency",
    target: 99.95,
    latencyMs: 303.103,
    windowDays: 30,
    burnRates: [
      { minutes: 60, rate: 20 },
      { minutes: 5, rate: 3 },
      { minutes: 360, rate: 7 },
      { minutes: 30, rate: null },
    ],
    ...changes,
  }) as Objective;

test("an objective is a promise in words", () => {
  assert.equal(promise(objective()), "99.95% within 303 ms over 30 days");
  assert.equal(
    promise(objective({ indicator: "availability", latencyMs: null, windowDays: 1 })),
    "99.95% without a 5xx over 1 day",
  );
});

test("a burn rate is the lesser of two windows, and none where one is not known", () => {
  assert.equal(burning(objective(), 60, 5), 3);
  assert.equal(burning(objective(), 360, 30), null);
  assert.deepEqual([burn(14.4), burn(0.29166), burn(1234.5), burn(null)], ["14.4×", "0.292×", "1,235×", "–"]);
  assert.deepEqual([left(73.75), left(-425), left(null)], ["73.8%", "overdrawn 425.0%", "–"]);
});

test("the badge says the worst state, and how many are in it", () => {
  assert.equal(summary([]), null);
  assert.deepEqual(summary([objective()]), { level: "good", text: "1 met" });
  assert.deepEqual(summary([objective(), objective()]), { level: "good", text: "all 2 met" });
  assert.deepEqual(summary([objective(), objective({ state: "missed" }), objective({ state: "at_risk" })]), {
    level: "bad",
    text: "1 of 3 missed",
  });
});

test("an objective's form refuses what the service refuses", () => {
  const wrong = (changes: object) => Object.keys(validate({ ...fresh(), name: "x", ...changes }));
  assert.deepEqual(wrong({}), []);
  for (const target of ["0", "100", "99.99999", "", "all"]) assert.deepEqual(wrong({ target }), ["target"], target);
  assert.deepEqual(wrong({ indicator: "latency", latencyMs: "0" }), ["latencyMs"]);
  for (const windowDays of ["0", "91", "1.5", ""])
    assert.deepEqual(wrong({ windowDays }), ["windowDays"], windowDays);
  assert.equal(bodyOf({ ...fresh(), latencyMs: "300" }).latencyMs, null, "only a latency has one");
});

test("a rule of a burn rate has its objective's filters and none of its own", () => {
  const draft = { ...freshRule(), name: "x", alertType: "burn_rate" as const, windowMinutes: "60" };
  const typed = { ...draft, objectiveId: "3", serviceFilter: "shop", endpointFilter: "/a", tenantId: "acme" };
  const body = ruleBody(typed);
  assert.deepEqual(
    [body.objectiveId, body.serviceFilter, body.endpointFilter, body.tenantId, body.quantile],
    [3, null, null, null, null],
  );
  assert.deepEqual(Object.keys(validateRule(draft)), ["objectiveId"]);
  assert.deepEqual(Object.keys(validateRule({ ...typed, windowMinutes: "50" })), ["windowMinutes"]);
  assert.deepEqual(Object.keys(validateRule({ ...typed, comparison: "lt" })), ["comparison"]);
});
