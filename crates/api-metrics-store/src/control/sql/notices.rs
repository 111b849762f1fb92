//! The outbox: notices, their deliveries, and the leases of recurring work.

use uuid::Uuid;

use super::{bounded, only, signed, unknown, unsigned};
use crate::{
    control::notify::{
        Delivery, DeliveryQuery, DeliveryStatus, MAX_ATTEMPTS, Notice, WAIT_SECONDS,
    },
    engine::{
        backend::Result,
        sql::{FetchedRow, SqlTx, params},
    },
    store::StoreError,
    text::escaped,
    time::UnixSeconds,
};

/// Notices that one statement removes at most.
pub(in crate::control) const MAX_REMOVED: u64 = 1_000;

/// Notices that one claim makes deliveries for at most.
const MAX_FANNED_OUT: u64 = 200;

/// An attempt that this process has claimed.
#[derive(Debug, Clone)]
pub(in crate::control) struct ClaimedDelivery {
    pub notice: Notice,
    pub channel: String,
    pub attempts: u64,
}

/// Adds a notice; answers whether it is new. Where `deliver` is false it gets no deliveries.
pub(in crate::control) async fn insert_notice(
    tx: &mut dyn SqlTx,
    notice: &Notice,
    keep_until: UnixSeconds,
    deliver: bool,
) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {notices} (id, at, keep_until, body, fanned_out) \
         VALUES ($1, {at}, {keep}, $4, $5) ON CONFLICT DO NOTHING",
        notices = d.table("notices"),
        at = d.at("$2"),
        keep = d.at("$3"),
    );
    let values = params![
        notice.id,
        bounded(notice.at),
        bounded(keep_until),
        notice.to_json(),
        !deliver,
    ];
    Ok(tx.execute(sql, values).await? > 0)
}

/// Up to 1,000 notices after `after` by id that say what was behind an alert; `None` where another release has written what is none
/// of ours.
pub(in crate::control) async fn list_with_causes(
    tx: &mut dyn SqlTx,
    after: Uuid,
) -> Result<Vec<(Uuid, Option<Notice>)>> {
    let sql = format!(
        "SELECT id, body FROM {notices} WHERE id > $1 AND body LIKE '%\"causes\":%' ORDER BY id LIMIT 1000",
        notices = tx.dialect().table("notices"),
    );
    let rows = tx.fetch(sql, params![after]).await?;
    rows.iter()
        .map(|row| Ok((row.uuid("id")?, read_notice(&row.text("body")?).ok())))
        .collect()
}

/// Writes a notice anew.
pub(in crate::control) async fn update_notice(tx: &mut dyn SqlTx, notice: &Notice) -> Result<()> {
    let sql = format!(
        "UPDATE {notices} SET body = $2 WHERE id = $1",
        notices = tx.dialect().table("notices"),
    );
    tx.execute(sql, params![notice.id, notice.to_json()])
        .await?;
    Ok(())
}

/// Lets a notice be delivered that was kept back; one that has deliveries is left alone.
pub(in crate::control) async fn release_notice(tx: &mut dyn SqlTx, id: Uuid) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {notices} SET fanned_out = NOT {yes} WHERE id = $1 AND NOT EXISTS (\
           SELECT 1 FROM {deliveries} AS d WHERE d.notice_id = $1)",
        notices = d.table("notices"),
        yes = d.yes(),
        deliveries = d.table("deliveries"),
    );
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// Whether a notice is delivered or will be: it has deliveries, or is to get some. One that is not there any more was.
pub(in crate::control) async fn is_told(tx: &mut dyn SqlTx, id: Uuid) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT n.id FROM {notices} AS n WHERE n.id = $1 AND n.fanned_out AND NOT EXISTS (\
           SELECT 1 FROM {deliveries} AS d WHERE d.notice_id = n.id)",
        notices = d.table("notices"),
        deliveries = d.table("deliveries"),
    );
    Ok(tx.fetch(sql, params![id]).await?.is_empty())
}

