//! Whether what came after is worse than what was before, as far as the traffic can show it.
//!
//! All intervals hold with 99%. A release is compared twice, and many releases are compared.
//!
//! # Shares
//!
//! The interval of a difference of two shares is Newcombe's: the two shares' Wilson intervals, combined (R. Newcombe,
//! "Interval estimation for the difference between independent proportions", 1998, method 10). It holds near 0 too,
//! where failures of a healthy service lie.
//!
//! # Quantiles
//!
//! The interval of a quantile follows from the share of values below it (R. Woodruff, "Confidence intervals for medians
//! and other position measures", 1952): the Wilson interval of `q`, read off the sketch, and widened by what the sketch
//! itself may be off. The interval of the ratio of two quantiles combines their logarithms as Newcombe's does shares
//! (G. Zou and A. Donner, "Construction of confidence limits about effect measures", 2008).
//!
//! # Requests are not independent
//!
//! One slow minute makes many slow requests. Counts come by five minutes; neighbours are joined to at most twelve spans,
//! because an outage lasts longer than five minutes. How much spans differ among each other, over what chance makes, is
//! the design effect (L. Kish, "Survey Sampling", 1965): as many times fewer requests count as evidence. So a burst
//! widens an interval instead of making it look certain.

use crate::sketch::Sketch;

/// The 99.5th percentile of the normal distribution: 0.5% on each side.
const Z: f64 = 2.575_829_303_548_9;
/// Requests on each side below which nothing is said.
const FEWEST: u64 = 100;
/// Values that must lie on either side of a quantile, as evidence.
const FEWEST_BEYOND: f64 = 5.0;
/// Periods with requests below which their differences say nothing.
const FEWEST_PERIODS: usize = 3;
/// Spans that periods are joined to, at most.
const MOST_SPANS: usize = 12;
/// By which part of itself a quantile of a sketch may be off.
const SKETCH_ERROR: f64 = 0.008;
/// Shares that differ by less, in percentage points, are no difference, however certain.
const LEAST_POINTS: f64 = 0.02;
/// Quantiles that differ by less, in percent, are none.
const LEAST_PERCENT: f64 = 5.0;

/// How what came after compares with what was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReleaseVerdict {
    /// Worse, with 99% confidence and by enough to matter.
    Worse,
    /// Better, likewise.
    Better,
    /// Neither can be shown: there is no difference that matters, or the traffic is too little for it.
    NoDifference,
    /// Too few requests to say anything.
    TooFew,
}

impl From<ReleaseVerdict> for &'static str {
    /// Its name in the HTTP API.
    fn from(verdict: ReleaseVerdict) -> Self {
        match verdict {
            ReleaseVerdict::Worse => "worse",
            ReleaseVerdict::Better => "better",
            ReleaseVerdict::NoDifference => "no_difference",
            ReleaseVerdict::TooFew => "too_few",
        }
    }
}

impl ReleaseVerdict {
    /// That of several figures: worse where one is, else better where one is.
    pub(super) fn of_all(all: &[Self]) -> Self {
        [Self::Worse, Self::Better, Self::NoDifference]
            .into_iter()
            .find(|verdict| all.contains(verdict))
            .unwrap_or(Self::TooFew)
    }
}

/// A difference, and between which bounds it lies with 99%.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// What follows from it.
    pub verdict: ReleaseVerdict,
    /// After less before, above 0 where it is more; `None` where there is too little to say anything.
    pub value: Option<f64>,
    /// Its lower and its upper bound.
    pub interval: Option<(f64, f64)>,
}

impl Difference {
    /// Nothing can be said.
    const UNKNOWN: Self = Self {
        verdict: ReleaseVerdict::TooFew,
        value: None,
        interval: None,
    };

