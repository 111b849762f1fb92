// What a page says about its figures: as of when, what is stale, approximate, missing or unknown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { base, browser, settled, show } from "../browser.mjs";

const use = browser();
const line = (page) => page.locator(".coverage");
const isDim = () => document.querySelector("main")?.dataset.dim === "true";

test("every page says as of when its figures are", () =>
  use({}, async (page) => {
    for (const name of [
      "overview",
      "endpoints",
      "consumers",
      "heatmap",
      "heatmap?layout=weekday&period=7d",
      "limits",
      "billing",
      "bill?key=1",
    ]) {
      await show(page, `#/${name}${name.includes("?") ? "&" : "?"}tz=UTC&refresh=off`);
      await page.waitForFunction(() =>
        /^As of \d+ \w+ \d{4}.*\d\d:\d\d:\d\d/.test(document.querySelector(".coverage")?.textContent ?? ""),
      );
    }
  }));

test("a page without a connection dims within ten seconds, says since when, and recovers", () =>
  use(
    { expected: [/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|Failed to load resource/] },
    async (page, context) => {
      await show(page, "#/overview?refresh=5s&tz=UTC");
      await page.waitForSelector('.now[data-live="live"]');
      // By the page's own clock: when a request first failed, and when the figures dimmed.
      await page.evaluate(() => {
        const fetched = window.fetch;
        window.fetch = (...of) =>
          fetched(...of).catch((error) => {
            window.failedAt ??= performance.now();
            throw error;
          });
        const main = document.querySelector("main");
        new MutationObserver(() => {
          if (main.dataset.dim === "true") window.dimAt ??= performance.now();
        }).observe(main, { attributes: true, attributeFilter: ["data-dim"] });
      });
      await context.setOffline(true);
      await page.waitForFunction(isDim);
      const { failedAt, dimAt } = await page.evaluate(() => ({ failedAt: window.failedAt, dimAt: window.dimAt }));
      assert.ok(failedAt > 0 && dimAt - failedAt <= 10_000, `failed at ${failedAt}, dim at ${dimAt}`);
      await page.waitForFunction(() => /Stale: last read at /.test(document.querySelector(".coverage")?.textContent));
      // It may be on its way there.
      await page.waitForFunction(() => getComputedStyle(document.querySelector("main")).opacity < 1);
      await context.setOffline(false);
      await page.waitForFunction(() => document.querySelector("main")?.dataset.dim === "false");
      await page.waitForSelector('.now[data-live="live"]');
      await page.waitForFunction(() => /^As of /.test(document.querySelector(".coverage")?.textContent));
    },
  ));

test("a stream that dies without a word dims the page within its time, and is opened anew", () =>
  use({}, async (page) => {
    // The first connection stays open and says nothing any more, as one does whose peer is gone.
    await page.addInitScript(() => {
      const { EventSource } = window;
      window.streams = 0;
      window.EventSource = class extends EventSource {
        constructor(...of) {
          super(...of);
          window.streams += 1;
          this.first = window.streams === 1;
        }
        addEventListener(name, listener) {
          super.addEventListener(name, (event) => {
            if (this.first && window.silentSince !== undefined) return;
            window.heardAt = performance.now();
            listener(event);
          });
        }
      };
    });
    await show(page, "#/overview?refresh=live&tz=UTC");
    await page.waitForSelector('.now[data-live="live"]');
    await page.evaluate(() => {
      const main = document.querySelector("main");
      new MutationObserver(() => {
        if (main.dataset.dim === "true") window.dimAfter ??= performance.now() - window.heardAt;
      }).observe(main, { attributes: true, attributeFilter: ["data-dim"] });
      window.silentSince = performance.now();
    });
    await page.waitForFunction(() => window.dimAfter !== undefined);
    // Two updates of five seconds are missing; the rest is the page's own slowness.
    const after = await page.evaluate(() => window.dimAfter);
    assert.ok(after >= 9_000 && after <= 15_000, `dim ${after} ms after the last event`);
    await page.waitForFunction(() => window.streams === 2 && document.querySelector("main")?.dataset.dim === "false");
    await page.waitForSelector('.now[data-live="live"]');
  }));