/// Makes the deliveries of notices that have none yet: on `channels` due at once, on `grouping` a little later, so
/// that they can wait for others.
///
/// Up to three statements a notice. A muted channel gets none. Whoever comes second finds the notice fanned out.
pub(in crate::control) async fn fan_out(
    tx: &mut dyn SqlTx,
    channels: &[&str],
    grouping: &[&str],
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let notices = d.table("notices");
    // Waits for another channel's transaction instead of skipping the rows that it has locked.
    let sql = format!(
        "SELECT id FROM {notices} WHERE NOT fanned_out ORDER BY at, id LIMIT {MAX_FANNED_OUT}{lock}",
        lock = d.for_update(),
    );
    let kinds = [(channels, now), (grouping, now + WAIT_SECONDS)];
    for row in tx.fetch(sql, &[]).await? {
        let id = row.uuid("id")?;
        for (channels, due_at) in kinds.iter().filter(|(channels, _)| !channels.is_empty()) {
            let channels = serde_json::Value::from(channels.to_vec()).to_string();
            let sql = format!(
                "INSERT INTO {deliveries} (notice_id, channel, next_attempt_at, updated_at) \
                 SELECT $1, c.value, {due_at}, {now} FROM {channels} AS c \
                 WHERE NOT EXISTS (SELECT 1 FROM {muted} AS m WHERE m.channel = c.value) \
                 ON CONFLICT DO NOTHING",
                muted = d.table("muted_channels"),
                deliveries = d.table("deliveries"),
                now = d.at("$3"),
                due_at = d.at("$4"),
                channels = d.texts("$2"),
            );
            tx.execute(sql, params![id, &channels, now, *due_at])
                .await?;
        }
        let sql = format!(
            "UPDATE {notices} SET fanned_out = {yes} WHERE id = $1",
            yes = d.yes(),
        );
        tx.execute(sql, params![id]).await?;
    }
    Ok(())
}

/// Adds a delivery of one notice through one channel, due at `now`; one that is there stays.
pub(in crate::control) async fn insert_delivery(
    tx: &mut dyn SqlTx,
    notice: Uuid,
    channel: &str,
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {deliveries} (notice_id, channel, next_attempt_at, updated_at) \
         VALUES ($1, $2, {now}, {now}) ON CONFLICT DO NOTHING",
        deliveries = d.table("deliveries"),
        now = d.at("$3"),
    );
    tx.execute(sql, params![notice, channel, now]).await?;
    Ok(())
}

/// Notices that were never tried on this channel and wait there, once the first of them is due. Up to
/// [`MAX_FANNED_OUT`]; those that can't be read are left out.
pub(in crate::control) async fn waiting(
    tx: &mut dyn SqlTx,
    channel: &str,
    now: UnixSeconds,
) -> Result<Vec<Notice>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT n.body, {due} AS due_at FROM {deliveries} AS d JOIN {notices} AS n ON n.id = d.notice_id \
         WHERE d.channel = $1 AND d.status = 'pending' AND d.attempts = 0 \
         ORDER BY d.next_attempt_at, d.notice_id LIMIT {MAX_FANNED_OUT}{lock}",
        due = d.epoch("d.next_attempt_at"),
        deliveries = d.table("deliveries"),
        notices = d.table("notices"),
        lock = d.for_update_of("d"),
    );
    let rows = tx.fetch(sql, params![channel]).await?;
    match rows.first() {
        Some(first) if first.int("due_at")? <= now => {}
        _ => return Ok(Vec::new()),
    }
    let notices = rows.iter().filter_map(|row| {
        let body = row.text("body").ok()?;
        read_notice(&body).ok()
    });
    Ok(notices.collect())
}

/// Writes that deliveries are part of a group's, which is delivered in their place.
pub(in crate::control) async fn mark_grouped(
    tx: &mut dyn SqlTx,
    channel: &str,
    members: &[Uuid],
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {deliveries} SET status = 'delivered', updated_at = {now} \
         WHERE notice_id = $1 AND channel = $2 AND status = 'pending'",
        deliveries = d.table("deliveries"),
        now = d.at("$3"),
    );
    for member in members {
        tx.execute(sql.clone(), params![*member, channel, now])
            .await?;
    }
    Ok(())
}

