//! Points of metrics that another library has summed, and what each adds to the one before.
//!
//! A **cumulative** point says what happened since its process began, so that what it adds is the difference to the
//! point that was counted last of the same **stream**: of the same resource, metric, attributes and start. A point
//! that is sent again, or that another one has overtaken, adds nothing; a restart begins another stream. A **delta**
//! point adds what it says, once: it is known again by all that it carries, in whatever body it comes.
//!
//! # Bins
//!
//! A histogram's bins are taken for requests of one time each: the geometric mean of both bounds. The sum and the
//! count are exact. A quantile of a bin from `low` to `high` is off by `sqrt(high / low) - 1` of the value at most,
//! which [`MetricPoint::quantile_error`] says. The first bin has no lower bound and counts as half of its upper one;
//! the last has no upper bound and counts as its lower one.

use std::{collections::BTreeMap, time::SystemTime};

use api_metrics_layer::{Outcome, Protocol};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::store::StoreError;

/// What the numbers of a point are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// Requests, with their latencies in microseconds.
    Latency,
    /// Latencies in microseconds of requests that other points count by their status.
    LatencyAlone,
    /// Requests, of whose latencies nothing is said.
    Requests,
    /// Body bytes of requests that another point counts.
    RequestBytes,
    /// Body bytes of the responses to requests that another point counts.
    ResponseBytes,
}

/// Where the bins of a histogram lie.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Bins {
    /// Bin `i` goes up to the `i`th bound, inclusive; one more has everything above.
    Explicit(Vec<f64>),
    /// Bin `i` goes from `base^i`, exclusive, to `base^(i + 1)` times the unit, with `base = 2^(2^-scale)`.
    Exponential {
        /// From -10 to 20.
        scale: i32,
        /// What the bins' values are multiplied by to become microseconds or bytes.
        unit: f64,
    },
}

/// One point of a metric: a number of requests that were answered alike.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MetricPoint {
    /// The resource that it comes from, as a hash.
    pub resource: [u8; 16],
    /// The stream that it belongs to, as a hash over all that tells streams apart.
    pub stream: [u8; 16],
    /// Whether it counts from the start of its stream.
    pub is_cumulative: bool,
    /// When its stream began, in nanoseconds since 1970; 0: not known.
    pub started_ns: u64,
    /// When it was taken, in nanoseconds since 1970.
    pub at_ns: u64,
    /// HTTP or gRPC.
    pub protocol: Protocol,
    /// A standard method or `_OTHER`.
    pub method: &'static str,
    /// The route template.
    pub endpoint: String,
    /// The status that was sent; `None`: none was sent.
    pub status: Option<u16>,
    /// How the requests ended.
    pub outcome: Outcome,
    /// What its numbers are.
    pub measure: Measure,
    /// Requests.
    pub count: u64,
    /// The sum of their latencies in microseconds, or of their bytes.
    pub sum: f64,
    /// The least and the greatest value of its stream, where they are known. Values that stand for bins lie between.
    pub range: Option<(f64, f64)>,
    /// Where its bins lie.
    pub bins: Bins,
    /// How many requests each bin has. Bin `i32::MIN` are those of zero.
    pub counts: BTreeMap<i32, u64>,
}

/// What a point adds to the points before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Added {
    pub(super) count: u64,
    pub(super) sum: u64,
    /// Values, in the measure's unit, and how many requests have each.
    pub(super) values: Vec<(u64, u64)>,
}

/// The bin of requests of zero.
const ZERO: i32 = i32::MIN;
/// What is said of bins that are wider still: nothing is known of such a quantile.
const MAX_ERROR: f64 = 1_000.0;
/// Streams of a resource that is seen for the first time are counted from their start only if that lies less than
/// this back: else nobody knows whether somebody has counted them before.
const MAX_FIRST_NS: u64 = 24 * 3_600 * 1_000_000_000;

