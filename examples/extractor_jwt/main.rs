//! Authentication by an extractor, as in axum's own JWT example, that the metrics can see: each client is a
//! consumer, the tenant of its token owns it, and clients of one tenant see that tenant in the console.
//!
//! ```text
//! cargo run --example extractor_jwt
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

mod claims;
mod tenants;

use std::{error::Error, sync::Arc};

use api_metrics::{ApiKey, ApiMetrics, Principal, Role};
use api_metrics_examples::Settings;
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use claims::Claims;
use tenants::Tenants;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A service whose handlers extract a JSON Web Token.",
        "127.0.0.1:3000",
        "extractor-jwt.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("extractor-jwt")
        .start()
        .await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("TOKEN=$(curl -s {base}/token/acme/mobile-app)");
    println!("curl -H \"authorization: Bearer $TOKEN\" {base}/orders");
    println!("curl -H \"authorization: Bearer $TOKEN\" {base}/console/summary");
    println!("dashboard: {base}/admin/");
    axum::serve(listener, app(&metrics))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

fn app(metrics: &ApiMetrics) -> Router {
    let tenants = Arc::new(Tenants::of(metrics));
    Router::new()
        .route("/orders", get(orders))
        // Runs the extractor for the routes above. `layer` would answer unknown paths with 401, too.
        .route_layer(from_fn_with_state(tenants, identify))
        .route("/token/{tenant}/{client}", get(token))
        .layer(metrics.layer())
        .nest_service("/console", metrics.console().layer(from_fn(principal)))
        .nest_service("/admin", metrics.admin())
}

/// Runs the extractor once. Handlers find the claims in the request's extensions, the metrics find the consumer
/// in the response's: an extractor in the handler alone would leave every request anonymous.
async fn identify(
    State(tenants): State<Arc<Tenants>>,
    claims: Claims,
    mut request: Request,
    next: Next,
) -> Response {
    let client = ApiKey::from(claims.sub.as_str());
    tenants.saw(&claims);
    request.extensions_mut().insert(claims);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(client);
    response
}

async fn orders(Extension(claims): Extension<Claims>) -> String {
    format!("orders of {}, ordered by {}\n", claims.tenant, claims.sub)
}

/// Whoever has a token of a tenant reads the numbers of that tenant.
async fn principal(claims: Claims, mut request: Request, next: Next) -> Response {
    let principal = Principal::new(claims.sub, Role::Developer).with_tenant(claims.tenant);
    request.extensions_mut().insert(principal);
    next.run(request).await
}

/// Stands for your sign-in, which would ask for a password first.
async fn token(Path((tenant, client)): Path<(String, String)>) -> Result<String, claims::Refused> {
    Claims::for_an_hour(client, tenant).sign()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::{Duration, Instant};

    use api_metrics::store::query::Scope;
    use reqwest::{Client, StatusCode};

    use super::*;

    #[tokio::test]
    async fn clients_are_consumers_and_their_tenants_see_nothing_of_each_other() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let metrics = ApiMetrics::builder().embedded(&file).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app(&metrics);
        tokio::spawn(async { axum::serve(listener, app).await });

        let http = Client::new();
        let mut tokens = Vec::new();
        for (tenant, client, requests) in [("acme", "mobile-app", 3), ("umbrella", "lab", 2)] {
            let url = format!("{base}/token/{tenant}/{client}");
            let token = http.get(url).send().await.unwrap().text().await.unwrap();
            for _ in 0..requests {
                let answer = http.get(format!("{base}/orders")).bearer_auth(&token);
                let text = answer.send().await.unwrap().text().await.unwrap();
                assert_eq!(text, format!("orders of {tenant}, ordered by {client}\n"));
            }
            tokens.push((token, requests));
        }
        let refused = http.get(format!("{base}/orders")).bearer_auth("forged");
        assert_eq!(
            refused.send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED
        );

        // Tenants are written in the background.
        let control = metrics.control().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            metrics.flush().await.unwrap();
            let keys = control.all_keys(&Scope::All).await.unwrap();
            let owned = keys.iter().filter(|key| key.spec.tenant_id.is_some());
            if owned.count() == 2 {
                break;
            }
            assert!(Instant::now() < deadline, "{keys:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for (token, requests) in tokens {
            let summary = http.get(format!("{base}/console/summary?period=MONTH"));
            let summary = summary.bearer_auth(token).send().await.unwrap();
            let summary: serde_json::Value = summary.json().await.unwrap();
            assert_eq!(summary["totalRequests"], requests, "{summary}");
        }
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
