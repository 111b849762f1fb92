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

/// Every shard holds the series that its threads see, twice: more than these cost memory for little.
const MAX_DEFAULT_SHARDS: usize = 8;
const MAX_SHARDS: usize = 256;
/// A buffer is made with room for at most so many series; with more it grows.
const MAX_ROOM: usize = 14_336;

/// Builds a [`Recorder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct RecorderBuilder {
    max_series: usize,
    max_keys: usize,
    shards: usize,
    sketch_kind: SketchKind,
    memory_budget: usize,
    max_unresolved_parts: usize,
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
            max_unresolved_parts: 8,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl RecorderBuilder {
    /// The most series that are live at once, 10,000 by default, at least 1. Beyond it the endpoint is
    /// counted as `<other>`; method and key are kept.
    pub fn max_series(mut self, max: usize) -> Self {
        self.max_series = max.max(1);
        self
    }

    /// The most API keys that are live at once, 10,000 by default. Beyond it a key is counted as
    /// [`OTHER_KEY`].
    pub fn max_keys(mut self, max: usize) -> Self {
        self.max_keys = max;
        self
    }

    /// How many threads can record without waiting for one another; rounded up to a power of two,
    /// at most 256. By default the number of processors, at most 8. Fewer are used while there are so many
    /// series that the copies of each would take too much memory: 4 at 5,000 series, 2 at 10,000.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// The kind of the database's sketches; [`SketchKind::Histogram`] by default.
    pub fn sketch_kind(mut self, kind: SketchKind) -> Self {
        self.sketch_kind = kind;
        self
    }

    /// The bytes that unacknowledged deltas may take before the oldest of them are coarsened; 32 MiB by
    /// default. What is open in the shards comes on top.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// How many hand-overs may wait for an outcome that was not heard of before the last of them is tried
    /// again instead of making another; 8 by default, at least 1. What is recorded meanwhile waits behind
    /// them.
    pub fn max_unresolved_parts(mut self, max: usize) -> Self {
        self.max_unresolved_parts = max.max(1);
        self
    }

    /// The clock for retention and idleness; records carry their own times.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The recorder.
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
            hand_over_ns: AtomicU64::new(0),
            max_series: self.max_series,
            max_keys: self.max_keys,
            memory_budget: self.memory_budget,
            max_unresolved_parts: self.max_unresolved_parts,
            room,
            clock: self.clock,
        }
    }
}
