import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, follow, show } from "../browser.mjs";

const use = browser();
const numberOf = (text) => Number(text.replace(/[^\d.-]/g, ""));
const within = (a, b, part, what) => assert.ok(Math.abs(a - b) <= part, `${what}: ${a} is not ${b}`);
const figure = (page, name) =>
  page
    .locator('[aria-label="Monthly totals"] > div', { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) })
    .locator("dd");
/** The month before, which traffic does not change, or the current one where the store is younger. */
const month = async (context) => {
  const now = new Date();
  const before = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
  const { total } = await api(context, "GET", `api-metrics/billing?month=${before}`);
  return total.requests > 0 ? before : now.toISOString().slice(0, 7);
};

test("daily cost, cost by consumer and totals are the API's", () =>
  use({}, async (page, context) => {
    await show(page, "#/billing?tz=UTC&refresh=off&currency=USD");
    const bill = await api(context, "GET", "api-metrics/billing?limit=1000");
    const cost = (amounts) => Number(amounts.find((each) => each.currency === "USD")?.amount ?? 0);
    // Live traffic costs fractions of a cent meanwhile.
    within(numberOf(await figure(page, "Month to date").innerText()), cost(bill.total.cost), 0.02, "cost");
    assert.ok(cost(bill.total.cost) > 0.1, "the store is seeded");
    within(
      numberOf(await figure(page, "Projected cost").innerText()),
      Number(bill.projection.find((each) => each.projectedCost.currency === "USD").projectedCost.amount),
      0.05,
      "projection",
    );
    const table = page.getByRole("region", { name: "Cost by consumer", exact: true });
    assert.equal(await table.locator("tbody tr").count(), bill.data.length);
    for (const each of bill.data) {
      const text = await table
        .locator("tbody tr", { has: page.getByRole("link", { name: each.name ?? each.externalId, exact: true }) })
        .locator("td")
        .last()
        .innerText();
      if (text !== "–") within(numberOf(text), cost(each.cost), 0.02, each.externalId);
    }
    const chart = page.locator('[data-chart="cost"]');
    await chart.getByRole("button", { name: "Table" }).click();
    const days = (await chart.locator("tbody td").allInnerTexts()).map(numberOf);
    within(
      days.reduce((sum, day) => sum + day, 0),
      cost(bill.total.cost),
      0.02,
      "all days",
    );
  }));

test("another currency has its own totals", () =>
  use({}, async (page, context) => {
    await show(page, "#/billing?tz=UTC&refresh=off");
    await follow(page, () =>
      page.getByRole("group", { name: "Currency" }).getByRole("button", { name: "EUR" }).click(),
    );
    const bill = await api(context, "GET", "api-metrics/billing");
    within(
      numberOf(await figure(page, "Month to date").innerText()),
      Number(bill.total.cost.find((each) => each.currency === "EUR").amount),
      0.02,
      "euros",
    );
    assert.match(page.url(), /currency=EUR/);
  }));

test("the invoice has the API's lines, totals and rule, and both files", () =>
  use({}, async (page, context) => {
    const asked = await month(context);
    await show(page, `#/billing?tz=UTC&refresh=off&month=${asked}`);
    const invoice = await api(context, "GET", `api-metrics/billing/invoice?month=${asked}`);
    const card = page.getByRole("region", { name: "Invoice preview", exact: true });
    const lines = invoice.data.reduce((sum, each) => sum + each.lines.length, 0);
    assert.ok(lines > 3, `${lines} lines`);
    assert.equal(await card.locator("tbody:not(.sum) tr").count(), lines);
    for (const each of invoice.data)
      within(
        numberOf(await card.locator(`[data-total="${each.currency}"]`).innerText()),
        Number(each.total),
        0.02,
        each.currency,
      );
    await card.getByText(invoice.rounding).waitFor();
    const [csv] = await Promise.all([
      page.waitForEvent("download"),
      card.getByRole("link", { name: "Invoice as CSV" }).click(),
    ]);
    assert.equal(csv.suggestedFilename(), `invoice_${asked}.csv`);
    let text = "";
    for await (const part of await csv.createReadStream()) text += part;
    assert.match(text, /^period_start,period_end,tenant/);
    assert.equal(text.trim().split("\r\n").length, 1 + lines + invoice.data.length);
    const [json] = await Promise.all([
      page.waitForEvent("download"),
      card.getByRole("link", { name: "Invoice as JSON" }).click(),
    ]);
    assert.match(json.suggestedFilename(), /\.json$/);
  }));

test("a month without usage says so, and the back button returns to the month before", () =>
  use({}, async (page) => {
    await show(page, "#/billing?tz=UTC&refresh=off");
    const choice = page.getByLabel("Month", { exact: true });
    const oldest = await choice.locator("option").last().getAttribute("value");
    await choice.selectOption(oldest);
    await page.getByText("This invoice has no line items.").waitFor();
    assert.match(page.url(), new RegExp(`month=${oldest}`));
    await page.goBack();
    await page.locator('[data-chart="cost"] .plot-canvas').waitFor();
  }));

test("a check says whether all counts match", () =>
  use({}, async (page) => {
    await show(page, "#/billing?tz=UTC&refresh=off");
    const card = page.getByRole("region", { name: "Reconciliation", exact: true });
    await card.getByRole("button", { name: "Run check" }).click();
    await card.getByText("All counts match").waitFor();
    assert.match(await card.innerText(), /[\d,]{4,} requests: [\d,]{4,} billed/);
  }));
