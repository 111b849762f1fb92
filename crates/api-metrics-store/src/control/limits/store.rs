//! Where the history of utilization is kept.
//!
//! One table, `rate_limit_utilization`, with a row a key, granularity and period. Minutes of 1,000 keys
//! for 30 days are up to 43 million rows, so that removal is by bounded statements of 10,000 rows a
//! granularity.

use async_trait::async_trait;

use super::{NearLimit, UtilizationQuery, UtilizationRow};
use crate::{
    control::sql,
    engine::{
        backend::{Mode, Tx},
        sql::BeginTx,
    },
    query::{Scope, TimeRange},
    store::StoreError,
    time::UnixSeconds,
};

/// Reads and writes utilization.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// Rows of one key, the latest first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn utilization(
        &self,
        query: &UtilizationQuery,
    ) -> Result<Vec<UtilizationRow>, StoreError>;

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

    /// By key: five-minute periods since `since`, and how many of them were at `threshold_pct` or
    /// above.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn near_counts(
        &self,
        scope: &Scope,
        since: UnixSeconds,
        threshold_pct: f64,
    ) -> Result<Vec<NearLimit>, StoreError>;

    /// By key, of `keys`: the highest utilization of a minute that starts in `range`, in percent. Keys
    /// without a recorded minute are missing.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn peak_utilization(
        &self,
        keys: &[i64],
        range: TimeRange,
    ) -> Result<Vec<(i64, f64)>, StoreError>;

    /// Removes a bounded number of rows of periods before `before`. Answers whether more may be
    /// left.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn forget_utilization(&self, before: UnixSeconds) -> Result<bool, StoreError>;
}

#[async_trait]
impl<T: BeginTx> LimitStore for T {
    async fn utilization(
        &self,
        query: &UtilizationQuery,
    ) -> Result<Vec<UtilizationRow>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let rows = sql::limits::list_utilization(&mut tx, query).await?;
        tx.commit().await?;
        Ok(rows)
    }

    async fn put_utilization(
        &self,
        rows: &[UtilizationRow],
        lease: &str,
        done_to: UnixSeconds,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        // The first to write locks the lease's row until the commit: two leaders would otherwise lock
        // each other's rows in turn.
        sql::notices::put_lease(&mut tx, lease, done_to).await?;
        sql::limits::put_utilization(&mut tx, rows).await?;
        tx.commit().await
    }

    async fn near_counts(
        &self,
        scope: &Scope,
        since: UnixSeconds,
        threshold_pct: f64,
    ) -> Result<Vec<NearLimit>, StoreError> {
        let mut tx = self.begin_read(scope).await?;
        let near = sql::limits::count_near_limits(&mut tx, scope, since, threshold_pct).await?;
        tx.commit().await?;
        Ok(near)
    }

    async fn peak_utilization(
        &self,
        keys: &[i64],
        range: TimeRange,
    ) -> Result<Vec<(i64, f64)>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let peaks = sql::limits::peaks(&mut tx, keys, range).await?;
        tx.commit().await?;
        Ok(peaks)
    }

    async fn forget_utilization(&self, before: UnixSeconds) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let removed = sql::limits::remove_utilization(&mut tx, before).await?;
        tx.commit().await?;
        Ok(removed >= sql::limits::MAX_REMOVED)
    }
}
