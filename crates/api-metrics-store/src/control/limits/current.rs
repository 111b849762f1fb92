//! Utilization of rate limits right now.
//!
//! A limit is per minute of the clock, in UTC, as most limiters count. Two readings follow from the
//! counts of the current and the previous minute, at second `s` of the current one:
//!
//! ```text
//! utilization          = used * 100 / limit
//! requests a minute    = used + before * (60 - s) / 60
//! hits in              = ceil((limit - used) * 60 / requests a minute), if that is at most 60 - s
//! ```
//!
//! The second is a sliding window that takes the previous minute as even. Example: a limit of 100, at
//! second 20 with 60 used and 120 in the minute before: `60 + 120 * 40 / 60 = 140` a minute, so that
//! the 40 that are left last 18 s.
//!
//! What other processes have not flushed yet is missing; with flushes every 10 s the figure lags by
//! that much.

use std::{collections::HashMap, fmt};

use super::{LimitSettings, record::by_key};
use crate::{
    control::{
        ControlStore,
        keys::KeyRecord,
        text::{count, span},
    },
    query::{Scope, TimeRange},
    store::{StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// A key's use of its rate limit right now. As text: `Key 'render-farm' is at 82/100 req/min`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LimitNow {
    /// The key.
    pub key: KeyRecord,
    /// Requests that it may send in a minute.
    pub limit: u64,
    /// Whether that is [`LimitSettings::default_rate_limit`], because the key has no limit of its own.
    pub is_default: bool,
    /// Requests in the current minute of the clock so far.
    pub used: u64,
    /// Requests in the minute before.
    pub before: u64,
    /// The moment of the count.
    pub at: UnixSeconds,
    /// What the current minute has used of the limit, in percent; 100 where the limit is 0.
    pub utilization_pct: f64,
    /// Requests a minute over the last 60 seconds: the current minute, and as much of the one
    /// before as is less than 60 seconds old, taken as even.
    pub requests_per_minute: f64,
    /// In how many seconds the limit is hit at the pace of the last 60 seconds, before the minute
    /// ends. 0: it is hit. `None`: it will not be.
    pub hits_in_seconds: Option<i64>,
    /// The same as text: `at this pace the limit is hit in 40 s`. `None`: it will not be.
    pub forecast: Option<String>,
}

impl LimitNow {
    /// A key that has sent `used` requests in the minute of `at`, and `before` in the one before.
    pub(super) fn counted(
        key: KeyRecord,
        limit: u64,
        used: u64,
        before: u64,
        at: UnixSeconds,
    ) -> Self {
        // Seconds until the current minute ends, 1 to 60.
        let left = 60 - at.rem_euclid(60);
        let requests_per_minute = used as f64 + before as f64 * left as f64 / 60.0;
        let hits_in_seconds = if used >= limit {
            Some(0)
        } else if requests_per_minute <= 0.0 {
            None
        } else {
            let pace = requests_per_minute / 60.0;
            let seconds = ((limit - used) as f64 / pace).ceil() as i64;
            (seconds <= left).then_some(seconds)
        };
        Self {
            is_default: key.spec.rate_limit_per_minute.is_none(),
            key,
            limit,
            used,
            before,
            at,
            utilization_pct: pct(used, limit),
            requests_per_minute,
            hits_in_seconds,
            forecast: hits_in_seconds.map(|seconds| match seconds {
                0 => "the limit is hit".into(),
                seconds => format!("at this pace the limit is hit in {}", span(seconds)),
            }),
        }
    }
}

impl fmt::Display for LimitNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Key '{}' is at {}/{} req/min",
            self.key.shown_label(),
            count(self.used),
            count(self.limit)
        )
    }
}

/// `made` in percent of `limit`; 100 where the limit is 0, which shuts a key out.
pub(super) fn pct(made: u64, limit: u64) -> f64 {
    if limit == 0 {
        return 100.0;
    }
    made as f64 * 100.0 / limit as f64
}

/// The keys in `scope` that have a limit, the closest to it first; unfolded data included, and what
/// `own` has not flushed yet.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn limits_now(
    store: &dyn ControlStore,
    settings: &LimitSettings,
    scope: &Scope,
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<Vec<LimitNow>, StoreError> {
    let keys = store.all_keys(scope).await?;
    limits_of(store, settings, &keys, now, own).await
}

/// The same of those of `keys` that have a limit and are enabled.
///
/// # Errors
/// As [`limits_now`].
pub(in crate::control) async fn limits_of(
    store: &dyn ControlStore,
    settings: &LimitSettings,
    keys: &[KeyRecord],
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<Vec<LimitNow>, StoreError> {
    let keys: Vec<(&KeyRecord, u64)> = keys
        .iter()
        .filter(|key| key.spec.enabled)
        .filter_map(|key| Some((key, settings.limit_of(key)?)))
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let minute = Granularity::Minute.floor(now);
    let range = TimeRange::new(minute - 60, minute + 60);
    let mut made: HashMap<(i64, bool), u64> = HashMap::new();
    for (key, start, requests) in by_key(store, Granularity::Minute, range, own).await? {
        *made.entry((key, start >= minute)).or_default() += requests;
    }
    let of = |key, current| made.get(&(key, current)).copied().unwrap_or_default();
    let mut all: Vec<LimitNow> = keys
        .into_iter()
        .map(|(key, limit)| {
            let (used, before) = (of(key.id, true), of(key.id, false));
            LimitNow::counted(key.clone(), limit, used, before, now)
        })
        .collect();
    all.sort_by(|a, b| {
        b.utilization_pct
            .total_cmp(&a.utilization_pct)
            .then(a.key.id.cmp(&b.key.id))
    });
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::keys::KeySpec;

    fn at(second: i64, used: u64, before: u64) -> LimitNow {
        let key = KeyRecord {
            id: 1,
            external_id: "k1".into(),
            spec: KeySpec {
                name: Some("render-farm".into()),
                ..KeySpec::default()
            },
            created_at: 0,
            updated_at: 0,
        };
        LimitNow::counted(key, 100, used, before, 6_000 + second)
    }

    #[test]
    fn the_text_names_the_key_and_where_it_stands() {
        assert_eq!(
            at(30, 82, 0).to_string(),
            "Key 'render-farm' is at 82/100 req/min"
        );
    }

    #[test]
    fn the_forecast_follows_the_pace_of_the_last_minute() {
        // 20 in 20 s and 60 of the minute before: 60 a minute, so 80 more take 80 s: not any more.
        assert_eq!(at(20, 20, 60).forecast, None);
        // 60 + 120 * 40 / 60 = 140 a minute: 40 more take 18 s.
        assert_eq!(
            at(20, 60, 120).forecast.as_deref(),
            Some("at this pace the limit is hit in 18 s")
        );
        assert_eq!(at(50, 100, 0).forecast.as_deref(), Some("the limit is hit"));
        assert_eq!(at(0, 0, 0).forecast, None);
        // 90 a minute, 10 left, 9 s left of the minute: 7 s.
        assert_eq!(at(51, 90, 0).hits_in_seconds, Some(7));
        assert_eq!(at(54, 90, 0).hits_in_seconds, None);
    }
}
