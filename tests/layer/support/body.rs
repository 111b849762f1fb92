//! A response's body that a test feeds.

use std::io;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

/// What a fed body sends next; dropped, the body ends.
pub(crate) type Feed = UnboundedSender<io::Result<Frame<Bytes>>>;

/// A body of unknown size, and the hand that feeds it.
pub(crate) fn feed() -> (Feed, Body) {
    let (feed, frames) = unbounded_channel();
    let body = StreamBody::new(UnboundedReceiverStream::new(frames));
    (feed, Body::new(body))
}

pub(crate) fn chunk(data: &'static str) -> io::Result<Frame<Bytes>> {
    Ok(Frame::data(Bytes::from_static(data.as_bytes())))
}

pub(crate) fn trailers(name: &'static str, value: &'static str) -> io::Result<Frame<Bytes>> {
    let mut trailers = HeaderMap::new();
    trailers.insert(name, HeaderValue::from_static(value));
    Ok(Frame::trailers(trailers))
}
