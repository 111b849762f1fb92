//! Which requests leave a snapshot, and what of them.

use http::{
    HeaderName,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
        ETAG, RETRY_AFTER,
    },
};

/// Names whose values a log masks by default, in headers, query strings, forms and JSON.
///
/// A name is compared by its words, in any case: `card` is found in `cardNumber` and `CARD-number`, and not in
/// `discard`. Names of five letters or more are found within others too: `password` in `oldpasswordhash`.
pub const MASKED_NAMES: [&str; 60] = [
    // What opens something.
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pass",
    "pwd",
    "pin",
    "otp",
    "totp",
    "mfa",
    "secret",
    "token",
    "jwt",
    "bearer",
    "authorization",
    "auth",
    "credential",
    "apikey",
    "api_key",
    "access_key",
    "private_key",
    "key",
    "signature",
    "sig",
    "hmac",
    "nonce",
    "session",
    "sid",
    "cookie",
    "csrf",
    "xsrf",
    "certificate",
    "verification_code",
    "security_code",
    // What pays.
    "card",
    "creditcard",
    "cardnumber",
    "cvv",
    "cvc",
    "iban",
    "bic",
    "account_number",
    "routing_number",
    // Who somebody is.
    "ssn",
    "social_security",
    "tax_id",
    "passport",
    "email",
    "mail",
    "phone",
    "mobile",
    "birth",
    "dob",
    "username",
    "first_name",
    "last_name",
    "full_name",
    "surname",
    "address",
    "postal",
];

/// Media types whose bodies are taken by default.
const CONTENT_TYPES: [&str; 3] = [
    "application/json",
    "application/*+json",
    "application/x-www-form-urlencoded",
];

/// Which requests leave a snapshot, and what it holds: the defaults, of which fields are changed.
///
/// No route does until [`routes`](Self::routes) names one. The layer copies what passes, up to a size; whoever
/// keeps it masks it first, as the store's request log does.
///
/// ```
/// use api_metrics_layer::{RequestCapture, Snapshots};
///
/// let mut capture = RequestCapture::default();
/// capture.snapshots.routes.push("/api/v1/*".to_owned());
/// capture.snapshots.routes.push("/orders/{id}".to_owned());
/// capture.snapshots.masked_names.push("customer".to_owned());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Snapshots {
    /// The routes that leave one; none by default. A route template, exactly, or all below a path where it ends
    /// in `/*`: `/api/v1/*` is `/api/v1` and everything below. `*` alone is everything.
    pub routes: Vec<String>,
    /// Headers of requests that are taken: `accept`, `accept-language`, `content-encoding`, `content-length` and
    /// `content-type` by default.
    pub request_headers: Vec<HeaderName>,
    /// Headers of responses that are taken: `cache-control`, `content-encoding`, `content-length`,
    /// `content-type`, `etag` and `retry-after` by default.
    pub response_headers: Vec<HeaderName>,
    /// Whether the query string is taken; yes by default.
    pub query: bool,
    /// Bytes of a body that are taken, of each direction: 16 KiB by default, at most 256 KiB. 0 takes none.
    pub max_body_bytes: usize,
    /// Media types whose bodies are taken, without parameters; `*` stands for any text. JSON and forms by default.
    /// Others are never taken.
    pub content_types: Vec<String>,
    /// Names whose values are masked, of headers, query, forms and JSON at any depth: [`MASKED_NAMES`] by default.
    pub masked_names: Vec<String>,
}

/// Bytes of a body that are taken at most, whatever is set.
const MOST_BODY_BYTES: usize = 256 << 10;

impl Default for Snapshots {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            request_headers: vec![
                ACCEPT,
                ACCEPT_LANGUAGE,
                CONTENT_ENCODING,
                CONTENT_LENGTH,
                CONTENT_TYPE,
            ],
            response_headers: vec![
                CACHE_CONTROL,
                CONTENT_ENCODING,
                CONTENT_LENGTH,
                CONTENT_TYPE,
                ETAG,
                RETRY_AFTER,
            ],
            query: true,
            max_body_bytes: 16 << 10,
            content_types: CONTENT_TYPES.map(str::to_owned).to_vec(),
            masked_names: MASKED_NAMES.map(str::to_owned).to_vec(),
        }
    }
}

