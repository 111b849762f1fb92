//! `GET /api-metrics/dependencies`: which services call whom, one row a route of a partner.
//!
//! Outgoing calls are events of the kind `http-client`, which no other view counts unless it is asked to by
//! `protocol`. Their endpoint is a host, and the route template after it where the call has named one.

use std::collections::BTreeMap;

use api_metrics_layer::EventKind;
use api_metrics_store::query::{Filter, Query, Row, Scope, TimeRange, TopK};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::endpoints::{EndpointKey, rank};
use crate::{
    auth::Caller,
    request::{Page, Validated, query_params},
    response::{Figures, Problem, page_of, time, time_us},
    router::App,
};

/// The unit of attempts after the first one.
const RETRIES: &str = "retries";
/// The unit of calls without an answer.
const NO_ANSWER: &str = "no_answer";
/// What a call without an answer in time is counted as, and a partner's own answer of the same.
const TIMEOUT: &str = "504";

/// Calls of one service to one route of a partner.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DependencyRow {
    /// The service that calls.
    service: String,
    /// The partner: its host, with a port that is not the scheme's own, or the name that the client's layer gives it.
    host: String,
    /// The route template; null where the call has named none.
    template: Option<String>,
    /// The method.
    method: String,
    /// Both together, as `endpoint` of a filter has them.
    endpoint: String,
    /// Calls that finished in the range, however often each was tried.
    request_count: u64,
    /// 4xx and 5xx in percent of the calls; a call without an answer counts as 502 or 504, one that was cancelled as 499.
    error_rate: Option<f64>,
    /// Calls without an answer: no connection, a connection that broke, a timeout.
    no_answer_count: u64,
    /// Calls that ended with 504: a timeout of the client's own, or of a gateway in between.
    timeout_count: u64,
    /// Calls that the service itself gave up: a timeout outside of the client's layer, or its own caller had left.
    cancelled_count: u64,
    /// Attempts after the first one, of all calls.
    retry_count: u64,
    /// How many calls were counted with each status.
    status_codes: BTreeMap<String, u64>,
    /// Average time to the answer's last byte, in milliseconds.
    average_ms: Option<f64>,
    /// Its median in milliseconds.
    p50_ms: Option<f64>,
    /// Its 95th percentile in milliseconds.
    p95_ms: Option<f64>,
    /// Its 99th percentile in milliseconds.
    p99_ms: Option<f64>,
    /// The greatest in milliseconds.
    max_ms: Option<f64>,
    /// Body bytes that were sent, where the client knew the body's size.
    request_bytes: u64,
    /// Body bytes that came back.
    response_bytes: u64,
}

impl DependencyRow {
    /// The row of a group by service, method and endpoint.
    fn of(row: &Row) -> Self {
        let figures = Figures::of(Some(&row.bucket));
        let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap_or("").to_owned();
        let endpoint = text(&row.group.endpoint);
        let (host, template) = match endpoint.find('/') {
            Some(at) => (endpoint[..at].to_owned(), Some(endpoint[at..].to_owned())),
            None => (endpoint.clone(), None),
        };
        let unit = |name: &str| figures.units.get(name).copied().unwrap_or_default();
        Self {
            service: text(&row.group.service),
            host,
            template,
            method: text(&row.group.method),
            endpoint,
            request_count: figures.requests,
            error_rate: figures.error_rate,
            no_answer_count: unit(NO_ANSWER),
            timeout_count: figures
                .status_codes
                .get(TIMEOUT)
                .copied()
                .unwrap_or_default(),
            cancelled_count: figures.aborted,
            retry_count: unit(RETRIES),
            average_ms: figures.average_ms,
            p50_ms: figures.p50_ms,
            p95_ms: figures.p95_ms,
            p99_ms: figures.p99_ms,
            max_ms: figures.max_ms,
            request_bytes: figures.request_bytes,
            response_bytes: figures.response_bytes,
            status_codes: figures.status_codes,
        }
    }

    /// The most called first; the labels make the order total.
    fn key(&self) -> EndpointKey {
        (
            std::cmp::Reverse(self.request_count),
            self.service.clone(),
            self.method.clone(),
            self.endpoint.clone(),
        )
    }
}

/// A page of dependencies.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DependencyPage {
    /// The rows, the most called first.
    data: Vec<DependencyRow>,
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
    /// Whether stored bytes of the range can't be read, so that figures of some rows are left out. The status names them.
    incomplete: bool,
}

query_params! {
    /// The parameters of [`dependencies`].
    pub(super) struct DependencyParams of "dependencies" {
        range: TimeRange,
        filter: Filter,
        page: Page<EndpointKey>,
    }
}

impl DependencyParams {
    /// The range of all pages.
    fn range(&self) -> TimeRange {
        self.page.range_or(self.range)
    }
}

/// Which services call whom
///
/// Outgoing calls that client layers have recorded. Another `protocol` than `http-client` is refused.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/dependencies",
    tag = "metrics",
    params(Validated<DependencyParams>),
    responses((status = 200, description = "Routes of partners, the most called first",
        body = DependencyPage, example = json!(super::examples::dependencies()))),
))]
pub(super) async fn dependencies(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<DependencyParams>,
) -> Result<Response, Problem> {
    let kind = EventKind::HTTP_CLIENT.as_str();
    if params
        .filter
        .protocol
        .as_deref()
        .is_some_and(|it| it != kind)
    {
        let detail = format!("this list is of `{kind}` alone");
        return Err(Problem::parameter("protocol", detail));
    }
    let (cached, hit) = app
        .answer(
            "dependencies",
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
    params: &DependencyParams,
) -> Result<DependencyPage, Problem> {
    let (range, limit, after) = (
        params.range(),
        params.page.limit.rows(),
        params.page.after(),
    );
    let mut query = Query::over(range);
    query.filter = params.filter.clone();
    query.filter.protocol = Some(EventKind::HTTP_CLIENT.as_str().to_owned());
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
    let rows = answer.rows.iter().map(DependencyRow::of).collect();
    let page = page_of(rows, DependencyRow::key, after, limit);
    let last = page.rows.last().filter(|_| page.more);
    Ok(DependencyPage {
        next_cursor: last.map(|row| params.page.next(range, row.key())),
        data: page.rows,
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        approximate: answer.approximate,
        incomplete: answer.incomplete,
    })
}
