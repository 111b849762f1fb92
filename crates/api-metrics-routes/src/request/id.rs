//! A number in a path.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::response::{Kind, Problem};

/// The number that the path names. What is no number names nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state)
            .await
            .map(|Path(text)| text)
            .unwrap_or_default();
        text.parse()
            .ok()
            .filter(|id| *id > 0)
            .map(Self)
            .ok_or_else(nothing)
    }
}

/// 404: there is nothing of that number, or nothing that the caller may see. Both answer alike, so
/// that numbers can't be probed.
pub(crate) fn nothing() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing of that number")
}
