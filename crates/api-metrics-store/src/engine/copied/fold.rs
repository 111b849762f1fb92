//! From the inbox into another database: copied, then forgotten here.
//!
//! # Order
//!
//! 1. Ask what was announced there. More than is known here is of a history that was lost, see `recover`.
//! 2. In a first transaction, as the leader: take up the intent that is open, or choose batches as `fold` does and write
//!    them down as the intent of the next epoch. Mark every coarser period as dirty, note new series and units. Announce
//!    the epoch there. Commit.
//! 3. Write the rows of the batches there.
//! 4. In a second transaction, as the leader: where the intent is still this one, count by version, set the fold marks,
//!    delete the batches, and make the epoch the last one that was copied whole. Commit.
//!
//! # Why it is safe
//!
//! - What is written there is made of the payloads alone, row by row: whoever takes the intent up writes the same rows
//!   under the same keys, and a row that is written twice is one row.
//! - Until the second commit no reader takes rows of the epoch, and all take the batches from the inbox; afterwards it is
//!   the other way round. The commit of Postgres decides for both.
//! - An epoch is announced before anybody can know that it is taken. Whatever becomes of this database, no other history
//!   uses it for other batches.
//! - Where the rows belong does not change while an intent is open: its periods have dirty parents, which no rollup
//!   touches meanwhile, and no floor passes a dirty parent.
//! - A period that was clean becomes dirty before any of its rows is written, and the generation counts it, see `read`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracing::warn;

use super::{
    Copied, recover,
    seam::{Announced, BucketColumns, CopiedRow},
    state::{self, CopyState},
};
use crate::{
    engine::{
        backend::{Backend, InboxChunk, Meta, Mode, Result, Tx},
        chosen::{Chosen, choose},
        fold::{aggregates, bound_units, lead, quarantine, readable, refuse_unknown},
        shares::Role,
        sum::{Key, Sum, Table, sum_aggregates},
        versions,
        yield_every::YieldEvery,
    },
    sketch::SketchMerger,
    store::Folded,
    time::Granularity,
};

/// What one fold copies.
struct Plan {
    epoch: i64,
    chosen: Chosen,
    /// The sums of each chunk that can be read, in the order of the chunks; base series first.
    sums: Vec<(usize, Vec<Sum>)>,
    /// Chunks that can't be read, by their index, and why.
    refused: BTreeMap<usize, String>,
    /// The aggregate series of each base series.
    aggregates: HashMap<i64, [i64; 3]>,
}

/// Copies what fits into one fold, see the module.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer leaders; whatever the other database says. The intent stays
/// open then, and the next fold takes it up.
pub(crate) async fn fold(backend: &dyn Backend, copied: &Copied) -> Result<Folded> {
    let _one_at_a_time = copied.leading.lock().await;
    copied.prepare().await?;
    let announced = copied.database.announced().await?;
    let mut tx = backend.begin(Mode::Lead).await?;
    let opened = open(&mut *tx, copied, announced).await;
    let plan = match opened {
        Ok(plan) => {
            tx.commit().await?;
            plan
        }
        Err(error) => {
            tx.rollback().await;
            return Err(error);
        }
    };
    let Some(plan) = plan else {
        return Ok(Folded::default());
    };
    if plan.chosen.marks.is_empty() {
        return Ok(Folded {
            led: true,
            ..Folded::default()
        });
    }
    let rows = write(copied, &plan).await?;
    close(backend, plan, rows).await
}

