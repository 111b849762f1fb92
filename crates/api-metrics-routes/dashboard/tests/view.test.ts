import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { appliedOn, pageIdOf } from "../src/view/applied";
import { href } from "../src/view/location";
import {
  isOpen,
  labelParams,
  lengthOf,
  range,
  read,
  refetchInterval,
  slowInterval,
  spanOf,
  viewParams,
} from "../src/view/view";

test("a link without parameters shows the last 24 hours, refreshed every 30 seconds", () => {
  const view = read({});
  assert.deepEqual([view.period, view.from, view.to, view.refresh], ["24h", null, null, "30s"]);
  assert.deepEqual(range(view), { period: "24h" });
  assert.equal(lengthOf(view), 86_400);
  assert.equal(refetchInterval(view), 30_000);
});

test("parameters that make no sense are replaced by defaults", () => {
  const view = read({ period: "3y", tz: "Mars/Olympus", refresh: "always", from: "yesterday" });
  assert.deepEqual([view.period, view.refresh], ["24h", "30s"]);
  assert.notEqual(view.tz, "Mars/Olympus");
  assert.equal(read({ from: "2026-01-01T00:00:00Z", to: "soon" }).to, null);
});

test("a custom range wins over a period, and a closed one is not refetched", () => {
  const view = read({ period: "7d", from: "2026-01-01T00:00:00Z", to: "2026-01-01T06:00:00Z", tz: "Asia/Tokyo" });
  assert.equal(view.period, null);
  assert.deepEqual(range(view), { from: "2026-01-01T00:00:00Z", to: "2026-01-01T06:00:00Z" });
  assert.equal(lengthOf(view), 21_600);
  assert.equal(isOpen(view), false);
  assert.equal(refetchInterval(view), false);
});

test("service and environment are filters, and refresh can be off", () => {
  const view = read({ service: "shop", env: "production", refresh: "off" });
  assert.deepEqual(viewParams(view), { period: "24h", service: "shop", environment: "production" });
  assert.equal(refetchInterval(view), false);
  assert.equal(refetchInterval(read({ refresh: "5s" })), 5_000);
  assert.equal(refetchInterval(read({ refresh: "2s" })), 2_000);
  assert.equal(slowInterval(read({ refresh: "2s" })), 5_000);
  assert.equal(read({ refresh: "live" }).refresh, "2s", "as older links say");
});

test("links escape what routes hold and leave out what is not set", () => {
  assert.equal(
    href("endpoint", { method: "GET", endpoint: "/a?b&c=<d>", service: undefined }),
    "#/endpoint?endpoint=%2Fa%3Fb%26c%3D%3Cd%3E&method=GET",
  );
  assert.equal(href("status"), "#/status");
});

test("filters are those of the API's numbers, and a status or version is none of them", () => {
  const view = read({
    key: "3",
    endpoint: "/a",
    method: "GET",
    tenant: "acme",
    protocol: "grpc",
    status: "5xx",
    version: "1.9",
  });
  assert.deepEqual(view.filters, {
    protocol: "grpc",
    method: "GET",
    endpoint: "/a",
    apiKeyId: "3",
    tenantId: "acme",
  });
  assert.equal(viewParams(view).apiKeyId, "3");
  assert.deepEqual(Object.keys(labelParams(view)), ["period"]);
});

test("a range has a start and an end, whether they are given or not", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  assert.deepEqual(spanOf(read({ period: "1h" }), now), { from: now - 3_600_000, to: now });
  const own = read({ from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" });
  assert.equal(spanOf(own, now).to - spanOf(own, now).from, 86_400_000);
});

test("a page is asked for with the filters that its numbers have, and with no others", () => {
  const params = {
    service: "shop",
    env: "production",
    protocol: "grpc",
    method: "GET",
    endpoint: "/a",
    key: "3",
    tenant: "acme",
  };
  const sent = (page: string) => viewParams(read(params, appliedOn(page)));
  const labels = { period: "24h", service: "shop", environment: "production" };
  const all = { ...labels, protocol: "grpc", method: "GET", endpoint: "/a", apiKeyId: "3", tenantId: "acme" };
  assert.deepEqual(sent("overview"), all);
  assert.deepEqual(sent("requests"), all);
  assert.deepEqual(sent("dependencies"), { ...labels, apiKeyId: "3", tenantId: "acme" });
  assert.deepEqual(sent("unmatched"), labels);
  assert.deepEqual(sent("ingest"), labels);
  assert.deepEqual(sent("incident/7"), { period: "24h" });
});

test("a path that names no page is that of the overview", () => {
  assert.deepEqual(["", "nothing", "toString", "incident/7", "status"].map(pageIdOf), [
    "overview",
    "overview",
    "overview",
    "incident",
    "status",
  ]);
});
