//! Snapshots: what a request and its response carried, masked before it is stored.
//!
//! In memory a snapshot is a copy of what has passed. When it is stored, names decide first ([`names`]), whatever the
//! value is; then the scrubber looks at what is left. JSON, forms and multipart are read in their own way. In other types
//! of text, which a host lists by itself, lines such as `name: value` are masked by their names.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod json;
mod multipart;
mod names;
mod pairs;

use std::sync::Arc;

use api_metrics_layer::{LoggedBody, LoggedSnapshot, Snapshots};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

pub(crate) use self::names::Names;
use super::{entry::plain, scrub::scrubbed};

/// Stands for a value whose name is masked.
pub(crate) const HIDDEN: &str = "[hidden]";
/// The longest name of a value in a line of text, in bytes.
const MAX_NAME: usize = 128;
/// Bytes at the end of a text that was cut, in which a part of a secret may stand.
const UNSURE: usize = 256;

/// A snapshot as it was copied.
#[derive(Debug)]
pub(crate) struct Copied {
    names: Arc<Names>,
    is_dropped: bool,
    query: Option<String>,
    request: CopiedMessage,
    response: CopiedMessage,
}

#[derive(Debug)]
struct CopiedMessage {
    headers: Vec<(Box<str>, Box<[u8]>)>,
    body: Option<CopiedBody>,
}

#[derive(Debug)]
struct CopiedBody {
    content_type: Option<Box<str>>,
    bytes: Option<Box<[u8]>>,
    is_encoded: bool,
    is_whole: bool,
    total: u64,
}

impl CopiedMessage {
    fn of<'a>(
        headers: impl Iterator<Item = (&'a str, &'a [u8])>,
        body: Option<LoggedBody<'_>>,
    ) -> Self {
        let body = body.map(|body| CopiedBody {
            content_type: body.content_type.map(Into::into),
            bytes: body.bytes.map(Into::into),
            is_encoded: body.is_encoded,
            is_whole: body.is_whole,
            total: body.total,
        });
        Self {
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            body,
        }
    }

    /// The memory that it takes.
    fn bytes(&self) -> usize {
        let header = |(name, value): &(Box<str>, Box<[u8]>)| name.len() + value.len() + 32;
        let body = self.body.as_ref().map_or(0, |body| {
            body.bytes.as_deref().map_or(0, <[u8]>::len)
                + body.content_type.as_deref().map_or(0, str::len)
        });
        self.headers.iter().map(header).sum::<usize>() + body
    }

    fn masked(&self, names: &Names) -> SnapshotMessage {
        let header = |(name, value): &(Box<str>, Box<[u8]>)| {
            let value = if names.hide(name) {
                HIDDEN.to_owned()
            } else {
                header_value(&String::from_utf8_lossy(value), names)
            };
            (name.to_string(), value)
        };
        SnapshotMessage {
            headers: self.headers.iter().map(header).collect(),
            body: self.body.as_ref().map(|body| body.masked(names)),
        }
    }
}

impl CopiedBody {
    fn masked(&self, names: &Names) -> SnapshotBody {
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_ascii_lowercase();
        let (mut content, mut is_cut) = (BodyContent::NotKept, false);
        if let Some(bytes) = self.bytes.as_deref() {
            if media_type == "application/json" || media_type.ends_with("+json") {
                // A number that was cut looks whole.
                let is_sure = self.is_whole
                    || bytes.trim_ascii_start().starts_with(b"{")
                    || bytes.trim_ascii_start().starts_with(b"[");
                if let Some(masked) = json::mask(bytes, names).filter(|_| is_sure) {
                    is_cut = masked.is_cut;
                    content = BodyContent::Json(masked.text);
                }
            } else if media_type == "application/x-www-form-urlencoded" {
                let (pairs, cut) =
                    pairs::mask(&String::from_utf8_lossy(bytes), !self.is_whole, names);
                is_cut = cut;
                content = BodyContent::Form(pairs);
            } else if media_type.starts_with("multipart/") {
                if let Some((pairs, cut)) = multipart::mask(bytes, content_type, names) {
                    is_cut = cut;
                    content = BodyContent::Form(pairs);
                }
            } else if let Some(text) = text(bytes, self.is_whole) {
                content = BodyContent::Text(lines(text, names));
            }
        }
        SnapshotBody {
            content_type: scrubbed(&plain(content_type)).into_owned(),
            content,
            is_cut: is_cut || !self.is_whole,
            is_encoded: self.is_encoded,
            bytes: self.total,
        }
    }
}

