//! Calls to another service beside the requests of one's own: a layer around an HTTP client.
//!
//! ```text
//! cargo run --example outgoing_calls
//! ```
//!
//! Serves `/orders/{id}`, which asks a payments service that this program plays too. The dashboard's page "Depends on"
//! then shows how often and how fast the payments answered.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use api_metrics::{ApiMetrics, Endpoint, RecorderSink, layer::ClientService, layer::StdErrors};
use api_metrics_examples::Settings;
use axum::{
    Router,
    extract::{Path, State},
    http::{Request, StatusCode},
    routing::get,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::from_command_line(
        "A service whose calls to another one are counted beside its own requests.",
        "127.0.0.1:3000",
        "outgoing-calls.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("shop")
        .start()
        .await?;
    let payments = serve("127.0.0.1:0", payments()).await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("curl {base}/orders/7    and {base}/orders/8, whose payment is refused");
    println!("dashboard: {base}/admin/");
    axum::serve(listener, app(&metrics, Payments::new(&metrics, payments)))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

fn app(metrics: &ApiMetrics, payments: Payments) -> Router {
    Router::new()
        .route("/orders/{id}", get(order))
        .with_state(payments)
        .layer(metrics.layer())
        .nest_service("/admin", metrics.admin())
}

async fn order(Path(id): Path<u64>, State(payments): State<Payments>) -> (StatusCode, String) {
    match payments.charge(id).await {
        Ok(StatusCode::OK) => (StatusCode::OK, format!("order {id} is paid\n")),
        Ok(status) => (
            StatusCode::PAYMENT_REQUIRED,
            format!("payments said {status}\n"),
        ),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("payments: {error}\n")),
    }
}

/// The client of the payments service, whose calls are recorded.
#[derive(Clone)]
struct Payments {
    base: String,
    client: ClientService<Client<HttpConnector, Empty<Bytes>>, RecorderSink, StdErrors>,
}

impl Payments {
    fn new(metrics: &ApiMetrics, base: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            base,
            client: metrics.client_layer().host("payments").layer(client),
        }
    }

    /// Charges an order. A call is recorded when its answer has been read.
    async fn charge(&self, order: u64) -> Result<StatusCode, Failure> {
        let request = Request::get(format!("{}/charges/{order}", self.base))
            .extension(Endpoint::from("/charges/{id}"))
            .body(Empty::new())?;
        let mut client = self.client.clone();
        let response = client.ready().await?.call(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

/// The service of somebody else.
fn payments() -> Router {
    Router::new().route(
        "/charges/{order}",
        get(async |Path(order): Path<u64>| match order % 2 {
            0 => StatusCode::PAYMENT_REQUIRED,
            _ => StatusCode::OK,
        }),
    )
}

async fn serve(address: &str, app: Router) -> Result<String, Failure> {
    let listener = TcpListener::bind(address).await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(base)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use api_metrics::store::query::{Detail, Filter, Query, TimeRange};

    use super::*;

    #[tokio::test]
    async fn calls_out_stand_beside_requests_in_and_are_not_added_to_them() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let builder = ApiMetrics::builder().embedded(&file).service("shop");
        let metrics = builder.start().await.unwrap();
        let partner = serve("127.0.0.1:0", payments()).await.unwrap();
        let app = app(&metrics, Payments::new(&metrics, partner));
        let base = serve("127.0.0.1:0", app).await.unwrap();
        for (order, status) in [(7, 200), (8, 402), (9, 200)] {
            let answer = reqwest::get(format!("{base}/orders/{order}"))
                .await
                .unwrap();
            assert_eq!(answer.status(), status);
        }
        metrics.flush().await.unwrap();
        for (protocol, endpoint) in [
            (None, "/orders/{id}"),
            (Some("http-client"), "payments/charges/{id}"),
        ] {
            let mut query = Query::over(TimeRange::new(0, 4_102_444_800));
            query.detail = Detail::Counts;
            query.group_by.endpoint = true;
            query.filter = Filter::default();
            query.filter.protocol = protocol.map(str::to_owned);
            let answer = metrics.store().unwrap().read(&query, None).await.unwrap();
            let counted: Vec<_> = answer
                .rows
                .iter()
                .map(|row| {
                    let counts = &row.bucket.status_counts;
                    let name = row.group.endpoint.as_deref().unwrap();
                    (name, counts.get(200), counts.get(402))
                })
                .collect();
            assert_eq!(counted, [(endpoint, 2, 1)]);
        }
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
