//! `GET /api-alerts/events/{id}/incident`: an event explained, and what people do about it.
//!
//! | route | answers |
//! |---|---|
//! | `GET .../incident` | the rule's curve, the last release before, shares by consumer, endpoint and status code, groups of errors, requests |
//! | `POST .../acknowledge` | the event; the first who takes it on stays |
//! | `POST .../silence` | the event; its rule's notices are silent for a time, until it is resolved, or no longer |
//!
//! An event of another tenant is a 404: whether it exists is none of the caller's business. The parts are read within the
//! scope of the rule, which is a tenant's own where a tenant asks; the release is for admins, who see all services.

use api_metrics_store::control::alerts::{
    Silence,
    incident::{self as store, Breakdown, Curve, Incident, Part, Release, Totals},
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{causes::CauseGroupView, events::AlertEventView, shape::Alert};
use crate::{
    auth::Caller,
    request::{Body, Validated, nothing, present},
    requests::view::RequestView,
    response::{Problem, time},
    router::App,
};

/// An event, explained. Parts that are not known are null: with the rule gone all but the event, without a request log
/// the groups and the requests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Incident))]
pub(crate) struct IncidentView {
    /// The event.
    event: AlertEventView,
    /// Its rule as it is now, by which everything below was worked out; null once it was removed.
    rule: Option<Alert>,
    /// All of it in one sentence.
    verdict: Option<String>,
    /// What the breakdowns count: `errors`, `slow_requests`, `requests`, `missing_requests`, `bytes` or `unit`.
    measure: Option<&'static str>,
    /// The start of the span that is broken down: of the event's first window.
    from: DateTime<Utc>,
    /// Its end: that of the event, at most a day later.
    to: DateTime<Utc>,
    /// The start of the span that it is held against, which ends where the other begins.
    usual_from: DateTime<Utc>,
    /// The rule's values from an hour before the event to an hour after it; null where too little is kept.
    curve: Option<CurveView>,
    /// The last release before the event. For admins.
    release: Option<ReleaseView>,
    /// By consumer.
    consumers: Option<BreakdownView>,
    /// By endpoint.
    endpoints: Option<BreakdownView>,
    /// By status code.
    statuses: Option<BreakdownView>,
    /// The three largest groups of errors.
    groups: Option<Vec<CauseGroupView>>,
    /// Some of the requests, the latest first.
    requests: Option<Vec<RequestView>>,
}

/// The values of a rule.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IncidentCurve))]
struct CurveView {
    /// How far the ends of two windows lie apart.
    step: &'static str,
    /// Whether the event goes on beyond the last point.
    cut: bool,
    /// In the order of time.
    points: Vec<PointView>,
}

/// A window of the rule.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IncidentPoint))]
struct PointView {
    /// Its end.
    at: DateTime<Utc>,
    /// Its value in the unit of the rule; null where it is not evaluated.
    value: Option<f64>,
    /// Its requests.
    requests: u64,
}

/// A release and the rule's traffic around it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IncidentRelease))]
struct ReleaseView {
    /// The service.
    service: String,
    /// The version that came.
    version: String,
    /// When its first process started.
    at: DateTime<Utc>,
    /// The hour before.
    before: TotalsView,
    /// The hour after.
    after: TotalsView,
}

/// The traffic of an hour.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IncidentTotals))]
struct TotalsView {
    /// Requests.
    requests: u64,
    /// The share of 4xx and 5xx in percent; null without requests.
    error_rate: Option<f64>,
    /// The 95th percentile in milliseconds; null without requests.
    p95_ms: Option<f64>,
}

/// A dimension of an incident.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IncidentBreakdown))]
struct BreakdownView {
    /// `too_few`, `only_one`, `one`, `few`, `alike` or `mixed`.
    verdict: &'static str,
    /// The verdict in words.
    text: String,
    /// All of it in the incident.
    total: u64,
    /// The largest parts, at most eight.
    parts: Vec<PartView>,
    /// How many parts there are.
    of: u64,
}

/// A part of an incident.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IncidentPart))]
struct PartView {
    /// As people know it.
    name: String,
    /// Of a consumer: the number of its key; 0 stands for requests without one.
    api_key_id: Option<i64>,
    /// Of an endpoint: its method.
    method: Option<String>,
    /// Of an endpoint: its route template.
    endpoint: Option<String>,
    /// Of a status code: the code.
    status: Option<u16>,
    /// How much of it is in the incident.
    amount: u64,
    /// Its requests in the incident.
    requests: u64,
    /// Its share of the incident, 0 to 1.
    share: f64,
    /// Its usual share, 0 to 1; null where too little came before to tell.
    usual_share: Option<f64>,
}

impl From<Curve> for CurveView {
    fn from(curve: Curve) -> Self {
        let points = curve.points.into_iter().map(|point| PointView {
            at: time(point.at),
            value: point.value,
            requests: point.requests,
        });
        Self {
            step: curve.step.into(),
            cut: curve.cut,
            points: points.collect(),
        }
    }
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        Self {
            requests: totals.requests,
            error_rate: totals.error_rate,
            p95_ms: totals.p95_ms,
        }
    }
}

impl From<Release> for ReleaseView {
    fn from(release: Release) -> Self {
        Self {
            service: release.service,
            version: release.version,
            at: time(release.at),
            before: release.before.into(),
            after: release.after.into(),
        }
    }
}

