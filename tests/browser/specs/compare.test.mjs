// What has changed, and the compared range in charts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, comparedWith, follow, incident, settled, show } from "../browser.mjs";

const use = browser();

test("what has changed since the same hours before is one click away, the surest first", () =>
  use({}, async (page, context) => {
    const { from, to } = await incident(context);
    await show(page, `#/overview?tz=UTC&refresh=off&from=${from}&to=${to}&vs=previous`);
    await follow(page, () => page.getByRole("link", { name: "Changes" }).click());
    assert.match(page.url(), /vs=previous/);
    const table = page.getByRole("region", { name: "Changed endpoints", exact: true });
    const rows = await table.locator("tbody tr").allInnerTexts();
    const orders = rows.filter((row) => row.includes("POST") && row.includes("/api/orders"));
    assert.ok(
      orders.some((row) => /More errors|Slower/.test(row)),
      `${rows.join("\n")}`,
    );
    const scores = await table.locator("tbody tr td:last-child").allInnerTexts();
    assert.deepEqual(
      scores.map(Number),
      scores.map(Number).sort((a, b) => b - a),
    );
    await page.getByRole("button", { name: "Slower", exact: true }).click();
    await settled(page);
    for (const row of await table.locator("tbody tr").allInnerTexts()) assert.match(row, /Slower/);
  }));

test("without a choice, changes are against the same hours of last week", () =>
  use({}, async (page, context) => {
    const asked = [];
    page.on(
      "request",
      (request) => /api-metrics\/endpoints/.test(request.url()) && asked.push(new URL(request.url())),
    );
    const to = "2026-11-20T12:00:00Z";
    await show(page, `#/changes?tz=UTC&refresh=off&from=2026-11-20T06:00:00Z&to=${to}`);
    assert.equal(await page.getByLabel("Compare with").inputValue(), "week");
    const then = asked.find((url) => url.searchParams.get("to") !== to);
    assert.equal(then.searchParams.get("from"), "2026-11-13T06:00:00Z");
    assert.equal(then.searchParams.get("to"), "2026-11-13T12:00:00Z");
    assert.ok(context);
  }));

test("charts show the compared range as a line, in their tables too", () =>
  use({}, async (page, context) => {
    const { from, to } = await incident(context);
    await show(page, `#/overview?tz=UTC&refresh=off&from=${from}&to=${to}`);
    assert.equal(await page.getByRole("button", { name: "p95, the previous range" }).count(), 0);
    await follow(page, () => page.getByLabel("Compare with").selectOption("previous"));
    await page.getByRole("button", { name: "p95, the previous range" }).waitFor();
    const length = Date.parse(to) - Date.parse(from);
    const before = { from: new Date(Date.parse(from) - length).toISOString(), to: from };
    const { totalRequests } = await api(context, "GET", `api-metrics/summary?from=${before.from}&to=${before.to}`);
    const chart = page.locator('[data-chart="volume"]');
    await chart.getByRole("button", { name: "Table" }).click();
    const cells = await chart.locator("tbody tr td:last-child").allInnerTexts();
    const sum = cells.reduce((all, text) => all + (Number(text.replaceAll(",", "")) || 0), 0);
    assert.equal(sum, totalRequests);
    await comparedWith(page, totalRequests);
  }));

test("a release and a range of one's own can be compared with", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC&refresh=off&period=6h");
    const choice = page.getByLabel("Compare with");
    const options = await choice.locator("option").allInnerTexts();
    assert.ok(options.includes("Before 1.9.1"), `${options}`);
    await follow(page, () => choice.selectOption({ label: "Before 1.9.1" }));
    assert.match(page.url(), /vs=release%3A1\.9\.1/);
    await page.getByRole("button", { name: "Requests, before 1.9.1" }).waitFor();
    await follow(page, () => choice.selectOption({ label: "Custom" }));
    const start = page.getByLabel("Start of the compared range");
    await start.fill("2026-11-25 08:00");
    await follow(page, () => start.press("Enter"));
    assert.match(page.url(), /vsFrom=2026-11-25T08%3A00%3A00Z/);
    assert.match(await page.locator(".compared").innerText(), /25 Nov, 08:00 – 25 Nov, 14:00/);
  }));
