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
//! What a record holds, field by field, stands with [`RequestRecord`]; how a request may end, and what an
//! aborted, failed or panicked one counts as (499, 500), with [`Outcome`]; where records may go, with
//! [`MetricSink`]. A [`MetricSink`] that sums them up in a database is in `api-metrics-store`.
//!
//! # Customized
//!
//! Around any `tower::Service<Request<B>>`, with another router, consumers and a gauge:
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
//! /// What the host's own authentication has left on the request.
//! #[derive(Clone)]
//! struct Account {
//!     id: i64,
//! }
//!
//! // The inner service gets the request's body wrapped, so that it can be counted.
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
//! * **The endpoint** is axum's `MatchedPath`, which exists inside of `Router::layer`, nested routers in
//!   full. Where it can't be known (around the whole router, for what `nest_service` or a fallback answers)
//!   requests are `<unmatched>`: [`FromMatchedPath`] has the list. A function finds it for other routers.
//! * **The API key** is looked for by the function, among the request's extensions (authentication is outside:
//!   `.layer(metrics).layer(auth)`), then among the response's (authentication is inside, and puts the
//!   [`ApiKey`] on its response).
//! * **Timeouts, panics, compression**: what is inside of the layer is recorded as the response that it
//!   makes. A timeout outside is an abort, a panic caught outside is [`Outcome::Panicked`], and bytes are
//!   counted before they are compressed.
//!
//! # What it costs
//!
//! Frames pass as they are: nothing is buffered, copied or boxed. A unary request reads a clock twice and, in
//! the steady state, allocates nothing, because the memory of finished requests is used again.
//!
//! The inner service gets a [`CountingBody`]. An axum router boxes every body that isn't its own, so this
//! costs it the allocation that any layer does that maps request bodies.
//! [`for_axum`](ApiMetricsLayer::for_axum) keeps axum's type and boxes only bodies that exist.
//!
//! # gRPC
//!
//! A call is labelled with its path, `/pkg.Service/Method`, once the method has shown that it exists: it has
//! ended with a code that only a running method gives. Until then, for the codes that interceptors, rate limits
//! and overload protection answer for any path (PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE,
//! UNAUTHENTICATED) and for calls that ended without one, it has the router's template,
//! `/pkg.Service/{*rest}`, or is `<unmatched>`; UNIMPLEMENTED always is. So nobody can make labels by guessing.
//! The status is the HTTP equivalent of `grpc-status` as `google.rpc.Code` defines it; OK without one is
//! UNKNOWN, except in grpc-web, where it may stand in the body.
//!
//! # Long-lived responses
//!
//! An upgraded connection (101, or a successful CONNECT) is recorded when its head is ready: what follows
//! bypasses the body. An event stream (`text/event-stream` of unknown length) is recorded at its end, with its
//! bytes, but its latency is the time to its head: how long a page stayed open says nothing about how fast the
//! service is.
//!
//! # Features
//!
//! * `axum` (default): [`FromMatchedPath`] finds axum's templates; [`for_axum`](ApiMetricsLayer::for_axum).
#![forbid(unsafe_code)]
// Links to what only the feature has.
#![cfg_attr(not(feature = "axum"), allow(rustdoc::broken_intra_doc_links))]

mod api_key;
mod body;
mod clock;
mod endpoint;
mod exchange;
mod future;
mod grpc;
mod guard;
mod in_flight;
mod label;
mod layer;
mod present;
mod record;
mod request_body;
mod service;
mod shared;
mod sink;

pub use api_key::{ApiKey, ExtractApiKey};
pub use body::ResponseBody;
pub use clock::Clock;
pub use endpoint::{Endpoint, ExtractEndpoint, FromMatchedPath};
pub use future::ResponseFuture;
pub use in_flight::InFlight;
pub use label::{
    MAX_API_KEY_BYTES, MAX_ENDPOINT_BYTES, MAX_SERVICE_BYTES, OTHER_ENDPOINT, OTHER_METHOD,
    UNMATCHED, bounded,
};
pub use layer::ApiMetricsLayer;
#[cfg(feature = "axum")]
pub use present::AxumBody;
pub use present::{AnyBody, PresentBody};
pub use record::{Outcome, Protocol, RequestRecord};
pub use request_body::CountingBody;
pub use service::ApiMetrics;
pub use sink::MetricSink;

/// Runs the README's program through the compiler.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
mod readme {}
