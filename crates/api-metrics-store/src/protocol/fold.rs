//! From the inbox into buckets: the only additive write of the protocol.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracing::warn;

use super::{
    SCHEMA_KNOWLEDGE,
    backend::{
        Backend, BucketRow, InboxChunk, LeadTx, Meta, Mode, Result, SeriesLabels, SeriesRow, Tx,
    },
    batch,
};
use crate::{
    bucket::Bucket,
    series::SeriesKind,
    sketch::SketchKind,
    store::{Folded, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Rows of hand-overs that one transaction takes at most, a single larger hand-over excepted.
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
    let mut more = false;
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
    let batches = marks.len() as u64;
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
    let (kind, floors) = (meta.sketch_kind, meta.floors);
    let decoded: Vec<_> = chunks
        .iter()
        .map(|chunk| readable(&chunk.payload, kind))
        .collect();
    let mut ids: Vec<i64> = decoded
        .iter()
        .flatten()
        .flatten()
        .map(|row: &BucketRow| row.series_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let series: HashMap<i64, SeriesRow> = tx
        .series(&ids)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let premerged = premerged(tx, &series).await?;
    let mut sums: BTreeMap<(Granularity, UnixSeconds, i64), Bucket> = BTreeMap::new();
    for (chunk, rows) in chunks.iter().zip(decoded) {
        let rows = match rows {
            Ok(rows)
                if rows
                    .iter()
                    .all(|row| premerged.contains_key(&row.series_id)) =>
            {
                rows
            }
            Ok(_) => {
                set_aside(tx, chunk, "it names a series that does not exist").await?;
                continue;
            }
            Err(error) => {
                set_aside(tx, chunk, &error.to_string()).await?;
                continue;
            }
        };
        for row in rows {
            let granularity = floors.finest_at(row.period_start);
            let period = granularity.floor(row.period_start);
            let series = premerged.get(&row.series_id).copied().unwrap_or_default();
            for id in std::iter::once(row.series_id).chain(series) {
                sums.entry((granularity, period, id))
                    .or_insert_with(|| Bucket::new(kind))
                    .merge(&row.bucket)?;
            }
        }
    }
    write(tx, sums).await
}

async fn write<T: Tx>(
    tx: &mut T,
    sums: BTreeMap<(Granularity, UnixSeconds, i64), Bucket>,
) -> Result<u64> {
    let mut dirty = BTreeSet::new();
    let mut by_granularity: BTreeMap<Granularity, Vec<BucketRow>> = BTreeMap::new();
    for ((granularity, period_start, series_id), bucket) in sums {
        // Every coarser period that contains it: marking the next parent alone would let a reader
        // take a grandparent for clean.
        let mut coarser = granularity.coarser();
        while let Some(parent) = coarser {
            dirty.insert((parent, parent.floor(period_start)));
            coarser = parent.coarser();
        }
        let rows = by_granularity.entry(granularity).or_default();
        rows.push(BucketRow {
            period_start,
            series_id,
            bucket,
        });
    }
    let mut written = 0;
    for (granularity, mut rows) in by_granularity {
        let mut periods: Vec<_> = rows.iter().map(|row| row.period_start).collect();
        let series: Vec<_> = rows.iter().map(|row| row.series_id).collect();
        let existing = tx.buckets(granularity, &periods, &series).await?;
        for old in existing {
            let at = rows.binary_search_by_key(&(old.period_start, old.series_id), |r| {
                (r.period_start, r.series_id)
            });
            if let Some(row) = at.ok().and_then(|at| rows.get_mut(at)) {
                row.bucket.merge(&old.bucket)?;
            }
        }
        periods.dedup();
        tx.make_room(granularity, &periods).await?;
        tx.put_buckets(granularity, &rows).await?;
        written += rows.len() as u64;
    }
    let dirty: Vec<_> = dirty.into_iter().collect();
    tx.mark_dirty(&dirty).await?;
    Ok(written)
}

fn readable(payload: &[u8], kind: SketchKind) -> Result<Vec<BucketRow>> {
    let rows = batch::decode(payload)?;
    if rows.iter().any(|row| row.bucket.sketch.kind() != kind) {
        return Err(StoreError::Corrupt(
            "it holds sketches of another kind".into(),
        ));
    }
    Ok(rows)
}

async fn set_aside<T: Tx>(tx: &mut T, chunk: &InboxChunk, reason: &str) -> Result<()> {
    warn!(instance = %chunk.id, seq = chunk.seq, chunk = chunk.chunk, reason, "a hand-over was set aside");
    tx.set_aside(chunk, reason).await
}

/// The pre-merged series of each base series, interning those that are missing.
async fn premerged<T: Tx>(
    tx: &mut T,
    series: &HashMap<i64, SeriesRow>,
) -> Result<HashMap<i64, [i64; 3]>> {
    const KINDS: [SeriesKind; 3] = [
        SeriesKind::AnyKey,
        SeriesKind::AnyEndpoint,
        SeriesKind::Total,
    ];
    let mut known: HashMap<i64, [i64; 3]> = HashMap::with_capacity(series.len());
    let mut wanted: BTreeSet<SeriesLabels> = BTreeSet::new();
    for row in series.values() {
        match row.premerged {
            Some(ids) => drop(known.insert(row.id, ids)),
            None => wanted.extend(KINDS.map(|kind| row.labels.premerged(kind))),
        }
    }
    if wanted.is_empty() {
        return Ok(known);
    }
    let wanted: Vec<_> = wanted.into_iter().collect();
    let ids = tx.intern_series(&wanted).await?;
    let ids: HashMap<_, _> = wanted.into_iter().zip(ids).collect();
    let mut new = Vec::new();
    for row in series.values().filter(|row| row.premerged.is_none()) {
        let mut three = [0; 3];
        for (slot, kind) in three.iter_mut().zip(KINDS) {
            let labels = row.labels.premerged(kind);
            *slot = *ids.get(&labels).ok_or_else(|| {
                StoreError::Corrupt(format!("series {labels:?} was not interned"))
            })?;
        }
        new.push((row.id, three));
    }
    new.sort_unstable();
    tx.set_premerged(&new).await?;
    known.extend(new);
    Ok(known)
}
