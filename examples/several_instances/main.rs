//! Three instances of a service on one database: each counts its own requests, any of them answers for all, and
//! one that is replaced in a rolling update loses nothing. Ends by itself.
//!
//! ```text
//! cargo run --example several_instances -- --database postgres://localhost/shop
//! ```
//!
//! In production each is a process of its own; here they share one, which changes nothing for them. SQLite will
//! do to try it, Postgres is what several instances need.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::time::Duration;

use api_metrics::{
    ApiMetrics,
    store::query::{Query, TimeRange},
};
use api_metrics_examples::Settings;
use axum::{Router, routing::get};
use reqwest::Client;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One instance, as a process would be.
struct Instance {
    metrics: ApiMetrics,
    base: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Instance {
    async fn start(database: &str, version: &str) -> Result<Self, Failure> {
        let metrics = ApiMetrics::builder()
            .database(database)
            .service("several-instances")
            .version(version)
            .flush_interval(Duration::from_secs(1))
            .start()
            .await?;
        let app = Router::new()
            .route("/hello", get(async || "hello\n"))
            .layer(metrics.layer());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel::<()>();
        let server =
            axum::serve(listener, app).with_graceful_shutdown(metrics.shutdown_on(stopped));
        Ok(Self {
            metrics,
            base,
            stop,
            server: tokio::spawn(async { server.await }),
        })
    }

    /// What SIGTERM does: the server ends its requests, then the last counts are delivered.
    async fn end(self) -> Result<(), Failure> {
        let _ = self.stop.send(());
        self.server.await??;
        Ok(self.metrics.shutdown().await?)
    }

    /// All requests that any instance has flushed, as this one finds them.
    async fn total(&self) -> Result<u64, Failure> {
        let Some(store) = self.metrics.store() else {
            return Ok(0);
        };
        let everything = Query::over(TimeRange::new(0, 4_102_444_800));
        let answer = store.read(&everything, None).await?;
        Ok(answer.total().map_or(0, |bucket| bucket.request_count))
    }
}

async fn requests(instances: &[Instance], each: usize) -> Result<u64, Failure> {
    let http = Client::new();
    let mut sent = 0;
    for instance in instances {
        for _ in 0..each {
            http.get(format!("{}/hello", instance.base)).send().await?;
            sent += 1;
        }
    }
    Ok(sent)
}

/// Every instance sees what all of them have flushed.
async fn flushed(instances: &[Instance]) -> Result<(), Failure> {
    for instance in instances {
        instance.metrics.flush().await?;
    }
    Ok(())
}

async fn run(database: &str) -> Result<(), Failure> {
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(Instance::start(database, "1.0.0").await?);
    }
    let before = instances[0].total().await?;
    let mut sent = requests(&instances, 100).await?;
    flushed(&instances).await?;
    for (n, instance) in instances.iter().enumerate() {
        let total = instance.total().await? - before;
        println!("instance {n} answers {total} of {sent} requests");
        if total != sent {
            return Err("an instance does not answer for all".into());
        }
    }

    println!("instance 0 is replaced by version 1.1.0 while it has counts that are not flushed");
    sent += requests(&instances[..1], 50).await?;
    instances.remove(0).end().await?;
    instances.push(Instance::start(database, "1.1.0").await?);
    sent += requests(&instances, 10).await?;
    flushed(&instances).await?;
    let total = instances[0].total().await? - before;
    println!("now every instance answers {total} of {sent} requests");
    for instance in instances {
        instance.end().await?;
    }
    if total != sent {
        return Err("the replaced instance has lost requests".into());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::from_command_line(
        "Three instances of a service on one database. They listen on free ports, whatever --listen says.",
        "127.0.0.1:0",
        "several-instances.db",
    );
    run(&settings.database).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[tokio::test]
    async fn every_instance_answers_for_all_and_a_replaced_one_loses_nothing() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        super::run(file.to_str().unwrap()).await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
