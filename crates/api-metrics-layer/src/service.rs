//! The service: starts a guard for every call.

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
    ResponseBody, ResponseFuture, guard::Guard, request_body::BodyCounter, shard::Shard,
};

/// The middleware that [`ApiMetricsLayer`](crate::ApiMetricsLayer) wraps around a service.
///
/// `S` is the inner service; the other parameters are the layer's. It is ready when the inner service is, and
/// returns the inner service's errors unchanged. Examples are in the [crate's documentation](crate).
pub struct ApiMetricsService<S, M, E = FromMatchedPath, K = (), P = AnyBody> {
    inner: S,
    shard: Arc<Shard<M>>,
    endpoint: E,
    api_key: K,
    present: PhantomData<fn() -> P>,
}

impl<S, M, E, K, P> ApiMetricsService<S, M, E, K, P> {
    pub(crate) fn new(inner: S, shard: Arc<Shard<M>>, endpoint: E, api_key: K) -> Self {
        Self {
            inner,
            shard,
            endpoint,
            api_key,
            present: PhantomData,
        }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service. Calls through this reference are not recorded.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service, without its middleware.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, M, E, K, P, ReqBody, ResBody> Service<Request<ReqBody>> for ApiMetricsService<S, M, E, K, P>
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
        let mut guard = Guard::start(&self.shard.handle);
        let mut panic_guard = guard.panic_guard();
        let mut counter = BodyCounter::default();
        if let Some(state) = panic_guard.state() {
            // Read in place: moving a request copies 220 bytes.
            if E::NEEDS_PARTS || K::NEEDS_PARTS {
                request = state.extract_labels(request, &self.endpoint, &self.api_key);
            } else {
                state.set_template(self.endpoint.template_in(request.extensions()));
            }
            state.on_request(&request);
            if !request.body().is_end_stream() {
                counter = state.count_request_body();
            }
        }
        let inner = P::call(&mut self.inner, request, counter);
        panic_guard.disarm();
        ResponseFuture { inner, guard }
    }
}

// Not derived: a derive would ask `M` and `P` to be `Clone`.
impl<S: Clone, M, E: Clone, K: Clone, P> Clone for ApiMetricsService<S, M, E, K, P> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            self.shard.of_this_thread(),
            self.endpoint.clone(),
            self.api_key.clone(),
        )
    }
}

impl<S: fmt::Debug, M, E, K, P> fmt::Debug for ApiMetricsService<S, M, E, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMetricsService")
            .field("inner", &self.inner)
            .field("shard", &self.shard)
            .finish_non_exhaustive()
    }
}
