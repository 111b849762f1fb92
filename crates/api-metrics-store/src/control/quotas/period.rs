//! Where quota periods start and end.
//!
//! | period | starts | lasts |
//! |---|---|---|
//! | `month` | at midnight of the 1st in the configured zone, rounded down to a UTC hour | a calendar month, 672 to 745 hours |
//! | `month` with an anchor | each month on the anchor's day and hour in the configured zone; on the last day of a month that is too short | a month, 671 to 745 hours |
//! | `Nd` | at the key's anchor, rounded down to a UTC hour, and every `N` days after and before it | `24 N` hours, whatever clocks do |
//!
//! Periods tile time: each instant lies in one, and one begins where the one before ends. Edges are
//! whole UTC hours because the ledger
//! keeps hours for 90 days and minutes for one. In
//! a zone that is off the hour, such as Asia/Kolkata at +05:30, a month begins half an hour before its
//! midnight.

use std::{fmt, str::FromStr};

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime};

use crate::{
    calendar::{Tz, first_instant, local_date, local_time},
    query::TimeRange,
    store::{StoreError, invalid},
    time::{Granularity, UnixSeconds},
};

/// How long a quota lasts before it starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuotaPeriod {
    /// A calendar month.
    Month,
    /// A number of days of 24 hours, 1 to 366, one period after the other from the key's anchor on.
    Days(u16),
}

impl FromStr for QuotaPeriod {
    type Err = StoreError;

    /// Reads `month`, `1d`, `30d`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where it is neither `month` nor 1 to 366 days.
    fn from_str(name: &str) -> Result<Self, StoreError> {
        if name == "month" {
            return Ok(Self::Month);
        }
        let days = name.strip_suffix('d').filter(|days| {
            // `parse` would take a sign.
            days.bytes().all(|b| b.is_ascii_digit())
        });
        match days.and_then(|days| days.parse().ok()) {
            Some(days) if (1..=366).contains(&days) => Ok(Self::Days(days)),
            _ => invalid(
                "quotaPeriod",
                "is neither `month` nor a number of days from 1 to 366 as in `30d`",
            ),
        }
    }
}

impl fmt::Display for QuotaPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month => f.write_str("month"),
            Self::Days(days) => write!(f, "{days}d"),
        }
    }
}

/// The period that holds `at`. Its edges are whole UTC hours, the finest that the ledger keeps for
/// long; months of a zone off the hour begin at the hour before their midnight.
///
/// Without an anchor months are the calendar's, and days count from the Unix epoch. An anchored month begins
/// on the anchor's day of the month, at its time of the day in `tz`; where a month is shorter, on its last
/// day: from January 31 the periods begin on February 28 or 29, March 31, April 30.
///
/// ```
/// use api_metrics_store::{calendar::Tz, control::quotas::{QuotaPeriod, period_at}};
///
/// // 30 days from the anchor at 0 on: the second period holds day 45.
/// let period = period_at(QuotaPeriod::Days(30), Some(0), Tz::UTC, 45 * 86_400);
/// assert_eq!((period.from, period.to), (30 * 86_400, 60 * 86_400));
/// ```
#[must_use]
pub fn period_at(
    period: QuotaPeriod,
    anchor: Option<UnixSeconds>,
    tz: Tz,
    at: UnixSeconds,
) -> TimeRange {
    match period {
        QuotaPeriod::Days(days) => {
            let anchor = Granularity::Hour.floor(anchor.unwrap_or_default());
            let length = i64::from(days.max(1)) * 86_400;
            let start = anchor + (at - anchor).div_euclid(length) * length;
            TimeRange::new(start, start + length)
        }
        QuotaPeriod::Month => {
            let anchor = anchor.map_or_else(
                || NaiveDate::default().and_time(NaiveTime::MIN),
                |anchor| local_time(tz, anchor),
            );
            month_at(anchor, tz, at)
        }
    }
}

