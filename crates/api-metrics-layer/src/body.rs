//! The response's body: counts frames and ends the guard with the last one.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{MetricSink, Outcome, guard::Guard};

pin_project! {
    /// The body of [`ApiMetricsService`](crate::ApiMetricsService)'s responses: the inner body, counted as its frames pass.
    ///
    /// Frames, trailers, size hint, end of stream and errors pass through unchanged. The request is recorded
    /// with the last frame, or when the body is dropped.
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
        let polled = if this.guard.is_logged() {
            let polled = this.guard.run_body(|| this.inner.as_mut().poll_frame(cx));
            if let Poll::Ready(Some(Ok(frame))) = &polled {
                this.guard.capture_frame(frame);
            }
            polled
        } else {
            let panic_guard = this.guard.panic_guard();
            let polled = this.inner.as_mut().poll_frame(cx);
            panic_guard.disarm();
            polled
        };
        let Some(state) = this.guard.state() else {
            return polled;
        };
        let outcome = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(state.outcome_at_end()),
            Poll::Ready(Some(Err(_))) => Some(Outcome::Failed),
            // The consumer may never poll again after the last frame, so it must be recognised.
            Poll::Ready(Some(Ok(frame))) => {
                let last = if let Some(data) = frame.data_ref() {
                    state.on_data(data) || this.inner.is_end_stream()
                } else if let Some(trailers) = frame.trailers_ref() {
                    state.on_trailers(trailers);
                    true
                } else {
                    this.inner.is_end_stream()
                };
                last.then(|| state.outcome_at_end())
            }
        };
        match outcome {
            Some(outcome) => this.guard.end(outcome),
            None => this.guard.on_headers_sent(),
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

impl<B: Default, M: MetricSink> Default for ResponseBody<B, M> {
    /// A body that isn't counted. Middleware outside of the layer, such as tower-http's `CorsLayer` and
    /// `TimeoutLayer`, makes its own responses of it.
    fn default() -> Self {
        Self::new(B::default(), Guard::closed())
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
