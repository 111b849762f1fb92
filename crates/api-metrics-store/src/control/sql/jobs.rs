//! Jobs and their runs.

use uuid::Uuid;

use super::{first_int, only, unknown, unsigned};
use crate::{
    control::jobs::{ClaimedRun, JobCause, JobName, JobOutcome, JobRecord, JobResult, JobRun},
    engine::{
        backend::Result,
        sql::{FetchedRow, SqlTx, params},
    },
    time::UnixSeconds,
};

/// Runs that were a success, and runs that were none, that are kept of a job.
const KEPT: [(&str, u32); 2] = [("outcome = 'success'", 100), ("outcome <> 'success'", 500)];

/// What a claim depends on.
pub(in crate::control) struct JobState {
    pub(in crate::control) name: JobName,
    pub(in crate::control) schedule: Option<String>,
    pub(in crate::control) next_at: Option<UnixSeconds>,
    pub(in crate::control) retry_at: Option<UnixSeconds>,
    pub(in crate::control) requested_by: Option<String>,
    /// Until when an instance runs it.
    pub(in crate::control) lease_until: Option<UnixSeconds>,
    /// The run that has begun and not ended.
    pub(in crate::control) open: Option<OpenRun>,
}

/// A run that has begun and not ended.
#[derive(Debug, Clone, Copy)]
pub(in crate::control) struct OpenRun {
    pub(in crate::control) run: i64,
    pub(in crate::control) attempt: i64,
    pub(in crate::control) cause: JobCause,
    pub(in crate::control) due_at: Option<UnixSeconds>,
}

impl OpenRun {
    pub(in crate::control) const fn claimed(&self, job: i64) -> ClaimedRun {
        ClaimedRun {
            job,
            run: self.run,
            attempt: self.attempt,
            due_at: self.due_at,
            cause: self.cause,
        }
    }
}

/// Makes a scheduled job known. Another schedule than before begins anew.
pub(in crate::control) async fn put_job(
    tx: &mut dyn SqlTx,
    name: &JobName,
    schedule: &str,
    next_at: Option<UnixSeconds>,
) -> Result<i64> {
    let sql = format!(
        "INSERT INTO {jobs} AS j (service, environment, name, schedule, next_at) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (service, environment, name) DO UPDATE SET schedule = excluded.schedule, \
           next_at = CASE WHEN j.schedule = excluded.schedule AND j.next_at IS NOT NULL THEN j.next_at \
                     ELSE excluded.next_at END \
         RETURNING id",
        jobs = tx.dialect().table("jobs"),
    );
    let values = params![
        &name.service,
        &name.environment,
        &name.name,
        schedule,
        next_at
    ];
    only(tx.fetch(sql, values).await?)?.int("id")
}

/// The job of this name, which is made where there is none.
pub(in crate::control) async fn find_or_add(tx: &mut dyn SqlTx, name: &JobName) -> Result<i64> {
    let sql = format!(
        "INSERT INTO {jobs} (service, environment, name) VALUES ($1, $2, $3) \
         ON CONFLICT (service, environment, name) DO UPDATE SET name = excluded.name RETURNING id",
        jobs = tx.dialect().table("jobs"),
    );
    let values = params![&name.service, &name.environment, &name.name];
    only(tx.fetch(sql, values).await?)?.int("id")
}

/// Whether there is a job of this name, and how many that only code runs there are of its service and environment.
pub(in crate::control) async fn known(tx: &mut dyn SqlTx, name: &JobName) -> Result<(bool, i64)> {
    let sql = format!(
        "SELECT count(CASE WHEN name = $3 THEN 1 END) AS same, count(CASE WHEN schedule IS NULL THEN 1 END) AS by_code \
         FROM {jobs} WHERE service = $1 AND environment = $2",
        jobs = tx.dialect().table("jobs"),
    );
    let values = params![&name.service, &name.environment, &name.name];
    let row = only(tx.fetch(sql, values).await?)?;
    Ok((row.int("same")? > 0, row.int("by_code")?))
}

