//! The baseline of an hour of the week, for anomaly rules.
//!
//! An anomaly rule compares a value of its window with what is normal for this hour of the week: requests or bytes a
//! minute, the error rate, or a latency. The baseline of the hour that holds the window's last second is made of the
//! same hour in each of the last eight weeks:
//!
//! ```text
//! value(w)  = the value of the hour, w weeks ago                    w = 1 .. 8
//! median    = median of the values
//! spread    = max(1.4826 * median(|value - median|), median / 20, least)
//! deviation = |value of the window - median| / spread
//! ```
//!
//! | value | least spread | deviates | a week without requests |
//! |---|---|---|---|
//! | requests a minute | 1 | above and below | is 0 |
//! | bytes a minute | 1,000 | above and below | is 0 |
//! | error rate | 1 percentage point | above | is left out |
//! | latency | 1 ms | above | is left out |
//!
//! Weeks are left out that lie before the retention floor of hours, and those before the first one with
//! requests: nobody recorded then. With fewer than three weeks left there is no baseline, and the rule
//! has no value.
//!
//! Example: rates of 100, 104, 96, 900 and 102 have the median 102 and the absolute deviations 2, 2, 6,
//! 798 and 0, whose median is 2. The spread is `max(2.97, 5.1, 1) = 5.1`. A window with 150 requests a
//! minute deviates by 9.4.
//!
//! A window may cover two hours; the hour of its end decides. The leader reads a rule's baseline once
//! an hour and keeps it in memory.
//!
//! # Change of clocks
//!
//! The hour of the week is that of a zone's clock, the one of calendar months: 09:00 in Berlin stays 09:00 when UTC is
//! an hour off. An hour that the clock skipped is that of UTC, and of one that it showed twice the first counts.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{AlertSpec, AlertType, measure::WindowSum, query};
use crate::{
    calendar::{Tz, earliest, local_time},
    query::{Row, TimeRange, TimeStep},
    store::{Store, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Seconds of an hour.
const HOUR: i64 = 3_600;
/// Seconds of a week: the same hour of the week is a multiple of it away.
const WEEK: i64 = 7 * 24 * HOUR;
/// The most that a change of clocks moves an hour.
const CLOCKS: i64 = 2 * HOUR;
/// How many weeks are looked back.
const WEEKS: i64 = 8;
/// With fewer weeks there is no baseline yet.
const LEAST_WEEKS: usize = 3;

/// What is normal for an hour of the week, and its spread, in the unit of what is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Baseline {
    /// The median.
    pub median: f64,
    /// The standard deviation, estimated by the median absolute deviation.
    pub spread: f64,
}

impl Baseline {
    /// From the values of earlier weeks. `None`: too few of them.
    ///
    /// The median absolute deviation times 1.4826 estimates the standard deviation of a normal
    /// distribution (Rousseeuw and Croux, 1993) and does not mind a single odd week. Traffic that
    /// never varied would make any request an anomaly, so the spread is at least a twentieth of the
    /// median and at least as large as a change that matters to anybody.
    pub(super) fn of(rates: &[f64], alert_type: AlertType) -> Option<Self> {
        if rates.len() < LEAST_WEEKS {
            return None;
        }
        let median = median(rates.to_vec())?;
        let mad = self::median(rates.iter().map(|rate| (rate - median).abs()).collect())?;
        Some(Self {
            median,
            spread: (1.4826 * mad)
                .max(median / 20.0)
                .max(least_spread(alert_type)),
        })
    }

    /// How many deviations `rate` lies from the median, above or below; above alone where less is better.
    ///
    /// Never negative. 4 is far: of normally distributed rates one in 16,000 deviates as much.
    pub(super) fn deviation(&self, alert_type: AlertType, rate: f64) -> f64 {
        let distance = rate - self.median;
        let counted = if is_better_low(alert_type) {
            distance.max(0.0)
        } else {
            distance.abs()
        };
        counted / self.spread
    }
}

/// Whether less of it is no anomaly, and an hour without requests has none of it.
const fn is_better_low(alert_type: AlertType) -> bool {
    matches!(
        alert_type,
        AlertType::AnomalyErrors | AlertType::AnomalyLatency
    )
}

/// The least spread: see the [module](self).
const fn least_spread(alert_type: AlertType) -> f64 {
    match alert_type {
        AlertType::AnomalyBandwidth => 1_000.0,
        _ => 1.0,
    }
}

/// The middle value, or the mean of the two in the middle; `None` without values. Sorts, `O(n log n)`.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(*upper);
    }
    Some((values.get(middle.checked_sub(1)?)? + upper) / 2.0)
}

