// The database's server is stopped under an open page: nothing turns to zero, and nothing stays green.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { browser, show } from "../browser.mjs";

const use = browser();

/** Stops or starts the database's server, and returns when that is done. */
const server = (what) =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(process.env.DATABASE_PORT), "127.0.0.1", () => socket.write(`${what}\n`));
    socket.on("error", reject);
    socket.once("data", () => {
      socket.end();
      resolve();
    });
  });

const state = () => document.querySelector("main")?.dataset.dim;
const tile = (page) => page.locator('[data-tile="Requests"] .tile-value').innerText();
const count = (text) => Number(text.replaceAll(",", ""));

test("figures stay and dim while the database is stopped, say since when, and recover", () =>
  use({ expected: [/503|504|Failed to load resource/] }, async (page, context) => {
    const status = await context.newPage();
    for (const [opened, fragment] of [
      [page, "#/overview?period=15m&refresh=live&tz=UTC"],
      [status, "#/status?refresh=5s&tz=UTC"],
    ])
      await show(opened, fragment);
    await page.waitForSelector('.now[data-live="live"]');
    await page.waitForFunction(
      () =>
        Number(document.querySelector('[data-tile="Requests"] .tile-value')?.textContent?.replaceAll(",", "")) > 0,
    );
    // The demo is new: it has an instance once it has flushed.
    await status.bringToFront();
    await status.locator("[aria-label=Instances] tbody tr").first().waitFor();
    await page.bringToFront();
    const before = count(await tile(page));
    const instances = await status.locator("[aria-label=Instances] tbody tr").count();
    assert.ok(instances > 0);

    await server("stop");
    try {
      await page.waitForFunction(() => document.querySelector("main")?.dataset.dim === "true");
      // The stream is told by its own read, which may fail a moment after that of the figures.
      await page.waitForSelector('.now:not([data-live="live"])');
      const during = count(await tile(page));
      assert.ok(during >= before, `${before} became ${during}`);
      assert.match(
        await page.locator(".coverage").innerText(),
        /store unreachable since \d+ \w+ \d{4}|Stale: last read at/,
      );
      await status.bringToFront();
      await status.waitForFunction(() => document.querySelector("main")?.dataset.dim === "true");
      await status
        .getByText(/store unreachable since/)
        .first()
        .waitFor();
      assert.equal(
        await status.locator("[aria-label=Instances] tbody tr").count(),
        instances,
        "they are not forgotten",
      );
      assert.equal(await status.getByText(/0 live of 0/).count(), 0);
    } finally {
      await server("start");
    }

    for (const opened of [status, page]) {
      await opened.bringToFront();
      await opened.waitForFunction(() => document.querySelector("main")?.dataset.dim === "false");
    }
    await page.waitForSelector('.now[data-live="live"]');
    // What was recorded meanwhile was kept and is there.
    await page.waitForFunction(
      (then) =>
        Number(document.querySelector('[data-tile="Requests"] .tile-value')?.textContent?.replaceAll(",", "")) > then,
      before,
    );
    assert.equal(await page.evaluate(state), "false");
  }));
