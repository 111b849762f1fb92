//! What a response says about its error.

use std::{borrow::Cow, sync::Arc};

use http::{HeaderMap, HeaderValue, header::CONTENT_ENCODING, header::CONTENT_TYPE};

use super::json;
use crate::label::bounded;

/// The longest error type, in bytes.
const MAX_TYPE_BYTES: usize = 128;
/// The longest message, in bytes.
const MAX_MESSAGE_BYTES: usize = 1024;
/// Bytes of a response's body that are read for its problem or rejection.
const MAX_BODY_BYTES: usize = 4096;

/// In a response's extensions: what went wrong, in the service's own words. Cheap to clone.
///
/// It goes before what the response's body says. Keep values that callers have sent out of it.
///
/// ```
/// use api_metrics_layer::ErrorDetail;
/// use http::Response;
///
/// let mut response = Response::new("");
/// response
///     .extensions_mut()
///     .insert(ErrorDetail::new("the ledger is locked").with_type("ledger_locked"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// A name for the kind of error, at most 128 bytes.
    pub error_type: Option<Arc<str>>,
    /// A sentence for people, at most 1,024 bytes.
    pub message: Arc<str>,
}

impl ErrorDetail {
    /// An error with a message, which is cut to 1,024 bytes.
    #[must_use]
    pub fn new(message: impl AsRef<str>) -> Self {
        Self {
            error_type: None,
            message: bounded(message.as_ref(), MAX_MESSAGE_BYTES).into(),
        }
    }

    /// The same with a name for the kind of error, which is cut to 128 bytes.
    #[must_use]
    pub fn with_type(mut self, error_type: impl AsRef<str>) -> Self {
        self.error_type = Some(bounded(error_type.as_ref(), MAX_TYPE_BYTES).into());
        self
    }
}

