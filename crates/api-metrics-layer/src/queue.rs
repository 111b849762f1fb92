//! Requests that wait for the inner service to become ready.

use std::{
    fmt,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// The requests that wait in `poll_ready`, before they are called: behind a concurrency limit, a rate limit or
/// a buffer in the same `ServiceBuilder`.
///
/// Made by [`ApiMetricsLayer::queue`](crate::ApiMetricsLayer::queue). It counts over all clones of the layer and
/// all services made by it. A request that waits is not [in flight](crate::InFlight) yet, and its wait is no
/// part of its latency: see [`queue_wait`](crate::RequestRecord::queue_wait).
///
/// Readiness passes through unchanged. One that never waits costs nothing here.
///
/// ```
/// use api_metrics_layer::ApiMetricsLayer;
///
/// let queue = ApiMetricsLayer::new(()).queue();
/// assert_eq!((queue.waiting(), queue.abandoned()), (0, 0));
/// ```
#[derive(Clone)]
pub struct Queue(Arc<QueueCounts>);

impl Queue {
    pub(crate) const fn new(counts: Arc<QueueCounts>) -> Self {
        Self(counts)
    }

    /// How many services wait to become ready at this moment.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// How many have waited and were called, since the layer was made.
    #[must_use]
    pub fn waited(&self) -> u64 {
        self.0.waited.load(Ordering::Relaxed)
    }

    /// How long those that were called have waited, all together, since the layer was made.
    #[must_use]
    pub fn total_wait(&self) -> Duration {
        Duration::from_nanos(self.0.total_ns.load(Ordering::Relaxed))
    }

    /// How many were never called, since the layer was made: the client left while it waited, `LoadShed` or a
    /// timeout outside refused it, or the inner service failed instead of becoming ready. Nobody knows their
    /// endpoint, because the request has not arrived here.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.0.abandoned.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("waiting", &self.waiting())
            .field("waited", &self.waited())
            .field("total_wait", &self.total_wait())
            .field("abandoned", &self.abandoned())
            .finish()
    }
}

#[derive(Default)]
pub(crate) struct QueueCounts {
    waiting: AtomicUsize,
    waited: AtomicU64,
    total_ns: AtomicU64,
    abandoned: AtomicU64,
    /// Weak, because what it refers to owns the counts.
    listener: OnceLock<Weak<dyn AbandonedListener>>,
}

impl QueueCounts {
    /// Sets who is told of requests that were never called.
    pub(crate) fn set_listener(&self, listener: Weak<dyn AbandonedListener>) {
        // The counts are new, so the cell is empty.
        let _ = self.listener.set(listener);
    }
}

/// Told of requests that waited and were never called.
pub(crate) trait AbandonedListener: Send + Sync {
    fn on_abandoned(&self, waiting_since: Instant);
}

/// One service that was not ready. Dropped before [`end`](Self::end), its request is abandoned.
pub(crate) struct Wait {
    counts: Arc<QueueCounts>,
    since: Instant,
    called: bool,
}

impl Wait {
    pub(crate) fn begin(counts: &Arc<QueueCounts>, since: Instant) -> Self {
        counts.waiting.fetch_add(1, Ordering::Relaxed);
        Self {
            counts: Arc::clone(counts),
            since,
            called: false,
        }
    }

    /// The service is called.
    pub(crate) fn end(mut self, now: Instant) -> Duration {
        self.called = true;
        let wait = now.saturating_duration_since(self.since);
        self.counts.waited.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.counts.total_ns.fetch_add(nanos, Ordering::Relaxed);
        wait
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.called {
            self.counts.abandoned.fetch_add(1, Ordering::Relaxed);
            if let Some(listener) = self.counts.listener.get().and_then(Weak::upgrade) {
                listener.on_abandoned(self.since);
            }
        }
        self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
