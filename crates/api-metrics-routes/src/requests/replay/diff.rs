//! What differs between the recorded response and the new one. Both were masked in the same way before.
//!
//! A replay is read by its differences: "200 then, 500 now, and `/error` was added". So they are told by places, not as
//! two long texts, and by few rules:
//!
//! | of | compared |
//! |---|---|
//! | status | the numbers; a request that was never answered has none, and differs from any |
//! | headers | those that the service lists, by name; values of one name together, in their order |
//! | JSON | member by member, named by [RFC 6901] pointers such as `/items/0/price` |
//! | forms | field by field; of fields of one name the last one |
//! | text | as a whole, because lines of a page say little |
//!
//! What is masked on both sides is equal here, whatever it was: `"[hidden]"` is `"[hidden]"`. A difference in a secret is
//! therefore never told, which is the price for not keeping secrets.
//!
//! [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901

use api_metrics_store::request_log::{BodyContent, SnapshotBody, SnapshotMessage};
use serde::Serialize;
use serde_json::Value;

/// Differences in a body that are told at most. A list that was sorted otherwise differs everywhere, and nobody reads
/// beyond the first few; the rest is counted.
const MAX_CHANGES: usize = 200;
/// Characters of a value that are shown, of each side. What is longer ends in `…`: the whole response stands beside the
/// differences anyway.
const MAX_CHARS: usize = 200;

/// What has become of something, seen from the recorded response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, schema(as = ReplayChange))]
pub(crate) enum Change {
    /// The new response alone has it: `recorded` is null.
    Added,
    /// The recorded response alone had it: `replayed` is null.
    Removed,
    /// It is another one: both sides are given.
    Changed,
}

/// One difference: a header, or a member of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReplayDifference))]
pub(crate) struct Difference {
    /// The header's name, or the JSON pointer of the member; empty for the whole body.
    path: String,
    /// What has become of it.
    change: Change,
    /// As it was recorded, of JSON in its notation (`"a"`, `7`, `null`); at most 200 characters.
    recorded: Option<String>,
    /// As it is now, in the same notation.
    replayed: Option<String>,
}

/// What differs between two responses. Empty lists and `statusChanged: false` say that the fault was not seen again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReplayDiff))]
pub(crate) struct Diff {
    /// Whether the status is another one.
    status_changed: bool,
    /// Headers that differ, of those that are recorded.
    headers: Vec<Difference>,
    /// Whether the bodies could be compared: both were kept, in the same form.
    body_compared: bool,
    /// Whether a part of a body is missing, so that more may differ.
    body_partial: bool,
    /// What differs in them.
    body: Vec<Difference>,
    /// Differences in them beyond the first 200.
    body_left_out: usize,
}

impl Diff {
    /// What differs. `recorded` is `None` where no snapshot was kept: then the status alone is compared, and
    /// `bodyCompared` stays `false`.
    ///
    /// `statuses` are the recorded and the new one. Both messages are masked already; nothing here looks for secrets.
    pub(super) fn of(
        statuses: (Option<u16>, u16),
        recorded: Option<&SnapshotMessage>,
        replayed: &SnapshotMessage,
    ) -> Self {
        let mut diff = Self {
            status_changed: statuses.0 != Some(statuses.1),
            ..Self::default()
        };
        if let Some(recorded) = recorded {
            diff.compare_headers(recorded, replayed);
            diff.compare_bodies(recorded.body.as_ref(), replayed.body.as_ref());
        }
        diff
    }

    /// Compares headers by name, in the order of the alphabet. Names are in lower case on both sides, as HTTP/2 has them.
    fn compare_headers(&mut self, recorded: &SnapshotMessage, replayed: &SnapshotMessage) {
        let values = |message: &SnapshotMessage, name: &str| {
            let of_name = message.headers.iter().filter(|(it, _)| it == name);
            let values: Vec<_> = of_name.map(|(_, value)| value.as_str()).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        let all = recorded.headers.iter().chain(&replayed.headers);
        let mut names: Vec<_> = all.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (before, after) = (values(recorded, name), values(replayed, name));
            if let Some(difference) = difference(name, before, after) {
                self.headers.push(difference);
            }
        }
    }

