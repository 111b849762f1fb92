//! What the audit trail notes of changes of keys.
//!
//! Names of settings are those of the HTTP API. Values are noted of limits, quotas and plans alone: names, tenants and
//! users may be personal.

use std::fmt::Display;

use chrono::NaiveDate;

use super::KeySpec;
use crate::{
    engine::{audit, sql::SqlTx},
    store::StoreError,
    time::UnixSeconds,
};

/// Notes what of a key has changed; nothing where it is as before. `plan_from` is the first day of a plan that was
/// assigned.
pub(super) async fn note_changes(
    tx: &mut dyn SqlTx,
    now: UnixSeconds,
    actor: &str,
    id: i64,
    before: &KeySpec,
    after: &KeySpec,
    plan_from: Option<NaiveDate>,
) -> Result<(), StoreError> {
    let changed: Vec<&str> = [
        ("name", before.name != after.name),
        ("tenantId", before.tenant_id != after.tenant_id),
        ("userId", before.user_id != after.user_id),
        ("teamId", before.team_id != after.team_id),
        ("enabled", before.enabled != after.enabled),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    if !changed.is_empty() {
        let subject = format!("API key {id}: {}", changed.join(", "));
        audit::note(tx, now, actor, "change API key", &subject).await?;
    }
    if before.rate_limit_per_minute != after.rate_limit_per_minute {
        let subject = format!(
            "API key {id}: {} to {} a minute",
            or_none(before.rate_limit_per_minute),
            or_none(after.rate_limit_per_minute)
        );
        audit::note(tx, now, actor, "change rate limit", &subject).await?;
    }
    let quota = |spec: &KeySpec| (spec.quota_limit, spec.quota_period, spec.quota_anchor);
    if quota(before) != quota(after) || before.quota_unit != after.quota_unit {
        let subject = format!("API key {id}: {} to {}", quota_of(before), quota_of(after));
        audit::note(tx, now, actor, "change quota", &subject).await?;
    }
    if let Some(from) = plan_from {
        let subject = format!(
            "API key {id}: price plan {} to {} from {from}",
            or_none(before.price_plan_id),
            or_none(after.price_plan_id)
        );
        audit::note(tx, now, actor, "assign price plan", &subject).await?;
    }
    Ok(())
}

/// A value, or `none`.
fn or_none(value: Option<impl Display>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// A quota with its period and, where it has one, the start of its periods.
fn quota_of(spec: &KeySpec) -> String {
    let Some(limit) = spec.quota_limit else {
        return "none".to_owned();
    };
    let period = spec
        .quota_period
        .map_or_else(|| "month".to_owned(), |p| p.to_string());
    let anchor = spec
        .quota_anchor
        .and_then(|at| chrono::DateTime::from_timestamp(at, 0))
        .map(|at| format!(" from {}", at.format("%Y-%m-%dT%H:%M:%SZ")));
    let unit = spec.quota_unit.as_ref().map(|unit| format!(" {unit}"));
    format!(
        "{limit}{} a {period}{}",
        unit.unwrap_or_default(),
        anchor.unwrap_or_default()
    )
}
