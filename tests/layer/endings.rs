//! The ways in which a request may end other than well.

use std::{convert::Infallible, io, time::Duration};

use api_metrics_layer::Outcome;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    routing::{get as on_get, post as on_post},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use tower::{ServiceBuilder, service_fn};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::support::{
    Client, Feed, Record, Server, aborted, body, bound, chunk, empty, feed, get, ms, post,
};

/// A handler that says that it runs, and then does so for ever.
fn hang() -> (Router, mpsc::UnboundedReceiver<()>) {
    let (entered, enter) = mpsc::unbounded_channel();
    let handler = |State(entered): State<mpsc::UnboundedSender<()>>| async move {
        entered.send(()).unwrap();
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/hang", on_get(handler));
    (app.with_state(entered), enter)
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_aborted_without_a_status() {
    let (app, mut entered) = hang();
    let mut server = Server::axum(|layer, _| app.layer(layer)).await;
    for mut client in server.clients().await {
        let request = client.request("GET", "/hang").body(empty()).unwrap();
        {
            let mut response = std::pin::pin!(client.send(request));
            tokio::select! {
                _ = &mut response => panic!("it hangs"),
                () = bound("the handler", async { entered.recv().await.unwrap() }) => {}
            }
            assert_eq!(server.in_flight.get(), 1);
        }
        server.clock.advance(ms(30));
        client.cut().await;
        let record = server.records.next().await;
        let expected = Record {
            latency: Some(ms(30)),
            finished_at: record.finished_at,
            ..aborted(get("/hang"))
        };
        assert_eq!(record, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_resets_one_stream_of_many_aborts_only_that() {
    let (app, mut entered) = hang();
    let app = app.route("/ok", on_get(|| async { "ok" }));
    let mut server = Server::axum(|layer, _| app.layer(layer)).await;
    let mut client = server.h2().await;
    let request = client.request("GET", "/hang").body(empty()).unwrap();
    tokio::select! {
        _ = client.send(request) => panic!("it hangs"),
        () = bound("the handler", async { entered.recv().await.unwrap() }) => {}
    }
    assert_eq!(server.records.next().await, aborted(get("/hang")));
    assert_eq!(client.get("/ok").await.body(), "ok");
    let expected = Record {
        response_bytes: 2,
        ..get("/ok")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}

/// A route whose bodies come out of a channel of feeds.
fn fed() -> (Router, mpsc::UnboundedReceiver<Feed>) {
    let (feeds, feed_out) = mpsc::unbounded_channel();
    let handler = |State(feeds): State<mpsc::UnboundedSender<Feed>>| async move {
        let (feed, body) = feed();
        feeds.send(feed).unwrap();
        body
    };
    let app = Router::new().route("/fed", on_get(handler));
    (app.with_state(feeds), feed_out)
}

/// Asks for a fed body, and waits until the first chunk has arrived.
async fn first_chunk(
    client: &mut Client,
    feeds: &mut mpsc::UnboundedReceiver<Feed>,
) -> (Feed, hyper::body::Incoming) {
    let request = client.request("GET", "/fed").body(empty()).unwrap();
    let mut body = client.send(request).await.unwrap().into_body();
    let feed = feeds.recv().await.unwrap();
    feed.send(chunk("first")).unwrap();
    let frame = bound("the first chunk", body.frame())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(frame.into_data().unwrap(), "first");
    (feed, body)
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_aborted_with_its_status_and_bytes() {
    let (app, mut feeds) = fed();
    let mut server = Server::axum(|layer, _| app.layer(layer)).await;
    for mut client in server.clients().await {
        let (feed, body) = first_chunk(&mut client, &mut feeds).await;
        assert_eq!(server.in_flight.get(), 1);
        server.clock.advance(ms(40));
        drop(body);
        client.cut().await;
        let record = server.records.next().await;
        let expected = Record {
            outcome: Outcome::Aborted,
            latency: Some(ms(40)),
            response_bytes: 5,
            finished_at: record.finished_at,
            ..get("/fed")
        };
        assert_eq!(record, expected);
        drop(feed);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_after_the_last_byte_is_completed() {
    let (app, mut feeds) = fed();
    let mut server = Server::axum(|layer, _| app.layer(layer)).await;
    for mut client in server.clients().await {
        let (feed, body) = first_chunk(&mut client, &mut feeds).await;
        drop(feed);
        let rest = bound("the end", body.collect()).await.unwrap();
        assert_eq!(rest.to_bytes(), "");
        client.cut().await;
        let expected = Record {
            response_bytes: 5,
            ..get("/fed")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_body_that_fails_in_the_middle_is_failed_with_the_status_that_was_sent() {
    let (app, mut feeds) = fed();
    let mut server = Server::axum(|layer, _| app.layer(layer)).await;
    for mut client in server.clients().await {
        let (feed, body) = first_chunk(&mut client, &mut feeds).await;
        feed.send(Err(io::Error::other("disk gone"))).unwrap();
        bound("the failure", body.collect()).await.unwrap_err();
        let expected = Record {
            outcome: Outcome::Failed,
            response_bytes: 5,
            ..get("/fed")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_timeout_outside_is_an_abort_and_inside_a_response() {
    for inside in [true, false] {
        let (app, mut entered) = hang();
        let timeout =
            TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(1));
        let mut server = Server::axum(|layer, _| {
            if inside {
                app.layer(timeout).layer(layer)
            } else {
                app.layer(layer).layer(timeout)
            }
        })
        .await;
        for mut client in server.clients().await {
            assert_eq!(client.get("/hang").await.status(), 504);
            entered.recv().await.unwrap();
            let expected = if inside {
                Record {
                    status: Some(504),
                    ..get("/hang")
                }
            } else {
                aborted(get("/hang"))
            };
            assert_eq!(server.records.next().await, expected);
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn a_service_error_is_failed_without_a_status_and_stays_the_services_own() {
    let mut server = Server::start(|layer, clock| {
        let service = service_fn(move |_: http::Request<_>| {
            clock.advance(ms(3));
            async { Err::<http::Response<Body>, _>(io::Error::other("no")) }
        });
        ServiceBuilder::new().layer(layer).service(service)
    })
    .await;
    for mut client in server.clients().await {
        let request = client.request("GET", "/e").body(empty()).unwrap();
        client.send(request).await.unwrap_err();
        let record = server.records.next().await;
        let expected = Record {
            endpoint: "<unmatched>".into(),
            unmatched_path: Some("/e".into()),
            status: None,
            outcome: Outcome::Failed,
            latency: Some(ms(3)),
            time_to_headers: None,
            finished_at: record.finished_at,
            ..get("")
        };
        assert_eq!(record, expected);
    }
    server.finish().await;
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

#[tokio::test]
async fn a_panicking_handler_is_panicked_unless_something_inside_makes_a_response_of_it() {
    #[derive(Clone, Copy, PartialEq)]
    enum Catch {
        Nowhere,
        Inside,
        Outside,
    }
    for catch in [Catch::Nowhere, Catch::Inside, Catch::Outside] {
        let mut server = Server::axum(|layer, _| {
            let app = Router::new().route("/p", on_get(panics));
            match catch {
                Catch::Nowhere => app.layer(layer),
                Catch::Inside => app.layer(CatchPanicLayer::new()).layer(layer),
                Catch::Outside => app.layer(layer).layer(CatchPanicLayer::new()),
            }
        })
        .await;
        for mut client in server.clients().await {
            let request = client.request("GET", "/p").body(empty()).unwrap();
            let response = client.send(request).await;
            if catch == Catch::Nowhere {
                response.unwrap_err();
            } else {
                assert_eq!(response.unwrap().status(), 500);
            }
            let record = server.records.next().await;
            let expected = if catch == Catch::Inside {
                Record {
                    status: Some(500),
                    response_bytes: record.response_bytes,
                    ..get("/p")
                }
            } else {
                Record {
                    outcome: Outcome::Panicked,
                    ..aborted(get("/p"))
                }
            };
            assert_eq!(record, expected);
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn a_body_that_panics_is_panicked_with_the_status_that_was_sent() {
    let mut server = Server::axum(|layer, _| {
        let stream = || async {
            let mut parts = 0;
            Body::from_stream(tokio_stream::iter(std::iter::from_fn(move || {
                parts += 1;
                assert!(parts < 3, "on purpose");
                Some(Ok::<_, Infallible>(Bytes::from_static(b"part")))
            })))
        };
        Router::new().route("/p", on_get(stream)).layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        let request = client.request("GET", "/p").body(empty()).unwrap();
        if let Ok(response) = client.send(request).await {
            bound("the end", response.into_body().collect())
                .await
                .unwrap_err();
        }
        let expected = Record {
            outcome: Outcome::Panicked,
            response_bytes: 8,
            ..get("/p")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_counted_as_far_as_it_was_read() {
    let (read, mut reads) = mpsc::unbounded_channel();
    let handler = |State(read): State<mpsc::UnboundedSender<usize>>, request: Request| async move {
        let mut body = request.into_body();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => read.send(frame.into_data().unwrap().len()).unwrap(),
                Err(_) => return StatusCode::BAD_REQUEST,
            }
        }
        StatusCode::OK
    };
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/up", on_post(handler))
            .with_state(read)
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        let (feed, upload) = feed();
        let upload = upload.map_err(|_| unreachable!()).boxed_unsync();
        let request = client.request("POST", "/up").body(upload).unwrap();
        feed.send(chunk("12345")).unwrap();
        tokio::select! {
            _ = client.send(request) => panic!("it hangs"),
            read = bound("the bytes", reads.recv()) => assert_eq!(read, Some(5)),
        }
        client.cut().await;
        // The service has answered, though nobody was there to be told.
        let expected = Record {
            status: Some(400),
            request_bytes: 5,
            ..post("/up")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn many_requests_that_end_in_every_way_leave_the_gauge_at_zero() {
    let (app, mut feeds) = fed();
    let app = app
        .route("/ok", on_get(|| async { "ok" }))
        .route("/p", on_get(panics))
        .route("/up", on_post(|body: Bytes| async move { body }));
    let mut server = Server::axum(|layer, _| app.layer(layer)).await;
    let rounds = 25;
    for _ in 0..rounds {
        for mut client in server.clients().await {
            client.get("/ok").await;
            let request = client.request("POST", "/up").body(body("12")).unwrap();
            client.exchange(request).await;
            let (feed, half) = first_chunk(&mut client, &mut feeds).await;
            drop((half, client));
            let mut client = server.h1().await;
            let request = client.request("GET", "/p").body(empty()).unwrap();
            client.send(request).await.unwrap_err();
            for _ in 0..4 {
                server.records.next().await;
            }
            drop(feed);
        }
    }
    server.finish().await;
}
