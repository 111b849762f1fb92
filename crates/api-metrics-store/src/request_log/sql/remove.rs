//! Statements that remove what is old, or what is to be erased.

use super::{Conditions, DAY_MS, unsigned};
use crate::engine::{
    backend::Result,
    sql::{Dialect, FetchedRow, SqlTx, params},
};

/// Rows deleted in one step.
const STEP: i64 = 5_000;

/// A day of the log.
#[derive(Debug, Clone, Copy)]
pub(in crate::request_log) struct StoredDay {
    /// Days since 1970.
    pub(in crate::request_log) day: i64,
    pub(in crate::request_log) bytes: u64,
}

/// The days that are stored, the oldest first.
pub(in crate::request_log) async fn days(tx: &mut dyn SqlTx) -> Result<Vec<StoredDay>> {
    let sql = match tx.dialect() {
        Dialect::Postgres => "SELECT day, bytes FROM api_metrics.request_days() ORDER BY day",
        Dialect::Sqlite => "SELECT day, bytes FROM api_metrics_request_log_day ORDER BY day",
    };
    let rows = tx.fetch(sql.to_owned(), params![]).await?;
    let day = |row: &FetchedRow| {
        Ok(StoredDay {
            day: row.int("day")?,
            bytes: unsigned(row.int("bytes")?),
        })
    };
    rows.iter().map(day).collect()
}

/// Destroys the keys of days before this one.
pub(in crate::request_log) async fn destroy_keys(tx: &mut dyn SqlTx, before: i64) -> Result<u64> {
    secure(tx).await?;
    let table = tx.dialect().table("request_log_day_key");
    tx.execute(
        format!("DELETE FROM {table} WHERE day < $1"),
        params![before],
    )
    .await
}

/// Forgets groups that nothing is kept of.
pub(in crate::request_log) async fn forget_groups(
    tx: &mut dyn SqlTx,
    before_ms: i64,
) -> Result<u64> {
    let table = tx.dialect().table("request_log_group");
    let sql = format!("DELETE FROM {table} WHERE last_seen_ms < $1");
    let forgotten = tx.execute(sql, params![before_ms]).await?;
    if forgotten > 0 {
        for of_group in ["request_log_group_text", "request_log_group_vector"] {
            let sql = format!(
                "DELETE FROM {} WHERE group_id NOT IN (SELECT id FROM {table})",
                tx.dialect().table(of_group)
            );
            tx.execute(sql, params![]).await?;
        }
    }
    Ok(forgotten)
}

/// Removes a day, or on SQLite a step of it. Returns whether it is gone.
///
/// # Errors
/// `StoreError::Timeout` where somebody reads it on Postgres: it is tried again later.
pub(in crate::request_log) async fn remove_day(tx: &mut dyn SqlTx, day: i64) -> Result<bool> {
    if tx.dialect() == Dialect::Postgres {
        // A slow reader is never waited for, because others would wait behind.
        tx.execute("SET LOCAL lock_timeout = '200ms'".to_owned(), params![])
            .await?;
        let sql = "SELECT api_metrics.drop_request_day($1)";
        tx.execute(sql.to_owned(), params![day]).await?;
        return Ok(true);
    }
    let mut removed = 0;
    for table in ["request_log_snapshot", "request_log_detail", "request_log"] {
        let sql = format!(
            "DELETE FROM api_metrics_{table} WHERE (at_ms, id) IN \
             (SELECT at_ms, id FROM api_metrics_{table} WHERE at_ms >= $1 AND at_ms < $2 LIMIT {STEP})"
        );
        removed += tx
            .execute(sql, params![day * DAY_MS, (day + 1) * DAY_MS])
            .await?;
    }
    if removed > 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM api_metrics_request_log_day WHERE day = $1";
    tx.execute(sql.to_owned(), params![day]).await?;
    Ok(true)
}

/// From here on SQLite overwrites what it deletes.
pub(in crate::request_log) async fn secure(tx: &mut dyn SqlTx) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        tx.fetch("PRAGMA secure_delete = ON".to_owned(), params![])
            .await?;
    }
    Ok(())
}

