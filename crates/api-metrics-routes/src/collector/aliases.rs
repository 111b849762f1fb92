//! `GET /realtime`, `/hourly` and `/status`: what other programs expect, with exactly these members.
//!
//! Averages of nothing are 0 here, as those programs expect numbers.
//! | route | time | by | protocols |
//! |---|---|---|---|
//! | `/realtime` | the running minute and the four before it | endpoint and method | all |
//! | `/hourly` | the running hour and those before it | endpoint, method, protocol and hour | all |
//! | `/status` | now | | what this process has recorded or taken and not handed over |
//!
//! Within the caller's scope, as everywhere; what waits is a number of the process.

use std::time::SystemTime;

use api_metrics_store::{
    calendar::{Step, Tz},
    query::{Detail, Filter, Group, Query, TimeRange, TimeStep, TopK},
    time::Granularity,
};
use axum::{Json, extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::overview::up_to;
use crate::{
    auth::Caller,
    request::{Context, Form, ParamDocs, Params, Parsed, QueryParams, Validated},
    response::{Figures, Problem, time},
    router::App,
};

/// From how many waiting requests on the status is a warning.
const MANY_WAITING: u64 = 5_000;
/// The range of `/realtime`, in seconds.
const REALTIME_SECONDS: i64 = 300;

/// The most rows of `/hourly`.
const MOST_HOURLY: i64 = 50_000;
/// The most endpoints of `/hourly`.
const MOST_ENDPOINTS: i64 = 1_000;

/// `hours`.
const HOURS: Parsed<i64> = Parsed {
    name: "hours",
    description: "How many hours up to now, 1 to 720. 24 by default.",
    example: Some("24"),
    form: Form::Number(1),
    read: |text| text.parse().ok().filter(|hours| (1..=720).contains(hours)),
    wrong: "no number from 1 to 720",
};

/// An endpoint of the last five minutes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct RealtimeEndpoint {
    /// The route template; of an event its name.
    endpoint: String,
    /// The method; of an event what tells its forms apart.
    method: String,
    /// Requests.
    total_requests: u64,
    /// Bytes of their bodies.
    total_inbound: u64,
    /// Bytes of the responses.
    total_outbound: u64,
    /// The average latency in milliseconds.
    avg_response_time: f64,
    /// The greatest.
    max_response_time: f64,
    /// Errors.
    error_count: u64,
}

/// All endpoints together.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct RealtimeSummary {
    /// Bytes in both directions.
    total_bandwidth: u64,
    /// Requests.
    total_requests: u64,
    /// The average latency in milliseconds.
    avg_response_time: f64,
}

/// The last five minutes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Realtime {
    /// The endpoints, those with the most requests first.
    endpoints: Vec<RealtimeEndpoint>,
    /// All of them together.
    summary: RealtimeSummary,
}

/// The last five minutes by endpoint
///
/// Of all protocols, commands and agents included.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/realtime",
    tag = "aliases",
    params(Validated<()>),
    responses((status = 200, description = "The endpoints", body = Realtime,
        example = json!({"endpoints": [{"endpoint": "deploy", "method": "", "totalRequests": 3, "totalInbound": 0,
            "totalOutbound": 0, "avgResponseTime": 812.5, "maxResponseTime": 1250.0, "errorCount": 1}],
            "summary": {"totalBandwidth": 0, "totalRequests": 3, "avgResponseTime": 812.5}}))),
))]
pub(super) async fn realtime(
    State(app): State<App>,
    caller: Caller,
    Validated { now, .. }: Validated<()>,
) -> Result<Json<Realtime>, Problem> {
    let mut by_endpoint = Query::over(up_to(now, REALTIME_SECONDS));
    by_endpoint.scope = caller.scope.clone();
    by_endpoint.filter = Filter::everything();
    by_endpoint.detail = Detail::Counts;
    let total = by_endpoint.clone();
    by_endpoint.group_by.endpoint = true;
    by_endpoint.group_by.method = true;
    let [endpoints, total] = app.client.read_all(&[by_endpoint, total]).await?;
    let mut rows: Vec<_> = endpoints.rows.iter().collect();
    rows.sort_by(|a, b| {
        (b.bucket.request_count, &a.group).cmp(&(a.bucket.request_count, &b.group))
    });
    let endpoints = rows.into_iter().map(|row| {
        let (endpoint, method) = labels(&row.group);
        let figures = Figures::of(Some(&row.bucket));
        RealtimeEndpoint {
            endpoint,
            method,
            total_requests: figures.requests,
            total_inbound: figures.request_bytes,
            total_outbound: figures.response_bytes,
            avg_response_time: figures.average_ms.unwrap_or_default(),
            max_response_time: figures.max_ms.unwrap_or_default(),
            error_count: figures.errors,
        }
    });
    let figures = Figures::of(total.total());
    Ok(Json(Realtime {
        endpoints: endpoints.collect(),
        summary: RealtimeSummary {
            total_bandwidth: figures.bandwidth(),
            total_requests: figures.requests,
            avg_response_time: figures.average_ms.unwrap_or_default(),
        },
    }))
}

/// The endpoint and the method of a group.
fn labels(group: &Group) -> (String, String) {
    let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap_or("").to_owned();
    (text(&group.endpoint), text(&group.method))
}

