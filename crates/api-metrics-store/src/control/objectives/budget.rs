//! Good and bad requests, and what they leave of a budget. Whole numbers in, one division out.

use std::ops::Add;

use super::spec::{Aim, Indicator, MILLION};
use crate::bucket::Bucket;

/// How many requests there were, and how many of them were bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Outcomes {
    /// Requests that count.
    pub total: u64,
    /// Those that were not as they should be; at most `total`.
    pub bad: u64,
}

impl Outcomes {
    /// Those of a bucket.
    pub(in crate::control) fn of(indicator: Indicator, bucket: &Bucket) -> Self {
        match indicator {
            Indicator::Availability => Self {
                total: bucket.request_count,
                bad: bucket.error_count_5xx.min(bucket.request_count),
            },
            Indicator::Latency { threshold_us } => {
                let total = bucket.sketch.count();
                Self {
                    total,
                    bad: total.saturating_sub(bucket.sketch.count_up_to(threshold_us)),
                }
            }
        }
    }

    /// How many times faster than allowed the budget burns; `None` without requests.
    ///
    /// `(bad / total) / (1 - target)`, in one division of whole numbers, so that 2 of 1,000 at 99.9% are 2 and not
    /// 1.9999999999998.
    pub(in crate::control) fn burn_rate(self, target_ppm: u32) -> Option<f64> {
        let budget = u128::from(MILLION - target_ppm.min(MILLION - 1));
        let of = u128::from(self.total) * budget;
        (of > 0).then(|| (u128::from(self.bad) * u128::from(MILLION)) as f64 / of as f64)
    }

    /// How much of the budget is left, in percent: 100 for all of it, below 0 where more has failed than may. `None`
    /// without requests.
    pub(in crate::control) fn budget_left(self, target_ppm: u32) -> Option<f64> {
        self.burn_rate(target_ppm)
            .map(|burnt| (1.0 - burnt) * 100.0)
    }

    /// How many more may be bad before the budget is used up; 0 where it is.
    pub(in crate::control) fn bad_left(self, target_ppm: u32) -> u64 {
        let budget = u128::from(MILLION - target_ppm.min(MILLION - 1));
        let allowed = u128::from(self.total) * budget / u128::from(MILLION);
        u64::try_from(allowed)
            .unwrap_or(u64::MAX)
            .saturating_sub(self.bad)
    }
}

impl Add for Outcomes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            bad: self.bad.saturating_add(other.bad),
        }
    }
}

impl Aim {
    /// The lesser of the burn rates of a long and a short window; `None` where one of them has no requests.
    pub(in crate::control) fn burning(self, long: Outcomes, short: Outcomes) -> Option<f64> {
        let (long, short) = (
            long.burn_rate(self.target_ppm)?,
            short.burn_rate(self.target_ppm)?,
        );
        Some(long.min(short))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::sketch::SketchKind;

    fn outcomes(total: u64, bad: u64) -> Outcomes {
        Outcomes { total, bad }
    }

    #[test]
    fn a_burn_rate_of_one_uses_exactly_the_budget() {
        let at = outcomes(100_000, 100);
        assert_eq!(at.burn_rate(999_000), Some(1.0));
        assert_eq!(at.budget_left(999_000), Some(0.0));
        assert_eq!(at.bad_left(999_000), 0);
        assert_eq!(outcomes(1_000, 2).burn_rate(999_000), Some(2.0));
        assert_eq!(outcomes(10_000, 144).burn_rate(999_000), Some(14.4));
        assert_eq!(outcomes(1_000, 0).budget_left(999_000), Some(100.0));
        assert_eq!(outcomes(1_000, 3).budget_left(999_000), Some(-200.0));
        assert_eq!(outcomes(100_000, 40).bad_left(999_000), 60);
    }

    #[test]
    fn without_requests_nothing_is_known() {
        assert_eq!(outcomes(0, 0).burn_rate(990_000), None);
        assert_eq!(outcomes(0, 0).budget_left(990_000), None);
        let aim = Aim {
            indicator: Indicator::Availability,
            target_ppm: 990_000,
        };
        assert_eq!(aim.burning(outcomes(10, 10), outcomes(0, 0)), None);
        assert_eq!(aim.burning(outcomes(100, 10), outcomes(10, 10)), Some(10.0));
    }

    proptest! {
        #[test]
        fn what_is_burnt_and_what_is_left_are_the_whole_budget(
            total in 1_u64..1 << 50, part in 0_u64..=1_000, ppm in 1_u32..MILLION,
        ) {
            let bad = (u128::from(total) * u128::from(part) / 1_000) as u64;
            let at = outcomes(total, bad);
            let burnt = at.burn_rate(ppm).unwrap();
            let left = at.budget_left(ppm).unwrap();
            prop_assert!((burnt * 100.0 + left - 100.0).abs() <= 1e-9 * (1.0 + burnt * 100.0));
            // The budget is used up where the burn rate says so, to the request.
            let allowed = u128::from(total) * u128::from(MILLION - ppm);
            let used = u128::from(bad) * u128::from(MILLION);
            prop_assert_eq!(burnt > 1.0, used > allowed && burnt != 1.0);
            prop_assert_eq!(at.bad_left(ppm) > 0, used + u128::from(MILLION) <= allowed);
        }

        #[test]
        fn the_burn_rate_of_a_whole_lies_between_those_of_its_parts(
            parts in prop::collection::vec((1_u64..1 << 40, 0_u64..=1_000), 1..20), ppm in 1_u32..MILLION,
        ) {
            let parts: Vec<Outcomes> = parts
                .into_iter()
                .map(|(total, part)| outcomes(total, (u128::from(total) * u128::from(part) / 1_000) as u64))
                .collect();
            let whole = parts.iter().copied().fold(Outcomes::default(), Add::add).burn_rate(ppm).unwrap();
            let rates: Vec<f64> = parts.iter().map(|part| part.burn_rate(ppm).unwrap()).collect();
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rates.iter().copied().fold(0.0, f64::max);
            prop_assert!(least * (1.0 - 1e-12) <= whole && whole <= most * (1.0 + 1e-12));
        }

        #[test]
        fn a_latency_at_an_edge_is_counted_to_the_request(
            latencies in prop::collection::vec(0_u64..3_000_000, 1..200), threshold in 1_u64..3_000_000,
        ) {
            let Indicator::Latency { threshold_us } = Indicator::latency(threshold) else {
                unreachable!("a latency is one")
            };
            prop_assert!(threshold <= threshold_us && threshold_us as f64 <= threshold as f64 * 1.016);
            let mut bucket = Bucket::new(SketchKind::Histogram);
            for latency in &latencies {
                bucket.sketch.record(*latency);
            }
            let slow = latencies.iter().filter(|us| **us > threshold_us).count() as u64;
            prop_assert_eq!(
                Outcomes::of(Indicator::Latency { threshold_us }, &bucket),
                outcomes(latencies.len() as u64, slow)
            );
            // An edge stays where it is.
            prop_assert_eq!(Indicator::latency(threshold_us), Indicator::Latency { threshold_us });
        }
    }
}
