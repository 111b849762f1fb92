// Fetches the API's document from a running admin: node scripts/openapi.mjs http://127.0.0.1:3000/admin/
import { writeFileSync } from "node:fs";

const admin = process.argv[2];
if (!admin) {
  console.error("usage: node scripts/openapi.mjs URL-OF-AN-ADMIN");
  process.exit(1);
}
const answer = await fetch(new URL("openapi.json", admin.endsWith("/") ? admin : `${admin}/`));
if (!answer.ok) throw new Error(`${answer.url}: HTTP ${answer.status}`);
writeFileSync("openapi.json", `${JSON.stringify(await answer.json(), null, 2)}\n`);
