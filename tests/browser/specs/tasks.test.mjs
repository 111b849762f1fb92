// What an operator wants to know, from a cold page: how many clicks it takes, and whether the answer is right.
// Others of these tasks stand with what they are about: incidents, filters, limits, bills and alerts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, comparedWith, follow, incident, settled, show } from "../browser.mjs";

const use = browser();

/** Opens the overview as it is without anything chosen, and counts what the user does from then on. */
const cold = async (page, fragment = "#/overview?tz=UTC&refresh=off") => {
  await page.addInitScript(() => {
    window.clicks = 0;
    // A choice in a list is one too.
    for (const kind of ["click", "change"]) window.addEventListener(kind, () => window.clicks++, { capture: true });
  });
  await show(page, fragment);
};
const took = async (page, most) => {
  const clicks = await page.evaluate(() => window.clicks);
  assert.ok(clicks > 0 && clicks <= most, `${clicks} clicks`);
};

test("from a cold page it takes one click to what has changed since last week", () =>
  use({}, async (page, context) => {
    // Of a whole day the few orders of a night would be too little to tell.
    const { from, to } = await incident(context);
    await cold(page, `#/overview?tz=UTC&refresh=off&from=${from}&to=${to}`);
    await follow(page, () => page.getByRole("link", { name: "Changes" }).click());
    await took(page, 1);
    assert.equal(await page.getByLabel("Compare with").inputValue(), "week");
    // The planted incident: a release that broke orders.
    const table = page.getByRole("region", { name: "Changed endpoints", exact: true });
    const rows = await table.locator("tbody tr").allInnerTexts();
    const orders = rows.filter((row) => row.includes("POST") && row.includes("/api/orders"));
    assert.ok(
      orders.some((row) => /More errors|Slower/.test(row)),
      rows.join("\n"),
    );
  }));

test("from a cold page it takes one click to share what is seen, as it is now", () =>
  use({ permissions: ["clipboard-read", "clipboard-write"] }, async (page, context) => {
    await cold(page);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    await took(page, 1);
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    const params = new URLSearchParams(link.hash.split("?")[1]);
    const { totalRequests } = await api(
      context,
      "GET",
      `api-metrics/summary?from=${params.get("from")}&to=${params.get("to")}`,
    );
    // Whoever opens it sees the same range, whenever that is.
    const other = await context.newPage();
    await other.goto(link.href);
    await settled(other);
    const text = await other.locator('[data-tile="Requests"] .tile-value').innerText();
    const shown = Number(text.replaceAll(",", ""));
    // What came in the last seconds of the range may have been on its way.
    assert.ok(Math.abs(shown - totalRequests) <= 0.01 * totalRequests, `${text} ${totalRequests}`);
  }));

test("from a cold page it takes one choice to compare with last week", () =>
  use({}, async (page, context) => {
    // Hours that are over, so that the page and the API see the same.
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const iso = (at) => new Date(at).toISOString();
    const week = 7 * 86_400_000;
    const [from, to] = [hour - 7 * 3_600_000, hour - 3_600_000];
    await cold(page, `#/overview?tz=UTC&refresh=off&from=${iso(from)}&to=${iso(to)}`);
    await follow(page, () => page.getByLabel("Compare with").selectOption("week"));
    await took(page, 1);
    const { totalRequests } = await api(
      context,
      "GET",
      `api-metrics/summary?from=${iso(from - week)}&to=${iso(to - week)}`,
    );
    await comparedWith(page, totalRequests);
  }));

test("from a cold page it takes one click to the scanners: their paths, times and sources", () =>
  use({}, async (page, context) => {
    const service = new URL(base()).origin;
    await context.request.get(`${service}/wp-login-of-a-scanner.php`);
    await cold(page);
    await follow(page, () => page.getByRole("link", { name: /without unmatched/ }).click());
    await took(page, 1);
    await page.getByRole("heading", { name: "Requests that no route matched" }).waitFor();
    // The page is loaded again until the request is on it.
    await page.waitForFunction(
      () => {
        const again = [...document.querySelectorAll("button")].find((button) => button.title === "Refresh now");
        again?.click();
        return document.body.innerText.includes("/wp-login-of-a-scanner.php");
      },
      null,
      { polling: 1_000 },
    );
    const sources = page.getByRole("region", { name: "Sources", exact: true });
    assert.ok((await sources.locator("tbody tr").count()) > 0);
  }));