/// Those of the given jobs that may be claimed.
pub(in crate::control) async fn due(
    tx: &mut dyn SqlTx,
    among: &[i64],
    now: UnixSeconds,
) -> Result<Vec<i64>> {
    let among: Vec<_> = among.iter().map(i64::to_string).collect();
    let d = tx.dialect();
    let sql = format!(
        "SELECT id FROM {jobs} WHERE id IN {among} AND (lease_until IS NULL OR lease_until <= $2) \
           AND (requested_by IS NOT NULL OR retry_at <= $2 OR next_at <= $2 \
                OR (run_id IS NOT NULL AND retry_at IS NULL)) \
         ORDER BY id",
        jobs = d.table("jobs"),
        among = d.numbers("$1"),
    );
    let among = format!("[{}]", among.join(","));
    let rows = tx.fetch(sql, params![among, now]).await?;
    rows.iter().map(|row| row.int("id")).collect()
}

/// Locks a job, and reads it.
pub(in crate::control) async fn lock(tx: &mut dyn SqlTx, job: i64) -> Result<Option<JobState>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT service, environment, name, schedule, next_at, retry_at, requested_by, lease_until, run_id, \
           attempt FROM {jobs} WHERE id = $1{lock}",
        jobs = d.table("jobs"),
        lock = d.for_update(),
    );
    let rows = tx.fetch(sql, params![job]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut open = None;
    if let Some(run) = row.optional_int("run_id")? {
        let sql = format!(
            "SELECT cause, due_at FROM {runs} WHERE id = $1",
            runs = d.table("job_runs")
        );
        if let Some(of) = tx.fetch(sql, params![run]).await?.first() {
            open = Some(OpenRun {
                run,
                attempt: row.int("attempt")?,
                cause: cause_of(of)?,
                due_at: of.optional_int("due_at")?,
            });
        }
    }
    Ok(Some(JobState {
        name: name_of(row)?,
        schedule: row.optional_text("schedule")?,
        next_at: row.optional_int("next_at")?,
        retry_at: row.optional_int("retry_at")?,
        requested_by: row.optional_text("requested_by")?,
        lease_until: row.optional_int("lease_until")?,
        open,
    }))
}

/// Begins a run.
pub(in crate::control) async fn begin_run(
    tx: &mut dyn SqlTx,
    job: i64,
    cause: JobCause,
    due_at: Option<UnixSeconds>,
    now: UnixSeconds,
    instance: Uuid,
) -> Result<i64> {
    let sql = format!(
        "INSERT INTO {runs} (job_id, cause, due_at, started_at, attempts, instance) \
         VALUES ($1, $2, $3, $4, 1, $5) RETURNING id",
        runs = tx.dialect().table("job_runs"),
    );
    let values = params![job, cause.as_str(), due_at, now, instance];
    only(tx.fetch(sql, values).await?)?.int("id")
}

/// Gives a job to whoever has begun its run.
pub(in crate::control) async fn occupy(
    tx: &mut dyn SqlTx,
    job: i64,
    open: &OpenRun,
    next_at: Option<UnixSeconds>,
    until: UnixSeconds,
) -> Result<()> {
    let sql = format!(
        "UPDATE {jobs} SET run_id = $2, attempt = $3, lease_until = $4, next_at = $5, retry_at = NULL, \
           requested_by = NULL WHERE id = $1",
        jobs = tx.dialect().table("jobs"),
    );
    // A due time that comes beside a request stays due.
    let values = params![job, open.run, open.attempt, until, next_at];
    tx.execute(sql, values).await.map(drop)
}

/// Gives a job to whoever tries its open run again.
pub(in crate::control) async fn try_again(
    tx: &mut dyn SqlTx,
    job: i64,
    open: &OpenRun,
    instance: Uuid,
    until: UnixSeconds,
    error: Option<&str>,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {jobs} SET attempt = $2, lease_until = $3, retry_at = NULL WHERE id = $1",
        jobs = d.table("jobs"),
    );
    tx.execute(sql, params![job, open.attempt, until]).await?;
    let sql = format!(
        "UPDATE {runs} SET attempts = $2, instance = $3, error = coalesce($4, error) WHERE id = $1",
        runs = d.table("job_runs"),
    );
    let values = params![open.run, open.attempt, instance, error];
    tx.execute(sql, values).await.map(drop)
}