/// Claims deliveries that are due, so that no other process attempts them until `lost_at`. An
/// event's firing comes before its end.
///
/// Ordered by time, then firing before end, then id. Takes one statement, and one more a delivery for its body.
pub(in crate::control) async fn claim(
    tx: &mut dyn SqlTx,
    channel: &str,
    now: UnixSeconds,
    lost_at: UnixSeconds,
    limit: i64,
) -> Result<Vec<ClaimedDelivery>> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {deliveries} SET attempts = attempts + 1, next_attempt_at = {lost}, \
           updated_at = {now} \
         WHERE (notice_id, channel) IN (\
           SELECT notice_id, channel FROM {deliveries} \
           WHERE status = 'pending' AND next_attempt_at <= {now} AND channel = $1 \
           ORDER BY next_attempt_at, notice_id LIMIT $4{lock}) \
         RETURNING notice_id, channel, attempts",
        deliveries = d.table("deliveries"),
        now = d.at("$2"),
        lost = d.at("$3"),
        lock = d.skip_locked(),
    );
    let due = tx.fetch(sql, params![channel, now, lost_at, limit]).await?;
    let mut claimed = Vec::with_capacity(due.len());
    for row in &due {
        let id = row.uuid("notice_id")?;
        let sql = format!(
            "SELECT body FROM {notices} WHERE id = $1",
            notices = d.table("notices"),
        );
        let body = only(tx.fetch(sql, params![id]).await?)?.text("body");
        let channel = row.text("channel")?;
        let attempts = unsigned(row.int("attempts")?);
        match body.and_then(|body| read_notice(&body)) {
            Ok(notice) => claimed.push(ClaimedDelivery {
                notice,
                channel,
                attempts,
            }),
            Err(error) => mark_unreadable(tx, id, &channel, attempts, &error.to_string()).await?,
        }
    }
    claimed.sort_by_key(|claimed| (claimed.notice.at, claimed.notice.kind, claimed.notice.id));
    Ok(claimed)
}

/// The attempt is left to run out, so that a process of a newer release can take the next one; after
/// the last attempt the delivery is a dead letter.
///
/// Releases may run side by side during an update, and a newer one may write notices that this one
/// can't read.
async fn mark_unreadable(
    tx: &mut dyn SqlTx,
    id: Uuid,
    channel: &str,
    attempts: u64,
    error: &str,
) -> Result<()> {
    let dead = attempts >= MAX_ATTEMPTS;
    // It may repeat what was stored, NUL included, which Postgres takes in no text.
    let error = escaped(error).into_owned();
    tracing::warn!(channel, %id, attempts, dead, "a notice can't be read: {error}");
    let status = if dead {
        DeliveryStatus::Dead
    } else {
        DeliveryStatus::Pending
    };
    let sql = format!(
        "UPDATE {deliveries} SET status = $3, last_error = $4 WHERE notice_id = $1 AND channel = $2",
        deliveries = tx.dialect().table("deliveries"),
    );
    tx.execute(sql, params![id, channel, status.as_str(), error])
        .await?;
    Ok(())
}

