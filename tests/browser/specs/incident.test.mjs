import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { api, browser, settled, show } from "../browser.mjs";

const use = browser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The event of the seeded incident, which fails orders: the one with the most errors. And what the API says of it. */
const planted = async (context) => {
  const { data } = await api(context, "GET", "api-alerts/events?limit=100");
  const all = [];
  for (const event of data.filter((each) => each.name === "Orders fail"))
    all.push(await api(context, "GET", `api-alerts/events/${event.id}/incident`));
  const [found] = all.sort((a, b) => (b.consumers?.total ?? 0) - (a.consumers?.total ?? 0));
  assert.ok(found.consumers.total > 0, "the seeded incident has errors");
  assert.equal(found.endpoints.parts[0].name, "POST /api/orders");
  return found;
};

test("from a cold page it takes two clicks to what broke, since when and whose requests it is about", () =>
  use({}, async (page, context) => {
    const incident = await planted(context);
    const { event } = incident;
    await show(page, "#/overview?tz=UTC&refresh=off");
    // One: the page of alerts.
    await page
      .getByRole("navigation", { name: "Pages" })
      .getByRole("link", { name: /^Alerts/ })
      .click();
    const history = page.getByRole("region", { name: "Alert history", exact: true });
    // Two: the event.
    const row = history.locator("tbody tr", { has: page.getByText(event.firedAt.slice(11, 16)) });
    await row.getByRole("link", { name: event.message, exact: true }).first().click();
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.waitFor();
    await settled(page);
    assert.match(page.url(), new RegExp(`#/incident/${event.id}`));
    const text = await verdict.innerText();
    assert.ok(text.toLowerCase().includes(incident.verdict.toLowerCase()), text);
    assert.ok(text.includes(event.firedAt.slice(11, 16)), text);
    assert.match(text, /POST \/api\/orders/);
    const consumers = await page.getByRole("region", { name: "Consumers", exact: true }).innerText();
    assert.ok(consumers.toLowerCase().includes(incident.consumers.text.toLowerCase()), consumers);
    // Who had none in the incident, and usually has none, explains nothing.
    const shown = incident.consumers.parts.filter((part) => part.amount > 0 || (part.usualShare ?? 0) > 0);
    assert.ok(shown.length > 0, consumers);
    for (const part of shown) assert.ok(consumers.includes(part.name), consumers);
  }));

test("an incident is acknowledged and silenced by whoever has it, and its summary can be copied", () =>
  use({}, async (page, context) => {
    const { event, verdict } = await planted(context);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await show(page, `#/incident/${event.id}?tz=UTC&refresh=off`);
    const card = page.getByRole("region", { name: "Verdict" });
    if (!event.acknowledgedAt) await card.getByRole("button", { name: "Acknowledge" }).click();
    await card.getByText("Acknowledged by").waitFor();
    await card.getByRole("button", { name: "8 h" }).click();
    await card.getByText("Silenced by").waitFor();
    const now = (await api(context, "GET", `api-alerts/events/${event.id}/incident`)).event;
    const hours = (Date.parse(now.silencedUntil) - Date.parse(now.silencedAt)) / 3_600_000;
    assert.deepEqual([hours, now.silencedBy], [8, now.acknowledgedBy]);
    await card.getByRole("button", { name: "End silence" }).click();
    await card.getByRole("button", { name: "8 h" }).waitFor();
    await card.getByRole("button", { name: "Copy summary" }).click();
    await card.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, new RegExp(`^## ${event.name}`));
    assert.ok(copied.includes(verdict.split(";")[0].slice(0, 20)), copied);
    assert.ok(copied.includes(`#/incident/${event.id}`), copied);
  }));

test("an incident fits every width and axe finds nothing, and what is no event is not found", () =>
  use({ expected: [/404/] }, async (page, context) => {
    const { event } = await planted(context);
    for (const width of [390, 1440, 2560]) {
      await page.setViewportSize({ width, height: 1000 });
      await show(page, `#/incident/${event.id}?tz=UTC&refresh=off`);
      const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(wide <= inner, `${wide} of ${inner}`);
    }
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const found = violations.map(({ id, nodes }) => `${colorScheme} ${id} ${nodes[0].html.slice(0, 160)}`);
      assert.deepEqual(found, []);
    }
    await show(page, "#/incident/0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6?tz=UTC&refresh=off");
    await page.getByText("There is no such event").waitFor();
  }));
