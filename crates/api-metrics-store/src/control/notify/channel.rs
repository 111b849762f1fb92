//! How the channels of notices are doing.

use uuid::Uuid;

use super::{DeliveryStatus, Notice};
use crate::{
    control::{audit::by, sql},
    engine::{
        audit,
        backend::{Mode, Tx},
        sql::BeginTx,
    },
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

/// See `ControlStore::channels`.
pub(in crate::control) async fn channels<T: BeginTx>(
    store: &T,
) -> Result<Vec<ChannelState>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let channels = sql::channels::list(&mut tx).await?;
    tx.commit().await?;
    Ok(channels)
}

/// See `ControlStore::test_channel`.
pub(in crate::control) async fn test_channel<T: BeginTx>(
    store: &T,
    channel: &str,
    actor: Option<&str>,
) -> Result<Uuid, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut tx).await?;
    let actor = by(actor);
    let notice = Notice::test(now, actor);
    // Of no use to any other channel.
    sql::notices::insert_notice(&mut tx, &notice, now + KEEP_TESTS_SECONDS, false).await?;
    sql::notices::insert_delivery(&mut tx, notice.id, channel, now).await?;
    audit::note(&mut tx, now, actor, "test channel", channel).await?;
    tx.commit().await?;
    Ok(notice.id)
}
