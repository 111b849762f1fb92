//! What a store says about itself.

use std::{collections::BTreeMap, time::Duration};

use uuid::Uuid;

use crate::{
    sketch::SketchKind,
    time::{Granularity, UnixSeconds},
};

/// One recording process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceStatus {
    /// Its id.
    pub id: Uuid,
    /// The service that it records.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// The version of the host's code.
    pub version: String,
    /// The machine's name.
    pub host: String,
    /// When it started.
    pub started_at: UnixSeconds,
    /// When its last flush was acknowledged.
    pub acknowledged_at: Option<UnixSeconds>,
    /// The number of its last flush.
    pub seq: u64,
    /// The last flush that was folded.
    pub folded: u64,
    /// Whether it flushed within the last hour and has not ended in order.
    pub live: bool,
}

/// Flush batches that wait to be folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxStatus {
    /// Flushes.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of their payload.
    pub bytes: u64,
}

/// What a store says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct StoreStatus {
    /// `postgres` or `sqlite`.
    pub backend: &'static str,
    /// The schema's version.
    pub schema_version: i64,
    /// The kind of its sketches.
    pub sketch_kind: SketchKind,
    /// The database's clock, in microseconds since the Unix epoch.
    pub now_us: i64,
    /// The instances that flushed last, the latest first; at most 100.
    pub instances: Vec<InstanceStatus>,
    /// What waits to be folded.
    pub inbox: InboxStatus,
    /// The start of what each granularity still keeps, in Unix seconds.
    pub floors: BTreeMap<Granularity, UnixSeconds>,
    /// How many periods of a granularity wait for their rollup; those without any are absent.
    pub dirty: BTreeMap<Granularity, u64>,
    /// How many series are interned.
    pub series: u64,
    /// Flush batches that could not be read and were quarantined.
    pub quarantined: u64,
    /// Columns of stored rows that could not be read and were quarantined.
    pub quarantined_row_count: u64,
    /// The latest of them, the latest first; at most 100.
    pub quarantined_rows: Vec<QuarantinedRow>,
    /// How the standby is doing that takes reads; `None` where none was named.
    pub standby: Option<StandbyStatus>,
    /// How the database is doing that keeps the buckets; `None` where they are in this one.
    pub buckets: Option<BucketsStatus>,
}

/// A database that keeps the buckets, while everything else is in another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketsStatus {
    /// What it is, such as `ClickHouse 26.9.2.1`; `None` where it never answered.
    pub version: Option<String>,
    /// Why it did not answer.
    pub error: Option<String>,
    /// When flush batches were last copied there.
    pub copied_at: Option<UnixSeconds>,
    /// Whether some are being copied, or wait to be copied to their end.
    pub is_copying: bool,
}

/// Whether reads go to a standby.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StandbyState {
    /// They do.
    Used,
    /// It is further behind than it may be, or nobody knows how far: the primary is read.
    #[default]
    Behind,
    /// It does not answer, or a read on it has failed: the primary is read.
    Gone,
    /// It is no standby any more: the primary is read.
    Promoted,
}

impl From<StandbyState> for &'static str {
    /// `used`, `behind`, `gone` or `promoted`.
    fn from(state: StandbyState) -> Self {
        match state {
            StandbyState::Used => "used",
            StandbyState::Behind => "behind",
            StandbyState::Gone => "gone",
            StandbyState::Promoted => "promoted",
        }
    }
}

/// A standby that takes reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandbyStatus {
    /// Whether they go there.
    pub state: StandbyState,
    /// How far it is behind at most; `None` where nobody knows.
    pub lag: Option<Duration>,
    /// How far it may be behind.
    pub max_lag: Duration,
    /// Why it is gone.
    pub error: Option<String>,
}

/// A column of a stored row that could not be read. The row stays, without it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuarantinedRow {
    /// Which table: `1m`, `5m`, `1h` or `1d`.
    pub granularity: String,
    /// The start of its period.
    pub period_start: UnixSeconds,
    /// The number of its series; 0 for period counts, of which nothing was lost.
    pub series_id: i64,
    /// The series' service; empty where the series is unknown.
    pub service: String,
    /// Its method; `*` for an aggregate series of several.
    pub method: String,
    /// Its endpoint.
    pub endpoint: String,
    /// `status_counts`, `latency_sketch` or, for period counts, `requests`.
    pub part: String,
    /// Why it can't be read.
    pub reason: String,
    /// When it was quarantined.
    pub at: UnixSeconds,
}
