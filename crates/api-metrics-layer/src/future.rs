//! The response's future.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{MetricSink, Outcome, ResponseBody, guard::Guard};

pin_project! {
    /// The future of [`ApiMetrics`](crate::ApiMetrics).
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
        let watched = this.guard.watch();
        let polled = this.inner.poll(cx);
        watched.over();
        match ready!(polled) {
            Ok(response) => {
                this.guard.on_head(&response);
                let guard = this.guard.take();
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, guard))))
            }
            Err(error) => {
                this.guard.end(Outcome::Failed);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F, M: MetricSink> fmt::Debug for ResponseFuture<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("open", &self.guard.is_open())
            .finish_non_exhaustive()
    }
}
