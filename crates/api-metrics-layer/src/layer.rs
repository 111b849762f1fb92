//! The layer and its settings.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use http::request::Parts;
use tower_layer::Layer;

use crate::{
    AnyBody, ApiKey, ApiMetricsService, Endpoint, ExtractApiKey, ExtractEndpoint, FromMatchedPath,
    InFlight, InvalidDescriptorSet, MetricSink, Queue, RequestClock, descriptor_set, shard::Shard,
};

/// Records every request of the service that it wraps, exactly once, into a [`MetricSink`].
///
/// | setting | default | what it changes |
/// |---|---|---|
/// | [`new(sink)`](Self::new) | required | where records go |
/// | [`endpoint(f)`](Self::endpoint) | axum's `MatchedPath` ([`FromMatchedPath`]) | how the route template is found |
/// | [`api_key(f)`](Self::api_key) | an [`ApiKey`] among the extensions of the request, else of the response | how the consumer is found |
/// | [`endpoint_from(e)`](Self::endpoint_from), [`api_key_from(e)`](Self::api_key_from) | | the same by a type that implements [`ExtractEndpoint`] or [`ExtractApiKey`] |
/// | [`long_lived_content_types(types)`](Self::long_lived_content_types) | [`LONG_LIVED_CONTENT_TYPES`](crate::LONG_LIVED_CONTENT_TYPES) | which streams have the time to their head as latency |
/// | [`grpc_descriptor_set(bytes)`](Self::grpc_descriptor_set), [`grpc_methods(paths)`](Self::grpc_methods) | none: methods are learned from calls | which gRPC methods are known from the start |
/// | [`grpc_deadline(d)`](Self::grpc_deadline) | none: that of `grpc-timeout` alone | when the server gives up a call |
/// | [`for_axum()`](Self::for_axum) | off: any request body, wrapped into [`CountingBody`](crate::CountingBody) | keeps `axum::body::Body` as the type of the request's body |
/// | [`with_clock(sink, clock)`](Self::with_clock) | the system's clocks | where times come from, for tests |
///
/// The type parameters are the sink, how the endpoint is found, how the API key is found, and which body the
/// inner service gets. Clones share everything: the sink, the functions, the gauges of requests
/// [in flight](Self::in_flight) and in the [queue](Self::queue). A request that passes several of them, one inside
/// of the other, is counted once. Examples are in the [crate's documentation](crate).
#[must_use = "a layer records nothing until it wraps a service"]
pub struct ApiMetricsLayer<M, E = FromMatchedPath, K = (), P = AnyBody> {
    shard: Arc<Shard<M, E, K>>,
    present: PhantomData<fn() -> P>,
}

impl<M: MetricSink> ApiMetricsLayer<M> {
    /// A layer with the default settings.
    pub fn new(sink: M) -> Self {
        Self::build(Shard::first(sink))
    }

    /// A layer with the default settings and a clock of your own, for tests.
    pub fn with_clock(sink: M, clock: impl RequestClock) -> Self {
        Self::build(Shard::with_clock(sink, clock))
    }
}

impl<M, E, K, P> ApiMetricsLayer<M, E, K, P> {
    const fn build(shard: Arc<Shard<M, E, K>>) -> Self {
        Self {
            shard,
            present: PhantomData,
        }
    }

    /// Finds the route template by a function, for routers other than axum's.
    ///
    /// The function runs once per request, before the inner service; once more where the request is found to
    /// come from a handler of the same service. `None` is recorded as [`<unmatched>`](crate::UNMATCHED). What it
    /// has captured is shared by all services and threads, never cloned, so it must be `Sync`. See
    /// [`ExtractEndpoint`].
    pub fn endpoint<F>(self, endpoint: F) -> ApiMetricsLayer<M, F, K, P>
    where
        F: Fn(&Parts) -> Option<Endpoint>,
    {
        self.endpoint_from(endpoint)
    }

    /// Finds the route template by a type that implements [`ExtractEndpoint`]: one of your own,
    /// [`FromMatchedPath`], or `()`, which finds none. [`endpoint`](Self::endpoint) is the same for closures,
    /// which want their argument's type to be known.
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use api_metrics_layer::{ApiMetricsLayer, Endpoint, ExtractEndpoint};
    /// use http::request::Parts;
    ///
    /// /// Routes by their first segment.
    /// struct Routes(HashMap<&'static str, &'static str>);
    ///
    /// impl ExtractEndpoint for Routes {
    ///     fn endpoint(&self, request: &Parts) -> Option<Endpoint> {
    ///         let segment = request.uri.path().split('/').nth(1)?;
    ///         Some((*self.0.get(segment)?).into())
    ///     }
    /// }
    ///
    /// let routes = Routes(HashMap::from([("users", "/users/{id}")]));
    /// let layer = ApiMetricsLayer::new(()).endpoint_from(routes);
    /// # let _ = layer.in_flight();
    /// ```
    pub fn endpoint_from<F: ExtractEndpoint>(self, endpoint: F) -> ApiMetricsLayer<M, F, K, P> {
        ApiMetricsLayer::build(self.shard.with_endpoint(endpoint))
    }

