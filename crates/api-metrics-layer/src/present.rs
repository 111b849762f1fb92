//! How the inner service gets to see the request's body.

use http::Request;
use tower_service::Service;

use crate::request_body::{BodyCounter, CountingBody};

/// What the inner service gets in place of a request with the body `B`: [`AnyBody`] or [`AxumBody`].
///
/// Sealed: it can be named in bounds, not implemented.
pub trait PresentBody<B>: sealed::Sealed {
    /// The body type of the inner service's requests.
    type Body;

    /// Puts the counter into the body, where that leaves its type as it is. Called only for a request that
    /// has a body.
    #[doc(hidden)]
    #[inline]
    fn count(body: &mut B, counter: &mut BodyCounter) {
        let _ = (body, counter);
    }

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

/// The inner service gets a [`CountingBody`], whatever the body is. That costs nothing by itself; an axum
/// `Router` inside boxes it again, as it does with every body that is not its own: one allocation a request,
/// also where the request has no body.
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

/// The inner service gets an [`axum::body::Body`], as the layer did, so that middleware written for axum's
/// own body fits inside. A request without a body passes as it is; one that has a body is boxed once, as it
/// would be inside the router.
#[cfg(feature = "axum")]
#[derive(Debug, Clone, Copy, Default)]
pub struct AxumBody;

#[cfg(feature = "axum")]
impl PresentBody<axum::body::Body> for AxumBody {
    type Body = axum::body::Body;

    fn count(body: &mut axum::body::Body, counter: &mut BodyCounter) {
        let inner = std::mem::take(body);
        *body = axum::body::Body::new(CountingBody::new(inner, std::mem::take(counter)));
    }

    #[inline(always)]
    fn call<S>(service: &mut S, request: Request<axum::body::Body>, _: BodyCounter) -> S::Future
    where
        S: Service<Request<axum::body::Body>>,
    {
        service.call(request)
    }
}
