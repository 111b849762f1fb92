//! The history of utilization.

use std::time::Duration;

use super::LimitStore;
use crate::{
    query::{Scope, TimeRange},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// When a key counts as near its rate limit, and how long utilization is kept.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LimitSettings {
    /// From which percentage of the limit on a key is near it. 80 by default.
    pub threshold_pct: f64,
    /// How long the history is kept. 30 days by default.
    pub retention: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            threshold_pct: 80.0,
            retention: Duration::from_secs(30 * 86_400),
        }
    }
}

impl LimitSettings {
    /// Sets [`threshold_pct`](Self#structfield.threshold_pct).
    #[must_use]
    pub fn threshold_pct(mut self, percent: f64) -> Self {
        self.threshold_pct = percent;
        self
    }

    /// Sets [`retention`](Self#structfield.retention).
    #[must_use]
    pub fn retention(mut self, keep: Duration) -> Self {
        self.retention = keep;
        self
    }
}

/// A key's requests in one period, compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct UtilizationRow {
    /// The key.
    pub api_key_id: i64,
    /// `1m`, `5m` or `1h`.
    pub granularity: Granularity,
    /// The start of the period.
    pub period_start: UnixSeconds,
    /// Requests in the period.
    pub requests_made: u64,
    /// Requests allowed in the period: the limit a minute times its minutes.
    pub rate_limit: u64,
    /// Requests made in percent of the limit.
    pub utilization_pct: f64,
}

/// Which rows are asked for, the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UtilizationQuery {
    /// The key.
    pub api_key_id: i64,
    /// `1m`, `5m` or `1h`.
    pub granularity: Granularity,
    /// Periods that start in it.
    pub range: TimeRange,
    /// How many at most.
    pub limit: u32,
}

impl UtilizationQuery {
    /// A query for up to `limit` periods of one key.
    #[must_use]
    pub const fn new(
        api_key_id: i64,
        granularity: Granularity,
        range: TimeRange,
        limit: u32,
    ) -> Self {
        Self {
            api_key_id,
            granularity,
            range,
            limit,
        }
    }
}

/// A key that is near its limit consistently.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct NearLimit {
    /// The key.
    pub api_key_id: i64,
    /// Five-minute periods in which it sent anything.
    pub active_periods: u64,
    /// Those in which it was near its limit, or above it.
    pub near_periods: u64,
    /// The highest utilization among them, in percent.
    pub peak_pct: f64,
}

impl NearLimit {
    /// The share of its active periods in which it was near its limit, in percent.
    #[must_use]
    pub fn share_pct(&self) -> f64 {
        if self.active_periods == 0 {
            return 0.0;
        }
        self.near_periods as f64 * 100.0 / self.active_periods as f64
    }
}

/// An hour of five-minute periods: one busy moment is no habit.
const LEAST_NEAR_PERIODS: u64 = 12;

/// The keys that were near their limit in at least half of the five-minute periods of the last 24
/// hours in which they sent anything, and in at least an hour of them; the nearest first.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn near_limits(
    store: &(impl LimitStore + ?Sized),
    settings: &LimitSettings,
    scope: &Scope,
    now: UnixSeconds,
) -> Result<Vec<NearLimit>, StoreError> {
    let mut near = store
        .near_counts(scope, now - 86_400, settings.threshold_pct)
        .await?;
    near.retain(|key| key.near_periods >= LEAST_NEAR_PERIODS && key.share_pct() >= 50.0);
    near.sort_by(|a, b| {
        b.share_pct()
            .total_cmp(&a.share_pct())
            .then(a.api_key_id.cmp(&b.api_key_id))
    });
    Ok(near)
}