impl MetricPoint {
    /// Completed HTTP requests of which nothing else is known.
    #[must_use]
    pub fn new(method: &'static str, endpoint: impl Into<String>, stream: [u8; 16]) -> Self {
        Self {
            resource: [0; 16],
            stream,
            is_cumulative: true,
            started_ns: 0,
            at_ns: 0,
            protocol: Protocol::Http,
            method,
            endpoint: endpoint.into(),
            status: None,
            outcome: Outcome::Completed,
            measure: Measure::Latency,
            count: 0,
            sum: 0.0,
            range: None,
            bins: Bins::Explicit(Vec::new()),
            counts: BTreeMap::new(),
        }
    }

    /// When it was taken; decides the minute under which it is counted.
    pub(super) fn finished_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(self.at_ns)
    }

    /// By which part of itself a quantile of these latencies may be off at most; 0 without latencies.
    #[must_use]
    pub fn quantile_error(&self) -> f64 {
        if !matches!(self.measure, Measure::Latency | Measure::LatencyAlone) {
            return 0.0;
        }
        let ratio = |low: f64, high: f64| (high / low).sqrt() - 1.0;
        let error = match &self.bins {
            Bins::Exponential { scale, .. } => (2f64.powi(-scale).exp2()).sqrt() - 1.0,
            Bins::Explicit(bounds) => self
                .counts
                .iter()
                .filter(|(_, count)| **count > 0)
                .filter_map(|(bin, _)| {
                    let bin = usize::try_from(*bin).ok()?;
                    let low = *bounds.get(bin.checked_sub(1)?)?;
                    let high = *bounds.get(bin)?;
                    (low > 0.0).then(|| ratio(low, high))
                })
                .fold(0.0, f64::max),
        };
        error.min(MAX_ERROR)
    }

    /// The value that stands for a bin.
    fn value(&self, bin: i32) -> u64 {
        if bin == ZERO {
            return 0;
        }
        let value = match &self.bins {
            Bins::Exponential { scale, unit } => {
                (2f64.powi(-scale) * (f64::from(bin) + 0.5)).exp2() * unit
            }
            Bins::Explicit(bounds) => {
                let at = |bin: i32| usize::try_from(bin).ok().and_then(|bin| bounds.get(bin));
                match (at(bin.saturating_sub(1)), at(bin)) {
                    (None, None) => 0.0,
                    (None, Some(high)) => high.max(0.0) / 2.0,
                    (Some(low), None) => low.max(0.0),
                    (Some(low), Some(high)) if *low > 0.0 => (low * high).sqrt(),
                    (Some(_), Some(high)) => high.max(0.0) / 2.0,
                }
            }
        };
        let value = match self.range {
            Some((least, most)) => value.min(most).max(least),
            None => value,
        };
        // Saturates, and a NaN is 0.
        value.round() as u64
    }

    /// Whether it says that there was nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.sum == 0.0
    }

    /// A hash over all that it carries.
    pub(super) fn carried(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.stream);
        for number in [self.started_ns, self.at_ns, self.count, self.sum.to_bits()] {
            hash.update(number.to_le_bytes());
        }
        for (bin, count) in &self.counts {
            hash.update(bin.to_le_bytes());
            hash.update(count.to_le_bytes());
        }
        hash.finalize().into()
    }

    /// Whether it is as old as it may be when its resource is seen for the first time.
    pub(super) const fn is_young(&self) -> bool {
        self.started_ns != 0 && self.at_ns.saturating_sub(self.started_ns) <= MAX_FIRST_NS
    }

    /// What it adds to what was counted of its stream; `None`: nothing, because it was overtaken, or sent again.
    pub(super) fn since(&self, last: Option<&Counted>) -> Option<Added> {
        let last = last.filter(|_| self.is_cumulative);
        let Some(last) = last else {
            return Some(self.added(self.count, self.sum, &self.counts));
        };
        if self.at_ns <= last.at_ns {
            return None;
        }
        let difference = || {
            let (scale, now, before) = last.compared(self)?;
            let count = self.count.checked_sub(last.count)?;
            let mut counts = BTreeMap::new();
            for (bin, n) in &now {
                let more = n.checked_sub(before.get(bin).copied().unwrap_or_default())?;
                if more > 0 {
                    counts.insert(*bin, more);
                }
            }
            let mut coarser = self.clone();
            if let (Bins::Exponential { scale: own, .. }, Some(scale)) = (&mut coarser.bins, scale)
            {
                *own = scale;
            }
            Some(coarser.added(count, self.sum - last.sum, &counts))
        };
        match difference() {
            Some(added) => Some(added),
            // Less than before, by a library that does not say when it began: it has begun anew.
            None if self.started_ns == 0 => Some(self.added(self.count, self.sum, &self.counts)),
            // Less than before under the same start is against the protocol, as of two processes that pass for one:
            // what was counted stays the most that anybody has said.
            None => None,
        }
    }

    fn added(&self, count: u64, sum: f64, counts: &BTreeMap<i32, u64>) -> Added {
        let mut values: Vec<(u64, u64)> = counts
            .iter()
            .filter(|(_, n)| **n > 0)
            .map(|(bin, n)| (self.value(*bin), *n))
            .collect();
        values.sort_unstable();
        // Saturates; neither a NaN nor less than nothing is added.
        let sum = sum.max(0.0).round() as u64;
        // A library that keeps no bins knows the mean alone.
        if let Some(mean) = sum.checked_div(count)
            && self.counts.is_empty()
            && self.measure != Measure::Requests
        {
            values.push((mean, count));
        }
        Added { count, sum, values }
    }
}

