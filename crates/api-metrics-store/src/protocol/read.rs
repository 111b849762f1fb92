//! The read: one snapshot of folded rows and inbox, plus what the caller's own process still holds.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    backend::{
        Backend, Floors, Result, Segment, Selection, Series, SeriesLabels, SeriesRow, Tx, key_text,
    },
    batch::{self, PayloadRow},
    flush::plausible_period,
    plan, steps,
};
use crate::{
    bucket::Bucket,
    query::{Answer, Filter, Group, GroupBy, Query, Row, Scope, TimeRange},
    recorder::OwnDeltas,
    series::SeriesKind,
    sketch::SketchKind,
    store::{ApiKeyInfo, Writer},
    time::{Granularity, UnixSeconds},
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
    let floors = meta.floors;
    let axis = Axis::of(query, &floors);
    let range = axis.range();
    let mut sums = Sums {
        query,
        axis: &axis,
        kind: meta.sketch_kind,
        groups: BTreeMap::new(),
    };

    folded(tx, &mut sums, &floors).await?;
    inbox(tx, &mut sums).await?;
    if let Some((writer, own)) = own {
        let seq = tx.instance_seq(writer.instance().id).await?;
        held(tx, &mut sums, writer, &own, seq, meta.now()).await?;
    }
    let mut approximate = axis.moved;
    for (from, to) in tx.coarse(range.from, range.to).await? {
        approximate |= axis.edges.iter().any(|edge| from < *edge && *edge < to);
    }
    let rows = sums
        .groups
        .into_iter()
        .map(|(group, bucket)| Row { group, bucket })
        .collect();
    Ok(Answer {
        range,
        as_of_us: meta.now_us,
        approximate,
        rows,
    })
}

/// The steps of an answer, their edges snapped to what is still kept.
struct Axis {
    /// Ascending, at least two.
    edges: Vec<UnixSeconds>,
    /// Whether a calendar's edge had to be moved to the start of a coarser period.
    moved: bool,
}

impl Axis {
    fn of(query: &Query, floors: &Floors) -> Self {
        let range = TimeRange::new(query.range.from, query.range.to.max(query.range.from + 1));
        let (from, to) = (
            plan::snap_down(floors, range.from),
            plan::snap_up(floors, range.to),
        );
        let mut edges = vec![from];
        let mut moved = false;
        if let Some(step) = query.group_by.time {
            for edge in steps::edges(range, step) {
                let snapped = plan::snap_down(floors, edge);
                if edge > range.from
                    && edge < range.to
                    && edges.last().is_some_and(|last| *last < snapped)
                    && snapped < to
                {
                    moved |= snapped != edge;
                    edges.push(snapped);
                }
            }
        }
        edges.push(to);
        Self { edges, moved }
    }

    fn range(&self) -> TimeRange {
        let first = self.edges.first().copied().unwrap_or_default();
        TimeRange::new(first, self.edges.last().copied().unwrap_or(first))
    }

    /// The start of the step that contains `at`.
    fn step_start(&self, at: UnixSeconds) -> Option<UnixSeconds> {
        if !self.range().contains(at) {
            return None;
        }
        self.edges
            .get(
                self.edges
                    .partition_point(|edge| *edge <= at)
                    .checked_sub(1)?,
            )
            .copied()
    }
}

/// The answer in the making.
struct Sums<'a> {
    query: &'a Query,
    axis: &'a Axis,
    kind: SketchKind,
    groups: BTreeMap<Group, Bucket>,
}

impl Sums<'_> {
    /// Adds a bucket and any number of encoded sketches to the group of its series and step.
    fn add(
        &mut self,
        labels: &SeriesLabels,
        step: UnixSeconds,
        bucket: &Bucket,
        sketches: &[u8],
    ) -> Result<()> {
        let group = group(&self.query.group_by, labels, step);
        let sum = self
            .groups
            .entry(group)
            .or_insert_with(|| Bucket::new(self.kind));
        sum.merge(bucket)?;
        Ok(sum.sketch.merge_encoded(sketches)?)
    }
}