    /// A difference that is worse where it is above 0, unless it is smaller than `least`.
    fn new(value: f64, interval: (f64, f64), least: f64) -> Self {
        let verdict = match interval {
            (low, _) if low > 0.0 && value >= least => ReleaseVerdict::Worse,
            (_, high) if high < 0.0 && value <= -least => ReleaseVerdict::Better,
            _ => ReleaseVerdict::NoDifference,
        };
        Self {
            verdict,
            value: Some(value),
            interval: Some(interval),
        }
    }
}

/// Requests of a period, and how many of them are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) requests: u64,
    pub(super) hits: u64,
}

/// Compares the shares of what is meant, in percentage points. A rise is worse.
pub(super) fn compare_shares(before: &[Counted], after: &[Counted]) -> Difference {
    let (Some(before), Some(after)) = (Share::of(before, after), Share::of(after, before)) else {
        return Difference::UNKNOWN;
    };
    let (was, is) = (before.wilson(), after.wilson());
    let value = after.share - before.share;
    let interval = combined((before.share, was), (after.share, is));
    let points = |share: f64| share * 100.0;
    Difference::new(
        points(value),
        (points(interval.0), points(interval.1)),
        LEAST_POINTS,
    )
}

/// Compares a quantile, in percent of what it was before. A rise is worse.
pub(super) fn compare_quantiles(before: &[&Sketch], after: &[&Sketch], q: f64) -> Difference {
    let (Some(was), Some(is)) = (
        Quantile::of(before, after, q),
        Quantile::of(after, before, q),
    ) else {
        return Difference::UNKNOWN;
    };
    let interval = combined(
        (was.value.ln(), (was.low.ln(), was.high.ln())),
        (is.value.ln(), (is.low.ln(), is.high.ln())),
    );
    let percent = |log: f64| log.exp_m1() * 100.0;
    Difference::new(
        percent(is.value.ln() - was.value.ln()),
        (percent(interval.0), percent(interval.1)),
        LEAST_PERCENT,
    )
}

/// The bounds of the difference of two values, each with its own bounds.
fn combined(
    (a, (a_low, a_high)): (f64, (f64, f64)),
    (b, (b_low, b_high)): (f64, (f64, f64)),
) -> (f64, f64) {
    let value = b - a;
    (
        value - (b - b_low).hypot(a_high - a),
        value + (b_high - b).hypot(a - a_low),
    )
}

/// A share, and how many independent requests it is worth.
struct Share {
    share: f64,
    evidence: f64,
}

impl Share {
    /// That of these periods. Where they are too few to tell how they differ, `others` tell it.
    fn of(periods: &[Counted], others: &[Counted]) -> Option<Self> {
        let (requests, hits) = total(periods);
        if requests < FEWEST {
            return None;
        }
        let effect = design_effect(periods).or_else(|| design_effect(others));
        Some(Self {
            share: hits as f64 / requests as f64,
            evidence: requests as f64 / effect.unwrap_or(1.0),
        })
    }

    fn wilson(&self) -> (f64, f64) {
        wilson(self.share, self.evidence)
    }
}

/// The Wilson interval of a share among `n` (E. Wilson, 1927).
fn wilson(share: f64, n: f64) -> (f64, f64) {
    let z2 = Z * Z;
    let center = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // Rounding must not move a bound past the share.
    (
        (center - half).clamp(0.0, share),
        (center + half).clamp(share, 1.0),
    )
}

fn total(periods: &[Counted]) -> (u64, u64) {
    periods.iter().fold((0, 0), |(requests, hits), period| {
        (
            u64::saturating_add(requests, period.requests),
            u64::saturating_add(hits, period.hits.min(period.requests)),
        )
    })
}

