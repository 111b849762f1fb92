import assert from "node:assert/strict";
import { test } from "node:test";
import { base, browser, settled, show, token } from "../browser.mjs";

const use = browser();
// What the API refuses is an error to the browser's console too.
const refused = [/Failed to load resource.*401/];

test("without a session the page asks for the token, refuses a wrong one and takes the right one", () =>
  use({ signedIn: false, expected: refused }, async (page) => {
    await page.goto(base());
    const field = page.getByLabel("Admin token");
    await field.waitFor();
    assert.equal(
      await field.evaluate((element) => element === document.activeElement),
      true,
      "the field has the focus",
    );
    await field.fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("this is not the admin token").waitFor();
    assert.equal(await page.getByRole("navigation").count(), 0);
    await field.fill(token());
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await settled(page);
  }));

test("a link to a view survives the sign-in", () =>
  use({ signedIn: false, expected: refused }, async (page) => {
    await page.goto(`${base()}#/endpoints?period=6h&tz=UTC`);
    await page.getByLabel("Admin token").fill(token());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("region", { name: "Endpoints", exact: true }).waitFor();
    assert.equal(await page.getByRole("button", { name: "6h" }).getAttribute("aria-pressed"), "true");
  }));

test("signing out ends the session here and for the API", () =>
  use({ expected: refused }, async (page, context) => {
    await show(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Admin token").waitFor();
    assert.equal(await page.getByText("You were signed out").count(), 0, "nothing is kept");
    assert.equal((await context.request.get(`${base()}api-metrics/summary`)).status(), 401);
  }));

test("the page answers with and without a slash and loads nothing from elsewhere", () =>
  use({}, async (page) => {
    await page.goto(`${base().replace(/\/$/, "")}#/status`);
    await page.getByRole("region", { name: "Store" }).waitFor();
  }));

test("the page's policy lets nothing inline and nothing foreign in, and files are kept for ever", () =>
  use({}, async (_page, context) => {
    const root = await context.request.get(base());
    const policy = root.headers()["content-security-policy"];
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(part), policy);
    assert.ok(!policy.includes("unsafe"), policy);
    const file = (await root.text()).match(/assets\/index-[\w-]+\.js/)[0];
    const script = await context.request.get(`${base()}${file}`, { headers: { "accept-encoding": "br" } });
    assert.equal(script.headers()["content-encoding"], "br");
    assert.match(script.headers()["cache-control"], /immutable/);
    assert.equal((await context.request.get(`${base()}assets/none.js`)).status(), 404);
  }));
