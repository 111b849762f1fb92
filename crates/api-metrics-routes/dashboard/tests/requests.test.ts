import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsOf, requestsOf } from "../src/alerts/requestsOf";
import type { LoggedRequest } from "../src/api/types";
import { stamp } from "../src/format/time";
import { arrived, EMPTY, HELD, idAt, paused, SHOWN } from "../src/requests/tail";
import { traceLink } from "../src/requests/traceLink";
import {
  countryName,
  droppedWords,
  ending,
  errorText,
  keptBecause,
  newIn,
  placeText,
  weightWords,
} from "../src/requests/words";
import { href, NO_FILTERS, patch, withoutUnapplied } from "../src/view/location";
import { between, chosen, FILTERS, filterParams, groupsHref, named, requestsHref } from "../src/view/requests";
import { at, rule } from "./fixtures";

const row = (id: number, changes: Partial<LoggedRequest> = {}): LoggedRequest =>
  ({
    id: idAt(at("2026-05-17T08:00:00Z") + id * 1_000),
    at: new Date(at("2026-05-17T08:00:00Z") + id * 1_000).toISOString(),
    countedStatus: 200,
    outcome: "completed",
    weight: 1,
    reason: "sample",
    ...changes,
  }) as unknown as LoggedRequest;
const rows = (n: number, changes: Partial<LoggedRequest>) => Array.from({ length: n }, (_, id) => row(id, changes));

test("filters of the URL become the API's parameters, and others are not sent", () => {
  const params = {
    period: "1h",
    tz: "UTC",
    show: "groups",
    id: "x",
    service: "shop",
    env: "production",
    method: "POST",
    endpoint: "/a?b",
    key: "0",
    min: "250",
    trace: "0af7651916cd43dd8448eb211c80319c",
    text: "ledger locked",
    user: "",
  };
  assert.deepEqual(filterParams(params), {
    service: "shop",
    environment: "production",
    method: "POST",
    endpoint: "/a?b",
    apiKeyId: "0",
    minLatencyMs: "250",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    text: "ledger locked",
  });
  assert.deepEqual(filterParams({ status: "5xx" }), { statusClass: "5xx" });
  assert.deepEqual(filterParams({ status: "503" }), { status: "503" });
  assert.deepEqual(
    chosen({ status: "503", version: "1.9.1" }).map(([{ label }, value]) => `${label} ${value}`),
    ["Status 503", "Version 1.9.1"],
  );
});

test("a filter's value is checked as the service does it", () => {
  const wrong = (id: string, value: string) => FILTERS.find((each) => each.id === id)?.check(value) !== null;
  const cases: [string, string[], string[]][] = [
    ["status", ["100", "404", "599", "999", "2xx", "5xx"], ["", "99", "1000", "6xx", "5XX", "abc", "0404"]],
    ["min", ["0", "1200", "86400000"], ["", "-1", "1.5", "86400001", "1e3"]],
    ["trace", ["0af7651916cd43dd8448eb211c80319c"], ["", "0af7", "0af7651916cd43dd8448eb211c80319g"]],
    ["group", ["8f3a61c20b7d4e95"], ["", "8f3a61c20b7d4e9", "+f3a61c20b7d4e95"]],
    ["key", ["0", "17"], ["", "-1", "k-17", "1.0"]],
    ["text", ["ü".repeat(100)], ["", "ü".repeat(101)]],
    ["user", ["<b>u</b>"], [""]],
    ["country", ["DE", "de", "unknown"], ["", "D", "DEU", "Germany", "1T"]],
    ["source", ["shop::ledger", "x".repeat(128)], ["", "x".repeat(129)]],
  ];
  for (const [id, right, not] of cases) {
    for (const value of right) assert.equal(wrong(id, value), false, `${id} ${value}`);
    for (const value of not) assert.equal(wrong(id, value), true, `${id} ${value}`);
  }
});

test("links to requests carry their filters and their range", () => {
  assert.equal(requestsHref(named({ apiKeyId: "17", method: "GET" })), "#/requests?method=GET&key=17");
  assert.equal(groupsHref({ status: "5xx" }), "#/requests?status=5xx&show=groups");
  const [from, to] = ["2026-05-17T08:00:00.000Z", "2026-05-17T09:00:00.000Z"];
  assert.equal(requestsHref(between(at(from), at(to))), `#/requests?${new URLSearchParams({ from, to })}`);
});

test("a link to requests leaves out the filters that the numbers of its page do not have", () => {
  assert.deepEqual(Object.keys(withoutUnapplied("endpoints")), ["version", "status"]);
  assert.deepEqual(withoutUnapplied("requests"), {});
  assert.deepEqual(withoutUnapplied("alerts"), NO_FILTERS);
  patch({ key: "3", status: "5xx", version: "1.9" }, true);
  try {
    assert.equal(href("endpoints"), "#/endpoints?version=1.9&status=5xx&key=3", "pages keep all filters");
    assert.equal(requestsHref({ method: "GET" }), "#/requests?method=GET&key=3");
    assert.equal(groupsHref({ status: "503" }), "#/requests?status=503&key=3&show=groups");
  } finally {
    patch({ key: undefined, status: undefined, version: undefined }, true);
  }
});

