//! What counts in the answer to one question.
//!
//! Three sources hold records: buckets, the inbox, and the caller's memory. For each of them this works
//! out which series count and in which group. After that, sums need numbers only.
//!
//! A question for the top groups is answered in two steps. The first finds the requests of all groups,
//! by period counts where it can; the second sums the groups that are kept. A question for requests
//! alone over the whole range needs only the first.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    inbox::{ByNumber, InboxMatch},
    own::Own,
    snapshot::{Snapshot, kind_for},
};
use crate::{
    engine::{
        admit::Admission,
        axis::Axis,
        backend::{Meta, PartialSum, Result, SumRequest, Tx},
        groups::Groups,
        plan,
        unstored::UnstoredSums,
    },
    query::{Detail, Filter, Query, Scope, TopK},
    series::SeriesKind,
};

/// Requests by the number of the group.
#[derive(Default)]
pub(super) struct Requests(HashMap<usize, u64>);

impl Requests {
    /// Groups and their requests.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().map(|(group, count)| (*group, *count))
    }

    /// Adds to the requests of a group.
    fn add(&mut self, group: usize, count: u64) {
        let sum = self.0.entry(group).or_default();
        *sum = sum.saturating_add(count);
    }
}

/// One question on its way to its answer: which groups there are, and what counts in them.
pub(super) struct QueryExecution<'a> {
    /// The question.
    pub(super) query: &'a Query,
    /// Its steps, moved to what is kept.
    pub(super) axis: Axis,
    /// The clock, the floors and the kind of sketch in the snapshot.
    pub(super) meta: Meta,
    /// The groups that were met so far.
    pub(super) groups: Groups,
    /// By step, whether records at one of its edges may belong to the other side of it.
    pub(super) approximate: Vec<bool>,
    /// Whether something within the range was quarantined, or is about to be.
    pub(super) incomplete: bool,
    /// The stored series that answer, and the numbers of their groups.
    pub(super) series: ByNumber<usize>,
    /// Whether any series meets the filter, whatever it has recorded in the range.
    pub(super) matched: bool,
    /// Which series of the inbox count, and in which groups.
    pub(super) inbox_match: InboxMatch,
    /// What only the caller's process holds.
    pub(super) held: UnstoredSums,
    /// The whole answer, where it needs nothing else.
    pub(super) requests: Option<Requests>,
}

impl<'a> QueryExecution<'a> {
    /// Finds out what counts. The order matters: groups of stored series come first, then those of the
    /// inbox and of own memory, and the top groups are chosen when all three are known.
    ///
    /// # Errors
    /// `StoreError::Corrupt` when period counts or an own bucket can't be read.
    pub(super) async fn new(
        tx: &mut dyn Tx,
        snapshot: &mut Snapshot<'_>,
        query: &'a Query,
        axis: Axis,
        meta: Meta,
        own: Option<&Own>,
    ) -> Result<Self> {
        let mut groups = Groups::new(query.group_by, Arc::clone(&snapshot.owners));
        let series = snapshot.series(query);
        let series = series.map(|row| (row.id, groups.number(&row.labels)));
        let mut execution = Self {
            query,
            approximate: snapshot.coarse_steps(&axis.edges, axis.is_moved()),
            incomplete: snapshot.leaves_out(axis.range()),
            axis,
            meta,
            series: series.collect(),
            groups,
            matched: false,
            inbox_match: InboxMatch::None,
            held: UnstoredSums::default(),
            requests: None,
        };
        execution.look_into(tx, snapshot).await?;
        if let Some(own) = own {
            execution.hold(tx, own).await?;
        }
        execution.matched = execution.groups.count() > 0;
        if let Some(top) = &query.top {
            execution.keep(tx, top, snapshot).await?;
        }
        if query.detail == Detail::Requests && execution.axis.is_whole() {
            execution.requests = Some(execution.requests(tx, snapshot).await?);
        }
        Ok(execution)
    }

