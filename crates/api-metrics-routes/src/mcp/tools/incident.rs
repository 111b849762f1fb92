//! `triage_incident`: an alert event explained.
//!
//! The route's answer may hold a curve of hundreds of points, eight parts of each dimension and whole requests. Here the
//! curve is its highest, its lowest and its last point, because what an assistant asks of it is how bad it was and
//! whether it is over; the verdicts are told as they are, in the store's own words.
//!
//! An event of another tenant is not there, as in the route: the event's scope is checked by the store.

use axum::extract::Path;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::{
    arguments::Schema,
    call::{Call, json_of},
    shape::{number, pick, pick_each, put, rows, shown, text},
};
use crate::{
    control::alerts::{events::events, incident::incident},
    request::{Form, Parsed},
    response::Problem,
};

/// The rows of each breakdown.
const MOST: usize = 5;
/// Events that are named where none fires.
const LATEST: usize = 3;
/// What is shown of an event.
pub(super) const EVENT: [&str; 13] = [
    "id",
    "alertId",
    "name",
    "alertType",
    "severity",
    "state",
    "firedAt",
    "resolvedAt",
    "value",
    "threshold",
    "message",
    "acknowledgedBy",
    "silencedUntil",
];
/// What is shown of a rule.
pub(super) const RULE: [&str; 15] = [
    "id",
    "name",
    "alertType",
    "serviceFilter",
    "environmentFilter",
    "protocolFilter",
    "endpointFilter",
    "apiKeyFilter",
    "comparison",
    "thresholdValue",
    "windowMinutes",
    "cooldownMinutes",
    "minRequests",
    "quantile",
    "enabled",
];

/// `eventId`.
const EVENT_ID: Parsed<Uuid> = Parsed {
    name: "eventId",
    description: "The alert event, by its id. Without it the latest that still fires.",
    example: None,
    form: Form::Uuid,
    read: |text| text.parse().ok(),
    wrong: "no id of an event, which is a UUID",
};

/// The arguments.
pub(in super::super) fn schema() -> Schema {
    Schema::default().of(|docs| EVENT_ID.describe(docs), &[EVENT_ID.name])
}

/// The latest events, by the route that answers them.
///
/// # Errors
/// Those of the route.
pub(super) async fn latest(
    call: &Call<'_>,
    only: (&str, &str),
    limit: usize,
) -> Result<Value, Problem> {
    let pairs = vec![
        (only.0.to_owned(), only.1.to_owned()),
        ("limit".to_owned(), limit.to_string()),
    ];
    let found = events(call.state(), call.caller(), call.params(pairs)?).await?;
    Ok(json_of(found.0)?["data"].take())
}

/// Answers `triage_incident`.
///
/// # Errors
/// Those of the routes, and 400 that names `eventId`.
pub(in super::super) async fn triage(mut call: Call<'_>) -> Result<Value, Problem> {
    let asked = call.arguments.text(EVENT_ID.name)?;
    let id = match asked {
        Some(text) => EVENT_ID.read(&text)?.to_string(),
        None => {
            let open = latest(&call, ("open", "true"), 1).await?;
            match rows(&open).first() {
                Some(event) => text(event, "id").to_owned(),
                None => return quiet(&call).await,
            }
        }
    };
    let params = call.params(Vec::new())?;
    let found = incident(call.state(), call.caller(), Ok(Path(id)), params).await?;
    Ok(told(&json_of(found.0)?))
}

/// Nothing fires: the latest events, for those who ask what happened.
///
/// # Errors
/// Those of the route.
async fn quiet(call: &Call<'_>) -> Result<Value, Problem> {
    let found = latest(call, ("open", "false"), LATEST).await?;
    let events = pick_each(&found, LATEST, &EVENT);
    let summary =
        "No alert fires. The latest events follow; ask again with an `eventId` for one of them.";
    Ok(json!({"summary": summary, "events": events}))
}

