//! Layers inside of layers: one request is counted once, by the outer one.

use std::{convert::Infallible, sync::Arc};

use api_metrics_layer::{ApiKey, ApiMetricsLayer, MetricSink, Outcome};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::Response,
    routing::{get as on_get, post as on_post},
};
use bytes::Bytes;
use http_body_util::Full;
use tokio::sync::mpsc;
use tower::{Layer as _, ServiceBuilder, ServiceExt};

use crate::support::{Record, Recorded, Server, aborted, bound, empty, get, post};

/// What the documentation advises: a layer around the whole app, and one within what is mounted.
#[tokio::test]
async fn a_mounted_app_with_a_layer_of_its_own_is_counted_once_and_by_its_template() {
    let mut server = Server::axum(|layer, _| {
        let mounted = Router::new()
            .route("/inner/{id}", on_get(|| async { "inner" }))
            .layer(layer.clone());
        Router::new()
            .route("/users/{id}", on_get(|| async { "user" }))
            .nest_service("/mounted", mounted)
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        for (method, path, status, endpoint) in [
            ("GET", "/mounted/inner/7", 200, "/mounted/inner/{id}"),
            ("POST", "/mounted/inner/7", 405, "/mounted/inner/{id}"),
            ("GET", "/mounted/nothing", 404, "<unmatched>"),
            ("GET", "/users/7", 200, "/users/{id}"),
            ("POST", "/users/7", 405, "/users/{id}"),
            ("GET", "/nothing", 404, "<unmatched>"),
        ] {
            let request = client.request(method, path).body(empty()).unwrap();
            let response = client.exchange(request).await;
            assert_eq!(response.status(), status, "{path}");
            let unmatched_path = (endpoint == "<unmatched>").then(|| path.to_owned());
            let expected = Record {
                status: Some(status),
                unmatched_path,
                response_bytes: response.body().len() as u64,
                ..Record::new(if method == "GET" { "GET" } else { "POST" }, endpoint)
            };
            assert_eq!(server.records.next().await, expected, "{method} {path}");
        }
    }
    server.finish().await;
}

/// Every way to put two of them on one path.
fn stacks(layer: &crate::support::Layer) -> Vec<(&'static str, Router)> {
    let layer = || layer.clone();
    let leaf = || Router::new().route("/b/{id}", on_get(|| async { "leaf" }));
    let nested = |leaf| Router::new().nest("/a", leaf);
    let whole = layer().layer(nested(leaf().layer(layer())));
    let deep = Router::new().nest(
        "/b",
        Router::new()
            .route("/{id}", on_get(|| async { "leaf" }))
            .layer(layer()),
    );
    vec![
        ("chained", nested(leaf()).layer(layer()).layer(layer())),
        (
            "in one builder",
            nested(leaf()).layer(ServiceBuilder::new().layer(layer()).layer(layer())),
        ),
        (
            "three, of both kinds",
            nested(leaf().layer(layer().for_axum()))
                .layer(layer())
                .layer(layer().for_axum()),
        ),
        (
            "nested and outer",
            nested(leaf().layer(layer())).layer(layer()),
        ),
        ("nested twice", nested(deep.clone()).layer(layer())),
        ("both nested", Router::new().nest("/a", deep.layer(layer()))),
        ("around everything", Router::new().fallback_service(whole)),
        (
            "mounted by a wildcard",
            Router::new()
                .route_service(
                    "/{*rest}",
                    ServiceBuilder::new()
                        .map_response(|response: Response| response)
                        .service(nested(leaf()).layer(layer())),
                )
                .layer(layer()),
        ),
        (
            "other middleware between",
            nested(leaf().layer(layer()))
                .layer(from_fn(async |request: Request, next: Next| {
                    next.run(request).await
                }))
                .layer(tower_http::compression::CompressionLayer::new())
                .layer(layer()),
        ),
    ]
}

#[tokio::test]
async fn a_request_that_passes_several_layers_is_counted_once_by_its_template() {
    let count = {
        let layer = ApiMetricsLayer::new(Arc::new(()) as Arc<dyn MetricSink>);
        stacks(&layer).len()
    };
    for stack in 0..count {
        let mut name = "";
        let mut server = Server::axum(|layer, _| {
            let (named, app) = stacks(&layer).swap_remove(stack);
            name = named;
            app
        })
        .await;
        // The first request and those after it, when it is known that layers are nested.
        for mut client in server.clients().await {
            for _ in 0..2 {
                let response = client.get("/a/b/7").await;
                assert_eq!(
                    (response.status(), &response.body()[..]),
                    (StatusCode::OK, &b"leaf"[..]),
                    "{name}"
                );
                // axum's own name of what it has matched in two steps.
                let endpoint = match name {
                    "mounted by a wildcard" => "/{*rest}/a/b/{id}",
                    _ => "/a/b/{id}",
                };
                let expected = Record {
                    response_bytes: 4,
                    ..get(endpoint)
                };
                assert_eq!(server.records.next().await, expected, "{name}");
            }
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn layers_that_are_made_one_by_one_of_a_shared_sink_are_the_same() {
    let (sink, mut records) = Recorded::pair();
    let sink = Arc::new(sink);
    let layer = || ApiMetricsLayer::new(Arc::clone(&sink));
    let app: Router = Router::new()
        .route("/r", on_get(|| async { "r" }))
        .layer(layer())
        .layer(layer());
    let request = Request::get("/r").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    assert_eq!(records.next().await.endpoint, "/r");
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn layers_of_different_sinks_count_each_for_itself_also_around_each_other() {
    let (first, mut firsts) = Recorded::pair();
    let (second, mut seconds) = Recorded::pair();
    let first = ApiMetricsLayer::new(first);
    let second = ApiMetricsLayer::new(second);
    let app: Router = Router::new()
        .route("/r", on_get(|| async { "r" }))
        .layer(first.clone())
        .layer(second.clone())
        .layer(first)
        .layer(second);
    for _ in 0..2 {
        let request = Request::get("/r").body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        for records in [&mut firsts, &mut seconds] {
            assert_eq!(records.next().await.endpoint, "/r");
            assert_eq!(records.rest(), []);
        }
    }
}

#[tokio::test]
async fn a_request_that_a_handler_makes_of_its_own_service_is_counted_beside_it() {
    let mut server = Server::axum(|layer, _| {
        let items: Router = Router::new()
            .route(
                "/items/{id}",
                on_get(|| async { "item" }).post(|| async { "made" }),
            )
            .layer(layer.clone());
        let inner = items.clone();
        let batch = move || async move {
            for method in ["GET", "POST"] {
                let request = Request::builder().method(method).uri("/items/7");
                let request = request.body(Body::empty()).unwrap();
                let response = inner.clone().oneshot(request).await.unwrap();
                axum::body::to_bytes(response.into_body(), 100)
                    .await
                    .unwrap();
            }
            "batch"
        };
        Router::new()
            .route("/batch", on_post(batch))
            .layer(layer)
            .merge(items)
    })
    .await;
    for mut client in server.clients().await {
        for _ in 0..2 {
            let request = client.request("POST", "/batch").body(empty()).unwrap();
            client.exchange(request).await;
            for expected in [
                Record {
                    response_bytes: 4,
                    ..get("/items/{id}")
                },
                Record {
                    response_bytes: 4,
                    ..post("/items/{id}")
                },
                Record {
                    response_bytes: 5,
                    ..post("/batch")
                },
            ] {
                assert_eq!(server.records.next().await, expected);
            }
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_request_for_another_item_of_the_same_route_is_another_once_nesting_is_known() {
    let (sink, mut records) = Recorded::pair();
    let layer = ApiMetricsLayer::new(sink);
    let layered = layer.clone();
    let tree = move |axum::extract::Path(id): axum::extract::Path<u32>| {
        let layer = layered.clone();
        async move {
            if id > 0 {
                let leaf: Router = Router::new().route("/nodes/{id}", on_get(|| async { "leaf" }));
                let request = Request::get(format!("/nodes/{}", id - 1));
                let request = request.body(Body::empty()).unwrap();
                let response = leaf.layer(layer).oneshot(request).await.unwrap();
                axum::body::to_bytes(response.into_body(), 100)
                    .await
                    .unwrap();
            }
            "node"
        }
    };
    let app: Router = Router::new()
        .route("/nodes/{id}", on_get(tree))
        .layer(layer.clone())
        .layer(layer);
    for (path, count) in [("/nodes/0", 1), ("/nodes/1", 2), ("/nodes/1", 2)] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        for _ in 0..count {
            assert_eq!(records.next().await.endpoint, "/nodes/{id}");
        }
        assert_eq!(records.rest(), [], "{path}");
    }
}

#[tokio::test]
async fn what_only_the_inner_layer_knows_is_recorded_by_the_outer_one() {
    let mut server = Server::axum(|layer, _| {
        let authenticate = async |mut request: Request, next: Next| -> Response {
            request.extensions_mut().insert(ApiKey::from(42));
            next.run(request).await
        };
        let mounted = Router::new()
            .route("/r", on_get(|| async {}))
            .layer(layer.clone())
            .layer(from_fn(authenticate));
        Router::new().nest_service("/m", mounted).layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        client.get("/m/r").await;
        let expected = Record {
            api_key: Some("42".into()),
            ..get("/m/r")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_and_a_panic_are_recorded_by_the_inner_template() {
    let (entered, mut running) = mpsc::unbounded_channel();
    let mut server = Server::axum(|layer, _| {
        let hang = move || {
            entered.send(()).unwrap();
            std::future::pending::<()>()
        };
        let panics = async || {
            let fail = true;
            assert!(!fail, "as asked");
        };
        let mounted = Router::new()
            .route("/hang", on_get(hang))
            .route("/panic", on_get(panics))
            .layer(layer.clone());
        Router::new()
            .nest_service("/m", mounted)
            .layer(layer)
            .layer(tower_http::catch_panic::CatchPanicLayer::new())
    })
    .await;
    for mut client in server.clients().await {
        assert_eq!(client.get("/m/panic").await.status(), 500);
        let expected = Record {
            outcome: Outcome::Panicked,
            ..aborted(get("/m/panic"))
        };
        assert_eq!(server.records.next().await, expected);
        let request = client.request("GET", "/m/hang").body(empty()).unwrap();
        tokio::select! {
            _ = client.send(request) => panic!("nobody answers"),
            entered = bound("the handler", running.recv()) => entered.unwrap(),
        }
        client.cut().await;
        assert_eq!(server.records.next().await, aborted(get("/m/hang")));
    }
    server.finish().await;
}

#[tokio::test]
async fn on_hyper_two_layers_of_functions_count_once() {
    async fn answer<B>(_: http::Request<B>) -> Result<http::Response<Full<Bytes>>, Infallible> {
        Ok(http::Response::new(Full::default()))
    }
    let mut server = Server::start(|layer, _| {
        let outer = layer.clone().endpoint(|_| None);
        let inner = layer.endpoint(|_| Some("/inner".into()));
        ServiceBuilder::new()
            .layer(outer)
            .layer(inner)
            .service_fn(answer)
    })
    .await;
    for mut client in server.clients().await {
        client.get("/anything").await;
        assert_eq!(server.records.next().await, get("/inner"));
    }
    server.finish().await;
}

#[tokio::test]
async fn an_unmatched_path_in_a_nested_router_is_what_the_client_sent() {
    let mut server = Server::axum(|layer, _| {
        let nested = Router::new()
            .route("/r", on_get(|| async {}))
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(layer);
        let twice = Router::new().nest_service("/b", nested);
        Router::new().nest("/a", twice)
    })
    .await;
    for mut client in server.clients().await {
        client.get("/a/b/nothing?q=1").await;
        let expected = Record {
            status: Some(404),
            unmatched_path: Some("/a/b/nothing".into()),
            ..get("<unmatched>")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}