/// What whole hours in the past of some hours held of what is compared.
///
/// One read of hours serves all windows of a range, as a dry run needs them.
#[derive(Debug)]
pub(super) struct BaselineHistory {
    alert_type: AlertType,
    /// Whose clock tells the hour of the week.
    zone: Tz,
    /// Hours with requests.
    values: BTreeMap<UnixSeconds, f64>,
    /// Hours before it are not kept as hours.
    floor: UnixSeconds,
}

impl BaselineHistory {
    /// Reads what the baselines need of every hour in `[from, to)`.
    ///
    /// Reads the hours from eight weeks before `from` to one week before `to`, and what a change of clocks adds. A glob's
    /// endpoints are matched here, because the store filters by exact endpoints.
    ///
    /// # Errors
    ///
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    pub(super) async fn read(
        store: &dyn Store,
        spec: &AlertSpec,
        from: UnixSeconds,
        to: UnixSeconds,
        zone: Tz,
    ) -> Result<Self, StoreError> {
        let hour = Granularity::Hour;
        let first = hour.floor(from) - WEEKS * WEEK - CLOCKS;
        let range = TimeRange::new(first, hour.ceil(to) - WEEK + CLOCKS);
        let query = query::query_for(spec, range, Some(TimeStep::Fixed(hour)));
        let answer = store.read(&query, None).await?;
        let target = query::target(spec);
        let mut values = BTreeMap::new();
        let start_of = |row: &Row| row.group.period_start;
        for rows in answer.rows.chunk_by(|a, b| start_of(a) == start_of(b)) {
            let Some(start) = rows.first().and_then(start_of) else {
                continue;
            };
            let sum = WindowSum::of(target.as_ref(), rows.iter(), None)?;
            if !sum.is_empty()
                && let Some(value) = sum.compared(spec, 60.0)
            {
                values.insert(start, value);
            }
        }
        // Where hours are no longer kept, the axis snaps to days, and a day is no hour.
        let floor = if answer.approximate || answer.range.from < first {
            let floors = store.status().await?.floors;
            let kept = floors.get(&hour);
            kept.map_or(first, |kept| first.max(*kept))
        } else {
            first
        };
        Ok(Self {
            alert_type: spec.alert_type,
            zone,
            values,
            floor,
        })
    }

    /// The baseline of the hour that holds `at`. Weeks before the first one with requests do not
    /// count: nobody recorded then.
    pub(super) fn at(&self, at: UnixSeconds) -> Option<Baseline> {
        let values: Vec<f64> = (1..=WEEKS)
            .rev()
            .map(|weeks| hour_before(at, weeks, self.zone))
            .filter(|start| *start >= self.floor)
            .map(|start| self.values.get(&start).copied())
            .skip_while(Option::is_none)
            .filter_map(|value| value.or_else(|| (!is_better_low(self.alert_type)).then_some(0.0)))
            .collect();
        Baseline::of(&values, self.alert_type)
    }
}

