//! Connections that outlast a request: WebSockets and event streams.

use std::{convert::Infallible, sync::Arc, time::Duration};

use api_metrics_layer::Outcome;
use axum::{
    Router,
    response::sse::{Event, Sse},
    routing::get as on_get,
};
use http_body_util::BodyExt;
use tokio::sync::{Mutex, mpsc};
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};

use crate::support::{Record, Server, bound, empty, get, ms};

#[tokio::test]
async fn an_upgrade_to_websocket_is_recorded_when_the_101_is_sent() {
    use axum::extract::ws::{Message, WebSocketUpgrade};
    use tokio_tungstenite::tungstenite;

    let echo = |ws: WebSocketUpgrade| async {
        ws.on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Close(_)) || socket.send(message).await.is_err() {
                    return;
                }
            }
        })
    };
    let mut server =
        Server::axum(|layer, _| Router::new().route("/ws", on_get(echo)).layer(layer)).await;
    let url = format!("ws://{}/ws", server.addr);
    let connect = tokio_tungstenite::connect_async(url);
    let (mut socket, response) = bound("the upgrade", connect).await.unwrap();
    assert_eq!(response.status(), 101);
    let expected = Record {
        status: Some(101),
        ..get("/ws")
    };
    assert_eq!(server.records.next().await, expected);
    // Still open, and of no concern any more.
    assert_eq!(server.in_flight.get(), 0);
    use futures_util::SinkExt;
    let message = tungstenite::Message::text("hello");
    socket.send(message.clone()).await.unwrap();
    assert_eq!(
        bound("the echo", socket.next()).await.unwrap().unwrap(),
        message
    );
    socket.close(None).await.unwrap();
    drop(socket);
    server.finish().await;
}

type Events = mpsc::UnboundedReceiver<Result<Event, Infallible>>;

#[tokio::test]
async fn an_event_stream_is_recorded_at_its_end_with_the_time_to_its_head_as_latency() {
    let (events, receiver) = mpsc::unbounded_channel();
    let shared: Arc<Mutex<Option<Events>>> = Arc::default();
    let for_handler = Arc::clone(&shared);
    let mut server = Server::axum(|layer, clock| {
        let handler = move || {
            let shared = Arc::clone(&for_handler);
            let clock = clock.clone();
            async move {
                clock.advance(ms(4));
                Sse::new(UnboundedReceiverStream::new(
                    shared.lock().await.take().unwrap(),
                ))
            }
        };
        Router::new().route("/events", on_get(handler)).layer(layer)
    })
    .await;
    let mut next = Some((events, receiver));
    for (left_by_client, version) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
        let (events, receiver) = next.take().unwrap();
        next = Some(mpsc::unbounded_channel());
        *shared.lock().await = Some(receiver);
        let mut client = if version == 1 {
            server.h1().await
        } else {
            server.h2().await
        };
        let request = client.request("GET", "/events").body(empty()).unwrap();
        let response = client.send(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut body = response.into_body();
        events.send(Ok(Event::default().data("a"))).unwrap();
        let frame = bound("an event", body.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "data: a\n\n");
        assert_eq!(server.in_flight.get(), 1);
        server.clock.advance(Duration::from_secs(600));
        let outcome = if left_by_client {
            drop(body);
            client.cut().await;
            Outcome::Aborted
        } else {
            drop(events);
            assert_eq!(
                bound("the end", body.collect()).await.unwrap().to_bytes(),
                ""
            );
            Outcome::Completed
        };
        let record = server.records.next().await;
        let expected = Record {
            outcome,
            latency: Some(ms(4)),
            time_to_headers: Some(ms(4)),
            response_bytes: 9,
            finished_at: record.finished_at,
            ..get("/events")
        };
        assert_eq!(record, expected);
    }
    server.finish().await;
}

/// A stream of this type that lives for ten minutes: its latency, with 4 ms before its head.
async fn latency_of(
    content_type: &'static str,
    settings: impl FnOnce(crate::support::Layer) -> crate::support::Layer,
) -> Duration {
    let (feed, body) = crate::support::feed();
    let body = Arc::new(Mutex::new(Some(body)));
    let mut server = Server::axum(|layer, clock| {
        let handler = move || {
            let (body, clock) = (Arc::clone(&body), clock.clone());
            async move {
                clock.advance(ms(4));
                let body = body.lock().await.take().unwrap();
                ([("content-type", content_type)], body)
            }
        };
        let app = Router::new().route("/stream", on_get(handler));
        app.layer(settings(layer))
    })
    .await;
    let mut client = server.h1().await;
    let request = client.request("GET", "/stream").body(empty()).unwrap();
    let mut body = client.send(request).await.unwrap().into_body();
    feed.send(crate::support::chunk("a")).unwrap();
    bound("a piece", body.frame()).await.unwrap().unwrap();
    server.clock.advance(Duration::from_secs(600));
    drop(feed);
    bound("the end", body.collect()).await.unwrap();
    let latency = server.records.next().await.latency.unwrap();
    drop(client);
    server.finish().await;
    latency
}

#[tokio::test]
async fn streams_of_every_listed_type_have_the_time_to_their_head_as_latency() {
    for content_type in api_metrics_layer::LONG_LIVED_CONTENT_TYPES {
        // gRPC has rules of its own.
        if content_type != "application/grpc" {
            assert_eq!(
                latency_of(content_type, |layer| layer).await,
                ms(4),
                "{content_type}"
            );
        }
    }
    let parameters = "multipart/x-mixed-replace; boundary=frame";
    assert_eq!(latency_of(parameters, |layer| layer).await, ms(4));
    assert!(latency_of("text/plain", |layer| layer).await > Duration::from_secs(600));
}

#[tokio::test]
async fn a_list_of_ones_own_says_what_is_long_lived() {
    let radio = |layer: crate::support::Layer| layer.long_lived_content_types(["audio/mpeg"]);
    assert_eq!(latency_of("audio/mpeg", radio).await, ms(4));
    assert!(latency_of("text/event-stream", radio).await > Duration::from_secs(600));
}
