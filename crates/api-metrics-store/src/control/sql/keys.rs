//! API keys, and the plans that they are on.

use chrono::NaiveDate;

use super::{bounded, count, first_int, scope_parameters, signed, unknown, unsigned};
use crate::{
    control::keys::{KeyRecord, KeySpec},
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    query::Scope,
    time::UnixSeconds,
};

/// Which plan a key is on from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::control) struct PlanFrom {
    pub key: i64,
    pub from: NaiveDate,
    /// A version of the plan; `None` is the default.
    pub plan: Option<i64>,
}

/// The statement that reads keys; `tail` is its condition, order and limit.
fn select(d: Dialect, tail: &str) -> String {
    format!(
        "SELECT id, external_id, name, tenant_id, user_id, team_id, rate_limit_per_minute, quota_limit, \
           quota_unit, quota_period, {anchor} AS quota_anchor, price_plan_id, enabled, {created} AS created_at, \
           {updated} AS updated_at \
         FROM {keys} {tail}",
        anchor = d.epoch("quota_anchor"),
        created = d.epoch("created_at"),
        updated = d.epoch("updated_at"),
        keys = d.table("api_keys"),
    )
}

/// Up to `limit` keys above `after`, in the order of their numbers.
pub(in crate::control) async fn list_keys(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    after: i64,
    limit: i64,
) -> Result<Vec<KeyRecord>> {
    let d = tx.dialect();
    let (tenant, keys) = scope_parameters(scope);
    let tail = format!(
        "WHERE id > $1 AND ($2 IS NULL OR tenant_id = $2) AND ($3 IS NULL OR id IN {ids}) \
         ORDER BY id LIMIT $4",
        ids = d.numbers("$3"),
    );
    let rows = tx
        .fetch(select(d, &tail), params![after, tenant, keys, limit])
        .await?;
    rows.iter().map(record).collect()
}

/// Reads a key and locks it for this transaction.
pub(in crate::control) async fn lock_key(tx: &mut dyn SqlTx, id: i64) -> Result<Option<KeyRecord>> {
    let d = tx.dialect();
    let sql = select(d, &format!("WHERE id = $1{}", d.for_update()));
    let rows = tx.fetch(sql, params![id]).await?;
    rows.first().map(record).transpose()
}

/// The number of a key.
pub(in crate::control) async fn find_key(
    tx: &mut dyn SqlTx,
    external_id: &str,
) -> Result<Option<i64>> {
    let keys = tx.dialect().table("api_keys");
    let sql = format!("SELECT id FROM {keys} WHERE external_id = $1");
    first_int(&tx.fetch(sql, params![external_id]).await?, "id")
}

/// Adds a key; `None` where it is there already.
pub(in crate::control) async fn insert_key(
    tx: &mut dyn SqlTx,
    external_id: &str,
    now: UnixSeconds,
) -> Result<Option<i64>> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {keys} (external_id, created_at, updated_at) VALUES ($1, {now}, {now}) \
         ON CONFLICT DO NOTHING RETURNING id",
        keys = d.table("api_keys"),
        now = d.at("$2"),
    );
    first_int(&tx.fetch(sql, params![external_id, now]).await?, "id")
}

/// How many keys a tenant has.
pub(in crate::control) async fn count_keys(tx: &mut dyn SqlTx, tenant: &str) -> Result<u64> {
    count(tx, "api_keys", "tenant_id = $1", tenant).await
}

/// Writes the settings of a key.
pub(in crate::control) async fn update_key(tx: &mut dyn SqlTx, key: &KeyRecord) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {keys} SET name = $2, tenant_id = $3, user_id = $4, rate_limit_per_minute = $5, \
           quota_limit = $6, quota_period = $7, quota_anchor = {anchor}, price_plan_id = $9, \
           enabled = $10, quota_unit = $11, updated_at = {updated}, team_id = $13 \
         WHERE id = $1",
        keys = d.table("api_keys"),
        anchor = d.at("$8"),
        updated = d.at("$12"),
    );
    let spec = &key.spec;
    let values = params![
        key.id,
        &spec.name,
        &spec.tenant_id,
        &spec.user_id,
        spec.rate_limit_per_minute.map(signed),
        spec.quota_limit.map(signed),
        spec.quota_period.map(|period| period.to_string()),
        spec.quota_anchor.map(bounded),
        spec.price_plan_id,
        spec.enabled,
        &spec.quota_unit,
        key.updated_at,
        &spec.team_id,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Puts a key on a plan from a day on. What was set for later days is removed.
pub(in crate::control) async fn put_key_plan(tx: &mut dyn SqlTx, plan: PlanFrom) -> Result<()> {
    let d = tx.dialect();
    let plans = d.table("api_key_plans");
    let day = plan.from.to_string();
    let sql = format!(
        "DELETE FROM {plans} WHERE api_key_id = $1 AND effective_from > {from}",
        from = d.date("$2"),
    );
    tx.execute(sql, params![plan.key, &day]).await?;
    let sql = format!(
        "INSERT INTO {plans} (api_key_id, effective_from, price_plan_id) VALUES ($1, {from}, $3) \
         ON CONFLICT (api_key_id, effective_from) DO UPDATE SET price_plan_id = excluded.price_plan_id",
        from = d.date("$2"),
    );
    tx.execute(sql, params![plan.key, &day, plan.plan]).await?;
    Ok(())
}

/// Which keys are on which plans, in the order of keys and days.
pub(in crate::control) async fn list_key_plans(tx: &mut dyn SqlTx) -> Result<Vec<PlanFrom>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT api_key_id, {day} AS day, price_plan_id FROM {plans} \
         ORDER BY api_key_id, effective_from",
        day = d.as_text("effective_from"),
        plans = d.table("api_key_plans"),
    );
    let rows = tx.fetch(sql, &[]).await?;
    rows.iter().map(plan_from).collect()
}

/// A row of `api_key_plans`.
fn plan_from(row: &FetchedRow) -> Result<PlanFrom> {
    let day = row.text("day")?;
    Ok(PlanFrom {
        key: row.int("api_key_id")?,
        from: day
            .parse::<NaiveDate>()
            .map_err(|_| unknown("date", &day))?,
        plan: row.optional_int("price_plan_id")?,
    })
}

/// A row of `api_keys`.
fn record(row: &FetchedRow) -> Result<KeyRecord> {
    let count = |column| -> Result<Option<u64>> { Ok(row.optional_int(column)?.map(unsigned)) };
    let period = row.optional_text("quota_period")?;
    Ok(KeyRecord {
        id: row.int("id")?,
        external_id: row.text("external_id")?,
        spec: KeySpec {
            name: row.optional_text("name")?,
            tenant_id: row.optional_text("tenant_id")?,
            user_id: row.optional_text("user_id")?,
            team_id: row.optional_text("team_id")?,
            rate_limit_per_minute: count("rate_limit_per_minute")?,
            quota_limit: count("quota_limit")?,
            quota_unit: row.optional_text("quota_unit")?,
            // Written by hand, perhaps: an unknown period counts as none.
            quota_period: period.as_deref().and_then(|name| name.parse().ok()),
            quota_anchor: row.optional_int("quota_anchor")?,
            price_plan_id: row.optional_int("price_plan_id")?,
            enabled: row.flag("enabled")?,
        },
        created_at: row.int("created_at")?,
        updated_at: row.int("updated_at")?,
    })
}
