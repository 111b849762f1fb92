//! A clock that runs ahead: all processes of a test agree on it, and hours pass in seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_metrics_store::{store::Retention, time::Clock};

/// Short enough for floors to move within a minute of a test.
#[must_use]
pub fn retention() -> Retention {
    let mut retention = Retention::default();
    retention.minutes = Duration::from_secs(3_600);
    retention.five_minutes = Duration::from_secs(86_400);
    retention.hours = Duration::from_secs(30 * 86_400);
    retention
}

/// The clock.
#[derive(Debug, Clone)]
pub struct FastClock {
    started: SystemTime,
    factor: u32,
}

impl FastClock {
    /// A clock that showed the machine's time at `started_ms` after the Unix epoch and runs `factor` times
    /// as fast.
    #[must_use]
    pub fn since(started_ms: u64, factor: u32) -> Self {
        Self {
            started: UNIX_EPOCH + Duration::from_millis(started_ms),
            factor,
        }
    }
}

impl Clock for FastClock {
    fn wall(&self) -> SystemTime {
        self.started + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        // The machine's wall clock, since it is what processes share; a test does not step it.
        SystemTime::now()
            .duration_since(self.started)
            .unwrap_or_default()
            * self.factor
    }
}