/// The first transaction; `None` where another one leads.
async fn open(tx: &mut dyn Tx, copied: &Copied, announced: Announced) -> Result<Option<Plan>> {
    let Some(meta) = lead(tx).await? else {
        return Ok(None);
    };
    let copy = recover::recover(tx, copied, announced, &meta).await?;
    let mut state = copy.state;
    let (epoch, chosen) = match state.intent {
        Some(epoch) => (epoch, take_up(tx).await?),
        None => (recover::next(&copy), choose(tx).await?),
    };
    let mut plan = Plan {
        epoch,
        chosen,
        sums: Vec::new(),
        refused: BTreeMap::new(),
        aggregates: HashMap::new(),
    };
    if plan.chosen.marks.is_empty() {
        return Ok(Some(plan));
    }
    sum(tx, &meta, &mut plan).await?;
    if state.intent.is_none() {
        state.intent = Some(epoch);
        state::put_intent(tx, &plan.chosen.marks).await?;
        mark(tx, &meta, &plan, &mut state).await?;
        state::put(tx, state).await?;
        let taken = Announced { epoch, version: 0 };
        copied.database.announce(taken).await?;
    }
    Ok(Some(plan))
}

/// The batches of the intent that is open.
async fn take_up(tx: &mut dyn Tx) -> Result<Chosen> {
    let marks = state::intent(tx).await?;
    let pending = tx.pending().await?;
    let mut chosen = Chosen::default();
    for (id, upto) in &marks {
        // Whoever flushes again is live again; of one that does not, the mark alone is left.
        let of = pending.iter().find(|pending| pending.id == *id);
        let folded = of.map_or(0, |pending| pending.folded);
        chosen.chunks.extend(tx.inbox(*id, folded, *upto).await?);
        chosen.batches += upto.saturating_sub(folded);
        if let Some(pending) = of {
            chosen.versions.insert(*id, pending.of.clone());
            chosen.more |= pending.seq > *upto;
        }
    }
    chosen.marks = marks;
    Ok(chosen)
}

