//! How the channels of notices are doing.

use async_trait::async_trait;
use uuid::Uuid;

use super::{DeliveryStatus, Notice};
use crate::{
    control::{audit::by, sql},
    engine::{audit, backend::Mode, sql::BeginTx},
    store::StoreError,
    time::UnixSeconds,
};

/// How long a test is kept, in seconds.
const KEEP_TESTS_SECONDS: i64 = 86_400;

/// The last delivery through a channel that anything became of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastDelivery {
    /// The notice's id.
    pub notice: Uuid,
    /// How it stands.
    pub status: DeliveryStatus,
    /// Attempts made, the running one included.
    pub attempts: u64,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When any of this last changed.
    pub at: UnixSeconds,
}

/// How a channel is doing, by the deliveries that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelState {
    /// The channel's name.
    pub channel: String,
    /// Notices that were taken.
    pub delivered: u64,
    /// Notices that are to be tried, or being tried.
    pub pending: u64,
    /// Dead letters.
    pub dead: u64,
    /// When a notice was last taken.
    pub last_delivered_at: Option<UnixSeconds>,
    /// The delivery that changed last.
    pub last: LastDelivery,
}

/// A channel that notices do not go to until it is switched on again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MutedChannel {
    /// The channel's name.
    pub channel: String,
    /// Since when.
    pub at: UnixSeconds,
    /// Who has muted it; at most 500 characters.
    pub by: String,
}

/// Switches channels off and on, whatever process has them.
#[async_trait]
pub trait ChannelStore: Send + Sync {
    /// The channels that are muted, by name.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn muted_channels(&self) -> Result<Vec<MutedChannel>, StoreError>;

    /// Mutes a channel or ends that. Notices that come up while it is muted are not delivered through it, nor later;
    /// what was to be delivered before still is, and a test goes through.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn mute_channel(
        &self,
        channel: &str,
        muted: bool,
        actor: Option<&str>,
    ) -> Result<(), StoreError>;
}

#[async_trait]
impl<T: BeginTx> ChannelStore for T {
    async fn muted_channels(&self) -> Result<Vec<MutedChannel>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let muted = sql::channels::list_muted(&mut *tx).await?;
        tx.commit().await?;
        Ok(muted)
    }

    async fn mute_channel(
        &self,
        channel: &str,
        muted: bool,
        actor: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = sql::now(&mut *tx).await?;
        let actor = by(actor);
        let (changed, action) = if muted {
            let who: String = actor.chars().take(500).collect();
            let changed = sql::channels::mute(&mut *tx, channel, now, &who).await?;
            (changed, "mute channel")
        } else {
            let changed = sql::channels::unmute(&mut *tx, channel).await?;
            (changed, "unmute channel")
        };
        if changed {
            audit::note(&mut *tx, now, actor, action, channel).await?;
        }
        tx.commit().await
    }
}

/// See `ControlStore::channels`.
pub(in crate::control) async fn channels(
    store: &dyn BeginTx,
) -> Result<Vec<ChannelState>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let channels = sql::channels::list(&mut *tx).await?;
    tx.commit().await?;
    Ok(channels)
}

/// See `ControlStore::test_channel`.
pub(in crate::control) async fn test_channel(
    store: &dyn BeginTx,
    channel: &str,
    actor: Option<&str>,
) -> Result<Uuid, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let actor = by(actor);
    let notice = Notice::test(now, actor);
    // Of no use to any other channel.
    sql::notices::insert_notice(&mut *tx, &notice, now + KEEP_TESTS_SECONDS, false).await?;
    sql::notices::insert_delivery(&mut *tx, notice.id, channel, now).await?;
    audit::note(&mut *tx, now, actor, "test channel", channel).await?;
    tx.commit().await?;
    Ok(notice.id)
}
