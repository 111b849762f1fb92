//! `GET /api-alerts/events`: what was told.

use api_metrics_store::alerts::{AlertEvent, EventQuery};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    app::App,
    auth::Caller,
    extract::{Cursor, NO_RANGE, PageParams, Params, question, shown, take_limit},
    problem::Problem,
    shape::time,
};

/// `alertId` and `open`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct EventParams {
    /// Only those of the rule of this number.
    #[param(example = 1, minimum = 1)]
    alert_id: Option<i64>,
    /// true: only those that still fire.
    #[param(inline, schema_with = open_schema)]
    open: Option<String>,
}

fn open_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice(
        "true: only those that still fire.",
        &["true", "false"],
        Some("false"),
    )
}

/// A breach from its firing to its end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AlertEvent)]
pub(crate) struct Event {
    /// The same in every notice of it.
    id: Uuid,
    /// The rule; null once that was removed.
    alert_id: Option<i64>,
    /// The rule's name when it fired.
    name: String,
    /// What it looked at.
    alert_type: &'static str,
    /// How much it mattered.
    severity: &'static str,
    /// Whose rule it was.
    tenant_id: Option<String>,
    /// `firing` or `resolved`.
    state: &'static str,
    /// The end of the window that breached.
    fired_at: DateTime<Utc>,
    /// The end of the first window that no longer did; null while it fires.
    resolved_at: Option<DateTime<Utc>>,
    /// The value that fired.
    value: f64,
    /// What it was held against.
    threshold: f64,
    /// What was told when it fired.
    message: String,
    /// What was told at its end.
    resolved_message: Option<String>,
}

impl From<AlertEvent> for Event {
    fn from(event: AlertEvent) -> Self {
        Self {
            id: event.id,
            alert_id: event.rule_id,
            name: event.name,
            alert_type: event.alert_type.as_str(),
            severity: event.severity.as_str(),
            tenant_id: event.tenant_id,
            state: if event.resolved_at.is_some() {
                "resolved"
            } else {
                "firing"
            },
            fired_at: time(event.fired_at),
            resolved_at: event.resolved_at.map(time),
            value: event.value,
            threshold: event.threshold,
            message: event.message,
            resolved_message: event.resolved_message,
        }
    }
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertEventPage {
    /// The events, the latest first.
    data: Vec<Event>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// What was told: fired and resolved
#[utoipa::path(
    get,
    path = "/api-alerts/events",
    tag = "alerts",
    params(EventParams, PageParams),
    responses((status = 200, description = "The events, the latest first", body = AlertEventPage,
        example = json!(crate::openapi::act_examples::events()))),
)]
pub(crate) async fn events(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Json<AlertEventPage>, Problem> {
    let question = question("alert events", &params);
    let rule_id = match params.take("alertId")? {
        None => None,
        Some(text) => Some(text.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
            Problem::parameter(
                "alertId",
                format!("`{}` is no number of a rule", shown(&text)),
            )
        })?),
    };
    let open_only = params.choice("open", &[("true", true), ("false", false)], false)?;
    let limit = take_limit(&mut params)?;
    let cursor = Cursor::<(i64, Uuid)>::take(&mut params, &question)?;
    params.finish()?;
    let query = {
        let mut query = EventQuery::new(
            caller.scope,
            u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1),
        );
        query.rule_id = rule_id;
        query.open_only = open_only;
        query.before = cursor.map(|cursor| cursor.key);
        query
    };
    let control = app.reader.control()?;
    let mut events = app
        .reader
        .bounded("alert events", control.alert_events(&query))
        .await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let last = events.last().filter(|_| more).map(|e| (e.fired_at, e.id));
    Ok(Json(AlertEventPage {
        data: events.into_iter().map(Event::from).collect(),
        next_cursor: last.map(|key| Cursor::new(&question, NO_RANGE, key).encode()),
    }))
}
