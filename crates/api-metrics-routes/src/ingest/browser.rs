//! Browsers that report: tokens that are bound to origins, and the Fetch standard's CORS protocol for exactly these.
//!
//! Whoever looks at a page has its token. So it writes `webrtc` alone, names nobody, and is limited by itself:
//! nobody can use up what the servers of a tenant may send.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use api_metrics_store::ingest::IngestStore;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{IngestState, writer::Writer};
use crate::{
    response::{Kind, Problem},
    ttl_cache::TtlCache,
};

/// How long it is remembered who may ask.
const REMEMBERED: Duration = Duration::from_secs(10);

/// The origins of all tokens that are good.
#[derive(Debug)]
pub(super) struct Origins {
    store: Arc<dyn IngestStore>,
    known: TtlCache<(), Arc<BTreeSet<String>>>,
}

impl Origins {
    /// Those of the tokens in this store.
    pub(super) fn new(store: Arc<dyn IngestStore>) -> Self {
        Self {
            store,
            known: TtlCache::new(1, REMEMBERED),
        }
    }

    /// Forgets what is remembered: a token has changed.
    pub(super) fn forget(&self) {
        self.known.clear();
    }

    /// Whether any token is bound to this origin.
    ///
    /// # Errors
    /// 503 where the store does not answer.
    async fn contain(&self, origin: &str) -> Result<bool, Problem> {
        if let Some(known) = self.known.get(&()) {
            return Ok(known.contains(origin));
        }
        let tokens = self.store.ingest_tokens().await?;
        let good = tokens
            .into_iter()
            .filter(|token| token.revoked_at.is_none());
        let origins: BTreeSet<String> = good.flat_map(|token| token.origins).collect();
        let contains = origins.contains(origin);
        self.known.insert((), Arc::new(origins));
        Ok(contains)
    }
}

/// What the page's origin is, as the browser says it.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN)?.to_str().ok()
}

/// Answers the question that a browser asks before it reports: whether pages of this origin may. It carries no
/// token, so that of any token will do; the report itself has to come from one of its own token's.
pub(super) async fn preflight(State(state): State<IngestState>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let known = match origin(&headers) {
        Some(origin) => state.0.origins.contain(origin).await,
        None => Ok(false),
    };
    match known {
        Ok(true) => {}
        Ok(false) => {
            let headers = response.headers_mut();
            headers.append(header::VARY, HeaderValue::from_static("origin"));
            return response;
        }
        Err(problem) => return problem.into_response(),
    }
    allow(&headers, response.headers_mut());
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, idempotency-key",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Lets the page read the answer. Cookies are never sent along.
fn allow(request: &HeaderMap, response: &mut HeaderMap) {
    response.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = request.get(header::ORIGIN) {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        // The default of the same origin would hide the answer again.
        response.insert(
            "cross-origin-resource-policy",
            HeaderValue::from_static("cross-origin"),
        );
    }
}

/// The module by which a page measures its connections of WebRTC. It holds nothing that is not in every copy of
/// this program, so every page may load it.
pub(super) async fn snippet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    let mut response = (headers, include_str!("webrtc.js")).into_response();
    response.headers_mut().insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// Refuses a browser's report from where its token is not bound to.
///
/// # Errors
/// 403 for another origin, or none.
pub(super) fn check(writer: &Writer, headers: &HeaderMap) -> Result<(), Problem> {
    let is_bound = |origin: &str| writer.token.origins.iter().any(|bound| bound == origin);
    if !writer.is_browser() || origin(headers).is_some_and(is_bound) {
        return Ok(());
    }
    let detail = "this token is for pages of the origins that it is bound to";
    Err(Problem::new(Kind::Forbidden, detail))
}

/// Marks the answer to a browser's report, where it came from an origin of its token.
pub(super) fn mark(writer: &Writer, request: &HeaderMap, response: &mut Response) {
    if writer.is_browser() && check(writer, request).is_ok() {
        allow(request, response.headers_mut());
        let exposed = HeaderValue::from_static("ratelimit, ratelimit-policy, retry-after");
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}
