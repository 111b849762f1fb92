//! Requests of all pre-merged series over a whole range.

use super::inbox::ByNumber;
use crate::engine::{
    backend::{Result, Segment, Tx},
    tally,
};

/// What the tallies of a range add up to: the questions to one snapshot mostly are over the same.
#[derive(Default)]
pub(super) struct Tallies {
    segments: Vec<Segment>,
    sums: Sums,
}

impl Tallies {
    /// The requests by series.
    pub(super) async fn requests<T: Tx>(
        &mut self,
        tx: &mut T,
        segments: &[Segment],
    ) -> Result<&Sums> {
        if self.segments != segments {
            let periods = segments.iter().flat_map(|segment| {
                let granularity = segment.granularity;
                segment.periods().map(move |period| (granularity, period))
            });
            let periods: Vec<_> = periods.collect();
            let mut sums = Sums::default();
            for periods in periods.chunks(tally::PERIODS_A_STATEMENT) {
                for (_, tally) in tx.tallies(periods).await? {
                    sums.add(&tally)?;
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
pub(super) struct Sums {
    requests: Vec<(i64, u64)>,
    places: ByNumber<usize>,
}

impl Sums {
    fn add(&mut self, tally: &[u8]) -> Result<()> {
        let mut next = 0;
        for entry in tally::entries(tally)? {
            let (series, count) = entry?;
            // Mostly the same series as in the tally before, one after another.
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
            tallies in vec(btree_map(1_i64..40, 0_u64..1_000, 0..40), 0..6),
        ) {
            let (mut sums, mut expected) = (Sums::default(), BTreeMap::<i64, u64>::new());
            for tally in &tallies {
                prop_assert!(sums.add(&tally::encode(tally)).is_ok());
                for (series, count) in tally {
                    *expected.entry(*series).or_default() += count;
                }
            }
            for series in 0..41 {
                prop_assert_eq!(sums.of(series), expected.get(&series).copied());
            }
        }
    }
}
