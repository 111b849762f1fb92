//! The t-digest, by the `tdigest` crate.
//!
//! A digest keeps up to 200 centroids, each a mean and a weight. Near the ends of the distribution
//! centroids hold few values, in its middle many: the error in rank is small at the ends
//! and greatest in the middle. The
//! error in value has no bound, because a centroid's mean may lie where no value is.
//!
//! Layout after the tag byte, all fields varints:
//!
//! | field | present |
//! |---|---|
//! | count | always; 0 ends the encoding |
//! | minimum, maximum - minimum | where the count is not 0 |
//! | number of centroids, 1 to 1,024 | likewise |
//! | for each centroid: the difference of its mean's bits from those of the mean before, then its weight | likewise |
//!
//! The bits of positive `f64`s ascend as the numbers do, so that the differences of sorted means are
//! small non-negative integers. A reader refuses means outside of `0..=maximum`, weights below 1, and
//! weights whose sum is not the count within 1e-9.

use tdigest::{Centroid, TDigest};

use super::{SketchError, SketchKind, body_of};
use crate::varint;

/// The compression, and so the most centroids that a digest keeps.
const COMPRESSION: usize = 200;
/// Values that wait for a compression. It costs microseconds, and most digests of one flush interval never
/// need it.
///
/// 4 KB of values.
const PENDING: usize = 512;
/// Centroids in an encoding, at most; more were not written by this library.
const MAX_CENTROIDS: u64 = 1024;

/// A t-digest with exact count, minimum and maximum. Values are microseconds.
#[derive(Debug, Clone)]
pub(super) struct Digest {
    count: u64,
    /// `u64::MAX` when empty.
    min: u64,
    /// 0 when empty.
    max: u64,
    /// Never holds uncompressed values: those are in `pending`, where reading them needs no `&mut`.
    compressed: TDigest,
    pending: Vec<f64>,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            count: 0,
            min: u64::MAX,
            max: 0,
            compressed: TDigest::new_with_size(COMPRESSION),
            pending: Vec::new(),
        }
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        // The sums that TDigest keeps besides may differ in rounding; nothing here reads them.
        self.count == other.count
            && self.min() == other.min()
            && self.max() == other.max()
            && self.flushed().centroids() == other.flushed().centroids()
    }
}

impl Digest {
    /// Adds one value; every 512th call compresses all of them.
    pub(super) fn record(&mut self, value: u64) {
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.pending.push(value as f64);
        if self.pending.len() >= PENDING {
            self.flush();
        }
    }

    /// Adds values, each as often as it says: a centroid for each, however many it stands for.
    pub(super) fn record_pairs(&mut self, pairs: &[(u64, u64)]) {
        let mut pairs: Vec<_> = pairs.iter().filter(|(_, n)| *n > 0).collect();
        pairs.sort_unstable();
        let (Some((min, _)), Some((max, _))) = (pairs.first(), pairs.last()) else {
            return;
        };
        let mut digest = Self {
            min: *min,
            max: *max,
            ..Self::default()
        };
        let (mut total, mut sum) = (0.0, 0.0);
        for (value, n) in &pairs {
            digest.count = digest.count.saturating_add(*n);
            total += *n as f64;
            sum += *value as f64 * *n as f64;
        }
        let centroids = pairs
            .iter()
            .map(|(value, n)| Centroid::new(*value as f64, *n as f64))
            .collect();
        digest.compressed = TDigest::new(
            centroids,
            sum,
            total,
            Some(*max as f64),
            Some(*min as f64),
            COMPRESSION,
        );
        self.merge(&digest);
    }

    /// Adds another digest. Merging in another order gives another, equally good, digest.
    pub(super) fn merge(&mut self, other: &Self) {
        self.take_totals(other);
        if other.compressed.is_empty() {
            self.extend_pending(&other.pending);
        } else {
            self.flush();
            self.compressed =
                TDigest::merge_digests(vec![self.compressed.clone(), other.flushed()]);
        }
    }

    /// Adds all encodings at once: compressing once keeps more precision than compressing for each.
    ///
    /// # Errors
    ///
    /// `SketchError::KindMismatch`, `SketchError::Truncated` or `SketchError::Corrupt`; the digest is
    /// unchanged then.
    pub(super) fn merge_encoded(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        let mut totals = Self::default();
        let mut digests = Vec::new();
        let mut rest = encoded;
        while !rest.is_empty() {
            rest = body_of(SketchKind::TDigest, rest)?;
            let digest = Self::decode(&mut rest)?;
            totals.take_totals(&digest);
            digests.push(digest.compressed);
        }
        if totals.count > 0 {
            self.flush();
            self.take_totals(&totals);
            digests.push(std::mem::take(&mut self.compressed));
            self.compressed = TDigest::merge_digests(digests);
        }
        Ok(())
    }

