//! What the questions to one snapshot have in common, asked once.

use std::collections::BTreeSet;

use futures_util::future::join;

use super::{inbox::Inbox, tallies::Tallies};
use crate::{
    protocol::backend::{InboxChunk, Result, Selection, SeriesRow, Tx},
    query::{Filter, Query, Scope},
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
    /// The kinds of stored series that answer its questions.
    pub(super) kinds: BTreeSet<SeriesKind>,
    coarse: Vec<(UnixSeconds, UnixSeconds)>,
    selected: Vec<Selected<'a>>,
}

/// The series that answer the questions of one filter.
struct Selected<'a> {
    filter: &'a Filter,
    series: Vec<SeriesRow>,
}

impl<'a> Snapshot<'a> {
    /// What the questions need of it: of what it began with, of all that is not folded, and the series.
    pub(super) async fn take<T: Tx>(
        tx: &mut T,
        queries: &'a [Query],
        dirty: Vec<(Granularity, UnixSeconds)>,
        coarse: Vec<(UnixSeconds, UnixSeconds)>,
        unfolded: &'a [InboxChunk],
    ) -> Result<Self> {
        // The hand-overs are taken apart while the database works.
        let (selected, inbox) = join(select(tx, queries), Inbox::of(unfolded)).await;
        Ok(Self {
            inbox,
            dirty: dirty.into_iter().collect(),
            tallies: Tallies::default(),
            kinds: queries.iter().map(kind_for).collect(),
            coarse,
            selected: selected?,
        })
    }

    /// Whether a coarsened span lies across one of the edges.
    pub(super) fn is_coarse_at(&self, edges: &[UnixSeconds]) -> bool {
        let cut = |(from, to): &(UnixSeconds, UnixSeconds)| {
            edges.iter().any(|edge| from < edge && edge < to)
        };
        self.coarse.iter().any(cut)
    }

    /// The stored series that answer a question.
    pub(super) fn series(&self, query: &Query) -> impl Iterator<Item = &SeriesRow> {
        let kind = kind_for(query);
        let of_it = |one: &&Selected<'_>| *one.filter == query.filter;
        let selected = self.selected.iter().filter(of_it);
        selected
            .flat_map(|one| &one.series)
            .filter(move |row| row.labels.kind == kind)
    }
}

/// The stored series that answer with the fewest rows.
pub(super) fn kind_for(query: &Query) -> SeriesKind {
    let keys =
        query.group_by.api_key || query.filter.api_key_id.is_some() || query.scope != Scope::All;
    let endpoints = query.group_by.endpoint || query.filter.endpoint.is_some();
    match (keys, endpoints) {
        (true, true) => SeriesKind::Base,
        (false, true) => SeriesKind::AnyKey,
        (true, false) => SeriesKind::AnyEndpoint,
        (false, false) => SeriesKind::Total,
    }
}

/// The series of all questions, by one statement a filter.
async fn select<'a, T: Tx>(tx: &mut T, queries: &'a [Query]) -> Result<Vec<Selected<'a>>> {
    let mut selected: Vec<Selected<'a>> = Vec::new();
    for Query { filter, scope, .. } in queries {
        if selected.iter().any(|one| one.filter == filter) {
            continue;
        }
        let same = queries.iter().filter(|query| query.filter == *filter);
        let kinds: BTreeSet<SeriesKind> = same.map(kind_for).collect();
        let kinds: Vec<SeriesKind> = kinds.into_iter().collect();
        let selection = Selection {
            kinds: &kinds,
            filter,
            scope,
        };
        let series = tx.select_series(&selection).await?;
        selected.push(Selected { filter, series });
    }
    Ok(selected)
}
