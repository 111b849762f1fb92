//! One answer, ready to be sent, and how it is sent.
//!
//! Browsers may keep an answer but have to ask each time; the entity tag then saves the body.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::response::Entity;

/// A JSON body with its entity tag.
#[derive(Debug, Clone)]
pub(crate) struct Cached {
    /// The body and its tag.
    entity: Entity,
}

impl Cached {
    /// A body.
    pub(super) fn new(body: Vec<u8>) -> Self {
        Self {
            entity: Entity::new(Bytes::from(body)),
        }
    }

    /// The JSON.
    pub(super) fn body(&self) -> &Bytes {
        self.entity.bytes()
    }

    /// The response to a request with these headers: 304 where the caller has this body.
    pub(crate) fn response(self, request: &HeaderMap, hit: bool) -> Response {
        let mut response = if self.entity.is_known_to(request) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Response::new(Body::from(self.entity.bytes().clone()));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.entity.etag().clone());
        // Only the caller's own browser may keep it, and must ask each time.
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        headers.insert(
            header::VARY,
            HeaderValue::from_static("authorization, cookie"),
        );
        headers.insert(
            "cache-status",
            HeaderValue::from_static(if hit {
                "api-metrics; hit"
            } else {
                "api-metrics; fwd=miss"
            }),
        );
        response
    }
}
