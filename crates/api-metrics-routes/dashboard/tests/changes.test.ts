import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoggedRequest } from "../src/api/types";
import { byPath, bySource, sourceOf, withoutUnmatched } from "../src/requests/unmatched";
import { changesOf, ranked } from "../src/traffic/changes";
import { ghostValues } from "../src/traffic/ghost";
import { isApproximate, scaleOf } from "../src/traffic/lengths";
import { timesSlower } from "../src/traffic/pairs";
import { timeline } from "../src/traffic/timeline";
import { releasesOf } from "../src/traffic/useCompared";
import { recordsOf } from "../src/ui/ExportRows";
import { beforeRelease, comparedOf } from "../src/view/compare";
import { read } from "../src/view/view";
import { hours, page } from "./fixtures";

const counted = (requestCount: number, errorRate = 0, p95Ms = 100) => ({ requestCount, errorRate, p95Ms });
const kinds = (now: Parameters<typeof changesOf>[0], before: Parameters<typeof changesOf>[1]) =>
  changesOf(now, before).map(({ kind }) => kind);

test("what is new, gone, slower or fails more is told, and what may be chance is not", () => {
  assert.deepEqual(kinds(counted(500), undefined), ["new"]);
  assert.deepEqual(kinds(undefined, counted(500)), ["silent"]);
  assert.deepEqual(kinds(counted(500, 10), counted(500, 1)), ["errors"]);
  assert.deepEqual(kinds(counted(500, 1, 300), counted(500, 1, 100)), ["slower"]);
  assert.deepEqual(kinds(counted(2_000), counted(500)), ["more"]);
  assert.deepEqual(kinds(counted(500), counted(2_000)), ["fewer"]);
  assert.deepEqual(kinds(counted(500, 1, 101), counted(510, 1.2, 100)), []);
  assert.deepEqual(kinds(counted(500, 1.9), counted(500, 1)), [], "five errors more are chance");
  assert.deepEqual(kinds(counted(19), undefined), [], "too few to tell");
  assert.deepEqual(kinds(counted(5, 100), counted(5)), []);
  assert.deepEqual(kinds(undefined, undefined), []);
});

test("changes are ranked by how sure they are", () => {
  const now = [
    { name: "a", ...counted(500, 3) },
    { name: "b", ...counted(500, 40) },
    { name: "c", ...counted(500) },
  ];
  const before = [
    { name: "a", ...counted(500, 0) },
    { name: "b", ...counted(500, 0) },
    { name: "c", ...counted(500) },
    { name: "d", ...counted(20) },
  ];
  const found = ranked(now, before, ({ name }) => name);
  assert.deepEqual(
    found.map(({ id }) => id),
    ["errors b", "silent d", "errors a"],
  );
  assert.equal(found[1]?.now, undefined);
  assert.equal(found[1]?.before?.name, "d");
});

test("ranges of different lengths are compared at the same length", () => {
  const covered = (from: string, to: string, asOf = "2026-11-29T12:00:00Z") => ({ from, to, asOf });
  const hour = covered("2026-11-29T10:00:00Z", "2026-11-29T11:00:00Z");
  const day = covered("2026-08-01T00:00:00Z", "2026-08-02T00:00:00Z");
  assert.equal(scaleOf(hour, day), 1 / 24);
  assert.equal(scaleOf(hour, covered("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z")), 1);
  // What is not over yet is as long as it has lasted.
  assert.equal(scaleOf(covered("2026-11-29T11:30:00Z", "2026-11-30T00:00:00Z"), hour), 0.5);
  assert.equal(scaleOf(hour, covered(hour.to, hour.to)), 1, "nothing is covered");
  assert.deepEqual([1, 1.05, 0.95, 1.2, 1 / 24].map(isApproximate), [false, false, false, true, true]);
});

test("a longer range before makes no change of counts, and no difference is hidden by it", () => {
  const one = (requestCount: number) => [{ name: "a", ...counted(requestCount) }];
  const found = (now: number, before: number) =>
    ranked(one(now), one(before), ({ name }) => name, 1 / 24).map(({ kind, before }) => [kind, before?.requestCount]);
  assert.deepEqual(found(1_000, 24_000), []);
  assert.deepEqual(found(4_000, 24_000), [["more", 1_000]]);
  assert.deepEqual(found(250, 24_000), [["fewer", 1_000]]);
  assert.deepEqual(found(0, 240), [], "ten of them are too few to miss");
  assert.deepEqual(found(0, 2_400), [["silent", 100]]);
  assert.deepEqual(kinds(counted(100), undefined), ["new"]);
  assert.deepEqual(changesOf(counted(100), undefined, 24), [], "four of them may not have come");
});