/// Prolongs a lease. Answers whether it is still held.
pub(in crate::control) async fn renew(
    tx: &mut dyn SqlTx,
    claimed: &ClaimedRun,
    until: UnixSeconds,
) -> Result<bool> {
    let sql = format!(
        "UPDATE {jobs} SET lease_until = $4 WHERE id = $1 AND run_id = $2 AND attempt = $3 AND retry_at IS NULL",
        jobs = tx.dialect().table("jobs"),
    );
    let values = params![claimed.job, claimed.run, claimed.attempt, until];
    Ok(tx.execute(sql, values).await? > 0)
}

/// Leaves the open run for a later attempt.
pub(in crate::control) async fn wait(
    tx: &mut dyn SqlTx,
    job: i64,
    open: &OpenRun,
    result: &JobResult,
    at: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {jobs} SET retry_at = $2, lease_until = NULL WHERE id = $1",
        jobs = d.table("jobs"),
    );
    tx.execute(sql, params![job, at]).await?;
    let sql = format!(
        "UPDATE {runs} SET error = $2, duration_ms = $3 WHERE id = $1",
        runs = d.table("job_runs"),
    );
    let values = params![open.run, &result.error, result.duration_ms];
    tx.execute(sql, values).await.map(drop)
}

/// Leaves the open run to whoever claims it first, as it is.
pub(in crate::control) async fn give_back(
    tx: &mut dyn SqlTx,
    claimed: &ClaimedRun,
    now: UnixSeconds,
) -> Result<bool> {
    let sql = format!(
        "UPDATE {jobs} SET retry_at = $4, lease_until = NULL \
         WHERE id = $1 AND run_id = $2 AND attempt = $3 AND retry_at IS NULL",
        jobs = tx.dialect().table("jobs"),
    );
    let values = params![claimed.job, claimed.run, claimed.attempt, now];
    Ok(tx.execute(sql, values).await? > 0)
}

/// Writes the schedule by which a job is run from now on.
pub(in crate::control) async fn reschedule(
    tx: &mut dyn SqlTx,
    job: i64,
    schedule: &str,
) -> Result<()> {
    let sql = format!(
        "UPDATE {jobs} SET schedule = $2 WHERE id = $1",
        jobs = tx.dialect().table("jobs"),
    );
    tx.execute(sql, params![job, schedule]).await.map(drop)
}

