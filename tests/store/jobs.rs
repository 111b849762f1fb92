//! Jobs and their runs, on both stores.

use std::time::Duration;

use api_metrics_store::control::{
    audit::AuditQuery,
    jobs::{JobCause, JobFinished, JobName, JobOutcome, JobResult},
};
use api_metrics_store::store::StoreError;
use uuid::Uuid;

use crate::harness::{Database, Harness, NOON};

macro_rules! on_all_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod postgres_as_service {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres_as_service().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

on_all_databases! {
    a_due_time_is_claimed_once_and_while_it_runs_no_other
    a_run_that_fails_is_tried_again_after_2_4_and_8_seconds
    a_run_whose_instance_is_gone_is_taken_over_and_can_not_end_twice
    the_last_100_successes_and_500_failures_are_kept
    a_run_that_somebody_asks_for_is_in_the_audit_trail
    a_run_that_is_given_back_goes_on_at_once_elsewhere
    a_due_time_is_left_to_those_with_its_schedule_for_five_minutes
    names_of_jobs_are_bounded_and_without_control_characters
}

const LEASE: u32 = 30;
const EVERY: &str = "every 60s";

fn name() -> JobName {
    JobName::new("shop", "default", "nightly-report")
}

/// Every minute.
fn next(after: i64) -> Option<i64> {
    Some((after / 60 + 1) * 60)
}

fn ended(outcome: JobOutcome) -> JobResult {
    let error = (outcome == JobOutcome::Error).then(|| "no printer".into());
    JobResult::new(outcome, error, 1_500)
}

async fn note(h: &Harness, name: &JobName, at: i64, outcome: JobOutcome) {
    let ended = ended(outcome);
    let noted = h.store.note_job_run(name, Uuid::new_v4(), at, &ended);
    noted.await.unwrap();
}

async fn a_due_time_is_claimed_once_and_while_it_runs_no_other(database: Database) {
    let h = Harness::on(database).await;
    let id = h.store.register_job(&name(), EVERY, &next).await;
    let id = id.unwrap();
    assert!(h.store.due_jobs(&[id]).await.unwrap().is_empty());
    let claim = async || {
        let instance = Uuid::new_v4();
        let claimed = h.store.claim_job(id, EVERY, instance, LEASE, &next).await;
        claimed.unwrap()
    };
    assert_eq!(claim().await, None, "nothing is due");
    h.clock.advance(Duration::from_secs(61));
    assert_eq!(h.store.due_jobs(&[id]).await.unwrap(), [id]);
    let claims = futures_util::future::join_all((0..8).map(|_| claim())).await;
    let mut claims: Vec<_> = claims.into_iter().flatten().collect();
    let run = claims.pop().unwrap();
    assert!(claims.is_empty(), "{claims:?}");
    assert_eq!((run.attempt, run.due_at), (1, Some(NOON + 60)));
    // It is due again, and runs still.
    h.clock.advance(Duration::from_secs(20));
    assert!(h.store.renew_job(&run, LEASE * 4).await.unwrap());
    h.clock.advance(Duration::from_secs(60));
    assert_eq!(claim().await, None);
    let done = ended(JobOutcome::Success);
    let finished = h.store.finish_job(&run, &done).await.unwrap();
    assert_eq!(finished, JobFinished::Done);
    let again = claim().await.unwrap();
    assert_eq!(again.due_at, Some(NOON + 120));
    let job = h.store.jobs(0, 10).await.unwrap().pop().unwrap();
    assert_eq!((job.succeeded, job.failed), (1, 0));
    assert_eq!(job.running_since, Some(NOON + 141));
    assert_eq!(job.last.unwrap().duration_ms, Some(1_500));
}

async fn a_run_that_fails_is_tried_again_after_2_4_and_8_seconds(database: Database) {
    let h = Harness::on(database).await;
    let id = h.store.register_job(&name(), EVERY, &next).await;
    let id = id.unwrap();
    h.clock.advance(Duration::from_secs(60));
    let failed = ended(JobOutcome::Error);
    let claim = async || {
        let claimed = h
            .store
            .claim_job(id, EVERY, Uuid::new_v4(), LEASE, &next)
            .await;
        claimed.unwrap()
    };
    let mut run = claim().await.unwrap();
    for (attempt, pause) in [(1, 2), (2, 4), (3, 8)] {
        assert_eq!(run.attempt, attempt);
        let finished = h.store.finish_job(&run, &failed).await.unwrap();
        assert_eq!(finished, JobFinished::Retry(pause));
        let pause = pause.unsigned_abs();
        h.clock.advance(Duration::from_secs(pause - 1));
        assert_eq!(claim().await, None, "it waits");
        h.clock.advance(Duration::from_secs(1));
        let next = claim().await.unwrap();
        assert_eq!(next.run, run.run, "it is the same run");
        run = next;
    }
    assert_eq!(run.attempt, 4);
    let finished = h.store.finish_job(&run, &failed).await.unwrap();
    assert_eq!(finished, JobFinished::Done);
    let runs = h.store.job_runs(id, None, 10).await.unwrap().unwrap();
    let [only] = &*runs else { panic!("{runs:?}") };
    assert_eq!(
        (only.attempts, only.outcome, only.error.as_deref()),
        (4, Some(JobOutcome::Error), Some("no printer"))
    );
    assert_eq!(h.store.job_runs(id + 1, None, 10).await.unwrap(), None);
}

async fn a_run_whose_instance_is_gone_is_taken_over_and_can_not_end_twice(database: Database) {
    let h = Harness::on(database).await;
    let id = h.store.register_job(&name(), EVERY, &next).await;
    let id = id.unwrap();
    h.clock.advance(Duration::from_secs(60));
    let [first, second] = [Uuid::new_v4(), Uuid::new_v4()];
    let lost = h
        .store
        .claim_job(id, EVERY, first, LEASE, &next)
        .await
        .unwrap();
    let lost = lost.unwrap();
    h.clock.advance(Duration::from_secs(u64::from(LEASE)));
    let taken = h
        .store
        .claim_job(id, EVERY, second, LEASE, &next)
        .await
        .unwrap();
    let taken = taken.unwrap();
    assert_eq!((taken.run, taken.attempt), (lost.run, 2));
    let done = ended(JobOutcome::Success);
    assert!(!h.store.renew_job(&lost, LEASE).await.unwrap());
    let late = h.store.finish_job(&lost, &done).await.unwrap();
    assert_eq!(late, JobFinished::Lost);
    let finished = h.store.finish_job(&taken, &done).await.unwrap();
    assert_eq!(finished, JobFinished::Done);
    let again = h.store.finish_job(&taken, &done).await.unwrap();
    assert_eq!(again, JobFinished::Lost);
    let runs = h.store.job_runs(id, None, 10).await.unwrap().unwrap();
    assert_eq!((runs.len(), runs[0].instance), (1, second));
}

async fn the_last_100_successes_and_500_failures_are_kept(database: Database) {
    let h = Harness::on(database).await;
    for n in 0..604 {
        let outcome = match n % 6 {
            0 => JobOutcome::Success,
            _ => JobOutcome::Cancelled,
        };
        note(&h, &name(), NOON + n, outcome).await;
    }
    for n in 604..610 {
        note(&h, &name(), NOON + n, JobOutcome::Success).await;
    }
    let job = h.store.jobs(0, 10).await.unwrap().pop().unwrap();
    assert_eq!((job.succeeded, job.failed), (107, 503));
    let runs = h.store.job_runs(job.id, None, 1_000).await.unwrap();
    let runs = runs.unwrap();
    let good = runs
        .iter()
        .filter(|run| run.outcome == Some(JobOutcome::Success));
    assert_eq!((good.count(), runs.len()), (100, 600));
    assert!(runs.is_sorted_by(|a, b| a.id > b.id));
}

async fn a_run_that_somebody_asks_for_is_in_the_audit_trail(database: Database) {
    let h = Harness::on(database).await;
    let id = h.store.register_job(&name(), EVERY, &next).await;
    let id = id.unwrap();
    assert!(!h.store.request_job(id + 1, Some("ada")).await.unwrap());
    assert!(h.store.request_job(id, Some("ada")).await.unwrap());
    assert!(h.store.request_job(id, Some("bob")).await.unwrap());
    let claimed = h
        .store
        .claim_job(id, EVERY, Uuid::new_v4(), LEASE, &next)
        .await;
    let claimed = claimed.unwrap().unwrap();
    assert_eq!((claimed.cause, claimed.due_at), (JobCause::Manual, None));
    let trail = h.store.audit_trail(&AuditQuery::default()).await.unwrap();
    let noted: Vec<_> = trail
        .iter()
        .map(|it| (&*it.actor, &*it.action, &*it.subject))
        .collect();
    let subject = format!("job {id} nightly-report of shop");
    assert_eq!(noted, [("ada", "run job", &*subject)]);
    let mut by_code = name();
    by_code.name = "by-code".into();
    note(&h, &by_code, NOON, JobOutcome::Success).await;
    h.store.request_job(id + 1, None).await.unwrap_err();
}

async fn a_run_that_is_given_back_goes_on_at_once_elsewhere(database: Database) {
    let h = Harness::on(database).await;
    let id = h.store.register_job(&name(), EVERY, &next).await.unwrap();
    let claim = async || {
        let claimed = h.store.claim_job(id, EVERY, Uuid::new_v4(), LEASE, &next);
        claimed.await.unwrap()
    };
    h.store.request_job(id, None).await.unwrap();
    let manual = claim().await.unwrap();
    assert!(h.store.give_back_job(&manual).await.unwrap());
    assert!(!h.store.give_back_job(&manual).await.unwrap());
    assert_eq!(h.store.due_jobs(&[id]).await.unwrap(), [id]);
    let again = claim().await.unwrap();
    assert_eq!((again.run, again.attempt), (manual.run, 2));
    assert_eq!(again.cause, JobCause::Manual);
    assert!(
        !h.store.give_back_job(&manual).await.unwrap(),
        "it is not its"
    );
    let done = ended(JobOutcome::Success);
    let finished = h.store.finish_job(&again, &done).await.unwrap();
    assert_eq!(finished, JobFinished::Done);
}

async fn a_due_time_is_left_to_those_with_its_schedule_for_five_minutes(database: Database) {
    let h = Harness::on(database).await;
    let id = h.store.register_job(&name(), EVERY, &next).await.unwrap();
    let other = |after: i64| Some((after / 3_600 + 1) * 3_600);
    let same = h.store.register_job(&name(), "every 1 h", &other).await;
    assert_eq!(same.unwrap(), id);
    let claim = async || {
        let claimed = h.store.claim_job(id, EVERY, Uuid::new_v4(), LEASE, &next);
        claimed.await.unwrap()
    };
    h.clock.advance(Duration::from_secs(3_600));
    assert_eq!(claim().await, None);
    h.clock.advance(Duration::from_secs(300));
    let due = claim().await.unwrap().due_at;
    assert_eq!(due, Some(NOON + 3_600));
    let job = h.store.jobs(0, 10).await.unwrap().pop().unwrap();
    assert_eq!(job.schedule.as_deref(), Some(EVERY));
    assert_eq!(job.next_at, Some(NOON + 3_960));
}

async fn names_of_jobs_are_bounded_and_without_control_characters(database: Database) {
    let h = Harness::on(database).await;
    let kept = 1_000;
    for n in 0..kept + 2 {
        let import = JobName::new("shop", "default", format!("import-{n}"));
        note(&h, &import, NOON, JobOutcome::Success).await;
    }
    let first = JobName::new("shop", "default", "import-0");
    note(&h, &first, NOON, JobOutcome::Success).await;
    note(
        &h,
        &JobName::new("pay", "default", "x"),
        NOON,
        JobOutcome::Success,
    )
    .await;
    let jobs = h.store.jobs(0, 2_000).await.unwrap();
    assert_eq!(jobs.len(), kept + 2);
    let other = jobs.iter().find(|job| job.name.name == "<other>").unwrap();
    assert_eq!((jobs[0].succeeded, other.succeeded), (2, 2));
    let wrong = JobName::new("shop", "default", "a\0b");
    let result = ended(JobOutcome::Success);
    let noted = h.store.note_job_run(&wrong, Uuid::new_v4(), NOON, &result);
    assert!(matches!(noted.await, Err(StoreError::Invalid { .. })));
}
