//! Alert rules, their states and their events.
//!
//! A rule is read together with its state by a left join: a rule that was inserted by hand has no state
//! yet and counts as `ok` since its creation. Reading many rules is one
//! statement; writing the outcome of one takes a few.

use std::str::FromStr;

use uuid::Uuid;

use super::{bounded, only, scope_parameters, signed, unknown, unsigned};
use crate::{
    control::alerts::{
        AlertCauses, AlertEvent, AlertRule, AlertSpec, AlertState, CLOCK_WAS_AHEAD, EventHandling,
        EventQuery,
    },
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    query::Scope,
    time::UnixSeconds,
};

/// Events that one statement removes at most.
pub(in crate::control) const MAX_REMOVED: u64 = 1_000;

/// The statement that reads rules with their states; `tail` is its condition, order and limit.
pub(super) fn select_rules(d: Dialect, tail: &str) -> String {
    format!(
        "SELECT c.id, c.revision, c.name, c.alert_type, c.service_filter, c.environment_filter, \
           c.protocol_filter, c.endpoint_filter, \
           c.api_key_filter, c.tenant_id, c.threshold_value, c.comparison, c.window_minutes, \
           c.cooldown_minutes, c.severity, c.quantile, c.unit, c.min_requests, c.enabled, c.created_by, \
           c.objective_id, o.indicator, o.latency_us, o.target_ppm, \
           {fired} AS last_fired_at, {created} AS created_at, {updated} AS updated_at, \
           s.state, s.event_id, s.value, {since} AS since, {evaluated} AS evaluated_to \
         FROM {rules} AS c LEFT JOIN {states} AS s ON s.config_id = c.id \
           LEFT JOIN {objectives} AS o ON o.id = c.objective_id {tail}",
        fired = d.epoch("c.last_fired_at"),
        created = d.epoch("c.created_at"),
        updated = d.epoch("c.updated_at"),
        since = d.epoch("s.since"),
        evaluated = d.epoch("s.evaluated_to"),
        rules = d.table("api_alert_configs"),
        states = d.table("alert_states"),
        objectives = d.table("objectives"),
    )
}

/// Up to `limit` rules above `after`, in the order of their numbers. A tenant sees its own rules.
pub(in crate::control) async fn list_rules(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    after: i64,
    limit: i64,
) -> Result<Vec<AlertRule>> {
    let (tenant, keys) = scope_parameters(scope);
    // Rules belong to tenants: a caller that is limited to keys sees none.
    let sql = select_rules(
        tx.dialect(),
        "WHERE c.id > $1 AND ($2 IS NULL OR c.tenant_id = $2) AND $3 IS NULL ORDER BY c.id LIMIT $4",
    );
    let rows = tx.fetch(sql, params![after, tenant, keys, limit]).await?;
    rows.iter().map(rule).collect()
}

/// Reads a rule and locks it for this transaction.
pub(in crate::control) async fn lock_rule(
    tx: &mut dyn SqlTx,
    id: i64,
) -> Result<Option<AlertRule>> {
    let d = tx.dialect();
    // Only the rule's own row can be locked: the other side of the join may be missing.
    let sql = format!(
        "SELECT id FROM {rules} WHERE id = $1{lock}",
        rules = d.table("api_alert_configs"),
        lock = d.for_update(),
    );
    tx.execute(sql, params![id]).await?;
    let rows = tx
        .fetch(select_rules(d, "WHERE c.id = $1"), params![id])
        .await?;
    rows.first().map(rule).transpose()
}

/// Enabled rules that were not evaluated up to `end`.
pub(in crate::control) async fn list_due_rules(
    tx: &mut dyn SqlTx,
    end: UnixSeconds,
) -> Result<Vec<AlertRule>> {
    let d = tx.dialect();
    let tail = format!(
        "WHERE c.enabled AND (s.evaluated_to IS NULL OR s.evaluated_to < {end} \
         OR s.evaluated_to > {ahead}) ORDER BY c.id",
        end = d.at("$1"),
        ahead = d.at("$2"),
    );
    let rows = tx
        .fetch(select_rules(d, &tail), params![end, end + CLOCK_WAS_AHEAD])
        .await?;
    rows.iter().map(rule).collect()
}

