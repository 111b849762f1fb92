//! The answer to one question.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join;
use tokio::task::yield_now;

use super::{
    inbox::{self, ByNumber, Inbox, Waiting},
    own::Own,
    snapshot::{Dirty, Snapshot},
    tallies::Tallies,
};
use crate::{
    bucket::Bucket,
    protocol::{
        admit::Admission,
        axis::Axis,
        backend::{Ask, Meta, Part, Result, Tx},
        batch,
        fresh::FreshSums,
        groups::{Groups, Sums},
        plan,
    },
    query::{Answer, Detail, Filter, Query, Scope},
    series::SeriesKind,
};

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
        snapshot: &mut Snapshot,
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
        let waiting = self.waiting(tx, &mut snapshot.inbox).await?;
        if let Some(own) = own {
            self.hold(tx, own).await?;
        }
        let sums = self
            .sum(tx, &snapshot.dirty, &mut snapshot.tallies, waiting)
            .await?;
        Ok(Answer {
            range: self.axis.range(),
            as_of_us: self.meta.now_us,
            approximate,
            rows: sums.rows(&self.groups, &self.axis.edges),
        })
    }

    /// What counts of the inbox.
    async fn waiting<'i, T: Tx>(
        &mut self,
        tx: &mut T,
        inbox: &'i mut Inbox,
    ) -> Result<Waiting<'i>> {
        let range = self.axis.range();
        if !inbox.concerns(range) {
            return Ok(Waiting::default());
        }
        let groups = self.groups_of(tx, inbox).await?;
        Ok(Waiting {
            payloads: inbox.payloads(range).collect(),
            groups,
        })
    }

    /// The sums of the inbox. What can't be read is set aside by the next fold, and told by the status: the
    /// sums are made again without it, which costs nothing where it never happens.
    ///
    /// Lets others have their turn between payloads: a statement takes two round trips to be sent.
    async fn sums_of(&self, waiting: &mut Waiting<'_>) -> FreshSums {
        loop {
            match self.try_sums_of(waiting).await {
                Ok(sums) => return sums,
                Err(unreadable) => drop(waiting.payloads.remove(unreadable)),
            }
        }
    }

    /// Adds the rows that count; where one can't be read, answers in which payload.
    async fn try_sums_of(&self, waiting: &Waiting<'_>) -> std::result::Result<FreshSums, usize> {
        let mut sums = FreshSums::default();
        for (at, payload) in waiting.payloads.iter().enumerate() {
            yield_now().await;
            for row in batch::rows(payload).map_err(|_| at)? {
                let row = row.map_err(|_| at)?;
                let place = waiting.group(&row).zip(self.axis.step(row.period_start));
                let Some((group, step)) = place else {
                    continue;
                };
                sums.of(group, step, self.meta.sketch_kind)
                    .add(row.bucket, self.query.detail)
                    .map_err(|_| at)?;
            }
        }
        Ok(sums)
    }

    /// The groups of those base series that count; `None` where everything counts in group 0.
    async fn groups_of<T: Tx>(
        &mut self,
        tx: &mut T,
        inbox: &mut Inbox,
    ) -> Result<Option<ByNumber<usize>>> {
        let query = self.query;
        let all = query.scope == Scope::All && query.filter == Filter::default();
        if all && self.groups.is_one() {
            // Nobody needs to know which series they are; the group must be there all the same.
            self.groups.only();
            return Ok(None);
        }
        // A base series counts where the pre-merged one does that it belongs to: both have all the names
        // that are asked about.
        let mut groups = ByNumber::default();
        let mut unknown = inbox.ids().to_vec();
        if let Some(place) = kind_for(query).premerged_place() {
            let premerged = inbox.premerged(tx).await?;
            unknown.retain(|id| {
                let of = premerged.get(id).and_then(|of| of.get(place));
                let group = of.and_then(|of| self.series.get(of));
                groups.extend(group.map(|group| (*id, *group)));
                of.is_none()
            });
        }
        unknown.retain(|id| match self.series.get(id) {
            Some(group) => groups.insert(*id, *group).is_some(),
            None => true,
        });
        if !unknown.is_empty() {
            let admission = Admission::of(tx, query).await?;
            for row in tx.series(&unknown).await? {
                if admission.admits(&row.labels) {
                    groups.insert(row.id, self.groups.number(&row.labels));
                }
            }
        }
        Ok(Some(groups))
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
        dirty: &Dirty,
        tallies: &mut Tallies,
        mut waiting: Waiting<'_>,
    ) -> Result<Sums> {
        if let Some(n) = self.query.busiest {
            self.keep_busiest(tx, n, dirty, tallies, &mut waiting)
                .await?;
        }
        let mut sums = Sums::new(self.meta.sketch_kind);
        let not_stored = self.sums_of(&mut waiting);
        // The inbox is summed while the database works.
        let not_stored = if self.query.detail == Detail::Requests && self.axis.is_whole() {
            let (requests, not_stored) = join(self.requests(tx, dirty, tallies), not_stored).await;
            for (group, count) in requests?.0 {
                let mut counts = Bucket::new(self.meta.sketch_kind);
                counts.request_count = count;
                sums.add(group, 0, &counts, &[])?;
            }
            not_stored
        } else {
            let mut segments = Vec::new();
            for step in self.axis.edges.windows(2) {
                if let [from, to] = step {
                    plan::cover(&self.meta.floors, dirty, *from, *to, &mut segments);
                }
            }
            let ask = Ask {
                segments: &segments,
                edges: &self.axis.edges,
                series: &self.numbered(),
                detail: self.query.detail,
            };
            let mut add =
                |part: Part<'_>| sums.add(part.group, part.step, &part.counts, part.sketches);
            let (summed, not_stored) = join(tx.sum(&ask, &mut add), not_stored).await;
            summed?;
            not_stored
        };
        for fresh in not_stored.sums().chain(self.held.sums()) {
            sums.add(fresh.group, fresh.step, &fresh.counts, &fresh.sketches)?;
        }
        Ok(sums)
    }

    /// The stored requests of each group in the whole range.
    async fn requests<T: Tx>(
        &self,
        tx: &mut T,
        dirty: &Dirty,
        tallies: &mut Tallies,
    ) -> Result<Requests> {
        let range = self.axis.range();
        let mut segments = Vec::new();
        plan::cover(
            &self.meta.floors,
            dirty,
            range.from,
            range.to,
            &mut segments,
        );
        let mut requests = Requests::default();
        if kind_for(self.query) == SeriesKind::Base {
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
            let tallied = tallies.requests(tx, &segments).await?;
            for (series, group) in &self.series {
                if let Some(count) = tallied.get(series) {
                    requests.add(*group, *count);
                }
            }
        }
        Ok(requests)
    }

    /// Leaves the `n` groups with the most requests: of the others nothing but requests is ever looked at.
    async fn keep_busiest<T: Tx>(
        &mut self,
        tx: &mut T,
        n: usize,
        dirty: &Dirty,
        tallies: &mut Tallies,
        waiting: &mut Waiting<'_>,
    ) -> Result<()> {
        let range = self.axis.range();
        let mut fresh = Requests::default();
        let not_stored = async {
            for payload in &waiting.payloads {
                yield_now().await;
                for row in inbox::readable(payload) {
                    if let Some(group) = waiting.group(&row)
                        && range.contains(row.period_start)
                    {
                        fresh.add(group, Bucket::peek_request_count(row.bucket));
                    }
                }
            }
            for held in self.held.sums() {
                fresh.add(held.group, held.counts.request_count);
            }
        };
        let (stored, ()) = join(self.requests(tx, dirty, tallies), not_stored).await;
        for (group, count) in stored?.0 {
            fresh.add(group, count);
        }
        let busiest: BTreeSet<usize> = self.groups.busiest(&fresh.0, n).into_iter().collect();
        self.series.retain(|_, group| busiest.contains(group));
        self.held.keep(&busiest);
        match &mut waiting.groups {
            Some(groups) => groups.retain(|_, group| busiest.contains(group)),
            None if busiest.contains(&0) => {}
            None => waiting.payloads.clear(),
        }
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
