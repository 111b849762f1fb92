//! A zero-copy tower layer that records every HTTP and gRPC request exactly once.
//!
//! ```
//! use api_metrics_layer::{ApiMetricsLayer, RequestRecord};
//! use axum::{Router, body::Body, routing::get};
//! use http::Request;
//! use tower::ServiceExt;
//!
//! # #[cfg(not(feature = "axum"))]
//! # fn main() {}
//! # #[cfg(feature = "axum")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (sender, records) = std::sync::mpsc::channel();
//! let sink = move |record: &RequestRecord<'_>| {
//!     let _ = sender.send(format!("{} {} {:?}", record.method, record.endpoint, record.status));
//! };
//! let app: Router = Router::new()
//!     .route("/users/{id}", get(|| async { "hello" }))
//!     .layer(ApiMetricsLayer::new(sink).for_axum());
//!
//! let request = Request::get("/users/7").body(Body::empty()).unwrap();
//! let response = app.oneshot(request).await.unwrap();
//! // The record is made when the last byte has passed, not when the head is ready.
//! assert!(records.try_recv().is_err());
//! axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
//! assert_eq!(records.recv().unwrap(), "GET /users/{id} Some(200)");
//! # }
//! ```
//!
//! [`RequestRecord`] defines every field of a record, [`Outcome`] how a request may end and what an aborted,
//! failed or panicked one counts as (499, 500), and [`MetricSink`] where records may go. The recorder of
//! `api-metrics-store` is a sink that keeps time buckets in a database.
//!
//! # Settings
//!
//! | setting | default | what it changes |
//! |---|---|---|
//! | [`ApiMetricsLayer::new(sink)`](ApiMetricsLayer::new) | required | where records go |
//! | [`.endpoint(f)`](ApiMetricsLayer::endpoint) | axum's `MatchedPath` ([`FromMatchedPath`]) | how the route template is found |
//! | [`.api_key(f)`](ApiMetricsLayer::api_key) | an [`ApiKey`] among the extensions of the request, else of the response | how the consumer is found |
//! | [`.endpoint_from(e)`](ApiMetricsLayer::endpoint_from), [`.api_key_from(e)`](ApiMetricsLayer::api_key_from) | | the same by a type that implements [`ExtractEndpoint`] or [`ExtractApiKey`] |
//! | [`.long_lived_content_types(types)`](ApiMetricsLayer::long_lived_content_types) | [`LONG_LIVED_CONTENT_TYPES`] | which streams have the time to their head as latency |
//! | [`.grpc_descriptor_set(bytes)`](ApiMetricsLayer::grpc_descriptor_set), [`.grpc_methods(paths)`](ApiMetricsLayer::grpc_methods) | none: methods are learned from calls | which gRPC methods are known from the start |
//! | [`.grpc_deadline(d)`](ApiMetricsLayer::grpc_deadline) | none: that of `grpc-timeout` alone | when the server gives up a gRPC call |
//! | [`.for_axum()`](ApiMetricsLayer::for_axum) | off: any request body, wrapped into [`CountingBody`] | keeps `axum::body::Body` as the type of the request's body |
//! | [`ApiMetricsLayer::with_clock(sink, clock)`](ApiMetricsLayer::with_clock) | the system's clocks | where times come from, for tests |
//!
//! # Customized
//!
//! The layer wraps any `tower::Service<Request<B>>`. Here it has a router of its own, consumers and a gauge:
//!
//! ```
//! use std::convert::Infallible;
//!
//! use api_metrics_layer::{ApiKey, ApiMetricsLayer, CountingBody};
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{Empty, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! /// What the host's own authentication leaves on the request.
//! #[derive(Clone)]
//! struct Account {
//!     id: i64,
//! }
//!
//! // The inner service gets the wrapped body, so that its bytes are counted.
//! async fn handle(
//!     request: Request<CountingBody<Empty<Bytes>>>,
//! ) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new(Full::from("hello")))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let sink = |record: &api_metrics_layer::RequestRecord<'_>| {
//! #     assert_eq!(record.endpoint, "/users/{id}");
//! #     assert_eq!(record.api_key, Some(&ApiKey::from(42)));
//! # };
//! let layer = ApiMetricsLayer::new(sink)
//!     // A closed set of templates; `None` is recorded as `<unmatched>`.
//!     .endpoint(|request| match request.uri.path().split('/').nth(1)? {
//!         "users" => Some("/users/{id}".into()),
//!         _ => None,
//!     })
//!     // An identity that was verified before, never a raw header.
//!     .api_key(|request| Some(ApiKey::from(request.extensions.get::<Account>()?.id)));
//! let in_flight = layer.in_flight();
//!
//! let service = ServiceBuilder::new().layer(layer).service_fn(handle);
//! let mut request = Request::get("/users/7").body(Empty::new()).unwrap();
//! request.extensions_mut().insert(Account { id: 42 });
//! let response = service.oneshot(request).await.unwrap();
//! assert_eq!(in_flight.get(), 1);
//! drop(response);
//! assert_eq!(in_flight.get(), 0);
//! # }
//! ```
//!
//! # Where to put it
//!
//! * **The endpoint** is axum's `MatchedPath`, which exists inside `Router::layer` and holds the full template
//!   of nested routers. Where it can't be known (around the whole router, and for what `nest_service` or a
//!   fallback answers) requests are `<unmatched>`; [`FromMatchedPath`] lists the cases. For other routers pass
//!   a function.
//! * **The API key** comes from the function, else from the request's extensions (authentication outside:
//!   `.layer(metrics).layer(auth)`), else from the response's extensions (authentication inside, which puts the
//!   [`ApiKey`] on its response).
//! * **Two layers of one sink**, one inside of the other, count a request once. The outer one counts; the inner
//!   one tells it the template and the API key where only the inner one knows them. So a layer around the whole
//!   app sees its 404 and 405, and one within what `nest_service` mounts names its routes.
//! * **A queue** outside of the service (`ConcurrencyLimit`, `Buffer`) is seen where it stands inside of the
//!   layer in one `ServiceBuilder`: as [`queue_wait`](RequestRecord::queue_wait) and by [`Queue`]. axum's
//!   `Router::layer` hides readiness from the layers around it, so that there the wait is part of the latency.
//! * **Timeouts, panics, compression**: a layer inside is recorded with the response that it makes. A timeout
//!   outside is an abort, a panic that is caught outside is [`Outcome::Panicked`], and compression outside
//!   happens after bytes are counted.
//!
//! # Outgoing calls
//!
//! [`ClientLayer`] stands around a client, and records the calls that the service makes of others as events of the kind
//! [`http-client`](EventKind::HTTP_CLIENT). A service that has none pays nothing for it.
//!
//! # A log of requests
//!
//! Beside the sink that counts, a [`RequestLogSink`] may see each request with what a log may show of it:
//! [`LoggedRequest`] has its path with masked parameters, its user, client, trace and error. [`WithRequestLog`]
//! puts one beside a sink. Without one a request costs nothing more.
//!
//! # What it costs
//!
//! Frames pass unchanged: nothing is buffered, copied or boxed. A request with a response of one frame reads
//! the clock twice and allocates nothing in the steady state, because the memory of finished requests is
//! reused.
//!
//! The inner service gets a [`CountingBody`]. An axum router boxes every body that isn't its own, so it pays
//! the same allocation as for any layer that maps request bodies. [`for_axum`](ApiMetricsLayer::for_axum) keeps
//! axum's type and boxes only bodies that exist.
//!
//! # gRPC
//!
//! A call is labelled with its path, `/pkg.Service/Method`, once the method is known. A method becomes known
//! when a call of it ends with OK, or with a status in trailers, which only a method sends that has run.
//! Interceptors, rate limits and overload protection refuse any path, with any code, in the head alone, so such
//! an answer proves nothing. Until the method is known, a call has the router's template,
//! `/pkg.Service/{*rest}`, or is `<unmatched>`; afterwards it has its path, whatever its code.
//!
//! Methods that must have their name from their first failure on are declared:
//! [`grpc_descriptor_set`](ApiMetricsLayer::grpc_descriptor_set) takes what `protoc` or `tonic-prost-build`
//! compiled, [`grpc_methods`](ApiMetricsLayer::grpc_methods) a list of paths.
//!
//! The status is the HTTP equivalent of `grpc-status` as `google.rpc.Code` defines it: in headers, in trailers,
//! or for grpc-web in the last frame of the body. A 200 without it is UNKNOWN, except in grpc-web.
//!
//! tonic ends a call at its deadline outside of every layer, so that the layer sees its request dropped. After
//! the client's `grpc-timeout`, or the server's own deadline as
//! [`grpc_deadline`](ApiMetricsLayer::grpc_deadline) tells it, that is DEADLINE_EXCEEDED, counted as 504.
//!
//! # Long-lived responses
//!
//! An upgraded connection (101, or a successful CONNECT) is recorded when its head is ready, because what
//! follows bypasses the body. A stream ([`LONG_LIVED_CONTENT_TYPES`], of unknown length) is recorded at its end
//! with its bytes, but its latency is the time to its head: how long a page stayed open says nothing about how
//! fast the service is. The same goes for gRPC methods that stream from the server.
//!
//! # Requests within requests
//!
//! A handler that calls its own service makes a request of its own, which is counted beside the first. The
//! layer tells it from the same request in a layer inside by method and path. What it can't see: a path that
//! middleware between the two has rewritten (other than axum's nesting), and an inner layer that runs on another
//! task (`Buffer`); such a request counts twice.
//!
//! # Features
//!
//! * `tracing`: `CaptureEvents` attaches lines of the host's log to the requests in the log.
//! * `axum` (default): [`FromMatchedPath`] finds axum's templates; [`for_axum`](ApiMetricsLayer::for_axum).
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Some links lead to items of the feature `axum`.
#![cfg_attr(not(feature = "axum"), allow(rustdoc::broken_intra_doc_links))]

mod api_key;
mod body;
mod candidate;
#[cfg(feature = "tracing")]
mod capture_events;
mod capture_panics;
mod client;
mod clock;
mod descriptor_set;
mod endpoint;
mod future;
mod grpc;
mod guard;
mod in_flight;
mod kind;
mod label;
mod layer;
mod nested;
mod present;
mod queue;
mod record;
mod request_body;
mod request_log;
mod request_state;
mod service;
mod settings;
mod shard;
mod sink;
mod units;
mod with_request_log;

pub use api_key::{ApiKey, ExtractApiKey};
pub use body::ResponseBody;
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use capture_events::{CaptureEvents, WithoutEvents, without_events};
pub use capture_panics::capture_panics;
pub use client::{
    BoxedErrors, CallFailure, ClientBody, ClientCall, ClientFuture, ClientLayer, ClientService,
    Partner, ReadFailure, StdErrors, UNKNOWN_HOST,
};
pub use clock::RequestClock;
pub use descriptor_set::InvalidDescriptorSet;
pub use endpoint::{Endpoint, ExtractEndpoint, FromMatchedPath};
pub use future::ResponseFuture;
pub use in_flight::InFlight;
pub use kind::{EventKind, InvalidEventKind, event_label};
pub use label::{
    MAX_API_KEY_BYTES, MAX_ENDPOINT_BYTES, MAX_SERVICE_BYTES, OTHER_ENDPOINT, OTHER_METHOD,
    UNMATCHED, bounded,
};
pub use layer::ApiMetricsLayer;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use present::AxumBody;
pub use present::{AnyBody, PresentBody};
pub use queue::Queue;
pub use record::{Outcome, Protocol, RequestRecord, Unrecorded};
pub use request_body::CountingBody;
pub use request_log::{
    Coordinates, Country, ErrorDetail, GeoHeaders, Geography, InvalidNetwork, Locate, LogEvent,
    LogField, LogLevel, LoggedBody, LoggedError, LoggedPath, LoggedPlace, LoggedRequest,
    LoggedSnapshot, MASKED_NAMES, Network, PeerAddress, Place, REPLAY_HEADER, ReplaySecret,
    Replayed, RequestCapture, RequestLogSink, Snapshots, TraceContext, UserId,
};
pub use service::ApiMetricsService;
pub use settings::LONG_LIVED_CONTENT_TYPES;
pub use sink::MetricSink;
pub use units::{
    Gauge, INVALID_UNIT, MAX_UNIT_BYTES, MAX_UNITS_A_REQUEST, OTHER_UNIT, UnitValue, Units,
    is_unit_name,
};
pub use with_request_log::WithRequestLog;

/// Compiles the README's program.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
mod readme {}
