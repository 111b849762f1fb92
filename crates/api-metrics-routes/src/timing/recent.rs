//! How long things took since somebody last asked, for alert rules over our own health.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api_metrics_store::control::health::OwnTimes;

/// Times with their distribution. Bounded, whether anybody asks or not.
#[derive(Debug, Default)]
pub(crate) struct RecentTimes(Mutex<OwnTimes>);

impl RecentTimes {
    /// Adds one that took so long.
    pub(crate) fn add(&self, took: Duration) {
        self.lock().add(took);
    }

    /// Those since the last call.
    pub(crate) fn take(&self) -> OwnTimes {
        mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, OwnTimes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_not_told_again() {
        let times = RecentTimes::default();
        times.add(Duration::from_millis(3));
        times.add(Duration::from_millis(5));
        let taken = times.take();
        assert_eq!((taken.count, taken.sum_us), (2, 8_000));
        assert_eq!(times.take(), OwnTimes::default());
    }
}