/// Sums each chunk by itself, refuses those that can't be read, and gives every base series its aggregate series.
async fn sum(tx: &mut dyn Tx, meta: &Meta, plan: &mut Plan) -> Result<()> {
    loop {
        plan.sums.clear();
        let mut yielding = YieldEvery::default();
        for (at, chunk) in plan.chosen.chunks.iter().enumerate() {
            if plan.refused.contains_key(&at) {
                continue;
            }
            match of_chunk(chunk, meta, &mut yielding).await {
                Ok(sums) => plan.sums.push((at, sums)),
                Err(error) => drop(plan.refused.insert(at, error.to_string())),
            }
        }
        let ids = plan.sums.iter().flat_map(|(_, sums)| sums);
        let ids: BTreeSet<i64> = ids.map(|sum| sum.key.series_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let (aggregates, new) = aggregates(tx, &ids).await?;
        plan.aggregates = aggregates;
        if new {
            tx.renew_aggregate_series_tag().await?;
        }
        if plan.aggregates.len() == ids.len() {
            break;
        }
        // This never happens in a healthy database, so it may cost a second pass.
        refuse_unknown(&plan.chosen.chunks, &plan.aggregates, &mut plan.refused);
    }
    let (places, mut sums): (Vec<usize>, Vec<Vec<Sum>>) =
        std::mem::take(&mut plan.sums).into_iter().unzip();
    bound_units(tx, &mut sums, Role::Alone).await?;
    let of = |id| plan.aggregates.get(&id).copied().unwrap_or_default();
    for sums in &mut sums {
        let totals = sum_aggregates(sums, meta.sketch_kind, of).await?;
        sums.extend(totals.into_sums());
    }
    plan.sums = places.into_iter().zip(sums).collect();
    Ok(())
}

/// The sums of one chunk, at the finest granularity that keeps each of its rows.
async fn of_chunk(chunk: &InboxChunk, meta: &Meta, yielding: &mut YieldEvery) -> Result<Vec<Sum>> {
    let mut table = Table::default();
    for row in readable(&chunk.payload, meta.sketch_kind)? {
        let granularity = meta.floors.finest_at(row.period_start);
        let key = Key {
            granularity,
            period_start: granularity.floor(row.period_start),
            series_id: row.series_id,
        };
        table.add(key, &row.counts, row.sketch)?;
        yielding.step().await;
    }
    Ok(table.into_sums())
}

/// Marks every coarser period that contains one of the plan's, and counts the generation on where one of them was clean.
async fn mark(tx: &mut dyn Tx, meta: &Meta, plan: &Plan, state: &mut CopyState) -> Result<()> {
    let mut dirty = BTreeSet::new();
    let sums = plan.sums.iter().flat_map(|(_, sums)| sums);
    for key in sums.map(|sum| sum.key) {
        let mut coarser = key.granularity.coarser();
        while let Some(parent) = coarser {
            dirty.insert((parent, parent.floor(key.period_start)));
            coarser = parent.coarser();
        }
    }
    let marks = tx.marks().await?;
    if dirty.iter().any(|period| !marks.contains_key(period)) {
        state.generation += 1;
    }
    let dirty: Vec<_> = dirty.into_iter().collect();
    tx.mark_dirty(&dirty, meta.now()).await
}

/// Writes the rows of the plan into the other database; answers how many there are.
async fn write(copied: &Copied, plan: &Plan) -> Result<u64> {
    let mut written = 0;
    let (mut merger, mut yielding) = (SketchMerger::default(), YieldEvery::default());
    for granularity in Granularity::ALL {
        let mut rows = Vec::new();
        for (at, sums) in &plan.sums {
            let Some(chunk) = plan.chosen.chunks.get(*at) else {
                continue;
            };
            for sum in sums.iter().filter(|sum| sum.key.granularity == granularity) {
                rows.push(CopiedRow {
                    period_start: sum.key.period_start,
                    series_id: sum.key.series_id,
                    instance: chunk.id,
                    number: chunk.seq,
                    chunk: chunk.chunk,
                    epoch: plan.epoch,
                    columns: BucketColumns::with_sketches(
                        sum.counts.clone(),
                        &sum.sketches,
                        &mut merger,
                    )?,
                });
                yielding.step().await;
            }
        }
        written += rows.len() as u64;
        if !rows.is_empty() {
            copied.database.put(granularity, rows).await?;
        }
    }
    Ok(written)
}

/// The second transaction.
async fn close(backend: &dyn Backend, plan: Plan, rows: u64) -> Result<Folded> {
    let mut tx = backend.begin(Mode::Lead).await?;
    match close_in(&mut *tx, plan, rows).await {
        Ok(folded) => tx.commit().await.map(|()| folded),
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

async fn close_in(tx: &mut dyn Tx, plan: Plan, rows: u64) -> Result<Folded> {
    let Some(meta) = lead(tx).await? else {
        // Another one leads by now and takes the intent up.
        return Ok(Folded::default());
    };
    let copy = state::load(tx).await?;
    let state = copy.state;
    if state.intent != Some(plan.epoch) || state::intent(tx).await? != plan.chosen.marks {
        warn!(epoch = plan.epoch, "another leader has finished this fold");
        return Ok(Folded {
            led: true,
            more: true,
            ..Folded::default()
        });
    }
    let chosen = plan.chosen;
    for (at, reason) in &plan.refused {
        if let Some(chunk) = chosen.chunks.get(*at) {
            quarantine(tx, chunk, reason).await?;
        }
    }
    let read: Vec<&InboxChunk> = (chosen.chunks.iter().enumerate())
        .filter(|(at, _)| !plan.refused.contains_key(at))
        .map(|(_, chunk)| chunk)
        .collect();
    versions::count(tx, &read, chosen.versions, &plan.aggregates, &meta).await?;
    for (id, upto) in chosen.marks {
        tx.set_folded(id, upto).await?;
    }
    // A history that was lost may have used numbers above this one.
    let epoch = if recover::next(&copy) > plan.epoch + 1 {
        recover::next(&copy)
    } else {
        plan.epoch
    };
    state::close(tx, epoch).await?;
    Ok(Folded {
        led: true,
        batches: chosen.batches,
        rows,
        more: chosen.more,
        transactions: 1,
    })
}
