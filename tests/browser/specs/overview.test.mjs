import assert from "node:assert/strict";
import { test } from "node:test";
import { base, browser, follow, settled, show } from "../browser.mjs";

const use = browser();
const ask = async (context, path) => (await context.request.get(`${base()}${path}`)).json();
const numberOf = (text) => Number(text.replaceAll(",", ""));
const tile = (page, name) => page.locator(`[data-tile="${name}"]`);
const chart = (page, name) => page.locator(`[data-chart="${name}"]`);
/** A closed range, so that nothing changes while it is looked at. */
const closed = () => {
  const end = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000;
  return { from: new Date(end - 6 * 3_600_000).toISOString(), to: new Date(end).toISOString() };
};

test("the tiles show what the API says", () =>
  use({}, async (page, context) => {
    const { from, to } = closed();
    await show(page, `#/overview?tz=UTC&from=${from}&to=${to}`);
    const summary = await ask(context, `api-metrics/summary?from=${from}&to=${to}`);
    assert.ok(summary.totalRequests > 1_000, "the store is seeded");
    assert.equal(numberOf(await tile(page, "Requests").locator(".tile-value").innerText()), summary.totalRequests);
    const rate = await tile(page, "Error rate").locator(".tile-value").innerText();
    assert.ok(Math.abs(Number.parseFloat(rate) - summary.errorRate) < 0.06, `${rate} is ${summary.errorRate}`);
    assert.equal(numberOf(await tile(page, "Active keys").locator(".tile-value").innerText()), summary.distinctKeys);
    for (const name of ["Requests", "Error rate", "p95 latency", "Bandwidth"]) {
      assert.equal(await tile(page, name).locator("svg").count(), 1, `${name} has its line`);
      assert.match(await tile(page, name).locator(".change").innerText(), /[+−±]\d|no change|no previous data/);
    }
  }));

test("every chart has a table with the API's own numbers", () =>
  use({}, async (page, context) => {
    const { from, to } = closed();
    await show(page, `#/overview?tz=UTC&from=${from}&to=${to}`);
    const series = await ask(context, `api-metrics?from=${from}&to=${to}&granularity=auto&limit=1000`);
    const sums = { volume: 0, errors: 0, bandwidth: 0 };
    for (const row of series.data) {
      sums.volume += row.requestCount;
      sums.errors += row.errorCount4xx + row.errorCount5xx;
      sums.bandwidth += row.requestBytes + row.responseBytes;
    }
    for (const [name, sum] of Object.entries(sums)) {
      const card = chart(page, name);
      await card.getByRole("button", { name: "Table" }).click();
      const cells = await card.locator("tbody td").allInnerTexts();
      const shown = cells.reduce(
        (total, text) => total + numberOf(text.match(/\(([\d,]+) B\)/)?.[1] ?? (text === "–" ? "0" : text)),
        0,
      );
      assert.equal(shown, sum, name);
      await card.getByRole("button", { name: "Chart" }).click();
    }
    const latency = chart(page, "latency");
    await latency.getByRole("button", { name: "Table" }).click();
    const first = series.data[series.data.length - 1];
    const row = await latency.locator("tbody tr").first().locator("td").allInnerTexts();
    assert.equal(Number.parseFloat(row[1].replaceAll(",", "")), first.p95Ms);
  }));

test("the pointer shows exact numbers, and every chart follows it", () =>
  use({}, async (page) => {
    const { from, to } = closed();
    await show(page, `#/overview?tz=UTC&from=${from}&to=${to}`);
    const canvas = chart(page, "errors").locator(".plot-canvas");
    await canvas.hover({ position: { x: 300, y: 90 } });
    const tip = chart(page, "errors").locator(".tip");
    await tip.waitFor();
    const text = await tip.innerText();
    assert.match(text, /Server errors \(5xx\)\s+[\d,]+/);
    assert.match(text, /% of [\d,]+ requests/);
    for (const other of ["volume", "latency", "bandwidth"]) {
      await chart(page, other).locator(".plot-line").waitFor({ state: "visible" });
      assert.match(await chart(page, other).locator(".chart-readout").innerText(), /\d\d:\d\d/);
    }
    await page.mouse.move(2, 2);
    await chart(page, "latency").locator(".plot-line").waitFor({ state: "hidden" });
  }));