/// Writes how an attempt went, unless another one has begun since.
pub(in crate::control) async fn update_delivery(
    tx: &mut dyn SqlTx,
    delivery: &Delivery,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {deliveries} SET status = $4, next_attempt_at = {next}, last_error = $6, \
           updated_at = {updated} \
         WHERE notice_id = $1 AND channel = $2 AND attempts = $3",
        deliveries = d.table("deliveries"),
        next = d.at("$5"),
        updated = d.at("$7"),
    );
    let values = params![
        delivery.notice.id,
        &delivery.channel,
        signed(delivery.attempts),
        delivery.status.as_str(),
        bounded(delivery.next_attempt_at),
        &delivery.last_error,
        delivery.updated_at,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Deliveries, the ones that changed last first. Those whose notice can't be read are left out.
pub(in crate::control) async fn list_deliveries(
    tx: &mut dyn SqlTx,
    query: &DeliveryQuery,
) -> Result<Vec<Delivery>> {
    let d = tx.dialect();
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut before = query.before.clone();
    let mut found = Vec::new();
    loop {
        let sql = format!(
            "SELECT n.body, d.notice_id, d.channel, d.status, d.attempts, d.last_error, \
               {next} AS next_attempt_at, {updated} AS updated_at \
             FROM {deliveries} AS d JOIN {notices} AS n ON n.id = d.notice_id \
             WHERE ($1 IS NULL OR d.status = $1) AND ($6 IS NULL OR d.notice_id = $6) \
               AND ($2 IS NULL OR d.updated_at < {before} OR (d.updated_at = {before} \
                 AND (d.notice_id < $3 OR (d.notice_id = $3 AND d.channel < $4)))) \
             ORDER BY d.updated_at DESC, d.notice_id DESC, d.channel DESC LIMIT $5",
            next = d.epoch("d.next_attempt_at"),
            updated = d.epoch("d.updated_at"),
            deliveries = d.table("deliveries"),
            notices = d.table("notices"),
            before = d.at("$2"),
        );
        let values = params![
            query.status.map(DeliveryStatus::as_str),
            before.as_ref().map(|(at, _, _)| bounded(*at)),
            before.as_ref().map(|(_, id, _)| *id),
            before.as_ref().map(|(_, _, channel)| channel.as_str()),
            i64::from(query.limit),
            query.notice,
        ];
        let rows = tx.fetch(sql, values).await?;
        for row in &rows {
            found.extend(delivery(row)?);
        }
        // Where some can't be read, the list goes on behind them.
        let more = rows.len() >= limit && found.len() < limit;
        let Some(last) = rows.last().filter(|_| more) else {
            found.truncate(limit);
            return Ok(found);
        };
        before = Some((
            last.int("updated_at")?,
            last.uuid("notice_id")?,
            last.text("channel")?,
        ));
    }
}

/// Makes a dead delivery due again; answers whether there was one.
pub(in crate::control) async fn revive_delivery(
    tx: &mut dyn SqlTx,
    notice: Uuid,
    channel: &str,
    now: UnixSeconds,
) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {deliveries} SET status = 'pending', attempts = 0, next_attempt_at = {now}, \
           updated_at = {now} \
         WHERE notice_id = $1 AND channel = $2 AND status = 'dead'",
        deliveries = d.table("deliveries"),
        now = d.at("$3"),
    );
    Ok(tx.execute(sql, params![notice, channel, now]).await? > 0)
}

/// Removes notices that are over and have no pending delivery, at most [`MAX_REMOVED`]; answers how
/// many.
pub(in crate::control) async fn remove_notices(
    tx: &mut dyn SqlTx,
    before: UnixSeconds,
) -> Result<u64> {
    let d = tx.dialect();
    let sql = format!(
        "DELETE FROM {notices} WHERE id IN (\
           SELECT n.id FROM {notices} AS n WHERE n.keep_until < {before} AND NOT EXISTS (\
             SELECT 1 FROM {deliveries} AS d WHERE d.notice_id = n.id AND d.status = 'pending') \
           LIMIT {MAX_REMOVED})",
        notices = d.table("notices"),
        deliveries = d.table("deliveries"),
        before = d.at("$1"),
    );
    tx.execute(sql, params![bounded(before)]).await
}

/// Up to when the work under a lease is done.
pub(in crate::control) async fn lease_done_to(
    tx: &mut dyn SqlTx,
    lease: &str,
) -> Result<Option<UnixSeconds>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT {done} AS done_to FROM {leases} WHERE name = $1",
        done = d.epoch("done_to"),
        leases = d.table("leases"),
    );
    super::first_int(&tx.fetch(sql, params![lease]).await?, "done_to")
}

/// Writes up to when the work under a lease is done.
pub(in crate::control) async fn put_lease(
    tx: &mut dyn SqlTx,
    lease: &str,
    done_to: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {leases} (name, done_to) VALUES ($1, {done}) \
         ON CONFLICT (name) DO UPDATE SET done_to = excluded.done_to",
        leases = d.table("leases"),
        done = d.at("$2"),
    );
    tx.execute(sql, params![lease, done_to]).await?;
    Ok(())
}

/// A notice from its JSON.
fn read_notice(body: &str) -> Result<Notice> {
    serde_json::from_str(body).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// `None`: its notice can't be read.
fn delivery(row: &FetchedRow) -> Result<Option<Delivery>> {
    let status = row.text("status")?;
    let Ok(notice) = row.text("body").and_then(|body| read_notice(&body)) else {
        return Ok(None);
    };
    Ok(Some(Delivery {
        notice,
        channel: row.text("channel")?,
        status: DeliveryStatus::from_name(&status).ok_or_else(|| unknown("status", &status))?,
        attempts: unsigned(row.int("attempts")?),
        next_attempt_at: row.int("next_attempt_at")?,
        last_error: row.optional_text("last_error")?,
        updated_at: row.int("updated_at")?,
    }))
}
