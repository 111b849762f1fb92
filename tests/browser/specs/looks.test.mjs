import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { api, base, browser, settled, show } from "../browser.mjs";

const use = browser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = [
  "overview",
  "endpoints",
  "endpoint?service=shop&method=POST&endpoint=%2Fapi%2Forders",
  "endpoints?by=consumer",
  "changes?vs=previous",
  "unmatched",
  "consumers",
  "consumer?key=1",
  "consumers?key=1&status=5xx&method=GET",
  "requests",
  "requests?show=groups",
  "requests?show=search",
  "overview?vs=previous",
  "heatmap",
  "heatmap?layout=weekday&period=30d",
  "limits",
  "limits?key=1",
  "keys",
  "bill?key=1",
  "alerts",
  "alerts?edit=new",
  "objectives",
  "releases",
  "consumers?by=user",
  "consumers?by=team",
  "coverage",
  "dependencies",
  "jobs",
  "ingest",
  "billing",
  "status",
];
const link = (page) => `#/${page}${page.includes("?") ? "&" : "?"}tz=UTC&refresh=off`;

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on any page in ${colorScheme} colours`, () =>
    use({ colorScheme }, async (page) => {
      for (const each of PAGES) {
        await show(page, link(each));
        // By the debugger's door, which no policy of the page concerns.
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(
          violations.map(
            (found) =>
              `${each}: ${found.id} ${found.nodes
                .slice(0, 3)
                .map((node) => node.html.slice(0, 160))
                .join(" | ")}`,
          ),
          [],
        );
      }
    }));
}

test("the sign-in page is accessible too", () =>
  use({ signedIn: false, expected: [/401/] }, async (page) => {
    await page.goto(base());
    await page.getByLabel("Admin token").waitFor();
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(
      violations.map((found) => found.id),
      [],
    );
  }));

test("360 pixels are enough for every page", () =>
  use({ viewport: { width: 360, height: 740 } }, async (page, context) => {
    const { data } = await api(context, "GET", "api-metrics/endpoints?period=7d&limit=1000");
    const long = data.find((row) => row.endpoint.length > 1_000);
    assert.ok(long, "the store has a route of two thousand characters, which are cut");
    for (const each of [...PAGES, `endpoint?service=shop&method=GET&endpoint=${encodeURIComponent(long.endpoint)}`]) {
      await show(page, link(each));
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 360, `${each} is ${width} pixels wide`);
    }
    // A menu that is wider than the screen shows where one is.
    await show(page, link("status"));
    const entry = await page.getByRole("link", { name: "Status", exact: true }).boundingBox();
    assert.ok(entry.x >= 0 && entry.x + entry.width <= 360, `${entry.x} to ${entry.x + entry.width}`);
    await show(page, link("heatmap?period=7d"));
    const frame = page.locator(".heat-frame");
    assert.ok(
      await frame.evaluate(
        (element) => element.scrollLeft > 0 && element.scrollLeft + element.clientWidth >= element.scrollWidth - 1,
      ),
      "the latest hours are seen first",
    );
    await show(page, link("overview"));
    await page.getByRole("button", { name: "Filters" }).click();
    await page.getByLabel("Time zone").selectOption("UTC");
  }));

test("the theme follows the system until one is chosen, and the choice is kept", () =>
  use({ colorScheme: "dark" }, async (page) => {
    await show(page);
    const shade = () =>
      page.evaluate(() => [
        document.documentElement.dataset.theme,
        getComputedStyle(document.body.parentElement).backgroundColor,
      ]);
    const [dark, darkGround] = await shade();
    assert.equal(dark, "dark");
    await page.getByRole("button", { name: "Theme: auto. Switch to light" }).click();
    const [light, lightGround] = await shade();
    assert.equal(light, "light");
    assert.notEqual(lightGround, darkGround);
    await page.reload();
    await settled(page);
    assert.equal((await shade())[0], "light");
    await page.getByRole("button", { name: /Switch to dark/ }).click();
    await page.getByRole("button", { name: /Switch to auto/ }).click();
    assert.equal((await shade())[0], "dark");
  }));

test("loading leaves everything in its place", () =>
  use({}, async (page) => {
    await page.addInitScript(() => {
      window.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    for (const each of PAGES) {
      await page.goto("about:blank");
      await show(page, link(each));
      const shift = await page.evaluate(() => window.shift);
      // A tenth is called good (web.dev/cls).
      assert.ok(shift < 0.05, `${each} moved by ${shift}`);
    }
  }));
