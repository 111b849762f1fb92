//! How many requests each aggregate series had in a period, in one row a period.
//!
//! The top series by requests are found by these alone, and so is which of them were there at all: a range is
//! a few dozen rows, where the buckets would be as many for each series. Every period that has buckets has a
//! counts, and it says the same.

use std::collections::{BTreeMap, HashSet};

use super::backend::{BucketRow, Result, Segment, Tx};
use crate::{
    store::StoreError,
    time::{Granularity, UnixSeconds},
    varint,
};

/// Read in one statement; period counts of 5,000 series is 15 KB.
pub(super) const PERIODS_A_STATEMENT: usize = 100;

/// One period's requests by series.
type PeriodCounts = BTreeMap<i64, u64>;

/// The first byte of period counts.
const VERSION: u8 = 1;

/// The version, then two variable-length integers an entry: how far the series is from the one before, and its
/// requests.
pub(super) fn encode(counts: &PeriodCounts) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(1 + 4 * counts.len());
    encoded.push(VERSION);
    let mut before = 0_i64;
    for (series, requests) in counts {
        varint::put(&mut encoded, series.wrapping_sub(before).cast_unsigned());
        varint::put(&mut encoded, *requests);
        before = *series;
    }
    encoded
}

/// Series, ascending, and requests of an encoded counts.
///
/// # Errors
/// [`StoreError::Corrupt`] where it is of another version, and as the last entry where that can't be read.
pub(super) fn entries(encoded: &[u8]) -> Result<impl Iterator<Item = Result<(i64, u64)>>> {
    let (version, mut rest) = encoded
        .split_first()
        .ok_or_else(|| StoreError::Corrupt("an empty counts".into()))?;
    if *version != VERSION {
        return Err(StoreError::Corrupt(format!(
            "period counts of version {version}"
        )));
    }
    let (length, mut series) = (encoded.len(), 0_i64);
    let mut next = move |rest: &mut &[u8]| {
        let (step, requests) = (varint::take(rest)?, varint::take(rest)?);
        series = series.checked_add_unsigned(step)?;
        (step > 0).then_some((series, requests))
    };
    Ok(std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = next(&mut rest);
        // Where one entry ends is known by that one alone: nothing follows one that can't be read.
        Some(entry.ok_or_else(|| {
            rest = &[];
            StoreError::Corrupt(format!(
                "period counts of {length} bytes has an entry that can't be read"
            ))
        }))
    }))
}

/// What a fold has written of aggregate series.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<(Granularity, UnixSeconds), PeriodCounts>);

impl Changes {
    /// Notes the rows that were written of `aggregates` series.
    pub(super) fn note(
        &mut self,
        granularity: Granularity,
        rows: &[BucketRow],
        aggregates: &HashSet<i64>,
    ) {
        for row in rows
            .iter()
            .filter(|row| aggregates.contains(&row.series_id))
        {
            let counts = self.0.entry((granularity, row.period_start)).or_default();
            counts.insert(row.series_id, row.counts.request_count);
        }
    }

    /// Brings the counts up to date.
    pub(super) async fn apply<T: Tx>(self, tx: &mut T) -> Result<()> {
        let mut changed = self.0.into_iter().peekable();
        while changed.peek().is_some() {
            let mut some: BTreeMap<_, _> = changed.by_ref().take(PERIODS_A_STATEMENT).collect();
            let periods: Vec<_> = some.keys().copied().collect();
            for (period, before) in tx.period_counts(&periods).await? {
                let Some(counts) = some.get_mut(&period) else {
                    continue;
                };
                for entry in entries(&before)? {
                    let (series, requests) = entry?;
                    counts.entry(series).or_insert(requests);
                }
            }
            let rows: Vec<_> = some
                .iter()
                .map(|(period, counts)| (*period, encode(counts)))
                .collect();
            tx.put_period_counts(&rows).await?;
        }
        Ok(())
    }
}

/// Makes a period's counts from those of its children, all of which are kept.
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
    let mut sum = PeriodCounts::new();
    for (_, child) in tx.period_counts(&children).await? {
        for entry in entries(&child)? {
            let (series, requests) = entry?;
            let sum = sum.entry(series).or_default();
            *sum = sum.saturating_add(requests);
        }
    }
    tx.put_period_counts(&[((granularity, period), encode(&sum))])
        .await
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn entries_come_back_as_they_were(counts in btree_map(1_i64.., any::<u64>(), 0..50)) {
            let encoded = encode(&counts);
            prop_assert_eq!(entries(&encoded).and_then(Iterator::collect::<Result<PeriodCounts>>).ok(), Some(counts));
        }

        #[test]
        fn half_an_entry_is_told(counts in btree_map(1_i64.., any::<u64>(), 1..50)) {
            let encoded = encode(&counts);
            let cut = &encoded[..encoded.len() - 1];
            let read: Vec<_> = entries(cut).into_iter().flatten().collect();
            prop_assert_eq!(read.len(), counts.len());
            prop_assert!(read.iter().rev().skip(1).all(Result::is_ok));
            prop_assert!(matches!(read.last(), Some(Err(StoreError::Corrupt(_)))));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let encoded = [&[VERSION], &bytes[..]].concat();
            let read: Vec<_> = entries(&encoded).into_iter().flatten().collect();
            prop_assert!(read.len() <= encoded.len());
            let series: Vec<i64> = read.iter().flatten().map(|(series, _)| *series).collect();
            prop_assert!(series.is_sorted_by(|one, next| one < next), "{series:?}");
        }

        #[test]
        fn a_tally_of_another_version_is_told(
            version in any::<u8>().prop_filter("another", |version| *version != VERSION),
            counts in btree_map(1_i64.., any::<u64>(), 0..5),
        ) {
            let mut encoded = encode(&counts);
            encoded[0] = version;
            let told = entries(&encoded).err().map(|error| error.to_string());
            let named = format!("version {version}");
            prop_assert!(told.unwrap_or_default().contains(&named));
        }
    }
}
