//! Text that people write, and numbers as people read them.
//!
//! | function | example |
//! |---|---|
//! | [`count`] | `1,204` |
//! | [`bytes`] | `950 B`, `2.5 GB` |
//! | [`minutes`] | `5 min`, `1 h 30 min` |
//! | [`span`] | `40 s`, `3 min`, `2 h`, `4 days` |
//!
//! All of them are for messages, in English, and are never parsed.

use api_metrics_layer::{INVALID_UNIT, MAX_UNIT_BYTES, OTHER_UNIT, is_unit_name};

use crate::{
    store::{StoreError, invalid},
    text::is_plain,
};

/// Refuses text that is blank, longer than `most` bytes, or holds characters that would change how the
/// line around it is read.
///
/// # Errors
///
/// `StoreError::Invalid` that names `field`.
pub(crate) fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), StoreError> {
    if text.trim().is_empty() || text.len() > most {
        return invalid(field, format!("takes 1 to {most} bytes of text"));
    }
    check_plain(field, text)
}

/// Refuses control characters, marks of direction and their like, NUL among them, which Postgres can't
/// store.
///
/// # Errors
///
/// `StoreError::Invalid` that names `field`.
pub(crate) fn check_plain(field: &'static str, text: &str) -> Result<(), StoreError> {
    if is_plain(text) {
        Ok(())
    } else {
        invalid(
            field,
            "takes no control characters and no marks of direction",
        )
    }
}

/// The longest name of a rule, a key, a user or a plan, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 200;
/// The longest name of a tenant, in bytes: it stands in indexes, whose rows have a limit.
pub(crate) const MAX_TENANT_BYTES: usize = 200;

/// Thousands apart: `1,204`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In decimal units: `950 B`, `2.5 GB`.
pub(crate) fn bytes(n: u64) -> String {
    let mut size = n as f64;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        // What would be shown as a thousand belongs to the next unit.
        if size < 999.95 || unit == "TB" {
            let text = if unit == "B" {
                format!("{size:.0}")
            } else {
                format!("{size:.1}")
            };
            let text = text.strip_suffix(".0").unwrap_or(&text);
            return format!("{text} {unit}");
        }
        size /= 1_000.0;
    }
    String::new()
}

/// `5 min`, `1 h`, `1 h 30 min`.
pub(crate) fn minutes(n: u32) -> String {
    match (n / 60, n % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{} h", count(hours.into())),
        (hours, minutes) => format!("{} h {minutes} min", count(hours.into())),
    }
}

/// `40 s`, `3 min`, `2 h`, `4 days`; rounded down, so that it is never later than said.
pub(crate) fn span(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7_199 => format!("{} min", s / 60),
        s @ 7_200..=172_799 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

/// Checks that something can be counted as a unit of that name.
///
/// # Errors
/// [`StoreError::Invalid`] names the field.
pub(crate) fn check_unit(field: &'static str, name: &str) -> Result<(), StoreError> {
    if is_unit_name(name) || [OTHER_UNIT, INVALID_UNIT].contains(&name) {
        return Ok(());
    }
    invalid(
        field,
        format!("takes the name of a unit: 1 to {MAX_UNIT_BYTES} letters, digits or _ - . : /"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_204, "1,204"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(count(n), text);
        }
        for (n, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_549_000, "1.5 MB"),
            (999_960, "1 MB"),
        ] {
            assert_eq!(bytes(n), text);
        }
        for (n, text) in [(1, "1 min"), (60, "1 h"), (90, "1 h 30 min")] {
            assert_eq!(minutes(n), text);
        }
        for (n, text) in [
            (40, "40 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(span(n), text);
        }
    }
}
