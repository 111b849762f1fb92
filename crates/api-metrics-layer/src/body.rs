//! The response's body.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{
    MetricSink, Outcome,
    guard::{Guard, end, watch},
};

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
        guard: Option<Guard<M>>,
    }
}

impl<B, M: MetricSink> ResponseBody<B, M> {
    pub(crate) fn new(inner: B, guard: Option<Guard<M>>) -> Self {
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

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let inner = this.inner.as_mut();
        let frame = ready!(watch(this.guard, |_| inner.poll_frame(cx)));
        let Some(guard) = this.guard else {
            return Poll::Ready(frame);
        };
        let outcome = match &frame {
            None => Some(Outcome::Completed),
            Some(Err(_)) => Some(Outcome::Failed),
            Some(Ok(frame)) => {
                // Nobody is bound to poll again after the last frame: it has to be known by itself.
                let last = if let Some(data) = frame.data_ref() {
                    guard.on_data(data.remaining()) || this.inner.is_end_stream()
                } else if let Some(trailers) = frame.trailers_ref() {
                    guard.on_trailers(trailers);
                    true
                } else {
                    this.inner.is_end_stream()
                };
                last.then_some(Outcome::Completed)
            }
        };
        if let Some(outcome) = outcome {
            end(this.guard, outcome);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: fmt::Debug, M: MetricSink> fmt::Debug for ResponseBody<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("inner", &self.inner)
            .field("recorded", &self.guard.is_none())
            .finish()
    }
}
