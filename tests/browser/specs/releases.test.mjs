import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, follow, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/releases?tz=UTC&refresh=off";
const HOUR = 3_600_000;
const of = "service=shop&environment=production";
const VERDICTS = {
  worse: "Worse",
  better: "Better",
  no_difference: "No difference",
  too_few: "Too few to tell",
};

/** The last whole hours that are over and folded. */
const past = (hours) => {
  const to = Math.floor((Date.now() - 300_000) / HOUR) * HOUR;
  const iso = (at) => new Date(at).toISOString().replace(".000Z", "Z");
  return `from=${iso(to - hours * HOUR)}&to=${iso(to)}`;
};

test("a release's verdict is one click away, and rests on its interval", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&refresh=off");
    const menu = page.getByRole("link", { name: "Releases", exact: true });
    await follow(page, () => menu.click());
    const { data } = await api(context, "GET", `api-releases?${of}`);
    // The planted truth: 1.9.0 came 15 h ago, and 1.9.1 nine, after a silence.
    assert.deepEqual(
      data.slice(0, 3).map(({ version }) => version),
      ["1.9.1", "1.9.0", "1.8.0"],
    );
    const [last, before] = data;
    assert.equal(last.comparison.previous, "1.9.0");
    assert.equal(last.comparison.comparedWith, "just_before", "1.9.0 was not live a day before");
    assert.equal(before.comparison.comparedWith, "day_before");
    const apart = (Date.parse(last.firstAt) - Date.parse(before.firstAt)) / HOUR;
    assert.ok(Math.abs(apart - 6) < 0.1, `${apart} h`);
    for (const { comparison, verdict } of [last, before]) {
      for (const [{ value, low, high, verdict: said }, least] of [
        [comparison.errors, 0.02],
        [comparison.p95, 5],
      ]) {
        assert.ok(low <= value && value <= high, `${low} ${value} ${high}`);
        const expected =
          low > 0 && value >= least ? "worse" : high < 0 && value <= -least ? "better" : "no_difference";
        assert.equal(said, expected);
      }
      const both = [comparison.errors.verdict, comparison.p95.verdict];
      assert.equal(
        verdict,
        ["worse", "better", "no_difference"].find((each) => both.includes(each)),
      );
    }
    const table = page.getByRole("region", { name: "Releases", exact: true });
    for (const release of [last, before]) {
      const name = { name: release.version, exact: true };
      const row = table.locator("tbody tr", { has: page.getByRole("button", name) });
      assert.ok((await row.innerText()).includes(VERDICTS[release.verdict]), release.version);
      await follow(page, () => row.getByRole("button", name).click());
      const card = page.getByRole("region", { name: `Verdict on ${release.version}`, exact: true });
      await card.getByText(release.text).waitFor();
      const side = release.comparison.after;
      await card.getByText(`${side.requests.toLocaleString("en")} requests`).waitFor();
    }
    assert.match(page.url(), /release=shop%2Fproduction%2F1\.9\.0/);
  }));

test("versions side by side count what every other page counts", () =>
  use({}, async (page, context) => {
    const range = past(12);
    const rollout = await api(context, "GET", `api-releases/rollout?${of}&${range}`);
    const all = await api(context, "GET", `api-metrics/summary?${of}&${range}`);
    const unmatched = await api(context, "GET", `api-metrics/summary?${of}&${range}&endpoint=%3Cunmatched%3E`);
    const sum = (name) =>
      rollout.versions.flatMap(({ steps }) => steps).reduce((total, step) => total + step[name], 0);
    assert.ok(all.totalRequests > 0 && unmatched.totalRequests > 0);
    assert.equal(sum("requests"), all.totalRequests - unmatched.totalRequests);
    assert.equal(sum("serverErrors"), all.errorCount5xx - unmatched.errorCount5xx);
    // Not the latest: that is the demo's own, as soon as its first requests are folded.
    await show(page, `${link}&release=shop%2Fproduction%2F1.9.1`);
    const chart = page.locator('[data-chart="rollout-requests"]');
    await chart.getByRole("button", { name: "1.9.0" }).waitFor();
    await chart.getByRole("button", { name: "Table" }).click();
    await settled(page);
    const head = await chart.locator("thead").innerText();
    assert.ok(head.includes("1.9.1") && head.includes("1.9.0"), head);
  }));

test("a rule over releases is made by the form, and an incident long after a release is not its fault", () =>
  use({}, async (page, context) => {
    const name = `Releases ${Date.now()}`;
    await show(page, "#/alerts?tz=UTC&refresh=off&edit=new");
    const form = page.getByRole("dialog");
    await form.getByLabel("Metric").selectOption("release_regression");
    await form.getByLabel("Name").fill(name);
    await form.getByLabel("Service").fill("shop");
    await form.getByText("Fires when 5xx of a release ≥ 1 point worse within 2 h.").waitFor();
    assert.equal(await form.getByLabel("Endpoint").count(), 0, "versions are compared as a whole");
    try {
      await form.getByRole("button", { name: "Create" }).click();
      await form.waitFor({ state: "detached" });
      const { data } = await api(context, "GET", "api-alerts");
      const made = data.find((rule) => rule.name === name);
      assert.deepEqual(
        [made.alertType, made.comparison, made.thresholdValue, made.windowMinutes, made.quantile],
        ["release_regression", "gte", 1, 120, null],
      );
      const { name: _, ...rule } = made;
      const body = Object.fromEntries(
        ["alertType", "comparison", "thresholdValue", "windowMinutes", "serviceFilter"].map((of) => [of, rule[of]]),
      );
      // Of the many windows one in a hundred may be wrong about little: the outage itself is tens of points.
      body.thresholdValue = 5;
      const dry = await api(context, "POST", "api-alerts/dry-run", { rule: { name, ...body }, period: "24h" });
      // The outage of orders came six hours after 1.9.1: nothing was worse in its first two.
      assert.deepEqual(dry.events, []);
      assert.ok(dry.windows - dry.tooFew > 30, `${dry.windows} windows, ${dry.tooFew} without a release`);
    } finally {
      const { data } = await api(context, "GET", "api-alerts");
      for (const rule of data.filter((each) => each.name === name))
        await api(context, "DELETE", `api-alerts/${rule.id}`);
    }
  }));
