//! What an axum router lets the layer know of the route.

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::Response,
    routing::{any_service, get as on_get},
};
use tower::{Layer as _, ServiceBuilder};

use crate::support::{Record, Server, body, get, post};

async fn id(Path(id): Path<String>) -> String {
    id
}

/// An app with every kind of nesting, without the layer.
fn app() -> Router {
    let twice = Router::new().route("/c/{id}", on_get(id));
    let once = Router::new()
        .route("/", on_get(|| async { "root" }))
        .route("/b/{id}", on_get(id))
        .nest("/twice", twice);
    let service = Router::new().route("/inner/{id}", on_get(id));
    Router::new()
        .route("/", on_get(|| async { "home" }))
        .route("/users/{id}", on_get(id))
        .route("/files/{*path}", on_get(id))
        .nest("/once", once)
        .merge(Router::new().route("/merged/{id}", on_get(id)))
        .route("/service/{id}", any_service(on_get(id)))
        .nest_service("/mounted", service)
}

/// Gets each path and compares the label; `<unmatched>` has its path beside it.
async fn expect_labels(mut server: Server, expected: &[(&str, u16, &str)]) {
    let mut client = server.h1().await;
    for &(path, status, endpoint) in expected {
        let response = client.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let unmatched_path = (endpoint == "<unmatched>").then(|| path.to_owned());
        let expected = Record {
            status: Some(status),
            unmatched_path,
            response_bytes: response.body().len() as u64,
            ..get(endpoint)
        };
        assert_eq!(server.records.next().await, expected, "{path}");
    }
    drop(client);
    server.finish().await;
}

const LABELS: &[(&str, u16, &str)] = &[
    ("/", 200, "/"),
    ("/users/7", 200, "/users/{id}"),
    ("/users/%7Bid%7D", 200, "/users/{id}"),
    ("/files/a/b/c", 200, "/files/{*path}"),
    ("/once", 200, "/once"),
    ("/once/b/7", 200, "/once/b/{id}"),
    ("/once/twice/c/7", 200, "/once/twice/c/{id}"),
    ("/merged/7", 200, "/merged/{id}"),
    ("/service/7", 200, "/service/{id}"),
    ("/mounted/inner/7", 200, "<unmatched>"),
    ("/mounted/nothing", 404, "<unmatched>"),
    ("/nothing", 404, "<unmatched>"),
    ("/once/nothing", 404, "<unmatched>"),
    ("/users/7/nothing", 404, "<unmatched>"),
];

#[tokio::test]
async fn the_label_is_the_full_template_through_nested_routers() {
    expect_labels(Server::axum(|layer, _| app().layer(layer)).await, LABELS).await;
}

#[tokio::test]
async fn keeping_axums_body_changes_no_label() {
    let server = Server::axum(|layer, _| app().layer(layer.for_axum())).await;
    expect_labels(server, LABELS).await;
}

#[tokio::test]
async fn fallbacks_are_unmatched_nested_or_not() {
    let server = Server::axum(|layer, _| {
        let nested = Router::new()
            .route("/a", on_get(|| async {}))
            .fallback(|| async { "nested fallback" });
        Router::new()
            .nest("/nested", nested)
            .fallback(|| async { "fallback" })
            .layer(layer)
    })
    .await;
    let expected = [
        ("/nested/a", 200, "/nested/a"),
        ("/nested/x", 200, "<unmatched>"),
        ("/x", 200, "<unmatched>"),
    ];
    expect_labels(server, &expected).await;
}

