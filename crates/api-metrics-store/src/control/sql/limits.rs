//! The history of utilization.

use std::future::Future;

use crate::{
    control::limits::{NearLimit, UtilizationQuery, UtilizationRow},
    engine::backend::Result,
    query::Scope,
    time::UnixSeconds,
};

/// Rows that one statement removes at most.
pub(crate) const REMOVED_AT_ONCE: u64 = 10_000;

pub(crate) trait LimitTx: Send {
    fn write_utilization(
        &mut self,
        rows: &[UtilizationRow],
    ) -> impl Future<Output = Result<()>> + Send;
    fn list_utilization(
        &mut self,
        query: &UtilizationQuery,
    ) -> impl Future<Output = Result<Vec<UtilizationRow>>> + Send;
    fn count_near(
        &mut self,
        scope: &Scope,
        since: UnixSeconds,
        threshold_pct: f64,
    ) -> impl Future<Output = Result<Vec<NearLimit>>> + Send;
    fn remove_utilization(
        &mut self,
        before: UnixSeconds,
    ) -> impl Future<Output = Result<u64>> + Send;
}

/// Rows as a JSON list of lists: one statement takes any number of them.
fn encoded(rows: &[UtilizationRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            serde_json::json!([
                row.api_key_id,
                row.granularity.as_str(),
                row.period_start,
                row.requests_made,
                row.rate_limit,
                row.utilization_pct,
            ])
        })
        .collect();
    serde_json::Value::from(rows).to_string()
}

macro_rules! limit_statements {
    ($module:ident, $tx:path, $row:path, $d:ident) => {
        mod $module {
            use sqlx::Row as _;
            use $row as DbRow;

            use super::{LimitTx, encoded};
            use crate::{control::{limits::{NearLimit, UtilizationQuery, UtilizationRow}, sql::{bounded, scope_parameters, unknown, unsigned}}, engine::backend::Result, query::Scope, time::{Granularity, UnixSeconds}};

            impl LimitTx for $tx {
                async fn write_utilization(&mut self, rows: &[UtilizationRow]) -> Result<()> {
                    for rows in rows.chunks(2_000) {
                        sqlx::query(concat!(
                            "INSERT INTO ", $d!(table "rate_limit_utilization"), " (api_key_id, period_granularity, \
                             period_start, requests_made, rate_limit, utilization_pct) SELECT ",
                            $d!(item_number "0"), ", ", $d!(item_text "1"), ", ", $d!(item_time "2"), ", ",
                            $d!(item_number "3"), ", ", $d!(item_number "4"), ", ", $d!(item_real "5"), " FROM ",
                            $d!(items "$1"), " WHERE ", $d!(yes),
                            " ON CONFLICT (api_key_id, period_granularity, period_start) DO UPDATE SET \
                             requests_made = excluded.requests_made, rate_limit = excluded.rate_limit, \
                             utilization_pct = excluded.utilization_pct"
                        ))
                        .bind(encoded(rows))
                        .execute(&mut *self.sql)
                        .await?;
                    }
                    Ok(())
                }

                async fn list_utilization(&mut self, query: &UtilizationQuery) -> Result<Vec<UtilizationRow>> {
                    sqlx::query(concat!(
                        "SELECT api_key_id, period_granularity, ", $d!(epoch "period_start"), " AS period_start, \
                         requests_made, rate_limit, ", $d!(real "utilization_pct"), " AS utilization_pct FROM ",
                        $d!(table "rate_limit_utilization"),
                        " WHERE api_key_id = $1 AND period_granularity = $2 AND period_start >= ", $d!(at "$3"),
                        " AND period_start < ", $d!(at "$4"), " ORDER BY period_start DESC LIMIT $5"
                    ))
                    .bind(query.api_key_id)
                    .bind(query.granularity.as_str())
                    .bind(bounded(query.range.from))
                    .bind(bounded(query.range.to))
                    .bind(i64::from(query.limit))
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(utilization)
                    .collect()
                }

                async fn count_near(
                    &mut self,
                    scope: &Scope,
                    since: UnixSeconds,
                    threshold_pct: f64,
                ) -> Result<Vec<NearLimit>> {
                    let (tenant, keys) = scope_parameters(scope);
                    sqlx::query(concat!(
                        "SELECT u.api_key_id, count(*) AS active, \
                         sum(CASE WHEN u.utilization_pct >= $2 THEN 1 ELSE 0 END) AS near, ",
                        $d!(real "max(u.utilization_pct)"), " AS peak FROM ", $d!(table "rate_limit_utilization"),
                        " AS u JOIN ", $d!(table "api_keys"), " AS k ON k.id = u.api_key_id \
                         WHERE u.period_granularity = '5m' AND u.period_start >= ", $d!(at "$1"),
                        " AND u.requests_made > 0 AND ($3 IS NULL OR k.tenant_id = $3) \
                         AND ($4 IS NULL OR k.id IN ", $d!(numbers "$4"), ") GROUP BY u.api_key_id"
                    ))
                    .bind(bounded(since))
                    .bind(threshold_pct)
                    .bind(tenant)
                    .bind(keys)
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(|row| {
                        Ok(NearLimit {
                            api_key_id: row.try_get("api_key_id")?,
                            active_periods: unsigned(row.try_get("active")?),
                            near_periods: unsigned(row.try_get("near")?),
                            peak_pct: row.try_get("peak")?,
                        })
                    })
                    .collect()
                }

                async fn remove_utilization(&mut self, before: UnixSeconds) -> Result<u64> {
                    let mut removed = 0;
                    for granularity in [Granularity::Minute, Granularity::FiveMinutes, Granularity::Hour] {
                        removed = sqlx::query(concat!(
                            "DELETE FROM ", $d!(table "rate_limit_utilization"),
                            " WHERE (api_key_id, period_granularity, period_start) IN (\
                             SELECT api_key_id, period_granularity, period_start FROM ",
                            $d!(table "rate_limit_utilization"), " WHERE period_granularity = $1 AND period_start < ",
                            $d!(at "$2"), " LIMIT 10000)"
                        ))
                        .bind(granularity.as_str())
                        .bind(bounded(before))
                        .execute(&mut *self.sql)
                        .await?
                        .rows_affected()
                        .max(removed);
                    }
                    Ok(removed)
                }
            }

            fn utilization(row: &DbRow) -> Result<UtilizationRow> {
                let granularity: String = row.try_get("period_granularity")?;
                Ok(UtilizationRow {
                    api_key_id: row.try_get("api_key_id")?,
                    granularity: Granularity::from_name(&granularity)
                        .ok_or_else(|| unknown("granularity", &granularity))?,
                    period_start: row.try_get("period_start")?,
                    requests_made: unsigned(row.try_get("requests_made")?),
                    rate_limit: unsigned(row.try_get("rate_limit")?),
                    utilization_pct: row.try_get("utilization_pct")?,
                })
            }
        }
    };
}

#[cfg(feature = "postgres")]
limit_statements!(postgres, crate::postgres::PgTx, sqlx::postgres::PgRow, pg);
#[cfg(feature = "sqlite")]
limit_statements!(
    sqlite,
    crate::sqlite::SqliteTx,
    sqlx::sqlite::SqliteRow,
    lite
);