/// Adds a rule; answers its number.
pub(in crate::control) async fn insert_rule(
    tx: &mut dyn SqlTx,
    spec: &AlertSpec,
    created_by: Option<&str>,
    now: UnixSeconds,
) -> Result<i64> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {rules} (name, alert_type, service_filter, endpoint_filter, api_key_filter, \
           tenant_id, threshold_value, comparison, window_minutes, cooldown_minutes, severity, \
           quantile, min_requests, enabled, created_by, protocol_filter, unit, environment_filter, objective_id, \
           created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $20, {now}, {now}) \
         RETURNING id",
        rules = d.table("api_alert_configs"),
        now = d.at("$19"),
    );
    let values = params![
        &spec.name,
        spec.alert_type.as_str(),
        &spec.service,
        &spec.endpoint,
        spec.api_key_id,
        &spec.tenant_id,
        spec.threshold,
        spec.comparison.as_str(),
        i64::from(spec.window_minutes),
        i64::from(spec.cooldown_minutes),
        spec.severity.as_str(),
        spec.quantile,
        signed(spec.min_requests),
        spec.enabled,
        created_by,
        &spec.protocol,
        &spec.unit,
        &spec.environment,
        now,
        spec.objective_id,
    ];
    only(tx.fetch(sql, values).await?)?.int("id")
}

/// How many rules a tenant has; the operator's own where none is given.
pub(in crate::control) async fn count_rules(
    tx: &mut dyn SqlTx,
    tenant: Option<&str>,
) -> Result<u64> {
    let sql = format!(
        "SELECT count(*) AS found FROM {rules} \
         WHERE tenant_id = $1 OR (tenant_id IS NULL AND $1 IS NULL)",
        rules = tx.dialect().table("api_alert_configs"),
    );
    let rows = tx.fetch(sql, params![tenant]).await?;
    Ok(unsigned(only(rows)?.int("found")?))
}

/// Writes the spec under the next revision.
pub(in crate::control) async fn update_rule(
    tx: &mut dyn SqlTx,
    id: i64,
    spec: &AlertSpec,
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {rules} SET name = $2, alert_type = $3, service_filter = $4, endpoint_filter = $5, \
           api_key_filter = $6, tenant_id = $7, threshold_value = $8, comparison = $9, \
           window_minutes = $10, cooldown_minutes = $11, severity = $12, quantile = $13, \
           min_requests = $14, enabled = $15, protocol_filter = $16, unit = $17, environment_filter = $18, \
           objective_id = $20, updated_at = {now}, \
           revision = revision + 1 \
         WHERE id = $1",
        rules = d.table("api_alert_configs"),
        now = d.at("$19"),
    );
    let values = params![
        id,
        &spec.name,
        spec.alert_type.as_str(),
        &spec.service,
        &spec.endpoint,
        spec.api_key_id,
        &spec.tenant_id,
        spec.threshold,
        spec.comparison.as_str(),
        i64::from(spec.window_minutes),
        i64::from(spec.cooldown_minutes),
        spec.severity.as_str(),
        spec.quantile,
        signed(spec.min_requests),
        spec.enabled,
        &spec.protocol,
        &spec.unit,
        &spec.environment,
        now,
        spec.objective_id,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Removes a rule and its state.
pub(in crate::control) async fn delete_rule(tx: &mut dyn SqlTx, id: i64) -> Result<()> {
    let rules = tx.dialect().table("api_alert_configs");
    tx.execute(format!("DELETE FROM {rules} WHERE id = $1"), params![id])
        .await?;
    Ok(())
}

/// Writes where a rule stands.
pub(in crate::control) async fn put_state(
    tx: &mut dyn SqlTx,
    id: i64,
    state: &AlertState,
    last_fired_at: Option<UnixSeconds>,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {states} (config_id, state, since, evaluated_to, event_id, value) \
         VALUES ($1, $2, {since}, {evaluated}, $5, $6) \
         ON CONFLICT (config_id) DO UPDATE SET state = excluded.state, since = excluded.since, \
           evaluated_to = excluded.evaluated_to, event_id = excluded.event_id, value = excluded.value",
        states = d.table("alert_states"),
        since = d.at("$3"),
        evaluated = d.at("$4"),
    );
    let values = params![
        id,
        state.phase.as_str(),
        bounded(state.since),
        bounded(state.evaluated_to),
        state.event_id,
        state.value,
    ];
    tx.execute(sql, values).await?;
    let sql = format!(
        "UPDATE {rules} SET last_fired_at = {fired} WHERE id = $1",
        rules = d.table("api_alert_configs"),
        fired = d.at("$2"),
    );
    tx.execute(sql, params![id, last_fired_at]).await?;
    Ok(())
}

