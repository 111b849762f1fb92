//! What a period is called: the local hour, date, week or month that holds most of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::{
    Step, Tz,
    zone::{days_after, pieces},
};
use crate::time::UnixSeconds;

/// The start, on the wall clock, of the local step that holds most of `[start, end)`; of two that hold the
/// same, the later one.
pub(super) fn name(zone: Tz, step: Step, start: UnixSeconds, end: UnixSeconds) -> NaiveDateTime {
    let mut held: BTreeMap<NaiveDateTime, i64> = BTreeMap::new();
    for (from, to, offset) in pieces(zone, start, end) {
        // Within a piece the wall clock runs like the time.
        let (mut at, stop) = (from + offset, to + offset);
        while at < stop {
            let begun = floor(step, wall(at));
            let next = ceiling(step, begun)
                .and_utc()
                .timestamp()
                .clamp(at + 1, stop);
            *held.entry(begun).or_default() += next - at;
            at = next;
        }
    }
    // The last of equals is the later one, because the map is in order.
    let most = held.into_iter().max_by_key(|(_, seconds)| *seconds);
    most.map_or_else(|| floor(step, wall(start)), |(begun, _)| begun)
}

fn wall(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .naive_utc()
}

/// The start of the step that shows `at`, on the wall clock.
pub(super) fn floor(step: Step, at: NaiveDateTime) -> NaiveDateTime {
    let date = at.date();
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    match step {
        Step::Day => midnight(date),
        Step::Week => midnight(monday(date)),
        Step::Month => midnight(date.with_day(1).unwrap_or(date)),
        _ => {
            let into = i64::from(at.time().num_seconds_from_midnight());
            midnight(date) + chrono::TimeDelta::seconds(into - into.rem_euclid(step.seconds()))
        }
    }
}

/// The start of the step after the one that starts at `begun`, on the wall clock.
pub(super) fn ceiling(step: Step, begun: NaiveDateTime) -> NaiveDateTime {
    let date = begun.date();
    match step {
        Step::Day => days_after(date, 1).and_time(NaiveTime::MIN),
        Step::Week => days_after(date, 7).and_time(NaiveTime::MIN),
        Step::Month => date
            .checked_add_months(Months::new(1))
            .unwrap_or(NaiveDate::MAX)
            .and_time(NaiveTime::MIN),
        _ => begun
            .checked_add_signed(chrono::TimeDelta::seconds(step.seconds()))
            .unwrap_or(NaiveDateTime::MAX),
    }
}

impl Step {
    /// The first date of the day, week or month that contains `date`, and the first date after it. Of shorter
    /// steps it is the day's.
    ///
    /// ```
    /// use api_metrics_store::calendar::Step;
    ///
    /// let date = "2028-02-29".parse()?;
    /// let (first, next) = Step::Month.dates_around(date);
    /// assert_eq!((first.to_string(), next.to_string()), ("2028-02-01".into(), "2028-03-01".into()));
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    #[must_use]
    pub fn dates_around(self, date: NaiveDate) -> (NaiveDate, NaiveDate) {
        let step = self.max(Self::Day);
        let first = floor(step, date.and_time(NaiveTime::MIN));
        (first.date(), ceiling(step, first).date())
    }
}

fn monday(date: NaiveDate) -> NaiveDate {
    date.week(chrono::Weekday::Mon)
        .checked_first_day()
        .unwrap_or(date)
}
