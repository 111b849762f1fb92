//! Answers of unknown length end with the service, also where nobody reads them.
//!
//! Streams end themselves at a shutdown; this ends downloads whose client has stopped reading.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, HttpBody as _},
    extract::State,
    response::Response,
};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

/// Bytes that may be under way to the network at once. It is less than any server's own buffer takes, so that
/// the server still asks for more when its client has stopped reading.
const WINDOW: usize = 64 * 1024;

/// How long a full window is waited for.
#[derive(Clone, Copy)]
struct Waits {
    /// Where no piece has ever left. A server has sent the first ones long before; who collects the whole
    /// answer before it does anything with it never lets go of any.
    first: Duration,
    /// Otherwise, before one more piece goes: for readers that keep everything after they have let go of a
    /// first part.
    later: Duration,
}

const WAITS: Waits = Waits {
    first: Duration::from_millis(250),
    later: Duration::from_secs(30),
};

/// What is under way.
#[derive(Default)]
struct Window {
    bytes: AtomicUsize,
    /// Whether a piece has ever left.
    moves: AtomicBool,
    left: Notify,
}

/// A piece of a body that tells, by being dropped, that it has left for the network.
struct Piece {
    /// The piece itself.
    bytes: Bytes,
    window: Arc<Window>,
}

impl Piece {
    /// Counts the piece into the window until it is dropped.
    fn wrap(bytes: Bytes, window: &Arc<Window>) -> Bytes {
        window.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        let window = Arc::clone(window);
        Bytes::from_owner(Self { bytes, window })
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let bytes = self.bytes.len();
        self.window.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.window.moves.store(true, Ordering::Relaxed);
        self.window.left.notify_one();
    }
}

/// Breaks a streamed answer off when the service stops and its client does not take what it has been
/// sent; a server that waits for its connections would wait for that client for ever.
///
/// A server asks for more until its buffers are full, and then not even whether there is an error. So
/// only a window of the answer is under way: while that has not left, the next piece is being waited for,
/// which can fail. A reader that keeps all pieces, such as `to_bytes` or a host's middleware that collects the
/// answer, is recognized and then waits for nothing.
pub(super) async fn end_with_service(
    State(shutdown): State<CancellationToken>,
    response: Response,
) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| guarded(body, shutdown, WAITS))
}

/// The same body within a window, which ends with the service.
fn guarded(body: Body, shutdown: CancellationToken, waits: Waits) -> Body {
    let answer = Answer {
        pieces: body.into_data_stream(),
        window: Arc::default(),
        waits,
        collected: false,
        shutdown,
        since_shutdown: 0,
    };
    Body::from_stream(stream::unfold(answer, async |mut answer| {
        let piece = answer.next().await?;
        Some((piece, answer))
    }))
}

/// One answer on its way.
struct Answer {
    pieces: BodyDataStream,
    window: Arc<Window>,
    waits: Waits,
    /// Whether the reader keeps all pieces.
    collected: bool,
    shutdown: CancellationToken,
    /// Bytes that were handed out since the service stops.
    since_shutdown: usize,
}

