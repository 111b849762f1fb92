//! The baseline of an hour of the week, for anomaly rules.

use std::collections::BTreeMap;

use super::{AlertSpec, query};
use crate::{
    query::{Detail, TimeRange, TimeStep},
    store::{Store, StoreError},
    time::{Granularity, UnixSeconds},
};

const HOUR: i64 = 3_600;
const WEEK: i64 = 7 * 24 * HOUR;
/// How many weeks are looked back.
const WEEKS: i64 = 8;
/// With fewer weeks there is no baseline yet.
const LEAST_WEEKS: usize = 3;

/// The requests a minute that are normal for an hour of the week, and their spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Baseline {
    /// The median.
    pub median: f64,
    /// The standard deviation, estimated by the median absolute deviation.
    pub spread: f64,
}

impl Baseline {
    /// From the rates of earlier weeks. `None`: too few of them.
    ///
    /// The median absolute deviation times 1.4826 estimates the standard deviation of a normal
    /// distribution (Rousseeuw and Croux, 1993) and does not mind a single odd week. Traffic that
    /// never varied would make any request an anomaly, so the spread is at least a twentieth of the
    /// median and at least one request a minute.
    pub(super) fn of(rates: &[f64]) -> Option<Self> {
        if rates.len() < LEAST_WEEKS {
            return None;
        }
        let median = median(rates.to_vec())?;
        let mad = self::median(rates.iter().map(|rate| (rate - median).abs()).collect())?;
        Some(Self {
            median,
            spread: (1.4826 * mad).max(median / 20.0).max(1.0),
        })
    }

    /// How many deviations `rate` lies from the median, above or below.
    pub(super) fn deviation(&self, rate: f64) -> f64 {
        (rate - self.median).abs() / self.spread
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(*upper);
    }
    Some((values.get(middle.checked_sub(1)?)? + upper) / 2.0)
}

/// The requests of whole hours in the past of some hours.
#[derive(Debug, Default)]
pub(super) struct BaselineHistory {
    requests: BTreeMap<UnixSeconds, u64>,
    /// Hours before it are not kept as hours.
    floor: UnixSeconds,
}

impl BaselineHistory {
    /// Reads what the baselines need of every hour in `[from, to)`.
    pub(super) async fn read(
        store: &dyn Store,
        spec: &AlertSpec,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Self, StoreError> {
        let hour = Granularity::Hour;
        let first = hour.floor(from) - WEEKS * WEEK;
        let range = TimeRange::new(first, hour.ceil(to) - WEEK);
        let mut query = query::query_for(spec, range, Some(TimeStep::Fixed(hour)));
        query.detail = Detail::Counts;
        let answer = store.read(&query, None).await?;
        let target = query::target(spec);
        let mut requests: BTreeMap<UnixSeconds, u64> = BTreeMap::new();
        for row in &answer.rows {
            let (Some(start), group) = (row.group.period_start, &row.group) else {
                continue;
            };
            let method = group.method.as_deref().unwrap_or_default();
            let mine = match (&target, group.endpoint.as_deref()) {
                (Some(target), Some(endpoint)) => target.matches(method, endpoint),
                _ => true,
            };
            if mine {
                *requests.entry(start).or_default() += row.bucket.request_count;
            }
        }
        // Where hours are no longer kept, the axis snaps to days, and a day is no hour.
        let floor = if answer.approximate || answer.range.from < first {
            let floors = store.status().await?.floors;
            let kept = floors.iter().find(|floor| floor.granularity == hour);
            kept.map_or(first, |kept| kept.floor.max(first))
        } else {
            first
        };
        Ok(Self { requests, floor })
    }

    /// The baseline of the hour that holds `at`. Weeks before the first one with requests do not
    /// count: nobody recorded then.
    pub(super) fn at(&self, at: UnixSeconds) -> Option<Baseline> {
        let hour = Granularity::Hour.floor(at);
        let rates: Vec<f64> = (1..=WEEKS)
            .rev()
            .map(|week| hour - week * WEEK)
            .filter(|start| *start >= self.floor)
            .map(|start| self.requests.get(&start).copied().unwrap_or_default())
            .skip_while(|requests| *requests == 0)
            .map(|requests| requests as f64 / 60.0)
            .collect();
        Baseline::of(&rates)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_odd_week_does_not_move_what_is_usual() {
        let baseline = Baseline::of(&[100.0, 104.0, 96.0, 900.0, 102.0]).unwrap();
        assert_eq!(baseline.median, 102.0);
        // Deviations 2, 2, 6, 798, 0: their median is 2, less than a twentieth of 102.
        assert_eq!(baseline.spread, 102.0 / 20.0);
        assert!(baseline.deviation(150.0) > 9.0 && baseline.deviation(104.0) < 1.0);
        assert_eq!(baseline.deviation(92.0), baseline.deviation(112.0));
    }

    #[test]
    fn too_few_weeks_are_no_history() {
        assert_eq!(Baseline::of(&[5.0, 5.0]), None);
        let mut hours = BaselineHistory::default();
        for week in 1..=2 {
            hours.requests.insert(-week * WEEK, 60);
        }
        // Weeks without requests before the first one with some do not count.
        assert_eq!(hours.at(0), None);
        hours.floor = -8 * WEEK;
        assert_eq!(hours.at(0), None);
        hours.requests.insert(-4 * WEEK, 60);
        // A silent week after it does.
        assert_eq!(hours.at(0).unwrap().median, 1.0);
    }

    #[test]
    fn a_floor_hides_the_weeks_below_it() {
        let mut hours = BaselineHistory {
            floor: -2 * WEEK,
            ..BaselineHistory::default()
        };
        for week in 1..=8 {
            hours.requests.insert(-week * WEEK, 60);
        }
        assert_eq!(hours.at(0), None);
        hours.floor = -3 * WEEK;
        assert!(hours.at(0).is_some());
    }
}
