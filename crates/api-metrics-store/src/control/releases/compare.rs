//! Which requests of two versions are held against each other.
//!
//! | what there is | compared |
//! |---|---|
//! | at least half of the new version's requests fell into five minutes in which the old one answered too; there are three such or more, with 100 requests of the old one | both in these five minutes: side by side |
//! | the new one has lived for three hours or more, and the old one has as many requests or at least a quarter of them in the same hours the day before | the same hours a day earlier |
//! | else | the old one's last time before the release: as long as the new one has lived, at least an hour |
//!
//! Side by side both answer the same traffic at the same time, so whatever else changes changes both. Hours of the day
//! before take a day's course out. Where only hours are kept, all of it is by hours.

use std::collections::BTreeSet;

use super::verdict::{Counted, Difference, ReleaseVerdict, compare_quantiles, compare_shares};
use crate::{
    query::TimeRange,
    sketch::Sketch,
    time::{Granularity, UnixSeconds},
};

/// Requests that the old version must have beside the new one.
const FEWEST_BESIDE: u64 = 100;
/// Periods in which both must have answered. A deployment that takes some minutes is no time side by side.
const FEWEST_SHARED: usize = 3;
/// For how long the new one must have lived before the day before is compared with.
const LONG: i64 = 3 * 3_600;
/// The least time before a release that is compared with.
const SHORTEST: i64 = 3_600;
const DAY: i64 = 86_400;

/// A version of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReleasedVersion {
    /// Its number.
    pub id: i64,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What it calls itself.
    pub version: String,
    /// The minute of its first request.
    pub first_at: UnixSeconds,
    /// The end of the minute of its last one.
    pub last_at: UnixSeconds,
}

/// What a version has answered in a period.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VersionPeriod {
    /// The period: five minutes, or an hour where no five minutes are kept any more.
    pub from: UnixSeconds,
    /// Requests that a route matched.
    pub requests: u64,
    /// Those answered with 400 to 499.
    pub errors_4xx: u64,
    /// Those answered with 500 to 599, failed or panicked.
    pub errors_5xx: u64,
    /// Requests that no route matched, which are in nothing else here.
    pub unmatched: u64,
    /// Their latencies.
    pub sketch: Sketch,
}

/// What the old version's requests are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ComparedWith {
    /// The same five minutes as the new one's.
    SideBySide,
    /// The same hours a day earlier.
    DayBefore,
    /// The time before the release.
    JustBefore,
}

impl From<ComparedWith> for &'static str {
    /// Its name in the HTTP API.
    fn from(with: ComparedWith) -> Self {
        match with {
            ComparedWith::SideBySide => "side_by_side",
            ComparedWith::DayBefore => "day_before",
            ComparedWith::JustBefore => "just_before",
        }
    }
}

/// What one of the two has answered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VersionFigures {
    /// From when to when; of five minutes side by side, from the first to the last of them.
    pub range: TimeRange,
    /// Requests that a route matched.
    pub requests: u64,
    /// Those answered with 400 to 499, in percent; `None` without requests.
    pub rate_4xx: Option<f64>,
    /// Those answered with 500 to 599, failed or panicked, in percent; `None` without requests.
    pub rate_5xx: Option<f64>,
    /// The median in milliseconds; `None` without latencies.
    pub p50_ms: Option<f64>,
    /// The 95th percentile in milliseconds; `None` without latencies.
    pub p95_ms: Option<f64>,
    /// Requests that no route matched.
    pub unmatched: u64,
}

/// Two versions, held against each other.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReleaseComparison {
    /// The version before.
    pub previous: ReleasedVersion,
    /// What of it was taken.
    pub with: ComparedWith,
    /// What the version before has answered there.
    pub before: VersionFigures,
    /// What the new one has.
    pub after: VersionFigures,
    /// 5xx, in percentage points.
    pub errors: Difference,
    /// The 95th percentile, in percent.
    pub p95: Difference,
    /// Worse where one of the two is, else better where one is.
    pub verdict: ReleaseVerdict,
}

/// A version with its periods, ascending.
#[derive(Debug, Clone)]
pub(in crate::control) struct History {
    pub(super) version: ReleasedVersion,
    pub(super) periods: Vec<VersionPeriod>,
}