test("an alert leads to requests with its rule's filters alone", () => {
  const event = { alertType: "bandwidth", firedAt: "2026-05-17T08:10:00Z", resolvedAt: "2026-05-17T08:30:00Z" };
  const chips = { service: "shop", protocol: "grpc", method: "PUT", key: "9", tenant: "acme", status: "5xx" };
  patch(chips, true);
  try {
    const asked = new URLSearchParams(
      requestsOf(event, rule({ alertType: "bandwidth", apiKeyFilter: 3 })).split("?")[1],
    );
    assert.deepEqual([...asked.keys()].sort(), ["from", "key", "to"]);
    assert.equal(asked.get("key"), "3");
  } finally {
    patch(Object.fromEntries(Object.keys(chips).map((name) => [name, undefined])), true);
  }
});

test("an alert leads to what its rule measures, from its window on until it resolved", () => {
  const event = { alertType: "error_rate", firedAt: "2026-05-17T08:10:00Z", resolvedAt: "2026-05-17T08:30:00Z" };
  const read = (text: string) => Object.fromEntries(new URLSearchParams(text.split("?")[1]));
  const errors = rule({
    alertType: "error_rate",
    endpointFilter: "POST /orders",
    serviceFilter: "shop",
    apiKeyFilter: 3,
  });
  assert.deepEqual(read(requestsOf(event, errors)), {
    service: "shop",
    method: "POST",
    endpoint: "/orders",
    key: "3",
    from: "2026-05-17T08:00:00.000Z",
    to: "2026-05-17T08:30:00Z",
    show: "groups",
  });
  // A pattern is no endpoint, and an alert that still fires has no end.
  const slow = { ...event, alertType: "response_time", resolvedAt: null };
  assert.deepEqual(read(requestsOf(slow, rule({ endpointFilter: "GET /api/*" }))), {
    method: "GET",
    min: "600",
    from: "2026-05-17T08:00:00.000Z",
  });
  assert.deepEqual(read(requestsOf(slow, rule({ comparison: "lt" }))), { from: "2026-05-17T08:00:00.000Z" });
  assert.deepEqual(read(requestsOf(slow, undefined)), { from: "2026-05-17T08:05:00.000Z" });
});

test("a cause of an alert leads to its errors, however fast they were", () => {
  const event = { alertType: "response_time", firedAt: "2026-05-17T08:10:00Z", resolvedAt: null };
  const read = (text: string) => Object.fromEntries(new URLSearchParams(text.split("?")[1]));
  const slow = rule({ endpointFilter: "GET /orders" });
  const from = "2026-05-17T08:00:00.000Z";
  assert.deepEqual(read(errorsOf(event, slow, { group: "3f2a9c0107d1e5b4" })), {
    method: "GET",
    endpoint: "/orders",
    group: "3f2a9c0107d1e5b4",
    from,
    show: "groups",
  });
  assert.deepEqual(read(errorsOf(event, undefined, { key: "0" })), {
    key: "0",
    from: "2026-05-17T08:05:00.000Z",
    show: "groups",
  });
});

test("weights are said in words, by kind", () => {
  assert.equal(weightWords(rows(3, {})), "3 requests, each one kept");
  assert.equal(weightWords([]), "0 requests, each one kept");
  assert.equal(
    weightWords([...rows(2, { countedStatus: 503 }), ...rows(1, { countedStatus: 404 }), ...rows(5, { weight: 20 })]),
    "8 kept of 103 requests: all errors, 1 in 20 of the rest",
  );
  assert.equal(
    weightWords([...rows(1, { countedStatus: 500 }), ...rows(2, { countedStatus: 404, weight: 5 }), ...rows(2, {})]),
    "5 kept of 13 requests: all server errors, 1 in 5 of client errors, all of the rest",
  );
  assert.equal(
    weightWords([...rows(1, { outcome: "panicked" }), ...rows(1, { weight: 1 }), ...rows(1, { weight: 2 })]),
    "3 kept of 4 requests: all errors, 1 in 1.5 of the rest",
  );
  assert.equal(keptBecause(row(0, { weight: 20 })), "Stands for 20 requests: drawn at random from its minute");
  assert.equal(keptBecause(row(0, { reason: "error" })), "Stands for itself: all errors are kept");
  assert.equal(keptBecause(row(0, { reason: "a new reason" })), "Stands for itself: a new reason");
});

test("events are counted beside requests, and stand for nothing", () => {
  const event = { kind: "event" as const, countedStatus: 0, reason: "event" };
  assert.equal(weightWords([row(1), row(2, event), row(3, event)]), "1 request, each one kept; 2 events");
  assert.equal(weightWords([row(2, event)]), "1 event");
  assert.equal(keptBecause(row(2, event)), "Stands for itself: logged outside of all requests");
  assert.deepEqual(filterParams({ kind: "event", level: "warn", source: "shop::ledger", country: "DE" }), {
    kind: "event",
    level: "warn",
    source: "shop::ledger",
    country: "DE",
  });
});

