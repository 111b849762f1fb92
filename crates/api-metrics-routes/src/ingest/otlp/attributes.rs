//! What the attributes of a point say of its requests.
//!
//! | of us | by the stable conventions | by the old ones |
//! |---|---|---|
//! | method | `http.request.method` | `http.method` |
//! | template | `http.route` | `http.route`, `http.target` |
//! | status | `http.response.status_code` | `http.status_code` |
//! | failed | `error.type` without a status | |
//!
//! Without a template it is `<unmatched>`. Without a status and an error, the caller left before there was one.

use api_metrics_layer::Outcome;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};

use super::template;
use crate::ingest::item;

/// The requests of a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requests {
    /// A standard method or `_OTHER`.
    pub(super) method: &'static str,
    /// The template in our syntax, or `<unmatched>`.
    pub(super) endpoint: String,
    /// The status that was sent; `None`: none was sent.
    pub(super) status: Option<u16>,
    /// How they ended.
    pub(super) outcome: Outcome,
}

/// Reads the attributes of a point. `has_target`: where there is no `http.route`, `http.target` is a template, unless it
/// looks like a path with values.
///
/// # Errors
/// Which attribute is wrong, and why.
pub(super) fn read(attributes: &[KeyValue], has_target: bool) -> Result<Requests, String> {
    let find = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| attributes.iter().find(|one| one.key == **name))
            .and_then(|one| one.value.as_ref()?.value.as_ref())
    };
    let method = match find(&["http.request.method", "http.method"]) {
        Some(Value::StringValue(method)) => item::standard_method(method),
        Some(_) => return Err("`http.request.method` is no text".to_owned()),
        None => return Err("`http.request.method` is missing".to_owned()),
    };
    let routes: &[&str] = if has_target {
        &["http.route", "http.target"]
    } else {
        &["http.route"]
    };
    let is_target = has_target && find(&["http.route"]).is_none();
    let endpoint = match find(routes) {
        Some(Value::StringValue(route)) if is_target && template::has_values(route) => {
            template::normal("")
        }
        Some(Value::StringValue(route)) => template::normal(route),
        Some(_) => return Err("`http.route` is no text".to_owned()),
        None => template::normal(""),
    };
    let status = match find(&["http.response.status_code", "http.status_code"]) {
        None => None,
        Some(value) => Some(status(value).ok_or_else(|| {
            "`http.response.status_code` is no number from 100 to 999".to_owned()
        })?),
    };
    let outcome = match (status, find(&["error.type"])) {
        (Some(_), _) => Outcome::Completed,
        (None, Some(_)) => Outcome::Failed,
        (None, None) => Outcome::Aborted,
    };
    Ok(Requests {
        method,
        endpoint,
        status,
        outcome,
    })
}

/// The text of the first of these attributes that is there.
pub(super) fn text<'a>(attributes: &'a [KeyValue], names: &[&str]) -> Option<&'a str> {
    let found = names
        .iter()
        .find_map(|name| attributes.iter().find(|one| one.key == **name))?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// A status, which some libraries send as a text.
fn status(value: &Value) -> Option<u16> {
    let number = match value {
        Value::IntValue(number) => u16::try_from(*number).ok()?,
        Value::StringValue(text) => text.parse().ok()?,
        _ => return None,
    };
    (100..=999).contains(&number).then_some(number)
}

/// Bytes that are the same for the same attributes in any order, and different for others.
pub(super) fn canonical(attributes: &[KeyValue], out: &mut Vec<u8>) {
    let mut sorted: Vec<&KeyValue> = attributes.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    for one in sorted {
        put(out, one.key.as_bytes());
        let value = one.value.as_ref().map_or_else(Vec::new, encoded);
        put(out, &value);
    }
}

/// A value as protobuf has it, which is the same bytes for the same value.
fn encoded(value: &AnyValue) -> Vec<u8> {
    prost::Message::encode_to_vec(value)
}

/// A piece after its length, so that no two lists of pieces look alike.
pub(super) fn put(out: &mut Vec<u8>, piece: &[u8]) {
    out.extend_from_slice(&(piece.len() as u64).to_le_bytes());
    out.extend_from_slice(piece);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn text(key: &str, value: &str) -> KeyValue {
        with(key, Value::StringValue(value.to_owned()))
    }

    fn with(key: &str, value: Value) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..Default::default()
        }
    }

    #[test]
    fn stable_and_old_names_say_the_same() {
        let stable = [
            text("http.request.method", "GET"),
            text("http.route", "/items/:id"),
            with("http.response.status_code", Value::IntValue(404)),
        ];
        let old = [
            text("http.method", "GET"),
            text("http.target", "/items/<int:id>"),
            with("http.status_code", Value::StringValue("404".into())),
        ];
        let expected = Requests {
            method: "GET",
            endpoint: "/items/{id}".to_owned(),
            status: Some(404),
            outcome: Outcome::Completed,
        };
        assert_eq!(read(&stable, false).unwrap(), expected);
        assert_eq!(read(&old, true).unwrap(), expected);
        let target = |target| read(&[old[0].clone(), text("http.target", target)], true).unwrap();
        assert_eq!(target("/items/7").endpoint, "<unmatched>");
        assert_eq!(target("/v1/health").endpoint, "/v1/health");
        // Of a stable metric, a target is a path with values.
        let other = [stable[0].clone(), text("http.target", "/items/7")];
        assert_eq!(read(&other, false).unwrap().endpoint, "<unmatched>");
    }

    #[test]
    fn without_a_status_an_error_is_a_failure_and_none_is_a_caller_that_left() {
        let method = text("http.request.method", "PURGE");
        let failed = read(&[method.clone(), text("error.type", "timeout")], false).unwrap();
        assert_eq!((failed.method, failed.outcome), ("_OTHER", Outcome::Failed));
        assert_eq!(read(&[method], false).unwrap().outcome, Outcome::Aborted);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let method = || text("http.request.method", "GET");
        for (attributes, name) in [
            (vec![], "http.request.method"),
            (
                vec![with("http.method", Value::IntValue(1))],
                "http.request.method",
            ),
            (
                vec![method(), with("http.route", Value::BoolValue(true))],
                "http.route",
            ),
            (
                vec![method(), with("http.status_code", Value::IntValue(42))],
                "http.response.status_code",
            ),
        ] {
            let why = read(&attributes, false).unwrap_err();
            assert!(why.contains(name), "{why}");
        }
    }

    #[test]
    fn the_order_of_attributes_makes_no_difference_and_their_text_does() {
        let bytes = |attributes: &[KeyValue]| {
            let mut out = Vec::new();
            canonical(attributes, &mut out);
            out
        };
        let (a, b) = (text("a", "1"), text("b", "2"));
        assert_eq!(
            bytes(&[a.clone(), b.clone()]),
            bytes(&[b.clone(), a.clone()])
        );
        assert_ne!(bytes(&[a, b]), bytes(&[text("a", "1b2")]));
    }
}