#[tokio::test]
async fn a_method_that_is_not_allowed_has_the_routes_template() {
    let mut server = Server::axum(|layer, _| app().layer(layer)).await;
    let mut client = server.h1().await;
    let request = client
        .request("POST", "/users/7")
        .body(body("12345"))
        .unwrap();
    assert_eq!(client.exchange(request).await.status(), 405);
    let expected = Record {
        status: Some(405),
        ..post("/users/{id}")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_route_layer_sees_what_a_route_matches_and_no_scanner() {
    let mut server = Server::axum(|layer, _| app().route_layer(layer)).await;
    let mut client = server.h1().await;
    assert_eq!(client.get("/nothing").await.status(), 404);
    let request = client.request("POST", "/users/7").body(body("")).unwrap();
    assert_eq!(client.exchange(request).await.status(), 405);
    let expected = Record {
        status: Some(405),
        ..post("/users/{id}")
    };
    assert_eq!(server.records.next().await, expected);
    assert_eq!(client.get("/once/b/77").await.body(), "77");
    let expected = Record {
        response_bytes: 2,
        ..get("/once/b/{id}")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_layer_on_one_method_router_sees_only_that() {
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/seen/{id}", on_get(id).layer(layer))
            .route("/unseen/{id}", on_get(id))
    })
    .await;
    let mut client = server.h1().await;
    client.get("/unseen/7").await;
    client.get("/seen/7").await;
    let expected = Record {
        response_bytes: 1,
        ..get("/seen/{id}")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn inside_a_nested_router_or_service_the_label_is_still_the_full_one() {
    for as_service in [false, true] {
        let server = Server::axum(|layer, _| {
            let deep = Router::new().route("/c/{id}", on_get(id));
            let sub = Router::new()
                .route("/b/{id}", on_get(id))
                .nest("/deep", deep)
                .layer(layer);
            let app = Router::new().route("/outside", on_get(|| async {}));
            if as_service {
                app.nest_service("/sub/{tenant}", sub.with_state(()))
            } else {
                app.nest("/sub/{tenant}", sub)
            }
        })
        .await;
        // Two parameters don't fit one: the handlers answer 500, the labels are right.
        let mut client = server.h1().await;
        client.get("/outside").await;
        drop(client);
        let expected = [
            ("/sub/acme/b/7", 500, "/sub/{tenant}/b/{id}"),
            ("/sub/acme/deep/c/7", 500, "/sub/{tenant}/deep/c/{id}"),
        ];
        expect_labels(server, &expected).await;
    }
}

#[tokio::test]
async fn a_mounted_app_is_named_by_a_layer_of_its_own_and_not_counted_twice() {
    let mut server = Server::axum(|layer, _| {
        let mounted = Router::new()
            .route("/inner/{id}", on_get(id))
            .layer(layer.clone());
        // Mounted after the layer: only the app's own layer sees it.
        Router::new()
            .route("/users/{id}", on_get(id))
            .layer(layer)
            .nest_service("/mounted", mounted)
    })
    .await;
    let mut client = server.h1().await;
    for (path, endpoint) in [
        ("/mounted/inner/7", "/mounted/inner/{id}"),
        ("/users/7", "/users/{id}"),
    ] {
        client.get(path).await;
        let expected = Record {
            response_bytes: 1,
            ..get(endpoint)
        };
        assert_eq!(server.records.next().await, expected);
    }
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn around_the_whole_router_no_template_is_known() {
    let server = Server::start(|layer, _| layer.layer(app())).await;
    let expected = [
        ("/users/7", 200, "<unmatched>"),
        ("/nothing", 404, "<unmatched>"),
    ];
    expect_labels(server, &expected).await;
}

#[tokio::test]
async fn a_router_with_state_is_like_any_other() {
    #[derive(Clone)]
    struct Greeting(&'static str);
    let greet = |State(Greeting(text)): State<Greeting>| async move { text };
    for state_first in [false, true] {
        let mut server = Server::axum(|layer, _| {
            let app = Router::new().route("/greet/{name}", on_get(greet));
            if state_first {
                app.with_state(Greeting("hello")).layer(layer)
            } else {
                app.layer(layer).with_state(Greeting("hello"))
            }
        })
        .await;
        let mut client = server.h1().await;
        assert_eq!(client.get("/greet/you").await.body(), "hello");
        let expected = Record {
            response_bytes: 5,
            ..get("/greet/{name}")
        };
        assert_eq!(server.records.next().await, expected);
        drop(client);
        server.finish().await;
    }
}

#[tokio::test]
async fn with_axums_body_kept_axum_middleware_fits_inside_one_service_builder() {
    async fn only_reads(request: Request, next: Next) -> Response {
        next.run(request).await
    }
    let mut server = Server::axum(|layer, _| {
        let middleware = ServiceBuilder::new()
            .layer(layer.for_axum())
            .layer(from_fn(only_reads));
        Router::new()
            .route(
                "/echo",
                on_get(|| async { StatusCode::OK }).post(|body: String| async { body }),
            )
            .layer(middleware)
    })
    .await;
    let mut client = server.h2().await;
    let request = client.request("POST", "/echo").body(body("hello")).unwrap();
    assert_eq!(client.exchange(request).await.body(), "hello");
    let expected = Record {
        request_bytes: 5,
        response_bytes: 5,
        ..post("/echo")
    };
    assert_eq!(server.records.next().await, expected);
    client.get("/echo").await;
    assert_eq!(server.records.next().await, get("/echo"));
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn another_router_is_named_by_a_function() {
    let mut server = Server::start(|layer, _| {
        let layer = layer.endpoint(|parts| {
            let (resource, id) = parts.uri.path().strip_prefix('/')?.split_once('/')?;
            id.parse::<u64>().ok()?;
            match resource {
                "users" => Some("/users/{id}".into()),
                "shared" => Some(format!("/{resource}/{{id}}").into()),
                _ => None,
            }
        });
        layer.layer(app())
    })
    .await;
    let mut client = server.h1().await;
    for (path, endpoint, unmatched) in [
        ("/users/7", "/users/{id}", false),
        ("/shared/7", "/shared/{id}", false),
        ("/users/x?y=1", "<unmatched>", true),
    ] {
        client.get(path).await;
        let record = server.records.next().await;
        assert_eq!(record.endpoint, endpoint);
        let expected = unmatched.then(|| "/users/x".to_owned());
        assert_eq!(record.unmatched_path, expected);
    }
    drop(client);
    server.finish().await;
}
