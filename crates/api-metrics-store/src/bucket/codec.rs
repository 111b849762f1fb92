//! The compact encoding of a bucket, as it stands in the payload of a flush batch and in the inbox.
//!
//! An encoding is self-delimiting, so that several can follow one another. All fields except the
//! version are varints.
//!
//! | order | field | bytes | present |
//! |---|---|---|---|
//! | 1 | version, 1 today | 1 | always |
//! | 2 | flags: bit `i` says that field `i` of the next table is present | 1 to 3 | always |
//! | 3 | the sums of bits 0 to 8, in their order | 1 to 10 each | where not 0 |
//! | 4 | number of status codes, then a code and its count for each, ascending by code | 2 or more | bit 9 |
//! | 5 | the length of the units, then their entries, see `units` | 12 or more | bit 15 |
//! | 6 | latency count, then minimum and maximum in microseconds | 1 to 10 each | bits 11, 12, 13 |
//! | 7 | the sketch, which begins with its own tag byte | 2 or more | always |
//! | 8 | the sketch of times to headers, with a tag byte that says so | 5 or more | bit 14 |
//!
//! | bit | field |
//! |---|---|
//! | 0 | `request_count` |
//! | 1 | `error_count_4xx` |
//! | 2 | `error_count_5xx` |
//! | 3 | `aborted_count` |
//! | 4 | `latency_sum_us` |
//! | 5 | `ttfb_sum_us` |
//! | 6 | `ttfb_count` |
//! | 7 | `request_bytes` |
//! | 8 | `response_bytes` |
//! | 9 | status codes |
//! | 10 | latency count, minimum and maximum equal those of the sketch and are not written |
//! | 11 | `latency_count` |
//! | 12 | `latency_min_us` |
//! | 13 | `latency_max_us` |
//! | 14 | the sketch of times to headers, which is not empty |
//! | 15 | units |
//!
//! Every bucket that was filled by recording has bit 10. Bits 11 to 13 are needed only where a caller
//! has set the fields by hand. A bit above 15 makes the bytes corrupt: an older release must not drop a
//! field that a newer one has written.
//!
//! The decoder trusts nothing. It allocates in proportion to the input and not to the numbers in it,
//! and it reports a cut or contradictory input as a `SketchError` instead of panicking. Decoding and
//! encoding are linear in the length of the encoding.

use super::{Bucket, add};
use crate::{
    sketch::{Encoded, Sketch, SketchError, SketchKind, take_encoded, take_headers},
    varint,
};

/// The first byte of every encoding. A layout that older releases can't read takes the next number.
const VERSION: u8 = 1;

/// The number of plain sums; the first bit of the flags belongs to the first of them.
///
/// They are the fields of [`Bucket::numbers`], in that order. The order is part of the format.
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
/// The sketch of times to headers is present.
const HEADERS: u64 = 1 << (NUMBERS + 5);
/// Units are present.
const UNITS: u64 = 1 << (NUMBERS + 6);
/// All flags that this release knows, as a mask.
const ALL: u64 = (1 << (NUMBERS + 7)) - 1;

impl TryFrom<&[u8]> for Bucket {
    type Error = SketchError;

    /// Decodes one bucket as the `inbox` keeps it.
    ///
    /// # Errors
    ///
    /// [`SketchError::UnknownVersion`], [`SketchError::UnknownKind`], [`SketchError::Truncated`], or
    /// [`SketchError::Corrupt`], also where bytes are left over.
    fn try_from(encoded: &[u8]) -> Result<Self, SketchError> {
        let mut rest = encoded;
        let bucket = Self::decode(&mut rest)?;
        if rest.is_empty() {
            Ok(bucket)
        } else {
            Err(SketchError::Corrupt("longer than its fields"))
        }
    }
}

impl From<&Bucket> for Vec<u8> {
    /// Encodes a bucket as the `inbox` keeps it.
    fn from(bucket: &Bucket) -> Self {
        let mut out = Self::new();
        bucket.encode(&mut out);
        out
    }
}

impl Bucket {
    /// Appends the encoding: a version byte, then self-delimiting varints. About 25 bytes for one request.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let numbers = self.numbers();
        let mut flags = 0;
        for (bit, &number) in numbers.iter().enumerate() {
            flags |= u64::from(number != 0) << bit;
        }
        if !self.status_counts.is_empty() {
            flags |= STATUS;
        }
        let units = self.units.column();
        flags |= units.as_ref().map_or(0, |_| UNITS);
        let latency = (self.latency_count, self.latency_min_us, self.latency_max_us);
        if latency == (self.sketch.count(), self.sketch.min(), self.sketch.max()) {
            flags |= FROM_SKETCH;
        } else {
            flags |= COUNT;
            flags |= self.latency_min_us.map_or(0, |_| MIN);
            flags |= self.latency_max_us.map_or(0, |_| MAX);
        }
        let headers = self.headers_sketch.as_deref();
        let headers = headers.filter(|sketch| !sketch.is_empty());
        flags |= headers.map_or(0, |_| HEADERS);
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
        if let Some(units) = units {
            varint::put(out, units.len() as u64);
            out.extend_from_slice(&units);
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
        if let Some(headers) = headers {
            headers.encode_headers(out);
        }
    }

