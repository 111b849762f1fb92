//! What speaks, or claims to speak, gRPC without tonic.

use api_metrics_layer::{Outcome, Protocol};
use axum::{Router, http::StatusCode, routing::post as on_post};
use http::header::CONTENT_TYPE;

use super::call;
use crate::support::{Client, Record, Server, body, chunk, feed, post, trailers};

async fn send(client: &mut Client, path: &str, content_type: &str) -> u16 {
    let request = client
        .request("POST", path)
        .header(CONTENT_TYPE, content_type);
    let response = client.exchange(request.body(body("12345")).unwrap()).await;
    response.status().as_u16()
}

fn app() -> Router {
    let grpc = || [(CONTENT_TYPE, "application/grpc")];
    let web = || [(CONTENT_TYPE, "application/grpc-web+proto")];
    Router::new()
        .route("/json/{id}", on_post(|| async { "{}" }))
        .route(
            "/denied/{id}",
            on_post(|| async { StatusCode::UNAUTHORIZED }),
        )
        .route(
            "/no.Status/Method",
            on_post(move || async move { (grpc(), "data") }),
        )
        .route(
            "/web.Service/Method",
            on_post(move || async move { (web(), "data and status") }),
        )
        .route(
            "/sized.Service/Method",
            on_post(move || async move {
                // A size that is reached before the trailers have come.
                let (feed, body) = feed();
                feed.send(chunk("data")).unwrap();
                feed.send(trailers("grpc-status", "5")).unwrap();
                ([(http::header::CONTENT_LENGTH, "4")], grpc(), body)
            }),
        )
        .route(
            "/odd.Service/Method",
            on_post(move || async move { (grpc(), [("grpc-status", "fine")]) }),
        )
}

#[tokio::test]
async fn a_claim_to_speak_grpc_counts_only_if_the_service_answers_in_kind() {
    let mut server = Server::axum(|layer, _| app().layer(layer)).await;
    let mut client = server.h2().await;
    for (path, endpoint, status) in [
        ("/json/7", "/json/{id}", 200),
        ("/denied/7", "/denied/{id}", 401),
        ("/nothing", "<unmatched>", 404),
    ] {
        assert_eq!(send(&mut client, path, "application/grpc").await, status);
        let record = server.records.next().await;
        let expected = Record {
            status: Some(status),
            unmatched_path: (endpoint == "<unmatched>").then(|| path.to_owned()),
            response_bytes: record.response_bytes,
            ..post(endpoint)
        };
        assert_eq!(record, expected);
        assert_eq!(record.protocol, Protocol::Http);
    }
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_missing_or_unreadable_status_is_unknown_except_for_grpc_web() {
    let mut server = Server::axum(|layer, _| app().layer(layer)).await;
    let mut client = server.h2().await;
    for (path, content_type, status, response_bytes) in [
        ("/no.Status/Method", "application/grpc+proto", 500, 4),
        ("/odd.Service/Method", "application/grpc", 500, 0),
        ("/web.Service/Method", "application/grpc-web+proto", 200, 15),
    ] {
        assert_eq!(send(&mut client, path, content_type).await, 200);
        let expected = Record {
            status: Some(status),
            response_bytes,
            ..call(path)
        };
        assert_eq!(server.records.next().await, expected);
    }
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_size_that_is_reached_is_not_the_end_while_trailers_are_to_come() {
    let mut server = Server::axum(|layer, _| app().layer(layer)).await;
    let mut client = server.h2().await;
    send(&mut client, "/sized.Service/Method", "application/grpc").await;
    let expected = Record {
        status: Some(404),
        outcome: Outcome::Completed,
        response_bytes: 4,
        ..call("/sized.Service/Method")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}