/// How many times more the periods' shares vary than independent requests would make them, at least 1. `None` for fewer
/// than three periods with requests.
fn design_effect(periods: &[Counted]) -> Option<f64> {
    let periods: Vec<Counted> = periods
        .iter()
        .filter(|of| of.requests > 0)
        .copied()
        .collect();
    if periods.len() < FEWEST_PERIODS {
        return None;
    }
    let periods: Vec<Counted> = periods
        .chunks(periods.len().div_ceil(MOST_SPANS))
        .map(|span| {
            let (requests, hits) = total(span);
            Counted { requests, hits }
        })
        .collect();
    let (requests, hits) = periods.iter().fold((0.0, 0.0), |(requests, hits), of| {
        (
            requests + of.requests as f64,
            hits + of.hits.min(of.requests) as f64,
        )
    });
    let share: f64 = hits / requests;
    let by_chance = requests * share * (1.0 - share);
    if by_chance <= 0.0 {
        return Some(1.0);
    }
    let squares: f64 = periods
        .iter()
        .map(|of| (of.hits.min(of.requests) as f64 - share * of.requests as f64).powi(2))
        .sum();
    let n = periods.len() as f64;
    // A span is worth one request at least.
    Some((n / (n - 1.0) * squares / by_chance).clamp(1.0, (requests / n).max(1.0)))
}

/// A quantile in microseconds, between bounds.
struct Quantile {
    value: f64,
    low: f64,
    high: f64,
}

