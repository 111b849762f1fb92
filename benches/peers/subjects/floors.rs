//! What nobody can go below, and a layer that records nothing.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use axum::body::Body as AxumBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_http::{
    map_request_body::MapRequestBodyLayer, map_response_body::MapResponseBodyLayer,
    trace::TraceLayer,
};
use tower_layer::layer_fn;
use tower_service::Service;

use super::{Subject, routes};

pub(super) fn bare(name: &'static str, series: usize) -> Subject {
    Subject::new(name, routes(series))
}

/// As its documentation begins.
pub(super) fn trace(name: &'static str, series: usize) -> Subject {
    Subject::new(name, routes(series).layer(TraceLayer::new_for_http()))
}

/// Passes everything on.
pub(super) fn no_op(name: &'static str, series: usize) -> Subject {
    Subject::new(name, routes(series).layer(layer_fn(|inner| NoOp { inner })))
}

/// Wraps the response's body, which axum then boxes.
pub(super) fn body_map(name: &'static str, series: usize) -> Subject {
    let layer = MapResponseBodyLayer::new(Passed);
    Subject::new(name, routes(series).layer(layer))
}

/// Wraps the request's body too, which axum boxes as well.
pub(super) fn both_bodies_map(name: &'static str, series: usize) -> Subject {
    let layers = (
        MapRequestBodyLayer::new(Passed),
        MapResponseBodyLayer::new(Passed),
    );
    Subject::new(name, routes(series).layer(layers))
}

/// The least that measures a request to its end.
pub(super) fn two_clock_reads(name: &'static str, series: usize) -> Subject {
    let layer = layer_fn(|inner| Timed { inner });
    Subject::new(name, routes(series).layer(layer))
}

#[derive(Clone)]
struct NoOp<S> {
    inner: S,
}

impl<S: Service<Request<AxumBody>>> Service<Request<AxumBody>> for NoOp<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<AxumBody>) -> S::Future {
        self.inner.call(request)
    }
}

struct Passed(AxumBody);

impl Body for Passed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[derive(Clone)]
struct Timed<S> {
    inner: S,
}

impl<S> Service<Request<AxumBody>> for Timed<S>
where
    S: Service<Request<AxumBody>, Response = Response<AxumBody>>,
{
    type Response = Response<TimedBody>;
    type Error = S::Error;
    type Future = TimedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<AxumBody>) -> TimedFuture<S::Future> {
        TimedFuture {
            started: Instant::now(),
            inner: self.inner.call(request),
        }
    }
}

pin_project! {
    struct TimedFuture<F> {
        started: Instant,
        #[pin]
        inner: F,
    }
}

impl<F, E> Future for TimedFuture<F>
where
    F: Future<Output = Result<Response<AxumBody>, E>>,
{
    type Output = Result<Response<TimedBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let started = Some(*this.started);
        Poll::Ready(Ok(response.map(|inner| TimedBody { inner, started })))
    }
}

struct TimedBody {
    inner: AxumBody,
    started: Option<Instant>,
}

thread_local! {
    static TIMES: RefCell<Vec<Duration>> = RefCell::new(Vec::with_capacity(1024));
}

impl TimedBody {
    fn end(&mut self) {
        if let Some(started) = self.started.take() {
            let time = started.elapsed();
            TIMES.with_borrow_mut(|times| {
                if times.len() == times.capacity() {
                    times.clear();
                }
                times.push(time);
            });
        }
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        self.end();
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if self.inner.is_end_stream() {
            self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
