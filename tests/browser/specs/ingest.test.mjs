import assert from "node:assert/strict";
import { test } from "node:test";
import { api, base, browser, launch, settled, show } from "../browser.mjs";

const use = browser();
const link = "#/ingest?tz=UTC&refresh=off";
const origin = () => new URL(base()).origin;
const table = (page, name) => page.getByRole("region", { name, exact: true });
const row = (page, name, text) => table(page, name).locator("tbody tr", { hasText: text });

const report = (context, secret, data) =>
  context.request.post(`${origin()}/ingest/v1/requests`, { headers: { authorization: `Bearer ${secret}` }, data });

test("a token is shown once, then when it was used, and is refused once it is revoked", () =>
  use({}, async (page, context) => {
    const name = `ci ${Date.now()}`;
    await show(page, link);
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Service", { exact: true }).last().fill("checkout");
    await page.getByRole("button", { name: "Create token" }).click();
    const secret = await page.getByRole("region", { name: "Token created" }).locator("code").innerText();
    assert.match(secret, /^amw_[0-9a-f]{64}$/);
    await page.getByRole("button", { name: "Done" }).click();
    await settled(page);
    assert.ok(!(await page.content()).includes(secret));
    await row(page, "Tokens", name).getByText("Never").waitFor();
    assert.equal((await report(context, secret, { method: "GET", endpoint: "/a", status: 200 })).status(), 200);
    await page.reload();
    await settled(page);
    await row(page, "Tokens", name).locator("td .time").nth(1).waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await row(page, "Tokens", name).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await row(page, "Tokens", name).getByRole("button", { name: "Revoke", exact: true }).click();
    await row(page, "Tokens", name).getByText("Revoked").waitFor();
    assert.equal((await report(context, secret, { method: "GET", endpoint: "/a", status: 200 })).status(), 401);
  }));

test("a token that can't be made says why, and nothing is made", () =>
  use({ expected: [/400/] }, async (page, context) => {
    const tokens = async () => (await api(context, "GET", "ingest-tokens")).data.length;
    const before = await tokens();
    await show(page, link);
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Name", { exact: true }).fill("page");
    await page.getByLabel("Service", { exact: true }).last().fill("shop");
    await page.getByLabel("Origins of pages").fill("https://app.example/");
    await page.getByRole("button", { name: "Create token" }).click();
    await page.getByRole("alert").getByText("origin").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await tokens(), before);
  }));

test("a refused item is shown with its reason, tried again, and deleted", () =>
  use({ expected: [/400/] }, async (page, context) => {
    const { secret } = await api(context, "POST", "ingest-tokens", { name: "letters", service: "checkout" });
    const endpoint = `/wrong-${Date.now()}`;
    const answer = await report(context, secret, [{ method: "GET", endpoint, status: 42 }]);
    assert.equal(answer.status(), 422);
    await show(page, link);
    const item = row(page, "Refused items", endpoint);
    await item.getByText("is not from 100 to 999").waitFor();
    await item.getByText("letters").waitFor();
    await item.getByRole("button", { name: "Retry" }).click();
    await item.getByRole("alert").getByText("Refused again").waitFor();
    await item.getByRole("button", { name: "Delete" }).click();
    await item.waitFor({ state: "detached" });
    const { data } = await api(context, "GET", "ingest-dead-letters?limit=1000");
    assert.ok(!data.some((letter) => letter.item.includes(endpoint)));
  }));

test("events stand on a page of their own, and on no other", () =>
  use({}, async (page, context) => {
    const { secret } = await api(context, "POST", "ingest-tokens", { name: "agents", service: "agents" });
    const events = await context.request.post(`${origin()}/ingest/v1/events`, {
      headers: { authorization: `Bearer ${secret}` },
      data: [
        { kind: "agent", name: "triage", model: "small-model", durationMs: 90_000 },
        { kind: "agent", name: "triage", model: "small-model", durationMs: 90_000, outcome: "error" },
      ],
    });
    assert.equal(events.status(), 200);
    await show(page, `${link}&service=agents`);
    const agents = row(page, "Events", "small-model");
    await agents.getByText("50.0%").waitFor();
    assert.match(await agents.innerText(), /1\.5 min/);
    await show(page, "#/endpoints?tz=UTC&refresh=off&period=1h");
    assert.ok(!(await page.locator("main").innerText()).includes("triage"));
  }));

