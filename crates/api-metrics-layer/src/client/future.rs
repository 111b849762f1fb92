//! The future of a call: reads the answer's head and hands the guard to its body.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{ClientBody, ClientCall, ReadFailure};
use crate::MetricSink;

pin_project! {
    /// The future of [`ClientService`](super::ClientService). Dropped before it is ready, the call is recorded as cancelled.
    pub struct ClientFuture<F, M, C>
    where
        M: MetricSink,
    {
        #[pin]
        pub(super) inner: F,
        pub(super) call: ClientCall<M>,
        pub(super) errors: Arc<C>,
    }
}

impl<F, M, C, B, E> Future for ClientFuture<F, M, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    M: MetricSink,
    C: ReadFailure<E>,
    B: Body,
{
    type Output = Result<Response<ClientBody<B, M>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this.inner.poll(cx);
        match &polled {
            Poll::Ready(Ok(response)) => {
                this.call
                    .on_head(response.status(), response.headers(), response.body());
            }
            Poll::Ready(Err(error)) => this.call.fail(this.errors.failure(error)),
            Poll::Pending => {}
        }
        polled.map_ok(|response| {
            let call = std::mem::replace(this.call, ClientCall::inner());
            response.map(|body| ClientBody::new(body, call))
        })
    }
}

impl<F, M: MetricSink, C> fmt::Debug for ClientFuture<F, M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
