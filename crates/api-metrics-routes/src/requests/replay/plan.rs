//! A recorded request as one that can be sent again: what is known of it, and what is asked for anew.
//!
//! | masked or missing | asked for by |
//! |---|---|
//! | the value of a path parameter | `path`, its name |
//! | the value of a name in the query | `query`, its name; the whole query by an empty name where none was kept |
//! | a header's value | `header`, its name |
//! | a member of a JSON body | `body`, its JSON pointer |
//! | a field of a form | `body`, its name |
//! | a body that was cut, or not kept | `body`, an empty name |
//!
//! Values that are given are used once, and neither stored nor logged nor repeated in an answer.
//!
//! An example: of `POST /orders/4711?dry=1` with `{"items": 2, "card": "4111…"}` the log has the path `/orders/{id}`, the
//! query `dry=1` and the body `{"items": 2, "card": "[hidden]"}`. Asked for are `id` of the path, `/card` of the body and,
//! as always, `authorization` of the header, which may be left out. With `4712` and `"none"` it is
//! `POST /orders/4712?dry=1` with `{"items": 2, "card": "none"}`.
//!
//! What the log has cut, or has taken for a secret, is never sent as it stands there: a handler that is given `[hidden]`
//! as a card number answers something else than the recorded request was answered, and the difference would mislead.

use std::fmt::Write as _;

use api_metrics_store::request_log::{
    BodyContent, SnapshotBody, SnapshotMessage, StoredRequest, StoredSnapshot,
};
use axum::{body::Body, extract::Request};
use http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::response::Problem;

/// What stands for something that was taken out, by the store's masks and by its scrubber. A client that has sent such a
/// text itself is asked for it once more, which is harmless.
const MARKS: [&str; 9] = [
    "[hidden]", "[cut]", "[deep]", "[email]", "[token]", "[jwt]", "[card]", "[hex]", "[secret]",
];
/// Headers that say how a request was sent and not what it was, or that a proxy sets. They are neither taken from the
/// snapshot nor accepted from an admin, who could otherwise claim another address or another length.
const NOT_SENT: [&str; 13] = [
    "host",
    "connection",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "keep-alive",
    "proxy-connection",
    "forwarded",
    "x-api-metrics-replay",
];

/// Where a value belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, schema(as = ReplayPart))]
pub(crate) enum Part {
    /// A parameter of the path.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
    /// The body.
    Body,
}

/// A value that is asked for anew. The page shows a field for each, and hides what is typed into those of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReplayInput))]
pub(crate) struct Missing {
    /// Where it belongs.
    part: Part,
    /// Its name there; empty for the whole query or body.
    name: String,
    /// Whether it was masked, so that it is a secret or somebody's data; else it was only not kept.
    secret: bool,
    /// Whether nothing can be sent without it: a replay that lacks it is answered by 400.
    required: bool,
}

/// A value that is given, for a place that was asked for. It has no `Debug`, so that no log can show it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schema(as = ReplayValue))]
pub(crate) struct Given {
    /// Where it belongs.
    part: Part,
    /// Its name there; empty for the whole query or body.
    name: String,
    /// The value: text, or for a member of a JSON body any JSON.
    #[cfg_attr(test, schema(value_type = Value))]
    value: Value,
}

/// What is known of a request, and what is missing. Made from the log alone; [filled](Self::fill) it is a request.
pub(crate) struct Plan {
    /// The method, which the rules have looked at.
    method: Method,
    /// The recorded path, its parameters as `{name}`, percent-encoded as it was sent.
    path: String,
    /// Names and values of the query, decoded; `None` where it is not known.
    query: Option<Vec<(String, String)>>,
    /// Headers that are sent as they were recorded.
    headers: Vec<(String, String)>,
    /// The body, but for what is masked in it.
    body: RecordedBody,
    /// What is asked for, in the order of path, query, header and body.
    missing: Vec<Missing>,
}

/// What is known of a body.
enum RecordedBody {
    /// There was none.
    None,
    /// Nothing: it is asked for.
    Nothing,
    /// JSON, in which members may be masked.
    Json(Value),
    /// Names and values of a form, of which values may be masked.
    Form(Vec<(String, String)>),
    /// Text, of which nothing is masked.
    Text(String),
}

