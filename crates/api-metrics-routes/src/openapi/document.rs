//! The document as it is served: written once, when the router is built.

use std::sync::{Arc, OnceLock};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa::openapi::OpenApi;

use crate::response::{Entity, Kind, Problem};

/// A place for the document. The route that serves it is part of the router that the document is
/// made from, so it exists before its content does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document(Arc<OnceLock<Entity>>);

impl Document {
    /// Writes the document, once.
    pub(crate) fn set(&self, document: &OpenApi) {
        match document.to_json() {
            Ok(json) => drop(self.0.set(Entity::new(Bytes::from(json)))),
            Err(error) => tracing::error!(%error, "the OpenAPI document can't be written"),
        }
    }

    /// The document, or 304 where the caller has it.
    pub(crate) fn response(&self, request: &HeaderMap) -> Response {
        let Some(entity) = self.0.get() else {
            return Problem::new(Kind::Internal, "the document could not be written")
                .into_response();
        };
        let mut response = if entity.is_known_to(request) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            entity.bytes().clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::ETAG, entity.etag().clone());
        response
    }
}
