//! `GET /api-metrics/coverage`: operations that are never called, calls that nobody has documented, and who still calls
//! what is deprecated.
//!
//! For admins: whoever sees a part of the requests could not tell an operation that nobody calls from one that nobody
//! else may see. Callers of what is deprecated are asked for by one question an endpoint, at most [`MAX_ASKED`] of them,
//! the most called first, all from one snapshot.

use std::collections::BTreeMap;

use api_metrics_layer::{OTHER_ENDPOINT, UNMATCHED};
use api_metrics_store::query::{Detail, Filter, Query, Scope, TimeRange, TopK};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::compare::{Called, Comparison, Covered, compare};
use crate::{
    auth::Caller,
    contract::OpenApiDocument,
    request::{Validated, query_params},
    response::{Kind, Problem, key_number, percent, time, time_us},
    router::App,
};

/// The most recorded endpoints whose callers are asked for.
const MAX_ASKED: usize = 50;
/// The most callers of an operation.
const MAX_CALLERS: usize = 10;
/// The most endpoints that are told as undocumented.
const MAX_UNDOCUMENTED: usize = 1_000;
/// What is no endpoint of anybody's.
const NOT_ENDPOINTS: [&str; 2] = [UNMATCHED, OTHER_ENDPOINT];

/// What one document covers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CoveredDocument {
    /// The service whose requests it is compared with.
    service: String,
    /// What it calls itself.
    title: Option<String>,
    /// Operations that it has.
    operation_count: usize,
    /// Those of them that were called.
    called_count: usize,
    /// Those in percent; null where it has none.
    called_percent: Option<f64>,
    /// Deprecated operations that were called.
    deprecated_called_count: usize,
    /// Endpoints that were called and that it does not have.
    undocumented_count: usize,
    /// Requests to these.
    undocumented_request_count: u64,
}

/// Who still calls a deprecated operation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeprecatedCaller {
    /// The number of the API key; 0 for requests without a key, null for keys that are too new to have one.
    api_key_id: Option<i64>,
    /// The host's own name for the key.
    external_id: Option<String>,
    /// A name for people.
    name: Option<String>,
    /// Its requests.
    request_count: u64,
}

/// An operation of a document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CoveredOperation {
    /// The service of its document.
    service: String,
    /// The method.
    method: String,
    /// The path, as the document has it.
    path: String,
    /// What the document calls it.
    operation_id: Option<String>,
    /// What it does, in a line of the document's.
    summary: Option<String>,
    /// Whether the document says that it is deprecated.
    deprecated: bool,
    /// Requests in the range; 0: never called.
    request_count: u64,
    /// Those of them that were answered with 4xx or 5xx, in percent.
    error_rate: Option<f64>,
    /// The route template under which most of them were recorded; null where it was never called.
    endpoint: Option<String>,
    /// Of a deprecated operation that is still called: by whom, the most requests first, ten at most. Empty where
    /// these are operations beyond the fifty that are called most.
    callers: Vec<DeprecatedCaller>,
    /// Whether there are more callers.
    more_callers: bool,
}

/// An endpoint that no document has.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UndocumentedEndpoint {
    /// The recording service.
    service: String,
    /// The method, or `_OTHER`.
    method: String,
    /// The route template.
    endpoint: String,
    /// Requests in the range.
    request_count: u64,
    /// Those of them that were answered with 4xx or 5xx, in percent.
    error_rate: Option<f64>,
}

/// Documents beside requests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Coverage {
    /// The documents, in the order in which the host has given them.
    documents: Vec<CoveredDocument>,
    /// Their operations, in the documents' order.
    operations: Vec<CoveredOperation>,
    /// Endpoints that were called and that no document has, the most called first, a thousand at most. Requests that no
    /// route matched are none.
    undocumented: Vec<UndocumentedEndpoint>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that flush batches are left out. The status names them.
    incomplete: bool,
}

query_params! {
    /// The parameters of [`coverage`].
    pub(crate) struct CoverageParams of "coverage" {
        range: TimeRange,
        filter: Filter,
    }
}

