//! A recorder's status, for operators.
//!
//! Every field is read without stopping the recorder. They are not one snapshot: records may arrive
//! between two of them.

use std::time::Duration;

use crate::{sketch::SketchKind, time::UnixSeconds};

/// The state of a [`Recorder`](super::Recorder) at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderStatus {
    /// The kind of its sketches, which must be the database's.
    pub sketch_kind: SketchKind,
    /// Series that are live.
    pub series: usize,
    /// API keys that are live.
    pub keys: usize,
    /// Records whose endpoint was counted as `<other>`, since the start.
    pub series_overflow: u64,
    /// Records whose key was counted as `<other key>`, since the start.
    pub key_overflow: u64,
    /// Names of units, of which at most 256 are told apart.
    pub units: usize,
    /// How often a unit was counted as `<other>` for lack of room, since the start: of more than 256 names, or more
    /// than 32 of one series between two flushes.
    pub unit_overflow: u64,
    /// Bytes that buckets and batches take, without the series' names; an estimate.
    pub bytes: usize,
    /// Batches whose outcome is not known.
    pub unresolved_batches: usize,
    /// Records that are not acknowledged.
    pub unflushed_records: u64,
    /// The number of the last batch, 0 before the first.
    pub last_seq: u64,
    /// The number of the last acknowledged batch, 0 before the first.
    pub acknowledged: u64,
    /// The longest time that the last flush or capture held a shard's lock, which keeps a thread from
    /// recording.
    pub longest_lock: Duration,
    /// A sample of the raw paths behind `<unmatched>` with their approximate counts, the most frequent first:
    /// at most 64 paths, cut to 128 bytes.
    pub unmatched: Vec<(String, u64)>,
    /// Half-open spans, in Unix seconds, whose records were moved to the start of their 5 minutes or hour, since the start.
    pub coarsened: Vec<(UnixSeconds, UnixSeconds)>,
    /// Requests that waited in the host's queue, a concurrency limit for instance, before they were called,
    /// since the start. Their wait is no part of their latency.
    pub queue_waited: u64,
    /// How long they have waited, all together.
    pub queue_wait: Duration,
    /// Requests that gave up while they waited, or were refused, and were never called, since the start. They
    /// are in no bucket, because nobody knows their endpoint.
    pub queue_abandoned: u64,
}