/// Adds an event, unless it is there.
pub(in crate::control) async fn insert_event(tx: &mut dyn SqlTx, event: &AlertEvent) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {events} (id, config_id, name, alert_type, severity, tenant_id, fired_at, value, \
           threshold, message) \
         VALUES ($1, $2, $3, $4, $5, $6, {fired}, $8, $9, $10) ON CONFLICT DO NOTHING",
        events = d.table("api_alert_events"),
        fired = d.at("$7"),
    );
    let values = params![
        event.id,
        event.rule_id,
        &event.name,
        event.alert_type.as_str(),
        event.severity.as_str(),
        &event.tenant_id,
        event.fired_at,
        event.value,
        event.threshold,
        &event.message,
    ];
    tx.execute(sql, values).await?;
    if let Some(causes) = &event.causes {
        let sql = format!(
            "INSERT INTO {causes} (event_id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            causes = d.table("alert_causes"),
        );
        // Texts and whole numbers always serialise.
        let body = serde_json::to_string(causes).unwrap_or_default();
        tx.execute(sql, params![event.id, body]).await?;
    }
    Ok(())
}

/// Up to 1,000 events after `after` by id, with what was behind them; `None` where another release has written what
/// is none of ours.
pub(in crate::control) async fn list_causes(
    tx: &mut dyn SqlTx,
    after: Uuid,
) -> Result<Vec<(Uuid, Option<AlertCauses>)>> {
    let causes = tx.dialect().table("alert_causes");
    let sql = format!(
        "SELECT event_id, body FROM {causes} WHERE event_id > $1 ORDER BY event_id LIMIT 1000"
    );
    let rows = tx.fetch(sql, params![after]).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.uuid("event_id")?,
                serde_json::from_str(&row.text("body")?).ok(),
            ))
        })
        .collect()
}

/// Sets what was behind an event.
pub(in crate::control) async fn update_causes(
    tx: &mut dyn SqlTx,
    event: Uuid,
    causes: &AlertCauses,
) -> Result<()> {
    let table = tx.dialect().table("alert_causes");
    let sql = format!("UPDATE {table} SET body = $2 WHERE event_id = $1");
    // Texts and whole numbers always serialise.
    let body = serde_json::to_string(causes).unwrap_or_default();
    tx.execute(sql, params![event, body]).await?;
    Ok(())
}

/// Ends an event that is open.
pub(in crate::control) async fn resolve_event(
    tx: &mut dyn SqlTx,
    id: Uuid,
    at: UnixSeconds,
    message: &str,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {events} SET resolved_at = {at}, resolved_message = $3 \
         WHERE id = $1 AND resolved_at IS NULL",
        events = d.table("api_alert_events"),
        at = d.at("$2"),
    );
    tx.execute(sql, params![id, at, message]).await?;
    Ok(())
}

