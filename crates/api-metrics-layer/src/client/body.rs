//! The body of an answer: counts frames and ends the call with the last one.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{CallFailure, ClientCall};
use crate::MetricSink;

pin_project! {
    /// The body of an answer that [`ClientService`](super::ClientService) has got: the inner body, counted as its frames pass.
    ///
    /// Everything passes through unchanged. The call is recorded with the last frame, or when the body is dropped.
    pub struct ClientBody<B, M>
    where
        M: MetricSink,
    {
        #[pin]
        inner: B,
        call: ClientCall<M>,
    }
}

impl<B, M: MetricSink> ClientBody<B, M> {
    /// A body whose end ends the call.
    pub const fn new(inner: B, call: ClientCall<M>) -> Self {
        Self { inner, call }
    }
}

impl<B: Body, M: MetricSink> Body for ClientBody<B, M> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = this.inner.as_mut().poll_frame(cx);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => this.call.finish(),
            Poll::Ready(Some(Err(_))) => this.call.fail(CallFailure::Other),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    this.call.on_data(data);
                } else if let Some(trailers) = frame.trailers_ref() {
                    this.call.on_trailers(trailers);
                }
                // Nobody has to poll again after the last frame.
                if this.call.is_open() && this.inner.is_end_stream() {
                    this.call.finish();
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: fmt::Debug, M: MetricSink> fmt::Debug for ClientBody<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBody")
            .field("inner", &self.inner)
            .field("call", &self.call)
            .finish()
    }
}
