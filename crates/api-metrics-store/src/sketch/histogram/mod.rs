//! The log-linear histogram.
//!
//! Every octave above 64 µs is cut into 64 sub-buckets of equal width, so that a bucket's midpoint is at
//! most 1/128 (0.78%) away from any value in it; below 128 µs a bucket is one value. The layout is
//! HdrHistogram's with a fixed precision.

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
pub(super) const BUCKETS: u16 = 58 * 64 + 64;

/// The bucket of a value.
#[inline]
pub(super) const fn bucket_of(value: u64) -> u16 {
    let shift = 57 - (value | 64).leading_zeros();
    // Below 64 the shift is 0 and the bucket is the value. At most 57 * 64 + 127.
    ((shift as u64) << 6).wrapping_add(value >> shift) as u16
}

/// The least value of a bucket, and the difference between its greatest and its least value.
pub(super) const fn bounds_of(bucket: u16) -> (u64, u64) {
    if bucket < 128 {
        return (bucket as u64, 0);
    }
    let shift = (bucket >> 6) - 1;
    (((bucket & 63) as u64 + 64) << shift, (1 << shift) - 1)
}

/// See the [module](self). Values are microseconds.
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
    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.counts.increment(bucket_of(value), self.count);
    }

    pub(super) fn record_all(&mut self, values: &[u32]) {
        let (Some(&min), Some(&max)) = (values.iter().min(), values.iter().max()) else {
            return;
        };
        self.make_room(values.len() as u64, u64::from(min), u64::from(max));
        let buckets = values.iter().map(|&value| bucket_of(u64::from(value)));
        self.counts.add_pairs(buckets.map(|bucket| (bucket, 1)));
    }

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

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    pub(super) const fn min(&self) -> Option<u64> {
        if self.count == 0 {
            None
        } else {
            Some(self.min)
        }
    }

    pub(super) const fn max(&self) -> Option<u64> {
        if self.count == 0 {
            None
        } else {
            Some(self.max)
        }
    }

    /// The value at a rank of `1..=count`. The first and the last are known exactly.
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

    pub(super) fn reset(&mut self) {
        self.count = 0;
        self.min = u64::MAX;
        self.max = 0;
        self.counts.reset();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.heap_bytes()
    }
}