    /// Compares bodies in the form in which both were kept.
    ///
    /// No body is an empty text, so that a body which came or went is one difference. Where one side was not kept, it is
    /// unknown and not empty: nothing is compared, rather than something told that nobody saw.
    fn compare_bodies(&mut self, recorded: Option<&SnapshotBody>, replayed: Option<&SnapshotBody>) {
        let is_cut = |body: Option<&SnapshotBody>| body.is_some_and(|body| body.is_cut);
        self.body_partial = is_cut(recorded) || is_cut(replayed);
        let none = BodyContent::Text(String::new());
        let content =
            |body: Option<&SnapshotBody>| body.map_or(none.clone(), |it| it.content.clone());
        let (before, after) = (content(recorded), content(replayed));
        self.body_compared = true;
        match (&before, &after) {
            (BodyContent::Json(before), BodyContent::Json(after)) => {
                let read = |text: &String| serde_json::from_str::<Value>(text);
                match (read(before), read(after)) {
                    (Ok(before), Ok(after)) => self.compare("", Some(&before), Some(&after)),
                    _ => self.body_compared = false,
                }
            }
            (BodyContent::Form(before), BodyContent::Form(after)) => {
                let object = |pairs: &[(String, String)]| {
                    let pairs = pairs
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone().into()));
                    Value::Object(pairs.collect())
                };
                self.compare("", Some(&object(before)), Some(&object(after)));
            }
            (BodyContent::Text(before), BodyContent::Text(after)) => {
                let value = |text: &String| (!text.is_empty()).then(|| Value::from(text.as_str()));
                self.compare("", value(before).as_ref(), value(after).as_ref());
            }
            (BodyContent::NotKept, _) | (_, BodyContent::NotKept) => self.body_compared = false,
            // Of another form altogether.
            _ => {
                let text = |body: Option<&SnapshotBody>| Some(shown_body(body?));
                self.body
                    .extend(difference("", text(recorded), text(replayed)));
            }
        }
    }

    /// Compares values of one place, down to their members. Depth was bounded when they were masked, to 64 levels, so
    /// that this may call itself.
    ///
    /// Lists are compared place by place, not as sets: an item that was put in front makes all others differ, which the
    /// bound on what is told takes care of.
    fn compare(&mut self, at: &str, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            // What was cut off may be anything.
            (Some(Value::String(mark)), _) | (_, Some(Value::String(mark)))
                if mark == "[cut]" && self.body_partial => {}
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
                names.sort_unstable();
                names.dedup();
                for name in names {
                    let step = name.replace('~', "~0").replace('/', "~1");
                    self.compare(&format!("{at}/{step}"), before.get(name), after.get(name));
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) => {
                for index in 0..before.len().max(after.len()) {
                    self.compare(
                        &format!("{at}/{index}"),
                        before.get(index),
                        after.get(index),
                    );
                }
            }
            _ => {
                let text = |value: Option<&Value>| value.map(ToString::to_string);
                if let Some(difference) = difference(at, text(before), text(after)) {
                    if self.body.len() < MAX_CHANGES {
                        self.body.push(difference);
                    } else {
                        self.body_left_out += 1;
                    }
                }
            }
        }
    }
}

/// A body in a few words, for two that have nothing in common: its text, or the type of one that is no text.
fn shown_body(body: &SnapshotBody) -> String {
    match &body.content {
        BodyContent::Json(text) | BodyContent::Text(text) => text.clone(),
        _ => body.content_type.clone(),
    }
}

/// The difference between two values of one place; `None` where they are equal, or both missing. Cut after comparing,
/// so that a difference beyond the bound is found as well.
fn difference(path: &str, before: Option<String>, after: Option<String>) -> Option<Difference> {
    let change = match (&before, &after) {
        (None, None) => return None,
        (Some(before), Some(after)) if before == after => return None,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (Some(_), Some(_)) => Change::Changed,
    };
    Some(Difference {
        path: path.to_owned(),
        change,
        recorded: before.map(|it| cut(&it)),
        replayed: after.map(|it| cut(&it)),
    })
}

/// At most [`MAX_CHARS`] characters of a text, never half a character.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(before: &str, after: &str) -> Vec<(String, Change)> {
        let mut diff = Diff::default();
        let read = |text| serde_json::from_str::<Value>(text).unwrap_or_default();
        diff.compare("", Some(&read(before)), Some(&read(after)));
        diff.body
            .into_iter()
            .map(|it| (it.path, it.change))
            .collect()
    }

    #[test]
    fn members_that_were_added_removed_and_changed_are_named_by_their_pointers() {
        let before = r#"{"a":1,"b":{"c/d":[1,2,3],"e":null},"same":[{}]}"#;
        let after = r#"{"b":{"c/d":[1,5],"e":null},"same":[{}],"f":{"g":1}}"#;
        let of = |path: &str, change| (path.to_owned(), change);
        assert_eq!(
            compared(before, after),
            [
                of("/a", Change::Removed),
                of("/b/c~1d/1", Change::Changed),
                of("/b/c~1d/2", Change::Removed),
                of("/f", Change::Added),
            ]
        );
        assert_eq!(compared(after, after), []);
        assert_eq!(compared("1", "[1]"), [of("", Change::Changed)]);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let mut diff = Diff::default();
        let items = |n: i32| Value::from((0..500).map(|it| it * n).collect::<Vec<_>>());
        diff.compare("", Some(&items(1)), Some(&items(2)));
        assert_eq!((diff.body.len(), diff.body_left_out), (200, 299));
        assert_eq!(cut(&"é".repeat(300)).chars().count(), 201);
    }
}
