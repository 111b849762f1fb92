//! What the questions to one snapshot have in common, asked once.

use std::collections::BTreeSet;

use super::{inbox::Inbox, tallies::Tallies};
use crate::{
    protocol::backend::{InboxChunk, Opening, Result, Selection, SeriesRow, Tx},
    query::{Filter, Query},
    series::SeriesKind,
    time::{Granularity, UnixSeconds},
};

/// Periods whose rows are not up to date.
pub(super) type Dirty = BTreeSet<(Granularity, UnixSeconds)>;

/// A snapshot, as far as questions over one range and scope look at it.
pub(super) struct Snapshot<'a> {
    pub(super) inbox: Inbox<'a>,
    pub(super) dirty: Dirty,
    pub(super) tallies: Tallies,
    coarse: Vec<(UnixSeconds, UnixSeconds)>,
    selected: Vec<Selected>,
}

/// The series that answer questions of one kind and filter.
struct Selected {
    kind: SeriesKind,
    filter: Filter,
    series: Vec<SeriesRow>,
}

impl<'a> Snapshot<'a> {
    /// Of what it began with, and of all that is not folded.
    pub(super) fn of(opening: Opening, chunks: &'a [InboxChunk]) -> Self {
        Self {
            inbox: Inbox::of(chunks),
            dirty: opening.dirty.into_iter().collect(),
            tallies: Tallies::default(),
            coarse: opening.coarse,
            selected: Vec::new(),
        }
    }

    /// Whether a coarsened span lies across one of the edges.
    pub(super) fn is_coarse_at(&self, edges: &[UnixSeconds]) -> bool {
        let cut = |(from, to): &(UnixSeconds, UnixSeconds)| {
            edges.iter().any(|edge| from < edge && edge < to)
        };
        self.coarse.iter().any(cut)
    }

    /// The stored series that answer.
    pub(super) async fn select<T: Tx>(
        &mut self,
        tx: &mut T,
        kind: SeriesKind,
        query: &Query,
    ) -> Result<&[SeriesRow]> {
        let same = |one: &Selected| one.kind == kind && one.filter == query.filter;
        let at = match self.selected.iter().position(same) {
            Some(at) => at,
            None => {
                let selection = Selection {
                    kind,
                    filter: &query.filter,
                    scope: &query.scope,
                };
                self.selected.push(Selected {
                    kind,
                    filter: query.filter.clone(),
                    series: tx.select_series(&selection).await?,
                });
                self.selected.len() - 1
            }
        };
        Ok(self.selected.get(at).map_or(&[], |one| &one.series))
    }
}
