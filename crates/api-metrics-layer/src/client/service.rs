//! The client behind the layer.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ClientBody, ClientCall, ClientFuture, ReadFailure, call::Shared};
use crate::MetricSink;

/// A client whose calls are recorded. Made by [`ClientLayer`](super::ClientLayer).
///
/// The request's body stays as it is, so that a client with a body of its own, such as a tonic `Channel`, can stand
/// inside.
pub struct ClientService<S, M, C> {
    inner: S,
    shared: Arc<Shared<M>>,
    errors: Arc<C>,
}

impl<S, M, C> ClientService<S, M, C> {
    pub(super) const fn new(inner: S, shared: Arc<Shared<M>>, errors: Arc<C>) -> Self {
        Self {
            inner,
            shared,
            errors,
        }
    }

    /// The client underneath.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, M, C, B, D> Service<Request<B>> for ClientService<S, M, C>
where
    S: Service<Request<B>, Response = Response<D>>,
    M: MetricSink,
    C: ReadFailure<S::Error>,
    B: Body,
    D: Body,
{
    type Response = Response<ClientBody<D, M>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, M, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // Before the client, which may begin to work at once.
        let call = ClientCall::of_request(&self.shared, &mut request);
        ClientFuture {
            inner: self.inner.call(request),
            call,
            errors: Arc::clone(&self.errors),
        }
    }
}

impl<S: Clone, M, C> Clone for ClientService<S, M, C> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            Arc::clone(&self.shared),
            Arc::clone(&self.errors),
        )
    }
}

impl<S: fmt::Debug, M, C> fmt::Debug for ClientService<S, M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