/// What a response has said about its error, read only when it is asked for.
///
/// | found in | type | message |
/// |---|---|---|
/// | an [`ErrorDetail`] among the response's extensions | its own | its own |
/// | a body of `application/problem+json` (RFC 9457) | `code` or `type` | `title` and `detail` |
/// | `grpc-message` | `grpc` | the message |
/// | a rejection of axum's extractors | `rejection` | its text, without the values that the caller has sent |
///
/// Other bodies are not read.
#[derive(Debug, Clone, Copy)]
pub struct LoggedError<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    None,
    Detail(&'a ErrorDetail),
    Grpc(&'a HeaderValue),
    Body(&'a ErrorBody),
}

impl<'a> LoggedError<'a> {
    /// No error, or one that nothing is known of.
    #[must_use]
    pub const fn none() -> Self {
        Self(Source::None)
    }

    /// An error that the service has told.
    #[must_use]
    pub const fn told(detail: &'a ErrorDetail) -> Self {
        Self(Source::Detail(detail))
    }

    pub(super) const fn grpc(message: &'a HeaderValue) -> Self {
        Self(Source::Grpc(message))
    }

    pub(super) const fn body(body: &'a ErrorBody) -> Self {
        Self(Source::Body(body))
    }

    /// The error, where the response has said anything of one.
    #[must_use]
    pub fn detail(&self) -> Option<ErrorDetail> {
        match self.0 {
            Source::None => None,
            Source::Detail(detail) => Some(detail.clone()),
            Source::Grpc(message) => {
                let message = percent_decoded(message.as_bytes());
                let message = message.trim();
                let detail = ErrorDetail::new(message).with_type("grpc");
                (!message.is_empty()).then_some(detail)
            }
            Source::Body(body) => body.detail(),
        }
    }
}

/// The beginning of a response's body that may say what went wrong.
#[derive(Debug, Default)]
pub(super) struct ErrorBody {
    kind: Option<Kind>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Problem,
    Rejection,
}

impl ErrorBody {
    /// Begins with a response of this status; keeps the memory of the last one.
    pub(super) fn restart(&mut self, headers: &HeaderMap) {
        self.bytes.clear();
        self.kind = Kind::of(headers);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.kind = None;
    }

    pub(super) fn read(&mut self, chunk: &[u8]) {
        if self.kind.is_some() {
            let room = MAX_BODY_BYTES.saturating_sub(self.bytes.len());
            let (taken, _) = chunk.split_at(room.min(chunk.len()));
            self.bytes.extend_from_slice(taken);
        }
    }

    pub(super) const fn is_read(&self) -> bool {
        self.kind.is_some()
    }

    fn detail(&self) -> Option<ErrorDetail> {
        match self.kind? {
            Kind::Problem => problem(&self.bytes),
            Kind::Rejection => rejection(&String::from_utf8_lossy(&self.bytes)),
        }
    }
}

impl Kind {
    fn of(headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next()?.trim();
        if media_type.eq_ignore_ascii_case("application/problem+json") {
            Some(Self::Problem)
        } else if media_type.eq_ignore_ascii_case("text/plain") {
            Some(Self::Rejection)
        } else {
            None
        }
    }
}

/// What a problem document says.
fn problem(json: &[u8]) -> Option<ErrorDetail> {
    let [title, detail, code, kind] = json::texts(json, ["title", "detail", "code", "type"]);
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let message = match (said(title), said(detail)) {
        (Some(title), Some(detail)) if title != detail => format!("{title}: {detail}"),
        (Some(text), _) | (None, Some(text)) => text,
        (None, None) => return None,
    };
    let detail = ErrorDetail::new(message);
    let kind = said(code).or(said(kind).filter(|kind| kind != "about:blank"));
    Some(match kind {
        Some(kind) => detail.with_type(kind),
        None => detail,
    })
}

/// How the rejections of axum's extractors begin. Any other text is the service's own and stays unread.
const REJECTIONS: [&str; 17] = [
    "Failed to deserialize the JSON body into the target type",
    "Failed to parse the request body as JSON",
    "Expected request with `Content-Type: application/json`",
    "Failed to deserialize form",
    "Failed to deserialize query string",
    "Form requests must have `Content-Type: application/x-www-form-urlencoded`",
    "Invalid URL: ",
    "Failed to buffer the request body",
    "Request body didn't contain valid UTF-8",
    "Missing request extension",
    "No paths parameters found for matched route",
    "Wrong number of path arguments",
    "Invalid UTF-8 in ",
    "Invalid `boundary` for `multipart/form-data` request",
    "Header of type `",
    "invalid HTTP header (",
    "length limit exceeded",
];

/// What an extractor's rejection says, without the values that it quotes.
fn rejection(text: &str) -> Option<ErrorDetail> {
    let known = REJECTIONS.iter().any(|begin| text.starts_with(begin));
    known.then(|| ErrorDetail::new(without_values(text)).with_type("rejection"))
}

/// Replaces what stands in double quotes, and in backticks after a word that announces a caller's value.
fn without_values(text: &str) -> Cow<'_, str> {
    /// What stands before a value in the messages of axum and serde.
    const ANNOUNCED: [&str; 11] = [
        "parse ",
        "value ",
        "string ",
        "integer ",
        "float ",
        "floating point ",
        "boolean ",
        "character ",
        "variant ",
        "unknown field ",
        "duplicate field ",
    ];
    if !text.contains(['"', '`']) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '`']) {
        let (before, quoted) = rest.split_at(at);
        out.push_str(before);
        let mark = if quoted.starts_with('"') { '"' } else { '`' };
        let inner = quoted.get(1..).unwrap_or_default();
        let close = match mark {
            '"' => unescaped_quote(inner),
            // A value may hold a backtick: it ends with the last one that sentences go on after.
            _ => inner.find('`'),
        };
        let is_value = mark == '"' || ANNOUNCED.iter().any(|word| before.ends_with(word));
        let Some(close) = close else {
            // Cut off: nobody knows what it is.
            out.push('…');
            return out.into();
        };
        let (value, after) = inner.split_at(close);
        out.push(mark);
        out.push_str(if is_value { "…" } else { value });
        out.push(mark);
        rest = after.get(1..).unwrap_or_default();
        if is_value && mark == '`' {
            // What a value with backticks leaves behind belongs to it.
            if let Some((_, known)) = rest.rsplit_once('`').filter(|_| odd_backticks(rest)) {
                rest = known;
            }
        }
    }
    out.push_str(rest);
    out.into()
}

fn odd_backticks(text: &str) -> bool {
    text.matches('`').count() % 2 == 1
}

