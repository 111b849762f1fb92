//! `GET /api-metrics/endpoints`: one row a route.
//!
//! The store ranks the groups and reads latencies for one page of them, so a service with thousands
//! of routes costs no more than one with ten.

use std::{cmp::Reverse, collections::BTreeMap};

use api_metrics_store::query::{Filter, Group, Query, RankCursor, Row, Scope, TimeRange, TopK};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use crate::{
    auth::Caller,
    request::{Page, Validated, query_params},
    response::{Figures, GaugeView, Problem, page_of, time, time_us},
    router::App,
};

/// One endpoint of one service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointRow {
    /// The recording service.
    service: String,
    /// The method, or `_OTHER`.
    method: String,
    /// The route template, `<unmatched>` or `<other>`.
    endpoint: String,
    /// Requests that finished in the range.
    request_count: u64,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// How many requests were answered with each status.
    status_codes: BTreeMap<String, u64>,
    /// Average latency to the last byte, in milliseconds; null without a measured request.
    average_ms: Option<f64>,
    /// The least latency in milliseconds.
    min_ms: Option<f64>,
    /// The greatest latency in milliseconds.
    max_ms: Option<f64>,
    /// The median latency in milliseconds.
    p50_ms: Option<f64>,
    /// The 95th percentile in milliseconds.
    p95_ms: Option<f64>,
    /// The 99th percentile in milliseconds.
    p99_ms: Option<f64>,
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
    request_bytes: u64,
    /// Body bytes that were sent.
    response_bytes: u64,
    /// Sums of units by name, as responses have counted them.
    units: BTreeMap<String, u64>,
    /// Units that are no sums, by name.
    gauges: BTreeMap<String, GaugeView>,
}

impl EndpointRow {
    /// The row of a group by service, method and endpoint.
    pub(crate) fn of(row: &Row) -> Self {
        let figures = Figures::of(Some(&row.bucket));
        let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap_or("").to_owned();
        Self {
            service: text(&row.group.service),
            method: text(&row.group.method),
            endpoint: text(&row.group.endpoint),
            request_count: figures.requests,
            error_rate: figures.error_rate,
            status_codes: figures.status_codes,
            average_ms: figures.average_ms,
            min_ms: figures.min_ms,
            max_ms: figures.max_ms,
            p50_ms: figures.p50_ms,
            p95_ms: figures.p95_ms,
            p99_ms: figures.p99_ms,
            average_time_to_headers_ms: figures.average_ttfb_ms,
            p50_time_to_headers_ms: figures.p50_ttfb_ms,
            p95_time_to_headers_ms: figures.p95_ttfb_ms,
            p99_time_to_headers_ms: figures.p99_ttfb_ms,
            time_to_headers_quantile_count: figures.ttfb_quantile_count,
            request_bytes: figures.request_bytes,
            response_bytes: figures.response_bytes,
            units: figures.units,
            gauges: figures.gauges,
        }
    }

    /// The most requested first; the labels make the order total.
    fn key(&self) -> EndpointKey {
        (
            Reverse(self.request_count),
            self.service.clone(),
            self.method.clone(),
            self.endpoint.clone(),
        )
    }
}

/// A row's place in the list, in the terms of the store's query.
pub(super) fn rank((Reverse(requests), service, method, endpoint): &EndpointKey) -> RankCursor {
    let label = |label: &str| Some(label.into());
    RankCursor::new(*requests, {
        let mut group = Group::default();
        group.service = label(service);
        group.method = label(method);
        group.endpoint = label(endpoint);
        group
    })
}

pub(super) type EndpointKey = (Reverse<u64>, String, String, String);

/// A page of endpoints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointPage {
    /// The rows, the most requested first.
    data: Vec<EndpointRow>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The first instant that the answer covers.
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
}

query_params! {
    /// The parameters of [`endpoints`].
    pub(crate) struct EndpointParams of "endpoints" {
        range: TimeRange,
        filter: Filter,
        page: Page<EndpointKey>,
    }
}

impl EndpointParams {
    /// The range of all pages.
    fn range(&self) -> TimeRange {
        self.page.range_or(self.range)
    }
}

/// One row for each endpoint
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/endpoints",
    tag = "metrics",
    params(Validated<EndpointParams>),
    responses((status = 200, description = "The endpoints, the most requested first",
        body = EndpointPage, example = json!(super::examples::endpoints()))),
))]
pub(crate) async fn endpoints(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<EndpointParams>,
) -> Result<Response, Problem> {
    let (cached, hit) = app
        .answer(
            "endpoints",
            &caller.scope,
            &params,
            params.range(),
            compute(&app, &caller.scope, &params),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads one page; the store ranks.
async fn compute(
    app: &App,
    scope: &Scope,
    params: &EndpointParams,
) -> Result<EndpointPage, Problem> {
    let (range, limit, after) = (
        params.range(),
        params.page.limit.rows(),
        params.page.after(),
    );
    let mut query = Query::over(range);
    query.filter = params.filter.clone();
    query.scope = scope.clone();
    query.group_by.service = true;
    query.group_by.method = true;
    query.group_by.endpoint = true;
    // One more tells whether there is another page.
    let mut top = TopK::first(limit + 1);
    top.after = after.map(rank);
    query.top = Some(top);
    let answer = app.client.read(&query).await?;
    app.client
        .found(scope, &params.filter, answer.matched)
        .await?;
    let rows = answer.rows.iter().map(EndpointRow::of).collect();
    let page = page_of(rows, EndpointRow::key, after, limit);
    let last = page.rows.last().filter(|_| page.more);
    Ok(EndpointPage {
        next_cursor: last.map(|row| params.page.next(range, row.key())),
        data: page.rows,
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        approximate: answer.approximate,
        incomplete: answer.incomplete,
    })
}
