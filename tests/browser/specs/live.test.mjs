import assert from "node:assert/strict";
import { test } from "node:test";
import { base, browser, follow, settled, show } from "../browser.mjs";

const use = browser();
const asOf = (page) => page.locator(".now").getAttribute("data-as-of");

test("a request to the service reaches the open page by itself", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?period=15m&refresh=live");
    await page.waitForSelector('.now[data-live="live"]');
    const before = await asOf(page);
    const shown = () =>
      page
        .locator('[data-tile="Requests"] .tile-value')
        .innerText()
        .then((text) => Number(text.replaceAll(",", "")));
    const earlier = await shown();
    const service = new URL(base()).origin;
    for (let n = 0; n < 25; n += 1) assert.equal((await context.request.get(`${service}/api/users/1`)).status(), 200);
    await page.waitForFunction((then) => document.querySelector(".now")?.getAttribute("data-as-of") !== then, before);
    await page.waitForFunction(
      (least) =>
        Number(document.querySelector('[data-tile="Requests"] .tile-value')?.textContent?.replaceAll(",", "")) >=
        least,
      earlier + 25,
    );
  }));

test("with refresh off, nothing is fetched", () =>
  use({}, async (page) => {
    await show(page, "#/overview?refresh=off");
    await page.getByText("Live updates off").waitFor();
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.getByRole("button", { name: "p99" }).click();
    assert.deepEqual(asked, []);
    await page.getByRole("button", { name: "Refresh now" }).click();
    await settled(page);
    assert.ok(asked.some((url) => url.includes("api-metrics/summary")));
  }));

for (const [name, period] of [
  ["5s", 5_000],
  ["30s", 30_000],
]) {
  test(`a refresh of ${name} fetches the numbers at that interval`, () =>
    use({}, async (page) => {
      await page.clock.install();
      await page.addInitScript(() => {
        window.asked = [];
        window.underway = 0;
        const fetched = window.fetch;
        window.fetch = async (...request) => {
          // Not that of the period before: it is asked for when the service's own minute is over.
          if (/api-metrics\/summary\?.*\bperiod=/.test(String(request[0]?.url ?? request[0])))
            window.asked.push(Date.now());
          window.underway += 1;
          try {
            const answer = await fetched(...request);
            await answer.clone().arrayBuffer();
            return answer;
          } finally {
            window.underway -= 1;
          }
        };
      });
      await show(page, `#/overview?refresh=${name}`);
      // From here on the page's time passes only as the test says, however long the machine takes; a minute ahead,
      // because it does not stop at a time that has passed on the way there.
      await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60_000));
      const asked = async () => {
        await page.waitForFunction(() => window.underway === 0, null, { polling: 20 });
        return page.evaluate(() => window.asked);
      };
      const already = (await asked()).length;
      let times = [];
      for (let step = 0; times.length < 3 && step < 200; step += 1) {
        await page.clock.runFor(1_000);
        times = (await asked()).slice(already);
      }
      const [first, second, third] = times;
      for (const between of [second - first, third - second]) {
        assert.ok(between >= period && between <= period + 3_000, `asked at ${times}`);
      }
    }));
}

test("an unreachable store is reported with advice, and the page recovers", () =>
  use({ expected: [/503/] }, async (page) => {
    let broken = true;
    await page.route(/api-metrics\/summary/, (route) =>
      broken
        ? route.fulfill({
            status: 503,
            contentType: "application/problem+json",
            body: JSON.stringify({
              type: "urn:api-metrics:store-unavailable",
              title: "Store unavailable",
              status: 503,
              detail: "the store does not answer",
            }),
          })
        : route.continue(),
    );
    await page.goto(`${base()}#/overview?refresh=off`);
    await page.getByText("Store unavailable").waitFor();
    await page.getByText("nothing is lost").waitFor();
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await settled(page);
    assert.equal(await page.locator(".tile").count(), 5);
  }));

test("a range without requests says so and shows the setup code", () =>
  use({}, async (page) => {
    await show(page, "#/overview?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z&tz=UTC");
    await page.getByRole("heading", { name: "No requests in this range" }).waitFor();
    // Each line on a line of its own.
    const code = await page.locator(".first-steps pre").innerText();
    assert.match(code, /\n {4}\.layer\(metrics\.layer\(\)\)\n/);
    await follow(page, () => page.getByRole("button", { name: "Show the last 30 days without filters" }).click());
    assert.equal(await page.locator("[data-chart]").count(), 4);
  }));
