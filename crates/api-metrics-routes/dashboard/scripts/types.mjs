// Writes the types of the API from its document. `--check` fails where they differ instead.

import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const target = "src/api/schema.d.ts";
const document = JSON.parse(readFileSync("openapi.json", "utf8"));
const text = `// Written by scripts/types.mjs from openapi.json.\n${astToString(await openapiTS(document))}`;
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error(`${target} is not what openapi.json says (npm run types)`);
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
