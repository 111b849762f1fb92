//! What a store says about itself.

use uuid::Uuid;

use crate::{
    sketch::SketchKind,
    store::Instance,
    time::{Granularity, UnixSeconds},
};

/// One recording process.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Whether it flushed within the last hour.
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

/// Where a granularity begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Floor {
    /// The granularity.
    pub granularity: Granularity,
    /// The start of what it still keeps.
    pub floor: UnixSeconds,
}

/// Periods that wait to be recomputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirtyCount {
    /// The granularity.
    pub granularity: Granularity,
    /// How many of its periods.
    pub periods: u64,
}

/// What a store says about itself.
#[derive(Debug, Clone, PartialEq)]
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
    /// The floors, the finest granularity first.
    pub floors: Vec<Floor>,
    /// Periods that wait for their rollup.
    pub dirty: Vec<DirtyCount>,
    /// How many series are interned.
    pub series: u64,
    /// Flush batches that could not be read and were quarantined.
    pub quarantined: u64,
}

impl InstanceStatus {
    /// An instance that has not flushed yet.
    #[must_use]
    pub fn new(instance: &Instance) -> Self {
        Self {
            id: instance.id,
            service: instance.service.clone(),
            environment: instance.environment.clone(),
            version: instance.version.clone(),
            host: instance.host.clone(),
            started_at: instance.started_at,
            acknowledged_at: None,
            seq: 0,
            folded: 0,
            live: true,
        }
    }
}

impl Floor {
    /// The start of what a granularity still keeps.
    #[must_use]
    pub const fn new(granularity: Granularity, floor: UnixSeconds) -> Self {
        Self { granularity, floor }
    }
}

impl DirtyCount {
    /// How many periods of a granularity wait to be recomputed.
    #[must_use]
    pub const fn new(granularity: Granularity, periods: u64) -> Self {
        Self {
            granularity,
            periods,
        }
    }
}

impl StoreStatus {
    /// The status of an empty store; set the public fields that have something to say.
    #[must_use]
    pub const fn new(backend: &'static str, sketch_kind: SketchKind, now_us: i64) -> Self {
        Self {
            backend,
            schema_version: 0,
            sketch_kind,
            now_us,
            instances: Vec::new(),
            inbox: InboxStatus {
                batches: 0,
                records: 0,
                bytes: 0,
            },
            floors: Vec::new(),
            dirty: Vec::new(),
            series: 0,
            quarantined: 0,
        }
    }
}
