//! Fields of CSV (RFC 4180) that are safe to open in a spreadsheet.

use std::borrow::Cow;

/// Text as one field. A label may hold what a caller has sent; a spreadsheet takes text that begins
/// with one of these characters for a formula and runs it (OWASP, CSV injection): an apostrophe before
/// it makes it text.
#[must_use]
pub(super) fn field(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '|', '＝', '＋', '－', '＠',
    ]);
    let quoted = formula || text.contains(['"', ',', ';', '\n', '\r']) || text.trim() != text;
    if !quoted {
        return Cow::Borrowed(text);
    }
    let apostrophe = if formula { "'" } else { "" };
    Cow::Owned(format!("\"{apostrophe}{}\"", text.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_separators_line_breaks_and_outer_spaces_are_quoted() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "\"a\nb\""),
            (" a", "\" a\""),
        ] {
            assert_eq!(field(text), written);
        }
    }

    #[test]
    fn no_text_begins_like_a_formula() {
        for text in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|calc", "＝1", "＋1", "－1",
            "＠x",
        ] {
            assert!(field(text).starts_with("\"'"), "{text}");
        }
    }
}
