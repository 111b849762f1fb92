//! `GET /api-metrics/endpoint-consumers`: who calls what, and how it fares beside everybody else.
//!
//! Everybody else at an endpoint is the endpoint without that consumer: counts are subtracted, and so
//! are the histograms of latencies, which is exact. All rows come from one snapshot, so a part is never
//! larger than its whole.
//!
//! Two questions are asked: one for the busiest pairs, one for all endpoints. The second leaves out the
//! filter by a consumer, because nobody else is among one consumer's requests; every other filter, and
//! what the caller may see, holds for both. A tenant is compared with itself alone, and a consumer that
//! sees nobody else is compared with nobody.
//!
//! Pairs are ranked by requests in the store, so that a service with thousands of consumers costs no
//! more than its page. Any other order is the reader's: there are at most a thousand rows.

use std::{collections::BTreeMap, sync::Arc};

use api_metrics_store::query::{Detail, Filter, Query, Row, Scope, TimeRange, TopK};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use crate::{
    auth::Caller,
    request::{Limit, Validated, query_params},
    response::{Problem, key_number, percent, rounded, time, time_us},
    router::App,
};

/// One endpoint as one consumer sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointConsumer {
    /// The recording service.
    service: String,
    /// The method, or `_OTHER`.
    method: String,
    /// The route template, `<unmatched>` or `<other>`.
    endpoint: String,
    /// The number of the API key; 0 for requests without a key, null for keys that are too new to have one.
    api_key_id: Option<i64>,
    /// The host's own name for the key.
    external_id: Option<String>,
    /// A name for people.
    name: Option<String>,
    /// The tenant that the key belongs to.
    tenant_id: Option<String>,
    /// Requests of this consumer to this endpoint.
    request_count: u64,
    /// Those of them that were answered with 4xx or 5xx.
    error_count: u64,
    /// These in percent of the requests.
    error_rate: Option<f64>,
    /// The 95th percentile in milliseconds.
    p95_ms: Option<f64>,
    /// Requests of everybody else to this endpoint, as far as the caller may see them.
    others_request_count: u64,
    /// Their errors in percent.
    others_error_rate: Option<f64>,
    /// Their 95th percentile in milliseconds; null without others, and where latencies are kept as t-digests.
    others_p95_ms: Option<f64>,
}

/// Endpoints by consumer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointConsumers {
    /// The pairs with the most requests, the most first.
    data: Vec<EndpointConsumer>,
    /// Whether these are all pairs.
    complete: bool,
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
    /// The parameters of [`endpoint_consumers`].
    pub(crate) struct PairParams of "endpoint-consumers" {
        range: TimeRange,
        filter: Filter,
        limit: Limit<100>,
    }
}

/// An endpoint by its labels.
type Endpoint = [Option<Arc<str>>; 3];

/// The endpoint of a row, by which a pair finds its whole.
fn endpoint_of(row: &Row) -> Endpoint {
    let group = &row.group;
    [&group.service, &group.method, &group.endpoint].map(Clone::clone)
}

/// Who calls which endpoint, beside everybody else
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/endpoint-consumers",
    tag = "metrics",
    params(Validated<PairParams>),
    responses((status = 200, description = "The pairs with the most requests", body = EndpointConsumers,
        example = json!(super::examples::endpoint_consumers()))),
))]
pub(crate) async fn endpoint_consumers(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<PairParams>,
) -> Result<Response, Problem> {
    let (cached, hit) = app
        .answer(
            "endpoint-consumers",
            &caller.scope,
            &params,
            params.range,
            compute(&app, &caller.scope, &params),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads pairs and endpoints from one snapshot.
async fn compute(
    app: &App,
    scope: &Scope,
    params: &PairParams,
) -> Result<EndpointConsumers, Problem> {
    let limit = params.limit.rows();
    let mut endpoints = Query::over(params.range);
    endpoints.filter = params.filter.clone();
    endpoints.scope = scope.clone();
    endpoints.group_by.service = true;
    endpoints.group_by.method = true;
    endpoints.group_by.endpoint = true;
    endpoints.detail = Detail::Quantiles;
    let mut pairs = endpoints.clone();
    pairs.group_by.api_key = true;
    // One more tells whether there are others.
    pairs.top = Some(TopK::first(limit + 1));
    // Everybody else is not among one consumer's requests.
    endpoints.filter.api_key_id = None;
    endpoints.filter.user_id = None;
    endpoints.filter.team_id = None;
    let [pairs, endpoints] = app.client.read_all(&[pairs, endpoints]).await?;
    app.client
        .found(scope, &params.filter, pairs.matched)
        .await?;
    let all: BTreeMap<Endpoint, &Row> = endpoints
        .rows
        .iter()
        .map(|row| (endpoint_of(row), row))
        .collect();
    let complete = pairs.rows.len() <= limit;
    let mut rows: Vec<&Row> = pairs.rows.iter().collect();
    // Equal ones by their labels, so that the same data always gives the same list.
    rows.sort_by(|a, b| {
        let requests = b.bucket.request_count.cmp(&a.bucket.request_count);
        requests.then_with(|| a.group.cmp(&b.group))
    });
    rows.truncate(limit);
    let ids: Vec<i64> = rows
        .iter()
        .filter_map(|row| row.group.api_key_id.filter(|id| *id > 0))
        .collect();
    let keys = if ids.is_empty() {
        Vec::new()
    } else {
        app.client
            .bounded("api keys", app.client.store().api_keys(Some(&ids)))
            .await?
    };
    let data = rows
        .into_iter()
        .map(|row| {
            let key = keys.iter().find(|key| Some(key.id) == row.group.api_key_id);
            let mut pair = pair_of(row, all.get(&endpoint_of(row)).copied());
            pair.external_id = key.map(|key| key.external_id.clone());
            pair.name = key.and_then(|key| key.name.clone());
            pair.tenant_id = key.and_then(|key| key.tenant_id.clone());
            pair
        })
        .collect();
    Ok(EndpointConsumers {
        data,
        complete,
        from: time(pairs.range.from),
        to: time(pairs.range.to),
        as_of: time_us(pairs.as_of_us),
        approximate: pairs.approximate || endpoints.approximate,
        incomplete: pairs.incomplete || endpoints.incomplete,
    })
}

/// A pair beside the rest of its endpoint, without what is known of the key.
///
/// A pair without a whole, which the snapshot excludes, stands alone: nobody else has called.
fn pair_of(row: &Row, whole: Option<&Row>) -> EndpointConsumer {
    let text = |label: &Option<Arc<str>>| label.as_deref().unwrap_or("").to_owned();
    let errors = |row: &Row| {
        row.bucket
            .error_count_4xx
            .saturating_add(row.bucket.error_count_5xx)
    };
    let whole = whole.unwrap_or(row);
    let others = whole
        .bucket
        .request_count
        .saturating_sub(row.bucket.request_count);
    EndpointConsumer {
        service: text(&row.group.service),
        method: text(&row.group.method),
        endpoint: text(&row.group.endpoint),
        api_key_id: key_number(row.group.api_key_id),
        external_id: None,
        name: None,
        tenant_id: None,
        request_count: row.bucket.request_count,
        error_count: errors(row),
        error_rate: percent(errors(row), row.bucket.request_count),
        p95_ms: row.bucket.quantile_ms(0.95).map(rounded),
        others_request_count: others,
        others_error_rate: percent(errors(whole).saturating_sub(errors(row)), others),
        others_p95_ms: (whole.bucket.sketch)
            .quantile_without(&row.bucket.sketch, 0.95)
            .map(|us| rounded(us / 1e3)),
    }
}
