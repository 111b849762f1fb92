//! Jobs: work in the background, recorded like a request, once by hand or on a schedule.

use std::{
    fmt::{self, Display},
    sync::Arc,
    time::Duration,
};

use api_metrics_store::{
    control::jobs::{JobName, JobOutcome},
    time::UnixSeconds,
};

use tokio::time::error::Elapsed;

use crate::background::{
    Running, Shared,
    jobs::{Attempt, Schedule, Scheduled, too_long},
};

/// What a job returns: nothing, or a `Result` whose error says what went wrong.
pub trait JobReturn {
    /// What went wrong, in words.
    fn error(&self) -> Option<String>;
}

impl JobReturn for () {
    fn error(&self) -> Option<String> {
        None
    }
}

impl<T, E: Display> JobReturn for Result<T, E> {
    fn error(&self) -> Option<String> {
        self.as_ref().err().map(ToString::to_string)
    }
}

/// A job of this service. Made by [`ApiMetrics::job`](crate::ApiMetrics::job).
///
/// A run is recorded as an event of the kind `job`, beside the requests, and the last runs are kept: the dashboard's page
/// "Jobs" shows them.
///
/// | what happens | outcome | counted as |
/// |---|---|---|
/// | it returns `()` or `Ok` | success | 200 |
/// | it returns `Err`, or panics | error | 500 |
/// | it takes longer than it [may](ScheduledJob::timeout) | timeout | 504 |
/// | it is dropped before its end | cancelled | 499 |
#[derive(Debug, Clone)]
#[must_use = "a job does nothing until it is run"]
pub struct Job {
    shared: Option<Arc<Shared>>,
    name: String,
}

impl Job {
    pub(crate) fn new(shared: Option<&Arc<Shared>>, name: String) -> Self {
        Self {
            shared: shared.cloned(),
            name,
        }
    }

    /// Runs it once, here and now, and returns what it returns. The outcome, an error's text and the duration are recorded.
    ///
    /// Where metrics are off it only runs.
    pub async fn run<R: JobReturn>(self, work: impl Future<Output = R>) -> R {
        let Some(shared) = &self.shared else {
            return work.await;
        };
        let run = Running::begin(shared, name_in(shared, &self.name)).noted();
        let returned = work.await;
        match returned.error() {
            None => run.end(JobOutcome::Success, None),
            Some(error) => run.end(JobOutcome::Error, Some(error)),
        };
        returned
    }

    /// As [`run`](Self::run), for no longer than `limit`.
    ///
    /// # Errors
    /// `Elapsed` where it took longer. It was dropped, and the run's outcome is a timeout.
    pub async fn run_within<R: JobReturn>(
        self,
        limit: Duration,
        work: impl Future<Output = R>,
    ) -> Result<R, Elapsed> {
        let Some(shared) = &self.shared else {
            return tokio::time::timeout(limit, work).await;
        };
        let run = Running::begin(shared, name_in(shared, &self.name)).noted();
        let returned = tokio::time::timeout(limit, work).await;
        match &returned {
            Err(_) => run.end(JobOutcome::Timeout, Some(too_long(limit))),
            Ok(returned) => match returned.error() {
                None => run.end(JobOutcome::Success, None),
                Some(error) => run.end(JobOutcome::Error, Some(error)),
            },
        };
        returned
    }

    /// Runs it again and again, at whole multiples of this since 1970, in UTC: `every` day is at midnight. At least a
    /// second.
    pub fn every(self, period: Duration) -> ScheduledJob {
        let seconds = i64::try_from(period.as_secs().max(1)).unwrap_or(i64::MAX);
        ScheduledJob {
            job: self,
            timeout: None,
            schedule: Box::new(Every(seconds)),
        }
    }

    /// Runs it when a cron line says, in UTC: minute, hour, day of the month, month, day of the week.
    ///
    /// # Errors
    /// [`InvalidCron`] where it is no cron line.
    #[cfg(feature = "cron")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cron")))]
    pub fn cron(self, line: &str) -> Result<ScheduledJob, InvalidCron> {
        let cron = line
            .parse::<croner::Cron>()
            .map_err(|error| InvalidCron(error.to_string()))?;
        Ok(ScheduledJob {
            job: self,
            timeout: None,
            schedule: Box::new(CronLine {
                line: line.to_owned(),
                cron,
            }),
        })
    }
}