/// An endpoint in one hour.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct HourlyRow {
    /// The route template; of an event its name.
    endpoint: String,
    /// The method; of an event what tells its forms apart.
    method: String,
    /// `http`, `grpc`, or the kind of an event.
    protocol: String,
    /// The first instant of the hour, in UTC.
    hour_start: DateTime<Utc>,
    /// Requests.
    total_requests: u64,
    /// Bytes of their bodies.
    total_inbound: u64,
    /// Bytes of the responses.
    total_outbound: u64,
    /// The average latency in milliseconds.
    avg_response_time: f64,
    /// The greatest.
    max_response_time: f64,
    /// The least.
    min_response_time: f64,
    /// Errors.
    error_count: u64,
    /// Requests without an error.
    success_count: u64,
}

/// The parameters of [`hourly`].
#[derive(Debug, Clone, Copy)]
pub(super) struct HourlyParams(i64);

impl QueryParams for HourlyParams {
    fn describe(docs: &mut ParamDocs) {
        HOURS.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(HOURS.take(params)?.unwrap_or(24)))
    }
}

/// Hours by endpoint, the newest first
///
/// Of all protocols, commands and agents included. Of many endpoints those with the most requests: 1,000, and fewer over
/// more than 50 hours, so that there are at most 50,000 rows.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/hourly",
    tag = "aliases",
    params(Validated<HourlyParams>),
    responses((status = 200, description = "The hours that have requests", body = Vec<HourlyRow>,
        example = json!([{"endpoint": "deploy", "method": "", "protocol": "command",
            "hour_start": "2026-05-18T09:00:00Z", "total_requests": 3, "total_inbound": 0, "total_outbound": 0,
            "avg_response_time": 812.5, "max_response_time": 1250.0, "min_response_time": 12.0, "error_count": 1,
            "success_count": 2}]))),
))]
pub(super) async fn hourly(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<HourlyParams>,
) -> Result<Response, Problem> {
    let end = Granularity::Minute.floor(now).saturating_add(60);
    let start = Granularity::Hour
        .floor(now)
        .saturating_sub((params.0 - 1) * 3_600);
    let range = TimeRange::new(start, end);
    let compute = async {
        let mut query = Query::over(range);
        query.scope = caller.scope.clone();
        query.filter = Filter::everything();
        query.group_by.endpoint = true;
        query.group_by.method = true;
        query.group_by.protocol = true;
        query.group_by.time = Some(TimeStep::Calendar(Step::Hour, Tz::UTC));
        let most = (MOST_HOURLY / params.0).min(MOST_ENDPOINTS);
        query.top = Some(TopK::first(usize::try_from(most).unwrap_or_default()));
        query.detail = Detail::Counts;
        let answer = app.client.read(&query).await?;
        let mut rows: Vec<_> = answer.rows.iter().collect();
        rows.sort_by(|a, b| {
            let newest = b.group.period_start.cmp(&a.group.period_start);
            newest.then_with(|| a.group.cmp(&b.group))
        });
        let rows = rows.into_iter().map(|row| {
            let (endpoint, method) = labels(&row.group);
            let figures = Figures::of(Some(&row.bucket));
            HourlyRow {
                endpoint,
                method,
                protocol: row.group.protocol.as_deref().unwrap_or("").to_owned(),
                hour_start: time(row.group.period_start.unwrap_or_default()),
                total_requests: figures.requests,
                total_inbound: figures.request_bytes,
                total_outbound: figures.response_bytes,
                avg_response_time: figures.average_ms.unwrap_or_default(),
                max_response_time: figures.max_ms.unwrap_or_default(),
                min_response_time: figures.min_ms.unwrap_or_default(),
                error_count: figures.errors,
                success_count: figures.requests.saturating_sub(figures.errors),
            }
        });
        Ok(rows.collect::<Vec<_>>())
    };
    let (cached, hit) = app
        .answer("collector hourly", &caller.scope, &params.0, range, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

/// What waits for the database.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct BufferStatus {
    /// Requests of this process that wait.
    buffer_size: u64,
    /// When some were last handed over; null before the first time.
    last_persist: Option<DateTime<Utc>>,
    /// `healthy`, or `warning` from 5,000 that wait.
    status: &'static str,
}

/// What waits for the database
#[cfg_attr(test, utoipa::path(
    get,
    path = "/status",
    operation_id = "collector_status",
    tag = "aliases",
    params(Validated<()>),
    responses((status = 200, description = "What waits", body = BufferStatus,
        example = json!({"bufferSize": 12, "lastPersist": "2026-05-18T09:25:00Z", "status": "healthy"}))),
))]
pub(super) async fn status(
    State(app): State<App>,
    _: Caller,
    _: Validated<()>,
) -> Result<Json<BufferStatus>, Problem> {
    let ingest = app.ingest()?;
    let recorded = app.client.writer().map(|writer| writer.recorder.status());
    let recorded = recorded.map_or(0, |status| status.unflushed_records);
    let buffer_size = recorded.saturating_add(ingest.waiting());
    let flushed = app
        .health
        .as_ref()
        .and_then(|source| source.health().last_flush_at);
    let last: Option<SystemTime> = flushed.max(ingest.last_commit());
    Ok(Json(BufferStatus {
        buffer_size,
        last_persist: last.map(DateTime::from),
        status: if buffer_size < MANY_WAITING {
            "healthy"
        } else {
            "warning"
        },
    }))
}
