//! Deltas: the sum of records since some batch.
//!
//! A [`Deltas`] maps the start of a period to runs, each a list of encoded buckets in the order of
//! series. Adding one to another copies pointers to runs. Only two things decode buckets: reading the
//! rows, which merges the runs of a period on the way, and compacting, which does the same and keeps
//! the result.
//!
//! | operation | cost |
//! |---|---|
//! | clone, merge | one pointer a run |
//! | `rows` | a k-way merge over `k` runs: `O(n log k)` comparisons; a bucket is decoded only where two runs have its key |
//! | `filtered` | one call of the filter a row; runs that pass whole are shared |
//! | `coarsen` | the sum of the runs in one period of 5 minutes or an hour |
//!
//! # Coarsening
//!
//! When a long outage fills the memory budget, the oldest minutes are moved to the start of their 5
//! minutes, and those to the start of their hour. Counts and sketches stay exact; only the time of the
//! records gets less precise. The span is remembered, sent along with the batch, and reported in the
//! status; alert windows that cut it are not evaluated.

use std::{collections::BTreeMap, sync::Arc};

use super::run::{DeltaRow, Rows, Run};
#[cfg(test)]
use crate::bucket::Bucket;
use crate::{
    series::SeriesKey,
    time::{Granularity, UnixSeconds},
};

/// Runs per period before they are summed. Fewer would cost time, more would cost memory.
///
/// Seven drains without a batch sum the runs of a minute once.
const MAX_RUNS: usize = 6;

/// The sum of records by series and period.
///
/// Cheap to clone and to add: encoded buckets are shared, and summed only when they are read.
///
/// The fields are never empty lists: a period without runs is not in the map.
#[derive(Debug, Clone, Default)]
pub struct Deltas {
    /// By period start.
    runs: BTreeMap<UnixSeconds, Vec<Arc<Run>>>,
    /// Half-open spans, in Unix seconds, whose buckets were moved to the start of their 5 minutes or hour;
    /// ascending and disjoint.
    pub(crate) coarse: Vec<(UnixSeconds, UnixSeconds)>,
}