/// The periods of two versions that are held against each other.
pub(in crate::control) struct Compared<'a> {
    with: ComparedWith,
    before: (TimeRange, Vec<&'a VersionPeriod>),
    after: (TimeRange, Vec<&'a VersionPeriod>),
}

/// The start of what a release is compared by: its first five minutes.
pub(super) fn start_of(version: &ReleasedVersion) -> UnixSeconds {
    Granularity::FiveMinutes.floor(version.first_at)
}

impl<'a> Compared<'a> {
    /// What is compared of a release's first `horizon` seconds, as far as they lie before `until`.
    pub(in crate::control) fn new(
        after: &'a History,
        before: &'a History,
        until: UnixSeconds,
        horizon: i64,
    ) -> Self {
        let five = Granularity::FiveMinutes;
        let start = start_of(&after.version);
        let end = (start + horizon)
            .min(five.ceil(after.version.last_at))
            .min(until)
            .max(start + five.seconds());
        let whole = TimeRange::new(start, end);
        // An hour's row may begin before the release, and holds nothing of it before.
        let new: Vec<&VersionPeriod> = after.periods.iter().filter(|of| of.from < end).collect();
        let old = |range: TimeRange| -> Vec<&'a VersionPeriod> {
            let within = |of: &&VersionPeriod| range.from <= of.from && of.from < range.to;
            before.periods.iter().filter(within).collect()
        };
        let starts = |periods: &[&VersionPeriod]| -> BTreeSet<UnixSeconds> {
            periods
                .iter()
                .filter(|of| of.requests > 0)
                .map(|of| of.from)
                .collect()
        };
        let beside = old(TimeRange::new(start - 3_600, end));
        let shared = &starts(&new) & &starts(&beside);
        let of_both = |periods: &[&'a VersionPeriod]| -> Vec<&'a VersionPeriod> {
            periods
                .iter()
                .filter(|of| shared.contains(&of.from))
                .copied()
                .collect()
        };
        let (both_new, both_old) = (of_both(&new), of_both(&beside));
        let most = sum(&both_new) >= sum(&new).div_ceil(2);
        if most && shared.len() >= FEWEST_SHARED && sum(&both_old) >= FEWEST_BESIDE {
            let bounds = shared.first().zip(shared.last());
            let range = bounds.map_or(whole, |(from, to)| {
                TimeRange::new((*from).max(start), to + five.seconds())
            });
            return Self {
                with: ComparedWith::SideBySide,
                before: (range, both_old),
                after: (range, both_new),
            };
        }
        let lived = end - start;
        let day_before = TimeRange::new(start - DAY, end - DAY);
        let then = old(day_before);
        if (LONG..=DAY).contains(&lived) && sum(&then) >= (sum(&new) / 4).max(1) {
            return Self {
                with: ComparedWith::DayBefore,
                before: (day_before, then),
                after: (whole, new),
            };
        }
        let just_before = TimeRange::new(start - lived.max(SHORTEST), start);
        Self {
            with: ComparedWith::JustBefore,
            before: (just_before, old(just_before)),
            after: (whole, new),
        }
    }

    /// Requests of the new version that are compared.
    pub(in crate::control) fn requests(&self) -> u64 {
        sum(&self.after.1)
    }

    /// 5xx, in percentage points.
    pub(in crate::control) fn errors(&self) -> Difference {
        let counted = |periods: &[&VersionPeriod]| -> Vec<Counted> {
            let of = |of: &&VersionPeriod| Counted {
                requests: of.requests,
                hits: of.errors_5xx,
            };
            periods.iter().map(of).collect()
        };
        compare_shares(&counted(&self.before.1), &counted(&self.after.1))
    }

    /// A quantile of the latency, in percent.
    pub(in crate::control) fn latency(&self, q: f64) -> Difference {
        let sketches = |periods: &[&'a VersionPeriod]| -> Vec<&'a Sketch> {
            periods.iter().map(|of| &of.sketch).collect()
        };
        compare_quantiles(&sketches(&self.before.1), &sketches(&self.after.1), q)
    }

    /// All of it.
    pub(super) fn comparison(&self, previous: &ReleasedVersion) -> ReleaseComparison {
        let (errors, p95) = (self.errors(), self.latency(0.95));
        ReleaseComparison {
            previous: previous.clone(),
            with: self.with,
            before: figures(&self.before),
            after: figures(&self.after),
            verdict: ReleaseVerdict::of_all(&[errors.verdict, p95.verdict]),
            errors,
            p95,
        }
    }
}

fn sum(periods: &[&VersionPeriod]) -> u64 {
    periods
        .iter()
        .fold(0, |all, of| all.saturating_add(of.requests))
}

/// The figures of periods.
fn figures((range, periods): &(TimeRange, Vec<&VersionPeriod>)) -> VersionFigures {
    let all = merged(periods.iter().copied());
    VersionFigures {
        range: *range,
        requests: all.as_ref().map_or(0, |all| all.requests),
        rate_4xx: all.as_ref().and_then(|all| all.percent(all.errors_4xx)),
        rate_5xx: all.as_ref().and_then(|all| all.percent(all.errors_5xx)),
        p50_ms: all.as_ref().and_then(|all| all.quantile_ms(0.5)),
        p95_ms: all.as_ref().and_then(|all| all.quantile_ms(0.95)),
        unmatched: all.as_ref().map_or(0, |all| all.unmatched),
    }
}

/// Periods as one, which begins with the first of them; `None` of none. All sketches of a database are of one kind.
pub(super) fn merged<'p>(
    periods: impl IntoIterator<Item = &'p VersionPeriod>,
) -> Option<VersionPeriod> {
    let mut periods = periods.into_iter();
    let mut all = periods.next()?.clone();
    for of in periods {
        all.requests = all.requests.saturating_add(of.requests);
        all.errors_4xx = all.errors_4xx.saturating_add(of.errors_4xx);
        all.errors_5xx = all.errors_5xx.saturating_add(of.errors_5xx);
        all.unmatched = all.unmatched.saturating_add(of.unmatched);
        // Another kind would be damage, and has no place in a quantile.
        let _ = all.sketch.merge(&of.sketch);
    }
    Some(all)
}

impl VersionPeriod {
    /// What a number of its requests is in percent; `None` without requests.
    fn percent(&self, of: u64) -> Option<f64> {
        (self.requests > 0).then(|| of as f64 * 100.0 / self.requests as f64)
    }

    /// A quantile of its latencies in milliseconds; `None` without latencies.
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        self.sketch.quantile(q).map(|us| us / 1e3)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sketch::SketchKind;

    const NOON: i64 = 1_767_268_800;

    fn history(version: &str, periods: &[(i64, u64, u64, u64)]) -> History {
        let periods: Vec<_> = periods
            .iter()
            .map(|(from, requests, errors_5xx, us)| {
                let mut sketch = Sketch::new(SketchKind::Histogram);
                (0..*requests).for_each(|_| sketch.record(*us));
                VersionPeriod {
                    from: *from,
                    requests: *requests,
                    errors_4xx: 0,
                    errors_5xx: *errors_5xx,
                    unmatched: 1,
                    sketch,
                }
            })
            .collect();
        History {
            version: ReleasedVersion {
                id: 1,
                service: "shop".into(),
                environment: "test".into(),
                version: version.into(),
                first_at: periods.first().unwrap().from + 60,
                last_at: periods.last().unwrap().from + 300,
            },
            periods,
        }
    }

    fn steady(from: i64, to: i64, errors: u64, us: u64) -> Vec<(i64, u64, u64, u64)> {
        (from / 300..to / 300)
            .map(|n| (n * 300, 200, errors, us))
            .collect()
    }

    #[test]
    fn versions_that_are_live_together_are_compared_side_by_side() {
        let old = history("1", &steady(NOON - 7_200, NOON + 3_600, 1, 1_000));
        let new = history("2", &steady(NOON, NOON + 3_600, 20, 3_000));
        let found = Compared::new(&new, &old, NOON + 3_600, DAY);
        assert_eq!(found.with, ComparedWith::SideBySide);
        let found = found.comparison(&old.version);
        assert_eq!(found.before.range, TimeRange::new(NOON, NOON + 3_600));
        assert_eq!(
            (found.before.requests, found.after.requests),
            (2_400, 2_400)
        );
        assert_eq!(
            (found.before.unmatched, found.after.rate_5xx),
            (12, Some(10.0))
        );
        assert_eq!(found.errors.verdict, ReleaseVerdict::Worse);
        assert_eq!(found.errors.value, Some(9.5));
        assert_eq!(
            (found.p95.verdict, found.verdict),
            (ReleaseVerdict::Worse, ReleaseVerdict::Worse)
        );
    }

    #[test]
    fn one_after_the_other_is_compared_with_the_time_before() {
        let old = history("1", &steady(NOON - 7_200, NOON + 300, 1, 1_000));
        let new = history("2", &steady(NOON, NOON + 5_400, 1, 1_000));
        let found = Compared::new(&new, &old, NOON + 86_400, DAY).comparison(&old.version);
        assert_eq!(found.with, ComparedWith::JustBefore);
        assert_eq!(found.before.range, TimeRange::new(NOON - 5_400, NOON));
        assert_eq!(found.after.range, TimeRange::new(NOON, NOON + 5_400));
        assert_eq!(found.verdict, ReleaseVerdict::NoDifference);
        // Soon after the release an hour is compared with.
        let soon = Compared::new(&new, &old, NOON + 600, DAY).comparison(&old.version);
        assert_eq!(soon.before.range, TimeRange::new(NOON - 3_600, NOON));
        assert_eq!(soon.after.requests, 400);
    }

    #[test]
    fn what_lives_for_hours_is_compared_with_the_same_hours_the_day_before() {
        // A slow night before the release: half an answer's time is no reason for a verdict.
        let mut before = steady(NOON - DAY, NOON - DAY / 2, 1, 2_000);
        before.extend(steady(NOON - DAY / 2, NOON, 1, 1_000));
        let old = history("1", &before);
        let new = history("2", &steady(NOON, NOON + 4 * 3_600, 1, 2_000));
        let found = Compared::new(&new, &old, NOON + DAY, DAY).comparison(&old.version);
        assert_eq!(found.with, ComparedWith::DayBefore);
        assert_eq!(
            found.before.range,
            TimeRange::new(NOON - DAY, NOON + 4 * 3_600 - DAY)
        );
        assert_eq!(found.p95.verdict, ReleaseVerdict::NoDifference);
    }

    #[test]
    fn a_version_without_requests_before_it_is_too_few_to_tell() {
        let old = history("1", &steady(NOON - 40 * 3_600, NOON - 39 * 3_600, 1, 1_000));
        let new = history("2", &steady(NOON, NOON + 3_600, 20, 3_000));
        let found = Compared::new(&new, &old, NOON + DAY, DAY).comparison(&old.version);
        assert_eq!((found.before.requests, found.before.p95_ms), (0, None));
        assert_eq!(found.verdict, ReleaseVerdict::TooFew);
    }
}
