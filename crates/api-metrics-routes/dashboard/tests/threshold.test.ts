import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, fresh, proposedName, validate } from "../src/alerts/draft";
import { draftFrom, notTaken, seededBy } from "../src/alerts/seed";
import { type Bin, holds, judgedOf, proposedThreshold, roundTo, stepOf, topOf } from "../src/alerts/threshold";

const bins = (...values: (number | null)[]): Bin[] =>
  values.map((value, index) => ({
    at: new Date(index * 60_000).toISOString(),
    value,
    windows: 1,
    breaches: 0,
    tooFew: value === null ? 1 : 0,
  }));

test("a threshold moves by round steps that add up without noise", () => {
  const top = topOf(bins(0.31, 0.7), 0.5);
  assert.equal(top, 0.8);
  assert.equal(stepOf(top), 0.01);
  assert.equal(roundTo(0.1 + 0.2, top), 0.3);
  assert.equal(roundTo(-4, top), 0);
  assert.equal(roundTo(17, top), top);
  assert.equal(topOf([], 0), 1);
  assert.equal(topOf(bins(null, 900), 500), 1000);
});

test("each comparison breaches as the service's does", () => {
  assert.deepEqual(
    (["gt", "gte", "lt", "lte"] as const).map((each) => [4, 5, 6].map((value) => holds(each, value, 5))),
    [
      [false, false, true],
      [false, true, true],
      [true, false, false],
      [true, true, false],
    ],
  );
});

test("the proposed threshold lies beyond ordinary windows, and is none where nothing was judged", () => {
  const ordinary = Array.from({ length: 99 }, () => 100);
  assert.equal(proposedThreshold(bins(...ordinary, 9_000), "gt"), 150);
  assert.equal(proposedThreshold(bins(...ordinary, 1), "lt"), 50);
  assert.equal(proposedThreshold(bins(null, null), "gt"), null);
  assert.equal(proposedThreshold(bins(0, 0, 0), "gte"), null);
});

test("windows are breached, judged or not judged", () => {
  assert.deepEqual(judgedOf({ windows: 278, breaches: 3, tooFew: 152, passedOver: 4 }), {
    breached: 3,
    judged: 126,
    notJudged: 156,
    all: 282,
  });
});

test("a name is proposed from what the rule says, in as many bytes as the service takes", () => {
  const draft = { ...fresh(), endpointFilter: "POST /orders", apiKeyFilter: "4" };
  assert.equal(
    proposedName(draft, (id) => `key ${id}`),
    "Error rate > 5.00% over 5 min, POST /orders, key 4",
  );
  const long = proposedName({ ...draft, serviceFilter: "é".repeat(300) }, () => "");
  assert.ok(new TextEncoder().encode(long).length <= 200);
  assert.deepEqual(validate({ ...draft, name: long }), {});
});

test("a chart's rule takes its metric and the filters of its page over", () => {
  const params = {
    edit: "new",
    metric: "response_time",
    target: "GET /items/{id}",
    service: "shop",
    env: "live",
    protocol: "grpc",
    key: "7",
    tenant: "acme",
    version: "1.9.1",
  };
  const body = bodyOf({ ...draftFrom(params), name: "x" });
  assert.deepEqual(
    [
      body.alertType,
      body.quantile,
      body.endpointFilter,
      body.serviceFilter,
      body.environmentFilter,
      body.protocolFilter,
      body.apiKeyFilter,
      body.tenantId,
    ],
    ["response_time", 0.95, "GET /items/{id}", "shop", "live", "grpc", 7, "acme"],
  );
  assert.deepEqual(notTaken(params), ["version"]);
  assert.equal(draftFrom({ metric: "request_volume", method: "POST" }).endpointFilter, "POST *");
  assert.equal(draftFrom({ metric: "request_volume" }).comparison, "lt");
  assert.deepEqual(draftFrom({ edit: "new", service: "shop" }), fresh());
  assert.equal(seededBy({ edit: "new", service: "shop" }), "");
  assert.notEqual(seededBy(params), seededBy({ ...params, key: "8" }));
});
