//! gRPC by tonic's own server and client, and by hand where tonic can't be made to misbehave.

mod deadlines;
pub(crate) mod greeter;
mod raw;
mod streams;
mod web;

use std::{sync::Arc, time::Duration};

use api_metrics_layer::{
    ApiMetricsLayer, InFlight, InvalidDescriptorSet, MetricSink, Outcome, Protocol, RequestRecord,
};
use axum::body::Body;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::{StreamExt, wrappers::TcpListenerStream};
use tonic::{Code, Request, Status, service::Routes};
use tower::{Layer as _, ServiceExt};

use self::greeter::{Client, Greeter, collect, wire_bytes};
use crate::support::{FakeClock, Record, Recorded, Server, aborted, bound, post};

type Layer = ApiMetricsLayer<Arc<dyn MetricSink>>;

/// tonic's own server with the layer outside its router, as `Server::layer` puts it.
struct Tonic {
    client: Client,
    records: Recorded,
    in_flight: InFlight,
    clock: FakeClock,
    entered: mpsc::UnboundedReceiver<()>,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

impl Tonic {
    async fn start() -> Self {
        Self::start_with(|layer| layer).await
    }

    async fn start_with(settings: impl FnOnce(Layer) -> Layer) -> Self {
        Self::start_timed(settings, None).await
    }

    /// With a deadline of the server's own.
    async fn start_timed(settings: impl FnOnce(Layer) -> Layer, timeout: Option<Duration>) -> Self {
        let clock = FakeClock::new();
        let (sink, records) = Recorded::pair();
        let sink: Arc<dyn MetricSink> = Arc::new(sink);
        let layer = settings(ApiMetricsLayer::with_clock(sink, clock.clone()));
        let in_flight = layer.in_flight();
        let (sender, entered) = mpsc::unbounded_channel();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let mut server = tonic::transport::Server::builder();
        if let Some(timeout) = timeout {
            server = server.timeout(timeout);
        }
        let serving = server
            .layer(layer)
            .add_service(Greeter { entered: sender })
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                let _ = stopped.await;
            });
        let serving = tokio::spawn(async { serving.await.unwrap() });
        Self {
            client: Client::connect(addr).await,
            records,
            in_flight,
            clock,
            entered,
            stop,
            serving,
        }
    }

    async fn finish(mut self) {
        drop((self.client, self.stop));
        bound("the server", self.serving).await.unwrap();
        assert_eq!(self.in_flight.get(), 0, "the gauge leaks");
        assert_eq!(self.records.rest(), []);
    }
}

/// An OK call of a method, without its bytes.
fn call(path: &str) -> Record {
    Record {
        protocol: Protocol::Grpc,
        ..post(path)
    }
}

#[tokio::test]
async fn a_unary_call_is_labelled_with_its_method() {
    let mut server = Tonic::start().await;
    let greeting = server.client.unary("/test.Greeter/Hello", "you").await;
    assert_eq!(greeting.unwrap(), "hello you");
    let expected = Record {
        request_bytes: wire_bytes("you"),
        response_bytes: wire_bytes("hello you"),
        ..call("/test.Greeter/Hello")
    };
    assert_eq!(server.records.next().await, expected);
    server.finish().await;
}

