//! Coarser periods from finer ones: recomputed, never added to.
//!
//! # Order
//!
//! 1. Take the leader's lock.
//! 2. Choose up to 12 dirty periods, the finest first, that ended at least 75 s ago and contain no
//!    dirty finer period.
//! 3. For each: sum its children by series, write the rows, replacing those that exist, and sum the
//!    children's period counts.
//! 4. Delete its mark, and commit all of them at once.
//!
//! # Why it is safe
//!
//! - A rollup replaces. Done twice, or by two leaders after another, it gives the same rows.
//! - Late data marks the period again in the fold's transaction, so a row is never clean and stale.
//! - The finest go first and coarser ones wait for them, so that a row is never made of stale children.
//! - The floor of the children can't pass a dirty parent, so the children are all there. Periods below
//!   their children's floor are never marked.
//! - Until the mark is gone, reads take the children.
//!
//! Cost: one statement over the children of a period, and as many rows written as it has series.

use super::{
    backend::{Backend, Marks, Mode, Result, Segment, Series, Tx},
    copied,
    damage::{self, asks_for_care},
    fold::lead,
    period_counts,
    sum::row,
    yield_every::YieldEvery,
};
use crate::{
    sketch::{SketchKind, SketchMerger},
    store::Maintained,
    time::{Granularity, UnixSeconds},
};

/// How long after its end a period waits for flush batches that are on their way, in seconds. What
/// comes later marks it again.
const GRACE_SECONDS: i64 = 75;
/// How long a day that is over waits after it was marked, in seconds: late data that trickles in costs
/// a sum over the day's hours this often at most. Reads take the hours meanwhile.
const DAY_WAITS_SECONDS: i64 = 900;
/// Periods recomputed in one transaction. Bounds how long the leader's lock is held.
pub(super) const PERIODS_A_STEP: usize = 12;

/// One run: recomputes up to 12 periods that are due. `Maintained::more` says that others were due as
/// well. The caller then calls again.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer leaders.
pub(crate) async fn roll_up(backend: &dyn Backend) -> Result<Maintained> {
    if let Some(copied) = backend.copied() {
        return copied::rollup::roll_up(backend, copied).await;
    }
    match roll_up_once(backend, false).await {
        outcome if asks_for_care(&outcome) => roll_up_once(backend, true).await,
        outcome => outcome,
    }
}

/// One attempt. A careful one leaves out what can't be read of the children, keeps it aside, and writes
/// the children without it.
async fn roll_up_once(backend: &dyn Backend, careful: bool) -> Result<Maintained> {
    let mut tx = backend.begin(Mode::Lead).await?;
    if careful {
        tx.be_careful();
    }
    match roll_up_in(&mut *tx).await {
        // Also where there was nothing to do: a transaction that is merely dropped keeps the lead for a
        // while.
        Ok(done) => tx.commit().await.map(|()| done),
        Err(error) => {
            // The careful attempt follows at once, and must not find the lead taken by this one.
            tx.rollback().await;
            Err(error)
        }
    }
}

/// The same within a transaction, which the caller ends.
async fn roll_up_in(tx: &mut dyn Tx) -> Result<Maintained> {
    let Some(meta) = lead(tx).await? else {
        return Ok(Maintained::default());
    };
    let due = due(&tx.marks().await?, meta.now());
    let more = due.len() > PERIODS_A_STEP;
    let mut steps = 0;
    for (granularity, period) in due.into_iter().take(PERIODS_A_STEP) {
        recompute(tx, meta.sketch_kind, granularity, period).await?;
        steps += 1;
    }
    let damaged = tx.take_damage();
    let rows = damaged.iter().map(|part| part.key);
    damage::repair(tx, meta.sketch_kind, rows).await?;
    Ok(Maintained {
        led: true,
        steps,
        more,
    })
}