/// Ends a run.
pub(in crate::control) async fn end_run(
    tx: &mut dyn SqlTx,
    run: i64,
    result: &JobResult,
    at: UnixSeconds,
) -> Result<()> {
    let sql = format!(
        "UPDATE {runs} SET finished_at = $2, outcome = $3, error = $4, duration_ms = $5 WHERE id = $1",
        runs = tx.dialect().table("job_runs"),
    );
    let values = params![
        run,
        at,
        result.outcome.as_str(),
        // What a success has needed more than one attempt for is over.
        &result.error,
        result.duration_ms
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Frees a job whose run has ended, and counts that.
pub(in crate::control) async fn release(
    tx: &mut dyn SqlTx,
    job: i64,
    outcome: JobOutcome,
) -> Result<()> {
    let sql = format!(
        "UPDATE {jobs} SET run_id = NULL, attempt = 0, lease_until = NULL, retry_at = NULL WHERE id = $1",
        jobs = tx.dialect().table("jobs"),
    );
    tx.execute(sql, params![job]).await?;
    count(tx, job, outcome).await
}

/// Counts a run.
pub(in crate::control) async fn count(
    tx: &mut dyn SqlTx,
    job: i64,
    outcome: JobOutcome,
) -> Result<()> {
    let column = match outcome {
        JobOutcome::Success => "succeeded",
        JobOutcome::Error | JobOutcome::Timeout | JobOutcome::Cancelled => "failed",
    };
    let sql = format!(
        "UPDATE {jobs} SET {column} = {column} + 1 WHERE id = $1",
        jobs = tx.dialect().table("jobs"),
    );
    tx.execute(sql, params![job]).await.map(drop)
}

/// Removes runs beyond those that are kept.
pub(in crate::control) async fn forget(tx: &mut dyn SqlTx, job: i64) -> Result<()> {
    let runs = tx.dialect().table("job_runs");
    for (which, keep) in KEPT {
        let sql = format!(
            "DELETE FROM {runs} WHERE job_id = $1 AND {which} AND id <= \
               (SELECT id FROM {runs} WHERE job_id = $1 AND {which} ORDER BY id DESC LIMIT 1 OFFSET {keep})"
        );
        tx.execute(sql, params![job]).await?;
    }
    Ok(())
}

/// Notes who wants a run now.
pub(in crate::control) async fn request(tx: &mut dyn SqlTx, job: i64, actor: &str) -> Result<()> {
    let sql = format!(
        "UPDATE {jobs} SET requested_by = $2 WHERE id = $1",
        jobs = tx.dialect().table("jobs"),
    );
    tx.execute(sql, params![job, actor]).await.map(drop)
}

/// Whether there is such a job.
pub(in crate::control) async fn exists(tx: &mut dyn SqlTx, job: i64) -> Result<bool> {
    let sql = format!(
        "SELECT id FROM {jobs} WHERE id = $1",
        jobs = tx.dialect().table("jobs"),
    );
    let rows = tx.fetch(sql, params![job]).await?;
    Ok(first_int(&rows, "id")?.is_some())
}

const RUN: &str = "r.id AS run, r.cause, r.due_at, r.started_at, r.finished_at, r.duration_ms, r.attempts, r.outcome, \
                   r.error, r.instance";

/// Jobs, in the order of their numbers, each with its last run.
pub(in crate::control) async fn list(
    tx: &mut dyn SqlTx,
    after: i64,
    limit: i64,
) -> Result<Vec<JobRecord>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT j.id, j.service, j.environment, j.name, j.schedule, j.next_at, j.retry_at, j.requested_by, \
           j.lease_until, j.succeeded, j.failed, o.started_at AS running_since, {RUN} \
         FROM {jobs} AS j \
         LEFT JOIN {runs} AS o ON o.id = j.run_id AND j.lease_until IS NOT NULL \
         LEFT JOIN {runs} AS r ON r.id = \
           (SELECT max(l.id) FROM {runs} AS l WHERE l.job_id = j.id AND l.outcome IS NOT NULL) \
         WHERE j.id > $1 ORDER BY j.id LIMIT $2",
        jobs = d.table("jobs"),
        runs = d.table("job_runs"),
    );
    let rows = tx.fetch(sql, params![after, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(JobRecord {
                id: row.int("id")?,
                name: name_of(row)?,
                schedule: row.optional_text("schedule")?,
                next_at: row.optional_int("next_at")?,
                retry_at: row.optional_int("retry_at")?,
                requested_by: row.optional_text("requested_by")?,
                running_since: row.optional_int("running_since")?,
                succeeded: unsigned(row.int("succeeded")?),
                failed: unsigned(row.int("failed")?),
                last: match row.optional_int("run")? {
                    Some(_) => Some(run_of(row)?),
                    None => None,
                },
            })
        })
        .collect()
}

/// Runs of a job, the latest first.
pub(in crate::control) async fn list_runs(
    tx: &mut dyn SqlTx,
    job: i64,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<JobRun>> {
    let sql = format!(
        "SELECT {RUN} FROM {runs} AS r WHERE r.job_id = $1 AND ($2 IS NULL OR r.id < $2) \
         ORDER BY r.id DESC LIMIT $3",
        runs = tx.dialect().table("job_runs"),
    );
    let rows = tx.fetch(sql, params![job, before, limit]).await?;
    rows.iter().map(run_of).collect()
}

fn name_of(row: &FetchedRow) -> Result<JobName> {
    Ok(JobName {
        service: row.text("service")?,
        environment: row.text("environment")?,
        name: row.text("name")?,
    })
}

fn cause_of(row: &FetchedRow) -> Result<JobCause> {
    let cause = row.text("cause")?;
    JobCause::from_name(&cause).ok_or_else(|| unknown("cause of a run", &cause))
}

fn run_of(row: &FetchedRow) -> Result<JobRun> {
    let outcome = match row.optional_text("outcome")? {
        Some(name) => {
            let known = JobOutcome::from_name(&name);
            Some(known.ok_or_else(|| unknown("outcome of a run", &name))?)
        }
        None => None,
    };
    Ok(JobRun {
        id: row.int("run")?,
        cause: cause_of(row)?,
        due_at: row.optional_int("due_at")?,
        started_at: row.int("started_at")?,
        finished_at: row.optional_int("finished_at")?,
        duration_ms: row.optional_int("duration_ms")?,
        attempts: row.int("attempts")?,
        outcome,
        error: row.optional_text("error")?,
        instance: row.uuid("instance")?,
    })
}
