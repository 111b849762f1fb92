//! `GET /health/live` and `GET /health/ready`: for probes, open to all, and therefore brief.
//!
//! Liveness says only that the process answers. Readiness looks at the host's background work where
//! that is connected, and at the store otherwise.

use std::time::Duration;

use api_metrics_store::store::Misconfiguration;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;

use crate::{read::Health, router::App};

/// Probes give up after a second or a few; so do we, before them.
const PROBE_WITHIN: Duration = Duration::from_millis(900);

/// The answer to a probe.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Probe {
    /// `live`, `ready` or `degraded`.
    status: &'static str,
    /// Since when the store has not answered; absent while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    store_unreachable_since: Option<DateTime<Utc>>,
    /// What is wrong; absent while nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    reason: Option<String>,
    /// What is wrong about the configuration, where that is the reason: `wrong-url`,
    /// `password-refused`, `role-refused`, `missing-database`, `missing-directory`,
    /// `permission-denied` or `not-a-database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    misconfiguration: Option<&'static str>,
    /// The background task that has ended or is stalled, where that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    task: Option<&'static str>,
}

impl Probe {
    /// An answer without a reason.
    const fn of(status: &'static str) -> Self {
        Self {
            status,
            store_unreachable_since: None,
            reason: None,
            misconfiguration: None,
            task: None,
        }
    }

    /// An answer that names its reason.
    fn degraded(reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::of("degraded")
        }
    }

    /// That the configuration keeps the store from being used.
    fn misconfigured(what: Misconfiguration) -> Self {
        Self {
            misconfiguration: Some(what.into()),
            ..Self::degraded(what.to_string())
        }
    }

    /// That something is wrong with this task.
    fn about(task: &'static str, reason: &str) -> Self {
        Self {
            task: Some(task),
            ..Self::degraded(reason)
        }
    }
}

impl IntoResponse for Probe {
    fn into_response(self) -> Response {
        let status = match self.reason {
            Some(_) => StatusCode::SERVICE_UNAVAILABLE,
            None => StatusCode::OK,
        };
        (status, Json(self)).into_response()
    }
}

/// Whether the process answers at all
#[cfg_attr(test, utoipa::path(
    get,
    path = "/health/live",
    tag = "operation",
    responses((status = 200, description = "It does", body = Probe,
        example = json!({"status": "live"}))),
))]
pub(super) async fn live() -> Json<Probe> {
    Json(Probe::of("live"))
}

/// Whether metrics are delivered and can be asked for
///
/// A service whose metrics are degraded still serves its own requests: don't take it out of a load
/// balancer for this.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/health/ready",
    tag = "operation",
    responses(
        (status = 200, description = "The store answers", body = Probe,
            example = json!({"status": "ready"})),
        (status = 503, description = "The store does not answer or is misconfigured, or a background task has \
            ended or has failed for long", body = Probe,
            example = json!({"status": "degraded",
                "storeUnreachableSince": "2026-05-17T03:12:09Z",
                "reason": "the store does not answer"})),
    ),
))]
pub(super) async fn ready(State(app): State<App>) -> Response {
    let probe = match &app.health {
        Some(source) => of_health(&source.health()),
        // Nobody watches the store for us, so the probe does. The result is shared for a second,
        // or an open route would be a way to load the database.
        None => match timeout(PROBE_WITHIN, app.probe.answers(&app.client)).await {
            Ok(Ok(())) => Probe::of("ready"),
            Ok(Err(Some(what))) => Probe::misconfigured(what),
            Ok(Err(None)) | Err(_) => Probe::degraded("the store does not answer"),
        },
    };
    probe.into_response()
}

/// What the host's background work says.
fn of_health(health: &Health) -> Probe {
    if let Some(since) = health.store_unreachable_since {
        let probe = match health.store_misconfiguration {
            Some(what) => Probe::misconfigured(what),
            None => Probe::degraded("the store does not answer"),
        };
        return Probe {
            store_unreachable_since: Some(since.into()),
            ..probe
        };
    }
    if let Some(task) = health.tasks.iter().find(|task| !task.running) {
        return Probe::about(task.name, "a background task has ended");
    }
    if let Some(task) = health.tasks.iter().find(|task| task.stalled) {
        return Probe::about(task.name, "a background task has failed for long");
    }
    Probe::of("ready")
}
