import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/jobs?tz=UTC&refresh=off";
const table = (page, name) => page.getByRole("region", { name, exact: true });

const finished = async (context, before) => {
  for (let tries = 0; tries < 120; tries += 1) {
    const { data } = await api(context, "GET", "api-jobs");
    const job = data.find(({ name }) => name === "check-health");
    if (job && job.successCount + job.failureCount > before) return job;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("the job has not run");
};

test("a job is run now, and its run is shown with its outcome and in the audit trail", () =>
  use({}, async (page, context) => {
    await show(page, "#/overview?tz=UTC&refresh=off");
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Jobs" }).click();
    await settled(page);
    const row = table(page, "Jobs").locator("tbody tr", { hasText: "check-health" });
    await row.getByText("every 1 h").waitFor();
    const { data } = await api(context, "GET", "api-jobs");
    const known = data.find(({ name }) => name === "check-health");
    await page.getByRole("button", { name: "Run now: check-health" }).click();
    await row.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Run now: check-health" }).click();
    await row.getByRole("button", { name: "Run", exact: true }).click();
    const job = await finished(context, known.successCount + known.failureCount);
    assert.equal(job.lastRun.outcome, "success");
    assert.equal(job.lastRun.cause, "manual");
    await show(page, link);
    await page.reload();
    await settled(page);
    await row.getByText("Success").waitFor();
    await page.getByRole("button", { name: "Runs of check-health" }).click();
    const runs = table(page, "Runs of check-health").locator("tbody tr");
    await runs.first().getByText("Asked for").waitFor();
    await runs.first().getByText("Success").waitFor();
    const trail = await api(context, "GET", "api-audit?action=run%20job");
    assert.match(trail.data[0].subject, /check-health of demo/);
    // What the job has called.
    await show(page, "#/dependencies?tz=UTC&refresh=off&period=1h&service=demo");
    await page.getByText("/admin/health/live").first().waitFor();
  }));

test("the background tasks of the instance are listed with their last run", () =>
  use({}, async (page) => {
    await show(page, link);
    const tasks = table(page, "Background tasks").locator("tbody tr");
    for (const name of ["flush", "fold", "rollup", "retention", "alerts", "notices", "jobs"]) {
      const task = tasks.filter({ has: page.getByRole("cell", { name, exact: true }) });
      assert.equal(await task.count(), 1, name);
      await task.getByText("Running").waitFor();
    }
  }));
