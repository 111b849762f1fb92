// One Chromium for a file of tests, one fresh context for each test, and what must never happen on
// any page: an error on the console, a breach of the policy, a request to elsewhere.
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

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

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
  ];
  // Chromium refuses its sandbox to root.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  return chromium.launch({ executablePath, headless: true, args });
};

/** Gives `use(options, body)`, which runs `body(page)` and then checks that nothing went wrong. */
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
    // A machine that builds meanwhile is slow, not broken.
    opened.setDefaultTimeout(90_000);
    const page = await opened.newPage();
    const wrong = [];
    const allowed = (text) => expected.some((pattern) => pattern.test(text));
    page.on("console", (message) => {
      const text = `${message.type()}: ${message.text()} (${message.location().url})`;
      if (message.type() === "error" && !allowed(text)) wrong.push(text);
    });
    page.on("pageerror", (error) => wrong.push(`uncaught: ${error.stack ?? error}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(new URL(base()).origin) && !url.startsWith("data:") && !url.startsWith("blob:"))
        wrong.push(`request to elsewhere: ${url}`);
    });
    await page.addInitScript(() => {
      window.breaches = [];
      // Which fragment the page has been told of, and has shown.
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
        window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    try {
      if (signedIn) {
        const answer = await opened.request.post(`${base()}session`, { data: { token: token() } });
        assert.equal(answer.status(), 200, await answer.text());
      }
      await body(page, opened);
      if (!page.isClosed() && page.url().startsWith("http")) {
        const breaches = await page.evaluate(() => window.breaches);
        assert.deepEqual(breaches, [], "breaches of the content security policy");
      }
      assert.deepEqual(wrong, [], "errors on the way");
    } catch (error) {
      const folder = process.env.BROWSER_TRACE;
      if (folder && !page.isClosed()) await page.screenshot({ path: `${folder}/failed-${Date.now()}.png` });
      throw error;
    } finally {
      await opened.close();
    }
  };
};

/** Opens a page of the dashboard and waits until its numbers are there. */
export const show = async (page, fragment = "#/overview") => {
  await page.goto(`${base()}${fragment}`);
  await settled(page);
};

/** Waits until nothing is loading: no skeleton, no faded or busy part, every chart drawn. */
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

/** Does what leads to another view, and waits for that. */
export const follow = async (page, act) => {
  const before = page.url();
  await act();
  await page.waitForURL((url) => url.href !== before);
  await settled(page);
};

/** Asks the API itself, as the one who holds the token. */
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

/** The consumer of this name. */
export const ofKey = async (context, name) => {
  const { data } = await api(context, "GET", "api-keys?limit=1000");
  const found = data.find((key) => key.externalId === name);
  assert.ok(found, `${name} is none of ${data.map((key) => key.externalId)}`);
  return found;
};
