//! The answer to one question.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join;
use tokio::task::yield_now;

use super::{
    inbox::{self, ByNumber, Inbox, Waiting},
    own::Own,
};
use crate::{
    bucket::Bucket,
    protocol::{
        admit::Admission,
        axis::Axis,
        backend::{Ask, Detail, Meta, Part, Result, Selection, Tx},
        batch,
        fresh::FreshSums,
        groups::{Groups, Sums},
        plan,
    },
    query::{Answer, Filter, Query, Scope},
    series::SeriesKind,
    time::{Granularity, UnixSeconds},
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
        inbox: &mut Inbox,
        own: Option<&Own>,
    ) -> Result<Answer> {
        self.select(tx).await?;
        let waiting = self.waiting(tx, inbox).await?;
        if let Some(own) = own {
            self.hold(tx, own).await?;
        }
        let sums = self.sum(tx, waiting).await?;
        let range = self.axis.range();
        let mut approximate = self.axis.moved;
        for (from, to) in tx.coarse(range.from, range.to).await? {
            let cuts = |edge: &i64| from < *edge && *edge < to;
            approximate |= self.axis.edges.iter().any(cuts);
        }
        Ok(Answer {
            range,
            as_of_us: self.meta.now_us,
            approximate,
            rows: sums.rows(&self.groups, &self.axis.edges),
        })
    }

    async fn select<T: Tx>(&mut self, tx: &mut T) -> Result<()> {
        let selection = Selection {
            kind: kind_for(self.query),
            filter: &self.query.filter,
            scope: &self.query.scope,
        };
        for row in tx.select_series(&selection).await? {
            let group = self.groups.number(&row.labels);
            self.series.insert(row.id, group);
        }
        Ok(())
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
                    .add(row.bucket, self.query.quantiles)
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
                    .add(row.encoded(), self.query.quantiles)?;
            }
        }
        Ok(())
    }

    /// Everything, added up.
    async fn sum<T: Tx>(&mut self, tx: &mut T, mut waiting: Waiting<'_>) -> Result<Sums> {
        let range = self.axis.range();
        // A dirty period that began before the range can contain a part of it.
        let dirty: BTreeSet<_> = tx
            .dirty(Granularity::Day.floor(range.from), range.to)
            .await?
            .into_iter()
            .collect();
        if let Some(n) = self.query.busiest {
            self.keep_busiest(tx, n, &dirty, &mut waiting).await?;
        }
        let mut segments = Vec::new();
        for step in self.axis.edges.windows(2) {
            if let [from, to] = step {
                plan::cover(&self.meta.floors, &dirty, *from, *to, &mut segments);
            }
        }
        let ask = Ask {
            segments: &segments,
            edges: &self.axis.edges,
            series: &self.numbered(),
            detail: if self.query.quantiles {
                Detail::Sketches
            } else {
                Detail::Counts
            },
        };
        let mut sums = Sums::new(self.meta.sketch_kind);
        let mut add = |part: Part<'_>| sums.add(part.group, part.step, &part.counts, part.sketches);
        // The inbox is summed while the database works.
        let (summed, waiting) = join(tx.sum(&ask, &mut add), self.sums_of(&mut waiting)).await;
        summed?;
        for fresh in waiting.sums().chain(self.held.sums()) {
            sums.add(fresh.group, fresh.step, &fresh.counts, &fresh.sketches)?;
        }
        Ok(sums)
    }

    /// Leaves the `n` groups with the most requests: of the others nothing but requests is ever looked at.
    async fn keep_busiest<T: Tx>(
        &mut self,
        tx: &mut T,
        n: usize,
        dirty: &BTreeSet<(Granularity, UnixSeconds)>,
        waiting: &mut Waiting<'_>,
    ) -> Result<()> {
        let range = self.axis.range();
        let (mut stored, mut fresh) = (Requests::default(), Requests::default());
        let mut segments = Vec::new();
        plan::cover(
            &self.meta.floors,
            dirty,
            range.from,
            range.to,
            &mut segments,
        );
        let ask = Ask {
            segments: &segments,
            edges: &[range.from, range.to],
            series: &self.numbered(),
            detail: Detail::Requests,
        };
        let mut add = |part: Part<'_>| {
            stored.add(part.group, part.counts.request_count);
            Ok(())
        };
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
        join(tx.sum(&ask, &mut add), not_stored).await.0?;
        for (group, count) in stored.0 {
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
