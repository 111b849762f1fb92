//! How many requests each pre-merged series had in a period, in one row a period.
//!
//! The busiest of many series are found by these alone, and so is which of them were there at all: a range is
//! a few dozen rows, where the buckets would be as many for each series. Every period that has buckets has a
//! tally, and it says the same.

use std::collections::{BTreeMap, HashSet};

use super::backend::{BucketRow, Result, Segment, Tx};
use crate::{
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// Read in one statement; a tally of 5,000 series is 80 KB.
pub(super) const PERIODS_A_STATEMENT: usize = 100;

/// One period's requests by series.
type Tally = BTreeMap<i64, u64>;

/// Two big-endian integers an entry: the series and its requests.
fn encode(tally: &Tally) -> Vec<u8> {
    tally
        .iter()
        .flat_map(|(series, requests)| [series.to_be_bytes(), requests.to_be_bytes()])
        .flatten()
        .collect()
}

/// Series and requests of an encoded tally.
///
/// # Errors
/// [`StoreError::Corrupt`] where it ends within an entry.
pub(super) fn entries(encoded: &[u8]) -> Result<impl Iterator<Item = (i64, u64)>> {
    let (words, rest) = encoded.as_chunks();
    let (entries, odd) = words.as_chunks();
    if !rest.is_empty() || !odd.is_empty() {
        return Err(StoreError::Corrupt(format!(
            "a tally of {} bytes ends within an entry",
            encoded.len()
        )));
    }
    Ok(entries
        .iter()
        .map(|[series, requests]| (i64::from_be_bytes(*series), u64::from_be_bytes(*requests))))
}

/// What a fold has written of pre-merged series.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<(Granularity, UnixSeconds), Tally>);

impl Changes {
    /// Notes the rows that were written of `premerged` series.
    pub(super) fn note(
        &mut self,
        granularity: Granularity,
        rows: &[BucketRow],
        premerged: &HashSet<i64>,
    ) {
        for row in rows.iter().filter(|row| premerged.contains(&row.series_id)) {
            let tally = self.0.entry((granularity, row.period_start)).or_default();
            tally.insert(row.series_id, row.counts.request_count);
        }
    }

    /// Brings the tallies up to date.
    pub(super) async fn apply<T: Tx>(self, tx: &mut T) -> Result<()> {
        let mut changed = self.0.into_iter().peekable();
        while changed.peek().is_some() {
            let mut some: BTreeMap<_, _> = changed.by_ref().take(PERIODS_A_STATEMENT).collect();
            let periods: Vec<_> = some.keys().copied().collect();
            for (period, before) in tx.tallies(&periods).await? {
                let Some(tally) = some.get_mut(&period) else {
                    continue;
                };
                for (series, requests) in entries(&before)? {
                    tally.entry(series).or_insert(requests);
                }
            }
            let rows: Vec<_> = some
                .iter()
                .map(|(period, tally)| (*period, encode(tally)))
                .collect();
            tx.put_tallies(&rows).await?;
        }
        Ok(())
    }
}

/// Makes a period's tally from those of its children, all of which are kept.
pub(super) async fn recompute<T: Tx>(
    tx: &mut T,
    granularity: Granularity,
    period: UnixSeconds,
    children: &Segment,
) -> Result<()> {
    let children: Vec<_> = children
        .periods()
        .map(|child| (children.granularity, child))
        .collect();
    let mut sum = Tally::new();
    for (_, child) in tx.tallies(&children).await? {
        for (series, requests) in entries(&child)? {
            let sum = sum.entry(series).or_default();
            *sum = sum.saturating_add(requests);
        }
    }
    tx.put_tallies(&[((granularity, period), encode(&sum))])
        .await
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn entries_come_back_as_they_were(tally in btree_map(1_i64.., any::<u64>(), 0..50)) {
            let encoded = encode(&tally);
            prop_assert_eq!(entries(&encoded).map(Iterator::collect::<Tally>).ok(), Some(tally));
        }

        #[test]
        fn half_an_entry_is_told(encoded in prop::collection::vec(any::<u8>(), 0..200)) {
            let whole = encoded.len().is_multiple_of(16);
            prop_assert_eq!(entries(&encoded).is_ok(), whole);
        }
    }
}
