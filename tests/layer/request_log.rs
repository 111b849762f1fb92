//! What a log of requests is shown, and what it never sees.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use api_metrics_layer::{
    ApiMetricsLayer, ErrorDetail, LoggedRequest, MetricSink, Outcome, PeerAddress, RequestCapture,
    RequestLogSink, RequestRecord, Unrecorded, UserId, WithRequestLog,
};
use axum::{
    Extension, Form, Json, Router,
    body::{Body, to_bytes},
    extract::Path,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http_body::Frame;
use http_body_util::StreamBody;
use serde::Deserialize;
use tower::{Layer, ServiceExt};

/// A logged request that outlives itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Logged {
    endpoint: String,
    path: String,
    status: Option<u16>,
    outcome: Outcome,
    user: Option<String>,
    client: Option<String>,
    agent: Option<String>,
    trace: Option<u128>,
    id: Option<String>,
    error: Option<(Option<String>, String)>,
}

/// Keeps all that it is shown, but for excluded routes.
#[derive(Default)]
struct Log {
    capture: RequestCapture,
    excluded: Option<&'static str>,
    seen: Mutex<Vec<Logged>>,
}

impl RequestLogSink for Log {
    fn capture(&self) -> &RequestCapture {
        &self.capture
    }

    fn admits(&self, _: &'static str, endpoint: Option<&str>) -> bool {
        endpoint.is_none() || endpoint != self.excluded
    }

    fn log(&self, request: &LoggedRequest<'_>) {
        let error = request.error.detail().map(|detail| {
            let kind = detail.error_type.map(|kind| kind.to_string());
            (kind, detail.message.to_string())
        });
        self.seen.lock().unwrap().push(Logged {
            endpoint: request.record.endpoint.to_owned(),
            path: request.path.to_string(),
            status: request.record.status,
            outcome: request.record.outcome,
            user: request.user.map(ToString::to_string),
            client: request.client_address.map(|address| address.to_string()),
            agent: request.user_agent.map(str::to_owned),
            trace: request
                .trace
                .map(|trace| u128::from_be_bytes(trace.trace_id)),
            id: request.request_id.map(str::to_owned),
            error,
        });
    }
}

impl Log {
    fn take(&self) -> Vec<Logged> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[derive(Deserialize)]
struct Order {
    #[expect(dead_code, reason = "read by the extractor")]
    amount: u8,
}

#[allow(clippy::unused_async, reason = "handlers")]
async fn paid() -> Response {
    let problem =
        r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"the cart is paid"}"#;
    let head = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::CONFLICT, head, problem).into_response()
}

#[allow(clippy::unused_async, reason = "handlers")]
async fn told() -> Response {
    let mut response = (StatusCode::BAD_GATEWAY, "ann@example.org owes 7").into_response();
    let error = ErrorDetail::new("the ledger is locked").with_type("ledger_locked");
    response.extensions_mut().insert(error);
    response.extensions_mut().insert(UserId::from(7));
    response
        .headers_mut()
        .insert("x-request-id", "made-here".parse().unwrap());
    response
}

#[allow(clippy::unused_async, reason = "handlers")]
async fn grpc() -> Response {
    let mut end = http::HeaderMap::new();
    end.insert("grpc-status", "5".parse().unwrap());
    end.insert("grpc-message", "no%20such cart".parse().unwrap());
    let frames: [Result<_, std::convert::Infallible>; 2] = [
        Ok(Frame::data(bytes::Bytes::from("data"))),
        Ok(Frame::trailers(end)),
    ];
    let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    ([(header::CONTENT_TYPE, "application/grpc")], body).into_response()
}

#[allow(clippy::unused_async, reason = "handlers")]
async fn grpc_refused() -> Response {
    let head = [
        (header::CONTENT_TYPE.as_str(), "application/grpc"),
        ("grpc-status", "16"),
        ("grpc-message", "who%20are you?"),
    ];
    head.into_response()
}

fn app<M: MetricSink>(sink: M) -> Router {
    let inner = Router::new().route("/{team}/members/{id}", get(|| async {}));
    Router::new()
        .route("/users/{id}", get(|| async { "ok" }))
        .route("/numbers/{n}", get(|Path(_): Path<u64>| async {}))
        .route("/orders", post(|Json(_): Json<Order>| async {}))
        .route("/forms", post(|Form(_): Form<Order>| async {}))
        .route("/paid", get(paid))
        .route("/told", get(told))
        .route("/unrecorded", get(|| async { (Extension(Unrecorded), ()) }))
        .route("/pkg.Carts/Get", post(grpc))
        .route("/pkg.Carts/Put", post(grpc_refused))
        .nest("/teams", inner)
        .layer(ApiMetricsLayer::new(sink).for_axum())
}

async fn send(app: &Router, request: Request<Body>) -> StatusCode {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    to_bytes(response.into_body(), 1 << 20).await.unwrap();
    status
}

