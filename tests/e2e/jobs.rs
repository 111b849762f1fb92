//! Jobs: their outcomes, and that each due time is run once by one of several instances.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use api_metrics::{
    ApiMetrics, Maintenance,
    store::{
        control::{
            ControlStore,
            jobs::{JobOutcome, JobRun},
        },
        query::{Detail, Query, TimeRange},
        time::{Clock, ManualClock},
    },
};
use api_metrics_tests::{PgDatabase, SqliteFile, eventually};
use futures_util::future::join_all;

const NOON: i64 = 1_778_500_800;

fn every_minute() -> Duration {
    Duration::from_secs(60)
}

/// An instance whose work is done only when it is told to.
async fn instance(url: &str, clock: &Arc<ManualClock>) -> ApiMetrics {
    let builder = ApiMetrics::builder()
        .database(url)
        .service("shop")
        .clock(Arc::clone(clock) as Arc<dyn Clock>)
        .maintenance(Maintenance::Manual);
    let metrics = builder.start().await.unwrap();
    eventually("tables", async || metrics.flush().await.ok()).await;
    metrics
}

async fn runs(store: &dyn ControlStore, name: &str) -> Vec<JobRun> {
    let jobs = store.jobs(0, 100).await.unwrap();
    let job = jobs.iter().find(|job| job.name.name == name).unwrap();
    store.job_runs(job.id, None, 1_000).await.unwrap().unwrap()
}

/// Waits until nothing of a job is open.
async fn ended(store: &dyn ControlStore, name: &str) -> Vec<JobRun> {
    eventually("the end of all runs", async || {
        let runs = runs(store, name).await;
        let open = runs.iter().any(|run| run.finished_at.is_none());
        (!open).then_some(runs)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_due_time_is_run_once_by_one_of_several_instances() {
    const MINUTES: usize = 10;
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOON));
    let done: Arc<AtomicU32> = Arc::default();
    let mut instances = Vec::new();
    for _ in 0..3 {
        let metrics = instance(&database.url(), &clock).await;
        let done = Arc::clone(&done);
        metrics.job("tidy").every(every_minute()).run(move || {
            let done = Arc::clone(&done);
            async move {
                done.fetch_add(1, Ordering::SeqCst);
            }
        });
        instances.push(metrics);
    }
    let tend = async || {
        let tended = join_all(instances.iter().map(ApiMetrics::maintain)).await;
        tended.into_iter().map(|it| it.unwrap().jobs).sum::<u64>()
    };
    assert_eq!(tend().await, 0, "nothing is due yet");
    let store = instances[0].control().unwrap();
    for minute in 1..=MINUTES {
        clock.advance(every_minute());
        assert_eq!(tend().await, 1, "minute {minute}");
        ended(&*store, "tidy").await;
        assert_eq!(tend().await, 0, "minute {minute}");
    }
    let runs = ended(&*store, "tidy").await;
    let mut due: Vec<_> = runs.iter().filter_map(|run| run.due_at).collect();
    due.sort_unstable();
    let expected: Vec<_> = (1..=MINUTES as i64).map(|n| NOON + n * 60).collect();
    assert_eq!(due, expected);
    assert_eq!(done.load(Ordering::SeqCst) as usize, MINUTES);
    for metrics in instances {
        metrics.shutdown().await.unwrap();
    }
}

#[test]
fn after_an_instance_has_died_in_the_middle_of_a_run_another_one_goes_on() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let database = runtime.block_on(PgDatabase::create());
    let url = database.url();
    // It begins its run, and then nothing of it is left.
    let dying = tokio::runtime::Runtime::new().unwrap();
    let lost = dying.block_on(async {
        let metrics = instance(&url, &clock).await;
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        metrics.job("tidy").every(every_minute()).run(move || {
            begun.send(()).unwrap();
            std::future::pending::<()>()
        });
        metrics.maintain().await.unwrap();
        clock.advance(every_minute());
        assert_eq!(metrics.maintain().await.unwrap().jobs, 1);
        begins.recv().await.unwrap();
        let id = metrics.writer().unwrap().instance.id;
        std::mem::forget(metrics);
        id
    });
    dying.shutdown_background();
    runtime.block_on(async {
        let metrics = instance(&url, &clock).await;
        let done: Arc<AtomicU32> = Arc::default();
        let counted = Arc::clone(&done);
        metrics.job("tidy").every(every_minute()).run(move || {
            let done = Arc::clone(&counted);
            async move {
                done.fetch_add(1, Ordering::SeqCst);
            }
        });
        let store = metrics.control().unwrap();
        assert_eq!(metrics.maintain().await.unwrap().jobs, 0, "it may be alive");
        clock.advance(Duration::from_secs(30));
        assert_eq!(
            metrics.maintain().await.unwrap().jobs,
            1,
            "its lease is over"
        );
        let [taken] = &*ended(&*store, "tidy").await else {
            panic!("one run")
        };
        assert_eq!((taken.attempts, taken.due_at), (2, Some(NOON + 60)));
        assert_eq!(taken.outcome, Some(JobOutcome::Success));
        assert_ne!(taken.instance, lost);
        // And the next due times are run as ever.
        for minute in 2..5 {
            clock.advance(every_minute());
            assert_eq!(metrics.maintain().await.unwrap().jobs, 1, "{minute}");
            ended(&*store, "tidy").await;
        }
        let due: Vec<_> = ended(&*store, "tidy").await;
        let due: Vec<_> = due.iter().filter_map(|run| run.due_at).collect();
        assert_eq!(due, [NOON + 240, NOON + 180, NOON + 120, NOON + 60]);
        assert_eq!(done.load(Ordering::SeqCst), 4);
        metrics.shutdown().await.unwrap();
    });
}

