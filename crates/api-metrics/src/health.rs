//! What the background tasks say about themselves.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use api_metrics_routes::{Health, HealthSource, TaskHealth};
use api_metrics_store::{store::Misconfiguration, time::Clock};

use crate::task::Task;

/// Lost spans that are kept: restores are rare, and the latest ones matter.
const MAX_LOST: usize = 32;

/// Collects what [`Health`] reports.
#[derive(Debug)]
pub(crate) struct Monitor {
    clock: Arc<dyn Clock>,
    flush_interval: Duration,
    /// How long a task may fail before it counts as stalled.
    stalled_after: Duration,
    /// The monotonic clock at the start.
    started: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Since when the store can't be used, and why. A process starts in this state.
    unreachable: Option<(SystemTime, String)>,
    /// The same by the monotonic clock.
    unreachable_since: Option<Duration>,
    /// How long it could not be used before that, since the process began.
    unreachable_before: Duration,
    /// What is wrong about the configuration, where that is why.
    misconfiguration: Option<Misconfiguration>,
    lost: Vec<(u64, u64)>,
    tasks: [Option<Track>; Task::ALL.len()],
}

#[derive(Debug, Clone, Default)]
struct Track {
    running: bool,
    /// The wall clock for people, the monotonic one for the lag.
    success: Option<(SystemTime, Duration)>,
    /// When there was nothing to do.
    idle: Option<Duration>,
    error: Option<String>,
    /// Since when every run has failed, on both clocks.
    failing: Option<(SystemTime, Duration)>,
    /// How long the last run took.
    took: Option<Duration>,
    failures: u64,
    next: Option<SystemTime>,
}

