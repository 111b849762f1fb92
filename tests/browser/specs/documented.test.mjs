// The coverage of the API: the demo's OpenAPI document, held against the demo's traffic.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, follow, settled, show } from "../browser.mjs";

const use = browser();

/** Asks the demo for what its document has, for what it lacks, and for what it calls deprecated. */
const traffic = async (context) => {
  const service = new URL(base()).origin;
  const headers = { "x-api-key": "demo-key-reports" };
  for (const path of ["/api/users/1", "/api/orders", "/api/reports/2026"]) {
    const answer = await context.request.get(`${service}${path}`, { headers });
    assert.ok(answer.status() < 500, `${path}: ${answer.status()}`);
  }
  await context.request.get(`${service}/api/flaky`, { headers });
};

test("what is never called, deprecated or undocumented is one click away, as the API has it", () =>
  use({}, async (page, context) => {
    await traffic(context);
    const answer = await api(context, "GET", "api-metrics/coverage?period=24h");
    const of = (path, method) => answer.operations.find((row) => row.path === path && row.method === method);
    assert.equal(of("/orders/{id}", "DELETE").requestCount, 0);
    assert.ok(of("/users/{id}", "GET").requestCount > 0);
    assert.equal(of("/users/{id}", "GET").endpoint, "/api/users/{id}");
    assert.ok(answer.undocumented.some((row) => row.endpoint === "/api/flaky"));

    await show(page, "#/endpoints?tz=UTC&refresh=off&period=24h");
    await follow(page, () => page.getByRole("link", { name: "Coverage of the API" }).click());
    const table = page.locator(".table-card tbody");
    assert.equal(await table.locator("tr:not(.below)").count(), answer.operations.length);
    assert.match(await page.locator("p.lead").innerText(), /^Demo: [1-5] of 5 operations called/);

    await follow(page, () => page.getByRole("button", { name: "Never called" }).click());
    const uncalled = await table.innerText();
    assert.match(uncalled, /DELETE\s+\/orders\/\{id\}/);
    assert.doesNotMatch(uncalled, /\/users/);

    await follow(page, () => page.getByRole("button", { name: "Deprecated" }).click());
    assert.match(await table.innerText(), /\/reports\/\{year\}[\s\S]*Still called[\s\S]*Called by/);
    const reports = of("/reports/{year}", "GET");
    for (const caller of reports.callers.filter((each) => each.name ?? each.externalId))
      assert.ok((await table.innerText()).includes(caller.name ?? caller.externalId));

    await follow(page, () => page.getByRole("button", { name: "Undocumented" }).click());
    assert.match(await table.innerText(), /\/api\/flaky/);
    await page.reload();
    await settled(page);
    assert.match(await table.innerText(), /\/api\/flaky/);
  }));

test("a service without a document is told how to hand one over", () =>
  use({ expected: [/404/] }, async (page) => {
    await show(page, "#/coverage?tz=UTC&refresh=off&service=nobody");
    await page.getByText("No OpenAPI document of this service").waitFor();
  }));
