import { readdirSync } from "node:fs";

const types = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

/** The content type of a file. An unknown extension is an error. */
export function kinds(file) {
  const type = types[file.split(".").pop()];
  if (!type) throw new Error(`${file}: no content type is known`);
  return type;
}

/** The files of a folder, sorted, because the order of the file system is not reproducible. */
export function files(folder) {
  return readdirSync(folder).sort();
}
