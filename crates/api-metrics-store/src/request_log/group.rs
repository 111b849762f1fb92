//! Which errors are one.
//!
//! Errors with the same method, endpoint, status, type and message count as one group, where numbers, UUIDs,
//! hexadecimal digits and quoted texts in the message make no difference.

use sha2::{Digest, Sha256};

use super::entry::Stored;

/// The longest normalised message, in characters.
const MAX_CHARS: usize = 512;

/// The message with `?` for what differs from one time to the next.
pub(crate) fn normalised(message: &str) -> String {
    let mut out = String::with_capacity(message.len().min(MAX_CHARS));
    let mut chars = message.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        if out.chars().count() >= MAX_CHARS {
            break;
        }
        let rest = message.get(at..).unwrap_or_default();
        // An apostrophe within a word quotes nothing.
        let quotes = matches!(c, '"' | '`') || (c == '\'' && !before.is_alphanumeric());
        let skip = if quotes {
            let inner = rest.get(1..).unwrap_or_default();
            inner.find(c).map(|close| close + 2)
        } else if c.is_alphanumeric() {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
            let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if varies(word) {
                Some(word.len())
            } else {
                out.push_str(word);
                before = 'a';
                let end = at + word.len();
                while chars.next_if(|&(at, _)| at < end).is_some() {}
                continue;
            }
        } else {
            None
        };
        match skip {
            Some(len) => {
                out.push('?');
                before = 'a';
                while chars.next_if(|&(next, _)| next < at + len).is_some() {}
            }
            None => {
                // Blanks and line breaks make no difference either.
                let c = if c.is_whitespace() { ' ' } else { c };
                if !(c == ' ' && out.ends_with(' ')) {
                    out.push(c);
                }
                before = c;
            }
        }
    }
    out
}

/// Whether a word is likely to be another one the next time.
fn varies(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    // `u64`, `utf8` and `http2` are names; `7`, `v17x3`, `3f2a9c` and UUIDs are not.
    digits > 0 && (word.starts_with(|c: char| c.is_ascii_digit()) || digits > 2 || letters == 0)
        || (digits > 0 && word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What the errors of a group have in common, in words: the same for each of them.
pub(crate) fn text(request: &Stored) -> String {
    let message = normalised(request.message.as_deref().unwrap_or_default());
    if let Some(level) = request.level {
        return format!("{level} {} {message}", request.source);
    }
    let error_type = request.error_type.as_deref().unwrap_or_default();
    format!(
        "{} {} {error_type} {message}",
        request.method, request.endpoint
    )
}

/// The group of a stored request; `None` where it is no error. Requests that the client aborted are none. Of events
/// those are errors that are at least warnings.
pub(crate) fn of(request: &Stored) -> Option<i64> {
    let is_error = match request.level {
        Some(level) => matches!(level, "error" | "warn"),
        None => request.counted >= 400 && request.outcome != "aborted",
    };
    if !is_error {
        return None;
    }
    let message = normalised(request.message.as_deref().unwrap_or_default());
    let mut hash = Sha256::new();
    for part in [
        request.method,
        &request.endpoint,
        &request.counted.to_string(),
        request.error_type.as_deref().unwrap_or_default(),
        &message,
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    if let Some(level) = request.level {
        for part in [level, &request.source] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
    }
    let digest = hash.finalize();
    let (first, _) = digest.split_first_chunk::<8>()?;
    Some(i64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_make_no_difference() {
        for (message, expected) in [
            ("order 17 is paid", "order ? is paid"),
            (
                "order 0b6b8f2c-7f0e-4b53-9d6b-0c6b3e0f1a2d is paid",
                "order ? is paid",
            ),
            ("no table \"a\"  in 'b c' or `d`", "no table ? in ? or ?"),
            (
                "it doesn't fit: can't cast to u64",
                "it doesn't fit: can't cast to u64",
            ),
            ("timeout after 30ms (3f2a9c01)", "timeout after ? (?)"),
            ("unclosed \"quote", "unclosed \"quote"),
            ("ü 7 ü", "ü ? ü"),
        ] {
            assert_eq!(normalised(message), expected);
        }
    }
}
