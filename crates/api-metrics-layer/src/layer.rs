//! The layer and its settings.

use std::{fmt, marker::PhantomData, sync::Arc};

use http::request::Parts;
use tower_layer::Layer;

use crate::{
    AnyBody, ApiKey, ApiMetricsService, Endpoint, FromMatchedPath, InFlight, InvalidDescriptorSet,
    MetricSink, RequestClock, descriptor_set, shard::Shard,
};

/// Records every request of the service that it wraps, exactly once, into a [`MetricSink`].
///
/// | setting | default | what it changes |
/// |---|---|---|
/// | [`new(sink)`](Self::new) | required | where records go |
/// | [`endpoint(f)`](Self::endpoint) | axum's `MatchedPath` ([`FromMatchedPath`]) | how the route template is found |
/// | [`api_key(f)`](Self::api_key) | an [`ApiKey`] among the extensions of the request, else of the response | how the consumer is found |
/// | [`grpc_descriptor_set(bytes)`](Self::grpc_descriptor_set), [`grpc_methods(paths)`](Self::grpc_methods) | none: methods are learned from calls | which gRPC methods are known from the start |
/// | [`for_axum()`](Self::for_axum) | off: any request body, wrapped into [`CountingBody`](crate::CountingBody) | keeps `axum::body::Body` as the type of the request's body |
/// | [`with_clock(sink, clock)`](Self::with_clock) | the system's clocks | where times come from, for tests |
///
/// The type parameters are the sink, how the endpoint is found, how the API key is found, and which body the
/// inner service gets. Clones share the sink and the [in-flight gauge](Self::in_flight). Examples are in the
/// [crate's documentation](crate).
#[must_use = "a layer records nothing until it wraps a service"]
pub struct ApiMetricsLayer<M, E = FromMatchedPath, K = (), P = AnyBody> {
    shard: Arc<Shard<M>>,
    endpoint: E,
    api_key: K,
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

    fn build(shard: Arc<Shard<M>>) -> Self {
        Self {
            shard,
            endpoint: FromMatchedPath,
            api_key: (),
            present: PhantomData,
        }
    }
}

impl<M, E, K, P> ApiMetricsLayer<M, E, K, P> {
    /// Finds the route template by a function, for routers other than axum's.
    ///
    /// The function runs once per request, before the inner service. `None` is recorded as
    /// [`<unmatched>`](crate::UNMATCHED). See [`ExtractEndpoint`](crate::ExtractEndpoint).
    pub fn endpoint<F>(self, endpoint: F) -> ApiMetricsLayer<M, F, K, P>
    where
        F: Fn(&Parts) -> Option<Endpoint>,
    {
        ApiMetricsLayer {
            shard: self.shard,
            endpoint,
            api_key: self.api_key,
            present: PhantomData,
        }
    }

    /// Finds the API key by a function, before extensions are looked at.
    ///
    /// The function runs once per request, before the inner service. Return only an identity that was
    /// verified: see [`ApiKey`] and [`ExtractApiKey`](crate::ExtractApiKey).
    pub fn api_key<F>(self, api_key: F) -> ApiMetricsLayer<M, E, F, P>
    where
        F: Fn(&Parts) -> Option<ApiKey>,
    {
        ApiMetricsLayer {
            shard: self.shard,
            endpoint: self.endpoint,
            api_key,
            present: PhantomData,
        }
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
        self.shard.core().grpc_methods.declare(paths);
        self
    }

    /// Declares the gRPC methods of a compiled descriptor set: what `protoc --descriptor_set_out` writes, and
    /// tonic's `include_file_descriptor_set!` includes. See [`grpc_methods`](Self::grpc_methods).
    ///
    /// # Errors
    ///
    /// [`InvalidDescriptorSet`] when the bytes are no encoded `google.protobuf.FileDescriptorSet`.
    pub fn grpc_descriptor_set(self, set: &[u8]) -> Result<Self, InvalidDescriptorSet> {
        Ok(self.grpc_methods(descriptor_set::method_paths(set)?))
    }

    /// Keeps `axum::body::Body` as the type of the request's body, instead of wrapping it into
    /// [`CountingBody`](crate::CountingBody). For axum services only.
    ///
    /// Middleware written for axum's own body (`axum::middleware::from_fn` in one `ServiceBuilder` with this
    /// layer) then fits inside, and a request without a body costs no allocation.
    #[cfg(feature = "axum")]
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub fn for_axum(self) -> ApiMetricsLayer<M, E, K, crate::AxumBody> {
        ApiMetricsLayer {
            shard: self.shard,
            endpoint: self.endpoint,
            api_key: self.api_key,
            present: PhantomData,
        }
    }
}

impl<M: MetricSink, E, K, P> ApiMetricsLayer<M, E, K, P> {
    /// The gauge of open requests, over all clones of this layer and all services made by it.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        InFlight::new(Arc::clone(&self.shard) as Arc<_>)
    }

    /// The sink that records go to.
    #[must_use]
    pub fn sink(&self) -> &M {
        &self.shard.core().sink
    }
}

impl<S, M, E: Clone, K: Clone, P> Layer<S> for ApiMetricsLayer<M, E, K, P> {
    type Service = ApiMetricsService<S, M, E, K, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiMetricsService::new(
            inner,
            Arc::clone(&self.shard),
            self.endpoint.clone(),
            self.api_key.clone(),
        )
    }
}

// Not derived: a derive would ask `M` and `P` to be `Clone`.
impl<M, E: Clone, K: Clone, P> Clone for ApiMetricsLayer<M, E, K, P> {
    fn clone(&self) -> Self {
        Self {
            shard: Arc::clone(&self.shard),
            endpoint: self.endpoint.clone(),
            api_key: self.api_key.clone(),
            present: PhantomData,
        }
    }
}

impl<M, E, K, P> fmt::Debug for ApiMetricsLayer<M, E, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMetricsLayer")
            .field("shard", &self.shard)
            .finish_non_exhaustive()
    }
}
