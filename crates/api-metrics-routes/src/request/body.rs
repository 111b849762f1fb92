//! The members of a JSON body, each taken once by name.
//!
//! A member that is absent, one that is null and one that has a value are three things: left as it
//! is, cleared, and set.

use axum::{
    Json,
    extract::{FromRequest, Request},
};
use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Number, Value};

use super::{json_object, shown};
use crate::response::Problem;

/// What a body says of a member: nothing, that it is to be cleared, or a value.
pub(crate) type Member<T> = Option<Option<T>>;

/// The members of a JSON object. A route takes those that it knows and then calls
/// [`finish`](Self::finish), which refuses what is left, as [`Params`](super::Params) does for
/// queries.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// Members that were not taken yet.
    members: Map<String, Value>,
    /// Members that the route has asked for.
    known: Vec<&'static str>,
    /// Those of them that the body has.
    given: Vec<&'static str>,
}

impl Body {
    #[cfg(test)]
    pub(super) fn of(value: Value) -> Self {
        match value {
            Value::Object(members) => Self {
                members,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    /// Whether the body has a member that was not taken yet.
    #[cfg(feature = "ingest")]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The member as it came; `Some(None)` for null.
    pub(crate) fn value(&mut self, name: &'static str) -> Member<Value> {
        self.known.push(name);
        let value = self.members.remove(name)?;
        self.given.push(name);
        Some(Some(value).filter(|value| !value.is_null()))
    }

    /// A member of one type.
    ///
    /// # Errors
    /// 400 that names the member, where it is of another type.
    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Member<T>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(value)) => read(&value)
                .map(|value| Some(Some(value)))
                .ok_or_else(|| wrong(name, &value, expected)),
        }
    }

    /// Text.
    ///
    /// # Errors
    /// 400 that names the member, where it is of another type.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Member<String>, Problem> {
        self.typed(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// true or false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Member<bool>, Problem> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// A member that is a body itself and must be there.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Self, Problem> {
        let members = self.typed(name, "an object", |value| value.as_object().cloned())?;
        Ok(Self {
            members: present(name, members)?,
            ..Self::default()
        })
    }

    /// A whole number from 0 up.
    ///
    /// # Errors
    /// 400 that names the member, where it is of another type.
    pub(crate) fn count(&mut self, name: &'static str) -> Result<Member<u64>, Problem> {
        self.typed(name, "a whole number from 0 up", Value::as_u64)
    }

    /// A whole number from 0 up to 2^32 - 1.
    pub(crate) fn small(&mut self, name: &'static str) -> Result<Member<u32>, Problem> {
        self.typed(name, "a whole number from 0 up", |value| {
            value.as_u64().and_then(|n| u32::try_from(n).ok())
        })
    }

    /// The number of something that the store has numbered.
    ///
    /// # Errors
    /// 400 that names the member, where it is of another type.
    pub(crate) fn id(&mut self, name: &'static str) -> Result<Member<i64>, Problem> {
        self.typed(name, "a whole number from 0 up", |value| {
            value.as_i64().filter(|n| *n >= 0)
        })
    }

    /// Any number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Member<f64>, Problem> {
        self.typed(name, "a number", Value::as_f64)
    }

    /// An instant of RFC 3339, in whole seconds.
    ///
    /// # Errors
    /// 400 that names the member, where it is of another type.
    pub(crate) fn instant(&mut self, name: &'static str) -> Result<Member<i64>, Problem> {
        self.typed(name, "an RFC 3339 time like 2026-05-17T00:00:00Z", |v| {
            let at = DateTime::parse_from_rfc3339(v.as_str()?).ok()?;
            Some(at.timestamp())
        })
    }

    /// A date of the calendar.
    pub(crate) fn date(&mut self, name: &'static str) -> Result<Member<NaiveDate>, Problem> {
        self.typed(name, "a date like 2026-05-17", |value| {
            date(value.as_str()?)
        })
    }

    /// One of the words that `read` knows; `words` names them for people.
    ///
    /// # Errors
    /// 400 that names the member, where it is of another type.
    pub(crate) fn word<T>(
        &mut self,
        name: &'static str,
        words: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Member<T>, Problem> {
        self.typed(name, words, |value| read(value.as_str()?))
    }

    /// The members that were taken and that the body has.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        self.given.clone()
    }

    /// The same where members that the body may have were not asked for.
    #[cfg(feature = "ingest")]
    pub(crate) fn finish_with(mut self, known: &[&'static str]) -> Result<(), Problem> {
        let missing = known.iter().filter(|name| !self.known.contains(name));
        let missing: Vec<_> = missing.copied().collect();
        self.known.extend(missing);
        self.finish()
    }

    /// Refuses every member that the route did not take.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::parameter(
                shown(name),
                format!("unknown; this body takes {}", self.known.join(", ")),
            )),
        }
    }
}

/// A date of the calendar, in the years that RFC 3339 knows.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    // `parse` would take other widths and signs.
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    text.parse().ok().filter(|_| shaped)
}

/// 400: a member is not what was expected.
pub(crate) fn wrong(name: &'static str, value: &Value, expected: &str) -> Problem {
    let found = match value {
        Value::String(text) => format!("`{}`", shown(text)),
        Value::Number(number) => format!("`{}`", Number::to_string(number)),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null => "null".to_owned(),
    };
    Problem::parameter(name, format!("{found} is not {expected}"))
}

/// A member that may not be cleared.
///
/// # Errors
/// 400 that names the member, where it is null.
pub(crate) fn required<T>(name: &'static str, member: Member<T>) -> Result<Option<T>, Problem> {
    match member {
        None => Ok(None),
        Some(Some(value)) => Ok(Some(value)),
        Some(None) => Err(Problem::parameter(name, "must not be null")),
    }
}

/// A member that must be there.
pub(crate) fn present<T>(name: &'static str, member: Member<T>) -> Result<T, Problem> {
    required(name, member)?.ok_or_else(|| Problem::parameter(name, "is missing"))
}

#[cfg(any(feature = "ingest", feature = "mcp"))]
impl From<Map<String, Value>> for Body {
    fn from(members: Map<String, Value>) -> Self {
        Self {
            members,
            ..Self::default()
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            members: json_object(Json::from_request(request, state).await)?,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn absent_cleared_and_given_are_three_things() {
        let mut body = Body::of(json!({"a": null, "b": "x"}));
        assert_eq!(body.text("a").unwrap(), Some(None));
        assert_eq!(body.text("b").unwrap(), Some(Some("x".to_owned())));
        assert_eq!(body.text("c").unwrap(), None);
        body.finish().unwrap();
    }

    #[test]
    fn a_wrong_type_and_an_unknown_member_are_refused_by_name() {
        let parameter =
            |problem: Problem| serde_json::to_value(problem).unwrap()["parameter"].clone();
        let mut body = Body::of(json!({"n": -1, "f": "yes", "d": "2026-2-1", "x": 1}));
        assert_eq!(parameter(body.count("n").unwrap_err()), "n");
        assert_eq!(parameter(body.flag("f").unwrap_err()), "f");
        assert_eq!(parameter(body.date("d").unwrap_err()), "d");
        assert_eq!(parameter(body.finish().unwrap_err()), "x");
        assert_eq!(
            parameter(present::<u64>("name", Some(None)).unwrap_err()),
            "name"
        );
    }

    #[test]
    fn dates_have_ten_characters() {
        assert!(date("2026-05-17").is_some());
        for wrong in ["2026-5-17", "+2026-05-1", "2026-02-30", "12026-05-17", ""] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }
}