/// A job with a schedule, which does nothing until it is [run](Self::run).
#[must_use = "a job does nothing until it is run"]
pub struct ScheduledJob {
    job: Job,
    timeout: Option<Duration>,
    schedule: Box<dyn Schedule>,
}

impl ScheduledJob {
    /// Ends a run that takes longer. It counts as one that has failed.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Runs it whenever it is due, from now on and until the shutdown.
    ///
    /// Of all instances that schedule a job of this name one runs it: a due time is claimed in the database. While a run is
    /// open no other begins; due times that come meanwhile are one run afterwards. Due times while no instance was there
    /// are one run, too.
    ///
    /// A run that fails is tried again after 2, 4 and 8 seconds, by whichever instance is there. Where an
    /// instance dies, another one takes its run over within half a minute, so work that must not happen twice needs a key of its own.
    ///
    /// A shutdown drops what runs, and another instance goes on with it at once.
    ///
    /// Where metrics are off, nothing runs, and neither does a job whose name has control characters, none or more than 200
    /// bytes: the log says so. A due time waits while the database can't be reached.
    pub fn run<F, Fut>(self, work: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: JobReturn> + Send + 'static,
    {
        let Some(shared) = &self.job.shared else {
            return;
        };
        let work = move || -> Attempt {
            let work = work();
            Box::pin(async move { work.await.error().map_or(Ok(()), Err) })
        };
        shared.jobs.schedule(Scheduled {
            name: name_in(shared, &self.job.name),
            schedule: self.schedule,
            timeout: self.timeout,
            run: Box::new(work),
            id: std::sync::Mutex::default(),
        });
    }
}

impl fmt::Debug for ScheduledJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScheduledJob")
            .field("name", &self.job.name)
            .field("schedule", &self.schedule.text())
            .finish()
    }
}

/// At multiples of a number of seconds.
struct Every(i64);

impl Schedule for Every {
    fn text(&self) -> String {
        let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
        let whole = units.into_iter().find(|(unit, _)| self.0 % unit == 0);
        let (unit, name) = whole.unwrap_or((1, "s"));
        format!("every {} {name}", self.0 / unit)
    }

    fn after(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        now.div_euclid(self.0).checked_add(1)?.checked_mul(self.0)
    }
}

/// By a cron line.
#[cfg(feature = "cron")]
struct CronLine {
    line: String,
    cron: croner::Cron,
}

#[cfg(feature = "cron")]
impl Schedule for CronLine {
    fn text(&self) -> String {
        self.line.clone()
    }

    fn after(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let now = chrono::DateTime::from_timestamp(now, 0)?;
        let next = self.cron.find_next_occurrence(&now, false).ok()?;
        Some(next.timestamp())
    }
}

/// A text that is no cron line.
#[cfg(feature = "cron")]
#[cfg_attr(docsrs, doc(cfg(feature = "cron")))]
#[derive(Debug, thiserror::Error)]
#[error("no cron line: {0}")]
pub struct InvalidCron(String);

fn name_in(shared: &Shared, name: &str) -> JobName {
    let instance = &shared.writer.instance;
    JobName::new(&*instance.service, &*instance.environment, name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn multiples_of_a_period_are_the_same_in_every_instance() {
        let hourly = Every(3_600);
        assert_eq!(hourly.after(7_199), Some(7_200));
        assert_eq!(hourly.after(7_200), Some(10_800));
        assert_eq!(hourly.text(), "every 1 h");
        assert_eq!(Every(90).text(), "every 90 s");
        assert_eq!(Every(172_800).text(), "every 2 d");
    }

    #[cfg(feature = "cron")]
    #[test]
    fn a_cron_line_has_five_fields_and_is_in_utc() {
        let job = || Job::new(None, "x".to_owned());
        let nightly = job().cron("30 3 * * *").unwrap();
        // 2026-05-17T03:30:00Z, and a day later.
        assert_eq!(nightly.schedule.after(1_778_988_599), Some(1_778_988_600));
        assert_eq!(nightly.schedule.after(1_778_988_600), Some(1_779_075_000));
        assert_eq!(nightly.schedule.text(), "30 3 * * *");
        for wrong in ["", "* * *", "61 * * * *", "every day"] {
            assert!(job().cron(wrong).is_err(), "{wrong}");
        }
    }
}
