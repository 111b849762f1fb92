import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/api/client";
import { coverageOf, type Read, wordsOf } from "../src/app/coverage";
import { at } from "./fixtures";

const read = (data: unknown, more: Partial<Read> = {}): Read => ({
  data,
  error: null,
  failed: false,
  fetchedAt: 0,
  ...more,
});
const words = (reads: Read[], stale = false, unreachableSince: number | null = null) =>
  wordsOf(coverageOf(reads), { stale, unreachableSince }, (time) => new Date(time).toISOString().slice(11, 19));

test("a page is as old as its oldest figure", () => {
  const found = coverageOf([
    read({ asOf: "2026-01-05T10:00:09Z" }),
    read({ asOf: "2026-01-05T10:00:03Z" }),
    read({ items: [] }),
    read(undefined),
  ]);
  assert.equal(found.asOf, at("2026-01-05T10:00:03Z"));
  assert.deepEqual(words([read({ asOf: "2026-01-05T10:00:03Z" })]), ["As of 10:00:03"]);
  assert.deepEqual(words([]), []);
  // Status names no snapshot: it is as old as its answer.
  const fetchedAt = at("2026-01-05T10:00:04Z");
  assert.deepEqual(words([read({ instances: [] }, { fetchedAt })]), ["As of 10:00:04"]);
  assert.deepEqual(words([read({ asOf: "2026-01-05T10:00:03Z" }, { fetchedAt })]), ["As of 10:00:03"]);
});

test("a refresh that fails makes a page stale, and a question that is refused does not", () => {
  const answer = { asOf: "2026-01-05T10:00:03Z" };
  const failing = (status: number) =>
    coverageOf([read(answer, { error: new ApiError(status, null, null), failed: true })]).failure;
  for (const status of [0, 429, 500, 503, 504]) assert.ok(failing(status) !== null, String(status));
  for (const status of [400, 403, 404]) assert.equal(failing(status), null, String(status));
  assert.deepEqual(words([read(answer)], true, at("2026-01-05T10:00:08Z")), [
    "Stale: last read at 10:00:03",
    "store unreachable since 10:00:08",
  ]);
  assert.deepEqual(words([], true), ["Nothing could be read"]);
});

test("what is approximate, left out or not read is said", () => {
  const answer = { asOf: "2026-01-05T10:00:03Z", approximate: true, axis: { alignment: "utcDays" } };
  assert.match(words([read(answer)])[1] ?? "", /whole UTC days/);
  assert.match(words([read({ ...answer, axis: null })])[1] ?? "", /edges/);
  const cut = { asOf: answer.asOf, cutShort: true, from: "2026-01-05T08:00:00Z" };
  assert.match(words([read(cut)])[1] ?? "", /since 08:00:00/);
  assert.match(words([read({ asOf: answer.asOf, complete: false })])[1] ?? "", /not all rows/);
  assert.match(words([read({ asOf: answer.asOf, incomplete: true })])[1] ?? "", /stored data/);
});
