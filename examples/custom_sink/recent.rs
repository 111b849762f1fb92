//! A sink that remembers the last requests that ended badly.

use std::{collections::VecDeque, sync::Mutex, time::UNIX_EPOCH};

use api_metrics_layer::{MetricSink, Outcome, RequestRecord};
use serde::Serialize;

/// The last `max` requests that were answered with 5xx, failed, panicked, or were left by their clients.
///
/// Kept to what a sink owes its host: memory is bounded, good requests cost two comparisons, and nobody ever
/// waits: while a reader copies the list, a failure is counted as missed instead of remembered.
#[derive(Debug)]
pub(crate) struct RecentFailures {
    max: usize,
    list: Mutex<List>,
    missed: std::sync::atomic::AtomicU64,
}

#[derive(Debug, Default)]
struct List {
    failures: VecDeque<Failure>,
}

/// A record is borrowed: what shall outlive the request is copied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Failure {
    pub(crate) method: &'static str,
    pub(crate) endpoint: String,
    pub(crate) status: u16,
    pub(crate) outcome: &'static str,
    pub(crate) latency_ms: Option<f64>,
    /// Seconds since 1970.
    pub(crate) at: u64,
}

/// What a reader gets.
#[derive(Debug, Serialize)]
pub(crate) struct Recent {
    /// The newest first.
    pub(crate) failures: Vec<Failure>,
    pub(crate) missed: u64,
}

impl RecentFailures {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            list: Mutex::default(),
            missed: 0.into(),
        }
    }

    pub(crate) fn recent(&self) -> Recent {
        use std::sync::{PoisonError, atomic::Ordering};
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        Recent {
            failures: list.failures.iter().rev().cloned().collect(),
            missed: self.missed.load(Ordering::Relaxed),
        }
    }
}

impl MetricSink for RecentFailures {
    fn record(&self, record: &RequestRecord<'_>) {
        // 499 stands for a client that left before there was a response.
        let status = record.counted_status();
        if record.outcome == Outcome::Completed && status < 500 {
            return;
        }
        let failure = Failure {
            method: record.method,
            endpoint: record.endpoint.to_owned(),
            status,
            outcome: match record.outcome {
                Outcome::Completed => "completed",
                Outcome::Aborted => "aborted",
                Outcome::Failed => "failed",
                Outcome::Panicked => "panicked",
                // More may come.
                _ => "other",
            },
            latency_ms: record.latency.map(|latency| latency.as_secs_f64() * 1e3),
            at: record
                .finished_at
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        };
        let Ok(mut list) = self.list.try_lock() else {
            let relaxed = std::sync::atomic::Ordering::Relaxed;
            self.missed.fetch_add(1, relaxed);
            return;
        };
        if list.failures.len() >= self.max {
            list.failures.pop_front();
        }
        list.failures.push_back(failure);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn record(status: Option<u16>, outcome: Outcome) -> RequestRecord<'static> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
        let mut record = RequestRecord::new("GET", "/orders/{id}", at);
        record.status = status;
        record.outcome = outcome;
        record
    }

    #[test]
    fn what_ended_well_is_forgotten_and_what_did_not_is_kept_newest_first() {
        let sink = RecentFailures::new(10);
        for (status, outcome) in [
            (Some(200), Outcome::Completed),
            (Some(503), Outcome::Completed),
            (Some(404), Outcome::Completed),
            (Some(200), Outcome::Failed),
            (None, Outcome::Aborted),
            (None, Outcome::Panicked),
        ] {
            sink.record(&record(status, outcome));
        }
        let recent = sink.recent();
        let kept = recent.failures.iter().map(|f| (f.status, f.outcome));
        assert!(kept.eq([
            (500, "panicked"),
            (499, "aborted"),
            (200, "failed"),
            (503, "completed"),
        ]));
        assert!(
            recent
                .failures
                .iter()
                .all(|f| f.at == 7 && f.latency_ms.is_none())
        );
    }

    #[test]
    fn the_list_is_bounded_and_a_reader_is_never_waited_for() {
        let sink = RecentFailures::new(3);
        for status in 500..510 {
            sink.record(&record(Some(status), Outcome::Completed));
        }
        let statuses: Vec<_> = sink.recent().failures.iter().map(|f| f.status).collect();
        assert_eq!(statuses, [509, 508, 507]);
        let held = sink.list.lock();
        sink.record(&record(Some(599), Outcome::Completed));
        drop(held);
        assert_eq!(sink.recent().missed, 1);
    }
}
