//! The response's future: reads the head and hands the guard to the body.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{MetricSink, Outcome, ResponseBody, guard::Guard};

pin_project! {
    /// The future of [`ApiMetricsService`](crate::ApiMetricsService).
    ///
    /// Dropped before it is ready, the request is recorded as aborted.
    pub struct ResponseFuture<F, M>
    where
        M: MetricSink,
    {
        #[pin]
        pub(crate) inner: F,
        pub(crate) guard: Guard<M>,
    }
}

impl<F, M, B, E> Future for ResponseFuture<F, M>
where
    F: Future<Output = Result<Response<B>, E>>,
    M: MetricSink,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B, M>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let running = this.guard.take().enter();
        let polled = this.inner.poll(cx);
        this.guard.put(running.leave());
        // Read in place: moving a head copies 130 bytes.
        match &polled {
            Poll::Ready(Ok(response)) => this.guard.on_headers(response),
            Poll::Ready(Err(_)) => this.guard.end(Outcome::Failed),
            Poll::Pending => {}
        }
        polled.map_ok(|response| response.map(|body| ResponseBody::new(body, this.guard.take())))
    }
}

impl<F, M: MetricSink> fmt::Debug for ResponseFuture<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("open", &self.guard.is_open())
            .finish_non_exhaustive()
    }
}
