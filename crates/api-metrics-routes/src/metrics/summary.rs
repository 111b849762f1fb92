//! `GET /api-metrics/summary`: what happened in a range, and against the range before.
//!
//! The range before has the same length as this one, as it was answered. It ends where this one begins, or
//! a little earlier where only longer periods are kept; where it can't be cut so, nothing is compared. A range
//! up to now may end a little later than asked, so that the range before can be cut.

use std::collections::BTreeMap;

use api_metrics_store::{
    calendar::Kept,
    query::{Answer, Detail, Filter, GroupBy, Query, Scope, TimeRange, TopK},
    time::{Granularity, UnixSeconds},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::endpoints::EndpointRow;
use crate::{
    auth::Caller,
    request::{Validated, query_params},
    response::{Figures, GaugeView, Kind, Problem, percent_of, rounded, time, time_us},
    router::App,
};

/// How many endpoints a summary names.
const TOP: usize = 10;

/// The numbers of a range.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Requests that finished in the range.
    total_requests: u64,
    /// 100 minus `errorRate`; null without requests.
    success_rate: Option<f64>,
    /// 4xx and 5xx in percent of the requests; null without requests.
    error_rate: Option<f64>,
    /// 4xx and 5xx together.
    total_error_count: u64,
    /// Requests answered with a status of 400 to 499.
    error_count_4xx: u64,
    /// Requests answered with a status of 500 to 599, that failed, or that panicked.
    error_count_5xx: u64,
    /// Requests whose client left before the end; no errors.
    aborted_count: u64,
    /// Average latency to the last byte, in milliseconds; null without a measured request.
    average_ms: Option<f64>,
    /// The least latency in milliseconds.
    min_ms: Option<f64>,
    /// The greatest latency in milliseconds.
    max_ms: Option<f64>,
    /// The median latency in milliseconds.
    p50_ms: Option<f64>,
    /// The latency that 95% of the requests do not exceed, in milliseconds.
    p95_ms: Option<f64>,
    /// The latency that 99% of the requests do not exceed, in milliseconds.
    p99_ms: Option<f64>,
    /// By which part of itself a quantile may be off, because a service in the filter reports histograms with wide bins
    /// by OpenTelemetry: 0.58 is 58%. Null: by less than 1%.
    quantile_error: Option<f64>,
    /// From the request being seen to the response's head, on average, in milliseconds.
    average_time_to_headers_ms: Option<f64>,
    /// The median time to headers in milliseconds; null where the service does not keep such quantiles
    /// (`Builder::headers_quantiles`).
    p50_time_to_headers_ms: Option<f64>,
    /// The 95th percentile of the time to headers, in milliseconds.
    p95_time_to_headers_ms: Option<f64>,
    /// The 99th percentile of the time to headers, in milliseconds.
    p99_time_to_headers_ms: Option<f64>,
    /// How many of the requests these three cover: all that had a head where every instance keeps them, 0
    /// where none does.
    time_to_headers_quantile_count: u64,
    /// Body bytes that were read.
    total_request_bytes: u64,
    /// Body bytes that were sent.
    total_response_bytes: u64,
    /// Sums of units by name, as responses have counted them.
    units: BTreeMap<String, u64>,
    /// Units that are no sums, by name.
    gauges: BTreeMap<String, GaugeView>,
    /// How many API keys were used; requests without a key are no key.
    distinct_keys: u64,
    /// The ten endpoints with the most requests.
    top_endpoints: Vec<EndpointRow>,
    /// The first instant that the answer covers: `from` as asked, or earlier where the store keeps
    /// only longer periods there.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
    /// Since when minutes are kept; before, only longer periods are. Null where nothing was removed yet.
    minutes_kept_since: Option<DateTime<Utc>>,
    /// The range of the same length before this one.
    previous: Previous,
}

/// The range before, and how this one differs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Previous {
    /// The first instant of the range before; null where none of the same length can be cut out of what is
    /// kept. Nothing is compared then.
    from: Option<DateTime<Utc>>,
    /// The first instant after it: where the range begins, or a little earlier.
    to: Option<DateTime<Utc>>,
    /// Requests that finished in it.
    total_requests: Option<u64>,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// Average latency in milliseconds.
    average_ms: Option<f64>,
    /// The 95th percentile in milliseconds.
    p95_ms: Option<f64>,
    /// Requests more, in percent of the range before; null where it had none.
    total_requests_change: Option<f64>,
    /// Error rate more, in percentage points.
    error_rate_change: Option<f64>,
    /// Average latency more, in percent.
    average_change: Option<f64>,
    /// 95th percentile more, in percent.
    p95_change: Option<f64>,
}

query_params! {
    /// The parameters of [`summary`].
    pub(crate) struct SummaryParams {
        range: TimeRange,
        filter: Filter,
    }
}

