//! SQL of what the collector keeps: keys of users, sessions.

use serde_json::json;
use uuid::Uuid;

use super::collector::CollectorSession;
use crate::{
    engine::{
        backend::Result,
        sql::{SqlTx, params},
    },
    time::UnixSeconds,
};

/// Users with the key that their events count for: of a tenant's users the one with the lowest number of the
/// tenant's, else the one with the lowest number of all. Users without a key are left out.
pub(super) async fn keys_of_users(
    tx: &mut dyn SqlTx,
    tenant: Option<&str>,
    users: &[String],
) -> Result<Vec<(String, String)>> {
    let d = tx.dialect();
    let keys = d.table("api_keys");
    let sql = format!(
        "SELECT user_id, external_id FROM {keys} WHERE id IN (\
           SELECT min(id) FROM {keys} WHERE user_id IN {users} AND ($2 IS NULL OR tenant_id = $2) GROUP BY user_id)",
        users = d.texts("$1"),
    );
    let rows = tx
        .fetch(sql, params![json!(users).to_string(), tenant])
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("user_id")?, row.text("external_id")?)))
        .collect()
}

/// Adds keys of users, given in one order by all processes; those that exist stay as they are.
pub(super) async fn add_users_keys(
    tx: &mut dyn SqlTx,
    keys: &[(String, Option<&str>, &str)],
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {keys} (external_id, tenant_id, user_id, created_at, updated_at) \
         SELECT {key}, {tenant}, {user}, {now}, {now} FROM {items} WHERE 1 = 1 ON CONFLICT DO NOTHING",
        keys = d.table("api_keys"),
        key = d.item_text(0),
        tenant = d.item_text(1),
        user = d.item_text(2),
        items = d.items("$1"),
        now = d.at("$2"),
    );
    tx.execute(sql, params![json!(keys).to_string(), now])
        .await?;
    Ok(())
}

/// Keeps a session, unless it is there.
pub(super) async fn insert_session(
    tx: &mut dyn SqlTx,
    session: &CollectorSession,
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} (id, token_id, user_id, started_ms, started_at) \
         VALUES ($1, $2, $3, $4, {now}) ON CONFLICT DO NOTHING",
        table = d.table("collector_session"),
        now = d.at("$5"),
    );
    let values = params![
        session.id,
        session.token_id,
        &session.user_id,
        session.started_ms,
        now,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The session of this id.
pub(super) async fn find_session(tx: &mut dyn SqlTx, id: Uuid) -> Result<Option<CollectorSession>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT token_id, user_id, started_ms, {ended} AS ended_at FROM {table} WHERE id = $1",
        ended = d.epoch("ended_at"),
        table = d.table("collector_session"),
    );
    let rows = tx.fetch(sql, params![id]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let token = row.int("token_id")?;
    let mut found = CollectorSession::new(id, token, row.text("user_id")?, row.int("started_ms")?);
    found.ended_at = row.optional_int("ended_at")?;
    Ok(Some(found))
}

/// Notes that a session's end is counted, unless that is noted already.
pub(super) async fn end_session(tx: &mut dyn SqlTx, id: Uuid, now: UnixSeconds) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {table} SET ended_at = {now} WHERE id = $1 AND ended_at IS NULL",
        table = d.table("collector_session"),
        now = d.at("$2"),
    );
    Ok(tx.execute(sql, params![id, now]).await? > 0)
}

/// Forgets sessions that began before that time.
pub(super) async fn forget_sessions(tx: &mut dyn SqlTx, before: UnixSeconds) -> Result<u64> {
    let d = tx.dialect();
    let table = d.table("collector_session");
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} \
           WHERE started_at < {before} ORDER BY started_at LIMIT 5000{skip})",
        before = d.at("$1"),
        skip = d.skip_locked(),
    );
    tx.execute(sql, params![before]).await
}
