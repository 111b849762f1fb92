import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { isFlattened, type Series, type TimeChartModel } from "../src/charts/model";
import { optionOf } from "../src/charts/option";
import { slotsOf } from "../src/charts/periods";
import { sparklines } from "../src/charts/sparklines";
import { at, axis } from "./fixtures";

interface Drawn {
  id: string;
  type: string;
  data: unknown[];
  markLine?: { data: { xAxis?: number; yAxis?: number; label: { formatter: string } }[] };
  markArea?: { data: unknown[] };
}
interface Axis {
  min: number;
  max: number;
  interval: number;
  axisLabel: { formatter: (value: number) => string };
}

const day = slotsOf(axis("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", "1h"));
const series = (id: string, values: (number | null)[], more: Partial<Series> = {}): Series => ({
  id,
  name: id,
  colour: id,
  kind: "bar",
  values,
  ...more,
});
const model = (list: Series[], more: Partial<TimeChartModel> = {}): TimeChartModel => ({
  slots: day,
  series: list,
  short: String,
  exact: String,
  unit: "count",
  running: false,
  ...more,
});
const draw = (of: TimeChartModel, { hidden = [] as string[], width = 600 } = {}) => {
  const option = optionOf(of, { tz: "UTC", hidden: new Set(hidden), width }, () => "");
  const {
    series: drawn,
    yAxis,
    xAxis,
  } = option as unknown as {
    series: Drawn[];
    yAxis: Axis;
    xAxis: { axisLabel: { interval: (index: number) => boolean; formatter: (_: string, index: number) => string } };
  };
  const labels = of.slots.starts.flatMap((_, n) =>
    xAxis.axisLabel.interval(n) ? [xAxis.axisLabel.formatter("", n)] : [],
  );
  return { drawn, yAxis, labels };
};

test("a chart without series still has its axes, marks and lines", () => {
  const { drawn, yAxis } = draw(model([]));
  assert.deepEqual(
    drawn.map(({ id }) => id),
    ["marks", "lines"],
  );
  assert.deepEqual([yAxis.min, yAxis.max], [0, 1]);
});

test("one series and five hundred are drawn in order, without those that are hidden", () => {
  const one = draw(
    model([
      series(
        "a",
        day.starts.map(() => 3),
      ),
    ]),
  );
  assert.deepEqual(
    one.drawn.map(({ id }) => id),
    ["a", "marks", "lines"],
  );
  const many = Array.from({ length: 500 }, (_, n) =>
    series(
      `s${n}`,
      day.starts.map((_, hour) => n + hour),
    ),
  );
  const { drawn, yAxis } = draw(model(many), { hidden: ["s0", "s499"] });
  assert.equal(drawn.length, 498 + 2);
  assert.equal(drawn[0]?.id, "s1");
  assert.ok(yAxis.max >= 498 + 23, `${yAxis.max}`);
});

test("stacked values add up, unstacked ones don't, and hidden ones don't count", () => {
  const stacked = ["a", "b"].map((id) =>
    series(
      id,
      day.starts.map(() => 60),
      { stack: "all" },
    ),
  );
  assert.equal(draw(model(stacked)).yAxis.max, 150);
  assert.equal(draw(model(stacked), { hidden: ["b"] }).yAxis.max, 60);
  const apart = ["a", "b"].map((id) =>
    series(
      id,
      day.starts.map(() => 60),
    ),
  );
  assert.equal(draw(model(apart)).yAxis.max, 60);
});

test("an axis that counts has no fractions, and a percentage ends at a hundred", () => {
  const small = draw(model([series("a", [1, 2])]));
  assert.equal(small.yAxis.interval, 1);
  const percent = draw(model([series("a", [97])], { unit: "percent" }));
  assert.deepEqual(
    [percent.yAxis.max, percent.yAxis.interval, percent.yAxis.axisLabel.formatter(100)],
    [100, 25, "100%"],
  );
  assert.ok(draw(model([series("a", [140])], { unit: "percent" })).yAxis.max >= 140);
  assert.equal(
    draw(model([series("a", [3 * 1024 ** 2])], { unit: "bytes" })).yAxis.axisLabel.formatter(1024 ** 2),
    "1 MiB",
  );
});

