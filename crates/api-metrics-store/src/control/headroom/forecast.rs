//! Forecasts from the hour of the week.
//!
//! An hour to come is expected to be as the same hours of the last four weeks were: Monday 09:00 as the Mondays before,
//! in UTC. A week counts from the day of the key's first request on; a week in which an hour was silent counts as
//! silent. Whoever has no week of history gets no forecast, and it is said so.
//!
//! ```text
//! limit:  an hour reaches it that reached it in at least half of the weeks; at the earliest minute of those
//! quota:  used + the means of the hours to come; used up where that sum reaches the quota, evenly within an hour
//! ```
//!
//! Example: 900 of 1,000 are used at 10:00, and between 10:00 and 12:00 there were 40 and 120 requests an hour in the
//! weeks before. At 11:00 940 are used, and the 60 that are left last half of the next hour: used up at 11:30.

use std::{collections::BTreeMap, fmt};

use crate::time::{Granularity, UnixSeconds};

/// A week, in seconds.
pub(super) const WEEK: i64 = 7 * 86_400;
/// How many weeks are looked back on.
pub(super) const WEEKS: i64 = 4;
const HOUR: i64 = 3_600;

/// What the same hours of past weeks say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// Weeks of history that it is made of, at most four; 0: there is none, and nothing can be said.
    pub weeks: u8,
    /// When the bound is reached: the limit within 24 hours, the quota within its period. `None`: not by these weeks.
    pub at: Option<UnixSeconds>,
    /// Whether nothing is left of the quota already.
    pub is_used_up: bool,
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_used_up {
            return f.write_str("used up");
        }
        let weeks = match self.weeks {
            0 => return f.write_str("no forecast: less than a week of history"),
            1 => "the same hours of the last week".to_owned(),
            n => format!("the same hours of the last {n} weeks"),
        };
        match self.at {
            Some(_) => write!(f, "reached, by {weeks}"),
            None => write!(f, "not reached, by {weeks}"),
        }
    }
}

/// How many whole weeks lie between the day of `first` and the running hour, at most four.
pub(super) fn weeks_since(first: Option<UnixSeconds>, now: UnixSeconds) -> u8 {
    let Some(first) = first else {
        return 0;
    };
    let weeks = (Granularity::Hour.floor(now) - Granularity::Day.floor(first)).div_euclid(WEEK);
    u8::try_from(weeks.clamp(0, WEEKS)).unwrap_or_default()
}

/// When a limit is reached within 24 hours. `hits` are the hours of the past in which it was, each with the first such
/// minute.
pub(super) fn limit_hit(
    hits: &BTreeMap<UnixSeconds, UnixSeconds>,
    weeks: u8,
    now: UnixSeconds,
) -> Option<UnixSeconds> {
    let running = Granularity::Hour.floor(now);
    (0..=24)
        .map(|n| running + n * HOUR)
        .find_map(|hour| {
            let before = (1..=i64::from(weeks)).map(|week| hour - week * WEEK);
            let minutes: Vec<i64> = before
                .filter_map(|before| Some(hits.get(&before)? - before))
                .collect();
            let often = !minutes.is_empty() && minutes.len() * 2 >= usize::from(weeks);
            let first = minutes.into_iter().min()?;
            often.then_some((hour + first).max(now))
        })
        .filter(|at| *at < now + 86_400)
}

/// When nothing is left of a quota, before `end`. `hours` are what was used in the hours of the past.
pub(super) fn exhaustion(
    hours: &BTreeMap<UnixSeconds, u64>,
    weeks: u8,
    (used, limit): (u64, u64),
    now: UnixSeconds,
    end: UnixSeconds,
) -> Option<UnixSeconds> {
    if used >= limit {
        return Some(now);
    }
    if weeks == 0 {
        return None;
    }
    let running = Granularity::Hour.floor(now);
    let mut left = (limit - used) as f64;
    let mut hour = running;
    while hour < end {
        // The last such hour that is over.
        let ahead = (hour - running).div_euclid(WEEK) + 1;
        let samples = (0..i64::from(weeks)).map(|week| hour - (ahead + week) * WEEK);
        let sum: u64 = samples.filter_map(|before| hours.get(&before)).sum();
        let begin = hour.max(now);
        let seconds = (hour + HOUR - begin) as f64;
        let expected = sum as f64 / f64::from(weeks) * seconds / HOUR as f64;
        if expected >= left && expected > 0.0 {
            let at = begin + (left / expected * seconds).ceil() as i64;
            return (at < end).then_some(at);
        }
        left -= expected;
        hour += HOUR;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-05-18, a Monday, at 10:00.
    const NOW: i64 = 1_779_098_400;

    #[test]
    fn a_quota_is_used_up_by_the_hours_of_the_weeks_before() {
        let hours: BTreeMap<i64, u64> = [
            (NOW - WEEK, 40),
            (NOW - WEEK + HOUR, 100),
            (NOW - 2 * WEEK, 40),
            (NOW - 2 * WEEK + HOUR, 140),
        ]
        .into();
        let end = NOW + 30 * 86_400;
        let at = |weeks, used| exhaustion(&hours, weeks, (used, 1_000), NOW, end);
        assert_eq!(at(2, 900), Some(NOW + HOUR + 1_800));
        // In the middle of the hour half of it is still to come.
        let later = exhaustion(&hours, 2, (900, 1_000), NOW + 1_800, end);
        assert_eq!(later, Some(NOW + HOUR + 2_400));
        // Not today, but by the same hours of the next week: 160 a week, 40 of them at ten.
        assert_eq!(at(2, 820), Some(NOW + WEEK + 1_800));
        assert_eq!(at(1, 820), Some(NOW + WEEK + HOUR));
        // 5 weeks hold 800.
        assert_eq!(at(2, 100), None);
        assert_eq!(at(0, 900), None);
        assert_eq!(at(0, 1_000), Some(NOW));
    }

    #[test]
    fn a_limit_is_hit_in_the_hours_that_hit_it_in_half_of_the_weeks() {
        let noon = NOW + 2 * HOUR;
        let hits = |weeks: &[i64]| -> BTreeMap<i64, i64> {
            weeks
                .iter()
                .map(|week| (noon - week * WEEK, noon - week * WEEK + 60 * week))
                .collect()
        };
        assert_eq!(limit_hit(&hits(&[1]), 1, NOW), Some(noon + 60));
        assert_eq!(limit_hit(&hits(&[2, 3]), 4, NOW), Some(noon + 120));
        assert_eq!(limit_hit(&hits(&[2]), 4, NOW), None);
        assert_eq!(limit_hit(&hits(&[1]), 0, NOW), None);
        // The hour runs: it may be hit at any time.
        assert_eq!(limit_hit(&hits(&[1]), 1, noon + 900), Some(noon + 900));
        // More than a day ahead.
        assert_eq!(limit_hit(&hits(&[1]), 1, noon - 86_400), None);
    }

    #[test]
    fn a_week_of_history_is_what_a_forecast_takes() {
        assert_eq!(weeks_since(None, NOW), 0);
        assert_eq!(weeks_since(Some(NOW - WEEK + HOUR), NOW), 1);
        assert_eq!(weeks_since(Some(NOW - WEEK + 86_400), NOW), 0);
        assert_eq!(weeks_since(Some(0), NOW), 4);
        assert_eq!(
            Forecast::default().to_string(),
            "no forecast: less than a week of history"
        );
        let two = Forecast {
            weeks: 2,
            ..Forecast::default()
        };
        assert_eq!(
            two.to_string(),
            "not reached, by the same hours of the last 2 weeks"
        );
    }
}
