//! What the host's responses say that a request used.

use api_metrics_layer::Units;
use axum::{Extension, Router, body::Body, routing::get as on_get};
use bytes::Bytes;

use crate::support::{Record, Server, feed, get, ms};

#[tokio::test]
async fn units_of_a_response_reach_its_record_and_no_other() {
    let mut server = Server::axum(|layer, _| {
        let units = || async {
            let units = Units::new().add("tokens", 1_234).gauge("score", 0.5);
            (Extension(units), "Paris.")
        };
        Router::new()
            .route("/with", on_get(units))
            .route("/without", on_get(|| async { "Paris." }))
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        for path in ["/with", "/without"] {
            client.get(path).await;
            let units = match path {
                "/with" => {
                    "{\"tokens\": Sum(1234), \"score\": Gauge(Gauge { count: 1, min: 500000, \
                     max: 500000, sum: 500000 })}"
                }
                _ => "",
            };
            let expected = Record {
                response_bytes: 6,
                units: units.to_owned(),
                ..get(path)
            };
            assert_eq!(server.records.next().await, expected);
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn what_a_stream_counts_until_its_end_is_recorded() {
    let mut server = Server::axum(|layer, clock| {
        let stream = move || {
            let clock = clock.clone();
            async move {
                let units = Units::new();
                let shared = Extension(units.clone());
                let parts = [3_u64, 4, 5].into_iter().map(move |tokens| {
                    clock.advance(ms(1));
                    units.count("tokens", tokens);
                    Ok::<_, std::convert::Infallible>(Bytes::from("token "))
                });
                (shared, Body::from_stream(tokio_stream::iter(parts)))
            }
        };
        Router::new().route("/s", on_get(stream)).layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        client.get("/s").await;
        let record = server.records.next().await;
        assert_eq!(record.units, "{\"tokens\": Sum(12)}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_a_caller_used_before_it_left_is_recorded() {
    let units = Units::new();
    let counted = units.clone();
    let (feed, body) = feed();
    let body = std::sync::Mutex::new(Some(body));
    let body = std::sync::Arc::new(body);
    let mut server = Server::axum(move |layer, _| {
        let stream = move || {
            let (units, body) = (units.clone(), std::sync::Arc::clone(&body));
            async move {
                let body = body.lock().unwrap().take().unwrap();
                units.count("tokens", 7);
                (Extension(units), body)
            }
        };
        Router::new().route("/s", on_get(stream)).layer(layer)
    })
    .await;
    let mut client = server.h1().await;
    let request = client.request("GET", "/s").body(crate::support::empty());
    let response = client.send(request.unwrap()).await.unwrap();
    counted.count("tokens", 1);
    drop(response);
    client.cut().await;
    let record = server.records.next().await;
    assert_eq!(record.units, "{\"tokens\": Sum(8)}");
    drop(feed);
    server.finish().await;
}
