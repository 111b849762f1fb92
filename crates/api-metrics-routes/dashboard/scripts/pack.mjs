// Writes the built page into the crate: each file as brotli and as gzip, with a table of them in Rust. Who takes
// neither is sent what the gzip holds.
// The crate itself is built without Node.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { files, kinds } from "./files.mjs";

const dist = process.env.DASHBOARD_OUT ?? "dist";
const target = process.env.DASHBOARD_ASSETS ?? "../assets/dashboard";

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const rows = [];
const sizes = [];
for (const file of files(join(dist, "assets"))) {
  const bytes = readFileSync(join(dist, "assets", file));
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const gzip = gzipSync(bytes, { level: 9 });
  writeFileSync(join(target, `${file}.br`), brotli);
  writeFileSync(join(target, `${file}.gz`), gzip);
  sizes.push({ file, bytes: bytes.length, brotli: brotli.length, gzip: gzip.length });
  rows.push(`    File {
        name: "${file}",
        content_type: "${kinds(file)}",
        brotli: include_bytes!("${file}.br"),
        gzip: include_bytes!("${file}.gz"),
    },`);
}
writeFileSync(join(target, "index.html"), readFileSync(join(dist, "index.html")));
writeFileSync(join(target, "files.rs"), `// Written by dashboard/scripts/pack.mjs.\n[\n${rows.join("\n")}\n]\n`);
console.table(sizes);