impl Answer {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.wait_for_room().await.is_err() {
            return Some(Err(broken_off()));
        }
        let piece = if self.shutdown.is_cancelled() {
            // What is ready goes on for a while, so that a stream that ends itself ends in good order.
            match self.pieces.next().now_or_never() {
                Some(piece) if self.since_shutdown < WINDOW => piece,
                Some(None) => None,
                _ => return Some(Err(broken_off())),
            }
        } else {
            tokio::select! {
                biased;
                piece = self.pieces.next() => piece,
                () = self.shutdown.cancelled() => return self.last().await,
            }
        };
        let piece = piece?.map_err(io::Error::other);
        Some(piece.map(|bytes| {
            if self.shutdown.is_cancelled() {
                self.since_shutdown += bytes.len();
            }
            Piece::wrap(bytes, &self.window)
        }))
    }

    /// What a stream says that ends itself because the service stops.
    async fn last(&mut self) -> Option<io::Result<Bytes>> {
        match self.pieces.next().now_or_never() {
            Some(None) => None,
            Some(Some(piece)) => Some(piece.map_err(io::Error::other)),
            None => Some(Err(broken_off())),
        }
    }

    /// Waits until the window has room.
    ///
    /// # Errors
    /// The service stops.
    async fn wait_for_room(&mut self) -> Result<(), ()> {
        while !self.collected && self.window.bytes.load(Ordering::Relaxed) >= WINDOW {
            let moves = self.window.moves.load(Ordering::Relaxed);
            tokio::select! {
                biased;
                () = self.window.left.notified() => {}
                () = self.shutdown.cancelled() => return Err(()),
                () = time::sleep(if moves { self.waits.later } else { self.waits.first }) => {
                    self.collected = !moves;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// What breaks an answer off, so that no client takes the part for the whole.
fn broken_off() -> io::Error {
    io::Error::other("the service stops")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::convert::Infallible;

    use super::*;

    const PIECE: usize = 10_000;
    const PIECES: usize = 40;

    fn answer() -> Body {
        let piece = Bytes::from(vec![7; PIECE]);
        let pieces = vec![Ok::<_, Infallible>(piece); PIECES];
        Body::from_stream(stream::iter(pieces))
    }

    /// Waits that nobody sees the end of, or that end at once.
    const LONG: Waits = Waits {
        first: Duration::from_secs(3_600),
        later: Duration::from_secs(3_600),
    };
    const SHORT: Waits = Waits {
        first: Duration::from_millis(1),
        later: Duration::from_millis(1),
    };

    fn pieces(shutdown: &CancellationToken, waits: Waits) -> BodyDataStream {
        guarded(answer(), shutdown.clone(), waits).into_data_stream()
    }

    #[tokio::test]
    async fn who_collects_an_answer_gets_all_of_it_and_waits_once() {
        let waits = Waits {
            later: LONG.later,
            ..SHORT
        };
        let mut pieces = pieces(&CancellationToken::new(), waits);
        let mut kept = Vec::new();
        while let Some(piece) = pieces.next().await {
            kept.push(piece.unwrap());
        }
        assert_eq!(kept.concat().len(), PIECE * PIECES);
    }

    #[tokio::test]
    async fn a_reader_that_lets_go_never_waits() {
        let mut pieces = pieces(&CancellationToken::new(), LONG);
        let mut bytes = 0;
        while let Some(piece) = pieces.next().await {
            bytes += piece.unwrap().len();
        }
        assert_eq!(bytes, PIECE * PIECES);
    }

    #[tokio::test]
    async fn a_reader_that_keeps_what_comes_later_still_gets_all_of_it() {
        let mut pieces = pieces(&CancellationToken::new(), SHORT);
        // Looked at and let go.
        let mut bytes = pieces.next().await.unwrap().unwrap().len();
        let mut kept = Vec::new();
        while let Some(piece) = pieces.next().await {
            kept.push(piece.unwrap());
        }
        bytes += kept.concat().len();
        assert_eq!(bytes, PIECE * PIECES);
    }

    #[tokio::test]
    async fn a_reader_that_has_stopped_gets_an_error_when_the_service_stops() {
        let shutdown = CancellationToken::new();
        let mut pieces = pieces(&shutdown, LONG);
        drop(pieces.next().await.unwrap().unwrap());
        let mut kept = Vec::new();
        while kept.len() * PIECE < WINDOW {
            kept.push(pieces.next().await.unwrap().unwrap());
        }
        // A server's buffers: it has asked for more, and is told nothing until something leaves.
        assert!(pieces.next().now_or_never().is_none());
        drop(kept.pop());
        kept.push(pieces.next().await.unwrap().unwrap());
        assert!(pieces.next().now_or_never().is_none());
        shutdown.cancel();
        assert!(pieces.next().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn an_answer_that_is_read_is_broken_off_soon_after_the_service_stops() {
        let shutdown = CancellationToken::new();
        let mut pieces = pieces(&shutdown, LONG);
        drop(pieces.next().await.unwrap().unwrap());
        shutdown.cancel();
        let mut bytes = 0;
        let broken = loop {
            match pieces.next().await.unwrap() {
                Ok(piece) => bytes += piece.len(),
                Err(error) => break error,
            }
        };
        assert_eq!(broken.to_string(), "the service stops");
        assert!((WINDOW..WINDOW + PIECE).contains(&bytes));
    }

    #[tokio::test]
    async fn a_stream_that_ends_itself_ends_in_good_order() {
        let shutdown = CancellationToken::new();
        let body = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"hello")) })
            .chain(stream::pending())
            .take_until(shutdown.clone().cancelled_owned());
        let body = guarded(Body::from_stream(body), shutdown.clone(), LONG);
        let mut pieces = body.into_data_stream();
        assert_eq!(pieces.next().await.unwrap().unwrap(), "hello");
        assert!(pieces.next().now_or_never().is_none());
        shutdown.cancel();
        assert!(pieces.next().await.is_none());
    }
}
