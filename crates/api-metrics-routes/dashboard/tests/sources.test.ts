// What the linter has no rule for: which folder may import which, and the length of lines.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** Folders of src/ from the lowest layer to the highest. A file imports from its own folder and from lower ones. */
const LAYERS = [
  "styles",
  "format",
  "view",
  "api",
  "ui",
  "charts",
  "traffic",
  "limits",
  "billing",
  "consumers",
  "heatmap",
  "requests",
  "audit",
  "ingest",
  "jobs",
  "objectives",
  "releases",
  "alerts",
  "incident",
  "pages",
  "app",
];

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(tsx?|mjs|css)$/.test(file) && !file.endsWith("schema.d.ts"))
    .map((file) => join(folder, file));

/** The layer of a file below src/; one above all for src/main.tsx. */
const layerOf = (file: string): number => {
  const folder = file.split("/")[1] ?? "";
  const layer = LAYERS.indexOf(folder);
  return layer < 0 && !folder.includes(".") ? Number.NaN : layer < 0 ? LAYERS.length : layer;
};

const IMPORT = /(?:from |import |import\()"(\.[^"]*)"/g;

test("imports point to lower layers only", () => {
  const wrong = sources("src").flatMap((file) => {
    const layer = layerOf(file);
    assert.ok(!Number.isNaN(layer), `${file}: its folder has no layer`);
    return [...readFileSync(file, "utf8").matchAll(IMPORT)]
      .map(([, path]) => normalize(join(dirname(file), path ?? "")))
      .filter((path) => dirname(path) !== dirname(file) && !(layerOf(path) < layer))
      .map((path) => `${file} imports ${path}`);
  });
  assert.deepEqual(wrong, []);
});

test("lines have at most 120 columns", () => {
  const long = ["src", "scripts", "tests", "../../../tests/browser/specs"].flatMap(sources).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, index) => (line.length > 120 ? [`${file}:${index + 1} has ${line.length}`] : [])),
  );
  assert.deepEqual(long, []);
});
