//! A nested router: `/api/teams/{team}` and `/api/teams/{team}/members/{member}`.

use axum::{Json, Router, extract::Path, routing::get};
use serde_json::{Value, json};

use super::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(team))
        .route("/members/{member}", get(member).delete(remove))
}

async fn team(Path(team): Path<String>) -> Json<Value> {
    Json(json!({ "team": team, "members": ["ada", "grace", "edsger"] }))
}

async fn member(Path((team, member)): Path<(String, String)>) -> Json<Value> {
    Json(json!({ "team": team, "member": member }))
}

async fn remove(Path((_team, _member)): Path<(String, String)>) -> axum::http::StatusCode {
    axum::http::StatusCode::NO_CONTENT
}
