//! Whole exchanges: what a request and its response may look like.

use axum::{Router, routing::get as on_get};

use crate::support::{Record, Server, get};

#[tokio::test]
async fn a_unary_exchange_is_one_record_with_every_field() {
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/users/{id}", on_get(|| async { "hello" }))
            .layer(layer)
    })
    .await;
    let mut client = server.h1().await;
    assert_eq!(client.get("/users/7").await.body(), "hello");
    let expected = Record {
        response_bytes: 5,
        ..get("/users/{id}")
    };
    assert_eq!(server.records.next().await, expected);
    client.cut().await;
    server.finish().await;
}
