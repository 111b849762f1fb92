//! The read: one snapshot of folded rows and inbox, plus what the caller's own process still holds.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::{
    admit::Admission,
    axis::Axis,
    backend::{Ask, Backend, Detail, Meta, Owner, Result, Selection, Tx, key_text},
    batch,
    flush::plausible_period,
    fresh::FreshSums,
    groups::{Groups, Sums},
    plan,
};
use crate::{
    bucket::Bucket,
    query::{Answer, Filter, Query, Scope},
    recorder::OwnDeltas,
    series::SeriesKind,
    store::{ApiKeyInfo, Writer},
    time::Granularity,
};

/// The number under which own records count whose key has not been stored yet: a key that was first
/// seen since the last flush.
const KEY_NOT_STORED_YET: i64 = -1;

pub(crate) async fn read<B: Backend>(
    backend: &B,
    query: &Query,
    own: Option<(&Writer, OwnDeltas)>,
) -> Result<Answer> {
    let mut tx = backend.begin_read(&query.scope).await?;
    let answer = read_in(&mut tx, query, own).await?;
    tx.commit().await?;
    Ok(answer)
}

/// The same within a snapshot that the caller has opened.
pub(crate) async fn read_in<T: Tx>(
    tx: &mut T,
    query: &Query,
    own: Option<(&Writer, OwnDeltas)>,
) -> Result<Answer> {
    let meta = tx.meta().await?;
    let mut reading = Reading {
        query,
        axis: Axis::of(query, &meta.floors),
        meta,
        groups: Groups::new(query.group_by),
        series: ByNumber::default(),
        fresh: FreshSums::default(),
    };
    reading.select(tx).await?;
    reading.inbox(tx).await?;
    if let Some((writer, own)) = own {
        let seq = tx.instance_seq(writer.instance().id).await?;
        reading.held(tx, writer, &own, seq).await?;
    }
    let sums = reading.sum(tx).await?;
    let range = reading.axis.range();
    let mut approximate = reading.axis.moved;
    for (from, to) in tx.coarse(range.from, range.to).await? {
        let cuts = |edge: &i64| from < *edge && *edge < to;
        approximate |= reading.axis.edges.iter().any(cuts);
    }
    Ok(Answer {
        range,
        as_of_us: meta.now_us,
        approximate,
        rows: sums.rows(&reading.groups, &reading.axis.edges),
    })
}

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

/// By the number of a series.
type ByNumber<T> = HashMap<i64, T, RandomState>;

/// One read on its way.
struct Reading<'a> {
    query: &'a Query,
    axis: Axis,
    meta: Meta,
    groups: Groups,
    /// The stored series that answer, and their groups.
    series: ByNumber<usize>,
    /// What is not in the buckets yet.
    fresh: FreshSums,
}

