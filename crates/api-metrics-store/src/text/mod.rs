//! Text of strangers, made fit for a line of a log, a terminal or a page.
//!
//! A label may hold whatever a client, a host or a database put there: a line break that forges the next
//! line of a log, an escape sequence that repaints a terminal, a mark that turns the direction of what
//! follows. Names that people give are [refused](is_plain) with such characters. Where traffic brings
//! them they are stored as they are, and [escaped](shown) wherever people read them.
//!
//! | characters | example | shown as |
//! |---|---|---|
//! | control characters, C0 and C1 | line feed, ESC | `\n`, `\u{1b}` |
//! | separators of lines and paragraphs | U+2028 | `\u{2028}` |
//! | marks of direction | U+202E, U+2066 | `\u{202e}`, `\u{2066}` |
//! | what takes no room and joins nothing | U+200B, U+FEFF | `\u{200b}`, `\u{feff}` |
//!
//! Joiners (U+200C, U+200D) stay: words of some languages and many emoji need them.
//!
//! ```
//! use api_metrics_store::text::{is_plain, shown};
//!
//! assert_eq!(shown("GET /users/{id}").to_string(), "GET /users/{id}");
//! assert_eq!(shown("ops\nERROR all keys leaked").to_string(), r"ops\nERROR all keys leaked");
//! assert!(!is_plain("\u{1b}[31m"));
//! ```

mod password;

use std::{borrow::Cow, fmt};

pub use password::without_password;

/// Whether a character would change how the text around it is read or shown.
const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Marks of direction, and their isolates and overrides.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Separators of lines and paragraphs.
        | '\u{2028}' | '\u{2029}'
        // No width, and no use in a name.
        | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}')
}

/// Whether a text holds none of the characters that [`shown`] escapes.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(is_hidden)
}

/// What [`shown`] displays, as text.
#[must_use]
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Displays a value with such characters escaped as Rust writes them: one line without control of
/// anything, for messages and for lines of a log, such as `tracing::warn!(error = %shown(&error), "…")`.
/// Text that is [plain](is_plain) stays as it is; escaping twice changes nothing.
///
/// ```
/// use api_metrics_store::text::shown;
///
/// assert_eq!(shown("a\u{7}b").to_string(), r"a\u{7}b");
/// ```
#[must_use]
pub fn shown<T: fmt::Display>(value: T) -> impl fmt::Display {
    Shown(value)
}

/// See [`shown`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        /// Escapes what passes, so that no text is built.
        struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

        impl fmt::Write for Escaping<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.write_str(&escaped(text))
            }
        }

        write!(Escaping(f), "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts in which every other character is one that matters.
    fn hostile() -> impl Strategy<Value = String> {
        let odd = prop_oneof![
            proptest::char::range('\0', '\u{a0}'),
            proptest::char::range('\u{2000}', '\u{2070}'),
            Just('\u{61c}'),
            Just('\u{feff}'),
            any::<char>(),
        ];
        prop::collection::vec(prop_oneof![odd, Just('a')], 0..40).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn what_is_shown_is_one_plain_line_and_stays_as_it_is(text in hostile()) {
            let once = escaped(&text).into_owned();
            prop_assert!(is_plain(&once), "{once:?}");
            prop_assert!(!once.chars().any(char::is_control));
            prop_assert_eq!(once.lines().count() <= 1, true);
            prop_assert_eq!(&*escaped(&once), &*once);
            prop_assert_eq!(Shown(&text).to_string(), once);
        }

        #[test]
        fn plain_text_is_not_touched(text in "[ -~äß中é\u{200d}\\PC]*") {
            let plain = is_plain(&text);
            prop_assert_eq!(plain, &*escaped(&text) == text.as_str());
        }
    }

    #[test]
    fn names_of_all_languages_are_plain() {
        for name in [
            "GET /users/{id}",
            "Müller & Söhne",
            "株式会社",
            "می\u{200c}خواهم",
            "👩\u{200d}🚀",
            "<unmatched>",
            "C:\\n",
        ] {
            assert!(is_plain(name), "{name}");
        }
    }
}
