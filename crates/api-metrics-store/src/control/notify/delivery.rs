//! The outbox and its leases.

use async_trait::async_trait;
use uuid::Uuid;

use super::Notice;
use crate::{
    control::sql,
    engine::{
        backend::{Mode, Tx},
        fold::lead,
        sql::BeginTx,
    },
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
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|status| status.as_str() == name)
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
    /// Only those after this one: when it changed, its notice, its channel.
    pub before: Option<(UnixSeconds, Uuid, String)>,
    /// How many at most.
    pub limit: u32,
}

impl DeliveryQuery {
    /// A query for up to `limit` deliveries of any status.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self {
            status: None,
            before: None,
            limit,
        }
    }
}

/// Reads the outbox. What writes to it is the evaluation; what works it off is the
/// [`Dispatcher`](super::Dispatcher).
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Deliveries, the ones that changed last first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;

    /// Makes a dead letter due again, with all its attempts before it. Answers whether there was
    /// one.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn redeliver(&self, notice: Uuid, channel: &str) -> Result<bool, StoreError>;

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
    /// before `events_before`. Answers whether more may be left.
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
    /// new get a delivery for each of `all` channels first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn claim_deliveries(
        &self,
        all: &[&str],
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
    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let deliveries = sql::notices::list_deliveries(&mut tx, query).await?;
        tx.commit().await?;
        Ok(deliveries)
    }

    async fn redeliver(&self, notice: Uuid, channel: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = sql::now(&mut tx).await?;
        let there = sql::notices::revive_delivery(&mut tx, notice, channel, now).await?;
        tx.commit().await?;
        Ok(there)
    }

    async fn publish(&self, notices: &[(Notice, UnixSeconds, bool)]) -> Result<u64, StoreError> {
        if notices.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin(Mode::Write).await?;
        let mut new = 0;
        for (notice, keep_until, deliver) in notices {
            new += u64::from(
                sql::notices::insert_notice(&mut tx, notice, *keep_until, *deliver).await?,
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
        let Some(meta) = lead(&mut tx).await? else {
            return Ok(None);
        };
        let now = meta.now();
        let done = sql::notices::lease_done_to(&mut tx, lease).await?;
        tx.commit().await?;
        // A clock that was set back must not stop the work until it has caught up.
        let due =
            done.is_none_or(|done| done > now + 3_600 || now - done >= i64::from(every_seconds));
        Ok(due.then_some(now))
    }

    async fn lease_done_to(&self, lease: &str) -> Result<Option<UnixSeconds>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let done = sql::notices::lease_done_to(&mut tx, lease).await?;
        tx.commit().await?;
        Ok(done)
    }

    async fn release_lease(&self, lease: &str, to: UnixSeconds) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        sql::notices::put_lease(&mut tx, lease, to).await?;
        tx.commit().await
    }

    async fn forget_notices(
        &self,
        now: UnixSeconds,
        events_before: UnixSeconds,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let removed = sql::notices::remove_notices(&mut tx, now)
            .await?
            .max(sql::alerts::remove_events(&mut tx, events_before).await?);
        tx.commit().await?;
        Ok(removed >= 1_000)
    }

    async fn claim_deliveries(
        &self,
        all: &[&str],
        channel: &str,
        lease_seconds: u32,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = sql::now(&mut tx).await?;
        sql::notices::fan_out(&mut tx, all, now).await?;
        let lost_at = now + i64::from(lease_seconds);
        let claimed = sql::notices::claim(&mut tx, channel, now, lost_at, i64::from(limit)).await?;
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
        sql::notices::update_delivery(&mut tx, delivery).await?;
        tx.commit().await
    }
}
