// Runs the unit tests: Vite bundles each file of tests/, and Node's own test runner runs the result.
// Arguments choose files by name: npm test -- slots time
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { build } from "vite";
import { files } from "./files.mjs";

// Below node_modules, so that the bundles resolve the same packages as the sources.
const outDir = "node_modules/.tests";
const names = process.argv.slice(2);
const tests = files("tests").filter(
  (file) => file.endsWith(".test.ts") && (names.length === 0 || names.some((name) => file.includes(name))),
);
try {
  await build({
    configFile: false,
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      ssr: true,
      target: "es2022",
      rollupOptions: {
        input: tests.map((file) => `tests/${file}`),
        output: { entryFileNames: "[name].mjs" },
      },
    },
  });
  // The zone of the machine must not matter, so the tests run in one with half hours and summer time; nor must its
  // language.
  const bundles = files(outDir).filter((file) => file.endsWith(".test.mjs"));
  const run = spawnSync("node", ["--test", "--test-reporter=spec", ...bundles.map((file) => `${outDir}/${file}`)], {
    env: { ...process.env, TZ: "Australia/Adelaide", LC_ALL: "en_GB.UTF-8" },
    stdio: "inherit",
  });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(outDir, { recursive: true, force: true });
}
