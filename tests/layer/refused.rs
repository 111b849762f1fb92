//! What hyper answers by itself, which no layer sees, and what it refuses to send.

use api_metrics_layer::Outcome;
use axum::{Router, http::StatusCode, routing::get as on_get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Record, Server, bound, empty, get};

#[tokio::test]
async fn what_hyper_refuses_itself_never_reaches_the_layer() {
    let server = Server::axum(|layer, _| {
        Router::new()
            .route("/", on_get(|| async { "home" }))
            .layer(layer)
    })
    .await;
    let long = "x".repeat(70_000);
    let many = (0..200)
        .map(|n| format!("x-{n}: y\r\n"))
        .collect::<String>();
    for (request, status) in [
        ("this is no HTTP\r\n\r\n".to_owned(), "400"),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"), "431"),
    ] {
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        // The server may answer and close before it has read everything.
        let _ = client.write_all(request.as_bytes()).await;
        let mut answer = [0; 12];
        bound("an answer", client.read_exact(&mut answer))
            .await
            .unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {status}").as_bytes());
    }
    server.finish().await;
}

#[tokio::test]
async fn a_handlers_1xx_is_no_status_to_end_with() {
    for status in [100, 102, 103, 199] {
        let mut server = Server::axum(|layer, _| {
            let handler = move || async move { StatusCode::from_u16(status).unwrap() };
            Router::new().route("/early", on_get(handler)).layer(layer)
        })
        .await;
        for (mut client, version) in server.clients().await.into_iter().zip([1, 2]) {
            let request = client.request("GET", "/early").body(empty()).unwrap();
            let response = client.send(request).await;
            if version == 1 {
                assert_eq!(response.unwrap().status(), 500);
            } else {
                assert!(response.is_err(), "{status} ended a response");
            }
            let expected = Record {
                status: None,
                outcome: Outcome::Failed,
                time_to_headers: None,
                ..get("/early")
            };
            assert_eq!(server.records.next().await, expected);
        }
        server.finish().await;
    }
}
