// What a role may not do is not offered.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, settled, show } from "../browser.mjs";

const use = browser();
const account = () => new URL("../account/", base()).href;
const menu = (page) => page.getByRole("navigation", { name: "Pages" }).getByRole("link").allInnerTexts();

test("a consumer who signs in sees usage, quota, bill and own requests, and is refused nothing", () =>
  use({ signedIn: false, extraHTTPHeaders: { "x-api-key": "demo-key-partner" } }, async (page) => {
    const refused = [];
    page.on("response", (answer) => answer.status() >= 400 && refused.push(`${answer.status()} ${answer.url()}`));
    await page.goto(`${account()}#/overview?tz=UTC&refresh=off`);
    await settled(page);
    await page.getByRole("link", { name: "Usage" }).waitFor();
    assert.deepEqual(await menu(page), ["Usage", "Endpoints", "Requests", "Quota", "Bill"]);
    for (const [name, region] of [
      ["Quota", "Quota"],
      ["Bill", "Daily cost"],
      ["Requests", "Requests"],
      ["Endpoints", "Endpoints"],
    ]) {
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
      await page.getByRole("region", { name: region, exact: true }).first().waitFor();
      await settled(page);
    }
    await page.goto(`${account()}#/alerts?tz=UTC&refresh=off`);
    await page.getByRole("region", { name: "Alert rules", exact: true }).waitFor();
    await settled(page);
    assert.equal(await page.getByRole("button", { name: "New rule" }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "New silence" }).count(), 0);
    assert.equal(await page.getByRole("switch").count(), 0);
    assert.deepEqual(refused, []);
  }));

test("a tab that is somebody else's by now forgets what it has shown", () =>
  use({ signedIn: false, extraHTTPHeaders: { "x-api-key": "demo-key-partner" } }, async (page, context) => {
    await page.goto(`${account()}#/account?tz=UTC&refresh=off`);
    await settled(page);
    await page.getByRole("link", { name: "Quota", exact: true }).waitFor();
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").at(-1)));
    const look = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
    const again = () => page.waitForResponse((answer) => answer.url().endsWith("/session"));
    await Promise.all([again(), look()]);
    await settled(page);
    await page.evaluate(() => document.querySelector("main").setAttribute("data-mark", ""));
    await Promise.all([again(), look()]);
    await settled(page);
    assert.equal(await page.locator("main[data-mark]").count(), 1, "the same user keeps the page");
    await context.setExtraHTTPHeaders({ "x-api-key": "demo-key-mobile" });
    await Promise.all([again(), look()]);
    await page.locator("main[data-mark]").waitFor({ state: "detached" });
    await settled(page);
    assert.ok(asked.filter((name) => name === "session").length >= 3);
  }));

test("an operator has every page in the menu", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC&refresh=off");
    await page.getByRole("link", { name: "Status" }).waitFor();
    const shown = await menu(page);
    for (const name of ["Overview", "Consumers", "Jobs", "Ingest", "Billing", "Status"])
      assert.ok(shown.includes(name), `${shown}`);
  }));

test("who only reads can't acknowledge or silence", () =>
  use({}, async (page, context) => {
    const { data } = await api(context, "GET", "api-alerts/events?limit=50");
    const open = data.find((event) => event.acknowledgedAt == null);
    await page.route(/\/session$/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), role: "developer" } });
    });
    await show(page, `#/incident/${open.id}?tz=UTC&refresh=off`);
    await page.getByRole("button", { name: "Copy summary" }).waitFor();
    for (const name of ["Acknowledge", "1 h", "8 h", "Until resolved"])
      assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
  }));
