//! Rows on their way into a bucket: counts are summed at once, sketches stay encoded until the end.

use hashbrown::HashMap;

use super::{
    backend::{BucketRow, Result},
    yield_every::YieldEvery,
};
use crate::{
    bucket::Bucket,
    sketch::{SketchKind, SketchMerger, encoded_quantiles},
    time::{Granularity, UnixSeconds},
};

/// The row that a sum is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub granularity: Granularity,
    pub period_start: UnixSeconds,
    pub series_id: i64,
}

#[derive(Debug)]
pub(super) struct Sum {
    pub key: Key,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// Encodings, one after another.
    pub sketches: Vec<u8>,
    /// How many rows are in it.
    parts: usize,
}

/// Sums by key, in the order of their first rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    places: HashMap<Key, usize, foldhash::fast::RandomState>,
    pub sums: Vec<Sum>,
}

impl Table {
    /// Adds a row.
    ///
    /// # Errors
    /// Where its sketch is of another kind than those before it.
    pub(super) fn add(&mut self, key: Key, counts: &Bucket, sketch: &[u8]) -> Result<()> {
        let place = *self.places.entry(key).or_insert(self.sums.len());
        if let Some(sum) = self.sums.get_mut(place) {
            return sum.add(counts, sketch);
        }
        self.sums.push(Sum {
            key,
            counts: counts.clone(),
            sketches: sketch.to_vec(),
            parts: 1,
        });
        Ok(())
    }
}

impl Sum {
    pub(super) fn add(&mut self, counts: &Bucket, sketch: &[u8]) -> Result<()> {
        self.counts.merge(counts)?;
        self.sketches.extend_from_slice(sketch);
        self.parts += 1;
        Ok(())
    }

    /// Makes one sketch of many.
    fn settle(&mut self, sums: &mut SketchMerger, kind: SketchKind) -> Result<()> {
        if self.parts > 1 {
            self.sketches = sums.sum(kind, &self.sketches)?;
            self.parts = 1;
        }
        Ok(())
    }
}

/// Adds up what each base series counts in: from the base sums, which are far fewer than the rows they
/// were made of. `of` gives the aggregate series of a base series.
pub(super) async fn sum_aggregates(
    base: &mut [Sum],
    kind: SketchKind,
    of: impl Fn(i64) -> [i64; 3],
) -> Result<Table> {
    let mut aggregates = Table::default();
    let (mut sums, mut yielding) = (SketchMerger::default(), YieldEvery::default());
    for sum in base {
        sum.settle(&mut sums, kind)?;
        for series_id in of(sum.key.series_id) {
            let key = Key {
                series_id,
                ..sum.key
            };
            aggregates.add(key, &sum.counts, &sum.sketches)?;
        }
        yielding.step().await;
    }
    Ok(aggregates)
}

/// The rows that are written for these sums.
pub(super) async fn finish(
    sums: impl IntoIterator<Item = Sum>,
    kind: SketchKind,
) -> Result<Vec<BucketRow>> {
    let sums = sums.into_iter();
    let mut rows = Vec::with_capacity(sums.size_hint().0);
    let (mut scratch, mut yielding) = (SketchMerger::default(), YieldEvery::default());
    for mut sum in sums {
        sum.settle(&mut scratch, kind)?;
        rows.push(row(
            sum.key.period_start,
            sum.key.series_id,
            sum.counts,
            sum.sketches,
        )?);
        yielding.step().await;
    }
    Ok(rows)
}

/// A row of one encoded sketch.
pub(super) fn row(
    period_start: UnixSeconds,
    series_id: i64,
    counts: Bucket,
    sketch: Vec<u8>,
) -> Result<BucketRow> {
    let quantiles = encoded_quantiles(&sketch, [0.5, 0.95, 0.99])?;
    Ok(BucketRow {
        period_start,
        series_id,
        counts,
        sketch,
        quantiles_ms: quantiles.map(|us| us.map(|us| us / 1e3)),
    })
}