/// The anchored month that holds `at`.
fn month_at(anchor: NaiveDateTime, tz: Tz, at: UnixSeconds) -> TimeRange {
    let first = first_of_month(local_date(tz, at));
    let start = |months: i32| month_start(first, months, anchor, tz);
    // The start in this month may lie after `at`, and that of the next before it, where edges are snapped to
    // the hour.
    let (before, this, next) = (start(-1), start(0), start(1));
    if at < this {
        TimeRange::new(before, this)
    } else if at < next {
        TimeRange::new(this, next)
    } else {
        TimeRange::new(next, start(2))
    }
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// Where the period begins that is anchored in the month so many months after `first`, rounded down to a UTC
/// hour. Where clocks show that time twice, the earlier one counts.
fn month_start(first: NaiveDate, months: i32, anchor: NaiveDateTime, tz: Tz) -> UnixSeconds {
    let by = Months::new(months.unsigned_abs());
    let month = if months < 0 {
        first.checked_sub_months(by)
    } else {
        first.checked_add_months(by)
    }
    .unwrap_or(first);
    // The anchor's day, or the last one that the month has.
    let date = (28..=anchor.day())
        .rev()
        .find_map(|day| month.with_day(day))
        .or_else(|| month.with_day(anchor.day()))
        .unwrap_or(month);
    Granularity::Hour.floor(first_instant(tz, date.and_time(anchor.time())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::DateTime;

    use super::*;

    fn at(text: &str) -> UnixSeconds {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn month(tz: Tz, now: &str) -> (String, String) {
        let range = period_at(QuotaPeriod::Month, None, tz, at(now));
        let text = |at| DateTime::from_timestamp(at, 0).unwrap().to_rfc3339();
        (text(range.from), text(range.to))
    }

    #[test]
    fn months_follow_the_calendar_through_leap_days_and_years() {
        for (now, from, to) in [
            (
                "2028-02-29T23:59:59Z",
                "2028-02-01T00:00:00+00:00",
                "2028-03-01T00:00:00+00:00",
            ),
            (
                "2027-02-28T12:00:00Z",
                "2027-02-01T00:00:00+00:00",
                "2027-03-01T00:00:00+00:00",
            ),
            (
                "2027-12-31T23:59:59Z",
                "2027-12-01T00:00:00+00:00",
                "2028-01-01T00:00:00+00:00",
            ),
            (
                "2028-01-01T00:00:00Z",
                "2028-01-01T00:00:00+00:00",
                "2028-02-01T00:00:00+00:00",
            ),
        ] {
            assert_eq!(month(Tz::UTC, now), (from.into(), to.into()), "{now}");
        }
    }

    #[test]
    fn a_month_with_a_clock_change_is_an_hour_shorter_or_longer() {
        let hours = |tz, now| {
            let range = period_at(QuotaPeriod::Month, None, tz, at(now));
            (range.to - range.from) / 3_600
        };
        assert_eq!(
            hours(Tz::named("Europe/Berlin"), "2026-03-15T00:00:00Z"),
            31 * 24 - 1
        );
        assert_eq!(
            hours(Tz::named("Europe/Berlin"), "2026-10-15T00:00:00Z"),
            31 * 24 + 1
        );
        assert_eq!(
            hours(Tz::named("America/New_York"), "2026-11-15T00:00:00Z"),
            30 * 24 + 1
        );
        assert_eq!(
            month(Tz::named("Europe/Berlin"), "2026-03-31T22:00:00Z").0,
            "2026-03-31T22:00:00+00:00"
        );
    }

    #[test]
    fn every_instant_is_in_one_period_and_the_next_begins_where_it_ends() {
        for tz in [
            Tz::UTC,
            Tz::named("Asia/Kolkata"),
            Tz::named("Australia/Lord_Howe"),
            Tz::named("America/Sao_Paulo"),
        ] {
            let mut now = at("2015-01-01T00:00:00Z");
            let mut last = period_at(QuotaPeriod::Month, None, tz, now);
            while now < at("2019-12-31T00:00:00Z") {
                let range = period_at(QuotaPeriod::Month, None, tz, now);
                assert!(range.contains(now), "{tz} {now}");
                assert!(range == last || range.from == last.to, "{tz} {now}");
                assert_eq!(range.from % 3_600, 0);
                last = range;
                now += 1_799;
            }
        }
    }

    #[test]
    fn an_anchored_month_begins_on_its_day_or_on_the_last_that_there_is() {
        let anchor = at("2026-01-31T10:42:00Z");
        for (now, from, to) in [
            ("2026-01-31T10:42:00Z", "2026-01-31T10", "2026-02-28T10"),
            ("2026-02-28T09:59:59Z", "2026-01-31T10", "2026-02-28T10"),
            ("2026-02-28T10:00:00Z", "2026-02-28T10", "2026-03-31T10"),
            ("2026-03-31T12:00:00Z", "2026-03-31T10", "2026-04-30T10"),
            ("2028-02-29T10:00:00Z", "2028-02-29T10", "2028-03-31T10"),
            ("2026-12-31T10:00:00Z", "2026-12-31T10", "2027-01-31T10"),
            // Before the anchor, too.
            ("2025-11-30T11:00:00Z", "2025-11-30T10", "2025-12-31T10"),
        ] {
            let range = period_at(QuotaPeriod::Month, Some(anchor), Tz::UTC, at(now));
            let hour = |text: &str| at(&format!("{text}:00:00Z"));
            assert_eq!(range, TimeRange::new(hour(from), hour(to)), "{now}");
        }
        // The day is that of the zone: 23:30 on the 30th in UTC is the 31st in Berlin.
        let range = period_at(
            QuotaPeriod::Month,
            Some(at("2026-01-30T23:30:00Z")),
            Tz::named("Europe/Berlin"),
            at("2026-04-15T00:00:00Z"),
        );
        assert_eq!(
            range,
            TimeRange::new(at("2026-03-30T22:00:00Z"), at("2026-04-29T22:00:00Z"))
        );
    }

    #[test]
    fn anchored_months_tile_time_whatever_the_anchor_and_the_zone() {
        for tz in [
            Tz::UTC,
            Tz::named("Asia/Kolkata"),
            Tz::named("Australia/Lord_Howe"),
            Tz::named("America/Sao_Paulo"),
            Tz::named("Pacific/Apia"),
        ] {
            for anchor in [
                "2016-02-29T23:30:00Z",
                "2011-12-30T12:00:00Z",
                "2026-10-31T02:30:00Z",
                "1999-01-01T00:00:00Z",
            ] {
                let period = |now| period_at(QuotaPeriod::Month, Some(at(anchor)), tz, now);
                let mut now = at("2011-01-01T00:00:00Z");
                let mut last = period(now);
                while now < at("2013-12-31T00:00:00Z") {
                    let range = period(now);
                    assert!(range.contains(now), "{tz} {anchor} {now} {range:?}");
                    assert!(
                        range == last || range.from == last.to,
                        "{tz} {anchor} {now}"
                    );
                    assert_eq!(range.from % 3_600, 0);
                    last = range;
                    now += 3_600;
                }
            }
        }
    }

    #[test]
    fn rolling_days_start_at_the_anchors_hour_before_it_too() {
        let period = QuotaPeriod::Days(30);
        let anchor = at("2026-01-31T10:42:00Z");
        let range = period_at(
            period,
            Some(anchor),
            Tz::named("Europe/Berlin"),
            at("2026-03-29T12:00:00Z"),
        );
        // Clock changes do not matter: a day is 24 hours.
        assert_eq!(
            range,
            TimeRange::new(at("2026-03-02T10:00:00Z"), at("2026-04-01T10:00:00Z"))
        );
        let before = period_at(period, Some(anchor), Tz::UTC, at("2026-01-31T09:59:59Z"));
        assert_eq!(before.to, at("2026-01-31T10:00:00Z"));
    }

    #[test]
    fn names_round_trip() {
        for name in ["month", "1d", "30d", "366d"] {
            assert_eq!(name.parse::<QuotaPeriod>().unwrap().to_string(), name);
        }
        for wrong in ["", "d", "0d", "367d", "-1d", "+1d", "week"] {
            assert!(wrong.parse::<QuotaPeriod>().is_err(), "{wrong}");
        }
    }
}