    /// Takes one encoding off the front of `input`.
    ///
    /// # Errors
    ///
    /// [`SketchError::UnknownVersion`], [`SketchError::UnknownKind`], [`SketchError::Truncated`],
    /// [`SketchError::Corrupt`]; `input` is unchanged then.
    pub(crate) fn decode(input: &mut &[u8]) -> Result<Self, SketchError> {
        let mut rest = *input;
        // The kind of the sketch is known only at the end.
        let mut bucket = Self::new(SketchKind::Histogram);
        let flags = bucket.add_counts(&mut rest)?;
        bucket.sketch = Sketch::decode(&mut rest)?;
        if flags & HEADERS != 0 {
            let headers = Sketch::decode_headers(&mut rest)?;
            same_kind(bucket.sketch.kind(), headers.kind())?;
            bucket.headers_sketch = Some(Box::new(headers));
        }
        if flags & FROM_SKETCH != 0 {
            bucket.latency_count = bucket.sketch.count();
            bucket.latency_min_us = bucket.sketch.min();
            bucket.latency_max_us = bucket.sketch.max();
        }
        *input = rest;
        Ok(bucket)
    }

    /// Decodes exactly one encoding and leaves its sketches encoded: the bucket holds an empty sketch of
    /// their kind. They follow one another as in the column `latency_sketch`: that of the latencies, then,
    /// if there is one, that of the times to headers.
    ///
    /// A fold uses it: counters are added as numbers, and sketches are collected as bytes and summed in
    /// one pass.
    pub(crate) fn decode_parts(encoded: &[u8]) -> Result<(Self, &[u8]), SketchError> {
        let mut bucket = Self::new(SketchKind::Histogram);
        let sketch = bucket.add_parts(encoded)?;
        if sketch.kind != bucket.sketch.kind() {
            bucket.sketch = Sketch::new(sketch.kind);
        }
        Ok((bucket, sketch.bytes))
    }

    /// Adds one encoding except its sketches, which are returned encoded. On an error some of its fields may have
    /// been added.
    ///
    /// The caller must discard the bucket after an error. A fold does so: it quarantines the payload
    /// and starts the bucket anew.
    pub(crate) fn add_encoded<'a>(&mut self, encoded: &'a [u8]) -> Result<&'a [u8], SketchError> {
        let sketch = self.add_parts(encoded)?;
        same_kind(self.sketch.kind(), sketch.kind)?;
        Ok(sketch.bytes)
    }

    /// Adds everything before the sketches and takes them off, without checking their kind against that of
    /// `self`. The totals that are returned with the bytes of both are those of the latencies.
    ///
    /// The encoding must fill `encoded` exactly. Where flag bit 10 is set, the totals of the sketch are
    /// added to the latency count and the extremes.
    fn add_parts<'a>(&mut self, mut encoded: &'a [u8]) -> Result<Encoded<'a>, SketchError> {
        let flags = self.add_counts(&mut encoded)?;
        let sketches = encoded;
        let mut sketch = take_encoded(&mut encoded)?;
        if flags & HEADERS != 0 {
            same_kind(sketch.kind, take_headers(&mut encoded)?.kind)?;
            sketch.bytes = sketches;
        }
        if !encoded.is_empty() {
            return Err(SketchError::Corrupt("longer than its fields"));
        }
        if flags & FROM_SKETCH != 0 {
            self.add_latencies(sketch.count, sketch.min, sketch.max);
        }
        Ok(sketch)
    }

    /// Adds everything before the sketches. Returns the flags.
    fn add_counts(&mut self, input: &mut &[u8]) -> Result<u64, SketchError> {
        let (&version, mut rest) = input.split_first().ok_or(SketchError::Truncated)?;
        if version != VERSION {
            return Err(SketchError::UnknownVersion(version));
        }
        let mut next = || varint::take(&mut rest).ok_or(SketchError::Truncated);
        let flags = next()?;
        if flags & !ALL != 0 {
            return Err(SketchError::Corrupt("unknown field"));
        }
        for (bit, sum) in self.numbers_mut().into_iter().enumerate() {
            if flags & (1 << bit) != 0 {
                add(sum, next()?);
            }
        }
        if flags & STATUS != 0 {
            let len = next()?;
            if len > 1 << 16 {
                return Err(SketchError::Corrupt("number of status codes"));
            }
            // Read one by one, so that a wrong number costs no memory.
            for _ in 0..len {
                let code = u16::try_from(next()?).map_err(|_| SketchError::Corrupt("status"))?;
                self.status_counts.add(code, next()?);
            }
        }
        if flags & UNITS != 0 {
            let length = next()?;
            let units = usize::try_from(length)
                .ok()
                .and_then(|length| rest.split_at_checked(length));
            let (units, after) = units.ok_or(SketchError::Truncated)?;
            self.units.merge_encoded(units)?;
            rest = after;
        }
        let mut next = || varint::take(&mut rest).ok_or(SketchError::Truncated);
        let mut optional = |flag| (flags & flag != 0).then(&mut next).transpose();
        let count = optional(COUNT)?.unwrap_or(0);
        let (min, max) = (optional(MIN)?, optional(MAX)?);
        self.add_latencies(count, min, max);
        *input = rest;
        Ok(flags)
    }

    /// The request count of an encoding, without decoding the rest; 0 where it can't be decoded.
    ///
    /// Costs two varints. The recorder uses it to keep the number of records in a run without decoding
    /// buckets.
    pub(crate) fn peek_request_count(encoded: &[u8]) -> u64 {
        let mut rest = encoded.get(1..).unwrap_or_default();
        match varint::take(&mut rest) {
            Some(flags) if flags & 1 != 0 => varint::take(&mut rest).unwrap_or(0),
            _ => 0,
        }
    }

    /// The plain sums in the order of the flags' bits 0 to 8.
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

    /// [`numbers`](Self::numbers), to add to.
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

/// Checks that a second sketch is of the kind of the first.
fn same_kind(expected: SketchKind, found: SketchKind) -> Result<(), SketchError> {
    if expected == found {
        Ok(())
    } else {
        Err(SketchError::KindMismatch { expected, found })
    }
}
