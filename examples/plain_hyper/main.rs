//! The layer around a plain hyper service: no axum, a hand-written router, records on stdout.
//!
//! `cargo run --example plain_hyper`, then `curl localhost:3000/users/7`.
#![allow(clippy::print_stdout)]

use std::{convert::Infallible, error::Error};

use api_metrics_examples::Settings;
use api_metrics_layer::{ApiMetricsLayer, Endpoint, MetricSink, RequestRecord};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listen = Settings::listen_from_command_line(
        "The layer around a plain hyper service, whose records are printed.",
        "127.0.0.1:3000",
    );
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}/users/7", listener.local_addr()?);
    serve(listener, |record: &RequestRecord<'_>| {
        println!(
            "{} {} {} {:?} {} bytes in {:?}",
            record.method,
            record.endpoint,
            record.counted_status(),
            record.outcome,
            record.response_bytes,
            record.latency.unwrap_or_default(),
        );
    })
    .await
}

/// One layer for all connections: they share its sink and its gauge.
async fn serve(listener: TcpListener, sink: impl MetricSink) -> Result<(), Box<dyn Error>> {
    let service = ServiceBuilder::new()
        .layer(ApiMetricsLayer::new(sink).endpoint(template))
        .service(service_fn(handle));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
}

/// What answers a path, and under which name it is counted.
enum Route<'a> {
    Home,
    User(&'a str),
}

fn route(path: &str) -> Option<Route<'_>> {
    if path == "/" {
        return Some(Route::Home);
    }
    let id = path.strip_prefix("/users/")?;
    (!id.is_empty() && !id.contains('/')).then_some(Route::User(id))
}

/// The template and never the path: what no route answers is `<unmatched>`.
fn template(request: &Parts) -> Option<Endpoint> {
    Some(match route(request.uri.path())? {
        Route::Home => "/".into(),
        Route::User(_) => "/users/{id}".into(),
    })
}

/// Generic over the body, which the layer wraps to count it.
async fn handle<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, text) = match (request.method(), route(request.uri().path())) {
        (&Method::GET, Some(Route::Home)) => (StatusCode::OK, "home\n".to_owned()),
        (&Method::GET, Some(Route::User(id))) => (StatusCode::OK, format!("user {id}\n")),
        (_, Some(_)) => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        (_, None) => (StatusCode::NOT_FOUND, "nothing here\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    Ok(response)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn requests_are_counted_under_their_template() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (sender, mut records) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let sink = move |record: &RequestRecord<'_>| {
                let endpoint = record.endpoint.to_owned();
                let _ = sender.send((endpoint, record.status, record.response_bytes));
            };
            serve(listener, sink).await.unwrap();
        });
        for (path, endpoint, status, bytes) in [
            ("/", "/", 200, 5),
            ("/users/7", "/users/{id}", 200, 7),
            ("/users/7/x", "<unmatched>", 404, 13),
        ] {
            let response = reqwest::get(format!("{origin}{path}")).await.unwrap();
            assert_eq!(response.status(), status);
            response.bytes().await.unwrap();
            let expected = (endpoint.to_owned(), Some(status), bytes);
            assert_eq!(records.recv().await.unwrap(), expected);
        }
    }
}
