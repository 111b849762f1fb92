//! The sink that sums requests in memory and gives them to a store in numbered batches.
//!
//! Recording takes one uncontended mutex of the thread's shard, and allocates nothing once a series is known.
//! A flush begins a batch: it swaps the shards' buffers for empty ones, encodes what they held, and keeps the
//! result until the store has acknowledged it.
//!
//! ```
//! use std::{sync::Arc, time::{Duration, SystemTime}};
//! use api_metrics_layer::{MetricSink, RequestRecord};
//! use api_metrics_store::recorder::{Recorder, RecorderOptions};
//!
//! let mut options = RecorderOptions::default();
//! options.max_series = 1_000;
//! let recorder = Arc::new(Recorder::new(options));
//! let mut record = RequestRecord::new("GET", "/users/{id}", SystemTime::now());
//! record.latency = Some(Duration::from_millis(12));
//! recorder.record(&record);
//!
//! let seq = recorder.begin_batch();
//! let deltas = recorder.contents(recorder.status().acknowledged, seq);
//! for row in deltas.rows() {
//!     assert_eq!(&*row.series.endpoint, "/users/{id}");
//!     assert_eq!(row.bucket().request_count, 1);
//! }
//! // Write the rows under the number `seq` and commit. Then:
//! recorder.acknowledge(seq);
//! assert_eq!(recorder.status().unflushed_records, 0);
//! ```
//!
//! At any moment a record is in exactly one place: in a shard, in the open deltas, or in one batch. Sums
//! saturate instead of wrapping.
//!
//! # Settings
//!
//! | setting | default | what it bounds |
//! |---|---|---|
//! | [`max_series`](RecorderOptions::max_series) | 10,000 | live series; beyond it the endpoint is `<other>` |
//! | [`max_keys`](RecorderOptions::max_keys) | 10,000 | live API keys; beyond it the key is `<other key>` |
//! | [`shards`](RecorderOptions::shards) | processors, at most 8 | threads that record without waiting for each other |
//! | [`sketch_kind`](RecorderOptions::sketch_kind) | histogram | how latencies are summarised; must be the database's |
//! | [`headers_quantiles`](RecorderOptions::headers_quantiles) | off | whether times to headers have quantiles of their own |
//! | [`memory_budget`](RecorderOptions::memory_budget) | 32 MiB | unacknowledged deltas; beyond it the oldest minutes are coarsened |
//! | [`acknowledged_budget`](RecorderOptions::acknowledged_budget) | none | acknowledged batches, which are kept for 60 s; beyond it the oldest are freed before |
//! | [`max_unresolved_batches`](RecorderOptions::max_unresolved_batches) | 8 | batches whose outcome is unknown |
//! | [`clock`](RecorderOptions::clock) | the system's | retention and idleness |
//!
//! # Memory
//!
//! | what | where | size |
//! |---|---|---|
//! | slot: a series in one shard, with up to 22 pending samples | shard's buffer | 256 bytes |
//! | index of slots by hash | shard's buffer | 4 bytes an entry, at most three quarters used |
//! | bucket of a slot | shard's buffer | counters and sketch, made by the first sample that a slot can't hold |
//! | run: the encoded buckets of one period | open deltas, batches | 25 bytes a row and up, plus 16 for its series |
//!
//! Each shard has two buffers of the same size: one is recorded into, the other is drained or waits
//! empty. A series that four shards have seen takes four slots in each of them, which is why many
//! series make the recorder use fewer shards. Names of series are shared by all of this.
//!
//! # What may run concurrently
//!
//! | lock | held by | for |
//! |---|---|---|
//! | a shard's mutex | a recording thread | one record |
//! | | a drain | a swap of two structs |
//! | the ledger's mutex | begin, acknowledge, release, rewind, contents, capture, status | the whole call, except a capture's filter; draining and encoding happen under it |
//! | the registry's mutex | a record of a new series, an eviction | one look-up |
//!
//! Locks are taken in the order ledger, shard, registry. A recording thread takes the ledger's mutex
//! only by `try_lock`, to relieve a crowded shard, so that it never waits for a flush. A poisoned lock
//! is taken over: the sums behind it are still valid.
//!
//! # A batch's life
//!
//! ```text
//! record -> shard -> (drain) -> open -> (begin_batch) -> unresolved -> (acknowledge) -> kept 60 s -> freed
//!                                ^                           |    ^                        |
//!                                +-------- (release) --------+    +------- (rewind) -------+
//! ```
//!
//! `release` is for a flush that failed before its COMMIT was sent. Once COMMIT was sent and no answer
//! came, the batch stays unresolved: the fence row in the database decides at the next flush whether it
//! was committed.

