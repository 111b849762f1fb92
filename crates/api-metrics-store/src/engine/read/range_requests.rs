//! Requests of all aggregate series over a whole range, by period counts.
//!
//! A day is mostly 24 hours and some finer periods at its edges: some 40 rows, whatever the number of
//! endpoints and keys.

use super::inbox::ByNumber;
use crate::engine::{
    backend::{Result, Segment, Tx},
    period_counts,
};

/// What the period counts of a range add up to. Kept for the next question to the same snapshot, since
/// they mostly ask about the same range.
#[derive(Default)]
pub(super) struct RangeRequests {
    /// The periods that `sums` is about.
    segments: Vec<Segment>,
    /// The requests of each series in them.
    sums: SeriesRequests,
}

impl RangeRequests {
    /// The requests by series in these periods. One statement a hundred periods, or none where the same
    /// ones were asked for last.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where period counts can't be read, unless the transaction is careful.
    pub(super) async fn requests(
        &mut self,
        tx: &mut dyn Tx,
        segments: &[Segment],
    ) -> Result<&SeriesRequests> {
        if self.segments != segments {
            let periods = segments.iter().flat_map(|segment| {
                let granularity = segment.granularity;
                segment.periods().map(move |period| (granularity, period))
            });
            let periods: Vec<_> = periods.collect();
            let mut sums = SeriesRequests::default();
            for periods in periods.chunks(period_counts::PERIODS_A_STATEMENT) {
                for (period, counts) in tx.period_counts(periods).await? {
                    if tx.damage().is_some() {
                        let counts = period_counts::decode(tx, period, &counts).await?;
                        sums.add(&period_counts::encode(&counts))?;
                    } else {
                        sums.add(&counts)?;
                    }
                }
            }
            *self = Self {
                segments: segments.to_vec(),
                sums,
            };
        }
        Ok(&self.sums)
    }
}

/// Requests by the number of the series.
#[derive(Default)]
pub(super) struct SeriesRequests {
    /// Series and requests, in the order in which series were met.
    requests: Vec<(i64, u64)>,
    /// Where a series stands in `requests`.
    places: ByNumber<usize>,
}

impl SeriesRequests {
    /// Adds encoded period counts. Consecutive periods mostly hold the same series in the same order,
    /// so most entries are found without a lookup.
    fn add(&mut self, counts: &[u8]) -> Result<()> {
        let mut next = 0;
        for entry in period_counts::entries(counts)? {
            let (series, count) = entry?;
            // Consecutive periods mostly hold the same series in the same order.
            let same = self.requests.get(next).filter(|(id, _)| *id == series);
            let place = match same {
                Some(_) => next,
                None => *self.places.entry(series).or_insert(self.requests.len()),
            };
            match self.requests.get_mut(place) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => self.requests.push((series, count)),
            }
            next = place + 1;
        }
        Ok(())
    }

    /// The requests of one series; `None` where it had no bucket in the range.
    pub(super) fn of(&self, series: i64) -> Option<u64> {
        let place = self.places.get(&series)?;
        self.requests.get(*place).map(|(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{
        collection::{btree_map, vec},
        prelude::*,
    };

    use super::*;

    proptest! {
        #[test]
        fn each_series_has_its_requests_in_all_tallies(
            counts in vec(btree_map(1_i64..40, 0_u64..1_000, 0..40), 0..6),
        ) {
            let (mut sums, mut expected) = (SeriesRequests::default(), BTreeMap::<i64, u64>::new());
            for counts in &counts {
                prop_assert!(sums.add(&period_counts::encode(counts)).is_ok());
                for (series, count) in counts {
                    *expected.entry(*series).or_default() += count;
                }
            }
            for series in 0..41 {
                prop_assert_eq!(sums.of(series), expected.get(&series).copied());
            }
        }
    }
}
