//! The OpenAPI 3.1 document, made from the handlers.

mod base;
mod document;
pub(crate) mod examples;

pub(crate) use base::{admin, complete};
pub(crate) use document::Document;
