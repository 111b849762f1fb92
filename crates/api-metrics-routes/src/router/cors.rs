//! Pages of other origins, where the operator has named them.
//!
//! Written by hand, because credentials are never admitted here and an answer differs only by
//! origin.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// The origins that may ask.
#[derive(Debug, Clone)]
pub(crate) struct Cors(Arc<[String]>);

impl Cors {
    /// These origins, compared byte by byte.
    pub(crate) fn new(origins: Vec<String>) -> Self {
        Self(origins.into())
    }

    /// The request's origin, where it may ask.
    fn admitted(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.0
            .iter()
            .any(|admitted| admitted.as_bytes() == origin.as_bytes())
            .then(|| origin.clone())
    }
}

/// Answers preflight requests and marks answers (the Fetch standard's CORS protocol). Credentials
/// are not admitted: a browser sends no cookies along, so a session can't be used from elsewhere.
pub(super) async fn allow(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    let origin = cors.admitted(request.headers());
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else {
        return response;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    // The default of the same origin would hide the answer again.
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    if preflight {
        for (name, value) in [
            (
                header::ACCESS_CONTROL_ALLOW_METHODS,
                "GET, POST, PUT, PATCH, DELETE",
            ),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, if-none-match",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "cache-status, content-disposition, etag, ratelimit, ratelimit-policy, retry-after",
            ),
        );
    }
    response
}