impl Quantile {
    fn of(periods: &[&Sketch], others: &[&Sketch], q: f64) -> Option<Self> {
        let mut all = Sketch::new(periods.first()?.kind());
        for sketch in periods {
            all.merge(sketch).ok()?;
        }
        let value = all.quantile(q)?;
        // At a whole microsecond, so that the same values are counted in all periods.
        let below = |sketches: &[&Sketch]| -> Vec<Counted> {
            let counted = |sketch: &&Sketch| Counted {
                requests: sketch.count(),
                hits: sketch.count_up_to(value as u64),
            };
            sketches.iter().map(counted).collect()
        };
        // A quantile is about its share of the values whatever others say, but how bursts cluster may be taken from them.
        let evidence = Share::of(&below(periods), &below(others))?.evidence;
        if evidence * q.min(1.0 - q) < FEWEST_BEYOND {
            return None;
        }
        let (low, high) = wilson(q, evidence);
        let bound = |q: f64| all.quantile(q).unwrap_or(value).max(1.0);
        Some(Self {
            value: value.max(1.0),
            low: bound(low) * (1.0 - SKETCH_ERROR),
            high: bound(high) * (1.0 + SKETCH_ERROR),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::sketch::SketchKind;

    fn counted(requests: u64, hits: u64) -> Vec<Counted> {
        vec![Counted { requests, hits }]
    }

    fn sketch(values: impl IntoIterator<Item = u64>) -> Sketch {
        let mut sketch = Sketch::new(SketchKind::Histogram);
        values.into_iter().for_each(|us| sketch.record(us));
        sketch
    }

    /// Numbers that look random and are the same every time.
    fn noise(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed | 1;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
    }

    #[test]
    fn the_interval_is_that_of_the_paper() {
        // Newcombe 1998, table II, (a) 56/70 and 48/80: 0.0524 to 0.3339 at 95%, by the same formulas with another z.
        let bounds = |share: f64, n: f64, z: f64| {
            let z2 = z * z;
            let center = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
            let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
            (center - half, center + half)
        };
        let z = 1.959_963_984_540_054;
        let (low, high) = combined((0.6, bounds(0.6, 80.0, z)), (0.8, bounds(0.8, 70.0, z)));
        assert!(
            (low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5,
            "{low} {high}"
        );
        let (low, high) = wilson(0.8, 70.0);
        let paper = bounds(0.8, 70.0, Z);
        assert!((low - paper.0).abs() < 1e-12 && (high - paper.1).abs() < 1e-12);
    }

    #[test]
    fn too_few_requests_say_nothing() {
        let few = compare_shares(&counted(99, 0), &counted(10_000, 5_000));
        assert_eq!(few, Difference::UNKNOWN);
        let values = sketch(1..=99);
        assert_eq!(
            compare_quantiles(&[&sketch(1..=500)], &[&values], 0.95).verdict,
            ReleaseVerdict::TooFew
        );
        assert_eq!(compare_quantiles(&[], &[], 0.95), Difference::UNKNOWN);
    }

    #[test]
    fn what_is_certain_and_small_is_no_difference() {
        // A million requests each side show 0.015 points for certain.
        let small = compare_shares(&counted(1_000_000, 10), &counted(1_000_000, 160));
        assert!(small.interval.unwrap().0 > 0.0);
        assert_eq!(small.verdict, ReleaseVerdict::NoDifference);
        let more = compare_shares(&counted(1_000_000, 10), &counted(1_000_000, 410));
        assert_eq!(more.verdict, ReleaseVerdict::Worse);
    }

    #[test]
    fn an_outage_of_half_an_hour_is_one_burst_and_no_twelve() {
        let steady: Vec<Counted> = (0..108)
            .map(|n| Counted {
                requests: 60,
                hits: n % 2,
            })
            .collect();
        let mut outage = steady.clone();
        outage[70..76].iter_mut().for_each(|of| of.hits = 10);
        let whole = |periods: &[Counted]| {
            let (n, k) = total(periods);
            counted(n, k)
        };
        assert_eq!(
            compare_shares(&whole(&steady), &whole(&outage)).verdict,
            ReleaseVerdict::Worse
        );
        assert_eq!(
            compare_shares(&steady, &outage).verdict,
            ReleaseVerdict::NoDifference
        );
    }

    #[test]
    fn a_burst_is_worth_less_than_its_requests() {
        let steady: Vec<Counted> = (0..24)
            .map(|n| Counted {
                requests: 1_000,
                hits: 10 + n % 3,
            })
            .collect();
        let mut burst: Vec<Counted> = (0..24)
            .map(|_| Counted {
                requests: 1_000,
                hits: 3,
            })
            .collect();
        burst[7].hits = 330;
        // As shares alone the burst would be certain: 1.67% after 1.1%.
        let whole = |periods: &[Counted]| {
            let (n, k) = total(periods);
            counted(n, k)
        };
        assert_eq!(
            compare_shares(&whole(&steady), &whole(&burst)).verdict,
            ReleaseVerdict::Worse
        );
        assert_eq!(
            compare_shares(&steady, &burst).verdict,
            ReleaseVerdict::NoDifference
        );
    }

    #[test]
    fn a_slower_release_is_worse_and_the_way_back_is_better() {
        let times = |seed: u64, factor: f64| {
            let spread = noise(seed).take(2_000);
            sketch(spread.map(|x| ((5_000.0 - 4_000.0 * (1.0 - x).ln()) * factor) as u64))
        };
        let (was, is) = (times(7, 1.0), times(8, 1.6));
        let worse = compare_quantiles(&[&was], &[&is], 0.95);
        assert_eq!(worse.verdict, ReleaseVerdict::Worse);
        let (low, high) = worse.interval.unwrap();
        assert!(low < 60.0 && 60.0 < high, "{low} {high}");
        assert_eq!(
            compare_quantiles(&[&is], &[&was], 0.95).verdict,
            ReleaseVerdict::Better
        );
    }

    #[test]
    fn the_interval_holds_the_truth_in_99_of_100() {
        let (mut shares, mut quantiles) = (0, 0);
        for seed in 1..=400_u64 {
            let hits = |seed: u64, p: f64| {
                noise(seed * 7_919).take(3_000).filter(|x| *x < p).count() as u64
            };
            let found = compare_shares(
                &counted(3_000, hits(seed, 0.01)),
                &counted(3_000, hits(seed + 1_000, 0.02)),
            );
            let (low, high) = found.interval.unwrap();
            shares += u32::from(low <= 1.0 && 1.0 <= high);
            let times = |seed: u64| {
                sketch(
                    noise(seed * 104_729)
                        .take(1_000)
                        .map(|x| (-20_000.0 * (1.0 - x).ln()) as u64),
                )
            };
            let found = compare_quantiles(&[&times(seed)], &[&times(seed + 1_000)], 0.95);
            let (low, high) = found.interval.unwrap();
            quantiles += u32::from(low <= 0.0 && 0.0 <= high);
        }
        // 396 are expected; 388 are 4 standard deviations below.
        assert!(shares >= 388 && quantiles >= 388, "{shares} {quantiles}");
    }

    fn periods() -> impl Strategy<Value = Vec<Counted>> {
        let period = (0_u64..5_000, 0.0_f64..=1.0).prop_map(|(requests, part)| Counted {
            requests,
            hits: (requests as f64 * part) as u64,
        });
        prop::collection::vec(period, 1..30)
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_difference_and_stays_within_what_is_possible(
            before in periods(), after in periods(),
        ) {
            let found = compare_shares(&before, &after);
            let enough = total(&before).0 >= FEWEST && total(&after).0 >= FEWEST;
            prop_assert_eq!(found.value.is_some(), enough);
            if let (Some(value), Some((low, high))) = (found.value, found.interval) {
                prop_assert!(low <= value && value <= high);
                prop_assert!((-142.0..=142.0).contains(&low) && (-142.0..=142.0).contains(&high));
                prop_assert!(found.verdict != ReleaseVerdict::Worse || low > 0.0);
                prop_assert!(found.verdict != ReleaseVerdict::Better || high < 0.0);
            }
        }

        #[test]
        fn the_other_way_around_is_the_opposite(before in periods(), after in periods()) {
            let (there, back) = (compare_shares(&before, &after), compare_shares(&after, &before));
            let opposite = match there.verdict {
                ReleaseVerdict::Worse => ReleaseVerdict::Better,
                ReleaseVerdict::Better => ReleaseVerdict::Worse,
                other => other,
            };
            prop_assert_eq!(back.verdict, opposite);
            if let (Some((low, high)), Some((back_low, back_high))) = (there.interval, back.interval) {
                prop_assert!((low + back_high).abs() < 1e-9 && (high + back_low).abs() < 1e-9);
            }
        }

        #[test]
        fn what_compares_with_itself_is_no_difference(all in periods()) {
            let found = compare_shares(&all, &all);
            prop_assert!(matches!(found.verdict, ReleaseVerdict::NoDifference | ReleaseVerdict::TooFew));
        }

        #[test]
        fn more_of_the_same_traffic_narrows_the_interval(n in 100_u64..5_000, part in 0.0_f64..=1.0) {
            let hits = (n as f64 * part) as u64;
            let width = |times: u64| {
                let of = counted(n * times, hits * times);
                let (low, high) = compare_shares(&of, &of).interval.unwrap();
                high - low
            };
            prop_assert!(width(4) < width(1));
        }

        #[test]
        fn quantiles_of_one_distribution_do_not_differ(
            values in prop::collection::vec(1_u64..10_000_000, 200..600),
        ) {
            let half = |from: usize| sketch(values.iter().skip(from).step_by(2).copied());
            let (one, other) = (half(0), half(0));
            let found = compare_quantiles(&[&one], &[&other], 0.95);
            if let (Some(value), Some((low, high))) = (found.value, found.interval) {
                prop_assert!(value.abs() < 1e-9 && low < 0.0 && 0.0 < high);
                prop_assert_eq!(found.verdict, ReleaseVerdict::NoDifference);
            }
        }

        #[test]
        fn a_design_effect_lies_between_one_and_the_size_of_a_period(all in periods()) {
            if let Some(effect) = design_effect(&all) {
                prop_assert!(effect >= 1.0 && effect <= (total(&all).0 as f64 / 3.0).max(1.0));
            }
        }
    }
}
