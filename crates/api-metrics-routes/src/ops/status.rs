//! `GET /api-status`: what an operator wants to know at 3 a.m. It answers while the store does not.
//!
//! What the store, the recorder, the background tasks and the cache say about themselves. Counters
//! that are 0 while all is well say so in their documentation.

use std::time::SystemTime;

use api_metrics_store::{
    recorder::RecorderStatus,
    store::{InstanceStatus, Misconfiguration, StoreStatus},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::hints::{HintView, hints};
use crate::{
    read::Health,
    request::Validated,
    response::{Problem, time, time_us},
    router::App,
};

/// The state of the store, of this process and of all that record into this database.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// The release of this crate.
    version: &'static str,
    /// The store.
    store: StoreView,
    /// The processes that flushed last, the latest first; at most 100. Their versions are the
    /// deploy marks.
    instances: Vec<InstanceView>,
    /// What this process records; null where it only reads.
    recorder: Option<RecorderView>,
    /// Its background tasks; null where the host has not connected them.
    tasks: Option<TasksView>,
    /// Answers that are kept.
    cache: CacheView,
    /// Live streams that are open.
    streams: usize,
    /// Flush batches of this process that the database has lost by a restore or a failover; 0 is normal.
    lost: u64,
    /// Their sequence numbers, the latest span last; at most 32 spans.
    lost_batches: Vec<LostView>,
    /// What looks like a mistake though nothing fails; empty is normal.
    hints: Vec<HintView>,
}

/// Flush batches that the database has lost, by their sequence numbers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct LostView {
    /// The first of the span.
    first: u64,
    /// The last of the span.
    last: u64,
}

/// The store.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct StoreView {
    /// Whether it has just answered.
    reachable: bool,
    /// Since when it has not; null while it does, or where nobody has noticed yet.
    unreachable_since: Option<DateTime<Utc>>,
    /// Why it does not.
    error: Option<String>,
    /// What is wrong about the configuration, where that is why: `wrong-url`, `password-refused`,
    /// `role-refused`, `missing-database`, `missing-directory`, `permission-denied` or
    /// `not-a-database`.
    misconfiguration: Option<&'static str>,
    /// `postgres` or `sqlite`.
    backend: Option<&'static str>,
    /// The schema's version.
    schema_version: Option<i64>,
    /// The kind of its sketches.
    sketch_kind: Option<&'static str>,
    /// The time by the clock of the database.
    now: Option<DateTime<Utc>>,
    /// Series that it knows.
    series: Option<u64>,
    /// What waits to be folded into buckets.
    inbox: Option<InboxView>,
    /// The start of what each granularity keeps.
    retention_floors: Vec<FloorView>,
    /// Periods that wait for their rollup.
    dirty: Vec<DirtyView>,
    /// Flush batches that could not be read and were quarantined; 0 is normal.
    quarantined: Option<u64>,
    /// Columns of stored rows that could not be read and were quarantined; 0 is normal. Their rows
    /// stay, without them.
    quarantined_row_count: Option<u64>,
    /// The latest of them, the latest first; at most 100.
    quarantined_rows: Vec<QuarantinedView>,
    /// The standby that takes reads; null where none was named.
    standby: Option<StandbyView>,
    /// The database that keeps the buckets; null where they are in the same one.
    buckets: Option<BucketsView>,
}

/// Another database, which keeps the buckets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct BucketsView {
    /// What it is, such as `ClickHouse 26.9.2.1`; null where it does not answer.
    version: Option<String>,
    /// Why it does not.
    error: Option<String>,
    /// When flush batches were last copied there; null where none was yet.
    copied_at: Option<DateTime<Utc>>,
    /// Whether some are being copied, or wait to be copied to their end.
    is_copying: bool,
}

/// A standby that takes reads.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct StandbyView {
    /// `used`: reads go there. Otherwise the primary is read: it is too far `behind`, or `gone`, or was `promoted`.
    state: &'static str,
    /// How far it is behind at most; null where nobody knows.
    lag_seconds: Option<f64>,
    /// How far it may be behind.
    max_lag_seconds: f64,
    /// Why it is gone.
    error: Option<String>,
}

