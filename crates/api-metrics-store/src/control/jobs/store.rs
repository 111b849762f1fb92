//! Where jobs are kept: `jobs`, a row a job, and `job_runs`, a row a run.

use uuid::Uuid;

use super::{
    ClaimedRun, JobCause, JobFinished, JobName, JobOutcome, JobRecord, JobResult, JobRun,
    MAX_CODE_JOBS, MAX_JOB_ERROR_CHARS, MAX_JOB_NAME_BYTES, OTHER_JOBS, retry_pause,
};
use crate::{
    control::{
        audit::by,
        sql::{self, jobs::OpenRun},
    },
    engine::{
        audit,
        backend::{Mode, Tx},
        sql::BeginTx,
    },
    store::{StoreError, invalid},
    time::UnixSeconds,
};

/// What is noted of an attempt whose instance has gone.
const LOST: &str = "the instance that ran it ended, or could not renew its lease";

/// How long a due time waits for an instance with the schedule that it is of, in seconds.
const ABANDONED_AFTER: i64 = 300;

/// See `JobStore::register_job`.
pub(super) async fn register_job(
    store: &dyn BeginTx,
    name: &JobName,
    schedule: &str,
    next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
) -> Result<i64, StoreError> {
    check(name)?;
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let id = sql::jobs::put_job(&mut *tx, name, schedule, next(now)).await?;
    tx.commit().await?;
    Ok(id)
}

/// See `JobStore::due_jobs`.
pub(super) async fn due_jobs(store: &dyn BeginTx, among: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let now = sql::now(&mut *tx).await?;
    let due = sql::jobs::due(&mut *tx, among, now).await?;
    tx.commit().await?;
    Ok(due)
}

/// See `JobStore::claim_job`.
pub(super) async fn claim_job(
    store: &dyn BeginTx,
    job: i64,
    schedule: &str,
    instance: Uuid,
    lease_seconds: u32,
    next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
) -> Result<Option<ClaimedRun>, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let claimed = match sql::jobs::lock(&mut *tx, job).await? {
        Some(state) if state.lease_until.is_none_or(|until| until <= now) => {
            let until = now.saturating_add(i64::from(lease_seconds));
            let times = (now, until);
            claim(&mut *tx, job, state, schedule, instance, times, next).await?
        }
        _ => None,
    };
    tx.commit().await?;
    Ok(claimed)
}

/// Claims what is due of a job whose row is locked, and which no instance runs.
async fn claim(
    tx: &mut dyn Tx,
    job: i64,
    state: sql::jobs::JobState,
    schedule: &str,
    instance: Uuid,
    (now, until): (UnixSeconds, UnixSeconds),
    next: &(dyn Fn(UnixSeconds) -> Option<UnixSeconds> + Send + Sync),
) -> Result<Option<ClaimedRun>, StoreError> {
    if let Some(open) = state.open {
        let is_lost = state.retry_at.is_none();
        if is_lost && retry_pause(open.attempt).is_none() {
            let result = JobResult {
                outcome: JobOutcome::Error,
                error: Some(LOST.to_owned()),
                duration_ms: 0,
            };
            end(tx, job, &open, &result, now).await?;
        } else if is_lost || state.retry_at.is_some_and(|at| at <= now) {
            let open = OpenRun {
                attempt: open.attempt + 1,
                ..open
            };
            let error = is_lost.then_some(LOST);
            sql::jobs::try_again(tx, job, &open, instance, until, error).await?;
            return Ok(Some(open.claimed(job)));
        } else {
            return Ok(None);
        }
    }
    // The due time of another schedule is for whoever has that one, unless nobody has it any more.
    let is_other = state.schedule.as_deref() != Some(schedule);
    let patience = if is_other { ABANDONED_AFTER } else { 0 };
    let is_due = state
        .next_at
        .is_some_and(|at| at.saturating_add(patience) <= now);
    let (cause, due_at, next_at) = match (&state.requested_by, is_due) {
        (Some(_), _) => (JobCause::Manual, None, state.next_at),
        (None, true) => (JobCause::Schedule, state.next_at, next(now)),
        (None, false) => return Ok(None),
    };
    if is_other && cause == JobCause::Schedule {
        sql::jobs::reschedule(tx, job, schedule).await?;
    }
    let run = sql::jobs::begin_run(tx, job, cause, due_at, now, instance).await?;
    let open = OpenRun {
        run,
        attempt: 1,
        cause,
        due_at,
    };
    sql::jobs::occupy(tx, job, &open, next_at, until).await?;
    Ok(Some(open.claimed(job)))
}

