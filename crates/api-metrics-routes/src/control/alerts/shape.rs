//! A rule as the API writes and reads it.
//!
//! Bodies are read member by member, so that an error names the member; the structs next to the
//! readers describe them for the document.

use api_metrics_store::control::alerts::{AlertRule, AlertSpec, AlertType, Comparison, Severity};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    auth::Caller,
    control::own_tenant,
    request::{Body, present, required},
    response::{Problem, time},
};

/// A rule.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    /// Its number.
    id: i64,
    /// A name for people.
    name: String,
    /// What it looks at: `error_rate` (percent), `response_time` (milliseconds), `rate_limit`
    /// (percent of the limit), `request_volume` (requests in the window), `bandwidth` (bytes in the
    /// window), `unit` (the sum of a unit in the window), `anomaly`, `anomaly_errors`, `anomaly_latency` or
    /// `anomaly_bandwidth` (deviations of requests, error rate, latency or bytes from the same hour of the week),
    /// `burn_rate` (how many times faster than allowed an objective's budget burns), or `release_regression` (by how much a
    /// release is worse than the version before: percentage points of 5xx, or with a quantile percent of the latency);
    /// and over our own health `store_unreachable` (seconds in the window), `flush_lag` (seconds), `answer_time` and
    /// `query_time` (milliseconds), `open_streams`, `dropped_log_rows` (requests in the window), or `cache_hit_rate`
    /// (percent).
    alert_type: &'static str,
    /// Only this service.
    service_filter: Option<String>,
    /// Only this environment.
    environment_filter: Option<String>,
    /// Only this protocol; null: requests to the server, `http` and `grpc`.
    protocol_filter: Option<String>,
    /// Only this endpoint, exactly or as a glob, with or without a method before it.
    endpoint_filter: Option<String>,
    /// Only the API key of this number.
    api_key_filter: Option<i64>,
    /// Whose keys it watches; null watches everything.
    tenant_id: Option<String>,
    /// In the unit of the type.
    threshold_value: f64,
    /// `gt`, `lt`, `gte` or `lte`.
    comparison: &'static str,
    /// How many whole minutes are looked at together.
    window_minutes: u32,
    /// How many minutes lie between two firings at least.
    cooldown_minutes: u32,
    /// `low`, `medium`, `high` or `critical`.
    severity: &'static str,
    /// For response times: which quantile; null is the mean.
    quantile: Option<f64>,
    /// For units: the one whose sum is looked at; else null.
    unit: Option<String>,
    /// For burn rates: the number of the objective, whose filters and tenant are the rule's; else null.
    objective_id: Option<i64>,
    /// A window with fewer requests is not evaluated; of our own health, with fewer answers, queries or lookups.
    min_requests: u64,
    /// Whether it is evaluated.
    enabled: bool,
    /// Counts the edits.
    revision: i64,
    /// `ok`, `pending` (breached within the cooldown), `firing` or `resolved`.
    state: &'static str,
    /// Since when it stands there.
    state_since: DateTime<Utc>,
    /// The end of the last window that was evaluated.
    evaluated_to: DateTime<Utc>,
    /// The value of that window; null where it could not be evaluated.
    value: Option<f64>,
    /// The event that is open while it fires.
    event_id: Option<String>,
    /// When it last fired.
    last_fired_at: Option<DateTime<Utc>>,
    /// Who made it.
    created_by: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<AlertRule> for Alert {
    fn from(rule: AlertRule) -> Self {
        let AlertRule { spec, state, .. } = rule;
        Self {
            id: rule.id,
            name: spec.name,
            alert_type: spec.alert_type.into(),
            service_filter: spec.service,
            environment_filter: spec.environment,
            protocol_filter: spec.protocol,
            endpoint_filter: spec.endpoint,
            api_key_filter: spec.api_key_id,
            tenant_id: spec.tenant_id,
            threshold_value: spec.threshold,
            comparison: spec.comparison.into(),
            window_minutes: spec.window_minutes,
            cooldown_minutes: spec.cooldown_minutes,
            severity: spec.severity.into(),
            quantile: spec.quantile,
            unit: spec.unit,
            objective_id: spec.objective_id,
            min_requests: spec.min_requests,
            enabled: spec.enabled,
            revision: rule.revision,
            state: state.phase.into(),
            state_since: time(state.since),
            evaluated_to: time(state.evaluated_to),
            value: state.value,
            event_id: state.event_id.map(|id| id.to_string()),
            last_fired_at: rule.last_fired_at.map(time),
            created_by: rule.created_by,
            created_at: time(rule.created_at),
            updated_at: time(rule.updated_at),
        }
    }
}

