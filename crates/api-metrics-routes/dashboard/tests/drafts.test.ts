import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fresh, inZone } from "../src/alerts/silence";
import { fromInput } from "../src/format/time";
import { draftIn, placeOf } from "../src/ui/useDraft";
import { at } from "./fixtures";

test("a silence's times stay the same instants in another zone", () => {
  const begun = fresh(at("2026-11-29T12:00:00Z"), "UTC");
  assert.deepEqual([begun.from, begun.until], ["2026-11-29 12:00", "2026-11-29 13:00"]);
  const typed = { ...begun, until: "2026-12-01 01:30", reason: "The database moves" };
  const there = inZone(typed, "Asia/Kathmandu");
  assert.deepEqual([there.tz, there.from, there.until], ["Asia/Kathmandu", "2026-11-29 17:45", "2026-12-01 07:15"]);
  assert.equal(there.reason, typed.reason);
  for (const field of ["from", "until"] as const)
    assert.equal(fromInput(there[field], there.tz), fromInput(typed[field], typed.tz));
  assert.deepEqual(inZone(there, "UTC"), typed);
  assert.equal(inZone(typed, "UTC"), typed);
  assert.equal(inZone({ ...typed, from: "tomorr" }, "Asia/Kathmandu").from, "tomorr");
});

test("a draft is found by who has typed it, and by nobody else of the tab", () => {
  const places = [placeOf("ada", "silence"), placeOf("bob", "silence"), placeOf("ada", "rule 1")];
  assert.equal(new Set([...places, placeOf("ada silence", "x"), placeOf("ada", "silence x")]).size, 5);
  assert.equal(placeOf("ada", "silence"), places[0]);
});

test("a draft that was made from another state of its rule is dropped", () => {
  const text = JSON.stringify({ base: "3", draft: { name: "Slow answers" } });
  assert.deepEqual(draftIn(text, "3"), { name: "Slow answers" });
  for (const base of ["4", ""]) assert.equal(draftIn(text, base), null);
  for (const other of [null, "", "{", "null", "[]", "7", JSON.stringify({ name: "without a base" })])
    assert.equal(draftIn(other, ""), null, String(other));
});
