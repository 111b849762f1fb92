// How the page stands and reads: one edge, no jumps, charts by keyboard, scanners apart, bytes and times.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, follow, settled, show } from "../browser.mjs";

const use = browser();

for (const width of [390, 1440, 2560]) {
  test(`everything begins at one left edge at ${width} pixels, and the toolbar does not jump`, () =>
    use({ viewport: { width, height: 900 } }, async (page) => {
      await show(page, "#/overview?tz=UTC&refresh=off");
      const edges = () =>
        page.evaluate(() => {
          const left = (selector) => {
            const element = document.querySelector(selector);
            const style = getComputedStyle(element);
            return Math.round(element.getBoundingClientRect().left + Number.parseFloat(style.paddingLeft));
          };
          // On a phone the scope goes on where the toolbar ends.
          const bars = [".top", ".toolbar", ".scope-bar", ".now", ".coverage", "main", ".foot"];
          return bars.filter((bar) => bar !== ".scope-bar" || window.innerWidth > 760).map(left);
        });
      assert.equal(new Set(await edges()).size, 1, `${await edges()}`);
      const top = async () => (await page.locator(".toolbar").boundingBox()).height;
      const before = await top();
      await follow(page, () =>
        page.evaluate(() => {
          window.location.hash = `${window.location.hash}&from=2026-11-29T10:00:00Z&to=2026-11-29T12:00:00Z`;
        }),
      );
      assert.equal(await top(), before, "a range of one's own stands elsewhere");
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    }));
}

test("the head of a phone's page has two lines, and every control is still there", () =>
  use({ viewport: { width: 390, height: 800 } }, async (page) => {
    await show(page, "#/overview?tz=UTC&refresh=off&method=GET&from=2026-11-29T06:00:00Z&to=2026-11-29T12:00:00Z");
    const boxes = () =>
      page.evaluate(() =>
        [".top", ".controls"].map((bar) => {
          const { top, bottom, width } = document.querySelector(bar).getBoundingClientRect();
          return [top, bottom, width].map(Math.round);
        }),
      );
    const [menu, controls] = await boxes();
    assert.ok(menu[1] - menu[0] <= 50 && controls[1] - controls[0] <= 50, `${menu} ${controls}`);
    assert.ok(controls[1] <= 100 && controls[2] <= 390, `${controls}`);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    // Each can be scrolled to.
    const buttons = ["24h", "Custom", "Earlier", "Later", "Filters (1)", "Reset", "Add filter", "Copy link"];
    for (const name of [...buttons, "Remove the filter Method: GET"]) {
      const button = page.locator(".controls").getByRole("button", { name, exact: true });
      await button.scrollIntoViewIfNeeded();
      const box = await button.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 390 && box.y <= 100, `${name}: ${JSON.stringify(box)}`);
    }
    const compare = page.getByLabel("Compare with");
    await compare.scrollIntoViewIfNeeded();
    assert.ok((await compare.boundingBox()).x <= 390);
    // What folds opens below, whole, and closes again.
    await page.getByRole("button", { name: "Filters (1)" }).click();
    for (const label of ["Service", "Environment", "Time zone", "Refresh"]) {
      const box = await page.locator(".filters").getByLabel(label, { exact: true }).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 390, `${label}: ${JSON.stringify(box)}`);
    }
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    await page.getByRole("button", { name: "Filters (1)" }).click();
    assert.ok((await boxes())[1][1] <= 100);
    for (const title of ["Overview", "Alerts", "Status"]) {
      const link = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: title });
      await link.scrollIntoViewIfNeeded();
      const box = await link.boundingBox();
      assert.ok(box.x >= 0 && box.x < 390 && box.y < 50, `${title}: ${JSON.stringify(box)}`);
    }
  }));