impl Snapshots {
    /// Whether any route leaves one.
    pub(crate) fn is_on(&self) -> bool {
        !self.routes.is_empty()
    }

    /// Whether a request leaves one, by its template where that is known, and by its path.
    pub(crate) fn cover(&self, template: Option<&str>, path: &str) -> bool {
        self.routes.iter().any(|route| {
            template.is_some_and(|template| template == route || covers(route, template))
                || covers(route, path)
        })
    }

    /// Bytes of a body that are taken.
    pub(super) fn body_bytes(&self) -> usize {
        self.max_body_bytes.min(MOST_BODY_BYTES)
    }

    /// Whether bodies of this `Content-Type` are taken.
    #[must_use]
    pub fn takes(&self, content_type: &str) -> bool {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        !media_type.is_empty()
            && self
                .content_types
                .iter()
                .any(|pattern| matches(pattern, media_type))
    }
}

/// Whether a route, which may end in `/*` and hold parameters, covers a path.
fn covers(route: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut parts = route.split('/').peekable();
    while let Some(part) = parts.next() {
        let rest = part == "*" || part.starts_with("{*");
        if rest && parts.peek().is_none() {
            return true;
        }
        let Some(segment) = segments.next() else {
            return false;
        };
        if !fits(part, segment) {
            return false;
        }
    }
    segments.next().is_none()
}

/// Whether a segment is the part of a route, or has what stands around its parameter: `v{n}` fits `v2`.
fn fits(part: &str, segment: &str) -> bool {
    let around = part
        .split_once('{')
        .and_then(|(begin, rest)| Some((begin, rest.rsplit_once('}')?.1)));
    match around {
        Some((begin, end)) => segment
            .strip_prefix(begin)
            .is_some_and(|rest| rest.ends_with(end) && rest.len() > end.len()),
        None => part == segment,
    }
}

/// Whether a media type is of a pattern with at most one star, in any case.
fn matches(pattern: &str, media_type: &str) -> bool {
    let Some((begin, end)) = pattern.split_once('*') else {
        return pattern.eq_ignore_ascii_case(media_type);
    };
    let (begin, end) = (begin.as_bytes(), end.as_bytes());
    let media_type = media_type.as_bytes();
    media_type.len() >= begin.len() + end.len()
        && media_type
            .get(..begin.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(begin))
        && media_type
            .get(media_type.len() - end.len()..)
            .is_some_and(|it| it.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_asked_for_exactly_or_with_all_below_it() {
        for (route, template, path, covered) in [
            ("/orders/{id}", Some("/orders/{id}"), "/orders/7", true),
            ("/orders/{id}", None, "/orders/7", true),
            ("/orders/{id}", None, "/orders/7/items", false),
            ("/orders", None, "/orders/", false),
            ("/api/v1/*", None, "/api/v1", true),
            ("/api/v1/*", None, "/api/v1/a/b", true),
            ("/api/v1/*", Some("/api/v1/{*rest}"), "/x", true),
            ("/api/v1/*", None, "/api/v10/a", false),
            ("/api/v1/*", None, "/api", false),
            ("/files/{*path}", None, "/files/a/b", true),
            ("*", None, "/", true),
            ("/*", None, "/a", true),
            ("/v{n}/x", None, "/v2/x", true),
            ("/v{n}/x", None, "/v/x", false),
            ("/v{n}/x", None, "/other/x", false),
        ] {
            let mut snapshots = Snapshots::default();
            assert!(!snapshots.is_on() && !snapshots.cover(template, path));
            snapshots.routes.push(route.to_owned());
            assert_eq!(
                snapshots.cover(template, path),
                covered,
                "{route} {template:?} {path}"
            );
        }
    }

    #[test]
    fn bodies_are_taken_by_their_media_type_alone() {
        let snapshots = Snapshots::default();
        for (content_type, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("application/x-www-form-urlencoded", true),
            ("application/+json", true),
            ("application/json-patch", false),
            ("multipart/form-data; boundary=x", false),
            ("text/plain", false),
            ("application/octet-stream", false),
            ("", false),
        ] {
            assert_eq!(snapshots.takes(content_type), taken, "{content_type}");
        }
    }
}