test("an unreachable store keeps what was known, and says since when it is", () =>
  use({ expected: [/503/] }, async (page) => {
    let down = false;
    const since = "2026-01-05T10:00:08Z";
    await page.route(/api-status$/, async (route) => {
      const answer = await route.fetch();
      const status = await answer.json();
      if (!down) return route.fulfill({ json: status });
      const store = { ...status.store, reachable: false, unreachableSince: since, error: "no answer" };
      return route.fulfill({ json: { ...status, store, instances: [] } });
    });
    await page.route(/api-metrics(\/|\?)/, (route) =>
      down && !route.request().url().includes("/stream")
        ? route.fulfill({
            status: 503,
            contentType: "application/problem+json",
            json: { type: "urn:api-metrics:store-unavailable", title: "Store unavailable", status: 503 },
          })
        : route.continue(),
    );
    await show(page, "#/status?refresh=5s&tz=UTC");
    const known = await page.locator("[aria-label=Instances] tbody tr").count();
    assert.ok(known > 0);
    down = true;
    await page.waitForFunction(isDim);
    await page.getByText(/unknown: store unreachable since 5 Jan 2026.*10:00:08/).waitFor();
    assert.equal(await page.locator("[aria-label=Instances] tbody tr").count(), known, "they are not forgotten");
    assert.equal(await page.getByText(/0 live of 0/).count(), 0);
    assert.match(await line(page).innerText(), /store unreachable since 5 Jan 2026/);
    down = false;
    await page.waitForFunction(() => document.querySelector("main")?.dataset.dim === "false");
  }));

test("a healthy page is never dim", () =>
  use({}, async (page) => {
    await show(page, "#/overview?refresh=5s&tz=UTC");
    await page.evaluate(() => {
      window.dimmed = 0;
      const main = document.querySelector("main");
      new MutationObserver(() => {
        if (main.dataset.dim === "true") window.dimmed += 1;
      }).observe(main, { attributes: true, attributeFilter: ["data-dim"] });
    });
    for (let refreshes = 0; refreshes < 3; refreshes += 1) {
      const before = await line(page).innerText();
      await page.waitForFunction((then) => document.querySelector(".coverage")?.textContent !== then, before);
    }
    assert.equal(await page.evaluate(() => window.dimmed), 0);
  }));

test("an unknown endpoint or consumer is not found, and shows no zeros", () =>
  use({ expected: [/404/] }, async (page) => {
    for (const name of ["endpoint?method=GET&endpoint=/no/such/thing", "consumer?key=987654"]) {
      await page.goto(`${base()}#/${name}&tz=UTC&refresh=off`);
      await page.getByText("Not found", { exact: true }).waitFor();
      assert.equal(await page.locator("[data-chart]").count(), 0);
      assert.equal(await page.getByLabel("Totals").count(), 0);
    }
  }));

test("the heatmap asks for the rows that it draws and hatches what nobody recorded", () =>
  use({}, async (page) => {
    const asked = [];
    page.on("request", (request) => {
      if (/api-metrics\?/.test(request.url()) && /groupBy=service%2Cmethod/.test(request.url()))
        asked.push(new URL(request.url()).searchParams.get("top"));
    });
    // The seeded shop is eight days old.
    await show(page, "#/heatmap?period=30d&tz=UTC&refresh=off");
    assert.ok(asked.length > 0 && asked.every((top) => top === "40"), `${asked}`);
    await page.locator(".heat-legend .heat-unknown").waitFor();
    await page.getByRole("button", { name: "Table" }).click();
    await settled(page);
    const cells = await page.locator(".heat-table tbody tr").first().locator("td").allInnerTexts();
    assert.ok(cells.length > 0 && cells.every((text) => text === "unknown"), `${cells}`);
  }));

test("daily cost has its dates in every zone", () =>
  use({}, async (page) => {
    const dates = {};
    for (const zone of ["UTC", "Asia/Kolkata", "America/New_York"]) {
      await show(page, `#/billing?tz=${zone}&refresh=off&table=cost`);
      dates[zone] = (await page.locator('[data-chart="cost"] tbody th').allInnerTexts()).map((text) =>
        text.replace(/\s*\(.*/, "").trim(),
      );
      assert.match(dates[zone].at(-1), /^\w{3}, 1 \w{3} \d{4}$/, zone);
    }
    assert.deepEqual(dates["Asia/Kolkata"], dates.UTC);
    assert.deepEqual(dates["America/New_York"], dates.UTC);
  }));

test("days that are cut otherwise than in the zone are said to be approximate", () =>
  use({}, async (page) => {
    await show(page, "#/overview?period=30d&tz=Asia/Kolkata&refresh=off");
    const step = await page.locator(".coverage").innerText();
    const answer = await page.evaluate(async () => {
      const url = "api-metrics?period=30d&tz=Asia/Kolkata&granularity=auto";
      return (await fetch(url)).json();
    });
    assert.equal(/Approximate/.test(step), answer.approximate, `${step} ${answer.axis.alignment}`);
  }));
