//! What this process says of itself, a sample a minute.
//!
//! Every five seconds it looks at its own figures, and once a minute is over it writes what it saw. While the store can't
//! be reached the samples of the last two hours wait in memory, so that it is told afterwards for how long that was.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api_metrics_routes::HealthSource;
use api_metrics_store::{
    control::health::HealthSample,
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

use super::{Maintenance, Shared};

/// How often the figures are looked at.
const EVERY: Duration = Duration::from_secs(5);
/// How many looks pass after a failure until it is tried again: a minute.
const LOOKS_AFTER_FAILURE: u32 = 12;
/// Minutes that wait for the store at most: as far as rules look back after an outage.
const MAX_WAITING: usize = 120;

/// The minute that runs, and those that were not written yet.
#[derive(Debug, Default)]
pub(crate) struct OwnHealth(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The minute that runs; `None` before the first look.
    current: Option<HealthSample>,
    /// Minutes that are over, the oldest first.
    waiting: VecDeque<HealthSample>,
    /// How long the store was unreachable at the last look, since the process began.
    unreachable: Duration,
    /// How many requests the log had dropped at the last look.
    dropped: u64,
}

impl OwnHealth {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The sample of the minute of `now`. One that is over waits to be written.
    fn current(&mut self, now: UnixSeconds) -> &mut HealthSample {
        let minute = Granularity::Minute.floor(now);
        // A clock that was set back goes on with the minute that it had.
        if let Some(over) = self.current.take_if(|current| current.minute < minute) {
            if self.waiting.len() == MAX_WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back(over);
        }
        self.current
            .get_or_insert_with(|| HealthSample::new(minute))
    }
}

/// Looks at the figures until the process stops, and writes each minute once it is over.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut looks_to_wait = 0;
    loop {
        if shared.stopped_within(EVERY).await {
            return;
        }
        shared.look();
        // Whether it is there again is found out by the flush, whose pauses grow.
        if looks_to_wait > 0 || !shared.health.is_reachable() {
            looks_to_wait = u32::saturating_sub(looks_to_wait, 1);
            continue;
        }
        if let Err(error) = shared.tell_health().await {
            tracing::debug!(%error, "this process's health was not written and waits");
            looks_to_wait = LOOKS_AFTER_FAILURE;
        }
    }
}

impl Shared {
    /// Looks at the figures of this process, now.
    pub(super) fn look(&self) {
        let health = self.health.health();
        let unreachable = self.health.unreachable_for();
        let dropped = self
            .requests
            .as_ref()
            .map_or(0, |requests| requests.dropped());
        let mut state = self.own_health.lock();
        let since = unreachable.saturating_sub(mem::replace(&mut state.unreachable, unreachable));
        let lost = dropped.saturating_sub(mem::replace(&mut state.dropped, dropped));
        let sample = state.current(self.now());
        // What lies across two minutes is the second's, which it may exceed by a look.
        sample.unreachable += since;
        sample.flush_lag = sample.flush_lag.max(health.flush_lag);
        sample.dropped_requests += lost;
        self.admin.sample_health(sample);
    }

    /// Writes the minutes that are over. They are kept until the store has them.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn tell_health(&self) -> Result<(), StoreError> {
        let Some(control) = &self.control else {
            return Ok(());
        };
        let told: Vec<_> = self.own_health.lock().waiting.iter().cloned().collect();
        let Some(last) = told.last() else {
            return Ok(());
        };
        let id = self.writer.instance.id;
        let store = &**control.store();
        let write = control.worker().record_health(store, id, &told);
        tokio::time::timeout(Duration::from_secs(30), write)
            .await
            .unwrap_or_else(|_| Err(StoreError::Timeout("no answer within 30 s".into())))?;
        let mut state = self.own_health.lock();
        state.waiting.retain(|sample| sample.minute > last.minute);
        Ok(())
    }

    /// Whether this process says something of itself by itself.
    pub(super) fn tells_health(&self) -> bool {
        self.control.is_some() && self.maintenance != Maintenance::Manual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_waits_once_it_is_over_and_two_hours_at_most() {
        let mut state = State::default();
        state.current(60).open_streams = 4;
        state.current(119).open_streams += 1;
        assert!(state.waiting.is_empty());
        state.current(120);
        let over: Vec<_> = state
            .waiting
            .iter()
            .map(|s| (s.minute, s.open_streams))
            .collect();
        assert_eq!(over, [(60, 5)]);
        // Set back by a minute, the clock takes none away.
        assert_eq!(state.current(100).minute, 120);
        for minute in 3..300 {
            state.current(minute * 60);
        }
        assert_eq!(state.waiting.len(), MAX_WAITING);
        assert_eq!(state.waiting.back().map(|s| s.minute), Some(298 * 60));
    }
}
