import assert from "node:assert/strict";
import { test } from "node:test";
import { type Axis, endOf, indexOf, labelOf, nameOfSlot, slotsOf, spanOfSlots, ticks } from "../src/charts/periods";
import { at, axis } from "./fixtures";

/** The days of Kolkata where only UTC days are kept: each is named by the date that holds most of it. */
const utcDays: Axis = {
  step: "1d",
  alignment: "utcDays",
  edges: ["2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z"],
  names: ["2026-02-02T00:00:00", "2026-02-03T00:00:00"],
};

test("an answer without an axis has no periods", () => {
  for (const none of [slotsOf(null), slotsOf(undefined)]) {
    assert.deepEqual(none.starts, []);
    assert.equal(indexOf(none, at("2026-01-01T10:00:00Z")), -1);
    assert.equal(ticks(none, 5).size, 0);
  }
});

test("every instant of the range is in exactly the period that contains it", () => {
  const found = slotsOf(axis("2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", "1h"));
  assert.equal(found.starts.length, 72);
  found.starts.forEach((start, index) => {
    assert.equal(indexOf(found, start), index);
    assert.equal(indexOf(found, endOf(found, index) - 1), index);
  });
  assert.equal(indexOf(found, (found.starts[0] ?? 0) - 1), -1);
  assert.equal(indexOf(found, found.end), -1);
});

test("a day has the name that the API gives it, in every zone", () => {
  const days = slotsOf(utcDays);
  assert.equal(days.moved, true);
  for (const tz of ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati"]) {
    assert.equal(nameOfSlot(days, 1, tz), "Tue, 3 Feb 2026");
    assert.equal(spanOfSlots(days, 0, 1, tz), "Mon, 2 Feb 2026 – Tue, 3 Feb 2026");
  }
  assert.deepEqual([labelOf(days, 0), labelOf(days, 1)], ["2 Feb", "3 Feb"]);
  assert.equal(ticks(days, 4).size, 2, "days have labels whatever the zone is");
});

test("weeks and months are named as a whole", () => {
  const of = (step: string) => slotsOf({ ...utcDays, step, names: ["2026-02-02T00:00:00", "2026-03-01T00:00:00"] });
  assert.equal(nameOfSlot(of("1w"), 0, "UTC"), "Week of Mon, 2 Feb 2026");
  assert.equal(nameOfSlot(of("1mo"), 1, "UTC"), "Mar 2026");
});

test("labels are on round times of the zone's clock", () => {
  const hours: Axis = {
    step: "1h",
    alignment: "local",
    edges: Array.from({ length: 25 }, (_, n) => new Date(at("2026-01-04T18:30:00Z") + n * 3_600_000).toISOString()),
    names: Array.from({ length: 24 }, (_, n) => `2026-01-05T${String(n).padStart(2, "0")}:00:00`),
  };
  const found = slotsOf(hours);
  const shown = [...ticks(found, 7)].map((index) => labelOf(found, index));
  assert.deepEqual(shown, ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]);
});