test("the compared range is as long as the page's, and last week has the same hours", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  const releases = [{ version: "1.9.1", at: Date.parse("2026-11-28T06:40:00Z") }];
  const day = read({ period: "24h" });
  const of = (params: Record<string, string>, view = day) => {
    const found = comparedOf(params, view, now, releases);
    return found && [new Date(found.from).toISOString(), new Date(found.to).toISOString()];
  };
  assert.equal(of({}), null);
  assert.equal(of({ vs: "release:0.0.1" }), null);
  assert.deepEqual(of({ vs: "previous" }), ["2026-11-27T12:00:00.000Z", "2026-11-28T12:00:00.000Z"]);
  assert.deepEqual(of({ vs: "week" }), ["2026-11-21T12:00:00.000Z", "2026-11-22T12:00:00.000Z"]);
  assert.deepEqual(of({ vs: beforeRelease("1.9.1") }), ["2026-11-27T06:40:00.000Z", "2026-11-28T06:40:00.000Z"]);
  assert.deepEqual(of({ vs: "custom", vsFrom: "2026-11-01T00:00:00Z" }), [
    "2026-11-01T00:00:00.000Z",
    "2026-11-02T00:00:00.000Z",
  ]);
  assert.equal(of({ vs: "custom", vsFrom: "soon" }), null);
  const month = of({ vs: "week" }, read({ period: "30d" }));
  assert.equal(now - Date.parse(month?.[1] ?? ""), 35 * 86_400_000, "whole weeks, without overlap");
});

test("a compared range is moved by what it was cut with, whenever its answer comes", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  const shift = (params: Record<string, string>) =>
    comparedOf({ ...params }, read({ period: "6h", tz: "UTC" }), now, [])?.shift;
  assert.equal(shift({ vs: "previous" }), 6 * 3_600_000);
  assert.equal(shift({ vs: "week" }), 7 * 86_400_000);
  assert.equal(shift({ vs: "custom", vsFrom: "2026-11-29T05:30:00Z" }), 30 * 60_000);
});

test("last week has the same hours where clocks have changed since", () => {
  const of = (tz: string, from: string, to: string) => {
    const view = read({ tz, from, to });
    const found = comparedOf({ vs: "week" }, view, Date.parse("2026-11-29T12:00:00Z"), []);
    return found && [new Date(found.from).toISOString(), new Date(found.to).toISOString()];
  };
  // Monday, 2 November, 09:00 to 12:00: standard time, which was summer time the week before.
  assert.deepEqual(of("America/New_York", "2026-11-02T14:00:00Z", "2026-11-02T17:00:00.250Z"), [
    "2026-10-26T13:00:00.000Z",
    "2026-10-26T16:00:00.250Z",
  ]);
  assert.deepEqual(of("UTC", "2026-11-02T14:00:00Z", "2026-11-02T17:00:00Z"), [
    "2026-10-26T14:00:00.000Z",
    "2026-10-26T17:00:00.000Z",
  ]);
  assert.deepEqual(of("Europe/Berlin", "2026-03-30T07:00:00Z", "2026-03-30T10:00:00Z"), [
    "2026-03-23T08:00:00.000Z",
    "2026-03-23T11:00:00.000Z",
  ]);
});

test("a version's release is its first process, the latest release first", () => {
  const instance = (version: string, startedAt: string, service = "shop") => ({ version, startedAt, service });
  const status = {
    instances: [
      instance("1", "2026-01-01T00:00:00Z"),
      instance("2", "2026-01-03T00:00:00Z"),
      instance("2", "2026-01-02T00:00:00Z"),
      instance("3", "2026-01-04T00:00:00Z", "other"),
      instance("", "2026-01-05T00:00:00Z"),
    ],
  } as unknown as Parameters<typeof releasesOf>[0];
  assert.deepEqual(
    releasesOf(status, "shop").map(({ version }) => version),
    ["2", "1"],
  );
  assert.equal(releasesOf(status, "shop")[0]?.at, Date.parse("2026-01-02T00:00:00Z"));
  assert.equal(releasesOf(undefined, null).length, 0);
});

