//! Jobs: work in the background, with what became of its last runs.
//!
//! A job is known by service, environment and name. One with a schedule is run by whichever instance claims it: a due
//! time is taken from the job's row in the transaction that writes the run, so that each is run once, however many
//! instances there are.
//!
//! # The life of a run
//!
//! ```text
//! due --claim--> running --finish--> success, cancelled
//!                   |  \--finish--> error or timeout: waits 2, 4, 8 s, then running again; after the last one it has failed
//!                   |--give back: its instance stops; whoever claims next goes on at once
//!                   \--lease over: the instance is gone; that attempt has failed, and whoever claims next goes on
//! ```
//!
//! A running job holds a lease, which its instance renews. While a run is open no other begins: a due time that
//! comes meanwhile is run afterwards, and of several only one. What an instance finishes after it has lost its lease is not
//! noted.
//!
//! Kept are the last 100 runs of a job that were a success and the last 500 that were none.

mod contract;
mod store;

use uuid::Uuid;

pub use self::contract::JobStore;

use crate::time::UnixSeconds;

/// How often a scheduled run is tried again after it has failed.
const JOB_RETRIES: i64 = 3;
/// The pause before the first of these, in seconds. Each further one is twice as long.
const FIRST_RETRY_SECONDS: i64 = 2;
/// The longest name of a job, in bytes.
const MAX_JOB_NAME_BYTES: usize = 200;
/// How many jobs that only code runs are kept by name, of a service in an environment.
const MAX_CODE_JOBS: i64 = 1_000;
/// The name under which runs of further ones are noted.
const OTHER_JOBS: &str = "<other>";
/// The longest text of an error that is kept, in characters.
const MAX_JOB_ERROR_CHARS: usize = 1_000;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobOutcome {
    /// It was done.
    Success,
    /// It returned an error, or panicked.
    Error,
    /// It took longer than it may.
    Timeout,
    /// It was dropped before its end.
    Cancelled,
}

impl JobOutcome {
    /// Its name in tables and answers.
    pub(in crate::control) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    /// The one of this name.
    pub(in crate::control) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Success, Self::Error, Self::Timeout, Self::Cancelled];
        all.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

impl From<JobOutcome> for &'static str {
    /// `success`, `error`, `timeout` or `cancelled`.
    fn from(outcome: JobOutcome) -> Self {
        outcome.as_str()
    }
}

/// Why a job ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobCause {
    /// It was due.
    Schedule,
    /// Somebody has asked for it.
    Manual,
    /// The host's code ran it.
    Code,
}

impl JobCause {
    /// Its name in tables and answers.
    pub(in crate::control) const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Code => "code",
        }
    }

    /// The one of this name.
    pub(in crate::control) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Schedule, Self::Manual, Self::Code];
        all.into_iter().find(|cause| cause.as_str() == name)
    }
}

impl From<JobCause> for &'static str {
    /// `schedule`, `manual` or `code`.
    fn from(cause: JobCause) -> Self {
        cause.as_str()
    }
}

/// What a job is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct JobName {
    /// The service that it is of.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// Its own name; 1 to 200 bytes, without control characters.
    pub name: String,
}

impl JobName {
    /// The name of a job of this service and environment.
    #[must_use]
    pub fn new(
        service: impl Into<String>,
        environment: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            service: service.into(),
            environment: environment.into(),
            name: name.into(),
        }
    }
}

/// A job, and how its last run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRecord {
    /// Its number.
    pub id: i64,
    /// What it is known by.
    pub name: JobName,
    /// When it runs, in words or as a cron line. `None` where only code runs it.
    pub schedule: Option<String>,
    /// When it is due next.
    pub next_at: Option<UnixSeconds>,
    /// When the open run is tried again.
    pub retry_at: Option<UnixSeconds>,
    /// Who has asked for a run that has not begun.
    pub requested_by: Option<String>,
    /// Since when it runs, where it does.
    pub running_since: Option<UnixSeconds>,
    /// Runs that were a success, ever.
    pub succeeded: u64,
    /// Runs that were none, ever.
    pub failed: u64,
    /// The last run that has ended.
    pub last: Option<JobRun>,
}

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRun {
    /// Its number; later runs of a job have greater ones.
    pub id: i64,
    /// Why it ran.
    pub cause: JobCause,
    /// Which due time it is of, where it was scheduled.
    pub due_at: Option<UnixSeconds>,
    /// When its first attempt began.
    pub started_at: UnixSeconds,
    /// When it ended; `None` while it is open.
    pub finished_at: Option<UnixSeconds>,
    /// How long its last attempt took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// How often it was tried.
    pub attempts: i64,
    /// How it ended; `None` while it is open.
    pub outcome: Option<JobOutcome>,
    /// What went wrong last; at most 1,000 characters.
    pub error: Option<String>,
    /// Which instance ran its last attempt.
    pub instance: Uuid,
}

/// A run that this process has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedRun {
    /// The job.
    pub job: i64,
    /// The run.
    pub run: i64,
    /// Which attempt it is, from 1.
    pub attempt: i64,
    /// Which due time it is of, where it was scheduled.
    pub due_at: Option<UnixSeconds>,
    /// Why it runs.
    pub cause: JobCause,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobResult {
    /// How.
    pub outcome: JobOutcome,
    /// What went wrong.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

impl JobResult {
    /// An attempt that took so many milliseconds.
    #[must_use]
    pub const fn new(outcome: JobOutcome, error: Option<String>, duration_ms: i64) -> Self {
        Self {
            outcome,
            error,
            duration_ms,
        }
    }
}

/// What became of a claimed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobFinished {
    /// It is over.
    Done,
    /// It is tried again in that many seconds.
    Retry(i64),
    /// Another instance has taken it over, because the lease was not renewed in time.
    Lost,
}

/// The pause after an attempt that has failed, in seconds; `None` after the last one.
const fn retry_pause(attempt: i64) -> Option<i64> {
    if attempt < 1 || attempt > JOB_RETRIES {
        return None;
    }
    Some(FIRST_RETRY_SECONDS << (attempt - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_two_seconds_and_end_after_three_retries() {
        let pauses: Vec<_> = (0..6).map(retry_pause).collect();
        assert_eq!(pauses, [None, Some(2), Some(4), Some(8), None, None]);
    }

    #[test]
    fn outcomes_and_causes_are_read_as_they_are_written() {
        for outcome in [
            JobOutcome::Success,
            JobOutcome::Error,
            JobOutcome::Timeout,
            JobOutcome::Cancelled,
        ] {
            assert_eq!(JobOutcome::from_name(outcome.as_str()), Some(outcome));
        }
        for cause in [JobCause::Schedule, JobCause::Manual, JobCause::Code] {
            assert_eq!(JobCause::from_name(cause.as_str()), Some(cause));
        }
        assert_eq!(JobOutcome::from_name("fine"), None);
    }
}
