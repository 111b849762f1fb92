import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { api, base, browser, follow, ofKey, settled, show } from "../browser.mjs";

const use = browser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const view = "tz=UTC&refresh=off&period=1h";
const link = (more = "") => `#/requests?${view}${more}`;
const list = (page) => page.getByRole("region", { name: "Requests", exact: true });
const rowsOf = (page) => page.locator("main tbody tr");
const drawerOf = (page) => page.getByRole("dialog", { name: "Request", exact: true });

let planted = 0;
/** A user that nobody has had before. */
const someone = () => `planted-${process.pid}-${Date.now()}-${planted++}`;

/** Orders an item of the demo's own API, as a known consumer for one of its users. */
const order = async (context, user, { item = "lamp", quantity = 0, headers = {} } = {}) => {
  const answer = await context.request.post(new URL("/api/orders", base()).href, {
    headers: { "x-api-key": "demo-key-mobile", "x-user": user, ...headers },
    data: { item, quantity },
  });
  assert.equal(answer.status(), quantity === 0 ? 422 : 201);
};

/** Waits until the log has so many requests of the user, and returns them. */
const logged = async (page, context, user, n) => {
  const until = Date.now() + 60_000;
  for (;;) {
    const { data } = await api(context, "GET", `api-requests?period=1h&limit=1000&user=${encodeURIComponent(user)}`);
    if (data.length >= n) {
      assert.equal(data.length, n, "each is kept once");
      return data;
    }
    assert.ok(Date.now() < until, `${data.length} of ${n} requests of ${user} are in the log`);
    await page.waitForTimeout(250);
  }
};

const serious = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .map((found) => `${found.id} ${found.nodes[0]?.html.slice(0, 200)}`);
};

test("a planted error is in the list with its message, consumer and user, and opens by keyboard", () =>
  use({}, async (page, context) => {
    const user = someone();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await order(context, user, { item: "red lamp 17", headers: { traceparent, "user-agent": "planted/1.0" } });
    const [request] = await logged(page, context, user, 1);
    await show(page, link(`&user=${user}`));
    const text = await rowsOf(page).innerText();
    for (const part of ["422", "/api/orders", 'the quantity of "red lamp 17" must be above 0', "mobile-app", user])
      assert.ok(text.includes(part), `${part} is not in ${text}`);
    assert.match(await list(page).innerText(), /1 request, each one kept/);
    await page.getByText("Searched to the start of the range").waitFor();

    const opener = page.locator(`[data-request="${request.id}"]`);
    await opener.focus();
    await follow(page, () => page.keyboard.press("Enter"));
    const drawer = drawerOf(page);
    await drawer.getByText("Stands for itself: all requests of this route are kept").waitFor();
    const facts = await drawer.locator(".description-list").first().innerText();
    for (const part of [request.id, "planted/1.0", user, "0af7651916cd43dd8448eb211c80319c", request.instance])
      assert.ok(facts.includes(part), `${part} is not in ${facts}`);
    const trace = drawer.getByRole("link", { name: "Open trace" });
    assert.equal(
      await trace.getAttribute("href"),
      "https://traces.example/trace/0af7651916cd43dd8448eb211c80319c?span=b7ad6b7169203331",
    );
    assert.equal(await trace.getAttribute("rel"), "noreferrer");
    assert.deepEqual(await serious(page), []);
    await follow(page, () => page.keyboard.press("Escape"));
    assert.equal(await opener.evaluate((element) => element === document.activeElement), true, "where it was before");
    await follow(page, () => page.keyboard.press("Enter"));
    // A link to it shows it; Escape leaves the list with its filters.
    await page.reload();
    await drawer.getByText("the quantity of").first().waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    assert.match(page.url(), new RegExp(`user=${user}`));
    assert.doesNotMatch(page.url(), /[?&]id=/);
  }));

