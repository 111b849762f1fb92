//! grpc-web, with the layer inside and outside of what translates it.

use axum::{Router, routing::post as on_post};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use tonic_web::GrpcWebLayer;

use super::*;
use crate::support::body;

/// A message of gRPC that holds a protobuf string.
fn message(text: &str) -> Bytes {
    let length = u8::try_from(text.len()).unwrap();
    let head = [0, 0, 0, 0, length + 2, 10, length];
    [&head[..], text.as_bytes()].concat().into()
}

/// The status and endpoint of calls of methods by grpc-web.
async fn expect_statuses(mut server: Server) {
    for mut client in server.clients().await {
        for (method, text, code, status) in [
            ("Hello", "you", "0", 200),
            ("Count", "2", "0", 200),
            ("Count", "2,13", "13", 500),
            // Its status is in the head, where there is no body.
            ("Fail", "16", "16", 401),
        ] {
            let path = format!("/test.Greeter/{method}");
            let request = client
                .request("POST", &path)
                .header(CONTENT_TYPE, "application/grpc-web+proto")
                .header("accept", "application/grpc-web+proto");
            let request = request.body(body(message(text))).unwrap();
            let response = client.exchange(request).await;
            assert_eq!(response.status(), 200);
            let told = format!("grpc-status:{code}\r\n");
            let in_body = response
                .body()
                .windows(told.len())
                .any(|part| part == told.as_bytes());
            let in_head = response.headers().get("grpc-status");
            assert!(in_body || in_head.is_some_and(|value| value == code));
            let record = server.records.next().await;
            assert_eq!((record.endpoint, record.status), (path, Some(status)));
            assert_eq!(record.protocol, Protocol::Grpc);
        }
    }
    server.finish().await;
}

fn greeter() -> Router {
    let (entered, _) = mpsc::unbounded_channel();
    Routes::new(Greeter { entered }).into_axum_router()
}

const DECLARED: [&str; 1] = ["/test.Greeter/Fail"];

#[tokio::test]
async fn inside_of_the_translation_the_status_is_that_of_the_trailers() {
    let server = Server::axum(|layer, _| {
        greeter()
            .layer(layer.grpc_methods(DECLARED))
            .layer(GrpcWebLayer::new())
    });
    expect_statuses(server.await).await;
}

#[tokio::test]
async fn outside_of_the_translation_the_status_is_that_of_the_last_frame() {
    let server = Server::axum(|layer, _| {
        greeter()
            .layer(GrpcWebLayer::new())
            .layer(layer.grpc_methods(DECLARED))
    });
    expect_statuses(server.await).await;
}

#[tokio::test]
async fn in_base64_the_last_frame_is_found_as_well() {
    // A message "one" and, in a piece of its own, trailers with grpc-status 16.
    let text = "AAAAAANvbmU=gAAAABBncnBjLXN0YXR1czoxNg0K";
    let mut server = Server::axum(|layer, _| {
        let answer = move || async move { ([(CONTENT_TYPE, "application/grpc-web-text")], text) };
        Router::new().route("/w.W/M", on_post(answer)).layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        let request = client
            .request("POST", "/w.W/M")
            .header(CONTENT_TYPE, "application/grpc-web-text");
        client.exchange(request.body(body("12345")).unwrap()).await;
        let expected = Record {
            status: Some(401),
            response_bytes: text.len() as u64,
            ..call("/w.W/M")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}
