//! What the questions to one snapshot have in common, asked once.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join;

use super::{inbox::Inbox, range_requests::RangeRequests, series_cache::SeriesCache};
use crate::{
    engine::{
        backend::{ReadHeader, Result, Selection, SeriesRow, Tx},
        condition::Condition,
    },
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
    pub(super) counts: RangeRequests,
    pub(super) known: SeriesCache,
    /// The kinds of stored series that answer its questions.
    pub(super) kinds: BTreeSet<SeriesKind>,
    coarse: &'a [(UnixSeconds, UnixSeconds)],
    selected: Vec<Selected<'a>>,
}

/// Series of one kind, among which are all that pass a filter.
struct Selected<'a> {
    kind: SeriesKind,
    filter: &'a Filter,
    series: Arc<[SeriesRow]>,
}

impl<'a> Snapshot<'a> {
    /// What the questions need of it: of what it began with, of all that is not folded, and the series.
    pub(super) async fn take<T: Tx>(
        tx: &mut T,
        queries: &'a [Query],
        header: &'a ReadHeader,
        mut known: SeriesCache,
    ) -> Result<Self> {
        // The flush batches are taken apart while the database works.
        let select = select(tx, &mut known, queries);
        let (selected, inbox) = join(select, Inbox::of(&header.unfolded)).await;
        Ok(Self {
            inbox,
            dirty: header.dirty.iter().copied().collect(),
            counts: RangeRequests::default(),
            kinds: queries.iter().map(kind_for).collect(),
            coarse: &header.coarse,
            selected: selected?,
            known,
        })
    }

    /// By step, whether a coarsened span lies across one of its edges; all of them where they were `moved`.
    pub(super) fn coarse_steps(&self, edges: &[UnixSeconds], moved: bool) -> Vec<bool> {
        let is_cut = |edge: UnixSeconds| {
            let mut spans = self.coarse.iter();
            spans.any(|(from, to)| *from < edge && edge < *to)
        };
        let cut: Vec<bool> = edges.iter().map(|edge| moved || is_cut(*edge)).collect();
        cut.windows(2).map(|ends| ends.contains(&true)).collect()
    }

    /// The stored series that answer a question.
    pub(super) fn series<'s>(&'s self, query: &'s Query) -> impl Iterator<Item = &'s SeriesRow> {
        let kind = kind_for(query);
        let same = |one: &&Selected<'_>| one.kind == kind && *one.filter == query.filter;
        let selected = self.selected.iter().find(same);
        let series = selected.into_iter().flat_map(|one| one.series.iter());
        let conditions = Condition::of_filter(&query.filter);
        series.filter(move |row| conditions.iter().all(|one| one.is_met(&row.labels)))
    }
}

/// The stored series that answer with the fewest rows.
pub(super) fn kind_for(query: &Query) -> SeriesKind {
    let keys =
        query.group_by.api_key || query.filter.api_key_id.is_some() || query.scope != Scope::All;
    let endpoints = query.group_by.endpoint || query.filter.endpoint.is_some();
    match (keys, endpoints) {
        (true, true) => SeriesKind::Base,
        (false, true) => SeriesKind::ByEndpoint,
        (true, false) => SeriesKind::ByKey,
        (false, false) => SeriesKind::Total,
    }
}

/// The series of all questions, by one statement a filter, or by none where they are known.
async fn select<'a, T: Tx>(
    tx: &mut T,
    known: &mut SeriesCache,
    queries: &'a [Query],
) -> Result<Vec<Selected<'a>>> {
    let mut selected: Vec<Selected<'a>> = Vec::new();
    for Query { filter, scope, .. } in queries {
        if selected.iter().any(|one| one.filter == filter) {
            continue;
        }
        let same = queries.iter().filter(|query| query.filter == *filter);
        let mut kinds: BTreeSet<SeriesKind> = same.map(kind_for).collect();
        kinds.retain(|kind| match known.series(*kind) {
            Some(series) => {
                let kind = *kind;
                selected.push(Selected {
                    kind,
                    filter,
                    series,
                });
                false
            }
            None => true,
        });
        if kinds.is_empty() {
            continue;
        }
        let kinds: Vec<SeriesKind> = kinds.into_iter().collect();
        let selection = Selection {
            kinds: &kinds,
            filter,
            scope,
        };
        let mut rows = tx.select_series(&selection).await?;
        for kind in kinds {
            let series: Arc<[SeriesRow]> =
                rows.extract_if(.., |row| row.labels.kind == kind).collect();
            if *filter == Filter::default() {
                known.learn(kind, &series);
            }
            selected.push(Selected {
                kind,
                filter,
                series,
            });
        }
    }
    Ok(selected)
}
