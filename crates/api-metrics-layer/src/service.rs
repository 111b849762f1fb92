//! The service: starts a guard for every call.

use std::{
    fmt,
    marker::PhantomData,
    mem,
    ops::Deref,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, request::Parts, uri::PathAndQuery};
use http_body::Body;
use tower_service::Service;

use crate::{
    AnyBody, Endpoint, ExtractApiKey, ExtractEndpoint, FromMatchedPath, MetricSink, PresentBody,
    ResponseBody, ResponseFuture, candidate::Candidate, endpoint::original_path, guard::Guard,
    nested, queue::Wait, request_body::BodyCounter, request_state::known_method, shard::Shard,
};

/// The middleware that [`ApiMetricsLayer`](crate::ApiMetricsLayer) wraps around a service.
///
/// `S` is the inner service; the other parameters are the layer's. It is ready when the inner service is, and
/// returns the inner service's errors unchanged. Examples are in the [crate's documentation](crate).
pub struct ApiMetricsService<S, M, E = FromMatchedPath, K = (), P = AnyBody> {
    inner: S,
    shard: Arc<Shard<M, E, K>>,
    /// Set while the inner service keeps the caller of this clone waiting.
    wait: Option<Box<Wait>>,
    present: PhantomData<fn() -> P>,
}

impl<S, M, E, K, P> ApiMetricsService<S, M, E, K, P> {
    pub(crate) const fn new(inner: S, shard: Arc<Shard<M, E, K>>) -> Self {
        Self {
            inner,
            shard,
            wait: None,
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
        let polled = self.inner.poll_ready(cx);
        match polled {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => self.wait = None,
            Poll::Pending => self.wait(),
        }
        polled
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut guard = if nested::is_any() && self.is_among_running(&mut request) {
            Guard::closed()
        } else {
            Guard::start(self.shard.owner.handle())
        };
        let mut counter = BodyCounter::default();
        let mut panic_guard = guard.panic_guard();
        if let Some(state) = panic_guard.state() {
            // Read in place: moving a request copies 220 bytes.
            if E::NEEDS_PARTS || K::NEEDS_PARTS {
                request =
                    state.extract_labels(request, &*self.shard.endpoint, &*self.shard.api_key);
            } else {
                state.set_template(self.shard.endpoint.template_in(request.extensions()));
            }
            let core = self.shard.core();
            state.on_request(&request, core);
            let copied = match core.sink.request_log() {
                Some(log) => state.capture_request(&request, log),
                None => 0,
            };
            if !request.body().is_end_stream() {
                counter = state.count_request_body();
                if core.sink.request_log().is_some() && copied > 0 {
                    state.copy_request_body(copied);
                }
                P::count(request.body_mut(), &mut counter);
            }
            if let Some(wait) = self.wait.take() {
                state.on_wait(*wait, &self.shard.core().sink);
            }
        }
        panic_guard.disarm();
        let running = guard.enter();
        ResponseFuture {
            // In this order, and made in place.
            inner: P::call(&mut self.inner, request, counter),
            guard: running.leave(),
        }
    }
}

impl<S, M, E, K, P> ApiMetricsService<S, M, E, K, P>
where
    M: MetricSink,
    E: ExtractEndpoint,
    K: ExtractApiKey,
{
    /// Whether a layer outside counts this request already, which then gets what is known only here.
    #[cold]
    #[inline(never)]
    fn is_among_running<B>(&mut self, request: &mut Request<B>) -> bool {
        let core = self.shard.core();
        if !nested::find(|outer| outer.is_counted_for(core.identity)) {
            return false;
        }
        core.settings.look_at_paths();
        let parts = Borrowed::of(request);
        let found = self.shard.endpoint.endpoint(&parts);
        let original = original_path(&parts.extensions);
        let candidate = Candidate {
            identity: core.identity,
            method: known_method(&parts.method),
            path: parts.uri.path(),
            original: original.map(PathAndQuery::path),
            template: found.as_ref().map(Endpoint::as_str),
        };
        let api_key = self.shard.api_key.api_key(&parts);
        let mut api_key = api_key.or_else(|| parts.extensions.get().cloned());
        // No function of the user's in here: a panic would lose the running request.
        let same = nested::find(|outer| {
            let same = outer.is_same(&candidate);
            if same {
                outer.adopt(candidate.template, api_key.take());
            }
            same
        });
        if same {
            if let Some(wait) = self.wait.take() {
                core.sink.on_queue_wait(wait.end(core.clocks.now()), true);
            }
        }
        same
    }
}

/// The parts of a request, which are put back when this is dropped: also where a user's function panics.
struct Borrowed<'a, B> {
    request: &'a mut Request<B>,
    parts: Parts,
}

impl<'a, B> Borrowed<'a, B> {
    fn of(request: &'a mut Request<B>) -> Self {
        let (parts, ()) = Request::new(()).into_parts();
        let mut borrowed = Self { request, parts };
        borrowed.swap();
        borrowed
    }

    fn swap(&mut self) {
        let Self { request, parts } = self;
        mem::swap(request.method_mut(), &mut parts.method);
        mem::swap(request.uri_mut(), &mut parts.uri);
        mem::swap(request.version_mut(), &mut parts.version);
        mem::swap(request.headers_mut(), &mut parts.headers);
        mem::swap(request.extensions_mut(), &mut parts.extensions);
    }
}

impl<B> Deref for Borrowed<'_, B> {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl<B> Drop for Borrowed<'_, B> {
    fn drop(&mut self) {
        self.swap();
    }
}

impl<S, M, E, K, P> ApiMetricsService<S, M, E, K, P> {
    /// The inner service is not ready: from here on this clone's caller waits.
    #[cold]
    fn wait(&mut self) {
        let core = self.shard.core();
        self.wait
            .get_or_insert_with(|| Box::new(Wait::begin(&core.queue, core.clocks.now())));
    }
}

// Not derived: a derive would ask the sink and the functions to be `Clone`.
impl<S: Clone, M, E, K, P> Clone for ApiMetricsService<S, M, E, K, P> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shard.of_this_thread())
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