impl Monitor {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        flush_interval: Duration,
        stalled_after: Duration,
    ) -> Self {
        Self {
            started: clock.monotonic(),
            state: Mutex::new(State {
                unreachable: Some((clock.wall(), "it has not been reached yet".to_owned())),
                unreachable_since: Some(clock.monotonic()),
                unreachable_before: Duration::ZERO,
                misconfiguration: None,
                lost: Vec::new(),
                tasks: Default::default(),
            }),
            clock,
            flush_interval,
            stalled_after,
        }
    }

    /// A task runs in this process, or runs again.
    pub(crate) fn runs(&self, task: Task) {
        self.track(task, |track| track.running = true);
    }

    pub(crate) fn succeeded(&self, task: Task) {
        let now = (self.clock.wall(), self.clock.monotonic());
        self.track(task, |track| {
            track.success = Some(now);
            track.error = None;
            track.failing = None;
        });
    }

    /// How long a run took.
    pub(crate) fn took(&self, task: Task, took: Duration) {
        self.track(task, |track| track.took = Some(took));
    }

    /// The task runs again after this pause.
    pub(crate) fn pauses(&self, task: Task, pause: Duration) {
        let next = self.clock.wall().checked_add(pause);
        self.track(task, |track| track.next = next);
    }

    /// There was nothing to flush.
    pub(crate) fn idles(&self) {
        let now = self.clock.monotonic();
        self.track(Task::Flush, |track| track.idle = Some(now));
    }

    /// Whether the last flush was a success, and no longer ago than this.
    pub(crate) fn flushed_within(&self, age: Duration) -> bool {
        let now = self.clock.monotonic();
        let mut within = false;
        self.track(Task::Flush, |track| {
            within = track.error.is_none()
                && track
                    .success
                    .is_some_and(|(_, at)| now.saturating_sub(at) <= age);
        });
        within
    }

    pub(crate) fn failed(
        &self,
        task: Task,
        error: &str,
        misconfiguration: Option<Misconfiguration>,
    ) {
        self.has_failed(task, error.to_owned());
        // The others may fail for reasons of their own, such as one bad statement; records that don't
        // arrive are what makes a store unusable.
        if task == Task::Flush {
            self.unreachable(error, misconfiguration);
        }
    }

    /// Notes an error, and when the first one since the last success was.
    fn has_failed(&self, task: Task, error: String) {
        let now = (self.clock.wall(), self.clock.monotonic());
        self.track(task, |track| {
            track.error = Some(error);
            track.failures = track.failures.saturating_add(1);
            track.failing.get_or_insert(now);
        });
    }

    /// The task does not run until it is started again.
    pub(crate) fn panicked(&self, task: Task, message: &str) {
        self.has_failed(task, format!("panicked: {message}"));
        self.track(task, |track| track.running = false);
    }

    pub(crate) fn ended(&self, task: Task) {
        self.track(task, |track| track.running = false);
    }

    pub(crate) fn reached(&self) {
        let now = self.clock.monotonic();
        let mut state = self.lock();
        state.unreachable = None;
        state.misconfiguration = None;
        if let Some(since) = state.unreachable_since.take() {
            state.unreachable_before += now.saturating_sub(since);
        }
    }

    /// How long the store could not be used in all, since the process began.
    #[cfg(feature = "control")]
    pub(crate) fn unreachable_for(&self) -> Duration {
        let now = self.clock.monotonic();
        let state = self.lock();
        let lasting = state
            .unreachable_since
            .map_or(Duration::ZERO, |since| now.saturating_sub(since));
        state.unreachable_before + lasting
    }

    /// Whether the store answered when it was last asked.
    pub(crate) fn is_reachable(&self) -> bool {
        self.lock().unreachable.is_none()
    }

    pub(crate) fn unreachable(&self, why: &str, misconfiguration: Option<Misconfiguration>) {
        let now = self.clock.wall();
        let mut state = self.lock();
        state.misconfiguration = misconfiguration;
        state
            .unreachable_since
            .get_or_insert_with(|| self.clock.monotonic());
        match &mut state.unreachable {
            Some((_, because)) => why.clone_into(because),
            none => *none = Some((now, why.to_owned())),
        }
    }

    pub(crate) fn lost(&self, first: u64, last: u64) {
        let mut state = self.lock();
        if state.lost.len() == MAX_LOST {
            state.lost.remove(0);
        }
        state.lost.push((first, last));
    }

    fn track(&self, task: Task, change: impl FnOnce(&mut Track)) {
        let mut state = self.lock();
        if let Some(slot) = state.tasks.get_mut(task as usize) {
            change(slot.get_or_insert_with(Track::default));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HealthSource for Monitor {
    fn health(&self) -> Health {
        let now = self.clock.monotonic();
        let state = self.lock();
        let track = |task: Task| state.tasks.get(task as usize).and_then(Option::as_ref);
        let flushed = track(Task::Flush).and_then(|track| track.success);
        let idle = track(Task::Flush).and_then(|track| track.idle);
        let last = flushed.map_or(self.started, |(_, at)| at);
        let since_flush = now.saturating_sub(last.max(idle.unwrap_or_default()));
        let mut health = Health::default();
        health.store_unreachable_since = state.unreachable.as_ref().map(|(since, _)| *since);
        health.store_misconfiguration = state.misconfiguration;
        health.store_error = state.unreachable.as_ref().map(|(_, why)| why.clone());
        health.last_flush_at = flushed.map(|(wall, _)| wall);
        // Jitter makes an interval up to a tenth longer: that is no lag.
        health.flush_lag = since_flush.saturating_sub(self.flush_interval.mul_f64(1.1));
        health.lost = state.lost.clone();
        health.tasks = Task::ALL
            .iter()
            .filter_map(|&task| {
                let track = track(task)?;
                let mut health = TaskHealth::new(task.name(), track.running);
                health.last_success_at = track.success.map(|(wall, _)| wall);
                health.last_error.clone_from(&track.error);
                health.failing_since = track.failing.map(|(wall, _)| wall);
                health.last_duration = track.took;
                health.failures = track.failures;
                health.next_at = track.next.filter(|_| track.running);
                // A service whose request log can't be stored serves and counts as before.
                health.stalled = !task.is_of_request_log()
                    && track
                        .failing
                        .is_some_and(|(_, since)| now.saturating_sub(since) >= self.stalled_after);
                Some(health)
            })
            .collect();
        health
    }
}

#[cfg(test)]
mod tests {
    use api_metrics_store::time::ManualClock;

    use super::*;

    fn monitor() -> (Arc<ManualClock>, Monitor) {
        let clock = Arc::new(ManualClock::at(1_000));
        let monitor = Monitor::new(
            Arc::clone(&clock) as Arc<dyn Clock>,
            Duration::from_secs(10),
            Duration::from_secs(600),
        );
        (clock, monitor)
    }

    #[test]
    fn a_store_counts_as_unreachable_until_it_was_reached() {
        let (clock, monitor) = monitor();
        assert!(monitor.health().store_unreachable_since.is_some());
        monitor.reached();
        assert_eq!(monitor.health().store_unreachable_since, None);
        clock.advance(Duration::from_secs(60));
        monitor.failed(Task::Flush, "refused", None);
        clock.advance(Duration::from_secs(60));
        monitor.failed(Task::Flush, "still refused", None);
        let health = monitor.health();
        assert_eq!(
            health.store_unreachable_since,
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_060))
        );
        assert_eq!(health.store_error.as_deref(), Some("still refused"));
    }

    #[cfg(feature = "control")]
    #[test]
    fn the_time_without_the_store_is_added_up() {
        let (clock, monitor) = monitor();
        clock.advance(Duration::from_secs(3));
        monitor.reached();
        clock.advance(Duration::from_secs(50));
        assert_eq!(monitor.unreachable_for(), Duration::from_secs(3));
        for _ in 0..2 {
            monitor.failed(Task::Flush, "refused", None);
            clock.advance(Duration::from_secs(20));
        }
        assert_eq!(monitor.unreachable_for(), Duration::from_secs(43));
        monitor.reached();
        monitor.reached();
        clock.advance(Duration::from_secs(9));
        assert_eq!(monitor.unreachable_for(), Duration::from_secs(43));
    }

    #[test]
    fn a_failing_rollup_does_not_make_the_store_unreachable() {
        let (_, monitor) = monitor();
        monitor.reached();
        monitor.runs(Task::RollUp);
        monitor.failed(Task::RollUp, "bad statement", None);
        let health = monitor.health();
        assert_eq!(health.store_unreachable_since, None);
        assert_eq!(health.tasks.len(), 1);
        assert!(
            health
                .tasks
                .iter()
                .all(|task| task.running && task.last_error.as_deref() == Some("bad statement"))
        );
        monitor.succeeded(Task::RollUp);
        assert!(
            monitor
                .health()
                .tasks
                .iter()
                .all(|task| task.last_error.is_none())
        );
    }

    #[test]
    fn a_request_log_that_fails_for_long_is_told_and_stalls_nothing() {
        let (clock, monitor) = monitor();
        monitor.runs(Task::FlushRequests);
        for _ in 0..2 {
            monitor.failed(Task::FlushRequests, "refused", None);
            clock.advance(Duration::from_secs(3_600));
        }
        let health = monitor.health();
        let [task] = health.tasks.as_slice() else {
            panic!("one task runs");
        };
        assert_eq!(task.last_error.as_deref(), Some("refused"));
        assert!(task.failing_since.is_some());
        assert!(!task.stalled);
    }

    #[test]
    fn a_task_that_has_failed_for_long_is_stalled_until_it_succeeds() {
        let (clock, monitor) = monitor();
        let stalled = || monitor.health().tasks.iter().any(|task| task.stalled);
        monitor.runs(Task::Fold);
        monitor.failed(Task::Fold, "an unreadable row", None);
        let since = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000));
        for (seconds, expected) in [(599, false), (1, true)] {
            clock.advance(Duration::from_secs(seconds));
            monitor.failed(Task::Fold, "still unreadable", None);
            assert_eq!(stalled(), expected);
            assert!(
                monitor
                    .health()
                    .tasks
                    .iter()
                    .all(|task| task.failing_since == since)
            );
        }
        monitor.succeeded(Task::Fold);
        assert!(!stalled());
    }

    #[test]
    fn a_misconfiguration_has_its_name_until_the_store_is_reached() {
        let (_, monitor) = monitor();
        let password = Some(Misconfiguration::Password);
        monitor.unreachable("refused", password);
        assert_eq!(monitor.health().store_misconfiguration, password);
        monitor.unreachable("connection refused", None);
        assert_eq!(monitor.health().store_misconfiguration, None);
        monitor.failed(Task::Flush, "refused", password);
        assert_eq!(monitor.health().store_misconfiguration, password);
        monitor.reached();
        assert_eq!(monitor.health().store_misconfiguration, None);
    }

    #[test]
    fn the_lag_is_what_exceeds_an_interval_with_its_jitter() {
        let (clock, monitor) = monitor();
        monitor.runs(Task::Flush);
        monitor.succeeded(Task::Flush);
        clock.advance(Duration::from_secs(11));
        assert_eq!(monitor.health().flush_lag, Duration::ZERO);
        clock.advance(Duration::from_secs(9));
        assert_eq!(monitor.health().flush_lag, Duration::from_secs(9));
    }

    #[test]
    fn a_flush_that_was_not_needed_is_no_lag_and_no_success() {
        let (clock, monitor) = monitor();
        monitor.succeeded(Task::Flush);
        let flushed_at = monitor.health().last_flush_at;
        clock.advance(Duration::from_secs(20));
        assert!(monitor.flushed_within(Duration::from_secs(20)));
        assert!(!monitor.flushed_within(Duration::from_secs(19)));
        monitor.idles();
        assert_eq!(monitor.health().flush_lag, Duration::ZERO);
        assert_eq!(monitor.health().last_flush_at, flushed_at);
        monitor.failed(Task::Flush, "refused", None);
        assert!(!monitor.flushed_within(Duration::from_secs(20)));
    }

    #[test]
    fn a_task_that_panicked_is_seen_not_to_run() {
        let (_, monitor) = monitor();
        monitor.runs(Task::Fold);
        monitor.panicked(Task::Fold, "index out of bounds");
        let health = monitor.health();
        assert!(health.tasks.iter().any(|task| !task.running
            && task.last_error.as_deref() == Some("panicked: index out of bounds")));
        monitor.runs(Task::Fold);
        assert!(monitor.health().tasks.iter().all(|task| task.running));
    }
}
