// Takes the pictures of the documentation from a running dashboard:
//   DASHBOARD_URL=http://127.0.0.1:3000/admin/ DASHBOARD_TOKEN=... node tests/browser/screenshots.mjs docs/images
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { base, launch, settled, token } from "./browser.mjs";

const folder = process.argv[2] ?? "docs/images";
mkdirSync(folder, { recursive: true });

const WIDE = { width: 1440, height: 980 };
const shots = [
  ["overview-light", "#/overview?tz=UTC", { viewport: WIDE, colorScheme: "light" }],
  ["overview-dark", "#/overview?tz=UTC", { viewport: WIDE, colorScheme: "dark" }],
  ["endpoints", "#/endpoints?tz=UTC", { viewport: WIDE, colorScheme: "light" }],
  ["endpoint", "#/endpoint?tz=UTC&service=shop&method=POST&endpoint=%2Fapi%2Forders&period=6h", { viewport: WIDE, colorScheme: "light" }],
  ["consumers", "#/consumers?tz=UTC", { viewport: WIDE, colorScheme: "dark" }],
  ["heatmap-weekday", "#/heatmap?tz=UTC&period=30d&layout=weekday", { viewport: { width: 1440, height: 560 }, colorScheme: "light" }],
  ["heatmap-endpoints", "#/heatmap?tz=UTC&period=7d&scale=log", { viewport: { width: 1440, height: 760 }, colorScheme: "dark" }],
  ["status", "#/status?tz=UTC", { viewport: WIDE, colorScheme: "dark" }],
  ["phone-light", "#/overview?tz=UTC", { viewport: { width: 360, height: 760 }, colorScheme: "light", deviceScaleFactor: 2 }],
  ["phone-dark", "#/endpoints?tz=UTC", { viewport: { width: 360, height: 760 }, colorScheme: "dark", deviceScaleFactor: 2 }],
];
const wanted = process.argv.slice(3);

const browser = await launch();
try {
  for (const [name, fragment, options] of shots) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const context = await browser.newContext({ deviceScaleFactor: 1, reducedMotion: "reduce", ...options });
    await context.request.post(`${base()}session`, { data: { token: token() } });
    const page = await context.newPage();
    page.on("console", (message) => { if (message.type() === "error") console.error(name, message.text()); });
    page.on("pageerror", (error) => console.error(name, error));
    await page.goto(`${base()}${fragment}`);
    await settled(page);
    // The live line comes with the first event.
    await page.waitForSelector('.now[data-live="live"]');
    await page.screenshot({ path: join(folder, `${name}.png`) });
    console.log(name);
    await context.close();
  }
} finally {
  await browser.close();
}