test("filters are chips that the URL keeps, checked before they are sent", () =>
  use({}, async (page, context) => {
    const user = someone();
    await order(context, user, { quantity: 3 });
    await order(context, user);
    await logged(page, context, user, 2);
    await show(page, link(`&user=${user}`));
    assert.equal(await rowsOf(page).count(), 2);
    await page.getByRole("button", { name: "Add filter" }).click();
    const form = page.locator(".chip-form");
    await form.getByLabel("Filter").selectOption("Status");
    await form.getByLabel("Value").fill("seven");
    await form.getByRole("button", { name: "Add", exact: true }).click();
    await form.getByText("Enter a status such as 503, or a class such as 5xx.").waitFor();
    await form.getByLabel("Value").fill("4xx");
    await follow(page, () => form.getByRole("button", { name: "Add", exact: true }).click());
    assert.match(page.url(), /status=4xx/);
    assert.match(await rowsOf(page).innerText(), /422/);

    const key = await ofKey(context, "partner-sync");
    await page.getByRole("button", { name: "Add filter" }).click();
    await form.getByLabel("Filter").selectOption("Consumer");
    await form.getByLabel("Value").selectOption(String(key.id));
    await follow(page, () => form.getByRole("button", { name: "Add", exact: true }).click());
    await page.locator('[data-filter="key"]', { hasText: key.name ?? key.externalId }).waitFor();
    await page.getByText("No requests match in this range.").waitFor();

    const chips = page.getByRole("region", { name: "Filters", exact: true });
    await follow(page, () => chips.getByRole("button", { name: /^Remove the filter Consumer/ }).click());
    await follow(page, () => chips.getByRole("button", { name: "Remove the filter Status: 4xx" }).click());
    assert.equal(await rowsOf(page).count(), 2);
    assert.equal(await chips.locator(".chip").count(), 1);
  }));

test("a filter that is none is refused by name", () =>
  use({ expected: [/400/] }, async (page) => {
    await show(page, link("&min=abc"));
    await page
      .getByRole("alert")
      .getByText(/no number of milliseconds/)
      .waitFor();
  }));

test("what strangers write stays text, and turns no other text around", () =>
  use({}, async (page, context) => {
    let alarmed = false;
    page.on("dialog", (dialog) => {
      alarmed = true;
      void dialog.dismiss();
    });
    const user = `<i onclick=alert(1)>${someone()}`;
    const item = '<img src=x onerror=alert("x")>\u202Egnp.exe\u2066';
    await order(context, user, { item, headers: { "user-agent": "<script>alert(1)</script>" } });
    const [request] = await logged(page, context, user, 1);
    await show(page, link(`&user=${encodeURIComponent(user)}&id=${request.id}`));
    for (const part of [rowsOf(page), drawerOf(page)]) {
      const text = await part.innerText();
      assert.ok(text.includes('<img src=x onerror=alert("x")>\\u{202e}gnp.exe'), text);
      assert.doesNotMatch(text, /[\u202e\u2066]/);
    }
    assert.ok((await drawerOf(page).innerText()).includes("<script>alert(1)</script>"));
    await page.keyboard.press("Escape");
    assert.ok((await page.locator('[data-filter="user"]').innerText()).includes("<i onclick=alert(1)>"));
    await show(page, link(`&show=groups&user=${encodeURIComponent(user)}`));
    assert.ok((await rowsOf(page).innerText()).includes("<img src=x"));
    await show(
      page,
      link(`&show=search&q=${encodeURIComponent("<img src=x onerror=alert(2)>\u202e")}&version=%E2%80%AEx`),
    );
    assert.equal(await page.locator("main img, main script, main i[onclick]").count(), 0);
    assert.equal(alarmed, false);
  }));

test("errors that differ by numbers and names alone are one group, which leads to its requests", () =>
  use({}, async (page, context) => {
    const user = someone();
    for (const n of [1, 2, 3]) await order(context, user, { item: `lamp ${n}` });
    await order(context, user, { quantity: 2 });
    await logged(page, context, user, 4);
    await show(page, link(`&show=groups&user=${user}`));
    const row = rowsOf(page);
    assert.equal(await row.count(), 1, "one group");
    const text = await row.innerText();
    for (const part of ["/api/orders", "422", "New in", "invalid_quantity"]) assert.ok(text.includes(part), text);
    assert.match(text, /\t3\t/, "three requests");
    assert.equal(await row.getByRole("img", { name: "Requests over the range" }).count(), 1);
    await follow(page, () => row.getByRole("link").first().click());
    assert.equal(await rowsOf(page).count(), 3);
    // One of them names the two others.
    await follow(page, () => page.locator("[data-request]").first().click());
    const similar = drawerOf(page).getByRole("region", { name: "Similar errors" });
    await similar.getByRole("button").nth(1).waitFor();
    const first = page.url();
    await follow(page, () => similar.getByRole("button").first().click());
    assert.notEqual(page.url(), first);
  }));