// In a browser of its own, because it goes from one origin to another, which nothing of the dashboard may.
test("a page of another origin measures a connection under its own token, and under no other", async () => {
  const running = await launch();
  try {
    const context = await running.newContext();
    context.setDefaultTimeout(90_000);
    const page = await context.newPage();
    const app = origin().replace("127.0.0.1", "localhost");
    assert.notEqual(app, origin());
    const made = async (name, origins) =>
      (await api(context, "POST", "ingest-tokens", { name, service: name, origins })).secret;
    const [own, foreign] = [`calls-${Date.now()}`, `others-${Date.now()}`];
    const secrets = [await made(own, [app]), await made(foreign, ["https://elsewhere.example"])];
    await page.goto(`${app}/api/users/1`);
    const seen = await page.evaluate(
      async ([url, [token, other]]) => {
        const { measure } = await import(`${url}/v1/webrtc.js`);
        const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
        a.onicecandidate = ({ candidate }) => b.addIceCandidate(candidate);
        b.onicecandidate = ({ candidate }) => a.addIceCandidate(candidate);
        const channel = a.createDataChannel("data");
        const opened = new Promise((resolve) => {
          channel.onopen = resolve;
        });
        await a.setLocalDescription();
        await b.setRemoteDescription(a.localDescription);
        await b.setLocalDescription();
        await a.setRemoteDescription(b.localDescription);
        await opened;
        const measured = async (connection, token, between) => {
          const samples = [];
          let wake = () => {};
          const stop = measure(connection, {
            url,
            token,
            name: "call",
            onSample: (sample) => {
              samples.push(sample);
              wake();
            },
          });
          const until = async (count) => {
            while (samples.length < count)
              await new Promise((resolve) => {
                wake = resolve;
              });
          };
          await until(1);
          await between();
          stop();
          await until(2);
          return samples;
        };
        const sent = async () => {
          const all = [...(await a.getStats()).values()];
          return Math.max(...all.filter((one) => one.type === "transport").map((one) => one.bytesSent));
        };
        const real = await measured(a, token, async () => {
          const before = await sent();
          channel.send("x".repeat(10_000));
          // Browsers answer from memory for a while.
          while ((await sent()) < before + 10_000);
        });
        // What no machine has without a relay: the same answers as a connection over one gives.
        const relayed = Object.assign(new EventTarget(), {
          connectionState: "connected",
          getStats: async () =>
            new Map([
              ["t", { id: "t", type: "transport", selectedCandidatePairId: "p" }],
              ["p", { id: "p", type: "candidate-pair", localCandidateId: "l", bytesSent: 7, bytesReceived: 8 }],
              ["l", { id: "l", type: "local-candidate", candidateType: "relay" }],
              ["i", { id: "i", type: "inbound-rtp", packetsReceived: 9, packetsLost: 1 }],
            ]),
        });
        const relay = await measured(relayed, token, async () => {});
        // A connection that goes over to another pair, which counts from nothing.
        let chosen = "p";
        const changed = Object.assign(new EventTarget(), {
          connectionState: "connected",
          getStats: async () =>
            new Map([
              ["t", { id: "t", type: "transport", selectedCandidatePairId: chosen }],
              ["p", { id: "p", type: "candidate-pair", bytesSent: chosen === "p" ? 100 : 150, bytesReceived: 1 }],
              ["q", { id: "q", type: "candidate-pair", bytesSent: chosen === "p" ? 0 : 40, bytesReceived: 0 }],
            ]),
        });
        const moved = await measured(changed, other, async () => {
          chosen = "q";
        });
        await measured(a, other, async () => {});
        // How often is bounded: what the worker is told.
        const told = [];
        const Real = window.Worker;
        window.Worker = class extends EventTarget {
          postMessage(message) {
            told.push(message);
          }
          terminate() {}
        };
        measure(a, { url, token, every: 1 });
        window.Worker = Real;
        return { real, relay, moved, every: told[0].settings.every };
      },
      [`${origin()}/ingest`, secrets],
    );
    assert.equal(seen.every, 5_000);
    assert.match(seen.real[0].event.candidateType, /^(host|prflx)$/);
    assert.ok(seen.real[0].event.bytesSent > 0 && seen.real[1].event.bytesSent >= 10_000, JSON.stringify(seen.real));
    assert.deepEqual(
      seen.moved.map((one) => one.event.bytesSent),
      [100, 90],
    );
    assert.equal(seen.real[1].relayShare, 0);
    assert.equal(seen.relay[1].relayShare, 1);
    assert.deepEqual([seen.relay[0].event.packetsLost, seen.relay[1].event.packetsLost], [1, 0]);
    // They are posted after the page has been told of them.
    const counted = async (service) => {
      const { data } = await api(
        context,
        "GET",
        `api-metrics?period=1h&granularity=none&protocol=webrtc&groupBy=method&service=${service}`,
      );
      return Object.fromEntries(data.map((row) => [row.method, row.requestCount]));
    };
    const until = Date.now() + 60_000;
    let methods = {};
    // The pause keeps within the requests that a caller has a minute.
    while (Date.now() < until && Object.values(methods).reduce((sum, n) => sum + n, 0) < 4) {
      await page.waitForTimeout(250);
      methods = await counted(own);
    }
    assert.equal(methods.relay, 2, JSON.stringify(methods));
    assert.equal(
      Object.values(methods).reduce((sum, n) => sum + n, 0),
      4,
    );
    assert.deepEqual(await counted(foreign), {});
    await context.request.post(`${base()}session`, { data: { token: process.env.DASHBOARD_TOKEN } });
    await page.goto(`${base()}${link}&service=${own}`);
    await settled(page);
    await page.getByText("Connections over a relay").getByText("50.0%").waitFor();
  } finally {
    await running.close();
  }
});