mod deltas;
mod drain;
mod index;
mod ledger;
mod lookup;
mod minute;
mod options;
mod path_sample;
mod pending_samples;
mod registry;
mod run;
mod shard;
mod slab;
mod slot;
mod status;
#[cfg(test)]
mod tests;
mod unit_names;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use api_metrics_layer::{MetricSink, RequestRecord};

pub(crate) use self::ledger::FlushBatch;
pub use self::{
    deltas::{Deltas, OwnDeltas},
    options::RecorderOptions,
    run::DeltaRow,
    status::RecorderStatus,
};
use self::{
    ledger::{Ledger, LostBatches},
    lookup::Lookup,
    path_sample::PathSample,
    shard::{Common, Shard},
};
use crate::{
    series::SeriesKey,
    time::{Clock, UnixSeconds},
};

/// Sums records by series and minute, bounded in memory, and gives them to a store in numbered batches.
///
/// Used as `Arc<Recorder>`. One task begins, writes and acknowledges batches; any number of threads record and
/// capture meanwhile. The [module](self) has an example.
#[derive(Debug)]
pub struct Recorder {
    /// A power of two of them.
    shards: Box<[Shard]>,
    /// The number of shards in use, minus one. Many series use fewer shards.
    mask: AtomicUsize,
    common: Common,
    /// Always locked before a shard's mutex, never after.
    ledger: Mutex<Ledger>,
    unmatched: Mutex<PathSample>,
    /// Bytes of all buffers when they were last drained.
    buffer_bytes: AtomicUsize,
    /// The longest time that the last drain held a shard's lock, in nanoseconds.
    longest_lock_ns: AtomicU64,
    queue: QueueWaits,
    memory_budget: usize,
    /// Bytes of acknowledged batches.
    acknowledged_budget: usize,
    max_unresolved_batches: usize,
    room: usize,
    clock: Arc<dyn Clock>,
}

/// What requests have waited before the layer saw them. Only those that wait come here.
#[derive(Debug, Default)]
struct QueueWaits {
    waited: AtomicU64,
    total_ns: AtomicU64,
    abandoned: AtomicU64,
}

impl Recorder {
    /// Begins the next flush batch and returns its number. Everything that is open goes into it; a batch
    /// without records holds nothing and needs no outcome.
    pub fn begin_batch(&self) -> u64 {
        let mut ledger = lock(&self.ledger);
        self.drain(&mut ledger);
        ledger.fit(self.memory_budget);
        ledger.begin_batch()
    }

    /// [`begin_batch`](Self::begin_batch), unless
    /// [`max_unresolved_batches`](RecorderOptions::max_unresolved_batches) are already waiting for their
    /// outcome. Then it returns the last number again, and what is open stays open, so that the number of
    /// batches stays bounded even if no outcome is ever known.
    ///
    /// Batches of unknown outcome are never merged. The database may return to a state that holds one of
    /// them; merged with another, it would be counted twice.
    pub(crate) fn begin_batch_or_retry(&self) -> FlushBatch {
        let mut ledger = lock(&self.ledger);
        self.drain(&mut ledger);
        ledger.fit(self.memory_budget);
        ledger.begin_batch_or_retry(self.max_unresolved_batches)
    }

    /// The sum of the batches with `after < seq <= upto`: what flush `upto` writes, where `after` is the
    /// number in the database's fence row.
    #[must_use]
    pub fn contents(&self, after: u64, upto: u64) -> Deltas {
        lock(&self.ledger).contents(after, upto)
    }

    /// Notes that the database holds all batches up to number `seq`: its transaction is committed, or the
    /// fence row says so under its lock. They are kept for 60 more seconds, as far as
    /// [`acknowledged_budget`](RecorderOptions::acknowledged_budget) goes.
    pub fn acknowledge(&self, seq: u64) {
        let now = self.clock.monotonic();
        let mut ledger = lock(&self.ledger);
        ledger.acknowledge(seq, now);
        ledger.free(now, self.acknowledged_budget);
    }

    /// Reopens batch `seq`, whose flush failed before COMMIT was sent: its records go into the next batch.
    /// Earlier batches, whose outcome is unknown, stay.
    pub fn release(&self, seq: u64) {
        let mut ledger = lock(&self.ledger);
        ledger.release(seq);
        ledger.fit(self.memory_budget);
    }

    /// Notes that the database was restored or failed over, so that its fence row says `seq`, less than what
    /// was acknowledged. Later batches count as unacknowledged again. Returns the numbers that are lost for
    /// good.
    pub(crate) fn rewind(&self, seq: u64) -> Option<LostBatches> {
        lock(&self.ledger).rewind(seq)
    }