impl Deltas {
    /// The buckets, ascending by series, then by period, each key once.
    pub fn rows(&self) -> impl Iterator<Item = DeltaRow<'_>> {
        let runs = self.runs.iter();
        Rows::new(runs.flat_map(|(&start, runs)| runs.iter().map(move |run| (start, &**run))))
    }

    /// The number of [rows](Self::rows). Where batches overlap it costs as much as reading them.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        if self.runs.values().all(|runs| runs.len() == 1) {
            self.all_runs().map(|run| run.len()).sum()
        } else {
            self.rows().count()
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The sum of all request counts.
    #[must_use]
    pub(crate) fn records(&self) -> u64 {
        self.all_runs()
            .fold(0, |sum, run| sum.saturating_add(run.records()))
    }

    /// Adds all rows of another one.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (&start, runs) in &other.runs {
            self.runs.entry(start).or_default().extend_from_slice(runs);
        }
        other.coarse.iter().for_each(|&span| self.add_coarse(span));
    }

    /// Adds one bucket. The recorder itself adds whole runs.
    #[cfg(test)]
    pub(crate) fn insert(
        &mut self,
        series: Arc<SeriesKey>,
        period_start: UnixSeconds,
        bucket: &Bucket,
    ) {
        let mut run = Run::default();
        run.push(series, bucket);
        self.add_run(period_start, run.finish());
    }

    /// The rows that `wanted` accepts, and all coarsened spans.
    #[must_use]
    pub(crate) fn filtered(&self, wanted: &dyn Fn(&SeriesKey, UnixSeconds) -> bool) -> Self {
        let mut filtered = Self {
            runs: BTreeMap::new(),
            coarse: self.coarse.clone(),
        };
        for (&start, runs) in &self.runs {
            let runs: Vec<_> = runs
                .iter()
                .filter_map(|run| run.filtered(|series| wanted(series, start)))
                .collect();
            if !runs.is_empty() {
                filtered.runs.insert(start, runs);
            }
        }
        filtered
    }

    /// Adds a run of one period, and sums the period's runs when there are more than six.
    pub(super) fn add_run(&mut self, period_start: UnixSeconds, run: Arc<Run>) {
        let runs = self.runs.entry(period_start).or_default();
        runs.push(run);
        if runs.len() > MAX_RUNS {
            *runs = vec![Run::sum(runs)];
        }
    }

    /// Sums the runs of each period.
    pub(super) fn compact(&mut self) {
        for runs in self.runs.values_mut().filter(|runs| runs.len() > 1) {
            *runs = vec![Run::sum(runs)];
        }
    }

    /// The start of the oldest period of length `granularity` that contains more than one period.
    pub(super) fn oldest_to_coarsen(&self, granularity: Granularity) -> Option<UnixSeconds> {
        let starts = self.runs.keys().map(|&start| granularity.floor(start));
        starts
            .clone()
            .zip(starts.skip(1))
            .find_map(|(a, b)| (a == b).then_some(a))
    }

    /// Moves all buckets of a period of length `granularity` to its start.
    ///
    /// Does nothing where the period holds no run. The span is noted only where something was moved.
    pub(super) fn coarsen(&mut self, start: UnixSeconds, granularity: Granularity) {
        let end = start.saturating_add(granularity.seconds());
        let inside: Vec<_> = self
            .runs
            .range(start..end)
            .map(|(&start, _)| start)
            .collect();
        let runs: Vec<_> = inside
            .iter()
            .filter_map(|start| self.runs.remove(start))
            .flatten()
            .collect();
        if !runs.is_empty() {
            self.runs.insert(start, vec![Run::sum(&runs)]);
            self.add_coarse((start, end));
        }
    }

    /// Notes a span; spans that touch become one.
    fn add_coarse(&mut self, span: (UnixSeconds, UnixSeconds)) {
        add_span(&mut self.coarse, span);
    }

    /// Bytes of the buckets, without the names of series.
    pub(super) fn heap_bytes(&self) -> usize {
        self.all_runs().map(|run| run.heap_bytes()).sum()
    }

    /// All runs, ascending by period.
    fn all_runs(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.runs.values().flatten()
    }
}

/// Adds a span to spans that are ascending and disjoint, and keeps them so.
///
/// Spans that overlap or touch become one. Linear in the number of spans, of which an outage leaves
/// few.
pub(super) fn add_span(
    spans: &mut Vec<(UnixSeconds, UnixSeconds)>,
    (mut from, mut to): (UnixSeconds, UnixSeconds),
) {
    spans.retain(|&(start, end)| {
        let touches = start <= to && from <= end;
        if touches {
            from = from.min(start);
            to = to.max(end);
        }
        !touches
    });
    let at = spans.partition_point(|&(start, _)| start < from);
    spans.insert(at, (from, to));
}

#[cfg(test)]
impl FromIterator<(Arc<SeriesKey>, UnixSeconds, Bucket)> for Deltas {
    fn from_iter<T: IntoIterator<Item = (Arc<SeriesKey>, UnixSeconds, Bucket)>>(rows: T) -> Self {
        let mut deltas = Self::default();
        for (series, period_start, bucket) in rows {
            deltas.insert(series, period_start, &bucket);
        }
        deltas
    }
}

/// A recorder's own deltas at one moment, for a read that adds them to what the store holds.
///
/// Made by [`Recorder::capture`](super::Recorder::capture).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OwnDeltas {
    /// The batches with their numbers, ascending. The last one may hold records that are in no batch yet, under
    /// the least number that they can get.
    pub batches: Vec<(u64, Deltas)>,
    /// The number of the last batch that is not held any more; 0 where all are. A database whose fence is below it lacks
    /// what nobody can add.
    pub freed: u64,
}

impl OwnDeltas {
    /// The sum of the batches that a database lacks whose fence row says `seq`.
    #[must_use]
    pub(crate) fn newer_than(&self, seq: u64) -> Deltas {
        let mut sum = Deltas::default();
        for (_, deltas) in self.batches.iter().filter(|(batch, _)| *batch > seq) {
            sum.merge(deltas);
        }
        sum
    }
}
