//! The encoding of a histogram after its tag byte.
//!
//! ```text
//! empty:  0
//! else:   n1  min  (step << 1 | many) [n - 2 if many] ...  0  rest
//! ```
//!
//! All are varints. `n1` is the count of the first bucket, which `min` names; every further bucket is
//! `step >= 1` above the one before and counts 1, or `n >= 2` where `many` is set; 0 ends the list;
//! `rest` is how far the maximum lies above the low end of the last bucket. The total is the sum.

use std::ops::ControlFlow;

use super::{BUCKETS, Histogram, bounds_of, bucket_of};
use crate::{
    sketch::{SketchError, SketchKind, peek_kind},
    varint,
};

impl Histogram {
    pub(in crate::sketch) fn encode(&self, out: &mut Vec<u8>) {
        let mut last = None;
        let _ = self.counts.visit(|bucket, n| {
            match last {
                None => {
                    varint::put(out, n);
                    varint::put(out, self.min);
                }
                Some(last) => {
                    let step = u64::from(bucket - last) << 1;
                    if n == 1 {
                        varint::put(out, step);
                    } else {
                        varint::put(out, step | 1);
                        varint::put(out, n - 2);
                    }
                }
            }
            last = Some(bucket);
            ControlFlow::<()>::Continue(())
        });
        out.push(0);
        if let Some(last) = last {
            varint::put(out, self.max.saturating_sub(bounds_of(last).0));
        }
    }

    pub(in crate::sketch) fn decode(input: &mut &[u8]) -> Result<Self, SketchError> {
        let mut totals = Totals::default();
        let end = totals.scan(input)?;
        let mut histogram = Self::default();
        histogram.add_scanned(&totals, input);
        *input = end;
        Ok(histogram)
    }

    /// Two passes: the first checks everything and finds the range, so that the second can add without
    /// checks and a corrupt tail changes nothing.
    pub(in crate::sketch) fn merge_encoded(&mut self, encoded: &[u8]) -> Result<(), SketchError> {
        let mut totals = Totals::default();
        let mut rest = encoded;
        while !rest.is_empty() {
            let kind = peek_kind(rest)?;
            if kind != SketchKind::Histogram {
                return Err(SketchError::KindMismatch {
                    expected: SketchKind::Histogram,
                    found: kind,
                });
            }
            rest = totals.scan(rest.get(1..).unwrap_or_default())?;
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

    /// Adds the counters of one encoding that was scanned and has room; returns what follows it.
    fn add_one<'a>(&mut self, mut input: &'a [u8]) -> &'a [u8] {
        let mut next = || varint::take(&mut input).unwrap_or(0);
        let n = next();
        if n > 0 {
            let mut bucket = bucket_of(next());
            self.counts.add(bucket, n);
            loop {
                let head = next();
                if head == 0 {
                    break;
                }
                bucket = bucket.wrapping_add((head >> 1) as u16);
                let n = if head & 1 == 0 {
                    1
                } else {
                    next().saturating_add(2)
                };
                self.counts.add(bucket, n);
            }
            next();
        }
        input
    }
}

/// What one or more encodings hold together.
struct Totals {
    count: u64,
    min: u64,
    max: u64,
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
    /// Checks one encoding and adds its totals; returns what follows it.
    fn scan<'a>(&mut self, mut input: &'a [u8]) -> Result<&'a [u8], SketchError> {
        let mut next = || varint::take(&mut input).ok_or(SketchError::Truncated);
        let mut count = next()?;
        if count == 0 {
            return Ok(input);
        }
        let min = next()?;
        let mut bucket = bucket_of(min);
        loop {
            let head = next()?;
            if head == 0 {
                break;
            }
            let step = head >> 1;
            if step == 0 || step >= u64::from(BUCKETS - bucket) {
                return Err(SketchError::Corrupt("bucket out of range"));
            }
            bucket += step as u16;
            let n = if head & 1 == 0 {
                1
            } else {
                next()?.saturating_add(2)
            };
            count = count.saturating_add(n);
        }
        let rest = next()?;
        let (low, extent) = bounds_of(bucket);
        if rest > extent || low + rest < min {
            return Err(SketchError::Corrupt("maximum out of range"));
        }
        self.count = self.count.saturating_add(count);
        self.min = self.min.min(min);
        self.max = self.max.max(low + rest);
        Ok(input)
    }
}
