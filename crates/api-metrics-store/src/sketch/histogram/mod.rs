//! The log-linear histogram.
//!
//! Every octave above 64 µs is cut into 64 sub-buckets of equal width, so that a bucket's midpoint is at
//! most 1/128 (0.78%) away from any value in it; below 128 µs a bucket is one value. The layout is
//! HdrHistogram's with a fixed precision.
//!
//! # Buckets
//!
//! Let `v` be a value in microseconds and `s = 57 - leading_zeros(v | 64)`, which is 0 below 128 and
//! grows by one an octave. Then `bucket(v) = 64 s + (v >> s)`.
//!
//! | values | s | width | buckets |
//! |---|---|---|---|
//! | 0 to 127 | 0 | 1 µs | 0 to 127 |
//! | 128 to 255 | 1 | 2 µs | 128 to 191 |
//! | 256 to 511 | 2 | 4 µs | 192 to 255 |
//! | 1.05 s to 2.10 s (`2^20` to `2^21`) | 14 | 16,384 µs | 960 to 1,023 |
//! | `2^63` to `2^64 - 1` | 57 | `2^57` | 3,712 to 3,775 |
//!
//! There are `58 * 64 + 64 = 3,776` of them. The number of a bucket grows with its values, so that
//! ranks can be found by a pass in order.
//!
//! # Error
//!
//! A bucket of shift `s` holds `2^s` values, the least of which is at least `64 * 2^s`. The middle is
//! at most `(2^s - 1) / 2` away from any of them, relative to the value less than `2^s / 2 / (64 * 2^s)
//! = 1/128 = 0.78%`. Because a quantile is the middle of the bucket that holds the wanted rank, it has
//! that error and no other: merging adds counters and moves no value. The minimum and the maximum are
//! kept beside the counters, and an answer is clamped to them, so that ranks 1 and `n` are exact.

mod codec;
mod counts;
mod sum;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

pub(super) use self::{
    codec::Totals,
    sum::{Counters, values_at},
};

use self::counts::Counts;

/// The number of buckets that cover `0..=u64::MAX`.
///
/// One counter of 64 bits each takes 30,208 bytes.
pub(super) const BUCKETS: u16 = 58 * 64 + 64;

/// The bucket of a value.
///
/// `value | 64` makes the shift 0 for all values below 128, without a branch.
#[inline]
pub(super) const fn bucket_of(value: u64) -> u16 {
    let shift = 57 - (value | 64).leading_zeros();
    // Below 64 the shift is 0 and the bucket is the value. At most 57 * 64 + 127.
    ((shift as u64) << 6).wrapping_add(value >> shift) as u16
}

/// The least value of a bucket, and the difference between its greatest and its least value.
///
/// Bucket 192 gives `(256, 3)`: the values 256 to 259.
pub(super) const fn bounds_of(bucket: u16) -> (u64, u64) {
    if bucket < 128 {
        return (bucket as u64, 0);
    }
    let shift = (bucket >> 6) - 1;
    (((bucket & 63) as u64 + 64) << shift, (1 << shift) - 1)
}

/// See the [module](self). Values are microseconds.
///
/// Totals, extremes and counters; the heap holds only what [`Counts`] needs for the values so far.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    count: u64,
    /// `u64::MAX` when empty.
    min: u64,
    /// 0 when empty.
    max: u64,
    counts: Counts,
}

impl Default for Histogram {
    /// An empty histogram: nothing on the heap.
    fn default() -> Self {
        Self {
            count: 0,
            min: u64::MAX,
            max: 0,
            counts: Counts::default(),
        }
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
            && self.min() == other.min()
            && self.max() == other.max()
            && self.counts.to_pairs() == other.counts.to_pairs()
    }
}

