//! What the audit trail notes of changes of rules: which settings, named as in the HTTP API.

use super::{AlertEvent, AlertSpec};
use crate::{
    engine::{audit, sql::SqlTx},
    store::StoreError,
    time::UnixSeconds,
};

/// Notes what of a rule has changed; nothing where it is as before.
pub(super) async fn note_changes(
    tx: &mut dyn SqlTx,
    now: UnixSeconds,
    actor: &str,
    id: i64,
    before: &AlertSpec,
    after: &AlertSpec,
) -> Result<(), StoreError> {
    let changed: Vec<&str> = [
        ("name", before.name != after.name),
        ("alertType", before.alert_type != after.alert_type),
        ("comparison", before.comparison != after.comparison),
        ("thresholdValue", before.threshold != after.threshold),
        ("serviceFilter", before.service != after.service),
        ("environmentFilter", before.environment != after.environment),
        ("endpointFilter", before.endpoint != after.endpoint),
        ("apiKeyFilter", before.api_key_id != after.api_key_id),
        ("tenantId", before.tenant_id != after.tenant_id),
        (
            "windowMinutes",
            before.window_minutes != after.window_minutes,
        ),
        (
            "cooldownMinutes",
            before.cooldown_minutes != after.cooldown_minutes,
        ),
        ("minRequests", before.min_requests != after.min_requests),
        ("severity", before.severity != after.severity),
        ("quantile", before.quantile != after.quantile),
        ("unit", before.unit != after.unit),
        ("objectiveId", before.objective_id != after.objective_id),
        ("enabled", before.enabled != after.enabled),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let subject = format!("{}: {}", rule(id, before), changed.join(", "));
    audit::note(tx, now, actor, "change alert rule", &subject).await?;
    Ok(())
}

/// A rule as notes name it.
pub(super) fn rule(id: i64, spec: &AlertSpec) -> String {
    format!("alert rule {id} ({})", spec.name)
}

/// An event as notes name it.
pub(super) fn event(event: &AlertEvent) -> String {
    format!("alert event {} ({})", event.id, event.name)
}
