import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, settled, show } from "../browser.mjs";

const use = browser();
const origin = () => new URL(base()).origin;

test("a service's outgoing calls stand on a page of their own, and on no other", () =>
  use({}, async (page, context) => {
    const service = `caller-${Date.now()}`;
    const { secret } = await api(context, "POST", "ingest-tokens", { name: service, service });
    const call = { kind: "http-client", name: "payments.example/charges/{id}", durationMs: 120 };
    const events = await context.request.post(`${origin()}/ingest/v1/events`, {
      headers: { authorization: `Bearer ${secret}` },
      data: [
        { ...call, units: { retries: 3 } },
        call,
        call,
        { ...call, outcome: "timeout", units: { no_answer: 1 } },
        { kind: "http-client", name: "mail.example", durationMs: 5 },
      ],
    });
    assert.equal(events.status(), 200);
    await show(page, `#/overview?tz=UTC&refresh=off&period=1h&service=${service}`);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Depends on" }).click();
    await settled(page);
    const rows = page.getByRole("region", { name: "Depends on", exact: true }).locator("tbody tr");
    assert.equal(await rows.count(), 2);
    const charges = rows.filter({ hasText: "/charges/{id}" });
    const cells = (await charges.locator("td").allInnerTexts()).map((text) => text.trim());
    for (const expected of [service, "payments.example", "4", "25.0%", "1", "3"]) {
      assert.ok(cells.includes(expected), `${expected} is none of ${cells}`);
    }
    assert.ok((await rows.first().innerText()).includes("payments.example"), "the most called first");
    await rows.filter({ hasText: "mail.example" }).getByText("any").waitFor();
    const summary = await (
      await context.request.get(`${base()}api-metrics/summary?period=1h&service=${service}`)
    ).json();
    assert.equal(summary.totalRequests ?? 0, 0);
    await page.getByRole("searchbox", { name: "Search Depends on" }).fill("mail");
    assert.equal(await rows.count(), 1);
  }));
