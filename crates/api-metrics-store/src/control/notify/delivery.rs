//! The outbox and its leases.
//!
//! # Tables
//!
//! | table | a row is | key |
//! |---|---|---|
//! | `notices` | a notice as JSON, until when it is kept, whether it was fanned out | id |
//! | `deliveries` | a notice on its way through one channel | notice and channel |
//! | `leases` | up to when some recurring work is done | name |
//!
//! # From a notice to a delivery
//!
//! 1. The transaction that decides something inserts the notice. An id that is there changes nothing.
//! 2. A claim first fans out: up to 200 notices get a delivery for each channel of the claiming
//!    process.
//!    Channels that [group](super::group) get theirs two seconds later.
//! 3. The claim takes up to `limit` deliveries of one channel that are pending and due. It adds one to
//!    their attempts and moves `next_attempt_at` to the end of the lease. On Postgres the rows are
//!    taken with `SKIP LOCKED`, so that processes share the work.
//! 4. The dispatcher attempts them and writes each outcome under the number of the attempt.
//!
//! | outcome | status | next attempt |
//! |---|---|---|
//! | taken | `delivered` | never |
//! | failed, may work later | `pending` | after a wait that doubles, see `schedule` |
//! | failed for good, or the tenth failure | `dead` | when somebody redelivers it |
//! | none: the process died | `pending` | when the lease of 90 s has run out |
//!
//! An attempt whose lease has run out counts as lost. Should it come to an end after all, its outcome
//! is ignored if another attempt has begun, because that one has another number. A notice so arrives at
//! least once, and always under the same id.
//!
//! # Leases of recurring work
//!
//! [`acquire_lease`](NoticeStore::acquire_lease) answers the time if this process leads and the work
//! was last done at least `every_seconds` ago; [`release_lease`](NoticeStore::release_lease) writes
//! when it was done. Work that fails is not released and so is due again at once. A mark that lies more
//! than an hour ahead was written by a wrong clock and does not count.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Notice, group};
use crate::{
    control::{alerts::KEEP_NOTICES_SECONDS, sql},
    engine::{backend::Mode, fold::lead, sql::BeginTx},
    store::StoreError,
    time::UnixSeconds,
};

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// To be tried, or being tried.
    Pending,
    /// Taken.
    Delivered,
    /// Given up: a dead letter.
    Dead,
}

impl DeliveryStatus {
    /// Its name: `pending`, `delivered`, `dead`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The one of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

impl From<DeliveryStatus> for &'static str {
    /// `pending`, `delivered` or `dead`.
    fn from(status: DeliveryStatus) -> Self {
        status.as_str()
    }
}

impl fmt::Display for DeliveryStatus {
    /// `pending`, `delivered` or `dead`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One notice on its way through one channel.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// The notice.
    pub notice: Notice,
    /// The channel's name.
    pub channel: String,
    /// How it stands.
    pub status: DeliveryStatus,
    /// Attempts made, the running one included.
    pub attempts: u64,
    /// While pending: when it is tried again; while an attempt runs: when that counts as lost.
    pub next_attempt_at: UnixSeconds,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When any of this last changed.
    pub updated_at: UnixSeconds,
}

/// Which deliveries are asked for, the ones that changed last first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryQuery {
    /// Only those that stand like this.
    pub status: Option<DeliveryStatus>,
    /// Only those of this notice, one a channel.
    pub notice: Option<Uuid>,
    /// Only those after this one: when it changed, its notice, its channel.
    pub before: Option<(UnixSeconds, Uuid, String)>,
    /// How many at most; 100 by default.
    pub limit: u32,
}

impl Default for DeliveryQuery {
    /// The last 100 deliveries of any status.
    fn default() -> Self {
        Self {
            status: None,
            notice: None,
            before: None,
            limit: 100,
        }
    }
}

/// Reads and writes the outbox. Evaluations insert notices; the dispatcher claims and delivers them.
#[async_trait]
pub(crate) trait NoticeStore: Send + Sync {
    /// Adds notices to the outbox, each with the time until which it is kept and whether it is
    /// delivered at all. One whose id is there already changes nothing; answers how many are new.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn publish(&self, notices: &[(Notice, UnixSeconds, bool)]) -> Result<u64, StoreError>;