test("a compared line lies on the page's periods, and a longer period shares its sum", () => {
  const FROM = "2026-01-05T00:00:00Z";
  const counts = (values: number[]) => values.map((requestCount) => ({ requestCount, p95Ms: requestCount }));
  const own = timeline(page("2026-01-06T00:00:00Z", "2026-01-06T04:00:00Z", []), undefined, null, null);
  const before = timeline(
    page(FROM, "2026-01-05T04:00:00Z", hours(FROM, counts([4, 8, 12, 16]))),
    undefined,
    null,
    null,
  );
  const ghost = { line: before, shift: 86_400_000, name: "yesterday" };
  const of = (row: { requestCount?: number }) => row.requestCount;
  assert.deepEqual(ghostValues(ghost, own.slots, of, true), [4, 8, 12, 16]);
  assert.deepEqual(ghostValues({ ...ghost, shift: 82_800_000 }, own.slots, of, true), [8, 12, 16, null]);
  const halves = {
    ...own.slots,
    starts: [0, 1, 2, 3].map((n) => (own.slots.starts[0] ?? 0) + n * 1_800_000),
    end: (own.slots.starts[0] ?? 0) + 7_200_000,
  };
  assert.deepEqual(ghostValues(ghost, halves, of, true), [2, 2, 4, 4]);
  assert.deepEqual(
    ghostValues(ghost, halves, (row) => row.p95Ms, false),
    [4, 4, 8, 8],
    "a quantile is no sum",
  );
});

test("who is slower than everybody else is said where both have requests enough", () => {
  const pair = (requestCount: number, othersRequestCount: number, p95Ms: number | null, othersP95Ms: number | null) =>
    timesSlower({ requestCount, othersRequestCount, p95Ms, othersP95Ms });
  assert.equal(pair(20, 20, 300, 100), 3);
  assert.equal(pair(19, 500, 300, 100), null);
  assert.equal(pair(500, 19, 300, 100), null);
  assert.equal(pair(500, 500, null, 100), null);
  assert.equal(pair(500, 500, 100, null), null);
});

test("requests without a route are counted by path and by source", () => {
  const row = (path: string, at: string, more: Partial<LoggedRequest> = {}) =>
    ({
      method: "GET",
      path,
      at,
      weight: 1,
      address: "9d41e04d-391e",
      userAgent: "",
      apiKey: null,
      ...more,
    }) as LoggedRequest;
  const rows = [
    row("/a", "2026-01-01T00:00:02.5Z"),
    row("/a", "2026-01-01T00:00:02Z", { weight: 5, address: "ffffffff-0000" }),
    row("/b", "2026-01-01T00:00:09Z", { address: null, userAgent: "curl/8" }),
  ];
  assert.deepEqual(byPath(rows)[0], {
    name: "GET /a",
    requests: 6,
    firstAt: "2026-01-01T00:00:02Z",
    lastAt: "2026-01-01T00:00:02.5Z",
    others: 2,
  });
  assert.deepEqual(
    bySource(rows).map(({ name, requests }) => [name, requests]),
    [
      ["Address ffffffff", 5],
      ["Address 9d41e04d", 1],
      ["curl/8", 1],
    ],
  );
  assert.equal(sourceOf(row("/", "", { address: null })), "Unknown");
  assert.equal(sourceOf(row("/", "", { apiKey: "partner" })), "partner");
});

test("the error rate without unmatched leaves out their requests and their errors", () => {
  const totals = { totalRequests: 1_000, errorCount4xx: 100, errorCount5xx: 9 };
  const unmatched = { endpoint: "<unmatched>", requestCount: 100, errorRate: 100 };
  assert.deepEqual(withoutUnmatched([unmatched, { endpoint: "/a", requestCount: 900, errorRate: 1 }], totals), {
    requests: 900,
    unmatched: 100,
    errorRate: 1,
  });
  assert.equal(withoutUnmatched([{ endpoint: "/a", requestCount: 1_000, errorRate: 10 }], totals), null);
  const only = { totalRequests: 100, errorCount4xx: 100, errorCount5xx: 0 };
  assert.equal(withoutUnmatched([unmatched], only)?.errorRate, null);
});

test("an export has the columns of the screen by their heads, and names instead of ranks", () => {
  const cell = () => null;
  const columns = [
    { id: "a", head: "Name", by: (row: { n: number }) => `row ${row.n}`, cell },
    { id: "b", head: "State", by: () => 3, plain: () => "Firing", cell },
    { id: "c", head: "Trend", cell },
    { id: "d", head: "", by: () => 1, cell },
  ];
  assert.deepEqual(recordsOf(columns, [{ n: 1 }]), [{ Name: "row 1", State: "Firing" }]);
});
