//! The answer to one question.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join;
use tokio::task::yield_now;

use super::{
    inbox::{ByNumber, Inbox, Waiting},
    own::Own,
    snapshot::Snapshot,
};
use crate::{
    bucket::Bucket,
    protocol::{
        admit::Admission,
        axis::Axis,
        backend::{Ask, Meta, Part, Result, Tx},
        fresh::FreshSums,
        groups::{Groups, Sums},
        plan,
    },
    query::{Answer, Busiest, Detail, Filter, Query, Scope},
    series::SeriesKind,
};

/// Rows of the inbox that are added at a stretch.
const ROWS_A_TURN: usize = 1_000;

/// The stored series that answer with the fewest rows.
fn kind_for(query: &Query) -> SeriesKind {
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

/// Requests by group.
#[derive(Default)]
struct Requests(HashMap<usize, u64>);

impl Requests {
    fn add(&mut self, group: usize, count: u64) {
        let sum = self.0.entry(group).or_default();
        *sum = sum.saturating_add(count);
    }
}

/// One read on its way.
pub(super) struct Reading<'a> {
    query: &'a Query,
    axis: Axis,
    meta: Meta,
    groups: Groups,
    /// The stored series that answer, and their groups.
    series: ByNumber<usize>,
    /// What only the caller's process holds.
    held: FreshSums,
}

impl<'a> Reading<'a> {
    pub(super) fn new(query: &'a Query, axis: Axis, meta: Meta) -> Self {
        Self {
            query,
            axis,
            meta,
            groups: Groups::new(query.group_by),
            series: ByNumber::default(),
            held: FreshSums::default(),
        }
    }

    pub(super) async fn answer<T: Tx>(
        mut self,
        tx: &mut T,
        snapshot: &mut Snapshot<'_>,
        own: Option<&Own>,
    ) -> Result<Answer> {
        for row in snapshot
            .select(tx, kind_for(self.query), self.query)
            .await?
        {
            let group = self.groups.number(&row.labels);
            self.series.insert(row.id, group);
        }
        let approximate = self.axis.moved || snapshot.is_coarse_at(&self.axis.edges);
        let mut waiting = self.waiting(tx, &mut snapshot.inbox).await?;
        if let Some(own) = own {
            self.hold(tx, own).await?;
        }
        if let Some(busiest) = &self.query.busiest {
            self.keep(tx, busiest, snapshot, &mut waiting).await?;
        }
        let sums = if self.query.detail == Detail::Requests && self.axis.is_whole() {
            self.requests_alone(tx, snapshot, &waiting).await?
        } else {
            self.sum(tx, snapshot, &waiting).await?
        };
        Ok(Answer {
            range: self.axis.range(),
            as_of_us: self.meta.now_us,
            approximate,
            rows: sums.rows(&self.groups, &self.axis.edges),
        })
    }

