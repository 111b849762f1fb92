//! Days in UTC.
//!
//! A day begins at 00:00:00Z and has 86,400 seconds: Unix time knows no leap seconds. Instants outside
//! of the calendar are clamped to its first or last day, so that a wrong clock can't make a date fail.

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::UnixSeconds;

/// The earliest day that the store can hold.
///
/// 0001-01-01. It also stands for "always": a plan that was set without a date counts from it on.
pub(crate) const DAWN: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The UTC date of an instant, clamped to the calendar.
pub(crate) fn utc_date(at: UnixSeconds) -> NaiveDate {
    DateTime::from_timestamp(at, 0).map_or(if at < 0 { DAWN } else { NaiveDate::MAX }, |at| {
        at.date_naive()
    })
}

/// The first second of a UTC date.
pub(crate) fn utc_midnight(date: NaiveDate) -> UnixSeconds {
    date.and_time(NaiveTime::MIN).and_utc().timestamp()
}
