//! Runs: encoded buckets in key order, the form in which deltas wait for the store.

use std::{borrow::Cow, cmp::Ordering, collections::BinaryHeap, sync::Arc};

use crate::{bucket::Bucket, series::SeriesKey, time::UnixSeconds};

/// The encoded buckets of one period, ascending by series. Immutable once built, so that batches, captures and
/// flushes share it.
#[derive(Debug, Default)]
pub(super) struct Run {
    rows: Vec<Row>,
    bytes: Vec<u8>,
    records: u64,
}

#[derive(Debug)]
struct Row {
    series: Arc<SeriesKey>,
    /// The end of its encoding, which begins where the one before ends.
    end: usize,
}

impl Run {
    /// Appends a row. Rows must come in key order.
    pub(super) fn push(&mut self, series: Arc<SeriesKey>, bucket: &Bucket) {
        bucket.encode(&mut self.bytes);
        self.close_row(series, bucket.request_count);
    }

    fn push_encoded(&mut self, series: Arc<SeriesKey>, encoded: &[u8]) {
        self.bytes.extend_from_slice(encoded);
        self.close_row(series, Bucket::peek_request_count(encoded));
    }

    fn close_row(&mut self, series: Arc<SeriesKey>, records: u64) {
        let end = self.bytes.len();
        self.rows.push(Row { series, end });
        self.records = self.records.saturating_add(records);
    }

    /// Frees excess capacity.
    pub(super) fn finish(mut self) -> Arc<Self> {
        self.rows.shrink_to_fit();
        self.bytes.shrink_to_fit();
        Arc::new(self)
    }

    /// Row number `at` and its encoding.
    fn row(&self, at: usize) -> Option<(&Arc<SeriesKey>, &[u8])> {
        let row = self.rows.get(at)?;
        let start = match at.checked_sub(1) {
            Some(before) => self.rows.get(before)?.end,
            None => 0,
        };
        Some((&row.series, self.bytes.get(start..row.end)?))
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The sum of the rows' request counts.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// The memory that it takes, without the series' names.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.rows.capacity() * size_of::<Row>() + self.bytes.capacity()
    }

    /// The rows that `wanted` accepts: the same run if it accepts all, `None` if it accepts none.
    pub(super) fn filtered(
        self: &Arc<Self>,
        mut wanted: impl FnMut(&SeriesKey) -> bool,
    ) -> Option<Arc<Self>> {
        let accepted: Vec<bool> = self.rows.iter().map(|row| wanted(&row.series)).collect();
        if accepted.iter().all(|&accepted| accepted) {
            return (!accepted.is_empty()).then(|| Arc::clone(self));
        }
        let mut run = Self::default();
        for at in (0..self.len()).filter(|&at| accepted.get(at) == Some(&true)) {
            if let Some((series, encoded)) = self.row(at) {
                run.push_encoded(Arc::clone(series), encoded);
            }
        }
        (run.len() > 0).then(|| run.finish())
    }

    /// The sum of several runs, whatever their periods.
    pub(super) fn sum(runs: &[Arc<Self>]) -> Arc<Self> {
        let mut sum = Self::default();
        for row in Rows::new(runs.iter().map(|run| (0, run.as_ref()))) {
            sum.push_encoded(Arc::clone(row.series), row.encoded());
        }
        sum.finish()
    }
}

/// One bucket of [`Deltas`](super::Deltas).
#[derive(Debug, Clone)]
pub struct DeltaRow<'a> {
    /// The series that the bucket belongs to.
    pub series: &'a Arc<SeriesKey>,
    /// The start of its minute, or of the 5 minutes or hour to which it was coarsened, in Unix seconds.
    pub period_start: UnixSeconds,
    encoded: Cow<'a, [u8]>,
}

impl<'a> DeltaRow<'a> {
    /// The encoding, borrowed where no sum was needed.
    pub(crate) fn into_encoded(self) -> Cow<'a, [u8]> {
        self.encoded
    }
}

impl DeltaRow<'_> {
    /// The bucket as [`Bucket::encode`] wrote it.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Decodes the bucket.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "every run holds only what Bucket::encode wrote, and the codec's round trip is a tested property"
    )]
    pub fn bucket(&self) -> Bucket {
        Bucket::decode(&mut self.encoded()).expect("an encoding of our own")
    }

    fn is_same(&self, other: &Self) -> bool {
        self.period_start == other.period_start
            && (Arc::ptr_eq(self.series, other.series) || self.series == other.series)
    }
}

/// The rows of [`Deltas`](super::Deltas), ascending by series, then by period. Rows of several runs with the
/// same key are summed on the way.
#[derive(Debug)]
pub(super) struct Rows<'a>(BinaryHeap<Cursor<'a>>);

/// The next row of a run. Ordered in reverse, so that the heap's greatest element has the least key.
#[derive(Debug)]
struct Cursor<'a> {
    row: DeltaRow<'a>,
    run: &'a Run,
    next: usize,
}

impl Cursor<'_> {
    fn key(&self) -> (&SeriesKey, UnixSeconds) {
        (self.row.series, self.row.period_start)
    }
}

impl PartialEq for Cursor<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cursor<'_> {}

impl PartialOrd for Cursor<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cursor<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(self.row.series, other.row.series) {
            return other.row.period_start.cmp(&self.row.period_start);
        }
        other.key().cmp(&self.key())
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(runs: impl Iterator<Item = (UnixSeconds, &'a Run)>) -> Self {
        let first = |(period_start, run)| Cursor::at(period_start, run, 0);
        Self(runs.filter_map(first).collect())
    }

    /// The row with the least key; its cursor moves on.
    fn pop(&mut self) -> Option<DeltaRow<'a>> {
        let mut top = self.0.peek_mut()?;
        let period_start = top.row.period_start;
        match Cursor::at(period_start, top.run, top.next) {
            Some(next) => Some(std::mem::replace(&mut *top, next).row),
            None => Some(std::collections::binary_heap::PeekMut::pop(top).row),
        }
    }
}

impl<'a> Cursor<'a> {
    fn at(period_start: UnixSeconds, run: &'a Run, at: usize) -> Option<Self> {
        let (series, encoded) = run.row(at)?;
        Some(Self {
            row: DeltaRow {
                series,
                period_start,
                encoded: Cow::Borrowed(encoded),
            },
            run,
            next: at + 1,
        })
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = DeltaRow<'a>;

    fn next(&mut self) -> Option<DeltaRow<'a>> {
        let mut row = self.pop()?;
        let mut sum: Option<Bucket> = None;
        while let Some(other) = self.0.peek()
            && other.row.is_same(&row)
        {
            let sum = sum.get_or_insert_with(|| row.bucket());
            // Fails only for deltas of recorders with different sketches: those stay rows of their own.
            if sum.merge(&other.row.bucket()).is_err() {
                break;
            }
            self.pop();
        }
        if let Some(sum) = sum {
            let mut encoded = Vec::with_capacity(2 * row.encoded.len());
            sum.encode(&mut encoded);
            row.encoded = Cow::Owned(encoded);
        }
        Some(row)
    }
}
