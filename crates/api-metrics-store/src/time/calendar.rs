//! Days in UTC.

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::UnixSeconds;

/// The earliest day that the store can hold.
pub(crate) const DAWN: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The UTC date of an instant, clamped to the calendar.
#[must_use]
pub fn utc_date(at: UnixSeconds) -> NaiveDate {
    DateTime::from_timestamp(at, 0).map_or(if at < 0 { DAWN } else { NaiveDate::MAX }, |at| {
        at.date_naive()
    })
}

/// The first second of a UTC date.
#[must_use]
pub fn utc_midnight(date: NaiveDate) -> UnixSeconds {
    date.and_time(NaiveTime::MIN).and_utc().timestamp()
}
