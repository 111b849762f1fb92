//! Rows on their way into a bucket: counts are summed at once, sketches stay encoded until the end.
//!
//! Merging sketches pair by pair would decode and encode the same sketch many times. Their encodings
//! are appended to each other instead, and merged once when all rows of a sum are known. Memory: the
//! bytes of all sketches of one fold.

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

/// The row that a sum is for. Keys order by granularity, period and series, as the tables' primary keys
/// do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The table.
    pub granularity: Granularity,
    /// The start of the period, in Unix seconds.
    pub period_start: UnixSeconds,
    /// The number of the series.
    pub series_id: i64,
}

/// What has been added for one row.
#[derive(Debug)]
pub(super) struct Sum {
    /// The row.
    pub key: Key,
    /// Everything but the sketch.
    pub counts: Bucket,
    /// Encoded sketches, one after another.
    pub sketches: Vec<u8>,
    /// How many encoded sketches stand in `sketches`.
    parts: usize,
}

/// Sums by key, in the order of their first rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Where the sum of a key stands in `sums`.
    places: HashMap<Key, usize, foldhash::fast::RandomState>,
    /// The sums. Sorting them makes `places` wrong, so that nothing may be added afterwards.
    pub sums: Vec<Sum>,
}

impl Table {
    /// Adds a row to the sum of its key.
    /// # Errors
    /// `StoreError::Corrupt` where its sketch is of another kind than those before it.
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

    /// The sums alone.
    pub(super) fn into_sums(self) -> Vec<Sum> {
        self.sums
    }
}

impl Sum {
    /// Adds the counts and appends the sketch.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where its sketch is of another kind than those before it.
    pub(super) fn add(&mut self, counts: &Bucket, sketch: &[u8]) -> Result<()> {
        self.counts.merge(counts)?;
        self.sketches.extend_from_slice(sketch);
        self.parts += 1;
        Ok(())
    }

    /// Makes one sketch of many. Costs nothing where there is one.
    fn settle(&mut self, sums: &mut SketchMerger, kind: SketchKind) -> Result<()> {
        if self.parts > 1 {
            self.sketches = sums.sum(kind, &self.sketches)?;
            self.parts = 1;
        }
        Ok(())
    }
}

/// Adds up what each base series counts in: from the base sums, which are far fewer than the rows they
/// were made of. `of` gives the aggregate series of a base series. The base sums are left with one
/// sketch each.
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

/// The rows that are written for these sums, in their order.
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

/// A row of one encoded sketch. Its p50, p95 and p99 are computed here, in milliseconds, and are `None`
/// where there is no latency.
///
/// # Errors
/// `StoreError::Corrupt` where the sketch can't be read.
pub(crate) fn row(
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
