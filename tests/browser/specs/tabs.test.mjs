// A browser allows six connections to an origin, for all tabs together.
import assert from "node:assert/strict";
import { test } from "node:test";
import { base, browser, settled, show } from "../browser.mjs";

const use = browser();

/** Remembers every stream that a tab opens. */
const watchStreams = (page) =>
  page.addInitScript(() => {
    const { EventSource } = window;
    window.sources = [];
    window.EventSource = class extends EventSource {
      constructor(...of) {
        super(...of);
        window.sources.push(this);
      }
    };
  });

const openIn = (page) => page.evaluate(() => window.sources.filter((source) => source.readyState !== 2).length);

const open = async (context, { withoutLocks = false } = {}) => {
  const page = await context.newPage();
  await watchStreams(page);
  if (withoutLocks)
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
  await show(page, "#/overview?tz=UTC&refresh=5s");
  return page;
};

/** Whether a tab is looked at, which a headless browser says of all. */
const hide = (page, hidden) =>
  page.evaluate(
    (state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    },
    hidden ? "hidden" : "visible",
  );

const live = (page) => page.waitForSelector('.now[data-live="live"]');
const until = async (is) => {
  for (let n = 0; n < 400; n += 1) {
    if (await is()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`never: ${is}`);
};

for (const withoutLocks of [false, true]) {
  const by = withoutLocks ? "without Web Locks, as on plain HTTP" : "by Web Locks";
  test(`seven tabs share one stream, and another takes it over when its tab goes (${by})`, () =>
    use({}, async (page, context) => {
      await page.goto(base());
      await page.close();
      const tabs = [];
      for (let n = 0; n < 7; n += 1) tabs.push(await open(context, { withoutLocks }));
      for (const tab of tabs) await live(tab);
      const counts = async (of) => Promise.all(of.map(openIn));
      await until(async () => (await counts(tabs)).reduce((sum, n) => sum + n) === 1);
      const owner = (await counts(tabs)).indexOf(1);
      const others = tabs.filter((_, n) => n !== owner);
      await tabs[owner].close();
      await until(async () => (await counts(others)).reduce((sum, n) => sum + n) === 1);
      const before = await others[0].locator(".now").getAttribute("data-as-of");
      for (const tab of others)
        await tab.waitForFunction(
          (then) => document.querySelector(".now")?.getAttribute("data-as-of") !== then,
          before,
        );
    }));
}

test("a hidden tab holds no stream and asks for nothing, and is up to date when it is looked at again", () =>
  use({}, async (first, context) => {
    await first.close();
    const page = await open(context);
    await live(page);
    assert.equal(await openIn(page), 1);
    await hide(page, true);
    await until(async () => (await openIn(page)) === 0);
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    const other = await open(context);
    await live(other);
    // Two updates of the other tab are longer than this tab's refresh.
    for (let n = 0; n < 2; n += 1) {
      const before = await other.locator(".now").getAttribute("data-as-of");
      await other.waitForFunction(
        (then) => document.querySelector(".now")?.getAttribute("data-as-of") !== then,
        before,
      );
    }
    assert.deepEqual(asked, []);
    await hide(page, false);
    await live(page);
    await until(async () => asked.some((url) => url.includes("api-metrics/summary")));
    assert.equal((await openIn(page)) + (await openIn(other)), 1);
  }));

test("a tab with a filter shows its own figures beside one without", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&refresh=5s");
    await live(page);
    const filtered = await context.newPage();
    const answer = filtered.waitForResponse(/api-metrics\/realtime\?.*apiKeyId=1/);
    await show(filtered, "#/overview?tz=UTC&refresh=5s&key=1");
    const { requestsPerSecond, asOf } = await (await answer).json();
    await filtered.waitForFunction((at) => document.querySelector(".now")?.getAttribute("data-as-of") >= at, asOf);
    assert.ok(requestsPerSecond >= 0);
    assert.match(await filtered.locator(".scope-bar .chip").innerText(), /Consumer/);
    await settled(filtered);
  }));
