//! Requests of all pre-merged series over a whole range.

use super::inbox::ByNumber;
use crate::protocol::{
    backend::{Result, Segment, Tx},
    tally,
};

/// What the tallies of a range add up to: the questions to one snapshot mostly are over the same.
#[derive(Default)]
pub(super) struct Tallies {
    segments: Vec<Segment>,
    requests: ByNumber<u64>,
}

impl Tallies {
    /// The requests by series.
    pub(super) async fn requests<T: Tx>(
        &mut self,
        tx: &mut T,
        segments: &[Segment],
    ) -> Result<&ByNumber<u64>> {
        if self.segments != segments {
            let periods = segments.iter().flat_map(|segment| {
                let granularity = segment.granularity;
                segment.periods().map(move |period| (granularity, period))
            });
            let periods: Vec<_> = periods.collect();
            let mut requests = ByNumber::default();
            for periods in periods.chunks(tally::PERIODS_A_STATEMENT) {
                for (_, tally) in tx.tallies(periods).await? {
                    for (series, count) in tally::entries(&tally)? {
                        let sum: &mut u64 = requests.entry(series).or_default();
                        *sum = sum.saturating_add(count);
                    }
                }
            }
            *self = Self {
                segments: segments.to_vec(),
                requests,
            };
        }
        Ok(&self.requests)
    }
}
