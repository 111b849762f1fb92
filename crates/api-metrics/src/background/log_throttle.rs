//! Limits how much a database that is down for a night writes to the log.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::time::Clock;

const PAUSE: Duration = Duration::from_secs(60);

/// Lets one warning a minute through, over all tasks of a process.
#[derive(Debug)]
pub(super) struct LogThrottle {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the last warning was let through, on the monotonic clock.
    last: Option<Duration>,
    /// Warnings held back since.
    held_back: u64,
    /// When the trouble began.
    since: Option<Duration>,
}

impl LogThrottle {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Whether to warn now: how many warnings were held back since the last one.
    pub(super) fn warn(&self) -> Option<u64> {
        let now = self.clock.monotonic();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.since.get_or_insert(now);
        if state
            .last
            .is_some_and(|last| now.saturating_sub(last) < PAUSE)
        {
            state.held_back += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.held_back))
    }

    /// Whether trouble has ended: how long it lasted. `last` stays, so that a database which flaps
    /// does not fill the log either.
    pub(super) fn recovered(&self) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = state.since.take()?;
        Some(self.clock.monotonic().saturating_sub(since))
    }
}

#[cfg(test)]
mod tests {
    use api_metrics_store::time::ManualClock;

    use super::*;

    #[test]
    fn one_warning_a_minute_counts_those_that_it_held_back() {
        let clock = Arc::new(ManualClock::at(0));
        let throttle = LogThrottle::new(Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(throttle.warn(), Some(0));
        for _ in 0..59 {
            clock.advance(Duration::from_secs(1));
            assert_eq!(throttle.warn(), None);
        }
        clock.advance(Duration::from_secs(1));
        assert_eq!(throttle.warn(), Some(59));
    }

    #[test]
    fn a_recovery_is_told_once_and_a_flapping_database_does_not_fill_the_log() {
        let clock = Arc::new(ManualClock::at(0));
        let throttle = LogThrottle::new(Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(throttle.recovered(), None);
        throttle.warn();
        clock.advance(Duration::from_secs(7));
        assert_eq!(throttle.recovered(), Some(Duration::from_secs(7)));
        assert_eq!(throttle.recovered(), None);
        assert_eq!(throttle.warn(), None);
    }
}