/// Documented operations beside what is called
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/coverage",
    tag = "metrics",
    params(Validated<CoverageParams>),
    responses(
        (status = 200, description = "Every operation of the documents, and what they lack", body = Coverage,
            example = json!(super::examples::coverage())),
        (status = 404, description = "There is no document of this service", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn coverage(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<CoverageParams>,
) -> Result<Response, Problem> {
    let (cached, hit) = app
        .answer(
            "coverage",
            &caller.scope,
            &params,
            params.range,
            compute(&app, &caller.scope, &params),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Compares each document that the filter lets through.
///
/// # Errors
/// 404 where there is none, 503 and 504 where the store does not answer.
async fn compute(app: &App, scope: &Scope, params: &CoverageParams) -> Result<Coverage, Problem> {
    let wanted = params.filter.service.as_deref();
    let documents = app.documents.iter();
    let documents: Vec<&OpenApiDocument> = documents
        .filter(|document| wanted.is_none_or(|wanted| wanted == document.service))
        .collect();
    if documents.is_empty() {
        return Err(Problem::new(
            Kind::NotFound,
            "there is no OpenAPI document of this service",
        ));
    }
    let mut query = Query::over(params.range);
    query.filter = params.filter.clone();
    query.scope = scope.clone();
    query.group_by.service = true;
    query.group_by.method = true;
    query.group_by.endpoint = true;
    query.detail = Detail::Counts;
    let answer = app.client.read(&query).await?;
    let mut called: BTreeMap<&str, Vec<Called>> = BTreeMap::new();
    for row in &answer.rows {
        let group = &row.group;
        let (Some(service), Some(method), Some(endpoint)) =
            (&group.service, &group.method, &group.endpoint)
        else {
            continue;
        };
        if NOT_ENDPOINTS.contains(&&**endpoint) {
            continue;
        }
        let errors = row
            .bucket
            .error_count_4xx
            .saturating_add(row.bucket.error_count_5xx);
        called.entry(service).or_default().push(Called {
            method: method.to_string(),
            endpoint: endpoint.to_string(),
            requests: row.bucket.request_count,
            errors,
        });
    }
    let compared: Vec<(&OpenApiDocument, Comparison<'_>)> = documents
        .into_iter()
        .map(|document| {
            let called = called.get(&*document.service).map_or(&[][..], |all| all);
            (document, compare(document, called))
        })
        .collect();
    let callers = Callers::read(app, &query, &compared).await?;
    let mut coverage = Coverage {
        documents: Vec::with_capacity(compared.len()),
        operations: Vec::new(),
        undocumented: Vec::new(),
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        approximate: answer.approximate,
        incomplete: answer.incomplete,
    };
    for (document, compared) in compared {
        coverage.documents.push(sum_of(document, &compared));
        let service = &document.service;
        for covered in &compared.operations {
            let callers = callers.of(service, covered);
            coverage
                .operations
                .push(operation_of(service, covered, callers));
        }
        coverage
            .undocumented
            .extend(
                compared
                    .undocumented
                    .iter()
                    .map(|one| UndocumentedEndpoint {
                        service: service.clone(),
                        method: one.method.clone(),
                        endpoint: one.endpoint.clone(),
                        request_count: one.requests,
                        error_rate: percent(one.errors, one.requests),
                    }),
            );
    }
    // Equal ones stay in the order of their documents.
    coverage
        .undocumented
        .sort_by_key(|one| std::cmp::Reverse(one.request_count));
    coverage.undocumented.truncate(MAX_UNDOCUMENTED);
    Ok(coverage)
}

/// What one document covers, in numbers.
fn sum_of(document: &OpenApiDocument, compared: &Comparison<'_>) -> CoveredDocument {
    let called = compared.operations.iter().filter(|one| one.requests > 0);
    let called_count = called.clone().count();
    CoveredDocument {
        service: document.service.clone(),
        title: document.title.clone(),
        operation_count: compared.operations.len(),
        called_count,
        called_percent: percent(called_count as u64, compared.operations.len() as u64),
        deprecated_called_count: called.filter(|one| one.operation.is_deprecated).count(),
        undocumented_count: compared.undocumented.len(),
        undocumented_request_count: compared.undocumented.iter().map(|one| one.requests).sum(),
    }
}

/// An operation as it is answered.
fn operation_of(
    service: &str,
    covered: &Covered<'_>,
    (callers, more_callers): (Vec<DeprecatedCaller>, bool),
) -> CoveredOperation {
    let operation = covered.operation;
    CoveredOperation {
        service: service.to_owned(),
        method: operation.method.clone(),
        path: operation.path.clone(),
        operation_id: operation.id.clone(),
        summary: operation.summary.clone(),
        deprecated: operation.is_deprecated,
        request_count: covered.requests,
        error_rate: percent(covered.errors, covered.requests),
        endpoint: covered.endpoints.first().map(|one| one.endpoint.clone()),
        callers,
        more_callers,
    }
}

/// Who calls what is deprecated: by service, method and recorded endpoint, requests by key.
#[derive(Default)]
struct Callers {
    /// The most requests of each endpoint.
    by_endpoint: BTreeMap<(String, String, String), BTreeMap<Option<i64>, u64>>,
    /// What the host calls each key, and its name for people.
    names: BTreeMap<i64, (String, Option<String>)>,
}

impl Callers {
    /// Asks for the callers of the deprecated endpoints that are called most.
    ///
    /// # Errors
    /// 503 and 504 where the store does not answer.
    async fn read(
        app: &App,
        all: &Query,
        compared: &[(&OpenApiDocument, Comparison<'_>)],
    ) -> Result<Self, Problem> {
        let mut asked: Vec<(&str, &Called)> = Vec::new();
        for (document, compared) in compared {
            let deprecated = compared.operations.iter();
            let deprecated = deprecated.filter(|one| one.operation.is_deprecated);
            asked.extend(deprecated.flat_map(|one| {
                let endpoints = one.endpoints.iter();
                endpoints.map(|called| (&*document.service, *called))
            }));
        }
        asked.sort_by_key(|(_, called)| std::cmp::Reverse(called.requests));
        asked.truncate(MAX_ASKED);
        if asked.is_empty() {
            return Ok(Self::default());
        }
        let queries: Vec<Query> = asked
            .iter()
            .map(|(service, called)| {
                let mut query = Query::over(all.range);
                query.scope = all.scope.clone();
                query.filter = all.filter.clone();
                query.filter.service = Some((*service).to_owned());
                query.filter.method = Some(called.method.clone());
                query.filter.endpoint = Some(called.endpoint.clone());
                query.group_by.api_key = true;
                query.detail = Detail::Requests;
                // One more tells whether there are others.
                query.top = Some(TopK::first(MAX_CALLERS + 1));
                query
            })
            .collect();
        let answers = app.client.read_each(&queries).await?;
        let mut callers = Self::default();
        for ((service, called), answer) in asked.into_iter().zip(&answers) {
            let rows = answer.rows.iter();
            let by_key = rows.map(|row| (row.group.api_key_id, row.bucket.request_count));
            let endpoint = (
                service.to_owned(),
                called.method.clone(),
                called.endpoint.clone(),
            );
            callers.by_endpoint.insert(endpoint, by_key.collect());
        }
        let mut ids: Vec<i64> = callers
            .by_endpoint
            .values()
            .flat_map(|by_key| by_key.keys().copied().flatten())
            .filter(|id| *id > 0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            let keys = app.client.store().api_keys(Some(&ids));
            for key in app.client.bounded("api keys", keys).await? {
                callers.names.insert(key.id, (key.external_id, key.name));
            }
        }
        Ok(callers)
    }

    /// Those of one operation, and whether there are more.
    fn of(&self, service: &str, covered: &Covered<'_>) -> (Vec<DeprecatedCaller>, bool) {
        let mut by_key: BTreeMap<Option<i64>, u64> = BTreeMap::new();
        let mut more = false;
        for called in &covered.endpoints {
            let endpoint = (
                service.to_owned(),
                called.method.clone(),
                called.endpoint.clone(),
            );
            let Some(found) = self.by_endpoint.get(&endpoint) else {
                continue;
            };
            more |= found.len() > MAX_CALLERS;
            for (key, requests) in found {
                *by_key.entry(*key).or_default() += requests;
            }
        }
        let mut callers: Vec<_> = by_key.into_iter().collect();
        callers.sort_by_key(|(key, requests)| (std::cmp::Reverse(*requests), *key));
        more |= callers.len() > MAX_CALLERS;
        callers.truncate(MAX_CALLERS);
        let named = callers.into_iter().map(|(key, request_count)| {
            let names = key.and_then(|key| self.names.get(&key));
            DeprecatedCaller {
                api_key_id: key_number(key),
                external_id: names.map(|(external, _)| external.clone()),
                name: names.and_then(|(_, name)| name.clone()),
                request_count,
            }
        });
        (named.collect(), more)
    }
}
