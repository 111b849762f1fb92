//! Refuses consumers whose quota is used up, by the numbers that the metrics have anyway.
//!
//! ```text
//! cargo run --example enforce_quotas
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

mod quota;

use std::{error::Error, time::Duration};

use api_metrics::{
    ApiKey, ApiMetrics,
    store::control::{keys::KeyChange, quotas::QuotaSettings},
};
use api_metrics_examples::Settings;
use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use quota::Usage;
use tokio::{net::TcpListener, sync::watch};

/// Requests a month.
const QUOTA: u64 = 10;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A service that answers 429 to consumers whose quota of ten requests a month is used up.",
        "127.0.0.1:3000",
        "enforce-quotas.db",
    );
    // Only what was answered well counts: in the quota, in its notices, and below in what is enforced.
    let quotas = QuotaSettings::default().status_counts("2xx,3xx".parse()?);
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("enforce-quotas")
        .quotas(quotas.clone())
        .start()
        .await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("for i in $(seq 15); do curl -i -H 'x-api-key: demo' {base}/search; sleep 1; done");
    println!("dashboard: {base}/admin/");
    let app = app(&metrics, quotas, Duration::from_secs(5)).await?;
    axum::serve(listener, app)
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

async fn app(
    metrics: &ApiMetrics,
    quotas: QuotaSettings,
    every: Duration,
) -> Result<Router, Box<dyn Error>> {
    if let Some(control) = metrics.control() {
        let mut change = KeyChange::default();
        change.quota_limit = Some(Some(QUOTA));
        control.put_keys(&[("demo".to_owned(), change)]).await?;
    }
    let (answers, usage) = watch::channel(Usage::default());
    tokio::spawn(quota::refresh(metrics.clone(), quotas, every, answers));
    // From the inside out: the quota, authentication, the metrics, which see refusals too.
    Ok(Router::new()
        .route("/search", get(async || "found\n"))
        .route_layer(from_fn_with_state(usage, quota::enforce))
        .route_layer(from_fn(authenticate))
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin()))
}

/// Puts the consumer on the request for the quota, and on the response for the metrics.
async fn authenticate(mut request: Request, next: Next) -> Response {
    let secret = request.headers().get("x-api-key");
    if secret.is_none_or(|secret| secret != "demo") {
        return (StatusCode::UNAUTHORIZED, "x-api-key: demo\n").into_response();
    }
    let key = ApiKey::from("demo");
    request.extensions_mut().insert(key.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(key);
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Instant;

    use reqwest::Client;

    use super::*;

    #[tokio::test]
    async fn the_quota_is_announced_and_then_enforced() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let quotas = QuotaSettings::default().status_counts("2xx".parse().unwrap());
        let metrics = ApiMetrics::builder().embedded(&file).start().await.unwrap();
        let app = app(&metrics, quotas, Duration::from_millis(20)).await;
        let app = app.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/search", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, app).await });

        let http = Client::new();
        let deadline = Instant::now() + Duration::from_secs(20);
        let (mut found, mut announced) = (0, false);
        let refused = loop {
            let answer = http.get(&url).header("x-api-key", "demo").send().await;
            let answer = answer.unwrap();
            announced |= answer.headers().contains_key("ratelimit");
            if answer.status() == 429 {
                break answer;
            }
            assert_eq!(answer.status(), 200);
            found += 1;
            assert!(Instant::now() < deadline, "{found} answers");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert!(announced && found >= QUOTA, "{found}");
        let header = |name: &str| refused.headers()[name].to_str().unwrap().to_owned();
        assert!(header("ratelimit").starts_with("\"quota\";r=0;t="));
        assert!(header("ratelimit-policy").starts_with("\"quota\";q=10;w="));
        assert!(header("retry-after").parse::<u64>().unwrap() > 0);
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
