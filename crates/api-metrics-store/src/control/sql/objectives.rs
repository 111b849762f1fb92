//! Objectives.

use super::{
    alerts::{rule, select_rules},
    only, scope_parameters, unsigned,
};
use crate::{
    control::{
        alerts::AlertRule,
        objectives::{Aim, Indicator, Objective, ObjectiveSpec},
    },
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    query::Scope,
    time::UnixSeconds,
};

/// The statement that reads objectives; `tail` is its condition, order and limit.
fn select(d: Dialect, tail: &str) -> String {
    format!(
        "SELECT id, revision, name, indicator, latency_us, target_ppm, window_days, service, environment, endpoint, \
           tenant_id, created_by, {created} AS created_at, {updated} AS updated_at FROM {objectives} {tail}",
        created = d.epoch("created_at"),
        updated = d.epoch("updated_at"),
        objectives = d.table("objectives"),
    )
}

/// Up to `limit` objectives above `after`, in the order of their numbers. A tenant sees its own, and who is limited to
/// keys sees none.
pub(in crate::control) async fn list(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    after: i64,
    limit: i64,
) -> Result<Vec<Objective>> {
    let (tenant, keys) = scope_parameters(scope);
    let sql = select(
        tx.dialect(),
        "WHERE id > $1 AND ($2 IS NULL OR tenant_id = $2) AND $3 IS NULL ORDER BY id LIMIT $4",
    );
    let rows = tx.fetch(sql, params![after, tenant, keys, limit]).await?;
    rows.iter().map(objective).collect()
}

/// Reads an objective and locks it for this transaction.
pub(in crate::control) async fn lock(tx: &mut dyn SqlTx, id: i64) -> Result<Option<Objective>> {
    let d = tx.dialect();
    let sql = select(d, &format!("WHERE id = $1{}", d.for_update()));
    let rows = tx.fetch(sql, params![id]).await?;
    rows.first().map(objective).transpose()
}

/// How many a tenant has; the operator's own where none is given.
pub(in crate::control) async fn count(tx: &mut dyn SqlTx, tenant: Option<&str>) -> Result<u64> {
    let sql = format!(
        "SELECT count(*) AS found FROM {objectives} \
         WHERE tenant_id = $1 OR (tenant_id IS NULL AND $1 IS NULL)",
        objectives = tx.dialect().table("objectives"),
    );
    let rows = tx.fetch(sql, params![tenant]).await?;
    Ok(unsigned(only(rows)?.int("found")?))
}

/// Adds one; answers its number.
pub(in crate::control) async fn insert(
    tx: &mut dyn SqlTx,
    spec: &ObjectiveSpec,
    created_by: Option<&str>,
    now: UnixSeconds,
) -> Result<i64> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {objectives} (name, indicator, latency_us, target_ppm, window_days, service, environment, endpoint, \
           tenant_id, created_by, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, {now}, {now}) RETURNING id",
        objectives = d.table("objectives"),
        now = d.at("$11"),
    );
    let values = params![
        &spec.name,
        spec.indicator.as_str(),
        latency(spec),
        i64::from(spec.target_ppm),
        i64::from(spec.window_days),
        &spec.service,
        &spec.environment,
        &spec.endpoint,
        &spec.tenant_id,
        created_by,
        now,
    ];
    only(tx.fetch(sql, values).await?)?.int("id")
}

