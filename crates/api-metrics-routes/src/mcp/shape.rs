//! Answers made small: chosen members, rounded numbers, short texts, bounded lists.
//!
//! Whatever reads them pays by the byte, so that nulls and empty lists are left out.
//!
//! The routes' answers are for programs: all columns, three decimals, nulls where nothing was measured. An assistant
//! reads text, and forgets what was in the middle of a long one.
//!
//! - Two decimals are more than a decision needs; whole numbers stay whole and exact.
//! - A null is left out. What is not in an answer was not measured, or is not for the caller.
//! - Messages of errors are cut at 200 characters, which are enough to tell one from another.
//! - Each tool has a bound of rows for each list, and says in its notes where there are more.

use serde_json::{Map, Value, json};

/// The longest text that an answer repeats, in characters: messages of errors may be of any length.
const MAX_TEXT: usize = 200;

/// What each answer says of itself, as far as the routes' answers say it.
const NOTES: [(&str, &str); 2] = [
    (
        "approximate",
        "Approximate: records at an edge of the range may belong to the other side of it.",
    ),
    (
        "incomplete",
        "Incomplete: stored bytes of the range can't be read, so that some latencies, statuses or batches are left out.",
    ),
];
/// What holds of every quantile.
const QUANTILES: &str = "Quantiles are within 1% of themselves; counts are exact.";

/// The members of these names, without nulls.
pub(super) fn pick(from: &Value, names: &[&str]) -> Value {
    let members = names.iter().filter_map(|name| {
        let value = small(from.get(*name)?);
        (!value.is_null()).then(|| ((*name).to_owned(), value))
    });
    Value::Object(members.collect())
}

/// The first elements of a list, each by these members.
pub(super) fn pick_each(list: &Value, most: usize, names: &[&str]) -> Vec<Value> {
    let rows = rows(list).iter().take(most);
    rows.map(|row| pick(row, names)).collect()
}

/// The elements of a list; none of what is no list.
pub(super) fn rows(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A number with two decimals, a text of at most 200 characters, and anything else as it is.
pub(super) fn small(value: &Value) -> Value {
    match value {
        Value::Number(number) if !number.is_u64() && !number.is_i64() => number
            .as_f64()
            .map_or(Value::Null, |number| json!(hundredths(number))),
        Value::String(text) => json!(cut(text)),
        other => other.clone(),
    }
}

/// Two decimals.
pub(super) fn hundredths(value: f64) -> f64 {
    (value * 1e2).round() / 1e2
}

/// A text of at most 200 characters.
pub(super) fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A number of an answer; none where it is null or absent.
pub(super) fn number(from: &Value, name: &str) -> Option<f64> {
    from.get(name).and_then(Value::as_f64)
}

/// A text of an answer; empty where it is null or absent.
pub(super) fn text<'a>(from: &'a Value, name: &str) -> &'a str {
    from.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number in words: `12.5`, or `none` where there was nothing to measure.
pub(super) fn shown(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(
        || "none".to_owned(),
        |value| format!("{}{unit}", hundredths(value)),
    )
}

/// What is approximate in these answers, in words.
pub(super) fn notes(answers: &[&Value]) -> Vec<String> {
    let mut notes = Vec::new();
    for (flag, text) in NOTES {
        let flagged = |answer: &&&Value| answer.get(flag).and_then(Value::as_bool) == Some(true);
        if answers.iter().any(|answer| flagged(&answer)) {
            notes.push(text.to_owned());
        }
    }
    let error = answers
        .iter()
        .filter_map(|answer| number(answer, "quantileError"))
        .max_by(f64::total_cmp);
    notes.push(match error {
        Some(error) => format!(
            "Quantiles may be off by {}% of themselves, because a service reports wide bins; counts are exact.",
            hundredths(error * 1e2)
        ),
        None => QUANTILES.to_owned(),
    });
    notes
}

/// The range of an answer.
pub(super) fn range(answer: &Value) -> Value {
    pick(answer, &["from", "to"])
}

/// Adds a member, unless it is empty.
pub(super) fn put(answer: &mut Map<String, Value>, name: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if !empty {
        answer.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_texts_cut_and_nulls_left_out() {
        let long = "é".repeat(300);
        let row = json!({"a": 1.239, "b": 7, "c": null, "d": long, "e": "kept out"});
        let picked = pick(&row, &["a", "b", "c", "d", "absent"]);
        let cut = format!("{}…", "é".repeat(200));
        assert_eq!(picked, json!({"a": 1.24, "b": 7, "d": cut}));
    }

    #[test]
    fn what_is_approximate_is_said_once() {
        let (exact, rough) = (
            json!({"approximate": false}),
            json!({"approximate": true, "quantileError": 0.5}),
        );
        assert_eq!(notes(&[&exact]), [QUANTILES]);
        let told = notes(&[&rough, &rough]);
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("Approximate"));
        assert!(told[1].contains("off by 50%"));
    }
}