#[tokio::test]
async fn an_error_in_the_head_has_the_http_status_of_its_code() {
    let declared = |layer: Layer| layer.grpc_methods(["/test.Greeter/Fail"]);
    let mut server = Tonic::start_with(declared).await;
    let codes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let statuses = [
        499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
    ];
    for (code, status) in codes.into_iter().zip(statuses) {
        let text = code.to_string();
        let error = server.client.unary("/test.Greeter/Fail", &text).await;
        assert_eq!(error.unwrap_err().code(), Code::from(code));
        let expected = Record {
            status: Some(status),
            request_bytes: wire_bytes(&text),
            ..call("/test.Greeter/Fail")
        };
        assert_eq!(server.records.next().await, expected, "code {code}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_stream_has_the_status_of_its_trailers() {
    let mut server = Tonic::start().await;
    for (text, code, status) in [
        ("3", None, 200),
        ("2,13", Some(Code::Internal), 500),
        ("1,5", Some(Code::NotFound), 404),
        ("0,8", Some(Code::ResourceExhausted), 429),
        ("0", None, 200),
    ] {
        let stream = server.client.streaming("/test.Greeter/Count", text).await;
        let (texts, ended) = collect(stream).await;
        assert_eq!(ended, code);
        let expected = Record {
            status: Some(status),
            request_bytes: wire_bytes(text),
            response_bytes: texts.iter().map(|text| wire_bytes(text)).sum(),
            ..call("/test.Greeter/Count")
        };
        assert_eq!(server.records.next().await, expected, "{text}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_cancelled_call_is_an_abort_without_a_status_and_labelled_once_its_method_is_known() {
    let mut server = Tonic::start().await;
    for known in [false, true] {
        // Without an answer nothing shows that there is such a method.
        let label = |path: &str| Record {
            unmatched_path: (!known).then(|| path.to_owned()),
            ..call(if known { path } else { "<unmatched>" })
        };
        let path = "/test.Greeter/Hang";
        let mut client = server.client.clone();
        let hang = tokio::spawn(async move { client.unary(path, "").await });
        bound("the method", server.entered.recv()).await.unwrap();
        hang.abort();
        let expected = Record {
            request_bytes: 5,
            ..aborted(label(path))
        };
        assert_eq!(server.records.next().await, expected);
        server.client.unary(path, "answer").await.unwrap();
        assert_eq!(server.records.next().await.endpoint, path);

        let path = "/test.Greeter/HangStream";
        let mut stream = server.client.streaming(path, "one").await;
        assert_eq!(stream.next().await.unwrap().unwrap().text, "one");
        assert_eq!(server.in_flight.get(), 1);
        drop(stream);
        let expected = Record {
            status: None,
            outcome: Outcome::Aborted,
            request_bytes: wire_bytes("one"),
            response_bytes: wire_bytes("one"),
            ..label(path)
        };
        assert_eq!(server.records.next().await, expected);
        collect(server.client.streaming(path, "").await).await;
        assert_eq!(server.records.next().await.endpoint, path);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_unknown_method_is_unmatched_with_its_path() {
    let mut server = Tonic::start().await;
    for path in ["/test.Greeter/Nothing", "/other.Service/Method"] {
        let error = server.client.unary(path, "").await.unwrap_err();
        assert_eq!(error.code(), Code::Unimplemented);
        let expected = Record {
            status: Some(501),
            unmatched_path: Some(path.into()),
            // Whether an empty message was read before the answer is tonic's own affair.
            request_bytes: 0,
            ..call("<unmatched>")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

/// The greeter in an axum router, the layer inside it, behind an interceptor that lets nobody in who doesn't
/// say please.
async fn in_axum() -> (Server, Client, mpsc::UnboundedReceiver<()>) {
    let (sender, entered) = mpsc::unbounded_channel();
    let polite = |request: Request<()>| match request.metadata().get("please") {
        Some(_) => Ok(request),
        None => Err(Status::unauthenticated("say please")),
    };
    let server = Server::axum(|layer, _| {
        Routes::new(Greeter {
            entered: sender.clone(),
        })
        .add_service(tonic::service::interceptor::InterceptedService::new(
            Named(Greeter { entered: sender }),
            polite,
        ))
        .into_axum_router()
        .layer(layer.for_axum())
    })
    .await;
    let client = Client::connect(server.addr).await;
    (server, client, entered)
}

/// The same under another name.
#[derive(Clone)]
struct Named(Greeter);

impl tonic::server::NamedService for Named {
    const NAME: &'static str = "test.Guarded";
}

impl<B> tower::Service<http::Request<B>> for Named
where
    Greeter: tower::Service<http::Request<B>>,
{
    type Response = <Greeter as tower::Service<http::Request<B>>>::Response;
    type Error = <Greeter as tower::Service<http::Request<B>>>::Error;
    type Future = <Greeter as tower::Service<http::Request<B>>>::Future;

    fn poll_ready(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        self.0.call(request)
    }
}

#[tokio::test]
async fn in_a_router_a_method_is_labelled_with_its_path_and_not_with_the_wildcard() {
    let (mut server, mut client, _entered) = in_axum().await;
    client.unary("/test.Greeter/Hello", "").await.unwrap();
    let expected = Record {
        request_bytes: 5,
        response_bytes: wire_bytes("hello "),
        ..call("/test.Greeter/Hello")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_stranger_cannot_make_labels_of_paths_that_an_interceptor_refuses_with_whatever_code() {
    let mut server = Tonic::start().await;
    for code in 1..=16 {
        for i in 0..3 {
            // As an interceptor does, this method refuses every call in the head.
            let text = code.to_string();
            let path = format!("/test.Greeter/Guess{i}");
            let error = server.client.refused(&path, &text).await;
            assert_eq!(error.code(), Code::from(code));
            let record = server.records.next().await;
            assert_eq!(record.endpoint, "<unmatched>", "code {code}");
            assert_eq!(record.unmatched_path, Some(path));
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_stranger_behind_an_interceptor_in_a_router_has_the_wildcard() {
    let (mut server, mut client, _entered) = in_axum().await;
    for i in 0..20 {
        let path = format!("/test.Guarded/Guess{i}");
        let error = client.unary(&path, "").await.unwrap_err();
        assert_eq!(error.code(), Code::Unauthenticated);
        let expected = Record {
            status: Some(401),
            ..call("/test.Guarded/{*rest}")
        };
        assert_eq!(server.records.next().await, expected);
    }
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn a_method_is_known_after_ok_or_a_status_in_trailers_and_then_for_every_code() {
    let mut server = Tonic::start().await;
    // It fails in its head: that proves nothing.
    server
        .client
        .unary("/test.Greeter/Fail", "5")
        .await
        .unwrap_err();
    assert_eq!(server.records.next().await.endpoint, "<unmatched>");
    // One that fails after its head has run.
    let stream = server.client.streaming("/test.Greeter/Count", "1,3").await;
    assert_eq!(collect(stream).await.1, Some(Code::InvalidArgument));
    assert_eq!(server.records.next().await.endpoint, "/test.Greeter/Count");
    // Refused in the head, it keeps its name, UNIMPLEMENTED included.
    for code in [3, 12] {
        let error = server
            .client
            .refused("/test.Greeter/Count", &code.to_string())
            .await;
        assert_eq!(error.code(), Code::from(code));
        let record = server.records.next().await;
        assert_eq!(record.endpoint, "/test.Greeter/Count");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_declared_descriptor_set_makes_methods_known_before_their_first_call() {
    // FileDescriptorSet { file: { package: "test", service: { name: "Greeter", method: { name: "Fail" } } } }
    let set = b"\x0a\x1b\x12\x04test\x32\x13\x0a\x07Greeter\x12\x08\x0a\x04Fail\x22\x00";
    let declared = |layer: Layer| layer.grpc_descriptor_set(set).unwrap();
    let mut server = Tonic::start_with(declared).await;
    server
        .client
        .unary("/test.Greeter/Fail", "16")
        .await
        .unwrap_err();
    assert_eq!(server.records.next().await.endpoint, "/test.Greeter/Fail");
    server.finish().await;
    let layer = ApiMetricsLayer::new(()).grpc_descriptor_set(b"text");
    assert_eq!(layer.err(), Some(InvalidDescriptorSet));
}

/// A sink that remembers a method, as one does that has a store.
struct Remembers;

impl MetricSink for Remembers {
    fn record(&self, _: &RequestRecord<'_>) {}

    fn knows_grpc_method(&self, path: &str) -> bool {
        path == "/test.Greeter/Fail"
    }
}

#[tokio::test]
async fn a_method_that_the_sink_knows_has_its_name_and_a_guess_stays_unmatched() {
    let (sink, mut records) = Recorded::pair();
    let sink: Box<dyn MetricSink> = Box::new((sink, Some(Arc::new(Remembers))));
    let refuse = tower::service_fn(async |_: http::Request<Body>| {
        http::Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "3")
            .body(Body::empty())
    });
    let service = ApiMetricsLayer::new(sink).for_axum().layer(refuse);
    for (path, endpoint) in [
        ("/test.Greeter/Fail", "/test.Greeter/Fail"),
        ("/test.Greeter/Guess", "<unmatched>"),
    ] {
        let request = http::Request::post(path).header("content-type", "application/grpc");
        let response = service
            .clone()
            .oneshot(request.body(Body::empty()).unwrap());
        drop(response.await.unwrap());
        let record = records.next().await;
        assert_eq!(
            (record.endpoint.as_str(), record.status),
            (endpoint, Some(400))
        );
    }
}

#[tokio::test]
async fn a_cancelled_call_in_a_router_has_the_wildcard_while_the_method_is_unknown() {
    let (mut server, client, mut entered) = in_axum().await;
    let mut hanging = client.clone();
    let hang = tokio::spawn(async move { hanging.unary("/test.Greeter/Hang", "").await });
    bound("the method", entered.recv()).await.unwrap();
    hang.abort();
    let expected = Record {
        request_bytes: 5,
        ..aborted(call("/test.Greeter/{*rest}"))
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}
