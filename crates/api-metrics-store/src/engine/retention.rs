//! Retention floors, and the removal of what lies below them.
//!
//! # Order
//!
//! 1. Take the leader's lock.
//! 2. Clear `live` of instances that have been idle for an hour and are folded.
//! 3. Make the partitions of now and of the next period of partitioning, before the first row needs
//!    them.
//! 4. Where two runs agree on it, move each floor as far as it may, with the period counts and the counts of versions
//!    below it.
//! 5. Commit.
//! 6. Remove rows below the floors, in transactions of their own.
//!
//! # When a floor moves
//!
//! - Only forward.
//! - Not past the floor of the next finer granularity.
//! - Not past the start of a dirty parent, which still needs these rows.
//! - Only where two runs at least ten minutes of monotonic time apart both want it: a clock that jumps
//!   for a moment must not delete anything.
//!
//! # Why it is safe
//!
//! A floor moves first; rows go afterwards. A reader takes the floors from its own snapshot and never
//! looks below them, so it misses nothing. A late record below a floor goes to the next coarser
//! granularity, since the fold reads the same stored floors. Removal that stops halfway leaves rows
//! that nobody reads, and the next run takes them.
//!
//! Floors are aligned to partitions, so that removal is a DROP on Postgres, and a partition is a
//! multiple of the parent's period, so that no parent is cut by a floor.
//!
//! | granularity | aligned to | kept by default |
//! |---|---|---|
//! | 1m | an hour | 24 hours |
//! | 5m | a day | 7 days |
//! | 1h | a week from Monday | 90 days |
//! | 1d | never moves | for ever |

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    backend::{Backend, Floors, Mode, Result, Tx},
    copied,
    fold::lead,
    versions,
};
use crate::{
    options::Retention,
    store::Maintained,
    time::{Clock, Granularity, UnixSeconds},
};

/// How long two runs must be apart to agree. A clock that is wrong for less than this moves no floor.
const AGREEMENT: Duration = Duration::from_secs(600);
/// How long an instance may be idle before it no longer counts as live: an hour, in microseconds.
const IDLE_US: i64 = 3_600 * 1_000_000;
/// Granularities that don't keep everything, the coarsest first. Floors move in the reverse of this
/// order, since none may pass that of the next finer granularity.
const LIMITED: [Granularity; 3] = [
    Granularity::Hour,
    Granularity::FiveMinutes,
    Granularity::Minute,
];

/// What an earlier run wanted: two runs must agree before a floor moves. Kept in memory, so a process
/// that starts anew waits for ten minutes before it removes anything.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Mutex<Option<(Duration, Floors)>>);

impl Wanted {
    /// The floors that this run and one at least `AGREEMENT` ago both want: of each granularity the
    /// lower one. `now` is monotonic. `None` at the first run, and until ten minutes have passed since
    /// the run that is remembered.
    fn agreed(&self, now: Duration, target: Floors) -> Option<Floors> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            Some((at, earlier)) if now.saturating_sub(at) >= AGREEMENT => {
                *seen = Some((now, target));
                let mut both = target.0;
                for (both, earlier) in both.iter_mut().zip(earlier.0) {
                    *both = (*both).min(earlier);
                }
                Some(Floors(both))
            }
            Some(_) => None,
            None => {
                *seen = Some((now, target));
                None
            }
        }
    }
}

/// Where floors should lie at `now` (Unix seconds), whatever they are. Aligned to the granularity's
/// partition, so that up to one partition more is kept than asked for. A finer floor is raised to the
/// next coarser one where the settings contradict each other. Days get the beginning of the calendar.
pub(crate) fn target(retention: &Retention, now: UnixSeconds) -> Floors {
    let floor = |granularity: Granularity, keep: Duration| {
        align(
            granularity,
            now.saturating_sub(i64::try_from(keep.as_secs()).unwrap_or(i64::MAX)),
        )
    };
    let hour = floor(Granularity::Hour, retention.hours);
    let five = floor(Granularity::FiveMinutes, retention.five_minutes).max(hour);
    let minute = floor(Granularity::Minute, retention.minutes).max(five);
    Floors([minute, five, hour, super::flush::EARLIEST])
}

