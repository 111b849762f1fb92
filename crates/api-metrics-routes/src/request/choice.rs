//! The schema of a choice.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// A parameter that takes one of these names.
pub(crate) fn choice(description: &str, names: &[&str], default: Option<&str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(names.iter().copied()))
        .default(default.map(Into::into))
        .build()
}
