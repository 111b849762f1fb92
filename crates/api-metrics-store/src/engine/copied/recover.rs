//! After Postgres went back: by a failover that lost commits, or by a restore.
//!
//! What was copied for folds that Postgres no longer knows is of a history that nobody continues: its batches are in the
//! inbox again, or are sent again by those who hold them, or are lost. Every epoch is announced before it is taken, so more
//! announced than known tells it. Rows of these epochs are excluded for good, and periods that were rolled up meanwhile are
//! dirty again. The next epoch that counts, and the next version, lie above all that was announced: no two histories have
//! one in common.
//!
//! A transaction of a fold that was announced and could not be committed looks the same, and costs no more.
//!
//! Until a leader has done this, a reader that meets a row of a rollup from an epoch above its own refuses to answer, and
//! tries to do it itself.

use std::collections::BTreeSet;

use tracing::warn;

use super::{
    Copied,
    seam::{Announced, Excluded},
    state::{self, Copy},
};
use crate::{
    engine::{
        backend::{Backend, Meta, Mode, Result, Tx},
        fold::lead,
    },
    time::Granularity,
};

/// The greatest epoch that this database knows to be used.
fn known(copy: &Copy) -> i64 {
    let excluded = copy.view.excluded.iter().map(|excluded| excluded.epochs.1);
    let used = copy.state.intent.unwrap_or(copy.state.epoch);
    excluded.max().unwrap_or_default().max(used)
}

/// The epoch of the next fold.
pub(crate) fn next(copy: &Copy) -> i64 {
    known(copy) + 1
}

/// Whether more was announced than this database knows.
pub(super) fn has_gone_back(copy: &Copy, announced: Announced) -> bool {
    announced.epoch > known(copy)
}

/// Brings the state up to what was announced; the transaction leads.
pub(super) async fn recover(
    tx: &mut dyn Tx,
    copied: &Copied,
    announced: Announced,
    meta: &Meta,
) -> Result<Copy> {
    let copy = state::load(tx).await?;
    if !has_gone_back(&copy, announced) {
        return Ok(copy);
    }
    let lost = (next(&copy), announced.epoch);
    let mut state = copy.state;
    warn!(
        from = lost.0,
        upto = lost.1,
        "the database has gone back: what was copied since does not count"
    );
    let excluded = Excluded {
        epochs: lost,
        series: None,
        periods: None,
    };
    state::exclude(tx, &excluded).await?;
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
    // Rollups from here on are of an epoch that no other history knows. With an intent open there are none.
    if state.intent.is_none() {
        state.epoch = announced.epoch + 1;
        let taken = Announced {
            epoch: state.epoch,
            version: 0,
        };
        copied.database.announce(taken).await?;
    }
    state::put(tx, state).await?;
    state::load(tx).await
}

/// The same for whoever can't read without it; answers whether something was done.
pub(crate) async fn recover_as_leader(backend: &dyn Backend, copied: &Copied) -> Result<bool> {
    let announced = copied.database.announced().await?;
    let mut tx = backend.begin(Mode::Lead).await?;
    let Some(meta) = lead(&mut *tx).await? else {
        return Ok(false);
    };
    let before = state::load(&mut *tx).await?;
    let gone_back = has_gone_back(&before, announced);
    if gone_back {
        recover(&mut *tx, copied, announced, &meta).await?;
    }
    tx.commit().await?;
    Ok(gone_back)
}
