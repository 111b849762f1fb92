//! `GET /api-alerts/events`: breaches of rules, from firing to resolution.
//!
//! An event outlives its rule: the rule's name, type and severity are copied when it fires.

use api_metrics_store::control::alerts::{AlertEvent, EventQuery};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::causes::CausesView;
use crate::{
    auth::Caller,
    request::{
        Context, Form, NO_RANGE, OneOf, Page, ParamDocs, Params, Parsed, QueryParams, Validated,
    },
    response::{Problem, time},
    router::App,
};

/// `alertId`.
const ALERT: Parsed<i64> = Parsed {
    name: "alertId",
    description: "Only those of the rule of this number.",
    example: Some("1"),
    form: Form::Number(1),
    read: |text| text.parse().ok().filter(|id| *id > 0),
    wrong: "no number of a rule",
};

/// `open`.
const OPEN: OneOf<bool> = OneOf {
    name: "open",
    description: "true: only those that still fire.",
    options: &[("true", true), ("false", false)],
    default: false,
};

/// The parameters of [`events`].
#[derive(Debug, Clone)]
pub(crate) struct EventParams {
    /// Only events of this rule.
    rule_id: Option<i64>,
    /// Only events that still fire.
    open_only: bool,
    /// The page of the list.
    page: Page<(i64, Uuid)>,
}

impl QueryParams for EventParams {
    const LIST: &'static str = "alert events";

    fn describe(docs: &mut ParamDocs) {
        ALERT.describe(docs);
        OPEN.describe(docs);
        Page::<(i64, Uuid)>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            rule_id: ALERT.take(params)?,
            open_only: OPEN.take(params)?,
            page: QueryParams::take(params, context)?,
        })
    }
}

/// A breach from its firing to its end.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = AlertEvent))]
pub(crate) struct AlertEventView {
    /// The `eventId` of its notices.
    id: Uuid,
    /// The rule; null once that was removed.
    alert_id: Option<i64>,
    /// The rule's name when it fired.
    name: String,
    /// The type of the rule.
    alert_type: &'static str,
    /// The severity of the rule when it fired.
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
    /// The threshold that it breached.
    threshold: f64,
    /// The text of the notice when it fired.
    message: String,
    /// The text of the notice when it resolved; null while it fires.
    resolved_message: Option<String>,
    /// What was behind it when it fired. For those who see everything; null where nothing was known.
    causes: Option<CausesView>,
    /// When somebody took it on.
    acknowledged_at: Option<DateTime<Utc>>,
    /// Who did.
    acknowledged_by: Option<String>,
    /// When somebody silenced its rule's notices.
    silenced_at: Option<DateTime<Utc>>,
    /// Until when; null while silenced: until the event is resolved.
    silenced_until: Option<DateTime<Utc>>,
    /// Who did.
    silenced_by: Option<String>,
}

impl From<AlertEvent> for AlertEventView {
    fn from(event: AlertEvent) -> Self {
        Self {
            id: event.id,
            alert_id: event.rule_id,
            name: event.name,
            alert_type: event.alert_type.into(),
            severity: event.severity.into(),
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
            causes: event.causes.map(CausesView::from),
            acknowledged_at: event.handling.acknowledged_at.map(time),
            acknowledged_by: event.handling.acknowledged_by,
            silenced_at: event.handling.silenced_at.map(time),
            silenced_until: event.handling.silenced_until.map(time),
            silenced_by: event.handling.silenced_by,
        }
    }
}

/// A page of events.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertEventPage {
    /// The events, the latest first.
    data: Vec<AlertEventView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Breaches of rules: fired and resolved
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts/events",
    tag = "alerts",
    params(Validated<EventParams>),
    responses((status = 200, description = "The events, the latest first", body = AlertEventPage,
        example = json!(crate::control::examples::events()))),
))]
pub(crate) async fn events(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<EventParams>,
) -> Result<Json<AlertEventPage>, Problem> {
    let (page, limit) = (&params.page, params.page.limit);
    let mut query = EventQuery::default();
    query.limit = limit.and_one();
    query.rule_id = params.rule_id;
    query.open_only = params.open_only;
    query.before = page.after().copied();
    let control = app.client.control()?;
    let mut events = app
        .client
        .bounded("alert events", control.alert_events(&caller.scope, &query))
        .await?;
    let more = events.len() > limit.rows();
    events.truncate(limit.rows());
    let last = events.last().filter(|_| more).map(|e| (e.fired_at, e.id));
    Ok(Json(AlertEventPage {
        data: events.into_iter().map(AlertEventView::from).collect(),
        next_cursor: last.map(|key| page.next(NO_RANGE, key)),
    }))
}