    /// The number of the last acknowledged batch, 0 before the first.
    pub(crate) fn acknowledged(&self) -> u64 {
        lock(&self.ledger).acknowledged()
    }

    fn unflushed(&self, ledger: &Ledger) -> u64 {
        let waiting = ledger.waiting_records();
        self.shards.iter().fold(waiting, |sum, shard| {
            sum.saturating_add(lock(&shard.0).records())
        })
    }

    /// Everything that this recorder holds and `wanted` accepts, by series and start of the period.
    /// Acknowledged batches that are still kept are included, so that a read adds exactly those that its
    /// snapshot lacks: see `OwnDeltas::newer_than`.
    #[must_use]
    pub fn capture(&self, wanted: &dyn Fn(&SeriesKey, UnixSeconds) -> bool) -> OwnDeltas {
        let mut own = {
            let mut ledger = lock(&self.ledger);
            self.drain(&mut ledger);
            ledger.capture()
        };
        // Outside the mutex: the runs are shared and immutable.
        for (_, deltas) in &mut own.batches {
            *deltas = deltas.filtered(wanted);
        }
        own.batches.retain(|(_, deltas)| !deltas.is_empty());
        own
    }

    /// Counts, bytes and numbers for operators.
    #[must_use]
    pub fn status(&self) -> RecorderStatus {
        let ledger = lock(&self.ledger);
        let registry = lock(&self.common.registry);
        RecorderStatus {
            sketch_kind: self.common.summaries.kind,
            series: registry.series(),
            keys: registry.keys(),
            series_overflow: self.common.overflow.series.load(Ordering::Relaxed),
            key_overflow: self.common.overflow.keys.load(Ordering::Relaxed),
            units: self.common.unit_names.len(),
            unit_overflow: self.common.unit_names.overflow(),
            bytes: ledger.heap_bytes() + self.buffer_bytes.load(Ordering::Relaxed),
            unresolved_batches: ledger.unresolved(),
            unflushed_records: {
                drop(registry);
                self.unflushed(&ledger)
            },
            last_seq: ledger.last_seq(),
            acknowledged: ledger.acknowledged(),
            longest_lock: Duration::from_nanos(self.longest_lock_ns.load(Ordering::Relaxed)),
            unmatched: lock(&self.unmatched).sample(),
            coarsened: ledger.coarsened.clone(),
            queue_waited: self.queue.waited.load(Ordering::Relaxed),
            queue_wait: Duration::from_nanos(self.queue.total_ns.load(Ordering::Relaxed)),
            queue_abandoned: self.queue.abandoned.load(Ordering::Relaxed),
        }
    }

    #[inline]
    fn shard(&self) -> Option<&Shard> {
        self.shards
            .get(thread_number() & self.mask.load(Ordering::Relaxed))
    }

    #[cold]
    fn note_unmatched(&self, path: &str) {
        use std::hash::BuildHasher;
        let path = path_sample::cut(path);
        let hash = self.common.hasher.hash_one(path);
        // A sample may miss a path; a request must not wait.
        match self.unmatched.try_lock() {
            Ok(mut sample) => sample.offer(hash, path),
            Err(TryLockError::Poisoned(sample)) => sample.into_inner().offer(hash, path),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Drains crowded shards, unless another thread is doing so.
    #[cold]
    fn relieve(&self) {
        let mut ledger = match self.ledger.try_lock() {
            Ok(ledger) => ledger,
            Err(TryLockError::Poisoned(ledger)) => ledger.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.drain(&mut ledger);
        ledger.fit(self.memory_budget);
    }
}

impl MetricSink for Recorder {
    #[inline]
    fn record(&self, record: &RequestRecord<'_>) {
        let hash = Lookup::of(record).hash(&self.common.hasher);
        let Some(shard) = self.shard() else { return };
        let crowded = lock(&shard.0).record(hash, record, &self.common);
        if let Some(path) = record.unmatched_path {
            self.note_unmatched(path);
        }
        if crowded {
            self.relieve();
        }
    }

    fn on_queue_wait(&self, waited: Duration, called: bool) {
        if !called {
            self.queue.abandoned.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let nanos = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        self.queue.waited.fetch_add(1, Ordering::Relaxed);
        self.queue.total_ns.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// Locks, also after a panic in another holder: sums that may miss one record are better than none.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number for the calling thread, given out when it first records.
#[inline]
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    // A thread that is being torn down may still finish a request.
    NUMBER.try_with(|number| *number).unwrap_or(0)
}
