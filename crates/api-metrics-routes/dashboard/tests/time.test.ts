import assert from "node:assert/strict";
import { test } from "node:test";
import * as time from "../src/format/time";

const at = (text: string) => Date.parse(text);

test("a wall clock time is the same in every zone's own words", () => {
  const moment = at("2026-07-01T12:34:56Z");
  assert.deepEqual(time.local(moment, "UTC"), { year: 2026, month: 7, day: 1, hour: 12, minute: 34, second: 56 });
  assert.equal(time.clock(moment, "Asia/Kolkata"), "18:04");
  assert.equal(time.clock(moment, "America/St_Johns"), "10:04");
  assert.equal(time.day(at("2026-07-01T23:30:00Z"), "Pacific/Kiritimati"), "2 Jul");
  assert.equal(time.clock(at("2026-07-01T00:00:00Z"), "UTC"), "00:00", "midnight is no 24:00");
});

test("a time that clocks skip moves past the gap, one that they repeat is the earlier", () => {
  const berlin = (text: string) => new Date(time.instant(at(`${text}Z`), "Europe/Berlin")).toISOString();
  assert.equal(berlin("2026-03-29T01:59:00"), "2026-03-29T00:59:00.000Z");
  assert.equal(berlin("2026-03-29T02:30:00"), "2026-03-29T01:30:00.000Z", "02:30 does not exist: 03:30 summer time");
  assert.equal(berlin("2026-03-29T03:00:00"), "2026-03-29T01:00:00.000Z");
  assert.equal(berlin("2026-10-25T02:30:00"), "2026-10-25T00:30:00.000Z", "02:30 happens twice");
  assert.equal(berlin("2026-10-25T03:00:00"), "2026-10-25T02:00:00.000Z");
});

test("an instant is the inverse of the local time, over a year of hours", () => {
  for (const tz of ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]) {
    for (let hour = 0; hour < 8_760; hour += 7) {
      const moment = at("2026-01-01T00:00:00Z") + hour * 3_600_000;
      const l = time.local(moment, tz);
      const wall = Date.UTC(l.year, l.month - 1, l.day, l.hour, l.minute, l.second);
      const back = time.local(time.instant(wall, tz), tz);
      assert.deepEqual(back, l, `${tz} ${new Date(moment).toISOString()}`);
    }
  }
});

/** Versions of Unicode's data differ in the comma after the weekday. */
const span = (from: string, to: string, tz = "UTC") =>
  time.span(at(from), at(to), tz).replace(/(Mon|Thu|Sun),/g, "$1");

test("periods are as short as they can be", () => {
  assert.equal(span("2026-11-05T09:00:00Z", "2026-11-05T10:00:00Z"), "Thu 5 Nov, 09:00 – 10:00");
  assert.equal(span("2026-11-05T23:00:00Z", "2026-11-06T01:00:00Z"), "Thu 5 Nov, 23:00 – 6 Nov 01:00");
  assert.equal(span("2026-11-05T00:00:00Z", "2026-11-06T00:00:00Z"), "Thu 5 Nov");
  assert.equal(span("2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"), "Mon 2 Nov – Sun 8 Nov");
  // The day on which clocks go forward has 23 hours and is a whole day nevertheless.
  assert.equal(span("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin"), "Sun 29 Mar");
});

test("a short time has the year and the seconds only where they say something", () => {
  const year = new Date().getUTCFullYear();
  assert.equal(time.moment(at(`${year}-06-15T09:05:00Z`), "UTC"), "15 Jun, 09:05");
  assert.equal(time.moment(at(`${year}-06-15T09:05:07Z`), "UTC"), "15 Jun, 09:05:07");
  assert.equal(time.moment(at("2001-06-15T09:05:00Z"), "UTC"), "15 Jun 2001, 09:05");
  assert.equal(time.precise(at("2026-06-15T09:05:07Z"), "UTC"), "15 Jun 2026, 09:05:07");
});

test("a date field takes and gives the zone's time", () => {
  const moment = at("2026-01-09T23:30:00Z");
  assert.equal(time.toInput(moment, "Asia/Tokyo"), "2026-01-10 08:30");
  assert.equal(time.fromInput("2026-01-10 8:30", "Asia/Tokyo"), moment);
  assert.equal(time.fromInput("2026-01-10", "UTC"), Date.UTC(2026, 0, 10));
  for (const wrong of ["10.1.2026", "2026-13-40 25:99", "08:30"]) assert.equal(time.fromInput(wrong, "UTC"), null);
  assert.equal(time.fromInput("2026-01-10T08:30", "Asia/Tokyo"), moment);
  assert.equal(time.fromInput("", "UTC"), null);
  assert.equal(time.iso(moment), "2026-01-09T23:30:00Z");
  assert.equal(time.iso(moment + 250), "2026-01-09T23:30:00.250Z");
});
