import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, ofKey, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/limits?tz=UTC&refresh=off";
const row = (page, name) =>
  page.locator(".table-card tbody tr", { has: page.getByRole("button", { name, exact: true }) });

test("a bar for each consumer with a limit says how near it is, in colour and in numbers", () =>
  use({}, async (page, context) => {
    const farm = await ofKey(context, "render-farm");
    const phone = await ofKey(context, "mobile-app");
    await api(context, "PATCH", `api-keys/${phone.id}`, { rateLimitPerMinute: 1_000_000 });
    await api(context, "PATCH", `api-keys/${farm.id}`, { rateLimitPerMinute: 3 });
    const service = new URL(base()).origin;
    for (let n = 0; n < 8; n += 1)
      assert.equal(
        (
          await context.request.get(`${service}/api/users/1`, { headers: { "x-api-key": "demo-key-render" } })
        ).status(),
        200,
      );
    await show(page, link);
    assert.equal(await row(page, "mobile-app").locator(".usage").getAttribute("data-level"), "fine");
    await row(page, "mobile-app").getByText("Plenty of headroom.").waitFor();
    await row(page, "render-farm").locator('.usage[data-level="bad"]').waitFor();
    const bar = row(page, "render-farm").getByRole("img");
    assert.match(await bar.getAttribute("aria-label"), /^Key 'render-farm' is at \d+\/3 req\/min/);
    const { data } = await api(context, "GET", "api-metrics/rate-limits?limit=1000");
    assert.equal(await page.locator(".table-card tbody tr").count(), data.length);
    await api(context, "PATCH", `api-keys/${farm.id}`, { rateLimitPerMinute: 60 });
  }));

test("green ends at 60 percent, yellow at 80", () =>
  use({}, async (page) => {
    // The real answer with other paces: traffic can't be sent to a tenth of a percent.
    const paces = [0, 59.9, 60, 80, 80.1, 140];
    await page.route(/api-metrics\/rate-limits/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      body.data = paces.map((pace, n) => ({
        ...body.data[0],
        apiKeyId: 1_000 + n,
        name: `at ${pace}`,
        limit: 1_000,
        requestsPerMinute: 10 * pace,
      }));
      await route.fulfill({ response: answer, json: body });
    });
    await show(page, link);
    const levels = [];
    for (const pace of paces) levels.push(await row(page, `at ${pace}`).locator(".usage").getAttribute("data-level"));
    assert.deepEqual(levels, ["fine", "fine", "some", "some", "bad", "bad"]);
  }));

test("limits that are reached or about to be are listed first, with advice", () =>
  use({}, async (page) => {
    await page.route(/api-metrics\/rate-limits/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      const [first] = body.data;
      body.data = [
        {
          ...first,
          apiKeyId: 1,
          name: "render-farm",
          limit: 100,
          used: 82,
          utilization: 82,
          requestsPerMinute: 90,
          near: true,
          hitsInSeconds: 40,
          text: "Key 'render-farm' is at 82/100 req/min",
          forecast: "at this pace the limit is hit in 40 s",
          consistently: null,
        },
        {
          ...first,
          apiKeyId: 2,
          name: "warehouse",
          limit: 100,
          used: 100,
          utilization: 100,
          requestsPerMinute: 120,
          near: true,
          hitsInSeconds: 0,
          text: "Key 'warehouse' is at 100/100 req/min",
          forecast: "the limit is hit",
          consistently: null,
        },
        {
          ...first,
          apiKeyId: 3,
          name: "nightly",
          limit: 100,
          used: 50,
          utilization: 50,
          requestsPerMinute: 50,
          near: false,
          hitsInSeconds: null,
          text: "Key 'nightly' is at 50/100 req/min",
          forecast: null,
          consistently: { activePeriods: 40, nearPeriods: 25, share: 62.5, peak: 104 },
        },
      ];
      await route.fulfill({ response: answer, json: body });
    });
    await show(page, link);
    const near = await page.getByRole("region", { name: "Near the limit" }).locator("li").allInnerTexts();
    assert.equal(near.length, 2);
    assert.match(near[0], /Key 'render-farm' is at 82\/100 req\/min: at this pace the limit is hit in 40 s/);
    assert.match(await row(page, "warehouse").innerText(), /Limit reached\. Raise it/);
    assert.match(await row(page, "nightly").innerText(), /Near the limit in 62\.5% of its active periods/);
  }));

test("a click shows the consumer's history, with the API's own numbers and in the link", () =>
  use({}, async (page, context) => {
    await show(page, `${link}&period=6h`);
    await page.getByRole("button", { name: "partner-sync", exact: true }).click();
    const chart = page.locator('[data-chart="utilization"]');
    await chart.getByRole("heading", { name: "Utilization of partner-sync" }).waitFor();
    await settled(page);
    const key = await ofKey(context, "partner-sync");
    assert.match(page.url(), new RegExp(`key=${key.id}`));
    await chart.getByRole("button", { name: "Table" }).click();
    const shown = (await chart.locator("tbody td").allInnerTexts()).filter((text) => text !== "–");
    const { data } = await api(
      context,
      "GET",
      `api-metrics/rate-limits/${key.id}/history?period=6h&granularity=1m&limit=1000`,
    );
    assert.ok(data.length > 50, `${data.length} minutes are recorded`);
    // A minute may have ended between the two.
    assert.ok(Math.abs(shown.length - data.length) <= 2, `${shown.length} of ${data.length}`);
    const peak = Math.max(...data.map((each) => each.utilization));
    assert.ok(Math.abs(Math.max(...shown.map(Number.parseFloat)) - peak) < 0.06, `${peak}`);
    await chart.getByRole("button", { name: "Close" }).click();
    await chart.waitFor({ state: "detached" });
  }));

test("a consumer's page has its limit, quota, bill and history", () =>
  use({}, async (page, context) => {
    const key = await ofKey(context, "partner-sync");
    await show(page, `#/consumer?key=${key.id}&tz=UTC&refresh=off`);
    const quota = (await api(context, "GET", `api-metrics/quotas?apiKeyId=${key.id}`)).data[0];
    const text = await page.getByRole("region", { name: "Quota" }).innerText();
    assert.match(text, /every 7d/);
    assert.match(text, new RegExp(`of ${quota.limit.toLocaleString("en")}`));
    const used = Number(/Used\s+([\d,]+)/.exec(text)[1].replaceAll(",", ""));
    assert.ok(used > 0 && used <= quota.used, `${used} of ${quota.used}`);
    assert.match(await page.getByRole("region", { name: "Current bill" }).innerText(), /Month to date\s+EUR\s[\d.]+/);
    assert.match(
      await page.getByRole("region", { name: "Rate limit", exact: true }).innerText(),
      /This minute\s+\d+ of \d+/,
    );
    await page.getByRole("heading", { name: "Rate limit utilization" }).waitFor();
  }));
