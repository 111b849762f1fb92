//! Price plans.

use std::future::Future;

use crate::{control::billing::PlanVersion, engine::backend::Result, time::UnixSeconds};

pub(crate) trait PlanTx: Send {
    fn plans(&mut self) -> impl Future<Output = Result<Vec<PlanVersion>>> + Send;
    /// `None`: there is a version of that name and day.
    fn insert_plan(
        &mut self,
        plan: &PlanVersion,
        now: UnixSeconds,
    ) -> impl Future<Output = Result<Option<i64>>> + Send;
    /// Keys and the latest version that was set for them.
    fn keys_on_plans(&mut self) -> impl Future<Output = Result<Vec<(i64, i64)>>> + Send;
}

macro_rules! plan_statements {
    ($module:ident, $tx:path, $d:ident) => {
        mod $module {
            use chrono::NaiveDate;
            use rust_decimal::Decimal;
            use sqlx::Row as _;

            use super::PlanTx;
            use crate::{control::{billing::{Currency, PlanVersion, PriceTier}, sql::{signed, unknown, unsigned}}, engine::backend::Result, time::UnixSeconds};

            impl PlanTx for $tx {
                async fn plans(&mut self) -> Result<Vec<PlanVersion>> {
                    let rows = sqlx::query(concat!(
                        "SELECT p.id, p.tenant_id, p.name, p.currency, ", $d!(date_text "p.effective_from"),
                        " AS effective_from, p.free_requests, t.from_requests, ", $d!(number_text "t.per_thousand"),
                        " AS per_thousand FROM ", $d!(table "price_plans"), " AS p JOIN ", $d!(table "price_tiers"),
                        " AS t ON t.plan_id = p.id ORDER BY p.id, t.from_requests"
                    ))
                    .fetch_all(&mut *self.sql)
                    .await?;
                    let mut plans: Vec<PlanVersion> = Vec::new();
                    for row in &rows {
                        let id: i64 = row.try_get("id")?;
                        let price: String = row.try_get("per_thousand")?;
                        let tier = PriceTier {
                            from_requests: unsigned(row.try_get("from_requests")?),
                            per_thousand: price.parse::<Decimal>().map_err(|_| unknown("price", &price))?,
                        };
                        if let Some(plan) = plans.last_mut().filter(|plan| plan.id == id) {
                            plan.tiers.push(tier);
                            continue;
                        }
                        let tenant: String = row.try_get("tenant_id")?;
                        let currency: String = row.try_get("currency")?;
                        let day: String = row.try_get("effective_from")?;
                        plans.push(PlanVersion {
                            id,
                            tenant_id: Some(tenant).filter(|tenant| !tenant.is_empty()),
                            name: row.try_get("name")?,
                            currency: Currency::from_code(&currency).ok_or_else(|| unknown("currency", &currency))?,
                            effective_from: day.parse::<NaiveDate>().map_err(|_| unknown("date", &day))?,
                            free_requests: unsigned(row.try_get("free_requests")?),
                            tiers: vec![tier],
                        });
                    }
                    Ok(plans)
                }

                async fn insert_plan(&mut self, plan: &PlanVersion, now: UnixSeconds) -> Result<Option<i64>> {
                    let id: Option<i64> = sqlx::query_scalar(concat!(
                        "INSERT INTO ", $d!(table "price_plans"), " (tenant_id, name, currency, effective_from, \
                         free_requests, created_at) VALUES ($1, $2, $3, ", $d!(date "$4"), ", $5, ", $d!(at "$6"),
                        ") ON CONFLICT DO NOTHING RETURNING id"
                    ))
                    .bind(plan.tenant_id.as_deref().unwrap_or_default())
                    .bind(&plan.name)
                    .bind(plan.currency.code())
                    .bind(plan.effective_from.to_string())
                    .bind(signed(plan.free_requests))
                    .bind(now)
                    .fetch_optional(&mut *self.sql)
                    .await?;
                    let Some(id) = id else {
                        return Ok(None);
                    };
                    for tier in &plan.tiers {
                        sqlx::query(concat!(
                            "INSERT INTO ", $d!(table "price_tiers"), " (plan_id, from_requests, per_thousand) \
                             VALUES ($1, $2, ", $d!(number "$3"), ")"
                        ))
                        .bind(id)
                        .bind(signed(tier.from_requests))
                        .bind(tier.per_thousand.normalize().to_string())
                        .execute(&mut *self.sql)
                        .await?;
                    }
                    Ok(Some(id))
                }

                async fn keys_on_plans(&mut self) -> Result<Vec<(i64, i64)>> {
                    Ok(sqlx::query_as(concat!(
                        "SELECT id, price_plan_id FROM ", $d!(table "api_keys"), " WHERE price_plan_id IS NOT NULL ORDER BY id"
                    ))
                    .fetch_all(&mut *self.sql)
                    .await?)
                }
            }
        }
    };
}

#[cfg(feature = "postgres")]
plan_statements!(postgres, crate::postgres::PgTx, pg);
#[cfg(feature = "sqlite")]
plan_statements!(sqlite, crate::sqlite::SqliteTx, lite);
