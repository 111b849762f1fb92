//! The OpenAPI 3.1 document, made from the handlers.
//!
//! Handlers carry their own documentation; here is what all of them have in common, and the
//! document as it is served. Parameters come from the declarations that also read them, in the
//! module `request`.

mod base;
mod document;

#[cfg(feature = "ingest")]
pub(crate) use base::ingest;
pub(crate) use base::{admin, complete, console};
pub(crate) use document::Document;
