//! The t-digest, by the `tdigest` crate.

use tdigest::{Centroid, TDigest};

use super::{SketchError, SketchKind, body_of};
use crate::varint;

/// The compression, and so the most centroids that a digest keeps.
const COMPRESSION: usize = 200;
/// Values that wait for a compression. It costs microseconds, and most digests of one flush interval never
/// need it.
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
    pub(super) fn record(&mut self, value: u64) {
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.pending.push(value as f64);
        if self.pending.len() >= PENDING {
            self.flush();
        }
    }

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

    fn take_totals(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    fn extend_pending(&mut self, values: &[f64]) {
        self.pending.extend_from_slice(values);
        if self.pending.len() >= PENDING {
            self.flush();
        }
    }

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

    /// The estimate at a rank of `1..=count`.
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

    pub(super) fn reset(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.clear();
        *self = Self {
            pending,
            ..Self::default()
        };
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.pending.capacity() * size_of::<f64>() + size_of_val(self.compressed.centroids())
    }
}