    /// Finds out which series of the inbox count. No statement where nothing of the inbox lies in the
    /// range, or where everything counts in one group. Otherwise a base series counts where its
    /// aggregate series does; only those that no fold has seen yet are looked up by name.
    async fn look_into(&mut self, tx: &mut dyn Tx, snapshot: &mut Snapshot<'_>) -> Result<()> {
        let inbox = &mut snapshot.inbox;
        if !inbox.concerns(self.axis.range()) {
            return Ok(());
        }
        let query = self.query;
        let all = query.scope == Scope::All && query.filter == Filter::everything();
        if all && self.groups.is_one() {
            // All series count in one group, so none is looked up. The group must exist without stored series too.
            self.groups.only();
            self.inbox_match = InboxMatch::One;
            return Ok(());
        }
        // A base series counts in the group of its aggregate series: both have all labels that the question
        // asks about.
        let kind = kind_for(query).aggregate_place();
        if kind.is_some() {
            let known = &mut snapshot.known;
            inbox.find_aggregates(tx, known, &snapshot.kinds).await?;
        }
        let mut unknown: Vec<(usize, i64)> = Vec::new();
        let mut groups = Vec::with_capacity(inbox.ids().len());
        for (place, id) in inbox.ids().iter().enumerate() {
            let aggregates = kind.and_then(|kind| inbox.aggregates(place)?.get(kind).copied());
            let group = self.series.get(&aggregates.unwrap_or(*id)).copied();
            if group.is_none() && aggregates.is_none() {
                unknown.push((place, *id));
            }
            groups.push(group);
        }
        if !unknown.is_empty() {
            let admission = Admission::of(tx, query).await?;
            let ids: Vec<i64> = unknown.iter().map(|(_, id)| *id).collect();
            for row in tx.series(&ids).await? {
                let at = unknown.binary_search_by_key(&row.id, |(_, id)| *id);
                let place = at.ok().and_then(|at| unknown.get(at));
                if let Some(group) = place.and_then(|(place, _)| groups.get_mut(*place))
                    && admission.admits(&row.labels)
                {
                    *group = Some(self.groups.number(&row.labels));
                }
            }
        }
        self.inbox_match = InboxMatch::Each(groups);
        Ok(())
    }

    /// Adds what the caller's process holds, if it lies in the range and the question admits it. Every
    /// label is known here, so nothing but the keys of a tenant is looked up.
    async fn hold(&mut self, tx: &mut dyn Tx, own: &Own) -> Result<()> {
        let admission = Admission::of(tx, self.query).await?;
        for (row, period_start, labels) in own.rows(self.meta.now()) {
            let Some(step) = self.axis.step(period_start) else {
                continue;
            };
            if admission.admits(&labels) {
                let group = self.groups.number(&labels);
                self.held
                    .of(group, step, self.meta.sketch_kind)
                    .add(row.encoded(), self.query.detail)?;
            }
        }
        Ok(())
    }

    /// The requests of each group in the whole range, from all three sources.
    async fn requests(&self, tx: &mut dyn Tx, snapshot: &mut Snapshot<'_>) -> Result<Requests> {
        let mut requests = self.stored_requests(tx, snapshot).await?;
        let counts = snapshot.inbox.requests(self.axis.range());
        for (place, count) in counts.iter().enumerate() {
            if let Some(group) = self.inbox_match.group(place)
                && *count > 0
            {
                requests.add(group, *count);
            }
        }
        for held in self.held.sums() {
            requests.add(held.group, held.counts.request_count);
        }
        Ok(requests)
    }

    /// The requests of each group in the buckets. By period counts where the question sees everything
    /// and is answered by aggregate series: one row a period, whatever the number of series. By the
    /// buckets' own counts otherwise.
    async fn stored_requests(
        &self,
        tx: &mut dyn Tx,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<Requests> {
        let range = self.axis.range();
        let mut segments = Vec::new();
        plan::cover(
            &self.meta.floors,
            &snapshot.dirty,
            range.from,
            range.to,
            &mut segments,
        );
        let mut requests = Requests::default();
        // Period counts hold aggregate series of all tenants, so they serve questions that see everything.
        let counted = self.query.scope == Scope::All
            && kind_for(self.query) != SeriesKind::Base
            && !tx.copies_buckets();
        if !counted {
            let request = SumRequest {
                segments: &segments,
                edges: &[range.from, range.to],
                series: &self.numbered(),
                detail: Detail::Requests,
            };
            let mut add = |part: PartialSum<'_>| {
                requests.add(part.group, part.counts.request_count);
                Ok(())
            };
            tx.sum(&request, &mut add).await?;
        } else {
            let counted = snapshot.counts.requests(tx, &segments).await?;
            for (series, group) in &self.series {
                if let Some(count) = counted.of(*series) {
                    requests.add(*group, count);
                }
            }
        }
        Ok(requests)
    }

    /// Keeps the groups with the most requests and forgets the others everywhere. For groups outside
    /// the top only their requests are ever read. Nothing to do where there are no more groups than
    /// asked for.
    async fn keep(
        &mut self,
        tx: &mut dyn Tx,
        top: &TopK,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<()> {
        if top.after.is_none() && self.groups.count() <= top.limit {
            return Ok(());
        }
        let requests = self.requests(tx, snapshot).await?;
        let kept: BTreeSet<usize> = self.groups.top_k(&requests.0, top).collect();
        self.series.retain(|_, group| kept.contains(group));
        self.held.keep(&kept);
        self.inbox_match.keep(&kept);
        Ok(())
    }
}
