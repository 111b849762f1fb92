//! Where quota periods start and end.
//!
//! | period | starts | lasts |
//! |---|---|---|
//! | `month` | at midnight of the 1st in the configured zone, rounded down to a UTC hour | a calendar month, 672 to 745 hours |
//! | `Nd` | at the key's anchor, rounded down to a UTC hour, and every `N` days after and before it | `24 N` hours, whatever clocks do |
//!
//! Periods tile time: each instant lies in one, and one begins where the one before ends. Edges are
//! whole UTC hours because the ledger
//! keeps hours for 90 days and minutes for one. In
//! a zone that is off the hour, such as Asia/Kolkata at +05:30, a month begins half an hour before its
//! midnight.

use std::fmt;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::{
    calendar::{Step, local_date, start_of_day},
    query::TimeRange,
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

impl QuotaPeriod {
    /// Reads `month`, `1d`, `30d`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "month" {
            return Some(Self::Month);
        }
        let days = name.strip_suffix('d')?;
        // `parse` would take a sign.
        if !days.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        days.parse()
            .ok()
            .filter(|days| (1..=366).contains(days))
            .map(Self::Days)
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
/// ```
/// use api_metrics_store::control::quotas::{QuotaPeriod, Tz, period_at};
///
/// // 30 days from the anchor at 0 on: the second period holds day 45.
/// let period = period_at(QuotaPeriod::Days(30), 0, Tz::UTC, 45 * 86_400);
/// assert_eq!((period.from, period.to), (30 * 86_400, 60 * 86_400));
/// ```
#[must_use]
pub fn period_at(period: QuotaPeriod, anchor: UnixSeconds, tz: Tz, at: UnixSeconds) -> TimeRange {
    match period {
        QuotaPeriod::Days(days) => {
            let anchor = Granularity::Hour.floor(anchor);
            let length = i64::from(days.max(1)) * 86_400;
            let start = anchor + (at - anchor).div_euclid(length) * length;
            TimeRange::new(start, start + length)
        }
        QuotaPeriod::Month => {
            let (first, next) = Step::Month.dates_around(local_date(tz, at));
            let (start, end) = (month_start(first, tz), month_start(next, tz));
            if at >= end {
                // Between the snapped start of the next month and its real midnight.
                let (_, after) = Step::Month.dates_around(next);
                return TimeRange::new(end, month_start(after, tz));
            }
            TimeRange::new(start, end)
        }
    }
}

/// The start of a month in a zone, rounded down to a UTC hour. Where midnight occurs twice, the earlier
/// one counts.
fn month_start(first: NaiveDate, tz: Tz) -> UnixSeconds {
    Granularity::Hour.floor(start_of_day(tz, first))
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
        let range = period_at(QuotaPeriod::Month, 0, tz, at(now));
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
            let range = period_at(QuotaPeriod::Month, 0, tz, at(now));
            (range.to - range.from) / 3_600
        };
        assert_eq!(
            hours(Tz::Europe__Berlin, "2026-03-15T00:00:00Z"),
            31 * 24 - 1
        );
        assert_eq!(
            hours(Tz::Europe__Berlin, "2026-10-15T00:00:00Z"),
            31 * 24 + 1
        );
        assert_eq!(
            hours(Tz::America__New_York, "2026-11-15T00:00:00Z"),
            30 * 24 + 1
        );
        assert_eq!(
            month(Tz::Europe__Berlin, "2026-03-31T22:00:00Z").0,
            "2026-03-31T22:00:00+00:00"
        );
    }

    #[test]
    fn every_instant_is_in_one_period_and_the_next_begins_where_it_ends() {
        for tz in [
            Tz::UTC,
            Tz::Asia__Kolkata,
            Tz::Australia__Lord_Howe,
            Tz::America__Sao_Paulo,
        ] {
            let mut now = at("2015-01-01T00:00:00Z");
            let mut last = period_at(QuotaPeriod::Month, 0, tz, now);
            while now < at("2019-12-31T00:00:00Z") {
                let range = period_at(QuotaPeriod::Month, 0, tz, now);
                assert!(range.contains(now), "{tz} {now}");
                assert!(range == last || range.from == last.to, "{tz} {now}");
                assert_eq!(range.from % 3_600, 0);
                last = range;
                now += 1_799;
            }
        }
    }

    #[test]
    fn rolling_days_start_at_the_anchors_hour_before_it_too() {
        let period = QuotaPeriod::Days(30);
        let anchor = at("2026-01-31T10:42:00Z");
        let range = period_at(
            period,
            anchor,
            Tz::Europe__Berlin,
            at("2026-03-29T12:00:00Z"),
        );
        // Clock changes do not matter: a day is 24 hours.
        assert_eq!(
            range,
            TimeRange::new(at("2026-03-02T10:00:00Z"), at("2026-04-01T10:00:00Z"))
        );
        let before = period_at(period, anchor, Tz::UTC, at("2026-01-31T09:59:59Z"));
        assert_eq!(before.to, at("2026-01-31T10:00:00Z"));
    }

    #[test]
    fn names_round_trip() {
        for name in ["month", "1d", "30d", "366d"] {
            assert_eq!(QuotaPeriod::from_name(name).unwrap().to_string(), name);
        }
        for wrong in ["", "d", "0d", "367d", "-1d", "+1d", "week"] {
            assert_eq!(QuotaPeriod::from_name(wrong), None, "{wrong}");
        }
    }
}
