//! A run of a job, as it is recorded: an event of the kind `job`.

use std::time::{Duration, Instant, UNIX_EPOCH};

use api_metrics_layer::{EventKind, MetricSink as _, Outcome, Protocol, RequestRecord};
use api_metrics_store::{
    control::jobs::{JobName, JobOutcome, JobResult},
    time::UnixSeconds,
};

use super::{Shared, jobs::Ended};

/// A run that is recorded when it ends, on whichever path.
pub(crate) struct Running<'a> {
    shared: &'a Shared,
    name: Option<JobName>,
    started: Instant,
    started_at: UnixSeconds,
    /// Whether it is to be noted among the job's runs; what was claimed is noted by whoever has claimed it.
    is_noted: bool,
}

impl<'a> Running<'a> {
    pub(crate) fn begin(shared: &'a Shared, name: JobName) -> Self {
        Self {
            started_at: shared.now(),
            shared,
            name: Some(name),
            started: Instant::now(),
            is_noted: false,
        }
    }

    pub(crate) const fn noted(mut self) -> Self {
        self.is_noted = true;
        self
    }

    pub(crate) fn end(mut self, outcome: JobOutcome, error: Option<String>) -> JobResult {
        self.record(outcome, error)
    }

    fn record(&mut self, outcome: JobOutcome, error: Option<String>) -> JobResult {
        let took = self.started.elapsed();
        let result = JobResult::new(
            outcome,
            error,
            i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        );
        let Some(name) = self.name.take() else {
            return result;
        };
        let finished_at = UNIX_EPOCH + Duration::from_secs(self.shared.now().unsigned_abs());
        let mut record = RequestRecord::new("", &name.name, finished_at);
        record.protocol = Protocol::Event(EventKind::JOB);
        record.latency = Some(took);
        (record.status, record.outcome) = match outcome {
            JobOutcome::Success => (Some(200), Outcome::Completed),
            JobOutcome::Timeout => (Some(504), Outcome::Failed),
            JobOutcome::Cancelled => (None, Outcome::Aborted),
            _ => (None, Outcome::Failed),
        };
        self.shared.writer.recorder.record(&record);
        if self.is_noted {
            self.shared.jobs.note(Ended {
                name,
                started_at: self.started_at,
                result: result.clone(),
            });
        }
        result
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.name.is_none() {
            return;
        }
        if std::thread::panicking() {
            self.record(JobOutcome::Error, Some("panicked".to_owned()));
        } else {
            self.record(JobOutcome::Cancelled, None);
        }
    }
}
