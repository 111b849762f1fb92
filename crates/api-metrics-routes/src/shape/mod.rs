//! The shapes of answers, and how buckets become numbers.

mod amount;
mod entity;
mod figures;
mod list;
mod metric;
mod row;

pub(crate) use amount::{Amount, KeyLabel};
pub(crate) use entity::Entity;
pub(crate) use figures::{Figures, percent, percent_of, rounded};
pub(crate) use list::page_of;
pub(crate) use metric::Metric;
pub(crate) use row::{Columns, MetricRow, dimensions, key_number, metric_row};

use api_metrics_store::time::UnixSeconds;
use chrono::{DateTime, Utc};

/// An instant in whole seconds. Times beyond what a calendar holds become the epoch; no range that
/// passed validation reaches there.
pub(crate) fn time(at: UnixSeconds) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap_or_default()
}

/// An instant in microseconds.
pub(crate) fn time_us(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at).unwrap_or_default()
}
