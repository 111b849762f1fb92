//! A standby that takes reads, and when it may.
//!
//! # How far it is behind
//!
//! Asked at most once a second, while there are reads: first where the primary's log ends, then how far the standby has
//! replayed it. The primary's answers are kept with their times, so the standby is as old as the latest of them that it
//! has replayed. That needs neither equal clocks nor traffic, and holds where the standby has lost its connection: its own
//! "last replayed transaction" would say an hour after a quiet hour, and nothing of what it has never received.
//!
//! # When it is not read
//!
//! - It is further behind than the setting, or nobody knows how far: the primary has not answered for as long.
//! - It does not answer, or a read on it has failed, for whatever reason. It is left alone for five seconds.
//! - It is no standby: it was promoted.
//!
//! All of these reads go to the primary. Own deltas that were acknowledged are held for 60 s and counted by the fence in the
//! standby's snapshot; a snapshot that lacks a batch which is not held any more is not read (see `engine::read`), so an
//! answer never depends on the measured lag being right.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{PgPool, Row as _};
use tracing::{info, warn};

use super::unnamed;
use crate::{
    engine::backend::Result,
    store::{StandbyState, StandbyStatus},
};

/// How long a measurement is good for.
const MEASURED_FOR: Duration = Duration::from_secs(1);
/// How long a standby that has failed is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// How long each of the two is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The largest lag that may be set. Acknowledged batches are held for twice as long.
pub(super) const MOST_LAG: Duration = Duration::from_secs(30);
/// Answers of the primary that are kept: one a second for as long as it may lag, and some.
const KEPT: usize = 64;

/// See above.
#[derive(Debug)]
pub(super) struct Standby {
    pub(super) pool: PgPool,
    max_lag: Duration,
    /// Held by whoever measures.
    measuring: tokio::sync::Mutex<()>,
    known: Mutex<Observed>,
}

/// What is known of it.
#[derive(Debug, Default)]
struct Observed {
    /// Where the primary's log ended, and when, the latest last.
    primary: VecDeque<(Instant, i64)>,
    /// When it was last asked.
    measured: Option<Instant>,
    /// Until when it is left alone.
    shunned_until: Option<Instant>,
    /// The instant whose state it has for certain.
    as_of: Option<Instant>,
    state: StandbyState,
    error: Option<String>,
}

impl Observed {
    /// How far it is behind; `None` where nobody knows.
    fn lag(&self, now: Instant) -> Option<Duration> {
        self.as_of.map(|at| now.saturating_duration_since(at))
    }

    fn turn(&mut self, state: StandbyState, error: Option<String>) {
        if self.state != state {
            match &error {
                None if state == StandbyState::Used => info!("reads go to the standby"),
                None => info!(?state, "reads go to the primary"),
                Some(error) => warn!(?state, error, "reads go to the primary"),
            }
        }
        (self.state, self.error) = (state, error);
    }
}

impl Standby {
    /// The standby behind this pool, which may be so far behind.
    pub(super) fn new(pool: PgPool, max_lag: Duration) -> Self {
        Self {
            pool,
            max_lag: max_lag.min(MOST_LAG),
            measuring: tokio::sync::Mutex::new(()),
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Observed> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a read may go there now.
    pub(super) async fn may_be_read(&self, primary: &PgPool) -> bool {
        let due = || {
            let (known, now) = (self.known(), Instant::now());
            if known.shunned_until.is_some_and(|until| now < until) {
                return Some(false);
            }
            let fresh = known
                .measured
                .is_some_and(|at| now.saturating_duration_since(at) < MEASURED_FOR);
            fresh.then_some(known.state == StandbyState::Used)
        };
        if let Some(known) = due() {
            return known;
        }
        let _one_at_a_time = self.measuring.lock().await;
        // Another read may have measured meanwhile.
        if let Some(known) = due() {
            return known;
        }
        self.measure(primary).await
    }

    async fn measure(&self, primary: &PgPool) -> bool {
        let asked = Instant::now();
        let end = within(log_end(primary)).await;
        let replayed = within(replayed(&self.pool)).await;
        let now = Instant::now();
        let mut known = self.known();
        known.measured = Some(now);
        if let Ok(end) = end {
            if known.primary.len() == KEPT {
                known.primary.pop_front();
            }
            known.primary.push_back((asked, end));
        }
        match replayed {
            Err(error) => {
                known.shunned_until = Some(now + LEFT_ALONE);
                known.as_of = None;
                known.turn(StandbyState::Gone, Some(error));
                false
            }
            Ok(None) => {
                known.shunned_until = Some(now + LEFT_ALONE);
                known.as_of = None;
                known.turn(StandbyState::Promoted, None);
                false
            }
            Ok(Some(replayed)) => {
                let reached = known.primary.iter().rev().find(|(_, end)| *end <= replayed);
                if let Some((at, _)) = reached.copied() {
                    // Older answers say nothing more.
                    known.primary.retain(|(asked, _)| *asked >= at);
                    known.as_of = Some(at);
                }
                let behind = known.lag(now).is_none_or(|lag| lag > self.max_lag);
                let state = if behind {
                    StandbyState::Behind
                } else {
                    StandbyState::Used
                };
                known.turn(state, None);
                !behind
            }
        }
    }

    /// A read on it has failed.
    pub(super) fn failed(&self, error: String) {
        let mut known = self.known();
        known.shunned_until = Some(Instant::now() + LEFT_ALONE);
        known.turn(StandbyState::Gone, Some(error));
    }

    /// A snapshot of it lacked what is not held any more, whatever was measured.
    pub(super) fn was_stale(&self) {
        let mut known = self.known();
        known.shunned_until = Some(Instant::now() + MEASURED_FOR);
        known.turn(StandbyState::Behind, None);
    }

    /// For operators. Measures where that was not done within the last second.
    pub(super) async fn status(&self, primary: &PgPool) -> StandbyStatus {
        self.may_be_read(primary).await;
        let known = self.known();
        StandbyStatus {
            state: known.state,
            lag: known.lag(Instant::now()),
            max_lag: self.max_lag,
            error: known.error.clone(),
        }
    }
}

/// Where the primary's log ends, in bytes.
async fn log_end(primary: &PgPool) -> Result<i64> {
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint";
    Ok(unnamed::query_scalar(sql).fetch_one(primary).await?)
}

/// Up to where the standby has replayed it; `None` where it is no standby.
async fn replayed(standby: &PgPool) -> Result<Option<i64>> {
    let row = unnamed::query(
        "SELECT CASE WHEN pg_is_in_recovery() THEN \
           coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint, 0) END AS replayed",
    )
    .fetch_one(standby)
    .await?;
    Ok(row.try_get("replayed")?)
}

async fn within<T>(asked: impl Future<Output = Result<T>>) -> std::result::Result<T, String> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}
