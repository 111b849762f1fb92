//! Which body type the inner service gets.

#[cfg(feature = "axum")]
use std::{
    any::{Any, TypeId},
    mem,
};

use http::Request;
use tower_service::Service;

use crate::request_body::{BodyCounter, CountingBody};

/// Decides which body the inner service gets in place of `B`: [`AnyBody`] or `AxumBody`.
///
/// Sealed: it can be named in bounds, not implemented.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't present a request body of type `{B}` to the inner service",
    label = "this layer was made for another request body than `{B}`",
    note = "`ApiMetricsLayer::for_axum()` fits only bodies of `Bytes` that are `Send + 'static`, which axum can box",
    note = "around a tonic server, a hyper service or a client leave `.for_axum()` out: the layer then takes any body and hands the inner service a `CountingBody<B>`"
)]
pub trait PresentBody<B>: sealed::Sealed {
    /// The body type of the inner service's requests.
    type Body;

    /// Wraps the body in place and takes the counter, where that changes no type.
    #[doc(hidden)]
    #[inline(always)]
    fn count(_: &mut B, _: &mut BodyCounter) {}

    #[doc(hidden)]
    fn call<S>(service: &mut S, request: Request<B>, counter: BodyCounter) -> S::Future
    where
        S: Service<Request<Self::Body>>;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::AnyBody {}

    #[cfg(feature = "axum")]
    impl Sealed for super::AxumBody {}
}

/// The default: the inner service gets a [`CountingBody`], whatever the request's body is.
///
/// That costs nothing by itself. An axum `Router` inside boxes every body that is not its own, which is one
/// allocation per request, even where the request has no body.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyBody;

impl<B> PresentBody<B> for AnyBody {
    type Body = CountingBody<B>;

    #[inline(always)]
    fn call<S>(service: &mut S, request: Request<B>, counter: BodyCounter) -> S::Future
    where
        S: Service<Request<CountingBody<B>>>,
    {
        service.call(request.map(|body| CountingBody::new(body, counter)))
    }
}

/// The inner service gets an [`axum::body::Body`], so that middleware written for axum's own body fits inside.
///
/// Set by [`for_axum`](crate::ApiMetricsLayer::for_axum). A request without a body passes unchanged; one that
/// has a body is boxed once, as the router would do. Bodies that middleware outside has wrapped, such as those
/// of tower-http's `RequestBodyLimitLayer`, are always boxed.
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
#[derive(Debug, Clone, Copy, Default)]
pub struct AxumBody;

#[cfg(feature = "axum")]
impl<B> PresentBody<B> for AxumBody
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Body = axum::body::Body;

    #[inline(always)]
    fn count(body: &mut B, counter: &mut BodyCounter) {
        let body: &mut dyn Any = body;
        if let Some(body) = body.downcast_mut::<axum::body::Body>() {
            let inner = mem::take(body);
            *body = axum::body::Body::new(CountingBody::new(inner, mem::take(counter)));
        }
    }

    #[inline(always)]
    fn call<S>(service: &mut S, request: Request<B>, counter: BodyCounter) -> S::Future
    where
        S: Service<Request<axum::body::Body>>,
    {
        // axum's own body is counted already, and passes through `Body::new` as it is.
        if TypeId::of::<B>() == TypeId::of::<axum::body::Body>() {
            drop(counter);
            service.call(request.map(axum::body::Body::new))
        } else {
            service
                .call(request.map(|body| axum::body::Body::new(CountingBody::new(body, counter))))
        }
    }
}
