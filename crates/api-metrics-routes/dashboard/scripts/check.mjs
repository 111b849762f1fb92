// Fails if the committed assets differ from a build of these sources. Compressed files are compared by their content,
// because another release of Node may compress differently.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { files } from "./files.mjs";

const committed = "../assets/dashboard";
const work = mkdtempSync(join(tmpdir(), "dashboard-"));
const built = join(work, "assets");
const differences = [];
try {
  const env = { ...process.env, DASHBOARD_OUT: join(work, "dist"), DASHBOARD_ASSETS: built };
  execFileSync("npx", ["vite", "build", "--logLevel", "warn"], { env, stdio: "inherit" });
  execFileSync("node", ["scripts/pack.mjs"], { env, stdio: "ignore" });
  const names = new Set([...files(built), ...files(committed)]);
  for (const name of names) {
    const read = (folder) => {
      try {
        return readFileSync(join(folder, name));
      } catch {
        return null;
      }
    };
    const [a, b] = [read(built), read(committed)];
    if (!a || !b) {
      differences.push(`${name} is ${b ? "not built from" : "missing although it is built from"} the sources`);
      continue;
    }
    const unpack = name.endsWith(".br") ? brotliDecompressSync : name.endsWith(".gz") ? gunzipSync : (x) => x;
    if (!unpack(a).equals(unpack(b))) differences.push(`${name} differs`);
  }
  execFileSync("node", ["scripts/types.mjs", "--check"], { stdio: "inherit" });
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (differences.length > 0) {
  console.error(
    `The committed dashboard differs from a build of its sources (npm run build):\n  ${differences.join("\n  ")}`,
  );
  process.exit(1);
}
console.log("the committed dashboard matches its sources");
