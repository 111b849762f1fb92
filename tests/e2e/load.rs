//! Real HTTP load by the usual tools.

use std::{
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api_metrics::{ApiMetrics, Keep, RequestLog};
use api_metrics_store::request_log::RequestQuery;
use api_metrics_tests::{PgDatabase, SqliteFile, sized};
use axum::{
    Router,
    body::Body,
    extract::{Path, Request},
    middleware::{self, Next},
    routing::get,
};
use tokio::{net::TcpListener, sync::oneshot};

use crate::service::Demo;
use api_metrics_tests::stored;

fn requests() -> u64 {
    sized(100_000, 20_000)
}

async fn tool(program: &'static str, args: Vec<String>) -> Output {
    tokio::task::spawn_blocking(move || {
        Command::new(program)
            .args(args)
            .output()
            .unwrap_or_else(|error| panic!("{program} must be installed, tests/run does: {error}"))
    })
    .await
    .unwrap()
}

async fn every_request_of_ab_is_counted(database: &str) {
    let demo = Demo::start(database, "0");
    let requests = requests();
    let args = format!("-q -k -n {requests} -c 32 {}/api/users/7", demo.base);
    let ab = tool("ab", args.split(' ').map(str::to_owned).collect()).await;
    let said = String::from_utf8_lossy(&ab.stdout);
    assert!(ab.status.success(), "{said}");
    let field = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace()
            .find_map(|word| word.parse::<u64>().ok())
            .unwrap()
    };
    assert_eq!(field("Complete requests:"), requests, "{said}");
    assert_eq!(field("Failed requests:"), 0, "{said}");
    demo.stop().await;

    let again = Demo::start(database, "0");
    let counts = again.admin.endpoints().await;
    assert_eq!(
        counts.get("GET /api/users/{id}"),
        Some(&requests),
        "{counts:?}"
    );
    // Every answer was the same, so its bytes are known too.
    let summary = again.admin.json("api-metrics/summary?period=1h").await;
    assert_eq!(
        summary["totalResponseBytes"].as_u64(),
        Some(field("HTML transferred:")),
        "{summary}"
    );
    again.stop().await;
}

#[tokio::test]
async fn every_request_that_was_sent_is_there_after_a_restart_on_sqlite() {
    let file = SqliteFile::create();
    every_request_of_ab_is_counted(&file.url()).await;
}

#[tokio::test]
async fn every_request_that_was_sent_is_there_after_a_restart_on_postgres() {
    let database = PgDatabase::create().await;
    every_request_of_ab_is_counted(&database.url()).await;
}

/// wrk drops what is under way at its end: those requests were begun too, and are counted. Two of them, one a
/// thread, never end by themselves, so that some are always cut.
async fn equals_a_bare_counter(database: &str) {
    let metrics = ApiMetrics::builder()
        .database(database)
        .flush_interval(Duration::from_millis(200))
        .no_auth()
        .start()
        .await
        .unwrap();
    let begun = Arc::new(AtomicU64::new(0));
    let outside = Arc::clone(&begun);
    let app = Router::new()
        .route(
            "/fast/{id}",
            get(async |Path(id): Path<u64>| id.to_string()),
        )
        .route(
            "/slow/{id}",
            get(async |Path(id): Path<u64>| {
                // Long enough that wrk's end finds some of them unfinished, in head or body.
                tokio::time::sleep(Duration::from_millis(id % 20)).await;
                Body::from_stream(futures_util::stream::unfold(0, async |n| {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    (n < 3).then(|| (Ok::<_, std::io::Error>("chunk"), n + 1))
                }))
            }),
        )
        .route(
            "/endless/{id}",
            get(async || {
                Body::from_stream(futures_util::stream::unfold((), async |()| {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    Some((Ok::<_, std::io::Error>("chunk"), ()))
                }))
            }),
        )
        .layer(metrics.layer())
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            outside.fetch_add(1, Ordering::SeqCst);
            next.run(request)
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(
        axum::serve(listener, app)
            .with_graceful_shutdown(metrics.shutdown_on(stopped))
            .into_future(),
    );
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("mix.lua");
    std::fs::write(
        &script,
        "local n = 0\nrequest = function()\n  n = n + 1\n  local kind = n % 3 == 0 and '/slow/' or '/fast/'\n  \
         if n == 50 then kind = '/endless/' end\n  return wrk.format('GET', kind .. n)\nend\n",
    )
    .unwrap();
    let args = format!("-t2 -c64 -d4s -s {} {base}", script.display());
    let wrk = tool("wrk", args.split(' ').map(str::to_owned).collect()).await;
    let said = String::from_utf8_lossy(&wrk.stdout);
    assert!(
        wrk.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&wrk.stderr)
    );
    let answered: u64 = said
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "))
        .map(|(count, _)| count.parse().unwrap())
        .unwrap();

    // Once serve has returned, every connection and with it every request has ended.
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    metrics.shutdown().await.unwrap();
    let begun = begun.load(Ordering::SeqCst);
    assert!(
        begun > answered,
        "nothing was cut: {begun} begun, {answered} answered"
    );
    let sum = stored::sum(&*stored::open(database), None).await.unwrap();
    assert_eq!(sum.request_count, begun);
    assert!(
        sum.aborted_count >= 2 && sum.aborted_count <= begun - answered,
        "{} of {begun} begun and {answered} answered",
        sum.aborted_count
    );
}

