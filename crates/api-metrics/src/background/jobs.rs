//! Jobs: what is due is claimed and run, and what has ended is noted.

use std::{
    collections::VecDeque,
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api_metrics_store::{
    control::{
        ControlStore,
        jobs::{ClaimedRun, JobFinished, JobName, JobOutcome, JobResult},
    },
    store::StoreError,
    time::UnixSeconds,
};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{Running, Shared, start, task::panic_message};

/// How long an instance has a job without renewing.
const LEASE_SECONDS: u32 = 30;
/// How often it renews.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// How often the database is asked for what others have left: requests, and runs of instances that are gone.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The same where nothing happens: a job that is to run now by another process's page may wait so long.
const LOOK_EVERY_AT_REST: Duration = Duration::from_secs(30);
/// Runs of the host's code that wait to be noted.
const MAX_WAITING: usize = 1_000;

/// What an attempt returns: nothing, or what went wrong.
pub(crate) type Attempt = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// When a job runs.
pub(crate) trait Schedule: Send + Sync {
    /// In words, or as a cron line.
    fn text(&self) -> String;
    /// The first due time after a time; `None` where there is none.
    fn after(&self, now: UnixSeconds) -> Option<UnixSeconds>;
}

/// A job that this process may run.
pub(crate) struct Scheduled {
    pub(crate) name: JobName,
    pub(crate) schedule: Box<dyn Schedule>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) run: Box<dyn Fn() -> Attempt + Send + Sync>,
    /// Its number, once the store knows it.
    pub(crate) id: Mutex<Option<i64>>,
}

impl Scheduled {
    fn id(&self) -> MutexGuard<'_, Option<i64>> {
        self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduled")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A run of the host's code that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) name: JobName,
    pub(crate) started_at: UnixSeconds,
    pub(crate) result: JobResult,
}

/// The jobs of this process.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    scheduled: Mutex<Vec<Arc<Scheduled>>>,
    ended: Mutex<VecDeque<Ended>>,
    /// When to look next, whatever the schedules say.
    look_at: Mutex<Option<Instant>>,
}

impl Jobs {
    /// Adds a job. One of the same name takes the place of the former.
    pub(crate) fn schedule(&self, job: Scheduled) {
        let mut jobs = self.scheduled();
        jobs.retain(|other| other.name != job.name);
        jobs.push(Arc::new(job));
        self.look_within(Duration::ZERO);
    }

    /// Forgets what is scheduled: what it holds may be the handle itself.
    pub(super) fn end(&self) {
        self.scheduled().clear();
    }

    /// Notes a run later. Of too many the oldest is forgotten; it was recorded all the same.
    pub(crate) fn note(&self, ended: Ended) {
        let mut waiting = self.ended();
        if waiting.len() >= MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(ended);
    }

    /// Forgets one that can't be scheduled.
    fn forget(&self, job: &Arc<Scheduled>) {
        self.scheduled().retain(|other| !Arc::ptr_eq(other, job));
    }

