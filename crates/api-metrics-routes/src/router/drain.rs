//! Answers of unknown length end with the service, also where nobody reads them.
//!
//! Streams end themselves at a shutdown; this ends downloads whose client has stopped reading.

use std::io;

use axum::{
    body::{Body, HttpBody as _},
    extract::State,
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// A piece of a body that tells, by being dropped, that it has left for the network.
struct Piece {
    /// The piece itself.
    bytes: Bytes,
    /// Dropped with the piece, which tells the other end.
    _left: oneshot::Sender<()>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Breaks a streamed answer off when the service stops and its client does not take what it has been
/// sent; a server that waits for its connections would wait for that client for ever.
///
/// A server asks for more until its buffers are full, and then not even whether there is an error. So
/// it gets one piece at a time: while that has not left, the next is being waited for, which can fail.
pub(super) async fn end_with_service(
    State(shutdown): State<CancellationToken>,
    response: Response,
) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        let pieces = body.into_data_stream();
        let state = (pieces, None::<oneshot::Receiver<()>>);
        Body::from_stream(stream::unfold(state, move |(mut pieces, sent)| {
            let shutdown = shutdown.clone();
            async move {
                let next = async {
                    if let Some(sent) = sent {
                        // Nothing is ever said: the other end is dropped.
                        let _ = sent.await;
                    }
                    pieces.next().await
                };
                let piece = tokio::select! {
                    // A stream that ends itself at a shutdown ends in good order.
                    biased;
                    piece = next => piece?.map_err(io::Error::other),
                    () = shutdown.cancelled() => Err(io::Error::other("the service stops")),
                };
                let (left, sent) = oneshot::channel();
                let piece = piece.map(|bytes| Bytes::from_owner(Piece { bytes, _left: left }));
                Some((piece, (pieces, Some(sent))))
            }
        }))
    })
}
