//! The response's body.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{MetricSink, Outcome, guard::Guard};

pin_project! {
    /// The body of [`ApiMetrics`](crate::ApiMetrics)'s responses: the inner body, counted as its frames pass.
    ///
    /// Frames, trailers, size hint, end of stream and errors are passed through untouched.
    pub struct ResponseBody<B, M>
    where
        M: MetricSink,
    {
        #[pin]
        inner: B,
        guard: Guard<M>,
    }
}

impl<B, M: MetricSink> ResponseBody<B, M> {
    pub(crate) fn new(inner: B, guard: Guard<M>) -> Self {
        Self { inner, guard }
    }

    /// The body underneath.
    pub fn get_ref(&self) -> &B {
        &self.inner
    }
}

impl<B: Body, M: MetricSink> Body for ResponseBody<B, M> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let watched = this.guard.watch();
        let polled = this.inner.as_mut().poll_frame(cx);
        watched.over();
        let Some(exchange) = this.guard.exchange() else {
            return polled;
        };
        let outcome = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(Outcome::Completed),
            Poll::Ready(Some(Err(_))) => Some(Outcome::Failed),
            // Nobody is bound to poll again after the last frame: it has to be known by itself.
            Poll::Ready(Some(Ok(frame))) => {
                let last = if let Some(data) = frame.data_ref() {
                    exchange.on_data(data.remaining()) || this.inner.is_end_stream()
                } else if let Some(trailers) = frame.trailers_ref() {
                    exchange.on_trailers(trailers);
                    true
                } else {
                    this.inner.is_end_stream()
                };
                last.then_some(Outcome::Completed)
            }
        };
        match outcome {
            Some(outcome) => this.guard.end(outcome),
            None => this.guard.on_head_gone(),
        }
        polled
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: fmt::Debug, M: MetricSink> fmt::Debug for ResponseBody<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("inner", &self.inner)
            .field("open", &self.guard.is_open())
            .finish()
    }
}