/// Where a text in double quotes ends, as Rust and JSON write it.
fn unescaped_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

/// A `grpc-message` as it was before its transport.
pub(super) fn percent_decoded(value: &[u8]) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = after.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match digits {
            Some(decoded) if byte == b'%' => {
                out.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn said(content_type: &str, body: &str) -> Option<(Option<String>, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let mut read = ErrorBody::default();
        read.restart(&headers);
        for chunk in body.as_bytes().chunks(7) {
            read.read(chunk);
        }
        let detail = read.detail()?;
        let kind = detail.error_type.map(|kind| kind.to_string());
        Some((kind, detail.message.to_string()))
    }

    fn of_kind(kind: &str, message: &str) -> Option<(Option<String>, String)> {
        Some((Some(kind.to_owned()), message.to_owned()))
    }

    #[test]
    fn a_problem_says_title_and_detail() {
        let problem = |json| said("Application/problem+json; charset=utf-8", json);
        assert_eq!(
            problem(r#"{"type":"about:blank","title":"Conflict","detail":"the cart is paid"}"#),
            Some((None, "Conflict: the cart is paid".to_owned()))
        );
        assert_eq!(
            problem(r#"{"type":"https://x/y","title":"Conflict"}"#),
            of_kind("https://x/y", "Conflict")
        );
        assert_eq!(
            problem(r#"{"code":"paid","detail":"the cart is paid","title":""}"#),
            of_kind("paid", "the cart is paid")
        );
        assert_eq!(problem(r#"{"status":409}"#), None);
        assert_eq!(said("application/json", r#"{"title":"Conflict"}"#), None);
    }

    #[test]
    fn a_rejection_is_told_without_the_values_that_it_quotes() {
        for (text, expected) in [
            (
                "Failed to deserialize the JSON body into the target type: age: invalid type: string \"s3cret \\\" x\", expected u8 at line 1 column 9",
                "Failed to deserialize the JSON body into the target type: age: invalid type: string \"…\", expected u8 at line 1 column 9",
            ),
            (
                "Failed to deserialize the JSON body into the target type: missing field `name` at line 1 column 2",
                "Failed to deserialize the JSON body into the target type: missing field `name` at line 1 column 2",
            ),
            (
                "Failed to deserialize the JSON body into the target type: unknown variant `s3cret`, expected `a` or `b`",
                "Failed to deserialize the JSON body into the target type: unknown variant `…`, expected `a` or `b`",
            ),
            (
                "Invalid URL: Cannot parse `s3cret` to a `u64`",
                "Invalid URL: Cannot parse `…` to a `u64`",
            ),
            (
                "Invalid URL: Cannot parse `id` with value `s3c`ret` to a `u64`",
                "Invalid URL: Cannot parse `…` with value `…` to a `u64`",
            ),
        ] {
            let told = said("text/plain; charset=utf-8", text).unwrap();
            assert!(
                !told.1.contains("s3c") && !told.1.contains("ret`"),
                "{told:?}"
            );
            if !text.contains("s3c`ret") {
                assert_eq!(told, (Some("rejection".to_owned()), expected.to_owned()));
            }
        }
        // Whatever else a service writes is a body like any other.
        assert_eq!(said("text/plain", "no user ann@example.org"), None);
    }

    #[test]
    fn a_body_is_read_up_to_a_bound() {
        let body = format!(r#"{{"title":"{}"}}"#, "x".repeat(1 << 20));
        let (_, message) = said("application/problem+json", &body).unwrap();
        assert_eq!(message, "x".repeat(MAX_MESSAGE_BYTES));
    }

    #[test]
    fn a_grpc_message_is_decoded() {
        for (sent, message) in [
            ("no%20such user%21", "no such user!"),
            ("caf%C3%A9 100%", "café 100%"),
            ("%zz", "%zz"),
        ] {
            let value = HeaderValue::from_static(sent);
            let detail = LoggedError::grpc(&value).detail().unwrap();
            assert_eq!(&*detail.message, message);
        }
        assert!(
            LoggedError::grpc(&HeaderValue::from_static(""))
                .detail()
                .is_none()
        );
        assert!(LoggedError::none().detail().is_none());
    }
}