/// Events, the latest first. What was behind them names other consumers, and errors of all: it is for those who see
/// everything. While a rule is silent for a time all of its events say so, at whichever it was silenced.
pub(in crate::control) async fn list_events(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    query: &EventQuery,
    now: UnixSeconds,
) -> Result<Vec<AlertEvent>> {
    let d = tx.dialect();
    let (tenant, keys) = scope_parameters(scope);
    let sql = format!(
        "SELECT id, config_id, name, alert_type, severity, tenant_id, {fired} AS fired_at, \
           {resolved} AS resolved_at, value, threshold, message, resolved_message, body, \
           {acknowledged} AS acknowledged_at, h.acknowledged_by, {silenced} AS silenced_at, \
           {until} AS silenced_until, coalesce(s.silenced_by, h.silenced_by) AS silenced_by \
         FROM {events} LEFT JOIN {causes} AS c ON c.event_id = id AND $1 IS NULL AND $2 IS NULL \
           LEFT JOIN {handling} AS h ON h.event_id = id \
           LEFT JOIN (\
             SELECT e.config_id AS rule, a.silenced_at, a.silenced_until, a.silenced_by \
             FROM {handling} AS a JOIN {events} AS e ON e.id = a.event_id \
             WHERE a.silenced_until > {now}) AS s ON s.rule = config_id \
         WHERE ($1 IS NULL OR tenant_id = $1) AND $2 IS NULL AND ($3 IS NULL OR config_id = $3) \
           AND ($4 IS NULL OR fired_at < {before} OR (fired_at = {before} AND id < $5)) \
           AND (resolved_at IS NULL OR NOT $6) AND ($8 IS NULL OR id = $8) \
         ORDER BY fired_at DESC, id DESC LIMIT $7",
        fired = d.epoch("fired_at"),
        resolved = d.epoch("resolved_at"),
        events = d.table("api_alert_events"),
        causes = d.table("alert_causes"),
        handling = d.table("alert_handling"),
        acknowledged = d.epoch("h.acknowledged_at"),
        silenced = d.epoch("coalesce(s.silenced_at, h.silenced_at)"),
        until = d.epoch("coalesce(s.silenced_until, h.silenced_until)"),
        now = d.at("$9"),
        before = d.at("$4"),
    );
    let values = params![
        tenant,
        keys,
        query.rule_id,
        query.before.map(|(at, _)| bounded(at)),
        query.before.map(|(_, id)| id),
        query.open_only,
        i64::from(query.limit),
        query.id,
        now,
    ];
    let rows = tx.fetch(sql, values).await?;
    rows.iter().map(event).collect()
}

/// Writes who acknowledged an event, unless somebody has; answers whether nobody had.
pub(in crate::control) async fn acknowledge(
    tx: &mut dyn SqlTx,
    event: Uuid,
    at: UnixSeconds,
    by: &str,
) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {handling} AS h (event_id, acknowledged_at, acknowledged_by) VALUES ($1, {at}, $3) \
         ON CONFLICT (event_id) DO UPDATE SET acknowledged_at = excluded.acknowledged_at, \
           acknowledged_by = excluded.acknowledged_by WHERE h.acknowledged_at IS NULL",
        handling = d.table("alert_handling"),
        at = d.at("$2"),
    );
    Ok(tx.execute(sql, params![event, at, by]).await? > 0)
}

/// Writes until when an event's rule is silent; without an end until the event is resolved. Who acknowledged it stays.
pub(in crate::control) async fn silence(
    tx: &mut dyn SqlTx,
    event: Uuid,
    at: UnixSeconds,
    until: Option<UnixSeconds>,
    by: &str,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {handling} (event_id, silenced_at, silenced_until, silenced_by) \
         VALUES ($1, {at}, {until}, $4) \
         ON CONFLICT (event_id) DO UPDATE SET silenced_at = excluded.silenced_at, \
           silenced_until = excluded.silenced_until, silenced_by = excluded.silenced_by",
        handling = d.table("alert_handling"),
        at = d.at("$2"),
        until = d.at("$3"),
    );
    tx.execute(sql, params![event, at, until.map(bounded), by])
        .await?;
    Ok(())
}

/// Ends the silence of a rule, at whichever of its events it was made; answers whether there was one. Those that are
/// over stay as they were.
pub(in crate::control) async fn end_silence(
    tx: &mut dyn SqlTx,
    rule: i64,
    now: UnixSeconds,
) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {handling} SET silenced_at = NULL, silenced_until = NULL, silenced_by = NULL \
         WHERE event_id IN ({active})",
        handling = d.table("alert_handling"),
        active = select_silences(d),
    );
    Ok(tx.execute(sql, params![rule, bounded(now)]).await? > 0)
}

/// The statement that reads the events at which rule `$1` is silenced at `$2`.
fn select_silences(d: Dialect) -> String {
    format!(
        "SELECT e.id FROM {handling} AS h JOIN {events} AS e ON e.id = h.event_id \
         WHERE e.config_id = $1 AND h.silenced_at IS NOT NULL \
           AND (h.silenced_until > {now} OR (h.silenced_until IS NULL AND e.resolved_at IS NULL))",
        handling = d.table("alert_handling"),
        events = d.table("api_alert_events"),
        now = d.at("$2"),
    )
}

