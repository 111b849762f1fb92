//! The OpenAPI 3.1 documents, made from the handlers beforehand.
//!
//! Handlers carry their own documentation. A test makes the documents of it, and `OPENAPI=write` has it write them
//! into `assets/openapi`; a program reads them from there. Parameters come from the declarations that also read
//! them, in the module `request`.

mod document;
#[cfg(test)]
mod handlers;
mod route;
// Of all operations, which need all features.
#[cfg(all(test, feature = "ingest"))]
mod tests;

pub(crate) use document::{Api, Document};
#[cfg(test)]
pub(crate) use handlers::{describe, head};
pub(crate) use route::{Route, route};
