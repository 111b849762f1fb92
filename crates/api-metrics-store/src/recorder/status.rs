//! What an operator may know about a recorder.

use std::time::Duration;

use crate::time::UnixSeconds;

/// The state of a [`Recorder`](super::Recorder) at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderStatus {
    /// Series that are live.
    pub series: usize,
    /// API keys that are live.
    pub keys: usize,
    /// Records whose endpoint was counted as `<other>`, since the start.
    pub series_overflow: u64,
    /// Records whose key was counted as [`OTHER_KEY`](super::OTHER_KEY), since the start.
    pub key_overflow: u64,
    /// Bytes that buckets and parts take, without the series' names; an estimate.
    pub bytes: usize,
    /// Parts whose commit is not known.
    pub unresolved_parts: usize,
    /// Records that are not acknowledged.
    pub unflushed_records: u64,
    /// The last sequence number that was taken.
    pub sealed: u64,
    /// The last sequence number that is acknowledged.
    pub acknowledged: u64,
    /// The longest time for which the last hand-over, by a flush or a capture, kept a thread from recording.
    pub hand_over: Duration,
    /// A sample of the raw paths behind `<unmatched>`, cut to 128 bytes, with about how often they were
    /// asked for; the most frequent first, at most 64.
    pub unmatched: Vec<(String, u64)>,
    /// Half-open spans whose records were moved to the start of their 5 minutes or hour, since the start.
    pub coarsened: Vec<(UnixSeconds, UnixSeconds)>,
}