/// Whether somebody has silenced the notices of a rule at `now`, at whichever of its events.
pub(in crate::control) async fn is_silenced(
    tx: &mut dyn SqlTx,
    rule: i64,
    now: UnixSeconds,
) -> Result<bool> {
    let sql = format!("{} LIMIT 1", select_silences(tx.dialect()));
    Ok(!tx.fetch(sql, params![rule, bounded(now)]).await?.is_empty())
}

/// Removes events that ended before `before`, at most [`MAX_REMOVED`]; answers how many.
pub(in crate::control) async fn remove_events(
    tx: &mut dyn SqlTx,
    before: UnixSeconds,
) -> Result<u64> {
    let d = tx.dialect();
    let sql = format!(
        "DELETE FROM {events} WHERE id IN (\
           SELECT id FROM {events} WHERE resolved_at < {before} LIMIT {MAX_REMOVED})",
        events = d.table("api_alert_events"),
        before = d.at("$1"),
    );
    tx.execute(sql, params![bounded(before)]).await
}

/// A column that holds the name of a variant.
///
/// # Errors
///
/// `StoreError::Corrupt` where this release knows no such name.
fn word<T: FromStr>(row: &FetchedRow, column: &str) -> Result<T> {
    let text = row.text(column)?;
    text.parse().map_err(|_| unknown(column, &text))
}

/// A row of [`select_rules`] as a rule.
pub(super) fn rule(row: &FetchedRow) -> Result<AlertRule> {
    let minutes =
        |column| -> Result<u32> { Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX)) };
    let created_at = row.int("created_at")?;
    let state = match row.optional_text("state")? {
        Some(_) => AlertState {
            phase: word(row, "state")?,
            since: row.int("since")?,
            evaluated_to: row.int("evaluated_to")?,
            event_id: row.optional_uuid("event_id")?,
            value: row.optional_real("value")?,
        },
        // A rule that was inserted by hand.
        None => AlertState::new(created_at - created_at.rem_euclid(60)),
    };
    Ok(AlertRule {
        id: row.int("id")?,
        revision: row.int("revision")?,
        spec: AlertSpec {
            name: row.text("name")?,
            alert_type: word(row, "alert_type")?,
            service: row.optional_text("service_filter")?,
            environment: row.optional_text("environment_filter")?,
            protocol: row.optional_text("protocol_filter")?,
            endpoint: row.optional_text("endpoint_filter")?,
            api_key_id: row.optional_int("api_key_filter")?,
            tenant_id: row.optional_text("tenant_id")?,
            threshold: row.real("threshold_value")?,
            comparison: word(row, "comparison")?,
            window_minutes: minutes("window_minutes")?,
            cooldown_minutes: minutes("cooldown_minutes")?,
            severity: word(row, "severity")?,
            quantile: row.optional_real("quantile")?,
            unit: row.optional_text("unit")?,
            objective_id: row.optional_int("objective_id")?,
            aim: super::objectives::aim(row)?,
            min_requests: unsigned(row.int("min_requests")?),
            enabled: row.flag("enabled")?,
        },
        state,
        last_fired_at: row.optional_int("last_fired_at")?,
        created_by: row.optional_text("created_by")?,
        created_at,
        updated_at: row.int("updated_at")?,
    })
}

/// A row of `api_alert_events` as an event.
fn event(row: &FetchedRow) -> Result<AlertEvent> {
    Ok(AlertEvent {
        id: row.uuid("id")?,
        rule_id: row.optional_int("config_id")?,
        name: row.text("name")?,
        alert_type: word(row, "alert_type")?,
        severity: word(row, "severity")?,
        tenant_id: row.optional_text("tenant_id")?,
        fired_at: row.int("fired_at")?,
        resolved_at: row.optional_int("resolved_at")?,
        value: row.real("value")?,
        threshold: row.real("threshold")?,
        message: row.text("message")?,
        resolved_message: row.optional_text("resolved_message")?,
        // What another release has written may be none of ours.
        causes: row
            .optional_text("body")?
            .and_then(|body| serde_json::from_str(&body).ok()),
        handling: EventHandling {
            acknowledged_at: row.optional_int("acknowledged_at")?,
            acknowledged_by: row.optional_text("acknowledged_by")?,
            silenced_at: row.optional_int("silenced_at")?,
            silenced_until: row.optional_int("silenced_until")?,
            silenced_by: row.optional_text("silenced_by")?,
        },
    })
}
