//! The route template of a request.

use std::{fmt, sync::Arc};

use http::request::Parts;

use crate::label::{MAX_ENDPOINT_BYTES, bounded};

/// A route template such as `/users/{id}`: cheap to clone, at most 1,024 bytes, without NUL.
///
/// It becomes a label, so there must be few of them: a template, a name, never a raw path.
#[derive(Clone)]
pub struct Endpoint(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Shared(Arc<str>),
    #[cfg(feature = "axum")]
    Matched(axum::extract::MatchedPath),
}

impl Endpoint {
    /// The template.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(template) => template,
            Repr::Shared(template) => template,
            #[cfg(feature = "axum")]
            Repr::Matched(template) => template.as_str(),
        }
    }
}

impl From<&'static str> for Endpoint {
    fn from(template: &'static str) -> Self {
        Self(Repr::Static(template))
    }
}

impl From<String> for Endpoint {
    fn from(template: String) -> Self {
        Self(Repr::Shared(bounded(&template, MAX_ENDPOINT_BYTES).into()))
    }
}

impl From<Arc<str>> for Endpoint {
    fn from(template: Arc<str>) -> Self {
        Self(Repr::Shared(template))
    }
}

#[cfg(feature = "axum")]
impl From<axum::extract::MatchedPath> for Endpoint {
    fn from(template: axum::extract::MatchedPath) -> Self {
        Self(Repr::Matched(template))
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Endpoint {}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.as_str())
    }
}

/// Finds the route template of a request before the inner service sees it.
///
/// A closure `Fn(&Parts) -> Option<Endpoint>` will do; `()` knows none. `None` means that no route
/// matched: the request is recorded under [`UNMATCHED`](crate::UNMATCHED), with its path beside it.
///
/// A `gRPC` request is the exception: where this gives `None` or a template that ends in a wildcard
/// (`/pkg.Service/{*rest}` is all that tonic's router knows), its endpoint is its path, once the method has
/// proven to exist.
pub trait ExtractEndpoint {
    /// The template of the route that will answer.
    fn endpoint(&self, request: &Parts) -> Option<Endpoint>;
}

impl ExtractEndpoint for () {
    #[inline]
    fn endpoint(&self, _: &Parts) -> Option<Endpoint> {
        None
    }
}

impl<F> ExtractEndpoint for F
where
    F: Fn(&Parts) -> Option<Endpoint>,
{
    #[inline]
    fn endpoint(&self, request: &Parts) -> Option<Endpoint> {
        self(request)
    }
}

/// The default: axum's [`MatchedPath`](https://docs.rs/axum/0.8/axum/extract/struct.MatchedPath.html),
/// nested routers in full. Without the feature `axum` it finds nothing.
///
/// axum knows the template only for layers added by `Router::layer`, `Router::route_layer` or
/// `MethodRouter::layer`. It can't be known, and the request is `<unmatched>`,
///
/// * where the layer is wrapped around the whole router (`layer.layer(router)`, a
///   `ServiceBuilder` around it, tonic's `Server::layer`): routing happens inside;
/// * for what a `nest_service` or a fallback answers, seen from a layer of the outer router: add the layer
///   inside the nested service, where the template is the full one;
/// * in a fallback, nested or not: no route matched.
#[derive(Debug, Clone, Copy, Default)]
pub struct FromMatchedPath;

impl ExtractEndpoint for FromMatchedPath {
    #[cfg(feature = "axum")]
    #[inline]
    fn endpoint(&self, request: &Parts) -> Option<Endpoint> {
        request
            .extensions
            .get::<axum::extract::MatchedPath>()
            .cloned()
            .map(Endpoint::from)
    }

    #[cfg(not(feature = "axum"))]
    #[inline]
    fn endpoint(&self, _: &Parts) -> Option<Endpoint> {
        None
    }
}