/// Whose requests are erased in a step.
#[derive(Debug, Clone)]
pub(in crate::request_log) enum Whose<'a> {
    ApiKey(i64),
    User(&'a str),
    Addresses(&'a [uuid::Uuid]),
}

/// Erases up to 5,000 requests. Returns how many.
pub(in crate::request_log) async fn erase(tx: &mut dyn SqlTx, whose: &Whose<'_>) -> Result<u64> {
    let d = tx.dialect();
    let (list, detail) = (d.table("request_log"), d.table("request_log_detail"));
    let mut c = Conditions::default();
    let from = match whose {
        Whose::ApiKey(key) => {
            c.equals("r.api_key_id", Some(*key));
            &list
        }
        Whose::User(user) => {
            c.equals("r.user_id", Some(*user));
            &list
        }
        Whose::Addresses(hashes) => {
            let names: Vec<_> = hashes.iter().map(|hash| c.param(*hash)).collect();
            c.and(format!("r.address IN ({})", names.join(", ")));
            &detail
        }
    };
    let sql = format!(
        "SELECT r.at_ms, r.id FROM {from} AS r WHERE {} ORDER BY r.at_ms LIMIT {STEP}",
        c.text()
    );
    let rows = tx.fetch(sql, &c.params).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let found: Result<Vec<_>> = rows
        .iter()
        .map(|row| Ok((row.int("at_ms")?, row.uuid("id")?.simple().to_string())))
        .collect();
    let found = found?;
    // The range lets Postgres look at the days that matter alone.
    let from = found.first().map_or(0, |(at, _)| *at);
    let to = found.last().map_or(0, |(at, _)| *at);
    let found = serde_json::json!(found).to_string();
    let id = match d {
        Dialect::Postgres => "(value->>1)::uuid",
        Dialect::Sqlite => "unhex(json_extract(value, '$[1]'))",
    };
    let wanted = format!("SELECT {}, {id} FROM {}", d.item_number(0), d.items("$1"));
    let sql = format!(
        "SELECT DISTINCT group_id FROM {list} WHERE group_id IS NOT NULL \
         AND at_ms >= $2 AND at_ms <= $3 AND (at_ms, id) IN ({wanted})"
    );
    let groups = tx.fetch(sql, params![&found, from, to]).await?;
    for table in [
        &d.table("request_log_snapshot"),
        &detail,
        &list,
        &d.table("request_log_arrival"),
    ] {
        let sql = format!(
            "DELETE FROM {table} WHERE at_ms >= $2 AND at_ms <= $3 AND (at_ms, id) IN ({wanted})"
        );
        tx.execute(sql, params![&found, from, to]).await?;
    }
    // What nobody else's errors have in common with them goes too.
    let groups: Result<Vec<_>> = groups.iter().map(|row| row.int("group_id")).collect();
    let groups = serde_json::json!(groups?).to_string();
    for of_group in ["request_log_group_text", "request_log_group_vector"] {
        let sql = format!(
            "DELETE FROM {of_group} WHERE group_id IN {} \
             AND NOT EXISTS (SELECT 1 FROM {list} AS r WHERE r.group_id = {of_group}.group_id)",
            d.numbers("$1"),
            of_group = d.table(of_group),
        );
        tx.execute(sql, params![&groups]).await?;
    }
    Ok(rows.len() as u64)
}

/// Forgets what the errors of some groups have in common.
pub(in crate::request_log) async fn forget_texts(tx: &mut dyn SqlTx, groups: &[i64]) -> Result<()> {
    let d = tx.dialect();
    let groups = serde_json::json!(groups).to_string();
    for of_group in ["request_log_group_text", "request_log_group_vector"] {
        let (table, groups_of) = (d.table(of_group), d.numbers("$1"));
        let sql = format!("DELETE FROM {table} WHERE group_id IN {groups_of}");
        tx.execute(sql, params![&groups]).await?;
    }
    Ok(())
}

/// The key of a day, where it exists.
pub(in crate::request_log) async fn day_keys(tx: &mut dyn SqlTx) -> Result<Vec<String>> {
    let table = tx.dialect().table("request_log_day_key");
    let rows = tx
        .fetch(format!("SELECT key FROM {table} ORDER BY day"), params![])
        .await?;
    rows.iter().map(|row| row.text("key")).collect()
}
