//! The edges of a time axis: UTC periods, or the days of a zone through its clock changes.
//!
//! Days of a zone are 23, 24 or 25 hours long, and some zones change by half an hour. Edges are
//! instants, so that a step is whatever lies between two of them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    query::{TimeRange, TimeStep},
    time::UnixSeconds,
};

/// The edges of the steps that cover `range`: ascending, the first at or before its start, the last
/// at or after its end. At least two.
pub(crate) fn edges(range: TimeRange, step: TimeStep) -> Vec<UnixSeconds> {
    match step {
        TimeStep::Fixed(granularity) => every(
            granularity.floor(range.from),
            granularity.seconds(),
            range.to,
        ),
        TimeStep::Hour(tz) => {
            // Zones are off the hour by whole minutes, the same for all hours between two changes;
            // changes themselves are by half or whole hours.
            let offset = offset_seconds(tz, range.from);
            every(
                (range.from + offset).div_euclid(3_600) * 3_600 - offset,
                3_600,
                range.to,
            )
        }
        TimeStep::Day(tz) => days(range, tz, |date| date, Days::new(1)),
        TimeStep::Week(tz) => days(range, tz, monday, Days::new(7)),
    }
}

/// Edges of one length from `first` on, until `to` is reached. At least two.
fn every(first: UnixSeconds, seconds: i64, to: UnixSeconds) -> Vec<UnixSeconds> {
    let mut edges = vec![first];
    let mut edge = first;
    while edge < to || edges.len() < 2 {
        edge += seconds;
        edges.push(edge);
    }
    edges
}

/// Edges at the starts of days, `step` days apart, from the day that `first` makes of the one
/// containing the start of the range. Stops where the calendar ends.
fn days(
    range: TimeRange,
    tz: Tz,
    first: fn(NaiveDate) -> NaiveDate,
    step: Days,
) -> Vec<UnixSeconds> {
    let mut date = first(local_date(tz, range.from));
    let mut edges = vec![start_of_day(tz, date)];
    while edges.last().is_some_and(|edge| *edge < range.to) || edges.len() < 2 {
        let Some(next) = date.checked_add_days(step) else {
            break;
        };
        date = next;
        edges.push(start_of_day(tz, date));
    }
    edges
}

/// The Monday of the week that contains `date`.
fn monday(date: NaiveDate) -> NaiveDate {
    date.week(chrono::Weekday::Mon)
        .checked_first_day()
        .unwrap_or(date)
}

/// The instant as a date and time; the epoch where the calendar can't show it.
fn utc(at: UnixSeconds) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap_or_default()
}

/// How far a zone's clocks are ahead of UTC at `at`, in seconds. 3,600 for Berlin in winter, 7,200 in
/// summer.
fn offset_seconds(tz: Tz, at: UnixSeconds) -> i64 {
    i64::from(
        tz.offset_from_utc_datetime(&utc(at).naive_utc())
            .fix()
            .local_minus_utc(),
    )
}

/// The date that a zone's calendar shows at `at`.
pub(crate) fn local_date(tz: Tz, at: UnixSeconds) -> NaiveDate {
    utc(at).with_timezone(&tz).date_naive()
}

/// When a day begins in a zone: its first instant, also where its midnight is skipped or comes twice.
pub(crate) fn start_of_day(tz: Tz, date: NaiveDate) -> UnixSeconds {
    let midnight = date.and_time(NaiveTime::MIN);
    if let Some(at) = tz.from_local_datetime(&midnight).earliest() {
        return at.timestamp();
    }
    // The clocks jump over midnight. Read with the offset from before the jump, the missing
    // midnight is the instant of the jump itself, to which the day's first moment belongs.
    let before = midnight.and_utc().timestamp() - 86_400;
    midnight.and_utc().timestamp() - offset_seconds(tz, before)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::time::Granularity;

    fn at(text: &str) -> UnixSeconds {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn hours_of_days(tz: Tz, from: &str, to: &str) -> Vec<i64> {
        let edges = edges(TimeRange::new(at(from), at(to)), TimeStep::Day(tz));
        edges.windows(2).map(|w| (w[1] - w[0]) / 3_600).collect()
    }

    #[test]
    fn days_are_23_and_25_hours_long_where_clocks_change() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(
            hours_of_days(berlin, "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z"),
            [24, 23]
        );
        assert_eq!(
            hours_of_days(berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            [25]
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_at_the_jump() {
        // Santiago's clocks went from 24:00 to 01:00 on 2024-09-08.
        let date = NaiveDate::from_ymd_opt(2024, 9, 8).unwrap();
        assert_eq!(
            start_of_day(chrono_tz::America::Santiago, date),
            at("2024-09-08T04:00:00Z")
        );
    }

    #[test]
    fn weeks_start_on_monday_and_hours_follow_zones_off_the_hour() {
        let week = edges(
            TimeRange::new(at("2026-11-21T00:00:00Z"), at("2026-11-21T01:00:00Z")),
            TimeStep::Week(Tz::UTC),
        );
        assert_eq!(
            week,
            [at("2026-11-16T00:00:00Z"), at("2026-11-23T00:00:00Z")]
        );
        let hour = edges(
            TimeRange::new(at("2026-11-21T00:10:00Z"), at("2026-11-21T01:00:00Z")),
            TimeStep::Hour(chrono_tz::Asia::Kolkata),
        );
        assert_eq!(
            hour,
            [
                at("2026-11-20T23:30:00Z"),
                at("2026-11-21T00:30:00Z"),
                at("2026-11-21T01:30:00Z")
            ]
        );
    }

    #[test]
    fn fixed_steps_are_utc_multiples_around_the_range() {
        let edges = edges(
            TimeRange::new(61, 121),
            TimeStep::Fixed(Granularity::Minute),
        );
        assert_eq!(edges, [60, 120, 180]);
    }
}