/// An incident, made small.
fn told(found: &Value) -> Value {
    let event = &found["event"];
    let mut said = format!("{} ({})", text(event, "message"), text(event, "state"));
    if let Some(verdict) = found["verdict"].as_str() {
        said.push_str(&format!(". Verdict: {verdict}"));
    }
    let release = &found["release"];
    if !release.is_null() {
        said.push_str(&format!(
            ". Last release before: {} {} at {}, errors {} in the hour before it and {} in the hour after",
            text(release, "service"),
            text(release, "version"),
            text(release, "at"),
            shown(number(&release["before"], "errorRate"), "%"),
            shown(number(&release["after"], "errorRate"), "%"),
        ));
    }
    let mut answer = Map::new();
    answer.insert("summary".to_owned(), said.into());
    put(&mut answer, "event", pick(event, &EVENT));
    put(&mut answer, "rule", pick(&found["rule"], &RULE));
    answer.insert(
        "range".to_owned(),
        pick(found, &["from", "to", "usualFrom"]),
    );
    put(&mut answer, "measure", found["measure"].clone());
    put(&mut answer, "curve", curve(&found["curve"]));
    put(&mut answer, "release", release_of(release));
    for (name, label) in [
        ("consumers", &["apiKeyId"][..]),
        ("endpoints", &["method", "endpoint"]),
        ("statuses", &["status"]),
    ] {
        put(&mut answer, name, breakdown(&found[name], label));
    }
    let group = [
        "id",
        "method",
        "endpoint",
        "status",
        "errorType",
        "message",
        "requests",
    ];
    put(
        &mut answer,
        "errorGroups",
        pick_each(&found["groups"], MOST, &group).into(),
    );
    let request = [
        "id",
        "at",
        "method",
        "endpoint",
        "countedStatus",
        "latencyMs",
        "apiKeyId",
    ];
    put(
        &mut answer,
        "requests",
        pick_each(&found["requests"], 3, &request).into(),
    );
    let notes = [
        "`share` is the part of the incident, `usualShare` the part before it (from `usualFrom` to `from`); both from 0 to 1.",
        "Shares are of exact counts. Error groups and requests are of the request log, which may keep samples.",
    ];
    answer.insert("notes".to_owned(), json!(notes));
    Value::Object(answer)
}

/// The totals around a release.
fn release_of(release: &Value) -> Value {
    let mut shown = pick(release, &["service", "version", "at"]);
    if !release.is_null() {
        for side in ["before", "after"] {
            shown[side] = pick(&release[side], &["requests", "errorRate", "p95Ms"]);
        }
    }
    shown
}

/// A dimension: its verdict and its largest parts.
fn breakdown(found: &Value, label: &[&str]) -> Value {
    if found.is_null() {
        return Value::Null;
    }
    let mut shown = pick(found, &["verdict", "text", "total", "of"]);
    let members = [
        &["name"],
        label,
        &["amount", "requests", "share", "usualShare"],
    ]
    .concat();
    shown["parts"] = pick_each(&found["parts"], MOST, &members).into();
    shown
}

/// The curve of the rule in a few numbers: it may have hundreds of points.
fn curve(found: &Value) -> Value {
    let points = rows(&found["points"]);
    let values = || points.iter().filter(|point| !point["value"].is_null());
    let value = |point: &&Value| number(point, "value").unwrap_or_default();
    let highest = values().max_by(|a, b| value(a).total_cmp(&value(b)));
    let lowest = values().min_by(|a, b| value(a).total_cmp(&value(b)));
    let mut shown = Map::new();
    put(&mut shown, "step", found["step"].clone());
    for (name, point) in [
        ("highest", highest),
        ("lowest", lowest),
        ("last", values().next_back()),
    ] {
        let point = point.map(|point| pick(point, &["at", "value", "requests"]));
        put(&mut shown, name, point.unwrap_or_default());
    }
    Value::Object(shown)
}
