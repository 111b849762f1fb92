//! Counts what the service reads of a request's body.

use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// Counters kept a thread for the next request, so that a body costs no allocation.
const SPARE: usize = 64;

thread_local! {
    static SPARES: RefCell<Vec<Arc<AtomicU64>>> = const { RefCell::new(Vec::new()) };
}

/// A count that the request's body writes and the request's guard reads; whichever of the two goes
/// last hands the cell back.
#[derive(Debug, Default)]
pub struct BodyCounter(Option<Arc<AtomicU64>>);

impl BodyCounter {
    /// A pair over one cell.
    pub(crate) fn pair() -> (Self, Self) {
        let spare = SPARES
            .try_with(|spares| spares.try_borrow_mut().ok()?.pop())
            .ok()
            .flatten();
        let cell = spare.unwrap_or_default();
        (Self(Some(Arc::clone(&cell))), Self(Some(cell)))
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    fn add(&self, bytes: u64) {
        if let Some(cell) = &self.0 {
            // The body is the only writer: no read-modify-write is needed.
            let sum = cell.load(Ordering::Relaxed).saturating_add(bytes);
            cell.store(sum, Ordering::Relaxed);
        }
    }
}

impl Drop for BodyCounter {
    #[inline]
    fn drop(&mut self) {
        if let Some(cell) = self.0.take() {
            give_back(cell);
        }
    }
}

/// The last of a pair leaves the cell to a later request.
fn give_back(mut cell: Arc<AtomicU64>) {
    if let Some(count) = Arc::get_mut(&mut cell) {
        *count.get_mut() = 0;
        // A thread that is ending has no spares any more; the cell is then simply freed.
        let _ = SPARES.try_with(|spares| {
            if let Ok(mut spares) = spares.try_borrow_mut() {
                if spares.len() < SPARE {
                    spares.push(cell);
                }
            }
        });
    }
}

pin_project! {
    /// A request's body, counted as the service reads it.
    ///
    /// This is what the inner service gets in place of `B`. Frames, trailers, size hint, end of stream
    /// and errors are passed through untouched.
    pub struct CountingBody<B> {
        #[pin]
        inner: B,
        counter: BodyCounter,
    }
}

impl<B> CountingBody<B> {
    pub(crate) fn new(inner: B, counter: BodyCounter) -> Self {
        Self { inner, counter }
    }

    /// The body underneath.
    pub fn get_ref(&self) -> &B {
        &self.inner
    }

    /// The body underneath; what is read from it directly is not counted.
    pub fn into_inner(self) -> B {
        self.inner
    }
}

impl<B: Body> Body for CountingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            if let Some(data) = frame.data_ref() {
                this.counter.add(data.remaining() as u64);
            }
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

impl<B: Default> Default for CountingBody<B> {
    /// A body that nobody counts, as tests and `std::mem::take` want it.
    fn default() -> Self {
        Self::new(B::default(), BodyCounter::default())
    }
}

impl<B: fmt::Debug> fmt::Debug for CountingBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingBody")
            .field("inner", &self.inner)
            .field("bytes", &self.counter.get())
            .finish()
    }
}
