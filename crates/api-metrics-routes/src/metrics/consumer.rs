//! What lists of API keys have in common.
//!
//! The store groups by the number of a key; names and tenants are read for the rows of the answer
//! alone.

use std::collections::BTreeMap;

use api_metrics_store::query::{Detail, Filter, Query, Row, Scope, TimeRange};
use serde::Serialize;

use crate::{
    response::{Figures, GaugeView, Problem, key_number},
    router::App,
};

/// An API key and what was asked with it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consumer {
    /// Its number; 0 for requests without a key, null for keys that are too new to have one.
    api_key_id: Option<i64>,
    /// The host's own name for it.
    external_id: Option<String>,
    /// A name for people.
    name: Option<String>,
    /// The tenant that it belongs to.
    tenant_id: Option<String>,
    /// Requests that finished in the range.
    pub(super) request_count: u64,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// Average latency in milliseconds.
    average_ms: Option<f64>,
    /// The 95th percentile in milliseconds.
    p95_ms: Option<f64>,
    /// Body bytes that were read.
    request_bytes: u64,
    /// Body bytes that were sent.
    response_bytes: u64,
    /// Both together.
    pub(super) bandwidth_bytes: u64,
    /// Sums of units by name, as responses have counted them.
    units: BTreeMap<String, u64>,
    /// Units that are no sums, by name.
    gauges: BTreeMap<String, GaugeView>,
}

/// The question behind a list of keys.
pub(super) fn query(scope: &Scope, filter: &Filter, range: TimeRange) -> Query {
    let mut query = Query::over(range);
    query.filter = filter.clone();
    query.scope = scope.clone();
    query.group_by.api_key = true;
    query.detail = Detail::Quantiles;
    query
}

/// The rows with what the store knows about their keys.
///
/// # Errors
/// Those of the store.
pub(super) async fn consumer_rows(app: &App, rows: &[Row]) -> Result<Vec<Consumer>, Problem> {
    let ids: Vec<i64> = rows
        .iter()
        .filter_map(|row| row.group.api_key_id)
        .filter(|id| *id > 0)
        .collect();
    // Asked for these alone, and now: a key that was first used a moment ago has its name.
    let known = if ids.is_empty() {
        Vec::new()
    } else {
        app.client
            .bounded("api keys", app.client.store().api_keys(Some(&ids)))
            .await?
    };
    Ok(rows
        .iter()
        .map(|row| {
            let id = row.group.api_key_id;
            let key = known.iter().find(|key| Some(key.id) == id);
            let figures = Figures::of(Some(&row.bucket));
            Consumer {
                api_key_id: key_number(id),
                external_id: key.map(|key| key.external_id.clone()),
                name: key.and_then(|key| key.name.clone()),
                tenant_id: key.and_then(|key| key.tenant_id.clone()),
                request_count: figures.requests,
                error_rate: figures.error_rate,
                average_ms: figures.average_ms,
                p95_ms: figures.p95_ms,
                request_bytes: figures.request_bytes,
                response_bytes: figures.response_bytes,
                bandwidth_bytes: figures.bandwidth(),
                units: figures.units,
                gauges: figures.gauges,
            }
        })
        .collect())
}
