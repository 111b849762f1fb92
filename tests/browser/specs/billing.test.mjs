import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, follow, ofKey, settled, show } from "../browser.mjs";

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

test("the cost of this month and where it leads are the API's", () =>
  use({}, async (page, context) => {
    await show(page, "#/billing?tz=UTC&refresh=off&currency=USD");
    const bill = await api(context, "GET", "api-metrics/billing?limit=1000");
    const cost = Number(bill.total.cost.find((each) => each.currency === "USD")?.amount ?? 0);
    // Live traffic costs fractions of a cent meanwhile.
    within(numberOf(await figure(page, "Month to date").innerText()), cost, 0.02, "cost");
    within(
      numberOf(await figure(page, "Projected cost").innerText()),
      Number(bill.projection.find((each) => each.projectedCost.currency === "USD").projectedCost.amount),
      0.05,
      "projection",
    );
  }));

test("daily cost, cost by consumer and totals are the API's", () =>
  use({}, async (page, context) => {
    const asked = await month(context);
    await show(page, `#/billing?tz=UTC&refresh=off&currency=USD&month=${asked}`);
    const bill = await api(context, "GET", `api-metrics/billing?limit=1000&month=${asked}`);
    const cost = (amounts) => Number(amounts.find((each) => each.currency === "USD")?.amount ?? 0);
    const total = asked === new Date().toISOString().slice(0, 7) ? "Month to date" : "Total cost";
    within(numberOf(await figure(page, total).innerText()), cost(bill.total.cost), 0.02, "cost");
    assert.ok(cost(bill.total.cost) > 0.1, "the store is seeded");
    const table = page.getByRole("region", { name: "Cost by consumer", exact: true });
    // Consumers of another currency are none of its rows.
    const billed = bill.data.filter((each) => each.cost.some(({ currency }) => currency === "USD"));
    assert.ok(billed.length < bill.data.length, "some are billed in euros");
    assert.equal(await table.locator("tbody tr").count(), billed.length);
    for (const each of billed) {
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
      card.getByRole("button", { name: "Invoice as JSON" }).click(),
    ]);
    assert.equal(json.suggestedFilename(), `invoice_${asked}.json`);
    let whole = "";
    for await (const part of await json.createReadStream()) whole += part;
    assert.equal(
      JSON.parse(whole).data.reduce((sum, each) => sum + each.lines.length, 0),
      lines,
    );
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

test("a long invoice comes by pages, with the totals of all lines", () =>
  use({}, async (page) => {
    const many = 2_118;
    await page.route(/billing\/invoice\?/, async (route) => {
      const url = new URL(route.request().url());
      const asked = new URL(url);
      asked.searchParams.delete("cursor");
      const answer = await route.fetch({ url: asked.href });
      const body = await answer.json();
      const [invoice] = body.data.filter((each) => each.lines.length > 0);
      // The cursors of a server with more lines than the seeded month has.
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const limit = Number(url.searchParams.get("limit"));
      const lines = Array.from({ length: Math.min(limit, many - from) }, (_, n) => ({
        ...invoice.lines[0],
        keyName: `consumer-${from + n}`,
      }));
      body.data = [{ ...invoice, lines, lineCount: many, total: "1234.56" }];
      body.nextCursor = from + limit < many ? String(from + limit) : null;
      await route.fulfill({ response: answer, json: body });
    });
    await page.goto("about:blank");
    const begun = Date.now();
    await show(page, "#/billing?tz=UTC&refresh=off");
    const card = page.getByRole("region", { name: "Invoice preview", exact: true });
    const rows = card.locator("tbody:not(.sum) tr");
    assert.equal(await rows.count(), 100);
    await card.getByText("2,118 lines", { exact: true }).waitFor();
    assert.match(await card.locator(".sum").innerText(), /of all 2,118 lines/);
    await card.getByRole("button", { name: "Show more (2,018 remaining)" }).click();
    await card.getByText("consumer-199", { exact: true }).waitFor();
    assert.equal(await rows.count(), 200);
    // All rows at once took more than fifteen seconds.
    assert.ok(Date.now() - begun < 15_000, `${Date.now() - begun} ms`);
  }));

test("from a cold page it takes two clicks to why a bill rose", () =>
  use({}, async (page, context) => {
    const key = await ofKey(context, "mobile-app");
    await show(page, "#/overview?tz=UTC&refresh=off");
    // One: the page of bills.
    await follow(page, () =>
      page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Billing", exact: true }).click(),
    );
    // Two: the cost of the consumer.
    const row = page
      .getByRole("region", { name: "Cost by consumer", exact: true })
      .locator("tbody tr", { has: page.getByRole("link", { name: "mobile-app", exact: true }) });
    await follow(page, () => row.getByRole("link").last().click());
    assert.match(page.url(), new RegExp(`#/bill\\?.*key=${key.id}`));
    const bill = await api(context, "GET", `api-metrics/billing/keys/${key.id}`);
    const why = page.getByRole("region", { name: "Why this bill" });
    const text = (await why.innerText()).replaceAll("\u00a0", " ");
    if (bill.before === null) {
      // The first of a month: no day of it is over.
      assert.match(text, /nothing to compare/);
    } else {
      const { before } = bill;
      const more = before.requests - before.requestsBefore;
      const requests = `${Math.abs(more).toLocaleString("en")} ${more > 0 ? "more" : "fewer"} requests`;
      assert.ok(text.includes(requests), `${text} lacks ${requests}`);
      const amount = Math.abs(Number(before.byUsage)).toLocaleString("en", {
        style: "currency",
        currency: "USD",
        currencyDisplay: "code",
      });
      assert.ok(text.includes(amount.replaceAll("\u00a0", " ")), `${text} lacks ${amount}`);
    }
    // Its tiers are drawn, with where the month stands.
    const tiers = page.getByRole("region", { name: "Tiers of standard" }).getByRole("img");
    const drawn = (await tiers.getAttribute("aria-label")).replaceAll("\u00a0", " ");
    assert.match(
      drawn,
      /^Prices of standard: from 0 on free; from 2,000 on USD 0.12; from 50,000 on USD 0.08; [\d,]+ used/,
    );
    // Each amount has its currency.
    for (const cell of await page.locator(".invoice tbody td:last-child").allInnerTexts())
      assert.match(cell, /^USD\s[\d,.]+$/);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByRole("navigation", { name: "Pages" }).isVisible(), false);
    assert.equal(await page.getByRole("button", { name: "Print" }).isVisible(), false);
    assert.equal(await why.isVisible(), true);
  }));

test("other plans price the same counts, and another currency has no difference", () =>
  use({}, async (page, context) => {
    const key = await ofKey(context, "warehouse");
    await show(page, `#/bill?key=${key.id}&tz=UTC&refresh=off`);
    const bill = await api(context, "GET", `api-metrics/billing/keys/${key.id}`);
    const table = page.getByRole("region", { name: "Other plans", exact: true });
    assert.equal(await table.locator("tbody tr").count(), bill.alternatives.length);
    for (const { plan, cost, difference, isCurrent } of bill.alternatives) {
      const row = table.locator("tbody tr", { hasText: plan.name });
      const cells = (await row.locator("td").allInnerTexts()).map((text) => text.replaceAll("\u00a0", " "));
      assert.match(cells[2], new RegExp(`^${cost.currency} `), cells.join());
      within(numberOf(cells[2]), Number(cost.amount), 0.02, plan.name);
      assert.equal(/Current/.test(cells[0]), isCurrent);
      if (difference === null) assert.equal(cells[3], "another currency");
      else within(numberOf(cells[3]), Number(difference), 0.02, plan.name);
    }
    assert.ok(bill.alternatives.some((each) => each.difference === null));
  }));

test("a plan is made on the page, and a wrong tier is named before it is sent", () =>
  use({}, async (page, context) => {
    await show(page, "#/billing?tz=UTC&refresh=off");
    await page.getByRole("button", { name: "New plan" }).click();
    const form = page.getByRole("form", { name: "New price plan" });
    const name = `pro ${Date.now()}`;
    await form.getByLabel("Plan", { exact: true }).fill(name);
    await form.getByLabel("Currency").fill("eur");
    await form.getByLabel("Free requests a month").fill("1,000");
    const tiers = form.getByLabel(/^Tiers/);
    await tiers.fill("10 0.2");
    await form.getByText("The first tier starts at 0").waitFor();
    assert.equal(await form.getByRole("button", { name: "Create plan" }).isDisabled(), true);
    await tiers.fill("0 0.2\n500000 0.1");
    await form.getByRole("button", { name: "Create plan" }).click();
    await page.getByText(`${name} counts from`).waitFor();
    const { data } = await api(context, "GET", "api-price-plans?limit=1000");
    const made = data.find((plan) => plan.name === name);
    assert.deepEqual(
      [made.currency, made.freeRequests, made.tiers],
      [
        "EUR",
        1_000,
        [
          { fromRequests: 0, perThousand: "0.2" },
          { fromRequests: 500_000, perThousand: "0.1" },
        ],
      ],
    );
    await settled(page);
    await page.getByRole("region", { name: "Price plans", exact: true }).getByText(name).first().waitFor();
    const notes = await api(context, "GET", "api-audit?action=create%20price%20plan&limit=1");
    assert.match(notes.data[0].subject, new RegExp(name));
  }));