/// What can be set of a rule; the first four are needed.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `read_spec` reads")]
pub(crate) struct AlertBody {
    /// A name for people, 1 to 200 bytes.
    #[cfg_attr(test, schema(example = "checkout errors"))]
    name: String,
    /// `error_rate`, `response_time`, `rate_limit`, `request_volume`, `bandwidth`, `unit`, `anomaly`, `anomaly_errors`,
    /// `anomaly_latency`, `anomaly_bandwidth` or `burn_rate`; over our own health, for admins, `store_unreachable`,
    /// `flush_lag`, `answer_time`, `query_time`, `open_streams`, `dropped_log_rows` or `cache_hit_rate`.
    #[cfg_attr(test, schema(example = "error_rate"))]
    alert_type: String,
    /// In the unit of the type: percent, milliseconds, requests, bytes, deviations.
    #[cfg_attr(test, schema(example = 10.0))]
    threshold_value: f64,
    /// `gt`, `lt`, `gte` or `lte`.
    #[cfg_attr(test, schema(example = "gt"))]
    comparison: String,
    /// Only this service.
    service_filter: Option<String>,
    /// Only this environment.
    environment_filter: Option<String>,
    /// Only this protocol: `http`, `grpc`, a kind of events such as `agent`, or `any`. Where it is left out, requests
    /// to the server: `http` and `grpc`.
    #[cfg_attr(test, schema(example = "agent"))]
    protocol_filter: Option<String>,
    /// Only this endpoint, exactly or as a glob, with or without a method before it:
    /// `/users/{id}`, `GET /users/{id}`, `/users/*`.
    endpoint_filter: Option<String>,
    /// Only the API key of this number.
    api_key_filter: Option<i64>,
    /// Whose keys it watches; null watches everything. A manager's rules are its tenant's.
    tenant_id: Option<String>,
    /// Whole minutes that are looked at together, 1 to 1440.
    #[cfg_attr(test, schema(default = 5))]
    window_minutes: Option<u32>,
    /// Minutes between two firings, 0 to 43200.
    #[cfg_attr(test, schema(default = 30))]
    cooldown_minutes: Option<u32>,
    /// `low`, `medium`, `high` or `critical`.
    #[cfg_attr(test, schema(default = "medium"))]
    severity: Option<String>,
    /// For response times: which quantile, such as 0.95; null is the mean.
    quantile: Option<f64>,
    /// For the type `unit`, which needs it: the name of the unit that is summed.
    unit: Option<String>,
    /// For the type `burn_rate`, which needs it: the number of the objective. The rule's filters and tenant are the
    /// objective's, and its window is a multiple of 12 minutes, of which the last twelfth is looked at too.
    objective_id: Option<i64>,
    /// A window with fewer requests is not evaluated.
    #[cfg_attr(test, schema(default = 0))]
    min_requests: Option<u64>,
    /// Whether it is evaluated.
    #[cfg_attr(test, schema(default = true))]
    enabled: Option<bool>,
    /// The revision that the change is of; 409 where the rule has another. Not for new rules.
    revision: Option<i64>,
}

/// Any of a rule's members; what is left out stays as it is.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `read_spec` reads")]
pub(crate) struct AlertPatch {
    /// A name for people, 1 to 200 bytes.
    #[cfg_attr(test, schema(nullable = false))]
    name: Option<String>,
    /// What it looks at.
    #[cfg_attr(test, schema(nullable = false))]
    alert_type: Option<String>,
    /// In the unit of the type: percent, milliseconds, requests, bytes, deviations.
    #[cfg_attr(test, schema(nullable = false))]
    threshold_value: Option<f64>,
    /// `gt`, `lt`, `gte` or `lte`.
    #[cfg_attr(test, schema(nullable = false))]
    comparison: Option<String>,
    /// Only this service; null for all.
    service_filter: Option<String>,
    /// Only this environment; null for all.
    environment_filter: Option<String>,
    /// Only this protocol; null for requests to the server.
    protocol_filter: Option<String>,
    /// Only this endpoint, exactly or as a glob; null for all.
    endpoint_filter: Option<String>,
    /// Only the API key of this number; null for all.
    api_key_filter: Option<i64>,
    /// Whose keys it watches; null watches everything.
    tenant_id: Option<String>,
    /// Whole minutes that are looked at together, 1 to 1440.
    window_minutes: Option<u32>,
    /// Minutes between two firings, 0 to 43200.
    cooldown_minutes: Option<u32>,
    /// `low`, `medium`, `high` or `critical`.
    severity: Option<String>,
    /// For response times: which quantile; null is the mean.
    quantile: Option<f64>,
    /// For the type `unit`: the name of the unit that is summed.
    unit: Option<String>,
    /// For the type `burn_rate`: the number of the objective.
    objective_id: Option<i64>,
    /// A window with fewer requests is not evaluated.
    min_requests: Option<u64>,
    /// Whether it is evaluated.
    #[cfg_attr(test, schema(example = false))]
    enabled: Option<bool>,
    /// The revision that the change is of; 409 where the rule has another.
    revision: Option<i64>,
}