#[tokio::test]
async fn a_scheduled_job_that_fails_is_tried_again_and_says_why() {
    let file = SqliteFile::create();
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = instance(&file.url(), &clock).await;
    let tried: Arc<Mutex<u32>> = Arc::default();
    let trying = Arc::clone(&tried);
    metrics.job("report").every(every_minute()).run(move || {
        let mut tried = trying.lock().unwrap();
        *tried += 1;
        let tried = *tried;
        async move {
            match tried {
                1 => Err("no printer"),
                2 => panic!("no paper"),
                _ => Ok(()),
            }
        }
    });
    metrics
        .job("slow")
        .every(every_minute())
        .timeout(Duration::ZERO)
        .run(std::future::pending::<()>);
    let store = metrics.control().unwrap();
    metrics.maintain().await.unwrap();
    clock.advance(every_minute());
    assert_eq!(metrics.maintain().await.unwrap().jobs, 2);
    let waits = async |name: &'static str| {
        eventually("a failed attempt", async || {
            let jobs = store.jobs(0, 10).await.unwrap();
            let mut jobs = jobs.into_iter();
            jobs.find(|job| job.name.name == name && job.retry_at.is_some())
        })
        .await
    };
    let job = waits("report").await;
    assert_eq!(job.retry_at, Some(NOON + 62));
    waits("slow").await;
    let error = runs(&*store, "report").await.pop().unwrap().error;
    assert_eq!(error.as_deref(), Some("no printer"));
    for pause in [2, 4] {
        clock.advance(Duration::from_secs(pause));
        metrics.maintain().await.unwrap();
        if pause == 2 {
            waits("report").await;
            waits("slow").await;
            let error = runs(&*store, "report").await.pop().unwrap().error;
            assert_eq!(error.as_deref(), Some("panicked: no paper"));
        }
    }
    let [run] = &*ended(&*store, "report").await else {
        panic!("one run")
    };
    assert_eq!((run.attempts, run.outcome), (3, Some(JobOutcome::Success)));
    waits("slow").await;
    clock.advance(Duration::from_secs(8));
    metrics.maintain().await.unwrap();
    let [slow] = &*ended(&*store, "slow").await else {
        panic!("one run")
    };
    assert_eq!(
        (slow.attempts, slow.outcome),
        (4, Some(JobOutcome::Timeout))
    );
    assert_eq!(slow.error.as_deref(), Some("it took longer than 0ns"));
    metrics.shutdown().await.unwrap();
}

async fn breaks() {
    panic!("no paper");
}

