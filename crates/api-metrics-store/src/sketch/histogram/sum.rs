//! Encodings summed into one encoding, without histograms in between.

use super::{
    BUCKETS, bounds_of,
    codec::{PairWriter, Pairs, Totals},
};
use crate::sketch::{SketchError, SketchKind, body_of};

/// One counter a bucket, all zero between two sums: the memory is made once, however many sums follow.
#[derive(Debug, Default)]
pub(in crate::sketch) struct Counters(Vec<u64>);

impl Counters {
    /// Appends the encoding of the sum of `encodings`, the tag byte included. A single one that holds
    /// anything is passed through.
    pub(in crate::sketch) fn sum(
        &mut self,
        encodings: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SketchError> {
        let mut totals = Totals::default();
        let mut filled = 0_usize;
        let mut last: &[u8] = &[];
        let mut rest = encodings;
        while !rest.is_empty() {
            let before = totals.count;
            let next = totals.scan(body_of(SketchKind::Histogram, rest)?)?;
            if totals.count > before || before == u64::MAX {
                filled += 1;
                last = rest.get(..rest.len() - next.len()).unwrap_or_default();
            }
            rest = next;
        }
        match filled {
            0 => out.extend([SketchKind::Histogram.code(), 0]),
            1 => out.extend_from_slice(last),
            _ => self.sum_scanned(&totals, encodings, out),
        }
        Ok(())
    }

    fn sum_scanned(&mut self, totals: &Totals, encodings: &[u8], out: &mut Vec<u8>) {
        if self.0.is_empty() {
            self.0 = vec![0; usize::from(BUCKETS)];
        }
        let mut rest = encodings;
        while let Some(body) = rest.get(1..) {
            let mut pairs = Pairs::of(body);
            for (bucket, n) in &mut pairs {
                if let Some(counter) = self.0.get_mut(usize::from(bucket)) {
                    *counter = counter.saturating_add(n);
                }
            }
            rest = pairs.rest();
        }
        out.push(SketchKind::Histogram.code());
        let mut writer = PairWriter::new(totals.min);
        let (low, high) = totals.buckets();
        let counters = self.0.iter_mut().enumerate();
        let inside = usize::from(high) + 1 - usize::from(low);
        for (bucket, counter) in counters.skip(usize::from(low)).take(inside) {
            let n = std::mem::take(counter);
            if n != 0 {
                // Below BUCKETS, which is a u16.
                writer.push(bucket as u16, n, out);
            }
        }
        writer.finish(totals.max, out);
    }
}

/// The values at `ranks` (ascending, of `1..=count`) of one encoding after its tag byte, by a rule that
/// knows the count; `None` where it is empty. As [`value_at`](super::Histogram::value_at) answers.
pub(in crate::sketch) fn values_at<const N: usize>(
    body: &[u8],
    ranks: impl FnOnce(u64) -> [u64; N],
) -> Result<Option<[f64; N]>, SketchError> {
    let mut totals = Totals::default();
    totals.scan(body)?;
    if totals.count == 0 {
        return Ok(None);
    }
    let (min, max) = (totals.min as f64, totals.max as f64);
    let ranks = ranks(totals.count);
    let mut values = [max; N];
    let mut pairs = Pairs::of(body);
    let (mut seen, mut middle) = (0_u64, min);
    for (value, rank) in values.iter_mut().zip(ranks) {
        if rank <= 1 {
            *value = min;
        } else if rank < totals.count {
            while seen < rank
                && let Some((bucket, n)) = pairs.next()
            {
                seen = seen.saturating_add(n);
                let (low, extent) = bounds_of(bucket);
                middle = low as f64 + extent as f64 / 2.0;
            }
            *value = middle.clamp(min, max);
        }
    }
    Ok(Some(values))
}
