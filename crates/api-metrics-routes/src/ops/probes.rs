//! `GET /health/live` and `GET /health/ready`: for probes, open to all, and therefore brief.
//!
//! Liveness says only that the process answers. Readiness looks at the host's background work where
//! that is connected, and at the store otherwise.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::router::App;

/// Probes give up after a second or a few; so do we, before them.
const PROBE_WITHIN: Duration = Duration::from_millis(900);

/// The answer to a probe.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Probe {
    /// `live`, `ready` or `degraded`.
    status: &'static str,
    /// Since when the store has not answered; absent while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    store_unreachable_since: Option<DateTime<Utc>>,
    /// What is wrong; absent while nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
}

impl Probe {
    /// An answer without a reason.
    const fn of(status: &'static str) -> Self {
        Self {
            status,
            store_unreachable_since: None,
            reason: None,
        }
    }
}

/// Whether the process answers at all
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "operation",
    responses((status = 200, description = "It does", body = Probe,
        example = json!({"status": "live"}))),
)]
pub(super) async fn live() -> Json<Probe> {
    Json(Probe::of("live"))
}

/// Whether metrics are delivered and can be asked for
///
/// A service whose metrics are degraded still serves its own requests: don't take it out of a load
/// balancer for this.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operation",
    responses(
        (status = 200, description = "The store answers", body = Probe,
            example = json!({"status": "ready"})),
        (status = 503, description = "The store does not answer, or a task has ended", body = Probe,
            example = json!({"status": "degraded",
                "storeUnreachableSince": "2026-05-17T03:12:09Z",
                "reason": "the store does not answer"})),
    ),
)]
pub(super) async fn ready(State(app): State<App>) -> Response {
    let degraded = |reason, since: Option<std::time::SystemTime>| {
        let probe = Probe {
            status: "degraded",
            store_unreachable_since: since.map(DateTime::from),
            reason: Some(reason),
        };
        (StatusCode::SERVICE_UNAVAILABLE, Json(probe)).into_response()
    };
    if let Some(source) = &app.health {
        let health = source.health();
        if health.store_unreachable_since.is_some() {
            return degraded("the store does not answer", health.store_unreachable_since);
        }
        if health.tasks.iter().any(|task| !task.running) {
            return degraded("a background task has ended", None);
        }
    } else {
        // Nobody watches the store for us, so the probe does. The result is shared for a second,
        // or an open route would be a way to load the database.
        let answers = app.probe.answers(&app.client);
        if !timeout(PROBE_WITHIN, answers).await.unwrap_or(false) {
            return degraded("the store does not answer", None);
        }
    }
    Json(Probe::of("ready")).into_response()
}
