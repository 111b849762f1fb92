//! The OpenAPI 3.1 document, made from the handlers.

pub(crate) mod act_examples;
mod base;
mod document;
pub(crate) mod examples;

pub(crate) use base::{admin, choice, complete, console};
pub(crate) use document::Document;