/// The scale at which two points are compared, and the counts of the later and of the earlier one.
type Compared = (Option<i32>, BTreeMap<i32, u64>, BTreeMap<i32, u64>);

/// The counts in bins of a scale that is coarser by so many halvings.
fn coarsened(counts: &BTreeMap<i32, u64>, by: i32) -> BTreeMap<i32, u64> {
    let mut coarse = BTreeMap::new();
    for (bin, n) in counts {
        let into = if *bin == ZERO {
            ZERO
        } else {
            // From -10 to 20: at most 30.
            bin >> by.clamp(0, 31)
        };
        let sum: &mut u64 = coarse.entry(into).or_default();
        *sum = sum.saturating_add(*n);
    }
    coarse
}

/// What was counted of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counted {
    at_ns: u64,
    count: u64,
    sum: f64,
    /// Of exponential bins.
    scale: Option<i32>,
    counts: BTreeMap<i32, u64>,
}

impl Counted {
    /// All that the point says.
    pub(super) fn of(point: &MetricPoint) -> Self {
        Self {
            at_ns: point.at_ns,
            count: point.count,
            sum: point.sum,
            scale: match &point.bins {
                Bins::Exponential { scale, .. } => Some(*scale),
                Bins::Explicit(_) => None,
            },
            counts: point.counts.clone(),
        }
    }

    /// The counts of a later point and of this one in bins of one scale, the coarser of both. `None` where their bins
    /// are of different kinds.
    fn compared(&self, later: &MetricPoint) -> Option<Compared> {
        match (self.scale, &later.bins) {
            (None, Bins::Explicit(_)) => Some((None, later.counts.clone(), self.counts.clone())),
            (Some(from), Bins::Exponential { scale, .. }) => {
                let common = from.min(*scale);
                let now = coarsened(&later.counts, scale - common);
                let before = coarsened(&self.counts, from - common);
                Some((Some(common), now, before))
            }
            _ => None,
        }
    }

    /// As it is kept.
    pub(super) fn encode(&self) -> String {
        let counts: Vec<_> = self.counts.iter().collect();
        // A NaN, which no point has, would become null.
        json!([self.at_ns, self.count, self.sum, self.scale, counts]).to_string()
    }

