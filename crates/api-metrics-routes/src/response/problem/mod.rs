//! Errors in the form of RFC 9457, `application/problem+json`.
//!
//! A problem never carries SQL, a path of the machine or a database's message: those go to the log.
//!
//! | status | raised by | what the client can do |
//! |---|---|---|
//! | 400 | a parameter or a member of the body, which `parameter` names | correct it |
//! | 401, 403 | a missing or wrong token, a role that may not | sign in, ask for the role |
//! | 404 | a thing that is not there, or that the caller may not see | nothing |
//! | 409 | a change of an older revision, a bound that is reached | read again, then change |
//! | 413 | a body above 64 KiB | send less |
//! | 429, 503 | a limit, a store that can't be reached | wait; `Retry-After` says how long, where it is known |
//! | 504 | a query past its time | ask for a shorter range or a coarser step |
//! | 500 | a fault of ours, which the log names | report it |
//!
//! Answers are never cached. The `type` is a URN that programs may compare; `title` and `detail` are
//! for people and may change.

mod kind;
mod store;

use std::borrow::Cow;

use api_metrics_store::{
    calendar::NotKept,
    text::{is_plain, shown},
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

pub(crate) use kind::Kind;

/// What went wrong, as RFC 9457 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(example = json!({
    "type": "urn:api-metrics:bad-parameter",
    "title": "Bad parameter",
    "status": 400,
    "detail": "`3h` is none of 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d, 1y",
    "parameter": "period"
})))]
pub(crate) struct Problem {
    /// Which kind of problem: a URN that never changes its meaning.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request.
    detail: Cow<'static, str>,
    /// The parameter or member that is wrong, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    parameter: Option<Cow<'static, str>>,
    /// The step that was asked for and is not kept, where that is the problem.
    #[serde(skip)]
    not_kept: Option<NotKept>,
    /// After how many seconds another try makes sense; the `Retry-After` header.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this kind, about this request.
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: kind.urn(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: plain(detail.into()),
            parameter: None,
            not_kept: None,
            retry_after: None,
        }
    }

    /// A parameter of the query or a member of the body is wrong.
    pub(crate) fn parameter(
        name: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut problem = Self::new(Kind::BadParameter, detail);
        problem.parameter = Some(plain(name.into()));
        problem
    }

    /// Names a member that was sent. A change is of some members, and the one that is wrong together with
    /// them may be a stored one: then the first of `related` that was sent is named, and the detail still
    /// says what it does not go with.
    #[cfg(feature = "control")]
    pub(crate) fn naming(mut self, sent: &[&'static str], related: &[&'static str]) -> Self {
        if let Some(named) = self.parameter.as_deref()
            && !sent.contains(&named)
            && let Some(name) = related.iter().find(|name| sent.contains(name))
        {
            self.parameter = Some(Cow::Borrowed(name));
        }
        self
    }

    /// A body that is not what was `expected`, as axum has refused it.
    pub(crate) fn body(refused: StatusCode, expected: &'static str) -> Self {
        if refused == StatusCode::PAYLOAD_TOO_LARGE {
            Self::new(Kind::BodyTooLarge, "a body has at most 64 KiB")
        } else {
            Self::new(Kind::BadBody, expected)
        }
    }

    /// Adds the `Retry-After` header, in seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The step that was asked for and is not kept, where that is the problem.
    pub(crate) const fn not_kept(&self) -> Option<NotKept> {
        self.not_kept
    }

    /// The parameter or member that is wrong, where it is one.
    #[cfg(any(feature = "ingest", feature = "mcp"))]
    pub(crate) fn named(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// Whether it is of this kind.
    #[cfg(feature = "ingest")]
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind.urn()
    }

    /// What is wrong, in words.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// A problem may repeat what a caller has sent, and is read in terminals.
fn plain(text: Cow<'static, str>) -> Cow<'static, str> {
    if is_plain(&text) {
        return text;
    }
    Cow::Owned(shown(&text).to_string())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        // A struct of strings and a number always serialises; an empty body is still a valid answer.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"api-metrics\""),
            );
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests;
