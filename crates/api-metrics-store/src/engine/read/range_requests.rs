//! Requests of all aggregate series over a whole range.

use super::inbox::ByNumber;
use crate::engine::{
    backend::{Result, Segment, Tx},
    period_counts,
};

/// What the counts of a range add up to: the questions to one snapshot mostly are over the same.
#[derive(Default)]
pub(super) struct RangeRequests {
    segments: Vec<Segment>,
    sums: SeriesRequests,
}

impl RangeRequests {
    /// The requests by series.
    pub(super) async fn requests<T: Tx>(
        &mut self,
        tx: &mut T,
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
                for (_, counts) in tx.period_counts(periods).await? {
                    sums.add(&counts)?;
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

/// Requests by series.
#[derive(Default)]
pub(super) struct SeriesRequests {
    requests: Vec<(i64, u64)>,
    places: ByNumber<usize>,
}

impl SeriesRequests {
    fn add(&mut self, counts: &[u8]) -> Result<()> {
        let mut next = 0;
        for entry in period_counts::entries(counts)? {
            let (series, count) = entry?;
            // Mostly the same series as in the counts before, one after another.
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

    /// Of one series; `None` where it had no bucket.
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
