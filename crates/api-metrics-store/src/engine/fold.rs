//! From the inbox into buckets: the only additive write of the protocol.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tracing::warn;

use super::{
    SCHEMA_KNOWLEDGE,
    backend::{Backend, InboxChunk, LeadTx, Meta, Mode, Result, SeriesLabels, Tx},
    payload::{self, PayloadRow},
    period_counts,
    sum::{Key, Sum, Table, finish, sum_aggregates},
    yield_every::YieldEvery,
};
use crate::{
    series::SeriesKind,
    sketch::SketchKind,
    store::{Folded, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Rows of flush batches that one transaction takes at most, a single larger flush batch excepted.
const ROWS_A_FOLD: u64 = 200_000;

pub(crate) async fn fold<B: Backend>(backend: &B) -> Result<Folded> {
    let mut tx = backend.begin(Mode::Lead).await?;
    let Some(meta) = lead(&mut tx).await? else {
        return Ok(Folded::default());
    };
    let pending = tx.pending().await?;
    if pending.is_empty() {
        // Not merely dropped: the rollback would come later, and keep the lead until then.
        tx.commit().await?;
        return Ok(Folded {
            led: true,
            ..Folded::default()
        });
    }
    let mut chunks = Vec::new();
    let mut marks = Vec::new();
    let mut room = ROWS_A_FOLD;
    let (mut batches, mut more) = (0, false);
    for instance in pending {
        let mut upto = instance.seq;
        for (seq, rows) in tx
            .inbox_sizes(instance.id, instance.folded, instance.seq)
            .await?
        {
            if rows > room && !(chunks.is_empty() && room == ROWS_A_FOLD) {
                upto = seq - 1;
                more = true;
                break;
            }
            room = room.saturating_sub(rows);
            batches += 1;
        }
        if upto > instance.folded {
            chunks.extend(tx.inbox(instance.id, instance.folded, upto).await?);
            marks.push((instance.id, upto));
        }
        if more {
            break;
        }
    }
    let rows = add(&mut tx, &chunks, &meta).await?;
    for (id, upto) in marks {
        tx.set_folded(id, upto).await?;
    }
    tx.commit().await?;
    Ok(Folded {
        led: true,
        batches,
        rows,
        more,
    })
}

/// What a leader begins with; `None` where another one leads.
pub(crate) async fn lead<T: Tx>(tx: &mut T) -> Result<Option<Meta>> {
    if !tx.try_lead().await? {
        return Ok(None);
    }
    let meta = tx.meta().await?;
    let needed = meta.leader_min;
    if needed > SCHEMA_KNOWLEDGE {
        return Err(StoreError::Outdated {
            what: "leading",
            needed,
            known: SCHEMA_KNOWLEDGE,
        });
    }
    Ok(Some(meta))
}

/// Adds the rows of `chunks` to the finest granularity that keeps their period; answers how many
/// bucket rows were written.
async fn add<T: Tx>(tx: &mut T, chunks: &[InboxChunk], meta: &Meta) -> Result<u64> {
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    let (mut base, aggregates) = loop {
        let base = sum(chunks, meta, &mut refused).await?;
        let mut ids: Vec<i64> = base.sums.iter().map(|sum| sum.key.series_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let aggregates = aggregates(tx, &ids).await?;
        if aggregates.len() == ids.len() {
            break (base, aggregates);
        }
        // Never in a healthy database, so that it may cost a second look.
        refuse_unknown(chunks, &aggregates, &mut refused);
    };
    for (at, reason) in &refused {
        if let Some(chunk) = chunks.get(*at) {
            quarantine(tx, chunk, reason).await?;
        }
    }
    let of = |id| aggregates.get(&id).copied().unwrap_or_default();
    let totals = sum_aggregates(&mut base.sums, meta.sketch_kind, of).await?;
    let counted = totals.sums.iter().map(|sum| sum.key.series_id).collect();
    let mut sums = base.sums;
    sums.extend(totals.sums);
    write(tx, sums, &counted, meta).await
}

/// Sums the chunks that are not refused; refuses those that can't be read.
async fn sum(
    chunks: &[InboxChunk],
    meta: &Meta,
    refused: &mut BTreeMap<usize, String>,
) -> Result<Table> {
    let mut table = Table::default();
    let mut yielding = YieldEvery::default();
    for (at, chunk) in chunks.iter().enumerate() {
        if refused.contains_key(&at) {
            continue;
        }
        let rows = match readable(&chunk.payload, meta.sketch_kind) {
            Ok(rows) => rows,
            Err(error) => {
                refused.insert(at, error.to_string());
                continue;
            }
        };
        for row in rows {
            let granularity = meta.floors.finest_at(row.period_start);
            let key = Key {
                granularity,
                period_start: granularity.floor(row.period_start),
                series_id: row.series_id,
            };
            table.add(key, &row.counts, row.sketch)?;
            yielding.step().await;
        }
    }
    Ok(table)
}

fn refuse_unknown(
    chunks: &[InboxChunk],
    known: &HashMap<i64, [i64; 3]>,
    refused: &mut BTreeMap<usize, String>,
) {
    for (at, chunk) in chunks.iter().enumerate() {
        let names_unknown = payload::decode(&chunk.payload)
            .is_ok_and(|rows| rows.iter().any(|row| !known.contains_key(&row.series_id)));
        if names_unknown {
            refused
                .entry(at)
                .or_insert_with(|| "it names a series that does not exist".into());
        }
    }
}

async fn write<T: Tx>(
    tx: &mut T,
    mut sums: Vec<Sum>,
    counted: &HashSet<i64>,
    meta: &Meta,
) -> Result<u64> {
    sums.sort_unstable_by_key(|sum| sum.key);
    let mut dirty = BTreeSet::new();
    let mut by_granularity: BTreeMap<Granularity, Vec<Sum>> = BTreeMap::new();
    for sum in sums {
        by_granularity
            .entry(sum.key.granularity)
            .or_default()
            .push(sum);
    }
    let mut written = 0;
    let mut counts = period_counts::Changes::default();
    for (granularity, mut sums) in by_granularity {
        let mut periods: Vec<_> = sums.iter().map(|sum| sum.key.period_start).collect();
        periods.dedup();
        for period in &periods {
            // Every coarser period that contains it: marking the next parent alone would let a reader
            // take a grandparent for clean.
            let mut coarser = granularity.coarser();
            while let Some(parent) = coarser {
                dirty.insert((parent, parent.floor(*period)));
                coarser = parent.coarser();
            }
        }
        let used = tx.periods_in_use(granularity, &periods).await?;
        periods.retain(|period| !used.contains(period));
        // Where there are rows there is room.
        if !periods.is_empty() {
            tx.make_room(granularity, &periods).await?;
        }
        let exists = add_existing(tx, granularity, &used, &mut sums).await?;
        let (old, new): (Vec<_>, Vec<_>) = sums
            .into_iter()
            .partition(|sum| exists.contains(&(sum.key.period_start, sum.key.series_id)));
        for (sums, fresh) in [(new, true), (old, false)] {
            let rows = finish(sums, meta.sketch_kind).await?;
            tx.put_buckets(granularity, &rows, fresh).await?;
            counts.note(granularity, &rows, counted);
            written += rows.len() as u64;
        }
    }
    counts.apply(tx).await?;
    let dirty: Vec<_> = dirty.into_iter().collect();
    tx.mark_dirty(&dirty, meta.now()).await?;
    Ok(written)
}

/// Adds the rows that the tables hold already to `sums`, which are sorted; answers which those are.
async fn add_existing<T: Tx>(
    tx: &mut T,
    granularity: Granularity,
    used: &BTreeSet<UnixSeconds>,
    sums: &mut [Sum],
) -> Result<HashSet<(UnixSeconds, i64)>> {
    let mut exists = HashSet::new();
    let (periods, series): (Vec<_>, Vec<_>) = sums
        .iter()
        .map(|sum| (sum.key.period_start, sum.key.series_id))
        .filter(|(period, _)| used.contains(period))
        .unzip();
    if periods.is_empty() {
        return Ok(exists);
    }
    for old in tx.buckets(granularity, &periods, &series).await? {
        let key = Key {
            granularity,
            period_start: old.period_start,
            series_id: old.series_id,
        };
        let at = sums.binary_search_by_key(&key, |sum| sum.key);
        if let Some(sum) = at.ok().and_then(|at| sums.get_mut(at)) {
            sum.add(&old.counts, &old.sketch)?;
            exists.insert((old.period_start, old.series_id));
        }
    }
    Ok(exists)
}

fn readable(payload: &[u8], kind: SketchKind) -> Result<Vec<PayloadRow<'_>>> {
    let rows = payload::decode(payload)?;
    if rows.iter().any(|row| row.counts.sketch.kind() != kind) {
        return Err(StoreError::Corrupt(
            "it holds sketches of another kind".into(),
        ));
    }
    Ok(rows)
}

async fn quarantine<T: Tx>(tx: &mut T, chunk: &InboxChunk, reason: &str) -> Result<()> {
    warn!(instance = %chunk.id, seq = chunk.seq, chunk = chunk.chunk, reason, "a flush batch was quarantined");
    tx.quarantine(chunk, reason).await
}

/// The aggregate series of each base series that exists, interning those that are missing.
async fn aggregates<T: Tx>(tx: &mut T, ids: &[i64]) -> Result<HashMap<i64, [i64; 3]>> {
    let known = tx.aggregates(ids, &SeriesKind::AGGREGATES.into()).await?;
    let mut known: HashMap<i64, [i64; 3]> = known.into_iter().collect();
    let unknown: Vec<i64> = ids
        .iter()
        .copied()
        .filter(|id| !known.contains_key(id))
        .collect();
    if unknown.is_empty() {
        return Ok(known);
    }
    let series = tx.series(&unknown).await?;
    let wanted: BTreeSet<SeriesLabels> = series
        .iter()
        .flat_map(|row| SeriesKind::AGGREGATES.map(|kind| row.labels.aggregates(kind)))
        .collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let interned = tx.intern_series(&wanted).await?;
    let interned: HashMap<_, _> = wanted.into_iter().zip(interned).collect();
    let mut new = Vec::new();
    for row in &series {
        let mut three = [0; 3];
        for (slot, kind) in three.iter_mut().zip(SeriesKind::AGGREGATES) {
            let labels = row.labels.aggregates(kind);
            *slot = *interned.get(&labels).ok_or_else(|| {
                StoreError::Corrupt(format!("series {labels:?} was not interned"))
            })?;
        }
        new.push((row.id, three));
    }
    new.sort_unstable();
    tx.set_aggregates(&new).await?;
    known.extend(new);
    Ok(known)
}
