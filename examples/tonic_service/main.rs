//! A tonic server behind the layer, and its dashboard on an axum server of its own.
//!
//! ```text
//! cargo run --example tonic_service
//! ```
//!
//! Calls itself now and then, so that there is something to see. The service is written by hand, so that no
//! protoc is needed; code that `tonic-prost-build` generates goes into `add_service` in the same way.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

mod greeter;

use std::{net::SocketAddr, time::Duration};

use api_metrics::{ApiKey, ApiMetrics, ApiMetricsLayer};
use api_metrics_examples::Settings;
use axum::Router;
use greeter::{Client, Greeter};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::from_command_line(
        "A tonic server whose calls are counted. --listen is the dashboard's address; gRPC takes a free port.",
        "127.0.0.1:3000",
        "tonic-service.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("greeter")
        .start()
        .await?;
    let grpc = TcpListener::bind("127.0.0.1:0").await?;
    let address = grpc.local_addr()?;
    tokio::spawn(serve(metrics.clone(), grpc));
    tokio::spawn(calls(address));
    let listener = TcpListener::bind(&settings.listen).await?;
    println!(
        "gRPC at {address}, dashboard: http://{}/admin/",
        listener.local_addr()?
    );
    let admin = Router::new().nest_service("/admin", metrics.admin());
    axum::serve(listener, admin)
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

/// The server, with the layer outermost. The consumer comes from the metadata, which here nobody verifies:
/// put your authentication outside of the layer, and let it insert an `ApiKey` into the request's extensions.
async fn serve(metrics: ApiMetrics, listener: TcpListener) -> Result<(), tonic::transport::Error> {
    let layer = ApiMetricsLayer::new(metrics.sink())
        .grpc_methods(["/shop.Greeter/Hello"])
        .api_key(|request| {
            Some(ApiKey::from(
                request.headers.get("x-client")?.to_str().ok()?,
            ))
        });
    Server::builder()
        .layer(layer)
        .add_service(Greeter)
        .serve_with_incoming_shutdown(
            TcpListenerStream::new(listener),
            api_metrics::shutdown_signal(),
        )
        .await
}

/// A call a second; those without a name are refused.
async fn calls(address: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect(address).await?;
    for n in 0_u64.. {
        let name = if n.is_multiple_of(5) { "" } else { "world" };
        let _ = client.hello(name, "demo").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use api_metrics::store::query::{Detail, Query, TimeRange};

    use super::*;

    #[tokio::test]
    async fn calls_are_counted_by_method_status_and_client() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let metrics = ApiMetrics::builder().embedded(&file).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(metrics.clone(), listener));
        let mut client = Client::connect(address).await.unwrap();
        assert_eq!(client.hello("world", "acme").await.unwrap(), "hello world");
        let refused = client.hello("", "acme").await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        metrics.flush().await.unwrap();
        let mut query = Query::over(TimeRange::new(0, 4_102_444_800));
        query.detail = Detail::Counts;
        query.group_by.protocol = true;
        query.group_by.endpoint = true;
        query.group_by.api_key = true;
        let answer = metrics.store().unwrap().read(&query, None).await.unwrap();
        assert_eq!(answer.rows.len(), 1);
        let (group, counts) = (&answer.rows[0].group, &answer.rows[0].bucket.status_counts);
        assert_eq!(group.protocol.as_deref(), Some("grpc"));
        assert_eq!(group.endpoint.as_deref(), Some("/shop.Greeter/Hello"));
        assert_ne!(group.api_key_id, Some(0));
        assert_eq!((counts.get(200), counts.get(400)), (1, 1));
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
