//! Prometheus beside the dashboard: an address of its own, for machines alone, answers `/metrics` without a
//! token, and nothing else.
//!
//! ```text
//! cargo run --example prometheus
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;

use api_metrics::{ApiMetrics, Principal, Role};
use api_metrics_examples::Settings;
use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A service whose numbers Prometheus scrapes from 127.0.0.1:9464.",
        "127.0.0.1:3000",
        "prometheus.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("prometheus-example")
        .start()
        .await?;
    let machines = TcpListener::bind("127.0.0.1:9464").await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("curl {base}/hello");
    println!("curl http://{}/metrics", machines.local_addr()?);
    println!("dashboard: {base}/admin/");
    println!(
        "scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['127.0.0.1:9464']}}]}}]"
    );

    let scraped = scraped(&metrics);
    let machines = tokio::spawn(async { axum::serve(machines, scraped).await });
    axum::serve(listener, app(&metrics))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    machines.abort();
    Ok(metrics.shutdown().await?)
}

fn app(metrics: &ApiMetrics) -> Router {
    Router::new()
        .route("/hello", get(async || "hello\n"))
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin())
}

/// The admin's `/metrics`, as an admin sees it. Whoever reaches the address reads it, so bind it to a network
/// that only Prometheus reaches. With a token instead: `authorization` in the scrape configuration, and
/// `/admin/metrics`.
fn scraped(metrics: &ApiMetrics) -> Router {
    metrics.admin().layer(from_fn(only_metrics))
}

async fn only_metrics(mut request: Request, next: Next) -> Response {
    if request.uri().path() != "/metrics" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let principal = Principal::new("prometheus", Role::Admin);
    request.extensions_mut().insert(principal);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn serve(app: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, app).await });
        base
    }

    #[tokio::test]
    async fn the_scraped_address_answers_metrics_and_nothing_else() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let metrics = ApiMetrics::builder()
            .embedded(&file)
            .service("scraped")
            .start()
            .await
            .unwrap();
        let base = serve(app(&metrics)).await;
        reqwest::get(format!("{base}/hello")).await.unwrap();
        let machines = serve(scraped(&metrics)).await;
        let text = reqwest::get(format!("{machines}/metrics")).await.unwrap();
        assert_eq!(text.status(), 200);
        let text = text.text().await.unwrap();
        assert!(
            text.contains("/hello") && text.contains("api_metrics_"),
            "{text}"
        );
        for path in ["/api-status", "/", "/api-keys"] {
            let answer = reqwest::get(format!("{machines}{path}")).await.unwrap();
            assert_eq!(answer.status(), 404, "{path}");
        }
        let guarded = reqwest::get(format!("{base}/admin/metrics")).await.unwrap();
        assert_eq!(guarded.status(), 401);
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
