//! The encoding of a histogram after its tag byte.
//!
//! ```text
//! empty:  0
//! else:   n1  min  (head [step - 32] [n - 7]) ...  0  rest
//! ```
//!
//! All but the one byte `head` are varints. `n1` is the count of the first bucket, which `min` names. The
//! low 5 bits of a `head` say how far (1 to 31) the next bucket is above the one before, 0 that `step`
//! follows; the high 3 bits are its count `n` (1 to 6), 7 says that `n` follows. A `head` of 0 ends
//! the list; `rest` is how far the maximum lies above the low end of the last bucket. The total is the sum.
//!
//! Most buckets take one byte. Whether the two escapes occur hardly changes within an encoding, so that the
//! processor predicts them: queries spend most of their time reading encodings.

use std::ops::ControlFlow;

use super::{BUCKETS, Histogram, bounds_of, bucket_of};
use crate::{
    sketch::{SketchError, SketchKind, body_of},
    varint,
};

impl Histogram {
    pub(in crate::sketch) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = PairWriter::new(self.min);
        let _ = self.counts.visit(|bucket, n| {
            writer.push(bucket, n, out);
            ControlFlow::<()>::Continue(())
        });
        writer.finish(self.max, out);
    }

    pub(in crate::sketch) fn decode(input: &mut &[u8]) -> Result<Self, SketchError> {
        let mut totals = Totals::default();
        let end = totals.scan(input)?;
        let mut histogram = Self::default();
        histogram.add_scanned(&totals, input);
        *input = end;
        Ok(histogram)
    }

    /// Works in two passes. The first checks everything and finds the range, so that the second adds without
    /// checks and a corrupt tail changes nothing.
    pub(in crate::sketch) fn merge_encoded(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        let mut totals = Totals::default();
        let mut rest = encoded;
        while !rest.is_empty() {
            rest = totals.scan(body_of(SketchKind::Histogram, rest)?)?;
        }
        if totals.count == 0 {
            return Ok(());
        }
        self.make_room(totals.count, totals.min, totals.max);
        let mut rest = encoded;
        while let Some(body) = rest.get(1..) {
            rest = self.add_one(body);
        }
        Ok(())
    }

    fn add_scanned(&mut self, totals: &Totals, input: &[u8]) {
        if totals.count > 0 {
            self.make_room(totals.count, totals.min, totals.max);
            self.add_one(input);
        }
    }

    /// Adds the counters of one scanned encoding for which there is room; returns the bytes after it.
    fn add_one<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let mut pairs = Pairs::of(input);
        self.counts.add_pairs(&mut pairs);
        pairs.rest()
    }
}

/// Writes buckets in ascending order.
pub(super) struct PairWriter {
    min: u64,
    last: Option<u16>,
}

impl PairWriter {
    pub(super) const fn new(min: u64) -> Self {
        Self { min, last: None }
    }

    pub(super) fn push(&mut self, bucket: u16, n: u64, out: &mut Vec<u8>) {
        match self.last {
            None => {
                varint::put(out, n);
                varint::put(out, self.min);
            }
            Some(last) => {
                let step = u64::from(bucket.saturating_sub(last));
                let (step_code, n_code) = (step.min(32) & 31, n.min(7));
                out.push((n_code << 5 | step_code) as u8);
                if step_code == 0 {
                    varint::put(out, step.saturating_sub(32));
                }
                if n_code == 7 {
                    varint::put(out, n - 7);
                }
            }
        }
        self.last = Some(bucket);
    }

    pub(super) fn finish(self, max: u64, out: &mut Vec<u8>) {
        out.push(0);
        if let Some(last) = self.last {
            varint::put(out, max.saturating_sub(bounds_of(last).0));
        }
    }
}

