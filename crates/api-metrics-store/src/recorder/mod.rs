//! The sink that sums requests in memory and hands them over in numbered parts.
//!
//! Recording takes one uncontended mutex of the thread's shard and no allocation once a series is known.
//! A hand-over swaps the shards' buffers for empty ones, encodes what they held and keeps it until
//! the store has acknowledged it:
//!
//! ```
//! use std::{sync::Arc, time::{Duration, SystemTime}};
//! use api_metrics_layer::{MetricSink, RequestRecord};
//! use api_metrics_store::recorder::Recorder;
//!
//! let recorder = Arc::new(Recorder::builder().max_series(1_000).build());
//! let mut record = RequestRecord::new("GET", "/users/{id}", SystemTime::now());
//! record.latency = Some(Duration::from_millis(12));
//! recorder.record(&record);
//!
//! let n = recorder.seal();
//! let deltas = recorder.contents(recorder.acknowledged(), n);
//! for row in deltas.rows() {
//!     assert_eq!(&*row.series.endpoint, "/users/{id}");
//!     assert_eq!(row.bucket().request_count, 1);
//! }
//! // ... write them under the number `n`, commit, and then:
//! recorder.acknowledge(n);
//! assert_eq!(recorder.unflushed_records(), 0);
//! ```
//!
//! Records are in exactly one place at any moment: in a shard, open, or in one part. Sums saturate
//! instead of wrapping.

mod builder;
mod deltas;
mod drain;
mod index;
mod ledger;
mod lookup;
mod minute;
mod registry;
mod run;
mod shard;
mod slab;
mod slot;
mod status;
mod tally;
#[cfg(test)]
mod tests;
mod top_k;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use api_metrics_layer::{MetricSink, RequestRecord};

pub use self::{
    builder::RecorderBuilder,
    deltas::{Deltas, OwnDeltas},
    ledger::{Lost, Sealed},
    registry::OTHER_KEY,
    run::{DeltaRow, Rows},
    status::RecorderStatus,
};
use self::{
    ledger::Ledger,
    lookup::Lookup,
    shard::{Common, Shard},
    top_k::TopK,
};
use crate::{
    series::SeriesKey,
    sketch::SketchKind,
    time::{Clock, UnixSeconds},
};

/// Sums records by series and minute, bounded in memory, and hands them over in numbered parts. Used as
/// `Arc<Recorder>`. See the [module](self).
///
/// One task seals, writes and acknowledges; any number of threads record and capture meanwhile.
#[derive(Debug)]
pub struct Recorder {
    /// A power of two.
    shards: Box<[Shard]>,
    /// How many of the shards are in use, less one: fewer when there are many series.
    mask: AtomicUsize,
    common: Common,
    /// The seal mutex. Always taken before a shard's, never after.
    ledger: Mutex<Ledger>,
    unmatched: Mutex<TopK>,
    /// The memory of all buffers when they were last drained.
    buffer_bytes: AtomicUsize,
    /// The longest time that the last hand-over held a shard, in nanoseconds.
    hand_over_ns: AtomicU64,
    max_series: usize,
    max_keys: usize,
    memory_budget: usize,
    max_unresolved_parts: usize,
    room: usize,
    clock: Arc<dyn Clock>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Recorder {
    /// The defaults, to be changed one by one.
    pub fn builder() -> RecorderBuilder {
        RecorderBuilder::default()
    }

    /// Takes the next sequence number and makes everything that is open a part of that number, if there is
    /// anything.
    pub fn seal(&self) -> u64 {
        let mut ledger = lock(&self.ledger);
        self.drain(&mut ledger);
        ledger.fit(self.memory_budget);
        ledger.seal()
    }

    /// [`seal`](Self::seal), unless [`max_unresolved_parts`](RecorderBuilder::max_unresolved_parts) already
    /// wait for their outcome: then the last number is to be attempted once more, and what is open stays
    /// open. So the number of parts stays bounded, however many outcomes are never heard of.
    ///
    /// Parts of unknown outcome are never merged: one of them may be in a state of the database to which it
    /// goes back some day, and there it must not come in again with another.
    pub fn seal_or_retry(&self) -> Sealed {
        let mut ledger = lock(&self.ledger);
        self.drain(&mut ledger);
        ledger.fit(self.memory_budget);
        ledger.seal_or_retry(self.max_unresolved_parts)
    }

    /// The sum of the parts with `after < number <= upto`: what attempt `upto` writes, where `after` is what
    /// the database's fence row says.
    #[must_use]
    pub fn contents(&self, after: u64, upto: u64) -> Deltas {
        lock(&self.ledger).contents(after, upto)
    }

    /// The database holds all parts up to number `n`: attempt `n` is committed, or a later one has read so
    /// from the fence row under its lock. They are kept for 60 more seconds.
    pub fn acknowledge(&self, n: u64) {
        let now = self.clock.monotonic();
        let mut ledger = lock(&self.ledger);
        ledger.acknowledge(n, now);
        ledger.free(now);
    }

    /// Attempt `n` failed before its COMMIT was sent: its own part is open again. Parts of earlier numbers,
    /// whose outcome is unknown, stay.
    pub fn release(&self, n: u64) {
        let mut ledger = lock(&self.ledger);
        ledger.release(n);
        ledger.fit(self.memory_budget);
    }

    /// The database's fence row says `s`, less than what was acknowledged: it was restored or failed over.
    /// Parts after `s` count as unacknowledged again; the answer says which numbers are gone for good.
    pub fn rewind(&self, s: u64) -> Option<Lost> {
        lock(&self.ledger).rewind(s)
    }

    /// The last acknowledged sequence number, 0 before the first.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        lock(&self.ledger).acknowledged()
    }

