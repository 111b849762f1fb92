import assert from "node:assert/strict";
import { test } from "node:test";
import { points, relative } from "../src/format/change";
import { consumerName } from "../src/format/consumer";
import { csv } from "../src/format/csv";
import * as number from "../src/format/number";

test("a missing value is a dash and never a zero", () => {
  for (const format of [number.count, number.compact, number.percent, number.ms, number.exactMs, number.bytes]) {
    assert.equal(format(null), "–");
    assert.equal(format(undefined), "–");
    assert.notEqual(format(0), "–");
  }
  assert.equal(number.money(null, "EUR"), "–");
  assert.equal(number.perSecond(undefined), "–");
  assert.equal(number.exactBytes(null), "–");
});

test("counts are exact below 100,000 and have three digits above", () => {
  assert.equal(number.count(1_234_567), "1,234,567");
  assert.equal(number.compact(99_999), "99,999");
  assert.equal(number.compact(100_000), "100K");
  assert.equal(number.compact(123_456), "123K");
  assert.equal(number.compact(1_234_567), "1.23M");
  assert.equal(number.compact(-250_000), "-250K");
});

test("a noun follows its count", () => {
  assert.equal(number.plural(0, "request"), "0 requests");
  assert.equal(number.plural(1, "request"), "1 request");
  assert.equal(number.plural(1_200, "flush batch", "flush batches"), "1,200 flush batches");
});

test("percentages keep two decimals below ten, and a small share is not zero", () => {
  assert.equal(number.percent(0), "0%");
  assert.equal(number.percent(0.004), "<0.01%");
  assert.equal(number.percent(0.01), "0.01%");
  assert.equal(number.percent(9.994), "9.99%");
  assert.equal(number.percent(12.34), "12.3%");
  assert.equal(number.percent(100), "100.0%");
});

test("durations change their unit where rounding reaches the next one", () => {
  assert.equal(number.ms(0.25), "250 µs");
  assert.equal(number.ms(1), "1.0 ms");
  assert.equal(number.ms(9.96), "10.0 ms");
  assert.equal(number.ms(999.4), "999 ms");
  assert.equal(number.ms(999.5), "1.00 s");
  assert.equal(number.ms(9_994), "9.99 s");
  assert.equal(number.ms(12_345), "12.3 s");
  assert.equal(number.ms(59_949), "59.9 s");
  assert.equal(number.ms(90_000), "1.5 min");
  assert.equal(number.exactMs(1234.5678), "1,234.568 ms");
  assert.equal(number.exactMs(5), "5.0 ms");
});

test("bytes are binary with three digits and never 1024 of a unit", () => {
  assert.equal(number.bytes(0), "0 B");
  assert.equal(number.bytes(1_023), "1023 B");
  assert.equal(number.bytes(1_024), "1.00 KiB");
  assert.equal(number.bytes(10_240), "10.0 KiB");
  assert.equal(number.bytes(1_048_575), "1.00 MiB");
  assert.equal(number.bytes(1024 ** 5 * 5_000), "5000 PiB");
  assert.equal(number.exactBytes(1_536), "1.50 KiB (1,536 B)");
});

test("axis labels have no more digits than needed", () => {
  assert.deepEqual([0, 0.5, 250, 2_500, 90_000].map(number.axisMs), ["0", "500 µs", "250 ms", "2.5 s", "1.5 min"]);
  assert.deepEqual([0, 512, 1_024, 1.5 * 1024 ** 2].map(number.axisBytes), ["0", "512 B", "1 KiB", "1.5 MiB"]);
  assert.deepEqual([0, 2.5, 100].map(number.axisPercent), ["0%", "2.5%", "100%"]);
  assert.deepEqual([0.0025, 0.5, 250_000].map(number.axisMoney), ["0.0025", "0.5", "250K"]);
});

test("money keeps digits that a double would lose", () => {
  // Intl separates the code by a no-break space.
  const plain = (text: string) => text.replace(/\u00a0/g, " ");
  assert.equal(plain(number.money("1234.5", "USD")), "USD 1,234.50");
  assert.equal(plain(number.money("0.00125", "EUR", 4)), "EUR 0.0013");
  assert.equal(
    plain(number.exactMoney("9007199254740993.0000000001", "USD")),
    "USD 9,007,199,254,740,993.0000000001",
  );
  assert.equal(plain(number.money("1234", "JPY", 0)), "JPY 1,234");
});

test("ages and signed changes are short", () => {
  assert.deepEqual([-3, 59.4, 60, 5_400, 86_400, 172_800].map(number.age), [
    "0 s",
    "59 s",
    "1 min",
    "2 h",
    "24 h",
    "2 d",
  ]);
  assert.equal(number.signed(1.25, 1, "%"), "+1.3%");
  assert.equal(number.signed(-2, 0, " pp"), "−2 pp");
  assert.equal(number.signed(0, 1, "%"), "±0.0%");
  assert.equal(number.perSecond(9.87), "9.9/s");
  assert.equal(number.perSecond(1_234.5), "1,235/s");
});

test("a relative change is good, bad or neither", () => {
  assert.deepEqual(relative(150, 100, true), { text: "+50%", good: false });
  assert.deepEqual(relative(50, 100, true), { text: "−50%", good: true });
  assert.deepEqual(relative(50, 100, false), { text: "−50%", good: false });
  assert.deepEqual(relative(105, 100, true), { text: "+5.0%", good: null }, "a small change is neither");
  assert.deepEqual(relative(300, 100, null), { text: "+200%", good: null }, "traffic is neither good nor bad");
  assert.deepEqual(relative(100.01, 100, true), { text: "no change", good: null });
  assert.equal(relative(5, 0, true), null, "nothing to compare with");
  assert.equal(relative(null, 5, true), null);
});

test("a change in percentage points is good when it falls", () => {
  assert.deepEqual(points(1.5, 2), { text: "−0.50 pp", good: true });
  assert.deepEqual(points(2, 1.5), { text: "+0.50 pp", good: false });
  assert.deepEqual(points(2.05, 2), { text: "+0.05 pp", good: null });
  assert.deepEqual(points(0, 0), { text: "±0.00 pp", good: null });
  assert.equal(points(null, 1), null);
});

test("a consumer is named by name, external id or number", () => {
  assert.equal(consumerName({ apiKeyId: 7, name: "Shop", externalId: "shop" }), "Shop");
  assert.equal(consumerName({ apiKeyId: 7, name: null, externalId: "shop" }), "shop");
  assert.equal(consumerName({ apiKeyId: 7 }), "Key 7");
  assert.equal(consumerName({ apiKeyId: 0 }), "Anonymous");
  assert.equal(consumerName({ apiKeyId: null }), "New key");
});

test("CSV quotes what needs it, and no cell is a formula", () => {
  const rows = [
    { name: 'a "b", c', count: -5, note: null },
    { name: "=1+1", nested: { x: 1 } },
    { name: "-2", note: "line\nbreak" },
  ];
  assert.equal(
    csv(rows),
    ["name,count,note,nested", '"a ""b"", c",-5,,', `'=1+1,,,"{""x"":1}"`, `'-2,,"line\nbreak",`, ""].join("\r\n"),
  );
  assert.equal(csv([]), "\r\n");
});
