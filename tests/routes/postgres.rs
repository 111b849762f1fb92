//! Several instances on one Postgres database, and queries that nobody waits for.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::time::{Clock as _, ManualClock};
use api_metrics_tests::{PgDatabase, eventually, eventually_within};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::{
    events::Events,
    host::{NOW, TOKEN, problem},
    process::Process,
};

#[tokio::test]
async fn two_instances_answer_the_same_once_both_have_flushed() {
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let first = Process::start(&database.url(), &clock).await;
    let second = Process::start(&database.url(), &clock).await;
    first.record("/a", None, 30);
    second.record("/b", None, 12);
    // What is in the other's memory is not seen; what is in its own is.
    assert_eq!(
        first.json("/api-metrics/summary").await["totalRequests"],
        30
    );
    assert_eq!(
        second.json("/api-metrics/summary").await["totalRequests"],
        12
    );
    first.flush().await;
    second.flush().await;
    for path in [
        "/api-metrics/summary?period=1h",
        "/api-metrics/endpoints?period=1h",
        "/api-metrics?period=1h&groupBy=endpoint",
        "/api-metrics/keys?period=1h",
        "/api-metrics/heatmap?period=24h",
        "/api-metrics/daily?period=7d",
        "/api-metrics/realtime?service=shop",
        "/api-metrics/export?format=json&period=1h",
        "/api-metrics/rate-limits",
        "/api-metrics/quotas",
        "/api-metrics/limits",
        "/api-metrics/billing",
    ] {
        let (one, other) = (first.json(path).await, second.json(path).await);
        assert_eq!(one, other, "{path}");
    }
    let summary = first.json("/api-metrics/summary?period=1h").await;
    assert_eq!(summary["totalRequests"], 42);
    assert_eq!(summary["topEndpoints"][0]["endpoint"], "/a");
    let status = second.json("/api-status").await;
    assert_eq!(status["store"]["backend"], "postgres");
    assert_eq!(status["instances"].as_array().unwrap().len(), 2);
}

/// A client watches each of two instances while both record and flush; the clock moves only after that, so
/// that a moment has one truth.
#[tokio::test]
async fn streams_of_two_instances_show_the_same_numbers_for_the_same_moment() {
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let first = Process::start(&database.url(), &clock).await;
    let second = Process::start(&database.url(), &clock).await;
    let watch = async |process: &Process, path: &str| {
        let url = format!("{}{path}", process.origin);
        let request = process.client.get(url).bearer_auth(TOKEN);
        Events::of(request.send().await.unwrap())
    };
    for path in [
        "/admin/api-metrics/stream",
        "/api/v2/console/metrics/stream",
    ] {
        let mut streams = [watch(&first, path).await, watch(&second, path).await];
        for step in 1..=5 {
            first.record("/a", Some("alpha"), step);
            second.record("/b", None, 2 * step);
            first.flush().await;
            second.flush().await;
            clock.advance(Duration::from_secs(1));
            let moment = (clock.unix_seconds() * 1_000_000).to_string();
            let [one, other] = &mut streams;
            let (one, other) = (one.at(&moment).await, other.at(&moment).await);
            assert_eq!(one, other, "{path}");
            assert!(one["totalRequests"].as_u64().unwrap() >= 3 * step);
        }
    }
    let all = first.json("/api-metrics/summary?period=1h").await;
    assert_eq!(all["totalRequests"], 90);
}

/// Queries that stand at a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND state = 'active' AND wait_event_type = 'Lock'";

/// A table that no query gets at while this lives: every query stands there until it is stopped.
struct Locked {
    holder: PgConnection,
    watcher: PgPool,
}

impl Locked {
    async fn series(database: &PgDatabase) -> Self {
        let mut holder = PgConnection::connect_with(&database.options())
            .await
            .unwrap();
        sqlx::raw_sql("BEGIN; LOCK TABLE api_metrics.series IN ACCESS EXCLUSIVE MODE")
            .execute(&mut holder)
            .await
            .unwrap();
        let watcher = PgPool::connect_with(database.options()).await.unwrap();
        Self { holder, watcher }
    }

    async fn waiting(&self) -> i64 {
        let query = sqlx::query_scalar(WAITING);
        query.fetch_one(&self.watcher).await.unwrap()
    }

    /// Sooner than the five seconds that a query may wait for a lock: nothing but a cancel ends it then.
    async fn nobody_waits(&self) {
        eventually_within(Duration::from_secs(4), "the query's end", async || {
            (self.waiting().await == 0).then_some(())
        })
        .await;
    }

    async fn release(mut self) {
        let released = sqlx::raw_sql("ROLLBACK").execute(&mut self.holder).await;
        released.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_leaves_stops_its_query() {
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let process = Process::start(&database.url(), &clock).await;
    process.record("/a", None, 3);
    process.flush().await;
    for path in [
        "/api-metrics/export?period=1h",
        "/api-metrics/endpoints?period=1h",
    ] {
        let locked = Locked::series(&database).await;
        let client = tokio::spawn(process.get(path).send());
        eventually("the query at the lock", async || {
            (locked.waiting().await > 0).then_some(())
        })
        .await;
        client.abort();
        locked.nobody_waits().await;
        locked.release().await;
    }
    let summary = process.json("/api-metrics/summary?period=1h").await;
    assert_eq!(
        summary["totalRequests"], 3,
        "the pool's connections are whole"
    );
}

/// What this thread logs.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up_stopped_counted_and_logged() {
    let log = Log::default();
    let writer = log.clone();
    // The runtime of this test has one thread, so that the server's tasks log here too.
    let _logging = tracing::subscriber::set_default(
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish(),
    );
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let patience = Duration::from_secs(1);
    let process = Process::start_with(
        &database.url(),
        &clock,
        |builder| builder.query_timeout(patience).slow_query(patience),
        |router| router,
    )
    .await;
    process.record("/a", None, 3);
    process.flush().await;
    let locked = Locked::series(&database).await;
    let refused = process
        .answer("/api-metrics/endpoints?service=shop&period=1h")
        .await;
    let refused = problem(refused, 504).await;
    assert_eq!(refused["type"], "urn:api-metrics:timed-out");
    assert_eq!(refused["detail"], "no answer within 1 s; ask for less");
    locked.nobody_waits().await;
    locked.release().await;
    let slow: Vec<String> = log
        .text()
        .lines()
        .filter(|line| line.contains("a query of the metrics store was slow"))
        .map(str::to_owned)
        .collect();
    assert!(!slow.is_empty(), "{}", log.text());
    // It says what was asked, so that somebody can ask it again.
    assert!(
        slow.iter()
            .any(|line| line.contains("WARN") && line.contains("service: Some(\"shop\")")),
        "{slow:?}"
    );
    let text = process.answer("/metrics").await.text().await.unwrap();
    let failures = text
        .lines()
        .find_map(|line| line.strip_prefix("api_metrics_query_failures_total "))
        .unwrap();
    assert!(failures.parse::<f64>().unwrap() >= 1.0);
    assert_eq!(
        process.json("/api-metrics/summary?period=1h").await["totalRequests"],
        3
    );
}
