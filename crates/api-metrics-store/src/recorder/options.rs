//! The settings of a recorder.
//!
//! All settings are bounded when a recorder is made, so that none can make it panic: `max_series` and
//! `max_unresolved_batches` are at least 1, `shards` is clamped to 1 to 256 and rounded up to a power
//! of two.
//!
//! Making a recorder allocates the indexes of all buffers at once, two for each shard. At the default of 10,000
//! series an index has 16,384 entries of 4 bytes: 64 KiB, and 1 MiB for eight shards. Slots and buckets
//! come when series do.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize},
    },
    thread,
};

use api_metrics_layer::ApiKey;

use super::{
    QueueWaits, Recorder,
    ledger::Ledger,
    path_sample::PathSample,
    registry::{OTHER_KEY, Registry},
    shard::{Buffer, Common, Overflow, Shard, Summaries},
    unit_names::UnitNames,
};
use crate::{
    sketch::SketchKind,
    time::{Clock, SystemClock},
};

/// Each shard holds the series of its threads twice, so more shards cost memory for little gain.
const MAX_DEFAULT_SHARDS: usize = 8;
/// The upper bound of the setting: more threads than this share shards.
const MAX_SHARDS: usize = 256;
/// Series that a buffer has room for from the start, at most. Beyond it the buffer grows.
const MAX_ROOM: usize = 14_336;

/// The settings of a [`Recorder`]: the defaults, of which fields are changed.
///
/// ```
/// use api_metrics_store::{
///     recorder::{Recorder, RecorderOptions},
///     sketch::SketchKind,
/// };
///
/// let mut options = RecorderOptions::default();
/// options.max_series = 2_000;
/// options.memory_budget = 16 << 20;
/// options.sketch_kind = SketchKind::TDigest;
/// let recorder = Recorder::new(options);
/// assert_eq!(recorder.status().series, 0);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecorderOptions {
    /// The most live series; 10,000 by default, at least 1. Requests of further series are counted
    /// under the endpoint `<other>`, with their method and key.
    pub max_series: usize,
    /// The most live API keys; 10,000 by default. Requests of further keys are counted under
    /// `<other key>`.
    pub max_keys: usize,
    /// The number of threads that can record without waiting for each other, rounded up to a power
    /// of two, at most 256. By default the number of processors, at most 8. While there are many
    /// series, whose copies would take too much memory, fewer shards are used: 4 at 5,000 series, 2
    /// at 10,000.
    pub shards: usize,
    /// The kind of sketch, which must be the database's; [`SketchKind::Histogram`] by default.
    pub sketch_kind: SketchKind,
    /// Whether times to headers get quantiles of their own, beside their average; off by default. On, a
    /// request takes about 270 instructions more, because it goes to its bucket instead of waiting with
    /// 21 others, and a row of a series and period has a second sketch: 5 bytes for one request, about 30
    /// for 20, 380 for 1,000. Off, neither changes. Recorders with and without it may share a service:
    /// the quantiles cover the requests of those that have it, and
    /// [`Bucket::headers_count`](crate::bucket::Bucket::headers_count) says how many these are.
    pub headers_quantiles: bool,
    /// Bytes that unacknowledged deltas may take; 32 MiB by default. Beyond it their oldest minutes
    /// are coarsened to 5 minutes, then to hours. The shards' buffers come on top.
    pub memory_budget: usize,
    /// Bytes that acknowledged batches may take. They are kept for 60 s, in case the database goes back; beyond this
    /// bound the oldest are freed before. Not bounded by default: for those that flush several times a second, such as
    /// an import.
    pub acknowledged_budget: Option<usize>,
    /// Batches whose outcome may be unknown at once; 8 by default, at least 1. At the bound a flush
    /// tries the last batch again instead of beginning another, and newer records wait.
    pub max_unresolved_batches: usize,
    /// The clock for retention and idleness; the system's by default. Records carry their own times.
    pub clock: Arc<dyn Clock>,
}

impl Default for RecorderOptions {
    /// The defaults of the table in the [module](super).
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self {
            max_series: 10_000,
            max_keys: 10_000,
            shards: threads.min(MAX_DEFAULT_SHARDS),
            sketch_kind: SketchKind::default(),
            headers_quantiles: false,
            memory_budget: 32 << 20,
            acknowledged_budget: None,
            max_unresolved_batches: 8,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new(RecorderOptions::default())
    }
}

impl Recorder {
    /// An empty recorder with these settings.
    #[must_use]
    pub fn new(options: RecorderOptions) -> Self {
        let shards = options.shards.clamp(1, MAX_SHARDS).next_power_of_two();
        let max_series = options.max_series.max(1);
        let room = max_series.min(MAX_ROOM);
        let buffers = || (0..shards).map(|_| Buffer::with_room(room));
        Self {
            shards: buffers().map(|buffer| Shard(Mutex::new(buffer))).collect(),
            mask: AtomicUsize::new(shards - 1),
            common: Common {
                summaries: Summaries {
                    kind: options.sketch_kind,
                    headers: options.headers_quantiles,
                },
                hasher: foldhash::fast::RandomState::default(),
                registry: Mutex::new(Registry::new(max_series, options.max_keys)),
                other_key: ApiKey::from(OTHER_KEY),
                unit_names: UnitNames::default(),
                overflow: Overflow::default(),
            },
            ledger: Mutex::new(Ledger::new(buffers().collect())),
            unmatched: Mutex::new(PathSample::default()),
            buffer_bytes: AtomicUsize::new(0),
            longest_lock_ns: AtomicU64::new(0),
            queue: QueueWaits::default(),
            memory_budget: options.memory_budget,
            acknowledged_budget: options.acknowledged_budget.unwrap_or(usize::MAX),
            max_unresolved_batches: options.max_unresolved_batches.max(1),
            room,
            clock: options.clock,
        }
    }
}
