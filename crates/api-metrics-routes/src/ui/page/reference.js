"use strict";
// Builds the reference from the OpenAPI document beside it. All text enters as text nodes.

const byId = (id) => document.getElementById(id);

function make(tag, options, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, options || {});
  element.append(...children);
  return element;
}

function resolve(api, schema) {
  if (!schema || !schema.$ref) return schema || {};
  return schema.$ref.split("/").slice(1).reduce((at, part) => at && at[part], api) || {};
}

function typeOf(api, schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.oneOf) return schema.oneOf.map((s) => typeOf(api, s)).join(" | ");
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || "any";
  return type === "array" ? `${typeOf(api, schema.items || {})}[]` : type;
}

function members(api, schema) {
  const flat = resolve(api, schema);
  if (flat.allOf) return flat.allOf.flatMap((part) => members(api, part));
  return Object.entries(flat.properties || {});
}

function table(head, rows) {
  const cells = (tag, texts) => make("tr", null, ...texts.map((text) =>
    make(tag, tag === "th" ? { textContent: text, scope: "col" } : { textContent: text })));
  return make("table", null, make("thead", null, cells("th", head)),
    make("tbody", null, ...rows.map((row) => cells("td", row))));
}

function csrf() {
  const pair = document.cookie.split("; ").find((c) => c.startsWith("api_metrics_csrf="));
  return pair ? pair.slice("api_metrics_csrf=".length) : "";
}

async function send(method, path, form, output) {
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-in=query]")) {
    if (input.value !== "") query.set(input.name, input.value);
  }
  const headers = {};
  const token = byId("bearer").value.trim();
  if (token) headers.authorization = `Bearer ${token}`;
  const body = form.querySelector("textarea");
  if (method !== "GET") headers["x-csrf-token"] = csrf();
  if (body) headers["content-type"] = "application/json";
  const text = query.toString();
  const url = `.${path}${text ? `?${text}` : ""}`;
  output.textContent = "…";
  const stop = new AbortController();
  try {
    const answer = await fetch(url, { method, headers, body: body ? body.value : undefined, signal: stop.signal });
    const head = `${method} ${url}\n${answer.status} ${answer.statusText}\n` +
      [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    if ((answer.headers.get("content-type") || "").startsWith("text/event-stream")) {
      // A stream has no end to wait for: its first events are shown.
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let seen = "";
      while (seen.length < 4000 && !seen.includes("\ndata: ")) {
        const piece = await reader.read();
        if (piece.done) break;
        seen += decoder.decode(piece.value, { stream: true });
      }
      stop.abort();
      output.textContent = `${head}\n\n${seen}`;
      return;
    }
    let content = await answer.text();
    try { content = JSON.stringify(JSON.parse(content), null, 2); } catch { /* not JSON */ }
    output.textContent = `${head}\n\n${content.slice(0, 200000)}`;
  } catch (error) {
    output.textContent = String(error);
  }
}

function operation(api, path, method, spec) {
  const section = make("details", { className: "operation" },
    make("summary", null, make("code", { textContent: `${method.toUpperCase()} ${path}` }), ` ${spec.summary || ""}`));
  if (spec.description) section.append(make("p", { textContent: spec.description }));
  const form = make("form", { autocomplete: "off" });
  for (const parameter of spec.parameters || []) {
    const schema = resolve(api, parameter.schema);
    const id = `${method}${path}${parameter.name}`.replace(/[^a-zA-Z0-9]/g, "-");
    let input;
    if (schema.enum) {
      input = make("select", { id, name: parameter.name }, make("option", { value: "", textContent: "" }),
        ...schema.enum.map((value) => make("option", { value, textContent: value })));
    } else {
      const hint = parameter.example === undefined ? "" : String(parameter.example);
      input = make("input", { id, name: parameter.name, placeholder: hint });
    }
    input.dataset.in = parameter.in;
    form.append(make("label", { htmlFor: id },
      make("strong", { textContent: parameter.name }), ` ${parameter.description || ""}`), input);
  }
  const json = spec.requestBody && spec.requestBody.content["application/json"];
  if (json) {
    const id = `${method}${path}body`.replace(/[^a-zA-Z0-9]/g, "-");
    form.append(make("label", { htmlFor: id, textContent: "Body" }),
      make("textarea", { id, rows: 8, value: JSON.stringify(json.example || {}, null, 2) }));
  }
  const output = make("pre", { hidden: true, tabIndex: 0 });
  output.setAttribute("aria-live", "polite");
  form.append(make("button", { type: "submit", textContent: "Send" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    output.hidden = false;
    send(method.toUpperCase(), path, form, output);
  });
  section.append(form, output);
  section.append(make("h3", { textContent: "Answers" }));
  section.append(table(["Status", "Type", "Meaning"], Object.entries(spec.responses || {}).map(([status, answer]) =>
    [status, Object.keys(answer.content || {}).join(", "), answer.description || ""])));
  const good = Object.entries((spec.responses["200"] || {}).content || {})[0];
  if (good && good[1].schema) {
    const rows = members(api, good[1].schema).map(([name, schema]) =>
      [name, typeOf(api, schema), schema.description || ""]);
    if (rows.length) section.append(table(["Member", "Type", "Meaning"], rows));
  }
  if (good && good[1].example !== undefined) {
    const example = good[1].example;
    section.append(make("pre", { tabIndex: 0,
      textContent: typeof example === "string" ? example : JSON.stringify(example, null, 2) }));
  }
  return section;
}

async function start() {
  const api = await (await fetch("openapi.json")).json();
  byId("about").textContent = api.info.description || "";
  const tags = new Map((api.tags || []).map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, spec] of Object.entries(item)) {
      const tag = (spec.tags || ["other"])[0];
      if (!tags.has(tag)) tags.set(tag, []);
      tags.get(tag).push(operation(api, path, method, spec));
    }
  }
  byId("operations").replaceChildren(...[...tags].flatMap(([tag, sections]) =>
    [make("h2", { textContent: tag }), ...sections]));
}

byId("credentials").addEventListener("submit", (event) => event.preventDefault());
start().catch((error) => { byId("about").textContent = String(error); });
