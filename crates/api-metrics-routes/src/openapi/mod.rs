//! The OpenAPI 3.1 document, made from the handlers.

mod base;
mod document;

pub(crate) use base::{admin, complete, console};
pub(crate) use document::Document;