    /// Adds count, minimum and maximum of another digest, which stay exact whatever compression does.
    fn take_totals(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Adds values that another digest has not compressed yet.
    fn extend_pending(&mut self, values: &[f64]) {
        self.pending.extend_from_slice(values);
        if self.pending.len() >= PENDING {
            self.flush();
        }
    }

    /// Compresses the pending values.
    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.compressed = self
                .compressed
                .merge_unsorted(std::mem::take(&mut self.pending));
        }
    }

    /// The digest with the waiting values in it.
    fn flushed(&self) -> TDigest {
        self.compressed.merge_unsorted(self.pending.clone())
    }

    /// The number of values, exactly.
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

    /// The estimate at a rank of `1..=count`.
    ///
    /// Ranks 1 and `count` are exact. Others are interpolated between centroids and clamped to minimum
    /// and maximum.
    pub(super) fn value_at(&self, rank: u64) -> Option<f64> {
        let (min, max) = (self.min()? as f64, self.max()? as f64);
        if rank <= 1 {
            return Some(min);
        }
        if rank >= self.count {
            return Some(max);
        }
        // A centroid of weight 1 at rank r has its centre at r - 1/2.
        let q = (rank as f64 - 0.5) / self.count as f64;
        let digest = self.flushed();
        let estimate = digest.estimate_quantile(q).unwrap_or(max);
        Some(if estimate.is_nan() {
            max
        } else {
            estimate.clamp(min, max)
        })
    }

    /// How many values are at most `value`, by its rank among the estimates.
    pub(super) fn count_up_to(&self, value: u64) -> u64 {
        let (Some(min), Some(max)) = (self.min(), self.max()) else {
            return 0;
        };
        if value < min {
            return 0;
        }
        if value >= max {
            return self.count;
        }
        // The greatest rank whose estimate is not above it: estimates ascend.
        let (mut below, mut above) = (1, self.count);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if self.value_at(middle).is_some_and(|at| at <= value as f64) {
                below = middle;
            } else {
                above = middle;
            }
        }
        below
    }

    /// After the tag byte: count, and unless it is 0, min, max - min, the number of centroids, and for each
    /// the step of its mean's bits (which ascend as the means do, these being positive) and its weight.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        varint::put(out, self.count);
        if self.count == 0 {
            return;
        }
        varint::put(out, self.min);
        varint::put(out, self.max.saturating_sub(self.min));
        let digest = self.flushed();
        varint::put(out, digest.centroids().len() as u64);
        let mut before = 0;
        for centroid in digest.centroids() {
            // `max` also turns -0.0 into +0.0, whose bits are 0.
            let bits = centroid.mean().max(0.0).to_bits();
            varint::put(out, bits.saturating_sub(before));
            varint::put(out, centroid.weight() as u64);
            before = bits;
        }
    }

    /// Takes one encoding, without its tag byte, off the front of `input`. Allocates one centroid at a
    /// time, at most 1,024.
    ///
    /// # Errors
    ///
    /// `SketchError::Truncated` or `SketchError::Corrupt`; `input` is unchanged then.
    pub(super) fn decode(input: &mut &[u8]) -> Result<Self, SketchError> {
        let mut rest = *input;
        let mut next = || varint::take(&mut rest).ok_or(SketchError::Truncated);
        let mut digest = Self {
            count: next()?,
            ..Self::default()
        };
        if digest.count > 0 {
            digest.min = next()?;
            let extent = next()?;
            digest.max = digest
                .min
                .checked_add(extent)
                .ok_or(SketchError::Corrupt("maximum out of range"))?;
            let len = next()?;
            if len == 0 || len > MAX_CENTROIDS {
                return Err(SketchError::Corrupt("number of centroids"));
            }
            let mut centroids = Vec::new();
            let (mut bits, mut total, mut sum) = (0_u64, 0.0_f64, 0.0);
            for _ in 0..len {
                bits = bits
                    .checked_add(next()?)
                    .ok_or(SketchError::Corrupt("centroid out of range"))?;
                let mean = f64::from_bits(bits);
                let weight = next()? as f64;
                if !(mean >= 0.0 && mean <= digest.max as f64) || weight < 1.0 {
                    return Err(SketchError::Corrupt("centroid out of range"));
                }
                total += weight;
                sum += mean * weight;
                centroids.push(Centroid::new(mean, weight));
            }
            // Beyond 2^53 the weights are rounded, beyond 2^64 the count saturates.
            let expected: f64 = digest.count as f64;
            if (total.min(u64::MAX as f64) - expected).abs() > expected * 1e-9 {
                return Err(SketchError::Corrupt("count"));
            }
            digest.compressed = TDigest::new(
                centroids,
                sum,
                total,
                Some(digest.max as f64),
                Some(digest.min as f64),
                COMPRESSION,
            );
        }
        *input = rest;
        Ok(digest)
    }

    /// Removes all values and keeps the memory of the pending ones.
    pub(super) fn reset(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.clear();
        *self = Self {
            pending,
            ..Self::default()
        };
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.pending.capacity() * size_of::<f64>() + size_of_val(self.compressed.centroids())
    }
}