    /// What was kept.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where it can't be read.
    pub(super) fn decode(text: &str) -> Result<Self, StoreError> {
        let read = || {
            let value: Value = serde_json::from_str(text).ok()?;
            let counts = value.get(4)?.as_array()?.iter().map(|pair| {
                let bin = i32::try_from(pair.get(0)?.as_i64()?).ok()?;
                Some((bin, pair.get(1)?.as_u64()?))
            });
            Some(Self {
                at_ns: value.get(0)?.as_u64()?,
                count: value.get(1)?.as_u64()?,
                sum: value.get(2)?.as_f64()?,
                scale: match value.get(3)? {
                    Value::Null => None,
                    scale => Some(i32::try_from(scale.as_i64()?).ok()?),
                },
                counts: counts.collect::<Option<_>>()?,
            })
        };
        read().ok_or_else(|| StoreError::Corrupt("what was counted of a stream of metrics".into()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Requests of 1 ms, 2 ms and so on, each so often, in bins of 5 and 10 ms.
    fn point(at: u64, times: &[(u64, u64)]) -> MetricPoint {
        let mut point = MetricPoint::new("GET", "/a", [1; 16]);
        point.at_ns = at;
        point.started_ns = 1;
        point.bins = Bins::Explicit(vec![5_000.0, 10_000.0]);
        for (ms, n) in times {
            let bin = match ms {
                0..=5 => 0,
                6..=10 => 1,
                _ => 2,
            };
            *point.counts.entry(bin).or_default() += n;
            point.count += n;
            point.sum += (ms * n) as f64 * 1e3;
        }
        point
    }

    #[test]
    fn a_cumulative_point_adds_what_happened_since_the_one_before() {
        let first = point(10, &[(1, 3), (7, 2)]);
        let second = point(20, &[(1, 3), (7, 4), (50, 1)]);
        let added = first.since(None).unwrap();
        assert_eq!((added.count, added.sum), (5, 17_000));
        assert_eq!(added.values, [(2_500, 3), (7_071, 2)]);
        let counted = Counted::decode(&Counted::of(&first).encode()).unwrap();
        let added = second.since(Some(&counted)).unwrap();
        assert_eq!((added.count, added.sum), (3, 64_000));
        assert_eq!(added.values, [(7_071, 2), (10_000, 1)]);
    }

    #[test]
    fn what_stands_for_a_bin_is_no_less_and_no_more_than_all_values() {
        let mut known = point(10, &[(1, 3), (7, 2), (50, 1)]);
        known.range = Some((900.0, 9_000.0));
        let values = known.since(None).unwrap().values;
        assert_eq!(values, [(2_500, 3), (7_071, 2), (9_000, 1)]);
        known.range = Some((3_000.0, f64::NAN));
        let values = known.since(None).unwrap().values;
        assert_eq!(values, [(3_000, 3), (7_071, 2), (10_000, 1)]);
    }

    #[test]
    fn a_point_that_comes_again_or_too_late_adds_nothing() {
        let (first, second) = (point(10, &[(1, 3)]), point(20, &[(1, 5)]));
        let counted = Counted::of(&second);
        assert_eq!(second.since(Some(&counted)), None);
        assert_eq!(first.since(Some(&counted)), None);
    }

    #[test]
    fn less_than_before_adds_nothing_unless_nobody_says_when_it_began() {
        let counted = Counted::of(&point(10, &[(1, 3), (7, 2)]));
        // Fewer requests, and more of them in other bins.
        for bins in [&[(1, 4)][..], &[(1, 1), (50, 6)]] {
            let mut less = point(20, bins);
            assert_eq!(less.since(Some(&counted)), None);
            less.started_ns = 0;
            assert_eq!(less.since(Some(&counted)).unwrap().count, less.count);
        }
    }

    #[test]
    fn without_bins_each_request_took_the_mean() {
        let mut without = point(10, &[(1, 3), (7, 1)]);
        without.counts.clear();
        let added = without.since(None).unwrap();
        assert_eq!((added.sum, added.values), (10_000, vec![(2_500, 4)]));
    }

    #[test]
    fn a_delta_point_adds_all_of_itself() {
        let mut delta = point(10, &[(1, 3)]);
        delta.is_cumulative = false;
        assert_eq!(delta.since(Some(&Counted::of(&delta))).unwrap().count, 3);
    }

    #[test]
    fn exponential_bins_are_compared_at_the_coarser_scale() {
        let exponential = |at, scale, counts: &[(i32, u64)]| {
            let mut point = MetricPoint::new("GET", "/a", [1; 16]);
            point.at_ns = at;
            point.bins = Bins::Exponential { scale, unit: 1e6 };
            point.counts = counts.iter().copied().collect();
            point.count = counts.iter().map(|(_, n)| n).sum();
            point
        };
        // At scale 1 bins -3 and -4 are 0.25 to 0.354 and 0.354 to 0.5 s; at scale 0 both are bin -2.
        let first = exponential(10, 1, &[(-4, 2), (-3, 1), (ZERO, 1)]);
        let second = exponential(20, 0, &[(-2, 5), (ZERO, 1)]);
        let added = second.since(Some(&Counted::of(&first))).unwrap();
        assert_eq!(added.values, [(353_553, 2)]);
        assert!((second.quantile_error() - 0.414).abs() < 0.001);
        assert!((exponential(1, 3, &[]).quantile_error() - 0.0443).abs() < 0.001);
        // Nor does a finer scale than before count anything again.
        let finer = exponential(20, 2, &[(-8, 2), (-7, 1), (-6, 1), (-5, 2), (ZERO, 1)]);
        let added = finer.since(Some(&Counted::of(&first))).unwrap();
        assert_eq!(added.values, [(297_302, 1), (420_448, 2)]);
        assert!(exponential(1, -10, &[]).quantile_error() <= MAX_ERROR);
    }

    #[test]
    fn the_error_of_a_quantile_is_that_of_the_widest_bin_in_use() {
        assert_eq!(point(1, &[(1, 1), (50, 1)]).quantile_error(), 0.0);
        let error = point(1, &[(7, 1)]).quantile_error();
        assert!((error - 0.4142).abs() < 0.001, "{error}");
    }

    #[test]
    fn what_was_counted_is_read_as_it_was_written_or_refused() {
        for text in [
            "",
            "[]",
            "[1,2,3,4]",
            "[1,2,3,null,[[1]]]",
            "[-1,2,3,null,[]]",
        ] {
            assert!(Counted::decode(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn however_points_are_lost_sent_again_and_overtaken_their_sum_is_the_last_ones(
            steps in proptest::collection::vec((0_u64..60, 1_u64..5), 1..20),
            order in proptest::collection::vec((any::<proptest::sample::Index>(), any::<bool>()), 1..40),
        ) {
            let mut times = Vec::new();
            let points: Vec<_> = (1..).zip(&steps).map(|(at, step)| {
                times.push(*step);
                point(at, &times)
            }).collect();
            let mut counted: Option<Counted> = None;
            let (mut count, mut sum, mut values) = (0, 0, BTreeMap::new());
            let sent = order.iter().map(|(which, _)| which.get(&points)).chain(points.last());
            for point in sent {
                if let Some(added) = point.since(counted.as_ref()) {
                    count += added.count;
                    sum += added.sum;
                    for (value, n) in added.values {
                        *values.entry(value).or_insert(0) += n;
                    }
                    counted = Some(Counted::of(point));
                }
            }
            let whole = points.last().unwrap().since(None).unwrap();
            prop_assert_eq!(count, whole.count);
            prop_assert_eq!(sum, whole.sum);
            prop_assert_eq!(values.into_iter().collect::<Vec<_>>(), whole.values);
        }
    }
}
