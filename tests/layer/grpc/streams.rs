//! gRPC methods that stream: their latency is the time to their head.

use axum::{Router, routing::post as on_post};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::*;
use crate::support::{body, feed, ms, trailers};

/// A message of gRPC with this text.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], text.as_bytes()]
        .concat()
        .into()
}

/// Calls a method that answers so many messages, with 5 ms before its head and an hour before each message.
async fn latency(server: &mut Server, path: &str, messages: usize) -> Duration {
    let mut client = server.h2().await;
    let request = client
        .request("POST", path)
        .header(CONTENT_TYPE, "application/grpc")
        .header("x-messages", messages);
    let response = client.send(request.body(body("12345")).unwrap()).await;
    let collected = bound("the end", response.unwrap().into_body().collect());
    assert_eq!(
        collected.await.unwrap().trailers().unwrap()["grpc-status"],
        "0"
    );
    let record = server.records.next().await;
    assert_eq!((record.endpoint.as_str(), record.status), (path, Some(200)));
    record.latency.unwrap()
}

async fn serve(settings: impl FnOnce(Layer) -> Layer) -> Server {
    Server::axum(|layer, clock| {
        let handler = move |headers: http::HeaderMap| {
            let clock = clock.clone();
            async move {
                let messages: usize = headers["x-messages"].to_str().unwrap().parse().unwrap();
                clock.advance(ms(5));
                let (feed, body) = feed();
                let (sent, mut received) = mpsc::unbounded_channel();
                tokio::spawn(async move {
                    // The head is sent before the first message.
                    received.recv().await;
                    for _ in 0..messages {
                        clock.advance(Duration::from_secs(3_600));
                        feed.send(Ok(Frame::data(message("text")))).unwrap();
                    }
                    feed.send(trailers("grpc-status", "0")).unwrap();
                });
                let asked = body.map_frame(|frame| frame);
                let first = tokio_stream::once(Ok::<_, axum::Error>(Frame::data(Bytes::new())));
                sent.send(()).unwrap();
                let rest = http_body_util::BodyStream::new(asked);
                let body = http_body_util::StreamBody::new(first.chain(rest));
                (
                    [(CONTENT_TYPE, "application/grpc")],
                    axum::body::Body::new(body),
                )
            }
        };
        Router::new()
            .route("/s.S/{method}", on_post(handler.clone()))
            .route("/t.T/{*rest}", on_post(handler))
            .layer(settings(layer))
    })
    .await
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_call_with_a_second_message_streams_and_so_do_later_calls_of_its_method() {
    let mut server = serve(|layer| layer).await;
    let path = "/t.T/Watch";
    assert!(latency(&mut server, path, 1).await >= HOUR);
    assert!(latency(&mut server, path, 2).await < HOUR);
    // Now it is known to stream.
    assert!(latency(&mut server, path, 1).await < HOUR);
    assert!(latency(&mut server, "/t.T/Get", 1).await >= HOUR);
    server.finish().await;
}

#[tokio::test]
async fn a_method_that_is_declared_to_stream_does_so_from_its_first_call() {
    // FileDescriptorSet { file: { package: "t", service: { name: "T", method: { name: "Watch", server_streaming } } } }
    let set = b"\x0a\x13\x12\x01t\x32\x0e\x0a\x01T\x12\x09\x0a\x05Watch\x30\x01";
    let mut server = serve(|layer| layer.grpc_descriptor_set(set).unwrap()).await;
    assert!(latency(&mut server, "/t.T/Watch", 1).await < HOUR);
    server.finish().await;
}

#[tokio::test]
async fn without_grpc_among_the_long_lived_types_the_lifetime_is_the_latency() {
    let mut server = serve(|layer| layer.long_lived_content_types(["text/event-stream"])).await;
    assert!(latency(&mut server, "/t.T/Watch", 2).await >= HOUR);
    server.finish().await;
}
