// Measures the overview of a running dashboard, and prints the tables of docs/dashboard.md:
//   DASHBOARD_URL=http://127.0.0.1:3000/admin/ DASHBOARD_TOKEN=... node tests/browser/figures.mjs [ROUNDS]
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { base, launch, token } from "./browser.mjs";

const ROUNDS = Number(process.argv[2] ?? 15);
/** The assets that the running program was built with. */
const ASSETS = process.env.DASHBOARD_ASSETS
  ? pathToFileURL(`${process.env.DASHBOARD_ASSETS}/`)
  : new URL("../../crates/api-metrics-routes/assets/dashboard/", import.meta.url);
/** Longer than the service caches answers for ranges up to now, so that each round queries the store. */
const FORGOTTEN_MS = 11_000;

/** Records when all tiles have values and when all four charts are drawn, after the next frame. */
const watch = () => {
  window.seen = {};
  const painted = (name) =>
    requestAnimationFrame(() =>
      setTimeout(() => {
        window.seen[name] ??= performance.now();
      }),
    );
  new MutationObserver(() => {
    const values = [...document.querySelectorAll(".tile-value")];
    if (values.length === 5 && values.every((value) => !value.querySelector(".skeleton"))) painted("useful");
    const drawn = document.querySelectorAll('[data-chart] .plot-canvas[data-drawn="true"]').length;
    if (drawn === 4 && !document.querySelector(".skeleton")) painted("charts");
  }).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
};

const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(q * values.length) - 1)];
const ms = (value) => `${Math.round(value)} ms`;
const plain = (n) => n.toLocaleString("en");

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
await context.request.post(`${base()}session`, { data: { token: token() } });

/** One load; `cached` is whether the browser has the files already. */
const load = async (page, cached) => {
  const files = [];
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.setCacheDisabled", { cacheDisabled: !cached });
  devtools.on("Network.responseReceived", ({ response }) => {
    if (/\/assets\/|\/admin\/(#|$)/.test(response.url)) files.push(response.url);
  });
  await page.goto("about:blank");
  await page.goto(`${base()}#/overview?tz=UTC&refresh=off`);
  await page.waitForFunction(() => window.seen?.charts !== undefined);
  const seen = await page.evaluate(() => window.seen);
  await devtools.detach();
  return { ...seen, files };
};

const times = { cold: { useful: [], charts: [] }, again: { useful: [], charts: [] } };
let names = [];
for (const [kind, cached] of [
  ["cold", false],
  ["again", true],
]) {
  const page = await context.newPage();
  await page.addInitScript(watch);
  // The first load warms the service up and is not counted.
  for (let round = -1; round < ROUNDS; round += 1) {
    const { useful, charts, files } = await load(page, cached);
    if (round >= 0) {
      times[kind].useful.push(useful);
      times[kind].charts.push(charts);
    }
    if (kind === "cold") names = [...new Set(files.map((url) => url.split("/assets/")[1]).filter(Boolean))];
    await page.waitForTimeout(FORGOTTEN_MS);
  }
  await page.close();
}
await browser.close();

const sizeOf = (list) =>
  list.reduce(
    (sum, name) => {
      const packed = (form, compress) => {
        try {
          return readFileSync(new URL(`${name}.${form}`, ASSETS)).length;
        } catch {
          // The page itself, which is compressed when it is sent.
          return compress(readFileSync(new URL(name, ASSETS))).length;
        }
      };
      return { brotli: sum.brotli + packed("br", brotliCompressSync), gzip: sum.gzip + packed("gz", gzipSync) };
    },
    { brotli: 0, gzip: 0 },
  );

const all = readdirSync(ASSETS)
  .filter((name) => name.endsWith(".gz"))
  .map((name) => name.slice(0, -".gz".length));
const missing = names.filter((name) => !all.includes(name));
if (missing.length > 0) throw new Error(`the page that was measured is another: ${missing}`);
// The charts load in parallel with the first data and are not part of the first paint.
const charts = names.filter((name) => /^(echarts|engine|Plot)-/.test(name));
const first = ["index.html", ...names.filter((name) => !charts.includes(name))];
const rest = all.filter((name) => !names.includes(name));
const row = (what, list) => {
  const size = sizeOf(list);
  return `| ${what} | ${plain(size.brotli)} | ${plain(size.gzip)} |`;
};
const time = (what, kind) =>
  ["useful", "charts"]
    .map(
      (name) =>
        `| ${what}, ${name === "useful" ? "tiles with numbers" : "all four charts"} | ${ms(quantile(times[kind][name], 0.5))} | ${ms(quantile(times[kind][name], 0.95))} |`,
    )
    .join("\n");

console.log(`| bytes | brotli | gzip |
|---|---:|---:|
${row("page, styles, React, queries: the first paint", first)}
${row("charts, loaded in parallel with the first data", charts)}
${row("together, for the overview", [...first, ...charts])}
${row("all other pages, each loaded when it is opened", rest)}

| the overview of 24 h, ${ROUNDS} loads each | median | 95% |
|---|---:|---:|
${time("nothing cached in the browser", "cold")}
${time("opened again", "again")}`);