    /// How many parts wait for their outcome.
    #[must_use]
    pub fn unresolved_parts(&self) -> usize {
        lock(&self.ledger).unresolved()
    }

    /// How many records are not acknowledged yet.
    #[must_use]
    pub fn unflushed_records(&self) -> u64 {
        self.unflushed(&lock(&self.ledger))
    }

    fn unflushed(&self, ledger: &Ledger) -> u64 {
        let waiting = ledger.waiting_records();
        self.shards.iter().fold(waiting, |sum, shard| {
            sum.saturating_add(lock(&shard.0).records())
        })
    }

    /// Everything that this recorder holds, retained acknowledged parts included, as far as `wanted`
    /// accepts it: the first step of a read.
    #[must_use]
    pub fn capture(&self, wanted: &dyn Fn(&SeriesKey, UnixSeconds) -> bool) -> OwnDeltas {
        let mut own = {
            let mut ledger = lock(&self.ledger);
            self.drain(&mut ledger);
            ledger.capture()
        };
        // Outside the mutex: the runs are shared and don't change.
        for (_, deltas) in &mut own.parts {
            *deltas = deltas.filtered(wanted);
        }
        own.parts.retain(|(_, deltas)| !deltas.is_empty());
        own
    }

    /// The most series that are live at once, `<other>` not counted.
    #[must_use]
    pub fn max_series(&self) -> usize {
        self.max_series
    }

    /// The most API keys that are live at once.
    #[must_use]
    pub fn max_keys(&self) -> usize {
        self.max_keys
    }

    /// The kind of its sketches.
    #[must_use]
    pub fn sketch_kind(&self) -> SketchKind {
        self.common.kind
    }

    /// The clock that it was built with.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What an operator may know.
    #[must_use]
    pub fn status(&self) -> RecorderStatus {
        let ledger = lock(&self.ledger);
        let registry = lock(&self.common.registry);
        RecorderStatus {
            series: registry.series(),
            keys: registry.keys(),
            series_overflow: self.common.overflow.series.load(Ordering::Relaxed),
            key_overflow: self.common.overflow.keys.load(Ordering::Relaxed),
            bytes: ledger.heap_bytes() + self.buffer_bytes.load(Ordering::Relaxed),
            unresolved_parts: ledger.unresolved(),
            unflushed_records: {
                drop(registry);
                self.unflushed(&ledger)
            },
            sealed: ledger.sealed(),
            acknowledged: ledger.acknowledged(),
            hand_over: Duration::from_nanos(self.hand_over_ns.load(Ordering::Relaxed)),
            unmatched: lock(&self.unmatched).sample(),
            coarsened: ledger.coarsened.clone(),
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
        let path = top_k::cut(path);
        let hash = self.common.hasher.hash_one(path);
        // It is a sample: rather miss one than wait.
        match self.unmatched.try_lock() {
            Ok(mut sample) => sample.offer(hash, path),
            Err(TryLockError::Poisoned(sample)) => sample.into_inner().offer(hash, path),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Makes room in the shards, unless someone does already.
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
}

/// Locks, also after a panic in another holder: sums that miss the last record are better than none.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads are numbered as they first record.
#[inline]
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    // A thread that is being torn down may still finish a request.
    NUMBER.try_with(|number| *number).unwrap_or(0)
}
