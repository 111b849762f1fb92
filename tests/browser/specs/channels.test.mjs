import assert from "node:assert/strict";
import { test } from "node:test";
import { api, browser, show } from "../browser.mjs";

const use = browser();

test("a channel is muted and switched on again, by whom and since when is said and noted", () =>
  use({}, async (page, context) => {
    const state = async () =>
      (await api(context, "GET", "api-alerts/channels")).data.find((each) => each.channel === "log");
    await show(page, "#/alerts?tz=UTC&refresh=off");
    const card = page.getByRole("region", { name: "Channels", exact: true });
    const row = card.locator("tbody tr", { hasText: "log" });
    await row.getByRole("button", { name: "Mute log", exact: true }).click();
    await row.getByText("Muted", { exact: true }).waitFor();
    const muted = await state();
    assert.ok(muted.mutedSince !== null);
    await row.getByText(`muted by ${muted.mutedBy}`).waitFor();
    await row.getByRole("button", { name: "Unmute log" }).click();
    await row.getByRole("button", { name: "Mute log", exact: true }).waitFor();
    assert.equal((await state()).mutedSince, null);
    const notes = await api(context, "GET", "api-audit?subject=log&limit=2");
    assert.deepEqual(
      notes.data.map((note) => note.action),
      ["unmute channel", "mute channel"],
    );
  }));
