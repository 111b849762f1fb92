//! The compact encoding of a bucket, as it is stored in the inbox.
//!
//! It has a version byte, a varint of flags in which bit `i` says that field `i` is present (an absent one is
//! 0 or `None`), the present fields as varints, then the sketch's own encoding.

use super::{Bucket, add};
use crate::{
    sketch::{Encoded, Sketch, SketchError, SketchKind, take_encoded},
    varint,
};

/// Opens every encoding.
const VERSION: u8 = 1;

/// The number of plain sums; the first bit of the flags belongs to the first of them.
const NUMBERS: usize = 9;
/// The status codes are present.
const STATUS: u64 = 1 << NUMBERS;
/// Minimum, maximum and count of the latencies are those of the sketch, as in every bucket that was recorded,
/// and are not repeated.
const FROM_SKETCH: u64 = 1 << (NUMBERS + 1);
/// The latency count is present.
const COUNT: u64 = 1 << (NUMBERS + 2);
/// The latency minimum is present.
const MIN: u64 = 1 << (NUMBERS + 3);
/// The latency maximum is present.
const MAX: u64 = 1 << (NUMBERS + 4);
const ALL: u64 = (1 << (NUMBERS + 5)) - 1;

/// The reason why bytes can't be decoded as a bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// The version of the encoding is unknown to this library.
    #[error("unknown bucket version {0}")]
    UnknownVersion(u8),
    /// The encoding ends too early.
    #[error("the bucket is cut short")]
    Truncated,
    /// The encoding contradicts itself in the named field.
    #[error("the bucket is corrupt: {0}")]
    Corrupt(&'static str),
    /// The sketch inside can't be decoded or merged.
    #[error(transparent)]
    Sketch(#[from] SketchError),
}

impl Bucket {
    /// Appends the encoding: a version byte, then self-delimiting varints. About 25 bytes for one request.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let numbers = self.numbers();
        let mut flags = 0;
        for (bit, &number) in numbers.iter().enumerate() {
            flags |= u64::from(number != 0) << bit;
        }
        if !self.status_counts.is_empty() {
            flags |= STATUS;
        }
        let latency = (self.latency_count, self.latency_min_us, self.latency_max_us);
        if latency == (self.sketch.count(), self.sketch.min(), self.sketch.max()) {
            flags |= FROM_SKETCH;
        } else {
            flags |= COUNT;
            flags |= self.latency_min_us.map_or(0, |_| MIN);
            flags |= self.latency_max_us.map_or(0, |_| MAX);
        }
        out.push(VERSION);
        varint::put(out, flags);
        for number in numbers.into_iter().filter(|&number| number != 0) {
            varint::put(out, number);
        }
        if flags & STATUS != 0 {
            varint::put(out, self.status_counts.len() as u64);
            for (code, n) in self.status_counts.iter() {
                varint::put(out, u64::from(code));
                varint::put(out, n);
            }
        }
        if flags & COUNT != 0 {
            varint::put(out, self.latency_count);
            for us in [self.latency_min_us, self.latency_max_us]
                .into_iter()
                .flatten()
            {
                varint::put(out, us);
            }
        }
        self.sketch.encode(out);
    }

    /// Takes one encoding off the front of `input`.
    ///
    /// # Errors
    ///
    /// [`BucketError::UnknownVersion`], [`BucketError::Truncated`], [`BucketError::Corrupt`], or
    /// [`BucketError::Sketch`] for the sketch inside; `input` is unchanged then.
    pub fn decode(input: &mut &[u8]) -> Result<Self, BucketError> {
        let mut rest = *input;
        // The kind of the sketch is known only at the end.
        let mut bucket = Self::new(SketchKind::Histogram);
        let from_sketch = bucket.add_counts(&mut rest)?;
        bucket.sketch = Sketch::decode(&mut rest)?;
        if from_sketch {
            bucket.latency_count = bucket.sketch.count();
            bucket.latency_min_us = bucket.sketch.min();
            bucket.latency_max_us = bucket.sketch.max();
        }
        *input = rest;
        Ok(bucket)
    }

    /// Decodes exactly one encoding and leaves its sketch encoded: the bucket holds an empty sketch of its
    /// kind.
    pub(crate) fn decode_parts(encoded: &[u8]) -> Result<(Self, &[u8]), BucketError> {
        let mut bucket = Self::new(SketchKind::Histogram);
        let sketch = bucket.add_parts(encoded)?;
        if sketch.kind != bucket.sketch.kind() {
            bucket.sketch = Sketch::new(sketch.kind);
        }
        Ok((bucket, sketch.bytes))
    }

    /// Adds one encoding except its sketch, which is returned encoded. On an error some of its fields may have
    /// been added.
    pub(crate) fn add_encoded<'a>(&mut self, encoded: &'a [u8]) -> Result<&'a [u8], BucketError> {
        let sketch = self.add_parts(encoded)?;
        let (expected, found) = (self.sketch.kind(), sketch.kind);
        if expected != found {
            return Err(SketchError::KindMismatch { expected, found }.into());
        }
        Ok(sketch.bytes)
    }

    fn add_parts<'a>(&mut self, mut encoded: &'a [u8]) -> Result<Encoded<'a>, BucketError> {
        let from_sketch = self.add_counts(&mut encoded)?;
        let sketch = take_encoded(&mut encoded)?;
        if !encoded.is_empty() {
            return Err(BucketError::Corrupt("longer than its fields"));
        }
        if from_sketch {
            self.add_latencies(sketch.count, sketch.min, sketch.max);
        }
        Ok(sketch)
    }

    /// Adds everything before the sketch. Returns whether count, minimum and maximum of the latencies are those
    /// of the sketch.
    fn add_counts(&mut self, input: &mut &[u8]) -> Result<bool, BucketError> {
        let (&version, mut rest) = input.split_first().ok_or(BucketError::Truncated)?;
        if version != VERSION {
            return Err(BucketError::UnknownVersion(version));
        }
        let mut next = || varint::take(&mut rest).ok_or(BucketError::Truncated);
        let flags = next()?;
        if flags & !ALL != 0 {
            return Err(BucketError::Corrupt("unknown field"));
        }
        for (bit, sum) in self.numbers_mut().into_iter().enumerate() {
            if flags & (1 << bit) != 0 {
                add(sum, next()?);
            }
        }
        if flags & STATUS != 0 {
            let len = next()?;
            if len > 1 << 16 {
                return Err(BucketError::Corrupt("number of status codes"));
            }
            // Read one by one, so that a wrong number costs no memory.
            for _ in 0..len {
                let code = u16::try_from(next()?).map_err(|_| BucketError::Corrupt("status"))?;
                self.status_counts.add(code, next()?);
            }
        }
        let mut optional = |flag| (flags & flag != 0).then(&mut next).transpose();
        let count = optional(COUNT)?.unwrap_or(0);
        let (min, max) = (optional(MIN)?, optional(MAX)?);
        self.add_latencies(count, min, max);
        *input = rest;
        Ok(flags & FROM_SKETCH != 0)
    }

    /// The request count of an encoding, without decoding the rest; 0 where it can't be decoded.
    pub(crate) fn peek_request_count(encoded: &[u8]) -> u64 {
        let mut rest = encoded.get(1..).unwrap_or_default();
        match varint::take(&mut rest) {
            Some(flags) if flags & 1 != 0 => varint::take(&mut rest).unwrap_or(0),
            _ => 0,
        }
    }

    fn numbers(&self) -> [u64; NUMBERS] {
        [
            self.request_count,
            self.error_count_4xx,
            self.error_count_5xx,
            self.aborted_count,
            self.latency_sum_us,
            self.ttfb_sum_us,
            self.ttfb_count,
            self.request_bytes,
            self.response_bytes,
        ]
    }

    fn numbers_mut(&mut self) -> [&mut u64; NUMBERS] {
        [
            &mut self.request_count,
            &mut self.error_count_4xx,
            &mut self.error_count_5xx,
            &mut self.aborted_count,
            &mut self.latency_sum_us,
            &mut self.ttfb_sum_us,
            &mut self.ttfb_count,
            &mut self.request_bytes,
            &mut self.response_bytes,
        ]
    }
}