/// The hour that a zone's clock showed so many weeks before the hour of `at`, as a whole hour of UTC.
fn hour_before(at: UnixSeconds, weeks: i64, zone: Tz) -> UnixSeconds {
    let hour = Granularity::Hour.floor(at);
    let plain = hour - weeks * WEEK;
    let shown = local_time(zone, hour).checked_sub_signed(TimeDelta::weeks(weeks));
    let then = shown.and_then(|shown| earliest(zone, shown));
    Granularity::Hour.floor(then.unwrap_or(plain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_odd_week_does_not_move_what_is_usual() {
        let volume = AlertType::Anomaly;
        let baseline = Baseline::of(&[100.0, 104.0, 96.0, 900.0, 102.0], volume).unwrap();
        assert_eq!(baseline.median, 102.0);
        // Deviations 2, 2, 6, 798, 0: their median is 2, less than a twentieth of 102.
        assert_eq!(baseline.spread, 102.0 / 20.0);
        let deviation = |rate| baseline.deviation(volume, rate);
        assert!(deviation(150.0) > 9.0 && deviation(104.0) < 1.0);
        assert_eq!(deviation(92.0), deviation(112.0));
    }

    #[test]
    fn fewer_errors_and_faster_answers_are_no_anomaly() {
        for of in [AlertType::AnomalyErrors, AlertType::AnomalyLatency] {
            let baseline = Baseline::of(&[10.0, 10.0, 12.0, 10.0, 90.0], of).unwrap();
            assert_eq!((baseline.median, baseline.spread), (10.0, 1.0));
            assert_eq!(baseline.deviation(of, 0.0), 0.0);
            assert_eq!(baseline.deviation(of, 16.0), 6.0);
        }
        let bytes = Baseline::of(&[0.0, 0.0, 0.0], AlertType::AnomalyBandwidth).unwrap();
        assert_eq!(bytes.deviation(AlertType::AnomalyBandwidth, 4_000.0), 4.0);
    }

    #[test]
    fn the_hour_of_the_week_is_that_of_the_zones_clock() {
        let utc = |text: &str| {
            text.parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()
                .timestamp()
        };
        let berlin = Tz::named("Europe/Berlin");
        // 09:00 in Berlin was 07:00 UTC until the last Sunday of October, and is 08:00 since.
        let monday = utc("2026-11-02T08:30:00Z");
        assert_eq!(hour_before(monday, 1, berlin), utc("2026-10-26T08:00:00Z"));
        assert_eq!(hour_before(monday, 2, berlin), utc("2026-10-19T07:00:00Z"));
        assert_eq!(hour_before(monday, 2, Tz::UTC), utc("2026-10-19T08:00:00Z"));
        // In spring 02:30 was skipped, and a week after it there is one.
        let sunday = utc("2026-04-05T00:30:00Z");
        assert_eq!(hour_before(sunday, 1, berlin), utc("2026-03-29T00:00:00Z"));
        assert_eq!(hour_before(sunday, 2, berlin), utc("2026-03-22T01:00:00Z"));
    }

    #[test]
    fn a_change_of_clocks_is_no_anomaly_where_the_zone_is_known() {
        // 600 requests at 09:00 local, 60 in the hours around it.
        let berlin = Tz::named("Europe/Berlin");
        let now = "2026-11-09T08:00:00Z"
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
            .timestamp();
        let mut history = history(AlertType::Anomaly);
        for hour in 1..=9 * 7 * 24 {
            let at = now - hour * HOUR;
            let local = local_time(berlin, at);
            let is_peak = chrono::Timelike::hour(&local) == 9;
            history.values.insert(at, if is_peak { 10.0 } else { 1.0 });
        }
        history.zone = berlin;
        let known = history.at(now).unwrap();
        assert_eq!(
            (known.median, known.deviation(AlertType::Anomaly, 10.0)),
            (10.0, 0.0)
        );
        history.zone = Tz::UTC;
        assert!(history.at(now).unwrap().median < 10.0);
    }

    #[test]
    fn a_week_without_requests_has_no_error_rate() {
        let mut history = history(AlertType::AnomalyErrors);
        history.floor = -8 * WEEK;
        for week in [2, 3, 5] {
            history.values.insert(-week * WEEK, 4.0);
        }
        let baseline = history.at(0).unwrap();
        assert_eq!(baseline.median, 4.0);
        history.alert_type = AlertType::AnomalyBandwidth;
        // Weeks 4 and 1 are silent: 4, 0, 4, 4, 0.
        assert_eq!(history.at(0).unwrap().median, 4.0);
        history.values.remove(&(-2 * WEEK));
        assert_eq!(history.at(0).unwrap().median, 0.0);
    }

    fn history(alert_type: AlertType) -> BaselineHistory {
        BaselineHistory {
            alert_type,
            zone: Tz::UTC,
            values: BTreeMap::new(),
            floor: -9 * WEEK,
        }
    }

    #[test]
    fn too_few_weeks_are_no_history() {
        assert_eq!(Baseline::of(&[5.0, 5.0], AlertType::Anomaly), None);
        let mut hours = history(AlertType::Anomaly);
        for week in 1..=2 {
            hours.values.insert(-week * WEEK, 1.0);
        }
        // Weeks without requests before the first one with some do not count.
        assert_eq!(hours.at(0), None);
        hours.floor = -8 * WEEK;
        assert_eq!(hours.at(0), None);
        hours.values.insert(-4 * WEEK, 1.0);
        // A silent week after it does.
        assert_eq!(hours.at(0).unwrap().median, 1.0);
    }

    #[test]
    fn a_floor_hides_the_weeks_below_it() {
        let mut hours = BaselineHistory {
            floor: -2 * WEEK,
            ..history(AlertType::Anomaly)
        };
        for week in 1..=8 {
            hours.values.insert(-week * WEEK, 1.0);
        }
        assert_eq!(hours.at(0), None);
        hours.floor = -3 * WEEK;
        assert!(hours.at(0).is_some());
    }
}