/// Totals, rates and quantiles of a range
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/summary",
    tag = "metrics",
    params(Validated<SummaryParams>),
    responses((status = 200, description = "The numbers of the range", body = Summary,
        example = json!(super::examples::summary()))),
))]
pub(crate) async fn summary(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<SummaryParams>,
) -> Result<Response, Problem> {
    let (cached, hit) = app
        .answer(
            "summary",
            &caller.scope,
            &params,
            params.range,
            compute(&app, &caller.scope, &params.filter, params.range),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads totals, the range before, keys and endpoints, from one snapshot where the ranges meet.
async fn compute(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    range: TimeRange,
) -> Result<Summary, Problem> {
    let query = |range, group_by, detail| {
        let mut query = Query::over(range);
        query.filter = filter.clone();
        query.scope = scope.clone();
        query.group_by = group_by;
        query.detail = detail;
        query
    };
    let (by_endpoint, by_key) = (
        {
            let mut group_by = GroupBy::default();
            group_by.service = true;
            group_by.method = true;
            group_by.endpoint = true;
            group_by
        },
        {
            let mut group_by = GroupBy::default();
            group_by.api_key = true;
            group_by
        },
    );
    // The range is mostly answered as it was asked for. Where the store has widened it, or keeps only longer
    // periods of the time before, both ranges are read again, as they can be compared.
    let now = app.clock.unix_seconds();
    let (mut current, mut before) = match app.client.last_kept() {
        Some(kept) => comparable(range, now, &kept),
        None => (range, None),
    };
    for last_try in [false, true] {
        let mut endpoints = query(current, by_endpoint, Detail::Quantiles);
        endpoints.top = Some(TopK::first(TOP));
        let questions = [
            query(current, GroupBy::default(), Detail::Quantiles),
            query(
                before.unwrap_or(current),
                GroupBy::default(),
                Detail::Quantiles,
            ),
            query(current, by_key, Detail::Requests),
            endpoints,
        ];
        let [total, of_before, keys, endpoints] = app.client.read_all(&questions).await?;
        let wanted = comparable(total.range, now, &total.kept);
        let same = wanted == (total.range, before)
            && before.is_none_or(|before| before == of_before.range);
        if same || last_try {
            app.client.found(scope, filter, total.matched).await?;
            let of_before = Some(of_before).filter(|_| same && before.is_some());
            let mut summary = shaped(&total, endpoints, &keys, of_before.as_ref());
            summary.quantile_error = app.quantile_error(filter).await?;
            return Ok(summary);
        }
        (current, before) = wanted;
    }
    Err(Problem::new(Kind::Internal, "no summary was made"))
}

/// The range as it is compared, and the one before it, if there is one of the same length.
fn comparable(range: TimeRange, now: UnixSeconds, kept: &Kept) -> (TimeRange, Option<TimeRange>) {
    let (range, before) = kept.comparable(range.from, range.to, now);
    let of = |(from, to)| TimeRange::new(from, to);
    (of(range), before.map(of))
}

/// The summary of these answers.
fn shaped(total: &Answer, endpoints: Answer, keys: &Answer, before: Option<&Answer>) -> Summary {
    let now = Figures::of(total.total());
    let mut rows = endpoints.rows;
    rows.sort_by(|a, b| {
        (b.bucket.request_count, &a.group).cmp(&(a.bucket.request_count, &b.group))
    });
    Summary {
        total_requests: now.requests,
        success_rate: now.success_rate,
        error_rate: now.error_rate,
        total_error_count: now.errors,
        error_count_4xx: now.errors_4xx,
        error_count_5xx: now.errors_5xx,
        aborted_count: now.aborted,
        average_ms: now.average_ms,
        min_ms: now.min_ms,
        max_ms: now.max_ms,
        p50_ms: now.p50_ms,
        p95_ms: now.p95_ms,
        p99_ms: now.p99_ms,
        quantile_error: None,
        average_time_to_headers_ms: now.average_ttfb_ms,
        p50_time_to_headers_ms: now.p50_ttfb_ms,
        p95_time_to_headers_ms: now.p95_ttfb_ms,
        p99_time_to_headers_ms: now.p99_ttfb_ms,
        time_to_headers_quantile_count: now.ttfb_quantile_count,
        total_request_bytes: now.request_bytes,
        total_response_bytes: now.response_bytes,
        units: now.units.clone(),
        gauges: now.gauges.clone(),
        distinct_keys: distinct_keys(keys),
        top_endpoints: rows.iter().map(EndpointRow::of).collect(),
        from: time(total.range.from),
        to: time(total.range.to),
        as_of: time_us(total.as_of_us),
        approximate: total.approximate,
        incomplete: total.incomplete,
        minutes_kept_since: kept_since(&total.kept),
        previous: previous(before, &now),
    }
}

/// Groups with a key; number 0 stands for requests without one.
fn distinct_keys(answer: &Answer) -> u64 {
    let keys = answer
        .rows
        .iter()
        .filter(|row| row.group.api_key_id.is_some_and(|id| id != 0));
    u64::try_from(keys.count()).unwrap_or(u64::MAX)
}

/// Since when minutes are kept; `None` where nothing was removed yet.
fn kept_since(kept: &Kept) -> Option<DateTime<Utc>> {
    let since = kept.since(Granularity::Minute);
    (since > kept.since(Granularity::Day)).then(|| time(since))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a percentage with three decimals"
)]
fn previous(answer: Option<&Answer>, now: &Figures) -> Previous {
    let before = Figures::of(answer.and_then(Answer::total));
    let change = |before: Option<f64>, now: Option<f64>| percent_of(before?, now?);
    Previous {
        from: answer.map(|answer| time(answer.range.from)),
        to: answer.map(|answer| time(answer.range.to)),
        total_requests: answer.map(|_| before.requests),
        error_rate: before.error_rate,
        average_ms: before.average_ms,
        p95_ms: before.p95_ms,
        total_requests_change: percent_of(before.requests as f64, now.requests as f64),
        error_rate_change: before
            .error_rate
            .zip(now.error_rate)
            .map(|(before, now)| rounded(now - before)),
        average_change: change(before.average_ms, now.average_ms),
        p95_change: change(before.p95_ms, now.p95_ms),
    }
}
