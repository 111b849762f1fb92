//! Encodings summed in one pass, without histograms in between.

use super::{
    BUCKETS, Histogram, bounds_of,
    codec::{PairWriter, Pairs, Totals},
};
use crate::sketch::{SketchError, SketchKind, body_of};

/// One counter per bucket, all zero between two sums, so that the memory is allocated once.
#[derive(Debug, Default)]
pub(in crate::sketch) struct Counters(Option<Box<[u64; BUCKETS as usize]>>);

impl Counters {
    /// Appends the encoding of the sum of `encodings`, tag byte included. Where only one of them holds values,
    /// it is copied.
    pub(in crate::sketch) fn sum(
        &mut self,
        encodings: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SketchError> {
        let mut only = Only::default();
        let totals = self.count(encodings, |encoding| only.see(encoding))?;
        match only {
            Only::None => out.extend([SketchKind::Histogram.code(), 0]),
            Only::One(encoding) => {
                self.drain(&totals).for_each(drop);
                out.extend_from_slice(encoding);
            }
            Only::Many => {
                out.push(SketchKind::Histogram.code());
                let mut writer = PairWriter::new(totals.min);
                self.drain(&totals)
                    .for_each(|(bucket, n)| writer.push(bucket, n, out));
                writer.finish(totals.max, out);
            }
        }
        Ok(())
    }

    /// Adds `encodings` to a histogram, which is unchanged where they can't be decoded.
    pub(in crate::sketch) fn merge(
        &mut self,
        encodings: &[u8],
        into: &mut Histogram,
    ) -> Result<(), SketchError> {
        let totals = self.count(encodings, |_| {})?;
        if totals.count > 0 {
            into.make_room(totals.count, totals.min, totals.max);
            into.counts.add_pairs(self.drain(&totals));
        }
        Ok(())
    }

    /// Counts `encodings` and calls `filled` with each that holds values. All counters are zero again where one
    /// can't be decoded.
    fn count<'a>(
        &mut self,
        encodings: &'a [u8],
        mut filled: impl FnMut(&'a [u8]),
    ) -> Result<Totals, SketchError> {
        let counters = self
            .0
            .get_or_insert_with(|| Box::new([0; BUCKETS as usize]));
        let mut totals = Totals::default();
        let mut rest = encodings;
        while !rest.is_empty() {
            let before = totals.count;
            let next = body_of(SketchKind::Histogram, rest).and_then(|body| {
                totals.visit(body, |bucket, n| {
                    if let Some(counter) = counters.get_mut(bucket) {
                        *counter = counter.saturating_add(n);
                    }
                })
            });
            let next = match next {
                Ok(next) => next,
                Err(error) => {
                    counters.fill(0);
                    return Err(error);
                }
            };
            if totals.count > before || before == u64::MAX {
                filled(rest.get(..rest.len() - next.len()).unwrap_or_default());
            }
            rest = next;
        }
        Ok(totals)
    }

    /// The buckets that count values, ascending; their counters are reset to zero on the way.
    fn drain(&mut self, totals: &Totals) -> impl Iterator<Item = (u16, u64)> {
        let (low, high) = totals.buckets();
        (low..)
            .zip(
                self.0
                    .iter_mut()
                    .flat_map(|counters| counters.iter_mut())
                    .skip(usize::from(low)),
            )
            .take(usize::from(high) + 1 - usize::from(low))
            .map(|(bucket, counter)| (bucket, std::mem::take(counter)))
            .filter(|(_, n)| *n != 0)
    }
}

/// Which of several encodings hold values.
#[derive(Default)]
enum Only<'a> {
    #[default]
    None,
    One(&'a [u8]),
    Many,
}

impl<'a> Only<'a> {
    /// Notes an encoding that holds values.
    fn see(&mut self, encoding: &'a [u8]) {
        *self = match self {
            Self::None => Self::One(encoding),
            Self::One(_) | Self::Many => Self::Many,
        };
    }
}

/// The values at some ranks of one encoding after its tag byte, as [`value_at`](super::Histogram::value_at)
/// returns them; `None` where it is empty. `ranks` maps the count to ascending ranks of `1..=count`.
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
