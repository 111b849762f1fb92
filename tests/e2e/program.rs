//! The README's program, to the letter, inside this process.

use std::time::{Duration, Instant};

use api_metrics::ApiMetrics;
use api_metrics_tests::{PgDatabase, SqliteFile};
use axum::{Router, extract::Path, routing::get};
use futures_util::StreamExt;
use tokio::{net::TcpListener, sync::oneshot};

use crate::admin::Admin;
use api_metrics_tests::stored;

async fn user(Path(id): Path<u64>) -> String {
    format!("user {id}")
}

async fn runs_and_ends(metrics: ApiMetrics, url: &str) {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (send_signal, signal) = oneshot::channel::<()>();
    let server = tokio::spawn(
        axum::serve(listener, app)
            .with_graceful_shutdown(metrics.shutdown_on(signal))
            .into_future(),
    );

    let http = reqwest::Client::new();
    for id in 0..25 {
        let answer = http.get(format!("{base}/users/{id}")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), format!("user {id}"));
    }
    // Seen at once, before any flush, and the admin's own requests are not among them.
    for mount in ["/admin", "/admin/"] {
        let page = http.get(format!("{base}{mount}")).send().await.unwrap();
        assert_eq!(page.status(), 200, "{mount}");
    }
    let admin = Admin::new(
        &format!("{base}/admin/"),
        "the secret of the program, 32 characters",
    );
    assert_eq!(admin.total().await, 25);

    // A dashboard that stays open: its first event has come, more will.
    let stream = admin.get("api-metrics/stream").await;
    assert_eq!(stream.status(), 200);
    let mut events = stream.bytes_stream();
    assert!(events.next().await.unwrap().is_ok());

    let signalled = Instant::now();
    send_signal.send(()).unwrap();
    server.await.unwrap().unwrap();
    metrics.shutdown().await.unwrap();
    let took = signalled.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    while let Some(rest) = events.next().await {
        assert!(rest.is_ok(), "the stream is ended, not broken");
    }

    let store = stored::open(url);
    let sum = stored::sum(&*store, None).await.unwrap();
    assert_eq!(sum.request_count, 25);
    assert_eq!(
        sum.response_bytes,
        (0..25)
            .map(|id| format!("user {id}").len() as u64)
            .sum::<u64>()
    );
}

#[tokio::test]
async fn the_program_runs_on_an_embedded_file_and_ends_with_an_open_event_stream() {
    let file = SqliteFile::create();
    let metrics = ApiMetrics::builder()
        .embedded(file.path())
        .admin_token("the secret of the program, 32 characters")
        .start()
        .await
        .unwrap();
    runs_and_ends(metrics, file.path().to_str().unwrap()).await;
}

#[tokio::test]
async fn the_program_runs_on_postgres_by_changing_one_line() {
    let database = PgDatabase::create().await;
    let metrics = ApiMetrics::builder()
        .postgres(database.url())
        .admin_token("the secret of the program, 32 characters")
        .start()
        .await
        .unwrap();
    runs_and_ends(metrics, &database.url()).await;
}

#[tokio::test]
async fn the_program_runs_on_the_hosts_own_pool() {
    let database = PgDatabase::create().await;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(3)
        .connect_with(database.options())
        .await
        .unwrap();
    let metrics = ApiMetrics::builder()
        .postgres_pool(pool)
        .admin_token("the secret of the program, 32 characters")
        .start()
        .await
        .unwrap();
    runs_and_ends(metrics, &database.url()).await;
}

#[tokio::test]
async fn dropping_every_handle_without_a_shutdown_still_delivers() {
    let file = SqliteFile::create();
    let metrics = ApiMetrics::builder()
        .embedded(file.path())
        .no_auth()
        .start()
        .await
        .unwrap();
    let sink = metrics.sink();
    drop(metrics);
    let now = std::time::SystemTime::now();
    let record = api_metrics::RequestRecord::new("GET", "/dropped", now);
    api_metrics::MetricSink::record(&sink, &record);
    drop(sink);
    let store = stored::open(file.path().to_str().unwrap());
    api_metrics_tests::eventually("the last flush", || async {
        (stored::requests(&*store, None).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn metrics_that_are_off_leave_the_service_as_it_is() {
    let metrics = ApiMetrics::builder()
        .database("mysql://nobody/has/this")
        .require_database()
        .start_or_off()
        .await;
    assert!(metrics.is_off());
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (send_signal, signal) = oneshot::channel::<()>();
    let server = tokio::spawn(
        axum::serve(listener, app)
            .with_graceful_shutdown(metrics.shutdown_on(signal))
            .into_future(),
    );
    let answer = reqwest::get(format!("{base}/users/7")).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "user 7");
    let admin = reqwest::get(format!("{base}/admin/health/live"))
        .await
        .unwrap();
    assert_eq!(admin.status(), 503);
    assert!(
        admin
            .text()
            .await
            .unwrap()
            .contains("mysql://nobody/has/this")
    );
    send_signal.send(()).unwrap();
    server.await.unwrap().unwrap();
    metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_without_a_store_says_how_much_it_could_not_deliver() {
    let proxy = api_metrics_tests::Proxy::reserve();
    let metrics = ApiMetrics::builder()
        .postgres(format!("postgres://nobody@{}/nothing", proxy.address()))
        .connect_timeout(Duration::from_millis(200))
        .shutdown_timeout(Duration::from_secs(1))
        .no_auth()
        .start()
        .await
        .unwrap();
    let sink = metrics.sink();
    for _ in 0..7 {
        let now = std::time::SystemTime::now();
        let record = api_metrics::RequestRecord::new("GET", "/lost", now);
        api_metrics::MetricSink::record(&sink, &record);
    }
    let started = Instant::now();
    assert_eq!(metrics.shutdown().await.unwrap_err().records, 7);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_hosts_own_scheduler_can_do_all_the_work() {
    let file = SqliteFile::create();
    let metrics = ApiMetrics::builder()
        .embedded(file.path())
        .maintenance(api_metrics::Maintenance::Manual)
        .no_auth()
        .start()
        .await
        .unwrap();
    assert!(metrics.health().unwrap().tasks.is_empty());
    let sink = metrics.sink();
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_431_856_800);
    let record = api_metrics::RequestRecord::new("GET", "/imported", long_ago);
    api_metrics::MetricSink::record(&sink, &record);
    let flushed = metrics.flush().await.unwrap().unwrap();
    assert_eq!((flushed.rows, flushed.records), (1, 1));
    let done = metrics.maintain().await.unwrap();
    assert!(done.led);
    assert_eq!(done.folded, 1);
    let store = stored::open(file.path().to_str().unwrap());
    assert_eq!(store.status().await.unwrap().inbox.batches, 0);
    assert_eq!(stored::requests(&*store, None).await, 1);
    metrics.shutdown().await.unwrap();
}
