//! A sink of one's own beside the recorder: the last failures at `/failures`, everything else in the dashboard.
//!
//! `cargo run --example custom_sink`, then `curl localhost:3000/broken; curl localhost:3000/failures`.
#![allow(clippy::print_stdout)]

mod recent;

use std::{error::Error, sync::Arc};

use api_metrics::ApiMetrics;
use api_metrics_examples::Settings;
use api_metrics_layer::{ApiMetricsLayer, MetricSink};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use recent::{Recent, RecentFailures};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A service with a sink of its own beside the recorder.",
        "127.0.0.1:3000",
        "custom-sink.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .start()
        .await?;
    let failures = Arc::new(RecentFailures::new(50));
    // Two sinks, one after the other, are a sink; so are a vector, an array and a closure.
    let app = app((metrics.sink(), Arc::clone(&failures)), failures)
        .nest_service("/admin", metrics.admin());
    let listener = TcpListener::bind(&settings.listen).await?;
    println!("http://{}/failures", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

fn app(sink: impl MetricSink, failures: Arc<RecentFailures>) -> Router {
    Router::new()
        .route("/", get(async || "hello\n"))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .layer(ApiMetricsLayer::new(sink).for_axum())
        // After the layer: who looks at failures is not recorded.
        .route("/failures", get(list).with_state(failures))
}

async fn list(State(failures): State<Arc<RecentFailures>>) -> Json<Recent> {
    Json(failures.recent())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicU64, Ordering};

    use api_metrics_layer::RequestRecord;

    use super::*;

    #[tokio::test]
    async fn failures_are_listed_and_the_other_sink_sees_everything() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let all = Arc::new(AtomicU64::new(0));
        let counting = Arc::clone(&all);
        let count = move |_: &RequestRecord<'_>| {
            counting.fetch_add(1, Ordering::Relaxed);
        };
        let failures = Arc::new(RecentFailures::new(50));
        let app = app((count, Arc::clone(&failures)), failures);
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        for path in ["/", "/broken", "/", "/broken"] {
            reqwest::get(format!("{origin}{path}")).await.unwrap();
        }
        let listed = reqwest::get(format!("{origin}/failures")).await.unwrap();
        let listed: serde_json::Value = listed.json().await.unwrap();
        assert_eq!(all.load(Ordering::Relaxed), 4);
        assert_eq!(listed["missed"], 0);
        assert_eq!(listed["failures"].as_array().unwrap().len(), 2);
        assert_eq!(listed["failures"][0]["endpoint"], "/broken");
        assert_eq!(listed["failures"][0]["status"], 500);
        assert_eq!(listed["failures"][0]["outcome"], "completed");
    }
}
