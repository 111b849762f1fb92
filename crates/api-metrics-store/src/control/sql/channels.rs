//! How the channels of notices are doing.

use super::{unknown, unsigned};
use crate::{
    control::notify::{ChannelState, DeliveryStatus, LastDelivery, MutedChannel},
    engine::{
        backend::Result,
        sql::{SqlTx, params},
    },
    time::UnixSeconds,
};

/// The channels that are muted, by name.
pub(in crate::control) async fn list_muted(tx: &mut dyn SqlTx) -> Result<Vec<MutedChannel>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT channel, {at} AS muted_at, muted_by FROM {muted} ORDER BY channel",
        at = d.epoch("muted_at"),
        muted = d.table("muted_channels"),
    );
    let rows = tx.fetch(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(MutedChannel {
                channel: row.text("channel")?,
                at: row.int("muted_at")?,
                by: row.text("muted_by")?,
            })
        })
        .collect()
}

/// Mutes a channel; false where it is muted already.
pub(in crate::control) async fn mute(
    tx: &mut dyn SqlTx,
    channel: &str,
    now: UnixSeconds,
    by: &str,
) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {muted} (channel, muted_at, muted_by) VALUES ($1, {now}, $3) ON CONFLICT DO NOTHING",
        muted = d.table("muted_channels"),
        now = d.at("$2"),
    );
    Ok(tx.execute(sql, params![channel, now, by]).await? > 0)
}

/// Ends that a channel is muted; false where it is not.
pub(in crate::control) async fn unmute(tx: &mut dyn SqlTx, channel: &str) -> Result<bool> {
    let muted = tx.dialect().table("muted_channels");
    let sql = format!("DELETE FROM {muted} WHERE channel = $1");
    Ok(tx.execute(sql, params![channel]).await? > 0)
}

/// Members of a group, which another delivery stands for, were never attempted and count for nothing.
///
/// All channels that ever had a delivery which is kept, by name.
pub(in crate::control) async fn list(tx: &mut dyn SqlTx) -> Result<Vec<ChannelState>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT s.channel, s.delivered, s.pending, s.dead, s.delivered_at, \
           l.notice_id, l.status, l.attempts, l.last_error, {updated} AS updated_at \
         FROM (SELECT channel, \
                 SUM(CASE WHEN status = 'delivered' AND attempts > 0 THEN 1 ELSE 0 END) AS delivered, \
                 SUM(CASE status WHEN 'pending' THEN 1 ELSE 0 END) AS pending, \
                 SUM(CASE status WHEN 'dead' THEN 1 ELSE 0 END) AS dead, \
                 MAX(CASE WHEN status = 'delivered' AND attempts > 0 THEN {last} END) AS delivered_at \
               FROM {deliveries} GROUP BY channel) AS s \
         JOIN {deliveries} AS l ON l.channel = s.channel AND l.notice_id = (\
           SELECT i.notice_id FROM {deliveries} AS i WHERE i.channel = s.channel \
           ORDER BY i.updated_at DESC, i.attempts DESC, i.notice_id DESC LIMIT 1) \
         ORDER BY s.channel",
        deliveries = d.table("deliveries"),
        updated = d.epoch("l.updated_at"),
        last = d.epoch("updated_at"),
    );
    let rows = tx.fetch(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            let status = row.text("status")?;
            Ok(ChannelState {
                channel: row.text("channel")?,
                delivered: unsigned(row.int("delivered")?),
                pending: unsigned(row.int("pending")?),
                dead: unsigned(row.int("dead")?),
                last_delivered_at: row.optional_int("delivered_at")?,
                last: LastDelivery {
                    notice: row.uuid("notice_id")?,
                    status: DeliveryStatus::from_name(&status)
                        .ok_or_else(|| unknown("status", &status))?,
                    attempts: unsigned(row.int("attempts")?),
                    error: row.optional_text("last_error")?,
                    at: row.int("updated_at")?,
                },
            })
        })
        .collect()
}
