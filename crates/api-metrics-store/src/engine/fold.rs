//! From the inbox into buckets: the only additive write of the protocol.
//!
//! # Order
//!
//! 1. Take the leader's lock without waiting for it. Whoever does not get it does nothing.
//! 2. For each live instance with `seq > folded`, choose `upto` within a budget of 200,000 rows and
//!    read its flush batches in `(folded, upto]`.
//! 3. Add each delta to the finest granularity whose floor is at or before its period: minutes as a
//!    rule, coarser ones for late records.
//! 4. Note the names of units that are new; those beyond the bound count as `<other>`.
//! 5. Give every base series its three aggregate series, and add each base sum to them.
//! 6. Add to the counts of versions, see `versions`.
//! 7. Read the rows that exist, merge them in memory, and write the sums.
//! 8. Set the fold marks and delete the flush batches.
//! 9. Write what all services share: period counts from what the aggregate rows now say, the tag of the aggregate
//!    series, and a dirty mark for every coarser period that contains a written one.
//! 10. Commit.
//!
//! # Why it is safe
//!
//! - All of it is one transaction. A record is either in the inbox above `folded` or in base rows, in
//!   every snapshot.
//! - One leader at a time: nobody else adds to rows, so reading, merging in Rust and writing back loses
//!   nothing. Where services are folded side by side, nobody else adds to rows of the same service, see `shares`.
//! - The lock is a statement of its own, so that everything read afterwards includes what the previous
//!   leader committed.
//! - Every coarser period is marked, not only the next one: a reader would otherwise take a stale day
//!   for clean.
//! - Writers are never waited for. The fold reads fences without their locks, and a flush that commits
//!   meanwhile is left for the next fold.
//!
//! # Bounds
//!
//! Memory grows with the rows of one fold. Time is O(n log n) in them. Work is cut into pieces of 128
//! rows, see `yield_every`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use api_metrics_layer::{INVALID_UNIT, OTHER_UNIT};
use tracing::warn;
use uuid::Uuid;

