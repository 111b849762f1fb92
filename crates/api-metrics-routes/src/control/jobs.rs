//! `/api-jobs`: work in the background, the host's and this crate's own.
//!
//! For admins alone: jobs are no tenant's. A job is run by its own service, whichever instance claims it first; here a run is only
//! asked for, and the note of that is in the audit trail.

use std::time::SystemTime;

use api_metrics_store::control::jobs::{JobRecord, JobRun};
use axum::{Json, extract::State};
use chrono::{DateTime, SubsecRound, Utc};
use http::StatusCode;
use serde::Serialize;

use crate::{
    auth::Caller,
    read::TaskHealth,
    request::{Id, NO_RANGE, Page, Validated, nothing, query_params},
    response::{Problem, time},
    router::App,
};

/// One run of a job.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = JobRun))]
pub(crate) struct JobRunView {
    /// Its number; later runs of a job have greater ones.
    id: i64,
    /// Why it ran: `schedule`, `manual`, or `code`, where the host's code ran it.
    cause: &'static str,
    /// Which due time it is of, where it was scheduled.
    due_at: Option<DateTime<Utc>>,
    /// When its first attempt began.
    started_at: DateTime<Utc>,
    /// When it ended; null while it is open.
    finished_at: Option<DateTime<Utc>>,
    /// How long its last attempt took, in milliseconds.
    duration_ms: Option<i64>,
    /// How often it was tried.
    attempts: i64,
    /// `success`, `error`, `timeout` or `cancelled`; null while it is open.
    outcome: Option<&'static str>,
    /// What went wrong last; at most 1,000 characters.
    error: Option<String>,
    /// The instance that ran its last attempt.
    instance: uuid::Uuid,
}

impl From<JobRun> for JobRunView {
    fn from(run: JobRun) -> Self {
        Self {
            id: run.id,
            cause: run.cause.into(),
            due_at: run.due_at.map(time),
            started_at: time(run.started_at),
            finished_at: run.finished_at.map(time),
            duration_ms: run.duration_ms,
            attempts: run.attempts,
            outcome: run.outcome.map(Into::into),
            error: run.error,
            instance: run.instance,
        }
    }
}

/// A job of a service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Job))]
pub(crate) struct JobView {
    /// Its number.
    id: i64,
    /// The service that runs it.
    service: String,
    /// Its environment.
    environment: String,
    /// Its name.
    name: String,
    /// When it runs, in words or as a cron line; null where only the host's code runs it.
    schedule: Option<String>,
    /// When it is due next; null where only the host's code runs it.
    next_at: Option<DateTime<Utc>>,
    /// Since when it runs; null while it does not.
    running_since: Option<DateTime<Utc>>,
    /// When a run that has failed is tried again; null where none waits for that.
    retry_at: Option<DateTime<Utc>>,
    /// Who has asked for a run that has not begun.
    requested_by: Option<String>,
    /// Runs that were a success, ever.
    success_count: u64,
    /// Runs that were none, ever.
    failure_count: u64,
    /// The last run that has ended.
    last_run: Option<JobRunView>,
}

impl From<JobRecord> for JobView {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id,
            service: job.name.service,
            environment: job.name.environment,
            name: job.name.name,
            schedule: job.schedule,
            next_at: job.next_at.map(time),
            running_since: job.running_since.map(time),
            retry_at: job.retry_at.map(time),
            requested_by: job.requested_by,
            success_count: job.succeeded,
            failure_count: job.failed,
            last_run: job.last.map(JobRunView::from),
        }
    }
}

/// A background task of this crate, in the instance that answers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = BackgroundTask))]
pub(crate) struct BackgroundTaskView {
    /// What it does: `flush`, `fold`, `rollup`, `retention`, `alerts`, `notices`, `jobs` and so on.
    name: &'static str,
    /// Whether it runs in this instance.
    running: bool,
    /// When it last did its work; null before the first time.
    last_success_at: Option<DateTime<Utc>>,
    /// How long its last run took, in milliseconds.
    last_duration_ms: Option<f64>,
    /// Runs that have failed since this instance began.
    failure_count: u64,
    /// When it runs next; null where nothing is planned, because it runs now or is left to others.
    next_at: Option<DateTime<Utc>>,
    /// What went wrong last, until it succeeds again.
    last_error: Option<String>,
}

