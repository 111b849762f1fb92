//! The OpenAPI 3.1 document, made from the handlers.
//!
//! Handlers carry their own documentation; here is what all of them have in common, and the
//! document as it is served. Parameters come from the declarations that also read them, in the
//! module `request`.

mod base;
mod document;

pub(crate) use base::{admin, complete, console};
#[cfg(feature = "ingest")]
pub(crate) use base::{collector, ingest};
pub(crate) use document::Document;
