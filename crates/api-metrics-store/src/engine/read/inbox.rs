//! Committed flush batches that are not folded, as the questions to one snapshot use them.
//!
//! The payloads are taken apart once: series numbers and periods are read, buckets are not. Series are
//! then known by their places in an ascending list, so that each question needs an array rather than a
//! lookup a row.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use tokio::task::yield_now;

use super::series_cache::SeriesCache;
use crate::{
    bucket::Bucket,
    engine::{
        backend::{InboxChunk, Result, Tx},
        payload,
        sorted_cursor::SortedCursor,
    },
    query::TimeRange,
    series::SeriesKind,
    time::UnixSeconds,
};

/// A map by the number of a series. The numbers are ours, so a fast hash without protection against
/// chosen keys is enough.
pub(super) type ByNumber<T> = HashMap<i64, T, RandomState>;

/// A row of a flush batch, its bucket unread.
#[derive(Debug, Clone, Copy)]
pub(super) struct InboxRow<'a> {
    /// The place of its series among `Inbox::ids`.
    pub(super) place: usize,
    /// The start of its minute, in Unix seconds.
    pub(super) period_start: UnixSeconds,
    /// The encoded bucket.
    pub(super) bucket: &'a [u8],
    /// The index of the chunk that it is in. One unreadable bucket leaves out the whole chunk.
    pub(super) chunk: usize,
}

/// The inbox of a snapshot. Series are known by their places in `ids`, so that a row needs no lookup.
pub(super) struct Inbox<'a> {
    /// The series of all rows, ascending and without duplicates.
    ids: Vec<i64>,
    /// The rows of all chunks, in the order of the chunks.
    rows: Vec<InboxRow<'a>>,
    /// The aggregate series of each place, once they were looked up. `None` for a series that no fold
    /// has seen.
    aggregates: Option<Vec<Option<[i64; 3]>>>,
    /// The requests by place in the range that was asked for last.
    requests: Option<(TimeRange, Vec<u64>)>,
    /// The spans of chunks whose rows can't be told apart.
    unreadable: Vec<(UnixSeconds, UnixSeconds)>,
}

impl<'a> Inbox<'a> {
    /// Takes the chunks apart. A chunk whose rows can't be told apart is left out: the next fold
    /// quarantines it, and the status tells of it. O(n log n) in the rows; yields between chunks.
    pub(super) async fn of(chunks: &'a [InboxChunk]) -> Self {
        let mut rows: Vec<InboxRow<'a>> = Vec::new();
        let mut series: Vec<i64> = Vec::new();
        let mut unreadable = Vec::new();
        for (chunk, payload) in chunks.iter().enumerate() {
            let before = rows.len();
            yield_now().await;
            let Ok(found) = payload::rows(&payload.payload) else {
                unreadable.push((payload.period_from, payload.period_to));
                continue;
            };
            for row in found {
                let Ok(row) = row else {
                    rows.truncate(before);
                    series.truncate(before);
                    unreadable.push((payload.period_from, payload.period_to));
                    break;
                };
                series.push(row.series_id);
                rows.push(InboxRow {
                    place: 0,
                    period_start: row.period_start,
                    bucket: row.bucket,
                    chunk,
                });
            }
        }
        yield_now().await;
        let mut ids = series.clone();
        // A merge sort: each flush batch is in order already.
        ids.sort();
        ids.dedup();
        yield_now().await;
        let mut places = SortedCursor::of(&ids);
        for (row, series) in rows.iter_mut().zip(series) {
            // `ids` holds every series, so the place is always found.
            row.place = places.find(series).unwrap_or_default();
        }
        Self {
            ids,
            rows,
            aggregates: None,
            requests: None,
            unreadable,
        }
    }

    /// The spans of chunks that were left out, because their rows can't be told apart.
    pub(super) fn unreadable(&self) -> &[(UnixSeconds, UnixSeconds)] {
        &self.unreadable
    }

    /// The series of all rows, ascending.
    pub(super) fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// All rows of the inbox; a question selects the matching ones.
    pub(super) fn rows(&self) -> &[InboxRow<'a>] {
        &self.rows
    }

    /// Whether any row lies in that range.
    pub(super) fn concerns(&self, range: TimeRange) -> bool {
        self.rows.iter().any(|row| range.contains(row.period_start))
    }

    /// Looks up which aggregate series of these kinds the series count in. One statement at most, once
    /// for all questions.
    pub(super) async fn find_aggregates(
        &mut self,
        tx: &mut dyn Tx,
        known: &mut SeriesCache,
        kinds: &BTreeSet<SeriesKind>,
    ) -> Result<()> {
        if self.aggregates.is_none() {
            self.aggregates = Some(known.aggregates(tx, &self.ids, kinds).await?);
        }
        Ok(())
    }

    /// The numbers by endpoint, by key and total of the series at `place`, as far as they are known and
    /// were looked up.
    pub(super) fn aggregates(&self, place: usize) -> Option<[i64; 3]> {
        *self.aggregates.as_ref()?.get(place)?
    }

    /// The requests within that range, by the places of their series. Kept for the next question over
    /// the same range.
    pub(super) fn requests(&mut self, range: TimeRange) -> &[u64] {
        let known = self.requests.take().filter(|(of, _)| *of == range);
        let (_, requests) = self.requests.insert(known.unwrap_or_else(|| {
            let mut requests = vec![0_u64; self.ids.len()];
            for row in &self.rows {
                if range.contains(row.period_start)
                    && let Some(sum) = requests.get_mut(row.place)
                {
                    *sum = sum.saturating_add(Bucket::peek_request_count(row.bucket));
                }
            }
            (range, requests)
        }));
        requests
    }
}

/// What one question takes of the inbox.
pub(super) enum InboxMatch {
    /// Nothing counts.
    None,
    /// Everything counts in group 0: the question has neither filter, scope nor groups.
    One,
    /// By the places of the series: the group that each counts in, `None` where it does not count.
    Each(Vec<Option<usize>>),
}

impl InboxMatch {
    /// Whether nothing counts.
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The group of a series, if it counts.
    pub(super) fn group(&self, place: usize) -> Option<usize> {
        match self {
            Self::None => None,
            Self::One => Some(0),
            Self::Each(groups) => *groups.get(place)?,
        }
    }

    /// Forgets all groups but these.
    pub(super) fn keep(&mut self, kept: &BTreeSet<usize>) {
        match self {
            Self::One if !kept.contains(&0) => *self = Self::None,
            Self::None | Self::One => {}
            Self::Each(groups) => {
                for group in groups {
                    *group = group.filter(|group| kept.contains(group));
                }
            }
        }
    }
}