test("older requests are loaded page by page, none twice", () =>
  use({}, async (page, context) => {
    const user = someone();
    for (let n = 0; n < 12; n += 1)
      await Promise.all(Array.from({ length: 10 }, () => order(context, user, { quantity: 1 })));
    await logged(page, context, user, 120);
    await show(page, link(`&user=${user}`));
    assert.equal(await rowsOf(page).count(), 100);
    assert.match(await page.locator(".searched").innerText(), /Searched back to \d+ \w+ \d{4}/);
    await page.getByRole("button", { name: "Load older" }).click();
    await page.getByText("Searched to the start of the range").waitFor();
    const ids = await page.locator("[data-request]").evaluateAll((all) => all.map((each) => each.dataset.request));
    assert.equal(new Set(ids).size, 120);
    assert.deepEqual(ids, [...ids].sort().reverse(), "the newest first");
  }));

test("a live tail shows what arrives, and says while it is paused how much waits", () =>
  use({}, async (page, context) => {
    const user = someone();
    await order(context, user, { item: "before" });
    await logged(page, context, user, 1);
    await page.goto(`${base()}${link(`&show=tail&user=${user}`)}`);
    const state = page.locator("[data-tail]");
    await page.locator('[data-tail="live"]').waitFor();
    await rowsOf(page).filter({ hasText: '"before"' }).waitFor();
    await order(context, user, { item: "during" });
    await rowsOf(page).filter({ hasText: '"during"' }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await order(context, user, { item: "held" });
    await state.getByText("Paused: 1 new").waitFor();
    assert.equal(await rowsOf(page).count(), 2);
    assert.deepEqual(await serious(page), []);
    await page.getByRole("button", { name: "Resume" }).click();
    await rowsOf(page).filter({ hasText: '"held"' }).waitFor();
    assert.match(await rowsOf(page).first().innerText(), /held/, "the latest is the first");
  }));

test("a search finds a planted error by its words, and others that are written like it", () =>
  use({}, async (page, context) => {
    const user = someone();
    await order(context, user, { item: "zirconium lamp" });
    await logged(page, context, user, 1);
    await show(page, link(`&show=search&user=${user}`));
    await page.getByRole("searchbox", { name: "Search for" }).fill("zirconium");
    await follow(page, () => page.getByRole("button", { name: "Search", exact: true }).last().click());
    assert.match(page.url(), /q=zirconium/);
    assert.match(await rowsOf(page).innerText(), /zirconium lamp/);
    await follow(page, () => page.getByRole("button", { name: "Words", exact: true }).click());
    assert.match(page.url(), /mode=words/);
    assert.match(await rowsOf(page).innerText(), /zirconium lamp[\s\S]*words/);
    await page.getByRole("searchbox", { name: "Search for" }).fill("quantitty of lamps must be abov 0");
    await follow(page, () => page.keyboard.press("Enter"));
    await page.getByText("Nothing was found in this range.").waitFor();
    await follow(page, () => page.getByRole("button", { name: "Similar", exact: true }).click());
    const row = rowsOf(page).first();
    assert.match(await row.innerText(), /the quantity of "zirconium lamp" must be above 0[\s\S]*similar/);
    await follow(page, () => row.getByRole("link", { name: /of this group$/ }).click());
    assert.match(page.url(), /group=[0-9a-f]{16}/);
    assert.equal(await rowsOf(page).count(), 1);
  }));

test("tables, status codes, charts and alerts lead to their requests, with their filters and range", () =>
  use({}, async (page, context) => {
    await show(page, "#/endpoints?tz=UTC&refresh=off&period=1h&service=demo");
    const row = page.locator(".table-card tbody tr", { hasText: "/api/flaky" });
    await follow(page, () => row.getByRole("link").nth(1).click());
    assert.match(page.url(), /#\/requests\?.*period=1h.*service=demo.*endpoint=%2Fapi%2Fflaky/);
    assert.ok((await rowsOf(page).count()) > 0);
    await page.goBack();
    await settled(page);
    await follow(page, () => row.getByRole("link").nth(2).click());
    assert.match(page.url(), /show=groups/);
    assert.match(await rowsOf(page).first().innerText(), /503/);

    await show(page, "#/endpoint?tz=UTC&refresh=off&period=1h&service=demo&method=GET&endpoint=%2Fapi%2Fflaky");
    const codes = page.getByRole("region", { name: "Status codes" });
    await follow(page, () => codes.getByRole("link", { name: "503" }).click());
    assert.match(page.url(), /status=503/);
    for (const text of await rowsOf(page).allInnerTexts()) assert.match(text, /503[\s\S]*\/api\/flaky/);

    await show(page, "#/overview?tz=UTC&refresh=off&period=1h");
    const chart = page.locator("[data-chart=errors]");
    const box = await chart.locator(".plot-canvas").boundingBox();
    await follow(page, () => page.mouse.click(box.x + box.width - 40, box.y + box.height / 2));
    const asked = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.equal(asked.get("show"), "groups");
    assert.equal(Date.parse(asked.get("to")) - Date.parse(asked.get("from")), 60_000, "the minute under the pointer");
    assert.ok(Date.now() - Date.parse(asked.get("to")) < 30 * 60_000);
    await show(page, "#/overview?tz=UTC&refresh=off&period=1h");
    await chart.getByRole("button", { name: "Table" }).click();
    const slots = chart.getByRole("row").getByRole("link");
    await follow(page, () => slots.first().click());
    assert.match(page.url(), /show=groups/);

    const key = await ofKey(context, "mobile-app");
    await show(page, "#/consumers?tz=UTC&refresh=off&period=1h");
    const consumer = page.locator(".table-card tbody tr", { hasText: key.name ?? key.externalId });
    await follow(page, () => consumer.getByRole("link").nth(1).click());
    assert.match(page.url(), new RegExp(`key=${key.id}(&|$)`));

    await show(page, "#/limits?tz=UTC&refresh=off&service=demo");
    const limited = page.locator(".table-card tbody tr", { hasText: key.name ?? key.externalId });
    await follow(page, () => limited.getByRole("link").first().click());
    assert.match(page.url(), new RegExp(`key=${key.id}(&|$)`));
    assert.match(page.url(), /period=1h/);
    assert.doesNotMatch(page.url(), /service=/, "a limit counts all services");

    await show(page, "#/billing?tz=UTC&refresh=off");
    const billed = page.locator(".table-card tbody tr", { hasText: key.name ?? key.externalId });
    await follow(page, () => billed.getByRole("link").nth(1).click());
    const month = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.equal(month.get("key"), String(key.id));
    assert.match(month.get("from"), /-01T00:00:00.000Z$/);

    const { data } = await api(context, "GET", "api-alerts/events?limit=100");
    await show(page, "#/alerts?tz=UTC&refresh=off");
    const history = page.getByRole("region", { name: "Alert history", exact: true });
    const event = data.find((each) => each.resolvedAt !== null);
    await follow(page, () =>
      history
        .locator("tbody tr", { hasText: event.message })
        .first()
        .getByRole("link", { name: /^Requests of/ })
        .click(),
    );
    const range = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.ok(Date.parse(range.get("from")) < Date.parse(event.firedAt));
  }));

test("a tail holds no stream of its own, and asks for what came after", () =>
  use({}, async (page, context) => {
    const user = someone();
    const streams = [];
    const asked = [];
    page.on("request", (request) => {
      const url = request.url();
      if (url.includes("api-requests/stream")) streams.push(url);
      else if (/api-requests\?.*after=/.test(url)) asked.push(url);
    });
    await page.goto(`${base()}${link(`&show=tail&user=${user}`)}`);
    await page.locator('[data-tail="live"]').getByText("Live, every 2 s").waitFor();
    await order(context, user, { item: "polled" });
    await rowsOf(page).filter({ hasText: '"polled"' }).waitFor();
    assert.equal(await rowsOf(page).count(), 1);
    assert.ok(asked.length > 0);
    assert.deepEqual(streams, []);
  }));

test("a request is copied as a command without secrets", () =>
  use({ permissions: ["clipboard-read", "clipboard-write"] }, async (page, context) => {
    const user = someone();
    await order(context, user);
    const [request] = await logged(page, context, user, 1);
    await show(page, link(`&user=${user}&id=${request.id}`));
    await drawerOf(page).getByRole("button", { name: "Copy as curl" }).click();
    await drawerOf(page).getByText("Copied", { exact: true }).waitFor();
    const command = await drawerOf(page).getByRole("region", { name: "Command", exact: true }).innerText();
    assert.match(command, /^curl .*-X POST.*\/api\/orders/);
    assert.ok(!command.includes("demo-key-mobile"), command);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), command);
  }));

