//! What is said on stdout and stderr: without passwords, without control characters, and without
//! caring whether anybody listens.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use api_metrics::store::text::without_password;
use tracing_subscriber::fmt::MakeWriter;

/// Writes a line to stdout. A closed pipe is no failure.
pub(crate) fn out(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", safe(text));
}

/// Writes a line to stderr. A closed pipe is no failure.
pub(crate) fn err(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", safe(text));
}

/// `text` as it may be shown: see [`without_passwords`] and [`escaped`].
pub(crate) fn safe(text: &str) -> String {
    escaped(&without_passwords(text))
}

/// Control characters and those that change the direction of writing as `\u{…}`: a log holds what
/// strangers sent, and a terminal obeys it. Line ends and tabs stay.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_bidi(c) || (c.is_control() && c != '\n' && c != '\t') {
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A JSON document whose strings hold no such characters as themselves: `serde_json` escapes the
/// control characters, but not those that change the direction of writing.
pub(crate) fn escaped_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_bidi(c) || c.is_control() {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether it changes the direction of writing, or ends a line without being a control character.
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// As [`escaped`], in one line: a name that traffic brought can't forge a second one.
pub(crate) fn escaped_line(text: &str) -> String {
    escaped(text).replace('\n', "\\n")
}

/// What was given by the command line, the environment and the settings and holds a password, with what is
/// shown of it.
static SECRETS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Takes care that the password in `text`, if it has one, is never shown, however it is repeated.
pub(crate) fn hide(text: &str) {
    let shown = without_password(text);
    if shown != text {
        let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.push((text.to_owned(), shown));
    }
}

/// Never shows `text`, such as a token.
pub(crate) fn hide_all(text: &str) {
    if !text.trim().is_empty() {
        let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.push((text.to_owned(), "***".to_owned()));
    }
}

/// The passwords of all URLs in `text` as `***`: those that are known, and whatever looks like one.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut known = Cow::Borrowed(text);
    {
        let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
        for (secret, shown) in secrets.iter() {
            if known.contains(secret.as_str()) {
                known = Cow::Owned(known.replace(secret.as_str(), shown));
            }
        }
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    known
        .split_inclusive(ends)
        .map(|word| {
            let is_url = word.contains("://") || word.contains('=');
            let has_user = word
                .rsplit_once('@')
                .is_some_and(|(user, _)| user.contains(':'));
            if is_url || has_user {
                Cow::Owned(without_password(word))
            } else {
                Cow::Borrowed(word)
            }
        })
        .collect()
}

/// The writer of the log: stderr, as [`err`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = safe(&String::from_utf8_lossy(bytes));
        let _ = io::stderr().lock().write_all(text.as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown_however_the_url_is_broken() {
        for (text, shown) in [
            (
                "postgres://u:geheim@h/d: refused",
                "postgres://u:***@h/d: refused",
            ),
            ("postgres://u:ge/he?im@h/d", "postgres://u:***@h/d"),
            ("postgres://u:ge@heim@h/d", "postgres://u:***@h/d"),
            (
                "`postgres://u:geheim@h` and x://a:geheim@b",
                "`postgres://u:***@h` and x://a:***@b",
            ),
            (
                "postgres://h/d?user=u&password=geheim&x=1",
                "postgres://h/d?user=u&password=***&x=1",
            ),
            (
                "postgres://h/d?sslpassword=geheim",
                "postgres://h/d?sslpassword=***",
            ),
            ("http://example.org:80/a", "http://example.org:80/a"),
            ("metrics.db", "metrics.db"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }

    #[test]
    fn a_terminal_gets_no_orders_from_a_log() {
        assert_eq!(
            escaped("a\u{1b}[2Jb\u{202e}c\u{7}\td"),
            "a\\u{1b}[2Jb\\u{202e}c\\u{7}\td"
        );
        assert_eq!(escaped_line("a\nb"), "a\\nb");
        assert_eq!(escaped_json("\"a\u{202e}\""), "\"a\\u202e\"");
    }
}
