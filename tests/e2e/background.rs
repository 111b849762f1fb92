//! Background work that goes wrong in ways that a database can't be made to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use api_metrics::{ApiMetrics, MetricSink, RequestRecord};
use api_metrics_store::{
    query::{Answer, Query},
    recorder::OwnDeltas,
    store::{
        ApiKeyInfo, FlushError, Flushed, Folded, Maintained, SharedSecret, Store, StoreError,
        StoreStatus, Writer,
    },
};
use api_metrics_tests::{PgDatabase, SqliteFile, eventually};
use tower::{Layer, ServiceExt};

use api_metrics_tests::stored;

/// What a flush does instead of flushing.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Panic,
    Hang,
}

/// A real store whose first flushes go wrong.
#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn Store>,
    fault: Fault,
    left: AtomicU32,
}

#[async_trait::async_trait]
impl Store for Faulty {
    async fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare().await
    }

    fn sketch_kind(&self) -> api_metrics_store::sketch::SketchKind {
        self.inner.sketch_kind()
    }

    async fn flush(&self, writer: &Writer) -> Result<Flushed, FlushError> {
        let faulty = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match (faulty, self.fault) {
            (Ok(_), Fault::Panic) => panic!("a bug in the store"),
            (Ok(_), Fault::Hang) => std::future::pending().await,
            (Err(_), _) => self.inner.flush(writer).await,
        }
    }

    async fn fold(&self) -> Result<Folded, StoreError> {
        self.inner.fold().await
    }

    async fn roll_up(&self) -> Result<Maintained, StoreError> {
        self.inner.roll_up().await
    }

    async fn retain(&self) -> Result<Maintained, StoreError> {
        self.inner.retain().await
    }

    async fn read_all(
        &self,
        queries: &[Query],
        own: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Vec<Answer>, StoreError> {
        self.inner.read_all(queries, own).await
    }

    async fn api_keys(&self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError> {
        self.inner.api_keys(ids).await
    }

    async fn api_keys_named(&self, external_ids: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError> {
        self.inner.api_keys_named(external_ids).await
    }

    async fn shared_secret(&self, name: &str, proposal: &[u8]) -> Result<SharedSecret, StoreError> {
        self.inner.shared_secret(name, proposal).await
    }

    async fn end_session(&self, id: &str) -> Result<(), StoreError> {
        self.inner.end_session(id).await
    }

    async fn session_ended(&self, id: &str) -> Result<bool, StoreError> {
        self.inner.session_ended(id).await
    }

    async fn status(&self) -> Result<StoreStatus, StoreError> {
        self.inner.status().await
    }
}

/// A third of it is left to what hangs, and the rest must be enough for a flush on a machine that is busy.
const SHUTDOWN: Duration = Duration::from_secs(9);
/// Where nothing can come of waiting.
const SHORT_SHUTDOWN: Duration = Duration::from_millis(1_500);

async fn metrics_on(file: &SqliteFile, fault: Fault, times: u32, shutdown: Duration) -> ApiMetrics {
    ApiMetrics::builder()
        .store(Arc::new(Faulty {
            inner: stored::open(&file.url()),
            fault,
            left: AtomicU32::new(times),
        }))
        .flush_interval(Duration::from_millis(100))
        .shutdown_timeout(shutdown)
        .no_auth()
        .start()
        .await
        .unwrap()
}

fn record(metrics: &ApiMetrics) {
    metrics
        .sink()
        .record(&RequestRecord::new("GET", "/", SystemTime::now()));
}

#[tokio::test]
async fn a_task_that_panics_is_seen_and_started_again_and_nothing_is_lost() {
    let file = SqliteFile::create();
    let metrics = metrics_on(&file, Fault::Panic, 2, SHUTDOWN).await;
    record(&metrics);
    eventually("the panic to be seen", || async {
        let health = metrics.health().unwrap();
        let flush = health
            .tasks
            .iter()
            .find(|task| task.name == "flush")
            .unwrap();
        (!flush.running && flush.last_error.as_deref() == Some("panicked: a bug in the store"))
            .then_some(())
    })
    .await;
    let store = stored::open(&file.url());
    eventually("the delivery", || async {
        (stored::requests(&*store, None).await == 1).then_some(())
    })
    .await;
    // The task notes its success after the database has it.
    eventually("all tasks without an error", || async {
        let health = metrics.health().unwrap();
        let fine = health
            .tasks
            .iter()
            .all(|task| task.running && task.last_error.is_none());
        fine.then_some(())
    })
    .await;
    assert_eq!(metrics.shutdown().await, Ok(()));
    let health = metrics.health().unwrap();
    assert!(health.tasks.iter().all(|task| !task.running), "{health:?}");
}

#[tokio::test]
async fn a_flush_that_hangs_is_given_up_in_time_for_a_fresh_one_at_shutdown() {
    let file = SqliteFile::create();
    let metrics = metrics_on(&file, Fault::Hang, 1, SHUTDOWN).await;
    record(&metrics);
    let store = stored::open(&file.url());
    assert_eq!(metrics.shutdown().await, Ok(()));
    assert_eq!(stored::requests(&*store, None).await, 1);
}

#[tokio::test]
async fn a_store_that_never_answers_again_does_not_hold_up_the_end() {
    let file = SqliteFile::create();
    let metrics = metrics_on(&file, Fault::Hang, u32::MAX, SHORT_SHUTDOWN).await;
    record(&metrics);
    record(&metrics);
    let started = Instant::now();
    assert_eq!(metrics.shutdown().await.unwrap_err().records, 2);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    // A later call may still deliver, if the store comes to its senses; here it does not.
    assert_eq!(metrics.shutdown().await.unwrap_err().records, 2);
}

/// Calls a gRPC method that answers with `code`, by its head alone.
async fn call_grpc(metrics: &ApiMetrics, path: &str, code: u16) {
    let answer = tower::service_fn(move |_: axum::extract::Request| {
        let response = axum::http::Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", code)
            .body(axum::body::Body::empty());
        std::future::ready(response)
    });
    let request = axum::extract::Request::post(path)
        .header("content-type", "application/grpc")
        .body(axum::body::Body::empty())
        .unwrap();
    drop(
        metrics
            .layer()
            .layer(answer)
            .oneshot(request)
            .await
            .unwrap(),
    );
}

async fn methods_outlive_a_restart(database: &str) {
    let start = async || {
        let builder = ApiMetrics::builder().database(database).service("greeter");
        builder.no_auth().start().await.unwrap()
    };
    let before = start().await;
    call_grpc(&before, "/shop.Orders/Get", 0).await;
    before.shutdown().await.unwrap();

    let after = start().await;
    eventually("the store's methods are known", || async {
        after
            .sink()
            .knows_grpc_method("/shop.Orders/Get")
            .then_some(())
    })
    .await;
    // Both fail from the start; one of them has run before.
    for path in ["/shop.Orders/Get", "/shop.Orders/Guess"] {
        call_grpc(&after, path, 3).await;
    }
    after.shutdown().await.unwrap();
    let endpoints = stored::endpoints(&*stored::open(database)).await;
    let counts = ["/shop.Orders/Get", "<unmatched>", "/shop.Orders/Guess"].map(|endpoint| {
        endpoints
            .iter()
            .find(|(name, _)| name.ends_with(endpoint))
            .map(|(_, n)| *n)
    });
    assert_eq!(counts, [Some(2), Some(1), None], "{endpoints:?}");
}

#[tokio::test]
async fn a_grpc_method_that_fails_since_the_start_is_known_from_the_store_on_sqlite() {
    let file = SqliteFile::create();
    methods_outlive_a_restart(&file.url()).await;
}

#[tokio::test]
async fn a_grpc_method_that_fails_since_the_start_is_known_from_the_store_on_postgres() {
    let database = PgDatabase::create().await;
    methods_outlive_a_restart(&database.url()).await;
}
