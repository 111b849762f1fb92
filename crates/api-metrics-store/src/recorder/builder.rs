//! The settings of a recorder.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize},
    },
    thread,
};

use api_metrics_layer::ApiKey;

use super::{
    Recorder,
    ledger::Ledger,
    registry::{OTHER_KEY, Registry},
    shard::{Buffer, Common, Overflow, Shard},
    top_k::TopK,
};
use crate::{
    sketch::SketchKind,
    time::{Clock, SystemClock},
};

/// Each shard holds the series of its threads twice, so more shards cost memory for little gain.
const MAX_DEFAULT_SHARDS: usize = 8;
const MAX_SHARDS: usize = 256;
/// Series that a buffer has room for from the start, at most. Beyond it the buffer grows.
const MAX_ROOM: usize = 14_336;

/// Builds a [`Recorder`]. The [module](super) has a table of all settings.
///
/// ```
/// use api_metrics_store::{recorder::Recorder, sketch::SketchKind};
///
/// let recorder = Recorder::builder()
///     .max_series(2_000)
///     .memory_budget(16 << 20)
///     .sketch_kind(SketchKind::TDigest)
///     .build();
/// assert_eq!(recorder.status().series, 0);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RecorderBuilder {
    max_series: usize,
    max_keys: usize,
    shards: usize,
    sketch_kind: SketchKind,
    memory_budget: usize,
    max_unresolved_batches: usize,
    clock: Arc<dyn Clock>,
}

impl Default for RecorderBuilder {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self {
            max_series: 10_000,
            max_keys: 10_000,
            shards: threads.min(MAX_DEFAULT_SHARDS),
            sketch_kind: SketchKind::default(),
            memory_budget: 32 << 20,
            max_unresolved_batches: 8,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl RecorderBuilder {
    /// Bounds the live series; 10,000 by default, at least 1. Requests of further series are counted under the
    /// endpoint `<other>`, with their method and key.
    pub fn max_series(mut self, max: usize) -> Self {
        self.max_series = max.max(1);
        self
    }

    /// Bounds the live API keys; 10,000 by default. Requests of further keys are counted under
    /// [`OTHER_KEY`].
    pub fn max_keys(mut self, max: usize) -> Self {
        self.max_keys = max;
        self
    }

    /// The number of threads that can record without waiting for each other, rounded up to a power of two, at
    /// most 256. By default the number of processors, at most 8. While there are many series, whose copies
    /// would take too much memory, fewer shards are used: 4 at 5,000 series, 2 at 10,000.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// The kind of sketch, which must be the database's; [`SketchKind::Histogram`] by default.
    pub fn sketch_kind(mut self, kind: SketchKind) -> Self {
        self.sketch_kind = kind;
        self
    }

    /// Bytes that unacknowledged deltas may take; 32 MiB by default. Beyond it their oldest minutes are
    /// coarsened to 5 minutes, then to hours. The shards' buffers come on top.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// Batches whose outcome may be unknown at once; 8 by default, at least 1. At the bound a flush tries the
    /// last batch again instead of beginning another, and newer records wait.
    pub fn max_unresolved_batches(mut self, max: usize) -> Self {
        self.max_unresolved_batches = max.max(1);
        self
    }

    /// The clock for retention and idleness; the system's by default. Records carry their own times.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Builds the recorder.
    #[must_use]
    pub fn build(self) -> Recorder {
        let shards = self.shards.clamp(1, MAX_SHARDS).next_power_of_two();
        let room = self.max_series.min(MAX_ROOM);
        let buffers = || (0..shards).map(|_| Buffer::with_room(room));
        Recorder {
            shards: buffers().map(|buffer| Shard(Mutex::new(buffer))).collect(),
            mask: AtomicUsize::new(shards - 1),
            common: Common {
                kind: self.sketch_kind,
                hasher: foldhash::fast::RandomState::default(),
                registry: Mutex::new(Registry::new(self.max_series, self.max_keys)),
                other_key: ApiKey::from(OTHER_KEY),
                overflow: Overflow::default(),
            },
            ledger: Mutex::new(Ledger::new(buffers().collect())),
            unmatched: Mutex::new(TopK::default()),
            buffer_bytes: AtomicUsize::new(0),
            longest_lock_ns: AtomicU64::new(0),
            max_series: self.max_series,
            max_keys: self.max_keys,
            memory_budget: self.memory_budget,
            max_unresolved_batches: self.max_unresolved_batches,
            room,
            clock: self.clock,
        }
    }
}
