//! SIGTERM under load: requests in flight end, the last counts are flushed, and what the clients got is what was
//! counted. Sends itself the signal after a second, and ends by itself.
//!
//! ```text
//! cargo run --example graceful_shutdown
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api_metrics::{
    ApiMetrics,
    store::query::{Query, TimeRange},
};
use api_metrics_examples::Settings;
use axum::{Router, routing::get};
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet, time::sleep};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Open requests get this long after the signal. Together with the flush it stays below the supervisor's
/// patience: 30 s in Kubernetes, 10 s in Docker.
const DRAIN: Duration = Duration::from_secs(5);
const CLIENTS: usize = 20;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::from_command_line(
        "A service that is ended by SIGTERM while it is busy.",
        "127.0.0.1:0",
        "graceful-shutdown.db",
    );
    let metrics = start(&settings.database).await?;
    let before = counted(&metrics).await?;
    let app = Router::new()
        .route(
            "/work",
            get(async || {
                sleep(Duration::from_millis(20)).await;
                "done\n"
            }),
        )
        .layer(metrics.layer());
    let listener = TcpListener::bind(&settings.listen).await?;
    let url = format!("http://{}/work", listener.local_addr()?);

    // Taken before the clients begin, so that no signal is missed.
    let signal = api_metrics::shutdown_signal();
    let (stopped, stopping) = oneshot::channel();
    let server =
        axum::serve(listener, app).with_graceful_shutdown(metrics.shutdown_on(async move {
            signal.await;
            let _ = stopped.send(());
        }));
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(client(url.clone(), Arc::clone(&answered)));
    }
    tokio::spawn(terminate_soon());

    tokio::select! {
        served = async { server.await } => served?,
        () = async { let _ = stopping.await; sleep(DRAIN).await } => println!("some clients did not leave in time"),
    }
    metrics.shutdown().await?;
    clients.join_all().await;

    // As the next process would see it.
    let metrics = start(&settings.database).await?;
    let (answered, counted) = (
        answered.load(Ordering::Relaxed),
        counted(&metrics).await? - before,
    );
    println!("{answered} answers, {counted} counted");
    metrics.shutdown().await?;
    // A client whose answer was cut off has not counted it; nothing is counted that was not sent.
    if counted < answered || counted > answered + CLIENTS as u64 {
        return Err("the counts are not those of the clients".into());
    }
    Ok(())
}

async fn start(database: &str) -> Result<ApiMetrics, Failure> {
    let builder = ApiMetrics::builder()
        .database(database)
        .service("graceful-shutdown");
    Ok(builder.start().await?)
}

async fn counted(metrics: &ApiMetrics) -> Result<u64, Failure> {
    let store = metrics.store().ok_or("metrics are off")?;
    let everything = Query::over(TimeRange::new(0, 4_102_444_800));
    let answer = store.read(&everything, None).await?;
    Ok(answer.total().map_or(0, |bucket| bucket.request_count))
}

/// Sends requests until the service refuses them.
async fn client(url: String, answered: Arc<AtomicU64>) {
    let http = reqwest::Client::new();
    while let Ok(answer) = http.get(&url).send().await {
        if answer.text().await.is_ok() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a supervisor does.
async fn terminate_soon() {
    sleep(Duration::from_secs(1)).await;
    println!("SIGTERM");
    let id = std::process::id().to_string();
    if let Err(error) = Command::new("kill").args(["-TERM", &id]).status() {
        println!("kill: {error}; press Ctrl-C");
    }
}
