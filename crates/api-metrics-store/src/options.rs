//! What can be set on a store.
//!
//! All settings but the kind of sketch may differ between processes on one database. Floors never move
//! back: a longer retention holds from the next run on, and brings nothing back.

use std::{sync::Arc, time::Duration};

use crate::{
    sketch::SketchKind,
    time::{Clock, SystemClock},
};

/// How long each granularity is kept. Days are kept forever.
///
/// At least as long, that is: floors move by whole partitions, so that up to one more hour of minutes,
/// one more day of 5 minutes and one more week of hours is kept.
///
/// Disk, roughly: rows a series are 1,440 minutes, 2,016 periods of 5 minutes, and 2,160 hours by
/// default, and 365 days a year, for a series with requests at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// `1m` buckets; 24 hours by default.
    pub minutes: Duration,
    /// `5m` buckets; 7 days by default. A value below `minutes` shortens those too.
    pub five_minutes: Duration,
    /// `1h` buckets; 90 days by default. A value below `five_minutes` shortens those too.
    pub hours: Duration,
}

impl Default for Retention {
    /// 24 hours of minutes, 7 days of 5 minutes, 90 days of hours.
    fn default() -> Self {
        let day = 86_400;
        Self {
            minutes: Duration::from_secs(day),
            five_minutes: Duration::from_secs(7 * day),
            hours: Duration::from_secs(90 * day),
        }
    }
}

/// When a commit to a SQLite file counts as done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once it is on the disk: what was acknowledged survives a power cut.
    #[default]
    Full,
    /// Once the operating system has it: what was acknowledged survives the process, and a power
    /// cut may take the last flushes with it. The file stays whole.
    Normal,
}

/// Settings of a store, for both databases: the defaults, of which fields are changed. The defaults
/// suit a service that shares its database with the store.
///
/// ```
/// use std::time::Duration;
/// use api_metrics_store::store::{StoreOptions, Synchronous};
///
/// let mut options = StoreOptions::default();
/// options.retention.hours = Duration::from_secs(365 * 86_400);
/// options.max_connections = 3;
/// options.synchronous = Synchronous::Normal;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The kind of sketch of a database that is yet to be created; an existing one must have it, or
    /// `prepare` returns `StoreError::SketchKind`. [`SketchKind::Histogram`] by default.
    pub sketch_kind: SketchKind,
    /// How long each granularity is kept. Takes effect with the next two runs of retention, ten
    /// minutes apart.
    pub retention: Retention,
    /// The most connections of the store's own pool; 5 by default, at least 2. A flush holds one, a
    /// leader's step one (a fold as many as `folds_side_by_side`), and each read one while it runs. Without
    /// effect on a pool that the host passes in.
    pub max_connections: u32,
    /// How long a call waits for a connection before it fails with `StoreError::Timeout`; 5 seconds
    /// by default. Without effect on a pool that the host passes in.
    pub acquire_timeout: Duration,
    /// How far a standby may be behind for reads to go to it; 10 seconds by default, at most 30. Without effect where there
    /// is none, see [`PostgresStore::read_replica`](crate::postgres::PostgresStore::read_replica).
    pub max_replica_lag: Duration,
    /// How many services the leader folds side by side at most, each by a connection of its own; by default as many as
    /// there are processors, at most 4. 1 folds all of them one after another. Two connections of the pool are left to
    /// others whatever this says, so a pool of 5 folds 3 at most. Services with few rows are folded together. Without
    /// effect on SQLite, and where buckets are kept in ClickHouse.
    pub folds_side_by_side: u32,
    /// When a commit to a SQLite file counts as done; [`Synchronous::Full`] by default. Postgres
    /// decides this by its own `synchronous_commit`.
    pub synchronous: Synchronous,
    /// Takes the time from this clock instead of the database's, for tests and imports. Its
    /// monotonic time replaces the process's as well. All processes on one database should agree
    /// about it: a clock that is ahead moves floors, and so removes data, early. `None` by default:
    /// the database's clock.
    pub clock: Option<Arc<dyn Clock>>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            sketch_kind: SketchKind::Histogram,
            retention: Retention::default(),
            max_connections: 5,
            acquire_timeout: Duration::from_secs(5),
            max_replica_lag: Duration::from_secs(10),
            folds_side_by_side: folds_side_by_side(),
            synchronous: Synchronous::default(),
            clock: None,
        }
    }
}

/// As many as there are processors, as far as that is worth it: the database folds as well, and has other work.
fn folds_side_by_side() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(processors.min(4)).unwrap_or(1)
}

impl StoreOptions {
    /// The size of the store's own pool. With a single connection a leader's step would keep flushes
    /// waiting.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn pool_size(&self) -> u32 {
        self.max_connections.max(2)
    }

    /// The clock for spans of time within this process, such as the ten minutes between two runs of
    /// retention.
    pub(crate) fn local_clock(&self) -> Arc<dyn Clock> {
        match &self.clock {
            Some(clock) => Arc::clone(clock),
            None => Arc::new(SystemClock::default()),
        }
    }
}