    /// What counts of the inbox.
    async fn waiting<T: Tx>(&mut self, tx: &mut T, inbox: &mut Inbox<'_>) -> Result<Waiting> {
        if !inbox.concerns(self.axis.range()) {
            return Ok(Waiting::None);
        }
        let query = self.query;
        let all = query.scope == Scope::All && query.filter == Filter::default();
        if all && self.groups.is_one() {
            // Nobody needs to know which series they are; the group must be there all the same.
            self.groups.only();
            return Ok(Waiting::One);
        }
        // A base series counts where the pre-merged one does that it belongs to: both have all the names
        // that are asked about.
        let kind = kind_for(query).premerged_place();
        if kind.is_some() {
            inbox.find_premerged(tx).await?;
        }
        let mut unknown: Vec<(usize, i64)> = Vec::new();
        let mut groups = Vec::with_capacity(inbox.ids().len());
        for (place, id) in inbox.ids().iter().enumerate() {
            let premerged = kind.and_then(|kind| inbox.premerged(place)?.get(kind).copied());
            let group = self.series.get(&premerged.unwrap_or(*id)).copied();
            if group.is_none() && premerged.is_none() {
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
        Ok(Waiting::Each(groups))
    }

    /// The sums of the inbox. A hand-over that can't be read is set aside by the next fold, and told by the
    /// status: the sums are made again without it, which costs nothing where it never happens.
    async fn sums_of(&self, inbox: &Inbox<'_>, waiting: &Waiting) -> FreshSums {
        let mut unreadable = BTreeSet::new();
        loop {
            match self.try_sums_of(inbox, waiting, &unreadable).await {
                Ok(sums) => return sums,
                Err(chunk) => drop(unreadable.insert(chunk)),
            }
        }
    }

    /// Adds the rows that count; where one can't be read, answers of which hand-over it is.
    ///
    /// Lets others have their turn now and then: a statement takes two round trips to be sent.
    async fn try_sums_of(
        &self,
        inbox: &Inbox<'_>,
        waiting: &Waiting,
        unreadable: &BTreeSet<usize>,
    ) -> std::result::Result<FreshSums, usize> {
        let mut sums = FreshSums::default();
        for rows in inbox.rows().chunks(ROWS_A_TURN) {
            yield_now().await;
            for row in rows {
                let place = waiting
                    .group(row.place)
                    .zip(self.axis.step(row.period_start));
                let Some((group, step)) = place else {
                    continue;
                };
                if unreadable.contains(&row.chunk) {
                    continue;
                }
                sums.of(group, step, self.meta.sketch_kind)
                    .add(row.bucket, self.query.detail)
                    .map_err(|_| row.chunk)?;
            }
        }
        Ok(sums)
    }

    /// Adds what the caller's process holds.
    async fn hold<T: Tx>(&mut self, tx: &mut T, own: &Own) -> Result<()> {
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

    /// Everything, added up.
    async fn sum<T: Tx>(
        &mut self,
        tx: &mut T,
        snapshot: &Snapshot<'_>,
        waiting: &Waiting,
    ) -> Result<Sums> {
        let mut segments = Vec::new();
        for step in self.axis.edges.windows(2) {
            if let [from, to] = step {
                plan::cover(
                    &self.meta.floors,
                    &snapshot.dirty,
                    *from,
                    *to,
                    &mut segments,
                );
            }
        }
        let ask = Ask {
            segments: &segments,
            edges: &self.axis.edges,
            series: &self.numbered(),
            detail: self.query.detail,
        };
        let mut sums = Sums::new(self.meta.sketch_kind);
        let mut add = |part: Part<'_>| sums.add(part.group, part.step, &part.counts, part.sketches);
        // The inbox is summed while the database works.
        let not_stored = self.sums_of(&snapshot.inbox, waiting);
        let (summed, not_stored) = join(tx.sum(&ask, &mut add), not_stored).await;
        summed?;
        for fresh in not_stored.sums().chain(self.held.sums()) {
            sums.add(fresh.group, fresh.step, &fresh.counts, &fresh.sketches)?;
        }
        Ok(sums)
    }

    /// The same where nothing but requests is asked for, and no steps.
    async fn requests_alone<T: Tx>(
        &mut self,
        tx: &mut T,
        snapshot: &mut Snapshot<'_>,
        waiting: &Waiting,
    ) -> Result<Sums> {
        let mut sums = Sums::new(self.meta.sketch_kind);
        for (group, count) in self.requests(tx, snapshot, waiting).await?.0 {
            let mut counts = Bucket::new(self.meta.sketch_kind);
            counts.request_count = count;
            sums.add(group, 0, &counts, &[])?;
        }
        Ok(sums)
    }

    /// The requests of each group in the whole range, from wherever they are.
    async fn requests<T: Tx>(
        &self,
        tx: &mut T,
        snapshot: &mut Snapshot<'_>,
        waiting: &Waiting,
    ) -> Result<Requests> {
        let mut requests = self.stored_requests(tx, snapshot).await?;
        let counts = snapshot.inbox.requests(self.axis.range());
        for (place, count) in counts.iter().enumerate() {
            if let Some(group) = waiting.group(place)
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

    async fn stored_requests<T: Tx>(
        &self,
        tx: &mut T,
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
        // A tally is of everybody's pre-merged series.
        let tallied = self.query.scope == Scope::All && kind_for(self.query) != SeriesKind::Base;
        if !tallied {
            let ask = Ask {
                segments: &segments,
                edges: &[range.from, range.to],
                series: &self.numbered(),
                detail: Detail::Requests,
            };
            let mut add = |part: Part<'_>| {
                requests.add(part.group, part.counts.request_count);
                Ok(())
            };
            tx.sum(&ask, &mut add).await?;
        } else {
            let tallied = snapshot.tallies.requests(tx, &segments).await?;
            for (series, group) in &self.series {
                if let Some(count) = tallied.get(series) {
                    requests.add(*group, *count);
                }
            }
        }
        Ok(requests)
    }

    /// Leaves those groups: of the others nothing but requests is ever looked at.
    async fn keep<T: Tx>(
        &mut self,
        tx: &mut T,
        busiest: &Busiest,
        snapshot: &mut Snapshot<'_>,
        waiting: &mut Waiting,
    ) -> Result<()> {
        if busiest.after.is_none() && self.groups.count() <= busiest.most {
            return Ok(());
        }
        let requests = self.requests(tx, snapshot, waiting).await?;
        let busiest: BTreeSet<usize> = self.groups.busiest(&requests.0, busiest).collect();
        self.series.retain(|_, group| busiest.contains(group));
        self.held.keep(&busiest);
        waiting.keep(&busiest);
        Ok(())
    }

    fn numbered(&self) -> Vec<(i64, i32)> {
        let number = |group: usize| i32::try_from(group).unwrap_or(i32::MAX);
        let mut series: Vec<_> = self
            .series
            .iter()
            .map(|(id, group)| (*id, number(*group)))
            .collect();
        series.sort_unstable();
        series
    }
}