test("countries and places have names, and what is unknown says so", () => {
  assert.equal(countryName("DE"), "Germany");
  assert.equal(countryName(null), "Unknown");
  assert.equal(countryName("<b>"), "<b>", "no code stays as it is");
  assert.equal(placeText({}), null);
  assert.equal(placeText({ country: "FR" }), "France");
  const munich = { country: "DE", region: "BY", city: "Munich", latitude: 48.1, longitude: 11.6 };
  assert.equal(placeText(munich), "Munich, BY, Germany (48.1, 11.6)");
});

test("what the log has dropped is said with its reasons, and nothing where nothing was", () => {
  const dropped = { rate: 0, bytes: 0, memory: 0, late: 0, refused: 0 };
  assert.equal(droppedWords({ chosen: 10, dropped }), null);
  assert.equal(
    droppedWords({ chosen: 5_000, dropped: { ...dropped, rate: 1_000, bytes: 2, other: 1 } }),
    "The log has dropped 1,003 of 5,000 chosen so far: 1,000 beyond the rows a second, " +
      "2 beyond the bytes a second, 1 other",
  );
});

test("errors, endings and new groups are said in words", () => {
  assert.equal(errorText({ errorType: "locked", message: "by order 17" }), "locked: by order 17");
  assert.equal(errorText({ errorType: null, message: "by order 17" }), "by order 17");
  assert.equal(errorText({}), "");
  assert.deepEqual(ending(row(0)), ["200", null]);
  assert.deepEqual(ending(row(0, { countedStatus: 499, outcome: "aborted" })), ["499", "aborted"]);
  const group = { firstSeenAt: "2026-05-17T08:00:00Z", firstVersion: "1.9.1" };
  assert.equal(newIn(group, "2026-05-17T00:00:00Z"), "New in 1.9.1");
  assert.equal(newIn(group, "2026-05-17T08:00:01Z"), null, "it was there before the range");
  assert.equal(newIn({ firstSeenAt: null, firstVersion: null }, "2026-05-17T00:00:00Z"), null);
  assert.equal(stamp(at("2026-05-17T08:12:45.007Z"), "UTC"), "17 May, 08:12:45.007");
});

test("a tail shows the latest first, each once, in the order of time and not of arrival", () => {
  const begun = arrived(EMPTY, [row(5), row(7)], 0);
  const late = arrived(begun, [row(6), row(7)], 3);
  assert.deepEqual(
    late.rows.map(({ id }) => id),
    [row(7), row(6), row(5)].map(({ id }) => id),
  );
  assert.equal(late.leftOut, 3);
  const many = arrived(late, rows(SHOWN + 50, {}), 0);
  assert.equal(many.rows.length, SHOWN);
  assert.equal(many.rows[0]?.id, row(SHOWN + 49).id);
  // A whole second is written without its fraction.
  const second = at("2026-05-17T08:00:07Z");
  const whole = { ...row(0), id: idAt(second), at: "2026-05-17T08:00:07Z" };
  const later = { ...row(0), id: idAt(second + 500), at: "2026-05-17T08:00:07.500Z" };
  assert.deepEqual(arrived(EMPTY, [whole, later], 0).rows, [later, whole]);
});

test("a paused tail holds back what arrives, counts what is too much, and goes on with the rest", () => {
  const still = paused(arrived(EMPTY, [row(1)], 0), true);
  const waiting = arrived(still, [row(1), row(2), row(3)], 4);
  assert.deepEqual([waiting.rows.length, waiting.held.length, waiting.leftOut], [1, 2, 4]);
  const full = arrived(waiting, rows(HELD + 10, {}), 0);
  assert.equal(full.held.length, HELD);
  // Ids 0 to HELD + 9 without the one that is shown: nine are beyond what is held.
  assert.equal(full.leftOut, 4 + 9);
  const on = paused(waiting, false);
  assert.deepEqual([on.rows.length, on.held.length, on.paused, on.leftOut], [3, 0, false, 4]);
});

test("an id made of a time stands before the ids of that time", () => {
  const id = idAt(at("2026-11-29T03:10:20.268Z"));
  assert.ok(id < "01a22548-3a6c-7000-bb43-e7b59c40004d" && id > "01a22548-3a6b-7fff-bb43-e7b59c40004d", id);
});

test("a trace's link is made of the template, and is never a script", () => {
  const template = "https://t.example/{traceId}?span={spanId}";
  assert.equal(traceLink(template, "0af7", "b7ad"), "https://t.example/0af7?span=b7ad");
  assert.equal(traceLink(template, "a/b?", null), "https://t.example/a%2Fb%3F?span=");
  for (const other of [undefined, "", "javascript:alert(1)//{traceId}", "{{traceUrl}}", "/traces/{traceId}"]) {
    assert.equal(traceLink(other, "0af7", null), null, String(other));
  }
});