/// Whether something was taken out of a text, or of a part of it: `Bearer [token]` is as incomplete as `[token]`.
fn is_masked(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

impl Plan {
    /// The plan of a request; `None` where its method has no name of its own.
    pub(super) fn of(request: &StoredRequest, snapshot: Option<&StoredSnapshot>) -> Option<Self> {
        let method = request.method.parse().ok()?;
        let mut plan = Self {
            method,
            path: request.path.clone(),
            query: snapshot.and_then(|it| it.query.clone()),
            headers: Vec::new(),
            body: RecordedBody::None,
            missing: Vec::new(),
        };
        for segment in request.path.split('/') {
            if is_parameter(segment) {
                plan.ask(Part::Path, parameter(segment), is_masked(segment), true);
            }
        }
        plan.ask_query();
        if let Some(snapshot) = snapshot {
            plan.ask_headers(&snapshot.request);
        }
        plan.ask(Part::Header, "authorization", true, false);
        if request.request_bytes > 0 {
            let body = snapshot.and_then(|it| it.request.body.as_ref());
            plan.ask_body(body);
        }
        Some(plan)
    }

    /// Asks for a value, once for each place: a field that stands twice in a form is given once.
    fn ask(&mut self, part: Part, name: &str, secret: bool, required: bool) {
        let is_known = |it: &Missing| it.part == part && it.name == name;
        if !self.missing.iter().any(is_known) {
            self.missing.push(Missing {
                part,
                name: name.to_owned(),
                secret,
                required,
            });
        }
    }

    /// Asks for what is masked in the query.
    ///
    /// Where none was kept, the request may have had one or not: it may be given, and need not be. Where a name itself
    /// was scrubbed, no pair can be named any more, and the whole is asked for.
    fn ask_query(&mut self) {
        let Some(query) = self.query.clone() else {
            self.ask(Part::Query, "", false, false);
            return;
        };
        if query.iter().any(|(name, _)| is_masked(name)) {
            self.query = None;
            self.ask(Part::Query, "", true, true);
            return;
        }
        for (name, value) in &query {
            if is_masked(value) {
                self.ask(Part::Query, name, true, true);
            }
        }
    }

    /// Takes the headers that can be sent as they are, and asks for those that are masked.
    fn ask_headers(&mut self, message: &SnapshotMessage) {
        for (name, value) in &message.headers {
            if NOT_SENT.contains(&name.as_str()) {
                continue;
            }
            if is_masked(value) {
                self.ask(Part::Header, name, true, true);
            } else {
                self.headers.push((name.clone(), value.clone()));
            }
        }
    }

    /// Takes the body, or asks for what is masked in it, or for all of it.
    ///
    /// A body that was cut can't be mended by its missing end, which nobody knows: it is asked for as a whole. So is one
    /// of which a member's name was scrubbed, because a pointer to that would be wrong.
    fn ask_body(&mut self, body: Option<&SnapshotBody>) {
        let content_type = body.map_or("", |body| body.content_type.as_str());
        if !self.headers.iter().any(|(name, _)| name == "content-type") {
            if content_type.is_empty() || is_masked(content_type) {
                self.ask(Part::Header, "content-type", false, false);
            } else {
                let header = ("content-type".to_owned(), content_type.to_owned());
                self.headers.push(header);
            }
        }
        self.body = RecordedBody::Nothing;
        // Of a multipart body the names and values are kept, and not the parts around them.
        let is_multipart = content_type
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("multipart/");
        let Some(body) = body.filter(|body| !body.is_cut && !is_multipart) else {
            self.ask(Part::Body, "", true, true);
            return;
        };
        match &body.content {
            BodyContent::Json(text) => {
                let mut pointers = Vec::new();
                if let Ok(value) = serde_json::from_str(text)
                    && find_masked(&value, &mut String::new(), &mut pointers)
                {
                    self.body = RecordedBody::Json(value);
                    for pointer in pointers {
                        self.ask(Part::Body, &pointer, true, true);
                    }
                    return;
                }
            }
            BodyContent::Form(pairs) if !pairs.iter().any(|(name, _)| is_masked(name)) => {
                self.body = RecordedBody::Form(pairs.clone());
                for (name, value) in pairs {
                    if is_masked(value) {
                        self.ask(Part::Body, name, true, true);
                    }
                }
                return;
            }
            BodyContent::Text(text) if !is_masked(text) => {
                self.body = RecordedBody::Text(text.clone());
                return;
            }
            _ => {}
        }
        self.ask(Part::Body, "", true, true);
    }

    /// What is asked for, required or not. Any other header may be given beside it.
    pub(in crate::requests) fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// The request with these values: a method, a path with a query, headers and a body, as a client would send it. It has
    /// no host; the service that it is sent into is this one.
    ///
    /// A whole query or body takes the place of its parts. Of values for one place the last one counts. Values of headers
    /// are marked as sensitive, so that layers which log headers leave them out.
    ///
    /// # Errors
    /// 400 where a value is missing, unknown, or none that fits its place. No value is repeated.
    pub(super) fn fill(self, given: &[Given]) -> Result<Request, Problem> {
        let find = |part: Part, name: &str| {
            let found = given.iter().rfind(|it| it.part == part && it.name == name);
            found.map(|it| &it.value)
        };
        for missing in self.missing.iter().filter(|it| it.required) {
            let whole = find(missing.part, "");
            if whole.is_none() && find(missing.part, &missing.name).is_none() {
                return Err(refused(&format!(
                    "a value is needed for {}",
                    place(missing.part, &missing.name)
                )));
            }
        }
        for it in given {
            // Any header may be added, and a query or a body replaced as a whole.
            let is_free = it.part == Part::Header || (it.name.is_empty() && it.part != Part::Path);
            let is_asked = self
                .missing
                .iter()
                .any(|m| m.part == it.part && m.name == it.name);
            if !is_free && !is_asked {
                return Err(refused(&format!(
                    "{} is not asked for",
                    place(it.part, &it.name)
                )));
            }
        }
        let mut uri = filled_path(&self.path, |name| {
            text(Part::Path, name, find(Part::Path, name))
        })?;
        let query = match find(Part::Query, "") {
            Some(whole) => text(Part::Query, "", Some(whole))?
                .trim_start_matches('?')
                .to_owned(),
            None => {
                let mut pairs = self.query.unwrap_or_default();
                for (name, value) in &mut pairs {
                    if let Some(given) = find(Part::Query, name) {
                        *value = text(Part::Query, name, Some(given))?;
                    }
                }
                encoded_pairs(&pairs)
            }
        };
        if !query.is_empty() {
            uri.push('?');
            uri.push_str(&query);
        }
        let body = match (find(Part::Body, ""), self.body) {
            (Some(Value::String(whole)), _) => whole.clone(),
            (Some(whole), _) => whole.to_string(),
            (None, RecordedBody::None | RecordedBody::Nothing) => String::new(),
            (None, RecordedBody::Text(text)) => text,
            (None, RecordedBody::Json(mut value)) => {
                for it in given.iter().filter(|it| it.part == Part::Body) {
                    if let Some(place) = value.pointer_mut(&it.name) {
                        *place = it.value.clone();
                    }
                }
                value.to_string()
            }
            (None, RecordedBody::Form(mut pairs)) => {
                for (name, value) in &mut pairs {
                    if let Some(given) = find(Part::Body, name) {
                        *value = text(Part::Body, name, Some(given))?;
                    }
                }
                encoded_pairs(&pairs)
            }
        };
        let bad_uri = |_| refused("the path or the query has characters that can't be sent");
        let uri: http::Uri = uri.parse().map_err(bad_uri)?;
        let length = body.len();
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        if length > 0 {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        for (name, value) in &self.headers {
            // What was recorded was sent once; a value that was scrubbed into something else is left out.
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::try_from(value))
            {
                headers.append(name, value);
            }
        }
        for it in given.iter().filter(|it| it.part == Part::Header) {
            let wrong = || refused(&format!("{} can't be sent", place(Part::Header, &it.name)));
            let name: HeaderName = it.name.parse().map_err(|_| wrong())?;
            if NOT_SENT.contains(&name.as_str()) || name.as_str().starts_with("x-forwarded-") {
                return Err(wrong());
            }
            let text = text(Part::Header, &it.name, Some(&it.value))?;
            let mut value = HeaderValue::try_from(text).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(request)
    }
}

/// Finds the members of JSON that are masked, by their pointers: `/user/card` in `{"user": {"card": "[hidden]"}}`.
/// Whether it could: a masked name has none. `at` is where `value` stands, and as it was when this returns.
fn find_masked(value: &Value, at: &mut String, found: &mut Vec<String>) -> bool {
    let length = at.len();
    match value {
        Value::String(text) if is_masked(text) => found.push(at.clone()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // Writing to a string can't fail.
                let _ = write!(at, "/{index}");
                if !find_masked(item, at, found) {
                    return false;
                }
                at.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if is_masked(name) {
                    return false;
                }
                let _ = write!(at, "/{}", name.replace('~', "~0").replace('/', "~1"));
                if !find_masked(member, at, found) {
                    return false;
                }
                at.truncate(length);
            }
        }
        _ => {}
    }
    true
}

/// Whether a segment of a path holds a parameter, or was scrubbed or cut: `{id}`, `v{n}`, `[email]`, `abc…`.
fn is_parameter(segment: &str) -> bool {
    segment.contains(['{', '…']) || is_masked(segment)
}

/// The name under which a segment is asked for: `id` of `{id}`, `rest` of `{*rest}`, and the segment itself where it is
/// more than one parameter, as in `{from}-{to}`, or none.
fn parameter(segment: &str) -> &str {
    let inner = segment
        .strip_prefix('{')
        .and_then(|it| it.strip_suffix('}'));
    match inner {
        Some(name) if !name.contains('{') => name.strip_prefix('*').unwrap_or(name),
        _ => segment,
    }
}

/// A path with the values of its parameters, each percent-encoded, so that a value stays within its segment.
///
/// # Errors
/// 400 where a value is empty, leads elsewhere (`.`, `..`), or has a slash where there is no wildcard.
fn filled_path(
    path: &str,
    value_of: impl Fn(&str) -> Result<String, Problem>,
) -> Result<String, Problem> {
    let mut out = String::new();
    for (place, segment) in path.split('/').enumerate() {
        if place > 0 {
            out.push('/');
        }
        if !is_parameter(segment) {
            out.push_str(segment);
            continue;
        }
        let name = parameter(segment);
        let value = value_of(name)?;
        // Only a wildcard takes more than one segment, and dots would lead elsewhere.
        let is_wildcard = segment.starts_with("{*");
        let pieces: Vec<_> = value.split('/').collect();
        let leads_elsewhere = pieces.iter().any(|piece| matches!(*piece, "." | ".."));
        if value.is_empty() || leads_elsewhere || (pieces.len() > 1 && !is_wildcard) {
            return Err(refused(&format!(
                "{} is no value of its path",
                self::place(Part::Path, name)
            )));
        }
        let pieces: Vec<_> = pieces.into_iter().map(encoded).collect();
        out.push_str(&pieces.join("/"));
    }
    if !out.starts_with('/') {
        return Err(refused("the path of the request is not known"));
    }
    Ok(out)
}

/// Percent-encoded, but for letters, digits and what every part of a URL may hold: `a b/ü` is `a%20b%2F%C3%BC`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Pairs as a query or a form.
fn encoded_pairs(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A value that has to be text. Numbers are taken as they are written: a page that sends `4711` means `"4711"`.
///
/// # Errors
/// 400 for anything else, by its place alone.
fn text(part: Part, name: &str, value: Option<&Value>) -> Result<String, Problem> {
    match value {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(refused(&format!("{} must be a text", place(part, name)))),
    }
}

/// A place in words, such as "`id` of the path". The name is cut and shown as other names of parameters are: it may
/// come from a client.
fn place(part: Part, name: &str) -> String {
    let part = match part {
        Part::Path => "path",
        Part::Query => "query",
        Part::Header => "header",
        Part::Body => "body",
    };
    if name.is_empty() {
        format!("the {part}")
    } else {
        format!("`{}` of the {part}", crate::request::shown(name))
    }
}

/// The answer to values that can't be used: 400, about `values`.
fn refused(detail: &str) -> Problem {
    Problem::parameter("values", detail.to_owned())
}
