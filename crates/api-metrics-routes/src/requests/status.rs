//! `GET /api-requests/status`: what became of the requests that were chosen, and how much is stored.
//!
//! Figures are those that the database has acknowledged, over all processes that ever kept a log in it: what waits
//! in their memory is in none of them.

use api_metrics_store::request_log::{Dropped, RequestLogStatus};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::view::time_ms;
use crate::{auth::Caller, request::Validated, response::Problem, router::App};

/// Requests that were dropped, by reason.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = DroppedRequests))]
pub(crate) struct DroppedView {
    /// Beyond the requests, or the events, a second that a process may keep.
    rate: u64,
    /// Beyond the bytes a second that a process may keep.
    bytes: u64,
    /// Beyond the memory of a process.
    memory: u64,
    /// Older than what is kept, or more than a day ahead.
    late: u64,
    /// Refused by the database, again and again.
    refused: u64,
}

/// The request log. `chosen` is `kept` and all of `dropped` together.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestLogStatus))]
pub(crate) struct StatusView {
    /// Requests that policies chose.
    chosen: u64,
    /// Those that were stored, removed ones included.
    kept: u64,
    /// Those that were dropped.
    dropped: DroppedView,
    /// The oldest request that is stored.
    oldest_at: Option<DateTime<Utc>>,
    /// The newest request that is stored.
    newest_at: Option<DateTime<Utc>>,
    /// Bytes that the log takes in the database, indexes included; roughly on SQLite.
    bytes: u64,
}

impl From<RequestLogStatus> for StatusView {
    fn from(status: RequestLogStatus) -> Self {
        let Dropped {
            rate,
            bytes,
            memory,
            late,
            refused,
            ..
        } = status.counts.dropped;
        Self {
            chosen: status.counts.chosen,
            kept: status.counts.kept,
            dropped: DroppedView {
                rate,
                bytes,
                memory,
                late,
                refused,
            },
            oldest_at: status.oldest_ms.map(time_ms),
            newest_at: status.newest_ms.map(time_ms),
            bytes: status.bytes,
        }
    }
}

/// How much the log has kept and dropped
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/status",
    operation_id = "request_log_status",
    tag = "requests",
    responses((status = 200, description = "The figures", body = StatusView,
        example = json!(crate::requests::examples::status()))),
))]
pub(crate) async fn status(
    State(app): State<App>,
    _: Caller,
    _: Validated<()>,
) -> Result<Json<StatusView>, Problem> {
    let store = app.client.requests()?;
    let work = store.request_log_status();
    let found = app.client.bounded("request log status", work).await?;
    Ok(Json(found.into()))
}