impl Reading<'_> {
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

    /// Committed hand-overs that are not folded.
    async fn inbox<T: Tx>(&mut self, tx: &mut T) -> Result<()> {
        let range = self.axis.range();
        let chunks = tx.unfolded(range.from, range.to).await?;
        let mut payloads: Vec<&[u8]> = chunks.iter().map(|chunk| &*chunk.payload).collect();
        let mut ids: Vec<i64> = payloads
            .iter()
            .filter_map(|payload| batch::rows(payload).ok())
            .flat_map(|rows| rows.map_while(std::result::Result::ok))
            .filter(|row| range.contains(row.period_start))
            .map(|row| row.series_id)
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        ids.sort_unstable();
        ids.dedup();
        let groups = self.groups_of(tx, ids).await?;
        // What can't be read is set aside by the next fold, and told by the status: the answer is made
        // again without it, which costs nothing where it never happens.
        while let Err(unreadable) = self.add_payloads(&payloads, groups.as_ref()) {
            payloads.remove(unreadable);
            self.fresh = FreshSums::default();
        }
        Ok(())
    }

    /// Adds the rows of `payloads` that count; where one can't be read, answers which.
    fn add_payloads(
        &mut self,
        payloads: &[&[u8]],
        groups: Option<&ByNumber<usize>>,
    ) -> std::result::Result<(), usize> {
        for (at, payload) in payloads.iter().enumerate() {
            for row in batch::rows(payload).map_err(|_| at)? {
                let row = row.map_err(|_| at)?;
                let group = groups.map_or(Some(0), |groups| groups.get(&row.series_id).copied());
                let place = group.zip(self.axis.step(row.period_start));
                let Some((group, step)) = place else {
                    continue;
                };
                self.fresh
                    .of(group, step, self.meta.sketch_kind)
                    .add(row.bucket, self.query.quantiles)
                    .map_err(|_| at)?;
            }
        }
        Ok(())
    }

    /// The groups of those base series that count; `None` where everything counts in group 0.
    async fn groups_of<T: Tx>(
        &mut self,
        tx: &mut T,
        ids: Vec<i64>,
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
        let mut unknown = ids;
        if let Some(place) = kind_for(query).premerged_place() {
            let premerged: ByNumber<[i64; 3]> = tx.premerged(&unknown).await?.into_iter().collect();
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

    /// What the caller's process holds and the snapshot does not.
    async fn held<T: Tx>(
        &mut self,
        tx: &mut T,
        writer: &Writer,
        own: &OwnDeltas,
        seq: u64,
    ) -> Result<()> {
        let deltas = own.newer_than(seq);
        if deltas.is_empty() {
            return Ok(());
        }
        let mut texts: Vec<String> = deltas
            .rows()
            .filter_map(|row| row.series.api_key.as_ref().map(key_text))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let keys: HashMap<String, ApiKeyInfo> = tx
            .api_keys_by_external_id(&texts)
            .await?
            .into_iter()
            .map(|key| (key.external_id.clone(), key))
            .collect();
        let admission = Admission::of(tx, self.query).await?;
        let owner = Owner::of(writer.instance());
        for row in deltas.rows() {
            let series = row.series;
            let period_start = plausible_period(row.period_start, self.meta.now());
            let Some(step) = self.axis.step(period_start) else {
                continue;
            };
            let api_key_id = series.api_key.as_ref().map_or(0, |key| {
                keys.get(&key_text(key))
                    .map_or(KEY_NOT_STORED_YET, |info| info.id)
            });
            let labels = owner.labels(series, api_key_id);
            if admission.admits(&labels) {
                let group = self.groups.number(&labels);
                self.fresh
                    .of(group, step, self.meta.sketch_kind)
                    .add(row.encoded(), self.query.quantiles)?;
            }
        }
        Ok(())
    }

    /// Everything, added up.
    async fn sum<T: Tx>(&mut self, tx: &mut T) -> Result<Sums> {
        let range = self.axis.range();
        // A dirty period that began before the range can contain a part of it.
        let dirty: BTreeSet<_> = tx
            .dirty(Granularity::Day.floor(range.from), range.to)
            .await?
            .into_iter()
            .collect();
        let floors = &self.meta.floors;
        if let Some(n) = self.query.busiest {
            let mut segments = Vec::new();
            plan::cover(floors, &dirty, range.from, range.to, &mut segments);
            let mut requests: HashMap<usize, u64> = HashMap::new();
            let mut add = |group, counts: &Bucket| {
                let sum = requests.entry(group).or_default();
                *sum = sum.saturating_add(counts.request_count);
            };
            let ask = Ask {
                segments: &segments,
                edges: &[range.from, range.to],
                series: &self.numbered(),
                detail: Detail::Requests,
            };
            tx.sum(&ask, &mut |part| {
                add(part.group, &part.counts);
                Ok(())
            })
            .await?;
            for fresh in self.fresh.sums() {
                add(fresh.group, &fresh.counts);
            }
            let busiest: BTreeSet<usize> = self.groups.busiest(&requests, n).into_iter().collect();
            self.series.retain(|_, group| busiest.contains(group));
            self.fresh.keep(&busiest);
        }
        let mut segments = Vec::new();
        for step in self.axis.edges.windows(2) {
            if let [from, to] = step {
                plan::cover(floors, &dirty, *from, *to, &mut segments);
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
        tx.sum(&ask, &mut |part| {
            sums.add(part.group, part.step, &part.counts, part.sketches)
        })
        .await?;
        for fresh in self.fresh.sums() {
            sums.add(fresh.group, fresh.step, &fresh.counts, &fresh.sketches)?;
        }
        Ok(sums)
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
