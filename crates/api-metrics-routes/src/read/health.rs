//! What the host's background work reports, for probes and for the status page.
//!
//! The facade implements [`HealthSource`]; a host that runs its own background work can too.

use std::{
    fmt::Debug,
    time::{Duration, SystemTime},
};

use api_metrics_store::store::Misconfiguration;

/// Tells how the flush, the fold and the other tasks are doing.
///
/// Asked on every probe and every scrape: it must not block. Connect it by
/// [`AdminBuilder::health`](crate::AdminBuilder::health).
///
/// ```
/// use api_metrics_routes::{Health, HealthSource, TaskHealth};
///
/// #[derive(Debug)]
/// struct Background;
///
/// impl HealthSource for Background {
///     fn health(&self) -> Health {
///         let mut health = Health::default();
///         health.tasks.push(TaskHealth::new("flush", true));
///         health
///     }
/// }
/// ```
pub trait HealthSource: Send + Sync + Debug + 'static {
    /// The state at this moment.
    fn health(&self) -> Health;
}

/// The state of the background work. It may grow: begin with [`Health::default`], which says that all
/// is well and nothing was done yet, and set what differs.
///
/// ```
/// use std::time::SystemTime;
/// use api_metrics_routes::Health;
///
/// let mut health = Health::default();
/// health.last_flush_at = Some(SystemTime::now());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Since when the store has not answered; `None` while it does. Readiness is 503 meanwhile.
    pub store_unreachable_since: Option<SystemTime>,
    /// Why the store does not answer, in words that hold no secret. Shown to admins only.
    pub store_error: Option<String>,
    /// What is wrong about the configuration, where that is why the store can't be used. Its name is
    /// shown to all.
    pub store_misconfiguration: Option<Misconfiguration>,
    /// When a flush was last acknowledged by the store.
    pub last_flush_at: Option<SystemTime>,
    /// How long records have been waiting for a flush beyond the flush interval; zero while all is well.
    pub flush_lag: Duration,
    /// Sequence numbers of flush batches that the store has lost by a restore or a failover, as
    /// inclusive spans `(first, last)`. Empty is normal.
    pub lost: Vec<(u64, u64)>,
    /// The background tasks, one by one.
    pub tasks: Vec<TaskHealth>,
}

/// The state of one background task. It may grow: begin with [`TaskHealth::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskHealth {
    /// What it does: `flush`, `fold`, `rollup`, `retention`, `alerts`, `notices`.
    pub name: &'static str,
    /// Whether it still runs. Readiness is 503 where one does not: a task that died is a bug.
    pub running: bool,
    /// When it last did its work; `None` before the first time.
    pub last_success_at: Option<SystemTime>,
    /// What went wrong last, until it succeeds again. Shown to admins only.
    pub last_error: Option<String>,
    /// Since when every run has failed; `None` while it succeeds.
    pub failing_since: Option<SystemTime>,
    /// Whether it has failed for longer than is bearable. Readiness is 503 where one has.
    pub stalled: bool,
    /// How long its last run took.
    pub last_duration: Option<Duration>,
    /// Runs that have failed since the process began.
    pub failures: u64,
    /// When it runs next; `None` where nothing is planned.
    pub next_at: Option<SystemTime>,
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
            failing_since: None,
            stalled: false,
            last_duration: None,
            failures: 0,
            next_at: None,
        }
    }
}