/// A header's value: what follows a `?` is masked as a query is, because `Referer` and `Location` hold URLs.
fn header_value(value: &str, names: &Names) -> String {
    let Some((before, query)) = value.split_once('?') else {
        return json::clean(value, names, json::MAX_WITHIN);
    };
    let (query, fragment) = query.split_once('#').unwrap_or((query, ""));
    let mut pieces = [query, fragment]
        .map(|piece| pairs::mask(piece, false, names).0)
        .map(|pairs| {
            let pairs = pairs.into_iter().map(|(name, value)| match value.as_str() {
                "" => name,
                value => format!("{name}={value}"),
            });
            pairs.collect::<Vec<_>>().join("&")
        });
    let [query, fragment] = &mut pieces;
    let mut out = json::clean(before, names, json::MAX_WITHIN);
    out.push('?');
    out.push_str(query);
    if !fragment.is_empty() {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// A text of which nothing is known but that values stand behind names: `name: value` and `name=value` of a line are
/// masked by the name.
fn lines(text: &str, names: &Names) -> String {
    let lines = text.split('\n').map(|line| {
        let name = line.split([':', '=']).next().unwrap_or_default();
        if name.len() < line.len() && name.len() <= MAX_NAME && names.hide(name) {
            format!("{}: {HIDDEN}", scrubbed(&plain(name)))
        } else {
            scrubbed(&plain(line)).into_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A body as text, without the end of one that was cut; `None` where it is no text.
fn text(bytes: &[u8], is_whole: bool) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A character that was cut in two.
        Err(error) if !is_whole && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if is_whole {
        return Some(text);
    }
    let sure = text.floor_char_boundary(text.len().saturating_sub(UNSURE));
    let sure = text.get(..sure)?;
    let end = sure.rfind(char::is_whitespace).unwrap_or(0);
    sure.get(..end)
}

impl Copied {
    /// Copies a snapshot that is kept.
    pub(crate) fn of(snapshot: &LoggedSnapshot<'_>, names: Arc<Names>) -> Self {
        Self {
            names,
            is_dropped: snapshot.is_dropped,
            query: snapshot.query.map(str::to_owned),
            request: CopiedMessage::of(snapshot.request_headers(), snapshot.request_body()),
            response: CopiedMessage::of(snapshot.response_headers(), snapshot.response_body()),
        }
    }

    /// The memory that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.query.as_ref().map_or(0, String::capacity)
            + self.request.bytes()
            + self.response.bytes()
    }

    /// As it is stored.
    pub(crate) fn masked(&self) -> StoredSnapshot {
        let query = self.query.as_deref();
        StoredSnapshot {
            is_dropped: self.is_dropped,
            query: query.map(|query| pairs::mask(query, false, &self.names).0),
            request: self.request.masked(&self.names),
            response: self.response.masked(&self.names),
        }
    }
}

/// A snapshot as it is stored.
pub(crate) fn text_of(snapshot: &StoredSnapshot) -> String {
    // Texts and numbers in structs can't fail.
    serde_json::to_string(snapshot).unwrap_or_default()
}

/// The names that settings mask.
pub(crate) fn names(snapshots: &Snapshots) -> Arc<Names> {
    Arc::new(Names::new(&snapshots.masked_names))
}

/// What a request and its response carried, masked: for admins alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredSnapshot {
    /// Whether there was no memory for it, so that it holds little or nothing.
    pub is_dropped: bool,
    /// Names and values of the query, decoded; `None` where the query was not kept, or there was none.
    pub query: Option<Vec<(String, String)>>,
    /// What the client has sent.
    pub request: SnapshotMessage,
    /// What it was answered.
    pub response: SnapshotMessage,
}

/// What was kept of a request or of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SnapshotMessage {
    /// Names and values of headers.
    pub headers: Vec<(String, String)>,
    /// The body; `None` where there was none.
    pub body: Option<SnapshotBody>,
}

impl SnapshotMessage {
    /// A response as a snapshot would hold it: what is listed of its headers, and as much of its body as it is, masked.
    #[must_use]
    pub fn masked(
        headers: &HeaderMap,
        body: Option<LoggedBody<'_>>,
        snapshots: &Snapshots,
    ) -> Self {
        let listed = snapshots.response_headers.iter().flat_map(|name| {
            let values = headers.get_all(name).iter();
            values.map(move |value| (name.as_str(), value.as_bytes()))
        });
        let body = body.map(|mut body| {
            body.is_encoded = headers
                .get("content-encoding")
                .is_some_and(|it| it != "identity");
            let takes = body.content_type.is_some_and(|it| snapshots.takes(it));
            body.bytes = body.bytes.filter(|_| takes && !body.is_encoded);
            body
        });
        CopiedMessage::of(listed, body).masked(&Names::new(&snapshots.masked_names))
    }
}

/// The beginning of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SnapshotBody {
    /// Its `Content-Type`, empty where it had none.
    pub content_type: String,
    /// What was kept of it.
    pub content: BodyContent,
    /// Whether it was longer than what was kept, or was broken off.
    pub is_cut: bool,
    /// Whether it was compressed, and therefore not kept.
    pub is_encoded: bool,
    /// Bytes of it that have passed.
    pub bytes: u64,
}

/// What was kept of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum BodyContent {
    /// Nothing: bodies of its type are not kept.
    NotKept,
    /// JSON, valid even where it was cut; `"[hidden]"` stands for what is masked, `"[cut]"` for what was cut off.
    Json(String),
    /// Names and values of a form, decoded.
    Form(Vec<(String, String)>),
    /// Text of another type.
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_in_headers_and_lines_of_text_are_masked_by_name() {
        let names = names(&Snapshots::default());
        for (value, masked) in [
            (
                "https://shop.example/a?token=abc&page=2#pin=7",
                "https://shop.example/a?token=[hidden]&page=2#pin=[hidden]",
            ),
            ("/a?b", "/a?b"),
            ("text/html", "text/html"),
        ] {
            assert_eq!(header_value(value, &names), masked);
        }
        assert_eq!(
            lines("pin: 1234\nnote=for ann@example.org\nplain", &names),
            "pin: [hidden]\nnote=for [email]\nplain"
        );
    }
}