impl From<Breakdown> for BreakdownView {
    fn from(breakdown: Breakdown) -> Self {
        Self {
            verdict: breakdown.verdict.into(),
            text: breakdown.text,
            total: breakdown.total,
            parts: breakdown.parts.into_iter().map(PartView::from).collect(),
            of: breakdown.of,
        }
    }
}

impl From<Part> for PartView {
    fn from(part: Part) -> Self {
        Self {
            name: part.name,
            api_key_id: part.api_key_id,
            method: part.method,
            endpoint: part.endpoint,
            status: part.status,
            amount: part.amount,
            requests: part.requests,
            share: part.share,
            usual_share: part.usual_share,
        }
    }
}

impl IncidentView {
    /// What a caller may see of an incident.
    fn of(found: Incident, caller: &Caller) -> Self {
        let groups = found
            .groups
            .map(|groups| groups.into_iter().map(CauseGroupView::from).collect());
        let requests = found.requests.map(|requests| {
            let requests = requests.into_iter();
            requests
                .map(|request| RequestView::of(request, caller))
                .collect()
        });
        Self {
            event: found.event.into(),
            rule: found.rule.map(Alert::from),
            verdict: found.verdict,
            measure: found.measure.map(Into::into),
            from: time(found.range.from),
            to: time(found.range.to),
            usual_from: time(found.usual.from),
            curve: found.curve.map(CurveView::from),
            release: found.release.map(ReleaseView::from),
            consumers: found.consumers.map(BreakdownView::from),
            endpoints: found.endpoints.map(BreakdownView::from),
            statuses: found.statuses.map(BreakdownView::from),
            groups,
            requests,
        }
    }
}

/// The id of a path; what is no UUID names nothing.
fn event_id(id: Result<Path<String>, PathRejection>) -> Result<Uuid, Problem> {
    let id = id.ok().and_then(|Path(text)| text.parse().ok());
    id.ok_or_else(nothing)
}

/// An event, explained
///
/// What broke, since when, after which release, and whose requests it is about: the rule's curve around the event, and
/// shares of the errors, or of what the rule is about, against usual shares. Worked out when it is asked for.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts/events/{id}/incident",
    operation_id = "incident",
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The event's id")),
    responses(
        (status = 200, description = "The event and what is behind it", body = IncidentView,
            example = json!(crate::control::examples::incident())),
        (status = 404, description = "There is no such event", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn incident(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
) -> Result<Json<IncidentView>, Problem> {
    let id = event_id(id)?;
    let control = app.client.control()?;
    let log = app.client.has_requests().then(|| app.client.requests());
    let log = log.transpose()?;
    let own = app.client.writer().map(|writer| &**writer);
    let now = app.clock.unix_seconds();
    let work = store::incident(
        control,
        log,
        own,
        id,
        &caller.scope,
        now,
        api_metrics_store::control::alerts::RuleSettings::new(
            app.control.quotas.tz,
            app.control.limits.clone(),
        ),
    );
    let found = app.client.bounded("incident", work).await?;
    Ok(Json(IncidentView::of(found.ok_or_else(nothing)?, &caller)))
}

/// Takes an event on
///
/// The first one stays: who has taken it on is what the others ask.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts/events/{id}/acknowledge",
    operation_id = "acknowledge_event",
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The event's id")),
    responses(
        (status = 200, description = "The event", body = AlertEventView,
            example = json!(crate::control::examples::event())),
        (status = 404, description = "There is no such event", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
) -> Result<Json<AlertEventView>, Problem> {
    let id = event_id(id)?;
    let control = app.client.control()?;
    let by = caller.principal.subject();
    let work = control.acknowledge_event(id, &caller.scope, Some(by));
    let event = app.client.bounded("acknowledge an alert", work).await?;
    Ok(Json(event.ok_or_else(nothing)?.into()))
}

/// How long an event's rule is silent.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `silence` reads")]
pub(crate) struct SilenceBody {
    /// `1h`, `8h`, `resolved` (until the event is resolved) or `off`.
    #[cfg_attr(test, schema(example = "1h"))]
    period: String,
}

/// Silences an event's rule
///
/// Its notices are not delivered meanwhile, those of later events included; events are still recorded. Notices that were
/// decided before are still delivered.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts/events/{id}/silence",
    operation_id = "silence_event",
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The event's id")),
    request_body(content = SilenceBody, example = json!({"period": "1h"})),
    responses(
        (status = 200, description = "The event", body = AlertEventView,
            example = json!(crate::control::examples::event())),
        (status = 404, description = "There is no such event", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn silence(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
    mut body: Body,
) -> Result<Json<AlertEventView>, Problem> {
    let id = event_id(id)?;
    let period = body.word(
        "period",
        "one of 1h, 8h, resolved, off",
        |text| match text {
            "1h" => Some(Silence::For(3_600)),
            "8h" => Some(Silence::For(8 * 3_600)),
            "resolved" => Some(Silence::UntilResolved),
            "off" => Some(Silence::Off),
            _ => None,
        },
    )?;
    let silence = present("period", period)?;
    body.finish()?;
    let control = app.client.control()?;
    let by = caller.principal.subject();
    let work = control.silence_event(id, &caller.scope, silence, Some(by));
    let event = app.client.bounded("silence an alert", work).await?;
    Ok(Json(event.ok_or_else(nothing)?.into()))
}
