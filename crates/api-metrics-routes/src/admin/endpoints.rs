//! `GET /api-metrics/endpoints`: one row a route.

use std::{cmp::Reverse, collections::BTreeMap};

use api_metrics_store::query::{
    Detail, Filter, Group, GroupBy, Query, RankCursor, Row, Scope, TimeRange, TopK,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::Caller,
    cache::time_to_live,
    extract::{
        Cursor, FilterParams, PageParams, Params, TimeParams, question, take_filter, take_limit,
        take_range,
    },
    problem::Problem,
    shape::{Figures, page_of, time, time_us},
};

/// One endpoint of one service.
#[derive(Debug, Serialize, ToSchema)]
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
    /// Body bytes that were read.
    request_bytes: u64,
    /// Body bytes that were sent.
    response_bytes: u64,
}

impl EndpointRow {
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
            request_bytes: figures.request_bytes,
            response_bytes: figures.response_bytes,
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

/// The same, as the store ranks.
fn rank((Reverse(requests), service, method, endpoint): &EndpointKey) -> RankCursor {
    let label = |label: &str| Some(label.into());
    RankCursor::new(
        *requests,
        Group::default()
            .service(label(service))
            .method(label(method))
            .endpoint(label(endpoint)),
    )
}

type EndpointKey = (Reverse<u64>, String, String, String);

/// A page of endpoints.
#[derive(Debug, Serialize, ToSchema)]
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
    /// The database's time of the snapshot.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
}

/// One row for each endpoint
#[utoipa::path(
    get,
    path = "/api-metrics/endpoints",
    tag = "metrics",
    params(TimeParams, FilterParams, PageParams),
    responses((status = 200, description = "The endpoints, the most requested first",
        body = EndpointPage, example = json!(crate::openapi::examples::endpoints()))),
)]
pub(super) async fn endpoints(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let now = app.clock.unix_seconds();
    let question = question("endpoints", &params);
    let mut range = take_range(&mut params, now)?;
    let filter = take_filter(&mut params)?;
    let limit = take_limit(&mut params)?;
    let cursor = Cursor::<EndpointKey>::take(&mut params, &question)?;
    params.finish()?;
    if let Some(cursor) = &cursor {
        range = cursor.range();
    }
    let after = cursor.map(|cursor| cursor.key);
    let ttl = time_to_live(range, now, super::CLOSED_ENDPOINTS, app.flush_interval);
    let (cached, hit) = app
        .cache
        .answer(
            "endpoints",
            &caller.scope,
            &(range, &filter, limit, &after, &question),
            ttl,
            compute(
                &app,
                &caller.scope,
                &filter,
                range,
                limit,
                after.as_ref(),
                &question,
            ),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

async fn compute(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    range: TimeRange,
    limit: usize,
    after: Option<&EndpointKey>,
    question: &str,
) -> Result<EndpointPage, Problem> {
    let answer = app
        .reader
        .read(
            &Query::over(range)
                .filter(filter.clone())
                .scope(scope.clone())
                .group_by(GroupBy::default().service(true).method(true).endpoint(true))
                .detail(Detail::Quantiles)
                .top(TopK::first(limit + 1).after(after.map(rank))),
        )
        .await?;
    let rows = answer.rows.iter().map(EndpointRow::of).collect();
    let page = page_of(rows, EndpointRow::key, after, limit);
    let last = page.rows.last().filter(|_| page.more);
    Ok(EndpointPage {
        next_cursor: last.map(|row| Cursor::new(question, range, row.key()).encode()),
        data: page.rows,
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        approximate: answer.approximate,
    })
}
