import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, follow, ofKey, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/limits?tz=UTC&refresh=off";
const row = (page, name) =>
  page.locator(".table-card tbody tr", { has: page.getByRole("button", { name, exact: true }) });
const cell = (page, name, head) =>
  page
    .locator(".table-card thead th")
    .allInnerTexts()
    .then((heads) =>
      row(page, name)
        .locator("td")
        .nth(heads.findIndex((text) => text.startsWith(head))),
    );

test("from a cold page it takes one click to who hits a limit today", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&refresh=off");
    // One: the page of limits.
    await follow(page, () =>
      page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Limits", exact: true }).click(),
    );
    const { data } = await api(context, "GET", "api-metrics/limits?limit=1000");
    // The seed has planted it: sixty requests in the minute of noon, of which the limit lets two through.
    const planted = data.find((each) => each.externalId === "price-watch");
    assert.match(planted.rate.busiest.at, /T1[23]:00:00Z$/);
    assert.ok(planted.rate.busiest.requests >= 60, `${planted.rate.busiest.requests}`);
    assert.ok(planted.refused >= 58, `${planted.refused}`);
    const busiest = await (await cell(page, "price-watch", "Peak minute")).innerText();
    assert.match(busiest, new RegExp(`^${planted.rate.busiest.requests}\\s+at 1[23]:00$`));
    assert.ok((await (await cell(page, "price-watch", "429s")).innerText()) >= 58);
    // No other key is so far above its limit.
    const above = ({ rate }) => (rate?.busiest ? rate.busiest.requests / rate.limit : 0);
    const [most] = [...data].sort((a, b) => above(b) - above(a));
    assert.equal(most.externalId, "price-watch");
    // Who hits a bound now, or by a forecast, is at the front.
    const times = data.map((each) => (each.hitsAt === null ? Number.POSITIVE_INFINITY : Date.parse(each.hitsAt)));
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  }));

test("a bar for each consumer with a limit says how near it is, in colour and in numbers", () =>
  use({}, async (page, context) => {
    const farm = await ofKey(context, "render-farm");
    const phone = await ofKey(context, "mobile-app");
    const before = phone.rateLimitPerMinute;
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
    const bar = (name) => row(page, name).locator(".usage").first();
    assert.equal(await bar("mobile-app").getAttribute("data-level"), "fine");
    await row(page, "render-farm").locator('.usage[data-level="bad"]').first().waitFor();
    const label = await row(page, "render-farm").getByRole("img").first().getAttribute("aria-label");
    assert.match(label, /^render-farm is at \d+ of 3 requests this minute/);
    await page
      .getByRole("region", { name: "Who hits a bound first" })
      .getByText("render-farm has reached its limit of 3 a minute")
      .waitFor();
    const { data } = await api(context, "GET", "api-metrics/limits?limit=1000");
    assert.equal(await page.locator(".table-card tbody tr").count(), data.length);
    await api(context, "PATCH", `api-keys/${farm.id}`, { rateLimitPerMinute: 60 });
    await api(context, "PATCH", `api-keys/${phone.id}`, { rateLimitPerMinute: before });
  }));

test("green ends at 60 percent, yellow at 80", () =>
  use({}, async (page) => {
    // The real answer with other paces: traffic can't be sent to a tenth of a percent.
    const paces = [0, 59.9, 60, 80, 80.1, 140];
    await page.route(/api-metrics\/limits\?/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      const of = body.data.find((each) => each.rate !== null);
      body.data = paces.map((pace, n) => ({
        ...of,
        apiKeyId: 1_000 + n,
        name: `at ${pace}`,
        rate: { ...of.rate, limit: 1_000, requestsPerMinute: 10 * pace },
      }));
      await route.fulfill({ response: answer, json: body });
    });
    await show(page, link);
    const levels = [];
    for (const pace of paces)
      levels.push(await row(page, `at ${pace}`).locator(".usage").first().getAttribute("data-level"));
    assert.deepEqual(levels, ["fine", "fine", "some", "some", "bad", "bad"]);
  }));

