//! `overview`: how the API is doing, and for admins how its metrics are.
//!
//! The first question of most conversations, so that its answer leads to the others: an endpoint to compare, an event
//! to triage. The range before is the one that the summary itself compares with.
//!
//! The state of the store is for those who may ask for `/api-status`. For others it is left out and not refused:
//! whoever reads the rest has no use for it.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::super::{
    call::{Call, Pairs, body_of, json_of},
    shape::{notes, number, pick, pick_each, put, range, rows, shown, text},
};
use crate::{
    auth::Access::Operate, metrics::summary::summary, ops::status::status, response::Problem,
};

/// The endpoints and alerts that are named.
const MOST: usize = 5;
/// The numbers of a range.
pub(super) const TOTALS: [&str; 9] = [
    "totalRequests",
    "errorRate",
    "errorCount4xx",
    "errorCount5xx",
    "abortedCount",
    "averageMs",
    "p50Ms",
    "p95Ms",
    "p99Ms",
];
/// The numbers of an endpoint.
pub(super) const ENDPOINT: [&str; 7] = [
    "service",
    "method",
    "endpoint",
    "requestCount",
    "errorRate",
    "p50Ms",
    "p95Ms",
];

/// The numbers of a range, by the route that answers them.
///
/// # Errors
/// Those of the route.
pub(super) async fn totals(call: &Call<'_>, pairs: Pairs) -> Result<Value, Problem> {
    let params = call.params(pairs)?;
    body_of(summary(call.state(), call.caller(), HeaderMap::new(), params).await?).await
}

/// Answers `overview`.
///
/// # Errors
/// Those of the routes.
pub(in super::super) async fn overview(mut call: Call<'_>) -> Result<Value, Problem> {
    let pairs = call.pairs()?;
    let now = totals(&call, pairs).await?;
    let before = &now["previous"];
    let mut answer = Map::new();
    let mut said = format!(
        "{} requests, {} errors, 95th percentile {}",
        now["totalRequests"],
        shown(number(&now, "errorRate"), "%"),
        shown(number(&now, "p95Ms"), " ms"),
    );
    if let Some(change) = number(before, "totalRequestsChange") {
        said.push_str(&format!(
            "; requests {} against the range before",
            signed(change)
        ));
    }
    let alerts = firing(&call).await?;
    if let Some((alerts, more)) = &alerts {
        said.push_str(&match (rows(alerts).len(), more) {
            (0, _) => "; no alert fires".to_owned(),
            (n, false) => format!("; alerts that fire: {n}"),
            (n, true) => format!("; alerts that fire: more than {n}"),
        });
    }
    let state = own_state(&call).await?;
    answer.insert("summary".to_owned(), format!("{said}.").into());
    answer.insert("range".to_owned(), range(&now));
    answer.insert("now".to_owned(), pick(&now, &TOTALS));
    put(&mut answer, "distinctKeys", now["distinctKeys"].clone());
    put(
        &mut answer,
        "previous",
        pick(
            before,
            &[
                "from",
                "to",
                "totalRequests",
                "errorRate",
                "averageMs",
                "p95Ms",
            ],
        ),
    );
    let endpoints = pick_each(&now["topEndpoints"], MOST, &ENDPOINT);
    put(&mut answer, "topEndpoints", Value::Array(endpoints));
    let alerts = alerts.map(|(alerts, _)| alerts).unwrap_or_default();
    put(&mut answer, "firing", alerts);
    put(&mut answer, "metricsStore", state);
    answer.insert("notes".to_owned(), json!(notes(&[&now])));
    Ok(Value::Object(answer))
}

/// A change in percent, with its sign.
pub(super) fn signed(change: f64) -> String {
    format!("{change:+.1}%")
}

/// The latest alert events that still fire, and whether there are more; none without a control plane.
///
/// # Errors
/// Those of the route.
#[cfg(feature = "control")]
async fn firing(call: &Call<'_>) -> Result<Option<(Value, bool)>, Problem> {
    use crate::control::alerts::events::events;
    if !call.app.client.has_control() {
        return Ok(None);
    }
    let pairs = vec![
        ("open".to_owned(), "true".to_owned()),
        ("limit".to_owned(), MOST.to_string()),
    ];
    let found = events(call.state(), call.caller(), call.params(pairs)?).await?;
    let found = json_of(found.0)?;
    let members = ["id", "alertId", "name", "severity", "firedAt", "message"];
    let alerts = pick_each(&found["data"], MOST, &members);
    Ok(Some((alerts.into(), !found["nextCursor"].is_null())))
}

/// Nothing: there are no alerts.
#[cfg(not(feature = "control"))]
async fn firing(_: &Call<'_>) -> Result<Option<(Value, bool)>, Problem> {
    Ok(None)
}

/// The state of the store and of this process, for roles that may ask for it; else null.
///
/// # Errors
/// Those of the route.
async fn own_state(call: &Call<'_>) -> Result<Value, Problem> {
    if !Operate.admits(call.caller().principal.role) {
        return Ok(Value::Null);
    }
    let found = status(call.state(), call.params(Vec::new())?).await?;
    let found = json_of(found.0)?;
    let mut state = pick(
        &found["store"],
        &["reachable", "unreachableSince", "backend", "quarantined"],
    );
    state["version"] = text(&found, "version").into();
    state["instances"] = rows(&found["instances"]).len().into();
    let hints = pick_each(&found["hints"], MOST, &["name", "service", "detail"]);
    if !hints.is_empty() {
        state["hints"] = hints.into();
    }
    Ok(state)
}