impl From<TaskHealth> for BackgroundTaskView {
    fn from(task: TaskHealth) -> Self {
        Self {
            name: task.name,
            running: task.running,
            last_success_at: task.last_success_at.map(millis),
            last_duration_ms: task
                .last_duration
                .map(|took| (took.as_secs_f64() * 1e6).round() / 1e3),
            failure_count: task.failures,
            next_at: task.next_at.map(millis),
            last_error: task.last_error,
        }
    }
}

/// To the millisecond.
fn millis(at: SystemTime) -> DateTime<Utc> {
    DateTime::<Utc>::from(at).trunc_subsecs(3)
}

/// A page of jobs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    /// The jobs, in the order in which they became known.
    data: Vec<JobView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The background tasks of the instance that answers; null where it has none.
    tasks: Option<Vec<BackgroundTaskView>>,
}

query_params! {
    /// The parameters of [`list`].
    pub(super) struct JobParams of "jobs" {
        page: Page<i64>,
    }
}

query_params! {
    /// The parameters of [`runs`].
    pub(super) struct JobRunParams of "job runs" {
        page: Page<i64>,
    }
}

/// Work in the background
///
/// For admins. Jobs of all services that share this database, and the background tasks of the instance that answers.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-jobs",
    operation_id = "list_jobs",
    tag = "jobs",
    params(Validated<JobParams>),
    responses((status = 200, description = "The jobs", body = JobPage,
        example = json!(crate::control::examples::jobs()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Validated { params, .. }: Validated<JobParams>,
) -> Result<Json<JobPage>, Problem> {
    let page = params.page;
    let limit = page.limit;
    let control = app.client.control()?;
    let after = page.after().copied().unwrap_or(0);
    let jobs = control.jobs(after, limit.and_one());
    let mut jobs = app.client.bounded("jobs", jobs).await?;
    let more = jobs.len() > limit.rows();
    jobs.truncate(limit.rows());
    let last = jobs.last().filter(|_| more).map(|job| job.id);
    let health = app.health.as_ref().map(|source| source.health());
    Ok(Json(JobPage {
        data: jobs.into_iter().map(JobView::from).collect(),
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
        tasks: health.map(|health| health.tasks.into_iter().map(Into::into).collect()),
    }))
}

/// A page of a job's runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobRunPage {
    /// The runs, the latest first.
    data: Vec<JobRunView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// The last runs of a job
///
/// For admins. Kept are the last 100 that were a success and the last 500 that were none.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-jobs/{id}/runs",
    operation_id = "list_job_runs",
    tag = "jobs",
    params(("id" = i64, Path, description = "The job's number"), Validated<JobRunParams>),
    responses(
        (status = 200, description = "The runs, the latest first", body = JobRunPage,
            example = json!(crate::control::examples::job_runs())),
        (status = 404, description = "There is no such job", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn runs(
    State(app): State<App>,
    Id(id): Id,
    Validated { params, .. }: Validated<JobRunParams>,
) -> Result<Json<JobRunPage>, Problem> {
    let page = params.page;
    let limit = page.limit;
    let control = app.client.control()?;
    let runs = control.job_runs(id, page.after().copied(), limit.and_one());
    let mut runs = app
        .client
        .bounded("job runs", runs)
        .await?
        .ok_or_else(nothing)?;
    let more = runs.len() > limit.rows();
    runs.truncate(limit.rows());
    let last = runs.last().filter(|_| more).map(|run| run.id);
    Ok(Json(JobRunPage {
        data: runs.into_iter().map(JobRunView::from).collect(),
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
    }))
}

/// Runs a job now
///
/// For admins. The instance that takes it first runs it, within a few seconds; one run, however often it is asked for until then.
/// It is noted in the audit trail.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-jobs/{id}/run",
    operation_id = "run_job",
    tag = "jobs",
    params(("id" = i64, Path, description = "The job's number")),
    responses(
        (status = 202, description = "It runs as soon as an instance takes it"),
        (status = 404, description = "There is no such job", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It has no schedule: only the host's code runs it", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn run(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
) -> Result<StatusCode, Problem> {
    let control = app.client.control()?;
    let asked = control.request_job(id, Some(caller.principal.subject()));
    if app.client.bounded("run a job", asked).await? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(nothing())
    }
}
