import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, follow, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/objectives?tz=UTC&refresh=off";

/** The objectives that a test made, gone again. */
const forget = async (context, name) => {
  const { data } = await api(context, "GET", "api-objectives");
  for (const each of data.filter((one) => one.name === name))
    await api(context, "DELETE", `api-objectives/${each.id}`);
};

test("an objective is made in two clicks and counts what every other page counts", () =>
  use({}, async (page, context) => {
    const name = `Orders <b>answer</b> ${Date.now()}`;
    await show(page, link);
    let clicks = 0;
    const click = async (target) => {
      clicks += 1;
      await target.click();
    };
    await click(page.getByRole("button", { name: "New objective" }));
    const form = page.getByRole("dialog", { name: "New objective" });
    assert.equal(await form.getByLabel("Name").inputValue(), "Everything answers", "a name is proposed");
    await form.getByLabel("Name").fill(name);
    await form.getByLabel("Endpoint").fill("POST /api/orders");
    await form.getByLabel("Target").fill("99.9");
    try {
      await click(form.getByRole("button", { name: "Create" }));
      await form.waitFor({ state: "detached" });
      assert.ok(clicks <= 3, `${clicks} clicks`);
      const row = page
        .getByRole("region", { name: "Objectives", exact: true })
        .locator("tbody tr", { has: page.getByRole("button", { name, exact: true }) });
      await row.waitFor();
      const { data } = await api(context, "GET", "api-objectives");
      const made = data.find((each) => each.name === name);
      // The planted truth: orders fail in the seeded outage.
      assert.ok(made.requests > 0 && made.bad > 0, JSON.stringify(made));
      // A day that is over has what every other page counts of it.
      const [, day, next] = (await api(context, "GET", `api-objectives/${made.id}`)).days;
      const range = `from=${day.from}&to=${next.from}&method=POST&endpoint=%2Fapi%2Forders`;
      const summary = await api(context, "GET", `api-metrics/summary?${range}`);
      assert.deepEqual([day.requests, day.bad], [summary.totalRequests, summary.errorCount5xx]);
      const burnt = made.bad / made.requests / 0.001;
      assert.ok(Math.abs(made.budgetLeft - 100 * (1 - burnt)) < 1e-6, `${made.budgetLeft}`);
      const state = { met: "Met", at_risk: "At risk", missed: "Missed" }[made.state];
      assert.ok((await row.innerText()).includes(state), made.state);
      await follow(page, () => row.getByRole("button", { name, exact: true }).click());
      const chart = page.locator('[data-chart="budget"]');
      await chart.getByRole("button", { name: "Table" }).click();
      const { days } = await api(context, "GET", `api-objectives/${made.id}`);
      const left = days[days.length - 1].budgetLeft;
      const today = (await chart.locator("tbody tr").first().innerText()).replaceAll(",", "");
      const [, overdrawn, shown] = today.match(/(overdrawn )?([\d.]+)%/);
      assert.equal(overdrawn !== undefined, left < 0, today);
      // As exactly as it is written, but for what has happened since.
      const digits = shown.split(".")[1]?.length ?? 0;
      const off = Math.abs(Number(shown) - Math.abs(left));
      assert.ok(off <= 0.51 * 10 ** -digits + 0.01 * Math.abs(left), `${today} is not ${left}`);
      // Its two rules are on the page of alerts.
      const rules = (await api(context, "GET", "api-alerts")).data.filter((rule) => rule.objectiveId === made.id);
      assert.deepEqual(
        rules.map((rule) => [rule.thresholdValue, rule.windowMinutes]),
        [
          [14.4, 60],
          [6, 360],
        ],
      );
      // The overview has the worst of all.
      await show(page, "#/overview?tz=UTC&refresh=off");
      const badge = page.getByRole("link", { name: /^Objectives: / });
      await follow(page, () => badge.click());
      assert.match(page.url(), /#\/objectives/);
    } finally {
      await forget(context, name);
    }
  }));

test("a latency is shown where it is exact, and what is edited is counted anew", () =>
  use({}, async (page, context) => {
    const name = `Fast ${Date.now()}`;
    const made = await api(context, "POST", "api-objectives", {
      name,
      indicator: "latency",
      target: 95,
      latencyMs: 300,
      rules: false,
    });
    assert.equal(made.latencyMs, 303.103);
    try {
      await show(page, `${link}&objective=${made.id}`);
      const budget = page.getByRole("region", { name: `Budget of ${name}`, exact: true });
      await budget.getByText("95% within 303 ms over 30 days").waitFor();
      await budget.getByText("Exact", { exact: true }).waitFor();
      await page.getByRole("button", { name: `Edit ${name}` }).click();
      const form = page.getByRole("dialog");
      await form.getByLabel("Target").fill("100");
      await form.getByRole("button", { name: "Save" }).click();
      await form.getByText("Enter a percentage above 0 and below 100").waitFor();
      await form.getByLabel("Target").fill("99");
      await form.getByLabel("Over the last").fill("7");
      await form.getByRole("button", { name: "Save" }).click();
      await form.waitFor({ state: "detached" });
      await settled(page);
      await budget.getByText("99% within 303 ms over 7 days").waitFor();
      const now = await api(context, "GET", `api-objectives/${made.id}`);
      assert.deepEqual([now.target, now.windowDays, now.revision, now.latencyMs], [99, 7, 2, 303.103]);
      await page.getByRole("button", { name: `Delete ${name}` }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.getByRole("button", { name, exact: true }).waitFor({ state: "detached" });
    } finally {
      await forget(context, name);
    }
  }));
