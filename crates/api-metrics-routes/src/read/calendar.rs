//! The calendar: where the steps of a time axis begin, and which day or month an instant lies in.
//!
//! All arithmetic on zones stands here. Times are whole seconds since the Unix epoch.

use api_metrics_store::{query::TimeStep, time::UnixSeconds};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

/// The `n`th edge after `at`.
pub(crate) fn edge_after(step: TimeStep, at: UnixSeconds, n: u32) -> UnixSeconds {
    match step {
        TimeStep::Fixed(granularity) => {
            granularity.floor(at) + granularity.seconds() * i64::from(n)
        }
        TimeStep::Hour(zone) => {
            let offset = offset_seconds(zone, at);
            (at + offset).div_euclid(3_600) * 3_600 - offset + 3_600 * i64::from(n)
        }
        TimeStep::Day(zone) => days_after(zone, local_date(zone, at), n),
        TimeStep::Week(zone) => {
            let date = local_date(zone, at);
            let since_monday = u64::from(date.weekday().num_days_from_monday());
            let monday = date
                .checked_sub_days(Days::new(since_monday))
                .unwrap_or(date);
            days_after(zone, monday, n.saturating_mul(7))
        }
    }
}

/// The start of the day that lies this many days after `date`.
fn days_after(zone: Tz, date: NaiveDate, days: u32) -> UnixSeconds {
    start_of_day(
        zone,
        date.checked_add_days(Days::new(u64::from(days)))
            .unwrap_or(NaiveDate::MAX),
    )
}

/// The start of the minute that `at` lies in.
pub(crate) const fn floor_minute(at: UnixSeconds) -> UnixSeconds {
    at - at.rem_euclid(60)
}

/// The UTC day that `at` lies in.
#[cfg(feature = "control")]
pub(crate) fn utc_day(at: UnixSeconds) -> NaiveDate {
    DateTime::from_timestamp(at, 0)
        .unwrap_or_default()
        .date_naive()
}

/// The first day of the month that `day` lies in.
#[cfg(feature = "control")]
pub(crate) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The date that a zone's calendar shows at `at`.
pub(crate) fn local_date(zone: Tz, at: UnixSeconds) -> NaiveDate {
    DateTime::from_timestamp(at, 0)
        .unwrap_or_default()
        .with_timezone(&zone)
        .date_naive()
}

/// When a day begins in a zone, also where its midnight is skipped or comes twice.
pub(crate) fn start_of_day(zone: Tz, date: NaiveDate) -> UnixSeconds {
    let midnight = date.and_time(NaiveTime::MIN);
    if let Some(at) = zone.from_local_datetime(&midnight).earliest() {
        return at.timestamp();
    }
    // The clocks jump over midnight: with the offset from before the jump, the missing midnight is
    // the instant of the jump itself.
    let utc = midnight.and_utc().timestamp();
    utc - offset_seconds(zone, utc - 86_400)
}

/// A zone's offset from UTC at an instant.
fn offset_seconds(zone: Tz, at: UnixSeconds) -> i64 {
    let utc = DateTime::from_timestamp(at, 0).unwrap_or_default();
    i64::from(
        zone.offset_from_utc_datetime(&utc.naive_utc())
            .fix()
            .local_minus_utc(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use api_metrics_store::time::Granularity;

    use super::*;

    fn at(text: &str) -> UnixSeconds {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    #[test]
    fn edges_are_multiples_of_the_step() {
        let minute = TimeStep::Fixed(Granularity::Minute);
        assert_eq!(edge_after(minute, 61, 1), 120);
        assert_eq!(edge_after(minute, 60, 3), 240);
        let kathmandu = TimeStep::Hour(Tz::Asia__Kathmandu);
        assert_eq!(
            edge_after(kathmandu, at("2026-05-18T09:30:00Z"), 1),
            at("2026-05-18T10:15:00Z")
        );
    }

    #[test]
    fn days_and_weeks_follow_the_zone_through_its_changes() {
        let berlin = Tz::Europe__Berlin;
        let noon = at("2026-03-28T12:00:00Z");
        assert_eq!(
            edge_after(TimeStep::Day(berlin), noon, 1),
            at("2026-03-28T23:00:00Z")
        );
        assert_eq!(
            edge_after(TimeStep::Day(berlin), noon, 2),
            at("2026-03-29T22:00:00Z")
        );
        assert_eq!(
            edge_after(TimeStep::Week(berlin), noon, 1),
            at("2026-03-29T22:00:00Z")
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_with_the_jump() {
        let date = NaiveDate::from_ymd_opt(2024, 4, 26).unwrap();
        assert_eq!(
            start_of_day(Tz::Africa__Cairo, date),
            at("2024-04-25T22:00:00Z")
        );
    }
}