/// A column of a stored row that could not be read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct QuarantinedView {
    /// `1m`, `5m`, `1h` or `1d`.
    granularity: String,
    /// The start of its period.
    period_start: DateTime<Utc>,
    /// The number of its series; 0 for period counts, of which nothing was lost.
    series: i64,
    /// The series' service; empty where the series is unknown.
    service: String,
    /// Its method; `*` for an aggregate series of several.
    method: String,
    /// Its endpoint.
    endpoint: String,
    /// `status_counts`, `latency_sketch` or, for period counts, `requests`.
    part: String,
    /// Why it can't be read.
    reason: String,
    /// When it was quarantined.
    at: DateTime<Utc>,
}

/// Flush batches that wait to be folded.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct InboxView {
    /// Flush batches.
    batches: u64,
    /// Records in them.
    records: u64,
    /// Bytes of them.
    bytes: u64,
}

/// From when on a granularity keeps its periods.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct FloorView {
    /// `1m`, `5m`, `1h` or `1d`.
    granularity: &'static str,
    /// Null where everything is kept.
    floor: Option<DateTime<Utc>>,
}

/// Periods of a granularity that wait for their rollup.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct DirtyView {
    /// `1m`, `5m`, `1h` or `1d`.
    granularity: &'static str,
    /// How many.
    periods: u64,
}

/// One recording process.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct InstanceView {
    /// A UUID, random for the life of the process.
    id: String,
    /// The service that it records for.
    service: String,
    /// Its environment.
    environment: String,
    /// The version of the host's code.
    version: String,
    /// The machine's name.
    host: String,
    /// When it started.
    started_at: DateTime<Utc>,
    /// When its last flush was acknowledged.
    last_flush_at: Option<DateTime<Utc>>,
    /// Seconds since then.
    flush_age_seconds: Option<i64>,
    /// The number of its last flush.
    sequence: u64,
    /// The last flush that was folded.
    folded: u64,
    /// Whether it flushed within the last hour and has not ended in order.
    live: bool,
}

/// What this process holds in memory.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct RecorderView {
    /// Series in memory.
    live_series: usize,
    /// API keys in memory.
    live_keys: usize,
    /// Records whose endpoint was counted as `<other>`.
    series_overflow: u64,
    /// Records whose key was counted as `<other key>`, which is never billed. Not 0: an alarm.
    key_overflow: u64,
    /// Names of units that are told apart.
    unit_names: usize,
    /// How often a unit was counted as `<other>`, because there are too many.
    unit_overflow: u64,
    /// Bytes held, an estimate.
    bytes: usize,
    /// Flush batches whose outcome is not known yet.
    unresolved_batches: usize,
    /// Records that no flush has delivered yet.
    unflushed_records: u64,
    /// Requests that waited in this process's queue, a concurrency limit for instance, before they were called.
    queue_waited: u64,
    /// How long they have waited on average, in milliseconds; no part of their latency. `null`: none has waited.
    average_queue_wait_ms: Option<f64>,
    /// Requests that gave up while they waited, or were refused, and were never called. They are in no other
    /// figure, because nobody knows their endpoint.
    queue_abandoned: u64,
    /// A sample of the raw paths behind `<unmatched>`, the most frequent first.
    unmatched: Vec<UnmatchedView>,
    /// Spans whose records were moved to the start of their 5 minutes or hour, in an outage.
    coarsened: Vec<SpanView>,
}

/// A raw path that no route matched.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct UnmatchedView {
    /// The path, as it was asked for.
    path: String,
    /// About how often; never less than it was.
    count: u64,
}

/// A span of time, half-open.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct SpanView {
    /// The first instant of the span.
    from: DateTime<Utc>,
    /// The first instant after it.
    to: DateTime<Utc>,
}

/// The background tasks.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct TasksView {
    /// When a flush was last acknowledged.
    last_flush_at: Option<DateTime<Utc>>,
    /// How long records have been waiting beyond the flush interval.
    flush_lag_seconds: f64,
    /// What the host reports.
    tasks: Vec<TaskView>,
}

