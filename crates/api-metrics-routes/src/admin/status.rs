//! `GET /api-status`: what an operator wants to know at 3 a.m. It answers while the store does not.

use std::time::SystemTime;

use api_metrics_store::{
    recorder::RecorderStatus,
    store::{InstanceStatus, StoreStatus},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    extract::Params,
    health::Health,
    problem::Problem,
    shape::{time, time_us},
};

/// The state of the store, of this process and of all that record into this database.
#[derive(Debug, Serialize, ToSchema)]
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
    /// Hand-overs of this process that the database has lost by a restore or a failover; 0 is the promise.
    lost: u64,
    /// Their numbers, the latest spans last; at most 32 spans.
    lost_flushes: Vec<LostView>,
}

/// Hand-overs that are gone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LostView {
    /// The number of the first.
    first: u64,
    /// The number of the last.
    last: u64,
}

/// The store.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StoreView {
    /// Whether it has just answered.
    reachable: bool,
    /// Since when it has not; null while it does, or where nobody has noticed yet.
    unreachable_since: Option<DateTime<Utc>>,
    /// Why it does not.
    error: Option<String>,
    /// `postgres` or `sqlite`.
    backend: Option<&'static str>,
    /// The schema's version.
    schema_version: Option<i64>,
    /// The kind of its sketches.
    sketch_kind: Option<&'static str>,
    /// The database's clock.
    now: Option<DateTime<Utc>>,
    /// Series that it knows.
    series: Option<u64>,
    /// What waits to be folded into buckets.
    inbox: Option<InboxView>,
    /// The start of what each granularity keeps.
    floors: Vec<FloorView>,
    /// Periods that wait for their rollup.
    dirty: Vec<DirtyView>,
    /// Hand-overs that could not be read and were set aside; 0 is normal.
    set_aside: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InboxView {
    batches: u64,
    records: u64,
    bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FloorView {
    granularity: &'static str,
    /// Null where everything is kept.
    floor: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DirtyView {
    granularity: &'static str,
    periods: u64,
}

/// One recording process.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InstanceView {
    /// A UUID, random for the life of the process.
    id: String,
    service: String,
    environment: String,
    /// The version of the host's code.
    version: String,
    /// The machine's name.
    host: String,
    started_at: DateTime<Utc>,
    /// When its last flush was acknowledged.
    last_flush_at: Option<DateTime<Utc>>,
    /// Seconds since then.
    flush_age_seconds: Option<i64>,
    /// The number of its last flush.
    sequence: u64,
    /// The last flush that was folded.
    folded: u64,
    /// Whether it flushed within the last hour.
    live: bool,
}

/// What this process holds in memory.
#[derive(Debug, Serialize, ToSchema)]
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
    /// Bytes held, an estimate.
    bytes: usize,
    /// Flushes whose outcome is not known yet.
    unresolved_parts: usize,
    /// Records that no flush has delivered yet.
    unflushed_records: u64,
    /// A sample of the raw paths behind `<unmatched>`, the most frequent first.
    unmatched: Vec<UnmatchedView>,
    /// Spans whose records were moved to the start of their 5 minutes or hour, in an outage.
    coarsened: Vec<SpanView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UnmatchedView {
    path: String,
    /// About how often; never less than it was.
    count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SpanView {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TasksView {
    last_flush_at: Option<DateTime<Utc>>,
    /// How long records have been waiting beyond the flush interval.
    flush_lag_seconds: f64,
    tasks: Vec<TaskView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TaskView {
    name: &'static str,
    running: bool,
    last_success_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CacheView {
    hits: u64,
    misses: u64,
    entries: u64,
    bytes: u64,
}

/// The state of the store and of what records into it
#[utoipa::path(
    get,
    path = "/api-status",
    tag = "operation",
    responses((status = 200, description = "The state; also while the store does not answer",
        body = Status, example = json!(crate::openapi::examples::status()))),
)]
pub(super) async fn status(
    State(app): State<App>,
    params: Params,
) -> Result<Json<Status>, Problem> {
    params.finish()?;
    let store = app
        .reader
        .bounded("status", app.reader.store().status())
        .await;
    let health = app.health.as_ref().map(|health| health.health());
    let instances = store
        .as_ref()
        .map(|status| {
            let now = status.now_us.div_euclid(1_000_000);
            status.instances.iter().map(|i| instance(i, now)).collect()
        })
        .unwrap_or_default();
    let (hits, misses) = app.cache.counts();
    let (entries, bytes) = app.cache.held().await;
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        store: store_view(store, health.as_ref()),
        instances,
        recorder: app
            .reader
            .writer()
            .map(|writer| recorder(writer.recorder().status())),
        lost: health.as_ref().map_or(0, lost),
        lost_flushes: health.as_ref().map(lost_flushes).unwrap_or_default(),
        tasks: health.map(tasks),
        cache: CacheView {
            hits,
            misses,
            entries,
            bytes,
        },
        streams: app.hub.connections(),
    }))
}

fn store_view(store: Result<StoreStatus, Problem>, health: Option<&Health>) -> StoreView {
    let mut view = StoreView {
        reachable: store.is_ok(),
        unreachable_since: None,
        error: None,
        backend: None,
        schema_version: None,
        sketch_kind: None,
        now: None,
        series: None,
        inbox: None,
        floors: Vec::new(),
        dirty: Vec::new(),
        set_aside: None,
    };
    match store {
        Err(problem) => {
            view.unreachable_since = health.and_then(|h| h.store_unreachable_since).map(wall);
            view.error = health
                .and_then(|h| h.store_error.clone())
                .or_else(|| Some(problem.detail().to_owned()));
        }
        Ok(status) => {
            view.backend = Some(status.backend);
            view.schema_version = Some(status.schema_version);
            view.sketch_kind = Some(status.sketch_kind.as_str());
            view.now = Some(time_us(status.now_us));
            view.series = Some(status.series);
            view.inbox = Some(InboxView {
                batches: status.inbox.batches,
                records: status.inbox.records,
                bytes: status.inbox.bytes,
            });
            view.floors = status
                .floors
                .iter()
                .map(|floor| FloorView {
                    granularity: floor.granularity.as_str(),
                    floor: DateTime::from_timestamp(floor.floor, 0)
                        .filter(|at| *at > DateTime::<Utc>::UNIX_EPOCH),
                })
                .collect();
            view.dirty = status
                .dirty
                .iter()
                .map(|dirty| DirtyView {
                    granularity: dirty.granularity.as_str(),
                    periods: dirty.periods,
                })
                .collect();
            view.set_aside = Some(status.quarantined);
        }
    }
    view
}

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

fn recorder(status: RecorderStatus) -> RecorderView {
    RecorderView {
        live_series: status.series,
        live_keys: status.keys,
        series_overflow: status.series_overflow,
        key_overflow: status.key_overflow,
        bytes: status.bytes,
        unresolved_parts: status.unresolved_parts,
        unflushed_records: status.unflushed_records,
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
            })
            .collect(),
    }
}

fn lost_flushes(health: &Health) -> Vec<LostView> {
    let spans = health.lost.iter();
    spans
        .map(|(first, last)| LostView {
            first: *first,
            last: *last,
        })
        .collect()
}

fn lost(health: &Health) -> u64 {
    health
        .lost
        .iter()
        .map(|(first, last)| last.saturating_sub(*first).saturating_add(1))
        .fold(0, u64::saturating_add)
}

fn wall(at: SystemTime) -> DateTime<Utc> {
    at.into()
}
