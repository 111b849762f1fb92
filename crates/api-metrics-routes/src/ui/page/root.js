"use strict";
// Every text of the service enters the page as a text node: a route or a key may hold anything.

const byId = (id) => document.getElementById(id);
const count = new Intl.NumberFormat("en");
const number = (value) => count.format(value);
const ms = (value) => (value === null ? "–" : `${value.toFixed(value < 10 ? 2 : 0)} ms`);
const percent = (value) => (value === null ? "–" : `${value.toFixed(2)} %`);
const bytes = (value) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
};

let events = null;

function csrf() {
  const pair = document.cookie.split("; ").find((c) => c.startsWith("api_metrics_csrf="));
  return pair ? pair.slice("api_metrics_csrf=".length) : "";
}

function showSignIn() {
  if (events) { events.close(); events = null; }
  byId("sign-in").hidden = false;
  byId("overview").hidden = true;
  byId("sign-out").hidden = true;
  byId("token").focus();
}

function state(text) { byId("state").textContent = text; }

function cell(row, text, isNumber) {
  const td = document.createElement("td");
  td.textContent = text;
  if (isNumber) td.className = "number";
  row.append(td);
}

function showEndpoints(page) {
  byId("range").textContent = `${page.from} to ${page.to}${page.approximate ? ", approximate" : ""}`;
  byId("endpoints").replaceChildren(...page.data.map((e) => {
    const row = document.createElement("tr");
    for (const text of [e.service, e.method, e.endpoint]) cell(row, text, false);
    for (const text of [number(e.requestCount), percent(e.errorRate), ms(e.averageMs), ms(e.p50Ms),
      ms(e.p95Ms), ms(e.p99Ms), bytes(e.responseBytes)]) cell(row, text, true);
    return row;
  }));
}

function showTotals(now) {
  const figures = [
    ["Requests, 5 min", number(now.totalRequests)],
    ["Per second", now.requestsPerSecond.toFixed(1)],
    ["Error rate", percent(now.errorRate)],
    ["Aborted", number(now.abortedCount)],
    ["p50", ms(now.p50Ms)], ["p95", ms(now.p95Ms)], ["p99", ms(now.p99Ms)],
    ["Sent", bytes(now.totalResponseBytes)],
  ];
  byId("totals").replaceChildren(...figures.map(([name, value]) => {
    const div = document.createElement("div");
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    div.append(dt, dd);
    return div;
  }));
}

async function refresh() {
  const answer = await fetch("api-metrics/endpoints?period=24h&limit=100", { credentials: "same-origin" });
  if (answer.status === 401) { showSignIn(); return false; }
  const body = await answer.json();
  if (!answer.ok) { state(body.detail); return true; }
  byId("sign-in").hidden = true;
  byId("overview").hidden = false;
  byId("sign-out").hidden = csrf() === "";
  showEndpoints(body);
  return true;
}

function follow() {
  if (events) return;
  events = new EventSource("api-metrics/stream");
  events.addEventListener("metrics-update", (event) => {
    const now = JSON.parse(event.data);
    showTotals(now);
    state(`As of ${now.asOf}`);
    refresh().catch(() => state("Not connected"));
  });
  events.addEventListener("metrics-unavailable", (event) => state(JSON.parse(event.data).detail));
  events.addEventListener("error", () => {
    state("Not connected");
    // A refused stream is not tried again by the browser; a session that has ended is refused.
    if (events && events.readyState === EventSource.CLOSED) { events = null; start(); }
  });
}

async function start() {
  try {
    if (await refresh()) follow();
  } catch {
    byId("overview").hidden = false;
    state("The service does not answer");
  }
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("sign-in-error").textContent = "";
  try {
    const answer = await fetch("session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: byId("token").value }),
    });
    if (answer.ok) {
      byId("token").value = "";
      start();
    } else {
      byId("sign-in-error").textContent = (await answer.json()).detail;
    }
  } catch {
    byId("sign-in-error").textContent = "The service does not answer";
  }
});

byId("sign-out").addEventListener("click", async () => {
  await fetch("session", { method: "DELETE", headers: { "x-csrf-token": csrf() } });
  showSignIn();
});

start();
