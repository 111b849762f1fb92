//! How long queries take, for our own health.
//!
//! A histogram of fixed bounds, counted without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets, in milliseconds; a last one takes the rest.
pub(crate) const BOUNDS_MS: [u64; 10] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000];

/// A histogram of query times, and how many failed.
#[derive(Debug, Default)]
pub(crate) struct QueryTimes {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    /// Microseconds of all queries.
    sum_us: AtomicU64,
    /// Queries that failed or took too long.
    failed: AtomicU64,
    /// Those since the last sample of our own health.
    #[cfg(feature = "control")]
    pub(crate) recent: crate::timing::RecentTimes,
}

/// What a [`QueryTimes`] held at one moment; the buckets are cumulative.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueryTimesNow {
    pub(crate) cumulative: [u64; BOUNDS_MS.len() + 1],
    /// Seconds of all queries.
    pub(crate) sum_seconds: f64,
    /// Queries that failed or took too long.
    pub(crate) failed: u64,
}

impl QueryTimes {
    /// Counts a query that took so long.
    pub(crate) fn add(&self, took: Duration, succeeded: bool) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_MS
            .iter()
            .position(|bound| us <= bound * 1_000)
            .unwrap_or(BOUNDS_MS.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
        #[cfg(feature = "control")]
        self.recent.add(took);
        if !succeeded {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a sum of microseconds, shown in seconds"
    )]
    pub(crate) fn now(&self) -> QueryTimesNow {
        let mut now = QueryTimesNow {
            sum_seconds: self.sum_us.load(Ordering::Relaxed) as f64 / 1e6,
            failed: self.failed.load(Ordering::Relaxed),
            ..QueryTimesNow::default()
        };
        let mut sum = 0;
        for (total, bucket) in now.cumulative.iter_mut().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            *total = sum;
        }
        now
    }
}
