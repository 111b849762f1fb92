//! A row of `/api-metrics` and of exports: its group, then its numbers.
//!
//! Members depend on the question: dimensions that were not grouped by and metrics that were not
//! asked for are absent.

use std::collections::BTreeMap;

use api_metrics_store::query::{Group, GroupBy, Row};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Figures, GaugeView, Metric, RowPeriod};

/// A row: the dimensions that were grouped by, and the metrics that were asked for.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(
    dead_code,
    reason = "the shape of `metric_row`, whose members depend on the question"
)]
pub(crate) struct MetricRow {
    /// The first instant that the row covers; this and the next three are absent with `granularity=none`.
    #[cfg_attr(test, schema(nullable = false))]
    period_start: Option<DateTime<Utc>>,
    /// The first instant that the row does not cover.
    #[cfg_attr(test, schema(nullable = false))]
    period_end: Option<DateTime<Utc>>,
    /// Whether the range begins or ends within the period, or the period is not over yet.
    #[cfg_attr(test, schema(nullable = false))]
    partial: Option<bool>,
    /// Whether the period is not cut where the zone's clock says, because only longer periods are kept, or
    /// records at its edges may belong to its neighbours.
    #[cfg_attr(test, schema(nullable = false))]
    approximate: Option<bool>,
    /// The recording service.
    #[cfg_attr(test, schema(nullable = false))]
    service: Option<String>,
    /// Its environment.
    #[cfg_attr(test, schema(nullable = false))]
    environment: Option<String>,
    /// `http` or `grpc`.
    #[cfg_attr(test, schema(nullable = false))]
    protocol: Option<String>,
    /// The method, or `_OTHER`.
    #[cfg_attr(test, schema(nullable = false))]
    method: Option<String>,
    /// The route template, `<unmatched>` or `<other>`.
    #[cfg_attr(test, schema(nullable = false))]
    endpoint: Option<String>,
    /// The number of the API key; 0 for requests without one, null for keys that are too new to
    /// have a number.
    api_key_id: Option<i64>,
    /// The user that the API key belongs to; null where it belongs to none.
    user_id: Option<String>,
    /// The team that the API key belongs to; null where it belongs to none.
    team_id: Option<String>,
    /// Requests that finished.
    #[cfg_attr(test, schema(nullable = false))]
    request_count: Option<u64>,
    /// Requests answered with 400 to 499.
    #[cfg_attr(test, schema(nullable = false))]
    error_count_4xx: Option<u64>,
    /// Requests answered with 500 to 599, that failed, or that panicked.
    #[cfg_attr(test, schema(nullable = false))]
    error_count_5xx: Option<u64>,
    /// Requests whose client left before the end.
    #[cfg_attr(test, schema(nullable = false))]
    aborted_count: Option<u64>,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// How many requests were answered with each status.
    #[cfg_attr(test, schema(nullable = false))]
    status_codes: Option<BTreeMap<String, u64>>,
    /// Average latency in milliseconds.
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
    /// From the request being seen to the response's head, in milliseconds.
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
    #[cfg_attr(test, schema(nullable = false))]
    time_to_headers_quantile_count: Option<u64>,
    /// Body bytes that were read.
    #[cfg_attr(test, schema(nullable = false))]
    request_bytes: Option<u64>,
    /// Body bytes that were sent.
    #[cfg_attr(test, schema(nullable = false))]
    response_bytes: Option<u64>,
    /// Sums of units by name, as responses have counted them.
    #[cfg_attr(test, schema(nullable = false))]
    units: Option<BTreeMap<String, u64>>,
    /// Units that are no sums, by name.
    #[cfg_attr(test, schema(nullable = false))]
    gauges: Option<BTreeMap<String, GaugeView>>,
}

/// The values of a group's dimensions, with their names, in the order of columns.
fn dimensions(by: &GroupBy, group: &Group) -> Vec<(&'static str, Value)> {
    let mut out = Vec::with_capacity(10);
    for (name, wanted, label) in [
        ("service", by.service, &group.service),
        ("environment", by.environment, &group.environment),
        ("protocol", by.protocol, &group.protocol),
        ("method", by.method, &group.method),
        ("endpoint", by.endpoint, &group.endpoint),
    ] {
        if wanted {
            out.push((name, json!(label.as_deref().unwrap_or(""))));
        }
    }
    if by.api_key {
        out.push(("apiKeyId", json!(key_number(group.api_key_id))));
    }
    for (name, wanted, owner) in [
        ("userId", by.user, &group.user_id),
        ("teamId", by.team, &group.team_id),
    ] {
        if wanted {
            let owner = owner.as_deref().filter(|owner| !owner.is_empty());
            out.push((name, json!(owner)));
        }
    }
    out
}

/// The number of a key; `None` for keys that were first seen since the last flush.
pub(crate) fn key_number(id: Option<i64>) -> Option<i64> {
    id.filter(|id| *id >= 0)
}

/// A row's values by name, in the order of columns; a JSON object.
#[derive(Debug, Clone)]
pub(crate) struct Columns(Vec<(&'static str, Value)>);

impl Columns {
    /// The values alone, in the order of columns.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The columns of a row's period beside its start, behind all others.
const PERIOD: [&str; 3] = ["periodEnd", "partial", "approximate"];

/// The names of the columns of [`metric_row`].
pub(crate) fn column_names(by: &GroupBy, metrics: &[Metric]) -> Vec<&'static str> {
    let start = by.time.map(|_| "periodStart");
    let dimensions = dimensions(by, &Group::default());
    let period = PERIOD.into_iter().filter(|_| by.time.is_some());
    start
        .into_iter()
        .chain(dimensions.into_iter().map(|(name, _)| name))
        .chain(metrics.iter().map(|metric| metric.name()))
        .chain(period)
        .collect()
}

/// The start of the period, where there is a step; the dimensions that were grouped by, the metrics that were
/// asked for, and what else is known about the period.
pub(crate) fn metric_row(
    by: &GroupBy,
    metrics: &[Metric],
    row: &Row,
    period: Option<RowPeriod>,
) -> Columns {
    let mut columns: Vec<(&'static str, Value)> = Vec::new();
    columns.extend(period.map(|period| ("periodStart", json!(period.period_start))));
    columns.extend(dimensions(by, &row.group));
    let figures = Figures::of(Some(&row.bucket));
    columns.extend(
        metrics
            .iter()
            .map(|metric| (metric.name(), metric.value(&figures))),
    );
    if let Some(period) = period {
        let values = [
            json!(period.period_end),
            json!(period.partial),
            json!(period.approximate),
        ];
        columns.extend(PERIOD.into_iter().zip(values));
    }
    Columns(columns)
}