    /// Notes a run; where that fails for now, it waits as the first.
    async fn note_now(
        &self,
        store: &dyn ControlStore,
        instance: Uuid,
        ended: Ended,
    ) -> Result<(), StoreError> {
        let noted = store.note_job_run(&ended.name, instance, ended.started_at, &ended.result);
        match noted.await {
            Err(error @ StoreError::Invalid { .. }) => {
                tracing::warn!(%error, job = ended.name.name, "a run can't be noted");
                Ok(())
            }
            Err(error) => {
                let mut waiting = self.ended();
                if waiting.len() < MAX_WAITING {
                    waiting.push_front(ended);
                }
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    fn scheduled(&self) -> MutexGuard<'_, Vec<Arc<Scheduled>>> {
        self.scheduled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, VecDeque<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks no later than then.
    fn look_within(&self, pause: Duration) {
        let at = Instant::now() + pause;
        let mut look = self.look_at.lock().unwrap_or_else(PoisonError::into_inner);
        *look = Some(look.map_or(at, |other| other.min(at)));
    }

    /// Whether it is time to ask the database, and if so, when it is asked next.
    fn is_time(&self, every: Duration) -> bool {
        let mut look = self.look_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_time = look.is_some_and(|at| at <= now);
        // Whoever rested when it was set may rest no more.
        *look = look.map(|at| {
            if is_time {
                now + every
            } else {
                at.min(now + every)
            }
        });
        is_time
    }
}

impl Shared {
    /// Notes what has ended, and begins what is due, where it is time to look or `now` is true. Answers how many runs
    /// it has begun.
    pub(super) async fn tend_jobs(self: &Arc<Self>, now: bool) -> Result<u64, StoreError> {
        let Some(store) = self.control_store().cloned() else {
            return Ok(0);
        };
        // What can't be noted holds up nothing that is due.
        let noted = self.note_jobs(&store).await;
        let jobs: Vec<_> = self.jobs.scheduled().clone();
        let every = if self.activity.is_at_rest() {
            LOOK_EVERY_AT_REST
        } else {
            LOOK_EVERY
        };
        if jobs.is_empty() || !(self.jobs.is_time(every) || now) {
            return noted.map(|()| 0);
        }
        // One that fails holds up no other; the first error is told in the end.
        let mut failed = noted.err();
        let wall = self.clock.unix_seconds();
        for job in &jobs {
            if job.id().is_none() {
                let next = |now| job.schedule.after(now);
                let text = job.schedule.text();
                match store.register_job(&job.name, &text, &next).await {
                    Ok(id) => *job.id() = Some(id),
                    Err(error @ StoreError::Invalid { .. }) => {
                        tracing::warn!(%error, job = job.name.name, "a job can't be scheduled: it never runs");
                        self.jobs.forget(job);
                    }
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            if let Some(at) = job.schedule.after(wall) {
                let until = at.saturating_sub(wall).unsigned_abs();
                self.jobs.look_within(Duration::from_secs(until).min(every));
            }
        }
        let ids: Vec<_> = jobs.iter().filter_map(|job| *job.id()).collect();
        let mut begun = 0;
        for id in store.due_jobs(&ids).await? {
            let Some(job) = jobs.iter().find(|job| *job.id() == Some(id)) else {
                continue;
            };
            if self.stop.is_cancelled() {
                break;
            }
            let next = |now| job.schedule.after(now);
            let text = job.schedule.text();
            let instance = self.writer.instance.id;
            let asked = Instant::now();
            match store
                .claim_job(id, &text, instance, LEASE_SECONDS, &next)
                .await
            {
                Ok(Some(claimed)) => {
                    begun += 1;
                    let (shared, store) = (Arc::clone(self), Arc::clone(&store));
                    let job = Arc::clone(job);
                    // A job of its own length must not hold up the others.
                    start(self, async move {
                        shared.run_job(&store, &job, claimed, asked).await
                    });
                }
                Ok(None) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(begun), Err)
    }

    /// Notes what has ended, oldest first. What can't be noted now waits.
    ///
    /// Each is noted in a task of its own: whoever no longer waits for it makes it neither lost nor noted twice.
    async fn note_jobs(&self, store: &Arc<dyn ControlStore>) -> Result<(), StoreError> {
        loop {
            let Some(ended) = self.jobs.ended().pop_front() else {
                return Ok(());
            };
            let (jobs, store) = (Arc::clone(&self.jobs), Arc::clone(store));
            let instance = self.writer.instance.id;
            let noting = async move { jobs.note_now(&*store, instance, ended).await };
            // One that is not joined has panicked, or its runtime ends.
            self.runtime.spawn(noting).await.unwrap_or(Ok(()))?;
        }
    }

    /// Notes what has ended. What can't be noted now is noted later.
    pub(crate) async fn flush_jobs(&self) {
        if let Some(store) = self.control_store() {
            // The jobs' task meets the same error, and tells it.
            drop(self.note_jobs(store).await);
        }
    }

    /// Notes what is left at the end.
    pub(super) async fn deliver_jobs(&self, deadline: Instant) {
        let Some(store) = self.control_store() else {
            return;
        };
        if !self.health.is_reachable() {
            return;
        }
        if !matches!(
            timeout_at(deadline, self.note_jobs(store)).await,
            Ok(Ok(()))
        ) {
            let runs = self.jobs.ended().len();
            tracing::warn!(runs, "the last runs of jobs could not be noted");
        }
    }

    /// Runs a claimed attempt to its end, and says how it ended.
    async fn run_job(
        &self,
        store: &Arc<dyn ControlStore>,
        job: &Scheduled,
        claimed: ClaimedRun,
        asked: Instant,
    ) {
        if self.stop.is_cancelled() {
            give_back(&**store, job, &claimed).await;
            return;
        }
        let keeping = Arc::clone(store);
        // In a task of its own: work that blocks its thread must not keep it from renewing.
        let mut kept = AbortOnDropHandle::new(self.runtime.spawn(keep(asked, move || {
            let store = Arc::clone(&keeping);
            async move { store.renew_job(&claimed, LEASE_SECONDS).await }
        })));
        let run = Running::begin(self, job.name.clone());
        let result = tokio::select! {
            biased;
            // Whoever ends the process ends its jobs: another instance goes on with them.
            () = self.stop.cancelled() => {
                run.end(JobOutcome::Cancelled, None);
                give_back(&**store, job, &claimed).await;
                return;
            }
            _ = &mut kept => {
                tracing::warn!(job = job.name.name, "a job's lease is lost: it is ended here, and another instance goes on with it");
                run.end(JobOutcome::Cancelled, Some("its lease was lost".to_owned()));
                return;
            }
            result = attempt(job) => match result {
                Ok(()) => run.end(JobOutcome::Success, None),
                Err((outcome, error)) => run.end(outcome, Some(error)),
            },
        };
        if let Some(error) = &result.error {
            tracing::warn!(
                job = job.name.name,
                attempt = claimed.attempt,
                error,
                "a job has failed"
            );
        }
        let finish = store.finish_job(&claimed, &result);
        match tokio::time::timeout(Duration::from_secs(60), finish).await {
            Ok(Ok(JobFinished::Retry(seconds))) => {
                self.jobs
                    .look_within(Duration::from_secs(seconds.unsigned_abs()));
            }
            Ok(Ok(_)) => {}
            // Its lease ends, and then whoever claims it next says so.
            Ok(Err(error)) => {
                tracing::warn!(job = job.name.name, %error, "a job's end could not be noted");
            }
            Err(_) => tracing::warn!(
                job = job.name.name,
                "a job's end could not be noted in time"
            ),
        }
    }
}

/// What is noted of a run that took too long.
pub(crate) fn too_long(limit: Duration) -> String {
    format!("it took longer than {limit:?}")
}

/// One attempt, within its time.
async fn attempt(job: &Scheduled) -> Result<(), (JobOutcome, String)> {
    // Also what makes the future is the host's, and may panic.
    let run = AssertUnwindSafe(async { (job.run)().await }).catch_unwind();
    let ended = match job.timeout {
        Some(limit) => tokio::time::timeout(limit, run)
            .await
            .map_err(|_| (JobOutcome::Timeout, too_long(limit)))?,
        None => run.await,
    };
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err((JobOutcome::Error, error)),
        Err(panic) => {
            let message = panic_message(panic.as_ref());
            Err((JobOutcome::Error, format!("panicked: {message}")))
        }
    }
}

/// Gives a run back to whoever is there, because this process ends.
async fn give_back(store: &dyn ControlStore, job: &Scheduled, claimed: &ClaimedRun) {
    if let Err(error) = store.give_back_job(claimed).await {
        // Its lease ends by itself.
        tracing::warn!(job = job.name.name, %error, "a job's run could not be given back");
    }
}

/// Renews a lease that was asked for at a time; returns once it is lost, or may be.
async fn keep<F>(asked: Instant, renew: impl Fn() -> F)
where
    F: Future<Output = Result<bool, StoreError>>,
{
    let lease = Duration::from_secs(u64::from(LEASE_SECONDS));
    let mut ends = asked + lease;
    loop {
        tokio::time::sleep_until(ends.min(Instant::now() + RENEW_EVERY)).await;
        let asked = Instant::now();
        if asked >= ends {
            return;
        }
        // An error may pass until the next time, as long as the lease lasts.
        match timeout_at(ends.min(asked + RENEW_EVERY), renew()).await {
            Ok(Ok(true)) => ends = asked + lease,
            Ok(Ok(false)) => return,
            Ok(Err(_)) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kept(renew: impl AsyncFn(u64) -> Result<bool, StoreError>) -> u64 {
        let begun = Instant::now();
        keep(begun, || renew(begun.elapsed().as_secs())).await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_can_not_be_renewed_in_time_is_given_up() {
        let silent = kept(async |_| std::future::pending().await);
        assert_eq!(silent.await, 30);
        let failing = kept(async |_| Err(StoreError::Timeout("slow".into())));
        assert_eq!(failing.await, 30);
        let failing_later = kept(async |at| match at {
            0..=20 => Ok(true),
            _ => Err(StoreError::Timeout("slow".into())),
        });
        assert_eq!(failing_later.await, 50);
        assert_eq!(kept(async |_| Ok(false)).await, 10, "another has it");
    }
}
