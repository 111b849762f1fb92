//! The middleware.

use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{
    AnyBody, ExtractApiKey, ExtractEndpoint, FromMatchedPath, MetricSink, PresentBody,
    ResponseBody, ResponseFuture, guard::Guard, request_body::BodyCounter, shared::Lane,
};

/// The service made by [`ApiMetricsLayer`](crate::ApiMetricsLayer); the [crate's documentation](crate) has examples.
///
/// `S` is the inner service, the other parameters are the layer's.
pub struct ApiMetrics<S, M, E = FromMatchedPath, K = (), P = AnyBody> {
    inner: S,
    lane: Arc<Lane<M>>,
    endpoint: E,
    api_key: K,
    present: PhantomData<fn() -> P>,
}

impl<S, M, E, K, P> ApiMetrics<S, M, E, K, P> {
    pub(crate) fn new(inner: S, lane: Arc<Lane<M>>, endpoint: E, api_key: K) -> Self {
        Self {
            inner,
            lane,
            endpoint,
            api_key,
            present: PhantomData,
        }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service. What is called through it is not recorded.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service, without its middleware.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, M, E, K, P, ReqBody, ResBody> Service<Request<ReqBody>> for ApiMetrics<S, M, E, K, P>
where
    S: Service<Request<P::Body>, Response = Response<ResBody>>,
    M: MetricSink,
    E: ExtractEndpoint,
    K: ExtractApiKey,
    P: PresentBody<ReqBody>,
    ReqBody: Body,
    ResBody: Body,
{
    type Response = Response<ResponseBody<ResBody, M>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, M>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut guard = Guard::start(&self.lane.held);
        let mut watched = guard.watch();
        let mut counter = BodyCounter::default();
        if let Some(exchange) = watched.exchange() {
            // The request is looked at where it lies: each move of one costs a copy of 220 bytes.
            if E::NEEDS_PARTS || K::NEEDS_PARTS {
                request = exchange.ask(request, &self.endpoint, &self.api_key);
            } else {
                exchange.set_template(self.endpoint.template_in(request.extensions()));
            }
            exchange.on_request(&request);
            if !request.body().is_end_stream() {
                counter = exchange.count_request_body();
                P::count(request.body_mut(), &mut counter);
            }
        }
        let inner = P::call(&mut self.inner, request, counter);
        watched.over();
        ResponseFuture { inner, guard }
    }
}

// Not derived: that would ask `P` to be `Clone`.
impl<S: Clone, M, E: Clone, K: Clone, P> Clone for ApiMetrics<S, M, E, K, P> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            self.lane.here(),
            self.endpoint.clone(),
            self.api_key.clone(),
        )
    }
}

impl<S: fmt::Debug, M, E, K, P> fmt::Debug for ApiMetrics<S, M, E, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMetrics")
            .field("inner", &self.inner)
            .field("shared", &self.lane)
            .finish_non_exhaustive()
    }
}
