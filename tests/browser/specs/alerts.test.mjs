import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, follow, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/alerts?tz=UTC&refresh=off";
const rule = (page, name) =>
  page
    .getByRole("region", { name: "Alert rules", exact: true })
    .locator("tbody tr", { has: page.getByRole("button", { name, exact: true }) });

test("rules are listed with their state and the time they last fired", () =>
  use({}, async (page, context) => {
    await show(page, link);
    const { data } = await api(context, "GET", "api-alerts");
    assert.ok(data.length >= 6, "the store is seeded");
    for (const each of data) {
      const text = await rule(page, each.name).innerText();
      assert.ok(text.toLowerCase().includes(each.enabled ? each.state : "disabled"), `${each.name}: ${text}`);
      if (each.lastFiredAt === null) assert.ok(text.includes("Never"), text);
      else assert.ok(text.includes(each.lastFiredAt.slice(11, 16)), `${text} has no ${each.lastFiredAt}`);
    }
    assert.match(await rule(page, "Slow answers").innerText(), /p95 response time > 600 ms over 10 min/);
  }));

test("the history has every message, or those of one rule", () =>
  use({}, async (page, context) => {
    await show(page, link);
    const history = page.getByRole("region", { name: "Alert history", exact: true });
    const { data } = await api(context, "GET", "api-alerts/events?limit=100");
    assert.ok(data.length >= 3, `${data.length} events are seeded`);
    assert.equal(await history.locator("tbody tr").count(), data.length);
    assert.ok((await history.innerText()).includes(data[0].message));
    await history.getByRole("combobox").selectOption({ label: "Slow answers" });
    await settled(page);
    for (const text of await history.locator("tbody tr").allInnerTexts()) assert.match(text, /Slow answers/);
    assert.match(page.url(), /alert=\d+/);
  }));

test("a rule is tested on past data, created, edited, disabled and deleted", () =>
  use({ expected: [/400/] }, async (page, context) => {
    const name = `Orders <b>fail</b> ${Date.now()}`;
    await show(page, link);
    await page.getByRole("button", { name: "New rule" }).click();
    const form = page.getByRole("dialog", { name: "New rule" });
    assert.equal(
      await form.getByLabel("Name").evaluate((element) => element === document.activeElement),
      true,
      "the first field has the focus",
    );
    // A name is proposed until one is typed.
    assert.equal(await form.getByLabel("Name").inputValue(), "Error rate > 5.00% over 5 min");
    await form.getByLabel("Name").fill("");
    await form.getByRole("button", { name: "Create" }).click();
    await form.getByText("Enter a name.").waitFor();
    await form.getByLabel("Name").fill(name);
    const threshold = form.getByRole("textbox", { name: "Threshold" });
    await threshold.fill("140");
    await form.getByText("Enter a percentage of at most 100.").waitFor();
    await threshold.fill("15");
    await form.getByLabel("Endpoint").fill("POST /api/orders");
    await form.getByLabel("Evaluation window").fill("10");
    await form.getByLabel("Minimum requests").fill("10");
    await form.getByText("Fires when error rate > 15.0% over 10 min.").waitFor();
    // It is tried at once.
    await form
      .getByText(/Error rate for POST \/api\/orders .*\(threshold 15%\) over 10 min/)
      .first()
      .waitFor();
    assert.match(await form.locator(".dry-run-result").innerText(), /Would have fired/);
    await form.getByRole("button", { name: "Create" }).click();
    await form.waitFor({ state: "detached" });
    await rule(page, name).waitFor();
    const made = (await api(context, "GET", "api-alerts")).data.find((each) => each.name === name);
    assert.deepEqual(
      [made.alertType, made.thresholdValue, made.windowMinutes, made.endpointFilter, made.minRequests],
      ["error_rate", 15, 10, "POST /api/orders", 10],
    );

    await rule(page, name).getByRole("button", { name, exact: true }).click();
    const edit = page.getByRole("dialog");
    assert.match(page.url(), new RegExp(`edit=${made.id}`));
    await edit.getByLabel("Severity").selectOption("critical");
    await edit.getByRole("button", { name: "Save" }).click();
    await edit.waitFor({ state: "detached" });
    assert.match(await rule(page, name).innerText(), /critical/i);

    const toggle = rule(page, name).getByRole("switch");
    assert.equal(await toggle.getAttribute("aria-checked"), "true");
    await toggle.click();
    await rule(page, name).getByText("Disabled", { exact: true }).waitFor();
    assert.equal((await api(context, "GET", `api-alerts/${made.id}`)).enabled, false);

    await rule(page, name)
      .getByRole("button", { name: /^Delete Orders/ })
      .click();
    await rule(page, name).getByRole("button", { name: "Delete", exact: true }).click();
    await rule(page, name).waitFor({ state: "detached" });
    assert.ok(!(await api(context, "GET", "api-alerts")).data.some((each) => each.id === made.id));
  }));

