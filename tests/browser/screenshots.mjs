// Takes the pictures of the documentation from a running dashboard:
//   DASHBOARD_URL=http://127.0.0.1:3000/admin/ DASHBOARD_TOKEN=... node tests/browser/screenshots.mjs docs/images
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { base, launch, settled, token } from "./browser.mjs";

const folder = process.argv[2] ?? "docs/images";
mkdirSync(folder, { recursive: true });

/** Full pages are as high as their content; phone pictures show one screen. */
const WIDE = { viewport: { width: 1440, height: 400 }, fullPage: true };
const PHONE = { viewport: { width: 360, height: 760 }, deviceScaleFactor: 2 };
const shots = [
  ["overview-light", "#/overview?tz=UTC", { ...WIDE, colorScheme: "light" }],
  ["overview-dark", "#/overview?tz=UTC", { ...WIDE, colorScheme: "dark" }],
  ["endpoints", "#/endpoints?tz=UTC", { ...WIDE, colorScheme: "light" }],
  [
    "endpoint",
    "#/endpoint?tz=UTC&service=shop&method=POST&endpoint=%2Fapi%2Forders&period=6h",
    { ...WIDE, colorScheme: "light" },
  ],
  ["heatmap-weekday", "#/heatmap?tz=UTC&period=30d&layout=weekday", { ...WIDE, colorScheme: "light" }],
  ["heatmap-endpoints", "#/heatmap?tz=UTC&period=7d&scale=log", { ...WIDE, colorScheme: "dark" }],
  ["consumer", "#/consumer?tz=UTC&key=partner-sync", { ...WIDE, colorScheme: "dark" }],
  ["limits", "#/limits?tz=UTC&period=6h&key=render-farm", { ...WIDE, colorScheme: "light" }],
  ["alerts", "#/alerts?tz=UTC", { ...WIDE, colorScheme: "light" }],
  ["alert-form", "#/alerts?tz=UTC&edit=Orders fail", { viewport: { width: 1440, height: 860 }, colorScheme: "dark" }],
  ["requests", "#/requests?tz=UTC&period=1h", { viewport: { width: 1440, height: 860 }, colorScheme: "light" }],
  ["request-groups", "#/requests?tz=UTC&period=1h&show=groups", { ...WIDE, colorScheme: "dark" }],
  ["incident", "#/incident/event=Orders fail&tz=UTC", { ...WIDE, colorScheme: "light" }],
  ["jobs", "#/jobs?tz=UTC", { ...WIDE, colorScheme: "light" }],
  ["billing", "#/billing?tz=UTC", { ...WIDE, colorScheme: "light" }],
  ["objectives", "#/objectives?tz=UTC", { ...WIDE, colorScheme: "light" }],
  ["changes", "#/changes?tz=UTC&period=6h", { ...WIDE, colorScheme: "light" }],
  ["status", "#/status?tz=UTC", { ...WIDE, colorScheme: "dark" }],
  ["phone-light", "#/overview?tz=UTC", { ...PHONE, colorScheme: "light" }],
  ["phone-dark", "#/overview?tz=UTC", { ...PHONE, colorScheme: "dark" }],
  ["phone-alerts", "#/alerts?tz=UTC", { ...PHONE, colorScheme: "light" }],
];
/** Replaces the names of consumers and rules in a link by their ids, which differ between stores. */
const numbered = async (context, fragment) => {
  let link = fragment;
  for (const [name, path, label] of [
    ["key", "api-keys", "externalId"],
    ["edit", "api-alerts", "name"],
  ]) {
    const [whole, wanted] = new RegExp(`\\b${name}=([^&]+)`).exec(link) ?? [];
    if (!whole) continue;
    const { data } = await (await context.request.get(`${base()}${path}`)).json();
    link = link.replace(whole, `${name}=${data.find((each) => each[label] === wanted)?.id}`);
  }
  // The longest event of the day by its rule's name.
  const [whole, rule] = /event=([^&]+)&/.exec(link) ?? [];
  if (whole) {
    const { data } = await (await context.request.get(`${base()}api-alerts/events?limit=50`)).json();
    const length = (event) => Date.parse(event.resolvedAt ?? new Date()) - Date.parse(event.firedAt);
    const events = data.filter((event) => event.name === rule).sort((a, b) => length(b) - length(a));
    link = link.replace(whole, `${events[0]?.id}?`);
  }
  return link;
};

const wanted = process.argv.slice(3);

const browser = await launch();
try {
  for (const [name, fragment, { fullPage = false, ...options }] of shots) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const context = await browser.newContext({ deviceScaleFactor: 1, reducedMotion: "reduce", ...options });
    await context.request.post(`${base()}session`, { data: { token: token() } });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") console.error(name, message.text());
    });
    page.on("pageerror", (error) => console.error(name, error));
    await page.goto(`${base()}${await numbered(context, fragment)}`);
    await settled(page);
    if (name === "alert-form") {
      await page.locator(".dry-run-result").waitFor();
    }
    // The live figures arrive with the first event.
    await page.waitForSelector('.now[data-live="live"]');
    // A page that scrolled by itself would be partly under the toolbar.
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
    console.log(name);
    await context.close();
  }
} finally {
  await browser.close();
}