test("a drag over a chart zooms in, and the back button zooms out", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC&period=6h");
    const box = await chart(page, "volume").locator(".plot-canvas").boundingBox();
    await page.mouse.move(box.x + 200, box.y + 80);
    await page.mouse.down();
    await page.mouse.move(box.x + 260, box.y + 80, { steps: 4 });
    await page.mouse.move(box.x + 320, box.y + 80, { steps: 4 });
    await chart(page, "volume").locator(".plot-brush").waitFor({ state: "visible" });
    await page.mouse.up();
    await page.waitForFunction(() => window.location.hash.includes("from="));
    const params = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    const [from, to] = [Date.parse(params.get("from")), Date.parse(params.get("to"))];
    assert.ok(to - from > 600_000 && to - from < 3 * 3_600_000, `${(to - from) / 60_000} minutes`);
    await settled(page);
    await page.goBack();
    assert.equal(await page.getByRole("button", { name: "6h" }).getAttribute("aria-pressed"), "true");
  }));

test("series can be hidden and shown, under a pointer that rests too", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC");
    const p99 = chart(page, "latency").getByRole("button", { name: "p99" });
    const told = (name) => chart(page, "latency").locator(".tip-name", { hasText: name });
    await p99.click();
    assert.equal(await p99.getAttribute("aria-pressed"), "false");
    await chart(page, "latency")
      .locator(".plot-canvas")
      .hover({ position: { x: 300, y: 90 } });
    await told("p50").waitFor();
    await told("p99").waitFor({ state: "hidden" });
    // By keyboard, so that nothing moves the pointer: what is drawn anew leaves it its tip.
    await p99.press("Enter");
    assert.equal(await p99.getAttribute("aria-pressed"), "true");
    await told("p99").waitFor();
    await p99.press("Enter");
    await told("p99").waitFor({ state: "hidden" });
    await told("p50").waitFor();
  }));

test("slow stretches and stretches without data are highlighted and described", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC");
    const label = (name) => chart(page, name).locator(".plot-canvas").getAttribute("aria-label");
    assert.match(await label("latency"), /Slow: .*\d\d:\d\d – \d\d:\d\d/, "the incident was slow");
    assert.match(await label("volume"), /No data: .*\d\d:\d\d – \d\d:\d\d/, "the service was down");
    assert.doesNotMatch(await label("volume"), /Slow/);
  }));

test("no data and zero look different", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC");
    await chart(page, "volume").getByRole("button", { name: "Table" }).click();
    const rows = await chart(page, "volume").locator("tbody tr").allInnerTexts();
    assert.ok(
      rows.some((row) => row.includes("–")),
      "the silence of the history has no numbers",
    );
    assert.match(rows[0], /incomplete/);
  }));

test("range, time zone, filters and refresh are in the URL and restored from it", () =>
  use({}, async (page, context) => {
    await show(page);
    await page.getByRole("button", { name: "7d" }).click();
    await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
    await page.getByLabel("Refresh", { exact: true }).selectOption("off");
    await page.getByLabel("Service", { exact: true }).selectOption("shop");
    await page.getByLabel("Environment", { exact: true }).selectOption("production");
    await settled(page);
    const link = page.url();
    for (const part of ["period=7d", "tz=Asia%2FTokyo", "refresh=off", "service=shop", "env=production"])
      assert.ok(link.includes(part), link);
    const other = await context.newPage();
    await other.goto(link);
    await settled(other);
    assert.equal(await other.getByRole("button", { name: "7d" }).getAttribute("aria-pressed"), "true");
    assert.equal(await other.getByLabel("Time zone").inputValue(), "Asia/Tokyo");
    assert.equal(await other.getByLabel("Service", { exact: true }).inputValue(), "shop");
    await other.close();
    await follow(page, () => page.getByRole("link", { name: "Endpoints" }).click());
    assert.ok(page.url().includes("period=7d"), "another page keeps the range");
  }));

test("a custom range is validated and applied in the chosen time zone", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC");
    await page.getByRole("button", { name: "Custom" }).click();
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel("From", { exact: true }).fill(`${day}T12:00`);
    await page.getByLabel("To", { exact: true }).fill(`${day}T09:00`);
    await page.getByText("The end must be after the start.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Apply" }).isDisabled(), true);
    await page.getByLabel("To", { exact: true }).fill(`${day}T15:30`);
    await follow(page, () => page.getByRole("button", { name: "Apply" }).click());
    const params = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.deepEqual([params.get("from"), params.get("to")], [`${day}T12:00:00Z`, `${day}T15:30:00Z`]);
    await page.getByRole("button", { name: "Earlier" }).click();
    await page.waitForFunction((from) => window.location.hash.includes(encodeURIComponent(from)), `${day}T08:30:00Z`);
    await page.getByRole("button", { name: "Reset" }).click();
    await page.waitForFunction(() => !window.location.hash.includes("from="));
  }));