/// Reads a rule: over `base`, whose members stay where the body leaves them out, or from nothing.
/// A null stands for the default.
///
/// # Errors
/// 400 that names the member that is wrong, 403 where the tenant is not the caller's own.
pub(super) fn read_spec(
    body: &mut Body,
    caller: &Caller,
    base: Option<AlertSpec>,
) -> Result<AlertSpec, Problem> {
    let name = body.text("name")?;
    let alert_type = body.word(
        "alertType",
        &one_of(AlertType::ALL.iter().map(|&t| t.into())),
        |name| name.parse().ok(),
    )?;
    let comparison = body.word(
        "comparison",
        &one_of(Comparison::ALL.iter().map(|&c| c.into())),
        |name| name.parse().ok(),
    )?;
    let threshold = body.number("thresholdValue")?;
    let mut spec = match base {
        Some(base) => {
            let mut spec = base;
            spec.name = required("name", name)?.unwrap_or(spec.name);
            spec.alert_type = required("alertType", alert_type)?.unwrap_or(spec.alert_type);
            spec.comparison = required("comparison", comparison)?.unwrap_or(spec.comparison);
            spec.threshold = required("thresholdValue", threshold)?.unwrap_or(spec.threshold);
            spec
        }
        None => AlertSpec::new(
            present("name", name)?,
            present("alertType", alert_type)?,
            present("comparison", comparison)?,
            present("thresholdValue", threshold)?,
        ),
    };
    let default = AlertSpec::new("", spec.alert_type, spec.comparison, spec.threshold);
    let severity = body.word(
        "severity",
        &one_of(Severity::ALL.iter().map(|&s| s.into())),
        |name| name.parse().ok(),
    )?;
    set(&mut spec.service, body.text("serviceFilter")?);
    set(&mut spec.environment, body.text("environmentFilter")?);
    set(&mut spec.protocol, body.text("protocolFilter")?);
    set(&mut spec.endpoint, body.text("endpointFilter")?);
    set(&mut spec.api_key_id, body.id("apiKeyFilter")?);
    set(&mut spec.quantile, body.number("quantile")?);
    set(&mut spec.unit, body.text("unit")?);
    set(&mut spec.objective_id, body.id("objectiveId")?);
    set(&mut spec.tenant_id, body.text("tenantId")?);
    let or = |member: Option<Option<u32>>, default| member.map(|value| value.unwrap_or(default));
    if let Some(minutes) = or(body.small("windowMinutes")?, default.window_minutes) {
        spec.window_minutes = minutes;
    }
    if let Some(minutes) = or(body.small("cooldownMinutes")?, default.cooldown_minutes) {
        spec.cooldown_minutes = minutes;
    }
    if let Some(severity) = severity {
        spec.severity = severity.unwrap_or(default.severity);
    }
    if let Some(requests) = body.count("minRequests")? {
        spec.min_requests = requests.unwrap_or(default.min_requests);
    }
    if let Some(enabled) = body.flag("enabled")? {
        spec.enabled = enabled.unwrap_or(default.enabled);
    }
    spec.tenant_id = own_tenant(caller, spec.tenant_id)?;
    Ok(spec)
}

/// Sets a member that the body names; a null clears it.
fn set<T>(to: &mut Option<T>, member: Option<Option<T>>) {
    if let Some(value) = member {
        *to = value;
    }
}

/// `one of a, b, c`
pub(crate) fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", words.collect::<Vec<_>>().join(", "))
}
