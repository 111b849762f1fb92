//! The store of jobs, as users meet it: a part of [`ControlStore`](crate::control::ControlStore).

use async_trait::async_trait;
use uuid::Uuid;

use super::{ClaimedRun, JobFinished, JobName, JobRecord, JobResult, JobRun, store};
use crate::{engine::sql::BeginTx, store::StoreError, time::UnixSeconds};

/// Keeps jobs and their runs. Every [`ControlStore`](crate::control::ControlStore) does, and nothing else.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Makes a scheduled job known, and answers its number. `next` says when it is due after a time. A job that is known with the
    /// same schedule keeps its due time.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where the name can't be used, `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn register_job(
        &self,
        name: &JobName,
        schedule: &str,
        next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
    ) -> Result<i64, StoreError>;

    /// Those of the given jobs that an instance may claim now.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn due_jobs(&self, among: &[i64]) -> Result<Vec<i64>, StoreError>;

    /// Claims what is due of a job, in one transaction: no other instance gets the same. `None` where nothing is due,
    /// or another instance runs it.
    ///
    /// A due time of another schedule than the caller's is left for five minutes to those that have it, as during a
    /// rollout; after that the caller's schedule takes its place.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn claim_job(
        &self,
        job: i64,
        schedule: &str,
        instance: Uuid,
        lease_seconds: u32,
        next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
    ) -> Result<Option<ClaimedRun>, StoreError>;

    /// Prolongs the lease of a claimed run. Answers whether it is still this process's.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn renew_job(&self, claimed: &ClaimedRun, lease_seconds: u32)
    -> Result<bool, StoreError>;

    /// Gives a claimed run back, unfinished: whoever claims it next goes on with it at once, as another attempt. Answers
    /// whether it was still this process's.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn give_back_job(&self, claimed: &ClaimedRun) -> Result<bool, StoreError>;

    /// Ends an attempt of a claimed run. One that has failed is tried again, three times at most.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn finish_job(
        &self,
        claimed: &ClaimedRun,
        result: &JobResult,
    ) -> Result<JobFinished, StoreError>;

    /// Notes a run that the host's code has made by itself. Of more than 1,000 names of a
    /// service in an environment the further ones are noted as `<other>`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where the name can't be used, `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn note_job_run(
        &self,
        name: &JobName,
        instance: Uuid,
        started_at: UnixSeconds,
        result: &JobResult,
    ) -> Result<(), StoreError>;

    /// Up to `limit` jobs above `after`, in the order of their numbers. Of everybody: for those who see everything.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn jobs(&self, after: i64, limit: u32) -> Result<Vec<JobRecord>, StoreError>;

    /// Runs of a job, the latest first, before the one of a number. `None` where there is no such job.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn job_runs(
        &self,
        job: i64,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<JobRun>>, StoreError>;

    /// Asks for a run of a scheduled job now, by whichever instance takes it first. Answers whether there is such a job.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where only code runs it, `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn request_job(&self, job: i64, actor: Option<&str>) -> Result<bool, StoreError>;
}

#[async_trait]
impl<T: BeginTx> JobStore for T {
    async fn register_job(
        &self,
        name: &JobName,
        schedule: &str,
        next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
    ) -> Result<i64, StoreError> {
        store::register_job(self, name, schedule, next).await
    }

    async fn due_jobs(&self, among: &[i64]) -> Result<Vec<i64>, StoreError> {
        store::due_jobs(self, among).await
    }

    async fn claim_job(
        &self,
        job: i64,
        schedule: &str,
        instance: Uuid,
        lease_seconds: u32,
        next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
    ) -> Result<Option<ClaimedRun>, StoreError> {
        store::claim_job(self, job, schedule, instance, lease_seconds, next).await
    }

    async fn renew_job(
        &self,
        claimed: &ClaimedRun,
        lease_seconds: u32,
    ) -> Result<bool, StoreError> {
        store::renew_job(self, claimed, lease_seconds).await
    }

    async fn give_back_job(&self, claimed: &ClaimedRun) -> Result<bool, StoreError> {
        store::give_back_job(self, claimed).await
    }

    async fn finish_job(
        &self,
        claimed: &ClaimedRun,
        result: &JobResult,
    ) -> Result<JobFinished, StoreError> {
        store::finish_job(self, claimed, result).await
    }

    async fn note_job_run(
        &self,
        name: &JobName,
        instance: Uuid,
        started_at: UnixSeconds,
        result: &JobResult,
    ) -> Result<(), StoreError> {
        store::note_job_run(self, name, instance, started_at, result).await
    }

    async fn jobs(&self, after: i64, limit: u32) -> Result<Vec<JobRecord>, StoreError> {
        store::jobs(self, after, limit).await
    }

    async fn job_runs(
        &self,
        job: i64,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<JobRun>>, StoreError> {
        store::job_runs(self, job, before, limit).await
    }

    async fn request_job(&self, job: i64, actor: Option<&str>) -> Result<bool, StoreError> {
        store::request_job(self, job, actor).await
    }
}
