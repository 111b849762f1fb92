//! What a row over time covers, and how the whole answer is divided.

#[cfg(feature = "control")]
use api_metrics_store::calendar::{Tz, start_of_day};
use api_metrics_store::{
    calendar::{Alignment, Axis, Period},
    query::{Answer, Row},
    time::UnixSeconds,
};
#[cfg(feature = "control")]
use chrono::NaiveDate;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::time;

/// The period of a row, and what is to be known about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowPeriod {
    /// The first instant that the row covers.
    pub(crate) period_start: DateTime<Utc>,
    /// The first instant that the row does not cover.
    pub(crate) period_end: DateTime<Utc>,
    /// Whether the range begins or ends within the period, or the period is not over yet: the row may hold
    /// less than others. Only the first and the last can be.
    pub(crate) partial: bool,
    /// Whether the period is not cut where the zone's clock says, because only longer periods are kept, or
    /// records at its edges may belong to its neighbours.
    pub(crate) approximate: bool,
}

impl RowPeriod {
    /// The period of a row of this answer; `None` where the question has no step of the calendar.
    pub(crate) fn of(answer: &Answer, row: &Row) -> Option<Self> {
        let period = answer.period(row)?;
        Some(Self::new(period, answer.as_of_us, row.approximate))
    }

    /// A period as of this instant, in microseconds since the Unix epoch.
    pub(crate) fn new(period: Period, as_of_us: i64, approximate: bool) -> Self {
        Self {
            period_start: time(period.start),
            period_end: time(period.end),
            partial: period.cut || is_running(period.end, as_of_us),
            approximate,
        }
    }
}

/// The UTC day of a row, as bills count them.
#[cfg(feature = "control")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UtcDay {
    /// The UTC day.
    date: NaiveDate,
    /// Its first instant.
    period_start: DateTime<Utc>,
    /// The first instant after it.
    period_end: DateTime<Utc>,
}

#[cfg(feature = "control")]
impl From<NaiveDate> for UtcDay {
    fn from(date: NaiveDate) -> Self {
        let start = start_of_day(Tz::UTC, date);
        Self {
            date,
            period_start: time(start),
            period_end: time(start + 86_400),
        }
    }
}

/// Whether a period that ends at `end` was not over at this instant, in microseconds since the Unix epoch.
pub(crate) const fn is_running(end: UnixSeconds, as_of_us: i64) -> bool {
    as_of_us < end.saturating_mul(1_000_000)
}

/// How an answer over time is divided. Charts draw these periods, and compute none of their own.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AxisView {
    /// The length of a period: `1m` to `1mo`.
    step: &'static str,
    /// Where periods begin: `local` by the zone's clock; `utcHours` at whole UTC hours and `utcDays` at UTC
    /// midnights, because what is kept can't be cut where the zone's periods begin.
    alignment: &'static str,
    /// Where periods begin, and the end of the last: one more than there are periods. The range cuts the first
    /// and the last.
    edges: Vec<DateTime<Utc>>,
    /// By period, what the zone's clock shows at the start of the local hour, date, week or month that holds most
    /// of it.
    #[cfg_attr(test, schema(example = json!(["2026-05-17T00:00:00"])))]
    names: Vec<String>,
}

impl From<&Axis> for AxisView {
    fn from(axis: &Axis) -> Self {
        let mut edges: Vec<_> = axis.periods().map(|period| time(period.start)).collect();
        edges.push(time(axis.to));
        Self {
            step: axis.step.into(),
            alignment: alignment(axis),
            edges,
            names: (0..axis.len())
                .filter_map(|place| axis.name(place).map(clock))
                .collect(),
        }
    }
}

/// The axis of UTC periods that are kept apart from the buckets, so that all of them can be had.
#[cfg(feature = "control")]
pub(crate) fn utc_axis(
    range: api_metrics_store::query::TimeRange,
    step: api_metrics_store::calendar::Step,
) -> Option<AxisView> {
    let kept = api_metrics_store::calendar::Kept::default();
    let axis = Axis::resolve(range.from, range.to, step, Tz::UTC, &kept);
    axis.ok().map(|axis| AxisView::from(&axis))
}

/// What a clock shows, without a zone.
pub(crate) fn clock(shown: NaiveDateTime) -> String {
    shown.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The name of an axis' alignment.
pub(crate) fn alignment(axis: &Axis) -> &'static str {
    match axis.alignment {
        Alignment::UtcHours => "utcHours",
        Alignment::UtcDays => "utcDays",
        _ => "local",
    }
}