/** What the dry run says of a rule, by the service. */
const tried = (context, rule, period = "24h") => api(context, "POST", "api-alerts/dry-run", { rule, period });

test("a chart's alert takes two clicks, and has the chart's metric and the page's filters", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&refresh=off&service=shop&method=POST&endpoint=%2Fapi%2Forders");
    let clicks = 0;
    const click = async (target) => {
      clicks += 1;
      await target.click();
    };
    await click(page.getByRole("link", { name: "Alert on this: Errors" }));
    const form = page.getByRole("dialog", { name: "New rule" });
    await form.getByText(/Of [\d,]+ windows/).waitFor();
    assert.equal(await form.getByLabel("Metric").inputValue(), "error_rate");
    assert.equal(await form.getByLabel("Endpoint").inputValue(), "POST /api/orders");
    assert.equal(await form.getByLabel("Service").inputValue(), "shop");
    const name = await form.getByLabel("Name").inputValue();
    assert.match(name, /^Error rate > .* over 5 min, POST \/api\/orders, shop$/);
    // The name follows the proposed threshold.
    await page.waitForFunction(() => document.querySelector(".dry-run-result") !== null);
    await click(form.getByRole("button", { name: "Create" }));
    await form.waitFor({ state: "detached" });
    assert.ok(clicks <= 3, `${clicks} clicks`);
    assert.ok(!/edit=|metric=/.test(page.url()), page.url());
    const { data } = await api(context, "GET", "api-alerts");
    const made = data.find((each) => each.name.endsWith("POST /api/orders, shop"));
    try {
      assert.deepEqual(
        [made.alertType, made.serviceFilter, made.endpointFilter, made.comparison],
        ["error_rate", "shop", "POST /api/orders", "gt"],
      );
      assert.ok(made.thresholdValue > 0 && made.thresholdValue <= 100);
    } finally {
      await api(context, "DELETE", `api-alerts/${made.id}`);
    }
  }));

test("the threshold is dragged and moved by keys, and what it breaches is counted as the service does", () =>
  use({}, async (page, context) => {
    await show(page, `${link}&edit=new&metric=error_rate&target=POST%20%2Fapi%2Forders`);
    const form = page.getByRole("dialog", { name: "New rule" });
    const slider = form.getByRole("slider", { name: "Threshold" });
    await slider.waitFor();
    // One that is typed is not replaced by a proposal, and the axis stands.
    await form.getByRole("textbox", { name: "Threshold" }).fill("30");
    await page.waitForFunction(
      () => document.querySelector(".threshold-chart")?.getAttribute("data-stale") === "false",
    );
    const top = Number(await slider.getAttribute("aria-valuemax"));
    const box = await form.locator(".threshold-plot").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 4 });
    await page.mouse.up();
    const field = form.getByRole("textbox", { name: "Threshold" });
    const dragged = Number(await field.inputValue());
    assert.ok(Math.abs(dragged - 0.2 * top) <= 0.02 * top, `${dragged} of ${top}`);
    await slider.focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("PageUp");
    await form.getByLabel("Minimum requests").fill("15");
    const moved = Number(await field.inputValue());
    assert.ok(moved > dragged, `${moved} above ${dragged}`);
    await page.waitForFunction(
      () => document.querySelector(".threshold-chart")?.getAttribute("data-stale") === "false",
    );
    const run = await tried(context, {
      name: "tried",
      alertType: "error_rate",
      comparison: "gt",
      thresholdValue: moved,
      minRequests: 15,
      endpointFilter: "POST /api/orders",
    });
    // The minute that has ended meanwhile is one window.
    const text = await form.locator(".dry-run-result").innerText();
    const counted = /Of ([\d,]+) windows .*, ([\d,]+) breached, ([\d,]+) judged, ([\d,]+) not judged/.exec(text);
    const [all, breached, judged, not] = counted.slice(1).map((each) => Number(each.replaceAll(",", "")));
    assert.equal(judged + not, all);
    assert.ok(Math.abs(breached - run.breaches) <= 1, `${breached} and ${run.breaches}`);
    assert.ok(Math.abs(not - run.tooFew) <= 1, `${not} and ${run.tooFew}`);
    assert.match(text, /had fewer than 15 requests/);
    await page.keyboard.press("Escape");
  }));

