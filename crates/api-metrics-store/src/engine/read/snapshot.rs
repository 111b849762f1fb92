//! What the questions to one snapshot have in common, asked once.
//!
//! A page of the dashboard asks a dozen questions at once, mostly with one filter. The series of a
//! filter are selected by one statement, whatever the number of questions, and the inbox is taken apart
//! once.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join;

use super::{inbox::Inbox, range_requests::RangeRequests, series_cache::SeriesCache};
use crate::{
    engine::{
        backend::{ReadHeader, Result, Selection, SeriesRow, Tx},
        condition::Condition,
        groups::KeyOwners,
    },
    query::{Filter, Query, Scope, TimeRange},
    series::SeriesKind,
    time::{Granularity, UnixSeconds},
};

/// Dirty periods. A read takes their children instead of their rows.
pub(super) type Dirty = BTreeSet<(Granularity, UnixSeconds)>;

/// A snapshot of the database, as far as the questions to it look at it.
pub(super) struct Snapshot<'a> {
    /// Flush batches that are not folded.
    pub(super) inbox: Inbox<'a>,
    /// Dirty periods, whose children are read instead.
    pub(super) dirty: Dirty,
    /// Requests by period counts, of the range that was asked for last.
    pub(super) counts: RangeRequests,
    /// Aggregate series that are known in this snapshot.
    pub(super) known: SeriesCache,
    /// Whose the keys are, where a question groups by that.
    pub(super) owners: Arc<KeyOwners>,
    /// The kinds of stored series that answer its questions.
    pub(super) kinds: BTreeSet<SeriesKind>,
    /// Spans that an outage made a process coarsen.
    coarse: &'a [(UnixSeconds, UnixSeconds)],
    /// Spans of which something was quarantined.
    quarantined: &'a [(UnixSeconds, UnixSeconds)],
    /// The series of each kind and filter among the questions.
    selected: Vec<Selected<'a>>,
}

/// Series of one kind, which include all that meet the filter.
struct Selected<'a> {
    /// Their kind.
    kind: SeriesKind,
    /// The filter that they were selected by. From the cache, series of other filters may be among
    /// them.
    filter: &'a Filter,
    /// The series.
    series: Arc<[SeriesRow]>,
}

impl<'a> Snapshot<'a> {
    /// Selects the series of all questions and takes the inbox apart, both at once.
    pub(super) async fn take(
        tx: &mut dyn Tx,
        queries: &'a [Query],
        header: &'a ReadHeader,
        mut known: SeriesCache,
    ) -> Result<Self> {
        // The flush batches are taken apart while the database works.
        let select = select(tx, &mut known, queries);
        let (selected, inbox) = join(select, Inbox::of(&header.unfolded)).await;
        let by_owner = |query: &Query| query.group_by.user || query.group_by.team;
        let owners = if queries.iter().any(by_owner) {
            KeyOwners::of(tx.api_keys(None).await?)
        } else {
            KeyOwners::default()
        };
        Ok(Self {
            owners: Arc::new(owners),
            inbox,
            dirty: header.dirty.iter().copied().collect(),
            counts: RangeRequests::default(),
            kinds: queries.iter().map(kind_for).collect(),
            coarse: &header.coarse,
            quarantined: &header.quarantined,
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

    /// Whether something within the range can't be read: quarantined, or in the inbox still.
    pub(super) fn leaves_out(&self, range: TimeRange) -> bool {
        let mut spans = self.quarantined.iter().chain(self.inbox.unreadable());
        spans.any(|(from, to)| *from < range.to && *to > range.from)
    }

    /// The stored series that answer a question: of its kind, and meeting its filter.
    pub(super) fn series<'s>(&'s self, query: &'s Query) -> impl Iterator<Item = &'s SeriesRow> {
        let kind = kind_for(query);
        let same = |one: &&Selected<'_>| one.kind == kind && *one.filter == query.filter;
        let selected = self.selected.iter().find(same);
        let series = selected.into_iter().flat_map(|one| one.series.iter());
        let conditions = Condition::of_filter(&query.filter);
        series.filter(move |row| conditions.iter().all(|one| one.is_met(&row.labels)))
    }
}

/// The kind of stored series that answers with the fewest rows: the coarsest one that still has the
/// labels which the question groups or filters by.
///
/// | asks about keys | asks about endpoints | kind |
/// |---|---|---|
/// | yes | yes | base |
/// | no | yes | by endpoint |
/// | yes | no | by key |
/// | no | no | total |
///
/// Any scope but `All` asks about keys.
pub(super) fn kind_for(query: &Query) -> SeriesKind {
    let by = &query.group_by;
    let by_key = by.api_key || by.user || by.team;
    let keys = by_key || query.filter.api_key_id.is_some() || query.scope != Scope::All;
    let endpoints = query.group_by.endpoint || query.filter.endpoint.is_some();
    match (keys, endpoints) {
        (true, true) => SeriesKind::Base,
        (false, true) => SeriesKind::ByEndpoint,
        (true, false) => SeriesKind::ByKey,
        (false, false) => SeriesKind::Total,
    }
}

/// The series of all questions, by one statement a filter, or by none where they are known. Series that
/// were selected by no label are kept for later reads.
async fn select<'a>(
    tx: &mut dyn Tx,
    known: &mut SeriesCache,
    queries: &'a [Query],
) -> Result<Vec<Selected<'a>>> {
    let mut selected: Vec<Selected<'a>> = Vec::new();
    let everything = Filter::everything();
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
        // Without a label all series are read, and protocols are told apart in memory: the next question may
        // mean others.
        let is_whole = *filter == Filter::default() || *filter == everything;
        let selection = Selection {
            kinds: &kinds,
            filter: if is_whole { &everything } else { filter },
            scope,
        };
        let mut rows = tx.select_series(&selection).await?;
        for kind in kinds {
            let series: Arc<[SeriesRow]> =
                rows.extract_if(.., |row| row.labels.kind == kind).collect();
            if is_whole {
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
