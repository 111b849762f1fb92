//! What the host's background work reports, for probes and for the status page.

use std::{
    fmt::Debug,
    time::{Duration, SystemTime},
};

/// Tells how the flush, the fold and the other tasks are doing. Asked on every probe: it must not
/// block.
pub trait HealthSource: Send + Sync + Debug + 'static {
    /// The state at this moment.
    fn health(&self) -> Health;
}

/// The state of the background work. Begin with [`Health::default`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Since when the store has not answered; `None` while it does.
    pub store_unreachable_since: Option<SystemTime>,
    /// Why it does not, in words that hold no secret. Shown to admins only.
    pub store_error: Option<String>,
    /// When a flush was last acknowledged.
    pub last_flush_at: Option<SystemTime>,
    /// How long records have been waiting for a flush beyond the interval; zero while all is well.
    pub flush_lag: Duration,
    /// Numbers of flushes that the store has lost by a restore or a failover, `first..=last` each.
    pub lost: Vec<(u64, u64)>,
    /// The tasks, one by one.
    pub tasks: Vec<TaskHealth>,
}

/// The state of one background task.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskHealth {
    /// What it does: `flush`, `fold`, `rollup`, `retention`.
    pub name: &'static str,
    /// Whether it still runs. A task that died is a bug worth a page.
    pub running: bool,
    /// When it last did its work.
    pub last_success_at: Option<SystemTime>,
    /// What went wrong last, until it succeeds again. Shown to admins only.
    pub last_error: Option<String>,
}

impl TaskHealth {
    /// A task of this name that has not done anything yet.
    #[must_use]
    pub const fn new(name: &'static str, running: bool) -> Self {
        Self {
            name,
            running,
            last_success_at: None,
            last_error: None,
        }
    }
}
