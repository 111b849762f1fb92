// Anything by anything: filters as chips on every page, and endpoints by consumer beside everybody else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, follow, ofKey, settled, show } from "../browser.mjs";

const use = browser();
const chips = (page) => page.getByRole("region", { name: "Filters", exact: true }).locator(".chip");
const shown = async (page) =>
  (await chips(page).allInnerTexts()).map((text) => text.replace(/\s*×\s*$/, "").replace(/\s+/g, " "));
const requests = (page) =>
  page
    .locator('[data-tile="Requests"] .tile-value')
    .innerText()
    .then((text) => Number(text.replaceAll(",", "")));

test("a click makes a filter and stays on the page, and every page keeps it", () =>
  use({}, async (page, context) => {
    const key = await ofKey(context, "partner-sync");
    // Days that are over, since requests come in all the time.
    const day = (ago) => `${new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
    const range = `from=${day(5)}&to=${day(1)}`;
    await show(page, `#/consumers?tz=UTC&refresh=off&${range}`);
    await follow(page, () => page.getByRole("button", { name: "Filter by partner-sync" }).click());
    assert.match(page.url(), /#\/consumers\?/);
    assert.equal(await page.locator(".table-card tbody tr").count(), 1);
    for (const [name, path] of [
      ["Overview", "overview"],
      ["Endpoints", "endpoints"],
      ["Heatmap", "heatmap"],
      ["Requests", "requests"],
      ["Alerts", "alerts"],
      ["Billing", "billing"],
      ["Status", "status"],
      ["Overview", "overview"],
    ]) {
      await follow(page, () =>
        page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: false }).first().click(),
      );
      assert.match(page.url(), new RegExp(`#/${path}\\?.*key=${key.id}`));
      assert.deepEqual(await shown(page), ["Consumer partner-sync"], name);
    }
    const { totalRequests } = await api(context, "GET", `api-metrics/summary?${range}&apiKeyId=${key.id}`);
    assert.equal(await requests(page), totalRequests);
    await follow(page, () => page.getByRole("button", { name: "Remove the filter Consumer: partner-sync" }).click());
    assert.equal(await chips(page).count(), 0);
    assert.notEqual(await requests(page), totalRequests);
  }));

test("filters of different kinds hold together, and what a page has no filter for is marked", () =>
  use({}, async (page, context) => {
    await show(page, "#/endpoints?tz=UTC&refresh=off&period=7d");
    await follow(page, () => page.getByRole("button", { name: "Filter by POST /api/orders" }).first().click());
    await follow(page, () => page.getByRole("button", { name: "By consumer" }).click());
    const table = page.getByRole("region", { name: "Endpoints by consumer", exact: true });
    await follow(page, () => table.getByRole("button", { name: "Filter by mobile-app" }).click());
    assert.equal(await table.locator("tbody tr").count(), 1);
    await page.getByRole("button", { name: "Add filter" }).click();
    await page.getByLabel("Filter", { exact: true }).selectOption("Status");
    await page.getByLabel("Value").fill("5xx");
    await follow(page, () => page.getByRole("button", { name: "Add", exact: true }).click());
    assert.deepEqual((await shown(page)).sort(), [
      "Consumer mobile-app",
      "Endpoint /api/orders",
      "Method POST",
      "Service shop",
      "Status 5xx",
    ]);
    assert.equal(await page.locator('.chip[data-filter="status"]').getAttribute("data-applied"), "false");
    assert.equal(await page.locator('.chip[data-filter="key"]').getAttribute("data-applied"), "true");
    const key = await ofKey(context, "mobile-app");
    // The page's own answer: traffic goes on, and another would be of a moment later.
    const answered = page.waitForResponse(/api-metrics\/summary\?.*period=7d/);
    await follow(page, () => page.getByRole("link", { name: "Overview" }).click());
    const answer = await answered;
    assert.deepEqual(Object.fromEntries(new URL(answer.url()).searchParams), {
      apiKeyId: String(key.id),
      endpoint: "/api/orders",
      method: "POST",
      period: "7d",
      service: "shop",
    });
    assert.equal(await requests(page), (await answer.json()).totalRequests);
    await page.reload();
    await settled(page);
    assert.equal((await shown(page)).length, 5);
    await follow(page, () => page.getByRole("button", { name: "Clear filters" }).click());
    assert.equal(await chips(page).count(), 0);
  }));

