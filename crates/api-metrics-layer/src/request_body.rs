//! Counts what the service reads of a request's body, and copies its beginning where a snapshot is taken.
//!
//! A counter that also copies has its highest bit set, so that counting alone asks nothing more: the value that
//! it compares with is then greater than any number of bytes.

use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::request_log::Prefix;

/// Counters kept per thread for later requests, so that a body costs no allocation.
const POOL_SIZE: usize = 64;

thread_local! {
    static POOL: RefCell<Vec<Arc<Cell>>> = const { RefCell::new(Vec::new()) };
}

/// Set in a count while the body is copied, too.
const COPYING: u64 = 1 << 63;

/// What both halves share.
#[derive(Debug, Default)]
struct Cell {
    /// How far the body was read, in bytes.
    bytes: AtomicU64,
    /// The copy of its beginning, while one is made: then the count changes behind this lock alone.
    copy: Mutex<Option<Prefix>>,
}

impl Cell {
    fn lock(&self) -> MutexGuard<'_, Option<Prefix>> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body was read up to `bytes`, lastly `data`.
    #[cold]
    #[inline(never)]
    fn copy(&self, bytes: u64, data: &impl Buf) {
        let mut copy = self.lock();
        match &mut *copy {
            Some(prefix) => {
                prefix.read(bytes, data);
                let read = prefix.seen().max(bytes);
                self.bytes.fetch_max(read | COPYING, Ordering::Relaxed);
            }
            // The request has ended meanwhile.
            None => {
                self.bytes.fetch_max(bytes, Ordering::Relaxed);
            }
        }
    }
}

/// Half of a counter that the request's body writes and the request's guard reads. The half that is dropped
/// last returns the cell to the pool.
#[derive(Debug, Default)]
pub struct BodyCounter(Option<Arc<Cell>>);

impl BodyCounter {
    /// Two halves over one cell.
    pub(crate) fn pair() -> (Self, Self) {
        let pooled = POOL
            .try_with(|pool| pool.try_borrow_mut().ok()?.pop())
            .ok()
            .flatten();
        let cell = pooled.unwrap_or_default();
        (Self(Some(Arc::clone(&cell))), Self(Some(cell)))
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |cell| cell.bytes.load(Ordering::Relaxed))
    }

    /// Copies the first `most` bytes from here on, too.
    #[cold]
    pub(crate) fn copy_first(&self, most: usize) {
        if let Some(cell) = &self.0 {
            *cell.lock() = Some(Prefix::new(most));
            cell.bytes.fetch_or(COPYING, Ordering::Relaxed);
        }
    }

    /// Ends the copy: what it has got. Bytes count on.
    #[cold]
    pub(crate) fn end_copy(&self) -> Option<Prefix> {
        let cell = self.0.as_ref()?;
        let mut copy = cell.lock();
        cell.bytes.fetch_and(!COPYING, Ordering::Relaxed);
        copy.take()
    }

    /// Notes that a body has been read this far, lastly `data`. Of several clones of a body the one that was read
    /// furthest counts, so that a retry doesn't count an upload twice.
    #[inline]
    fn raise_to(&self, bytes: u64, data: &impl Buf) {
        let Some(cell) = &self.0 else { return };
        let mut known = cell.bytes.load(Ordering::Relaxed);
        while known < bytes {
            match cell.bytes.compare_exchange_weak(
                known,
                bytes,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => known = now,
            }
        }
        if known >= COPYING {
            cell.copy(bytes, data);
        }
    }

    /// Another writer of the same cell.
    fn share(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for BodyCounter {
    #[inline]
    fn drop(&mut self) {
        if let Some(cell) = self.0.take() {
            recycle(cell);
        }
    }
}

/// Returns the cell to the thread's pool, where this was the last half.
fn recycle(mut cell: Arc<Cell>) {
    if let Some(shared) = Arc::get_mut(&mut cell) {
        *shared.bytes.get_mut() = 0;
        // A thread that is ending has no pool any more; the cell is then freed.
        let _ = POOL.try_with(|pool| {
            if let Ok(mut pool) = pool.try_borrow_mut() {
                if pool.len() < POOL_SIZE {
                    pool.push(cell);
                }
            }
        });
    }
}

pin_project! {
    /// A request's body, counted as the service reads it.
    ///
    /// The inner service gets it in place of `B`, unless [`for_axum`](crate::ApiMetricsLayer::for_axum) is set.
    /// Frames, trailers, size hint, end of stream and errors pass through unchanged.
    ///
    /// A handler that is generic over its body needs no change; one that names it takes
    /// `Request<CountingBody<B>>`.
    ///
    /// It clones if `B` does, so that a retry fits inside of the layer. All clones are one upload: the bytes of
    /// the one that was read furthest are recorded.
    pub struct CountingBody<B> {
        #[pin]
        inner: B,
        counter: BodyCounter,
        read: u64,
    }
}

impl<B> CountingBody<B> {
    pub(crate) fn new(inner: B, counter: BodyCounter) -> Self {
        Self {
            inner,
            counter,
            read: 0,
        }
    }

    /// The body underneath.
    pub fn get_ref(&self) -> &B {
        &self.inner
    }

    /// The body underneath. Bytes read from it directly are not counted.
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
                *this.read = this.read.saturating_add(data.remaining() as u64);
                this.counter.raise_to(*this.read, data);
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
    /// A body that isn't counted, for `std::mem::take` and tests.
    fn default() -> Self {
        Self::new(B::default(), BodyCounter::default())
    }
}

impl<B: Clone> Clone for CountingBody<B> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            counter: self.counter.share(),
            read: self.read,
        }
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
