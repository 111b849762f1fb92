//! What a process says of itself.

use std::time::Duration;

use crate::{
    sketch::{Sketch, SketchKind},
    time::UnixSeconds,
};

/// A process's own health over one minute.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HealthSample {
    /// The start of the minute.
    pub minute: UnixSeconds,
    /// How long the store could not be reached.
    pub unreachable: Duration,
    /// The longest that records waited for a flush beyond the flush interval.
    pub flush_lag: Duration,
    /// The most streams that were open at once.
    pub open_streams: u64,
    /// Requests that the request log chose and dropped.
    pub dropped_requests: u64,
    /// Lookups that the cache of answers served.
    pub cache_hits: u64,
    /// All its lookups.
    pub cache_lookups: u64,
    /// Answers of our own routes.
    pub answers: OwnTimes,
    /// Queries of the store.
    pub queries: OwnTimes,
}

impl HealthSample {
    /// A minute in which all was well and nothing happened.
    #[must_use]
    pub fn new(minute: UnixSeconds) -> Self {
        Self {
            minute,
            unreachable: Duration::ZERO,
            flush_lag: Duration::ZERO,
            open_streams: 0,
            dropped_requests: 0,
            cache_hits: 0,
            cache_lookups: 0,
            answers: OwnTimes::default(),
            queries: OwnTimes::default(),
        }
    }
}

/// How long things took: how many there were, their sum, and their distribution.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OwnTimes {
    /// How many there were.
    pub count: u64,
    /// Microseconds of all together.
    pub sum_us: u64,
    /// In microseconds, always a histogram.
    pub sketch: Sketch,
}

impl Default for OwnTimes {
    /// None.
    fn default() -> Self {
        Self {
            count: 0,
            sum_us: 0,
            sketch: Sketch::new(SketchKind::Histogram),
        }
    }
}

impl OwnTimes {
    /// Adds one that took so long.
    pub fn add(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(us);
        self.sketch.record(us);
    }

    /// Adds those of another.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        // Both are histograms, whose kinds never differ.
        let _ = self.sketch.merge(&other.sketch);
    }

    /// The mean, or the time at a quantile, in milliseconds; `None` without any.
    pub(super) fn milliseconds(&self, quantile: Option<f64>) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        match quantile {
            Some(q) => self.sketch.quantile(q).map(|us| us / 1e3),
            None => Some(self.sum_us as f64 / 1e3 / self.count as f64),
        }
    }
}
