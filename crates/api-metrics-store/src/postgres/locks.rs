//! The locks by which transactions that add to buckets exclude one another.
//!
//! All are advisory locks of a transaction: none waits for a row, and none stays behind on a pooled connection. The first
//! key is "apmt" as a number, the second says what is locked.
//!
//! | second key | who holds it | how |
//! |---|---|---|
//! | 1, adding | whoever leads alone, a migration, a leader of a release before shares | alone |
//! | 1, adding | every share of a fold, the first one too | shared |
//! | 2 | who makes a day of the request log | alone |
//! | 3, maintaining | whoever leads | alone |
//! | 4, the turn | a share that writes what all shares write | alone, waited for |
//!
//! A release before shares takes the first lock alone. It therefore leads neither beside shares nor while one of them has
//! outlived the process that began them, and no share joins while it leads.

use std::time::Duration;

use sqlx::Row as _;

use super::{
    store::Postgres,
    tx::{BEGIN_LEAD, PgTx},
    unnamed,
};
use crate::engine::{backend::Result, shares::ShareLimits};

/// Leads alone, without waiting.
const TRY_LEAD: &str = "\
    SELECT CASE WHEN pg_try_advisory_xact_lock(1634757748, 3) \
                THEN pg_try_advisory_xact_lock(1634757748, 1) ELSE false END";
/// Keeps everybody else from adding to buckets, once `lock_timeout` has not passed before. Shares that have joined are
/// waited for, and no further ones join.
pub(super) const WAIT_TO_LEAD: &str = "SELECT pg_advisory_xact_lock(1634757748, 1)";
/// Maintains, without waiting.
const TRY_MAINTAIN: &str = "SELECT pg_try_advisory_xact_lock(1634757748, 3)";
/// Looks whether anybody adds: a lock that was taken after a savepoint is free again when the transaction goes back to
/// it. Then joins those who add, of whom there are none yet.
const TRY_BE_FIRST: &str = "\
    SAVEPOINT looked; \
    SELECT pg_try_advisory_xact_lock(1634757748, 1) AS got; \
    ROLLBACK TO SAVEPOINT looked; \
    RELEASE SAVEPOINT looked; \
    SELECT pg_try_advisory_xact_lock_shared(1634757748, 1) AS got";
/// Joins those who add, without waiting.
const TRY_JOIN: &str = "SELECT pg_try_advisory_xact_lock_shared(1634757748, 1)";
/// Waits longer than a stopped process can keep the turn, which is what `BEGIN_LEAD` lets it be idle.
const WAIT_FOR_TURN: &str =
    "SET LOCAL lock_timeout = '40s'; SELECT pg_advisory_xact_lock(1634757748, 4)";

/// Connections of the pool that shares leave to flushes and reads.
const LEFT_TO_OTHERS: u32 = 2;
/// How long a share waits for its connection. The lead is held meanwhile.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(1);

impl PgTx {
    /// Leads alone; `false` where it can't.
    pub(super) async fn lead_alone(&mut self) -> Result<bool> {
        Ok(unnamed::query_scalar(TRY_LEAD)
            .fetch_one(&mut *self.sql)
            .await?)
    }

    /// Leads so that shares may join; `false` where it can't. Two round trips.
    pub(super) async fn lead_with_shares(&mut self) -> Result<bool> {
        let maintains: bool = unnamed::query_scalar(TRY_MAINTAIN)
            .fetch_one(&mut *self.sql)
            .await?;
        if !maintains {
            return Ok(false);
        }
        let rows = sqlx::raw_sql(TRY_BE_FIRST)
            .fetch_all(&mut *self.sql)
            .await?;
        let mut got = !rows.is_empty();
        for row in rows {
            got &= row.try_get::<bool, _>("got")?;
        }
        Ok(got)
    }

    /// Joins the shares of a fold; `false` where somebody leads alone or waits to.
    pub(super) async fn join_shares(&mut self) -> Result<bool> {
        Ok(unnamed::query_scalar(TRY_JOIN)
            .fetch_one(&mut *self.sql)
            .await?)
    }

    /// Waits until no other share writes what all shares write.
    pub(super) async fn turn(&mut self) -> Result<()> {
        sqlx::raw_sql(WAIT_FOR_TURN).execute(&mut *self.sql).await?;
        Ok(())
    }
}

impl Postgres {
    /// How many transactions the settings and the pool allow a fold; `None` where it is one.
    pub(super) fn share_limits(&self) -> Option<ShareLimits> {
        let spare = self.pool.options().get_max_connections();
        let most = self
            .options
            .folds_side_by_side
            .min(spare.saturating_sub(LEFT_TO_OTHERS));
        (most > 1).then_some(ShareLimits {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            rows: self.share_rows,
        })
    }

    /// Opens a further transaction that leads; `None` where nothing would be left to others, or no connection comes soon.
    pub(super) async fn spare_transaction(&self) -> Option<PgTx> {
        let size = usize::try_from(self.pool.size()).ok()?;
        let in_use = size.saturating_sub(self.pool.num_idle());
        let most = usize::try_from(self.pool.options().get_max_connections()).ok()?;
        if in_use + 1 >= most {
            return None;
        }
        let begun = self.begun(&self.pool, BEGIN_LEAD);
        tokio::time::timeout(WAIT_FOR_CONNECTION, begun)
            .await
            .ok()?
            .ok()
    }
}
