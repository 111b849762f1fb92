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
    fn default() -> Self {
        Self::new()
    }
}

impl Retention {
    /// The defaults: 24 hours of minutes, 7 days of 5 minutes, 90 days of hours.
    #[must_use]
    pub const fn new() -> Self {
        let day = 86_400;
        Self {
            minutes: Duration::from_secs(day),
            five_minutes: Duration::from_secs(7 * day),
            hours: Duration::from_secs(90 * day),
        }
    }

    /// How long `1m` buckets are kept. Also the range of answers by the minute.
    #[must_use]
    pub const fn minutes(mut self, keep: Duration) -> Self {
        self.minutes = keep;
        self
    }

    /// How long `5m` buckets are kept. A value below `minutes` shortens those too, because a finer
    /// floor never lies below a coarser one.
    #[must_use]
    pub const fn five_minutes(mut self, keep: Duration) -> Self {
        self.five_minutes = keep;
        self
    }

    /// How long `1h` buckets are kept. Ranges older than this are answered by whole UTC days. A value
    /// below `five_minutes` shortens those too.
    #[must_use]
    pub const fn hours(mut self, keep: Duration) -> Self {
        self.hours = keep;
        self
    }
}

/// Settings of a store, for both databases. The defaults suit a service that shares its database with
/// the store: histogram sketches, [`Retention::new`], 5 connections, 5 seconds of waiting for one, the
/// database's clock.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The kind of sketch of a new database.
    pub(crate) sketch_kind: SketchKind,
    /// How long each granularity is kept.
    pub(crate) retention: Retention,
    /// The most connections of the store's own pool, at least 2.
    pub(crate) max_connections: u32,
    /// How long a call waits for a connection.
    pub(crate) acquire_timeout: Duration,
    /// Instead of the database's clock: it then decides about floors, grace and what counts as the
    /// current minute.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// The clock for spans of time within this process, such as the ten minutes between two runs of
    /// retention.
    pub(crate) local: Arc<dyn Clock>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            sketch_kind: SketchKind::Histogram,
            retention: Retention::default(),
            max_connections: 5,
            acquire_timeout: Duration::from_secs(5),
            clock: None,
            local: Arc::new(SystemClock::default()),
        }
    }
}

impl StoreOptions {
    /// The kind of sketch of a database that is yet to be created; an existing one must have it, or
    /// `prepare` returns `StoreError::SketchKind`.
    #[must_use]
    pub fn sketch_kind(mut self, kind: SketchKind) -> Self {
        self.sketch_kind = kind;
        self
    }

    /// How long each granularity is kept. Takes effect with the next two runs of retention, ten minutes
    /// apart.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// The most connections of the store's own pool; 5 by default, at least 2. A flush holds one, a
    /// leader's step one, and each read one while it runs. Without effect on a pool that the host
    /// passes in.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections.max(2);
        self
    }

    /// How long a call waits for a connection before it fails with `StoreError::Timeout`; 5 seconds by
    /// default.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Takes the time from this clock instead of the database's, for tests and imports. Its monotonic
    /// time replaces the process's as well. All processes on one database should agree about it: a
    /// clock that is ahead moves floors, and so removes data, early.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.local = Arc::clone(&clock);
        self.clock = Some(clock);
        self
    }
}
