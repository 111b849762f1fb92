//! Bounds of everything that becomes a label, so that no input can fail a store or make it grow.

use std::borrow::Cow;

/// The endpoint of requests that no route matched.
pub const UNMATCHED: &str = "<unmatched>";
/// The endpoint of series beyond a recorder's bound.
pub const OTHER_ENDPOINT: &str = "<other>";
/// The method of requests outside the standard set (OpenTelemetry's name).
pub const OTHER_METHOD: &str = "_OTHER";
/// The longest endpoint label, in bytes.
pub const MAX_ENDPOINT_BYTES: usize = 1024;
/// The longest API key name, in bytes.
pub const MAX_API_KEY_BYTES: usize = 256;
/// The longest service or environment name, in bytes.
pub const MAX_SERVICE_BYTES: usize = 128;

/// Cuts `label` to at most `max` bytes on a character boundary and replaces NUL, which Postgres
/// text can't hold, by U+FFFD. Borrowed where nothing had to change.
///
/// ```
/// use api_metrics_layer::{MAX_ENDPOINT_BYTES, bounded};
///
/// assert_eq!(bounded("/users/{id}", MAX_ENDPOINT_BYTES), "/users/{id}");
/// assert_eq!(bounded("/ü", 2), "/");
/// ```
#[must_use]
#[inline]
pub fn bounded(label: &str, max: usize) -> Cow<'_, str> {
    if label.len() <= max && !has_nul(label.as_bytes()) {
        return Cow::Borrowed(label);
    }
    Cow::Owned(cut(label, max))
}

#[cold]
fn cut(label: &str, max: usize) -> String {
    let mut out = String::with_capacity(max.min(label.len()));
    for c in label.chars() {
        let c = if c == '\0' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        };
        if out.len() + c.len_utf8() > max {
            break;
        }
        out.push(c);
    }
    out
}

/// Eight bytes at a time: the search of the standard library is made for longer texts, and this runs
/// for every request.
#[inline]
fn has_nul(text: &[u8]) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let any = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // Only a zero byte borrows into its own high bit.
        word.wrapping_sub(LOW) & !word & HIGH != 0
    };
    let Some(last) = text.last_chunk() else {
        return text.contains(&0);
    };
    let mut rest = text;
    while let Some((word, after)) = rest.split_first_chunk() {
        if any(word) {
            return true;
        }
        rest = after;
    }
    // Overlaps what has been seen.
    any(last)
}
