//! The clock, as a parameter.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::UnixSeconds;

/// Reads the time. [`SystemClock`] reads the machine's clocks; [`ManualClock`] moves only when a test says so.
pub trait Clock: Send + Sync + Debug + 'static {
    /// The wall clock.
    fn wall(&self) -> SystemTime;

    /// The time since an arbitrary fixed point, which never steps back.
    fn monotonic(&self) -> Duration;

    /// The wall clock in whole seconds since the Unix epoch.
    fn unix_seconds(&self) -> UnixSeconds {
        unix_seconds(self.wall())
    }
}

/// Whole seconds since the Unix epoch, rounded down, saturating.
pub(crate) fn unix_seconds(at: SystemTime) -> UnixSeconds {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    }
}

/// The machine's clocks.
#[derive(Debug, Clone)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock for tests: both of its times move only when told.
#[derive(Debug)]
pub struct ManualClock {
    wall_us: AtomicI64,
    monotonic_us: AtomicI64,
}

impl ManualClock {
    /// A clock whose wall time is `start` and whose monotonic time is zero.
    #[must_use]
    pub fn at(start: UnixSeconds) -> Self {
        Self {
            wall_us: AtomicI64::new(start * 1_000_000),
            monotonic_us: AtomicI64::new(0),
        }
    }

    /// Moves both times forward, in whole microseconds.
    pub fn advance(&self, by: Duration) {
        let us = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.wall_us.fetch_add(us, Ordering::SeqCst);
        self.monotonic_us.fetch_add(us, Ordering::SeqCst);
    }

    /// Sets the wall time, as NTP or an operator does. The monotonic time is unchanged.
    pub fn step_to(&self, wall: UnixSeconds) {
        self.wall_us.store(wall * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> SystemTime {
        let us = self.wall_us.load(Ordering::SeqCst);
        if us >= 0 {
            UNIX_EPOCH + Duration::from_micros(us.unsigned_abs())
        } else {
            UNIX_EPOCH - Duration::from_micros(us.unsigned_abs())
        }
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic_us.load(Ordering::SeqCst).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_before_the_epoch_round_down() {
        assert_eq!(unix_seconds(UNIX_EPOCH - Duration::from_millis(500)), -1);
        assert_eq!(unix_seconds(UNIX_EPOCH - Duration::from_secs(2)), -2);
        assert_eq!(unix_seconds(UNIX_EPOCH + Duration::from_millis(1500)), 1);
    }

    #[test]
    fn a_stepped_wall_clock_leaves_the_monotonic_clock_alone() {
        let clock = ManualClock::at(1_000);
        clock.advance(Duration::from_secs(5));
        clock.step_to(10);
        assert_eq!(clock.unix_seconds(), 10);
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
    }
}