test("a chart is read and zoomed by keyboard alone", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC&refresh=off&from=2026-11-29T06:00:00Z&to=2026-11-29T12:00:00Z");
    const plot = page.locator('[data-chart="latency"] .plot-canvas');
    await plot.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    const text = await plot.getAttribute("aria-valuetext");
    assert.match(text, /29 Nov, 06:05 – 06:10, p50 .* p95 .* p99/);
    await page.waitForSelector('[data-chart="latency"] .tip');
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    assert.equal(await page.locator('[data-chart="latency"] .plot-brush').isVisible(), true);
    await follow(page, () => page.keyboard.press("Enter"));
    assert.match(page.url(), /from=2026-11-29T06%3A05%3A00Z&to=2026-11-29T06%3A20%3A00Z/);
  }));

test("p99 that flattens p50 is drawn on a logarithmic axis, which can be switched and is in the address", () =>
  use({}, async (page) => {
    await page.route(/api-metrics\?(?!.*groupBy)/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      for (const [n, row] of (body.data ?? []).entries())
        Object.assign(row, { p50Ms: 5, p95Ms: 20, p99Ms: n === 0 ? 9_000 : 40 });
      await route.fulfill({ response: answer, json: body });
    });
    await show(page, "#/overview?tz=UTC&refresh=off&period=6h");
    const log = page.locator('[data-chart="latency"]').getByRole("button", { name: "Log" });
    assert.equal(await log.getAttribute("aria-pressed"), "true");
    await log.click();
    assert.match(page.url(), /axis=latency-linear/);
    await page.reload();
    await settled(page);
    assert.equal(await log.getAttribute("aria-pressed"), "false");
  }));

test("names of thresholds stand below the chart and not over it", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC&refresh=off");
    const chart = page.locator('[data-chart="latency"]');
    const name = chart.locator(".chart-thresholds span").first();
    assert.match(await name.innerText(), /Slow answers: p95 over 600 ms/);
    const [text, plot] = [await name.boundingBox(), await chart.locator(".plot-canvas").boundingBox()];
    assert.ok(text.y >= plot.y + plot.height - 1, "below");
  }));

test("clocks have 24 hours whatever the language, and numbers are written as in it", () =>
  use({ locale: "en-US" }, async (page, context) => {
    await show(page, "#/overview?tz=UTC&from=2026-11-29T15:00:00Z&to=2026-11-29T18:00:00Z&refresh=off");
    assert.match(await page.locator(".range-text").innerText(), /Nov 29, 15:00 – Nov 29, 18:00/);
    await page.getByRole("button", { name: "Custom" }).click();
    assert.equal(await page.getByLabel("To", { exact: true }).inputValue(), "2026-11-29 18:00");
    assert.doesNotMatch(await page.locator("body").innerText(), /\d (AM|PM)\b/);
    assert.ok(context);
  }));

test("a German browser writes decimals with a comma everywhere", () =>
  use({ locale: "de-DE" }, async (page) => {
    // The page's own answer: traffic goes on, and another would be of a moment later.
    const answered = page.waitForResponse(/api-metrics\/summary\?.*period=7d/);
    await show(page, "#/overview?tz=UTC&period=7d&refresh=off");
    const { errorRate } = await (await answered).json();
    const shown = await page.locator('[data-tile="Error rate"] .tile-value').innerText();
    assert.equal(Number(shown.replace("%", "").replace(",", ".")).toFixed(1), errorRate.toFixed(1));
    assert.ok(shown.includes(","), shown);
  }));