impl Histogram {
    /// Adds one value. In the common forms this is one store or one increment; see
    /// [`Counts::increment`].
    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.counts.increment(bucket_of(value), self.count);
    }

    /// How many values are at most `value`, with those above it that share its bucket.
    pub(super) fn count_up_to(&self, value: u64) -> u64 {
        let last = bucket_of(value);
        let pairs = self.counts.to_pairs();
        let within = pairs.iter().filter(|(bucket, _)| *bucket <= last);
        within.fold(0, |sum: u64, (_, n)| sum.saturating_add(*n))
    }

    /// The value at the rank that `rank_of` gives for as many values as are here and not in `part`; `None` where
    /// there are none. The extremes of those are not known, so it lies within the middle of buckets and ours.
    pub(super) fn quantile_without(
        &self,
        part: &Self,
        rank_of: impl FnOnce(u64) -> u64,
    ) -> Option<f64> {
        let (min, max) = (self.min()? as f64, self.max()? as f64);
        let mut taken = part.counts.to_pairs().into_iter().peekable();
        // Both ascend. A bucket of which the part has more is empty, not negative.
        let left: Vec<(u16, u64)> = (self.counts.to_pairs().into_iter())
            .map(|(bucket, n)| {
                while taken.next_if(|(other, _)| *other < bucket).is_some() {}
                let less = taken.next_if(|(other, _)| *other == bucket);
                (bucket, n.saturating_sub(less.map_or(0, |(_, n)| n)))
            })
            .collect();
        let count = left
            .iter()
            .fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
        if count == 0 {
            return None;
        }
        let rank = rank_of(count);
        let mut seen = 0_u64;
        let (bucket, _) = left.into_iter().find(|(_, n)| {
            seen = seen.saturating_add(*n);
            seen >= rank
        })?;
        let (low, extent) = bounds_of(bucket);
        Some((low as f64 + extent as f64 / 2.0).clamp(min, max))
    }

    /// Adds values, each as often as it says.
    pub(super) fn record_pairs(&mut self, pairs: &[(u64, u64)]) {
        let there = || pairs.iter().filter(|(_, n)| *n > 0);
        let (Some((min, _)), Some((max, _))) = (there().min(), there().max()) else {
            return;
        };
        let count = there().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
        self.make_room(count, *min, *max);
        // In ascending order of buckets, as they are kept.
        let mut pairs: Vec<_> = there().map(|(value, n)| (bucket_of(*value), *n)).collect();
        pairs.sort_unstable();
        self.counts.add_pairs(pairs.into_iter());
    }

    /// The histogram of these buckets, in any order, whose values lie from `min` to `max`. Numbers that are no bucket's
    /// are left out; an extreme that lies outside of its bucket is taken for that bucket's own.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    pub(super) fn of_bins(mut bins: Vec<(u16, u64)>, min: u64, max: u64) -> Self {
        bins.retain(|(bucket, n)| *bucket < BUCKETS && *n > 0);
        bins.sort_unstable();
        let mut histogram = Self::default();
        let (Some((first, _)), Some((last, _))) = (bins.first(), bins.last()) else {
            return histogram;
        };
        let of_its_own = |bucket: u16, value: u64| (bucket_of(value) == bucket).then_some(value);
        let (low, high) = (bounds_of(*first), bounds_of(*last));
        let min = of_its_own(*first, min).unwrap_or(low.0);
        let max = of_its_own(*last, max).unwrap_or(high.0.saturating_add(high.1));
        let count = bins
            .iter()
            .fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
        histogram.make_room(count, min, max);
        histogram.counts.add_pairs(bins.into_iter());
        histogram
    }

    /// The buckets that count something, ascending.
    pub(super) fn bins(&self) -> Vec<(u16, u64)> {
        self.counts.to_pairs()
    }

    /// Adds many values: the totals are updated and the form is chosen once for all of them.
    pub(super) fn record_all(&mut self, values: &[u32]) {
        let (Some(&min), Some(&max)) = (values.iter().min(), values.iter().max()) else {
            return;
        };
        self.make_room(values.len() as u64, u64::from(min), u64::from(max));
        let buckets = values.iter().map(|&value| bucket_of(u64::from(value)));
        self.counts.add_pairs(buckets.map(|bucket| (bucket, 1)));
    }

    /// Adds all values of another histogram. The result does not depend on the order of merges.
    pub(super) fn merge(&mut self, other: &Self) {
        let (Some(min), Some(max)) = (other.min(), other.max()) else {
            return;
        };
        self.make_room(other.count, min, max);
        self.counts.add_all(&other.counts);
    }

    /// Takes over the totals of what is about to be added, and sizes the counts for it.
    fn make_room(&mut self, count: u64, min: u64, max: u64) {
        self.count = self.count.saturating_add(count);
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.counts
            .make_room(self.count, bucket_of(self.min), bucket_of(self.max));
    }

    /// The number of values, saturating.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The least value, exactly; `None` when empty.
    pub(super) const fn min(&self) -> Option<u64> {
        if self.count == 0 {
            None
        } else {
            Some(self.min)
        }
    }

    /// The greatest value, exactly; `None` when empty.
    pub(super) const fn max(&self) -> Option<u64> {
        if self.count == 0 {
            None
        } else {
            Some(self.max)
        }
    }

    /// The value at a rank of `1..=count`. The first and the last are known exactly.
    ///
    /// Takes time linear in the number of counters, at most 3,776.
    pub(super) fn value_at(&self, rank: u64) -> Option<f64> {
        let (min, max) = (self.min()? as f64, self.max()? as f64);
        if rank <= 1 {
            return Some(min);
        }
        if rank >= self.count {
            return Some(max);
        }
        let mut seen = 0_u64;
        let found = self.counts.visit(|bucket, n| {
            seen = seen.saturating_add(n);
            if seen >= rank {
                ControlFlow::Break(bucket)
            } else {
                ControlFlow::Continue(())
            }
        });
        Some(match found {
            ControlFlow::Break(bucket) => {
                let (low, extent) = bounds_of(bucket);
                (low as f64 + extent as f64 / 2.0).clamp(min, max)
            }
            ControlFlow::Continue(()) => max,
        })
    }

    /// Removes all values; form and memory of the counters stay.
    pub(super) fn reset(&mut self) {
        self.count = 0;
        self.min = u64::MAX;
        self.max = 0;
        self.counts.reset();
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.heap_bytes()
    }
}
