//! Outgoing calls: the layer around clients, in process and over sockets.

use std::{
    convert::Infallible,
    future::ready,
    io,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use api_metrics_layer::{
    CallFailure, ClientLayer, Endpoint, EventKind, MetricSink, Outcome, Partner, Protocol,
};
use axum::{Router, body::Body as AxumBody, routing::get as on_get};
use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, retry::Policy, service_fn};

use crate::support::{FakeClock, Record, Recorded, START, chunk, feed, ms, trailers};

fn call(method: &'static str, endpoint: &str) -> Record {
    Record {
        protocol: Protocol::Event(EventKind::HTTP_CLIENT),
        ..Record::new(method, endpoint)
    }
}

fn layer() -> (ClientLayer<impl MetricSink>, Recorded, FakeClock) {
    let (sink, records) = Recorded::pair();
    let clock = FakeClock::new();
    let layer = ClientLayer::with_clock(sink, clock.clone());
    (layer, records, clock)
}

fn charge() -> Request<Full<Bytes>> {
    Request::post("https://me:secret@Payments.example/charges/7?key=secret")
        .extension(Endpoint::from("/charges/{id}"))
        .body(Full::from("order=7"))
        .unwrap()
}

const CHARGE: &str = "payments.example/charges/{id}";

#[tokio::test]
async fn a_call_is_recorded_with_the_last_byte_of_its_answer() {
    let (layer, mut records, clock) = layer();
    let (send, body) = feed();
    let passing = clock.clone();
    let mut body = Some(body);
    let client = layer.layer(service_fn(move |_: Request<Full<Bytes>>| {
        passing.advance(ms(30));
        let response = Response::builder().status(201);
        ready(Ok::<_, io::Error>(
            response.body(body.take().unwrap()).unwrap(),
        ))
    }));
    let response = client.oneshot(charge()).await.unwrap();
    assert_eq!(records.rest(), []);
    send.send(chunk("paid")).unwrap();
    drop(send);
    clock.advance(ms(12));
    response.into_body().collect().await.unwrap();
    let expected = Record {
        status: Some(201),
        latency: Some(ms(42)),
        time_to_headers: Some(ms(30)),
        request_bytes: 7,
        response_bytes: 4,
        finished_at: START + ms(42),
        ..call("POST", CHARGE)
    };
    assert_eq!(records.next().await, expected);
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn without_an_answer_a_call_says_why() {
    for (kind, status) in [
        (io::ErrorKind::ConnectionRefused, 502),
        (io::ErrorKind::ConnectionReset, 502),
        (io::ErrorKind::TimedOut, 504),
    ] {
        let (layer, mut records, clock) = layer();
        let passing = clock.clone();
        let client = layer.layer(service_fn(move |_: Request<Full<Bytes>>| {
            passing.advance(ms(5));
            ready(Err::<Response<Full<Bytes>>, _>(io::Error::from(kind)))
        }));
        let error = client.oneshot(charge()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let expected = Record {
            status: Some(status),
            outcome: Outcome::Failed,
            latency: Some(ms(5)),
            time_to_headers: None,
            request_bytes: 7,
            finished_at: START + ms(5),
            units: "{\"no_answer\": Sum(1)}".into(),
            ..call("POST", CHARGE)
        };
        assert_eq!(records.next().await, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_was_cancelled() {
    let (layer, mut records, clock) = layer();
    let never = || std::future::pending::<Result<Response<Full<Bytes>>, io::Error>>();
    let mut client = layer.layer(service_fn(move |_: Request<Full<Bytes>>| never()));
    let future = client.call(charge());
    clock.advance(ms(9));
    drop(future);
    let expected = Record {
        status: None,
        outcome: Outcome::Aborted,
        latency: Some(ms(9)),
        time_to_headers: None,
        request_bytes: 7,
        finished_at: START + ms(9),
        ..call("POST", CHARGE)
    };
    assert_eq!(records.next().await, expected);
}

#[tokio::test]
async fn an_answer_that_breaks_or_is_left_keeps_its_status() {
    for is_left in [true, false] {
        let (layer, mut records, _) = layer();
        let (send, body) = feed();
        let mut body = Some(body);
        let client = layer.layer(service_fn(move |_: Request<Full<Bytes>>| {
            ready(Ok::<_, io::Error>(Response::new(body.take().unwrap())))
        }));
        let response = client.oneshot(charge()).await.unwrap();
        if is_left {
            drop(response);
        } else {
            send.send(Err(io::Error::other("broken"))).unwrap();
            response.into_body().collect().await.unwrap_err();
        }
        let record = records.next().await;
        let outcome = if is_left {
            Outcome::Aborted
        } else {
            Outcome::Failed
        };
        assert_eq!((record.status, record.outcome), (Some(200), outcome));
        assert_eq!(record.units, "", "there was an answer");
    }
}

#[tokio::test]
async fn a_stream_that_lasts_has_the_time_to_its_head_as_latency() {
    let (layer, mut records, clock) = layer();
    let (send, body) = feed();
    let mut body = Some(body);
    let client = layer.layer(service_fn(move |_: Request<Full<Bytes>>| {
        let response = Response::builder().header("content-type", "text/event-stream");
        ready(Ok::<_, io::Error>(
            response.body(body.take().unwrap()).unwrap(),
        ))
    }));
    let response = client.oneshot(charge()).await.unwrap();
    clock.advance(ms(60_000));
    drop(send);
    response.into_body().collect().await.unwrap();
    assert_eq!(records.next().await.latency, Some(Duration::ZERO));
}

#[tokio::test]
async fn a_grpc_call_has_its_method_as_the_template_and_the_status_of_its_trailers() {
    let (layer, mut records, _) = layer();
    let (send, body) = feed();
    let mut body = Some(body);
    let client = layer
        .host("greeter")
        .layer(service_fn(move |_: Request<Empty<Bytes>>| {
            let response = Response::builder().header("content-type", "application/grpc");
            ready(Ok::<_, io::Error>(
                response.body(body.take().unwrap()).unwrap(),
            ))
        }));
    let request = Request::post("/pkg.Greeter/Hello")
        .header("content-type", "application/grpc")
        .body(Empty::new())
        .unwrap();
    let response = client.oneshot(request).await.unwrap();
    send.send(chunk("\0\0\0\0\0")).unwrap();
    send.send(trailers("grpc-status", "5")).unwrap();
    drop(send);
    response.into_body().collect().await.unwrap();
    let expected = Record {
        status: Some(404),
        response_bytes: 5,
        ..call("POST", "greeter/pkg.Greeter/Hello")
    };
    assert_eq!(records.next().await, expected);
}

/// Tries again after every answer that is no success, with the extensions of the first attempt.
#[derive(Clone)]
struct Again;

impl<B, E> Policy<Request<Full<Bytes>>, Response<B>, E> for Again {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Full<Bytes>>,
        result: &mut Result<Response<B>, E>,
    ) -> Option<Self::Future> {
        let failed = !matches!(result, Ok(response) if response.status().is_success());
        failed.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn layers_on_both_sides_of_retries_record_a_call_once_with_its_retries() {
    let (layer, mut records, clock) = layer();
    let attempts: &AtomicU32 = Box::leak(Box::default());
    let passing = clock.clone();
    let partner = service_fn(move |_: Request<Full<Bytes>>| {
        passing.advance(ms(10));
        ready(match attempts.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            1 => Ok(Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .body(Full::<Bytes>::default())
                .unwrap()),
            _ => Ok(Response::new(Full::from("paid"))),
        })
    });
    let client = ServiceBuilder::new()
        .layer(layer.clone())
        .retry(Again)
        .layer(layer)
        .service(partner);
    let response = client.oneshot(charge()).await.unwrap();
    response.into_body().collect().await.unwrap();
    let expected = Record {
        latency: Some(ms(30)),
        time_to_headers: Some(ms(30)),
        request_bytes: 7,
        response_bytes: 4,
        finished_at: START + ms(30),
        units: "{\"retries\": Sum(2)}".into(),
        ..call("POST", CHARGE)
    };
    assert_eq!(records.next().await, expected);
    assert_eq!(records.rest(), [], "attempts are no calls");
}

#[tokio::test]
async fn a_layer_inside_of_retries_alone_records_each_attempt() {
    let (layer, mut records, _) = layer();
    let attempts: &AtomicU32 = Box::leak(Box::default());
    let client = ServiceBuilder::new()
        .retry(Again)
        .layer(layer)
        .service(service_fn(move |_: Request<Full<Bytes>>| {
            let status = match attempts.fetch_add(1, Ordering::SeqCst) {
                0 => StatusCode::BAD_GATEWAY,
                _ => StatusCode::OK,
            };
            let mut response = Response::new(Full::<Bytes>::default());
            *response.status_mut() = status;
            ready(Ok::<_, Infallible>(response))
        }));
    client.oneshot(charge()).await.unwrap();
    let statuses = [records.next().await.status, records.next().await.status];
    assert_eq!(statuses, [Some(502), Some(200)]);
}

#[tokio::test]
async fn extensions_that_are_used_again_belong_to_another_call() {
    let (layer, mut records, _) = layer();
    let uri = "https://partner.example/".parse().unwrap();
    let mut extensions = Extensions::new();
    for status in [StatusCode::OK, StatusCode::NOT_FOUND] {
        let mut call = layer.begin(&Method::GET, &Partner::of(&uri), &mut extensions);
        call.on_head(status, &HeaderMap::new(), &Empty::<Bytes>::new());
        call.finish();
        assert_eq!(records.next().await.status, Some(status.as_u16()));
    }
}

#[tokio::test]
async fn towers_timeout_is_read_by_a_function_of_ones_own() {
    let (layer, mut records, _) = layer();
    let layer =
        layer.errors(
            |error: &BoxError| match error.is::<tower::timeout::error::Elapsed>() {
                true => CallFailure::Timeout,
                false => CallFailure::of(&**error),
            },
        );
    let client = ServiceBuilder::new()
        .layer(layer)
        .timeout(Duration::ZERO)
        .service(service_fn(|_: Request<Full<Bytes>>| {
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
        }));
    client.oneshot(charge()).await.unwrap_err();
    assert_eq!(records.next().await.status, Some(504));
}

#[tokio::test]
async fn hyper_utils_client_keeps_its_body_and_says_that_nobody_was_there() {
    let (layer, mut records, _) = layer();
    let app = Router::new().route("/charges/{id}", on_get(async || "paid"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async { axum::serve(listener, app).await });
    let client: Client<HttpConnector, AxumBody> =
        Client::builder(TokioExecutor::new()).build_http();
    let mut client = layer.layer(client);
    let get = || {
        Request::get(format!("http://{address}/charges/7?key=secret"))
            .body(AxumBody::empty())
            .unwrap()
    };
    let response = client.call(get()).await.unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "paid"
    );
    let name = address.to_string();
    let expected = Record {
        response_bytes: 4,
        ..call("GET", &name)
    };
    assert_eq!(records.next().await, expected);
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    // The pooled connection may be told apart from a new one only by trying.
    let nobody = loop {
        if client.call(get()).await.is_err() {
            break records.next().await;
        }
        records.next().await;
    };
    assert_eq!(
        (nobody.status, nobody.outcome),
        (Some(502), Outcome::Failed)
    );
}