test("a half-filled form survives the session's end and the reload after it", () =>
  use({}, async (page) => {
    await show(page, `${link}&edit=new`);
    const form = page.getByRole("dialog", { name: "New rule" });
    await form.getByLabel("Name").fill("Half of a rule");
    await form.getByLabel("Protocol").fill("grpc");
    await form.getByLabel("Environment").fill("live");
    await page.reload();
    await form.waitFor();
    assert.equal(await form.getByLabel("Name").inputValue(), "Half of a rule");
    assert.equal(await form.getByLabel("Protocol").inputValue(), "grpc");
    assert.equal(await form.getByLabel("Environment").inputValue(), "live");
    await form.getByRole("button", { name: "Cancel" }).click();
    await form.waitFor({ state: "detached" });
  }));

test("an error from the service is shown at its field, and a concurrent change is not overwritten", () =>
  use({ expected: [/400|409/] }, async (page, context) => {
    const made = await api(context, "POST", "api-alerts", {
      name: `Contested ${Date.now()}`,
      alertType: "response_time",
      comparison: "gt",
      thresholdValue: 400,
      quantile: 0.95,
    });
    await show(page, `${link}&edit=${made.id}`);
    const form = page.getByRole("dialog");
    // Only the service knows that the range of this glob is none: a method alone.
    await form.getByLabel("Endpoint").fill("GET ");
    await form.getByText(/Add a path after the method/).waitFor();
    await form.getByLabel("Endpoint").fill("");
    await form.getByRole("textbox", { name: "Threshold" }).fill("450");
    await api(context, "PATCH", `api-alerts/${made.id}`, { thresholdValue: 500 });
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText(/changed by somebody else/).waitFor();
    assert.equal((await api(context, "GET", `api-alerts/${made.id}`)).thresholdValue, 500);
    await page.keyboard.press("Escape");
    await form.waitFor({ state: "detached" });
    await api(context, "DELETE", `api-alerts/${made.id}`);
  }));

test("firing alerts are shown above the overview and link to their incidents", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&refresh=off");
    const banner = page.getByRole("alert", { name: "Firing alerts" });
    const pages = page.getByRole("navigation", { name: "Pages" });
    // Another rule may begin or end while this runs: both are asked until they say the same.
    let data;
    for (let same = false; !same; ) {
      ({ data } = await api(context, "GET", "api-alerts/events?open=true"));
      assert.ok(data.length > 0, "one rule fires all the time");
      await page.reload();
      const badge = pages.getByRole("img", { name: / firing$/ });
      await badge.waitFor();
      same = (await badge.getAttribute("aria-label")) === `${data.length} firing`;
    }
    // One line says the worst; the others are a click away.
    if (data.length > 1) await banner.getByRole("button", { name: `Show ${data.length - 1} more` }).click();
    await banner.getByText(data[0].message).waitFor();
    await banner.getByRole("link", { name: data[0].name, exact: true }).click();
    await page.getByRole("region", { name: "Verdict", exact: true }).waitFor();
    assert.match(page.url(), new RegExp(`#/incident/${data[0].id}`));
  }));

test("no alerts and unknown alerts look different", () =>
  use({ expected: [/500/] }, async (page) => {
    let body = { status: 200, json: { data: [], nextCursor: null } };
    await page.route(/api-alerts\/events/, (route) => route.fulfill(body));
    await show(page, "#/overview?tz=UTC&refresh=off");
    await page.getByRole("status", { name: "Firing alerts" }).getByText("No alerts firing").waitFor();
    body = { status: 500, json: { type: "about:blank", title: "Broken", status: 500, detail: "it broke" } };
    await page.reload();
    await page
      .getByRole("region", { name: "Firing alerts" })
      .getByText("Alerts could not be loaded: it broke")
      .waitFor();
  }));

