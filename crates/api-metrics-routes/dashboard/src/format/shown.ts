/**
 * Characters that change how the text around them is read: controls, marks of direction, separators of lines,
 * and what takes no room. The server's `text::shown` has the same ones.
 */
const HIDDEN = new RegExp(
  [
    "[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e",
    "\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0001}]",
  ].join(""),
  "gu",
);

const NAMED: Record<string, string> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** Text of strangers, fit to be read: such characters are written out, `\n` or `\u{202e}`. */
export const shown = (text: string): string =>
  text.replace(HIDDEN, (c) => NAMED[c] ?? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
