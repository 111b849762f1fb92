//! `/api-alerts/silences`: maintenance windows, and what is known to be broken.
//!
//! A silence is never changed: who was wrong ends it and makes another one, so that the audit trail tells both.

use api_metrics_store::control::alerts::{NewSilence, PlannedSilence};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;

use crate::{
    auth::Caller,
    control::own_tenant,
    request::{Body, Id, Validated, present, required, shown},
    response::{Kind, Problem, time},
    router::App,
};

/// A silence.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Silence))]
pub(crate) struct SilenceView {
    /// Its number.
    id: i64,
    /// `planned`: it has not begun; `active`; or `over`.
    state: &'static str,
    /// From when on.
    from: DateTime<Utc>,
    /// Until when; of one that was ended early, when that was.
    until: DateTime<Utc>,
    /// Only this tenant's rules; null: everybody's.
    tenant_id: Option<String>,
    /// Only rules of this service; null: all rules.
    service: Option<String>,
    /// Only rules of this environment; null: all rules.
    environment: Option<String>,
    /// Only rules of this endpoint, or of endpoints that the pattern matches; null: all rules.
    endpoint: Option<String>,
    /// Only this rule; null: all rules.
    alert_id: Option<i64>,
    /// Why, for people.
    reason: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Who made it.
    created_by: String,
}

impl SilenceView {
    fn of(planned: PlannedSilence, now: i64) -> Self {
        let silence = planned.silence;
        Self {
            id: planned.id,
            state: if now < silence.from {
                "planned"
            } else if now < silence.until {
                "active"
            } else {
                "over"
            },
            from: time(silence.from),
            until: time(silence.until),
            tenant_id: silence.tenant_id,
            service: silence.service,
            environment: silence.environment,
            endpoint: silence.endpoint,
            alert_id: silence.rule_id,
            reason: silence.reason,
            created_at: time(planned.created_at),
            created_by: planned.created_by,
        }
    }
}

/// Silences that are planned, active, or were over within 30 days.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SilenceList {
    /// The silences, those that last longest first.
    data: Vec<SilenceView>,
}

/// Maintenance windows and other silences
///
/// A manager and a developer see those of their tenant, a viewer none.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts/silences",
    operation_id = "list_silences",
    tag = "alerts",
    responses((status = 200, description = "The silences", body = SilenceList,
        example = json!({"data": [crate::control::examples::silence()]}))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
) -> Result<Json<SilenceList>, Problem> {
    let control = app.client.control()?;
    let found = app
        .client
        .bounded("silences", control.silences(&caller.scope))
        .await?;
    let now = app.clock.unix_seconds();
    let data = found.into_iter().map(|one| SilenceView::of(one, now));
    Ok(Json(SilenceList {
        data: data.collect(),
    }))
}

/// A silence before it is made.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `create` reads")]
pub(crate) struct NewSilenceBody {
    /// From when on; now by default. At most a year ahead.
    from: Option<DateTime<Utc>>,
    /// Until when; at most a year later.
    until: DateTime<Utc>,
    /// Only this tenant's rules; everybody's by default. A manager's silences are its tenant's.
    tenant_id: Option<String>,
    /// Only rules of this service; all rules by default.
    #[cfg_attr(test, schema(example = "billing"))]
    service: Option<String>,
    /// Only rules of this environment; all rules by default.
    environment: Option<String>,
    /// Only rules of this endpoint, or of endpoints that the pattern matches; all rules by default.
    #[cfg_attr(test, schema(example = "GET /invoices/*"))]
    endpoint: Option<String>,
    /// Only this rule; all rules by default.
    alert_id: Option<i64>,
    /// Why, for people.
    #[cfg_attr(test, schema(example = "the database moves"))]
    reason: Option<String>,
}

/// Plans a silence
///
/// The notices of all rules that it is about are kept back while it lasts; events are still recorded. What fires meanwhile is
/// delivered when it is over, if it still does.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts/silences",
    operation_id = "create_silence",
    tag = "alerts",
    request_body(content = NewSilenceBody, example = json!({"from": "2026-05-18T22:00:00Z",
        "until": "2026-05-19T00:00:00Z", "service": "billing", "reason": "the database moves"})),
    responses((status = 201, description = "The silence", body = SilenceView,
        example = json!(crate::control::examples::silence()))),
))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<SilenceView>), Problem> {
    let now = app.clock.unix_seconds();
    let from = required("from", body.instant("from")?)?.unwrap_or(now);
    let until = present("until", body.instant("until")?)?;
    let mut silence = NewSilence::new(from, until);
    silence.tenant_id = own_tenant(&caller, body.text("tenantId")?.flatten())?;
    silence.service = body.text("service")?.flatten();
    silence.environment = body.text("environment")?.flatten();
    silence.endpoint = body.text("endpoint")?.flatten();
    silence.rule_id = body.id("alertId")?.flatten();
    silence.reason = body.text("reason")?.flatten();
    body.finish()?;
    let control = app.client.control()?;
    // The host's name for somebody may be anything.
    let by = shown(caller.principal.subject()).to_string();
    let work = control.create_silence(&caller.scope, &silence, Some(&by));
    let made = app.client.bounded("plan a silence", work).await?;
    Ok((StatusCode::CREATED, Json(SilenceView::of(made, now))))
}

/// Ends a silence now, or calls it off
///
/// What fires still is delivered within a minute. One that has not begun is gone.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api-alerts/silences/{id}",
    operation_id = "end_silence",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 204, description = "It is over"),
        (status = 404, description = "There is no such silence, or it is over already", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn end(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
) -> Result<StatusCode, Problem> {
    let control = app.client.control()?;
    let by = shown(caller.principal.subject()).to_string();
    let work = control.end_silence(id, &caller.scope, Some(&by));
    if app.client.bounded("end a silence", work).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(
            Kind::NotFound,
            "there is no such silence that is not over",
        ))
    }
}
