//! A job of the demo: it asks the service itself once an hour whether it is well, by a client whose calls are recorded.

use std::{net::SocketAddr, time::Duration};

use api_metrics::{ApiMetrics, Endpoint};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer, Service, ServiceExt};

/// How often it runs.
const EVERY: Duration = Duration::from_secs(3_600);
/// How long it may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Schedules it.
pub(crate) fn schedule(metrics: &ApiMetrics, address: SocketAddr) {
    let client: Client<HttpConnector, Empty<Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let client = metrics.client_layer().layer(client);
    // Whoever listens on all addresses is reached on this machine's own.
    let host = if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    metrics
        .job("check-health")
        .every(EVERY)
        .timeout(LIMIT)
        .run(move || {
            let mut client = client.clone();
            let uri = format!("http://{host}/admin/health/live");
            async move {
                let request = Request::get(uri)
                    .extension(Endpoint::from("/admin/health/live"))
                    .body(Empty::new())
                    .map_err(|error| error.to_string())?;
                let client = client.ready().await.map_err(|error| error.to_string())?;
                let answer = client.call(request).await;
                let answer = answer.map_err(|error| error.to_string())?;
                let status = answer.status();
                let body = answer.into_body().collect().await;
                body.map_err(|error| error.to_string())?;
                if status.is_success() {
                    Ok(())
                } else {
                    Err(format!("the service said {status}"))
                }
            }
        });
}
