//! Where the history of utilization is kept.
//!
//! One table, `rate_limit_utilization`, with a row a key, granularity and period. Minutes of 1,000 keys
//! for 30 days are up to 43 million rows, so that removal is by bounded statements of 10,000 rows a
//! granularity.

use async_trait::async_trait;

use super::{LimitSettings, NearLimit, UtilizationRow};
use crate::{
    control::{
        headroom::{HourHit, MinutePeak},
        sql,
    },
    engine::{backend::Mode, sql::BeginTx},
    query::{Scope, TimeRange},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// An hour of five-minute periods: one busy moment is no habit.
const LEAST_NEAR_PERIODS: u64 = 12;

/// Reads and writes utilization.
#[async_trait]
pub(crate) trait LimitStore: Send + Sync {
    /// Writes rows, replacing those of the same periods, together with up to when the work under the lease is done.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit; nothing was written then.
    async fn put_utilization(
        &self,
        rows: &[UtilizationRow],
        lease: &str,
        done_to: UnixSeconds,
    ) -> Result<(), StoreError>;

    /// Removes a bounded number of rows of periods before `before`. Answers whether more may be
    /// left.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn forget_utilization(&self, before: UnixSeconds) -> Result<bool, StoreError>;

    /// By key: its busiest recorded minute in `range`, and what was over its limit of today; `default` is that of keys
    /// without their own.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn minute_peaks(
        &self,
        scope: &Scope,
        default: Option<u64>,
        range: TimeRange,
    ) -> Result<Vec<MinutePeak>, StoreError>;

    /// The hours of these ranges in which keys reached their limit of today.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn hour_hits(
        &self,
        scope: &Scope,
        default: Option<u64>,
        ranges: &[TimeRange],
    ) -> Result<Vec<HourHit>, StoreError>;

    /// By key: the first hour that is recorded of it.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn first_recorded(&self, scope: &Scope) -> Result<Vec<(i64, UnixSeconds)>, StoreError>;
}

#[async_trait]
impl<T: BeginTx> LimitStore for T {
    async fn put_utilization(
        &self,
        rows: &[UtilizationRow],
        lease: &str,
        done_to: UnixSeconds,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        // The first to write locks the lease's row until the commit: two leaders would otherwise lock
        // each other's rows in turn.
        sql::notices::put_lease(&mut *tx, lease, done_to).await?;
        sql::limits::put_utilization(&mut *tx, rows).await?;
        tx.commit().await
    }

    async fn forget_utilization(&self, before: UnixSeconds) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let removed = sql::limits::remove_utilization(&mut *tx, before).await?;
        tx.commit().await?;
        Ok(removed >= sql::limits::MAX_REMOVED)
    }

    async fn minute_peaks(
        &self,
        scope: &Scope,
        default: Option<u64>,
        range: TimeRange,
    ) -> Result<Vec<MinutePeak>, StoreError> {
        let mut tx = self.begin_read(scope).await?;
        let peaks = sql::headroom::minute_peaks(&mut *tx, scope, default, range).await?;
        tx.commit().await?;
        Ok(peaks)
    }

    async fn hour_hits(
        &self,
        scope: &Scope,
        default: Option<u64>,
        ranges: &[TimeRange],
    ) -> Result<Vec<HourHit>, StoreError> {
        let mut tx = self.begin_read(scope).await?;
        let mut hits = Vec::new();
        for range in ranges {
            hits.extend(sql::headroom::hour_hits(&mut *tx, scope, default, *range).await?);
        }
        tx.commit().await?;
        Ok(hits)
    }

    async fn first_recorded(&self, scope: &Scope) -> Result<Vec<(i64, UnixSeconds)>, StoreError> {
        let mut tx = self.begin_read(scope).await?;
        let firsts = sql::headroom::first_recorded(&mut *tx, scope).await?;
        tx.commit().await?;
        Ok(firsts)
    }
}

/// See `ControlStore::utilization`.
pub(in crate::control) async fn utilization(
    store: &dyn BeginTx,
    api_key_id: i64,
    granularity: Granularity,
    range: TimeRange,
    limit: u32,
) -> Result<Vec<UtilizationRow>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let rows =
        sql::limits::list_utilization(&mut *tx, api_key_id, granularity, range, limit).await?;
    tx.commit().await?;
    Ok(rows)
}

/// See `ControlStore::near_limits`.
pub(in crate::control) async fn near_limits(
    store: &dyn BeginTx,
    settings: &LimitSettings,
    scope: &Scope,
    now: UnixSeconds,
) -> Result<Vec<NearLimit>, StoreError> {
    let mut near = near_counts(store, scope, now - 86_400, settings.threshold_pct).await?;
    near.retain(|key| key.near_periods >= LEAST_NEAR_PERIODS && key.share_pct >= 50.0);
    near.sort_by(|a, b| {
        b.share_pct
            .total_cmp(&a.share_pct)
            .then(a.api_key_id.cmp(&b.api_key_id))
    });
    Ok(near)
}

/// By key: five-minute periods since `since`, and how many of them were at `threshold_pct` or above.
async fn near_counts(
    store: &dyn BeginTx,
    scope: &Scope,
    since: UnixSeconds,
    threshold_pct: f64,
) -> Result<Vec<NearLimit>, StoreError> {
    let mut tx = store.begin_read(scope).await?;
    let near = sql::limits::count_near_limits(&mut *tx, scope, since, threshold_pct).await?;
    tx.commit().await?;
    Ok(near)
}

/// See `ControlStore::peak_utilization`.
pub(in crate::control) async fn peak_utilization(
    store: &dyn BeginTx,
    keys: &[i64],
    range: TimeRange,
) -> Result<Vec<(i64, f64)>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let peaks = sql::limits::peaks(&mut *tx, keys, range).await?;
    tx.commit().await?;
    Ok(peaks)
}