#[tokio::test]
async fn under_wrk_the_store_equals_a_bare_counter_on_sqlite() {
    let file = SqliteFile::create();
    equals_a_bare_counter(&file.url()).await;
}

#[tokio::test]
async fn under_wrk_the_store_equals_a_bare_counter_on_postgres() {
    let database = PgDatabase::create().await;
    equals_a_bare_counter(&database.url()).await;
}

/// More requests than the log may keep, in less memory than they need: all are counted, and of the log's each is
/// either kept or counted as dropped.
async fn each_request_is_kept_or_told_as_dropped(database: &str) {
    let mut log = RequestLog::new();
    log.keep = Keep::Everything;
    log.rows_per_second = 900;
    log.memory_budget = 512 << 10;
    let metrics = ApiMetrics::builder()
        .database(database)
        .request_log(log)
        .no_auth()
        .start()
        .await
        .unwrap();
    let app = Router::new()
        .route(
            "/users/{id}",
            get(async |Path(id): Path<u64>| id.to_string()),
        )
        .layer(metrics.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/users/7", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(
        axum::serve(listener, app)
            .with_graceful_shutdown(metrics.shutdown_on(stopped))
            .into_future(),
    );
    let requests = sized(1_000_000, 30_000);
    let args = format!("-q -k -n {requests} -c 64 {url}");
    let ab = tool("ab", args.split(' ').map(str::to_owned).collect()).await;
    assert!(ab.status.success(), "{ab:?}");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    metrics.shutdown().await.unwrap();

    let own = metrics.request_log().unwrap().counts();
    assert_eq!((own.chosen, own.waiting), (requests, 0), "{own:?}");
    assert_eq!(own.kept + own.dropped.total(), requests, "{own:?}");
    assert!(own.kept > 0 && own.dropped.rate > 0, "{own:?}");
    let store = metrics.requests().unwrap();
    let told = store.request_log_status().await.unwrap().counts;
    assert_eq!(told, own, "the database says the same");
    let mut query = RequestQuery::over(0, 4_102_444_800_000);
    query.limit = 1_000;
    let mut rows = 0;
    loop {
        let page = store.requests(&query).await.unwrap();
        rows += page.requests.len() as u64;
        let Some(next) = page.next else { break };
        query.before = Some(next);
    }
    assert_eq!(rows, own.kept);
    let sum = stored::sum(&*stored::open(database), None).await.unwrap();
    assert_eq!(sum.request_count, requests, "no count is affected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_overload_each_request_is_kept_or_told_as_dropped_on_sqlite() {
    let file = SqliteFile::create();
    each_request_is_kept_or_told_as_dropped(&file.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_overload_each_request_is_kept_or_told_as_dropped_on_postgres() {
    let database = PgDatabase::create().await;
    each_request_is_kept_or_told_as_dropped(&database.url()).await;
}