fn group(by: &GroupBy, labels: &SeriesLabels, step: UnixSeconds) -> Group {
    let label = |wanted: bool, label: &Arc<str>| wanted.then(|| Arc::clone(label));
    Group {
        period_start: by.time.map(|_| step),
        service: label(by.service, &labels.service),
        environment: label(by.environment, &labels.environment),
        protocol: label(by.protocol, &labels.protocol),
        method: label(by.method, &labels.method),
        endpoint: label(by.endpoint, &labels.endpoint),
        api_key_id: by.api_key.then_some(labels.api_key_id),
    }
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

async fn folded<T: Tx>(tx: &mut T, sums: &mut Sums<'_>, floors: &Floors) -> Result<()> {
    let query = sums.query;
    let selection = Selection {
        kind: kind_for(query),
        filter: &query.filter,
        scope: &query.scope,
    };
    let series: HashMap<i64, SeriesRow> = tx
        .select_series(&selection)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    if series.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<i64> = series.keys().copied().collect();
    ids.sort_unstable();
    let range = sums.axis.range();
    // A dirty period that began before the range can contain a part of it.
    let dirty: BTreeSet<_> = tx
        .dirty(Granularity::Day.floor(range.from), range.to)
        .await?
        .into_iter()
        .collect();
    let mut segments: Vec<Segment> = Vec::new();
    for step in sums.axis.edges.windows(2) {
        if let [from, to] = step {
            plan::cover(floors, &dirty, *from, *to, &mut segments);
        }
    }
    for granularity in Granularity::ALL {
        let mine: Vec<_> = segments
            .iter()
            .copied()
            .filter(|s| s.granularity == granularity)
            .collect();
        if mine.is_empty() {
            continue;
        }
        let rows = tx
            .aggregate(
                granularity,
                &mine,
                &sums.axis.edges,
                Series::Ids(&ids),
                query.quantiles,
            )
            .await?;
        for row in rows {
            if let (Some(series), Some(step)) =
                (series.get(&row.series_id), sums.axis.edges.get(row.step))
            {
                sums.add(&series.labels, *step, &row.counts, &row.sketches)?;
            }
        }
    }
    Ok(())
}

async fn inbox<T: Tx>(tx: &mut T, sums: &mut Sums<'_>) -> Result<()> {
    let range = sums.axis.range();
    let chunks = tx.unfolded(range.from, range.to).await?;
    // What can't be read is set aside by the next fold, and told by the status.
    let mut rows: Vec<PayloadRow<'_>> = chunks
        .iter()
        .filter_map(|chunk| batch::decode(&chunk.payload).ok())
        .flatten()
        .filter(|row| range.contains(row.period_start) && row.counts.sketch.kind() == sums.kind)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    // A series' rows one after another, so that its names are looked at once a step.
    rows.sort_unstable_by_key(|row| (row.series_id, row.period_start));
    let mut ids: Vec<i64> = rows.iter().map(|row| row.series_id).collect();
    ids.dedup();
    let scope = KeyScope::load(tx, &sums.query.scope).await?;
    let series: HashMap<i64, SeriesRow> = tx
        .series(&ids)
        .await?
        .into_iter()
        .filter(|row| {
            passes(&sums.query.filter, &row.labels) && scope.admits(row.labels.api_key_id)
        })
        .map(|row| (row.id, row))
        .collect();
    let axis = sums.axis;
    let step_of = |row: &PayloadRow<'_>| axis.step_start(row.period_start);
    let mut sketches = Vec::new();
    for rows in rows.chunk_by(|a, b| a.series_id == b.series_id && step_of(a) == step_of(b)) {
        let Some(first) = rows.first() else { continue };
        let (Some(series), Some(step)) = (series.get(&first.series_id), step_of(first)) else {
            continue;
        };
        let mut counts = Bucket::new(sums.kind);
        sketches.clear();
        for row in rows {
            counts.merge(&row.counts)?;
            if sums.query.quantiles {
                sketches.extend_from_slice(row.sketch);
            }
        }
        sums.add(&series.labels, step, &counts, &sketches)?;
    }
    Ok(())
}

/// Adds what the caller's process holds and the snapshot does not.
async fn held<T: Tx>(
    tx: &mut T,
    sums: &mut Sums<'_>,
    writer: &Writer,
    own: &OwnDeltas,
    seq: u64,
    now: UnixSeconds,
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
    let scope = KeyScope::load(tx, &sums.query.scope).await?;
    let instance = writer.instance();
    let (service, environment): (Arc<str>, Arc<str>) = (
        instance.service.as_str().into(),
        instance.environment.as_str().into(),
    );
    for row in deltas.rows() {
        let series = row.series;
        let Some(step) = sums
            .axis
            .step_start(plausible_period(row.period_start, now))
        else {
            continue;
        };
        let api_key_id = series.api_key.as_ref().map_or(0, |key| {
            keys.get(&key_text(key))
                .map_or(KEY_NOT_STORED_YET, |info| info.id)
        });
        let labels = SeriesLabels {
            service: Arc::clone(&service),
            environment: Arc::clone(&environment),
            protocol: series.protocol.as_str().into(),
            method: series.method.into(),
            endpoint: Arc::clone(&series.endpoint),
            api_key_id,
            kind: SeriesKind::Base,
        };
        if passes(&sums.query.filter, &labels) && scope.admits(api_key_id) {
            sums.add(&labels, step, &row.bucket(), &[])?;
        }
    }
    Ok(())
}

/// Whether a base series passes the filter; the same in words as the stores' statements.
fn passes(filter: &Filter, labels: &SeriesLabels) -> bool {
    let is =
        |wanted: &Option<String>, label: &Arc<str>| wanted.as_deref().is_none_or(|w| w == &**label);
    is(&filter.service, &labels.service)
        && is(&filter.environment, &labels.environment)
        && is(&filter.protocol, &labels.protocol)
        && is(&filter.method, &labels.method)
        && is(&filter.endpoint, &labels.endpoint)
        && filter.api_key_id.is_none_or(|id| id == labels.api_key_id)
}

/// A scope as the set of keys that it admits.
enum KeyScope {
    All,
    Keys(BTreeSet<i64>),
}

impl KeyScope {
    async fn load<T: Tx>(tx: &mut T, scope: &Scope) -> Result<Self> {
        Ok(match scope {
            Scope::All => Self::All,
            Scope::Keys(ids) => Self::Keys(ids.iter().copied().collect()),
            Scope::Tenant(tenant) => Self::Keys(
                tx.api_keys(None)
                    .await?
                    .into_iter()
                    .filter(|key| key.tenant_id.as_ref() == Some(tenant))
                    .map(|key| key.id)
                    .collect(),
            ),
        })
    }

    fn admits(&self, api_key_id: i64) -> bool {
        match self {
            Self::All => true,
            Self::Keys(ids) => ids.contains(&api_key_id),
        }
    }
}
