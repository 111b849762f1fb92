//! Other middleware, inside of the layer and outside: what it does to a response is what is recorded.

use std::time::Duration;

use api_metrics_layer::Outcome;
use axum::{
    Router,
    body::Body,
    error_handling::HandleErrorLayer,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::Response,
    routing::{get as on_get, post as on_post},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use tower::{BoxError, ServiceBuilder, load_shed::LoadShedLayer};
use tower_http::{
    limit::RequestBodyLimitLayer,
    timeout::{RequestBodyTimeoutLayer, ResponseBodyTimeoutLayer},
};

use crate::support::{Record, Server, aborted, body, bound, chunk, empty, feed, get, post};

#[tokio::test]
async fn a_response_that_is_dropped_unread_is_aborted_with_the_status_it_had() {
    async fn replace(request: Request, next: Next) -> StatusCode {
        drop(next.run(request).await);
        StatusCode::IM_A_TEAPOT
    }
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/r", on_get(|| async { "never read" }))
            .layer(layer)
            .layer(from_fn(replace))
    })
    .await;
    for mut client in server.clients().await {
        assert_eq!(client.get("/r").await.status(), 418);
        let expected = Record {
            status: Some(200),
            ..aborted(get("/r"))
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_response_that_is_replaced_inside_is_recorded_as_what_it_was_replaced_by() {
    async fn replace(request: Request, next: Next) -> Response {
        next.run(request).await.map(|_| Body::from("another"))
    }
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/r", on_get(|| async { (StatusCode::CREATED, "one") }))
            .layer(from_fn(replace))
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        assert_eq!(client.get("/r").await.body(), "another");
        let expected = Record {
            status: Some(201),
            response_bytes: 7,
            ..get("/r")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_body_whose_time_is_over_is_failed_inside_and_aborted_outside() {
    for inside in [true, false] {
        let mut server = Server::axum(|layer, _| {
            let slow = || async {
                let (feed, body) = feed();
                feed.send(chunk("first")).unwrap();
                // Kept open: what is to come never comes.
                tokio::spawn(async move { feed.closed().await });
                body
            };
            let app = Router::new().route("/slow", on_get(slow));
            let limit = ResponseBodyTimeoutLayer::new(Duration::from_millis(1));
            if inside {
                app.layer(limit).layer(layer)
            } else {
                app.layer(layer).layer(limit)
            }
        })
        .await;
        for mut client in server.clients().await {
            let request = client.request("GET", "/slow").body(empty()).unwrap();
            let response = client.send(request).await.unwrap();
            bound("the end", response.into_body().collect())
                .await
                .unwrap_err();
            let expected = Record {
                outcome: if inside {
                    Outcome::Failed
                } else {
                    Outcome::Aborted
                },
                response_bytes: 5,
                ..get("/slow")
            };
            assert_eq!(server.records.next().await, expected);
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn an_upload_that_is_cut_short_is_counted_as_far_as_the_layer_saw_it() {
    const SENT: usize = 100_000;
    for inside in [true, false] {
        let mut server = Server::axum(|layer, _| {
            let app = Router::new().route("/up", on_post(|body: Bytes| async move { body }));
            let limit = RequestBodyLimitLayer::new(1_000);
            if inside {
                app.layer(limit).layer(layer)
            } else {
                app.layer(layer).layer(limit)
            }
        })
        .await;
        for mut client in server.clients().await {
            let request = client.request("POST", "/up");
            let request = request.body(body(vec![b'x'; SENT])).unwrap();
            let response = client.exchange(request).await;
            assert_eq!(response.status(), 413);
            // Refused for its Content-Length: inside unread, outside unseen.
            if inside {
                let expected = Record {
                    status: Some(413),
                    response_bytes: response.body().len() as u64,
                    ..post("/up")
                };
                assert_eq!(server.records.next().await, expected);
            }
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn an_upload_that_stalls_is_the_answer_that_the_handler_gives() {
    let mut server = Server::axum(|layer, _| {
        let handler = |request: Request| async {
            match request.into_body().collect().await {
                Ok(_) => StatusCode::OK,
                Err(_) => StatusCode::REQUEST_TIMEOUT,
            }
        };
        Router::new()
            .route("/up", on_post(handler))
            .layer(RequestBodyTimeoutLayer::new(Duration::from_millis(1)))
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        let (feed, upload) = feed();
        let upload = upload.map_err(|_| unreachable!()).boxed_unsync();
        let request = client.request("POST", "/up").body(upload).unwrap();
        feed.send(chunk("12345")).unwrap();
        let response = bound("the answer", client.send(request)).await.unwrap();
        assert_eq!(response.status(), 408);
        let record = server.records.next().await;
        let expected = Record {
            status: Some(408),
            // Whether the first bytes came within the millisecond is the machine's affair.
            request_bytes: record.request_bytes,
            ..post("/up")
        };
        assert_eq!(record, expected);
        assert!([0, 5].contains(&record.request_bytes));
        drop(feed);
    }
    // Clients that still send are cut off.
    server.finish().await;
}

#[tokio::test]
async fn a_request_that_is_shed_is_recorded_inside_of_the_layer_and_unseen_outside() {
    // A service that is never ready: all load is shed.
    #[derive(Clone)]
    struct Busy;
    impl tower::Service<Request> for Busy {
        type Response = Response;
        type Error = std::convert::Infallible;
        type Future = std::future::Pending<Result<Response, Self::Error>>;
        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Pending
        }
        fn call(&mut self, _: Request) -> Self::Future {
            std::future::pending()
        }
    }
    for inside in [true, false] {
        let mut server = Server::axum(|layer, _| {
            let refuse = |_: BoxError| async { StatusCode::SERVICE_UNAVAILABLE };
            let shed = ServiceBuilder::new()
                .layer(HandleErrorLayer::new(refuse))
                .layer(LoadShedLayer::new());
            if inside {
                Router::new()
                    .route_service("/b", shed.service(Busy))
                    .layer(layer)
            } else {
                let busy = tower::Layer::layer(&layer.for_axum(), Busy);
                Router::new().route_service("/b", shed.service(busy))
            }
        })
        .await;
        for mut client in server.clients().await {
            assert_eq!(client.get("/b").await.status(), 503);
            if inside {
                let expected = Record {
                    status: Some(503),
                    ..get("/b")
                };
                assert_eq!(server.records.next().await, expected);
            }
        }
        server.finish().await;
    }
}
