//! Silences that were planned.

use super::{bounded, only, unsigned};
use crate::{
    control::alerts::{NewSilence, PlannedSilence},
    engine::{
        backend::Result,
        sql::{SqlTx, params},
    },
    time::UnixSeconds,
};

/// Those that end after `after`, of one tenant or of all, the latest end first. Each tenant has a bounded number that
/// are not over, and those that are over are removed.
pub(in crate::control) async fn list(
    tx: &mut dyn SqlTx,
    tenant: Option<&str>,
    after: UnixSeconds,
) -> Result<Vec<PlannedSilence>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT id, {from} AS starts_at, {until} AS ends_at, tenant_id, service, environment, endpoint, config_id, reason, \
           {created} AS created_at, created_by \
         FROM {silences} WHERE ends_at > {after} AND ($1 IS NULL OR tenant_id = $1) \
         ORDER BY ends_at DESC, id DESC",
        from = d.epoch("starts_at"),
        until = d.epoch("ends_at"),
        created = d.epoch("created_at"),
        silences = d.table("alert_silences"),
        after = d.at("$2"),
    );
    let rows = tx.fetch(sql, params![tenant, bounded(after)]).await?;
    rows.iter()
        .map(|row| {
            let mut silence = NewSilence::new(row.int("starts_at")?, row.int("ends_at")?);
            silence.tenant_id = row.optional_text("tenant_id")?;
            silence.service = row.optional_text("service")?;
            silence.environment = row.optional_text("environment")?;
            silence.endpoint = row.optional_text("endpoint")?;
            silence.rule_id = row.optional_int("config_id")?;
            silence.reason = row.optional_text("reason")?;
            Ok(PlannedSilence {
                id: row.int("id")?,
                silence,
                created_at: row.int("created_at")?,
                created_by: row.text("created_by")?,
            })
        })
        .collect()
}

/// How many of a tenant, or of everybody, end after `now`.
pub(in crate::control) async fn count(
    tx: &mut dyn SqlTx,
    tenant: Option<&str>,
    now: UnixSeconds,
) -> Result<u64> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT COUNT(*) AS n FROM {silences} \
         WHERE ends_at > {now} AND (tenant_id = $1 OR (tenant_id IS NULL AND $1 IS NULL))",
        silences = d.table("alert_silences"),
        now = d.at("$2"),
    );
    let rows = tx.fetch(sql, params![tenant, bounded(now)]).await?;
    Ok(unsigned(only(rows)?.int("n")?))
}

/// Adds one; answers its number.
pub(in crate::control) async fn insert(
    tx: &mut dyn SqlTx,
    silence: &NewSilence,
    now: UnixSeconds,
    by: &str,
) -> Result<i64> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {silences} \
           (starts_at, ends_at, tenant_id, service, environment, endpoint, config_id, reason, created_at, created_by) \
         VALUES ({from}, {until}, $3, $4, $5, $6, $7, $8, {now}, $10) RETURNING id",
        silences = d.table("alert_silences"),
        from = d.at("$1"),
        until = d.at("$2"),
        now = d.at("$9"),
    );
    let values = params![
        bounded(silence.from),
        bounded(silence.until),
        silence.tenant_id.as_deref(),
        silence.service.as_deref(),
        silence.environment.as_deref(),
        silence.endpoint.as_deref(),
        silence.rule_id,
        silence.reason.as_deref(),
        now,
        by,
    ];
    only(tx.fetch(sql, values).await?)?.int("id")
}

/// Ends one at `now`; one that has not begun is removed.
pub(in crate::control) async fn end(tx: &mut dyn SqlTx, id: i64, now: UnixSeconds) -> Result<()> {
    let d = tx.dialect();
    let silences = d.table("alert_silences");
    let at = d.at("$2");
    let sql = format!("DELETE FROM {silences} WHERE id = $1 AND starts_at >= {at}");
    tx.execute(sql, params![id, bounded(now)]).await?;
    let sql = format!("UPDATE {silences} SET ends_at = {at} WHERE id = $1");
    tx.execute(sql, params![id, bounded(now)]).await?;
    Ok(())
}

/// Removes those that ended before `before`.
pub(in crate::control) async fn remove_ended(
    tx: &mut dyn SqlTx,
    before: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "DELETE FROM {silences} WHERE ends_at < {before}",
        silences = d.table("alert_silences"),
        before = d.at("$1"),
    );
    tx.execute(sql, params![bounded(before)]).await?;
    Ok(())
}