test("whose calls are slower than everybody else's, and where, is two clicks away", () =>
  use({}, async (page, context) => {
    // Before the traffic of this hour, which goes on.
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const [from, to] = [hour - 6 * 86_400_000, hour - 3_600_000].map((at) => new Date(at).toISOString());
    const range = `from=${from}&to=${to}`;
    const { data } = await api(context, "GET", `api-metrics/endpoint-consumers?${range}&limit=1000`);
    const slow = data
      .filter((row) => row.requestCount >= 20 && row.othersRequestCount >= 20 && row.p95Ms && row.othersP95Ms)
      .sort((a, b) => b.p95Ms / b.othersP95Ms - a.p95Ms / a.othersP95Ms)[0];
    const times = slow.p95Ms / slow.othersP95Ms;
    await show(page, `#/endpoints?tz=UTC&refresh=off&${range}`);
    await follow(page, () => page.getByRole("button", { name: "By consumer" }).click());
    await page.getByRole("button", { name: "Slower" }).click();
    const first = page.locator(".table-card tbody tr").first();
    assert.match(await first.innerText(), new RegExp(`${times.toFixed(times < 9.95 ? 1 : 0)}×`));
    assert.equal(
      await first.locator("td").first().locator("a").innerText(),
      slow.name ?? slow.externalId ?? (slow.apiKeyId === 0 ? "Anonymous" : `Key ${slow.apiKeyId}`),
    );
    assert.ok((await first.innerText()).includes(slow.endpoint.slice(0, 40)));
  }));

test("a page about an endpoint or a consumer keeps other filters and is none itself", () =>
  use({}, async (page, context) => {
    const key = await ofKey(context, "partner-sync");
    await show(
      page,
      `#/endpoint?tz=UTC&refresh=off&period=7d&service=shop&method=GET&endpoint=%2Fapi%2Fproducts&key=${key.id}`,
    );
    assert.deepEqual(await shown(page), ["Service shop", "Consumer partner-sync"]);
    await follow(page, () => page.getByRole("link", { name: "Overview" }).click());
    assert.doesNotMatch(page.url(), /endpoint=/);
    assert.match(page.url(), new RegExp(`key=${key.id}`));
  }));

test("a page asks for nothing with a filter that its numbers do not have", () =>
  use({}, async (page) => {
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url())));
    const filters = "service=shop&protocol=grpc&method=GET&endpoint=%2Fnowhere&key=0&status=5xx";
    for (const [name, path, sent] of [
      ["dependencies", "dependencies", ["service", "apiKeyId"]],
      ["unmatched", "api-metrics", ["service", "endpoint"]],
      ["ingest", "api-metrics", ["service", "protocol"]],
    ]) {
      asked.length = 0;
      await show(page, `#/${name}?tz=UTC&refresh=off&period=7d&${filters}`);
      assert.equal(await page.locator(".state.failure").count(), 0, name);
      assert.equal(await page.getByLabel("Service", { exact: true }).inputValue(), "shop");
      const own = asked.filter(
        ({ pathname, searchParams }) =>
          pathname.endsWith(`/${path}`) && searchParams.get("groupBy") !== "service,environment",
      );
      assert.ok(own.length > 0, name);
      for (const { searchParams } of own)
        assert.deepEqual(
          ["service", "protocol", "method", "endpoint", "apiKeyId"].filter((each) => searchParams.has(each)).sort(),
          [...sent].sort(),
          name,
        );
    }
  }));

test("users and teams have the traffic of their keys, and are filters", () =>
  use({}, async (page, context) => {
    // Whole hours that are over, to which nothing is added.
    const [to, from] = [1, 97].map(
      (hours) => `${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 13)}:00:00Z`,
    );
    const range = `from=${from}&to=${to}`;
    const every = `api-metrics?${range}&granularity=none`;
    const all = (await api(context, "GET", `${every}&groupBy=user,team`)).data;
    const of = (kind, name) =>
      all.filter((row) => row[kind] === name).reduce((sum, row) => sum + row.requestCount, 0);
    await show(page, `#/consumers?tz=UTC&refresh=off&${range}`);
    for (const [kind, head, known, chip] of [
      ["user", "Users", "u-17", "Key of user u-17"],
      ["team", "Teams", "storefront", "Key of team storefront"],
    ]) {
      await follow(page, () => page.getByLabel("By", { exact: true }).selectOption(kind));
      const table = page.getByRole("region", { name: head, exact: true });
      const row = table.locator("tbody tr", { hasText: known });
      await row.waitFor();
      const counted = Number((await row.locator("td").nth(1).innerText()).replaceAll(",", ""));
      assert.equal(counted, of(`${kind}Id`, known));
      assert.ok(counted > 0);
      await follow(page, () => row.getByRole("button", { name: `Filter by ${known}` }).click());
      assert.equal(await table.locator("tbody tr").count(), 1);
      assert.deepEqual(await shown(page), [chip]);
      await follow(page, () => page.getByRole("link", { name: "Overview" }).first().click());
      assert.equal(await requests(page), counted);
      await follow(page, () =>
        page.getByRole("button", { name: `Remove the filter ${chip.replace(/ (\S+)$/, ": $1")}` }).click(),
      );
      await follow(page, () => page.getByRole("link", { name: "Consumers" }).first().click());
    }
  }));
