//! Where the consumer is found.

use api_metrics_layer::ApiKey;
use axum::{
    Extension, Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get as on_get,
};
use uuid::Uuid;

use crate::support::{Record, Server, empty, get};

/// What stands behind a credential: the host's own look-up.
fn verify(request: &http::HeaderMap) -> Option<ApiKey> {
    match request.get("authorization")?.to_str().ok()? {
        "Bearer one" => Some(ApiKey::from(42)),
        "Bearer two" => Some(ApiKey::from_uuid_bytes(UUID.into_bytes())),
        "Bearer three" => Some(ApiKey::from("render-farm")),
        _ => None,
    }
}

const UUID: Uuid = Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);

const KEYS: [(Option<&str>, Option<&str>); 5] = [
    (Some("Bearer one"), Some("42")),
    (
        Some("Bearer two"),
        Some("67e55044-10b1-426f-9247-bb680e5fe0c8"),
    ),
    (Some("Bearer three"), Some("render-farm")),
    (Some("Bearer forged"), None),
    (None, None),
];

async fn auth_outside(mut request: Request, next: Next) -> Response {
    if let Some(key) = verify(request.headers()) {
        request.extensions_mut().insert(key);
    }
    next.run(request).await
}

async fn auth_inside(request: Request, next: Next) -> Response {
    let key = verify(request.headers());
    let mut response = next.run(request).await;
    if let Some(key) = key {
        response.extensions_mut().insert(key);
    }
    response
}

fn app() -> Router {
    Router::new().route("/", on_get(|| async {}))
}

async fn expect_keys(mut server: Server) {
    for mut client in server.clients().await {
        for (credential, key) in KEYS {
            let mut request = client.request("GET", "/");
            if let Some(credential) = credential {
                request = request.header("authorization", credential);
            }
            client.exchange(request.body(empty()).unwrap()).await;
            let expected = Record {
                api_key: key.map(str::to_owned),
                ..get("/")
            };
            assert_eq!(server.records.next().await, expected, "{credential:?}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_key_that_auth_outside_has_put_on_the_request_is_recorded() {
    let server = Server::axum(|layer, _| app().layer(layer).layer(from_fn(auth_outside))).await;
    expect_keys(server).await;
}

#[tokio::test]
async fn a_key_that_auth_inside_puts_on_the_response_is_recorded() {
    let server = Server::axum(|layer, _| app().layer(from_fn(auth_inside)).layer(layer)).await;
    expect_keys(server).await;
}

#[tokio::test]
async fn a_key_that_a_handler_puts_on_its_response_is_recorded() {
    let handler = |headers: http::HeaderMap| async move {
        match verify(&headers) {
            Some(key) => Extension(key).into_response(),
            None => ().into_response(),
        }
    };
    let server =
        Server::axum(|layer, _| Router::new().route("/", on_get(handler)).layer(layer)).await;
    expect_keys(server).await;
}

#[tokio::test]
async fn a_key_may_come_from_a_function_over_what_the_host_has_verified() {
    #[derive(Clone)]
    struct Account {
        id: ApiKey,
    }
    async fn auth(mut request: Request, next: Next) -> Response {
        if let Some(id) = verify(request.headers()) {
            request.extensions_mut().insert(Account { id });
        }
        next.run(request).await
    }
    let server = Server::axum(|layer, _| {
        let layer = layer.api_key(|parts| Some(parts.extensions.get::<Account>()?.id.clone()));
        app().layer(layer).layer(from_fn(auth))
    })
    .await;
    expect_keys(server).await;
}

#[tokio::test]
async fn the_function_goes_before_the_request_and_that_before_the_response() {
    let handler = || async { (Extension(ApiKey::from("response")), "") };
    for (has_function, on_request, expected) in [
        (true, true, "function"),
        (true, false, "function"),
        (false, true, "request"),
        (false, false, "response"),
    ] {
        let mut server = Server::axum(|layer, _| {
            let layer = layer.api_key(move |_| has_function.then(|| ApiKey::from("function")));
            let app = Router::new().route("/", on_get(handler)).layer(layer);
            if on_request {
                app.layer(Extension(ApiKey::from("request")))
            } else {
                app
            }
        })
        .await;
        let mut client = server.h1().await;
        client.get("/").await;
        let record = server.records.next().await;
        assert_eq!(record.api_key.as_deref(), Some(expected));
        drop(client);
        server.finish().await;
    }
}
