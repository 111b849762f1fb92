//! The history of utilization.
//!
//! A key is near its limit consistently if, over the last 24 hours, at least half of the five-minute
//! periods in which it sent anything were at `threshold_pct` or above, and at least twelve of them,
//! which is an hour. Those keys need a higher limit or a word with their owner; a single busy moment
//! does not count.
//!
//! Because a five-minute period averages five minutes, one with a burst that hit the limit of a single
//! minute may still be below the threshold. The minute rows show it.

use std::time::Duration;

use crate::{
    control::keys::KeyRecord,
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
    /// Requests a minute of keys without a limit of their own; they have none by default.
    pub default_rate_limit: Option<u64>,
}

impl LimitSettings {
    /// Requests that `key` may send in a minute: its own limit, or the default one.
    #[must_use]
    pub fn limit_of(&self, key: &KeyRecord) -> Option<u64> {
        let own = key.spec.rate_limit_per_minute;
        own.or_else(|| self.default_rate_limit.filter(|_| !key.is_other()))
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            threshold_pct: 80.0,
            retention: Duration::from_secs(30 * 86_400),
            default_rate_limit: None,
        }
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
    /// The share of its active periods in which it was near its limit, in percent.
    pub share_pct: f64,
}
