//! `GET /health`, `/stats` and `/performance`: how the collector itself is doing.
//!
//! What is of the process and not of the caller's organisation is for admins: others get null.
//! | number | of | defined as |
//! |---|---|---|
//! | `ingestion_rate` | the caller's scope | events since the start of the minute before, by the seconds since then |
//! | `processing_latency_ms` | this process | from the receipt of a report to its commit; each counts a tenth of the average |
//! | `query_response_time_ms` | this process | the mean of all queries since its start, those of other routes included |
//! | `memory_usage_mb` | this process | what it holds of the machine's memory (`VmRSS`) |
//! | `active_connections` | this process | live streams that are open |
//! | `cache_hit_rate` | this process | answers that were at hand, of all since its start, in percent |
//!
//! What is of the process alone is null in other instances' numbers: each answers for itself.

use axum::{Json, extract::State};
use serde::Serialize;

use super::overview::{events_in, up_to};
use crate::{
    auth::{Caller, Role},
    request::Validated,
    response::{Problem, percent, rounded},
    router::App,
};

/// How the collector is doing.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Performance {
    /// Events a second that were reported within the caller's scope, over the last one to two minutes.
    ingestion_rate: f64,
    /// From the receipt of a report until it is in the database, in milliseconds: an average in which each report of
    /// this process counts a tenth. Null before the first, and but for admins.
    processing_latency_ms: Option<f64>,
    /// How long queries of this process took on average, in milliseconds. Null but for admins.
    query_response_time_ms: Option<f64>,
    /// Memory of this process, in MiB. Null where the system does not tell, and but for admins.
    memory_usage_mb: Option<f64>,
    /// Live streams that are open in this process. Null but for admins.
    active_connections: Option<u64>,
    /// Answers of this process that were at hand, in percent. Null before the first, and but for admins.
    cache_hit_rate: Option<f64>,
}

/// Whether the collector takes and answers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CollectorHealth {
    /// `healthy`; `degraded` while the database does not answer or a task of the background fails.
    status: &'static str,
    /// Its numbers; absent while the database does not answer.
    #[serde(flatten)]
    performance: Option<Performance>,
}

/// What is within the caller's scope.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CollectorStats {
    /// How fast it is.
    #[serde(flatten)]
    performance: Performance,
    /// Events of the last hour.
    events_last_hour: u64,
    /// Events of the last day.
    events_last_day: u64,
}

/// Whether the collector takes and answers
#[cfg_attr(test, utoipa::path(
    get,
    path = "/health",
    operation_id = "collector_health",
    tag = "process",
    params(Validated<()>),
    responses((status = 200, description = "How it is", body = CollectorHealth,
        example = json!({"status": "healthy", "ingestion_rate": 12.5, "processing_latency_ms": 8.2,
            "query_response_time_ms": 3.1, "memory_usage_mb": 74.5, "active_connections": 2,
            "cache_hit_rate": 81.5}))),
))]
pub(super) async fn health(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
) -> Json<CollectorHealth> {
    let works = app.health.as_ref().is_none_or(|source| {
        let health = source.health();
        health.store_unreachable_since.is_none() && !health.tasks.iter().any(|task| task.stalled)
    });
    // It answers while the database does not.
    let performance = measured(&app, &caller).await.ok();
    let status = if works && performance.is_some() {
        "healthy"
    } else {
        "degraded"
    };
    Json(CollectorHealth {
        status,
        performance,
    })
}

/// How many events there were
#[cfg_attr(test, utoipa::path(
    get,
    path = "/stats",
    operation_id = "collector_stats",
    tag = "process",
    params(Validated<()>),
    responses((status = 200, description = "The counts", body = CollectorStats)),
))]
pub(super) async fn stats(
    State(app): State<App>,
    caller: Caller,
    Validated { now, .. }: Validated<()>,
) -> Result<Json<CollectorStats>, Problem> {
    let of = |seconds| events_in(&app, &caller.scope, up_to(now, seconds));
    Ok(Json(CollectorStats {
        performance: measured(&app, &caller).await?,
        events_last_hour: of(3_600).await?,
        events_last_day: of(86_400).await?,
    }))
}

/// How fast the collector is
#[cfg_attr(test, utoipa::path(
    get,
    path = "/performance",
    operation_id = "collector_performance",
    tag = "process",
    params(Validated<()>),
    responses((status = 200, description = "How fast it is", body = Performance,
        example = json!({"ingestion_rate": 12.5, "processing_latency_ms": 8.2, "query_response_time_ms": 3.1,
            "memory_usage_mb": 74.5, "active_connections": 2, "cache_hit_rate": 81.5}))),
))]
pub(super) async fn performance(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
) -> Result<Json<Performance>, Problem> {
    measured(&app, &caller).await.map(Json)
}

/// What can be measured now, as far as the caller may know it.
///
/// # Errors
/// Those of the store, which counts the events.
async fn measured(app: &App, caller: &Caller) -> Result<Performance, Problem> {
    let now = app.clock.unix_seconds();
    let range = up_to(now, 120);
    let events = events_in(app, &caller.scope, range).await?;
    let seconds = (now - range.from).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a rate with three decimals")]
    let ingestion_rate = rounded(events as f64 / seconds as f64);
    if caller.principal.role() != Role::Admin {
        return Ok(Performance {
            ingestion_rate,
            processing_latency_ms: None,
            query_response_time_ms: None,
            memory_usage_mb: None,
            active_connections: None,
            cache_hit_rate: None,
        });
    }
    let queries = app.client.times().now();
    let count = queries.cumulative.last().copied().unwrap_or_default();
    let (hits, misses) = app.cache.counts();
    #[expect(clippy::cast_precision_loss, reason = "an average with three decimals")]
    let average = (count > 0).then(|| rounded(queries.sum_seconds * 1_000.0 / count as f64));
    Ok(Performance {
        ingestion_rate,
        processing_latency_ms: app.ingest()?.latency_ms().map(rounded),
        query_response_time_ms: average,
        memory_usage_mb: memory_mb(),
        active_connections: Some(u64::try_from(app.hub.connections()).unwrap_or(u64::MAX)),
        cache_hit_rate: percent(hits, hits.saturating_add(misses)),
    })
}

/// The memory of this process in MiB, as Linux tells it.
fn memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(rounded(f64::from(kib) / 1_024.0))
}