/// The marks that can be worked off now: of periods that are over and hold no finer mark. The finest
/// come first, so that one step can lead to the next. A mark with a time in the future was made before
/// the clock stepped back, and does not wait.
pub(super) fn due(dirty: &Marks, now: UnixSeconds) -> Vec<(Granularity, UnixSeconds)> {
    // A mark from the future was made before the clock stepped back.
    let may_wait = |granularity, since| {
        granularity == Granularity::Day && (since..since + DAY_WAITS_SECONDS).contains(&now)
    };
    dirty
        .iter()
        .filter(|((granularity, _), since)| !may_wait(*granularity, **since))
        .map(|(period, _)| *period)
        .filter(|(granularity, period)| {
            let end = period + granularity.seconds();
            end + GRACE_SECONDS <= now
                && Granularity::ALL
                    .into_iter()
                    .filter(|finer| finer < granularity)
                    .all(|finer| dirty.range((finer, *period)..(finer, end)).next().is_none())
        })
        .collect()
}

/// Recomputes one period from its children and deletes its mark. Children without any row leave the
/// period as it is: nothing was added, so nothing is stale.
async fn recompute(
    tx: &mut dyn Tx,
    kind: SketchKind,
    granularity: Granularity,
    period: UnixSeconds,
) -> Result<()> {
    let end = period + granularity.seconds();
    if let Some(child) = granularity.finer() {
        let children = Segment {
            granularity: child,
            from: period,
            to: end,
        };
        let sums = tx
            .sum_by_series(child, &[children], &[period, end], Series::All, true)
            .await?;
        if !sums.is_empty() {
            let mut rows = Vec::with_capacity(sums.len());
            let (mut scratch, mut yielding) = (SketchMerger::default(), YieldEvery::default());
            for sum in sums {
                let sketch = scratch.sum(kind, &sum.sketches)?;
                rows.push(row(period, sum.series_id, sum.counts, sketch)?);
                yielding.step().await;
            }
            // In the order of the primary key, so that pages are filled one after another.
            rows.sort_unstable_by_key(|row| row.series_id);
            let used = tx.periods_in_use(granularity, &[period]).await?;
            let fresh = used.is_empty();
            if fresh {
                tx.make_room(granularity, &[period]).await?;
            }
            tx.put_buckets(granularity, &rows, fresh).await?;
            period_counts::recompute(tx, granularity, period, &children).await?;
        }
    }
    tx.clear_dirty(granularity, period).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_waits_for_its_end_its_grace_and_its_finer_periods() {
        let dirty: Marks = [
            (Granularity::FiveMinutes, 0),
            (Granularity::FiveMinutes, 7_200),
            (Granularity::Hour, 0),
            (Granularity::Hour, 3_600),
            (Granularity::Day, 0),
        ]
        .map(|period| (period, 0))
        .into();
        assert_eq!(due(&dirty, 300 + GRACE_SECONDS - 1), []);
        assert_eq!(
            due(&dirty, 300 + GRACE_SECONDS),
            [(Granularity::FiveMinutes, 0)]
        );
        assert_eq!(
            due(&dirty, 86_400 + GRACE_SECONDS),
            [
                (Granularity::FiveMinutes, 0),
                (Granularity::FiveMinutes, 7_200),
                (Granularity::Hour, 3_600)
            ]
        );
    }

    #[test]
    fn late_data_recomputes_a_day_that_is_over_once_in_a_while() {
        let noon = 86_400 + 43_200;
        let dirty = |since| Marks::from([((Granularity::Day, 0), since)]);
        let day = [(Granularity::Day, 0)];
        assert_eq!(due(&dirty(0), noon), day, "marked when it began");
        assert_eq!(due(&dirty(noon), noon), []);
        assert_eq!(due(&dirty(noon), noon + DAY_WAITS_SECONDS - 1), []);
        assert_eq!(due(&dirty(noon), noon + DAY_WAITS_SECONDS), day);
        assert_eq!(due(&dirty(noon + 60), noon), day, "the clock stepped back");
    }
}
