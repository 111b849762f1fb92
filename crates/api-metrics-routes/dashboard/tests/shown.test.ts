import assert from "node:assert/strict";
import { test } from "node:test";
import { Fragment } from "react";
import { shown } from "../src/format/shown";
import { plain } from "../src/ui/jsx/plain";

test("text that would change how its line is read is written out", () => {
  assert.equal(shown("ops\nERROR leaked"), "ops\\nERROR leaked");
  assert.equal(shown("\u001b[31mred\u001b[0m"), "\\u{1b}[31mred\\u{1b}[0m");
  assert.equal(shown("a\u202eb\u2066c"), "a\\u{202e}b\\u{2066}c");
  assert.equal(shown("x\u{e0001}"), "x\\u{e0001}");
  for (const name of ["GET /users/{id}", "Müller", "株式会社", "می‌خواهم", "👩‍🚀", "C:\\n"]) {
    assert.equal(shown(name), name);
  }
});

test("whatever a label holds, what is shown is plain and stays as it is", () => {
  for (let code = 0; code < 0x11_000; code += 1) {
    if (code >= 0xd8_00 && code <= 0xdf_ff) continue;
    const once = shown(`a${String.fromCodePoint(code)}b`);
    assert.equal(shown(once), once);
    assert.ok(!/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(once), code.toString(16));
  }
});

test("every element shows its text so, and passes on to components what they were given", () => {
  const props = { children: ["a\n", 1, ["\u202e"]], title: "\u001b", value: "as\nit is", "aria-label": "b\r" };
  assert.deepEqual(plain("td", props), {
    children: ["a\\n", 1, ["\\u{202e}"]],
    title: "\\u{1b}",
    value: "as\nit is",
    "aria-label": "b\\r",
  });
  assert.deepEqual(plain(Fragment, { children: "\u0007" }), { children: "\\u{7}" });
  const component = () => null;
  assert.equal(plain(component, props), props);
});