    /// Acquires the lease of recurring work: the time, if this process leads and the work was not done
    /// within the last `every_seconds`. After a change of leader two processes may do it at once: doing
    /// it twice must not matter.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn acquire_lease(
        &self,
        lease: &str,
        every_seconds: u32,
    ) -> Result<Option<UnixSeconds>, StoreError>;

    /// Up to when the work under a lease is done.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn lease_done_to(&self, lease: &str) -> Result<Option<UnixSeconds>, StoreError>;

    /// Releases a lease and writes up to when its work is done.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn release_lease(&self, lease: &str, to: UnixSeconds) -> Result<(), StoreError>;

    /// Removes a bounded number of notices that nobody waits for and of events that were over
    /// before `events_before`, and the silences that were. Answers whether more may be left.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn forget_notices(
        &self,
        now: UnixSeconds,
        events_before: UnixSeconds,
    ) -> Result<bool, StoreError>;

    /// Takes up to `limit` deliveries of `channel` that are due. Nobody else takes them for the next
    /// `lease_seconds`, after which an attempt without an outcome counts as lost. Notices that are
    /// new get a delivery for each of the channels `all` and `grouping` first. Where `channel` is one of the latter,
    /// alerts that wait there together become one notice.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn claim_deliveries(
        &self,
        all: &[&str],
        grouping: &[&str],
        channel: &str,
        lease_seconds: u32,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Writes how an attempt went; `delivery` is a claimed one with its new status, time and error.
    /// Does nothing where the attempt counts as lost and another one has begun.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn record_attempt(&self, delivery: &Delivery) -> Result<(), StoreError>;
}

#[async_trait]
impl<T: BeginTx> NoticeStore for T {
    async fn publish(&self, notices: &[(Notice, UnixSeconds, bool)]) -> Result<u64, StoreError> {
        if notices.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin(Mode::Write).await?;
        let mut new = 0;
        for (notice, keep_until, deliver) in notices {
            new += u64::from(
                sql::notices::insert_notice(&mut *tx, notice, *keep_until, *deliver).await?,
            );
        }
        tx.commit().await?;
        Ok(new)
    }

    async fn acquire_lease(
        &self,
        lease: &str,
        every_seconds: u32,
    ) -> Result<Option<UnixSeconds>, StoreError> {
        let mut tx = self.begin(Mode::Lead).await?;
        let Some(meta) = lead(&mut *tx).await? else {
            return Ok(None);
        };
        let now = meta.now();
        let done = sql::notices::lease_done_to(&mut *tx, lease).await?;
        tx.commit().await?;
        // A clock that was set back must not stop the work until it has caught up.
        let due =
            done.is_none_or(|done| done > now + 3_600 || now - done >= i64::from(every_seconds));
        Ok(due.then_some(now))
    }

    async fn lease_done_to(&self, lease: &str) -> Result<Option<UnixSeconds>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let done = sql::notices::lease_done_to(&mut *tx, lease).await?;
        tx.commit().await?;
        Ok(done)
    }

    async fn release_lease(&self, lease: &str, to: UnixSeconds) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        sql::notices::put_lease(&mut *tx, lease, to).await?;
        tx.commit().await
    }

    async fn forget_notices(
        &self,
        now: UnixSeconds,
        events_before: UnixSeconds,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let removed = sql::notices::remove_notices(&mut *tx, now)
            .await?
            .max(sql::alerts::remove_events(&mut *tx, events_before).await?);
        sql::silences::remove_ended(&mut *tx, events_before).await?;
        tx.commit().await?;
        Ok(removed >= 1_000)
    }

    async fn claim_deliveries(
        &self,
        all: &[&str],
        grouping: &[&str],
        channel: &str,
        lease_seconds: u32,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = sql::now(&mut *tx).await?;
        sql::notices::fan_out(&mut *tx, all, grouping, now).await?;
        if grouping.contains(&channel) {
            let waiting = sql::notices::waiting(&mut *tx, channel, now).await?;
            for (group, members) in group::groups(waiting) {
                let keep_until = group.at + KEEP_NOTICES_SECONDS;
                sql::notices::insert_notice(&mut *tx, &group, keep_until, false).await?;
                sql::notices::insert_delivery(&mut *tx, group.id, channel, now).await?;
                sql::notices::mark_grouped(&mut *tx, channel, &members, now).await?;
            }
        }
        let lost_at = now + i64::from(lease_seconds);
        let claimed =
            sql::notices::claim(&mut *tx, channel, now, lost_at, i64::from(limit)).await?;
        tx.commit().await?;
        Ok(claimed
            .into_iter()
            .map(|row| Delivery {
                notice: row.notice,
                channel: row.channel,
                status: DeliveryStatus::Pending,
                attempts: row.attempts,
                next_attempt_at: lost_at,
                last_error: None,
                updated_at: now,
            })
            .collect())
    }

    async fn record_attempt(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        sql::notices::update_delivery(&mut *tx, delivery).await?;
        tx.commit().await
    }
}

/// See `ControlStore::deliveries`.
pub(in crate::control) async fn deliveries(
    store: &dyn BeginTx,
    query: &DeliveryQuery,
) -> Result<Vec<Delivery>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let deliveries = sql::notices::list_deliveries(&mut *tx, query).await?;
    tx.commit().await?;
    Ok(deliveries)
}

/// See `ControlStore::redeliver`.
pub(in crate::control) async fn redeliver(
    store: &dyn BeginTx,
    notice: Uuid,
    channel: &str,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let there = sql::notices::revive_delivery(&mut *tx, notice, channel, now).await?;
    tx.commit().await?;
    Ok(there)
}
