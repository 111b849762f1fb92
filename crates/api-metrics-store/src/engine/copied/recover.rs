//! After Postgres went back: by a failover that lost commits, or by a restore.
//!
//! What was copied for folds that Postgres no longer knows is of a history that nobody continues: its batches are in the
//! inbox again, or are sent again by those who hold them, or are lost. Whatever was written for an epoch was announced
//! before, so more announced than known tells it. Rows of these epochs are excluded for good, and periods that were rolled
//! up meanwhile are dirty again. Later epochs and versions lie above all that was announced.
//!
//! Until a leader has done this, a reader that meets a row of a rollup from an epoch above its own refuses to answer.

use std::collections::BTreeSet;

use tracing::warn;

use super::{
    Copied,
    seam::{Announced, Excluded},
    state::{self, CopyState},
};
use crate::{
    engine::backend::{Meta, Result, Tx},
    time::Granularity,
};

/// Brings the state up to what was announced; the transaction leads. Answers the state to go on with, whose epoch is the
/// greatest that was used.
pub(super) async fn recover<T: Tx>(
    tx: &mut T,
    copied: &Copied,
    announced: Announced,
    meta: &Meta,
) -> Result<CopyState> {
    let copy = state::load(tx).await?;
    let mut state = copy.state;
    let excluded = copy.view.excluded.iter().map(|excluded| excluded.epochs.1);
    let known = state.intent.unwrap_or(state.epoch);
    let known = excluded.max().unwrap_or_default().max(known);
    state.version = state.version.max(announced.version);
    if announced.epoch <= known {
        state.epoch = if state.intent.is_some() {
            state.epoch
        } else {
            known
        };
        return Ok(state);
    }
    let lost = (known + 1, announced.epoch);
    warn!(
        from = lost.0,
        upto = lost.1,
        "the database has gone back: what was copied since does not count"
    );
    state::exclude(
        tx,
        &Excluded {
            epochs: lost,
            series: None,
            periods: None,
        },
    )
    .await?;
    let mut dirty = BTreeSet::new();
    for granularity in [
        Granularity::FiveMinutes,
        Granularity::Hour,
        Granularity::Day,
    ] {
        for period in copied.database.rolled_up(granularity, lost).await? {
            let mut coarser = Some(granularity);
            while let Some(granularity) = coarser {
                dirty.insert((granularity, granularity.floor(period)));
                coarser = granularity.coarser();
            }
        }
    }
    // Below its children's floor a period holds base rows, and can't be made anew.
    dirty.retain(|(granularity, period)| {
        granularity
            .finer()
            .is_some_and(|children| *period >= meta.floors.of(children))
    });
    let dirty: Vec<_> = dirty.into_iter().collect();
    tx.mark_dirty(&dirty, meta.now()).await?;
    state.generation += 1;
    if state.intent.is_none() {
        state.epoch = announced.epoch;
    }
    state::put(tx, state).await?;
    Ok(state)
}
