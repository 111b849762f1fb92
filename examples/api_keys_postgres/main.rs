//! API keys in the host's own Postgres table, which stays the authority: requests are authenticated by it, and
//! names, customers and quotas are copied from it to the metrics.
//!
//! ```text
//! cargo run --example api_keys_postgres -- --database postgres://localhost/shop
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

mod keys;

use std::{error::Error, time::Duration};

use api_metrics::{ApiKey, ApiMetrics};
use api_metrics_examples::Settings;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use keys::Keys;
use sqlx::PgPool;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A service with API keys in a Postgres table of its own, `shop_keys`.",
        "127.0.0.1:3000",
        "postgres://localhost/shop",
    );
    let pool = PgPool::connect(&settings.database).await?;
    let keys = Keys::open(pool.clone()).await?;
    // The service and its metrics share the pool; the metrics have a schema of their own.
    let metrics = ApiMetrics::builder()
        .postgres_pool(pool)
        .service("shop")
        .start()
        .await?;
    tokio::spawn(sync(metrics.clone(), keys.clone()));

    let listener = TcpListener::bind(&settings.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    for secret in keys::DEMO_SECRETS {
        println!("curl -H 'x-api-key: {secret}' {base}/orders");
    }
    println!("dashboard: {base}/admin/");
    axum::serve(listener, app(&metrics, keys))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

fn app(metrics: &ApiMetrics, keys: Keys) -> Router {
    Router::new()
        .route("/orders", get(async || "orders\n"))
        .route_layer(from_fn_with_state(keys, authenticate))
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin())
}

/// The table says whose secret it is; the metrics get that number, never the secret.
async fn authenticate(
    State(keys): State<Keys>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let Some(secret) = headers.get("x-api-key") else {
        return (StatusCode::UNAUTHORIZED, "x-api-key is missing\n").into_response();
    };
    match keys.id_of(secret.as_bytes()).await {
        Ok(Some(id)) => {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(ApiKey::from(id));
            response
        }
        Ok(None) => (StatusCode::UNAUTHORIZED, "x-api-key is unknown\n").into_response(),
        Err(error) => {
            tracing::error!("keys cannot be read: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Copies the table, now and every minute. A service that changes the table itself calls this then, too.
async fn sync(metrics: ApiMetrics, keys: Keys) {
    let Some(control) = metrics.control() else {
        return; // Metrics are off.
    };
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        match control.sync_keys(&keys).await {
            Ok(count) => tracing::debug!("{count} keys copied"),
            Err(error) => tracing::warn!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use api_metrics::store::query::Scope;
    use reqwest::Client;
    use sqlx::{AssertSqlSafe, Connection, PgConnection};

    use super::*;

    async fn on(server: &str, statement: String) {
        let mut admin = PgConnection::connect(server).await.unwrap();
        let statement = sqlx::raw_sql(AssertSqlSafe(statement));
        statement.execute(&mut admin).await.unwrap();
    }

    /// A database of its own on the server of `DATABASE_URL`.
    async fn with_database(server: &str, name: &str) -> PgPool {
        on(server, format!("CREATE DATABASE {name}")).await;
        let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
        PgPool::connect_with(options.database(name)).await.unwrap()
    }

    #[tokio::test]
    async fn the_table_decides_who_passes_and_names_the_consumers() {
        let server = std::env::var("DATABASE_URL").expect("tests/run sets DATABASE_URL");
        let name = format!("api_metrics_example_{}", uuid::Uuid::new_v4().simple());
        let pool = with_database(&server, &name).await;
        let keys = Keys::open(pool.clone()).await.unwrap();
        let metrics = ApiMetrics::builder()
            .postgres_pool(pool.clone())
            .start()
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/orders", listener.local_addr().unwrap());
        let app = app(&metrics, keys.clone());
        tokio::spawn(async { axum::serve(listener, app).await });

        let http = Client::new();
        for (secret, status) in [(keys::DEMO_SECRETS[0], 200), ("guessed", 401)] {
            let answer = http.get(&url).header("x-api-key", secret).send().await;
            assert_eq!(answer.unwrap().status(), status);
        }
        metrics.flush().await.unwrap();
        let control = metrics.control().unwrap();
        assert_eq!(control.sync_keys(&keys).await.unwrap(), 2);
        let known = control.all_keys(&Scope::All).await.unwrap();
        let named = |name: &str| known.iter().find(|key| key.label() == name);
        let farm = named("render farm").unwrap();
        assert_eq!(farm.spec.tenant_id.as_deref(), Some("acme"));
        assert_eq!(farm.spec.quota_limit, Some(1_000_000));
        assert_eq!(named("mobile app").unwrap().spec.quota_limit, None);
        metrics.shutdown().await.unwrap();

        pool.close().await;
        on(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}