test("without a log the page says how to turn it on", () =>
  use({ expected: [/404/] }, async (page) => {
    const gone = { type: "about:blank", title: "Not found", status: 404, detail: "there is no such route" };
    await page.route(/api-requests/, (route) => route.fulfill({ status: 404, json: gone }));
    for (const each of ["", "&show=groups", "&show=search&q=lamp", "&show=tail"]) {
      await show(page, link(each));
      await page.getByRole("heading", { name: "The request log is off" }).waitFor();
      assert.match(
        await page.getByRole("region", { name: "Setup code" }).innerText(),
        /request_log\(RequestLog::new/,
      );
    }
  }));

test("an export has every request of the list", () =>
  use({}, async (page, context) => {
    const user = someone();
    await order(context, user);
    const [request] = await logged(page, context, user, 1);
    await show(page, link(`&user=${user}`));
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export as CSV" }).click(),
    ]);
    const text = readFileSync(await saved.path(), "utf8");
    assert.equal(text.trim().split("\n").length, 2);
    assert.ok(text.includes(request.id) && text.includes(user), text);
  }));

test("an event of the start stands beside the requests, and opens by keyboard", () =>
  use({}, async (page) => {
    await show(page, link("&kind=event&source=demo%3A%3Astart"));
    const text = await rowsOf(page).first().innerText();
    for (const part of ["Event", "demo::start", "traffic is made up"]) assert.ok(text.includes(part), text);
    assert.match(text, /warn/i);
    assert.match(await list(page).innerText(), /1 event/);
    const chips = page.getByRole("region", { name: "Filters", exact: true });
    assert.match(await chips.locator('[data-filter="source"]').innerText(), /demo::start/);
    await page.locator("[data-request]").first().focus();
    await follow(page, () => page.keyboard.press("Enter"));
    const drawer = drawerOf(page);
    await drawer.getByText("Stands for itself: logged outside of all requests").waitFor();
    assert.match(await drawer.locator(".description-list").first().innerText(), /rate=5/);
    assert.equal(await drawer.getByRole("button", { name: "Copy as curl" }).count(), 0);
    assert.deepEqual(await serious(page), []);
    await follow(page, () => page.keyboard.press("Escape"));
    // A group as errors of requests are.
    await show(page, link("&show=groups&kind=event&source=demo%3A%3Astart"));
    assert.match(await rowsOf(page).first().innerText(), /traffic is made up[\s\S]*demo::start/);
  }));

