//! The route template of a request.

use std::{fmt, sync::Arc};

use http::{Extensions, request::Parts, uri::PathAndQuery};

use crate::label::{MAX_ENDPOINT_BYTES, bounded};

/// A route template such as `/users/{id}`: cheap to clone, at most 1,024 bytes, without NUL.
///
/// It becomes a label, so there must be few of them: use a template or a name, never a raw path.
///
/// ```
/// use api_metrics_layer::Endpoint;
///
/// assert_eq!(Endpoint::from("/users/{id}").as_str(), "/users/{id}");
/// ```
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

/// Finds the route template of a request, before the inner service sees it.
///
/// Implemented by [`FromMatchedPath`], by closures `Fn(&Parts) -> Option<Endpoint>`, and by `()`, which finds
/// none. `None` means that no route matched: the request is recorded under [`UNMATCHED`](crate::UNMATCHED),
/// with its path beside it.
///
/// gRPC requests are an exception. Where this returns `None` or a template with a wildcard (tonic's router
/// knows only `/pkg.Service/{*rest}`), the endpoint is the path, once the method is
/// known.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't find route templates",
    label = "not an `ExtractEndpoint`",
    note = "write a closure `|request: &http::request::Parts| -> Option<Endpoint> {{ .. }}`, or implement `ExtractEndpoint` and pass it to `.endpoint_from(..)`",
    note = "in an axum router leave `.endpoint(..)` out: the layer takes the template from `MatchedPath`"
)]
pub trait ExtractEndpoint {
    /// Whether [`endpoint`](Self::endpoint) wants to see the request's parts. Otherwise the request needn't
    /// be taken apart, which costs three copies of 220 bytes, and [`template_in`](Self::template_in) is asked.
    const NEEDS_PARTS: bool = true;

    /// The template of the route that will answer.
    fn endpoint(&self, request: &Parts) -> Option<Endpoint> {
        let template = self.template_in(&request.extensions)?;
        Some(template.to_owned().into())
    }

    /// The template that a router has left among the request's extensions. The layer copies it into memory
    /// that later requests reuse.
    fn template_in<'a>(&self, extensions: &'a Extensions) -> Option<&'a str> {
        let _ = extensions;
        None
    }
}

impl ExtractEndpoint for () {
    const NEEDS_PARTS: bool = false;
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

/// The default: axum's [`MatchedPath`](https://docs.rs/axum/0.8/axum/extract/struct.MatchedPath.html), with
/// the full template in nested routers. Without the feature `axum` it finds none.
///
/// axum knows the template only in layers added by `Router::layer`, `Router::route_layer` or
/// `MethodRouter::layer`. It can't be known, and the request is `<unmatched>`:
///
/// * where the layer wraps the whole router (`layer.layer(router)`, a `ServiceBuilder` around it, tonic's
///   `Server::layer`), because routing happens inside;
/// * for what a `nest_service` or a fallback answers, seen from a layer of the outer router; add the layer
///   inside the nested service, where the template is the full one;
/// * in a fallback, nested or not, because no route matched.
#[derive(Debug, Clone, Copy, Default)]
pub struct FromMatchedPath;

impl ExtractEndpoint for FromMatchedPath {
    const NEEDS_PARTS: bool = false;

    #[cfg(feature = "axum")]
    #[inline]
    fn template_in<'a>(&self, extensions: &'a Extensions) -> Option<&'a str> {
        let template = extensions.get::<axum::extract::MatchedPath>()?;
        Some(template.as_str())
    }
}

/// The path as the client sent it, where axum's router has seen it.
pub(crate) fn original_path(extensions: &Extensions) -> Option<&PathAndQuery> {
    #[cfg(feature = "axum")]
    {
        let axum::extract::OriginalUri(uri) = extensions.get()?;
        uri.path_and_query()
    }
    #[cfg(not(feature = "axum"))]
    {
        let _ = extensions;
        None
    }
}