test("a forecast says when and by which weeks, and none is said plainly", () =>
  use({}, async (page) => {
    const noon = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, "Z");
    await page.route(/api-metrics\/limits\?/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      const of = body.data.find((each) => each.rate !== null && each.quota !== null);
      const quota = { ...of.quota, used: 400, limit: 1_000, remaining: 600, usagePercentage: 40 };
      body.data = [
        {
          ...of,
          apiKeyId: 1,
          name: "by limit",
          hitsAt: noon,
          rate: { ...of.rate, used: 0, limit: 100, forecast: { weeks: 4, at: noon, text: "" } },
          quota: { ...quota, forecast: { weeks: 4, at: null, text: "" } },
        },
        {
          ...of,
          apiKeyId: 2,
          name: "too young",
          hitsAt: null,
          rate: null,
          quota: { ...quota, forecast: { weeks: 0, at: null, text: "" } },
        },
      ];
      await route.fulfill({ response: answer, json: body });
    });
    await show(page, link);
    const first = page.getByRole("region", { name: "Who hits a bound first" });
    await first
      .getByText(
        `by limit reaches its limit of 100 a minute at ${noon.slice(11, 16)}. By the same hours of the last 4 weeks`,
      )
      .waitFor();
    assert.match(await row(page, "too young").innerText(), /No forecast yet/);
    assert.match(await row(page, "by limit").innerText(), /Not before the reset/);
  }));

test("a limit is edited in its row, with what it would have done, and taken back", () =>
  use({}, async (page, context) => {
    const key = await ofKey(context, "web-shop");
    await show(page, link);
    await page.getByRole("button", { name: "Edit bounds of web-shop" }).click();
    const form = page.getByRole("form", { name: "Bounds of web-shop" });
    const limit = form.getByLabel("Requests a minute");
    assert.equal(await limit.inputValue(), String(key.rateLimitPerMinute));
    await limit.fill("many");
    await form.getByText("A whole number, or nothing for no limit").waitFor();
    await limit.fill("5");
    const would = form.getByRole("status");
    await would.getByText(/requests? in [\d,]+ minutes? over a limit of 5/).waitFor();
    const tried = await api(context, "GET", `api-metrics/limits/${key.id}/what-if?rateLimitPerMinute=5`);
    const said = Number(/([\d,]+) requests? in/.exec(await would.innerText())[1].replaceAll(",", ""));
    assert.ok(said > 0 && said <= tried.rate.tried.requests, `${said} of ${tried.rate.tried.requests}`);
    await form.getByRole("button", { name: "Save" }).click();
    const done = page.getByText("web-shop is changed.");
    await done.waitFor();
    assert.equal((await ofKey(context, "web-shop")).rateLimitPerMinute, 5);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("web-shop is as it was before.").waitFor();
    assert.equal((await ofKey(context, "web-shop")).rateLimitPerMinute, key.rateLimitPerMinute);
    const notes = await api(context, "GET", `api-audit?subject=API%20key%20${key.id}:&limit=2`);
    assert.deepEqual(
      notes.data.map((note) => note.subject),
      [
        `API key ${key.id}: 5 to ${key.rateLimitPerMinute} a minute`,
        `API key ${key.id}: ${key.rateLimitPerMinute} to 5 a minute`,
      ],
    );
  }));

test("a key is made, changed, switched off and watched again on the page", () =>
  use({}, async (page, context) => {
    await show(page, "#/consumers?tz=UTC&refresh=off");
    await follow(page, () => page.getByRole("link", { name: "API keys", exact: true }).click());
    const text = `made-${Date.now()}`;
    await page.getByRole("button", { name: "New key" }).click();
    const form = page.getByRole("form", { name: "New API key" });
    await form.getByLabel("Text of the key").fill(text);
    await form.getByLabel("Tenant").fill("acme");
    await form.getByLabel("Quota", { exact: true }).fill("9,000");
    await form.getByLabel("Quota period").fill("2w");
    await form.getByText("month, or days such as 30d").waitFor();
    assert.equal(await form.getByRole("button", { name: "Create key" }).isDisabled(), true);
    await form.getByLabel("Quota period").fill("14d");
    await form.getByLabel("Price plan").selectOption({ label: "partner (EUR)" });
    await form.getByRole("button", { name: "Create key" }).click();
    await page.getByText(`${text} is made.`).waitFor();
    const made = await ofKey(context, text);
    assert.deepEqual([made.tenantId, made.quotaLimit, made.quotaPeriod, made.enabled], ["acme", 9_000, "14d", true]);
    assert.ok(made.pricePlanId > 0);
    await page.getByRole("button", { name: `Edit ${text}`, exact: true }).click();
    const edit = page.getByRole("form", { name: `Settings of ${text}` });
    await edit.getByLabel("Name").fill("Made here");
    await edit.getByLabel("Requests a minute").fill("70");
    await edit.getByRole("button", { name: "Save" }).click();
    await page.getByText("Made here is changed.").waitFor();
    await page.getByRole("button", { name: "Switch off Made here" }).click();
    await page.getByText("Made here is switched off").waitFor();
    const off = await ofKey(context, text);
    assert.deepEqual([off.name, off.rateLimitPerMinute, off.enabled], ["Made here", 70, false]);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("It is as it was before.").waitFor();
    assert.equal((await ofKey(context, text)).enabled, true);
    await settled(page);
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