#[tokio::test]
async fn a_job_that_is_run_by_hand_is_recorded_however_it_ends() {
    let file = SqliteFile::create();
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = instance(&file.url(), &clock).await;
    let job = || metrics.job("invoices");
    assert_eq!(job().run(async { Ok::<_, String>(3) }).await, Ok(3));
    let refused = job().run(async { Err::<(), _>("no printer") }).await;
    assert_eq!(refused, Err("no printer"));
    let limit = Duration::ZERO;
    job()
        .run_within(limit, std::future::pending::<()>())
        .await
        .unwrap_err();
    let mut left = Box::pin(job().run(std::future::pending::<()>()));
    assert!(futures_util::poll!(&mut left).is_pending());
    drop(left);
    let panicking = tokio::spawn(job().run(breaks()));
    assert!(panicking.await.unwrap_err().is_panic());
    metrics.flush().await.unwrap();
    metrics.maintain().await.unwrap();
    let store = metrics.control().unwrap();
    let runs: Vec<_> = runs(&*store, "invoices").await;
    let outcomes: Vec<_> = runs
        .iter()
        .rev()
        .map(|run| (run.outcome.unwrap(), run.error.as_deref()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (JobOutcome::Success, None),
            (JobOutcome::Error, Some("no printer")),
            (JobOutcome::Timeout, Some("it took longer than 0ns")),
            (JobOutcome::Cancelled, None),
            (JobOutcome::Error, Some("panicked")),
        ]
    );
    let counted = async |protocol: Option<&str>| {
        let mut query = Query::over(TimeRange::new(NOON - 60, NOON + 60));
        query.detail = Detail::Counts;
        query.filter.protocol = protocol.map(str::to_owned);
        let answer = metrics.store().unwrap().read(&query, None).await.unwrap();
        let mut all = BTreeMap::new();
        for row in &answer.rows {
            for status in [200, 499, 500, 504] {
                all.insert(status, row.bucket.status_counts.get(status));
            }
        }
        all
    };
    let expected = BTreeMap::from([(200, 1), (499, 1), (500, 2), (504, 1)]);
    assert_eq!(counted(Some("job")).await, expected);
    let none = counted(None).await;
    assert!(none.values().all(|&n| n == 0), "{none:?}");
    metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_ended_before_a_shutdown_is_noted_by_it() {
    let file = SqliteFile::create();
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = instance(&file.url(), &clock).await;
    metrics.job("last").run(async {}).await;
    metrics.shutdown().await.unwrap();
    let reader = instance(&file.url(), &clock).await;
    let runs = runs(&*reader.control().unwrap(), "last").await;
    assert_eq!(runs.len(), 1);
    reader.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_a_shutdown_drops_is_gone_on_with_at_once_by_another_instance() {
    let file = SqliteFile::create();
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = instance(&file.url(), &clock).await;
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let daily = Duration::from_secs(86_400);
    metrics.job("tidy").every(daily).run(move || {
        begun.send(()).unwrap();
        std::future::pending::<()>()
    });
    metrics.maintain().await.unwrap();
    clock.advance(daily);
    assert_eq!(metrics.maintain().await.unwrap().jobs, 1);
    begins.recv().await.unwrap();
    metrics.shutdown().await.unwrap();
    let metrics = instance(&file.url(), &clock).await;
    metrics.job("tidy").every(daily).run(async || {});
    assert_eq!(metrics.maintain().await.unwrap().jobs, 1);
    let store = metrics.control().unwrap();
    let [run] = &*ended(&*store, "tidy").await else {
        panic!("one run")
    };
    assert_eq!((run.attempts, run.outcome), (2, Some(JobOutcome::Success)));
    metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_job_whose_name_can_not_be_used_holds_up_no_other() {
    let file = SqliteFile::create();
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = instance(&file.url(), &clock).await;
    for name in ["", "a\0b", "tidy"] {
        metrics.job(name).every(every_minute()).run(async || {});
    }
    metrics.job("a\0b").run(async {}).await;
    metrics.maintain().await.unwrap();
    clock.advance(every_minute());
    assert_eq!(metrics.maintain().await.unwrap().jobs, 1);
    let store = metrics.control().unwrap();
    assert_eq!(ended(&*store, "tidy").await.len(), 1);
    assert_eq!(store.jobs(0, 10).await.unwrap().len(), 1);
    metrics.shutdown().await.unwrap();
}
