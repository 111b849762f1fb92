import assert from "node:assert/strict";
import { test } from "node:test";
import { endOf, indexOf, type Step, slots } from "../src/charts/slots";
import { local } from "../src/format/time";

const at = (text: string) => Date.parse(text);
const axis = (from: string, to: string, step: Step, tz = "UTC") => slots(at(from), at(to), step, tz);
const starts = (found: ReturnType<typeof slots>) => found.starts.map((start) => new Date(start).toISOString());

test("slots cover the range and tile without gaps", () => {
  for (const step of ["1m", "5m", "1h", "1d", "1w"] as const) {
    for (const tz of ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]) {
      const found = axis("2026-03-27T09:17:23Z", "2026-03-30T11:02:00Z", step, tz);
      assert.ok((found.starts[0] ?? 0) <= at("2026-03-27T09:17:23Z"), `${step} ${tz}`);
      assert.ok(found.end >= at("2026-03-30T11:02:00Z"), `${step} ${tz}`);
      assert.ok((found.starts[1] ?? found.end) > at("2026-03-27T09:17:23Z"), "none lies before the range");
      assert.ok((found.starts.at(-1) ?? 0) < at("2026-03-30T11:02:00Z"), "none begins after it");
      assert.deepEqual(
        [...found.starts].sort((a, b) => a - b),
        found.starts,
      );
    }
  }
});

test("an empty range has no slots", () => {
  const found = axis("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "1h");
  assert.deepEqual(found.starts, []);
  assert.equal(indexOf(found, at("2026-01-01T10:00:00Z")), -1);
});

test("hours start on the full hours of zones with half and quarter hours", () => {
  assert.equal(
    starts(axis("2026-01-01T10:10:00Z", "2026-01-01T12:00:00Z", "1h", "Asia/Kolkata"))[0],
    "2026-01-01T09:30:00.000Z",
  );
  const kathmandu = axis("2026-01-01T10:10:12.500Z", "2026-01-01T12:00:00Z", "1h", "Asia/Kathmandu");
  assert.equal(starts(kathmandu)[0], "2026-01-01T09:15:00.000Z");
});

test("days of 23 and 25 hours are one slot each", () => {
  const spring = axis("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", "1d", "Europe/Berlin");
  assert.deepEqual(starts(spring), [
    "2026-03-27T23:00:00.000Z",
    "2026-03-28T23:00:00.000Z",
    "2026-03-29T22:00:00.000Z",
  ]);
  assert.equal(endOf(spring, 1) - (spring.starts[1] ?? 0), 23 * 3_600_000);
  const autumn = axis("2026-10-25T12:00:00Z", "2026-10-25T13:00:00Z", "1d", "Europe/Berlin");
  assert.equal(endOf(autumn, 0) - (autumn.starts[0] ?? 0), 25 * 3_600_000);
});

test("weeks start on Monday at the zone's midnight", () => {
  for (const tz of ["UTC", "America/Los_Angeles", "Pacific/Auckland"]) {
    for (const start of axis("2026-01-04T00:00:00Z", "2026-12-20T00:00:00Z", "1w", tz).starts) {
      const wall = local(start, tz);
      assert.equal(new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay(), 1, tz);
      assert.equal(wall.hour + wall.minute, 0, tz);
    }
  }
});

test("every instant of the range is in exactly the slot that contains it", () => {
  const found = axis("2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", "1h", "Europe/Berlin");
  found.starts.forEach((start, index) => {
    assert.equal(indexOf(found, start), index);
    assert.equal(indexOf(found, endOf(found, index) - 1), index);
  });
  assert.equal(indexOf(found, (found.starts[0] ?? 0) - 1), -1);
  assert.equal(indexOf(found, found.end), -1);
});
