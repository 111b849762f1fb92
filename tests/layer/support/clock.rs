//! Time that passes only when a test says so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use api_metrics_layer::RequestClock;

/// The wall clock when a test begins: 2023-11-14T22:13:20Z.
pub(crate) const START: Duration = Duration::from_secs(1_700_000_000);

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Both clocks; `advance` and `go_back` move both, `step_wall` only the wall clock.
#[derive(Clone)]
pub(crate) struct FakeClock(Arc<State>);

struct State {
    base: Instant,
    elapsed_us: AtomicU64,
    wall_step_ms: AtomicI64,
    wall_reads: AtomicU64,
    monotonic_reads: AtomicU64,
}

impl FakeClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State {
            base: Instant::now(),
            elapsed_us: AtomicU64::new(0),
            wall_step_ms: AtomicI64::new(0),
            wall_reads: AtomicU64::new(0),
            monotonic_reads: AtomicU64::new(0),
        }))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_micros()).unwrap();
        self.0.elapsed_us.fetch_add(by, Ordering::SeqCst);
    }

    pub(crate) fn go_back(&self, by: Duration) {
        let by = u64::try_from(by.as_micros()).unwrap();
        self.0.elapsed_us.fetch_sub(by, Ordering::SeqCst);
    }

    pub(crate) fn step_wall(&self, by_ms: i64) {
        self.0.wall_step_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    pub(crate) fn reads(&self) -> (u64, u64) {
        (
            self.0.monotonic_reads.load(Ordering::SeqCst),
            self.0.wall_reads.load(Ordering::SeqCst),
        )
    }
}

impl RequestClock for FakeClock {
    fn monotonic(&self) -> Instant {
        self.0.monotonic_reads.fetch_add(1, Ordering::SeqCst);
        self.0.base + Duration::from_micros(self.0.elapsed_us.load(Ordering::SeqCst))
    }

    fn wall(&self) -> SystemTime {
        self.0.wall_reads.fetch_add(1, Ordering::SeqCst);
        let elapsed = i64::try_from(self.0.elapsed_us.load(Ordering::SeqCst)).unwrap();
        let since_start = elapsed + 1_000 * self.0.wall_step_ms.load(Ordering::SeqCst);
        let start = SystemTime::UNIX_EPOCH + START;
        if since_start >= 0 {
            start + Duration::from_micros(since_start.unsigned_abs())
        } else {
            start - Duration::from_micros(since_start.unsigned_abs())
        }
    }
}