test("a request shows what was logged meanwhile, and filters by level and country find it", () =>
  use({}, async (page, context) => {
    // Every seventh fails and logs.
    await Promise.all(
      Array.from({ length: 7 }, () => context.request.get(new URL("/api/flaky", base()).href, { timeout: 90_000 })),
    );
    const until = Date.now() + 60_000;
    const filter = "api-requests?period=1h&kind=request&level=warn&endpoint=%2Fapi%2Fflaky&limit=1";
    let found;
    while (!found) {
      found = (await api(context, "GET", filter)).data[0];
      assert.ok(found || Date.now() < until, "no request has a line");
      if (!found) await page.waitForTimeout(250);
    }
    await show(page, link(`&level=warn&id=${found.id}`));
    const lines = drawerOf(page).getByRole("region", { name: "Log lines" });
    const text = await lines.innerText();
    for (const part of ["demo::api::flaky", "the warehouse is slow", "call="]) assert.ok(text.includes(part), text);
    assert.match(text, /warn/i);
    assert.deepEqual(await serious(page), []);
    await page.keyboard.press("Escape");

    const user = someone();
    await order(context, user, { headers: { "x-demo-country": "PT" } });
    await order(context, user, { headers: { "x-demo-country": "ZZ" } });
    const stored = await logged(page, context, user, 2);
    assert.deepEqual(stored.map((request) => request.country).sort(), ["PT", null]);
    await show(page, link(`&user=${user}`));
    await page.getByRole("button", { name: "Add filter" }).click();
    const form = page.locator(".chip-form");
    await form.getByLabel("Filter").selectOption("Country");
    await form.getByLabel("Value").fill("Portugal");
    await form.getByRole("button", { name: "Add", exact: true }).click();
    await form.getByText("Enter the two letters of a country, or unknown.").waitFor();
    await form.getByLabel("Value").fill("PT");
    await follow(page, () => form.getByRole("button", { name: "Add", exact: true }).click());
    assert.equal(await rowsOf(page).count(), 1);
    await follow(page, () => page.locator("[data-request]").first().click());
    assert.match(await drawerOf(page).locator(".description-list").first().innerText(), /Portugal/);
    await page.keyboard.press("Escape");

    // Countries of all requests, also on a narrow screen.
    await page.setViewportSize({ width: 390, height: 800 });
    await show(page, link());
    const countries = page.getByRole("region", { name: "Countries" });
    await countries.getByRole("link", { name: "Germany" }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${wide} pixels`);
    await follow(page, () => countries.getByRole("link", { name: "Germany" }).click());
    assert.match(page.url(), /country=DE/);
    assert.ok((await rowsOf(page).count()) > 0);
  }));
