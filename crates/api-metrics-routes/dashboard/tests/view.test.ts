import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { href } from "../src/view/location";
import { isOpen, lengthOf, range, read, refetchInterval, viewParams } from "../src/view/view";

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
});

test("links escape what routes hold and leave out what is not set", () => {
  assert.equal(
    href("endpoint", { method: "GET", endpoint: "/a?b&c=<d>", service: undefined }),
    "#/endpoint?method=GET&endpoint=%2Fa%3Fb%26c%3D%3Cd%3E",
  );
  assert.equal(href("status"), "#/status");
});
