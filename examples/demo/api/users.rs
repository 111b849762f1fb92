//! `GET /api/users/{id}`

use axum::{Json, extract::Path, http::StatusCode};
use serde::Serialize;

/// The highest id that exists.
pub(crate) const USERS: u64 = 1_000;

#[derive(Debug, Serialize)]
pub(super) struct User {
    id: u64,
    name: String,
}

pub(super) async fn one(Path(id): Path<u64>) -> Result<Json<User>, StatusCode> {
    if (1..=USERS).contains(&id) {
        let name = format!("user {id}");
        Ok(Json(User { id, name }))
    } else {
        Err(StatusCode::NOT_FOUND)
    }
}
