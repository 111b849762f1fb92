//! The last five minutes, from one snapshot of the store.
//!
//! Everything in it, totals, minutes and endpoints, is summed from the same rows.

use std::collections::BTreeMap;

use api_metrics_store::{
    bucket::Bucket,
    query::{Detail, Filter, Group, Query, Row, Scope, TimeRange, TimeStep},
    time::Granularity,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    live::HealthSample,
    response::{Figures, Problem, is_running, rounded, time, time_us},
    router::AppState,
};

/// What a snapshot covers.
const WINDOW_SECONDS: i64 = 300;
/// How many endpoints a snapshot names.
const TOP: usize = 20;

/// What has just happened. Every event of a stream is a whole one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    /// Requests that finished in the range.
    pub(crate) total_requests: u64,
    /// Requests a second, over the part of the range that has passed.
    pub(crate) requests_per_second: f64,
    /// 4xx and 5xx in percent of the requests; null without requests.
    pub(crate) error_rate: Option<f64>,
    /// 4xx and 5xx together.
    pub(crate) total_error_count: u64,
    /// Requests whose client left before the end.
    pub(crate) aborted_count: u64,
    /// Average latency to the last byte, in milliseconds.
    pub(crate) average_ms: Option<f64>,
    /// The median latency in milliseconds.
    pub(crate) p50_ms: Option<f64>,
    /// The 95th percentile in milliseconds.
    pub(crate) p95_ms: Option<f64>,
    /// The 99th percentile in milliseconds.
    pub(crate) p99_ms: Option<f64>,
    /// Body bytes that were read.
    pub(crate) total_request_bytes: u64,
    /// Body bytes that were sent.
    pub(crate) total_response_bytes: u64,
    /// The minutes of the range, the earliest first, those without requests included.
    pub(crate) minutes: Vec<Minute>,
    /// The endpoints with the most requests, at most 20.
    pub(crate) endpoints: Vec<LiveEndpoint>,
    /// The first instant that the answer covers.
    pub(crate) from: DateTime<Utc>,
    /// The first instant that the answer does not cover: the end of the running minute.
    pub(crate) to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    pub(crate) as_of: DateTime<Utc>,
    /// Whether something damaged was left out; the status names what.
    pub(crate) incomplete: bool,
}

impl Snapshot {
    /// Requests and errors by minute.
    pub(super) fn sample(&self) -> HealthSample {
        let minutes = self.minutes.iter();
        HealthSample(
            minutes
                .map(|m| (m.period_start.timestamp(), m.request_count, m.error_count))
                .collect(),
        )
    }
}

/// One minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Minute {
    /// The first instant of the minute.
    period_start: DateTime<Utc>,
    /// The first instant after it.
    period_end: DateTime<Utc>,
    /// Whether the minute is not over yet.
    partial: bool,
    /// Requests that finished in it.
    request_count: u64,
    /// 4xx and 5xx together.
    error_count: u64,
    /// The 95th percentile in milliseconds.
    p95_ms: Option<f64>,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveEndpoint {
    /// The recording service.
    service: String,
    /// The method, or `_OTHER`.
    method: String,
    /// The route template.
    endpoint: String,
    /// Requests that finished in it.
    request_count: u64,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// Average latency in milliseconds.
    average_ms: Option<f64>,
    /// The 95th percentile in milliseconds.
    p95_ms: Option<f64>,
}

/// Reads the last five minutes, unfolded and unflushed data included.
///
/// # Errors
/// Those of the store; 500 where latencies can't be merged.
pub(crate) async fn snapshot(
    app: &AppState,
    scope: &Scope,
    filter: &Filter,
) -> Result<Snapshot, Problem> {
    let end = Granularity::Minute.floor(app.clock.unix_seconds()) + 60;
    let mut query = Query::over(TimeRange::new(end - WINDOW_SECONDS, end));
    query.filter = filter.clone();
    query.scope = scope.clone();
    query.group_by.service = true;
    query.group_by.method = true;
    query.group_by.endpoint = true;
    query.group_by.time = Some(TimeStep::Fixed(Granularity::Minute));
    query.detail = Detail::Quantiles;
    let answer = app.client.read(&query).await?;
    let total = Figures::of(sum(&answer.rows, |_| ())?.get(&()));
    let minutes = sum(&answer.rows, |group| group.period_start.unwrap_or_default())?;
    let endpoints = sum(&answer.rows, |group| {
        let mut endpoint = group.clone();
        endpoint.period_start = None;
        endpoint
    })?;
    let passed = (answer.as_of_us.div_euclid(1_000_000))
        .clamp(answer.range.from + 1, answer.range.to)
        - answer.range.from;
    Ok(Snapshot {
        total_requests: total.requests,
        requests_per_second: per_second(total.requests, passed),
        error_rate: total.error_rate,
        total_error_count: total.errors,
        aborted_count: total.aborted,
        average_ms: total.average_ms,
        p50_ms: total.p50_ms,
        p95_ms: total.p95_ms,
        p99_ms: total.p99_ms,
        total_request_bytes: total.request_bytes,
        total_response_bytes: total.response_bytes,
        minutes: (answer.range.from..answer.range.to)
            .step_by(60)
            .map(|start| minute(start, answer.as_of_us, minutes.get(&start)))
            .collect(),
        endpoints: top(&endpoints),
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        incomplete: answer.incomplete,
    })
}

/// Sums rows by what `key` makes of their group.
fn sum<K: Ord>(rows: &[Row], key: impl Fn(&Group) -> K) -> Result<BTreeMap<K, Bucket>, Problem> {
    let mut sums = BTreeMap::<K, Bucket>::new();
    for row in rows {
        match sums.entry(key(&row.group)) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(row.bucket.clone());
            }
            std::collections::btree_map::Entry::Occupied(mut sum) => {
                sum.get_mut().merge(&row.bucket)?;
            }
        }
    }
    Ok(sums)
}

/// A minute, also one without requests.
fn minute(start: i64, as_of_us: i64, bucket: Option<&Bucket>) -> Minute {
    let figures = Figures::of(bucket);
    Minute {
        period_start: time(start),
        period_end: time(start + 60),
        partial: is_running(start + 60, as_of_us),
        request_count: figures.requests,
        error_count: figures.errors,
        p95_ms: figures.p95_ms,
    }
}

/// The endpoints with the most requests.
fn top(endpoints: &BTreeMap<Group, Bucket>) -> Vec<LiveEndpoint> {
    let mut sorted: Vec<_> = endpoints.iter().collect();
    // Stable: endpoints with as many requests stay in the order of their names.
    sorted.sort_by_key(|(_, bucket)| std::cmp::Reverse(bucket.request_count));
    let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap_or("").to_owned();
    sorted
        .into_iter()
        .take(TOP)
        .map(|(group, bucket)| {
            let figures = Figures::of(Some(bucket));
            LiveEndpoint {
                service: text(&group.service),
                method: text(&group.method),
                endpoint: text(&group.endpoint),
                request_count: figures.requests,
                error_rate: figures.error_rate,
                average_ms: figures.average_ms,
                p95_ms: figures.p95_ms,
            }
        })
        .collect()
}

/// A rate over at least a second.
#[expect(clippy::cast_precision_loss, reason = "a rate with three decimals")]
fn per_second(count: u64, seconds: i64) -> f64 {
    rounded(count as f64 / seconds.max(1) as f64)
}