test("a threshold above all values is inside the axis", () => {
  const { drawn, yAxis } = draw(
    model([series("a", [5])], { unit: "ms", thresholds: [{ value: 600, name: "Slow" }] }),
  );
  assert.ok(yAxis.max > 600, `${yAxis.max}`);
  assert.deepEqual(
    drawn.at(-1)?.markLine?.data.map((each) => each.yAxis),
    [600],
  );
});

test("gaps stay gaps, and the slot in progress is paler", () => {
  const values = day.starts.map((_, hour) => (hour === 3 ? null : hour));
  const { drawn } = draw(model([series("a", values)], { running: true }));
  assert.equal(drawn[0]?.data[3], null);
  assert.equal(drawn[0]?.data[4], 4);
  assert.deepEqual(drawn[0]?.data.at(-1), { value: 23, itemStyle: { color: "--a", opacity: 0.4 } });
});

test("release names that would overlap are left out, and marks outside the range too", () => {
  const mark = (time: string, name: string) => ({ at: at(time), name, kind: "deploy" as const });
  const marks = [
    mark("2026-01-05T03:00:00Z", "1.0"),
    mark("2026-01-05T03:20:00Z", "1.1"),
    mark("2026-01-05T18:00:00Z", "2.0"),
    mark("2026-01-07T00:00:00Z", "3.0"),
  ];
  const { drawn } = draw(model([series("a", [1])], { marks }));
  const lines = drawn.at(-1)?.markLine?.data ?? [];
  assert.deepEqual(
    lines.map((each) => [each.xAxis, each.label.formatter]),
    [
      [3, ""],
      [3, ""],
      [18, "2.0"],
    ],
  );
});

test("labels are on round times, and as many as there is space for", () => {
  assert.deepEqual(draw(model([]), { width: 600 }).labels, ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]);
  assert.deepEqual(draw(model([]), { width: 260 }).labels, ["00:00", "12:00"]);
  const month = slotsOf(axis("2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z", "1d"));
  const { labels } = draw({ ...model([]), slots: month });
  assert.ok(labels.length >= 3 && labels.length <= 8, labels.join());
  assert.equal(labels[0], "1 Jan");
});

test("sparklines have one value per slot and group, zero without a row", () => {
  const rows = [
    { id: "a", periodStart: "2026-01-05T01:00:00Z", requestCount: 2 },
    { id: "b", periodStart: "2026-01-05T00:00:00Z", requestCount: 5 },
    { id: "a", periodStart: "2026-01-05T02:00:00Z", requestCount: 3 },
  ];
  const three = axis("2026-01-05T00:00:00Z", "2026-01-05T03:00:00Z", "1h");
  const found = sparklines({ data: rows, axis: three }, (row) => row.id);
  assert.deepEqual(
    [...found],
    [
      ["a", [0, 2, 3]],
      ["b", [5, 0, 0]],
    ],
  );
  assert.equal(sparklines({ data: [] }, () => "").size, 0);
  const many = Array.from({ length: 500 }, (_, n) => ({ periodStart: "2026-01-05T00:00:00Z", requestCount: n }));
  assert.equal(sparklines({ data: many, axis: three }, (row) => String(row.requestCount)).size, 500);
});

test("a logarithmic axis has whole powers of ten around values and thresholds, and no zero", () => {
  const values = [0, 12, null, 3_500];
  const of = model([series("a", values, { kind: "line" })], {
    unit: "ms",
    thresholds: [{ value: 20_000, name: "T" }],
  });
  const option = optionOf(of, { tz: "UTC", hidden: new Set(), width: 600, log: true }, () => "");
  const { yAxis, series: drawn } = option as unknown as { yAxis: Axis & { type: string }; series: Drawn[] };
  assert.deepEqual([yAxis.type, yAxis.min, yAxis.max], ["log", 10, 100_000]);
  assert.deepEqual(drawn[0]?.data, [null, 12, null, 3_500]);
});

test("values are flattened where the greatest is a hundred times the ordinary ones", () => {
  assert.equal(isFlattened(model([series("p50", [10, 10, 12]), series("p99", [10, 900, 12])])), false);
  assert.equal(isFlattened(model([series("p50", [10, 10, 12]), series("p99", [10, 1_100, 12])])), true);
  assert.equal(isFlattened(model([series("p50", [null, 0])])), false);
});