test("scanners stand apart from errors: a second rate, a scale of colours without them, and a page of their own", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&period=24h&refresh=off");
    const summary = await api(context, "GET", "api-metrics/summary?period=24h");
    const { data } = await api(context, "GET", "api-metrics/endpoints?period=24h&limit=1000");
    const lost = data.filter((row) => row.endpoint === "<unmatched>");
    const sum = (of) => lost.reduce((all, row) => all + of(row), 0);
    const errors =
      summary.errorCount4xx + summary.errorCount5xx - sum((row) => (row.errorRate * row.requestCount) / 100);
    const rate = (100 * errors) / (summary.totalRequests - sum((row) => row.requestCount));
    const link = page.getByRole("link", { name: /without unmatched/ });
    const shown = Number((await link.innerText()).split("%")[0]);
    // Traffic goes on while both are asked.
    assert.ok(Math.abs(shown - rate) < 0.2, `${shown} ${rate}`);
    await follow(page, () => link.click());
    await page.getByRole("heading", { name: "Requests that no route matched" }).waitFor();
    const service = new URL(base()).origin;
    await context.request.get(`${service}/.env.backup-of-a-scanner`);
    await page.waitForFunction(
      async () => {
        const again = [...document.querySelectorAll("button")].find((button) => button.title === "Refresh now");
        again?.click();
        const sources = document.querySelectorAll('section[aria-label="Sources"] tbody tr');
        return document.body.innerText.includes("/.env.backup-of-a-scanner") && sources.length > 0;
      },
      null,
      { polling: 1_000 },
    );
    await show(page, "#/heatmap?tz=UTC&period=24h&metric=errors&refresh=off");
    const legend = await page.locator(".heat-legend").getAttribute("aria-label");
    assert.match(legend, /Color scale from 0 to/);
  }));

test("at most 200 KB of script arrive, compressed, before the charts", () =>
  use({}, async (_page, context) => {
    const root = await (await context.request.get(base())).text();
    const files = [...root.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, file]) => file);
    assert.ok(files.length > 0);
    let bytes = 0;
    for (const file of files) {
      const answer = await context.request.get(`${base()}${file}`, { headers: { "accept-encoding": "br" } });
      bytes += Number(answer.headers()["content-length"]);
      assert.doesNotMatch(file, /echarts/);
    }
    assert.ok(bytes > 0 && bytes <= 200 * 1024, `${bytes} bytes`);
  }));

for (const many of [100, 2_000]) {
  test(`with ${many} consumers every page can be used within a second of its answers`, () =>
    use({}, async (page, context) => {
      const copies = (data, of) => Array.from({ length: many }, (_, n) => of({ ...data[n % data.length] }, n + 1));
      await page.route(/(api-metrics\/(keys|limits|rate-limits|quotas)|api-keys)\?/, async (route) => {
        const answer = await route.fetch();
        const body = await answer.json();
        if (!body.data?.length) return route.fulfill({ response: answer, json: body });
        body.data = copies(body.data, (row, n) => ({
          ...row,
          ...(row.apiKeyId === undefined ? { id: n } : { apiKeyId: n }),
          externalId: `consumer-${n}`,
          name: null,
        }));
        body.nextCursor = null;
        return route.fulfill({ response: answer, json: body });
      });
      // Of the processor and not of the clock: the machine may be busy with a build.
      const debug = await context.newCDPSession(page);
      await debug.send("Performance.enable", { timeDomain: "threadTicks" });
      const worked = async () => {
        const { metrics } = await debug.send("Performance.getMetrics");
        const of = (name) => metrics.find((metric) => metric.name === name).value;
        return 1_000 * (of("ScriptDuration") + of("LayoutDuration") + of("RecalcStyleDuration"));
      };
      for (const each of [
        "overview",
        "consumers",
        "limits",
        "keys",
        "alerts",
        "billing",
        "changes?vs=previous",
        "endpoints?by=consumer",
      ]) {
        const before = await worked();
        await show(page, `#/${each}${each.includes("?") ? "&" : "?"}tz=UTC&refresh=off&key=7`);
        const busy = (await worked()) - before;
        assert.ok(busy < 1_000, `${each} took ${busy} ms`);
      }
      await show(page, "#/consumers?tz=UTC&refresh=off");
      const found = page.getByRole("region", { name: "Consumers", exact: true });
      const before = await worked();
      await found.getByRole("searchbox").fill(`consumer-${many}`);
      await found.getByText(`consumer-${many}`, { exact: true }).waitFor();
      assert.ok((await worked()) - before < 1_000, "a search");
    }));
}