/// One run of retention. `Maintained::steps` counts floors that moved and pieces that were removed;
/// `more` says that rows below a floor are left. The caller then calls again. `clock` gives the
/// monotonic time alone.
///
/// # Errors
/// `StoreError::Outdated` when the database asks for newer leaders.
pub(crate) async fn retain(
    backend: &dyn Backend,
    retention: &Retention,
    wanted: &Wanted,
    clock: &dyn Clock,
) -> Result<Maintained> {
    let mut tx = backend.begin(Mode::Lead).await?;
    let Some(meta) = lead(&mut *tx).await? else {
        return Ok(Maintained::default());
    };
    tx.retire_instances(meta.now_us - IDLE_US).await?;
    // Partitions are made ahead of their first row, so that no fold has to make one while rows wait.
    let now = meta.now();
    for granularity in Granularity::ALL {
        let periods = [now, next_partition(granularity, now)];
        let kept = |at: &UnixSeconds| *at >= meta.floors.of(granularity);
        let periods: Vec<_> = periods.into_iter().filter(kept).collect();
        tx.make_room(granularity, &periods).await?;
    }
    let mut floors = meta.floors;
    let mut done = Maintained {
        led: true,
        ..Maintained::default()
    };
    if let Some(agreed) = wanted.agreed(clock.monotonic(), target(retention, meta.now())) {
        // The finest first: a floor may not pass the next finer one's.
        for granularity in LIMITED.into_iter().rev() {
            if let Some(floor) =
                movable(&mut *tx, granularity, &floors, agreed.of(granularity)).await?
            {
                tx.set_floor(granularity, floor).await?;
                tx.remove_period_counts(granularity, floor).await?;
                let moved = (floors.of(granularity), floor);
                versions::retain(&mut *tx, granularity, moved, meta.sketch_kind).await?;
                done.steps += 1;
            }
            floors = tx.meta().await?.floors;
        }
    }
    if done.steps > 0 && tx.copies_buckets() {
        copied::state::floors_moved(&mut *tx).await?;
    }
    tx.commit().await?;
    for granularity in LIMITED {
        let removed = backend
            .remove_below(granularity, floors.of(granularity))
            .await?;
        done.steps += removed.steps;
        done.more |= removed.more;
    }
    Ok(done)
}

/// How far the floor of `granularity` may move towards `wanted`, if at all. Looks for dirty parents
/// between the current floor and the wanted one; the floor stops at the partition that contains the
/// first of them.
async fn movable(
    tx: &mut dyn Tx,
    granularity: Granularity,
    floors: &Floors,
    wanted: UnixSeconds,
) -> Result<Option<UnixSeconds>> {
    let current = floors.of(granularity);
    let mut floor = wanted;
    if let Some(finer) = granularity.finer() {
        floor = floor.min(align(granularity, floors.of(finer)));
    }
    if floor <= current {
        return Ok(None);
    }
    if let Some(parent) = granularity.coarser() {
        // A parent that waits for its rollup still needs these rows.
        let waiting = tx.dirty(parent.floor(current), floor).await?;
        if let Some(first) = waiting
            .iter()
            .filter(|(g, _)| *g == parent)
            .map(|(_, p)| *p)
            .min()
        {
            floor = align(granularity, first);
        }
    }
    Ok((floor > current).then_some(floor))
}

/// A time in the partition after that of `at`; of days, whose partitions are years, a month ahead.
const fn next_partition(granularity: Granularity, at: UnixSeconds) -> UnixSeconds {
    const DAY: i64 = 86_400;
    at + match granularity {
        Granularity::Minute => 3_600,
        Granularity::FiveMinutes => DAY,
        Granularity::Hour => 7 * DAY,
        Granularity::Day => 31 * DAY,
    }
}

/// The start of the partition that contains `at`: hours, days, weeks from Monday. Floors move by whole
/// partitions, so that removal is a DROP; each is a multiple of the parent's period. Days are never
/// removed, so they are aligned to themselves.
///
/// For example, 2026-03-18 (a Wednesday) 10:20 becomes 10:00 for minutes, 00:00 for five minutes, and
/// Monday 2026-03-16 for hours.
pub(crate) fn align(granularity: Granularity, at: UnixSeconds) -> UnixSeconds {
    const DAY: i64 = 86_400;
    // 1970-01-05 was a Monday.
    let (length, first) = match granularity {
        Granularity::Minute => (3_600, 0),
        Granularity::FiveMinutes => (DAY, 0),
        Granularity::Hour => (7 * DAY, 4 * DAY),
        Granularity::Day => (DAY, 0),
    };
    first + (at - first).div_euclid(length) * length
}
