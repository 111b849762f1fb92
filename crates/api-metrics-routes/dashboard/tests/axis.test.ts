import assert from "node:assert/strict";
import { test } from "node:test";
import { binary, niceStep, wholeStep } from "../src/charts/axis";
import { within } from "../src/charts/marks";
import { type Mark, nameOf, stretchesOf } from "../src/charts/model";

const decimal = () => 1;

test("the step is the smallest round one with which four parts are enough", () => {
  assert.equal(niceStep(0, 4, decimal), 1);
  assert.equal(niceStep(8, 4, decimal), 2);
  assert.equal(niceStep(9, 4, decimal), 2.5);
  assert.equal(niceStep(41, 4, decimal), 20);
  assert.equal(niceStep(400, 4, decimal), 100);
  for (let max = 0.001; max < 1e9; max *= 1.7) {
    const step = niceStep(max, 4, decimal);
    assert.ok(step * 4 >= max * (1 - 1e-9), `${step} is too small for ${max}`);
    assert.ok(step <= max, `${step} is too large for ${max}`);
  }
});

test("steps of bytes are round in their own unit", () => {
  assert.equal(binary(0), 1);
  assert.equal(binary(1_023), 1);
  assert.equal(binary(1_024), 1_024);
  assert.equal(binary(3 * 1024 ** 3), 1024 ** 3);
  assert.equal(niceStep(8 * 1024 ** 2, 4, binary), 2 * 1024 ** 2);
});

test("an axis that counts has whole steps", () => {
  assert.equal(wholeStep(0.25), 1);
  assert.equal(wholeStep(2.5), 3);
  assert.equal(wholeStep(20), 20);
});

test("adjacent slots join into stretches, and single ones stay alone", () => {
  const on = new Set([0, 1, 4, 6, 7, 8]);
  assert.deepEqual(
    stretchesOf(9, "none", (index) => on.has(index)).map(({ first, last }) => [first, last]),
    [
      [0, 1],
      [4, 4],
      [6, 8],
    ],
  );
  assert.deepEqual(
    stretchesOf(0, "slow", () => true),
    [],
  );
  assert.deepEqual(
    stretchesOf(3, "slow", () => false),
    [],
  );
});

test("marks keep to the range, and to the latest twelve", () => {
  const marks = Array.from({ length: 500 }, (_, at): Mark => ({ at, name: `${at}`, kind: "alert" }));
  const shown = within(marks, 100, 200);
  assert.equal(shown.length, 12);
  assert.deepEqual([shown[0]?.at, shown.at(-1)?.at], [199, 188]);
  assert.deepEqual(
    within(marks, 0, 2).map((mark) => mark.at),
    [1, 0],
  );
  assert.deepEqual(within([], 0, 10), []);
  assert.equal(nameOf({ at: 0, name: "1.9.1", kind: "deploy" }), "Release 1.9.1");
  assert.equal(nameOf({ at: 0, name: "Slow", kind: "alert" }), "Alert Slow");
});