test("the latency chart shows thresholds, the error chart alerts and releases", () =>
  use({}, async (page) => {
    await show(page, "#/overview?tz=UTC&refresh=off&period=24h");
    const chart = (name) => page.locator(`[data-chart="${name}"]`);
    await page.waitForFunction(() =>
      document
        .querySelector('[data-chart="latency"] .plot-canvas')
        ?.getAttribute("aria-label")
        ?.includes("Slow answers: p95 over 600 ms"),
    );
    // Alerts and releases come by requests of their own.
    await page.waitForFunction(() => {
      const label = document.querySelector('[data-chart="errors"] .plot-canvas')?.getAttribute("aria-label") ?? "";
      return label.includes("Orders fail") && label.includes("Release 1.9.1");
    });
    await chart("errors").getByRole("button", { name: "Table" }).click();
    const marked = (await chart("errors").locator("tbody th").allInnerTexts()).filter((text) =>
      text.includes("Orders fail"),
    );
    assert.ok(marked.length >= 1, "the table names them too");
    // A rule of one endpoint is no threshold of all of them.
    assert.ok(!(await chart("latency").locator(".plot-canvas").getAttribute("aria-label")).includes("Orders fail"));
  }));

test("an alert names what was behind it, and each cause leads to its requests", () =>
  use({}, async (page, context) => {
    await show(page, link);
    const { data } = await api(context, "GET", "api-alerts/events?limit=100");
    const event = data.find((each) => (each.causes?.consumers ?? []).length > 0);
    assert.ok(event, "an event with consumers is seeded");
    const history = page.getByRole("region", { name: "Alert history", exact: true });
    const row = history.locator("tbody tr").nth(data.indexOf(event));
    // By the keyboard alone.
    await row.locator("summary").focus();
    await page.keyboard.press("Enter");
    const list = row.getByRole("list").last();
    assert.equal(await list.getByRole("listitem").count(), event.causes.consumers.length);
    const [first] = event.causes.consumers;
    const name = first.name ?? first.externalId ?? "Anonymous";
    const text = await list.getByRole("listitem").first().innerText();
    assert.ok(text.includes(name) && text.includes("error"), text);
    const leads = await list.getByRole("link").first().getAttribute("href");
    assert.match(leads, /^#\/requests\?/);
    const params = new URLSearchParams(leads.split("?")[1]);
    assert.deepEqual([params.get("key"), params.get("show")], [String(first.apiKeyId), "groups"]);
    assert.ok(Date.parse(params.get("from")) < Date.parse(event.firedAt));
    await list.getByRole("link").first().click();
    await page.getByRole("heading", { name: "Requests" }).first().waitFor({ state: "attached" });
    assert.match(page.url(), /show=groups/);
  }));

test("the audit trail on the page Status lists who has changed what, and is searched", () =>
  use({}, async (page, context) => {
    const name = `Audited <b>rule</b> ${Date.now()}`;
    const made = await api(context, "POST", "api-alerts", {
      name,
      alertType: "error_rate",
      comparison: "gt",
      thresholdValue: 99,
    });
    await api(context, "DELETE", `api-alerts/${made.id}`);
    await show(page, "#/status?tz=UTC&refresh=off");
    const trail = page.getByRole("region", { name: "Audit trail", exact: true });
    await trail.locator("tbody tr").first().waitFor();
    await trail.getByRole("searchbox", { name: "Search Audit trail" }).fill(name);
    const rows = trail.locator("tbody tr");
    assert.equal(await rows.count(), 2);
    assert.match(await rows.first().innerText(), /remove alert rule/);
    assert.match(await rows.last().innerText(), /create alert rule/);
    assert.ok((await rows.first().innerText()).includes(`alert rule ${made.id} (${name})`));
  }));

test("an outage is followed from its alert to a request, and that is replayed", () =>
  use({}, async (page, context) => {
    // The warehouse fails now and then; here it fails often enough for a rule.
    const rule = await api(context, "POST", "api-alerts", {
      name: `Warehouse away ${Date.now()}`,
      alertType: "error_rate",
      comparison: "gt",
      thresholdValue: 1,
      windowMinutes: 1,
      endpointFilter: "GET /api/flaky",
    });
    try {
      const until = Date.now() + 180_000;
      let event;
      while (event === undefined) {
        assert.ok(Date.now() < until, "the rule fires, and its errors are grouped");
        await Promise.all(
          Array.from({ length: 14 }, () =>
            context.request.get(new URL("/api/flaky", base()).href, { headers: { "x-api-key": "demo-key-mobile" } }),
          ),
        );
        const { data } = await api(context, "GET", `api-alerts/events?alertId=${rule.id}`);
        event = data.find((each) => (each.causes?.groups ?? []).length > 0);
        if (event === undefined) await page.waitForTimeout(1_000);
      }
      const [cause] = event.causes.groups;
      assert.equal(cause.endpoint, "/api/flaky");

      await show(page, link);
      const row = page
        .getByRole("region", { name: "Alert history", exact: true })
        .locator("tbody tr")
        .filter({ hasText: rule.name })
        .first();
      await row.locator("summary").click();
      await follow(page, () => row.getByRole("list").first().getByRole("link").first().click());
      const groups = page.locator("main tbody tr");
      assert.equal(await groups.count(), 1, "the group that the alert has named");
      assert.ok((await groups.innerText()).includes("/api/flaky"));
      await follow(page, () => groups.getByRole("link").first().click());
      await follow(page, () => page.locator("[data-request]").first().click());

      const drawer = page.getByRole("dialog", { name: "Request", exact: true });
      await drawer.getByRole("region", { name: "Log lines" }).waitFor();
      const replay = drawer.getByRole("region", { name: "Replay" });
      await replay.getByRole("button", { name: "Replay" }).click();
      // Six of seven calls go well.
      const told = replay.getByText(/Status 503 was recorded, \d{3} is new/);
      await told.waitFor();
      const trail = await api(context, "GET", "api-audit?limit=10");
      const [after, before] = trail.data.filter((note) => /^replay/.test(note.action));
      assert.deepEqual([before.action, after.action], ["replay request", "replayed request"]);
      const status = /(\d{3}) is new/.exec(await told.innerText())[1];
      assert.match(after.subject, new RegExp(`status ${status}$`));
    } finally {
      await api(context, "DELETE", `api-alerts/${rule.id}`);
    }
  }));

test("the channels are listed, and a test of one says what became of it", () =>
  use({}, async (page) => {
    await show(page, link);
    const channels = page.getByRole("region", { name: "Channels", exact: true });
    const log = channels.locator("tbody tr", { hasText: "log" });
    await log.waitFor();
    await channels.getByRole("button", { name: "Send a test to log" }).click();
    await channels.getByText("log took the test.").waitFor();
    await log.getByText("OK", { exact: true }).waitFor();
  }));

test("a maintenance window is planned, listed and ended", () =>
  use({ expected: [/400/] }, async (page, context) => {
    await show(page, link);
    const silences = page.getByRole("region", { name: "Silences", exact: true });
    await silences.getByRole("button", { name: "New silence" }).click();
    const form = page.getByRole("form", { name: "New silence" });
    const reason = `the database moves ${Date.now()}`;
    await form.getByLabel("From").fill("2026-11-01T00:00");
    await form.getByLabel("Until").fill("2026-10-01T00:00");
    await form.getByText("The end must be after the start.").waitFor();
    assert.equal(await form.getByRole("button", { name: "Create silence" }).isDisabled(), true);
    const [from, until] = [86_400_000, 90_000_000].map((later) =>
      new Date(Date.now() + later).toISOString().slice(0, 16),
    );
    await form.getByLabel("From").fill(from);
    await form.getByLabel("Until").fill(until);
    await form.getByLabel("Reason").fill(reason);
    // What the server refuses is said in the form, which stays.
    await form.getByLabel("Endpoint").fill("get /a");
    await form.getByRole("button", { name: "Create silence" }).click();
    await form.getByText(/the method is written GET/).waitFor();
    await form.getByLabel("Endpoint").fill("GET /invoices/*");
    await form.getByRole("button", { name: "Create silence" }).click();
    await form.waitFor({ state: "detached" });
    const row = silences.locator("tbody tr", { hasText: reason });
    await row.getByText("Planned").waitFor();
    const { data } = await api(context, "GET", "api-alerts/silences");
    const made = data.find((each) => each.reason === reason);
    assert.deepEqual(
      [made.from, made.until, made.endpoint, made.service, made.alertId],
      [`${from}:00Z`, `${until}:00Z`, "GET /invoices/*", null, null],
    );
    await row.getByRole("button", { name: /^End the silence/ }).click();
    await row.waitFor({ state: "detached" });
  }));

test("a planned silence keeps its instants in another zone, over a reload too", () =>
  use({}, async (page) => {
    await show(page, "#/alerts?tz=UTC&refresh=off");
    const button = page.getByRole("button", { name: "New silence" });
    await button.click();
    await page.getByLabel("From", { exact: true }).fill("2026-12-01 10:00");
    await page.getByLabel("Until", { exact: true }).fill("2026-12-01 12:00");
    await follow(page, () => page.getByLabel("Time zone").selectOption("Asia/Tokyo"));
    assert.equal(await page.getByLabel("From", { exact: true }).inputValue(), "2026-12-01 19:00");
    await page.reload();
    await settled(page);
    await button.click();
    assert.equal(await page.getByLabel("Until", { exact: true }).inputValue(), "2026-12-01 21:00");
  }));

test("rules over our own health are there by themselves, have no filters, and stay as they were changed", () =>
  use({}, async (page, context) => {
    await show(page, link);
    // The first evaluation of the leader makes them, within seconds of its start.
    let ready = [];
    for (let round = 0; ready.length < 4 && round < 150; round += 1) {
      if (round > 0) await new Promise((next) => setTimeout(next, 200));
      const { data } = await api(context, "GET", "api-alerts");
      ready = data.filter((each) => each.createdBy === "api-metrics");
    }
    assert.deepEqual(
      ready.map((each) => [each.alertType, each.thresholdValue, each.quantile]),
      [
        ["answer_time", 200, 0.95],
        ["query_time", 500, 0.95],
        ["open_streams", 1000, null],
        ["cache_hit_rate", 80, null],
      ],
    );
    await show(page, "#/alerts?tz=UTC&refresh=off");
    const name = "api-metrics: slow answers";
    assert.match(await rule(page, name).innerText(), /p95 time of own answers > 200 ms over 10 min/);
    assert.match(await rule(page, name).innerText(), /api-metrics itself/);
    await rule(page, name).getByRole("button", { name, exact: true }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Minimum answers").waitFor();
    for (const label of ["Service", "Environment", "Protocol", "Endpoint", "Consumer", "Tenant"])
      assert.equal(await form.getByLabel(label, { exact: true }).count(), 0, label);
    await form.locator(".dry-run-result").waitFor();
    await form.getByRole("textbox", { name: "Threshold" }).fill("900");
    await form.getByText("Fires when p95 time of own answers > 900 ms over 10 min.").waitFor();
    await form.getByRole("button", { name: "Save" }).click();
    await form.waitFor({ state: "detached" });
    const changed = await api(context, "GET", `api-alerts/${ready[0].id}`);
    assert.deepEqual([changed.thresholdValue, changed.revision], [900, ready[0].revision + 1]);
    await api(context, "PUT", `api-alerts/${ready[0].id}`, {
      name,
      alertType: "answer_time",
      comparison: "gt",
      thresholdValue: 200,
      quantile: 0.95,
      minRequests: 20,
      windowMinutes: 10,
      cooldownMinutes: 60,
    });
    // Another kind takes other fields.
    await page.getByRole("button", { name: "New rule" }).click();
    const made = page.getByRole("dialog", { name: "New rule" });
    await made.getByLabel("Metric").selectOption({ label: "Own health: cache hits" });
    await made.getByText("Fires when own health: cache hits < 80.0% over 5 min.").waitFor();
    await made.getByLabel("Minimum lookups").waitFor();
    await made.getByLabel("Metric").selectOption({ label: "Own health: store unreachable" });
    assert.equal(await made.getByLabel(/^Minimum/).count(), 0);
    await made.getByRole("button", { name: "Cancel" }).click();
  }));
