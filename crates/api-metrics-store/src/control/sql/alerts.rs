//! Rules, where they stand, and what they have told.

use std::future::Future;

use uuid::Uuid;

use crate::{
    control::alerts::{AlertEvent, AlertRule, AlertSpec, AlertState, EventQuery},
    engine::backend::Result,
    query::Scope,
    time::UnixSeconds,
};

pub(crate) trait AlertTx: Send {
    /// In the order of their numbers. A tenant sees the rules that are its own.
    fn list_rules(
        &mut self,
        scope: &Scope,
        after: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<AlertRule>>> + Send;
    /// Reads a rule and keeps it for this transaction.
    fn lock_rule(&mut self, id: i64) -> impl Future<Output = Result<Option<AlertRule>>> + Send;
    /// Enabled rules that were not judged up to `end`.
    fn due_rules(
        &mut self,
        end: UnixSeconds,
    ) -> impl Future<Output = Result<Vec<AlertRule>>> + Send;
    fn insert_rule(
        &mut self,
        spec: &AlertSpec,
        created_by: Option<&str>,
        now: UnixSeconds,
    ) -> impl Future<Output = Result<i64>> + Send;
    /// How many rules a tenant has; the operator's own where none is given.
    fn count_rules(&mut self, tenant: Option<&str>) -> impl Future<Output = Result<u64>> + Send;
    /// Writes the spec under the next revision.
    fn write_rule(
        &mut self,
        id: i64,
        spec: &AlertSpec,
        now: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
    fn delete_rule(&mut self, id: i64) -> impl Future<Output = Result<()>> + Send;
    fn write_state(
        &mut self,
        id: i64,
        state: &AlertState,
        last_fired_at: Option<UnixSeconds>,
    ) -> impl Future<Output = Result<()>> + Send;
    fn insert_event(&mut self, event: &AlertEvent) -> impl Future<Output = Result<()>> + Send;
    fn resolve_event(
        &mut self,
        id: Uuid,
        at: UnixSeconds,
        message: &str,
    ) -> impl Future<Output = Result<()>> + Send;
    /// The latest first.
    fn list_events(
        &mut self,
        query: &EventQuery,
    ) -> impl Future<Output = Result<Vec<AlertEvent>>> + Send;
    /// Removes a bounded number of events that were over before `before`.
    fn remove_events(&mut self, before: UnixSeconds) -> impl Future<Output = Result<u64>> + Send;
}

macro_rules! alert_statements {
    ($module:ident, $tx:path, $row:path, $d:ident) => {
        mod $module {
            use sqlx::Row as _;
            use uuid::Uuid;
            use $row as DbRow;

            use super::AlertTx;
            use crate::{control::{alerts::{
                    AlertEvent, AlertRule, AlertSpec, AlertState, AlertType, CLOCK_WAS_AHEAD, Comparison,
                    EventQuery, Phase, Severity,
                }, sql::{bounded, scope_parameters, signed, unknown, unsigned}}, engine::backend::Result, query::Scope, time::UnixSeconds};

            macro_rules! select_rules {
                ($tail:expr) => {
                    concat!(
                        "SELECT c.id, c.revision, c.name, c.alert_type, c.service_filter, c.endpoint_filter, \
                         c.api_key_filter, c.tenant_id, c.threshold_value, c.comparison, c.window_minutes, \
                         c.cooldown_minutes, c.severity, c.quantile, c.min_requests, c.enabled, c.created_by, ",
                        $d!(epoch "c.last_fired_at"), " AS last_fired_at, ",
                        $d!(epoch "c.created_at"), " AS created_at, ",
                        $d!(epoch "c.updated_at"), " AS updated_at, s.state, s.event_id, s.value, ",
                        $d!(epoch "s.since"), " AS since, ",
                        $d!(epoch "s.evaluated_to"), " AS evaluated_to FROM ",
                        $d!(table "api_alert_configs"), " AS c LEFT JOIN ", $d!(table "alert_states"),
                        " AS s ON s.config_id = c.id ", $tail
                    )
                };
            }

            macro_rules! select_events {
                ($tail:expr) => {
                    concat!(
                        "SELECT id, config_id, name, alert_type, severity, tenant_id, ",
                        $d!(epoch "fired_at"), " AS fired_at, ", $d!(epoch "resolved_at"), " AS resolved_at, \
                         value, threshold, message, resolved_message FROM ", $d!(table "api_alert_events"), " ", $tail
                    )
                };
            }

            impl AlertTx for $tx {
                async fn list_rules(&mut self, scope: &Scope, after: i64, limit: i64) -> Result<Vec<AlertRule>> {
                    let (tenant, keys) = scope_parameters(scope);
                    // Whoever sees only keys sees no rules: they are a tenant's.
                    sqlx::query(select_rules!(
                        "WHERE c.id > $1 AND ($2 IS NULL OR c.tenant_id = $2) AND $3 IS NULL ORDER BY c.id LIMIT $4"
                    ))
                    .bind(after)
                    .bind(tenant)
                    .bind(keys)
                    .bind(limit)
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(rule)
                    .collect()
                }

                async fn lock_rule(&mut self, id: i64) -> Result<Option<AlertRule>> {
                    // Only the rule's own row can be kept: the other side of the join may be missing.
                    sqlx::query(concat!(
                        "SELECT id FROM ", $d!(table "api_alert_configs"), " WHERE id = $1", $d!(for_update)
                    ))
                    .bind(id)
                    .execute(&mut *self.sql)
                    .await?;
                    sqlx::query(select_rules!("WHERE c.id = $1"))
                        .bind(id)
                        .fetch_optional(&mut *self.sql)
                        .await?
                        .as_ref()
                        .map(rule)
                        .transpose()
                }

                async fn due_rules(&mut self, end: UnixSeconds) -> Result<Vec<AlertRule>> {
                    sqlx::query(select_rules!(concat!(
                        "WHERE c.enabled AND (s.evaluated_to IS NULL OR s.evaluated_to < ", $d!(at "$1"),
                        " OR s.evaluated_to > ", $d!(at "$2"), ") ORDER BY c.id"
                    )))
                    .bind(end)
                    .bind(end + CLOCK_WAS_AHEAD)
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(rule)
                    .collect()
                }

                async fn insert_rule(
                    &mut self,
                    spec: &AlertSpec,
                    created_by: Option<&str>,
                    now: UnixSeconds,
                ) -> Result<i64> {
                    Ok(sqlx::query_scalar(concat!(
                        "INSERT INTO ", $d!(table "api_alert_configs"), " (name, alert_type, service_filter, \
                         endpoint_filter, api_key_filter, tenant_id, threshold_value, comparison, window_minutes, \
                         cooldown_minutes, severity, quantile, min_requests, enabled, created_by, created_at, \
                         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, ",
                        $d!(at "$16"), ", ", $d!(at "$16"), ") RETURNING id"
                    ))
                    .bind(&spec.name)
                    .bind(spec.alert_type.as_str())
                    .bind(&spec.service)
                    .bind(&spec.endpoint)
                    .bind(spec.api_key_id)
                    .bind(&spec.tenant_id)
                    .bind(spec.threshold)
                    .bind(spec.comparison.as_str())
                    .bind(i64::from(spec.window_minutes))
                    .bind(i64::from(spec.cooldown_minutes))
                    .bind(spec.severity.as_str())
                    .bind(spec.quantile)
                    .bind(signed(spec.min_requests))
                    .bind(spec.enabled)
                    .bind(created_by)
                    .bind(now)
                    .fetch_one(&mut *self.sql)
                    .await?)
                }

                async fn count_rules(&mut self, tenant: Option<&str>) -> Result<u64> {
                    let count: i64 = sqlx::query_scalar(concat!(
                        "SELECT count(*) FROM ", $d!(table "api_alert_configs"),
                        " WHERE tenant_id = $1 OR (tenant_id IS NULL AND $1 IS NULL)"
                    ))
                    .bind(tenant)
                    .fetch_one(&mut *self.sql)
                    .await?;
                    Ok(unsigned(count))
                }

                async fn write_rule(&mut self, id: i64, spec: &AlertSpec, now: UnixSeconds) -> Result<()> {
                    sqlx::query(concat!(
                        "UPDATE ", $d!(table "api_alert_configs"), " SET name = $2, alert_type = $3, \
                         service_filter = $4, endpoint_filter = $5, api_key_filter = $6, tenant_id = $7, \
                         threshold_value = $8, comparison = $9, window_minutes = $10, cooldown_minutes = $11, \
                         severity = $12, quantile = $13, min_requests = $14, enabled = $15, updated_at = ",
                        $d!(at "$16"), ", revision = revision + 1 WHERE id = $1"
                    ))
                    .bind(id)
                    .bind(&spec.name)
                    .bind(spec.alert_type.as_str())
                    .bind(&spec.service)
                    .bind(&spec.endpoint)
                    .bind(spec.api_key_id)
                    .bind(&spec.tenant_id)
                    .bind(spec.threshold)
                    .bind(spec.comparison.as_str())
                    .bind(i64::from(spec.window_minutes))
                    .bind(i64::from(spec.cooldown_minutes))
                    .bind(spec.severity.as_str())
                    .bind(spec.quantile)
                    .bind(signed(spec.min_requests))
                    .bind(spec.enabled)
                    .bind(now)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn delete_rule(&mut self, id: i64) -> Result<()> {
                    sqlx::query(concat!("DELETE FROM ", $d!(table "api_alert_configs"), " WHERE id = $1"))
                        .bind(id)
                        .execute(&mut *self.sql)
                        .await?;
                    Ok(())
                }

                async fn write_state(
                    &mut self,
                    id: i64,
                    state: &AlertState,
                    last_fired_at: Option<UnixSeconds>,
                ) -> Result<()> {
                    sqlx::query(concat!(
                        "INSERT INTO ", $d!(table "alert_states"), " (config_id, state, since, evaluated_to, event_id, \
                         value) VALUES ($1, $2, ", $d!(at "$3"), ", ", $d!(at "$4"), ", $5, $6) \
                         ON CONFLICT (config_id) DO UPDATE SET state = excluded.state, since = excluded.since, \
                         evaluated_to = excluded.evaluated_to, event_id = excluded.event_id, value = excluded.value"
                    ))
                    .bind(id)
                    .bind(state.phase.as_str())
                    .bind(bounded(state.since))
                    .bind(bounded(state.evaluated_to))
                    .bind(state.event_id)
                    .bind(state.value)
                    .execute(&mut *self.sql)
                    .await?;
                    sqlx::query(concat!(
                        "UPDATE ", $d!(table "api_alert_configs"), " SET last_fired_at = ", $d!(at "$2"), " WHERE id = $1"
                    ))
                    .bind(id)
                    .bind(last_fired_at)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn insert_event(&mut self, event: &AlertEvent) -> Result<()> {
                    sqlx::query(concat!(
                        "INSERT INTO ", $d!(table "api_alert_events"), " (id, config_id, name, alert_type, severity, \
                         tenant_id, fired_at, value, threshold, message) VALUES ($1, $2, $3, $4, $5, $6, ",
                        $d!(at "$7"), ", $8, $9, $10) ON CONFLICT DO NOTHING"
                    ))
                    .bind(event.id)
                    .bind(event.rule_id)
                    .bind(&event.name)
                    .bind(event.alert_type.as_str())
                    .bind(event.severity.as_str())
                    .bind(&event.tenant_id)
                    .bind(event.fired_at)
                    .bind(event.value)
                    .bind(event.threshold)
                    .bind(&event.message)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn resolve_event(&mut self, id: Uuid, at: UnixSeconds, message: &str) -> Result<()> {
                    sqlx::query(concat!(
                        "UPDATE ", $d!(table "api_alert_events"), " SET resolved_at = ", $d!(at "$2"),
                        ", resolved_message = $3 WHERE id = $1 AND resolved_at IS NULL"
                    ))
                    .bind(id)
                    .bind(at)
                    .bind(message)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn list_events(&mut self, query: &EventQuery) -> Result<Vec<AlertEvent>> {
                    let (tenant, keys) = scope_parameters(&query.scope);
                    sqlx::query(select_events!(concat!(
                        "WHERE ($1 IS NULL OR tenant_id = $1) AND $2 IS NULL AND ($3 IS NULL OR config_id = $3) \
                         AND ($4 IS NULL OR fired_at < ", $d!(at "$4"), " OR (fired_at = ", $d!(at "$4"),
                        " AND id < $5)) AND (resolved_at IS NULL OR NOT $6) ORDER BY fired_at DESC, id DESC LIMIT $7"
                    )))
                    .bind(tenant)
                    .bind(keys)
                    .bind(query.rule_id)
                    .bind(query.before.map(|(at, _)| bounded(at)))
                    .bind(query.before.map(|(_, id)| id))
                    .bind(query.open_only)
                    .bind(i64::from(query.limit))
                    .fetch_all(&mut *self.sql)
                    .await?
                    .iter()
                    .map(event)
                    .collect()
                }

                async fn remove_events(&mut self, before: UnixSeconds) -> Result<u64> {
                    Ok(sqlx::query(concat!(
                        "DELETE FROM ", $d!(table "api_alert_events"), " WHERE id IN (SELECT id FROM ",
                        $d!(table "api_alert_events"), " WHERE resolved_at < ", $d!(at "$1"), " LIMIT 1000)"
                    ))
                    .bind(bounded(before))
                    .execute(&mut *self.sql)
                    .await?
                    .rows_affected())
                }
            }

            fn word<T>(row: &DbRow, column: &str, read: fn(&str) -> Option<T>) -> Result<T> {
                let text: String = row.try_get(column)?;
                read(&text).ok_or_else(|| unknown(column, &text))
            }

            fn rule(row: &DbRow) -> Result<AlertRule> {
                let minutes = |column: &str| -> Result<u32> {
                    Ok(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
                };
                let created_at: UnixSeconds = row.try_get("created_at")?;
                let state = match row.try_get::<Option<String>, _>("state")? {
                    Some(_) => AlertState {
                        phase: word(row, "state", Phase::from_name)?,
                        since: row.try_get("since")?,
                        evaluated_to: row.try_get("evaluated_to")?,
                        event_id: row.try_get("event_id")?,
                        value: row.try_get("value")?,
                    },
                    // A rule that was inserted by hand.
                    None => AlertState::new(created_at - created_at.rem_euclid(60)),
                };
                Ok(AlertRule {
                    id: row.try_get("id")?,
                    revision: row.try_get("revision")?,
                    spec: AlertSpec {
                        name: row.try_get("name")?,
                        alert_type: word(row, "alert_type", AlertType::from_name)?,
                        service: row.try_get("service_filter")?,
                        endpoint: row.try_get("endpoint_filter")?,
                        api_key_id: row.try_get("api_key_filter")?,
                        tenant_id: row.try_get("tenant_id")?,
                        threshold: row.try_get("threshold_value")?,
                        comparison: word(row, "comparison", Comparison::from_name)?,
                        window_minutes: minutes("window_minutes")?,
                        cooldown_minutes: minutes("cooldown_minutes")?,
                        severity: word(row, "severity", Severity::from_name)?,
                        quantile: row.try_get("quantile")?,
                        min_requests: unsigned(row.try_get("min_requests")?),
                        enabled: row.try_get("enabled")?,
                    },
                    state,
                    last_fired_at: row.try_get("last_fired_at")?,
                    created_by: row.try_get("created_by")?,
                    created_at,
                    updated_at: row.try_get("updated_at")?,
                })
            }

            fn event(row: &DbRow) -> Result<AlertEvent> {
                Ok(AlertEvent {
                    id: row.try_get("id")?,
                    rule_id: row.try_get("config_id")?,
                    name: row.try_get("name")?,
                    alert_type: word(row, "alert_type", AlertType::from_name)?,
                    severity: word(row, "severity", Severity::from_name)?,
                    tenant_id: row.try_get("tenant_id")?,
                    fired_at: row.try_get("fired_at")?,
                    resolved_at: row.try_get("resolved_at")?,
                    value: row.try_get("value")?,
                    threshold: row.try_get("threshold")?,
                    message: row.try_get("message")?,
                    resolved_message: row.try_get("resolved_message")?,
                })
            }
        }
    };
}

#[cfg(feature = "postgres")]
alert_statements!(postgres, crate::postgres::PgTx, sqlx::postgres::PgRow, pg);
#[cfg(feature = "sqlite")]
alert_statements!(
    sqlite,
    crate::sqlite::SqliteTx,
    sqlx::sqlite::SqliteRow,
    lite
);