/// One background task.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct TaskView {
    /// What it does: `flush`, `fold`, `rollup`, `retention`, `alerts`, `notices`.
    name: &'static str,
    /// Whether it still runs.
    running: bool,
    /// When it last did its work.
    last_success_at: Option<DateTime<Utc>>,
    /// What went wrong last, until it succeeds again.
    last_error: Option<String>,
    /// Since when every run has failed; null while it succeeds.
    failing_since: Option<DateTime<Utc>>,
    /// Whether it has failed for so long that the readiness probe says so.
    stalled: bool,
}

/// The cache of answers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct CacheView {
    /// Answers that were at hand.
    hits: u64,
    /// Answers that were computed.
    misses: u64,
    /// Answers held now.
    entries: u64,
    /// Bytes of them.
    bytes: u64,
}

/// The state of the store and of what records into it
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-status",
    tag = "operation",
    responses((status = 200, description = "The state; also while the store does not answer",
        body = Status, example = json!(super::examples::status()))),
))]
pub(crate) async fn status(
    State(app): State<App>,
    _: Validated<()>,
) -> Result<Json<Status>, Problem> {
    let mut misconfiguration = None;
    let store = async {
        let status = app.client.store().status().await;
        status.inspect_err(|error| misconfiguration = error.misconfiguration())
    };
    let store = app.client.bounded("status", store).await;
    let health = app.health.as_ref().map(|health| health.health());
    let instances = store
        .as_ref()
        .map(|status| {
            let now = status.now_us.div_euclid(1_000_000);
            status.instances.iter().map(|i| instance(i, now)).collect()
        })
        .unwrap_or_default();
    let hints = hints(&app, store.is_ok()).await;
    let (hits, misses) = app.cache.counts();
    let (entries, bytes) = app.cache.held();
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        store: store_view(store, misconfiguration, health.as_ref()),
        instances,
        recorder: app
            .client
            .writer()
            .map(|writer| recorder(writer.recorder.status())),
        lost: health.as_ref().map_or(0, lost),
        lost_batches: health.as_ref().map(lost_batches).unwrap_or_default(),
        tasks: health.map(tasks),
        cache: CacheView {
            hits,
            misses,
            entries,
            bytes,
        },
        streams: app.hub.connections(),
        hints,
    }))
}

/// The store as it answers, or why it does not.
fn store_view(
    store: Result<StoreStatus, Problem>,
    misconfiguration: Option<Misconfiguration>,
    health: Option<&Health>,
) -> StoreView {
    let mut view = StoreView {
        reachable: store.is_ok(),
        unreachable_since: None,
        error: None,
        misconfiguration: None,
        backend: None,
        schema_version: None,
        sketch_kind: None,
        now: None,
        series: None,
        inbox: None,
        retention_floors: Vec::new(),
        dirty: Vec::new(),
        quarantined: None,
        quarantined_row_count: None,
        quarantined_rows: Vec::new(),
        standby: None,
        buckets: None,
    };
    match store {
        Err(problem) => {
            view.unreachable_since = health.and_then(|h| h.store_unreachable_since).map(wall);
            view.misconfiguration = misconfiguration
                .or_else(|| health.and_then(|h| h.store_misconfiguration))
                .map(Into::into);
            view.error = health
                .and_then(|h| h.store_error.clone())
                .or_else(|| Some(problem.detail().to_owned()));
        }
        Ok(status) => {
            view.backend = Some(status.backend);
            view.schema_version = Some(status.schema_version);
            view.sketch_kind = Some(status.sketch_kind.into());
            view.now = Some(time_us(status.now_us));
            view.standby = status.standby.map(|standby| StandbyView {
                state: standby.state.into(),
                lag_seconds: standby.lag.map(|lag| lag.as_secs_f64()),
                max_lag_seconds: standby.max_lag.as_secs_f64(),
                error: standby.error,
            });
            view.buckets = status.buckets.map(|buckets| BucketsView {
                version: buckets.version,
                error: buckets.error,
                copied_at: (buckets.copied_at).and_then(|at| DateTime::from_timestamp(at, 0)),
                is_copying: buckets.is_copying,
            });
            view.series = Some(status.series);
            view.inbox = Some(InboxView {
                batches: status.inbox.batches,
                records: status.inbox.records,
                bytes: status.inbox.bytes,
            });
            view.retention_floors = status
                .floors
                .iter()
                .map(|(granularity, floor)| FloorView {
                    granularity: (*granularity).into(),
                    floor: DateTime::from_timestamp(*floor, 0)
                        .filter(|at| *at > DateTime::<Utc>::UNIX_EPOCH),
                })
                .collect();
            view.dirty = status
                .dirty
                .iter()
                .map(|(granularity, periods)| DirtyView {
                    granularity: (*granularity).into(),
                    periods: *periods,
                })
                .collect();
            view.quarantined = Some(status.quarantined);
            view.quarantined_row_count = Some(status.quarantined_row_count);
            let rows = status.quarantined_rows.into_iter();
            view.quarantined_rows = rows
                .map(|row| QuarantinedView {
                    granularity: row.granularity,
                    period_start: time(row.period_start),
                    series: row.series_id,
                    service: row.service,
                    method: row.method,
                    endpoint: row.endpoint,
                    part: row.part,
                    reason: row.reason,
                    at: time(row.at),
                })
                .collect();
        }
    }
    view
}

