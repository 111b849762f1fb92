//! Answers: how buckets become numbers, rows and pages; problems; and the cache of answers.
//!
//! Nothing here knows a route. Rates are in percent, latencies in milliseconds with three decimals,
//! times RFC 3339 in UTC; what can't be said without a request is null.

mod cache;
mod csv;
mod entity;
mod figures;
mod gauge;
mod list;
mod metric;
mod period;
mod problem;
mod row;
mod secure;

use api_metrics_store::time::UnixSeconds;
use chrono::{DateTime, Utc};

pub(crate) use cache::{AnswerCache, Cached, ComputeJson, Lifetimes, json_of};
pub(crate) use csv::field as csv_field;
pub(crate) use entity::Entity;
pub(crate) use figures::{Figures, percent, percent_of, rounded};
pub(crate) use gauge::GaugeView;
pub(crate) use list::page_of;
pub(crate) use metric::Metric;
pub(crate) use period::{AxisView, RowPeriod, alignment, clock, is_running};
#[cfg(feature = "control")]
pub(crate) use period::{UtcDay, utc_axis};
pub(crate) use problem::{Kind, Problem};
#[cfg(test)]
pub(crate) use row::MetricRow;
pub(crate) use row::{Columns, column_names, key_number, metric_row};
pub(crate) use secure::secure;

/// An instant in whole seconds. Times beyond what a calendar holds become the epoch; no range that
/// passed validation reaches there.
pub(crate) fn time(at: UnixSeconds) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap_or_default()
}

/// An instant in microseconds.
pub(crate) fn time_us(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at).unwrap_or_default()
}
