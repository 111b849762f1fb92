//! The background work by a scheduler of one's own: nothing of this crate runs by itself, and one task of the
//! host flushes, folds and rolls up.
//!
//! ```text
//! cargo run --example own_scheduler
//! ```
//!
//! Prints what each round did. It has to be one process that lives: old data is deleted only after two rounds of
//! the same process, at least ten minutes apart.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::time::Duration;

use api_metrics::{ApiMetrics, Builder, Maintenance};
use api_metrics_examples::Settings;
use axum::{Router, routing::get};
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::from_command_line(
        "A service that runs the background work of its metrics by itself, every five seconds.",
        "127.0.0.1:3000",
        "own-scheduler.db",
    );
    let metrics = builder().database(&settings.database).start().await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    println!("curl http://{}/hello", listener.local_addr()?);
    let scheduler = tokio::spawn(schedule(metrics.clone(), Duration::from_secs(5)));
    axum::serve(listener, app(&metrics))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    scheduler.abort();
    Ok(metrics.shutdown().await?)
}

fn builder() -> Builder {
    ApiMetrics::builder()
        .service("own-scheduler")
        .maintenance(Maintenance::Manual)
}

fn app(metrics: &ApiMetrics) -> Router {
    Router::new()
        .route("/hello", get(async || "hello\n"))
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin())
}

/// A round that fails is tried again with the next: nothing is lost by it.
async fn schedule(metrics: ApiMetrics, every: Duration) {
    let mut rounds = interval(every);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        match round(&metrics).await {
            Ok(done) => println!("{done}"),
            Err(error) => println!("the next round will try again: {error}"),
        }
    }
}

/// One round, and what it did.
async fn round(metrics: &ApiMetrics) -> Result<String, Failure> {
    let flushed = metrics.flush().await?.map_or(0, |flushed| flushed.records);
    let done = metrics.maintain().await?;
    Ok(format!(
        "flushed {flushed} requests, folded {} batches, rolled up {} periods{}",
        done.folded,
        done.rolled_up,
        if done.led {
            ""
        } else {
            "; another instance leads"
        }
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn nothing_is_flushed_or_folded_but_by_a_round() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let metrics = builder().embedded(&file).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app(&metrics);
        tokio::spawn(async { axum::serve(listener, app).await });
        for _ in 0..3 {
            reqwest::get(format!("{base}/hello")).await.unwrap();
        }
        let store = metrics.store().unwrap();
        assert_eq!(store.status().await.unwrap().inbox.records, 0);
        let done = round(&metrics).await.unwrap();
        assert!(
            done.starts_with("flushed 3 requests, folded 1 batches"),
            "{done}"
        );
        let status = store.status().await.unwrap();
        assert_eq!((status.inbox.records, status.instances[0].folded), (0, 1));
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