/// One recording process.
fn instance(instance: &InstanceStatus, now: i64) -> InstanceView {
    InstanceView {
        id: instance.id.to_string(),
        service: instance.service.clone(),
        environment: instance.environment.clone(),
        version: instance.version.clone(),
        host: instance.host.clone(),
        started_at: time(instance.started_at),
        last_flush_at: instance.acknowledged_at.map(time),
        flush_age_seconds: instance.acknowledged_at.map(|at| (now - at).max(0)),
        sequence: instance.seq,
        folded: instance.folded,
        live: instance.live,
    }
}

/// What this process holds in memory.
fn recorder(status: RecorderStatus) -> RecorderView {
    RecorderView {
        live_series: status.series,
        live_keys: status.keys,
        series_overflow: status.series_overflow,
        key_overflow: status.key_overflow,
        unit_names: status.units,
        unit_overflow: status.unit_overflow,
        bytes: status.bytes,
        unresolved_batches: status.unresolved_batches,
        unflushed_records: status.unflushed_records,
        queue_waited: status.queue_waited,
        average_queue_wait_ms: (status.queue_waited > 0)
            .then(|| status.queue_wait.as_secs_f64() * 1e3 / status.queue_waited as f64),
        queue_abandoned: status.queue_abandoned,
        unmatched: status
            .unmatched
            .into_iter()
            .map(|(path, count)| UnmatchedView { path, count })
            .collect(),
        coarsened: status
            .coarsened
            .into_iter()
            .map(|(from, to)| SpanView {
                from: time(from),
                to: time(to),
            })
            .collect(),
    }
}

/// What the host reports.
fn tasks(health: Health) -> TasksView {
    TasksView {
        last_flush_at: health.last_flush_at.map(wall),
        flush_lag_seconds: health.flush_lag.as_secs_f64(),
        tasks: health
            .tasks
            .into_iter()
            .map(|task| TaskView {
                name: task.name,
                running: task.running,
                last_success_at: task.last_success_at.map(wall),
                last_error: task.last_error,
                failing_since: task.failing_since.map(wall),
                stalled: task.stalled,
            })
            .collect(),
    }
}

/// The lost spans.
fn lost_batches(health: &Health) -> Vec<LostView> {
    let spans = health.lost.iter();
    spans
        .map(|(first, last)| LostView {
            first: *first,
            last: *last,
        })
        .collect()
}

/// How many flush batches all spans hold together.
fn lost(health: &Health) -> u64 {
    health
        .lost
        .iter()
        .map(|(first, last)| last.saturating_sub(*first).saturating_add(1))
        .fold(0, u64::saturating_add)
}

/// A time of the wall clock.
fn wall(at: SystemTime) -> DateTime<Utc> {
    at.into()
}
