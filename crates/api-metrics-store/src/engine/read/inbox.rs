//! Committed flush batches that are not folded.

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

/// By the number of a series.
pub(super) type ByNumber<T> = HashMap<i64, T, RandomState>;

/// A row of a flush batch, its bucket unread.
#[derive(Debug, Clone, Copy)]
pub(super) struct InboxRow<'a> {
    /// The place of its series among [`Inbox::ids`].
    pub(super) place: usize,
    pub(super) period_start: UnixSeconds,
    pub(super) bucket: &'a [u8],
    /// Which flush batch it is of.
    pub(super) chunk: usize,
}

/// The inbox of a snapshot. Series go by their places, so that nothing is looked up a row.
pub(super) struct Inbox<'a> {
    ids: Vec<i64>,
    rows: Vec<InboxRow<'a>>,
    aggregates: Option<Vec<Option<[i64; 3]>>>,
    requests: Option<(TimeRange, Vec<u64>)>,
}

impl<'a> Inbox<'a> {
    /// A flush batch whose rows can't be told apart is left out: the next fold quarantines it, and the status
    /// tells of it.
    pub(super) async fn of(chunks: &'a [InboxChunk]) -> Self {
        let mut rows: Vec<InboxRow<'a>> = Vec::new();
        let mut series: Vec<i64> = Vec::new();
        for (chunk, payload) in chunks.iter().enumerate() {
            let before = rows.len();
            yield_now().await;
            for row in payload::rows(&payload.payload).into_iter().flatten() {
                let Ok(row) = row else {
                    rows.truncate(before);
                    series.truncate(before);
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
        // Each flush batch is in order already, which this sort makes use of.
        ids.sort();
        ids.dedup();
        yield_now().await;
        let mut places = SortedCursor::of(&ids);
        for (row, series) in rows.iter_mut().zip(series) {
            // Each is among them.
            row.place = places.find(series).unwrap_or_default();
        }
        Self {
            ids,
            rows,
            aggregates: None,
            requests: None,
        }
    }

    /// The series of all rows, ascending.
    pub(super) fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// The rows, of which one question takes those that count.
    pub(super) fn rows(&self) -> &[InboxRow<'a>] {
        &self.rows
    }

    /// Whether anything may count in that range.
    pub(super) fn concerns(&self, range: TimeRange) -> bool {
        self.rows.iter().any(|row| range.contains(row.period_start))
    }

    /// Looks up which aggregate series of these kinds they count in, once for all questions.
    pub(super) async fn find_aggregates<T: Tx>(
        &mut self,
        tx: &mut T,
        known: &mut SeriesCache,
        kinds: &BTreeSet<SeriesKind>,
    ) -> Result<()> {
        if self.aggregates.is_none() {
            self.aggregates = Some(known.aggregates(tx, &self.ids, kinds).await?);
        }
        Ok(())
    }

    /// The numbers of any key, any endpoint and total of the series at `place`, as far as they are known and
    /// were looked up.
    pub(super) fn aggregates(&self, place: usize) -> Option<[i64; 3]> {
        *self.aggregates.as_ref()?.get(place)?
    }

    /// The requests within that range, by the places of their series.
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
    /// Everything counts in group 0.
    One,
    /// By the places of the series: the group that each counts in, if it does.
    Each(Vec<Option<usize>>),
}

impl InboxMatch {
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

    /// Forgets all other groups.
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