/// See `JobStore::renew_job`.
pub(super) async fn renew_job(
    store: &dyn BeginTx,
    claimed: &ClaimedRun,
    lease_seconds: u32,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let until = now.saturating_add(i64::from(lease_seconds));
    let renewed = sql::jobs::renew(&mut *tx, claimed, until).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// See `JobStore::give_back_job`.
pub(super) async fn give_back_job(
    store: &dyn BeginTx,
    claimed: &ClaimedRun,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let given = sql::jobs::give_back(&mut *tx, claimed, now).await?;
    tx.commit().await?;
    Ok(given)
}

/// See `JobStore::finish_job`.
pub(super) async fn finish_job(
    store: &dyn BeginTx,
    claimed: &ClaimedRun,
    result: &JobResult,
) -> Result<JobFinished, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let state = sql::jobs::lock(&mut *tx, claimed.job).await?;
    let open = state.and_then(|state| state.open.filter(|_| state.retry_at.is_none()));
    let finished = match open {
        Some(open) if (open.run, open.attempt) == (claimed.run, claimed.attempt) => {
            let failed = matches!(result.outcome, JobOutcome::Error | JobOutcome::Timeout);
            match retry_pause(open.attempt).filter(|_| failed) {
                Some(pause) => {
                    let at = now.saturating_add(pause);
                    let result = bounded(result);
                    sql::jobs::wait(&mut *tx, claimed.job, &open, &result, at).await?;
                    JobFinished::Retry(pause)
                }
                None => {
                    end(&mut *tx, claimed.job, &open, result, now).await?;
                    JobFinished::Done
                }
            }
        }
        _ => JobFinished::Lost,
    };
    tx.commit().await?;
    Ok(finished)
}

/// Ends the open run of a job, whose row is locked.
async fn end(
    tx: &mut dyn Tx,
    job: i64,
    open: &OpenRun,
    result: &JobResult,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let result = bounded(result);
    sql::jobs::end_run(tx, open.run, &result, now).await?;
    sql::jobs::release(tx, job, result.outcome).await?;
    sql::jobs::forget(tx, job).await
}

/// See `JobStore::note_job_run`.
pub(super) async fn note_job_run(
    store: &dyn BeginTx,
    name: &JobName,
    instance: Uuid,
    started_at: UnixSeconds,
    result: &JobResult,
) -> Result<(), StoreError> {
    check(name)?;
    let result = bounded(result);
    let mut tx = store.begin(Mode::Write).await?;
    let (is_known, by_code) = sql::jobs::known(&mut *tx, name).await?;
    let job = if is_known || by_code < MAX_CODE_JOBS {
        sql::jobs::find_or_add(&mut *tx, name).await?
    } else {
        let other = JobName {
            name: OTHER_JOBS.to_owned(),
            ..name.clone()
        };
        sql::jobs::find_or_add(&mut *tx, &other).await?
    };
    let cause = JobCause::Code;
    let run = sql::jobs::begin_run(&mut *tx, job, cause, None, started_at, instance).await?;
    let seconds = result.duration_ms / 1_000;
    let finished_at = started_at.saturating_add(seconds);
    sql::jobs::end_run(&mut *tx, run, &result, finished_at).await?;
    sql::jobs::count(&mut *tx, job, result.outcome).await?;
    sql::jobs::forget(&mut *tx, job).await?;
    tx.commit().await
}

/// See `JobStore::jobs`.
pub(super) async fn jobs(
    store: &dyn BeginTx,
    after: i64,
    limit: u32,
) -> Result<Vec<JobRecord>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let jobs = sql::jobs::list(&mut *tx, after, i64::from(limit)).await?;
    tx.commit().await?;
    Ok(jobs)
}

/// See `JobStore::job_runs`.
pub(super) async fn job_runs(
    store: &dyn BeginTx,
    job: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Option<Vec<JobRun>>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let found = sql::jobs::exists(&mut *tx, job).await?;
    let runs = sql::jobs::list_runs(&mut *tx, job, before, i64::from(limit)).await?;
    tx.commit().await?;
    Ok(found.then_some(runs))
}

/// See `JobStore::request_job`.
pub(super) async fn request_job(
    store: &dyn BeginTx,
    job: i64,
    actor: Option<&str>,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let actor = by(actor);
    let Some(state) = sql::jobs::lock(&mut *tx, job).await? else {
        return Ok(false);
    };
    if state.schedule.is_none() {
        return Err(StoreError::Conflict(
            "only code runs it: it has no schedule, so that no instance would take it".into(),
        ));
    }
    if state.requested_by.is_none() {
        sql::jobs::request(&mut *tx, job, actor).await?;
        let subject = format!("job {job} {} of {}", state.name.name, state.name.service);
        audit::note(&mut *tx, now, actor, "run job", &subject).await?;
    }
    tx.commit().await?;
    Ok(true)
}

fn check(name: &JobName) -> Result<(), StoreError> {
    if name.name.is_empty() || name.name.len() > MAX_JOB_NAME_BYTES {
        return invalid(
            "name",
            format!("a job's name has 1 to {MAX_JOB_NAME_BYTES} bytes"),
        );
    }
    if name.name.contains(char::is_control) {
        return invalid("name", "a job's name has no control characters".to_owned());
    }
    Ok(())
}

/// With an error that can be kept.
fn bounded(result: &JobResult) -> JobResult {
    let error = result.error.as_deref().map(|error| {
        let shown = crate::text::escaped(error);
        shown.chars().take(MAX_JOB_ERROR_CHARS).collect()
    });
    JobResult {
        error,
        ..result.clone()
    }
}
