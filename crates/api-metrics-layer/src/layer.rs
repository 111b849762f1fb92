//! The layer and its builder.

use std::{fmt, marker::PhantomData, sync::Arc};

use http::request::Parts;
use tower_layer::Layer;

use crate::{
    AnyBody, ApiKey, ApiMetrics, Clock, Endpoint, FromMatchedPath, InFlight, MetricSink,
    shared::Lane,
};

/// Records every request of the service it is put around, exactly once, into a [`MetricSink`].
///
/// Clones share the sink and the [in-flight gauge](Self::in_flight). The type parameters are the sink, how the
/// endpoint and the API key are found, and how the request's body is presented to the inner service.
/// Examples are in the [crate's documentation](crate).
#[must_use = "a layer records nothing until it is put around a service"]
pub struct ApiMetricsLayer<M, E = FromMatchedPath, K = (), P = AnyBody> {
    lane: Arc<Lane<M>>,
    endpoint: E,
    api_key: K,
    present: PhantomData<fn() -> P>,
}

impl<M: MetricSink> ApiMetricsLayer<M> {
    /// A layer that takes the endpoint from axum's `MatchedPath` and the API key from extensions, and
    /// works with any body.
    pub fn new(sink: M) -> Self {
        Self::build(Lane::first(sink))
    }

    /// The same with clocks of one's own, for tests.
    pub fn with_clock(sink: M, clock: impl Clock) -> Self {
        Self::build(Lane::first_with_clock(sink, clock))
    }

    fn build(lane: Arc<Lane<M>>) -> Self {
        Self {
            lane,
            endpoint: FromMatchedPath,
            api_key: (),
            present: PhantomData,
        }
    }
}

impl<M, E, K, P> ApiMetricsLayer<M, E, K, P> {
    /// Finds the route template by a function of one's own, for other routers than axum's; see
    /// [`ExtractEndpoint`](crate::ExtractEndpoint). `None` is recorded as `<unmatched>`.
    pub fn endpoint<F>(self, endpoint: F) -> ApiMetricsLayer<M, F, K, P>
    where
        F: Fn(&Parts) -> Option<Endpoint>,
    {
        ApiMetricsLayer {
            lane: self.lane,
            endpoint,
            api_key: self.api_key,
            present: PhantomData,
        }
    }

    /// Finds the API key by a function of one's own, before extensions are looked at; see
    /// [`ExtractApiKey`](crate::ExtractApiKey). Only an identity that was verified belongs here: [`ApiKey`].
    pub fn api_key<F>(self, api_key: F) -> ApiMetricsLayer<M, E, F, P>
    where
        F: Fn(&Parts) -> Option<ApiKey>,
    {
        ApiMetricsLayer {
            lane: self.lane,
            endpoint: self.endpoint,
            api_key,
            present: PhantomData,
        }
    }

    /// Keeps [`axum::body::Body`] as the request's body type, instead of wrapping it into
    /// [`CountingBody`](crate::CountingBody): for axum services only.
    ///
    /// Middleware inside that is written for axum's own body (`axum::middleware::from_fn` in one
    /// `ServiceBuilder` with this layer) then fits, and a request without a body costs no
    /// allocation.
    #[cfg(feature = "axum")]
    pub fn for_axum(self) -> ApiMetricsLayer<M, E, K, crate::AxumBody> {
        ApiMetricsLayer {
            lane: self.lane,
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
        InFlight::new(Arc::clone(&self.lane) as Arc<_>)
    }

    /// Where records go.
    #[must_use]
    pub fn sink(&self) -> &M {
        &self.lane.core().sink
    }
}

impl<S, M, E: Clone, K: Clone, P> Layer<S> for ApiMetricsLayer<M, E, K, P> {
    type Service = ApiMetrics<S, M, E, K, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiMetrics::new(
            inner,
            Arc::clone(&self.lane),
            self.endpoint.clone(),
            self.api_key.clone(),
        )
    }
}

// Not derived: that would ask `M` and `P` to be `Clone`.
impl<M, E: Clone, K: Clone, P> Clone for ApiMetricsLayer<M, E, K, P> {
    fn clone(&self) -> Self {
        Self {
            lane: Arc::clone(&self.lane),
            endpoint: self.endpoint.clone(),
            api_key: self.api_key.clone(),
            present: PhantomData,
        }
    }
}

impl<M, E, K, P> fmt::Debug for ApiMetricsLayer<M, E, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMetricsLayer")
            .field("shared", &self.lane)
            .finish_non_exhaustive()
    }
}