use super::{
    COPIES_BUCKETS, SCHEMA_KNOWLEDGE,
    backend::{Backend, InboxChunk, Meta, Mode, Result, SeriesLabels, Tx, VersionLabels},
    chosen::{Mark, pick, take},
    copied,
    damage::{self, asks_for_care},
    payload::{self, PayloadRow},
    period_counts,
    shares::{self, Role},
    sum::{Key, Sum, Table, finish, sum_aggregates},
    versions,
    yield_every::YieldEvery,
};
use crate::{
    bucket::MAX_UNIT_NAMES,
    series::SeriesKind,
    sketch::SketchKind,
    store::{Folded, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Rows that are read, merged and written at once. What is held for them beside the sums, some hundred bytes a row
/// each way, does not grow with the fold.
const ROWS_A_PIECE: usize = 8_192;

/// Folds up to 200,000 rows. `Folded::more` says that the inbox holds more; `Folded::led`
/// says whether this process was the leader at all. May be called by any process at any time.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer leaders.
pub(crate) async fn fold(backend: &dyn Backend) -> Result<Folded> {
    if let Some(copied) = backend.copied() {
        return copied::fold::fold(backend, copied).await;
    }
    match backend.shares() {
        Some(limits) => shares::fold(backend, limits).await,
        None => fold_alone(backend, false).await,
    }
}

/// Folds in one transaction, which leads alone. With `careful` the first attempt has met what can't be read.
pub(super) async fn fold_alone(backend: &dyn Backend, careful: bool) -> Result<Folded> {
    match fold_once(backend, careful).await {
        outcome if !careful && asks_for_care(&outcome) => fold_once(backend, true).await,
        outcome => outcome,
    }
}

/// One attempt. A careful one leaves out what can't be read of the rows that exist, and keeps it aside.
async fn fold_once(backend: &dyn Backend, careful: bool) -> Result<Folded> {
    let mut tx = backend.begin(Mode::Lead).await?;
    if careful {
        tx.be_careful();
    }
    match fold_in(&mut *tx).await {
        // Also where there was nothing to fold: a rollback comes later and would keep the lead until
        // then.
        Ok(folded) => tx.commit().await.map(|()| folded),
        Err(error) => {
            // The careful attempt follows at once, and must not find the lead taken by this one.
            tx.rollback().await;
            Err(error)
        }
    }
}

/// The same within a transaction, which the caller ends.
async fn fold_in(tx: &mut dyn Tx) -> Result<Folded> {
    let Some(meta) = lead(tx).await? else {
        return Ok(Folded::default());
    };
    let picked = pick(tx).await?;
    let rows = fold_marks(tx, &picked.marks, &meta, Role::Alone).await?;
    Ok(Folded {
        led: true,
        batches: picked.batches(),
        rows: rows.unwrap_or_default(),
        more: picked.more,
        transactions: u64::from(!picked.marks.is_empty()),
    })
}

/// Folds these batches within a transaction, which the caller ends; answers how many bucket rows were written. `None`
/// where a share meets what only a leader alone may do: its transaction must be rolled back.
pub(super) async fn fold_marks(
    tx: &mut dyn Tx,
    marks: &[Mark],
    meta: &Meta,
    role: Role,
) -> Result<Option<u64>> {
    if marks.is_empty() {
        return Ok(Some(0));
    }
    let taken = take(tx, marks).await?;
    let Some((written, new_series)) = add(tx, taken.chunks, taken.versions, meta, role).await?
    else {
        return Ok(None);
    };
    for (id, upto) in taken.marks {
        tx.set_folded(id, upto).await?;
    }
    // From here on rows are written that all services share, and that other shares wait for.
    role.wait_for_turn(tx).await?;
    written.counts.apply(tx).await?;
    if new_series {
        tx.renew_aggregate_series_tag().await?;
    }
    let damaged = tx.take_damage();
    damage::quarantine(tx, &damaged).await?;
    tx.mark_dirty(&written.dirty, meta.now()).await?;
    Ok(Some(written.rows))
}

/// Tries to lead and reads what a leader begins with; `None` where another one leads.
///
/// # Errors
/// `StoreError::Outdated` when this release knows too little of the schema to lead.
pub(crate) async fn lead(tx: &mut dyn Tx) -> Result<Option<Meta>> {
    if !tx.try_lead().await? {
        return Ok(None);
    }
    leads(tx).await.map(Some)
}

/// What a leader begins with, once it has the lock.
///
/// # Errors
/// `StoreError::Outdated` when this release knows too little of the schema to lead.
pub(super) async fn leads(tx: &mut dyn Tx) -> Result<Meta> {
    let meta = tx.meta().await?;
    let needed = meta.leader_min;
    let more = if tx.copies_buckets() {
        COPIES_BUCKETS
    } else {
        0
    };
    let known = SCHEMA_KNOWLEDGE + more;
    if needed > known {
        return Err(StoreError::Outdated {
            what: "leading",
            needed,
            known,
        });
    }
    Ok(meta)
}

/// Adds the rows of `chunks` to the finest granularity that keeps their period; answers what was written, and whether
/// aggregate series are new. `None` where a share meets what only a leader alone may do.
///
/// Chunks that can't be read are quarantined and change nothing else. A chunk that names a series which
/// does not exist is found only after the sums were made, so they are made once more without it.
async fn add(
    tx: &mut dyn Tx,
    chunks: Vec<InboxChunk>,
    versions: HashMap<Uuid, VersionLabels>,
    meta: &Meta,
    role: Role,
) -> Result<Option<(Written, bool)>> {
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    let mut new_series = false;
    let (base, aggregates) = loop {
        let base = sum(&chunks, meta, &mut refused).await?;
        let mut ids: Vec<i64> = base.sums.iter().map(|sum| sum.key.series_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let (aggregates, new) = aggregates(tx, &ids).await?;
        new_series |= new;
        if aggregates.len() == ids.len() {
            break (base, aggregates);
        }
        // This never happens in a healthy database, so it may cost a second pass.
        refuse_unknown(&chunks, &aggregates, &mut refused);
    };
    role.check_owners(tx, versions.values(), &aggregates)
        .await?;
    let mut sums = [base.into_sums()];
    if !bound_units(tx, &mut sums, role).await? {
        return Ok(None);
    }
    for (at, reason) in &refused {
        if let Some(chunk) = chunks.get(*at) {
            quarantine(tx, chunk, reason).await?;
        }
    }
    let read = chunks.iter().enumerate();
    let read = read.filter(|(at, _)| !refused.contains_key(at));
    let read: Vec<_> = read.map(|(_, chunk)| chunk).collect();
    versions::count(tx, &read, versions, &aggregates, meta).await?;
    // Rows are written while the sums alone are held.
    drop(chunks);
    let [mut sums] = sums;
    let of = |id| aggregates.get(&id).copied().unwrap_or_default();
    let totals = sum_aggregates(&mut sums, meta.sketch_kind, of).await?;
    drop(aggregates);
    let totals = totals.into_sums();
    let counted = totals.iter().map(|sum| sum.key.series_id).collect();
    sums.extend(totals);
    let written = write(tx, sums, &counted, meta, role).await?;
    Ok(written.map(|written| (written, new_series)))
}

/// Counts units whose names are beyond the bound of the database as `<other>`, and notes the new names that are
/// not. A leader alone adds names, so that one counts in the same way in all buckets: `false` where a share
/// meets a new one that there is room for. No statement where there are no units.
pub(super) async fn bound_units(
    tx: &mut dyn Tx,
    sums: &mut [impl AsMut<[Sum]> + AsRef<[Sum]> + Send],
    role: Role,
) -> Result<bool> {
    let met: BTreeSet<Arc<str>> = sums
        .iter()
        .flat_map(|sums| sums.as_ref())
        .flat_map(|sum| sum.counts.units.names())
        .filter(|name| ![OTHER_UNIT, INVALID_UNIT].contains(&&***name))
        .cloned()
        .collect();
    if met.is_empty() {
        return Ok(true);
    }
    let mut known: BTreeSet<String> = tx.unit_names().await?.into_iter().collect();
    let room = MAX_UNIT_NAMES.saturating_sub(known.len());
    let unknown = met.iter().map(|name| &**name);
    let unknown = unknown.filter(|name| !known.contains(*name));
    let new: Vec<&str> = unknown.take(room).collect();
    if !new.is_empty() {
        if role.is_share() {
            return Ok(false);
        }
        tx.add_unit_names(&new).await?;
        known.extend(new.into_iter().map(str::to_owned));
    }
    if met.iter().all(|name| known.contains(&**name)) {
        return Ok(true);
    }
    warn!("more than {MAX_UNIT_NAMES} names of units: further ones count as `{OTHER_UNIT}`");
    let kept = |name: &str| name == INVALID_UNIT || known.contains(name);
    for sum in sums.iter_mut().flat_map(AsMut::as_mut) {
        sum.counts.units.keep_names(kept);
    }
    Ok(true)
}

/// Sums the chunks that are not refused, and refuses those that can't be read. A chunk is read whole
/// before any of its rows is added, so that none counts by halves. `refused` maps a chunk's index to
/// the reason.
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

/// Refuses every chunk that names a series without aggregate series, that is one which does not exist.
pub(super) fn refuse_unknown(
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

/// What was written of the services, and what follows from it for the rows that all services share.
struct Written {
    /// How many bucket rows, base and aggregate ones together.
    rows: u64,
    counts: period_counts::Changes,
    dirty: Vec<(Granularity, UnixSeconds)>,
}

/// Writes the sums, granularity by granularity. `counted` holds the aggregate series, which alone have period counts.
///
/// Only a period that holds no row yet can need a partition. Rows that exist are replaced by their sum
/// with the new ones; the others are inserted, which is cheaper. `None` where a share needs a partition.
async fn write(
    tx: &mut dyn Tx,
    mut sums: Vec<Sum>,
    counted: &HashSet<i64>,
    meta: &Meta,
    role: Role,
) -> Result<Option<Written>> {
    sums.sort_unstable_by_key(|sum| sum.key);
    let mut periods: BTreeMap<Granularity, Vec<UnixSeconds>> = BTreeMap::new();
    for key in sums.iter().map(|sum| sum.key) {
        let of = periods.entry(key.granularity).or_default();
        if of.last() != Some(&key.period_start) {
            of.push(key.period_start);
        }
    }
    let mut dirty = BTreeSet::new();
    let mut used: BTreeMap<Granularity, BTreeSet<UnixSeconds>> = BTreeMap::new();
    for (granularity, mut periods) in periods {
        for period in &periods {
            // Every coarser period that contains it: marking the next parent alone would let a reader
            // take a grandparent for clean.
            let mut coarser = granularity.coarser();
            while let Some(parent) = coarser {
                dirty.insert((parent, parent.floor(*period)));
                coarser = parent.coarser();
            }
        }
        let of = tx.periods_in_use(granularity, &periods).await?;
        periods.retain(|period| !of.contains(period));
        // A period that holds rows has its partition already.
        if !periods.is_empty() {
            if role.is_share() && tx.lacks_room(granularity, &periods).await? {
                return Ok(None);
            }
            tx.make_room(granularity, &periods).await?;
        }
        used.insert(granularity, of);
    }
    let mut written = 0;
    let mut counts = period_counts::Changes::default();
    let none = BTreeSet::new();
    let mut sums = sums.into_iter().peekable();
    while let Some(granularity) = sums.peek().map(|sum| sum.key.granularity) {
        let mut piece = Vec::with_capacity(ROWS_A_PIECE.min(sums.len()));
        while piece.len() < ROWS_A_PIECE
            && let Some(sum) = sums.next_if(|sum| sum.key.granularity == granularity)
        {
            piece.push(sum);
        }
        let used = used.get(&granularity).unwrap_or(&none);
        let exists = add_existing(tx, granularity, used, &mut piece).await?;
        let (old, new): (Vec<_>, Vec<_>) = piece
            .into_iter()
            .partition(|sum| exists.contains(&(sum.key.period_start, sum.key.series_id)));
        for (sums, fresh) in [(new, true), (old, false)] {
            let rows = finish(sums, meta.sketch_kind).await?;
            tx.put_buckets(granularity, &rows, fresh).await?;
            counts.note(granularity, &rows, counted);
            written += rows.len() as u64;
        }
    }
    Ok(Some(Written {
        rows: written,
        counts,
        dirty: dirty.into_iter().collect(),
    }))
}

/// Adds the rows that the tables hold already to `sums`, which are sorted by key; answers which those
/// are. Periods that are not in `used` are not asked for.
async fn add_existing(
    tx: &mut dyn Tx,
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
            // A sketch that was left out is empty, which adds nothing.
            sum.add(&old.counts, &old.sketch)?;
            exists.insert((old.period_start, old.series_id));
        }
    }
    Ok(exists)
}

/// The rows of a payload, if all of them can be read and their sketches are of the database's kind.
///
/// # Errors
/// `StoreError::Corrupt` otherwise; its text becomes the reason in `quarantined`.
pub(super) fn readable(payload: &[u8], kind: SketchKind) -> Result<Vec<PayloadRow<'_>>> {
    let rows = payload::decode(payload)?;
    if rows.iter().any(|row| row.counts.sketch.kind() != kind) {
        return Err(StoreError::Corrupt(
            "it holds sketches of another kind".into(),
        ));
    }
    Ok(rows)
}

/// Keeps a chunk in `quarantined` and warns. It is counted in the status and holds up nobody.
pub(super) async fn quarantine(tx: &mut dyn Tx, chunk: &InboxChunk, reason: &str) -> Result<()> {
    warn!(instance = %chunk.id, seq = chunk.seq, chunk = chunk.chunk, reason, "a flush batch was quarantined");
    tx.quarantine(chunk, reason).await
}

/// The aggregate series of each base series that exists, in the order by endpoint, by key, total.
/// Interns those that are missing and says so: the tag of the aggregate series must then be replaced in the same
/// transaction. Series that do not exist are missing from the answer.
pub(super) async fn aggregates(
    tx: &mut dyn Tx,
    ids: &[i64],
) -> Result<(HashMap<i64, [i64; 3]>, bool)> {
    let known = tx.aggregates(ids, &SeriesKind::AGGREGATES.into()).await?;
    let mut known: HashMap<i64, [i64; 3]> = known.into_iter().collect();
    let unknown: Vec<i64> = ids
        .iter()
        .copied()
        .filter(|id| !known.contains_key(id))
        .collect();
    if unknown.is_empty() {
        return Ok((known, false));
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
    let made = !new.is_empty();
    known.extend(new);
    Ok((known, made))
}
