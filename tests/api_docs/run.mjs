// Writes the answers in docs/http-api.md anew: asks each command that stands there in a `console` block, of
// a shop that was seeded for it and of the demo, and puts what was answered below it.
//
//   node tests/api_docs/run.mjs
//
// Needs cargo, curl and bash. JSON is laid out, long lists and texts are cut at `…`; nothing else is changed.
// A command that fails ends it, and leaves the file as it was.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const page = join(root, "docs/http-api.md");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const work = mkdtempSync(join(tmpdir(), "api-metrics-docs-"));
const WIDTH = 100;
const LINES = 6;
const started = [];

/** Starts a server that says its base URL on stdout. */
async function serve(program, args, env) {
  const process_ = spawn(join(target, "debug", program), args, {
    env: { ...process.env, DATABASE_URL: "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(process_);
  let said = "";
  for await (const piece of process_.stdout) {
    said += piece;
    const base = said.match(/http:\/\/[\d.]+:\d+/);
    if (base) return base[0];
  }
  throw new Error(`${program} did not start`);
}

/** Lays a value out within the page's width, as somebody would by hand. */
function layOut(value, indent) {
  if (Array.isArray(value)) {
    const flat = value.every((one) => one === null || typeof one !== "object");
    const shown = value.slice(0, flat ? 6 : 1).map((one) => layOut(one, `${indent}  `));
    if (value.length > shown.length) shown.push("…");
    return enclose("[", shown, "]", indent);
  }
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value);
    const shown = members.map(([name, one]) => `${JSON.stringify(name)}: ${layOut(one, `${indent}  `)}`);
    return enclose("{", shown, "}", indent);
  }
  if (typeof value === "string" && value.length > 90) return JSON.stringify(`${value.slice(0, 60)}…`);
  return JSON.stringify(value);
}

/** As many parts on a line as fit. */
function enclose(open, parts, close, indent) {
  const inline = `${open}${parts.join(", ")}${close}`;
  if (!inline.includes("\n") && indent.length + inline.length <= WIDTH) return inline;
  const lines = [];
  let line = "";
  parts.forEach((part, at) => {
    const text = at + 1 < parts.length ? `${part},` : part;
    if (line && indent.length + 3 + line.length + text.split("\n")[0].length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line ? `${line} ${text}` : text;
    if (text.includes("\n")) {
      lines.push(line);
      line = "";
    }
  });
  if (line) lines.push(line);
  return `${open}\n${lines.map((one) => `${indent}  ${one}`).join("\n")}\n${indent}${close}`;
}

/** JSON.parse would write 10.0 as 10: numbers stay as they came. */
function readable(text) {
  try {
    const numbers = [];
    const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => {
      if (token.startsWith('"')) return token;
      numbers.push(token);
      return `"§${numbers.length - 1}§"`;
    });
    return layOut(JSON.parse(marked), "").replace(/"§(\d+)§"/g, (_, at) => numbers[at]);
  } catch {
    const lines = text.trimEnd().split("\n");
    const shown = lines.slice(0, LINES).map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line));
    return [...shown, ...(lines.length > LINES ? ["…"] : [])].join("\n");
  }
}

function answer(command, { admin, console_ }) {
  const prelude = `set -o pipefail; cd ${work}; ADMIN=${admin} CONSOLE=${console_} DAY=$(date -u -d yesterday +%F)
ask() { curl -sS --max-time 60 -H "authorization: Bearer demo-token-0123456789abcdef-0123456789" "$@"; }`;
  const ran = spawnSync("bash", ["-c", `${prelude}\n${command}`], { encoding: "utf8" });
  // A stream is left after its first lines: 23 is curl's word for that.
  if (![0, 23].includes(ran.status)) throw new Error(`${command}\nended with ${ran.status}: ${ran.stderr}`);
  return readable(ran.stdout.replaceAll("\r", ""));
}

async function main() {
  execFileSync("cargo", ["build", "--locked", "--all-features", "-p", "api-metrics-tests", "--bins"], {
    cwd: root,
    stdio: "inherit",
  });
  const shop = join(work, "shop.db");
  const seeded = ["--database", shop, "--load", "0.2"];
  execFileSync(join(target, "debug/seed"), [...seeded, "--days", "7"], { stdio: "ignore" });
  const serving = [...seeded, "--days", "0", "--serve", "127.0.0.1:0", "--token", "demo-token-0123456789abcdef-0123456789"];
  const admin = `${await serve("seed", serving, {})}/admin`;
  const demo = await serve("demo", [], {
    DATABASE_URL: join(work, "demo.db"),
    DEMO_LISTEN: "127.0.0.1:0",
    DEMO_TRAFFIC: "40",
  });
  const bases = { admin, console_: `${demo}/api/v2/console/metrics` };
  const traffic = `curl -sS -H 'x-api-key: demo-key-mobile' "$CONSOLE/summary"`;
  while (Number(/"totalRequests": (\d+)/.exec(answer(traffic, bases))?.[1]) < 300) await setTimeout(500);

  const text = readFileSync(page, "utf8");
  let asked = 0;
  const written = text.replace(/```console\n([\s\S]*?)```/g, (_, block) => {
    // Its further lines are indented; an answer's first never is.
    const commands = block.match(/^\$ .*(?:\n  .*)*/gm) ?? [];
    const parts = commands.map((command) => {
      asked += 1;
      const said = answer(command.slice(2), bases);
      return said ? `${command}\n${said}` : command;
    });
    return `\`\`\`console\n${parts.join("\n\n")}\n\`\`\``;
  });
  writeFileSync(page, written);
  console.log(`${asked} commands asked`);
}

try {
  await main();
} finally {
  started.forEach((one) => one.kill());
  rmSync(work, { recursive: true, force: true });
}
