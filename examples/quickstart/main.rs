//! The README's program: a service, its layer and its dashboard.
//!
//! `cargo run --example quickstart`, then `curl localhost:3000/users/7`.
use api_metrics::ApiMetrics;
use api_metrics_examples::Settings;
use axum::{Router, extract::Path, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = Settings::from_command_line("The quick start.", "127.0.0.1:3000", "metrics.db");
    let metrics = ApiMetrics::builder().database(set.database).start().await?;
    let listener = tokio::net::TcpListener::bind(set.listen).await?;
    axum::serve(listener, app(&metrics))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    metrics.shutdown().await?; // flushes, or says how many records it could not deliver
    Ok(())
}

fn app(metrics: &ApiMetrics) -> Router {
    Router::new()
        .route(
            "/users/{id}",
            get(async |Path(id): Path<u64>| format!("user {id}\n")),
        )
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_request_is_on_the_dashboard_at_once() {
        const TOKEN: &str = "the quick start's own token, 32 characters";
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let builder = ApiMetrics::builder().embedded(&file).admin_token(TOKEN);
        let metrics = builder.start().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app(&metrics);
        tokio::spawn(async { axum::serve(listener, app).await });
        let answer = reqwest::get(format!("{base}/users/7")).await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "user 7\n");
        let summary = reqwest::Client::new()
            .get(format!("{base}/admin/api-metrics/endpoints?period=1h"))
            .bearer_auth(TOKEN);
        let summary: serde_json::Value = summary.send().await.unwrap().json().await.unwrap();
        assert_eq!(summary["data"][0]["endpoint"], "/users/{id}");
        assert_eq!(summary["data"][0]["requestCount"], 1);
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
