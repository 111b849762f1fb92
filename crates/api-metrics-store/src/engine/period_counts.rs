//! Period counts: how many requests each aggregate series had in a period, in one row a period.
//!
//! The top series by requests are found by these alone, and so is which of them were there at all: a
//! range is a few dozen rows, where the buckets would be as many for each series. Every period that has
//! buckets has period counts, and both say the same. Whoever writes buckets writes these in the same
//! transaction.
//!
//! # Layout
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, 1 |
//! | then for each aggregate series, ascending | |
//! | 1 to 10 | its number, less that of the entry before (0 before the first), unsigned varint |
//! | 1 to 10 | its requests, unsigned varint |
//!
//! Varints are LEB128. An entry mostly takes two or three bytes: the step is small where series are
//! numbered without gaps. A step of 0 can't occur and marks the row as corrupt.

use std::collections::{BTreeMap, HashSet};

use super::{
    backend::{BucketRow, Result, Segment, Series, Tx},
    damage::Part,
    sum::Key,
};
use crate::{
    series::SeriesKind,
    store::StoreError,
    time::{Granularity, UnixSeconds},
    varint,
};

/// Periods whose counts are read or written in one statement. The counts of 5,000 series take about 15
/// KB, so a statement moves some 1.5 MB at most there.
pub(super) const PERIODS_A_STATEMENT: usize = 100;

/// One period's requests by the number of the series.
type PeriodCounts = BTreeMap<i64, u64>;

/// The first byte of period counts.
const VERSION: u8 = 1;

/// The encoded form of period counts. The map ascends, so every step but the first is at least 1.
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

/// The series, ascending, and the requests of encoded period counts. Reads as it goes and allocates
/// nothing.
/// # Errors
/// `StoreError::Corrupt` where they are empty or of another version, and as the last entry where an
/// entry can't be read.
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
        // Only an entry itself says where it ends, so nothing follows one that can't be read.
        Some(entry.ok_or_else(|| {
            rest = &[];
            StoreError::Corrupt(format!(
                "period counts of {length} bytes has an entry that can't be read"
            ))
        }))
    }))
}

/// The requests that a fold has written of aggregate series, by period and series.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<(Granularity, UnixSeconds), PeriodCounts>);

impl Changes {
    /// Notes the rows that were written of the series in `aggregates`. A row says the whole count of
    /// its series in the period, not what was added, so the last note of a series stands.
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

    /// Brings the period counts up to date: what was noted replaces an entry, and all other entries
    /// stay. One read and one write a hundred periods.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where counts that exist can't be read.
    pub(super) async fn apply(self, tx: &mut dyn Tx) -> Result<()> {
        let mut changed = self.0.into_iter().peekable();
        while changed.peek().is_some() {
            let mut some: BTreeMap<_, _> = changed.by_ref().take(PERIODS_A_STATEMENT).collect();
            let periods: Vec<_> = some.keys().copied().collect();
            for (period, before) in tx.period_counts(&periods).await? {
                let Some(counts) = some.get_mut(&period) else {
                    continue;
                };
                for (series, requests) in decode(tx, period, &before).await? {
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

/// Reads the counts of a period. A careful transaction makes them anew from the buckets where they
/// can't be read, and notes it.
///
/// # Errors
/// `StoreError::Corrupt` where they can't be read, unless the transaction is careful.
pub(super) async fn decode(
    tx: &mut dyn Tx,
    (granularity, period_start): (Granularity, UnixSeconds),
    encoded: &[u8],
) -> Result<PeriodCounts> {
    let error = match entries(encoded).and_then(Iterator::collect) {
        Ok(counts) => return Ok(counts),
        Err(error) => error,
    };
    let Some(damage) = tx.damage() else {
        return Err(error);
    };
    let key = Key {
        granularity,
        period_start,
        series_id: 0,
    };
    damage.note(key, Part::Requests, error.to_string(), encoded);
    of_buckets(tx, granularity, period_start).await
}

/// The counts of a period as its buckets say them: those of aggregate series alone.
async fn of_buckets(
    tx: &mut dyn Tx,
    granularity: Granularity,
    period: UnixSeconds,
) -> Result<PeriodCounts> {
    let end = period + granularity.seconds();
    let all = Segment {
        granularity,
        from: period,
        to: end,
    };
    let sums = tx
        .sum_by_series(granularity, &[all], &[period, end], Series::All, false)
        .await?;
    let mut counts: PeriodCounts = sums
        .iter()
        .map(|sum| (sum.series_id, sum.counts.request_count))
        .collect();
    let ids: Vec<i64> = counts.keys().copied().collect();
    for series in tx.series(&ids).await? {
        if series.labels.kind == SeriesKind::Base {
            counts.remove(&series.id);
        }
    }
    Ok(counts)
}

/// Removes the entries of these series from the period counts of a range, which begins and ends with whole periods. In
/// the same transaction as the buckets that they sum.
///
/// # Errors
/// `StoreError::Corrupt` where counts can't be read.
#[cfg_attr(not(feature = "control"), allow(dead_code))]
pub(crate) async fn remove(
    tx: &mut dyn Tx,
    granularity: Granularity,
    (from, to): (UnixSeconds, UnixSeconds),
    series: &HashSet<i64>,
) -> Result<()> {
    let all = Segment {
        granularity,
        from,
        to,
    };
    let mut periods = all.periods().map(|period| (granularity, period)).peekable();
    while periods.peek().is_some() {
        let some: Vec<_> = periods.by_ref().take(PERIODS_A_STATEMENT).collect();
        let mut rows = Vec::new();
        for (period, before) in tx.period_counts(&some).await? {
            let mut counts = decode(tx, period, &before).await?;
            let entries = counts.len();
            counts.retain(|id, _| !series.contains(id));
            if counts.len() < entries {
                rows.push((period, encode(&counts)));
            }
        }
        tx.put_period_counts(&rows).await?;
    }
    Ok(())
}

/// Writes the counts of a period anew where they can't be read. The transaction must lead and be
/// careful.
pub(super) async fn repair(
    tx: &mut dyn Tx,
    granularity: Granularity,
    period: UnixSeconds,
) -> Result<()> {
    let period = (granularity, period);
    for (period, counts) in tx.period_counts(&[period]).await? {
        let counts = decode(tx, period, &counts).await?;
        tx.put_period_counts(&[(period, encode(&counts))]).await?;
    }
    Ok(())
}

/// Makes a period's counts from those of its children, all of which are kept. Replaces what was there;
/// done twice it gives the same.
///
/// # Errors
/// `StoreError::Corrupt` where counts of a child can't be read.
pub(super) async fn recompute(
    tx: &mut dyn Tx,
    granularity: Granularity,
    period: UnixSeconds,
    children: &Segment,
) -> Result<()> {
    let children: Vec<_> = children
        .periods()
        .map(|child| (children.granularity, child))
        .collect();
    let mut sum = PeriodCounts::new();
    for (child, counts) in tx.period_counts(&children).await? {
        for (series, requests) in decode(tx, child, &counts).await? {
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
