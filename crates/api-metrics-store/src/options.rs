//! What can be set on a store.

use std::{sync::Arc, time::Duration};

use crate::{
    sketch::SketchKind,
    time::{Clock, SystemClock},
};

/// How long each granularity is kept. Days are kept forever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// `1m` buckets; 24 hours by default.
    pub minutes: Duration,
    /// `5m` buckets; 7 days by default. Never less than `minutes`.
    pub five_minutes: Duration,
    /// `1h` buckets; 90 days by default. Never less than `five_minutes`.
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

    /// How long `1m` buckets are kept.
    #[must_use]
    pub const fn minutes(mut self, keep: Duration) -> Self {
        self.minutes = keep;
        self
    }

    /// How long `5m` buckets are kept.
    #[must_use]
    pub const fn five_minutes(mut self, keep: Duration) -> Self {
        self.five_minutes = keep;
        self
    }

    /// How long `1h` buckets are kept.
    #[must_use]
    pub const fn hours(mut self, keep: Duration) -> Self {
        self.hours = keep;
        self
    }
}

/// Settings of a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    pub(crate) sketch_kind: SketchKind,
    pub(crate) retention: Retention,
    pub(crate) max_connections: u32,
    pub(crate) acquire_timeout: Duration,
    /// Instead of the database's clock.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// For spans of time within this process.
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
    /// The kind of sketch of a database that is yet to be created; an existing one must have it.
    #[must_use]
    pub fn sketch_kind(mut self, kind: SketchKind) -> Self {
        self.sketch_kind = kind;
        self
    }

    /// How long each granularity is kept.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// The most connections of the store's own pool; 5 by default, at least 2.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections.max(2);
        self
    }

    /// How long a call waits for a connection before it fails; 5 seconds by default.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Takes the time from this clock instead of the database's, for tests and imports.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.local = Arc::clone(&clock);
        self.clock = Some(clock);
        self
    }
}
