//! How many items a second ingest and the collector take on Postgres: read from JSON, checked, committed and
//! acknowledged. In one process with its client, without sockets.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench collector` makes a database of its own on that server and drops it.
//! `BENCH_SECONDS` (10) is how long each line is measured.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use api_metrics_benches::database::Scratch;
use api_metrics_routes::{Admin, Ingest};
use api_metrics_store::{
    ingest::{IngestStore as _, NewIngestToken},
    postgres::PostgresStore,
    store::{Store as _, StoreOptions},
    time::SystemClock,
};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use tower::ServiceExt as _;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` and `cargo bench -- --list` only want to know that it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let scratch = Scratch::create().await;
    let store = PostgresStore::connect_lazy(&scratch.url(), StoreOptions::default()).unwrap();
    let store = Arc::new(store);
    store.prepare().await.unwrap();
    let ingest = Ingest::new(store.clone(), Arc::new(SystemClock::default()), "bench");
    let admin = Admin::builder(store.clone())
        .control(store.clone())
        .ingest(ingest.clone())
        .token(TOKEN)
        .build();
    let token = NewIngestToken::new("bench", "shop", "test");
    let (_, secret) = store.create_ingest_token(&token, "bench").await.unwrap();
    let mut requests = String::from("[");
    let mut commands = String::from("{\"command_executions\":[");
    for n in 0..1_000 {
        let comma = if n == 0 { "" } else { "," };
        write!(
            requests,
            "{comma}{{\"method\":\"GET\",\"endpoint\":\"/items/{}/{{id}}\",\"status\":200,\"latencyMs\":{n},\"key\":\"k-{}\"}}",
            n % 50,
            n % 20
        )
        .unwrap();
        write!(
            commands,
            "{comma}{{\"user_id\":\"6f9619ff-8b86-4d01-b42d-{:012}\",\"command_name\":\"command-{}\",\"execution_time_ms\":{n},\"status\":\"success\"}}",
            n % 20,
            n % 50
        )
        .unwrap();
    }
    requests.push(']');
    commands.push_str("]}");
    let collector = admin.collector().unwrap();
    println!("| | senders | items a second | ms a batch |\n|---|---:|---:|---:|");
    for senders in [1, 4] {
        let line = ("/v1/requests", secret.as_str(), requests.as_str());
        measure(&ingest.router(), line, senders).await;
        measure(&collector, ("/batch", TOKEN, commands.as_str()), senders).await;
    }
    store.pool().close().await;
    scratch.remove().await;
}

/// Sends batches of 1,000 by so many senders at once, each after the answer to its last.
async fn measure(router: &Router, (path, token, body): (&str, &str, &str), senders: u32) {
    let seconds = std::env::var("BENCH_SECONDS").ok();
    let seconds = seconds.map_or(10, |text| text.parse().unwrap());
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..senders {
        let (router, body) = (router.clone(), body.to_owned());
        let (path, token) = (path.to_owned(), format!("Bearer {token}"));
        tasks.spawn(async move {
            let mut batches = 0_u32;
            while Instant::now() < until {
                let request = Request::post(&path).header(header::AUTHORIZATION, &token);
                let request = request.body(Body::from(body.clone())).unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
                batches += 1;
            }
            batches
        });
    }
    let batches: u32 = tasks.join_all().await.into_iter().sum();
    let took = started.elapsed().as_secs_f64();
    println!(
        "| `{path}` | {senders} | {:.0} | {:.0} |",
        f64::from(batches) * 1_000.0 / took,
        took * 1_000.0 * f64::from(senders) / f64::from(batches)
    );
}
