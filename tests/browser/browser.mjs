// One Chromium per test file and one fresh context per test. Every test fails on a console error, a violation of
// the content security policy, or a request to another origin.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const need = (name) => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: these tests are run by \`cargo test -p api-metrics-tests --test browser\``);
  return value;
};

export const base = () => need("DASHBOARD_URL");
export const token = () => need("DASHBOARD_TOKEN");

// The first has no window, not even a hidden one, and takes half the processor time.
const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
];

export const launch = () => {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  assert.ok(executablePath, "no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its path");
  const args = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Connections of WebRTC within one page: names of hosts need a multicast that containers lack.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
  ];
  // Chromium cannot use its sandbox as root.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  return chromium.launch({ executablePath, headless: true, args });
};

/** Returns `use(options, body)`, which runs `body(page, context)` and then checks for errors. */
export const browser = () => {
  let running;
  before(async () => {
    running = await launch();
  });
  after(async () => {
    await running?.close();
  });

  return async (options, body) => {
    const { signedIn = true, expected = [], ...context } = options;
    const opened = await running.newContext({
      viewport: { width: 1440, height: 900 },
      timezoneId: "Europe/Berlin",
      locale: "en-GB",
      ...context,
    });
    // The machine may be busy with a build.
    opened.setDefaultTimeout(90_000);
    const page = await opened.newPage();
    const errors = [];
    const allowed = (text) => expected.some((pattern) => pattern.test(text));
    page.on("console", (message) => {
      const text = `${message.type()}: ${message.text()} (${message.location().url})`;
      if (message.type() === "error" && !allowed(text)) errors.push(text);
    });
    page.on("pageerror", (error) => errors.push(`uncaught: ${error.stack ?? error}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(new URL(base()).origin) && !url.startsWith("data:") && !url.startsWith("blob:"))
        errors.push(`request to another origin: ${url}`);
    });
    await page.addInitScript(() => {
      window.violations = [];
      // The fragment that the page has rendered.
      const shown = () =>
        setTimeout(() => {
          window.shown = window.location.hash;
        });
      window.shown = window.location.hash;
      window.addEventListener("hashchange", shown);
      const replace = window.history.replaceState;
      window.history.replaceState = function (...values) {
        replace.apply(this, values);
        shown();
      };
      document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    try {
      if (signedIn) {
        const answer = await opened.request.post(`${base()}session`, { data: { token: token() } });
        assert.equal(answer.status(), 200, await answer.text());
      }
      await body(page, opened);
      if (!page.isClosed() && page.url().startsWith("http")) {
        const violations = await page.evaluate(() => window.violations);
        assert.deepEqual(violations, [], "violations of the content security policy");
      }
      assert.deepEqual(errors, [], "errors during the test");
    } catch (error) {
      const folder = process.env.BROWSER_TRACE;
      if (folder && !page.isClosed()) await page.screenshot({ path: `${folder}/failed-${Date.now()}.png` });
      throw error;
    } finally {
      await opened.close();
    }
  };
};

/** Opens a page of the dashboard and waits until its data is shown. */
export const show = async (page, fragment = "#/overview") => {
  await page.goto(`${base()}${fragment}`);
  await settled(page);
};

/** Waits until loading is over: no skeleton, no stale or busy part, every chart drawn. */
export const settled = (page) =>
  page.waitForFunction(
    () =>
      (window.shown ?? window.location.hash) === window.location.hash &&
      document.querySelector("main") &&
      !document.querySelector(".skeleton, [data-stale='true'], [aria-busy='true']") &&
      [...document.querySelectorAll(".plot-canvas, .heat-inner canvas")].every(
        (canvas) => canvas.dataset.drawn === "true",
      ),
  );

/** Runs `act`, which opens another view, and waits until that is shown. */
export const follow = async (page, act) => {
  const before = page.url();
  await act();
  await page.waitForURL((url) => url.href !== before);
  await settled(page);
};

/** Waits for what the page compares its requests with, and checks that it is these. */
export const comparedWith = async (page, requests) => {
  const tile = page.locator('[data-tile="Requests"]', { hasText: "vs. " });
  const text = (await tile.innerText()).replaceAll(",", "");
  assert.match(text, new RegExp(`vs\\. ${requests}\\b`));
};

/** Calls the API with the admin token. */
export const api = async (context, method, path, data) => {
  const answer = await context.request.fetch(`${base()}${path}`, {
    method,
    headers: { authorization: `Bearer ${token()}` },
    ...(data === undefined ? {} : { data }),
  });
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
};

/** The API key with this external id. */
export const ofKey = async (context, name) => {
  const { data } = await api(context, "GET", "api-keys?limit=1000");
  const found = data.find((key) => key.externalId === name);
  assert.ok(found, `${name} is none of ${data.map((key) => key.externalId)}`);
  return found;
};

/** The hours around the planted incident: few orders are enough to fire their rule, and slow answers are not. */
export const incident = async (context) => {
  const { data } = await api(context, "GET", "api-alerts/events?limit=200");
  const found = data.filter((event) => event.name === "Slow answers" && event.resolvedAt);
  const length = (event) => Date.parse(event.resolvedAt) - Date.parse(event.firedAt);
  const [event] = found.sort((a, b) => length(b) - length(a));
  const hour = 3_600_000;
  const from = Math.floor(Date.parse(event.firedAt) / hour) * hour;
  const iso = (at) => new Date(at).toISOString().replace(".000Z", "Z");
  return { from: iso(from - hour), to: iso(from + hour) };
};
