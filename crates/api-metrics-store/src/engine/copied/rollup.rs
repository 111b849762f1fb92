//! Coarser periods from finer ones, made anew by the other database itself.
//!
//! # Order
//!
//! 1. As the leader: choose periods that are due, as `rollup` does, all of one granularity. None while an intent is open,
//!    whose rows may be there by halves. Commit.
//! 2. Announce a version greater than all before, then have the periods made anew from the children that count.
//! 3. As the leader: where no fold has begun meanwhile, delete the marks. Commit.
//!
//! # Why it is safe
//!
//! - Made anew, never added to: rows of a greater version replace those of a smaller one, whoever wrote them when.
//! - The marks go after the rows: until then readers take the children.
//! - A fold that has begun meanwhile may have marked one of the periods again. They are then made anew by the next run.

use super::{
    Copied, recover,
    seam::{Announced, Rollup, View},
    state,
};
use crate::{
    engine::{
        backend::{Backend, Mode, Result, Tx},
        fold::lead,
        rollup::{PERIODS_A_STEP, due},
    },
    store::Maintained,
    time::{Granularity, UnixSeconds},
};

/// Periods that are due.
struct Due {
    granularity: Granularity,
    periods: Vec<UnixSeconds>,
    view: View,
    version: i64,
    more: bool,
}

/// One run: makes up to 12 periods of one granularity anew. `Maintained::more` says that others are due as well.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer leaders; whatever the other database says.
pub(crate) async fn roll_up(backend: &dyn Backend, copied: &Copied) -> Result<Maintained> {
    let _one_at_a_time = copied.leading.lock().await;
    copied.prepare().await?;
    let announced = copied.database.announced().await?;
    let mut tx = backend.begin(Mode::Lead).await?;
    let chosen = match choose(&mut *tx, announced).await {
        Ok(chosen) => {
            tx.commit().await?;
            chosen
        }
        Err(error) => {
            tx.rollback().await;
            return Err(error);
        }
    };
    let Some(chosen) = chosen else {
        return Ok(Maintained::default());
    };
    let mut done = Maintained {
        led: true,
        ..Maintained::default()
    };
    let Some(due) = chosen else {
        return Ok(done);
    };
    let Some(children) = due.granularity.finer() else {
        return Ok(done);
    };
    let taken = Announced {
        epoch: due.view.epoch,
        version: due.version,
    };
    copied.database.announce(taken).await?;
    let rollup = Rollup {
        granularity: due.granularity,
        children,
        periods: &due.periods,
        view: &due.view,
        version: due.version,
    };
    copied.database.roll_up(&rollup).await?;
    let mut tx = backend.begin(Mode::Lead).await?;
    match clear(&mut *tx, &due).await {
        Ok(steps) => tx.commit().await.map(|()| {
            done.steps = steps;
            // Rows that were made in vain are made anew by the next run on time, not by one that follows at once.
            done.more = due.more && steps > 0;
            done
        }),
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

/// What is due; `None` where another one leads, and `Some(None)` where nothing may be done.
async fn choose(tx: &mut dyn Tx, announced: Announced) -> Result<Option<Option<Due>>> {
    let Some(meta) = lead(tx).await? else {
        return Ok(None);
    };
    let copy = state::load(tx).await?;
    // The next fold takes the intent up, or sees to what a history that was lost has left.
    if copy.state.intent.is_some() || recover::has_gone_back(&copy, announced) {
        return Ok(Some(None));
    }
    let mut periods = due(&tx.marks().await?, meta.now());
    let Some((granularity, _)) = periods.first().copied() else {
        return Ok(Some(None));
    };
    let all = periods.len();
    periods.retain(|(other, _)| *other == granularity);
    periods.truncate(PERIODS_A_STEP);
    let mut state = copy.state;
    state.version = state.version.max(announced.version).max(meta.now_us - 1) + 1;
    state::put(tx, state).await?;
    Ok(Some(Some(Due {
        granularity,
        more: all > periods.len(),
        periods: periods.into_iter().map(|(_, period)| period).collect(),
        view: copy.view,
        version: state.version,
    })))
}

/// Deletes the marks, unless a fold has begun since the periods were chosen; answers how many.
async fn clear(tx: &mut dyn Tx, due: &Due) -> Result<u64> {
    if lead(tx).await?.is_none() {
        return Ok(0);
    }
    let copy = state::load(tx).await?;
    if copy.state.intent.is_some() || copy.view != due.view {
        return Ok(0);
    }
    for period in &due.periods {
        tx.clear_dirty(due.granularity, *period).await?;
    }
    Ok(due.periods.len() as u64)
}
