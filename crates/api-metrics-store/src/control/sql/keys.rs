//! Consumers and the plans that they are on.

use std::future::Future;

use chrono::NaiveDate;

use crate::{control::keys::KeyRecord, engine::backend::Result, query::Scope, time::UnixSeconds};

/// Which plan a key is on from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlanFrom {
    pub key: i64,
    pub from: NaiveDate,
    /// A version of the plan; `None` is the default.
    pub plan: Option<i64>,
}

pub(crate) trait KeyTx: Send {
    fn list_keys(
        &mut self,
        scope: &Scope,
        after: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<KeyRecord>>> + Send;
    /// Reads a key and keeps it for this transaction.
    fn lock_key(&mut self, id: i64) -> impl Future<Output = Result<Option<KeyRecord>>> + Send;
    fn key_id(&mut self, external_id: &str) -> impl Future<Output = Result<Option<i64>>> + Send;
    /// `None`: it is there already.
    fn insert_key(
        &mut self,
        external_id: &str,
        now: UnixSeconds,
    ) -> impl Future<Output = Result<Option<i64>>> + Send;
    /// How many keys a tenant has.
    fn count_keys(&mut self, tenant: &str) -> impl Future<Output = Result<u64>> + Send;
    fn write_key(&mut self, key: &KeyRecord) -> impl Future<Output = Result<()>> + Send;
    /// From its day on this plan counts: what was said of later days is taken back.
    fn put_key_plan(&mut self, plan: PlanFrom) -> impl Future<Output = Result<()>> + Send;
    /// In the order of keys and days.
    fn key_plans(&mut self) -> impl Future<Output = Result<Vec<PlanFrom>>> + Send;
}

macro_rules! key_statements {
    ($module:ident, $tx:path, $row:path, $d:ident) => {
        mod $module {
            use chrono::NaiveDate;
            use sqlx::Row as _;
            use $row as DbRow;

            use super::{KeyTx, PlanFrom};
            use crate::{control::{keys::{KeyRecord, KeySpec}, quotas::QuotaPeriod, sql::{bounded, scope_parameters, signed, unknown, unsigned}}, engine::backend::Result, query::Scope, time::UnixSeconds};

            macro_rules! select {
                ($tail:expr) => {
                    concat!(
                        "SELECT id, external_id, name, tenant_id, user_id, rate_limit_per_minute, \
                         quota_limit, quota_period, ", $d!(epoch "quota_anchor"), " AS quota_anchor, \
                         price_plan_id, enabled, ", $d!(epoch "created_at"), " AS created_at, ",
                        $d!(epoch "updated_at"), " AS updated_at FROM ", $d!(table "api_keys"), " ", $tail
                    )
                };
            }

            impl KeyTx for $tx {
                async fn list_keys(&mut self, scope: &Scope, after: i64, limit: i64) -> Result<Vec<KeyRecord>> {
                    let (tenant, keys) = scope_parameters(scope);
                    sqlx::query(select!(concat!(
                        "WHERE id > $1 AND ($2 IS NULL OR tenant_id = $2) \
                         AND ($3 IS NULL OR id IN ", $d!(numbers "$3"), ") ORDER BY id LIMIT $4"
                    )))
                    .bind(after)
                    .bind(tenant)
                    .bind(keys)
                    .bind(limit)
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(record)
                    .collect()
                }

                async fn lock_key(&mut self, id: i64) -> Result<Option<KeyRecord>> {
                    sqlx::query(select!(concat!("WHERE id = $1", $d!(for_update))))
                        .bind(id)
                        .fetch_optional(&mut *self.sql)
                        .await?
                        .as_ref()
                        .map(record)
                        .transpose()
                }

                async fn key_id(&mut self, external_id: &str) -> Result<Option<i64>> {
                    Ok(sqlx::query_scalar(concat!(
                        "SELECT id FROM ", $d!(table "api_keys"), " WHERE external_id = $1"
                    ))
                    .bind(external_id)
                    .fetch_optional(&mut *self.sql)
                    .await?)
                }

                async fn insert_key(&mut self, external_id: &str, now: UnixSeconds) -> Result<Option<i64>> {
                    Ok(sqlx::query_scalar(concat!(
                        "INSERT INTO ", $d!(table "api_keys"), " (external_id, created_at, updated_at) VALUES ($1, ",
                        $d!(at "$2"), ", ", $d!(at "$2"), ") ON CONFLICT DO NOTHING RETURNING id"
                    ))
                    .bind(external_id)
                    .bind(now)
                    .fetch_optional(&mut *self.sql)
                    .await?)
                }

                async fn count_keys(&mut self, tenant: &str) -> Result<u64> {
                    let count: i64 = sqlx::query_scalar(concat!(
                        "SELECT count(*) FROM ", $d!(table "api_keys"), " WHERE tenant_id = $1"
                    ))
                    .bind(tenant)
                    .fetch_one(&mut *self.sql)
                    .await?;
                    Ok(unsigned(count))
                }

                async fn write_key(&mut self, key: &KeyRecord) -> Result<()> {
                    let spec = &key.spec;
                    sqlx::query(concat!(
                        "UPDATE ", $d!(table "api_keys"), " SET name = $2, tenant_id = $3, user_id = $4, \
                         rate_limit_per_minute = $5, quota_limit = $6, quota_period = $7, quota_anchor = ",
                        $d!(at "$8"), ", price_plan_id = $9, enabled = $10, updated_at = ", $d!(at "$11"),
                        " WHERE id = $1"
                    ))
                    .bind(key.id)
                    .bind(&spec.name)
                    .bind(&spec.tenant_id)
                    .bind(&spec.user_id)
                    .bind(spec.rate_limit_per_minute.map(signed))
                    .bind(spec.quota_limit.map(signed))
                    .bind(spec.quota_period.map(|period| period.to_string()))
                    .bind(spec.quota_anchor.map(bounded))
                    .bind(spec.price_plan_id)
                    .bind(spec.enabled)
                    .bind(key.updated_at)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn put_key_plan(&mut self, plan: PlanFrom) -> Result<()> {
                    sqlx::query(concat!(
                        "DELETE FROM ", $d!(table "api_key_plans"),
                        " WHERE api_key_id = $1 AND effective_from > ", $d!(date "$2")
                    ))
                    .bind(plan.key)
                    .bind(plan.from.to_string())
                    .execute(&mut *self.sql)
                    .await?;
                    sqlx::query(concat!(
                        "INSERT INTO ", $d!(table "api_key_plans"), " (api_key_id, effective_from, price_plan_id) \
                         VALUES ($1, ", $d!(date "$2"), ", $3) ON CONFLICT (api_key_id, effective_from) \
                         DO UPDATE SET price_plan_id = excluded.price_plan_id"
                    ))
                    .bind(plan.key)
                    .bind(plan.from.to_string())
                    .bind(plan.plan)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn key_plans(&mut self) -> Result<Vec<PlanFrom>> {
                    sqlx::query(concat!(
                        "SELECT api_key_id, ", $d!(date_text "effective_from"), " AS day, price_plan_id FROM ",
                        $d!(table "api_key_plans"), " ORDER BY api_key_id, effective_from"
                    ))
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(|row| {
                        let day: String = row.try_get("day")?;
                        Ok(PlanFrom {
                            key: row.try_get("api_key_id")?,
                            from: day.parse::<NaiveDate>().map_err(|_| unknown("date", &day))?,
                            plan: row.try_get("price_plan_id")?,
                        })
                    })
                    .collect()
                }
            }

            fn record(row: &DbRow) -> Result<KeyRecord> {
                let count = |column: &str| -> Result<Option<u64>> {
                    Ok(row.try_get::<Option<i64>, _>(column)?.map(unsigned))
                };
                let period: Option<String> = row.try_get("quota_period")?;
                Ok(KeyRecord {
                    id: row.try_get("id")?,
                    external_id: row.try_get("external_id")?,
                    spec: KeySpec {
                        name: row.try_get("name")?,
                        tenant_id: row.try_get("tenant_id")?,
                        user_id: row.try_get("user_id")?,
                        rate_limit_per_minute: count("rate_limit_per_minute")?,
                        quota_limit: count("quota_limit")?,
                        // Written by hand, perhaps: a period that nobody knows is none.
                        quota_period: period.as_deref().and_then(QuotaPeriod::from_name),
                        quota_anchor: row.try_get("quota_anchor")?,
                        price_plan_id: row.try_get("price_plan_id")?,
                        enabled: row.try_get("enabled")?,
                    },
                    created_at: row.try_get("created_at")?,
                    updated_at: row.try_get("updated_at")?,
                })
            }
        }
    };
}

#[cfg(feature = "postgres")]
key_statements!(postgres, crate::postgres::PgTx, sqlx::postgres::PgRow, pg);
#[cfg(feature = "sqlite")]
key_statements!(
    sqlite,
    crate::sqlite::SqliteTx,
    sqlx::sqlite::SqliteRow,
    lite
);
