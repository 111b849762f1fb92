//! The parameter that names an API key.

use super::{Form, Parsed};

/// `apiKeyId`, for a route that says itself what the key is for.
pub(crate) const fn api_key_id(description: &'static str, example: &'static str) -> Parsed<i64> {
    Parsed {
        name: "apiKeyId",
        description,
        example: Some(example),
        form: Form::Number(0),
        read: |text| text.parse().ok().filter(|id| *id >= 0),
        wrong: "no number from 0 up",
    }
}
