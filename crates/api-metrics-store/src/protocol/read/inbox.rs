//! Committed hand-overs that are not folded.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    protocol::{
        backend::{InboxChunk, Result, Tx},
        batch::{self, UnreadRow},
    },
    query::TimeRange,
    time::UnixSeconds,
};

/// By the number of a series.
pub(super) type ByNumber<T> = HashMap<i64, T, RandomState>;

/// The inbox of a snapshot, and the series in it.
pub(super) struct Inbox {
    chunks: Vec<InboxChunk>,
    ids: Option<Vec<i64>>,
    premerged: Option<ByNumber<[i64; 3]>>,
}

impl Inbox {
    /// What may count between `from` and `to`.
    pub(super) async fn load<T: Tx>(
        tx: &mut T,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Self> {
        Ok(Self {
            chunks: tx.unfolded(from, to).await?,
            ids: None,
            premerged: None,
        })
    }

    /// The series of all rows.
    pub(super) fn ids(&mut self) -> &[i64] {
        let chunks = &self.chunks;
        self.ids.get_or_insert_with(|| {
            let rows = chunks.iter().flat_map(|chunk| readable(&chunk.payload));
            let mut ids: Vec<i64> = rows.map(|row| row.series_id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        })
    }

    /// Those whose pre-merged series are known: the numbers of any key, any endpoint and total. Looked up once
    /// for all questions.
    pub(super) async fn premerged<T: Tx>(&mut self, tx: &mut T) -> Result<&ByNumber<[i64; 3]>> {
        let premerged = match self.premerged.take() {
            Some(premerged) => premerged,
            None => tx.premerged(self.ids()).await?.into_iter().collect(),
        };
        Ok(self.premerged.insert(premerged))
    }

    /// Whether anything may count in that range.
    pub(super) fn concerns(&self, range: TimeRange) -> bool {
        self.payloads(range).next().is_some()
    }

    /// The payloads of which something may count in that range.
    pub(super) fn payloads(&self, range: TimeRange) -> impl Iterator<Item = &[u8]> {
        self.chunks
            .iter()
            .filter(move |chunk| chunk.period_from < range.to && range.from < chunk.period_to)
            .map(|chunk| &*chunk.payload)
    }
}

/// What one question takes of the inbox.
#[derive(Default)]
pub(super) struct Waiting<'a> {
    pub(super) payloads: Vec<&'a [u8]>,
    /// The groups of those base series that count; `None` where everything counts in group 0.
    pub(super) groups: Option<ByNumber<usize>>,
}

impl Waiting<'_> {
    /// The group of a row, if it counts.
    pub(super) fn group(&self, row: &UnreadRow<'_>) -> Option<usize> {
        match &self.groups {
            None => Some(0),
            Some(groups) => groups.get(&row.series_id).copied(),
        }
    }
}

/// The rows of a payload, without those behind one that can't be read.
pub(super) fn readable(payload: &[u8]) -> impl Iterator<Item = UnreadRow<'_>> {
    batch::rows(payload)
        .into_iter()
        .flatten()
        .map_while(std::result::Result::ok)
}
