//! CSV (RFC 4180) that is safe to open in a spreadsheet.
//!
//! Fields that a spreadsheet would take for a formula begin with an apostrophe.

use serde_json::Value;

use crate::response::csv_field;

/// Writes one record. Objects become `name:value` pairs with semicolons between them.
pub(super) fn line<'a>(values: impl IntoIterator<Item = &'a Value>, out: &mut Vec<u8>) {
    for (i, value) in values.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        match value {
            Value::Null => {}
            Value::String(text) => out.extend_from_slice(csv_field(text).as_bytes()),
            Value::Object(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name}:{value}"))
                    .collect();
                out.extend_from_slice(csv_field(&pairs.join(";")).as_bytes());
            }
            other => out.extend_from_slice(other.to_string().as_bytes()),
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn written(values: &[Value]) -> String {
        let mut out = Vec::new();
        line(values, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_values_stand_as_they_are_and_null_is_empty() {
        let values = [json!("/users/{id}"), json!(7), json!(null), json!(0.5)];
        assert_eq!(written(&values), "/users/{id},7,,0.5\r\n");
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_quoted() {
        let values = [json!("a,b"), json!("say \"hi\""), json!("a\nb")];
        assert_eq!(written(&values), "\"a,b\",\"say \"\"hi\"\"\",\"a\nb\"\r\n");
    }

    #[test]
    fn no_text_begins_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "|calc"] {
            let line = written(&[json!(text)]);
            assert!(line.starts_with("\"'"), "{line}");
        }
        // A number below zero is a number.
        assert_eq!(written(&[json!(-1)]), "-1\r\n");
    }

    #[test]
    fn counts_by_status_are_one_field() {
        let values = [json!({"200": 6, "404": 1})];
        assert_eq!(written(&values), "\"200:6;404:1\"\r\n");
    }
}
