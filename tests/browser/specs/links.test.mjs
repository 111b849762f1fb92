// What a user expects of the address, of going back, and of a session that ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { base, browser, follow, settled, show, token } from "../browser.mjs";

const use = browser();

test("order, search and the table of a chart are in the address and come back with it", () =>
  use({}, async (page) => {
    await show(page, "#/endpoints?tz=UTC&refresh=off&period=7d");
    const table = page.getByRole("region", { name: "Endpoints", exact: true });
    await table.getByRole("button", { name: "p95", exact: true }).click();
    await table.getByRole("searchbox").fill("orders");
    assert.match(page.url(), /sort=-p95/);
    assert.match(page.url(), /find=orders/);
    const order = () => table.locator("tbody tr").allInnerTexts();
    const before = await order();
    assert.ok(before.length > 0 && before.every((row) => row.includes("orders")), `${before}`);
    await page.reload();
    await settled(page);
    assert.deepEqual(await order(), before);
    assert.match(await table.locator("th[aria-sort=descending]").innerText(), /^p95\s*▼$/);
    await follow(page, () => table.locator("tbody a").first().click());
    await page.goBack();
    await settled(page);
    assert.deepEqual(await order(), before);
    await show(page, "#/overview?tz=UTC&refresh=off");
    const chart = page.locator('[data-chart="latency"]');
    await chart.getByRole("button", { name: "Table" }).click();
    await page.reload();
    await settled(page);
    await chart.getByRole("table").waitFor();
    assert.equal(await page.locator('[data-chart="volume"] table').count(), 0);
  }));

test("a link carries its zone, and a copied one the range as it is now", () =>
  use({ permissions: ["clipboard-read", "clipboard-write"] }, async (page, context) => {
    await show(page, "#/overview");
    await page.waitForURL(/tz=Europe%2FBerlin/);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    const params = new URLSearchParams(link.hash.split("?")[1]);
    assert.equal(params.get("tz"), "Europe/Berlin");
    assert.equal(params.get("period"), null);
    assert.equal(Date.parse(params.get("to")) - Date.parse(params.get("from")), 86_400_000);
    assert.ok(Math.abs(Date.parse(params.get("to")) - Date.now()) < 120_000);
    const other = await context.newPage();
    await other.goto(link.href);
    await settled(other);
    assert.match(await other.locator(".range-text").innerText(), /–/);
    assert.doesNotMatch(await other.locator(".range-text").innerText(), /now/);
  }));

test("another zone moves the clock of axis and times, and not the numbers", () =>
  use({}, async (page) => {
    const at = "from=2026-10-24T22:00:00Z&to=2026-10-26T00:00:00Z";
    await show(page, `#/overview?${at}&tz=UTC&refresh=off`);
    assert.match(await page.locator(".range-text").innerText(), /24 Oct, 22:00/);
    await follow(page, () => page.getByLabel("Time zone").selectOption("Europe/Berlin"));
    // Summer time ended in between.
    assert.match(await page.locator(".range-text").innerText(), /25 Oct, 00:00 – 26 Oct, 01:00/);
  }));

test("a half-filled form survives the end of the session", () =>
  use({ expected: [/401/] }, async (page, context) => {
    await show(page, "#/alerts?tz=UTC&refresh=off&edit=new");
    await page.getByLabel("Name", { exact: true }).fill("Half a rule");
    const threshold = page.getByRole("textbox", { name: "Threshold" });
    await threshold.fill("6");
    await context.clearCookies();
    await threshold.fill("7");
    await page.getByText("You were signed out").waitFor();
    await page.getByLabel("Admin token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("this is not the admin token").waitFor();
    await page.getByLabel("Admin token").fill(token());
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Half a rule");
    assert.equal(await threshold.inputValue(), "7");
    await page.getByRole("button", { name: "Cancel" }).click();
    await follow(page, () => page.getByRole("button", { name: "New rule" }).click());
    const name = await page.getByLabel("Name", { exact: true }).inputValue();
    assert.match(name, /^Error rate > 5/, "what was cancelled is forgotten, and a name is proposed");
  }));

for (const period of ["90d", "1y"]) {
  test(`every page of traffic answers for ${period}`, () =>
    use({}, async (page) => {
      for (const each of ["overview", "endpoints", "consumers", "heatmap"]) {
        await show(page, `#/${each}?tz=UTC&refresh=off&period=${period}`);
        assert.equal(await page.locator(".state.failure").count(), 0, each);
      }
      assert.equal(
        await page.getByRole("button", { name: period, exact: true }).getAttribute("aria-pressed"),
        "true",
      );
    }));
}

test("an endpoint that nobody knows is not found, with the way back", () =>
  use({ expected: [/404/] }, async (page) => {
    await page.goto(`${base()}#/endpoint?tz=UTC&refresh=off&service=shop&method=GET&endpoint=%2Fnowhere`);
    await page.getByText("Nothing has been recorded for this endpoint.").waitFor();
    await follow(page, () => page.getByRole("link", { name: "Endpoints" }).last().click());
    assert.doesNotMatch(page.url(), /nowhere/);
  }));