/// The buckets and counts of a scanned encoding, ascending.
pub(super) struct Pairs<'a> {
    input: &'a [u8],
    bucket: u16,
    /// The count of the first bucket; 0 once it was returned.
    first: u64,
    empty: bool,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(mut input: &'a [u8]) -> Self {
        let first = varint::take(&mut input).unwrap_or(0);
        let min = if first == 0 {
            0
        } else {
            varint::take(&mut input).unwrap_or(0)
        };
        Self {
            input,
            bucket: bucket_of(min),
            first,
            empty: first == 0,
        }
    }

    /// The bytes after the encoding, once all pairs were returned.
    pub(super) fn rest(mut self) -> &'a [u8] {
        if !self.empty {
            varint::take(&mut self.input);
        }
        self.input
    }
}

impl Iterator for Pairs<'_> {
    type Item = (u16, u64);

    #[inline]
    fn next(&mut self) -> Option<(u16, u64)> {
        if self.first != 0 {
            return Some((self.bucket, std::mem::take(&mut self.first)));
        }
        if self.empty {
            return None;
        }
        let (&head, rest) = self.input.split_first()?;
        self.input = rest;
        if head == 0 {
            return None;
        }
        let mut step = u64::from(head & 31);
        if step == 0 {
            step = varint::take(&mut self.input)?.wrapping_add(32);
        }
        self.bucket = self.bucket.wrapping_add(step as u16);
        let mut n = u64::from(head >> 5);
        if n == 7 {
            n = varint::take(&mut self.input)?.saturating_add(7);
        }
        Some((self.bucket, n))
    }
}

/// Count and extremes over one or more encodings.
pub(in crate::sketch) struct Totals {
    pub(in crate::sketch) count: u64,
    /// `u64::MAX` when empty.
    pub(in crate::sketch) min: u64,
    pub(in crate::sketch) max: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            count: 0,
            min: u64::MAX,
            max: 0,
        }
    }
}

impl Totals {
    /// The first and the last bucket that count values. The totals must not be empty.
    pub(super) const fn buckets(&self) -> (u16, u16) {
        (bucket_of(self.min), bucket_of(self.max))
    }

    /// Checks one encoding and adds its totals; returns the bytes after it.
    pub(in crate::sketch) fn scan<'a>(&mut self, input: &'a [u8]) -> Result<&'a [u8], SketchError> {
        self.visit(input, |_, _| {})
    }

    /// [`scan`](Self::scan) that also calls `f` with each bucket (below [`BUCKETS`]) and its count. Before an
    /// error `f` may have been called with some of them.
    #[inline]
    pub(super) fn visit<'a>(
        &mut self,
        mut input: &'a [u8],
        mut f: impl FnMut(usize, u64),
    ) -> Result<&'a [u8], SketchError> {
        const CUT: SketchError = SketchError::Truncated;
        let mut count = varint::take(&mut input).ok_or(CUT)?;
        if count == 0 {
            return Ok(input);
        }
        let min = varint::take(&mut input).ok_or(CUT)?;
        let mut bucket = u64::from(bucket_of(min));
        f(bucket as usize, count);
        loop {
            let (&head, rest) = input.split_first().ok_or(CUT)?;
            input = rest;
            if head == 0 {
                break;
            }
            let mut step = u64::from(head & 31);
            if step == 0 {
                step = varint::take(&mut input).ok_or(CUT)?.saturating_add(32);
            }
            let mut n = u64::from(head >> 5);
            if n == 7 {
                n = varint::take(&mut input).ok_or(CUT)?.saturating_add(7);
            }
            bucket = bucket.saturating_add(step);
            if n == 0 || bucket >= u64::from(BUCKETS) {
                return Err(SketchError::Corrupt("bucket out of range"));
            }
            f(bucket as usize, n);
            count = count.saturating_add(n);
        }
        let rest = varint::take(&mut input).ok_or(CUT)?;
        // Every step checked that it is below BUCKETS.
        let (low, extent) = bounds_of(bucket as u16);
        if rest > extent || low + rest < min {
            return Err(SketchError::Corrupt("maximum out of range"));
        }
        self.count = self.count.saturating_add(count);
        self.min = self.min.min(min);
        self.max = self.max.max(low + rest);
        Ok(input)
    }
}
