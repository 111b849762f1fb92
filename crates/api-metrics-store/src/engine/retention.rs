//! Floors, and the removal of what lies below them.
//!
//! A floor moves first, in a transaction of its own; rows go afterwards. A reader takes the floors
//! from its own snapshot and never looks below them, so it misses nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    backend::{Backend, Floors, LeadTx, Mode, Result, Tx},
    fold::lead,
};
use crate::{
    options::Retention,
    store::Maintained,
    time::{Clock, Granularity, UnixSeconds},
};

/// A clock that is wrong for less than this moves no floor.
const AGREEMENT: Duration = Duration::from_secs(600);
/// A process that was idle for so long no longer counts as live.
const IDLE_US: i64 = 3_600 * 1_000_000;
/// Granularities that don't keep everything, the coarsest first: a finer floor never lies below.
const LIMITED: [Granularity; 3] = [
    Granularity::Hour,
    Granularity::FiveMinutes,
    Granularity::Minute,
];

/// What an earlier run wanted: two runs must agree before a floor moves.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Mutex<Option<(Duration, Floors)>>);

impl Wanted {
    /// The floors that this run and one at least [`AGREEMENT`] ago both want.
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

/// Where floors should lie at `now`. They are aligned to the granularity's partition, which is a
/// multiple of the parent's period.
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

pub(crate) async fn retain<B: Backend>(
    backend: &B,
    retention: &Retention,
    wanted: &Wanted,
    clock: &dyn Clock,
) -> Result<Maintained> {
    let mut tx = backend.begin(Mode::Lead).await?;
    let Some(meta) = lead(&mut tx).await? else {
        return Ok(Maintained::default());
    };
    tx.retire_instances(meta.now_us - IDLE_US).await?;
    // Before the first row of a partition comes, so that no fold has to make one while rows wait.
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
                movable(&mut tx, granularity, &floors, agreed.of(granularity)).await?
            {
                tx.set_floor(granularity, floor).await?;
                tx.remove_period_counts(granularity, floor).await?;
                done.steps += 1;
            }
            floors = tx.meta().await?.floors;
        }
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

/// How far the floor of `granularity` may move towards `wanted`, if at all.
async fn movable<T: Tx>(
    tx: &mut T,
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

/// The start of the partition that contains `at`: hours, days, weeks from Monday. Floors move by
/// whole partitions, so that removal is a DROP; each is a multiple of the parent's period. Days are
/// never removed.
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
