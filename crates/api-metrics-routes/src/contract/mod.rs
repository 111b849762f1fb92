//! What services say that they offer: their OpenAPI documents, and how their paths are told apart.

mod document;
mod template;

pub use self::document::{OpenApiDocument, OpenApiError};
pub(crate) use self::{document::Operation, template::Shape};
