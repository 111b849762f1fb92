//! A document as it is served.
//!
//! It was written beforehand, from the handlers' attributes, and lies in `assets/openapi`; a test holds both
//! together. A router has those operations of it that the host has switched on.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, OnceLock},
};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use crate::response::{Entity, Kind, Problem};

/// What a reference to a schema begins with.
const SCHEMAS: &str = "#/components/schemas/";

/// A router that has a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// The admin.
    Admin,
    /// The consumers' routes.
    Console,
    /// Where services report.
    #[cfg(feature = "ingest")]
    Ingest,
    /// The collector.
    #[cfg(feature = "ingest")]
    Collector,
}

impl Api {
    /// The name of the router, in times and files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Console => "console",
            #[cfg(feature = "ingest")]
            Self::Ingest => "ingest",
            #[cfg(feature = "ingest")]
            Self::Collector => "collector",
        }
    }

    /// Its document with all operations: JSON, compressed by gzip.
    const fn written(self) -> &'static [u8] {
        match self {
            Self::Admin => include_bytes!("../../assets/openapi/admin.json.gz"),
            Self::Console => include_bytes!("../../assets/openapi/console.json.gz"),
            #[cfg(feature = "ingest")]
            Self::Ingest => include_bytes!("../../assets/openapi/ingest.json.gz"),
            #[cfg(feature = "ingest")]
            Self::Collector => include_bytes!("../../assets/openapi/collector.json.gz"),
        }
    }

    /// Its document with all operations.
    ///
    /// # Errors
    /// The file is damaged, which a test rules out.
    pub(super) fn read(self) -> io::Result<Value> {
        let json = io::read_to_string(GzDecoder::new(self.written()))?;
        let mut document: Value = serde_json::from_str(&json)?;
        // A new version alone is no new document.
        if let Some(version) = document.pointer_mut("/info/version") {
            *version = env!("CARGO_PKG_VERSION").into();
        }
        Ok(document)
    }
}

/// The document of one router, read when it is first asked for.
#[derive(Debug, Clone)]
pub(crate) struct Document(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Whose document it is.
    api: Api,
    /// The operations that the router has.
    operations: Vec<(Method, String)>,
    /// What is served; `None` where the document can't be read.
    entity: OnceLock<Option<Entity>>,
}

impl Document {
    /// The document of a router with these operations.
    pub(crate) fn new(api: Api, operations: Vec<(Method, String)>) -> Self {
        Self(Arc::new(Parts {
            api,
            operations,
            entity: OnceLock::new(),
        }))
    }

    /// The document, or 304 where the caller has it.
    pub(crate) fn response(&self, request: &HeaderMap) -> Response {
        let Some(entity) = self.0.entity.get_or_init(|| self.0.entity()) else {
            return Problem::new(Kind::Internal, "the document could not be read").into_response();
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

impl Parts {
    /// What is served.
    fn entity(&self) -> Option<Entity> {
        match self.api.read() {
            Ok(mut document) => {
                narrow(&mut document, &self.operations);
                Some(Entity::new(Bytes::from(document.to_string())))
            }
            Err(error) => {
                let api = self.api.name();
                tracing::error!(%error, api, "the OpenAPI document can't be read");
                None
            }
        }
    }
}

/// Leaves these operations in a document, and the schemas that they use.
pub(super) fn narrow(document: &mut Value, operations: &[(Method, String)]) {
    let has = |method: &str, path: &str| {
        let mut operations = operations.iter();
        operations.any(|(of, at)| at == path && of.as_str().eq_ignore_ascii_case(method))
    };
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths.iter_mut() {
            if let Some(item) = item.as_object_mut() {
                item.retain(|method, _| has(method, path));
            }
        }
        paths.retain(|_, item| item.as_object().is_some_and(|item| !item.is_empty()));
    }
    let used = used_schemas(document);
    let schemas = document.pointer_mut("/components/schemas");
    if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// The names of the schemas that operations refer to, directly or by other schemas.
fn used_schemas(document: &Value) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut open: Vec<&Value> = document.get("paths").into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(values) => open.extend(values),
            Value::String(text) => {
                // An example that only looks like a reference costs nothing: its schema stays, too.
                let name = text.strip_prefix(SCHEMAS);
                if let Some(name) = name.filter(|name| !used.contains(*name)) {
                    used.insert(name.to_owned());
                    let schema = document.pointer("/components/schemas");
                    open.extend(schema.and_then(|schemas| schemas.get(name)));
                }
            }
            _ => {}
        }
    }
    used
}