fn get_of(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn quiet(endpoint: &str, path: &str, status: u16) -> Logged {
    Logged {
        endpoint: endpoint.to_owned(),
        path: path.to_owned(),
        status: Some(status),
        outcome: Outcome::Completed,
        user: None,
        client: None,
        agent: None,
        trace: None,
        id: None,
        error: None,
    }
}

#[tokio::test]
async fn paths_are_shown_without_queries_and_without_values() {
    let mut log = Log::default();
    log.capture.shown_parameters.push("team".to_owned());
    let log = Arc::new(log);
    let app = app(WithRequestLog::new((), Arc::clone(&log)));
    for (sent, endpoint, path, status) in [
        ("/users/7?token=s3cret", "/users/{id}", "/users/{id}", 200),
        (
            "/teams/red/members/7",
            "/teams/{team}/members/{id}",
            "/teams/red/members/{id}",
            200,
        ),
        ("/s3cret/s3cret?a=s3cret", "<unmatched>", "/s3cret/…", 404),
    ] {
        assert_eq!(send(&app, get_of(sent)).await.as_u16(), status);
        assert_eq!(log.take(), [quiet(endpoint, path, status)]);
    }
}

#[tokio::test]
async fn what_identifies_the_caller_is_shown_as_it_was_verified() {
    let mut log = Log::default();
    log.capture
        .trusted_proxies
        .push("10.0.0.0/8".parse().unwrap());
    let log = Arc::new(log);
    let app = app(WithRequestLog::new((), Arc::clone(&log)));
    let request = |peer: &str| {
        let mut request = Request::get("/users/7")
            .header("user-agent", "ü".repeat(200))
            .header(
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )
            .header("x-request-id", "r-1")
            .header("x-forwarded-for", "6.6.6.6, 192.0.2.7")
            .body(Body::empty())
            .unwrap();
        request
            .extensions_mut()
            .insert(PeerAddress(peer.parse::<IpAddr>().unwrap()));
        request.extensions_mut().insert(UserId::from("ann"));
        request
    };
    for (peer, client) in [("10.1.1.1", "192.0.2.7"), ("192.0.2.99", "192.0.2.99")] {
        send(&app, request(peer)).await;
        let expected = Logged {
            user: Some("ann".to_owned()),
            client: Some(client.to_owned()),
            agent: Some("ü".repeat(128)),
            trace: Some(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
            id: Some("r-1".to_owned()),
            ..quiet("/users/{id}", "/users/{id}", 200)
        };
        assert_eq!(log.take(), [expected]);
    }
    // Nothing of it is left for the next request on this thread.
    send(&app, get_of("/users/8")).await;
    assert_eq!(log.take(), [quiet("/users/{id}", "/users/{id}", 200)]);
}

#[tokio::test]
async fn errors_are_told_by_the_response_without_what_the_caller_sent() {
    let log = Arc::new(Log::default());
    let app = app(WithRequestLog::new((), Arc::clone(&log)));
    let json = |body: &'static str| {
        let head = Request::post("/orders").header("content-type", "application/json");
        head.body(Body::from(body)).unwrap()
    };
    let form = Request::post("/forms")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("amount=s3cret"))
        .unwrap();
    for (request, kind, message) in [
        (get_of("/paid"), None, "Conflict: the cart is paid"),
        (
            json(r#"{"amount":"s3cret"}"#),
            Some("rejection"),
            "invalid type: string \"…\", expected u8",
        ),
        (
            json("{s3cret"),
            Some("rejection"),
            "Failed to parse the request body as JSON",
        ),
        (form, Some("rejection"), "Failed to deserialize form"),
        (
            get_of("/numbers/s3cret"),
            Some("rejection"),
            "Cannot parse `…` to a `u64`",
        ),
    ] {
        send(&app, request).await;
        let [logged] = log.take().try_into().unwrap();
        let (told_kind, told) = logged.error.clone().unwrap();
        assert_eq!(told_kind.as_deref(), kind);
        assert!(told.contains(message), "{told}");
        assert!(!format!("{logged:?}").contains("s3cret"), "{logged:?}");
    }
    send(&app, get_of("/told")).await;
    let expected = Logged {
        user: Some("7".to_owned()),
        id: Some("made-here".to_owned()),
        error: Some((
            Some("ledger_locked".to_owned()),
            "the ledger is locked".to_owned(),
        )),
        ..quiet("/told", "/told", 502)
    };
    assert_eq!(log.take(), [expected]);
}

#[tokio::test]
async fn a_grpc_message_is_told_from_head_and_trailers() {
    let log = Arc::new(Log::default());
    let app = app(WithRequestLog::new((), Arc::clone(&log)));
    for (path, status, message) in [
        ("/pkg.Carts/Get", 404, "no such cart"),
        ("/pkg.Carts/Put", 401, "who are you?"),
    ] {
        let head = Request::post(path).header("content-type", "application/grpc");
        send(&app, head.body(Body::empty()).unwrap()).await;
        let expected = Logged {
            error: Some((Some("grpc".to_owned()), message.to_owned())),
            ..quiet(path, path, status)
        };
        assert_eq!(log.take(), [expected]);
    }
}

#[tokio::test]
async fn excluded_and_unrecorded_requests_are_not_shown_and_others_count_all_the_same() {
    let log = Arc::new(Log {
        excluded: Some("/users/{id}"),
        ..Log::default()
    });
    let counted = Arc::new(Mutex::new(0));
    let counts = Arc::clone(&counted);
    let sink = move |_: &RequestRecord<'_>| *counts.lock().unwrap() += 1;
    let app = app(WithRequestLog::new(sink, Arc::clone(&log)));
    send(&app, get_of("/users/7")).await;
    send(&app, get_of("/unrecorded")).await;
    send(&app, get_of("/nowhere")).await;
    assert_eq!(log.take(), [quiet("<unmatched>", "/nowhere", 404)]);
    assert_eq!(*counted.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_shown_with_how_it_ended() {
    let log = Arc::new(Log::default());
    let service = tower::service_fn(|_: Request<_>| {
        std::future::pending::<Result<Response, std::convert::Infallible>>()
    });
    let layer = ApiMetricsLayer::new(WithRequestLog::new((), Arc::clone(&log)))
        .endpoint(|_| Some("/slow".into()))
        .for_axum();
    let call = layer.layer(service).oneshot(get_of("/slow?s3cret"));
    let left = tokio::time::timeout(std::time::Duration::from_millis(1), call).await;
    assert!(left.is_err());
    let expected = Logged {
        status: None,
        outcome: Outcome::Aborted,
        ..quiet("/slow", "/slow", 200)
    };
    assert_eq!(log.take(), [expected]);
}

/// A body that panics.
struct Broken;

impl http_body::Body for Broken {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        panic!("the body of order {} is broken", 17)
    }
}

#[tokio::test]
async fn a_panic_is_shown_with_its_message_and_no_other_request_is() {
    api_metrics_layer::capture_panics();
    api_metrics_layer::capture_panics();
    let log = Arc::new(Log::default());
    let layer = ApiMetricsLayer::new(WithRequestLog::new((), Arc::clone(&log))).for_axum();
    let app = Router::new()
        .route(
            "/broken",
            get(|| async {
                assert!(log_is_open(), "no ledger");
            }),
        )
        .route("/body", get(|| async { Body::new(Broken) }))
        .route(
            "/caught",
            get(|| async {
                assert!(std::panic::catch_unwind(|| panic!("caught inside")).is_err());
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route(
            "/survived",
            get(|| async { assert!(std::panic::catch_unwind(|| panic!("no harm")).is_err()) }),
        )
        .route("/after", get(|| async { StatusCode::BAD_GATEWAY }))
        .layer(layer);
    for path in ["/broken", "/body", "/caught", "/survived", "/after"] {
        let app = app.clone();
        // A task of its own, whose panic ends nobody else.
        let run = tokio::spawn(async move { send(&app, get_of(path)).await });
        assert_eq!(run.await.is_err(), path == "/broken" || path == "/body");
    }
    let seen = log.take();
    let errors: Vec<_> = seen.iter().map(|logged| logged.error.clone()).collect();
    let expected = [
        "no ledger",
        "the body of order 17 is broken",
        "caught inside",
    ];
    for (error, expected) in errors.iter().zip(expected) {
        let (kind, message) = error.clone().unwrap();
        assert_eq!(kind.as_deref(), Some("panic"));
        assert!(message.starts_with(&format!("{expected} (")), "{message}");
        assert!(message.contains("request_log.rs:"), "{message}");
    }
    assert_eq!(errors[3..], [None, None]);
    let outcomes: Vec<_> = seen.iter().map(|logged| logged.outcome).collect();
    assert_eq!(outcomes[..2], [Outcome::Panicked; 2]);
    assert_eq!(outcomes[2..], [Outcome::Completed; 3]);
}

/// Never, and the compiler does not know it.
fn log_is_open() -> bool {
    std::hint::black_box(false)
}

#[tokio::test]
async fn a_log_is_found_in_whatever_holds_its_sink() {
    let log = Arc::new(Log::default());
    let with = || WithRequestLog::new((), Arc::clone(&log));
    let boxed: Box<dyn MetricSink> = Box::new(with());
    let apps = [
        app(Arc::new(with())),
        app(boxed),
        app(Some(with())),
        app(((), with())),
        app(((), (), with())),
        app(vec![with()]),
        app([with(), with()]),
    ];
    for app in apps {
        send(&app, get_of("/users/7")).await;
        assert_eq!(log.take().len(), 1);
    }
    assert!(().request_log().is_none());
}