    /// Finds the API key by a function, before extensions are looked at.
    ///
    /// The function runs once per request, before the inner service, and is shared like that of
    /// [`endpoint`](Self::endpoint). Return only an identity that was verified: see [`ApiKey`] and
    /// [`ExtractApiKey`].
    pub fn api_key<F>(self, api_key: F) -> ApiMetricsLayer<M, E, F, P>
    where
        F: Fn(&Parts) -> Option<ApiKey>,
    {
        self.api_key_from(api_key)
    }

    /// Finds the API key by a type that implements [`ExtractApiKey`]: one of your own, or `()`, which finds
    /// none. [`api_key`](Self::api_key) is the same for closures.
    pub fn api_key_from<F: ExtractApiKey>(self, api_key: F) -> ApiMetricsLayer<M, E, F, P> {
        ApiMetricsLayer::build(self.shard.with_api_key(api_key))
    }

    /// Sets which media types of responses are long-lived, in place of
    /// [`LONG_LIVED_CONTENT_TYPES`](crate::LONG_LIVED_CONTENT_TYPES): their latency is the time to their head, not
    /// how long somebody listened. An empty list makes the lifetime of every response its latency.
    ///
    /// It counts for responses without a known length, whatever parameters the type has. `application/grpc`
    /// stands for gRPC calls that stream: those of methods that a descriptor set declares so, or that have sent
    /// more than one message. All clones of the layer share the list.
    ///
    /// ```
    /// use api_metrics_layer::{ApiMetricsLayer, LONG_LIVED_CONTENT_TYPES};
    ///
    /// let radio = LONG_LIVED_CONTENT_TYPES.into_iter().chain(["audio/mpeg"]);
    /// let layer = ApiMetricsLayer::new(()).long_lived_content_types(radio);
    /// # let _ = layer.in_flight();
    /// ```
    pub fn long_lived_content_types<I>(self, content_types: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let content_types = content_types.into_iter().map(Into::into).collect();
        self.shard.core().settings.set_long_lived(content_types);
        self
    }

    /// Sets the server's own deadline of gRPC calls, where it has one: what is given to tonic's
    /// `Server::timeout`. A call without a response that is dropped after it, or after the client's
    /// `grpc-timeout`, is recorded as DEADLINE_EXCEEDED (504). Without it such a call looks like one whose client
    /// has left (499). All clones of the layer share it.
    ///
    /// tonic drops the call outside of every layer, so nothing else can tell.
    pub fn grpc_deadline(self, deadline: Duration) -> Self {
        self.shard.core().settings.set_grpc_deadline(deadline);
        self
    }

    /// Declares gRPC methods by their paths, `/pkg.Service/Method`, so that calls of them have their name
    /// whatever they end with. All clones of the layer know them.
    ///
    /// Without it a method is known once a call of it has ended with OK or with a status in trailers.
    pub fn grpc_methods<I>(self, paths: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let methods = paths.into_iter().map(|path| (path.into(), false));
        self.shard.core().settings.grpc_methods.declare(methods);
        self
    }

    /// Declares the gRPC methods of a compiled descriptor set, and which of them stream: what
    /// `protoc --descriptor_set_out` writes, and tonic's `include_file_descriptor_set!` includes. See [`grpc_methods`](Self::grpc_methods).
    ///
    /// # Errors
    ///
    /// [`InvalidDescriptorSet`] when the bytes are no encoded `google.protobuf.FileDescriptorSet`.
    pub fn grpc_descriptor_set(self, set: &[u8]) -> Result<Self, InvalidDescriptorSet> {
        let methods = descriptor_set::methods(set)?;
        self.shard.core().settings.grpc_methods.declare(methods);
        Ok(self)
    }

    /// Keeps `axum::body::Body` as the type of the request's body, instead of wrapping it into
    /// [`CountingBody`](crate::CountingBody). For axum services only.
    ///
    /// Middleware written for axum's own body (`axum::middleware::from_fn` in one `ServiceBuilder` with this
    /// layer) then fits inside, and a request without a body costs no allocation.
    #[cfg(feature = "axum")]
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub fn for_axum(self) -> ApiMetricsLayer<M, E, K, crate::AxumBody> {
        ApiMetricsLayer::build(self.shard)
    }
}

impl<M: MetricSink, E, K, P> ApiMetricsLayer<M, E, K, P> {
    /// The gauge of open requests, over all clones of this layer and all services made by it.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        InFlight::new(Arc::new(self.shard.open_counts()))
    }

    /// The requests that wait for the inner service to become ready, over all clones of this layer and all
    /// services made by it.
    #[must_use]
    pub fn queue(&self) -> Queue {
        Queue::new(Arc::clone(&self.shard.core().queue))
    }

    /// The sink that records go to.
    #[must_use]
    pub fn sink(&self) -> &M {
        &self.shard.core().sink
    }
}

impl<S, M, E, K, P> Layer<S> for ApiMetricsLayer<M, E, K, P> {
    type Service = ApiMetricsService<S, M, E, K, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiMetricsService::new(inner, Arc::clone(&self.shard))
    }
}

// Not derived: a derive would ask the sink and the functions to be `Clone`.
impl<M, E, K, P> Clone for ApiMetricsLayer<M, E, K, P> {
    fn clone(&self) -> Self {
        Self::build(Arc::clone(&self.shard))
    }
}

impl<M, E, K, P> fmt::Debug for ApiMetricsLayer<M, E, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMetricsLayer")
            .field("shard", &self.shard)
            .finish_non_exhaustive()
    }
}