/// Writes the settings under the next revision.
pub(in crate::control) async fn update(
    tx: &mut dyn SqlTx,
    id: i64,
    spec: &ObjectiveSpec,
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {objectives} SET name = $2, indicator = $3, latency_us = $4, target_ppm = $5, window_days = $6, \
           service = $7, environment = $8, endpoint = $9, tenant_id = $10, updated_at = {now}, revision = revision + 1 \
         WHERE id = $1",
        objectives = d.table("objectives"),
        now = d.at("$11"),
    );
    let values = params![
        id,
        &spec.name,
        spec.indicator.as_str(),
        latency(spec),
        i64::from(spec.target_ppm),
        i64::from(spec.window_days),
        &spec.service,
        &spec.environment,
        &spec.endpoint,
        &spec.tenant_id,
        now,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Removes one that no rule follows.
pub(in crate::control) async fn delete(tx: &mut dyn SqlTx, id: i64) -> Result<()> {
    let objectives = tx.dialect().table("objectives");
    tx.execute(
        format!("DELETE FROM {objectives} WHERE id = $1"),
        params![id],
    )
    .await?;
    Ok(())
}

/// The rules over an objective's burn rate, each locked for this transaction.
pub(in crate::control) async fn list_rules(
    tx: &mut dyn SqlTx,
    objective: i64,
) -> Result<Vec<AlertRule>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT id FROM {rules} WHERE objective_id = $1 ORDER BY id{lock}",
        rules = d.table("api_alert_configs"),
        lock = d.for_update(),
    );
    tx.execute(sql, params![objective]).await?;
    let rows = tx
        .fetch(
            select_rules(d, "WHERE c.objective_id = $1 ORDER BY c.id"),
            params![objective],
        )
        .await?;
    rows.iter().map(rule).collect()
}

/// Writes what an objective looks at to its rules, under their next revisions.
pub(in crate::control) async fn lead_rules(
    tx: &mut dyn SqlTx,
    id: i64,
    spec: &ObjectiveSpec,
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {rules} SET service_filter = $2, environment_filter = $3, endpoint_filter = $4, tenant_id = $5, \
           updated_at = {now}, revision = revision + 1 WHERE objective_id = $1",
        rules = d.table("api_alert_configs"),
        now = d.at("$6"),
    );
    let values = params![
        id,
        &spec.service,
        &spec.environment,
        &spec.endpoint,
        &spec.tenant_id,
        now,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// What a rule's objective aims at, in a row of `select_rules`.
pub(super) fn aim(row: &FetchedRow) -> Result<Option<Aim>> {
    let Some(target) = row.optional_int("target_ppm")? else {
        return Ok(None);
    };
    Ok(Some(Aim {
        indicator: indicator(row)?,
        target_ppm: u32::try_from(target).unwrap_or_default(),
    }))
}

/// A threshold as a number of the database's.
fn latency(spec: &ObjectiveSpec) -> Option<i64> {
    let threshold = spec.indicator.threshold_us()?;
    Some(i64::try_from(threshold).unwrap_or(i64::MAX))
}

/// What makes a request good, of a row that has `indicator` and `latency_us`.
fn indicator(row: &FetchedRow) -> Result<Indicator> {
    let name = row.text("indicator")?;
    match name.parse() {
        Ok(Indicator::Availability) => Ok(Indicator::Availability),
        Ok(Indicator::Latency { .. }) => {
            let threshold = row.optional_int("latency_us")?.unwrap_or_default();
            Ok(Indicator::Latency {
                threshold_us: unsigned(threshold),
            })
        }
        Err(_) => Err(super::unknown("indicator", &name)),
    }
}

/// A row of [`select`] as an objective.
fn objective(row: &FetchedRow) -> Result<Objective> {
    let small = |column| -> Result<u32> { Ok(u32::try_from(row.int(column)?).unwrap_or_default()) };
    let mut spec = ObjectiveSpec::new(row.text("name")?, indicator(row)?, small("target_ppm")?);
    spec.window_days = small("window_days")?;
    spec.service = row.optional_text("service")?;
    spec.environment = row.optional_text("environment")?;
    spec.endpoint = row.optional_text("endpoint")?;
    spec.tenant_id = row.optional_text("tenant_id")?;
    Ok(Objective {
        id: row.int("id")?,
        revision: row.int("revision")?,
        spec,
        created_by: row.optional_text("created_by")?,
        created_at: row.int("created_at")?,
        updated_at: row.int("updated_at")?,
    })
}
