//! `/api-alerts`: rules.
//!
//! A change carries the revision that it is of, where the caller names one; 409 answers a change of
//! an older revision, so that two editors can't undo each other unseen.
//!
//! | route | answers | refuses |
//! |---|---|---|
//! | `GET /api-alerts` | a page of rules by number | 400 |
//! | `GET /api-alerts/{id}` | one rule | 404 |
//! | `POST /api-alerts` | 201 and the rule | 400, 409 where the tenant has 500 rules |
//! | `PUT /api-alerts/{id}` | the rule; absent members take defaults | 400, 404, 409 |
//! | `PATCH /api-alerts/{id}` | the rule; absent members stay | 400, 404, 409 |
//! | `DELETE /api-alerts/{id}` | 204 | 404 |
//!
//! A rule of another tenant is a 404 and not a 403: whether it exists is none of the caller's business.
//! Texts and bounds of a rule are checked by the store's `AlertSpec::validate`, whose field names are
//! those of the JSON.
//!
//! A `PATCH` reads the rule, applies the members, and writes under the revision that it has read or the caller has
//! named. Nothing is locked between the two: the revision finds an edit in between. A `PUT` without a revision
//! replaces whatever is there.

use api_metrics_store::{
    control::alerts::{AlertSpec, AlertType},
    query::Scope,
    text::shown,
};
use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;

use super::shape::{Alert, read_spec};
use crate::{
    auth::Caller,
    request::{Body, Id, NO_RANGE, Page, Validated, nothing, query_params, required},
    response::Problem,
    router::App,
};

/// A page of rules.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertPage {
    /// The rules, in the order of their numbers.
    data: Vec<Alert>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

query_params! {
    /// The parameters of [`list`].
    pub(crate) struct AlertListParams of "alerts" {
        page: Page<i64>,
    }
}

/// The rules
///
/// A manager and a developer see those of their tenant, a viewer none.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts",
    operation_id = "list_alerts",
    tag = "alerts",
    params(Validated<AlertListParams>),
    responses((status = 200, description = "The rules", body = AlertPage,
        example = json!(crate::control::examples::alerts()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<AlertListParams>,
) -> Result<Json<AlertPage>, Problem> {
    let (page, limit) = (&params.page, params.page.limit);
    let after = page.after().copied().unwrap_or_default();
    let control = app.client.control()?;
    let mut rules = app
        .client
        .bounded(
            "alerts",
            control.alerts(&caller.scope, after, limit.and_one()),
        )
        .await?;
    let more = rules.len() > limit.rows();
    rules.truncate(limit.rows());
    let last = rules.last().filter(|_| more).map(|rule| rule.id);
    Ok(Json(AlertPage {
        data: rules.into_iter().map(Alert::from).collect(),
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
    }))
}

/// One rule
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts/{id}",
    operation_id = "alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 200, description = "The rule", body = Alert,
            example = json!(crate::control::examples::alert())),
        (status = 404, description = "There is no such rule", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
) -> Result<Json<Alert>, Problem> {
    let control = app.client.control()?;
    let rule = app
        .client
        .bounded("alert", control.alert(id, &caller.scope))
        .await?;
    Ok(Json(rule.ok_or_else(nothing)?.into()))
}

/// Makes a rule
///
/// It is evaluated from the next whole minute on.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts",
    operation_id = "create_alert",
    tag = "alerts",
    request_body(content = crate::control::alerts::shape::AlertBody, example = json!(crate::control::examples::alert_body())),
    responses((status = 201, description = "The rule", body = Alert,
        example = json!(crate::control::examples::alert()))),
))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<Alert>), Problem> {
    let mut spec = read_spec(&mut body, &caller, None)?;
    body.finish()?;
    check_key(&app, &caller.scope, &spec).await?;
    follow_objective(&app, &caller.scope, &mut spec).await?;
    let control = app.client.control()?;
    // The host's name for somebody may be anything.
    let by = shown(caller.principal.subject()).to_string();
    let made = app
        .client
        .bounded("make an alert", control.create_alert(&spec, Some(&by)))
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Replaces a rule
///
/// What is left out takes its default. A rule that is switched off while it fires is resolved.
#[cfg_attr(test, utoipa::path(
    put,
    path = "/api-alerts/{id}",
    operation_id = "replace_alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    request_body(content = crate::control::alerts::shape::AlertBody, example = json!(crate::control::examples::alert_body())),
    responses(
        (status = 200, description = "The rule", body = Alert,
            example = json!(crate::control::examples::alert())),
        (status = 404, description = "There is no such rule", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It was changed meanwhile", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
    mut body: Body,
) -> Result<Json<Alert>, Problem> {
    let spec = read_spec(&mut body, &caller, None)?;
    let revision = required("revision", body.id("revision")?)?;
    body.finish()?;
    update(&app, &caller, id, revision, &spec).await
}

/// Changes a rule
///
/// What is left out stays as it is; a null takes the default. A rule that is switched off while it
/// fires is resolved.
#[cfg_attr(test, utoipa::path(
    patch,
    path = "/api-alerts/{id}",
    operation_id = "change_alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    request_body(content = crate::control::alerts::shape::AlertPatch, example = json!({"thresholdValue": 15.0, "enabled": true})),
    responses(
        (status = 200, description = "The rule", body = Alert,
            example = json!(crate::control::examples::alert())),
        (status = 404, description = "There is no such rule", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It was changed meanwhile", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
    mut body: Body,
) -> Result<Json<Alert>, Problem> {
    let control = app.client.control()?;
    let rule = app
        .client
        .bounded("alert", control.alert(id, &caller.scope))
        .await?
        .ok_or_else(nothing)?;
    let spec = read_spec(&mut body, &caller, Some(rule.spec))?;
    let revision = required("revision", body.id("revision")?)?;
    let sent = body.given();
    body.finish()?;
    // What was read is what is changed: an edit in between is a conflict, not undone.
    let revision = revision.unwrap_or(rule.revision);
    update(&app, &caller, id, Some(revision), &spec)
        .await
        .map_err(|problem| problem.naming(&sent, &RELATED))
}

/// Members that have to go together, the one that is mostly at fault first.
const RELATED: [&str; 10] = [
    "alertType",
    "comparison",
    "thresholdValue",
    "apiKeyFilter",
    "tenantId",
    "quantile",
    "unit",
    "objectiveId",
    "minRequests",
    "endpointFilter",
];

/// Removes a rule
///
/// Its events stay. One that fires is resolved first, with a notice.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api-alerts/{id}",
    operation_id = "remove_alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such rule", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
) -> Result<StatusCode, Problem> {
    let control = app.client.control()?;
    let gone = app
        .client
        .bounded(
            "remove an alert",
            control.delete_alert(id, &caller.scope, Some(caller.principal.subject())),
        )
        .await?;
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(nothing())
    }
}

/// Checks and writes a changed rule.
///
/// # Errors
/// 404 where there is no such rule, 409 where it has another revision, 400 where the rule is
/// invalid.
async fn update(
    app: &App,
    caller: &Caller,
    id: i64,
    revision: Option<i64>,
    spec: &AlertSpec,
) -> Result<Json<Alert>, Problem> {
    let scope = &caller.scope;
    check_key(app, scope, spec).await?;
    let spec = &mut spec.clone();
    follow_objective(app, scope, spec).await?;
    let control = app.client.control()?;
    let changed = app
        .client
        .bounded(
            "change an alert",
            control.update_alert(id, scope, revision, spec, Some(caller.principal.subject())),
        )
        .await?;
    Ok(Json(changed.ok_or_else(nothing)?.into()))
}

/// A rule about a key that the caller can't see would never fire, and nobody would know why.
///
/// # Errors
/// 400 that names `apiKeyFilter`.
pub(super) async fn check_key(app: &App, scope: &Scope, spec: &AlertSpec) -> Result<(), Problem> {
    let Some(id) = spec
        .api_key_id
        .filter(|id| *id != 0 || *scope != Scope::All)
    else {
        return Ok(());
    };
    let control = app.client.control()?;
    let found = app
        .client
        .bounded("api keys", control.keys(scope, id - 1, 1))
        .await?;
    let key = found.first().filter(|key| key.id == id);
    if key.is_some_and(|key| spec.tenant_id.is_some() && key.spec.tenant_id != spec.tenant_id) {
        return Err(Problem::parameter(
            "apiKeyFilter",
            format!("`{id}` is the number of a key of another tenant than the rule's"),
        ));
    }
    if key.is_some() {
        Ok(())
    } else {
        Err(Problem::parameter(
            "apiKeyFilter",
            format!("`{id}` is the number of no key that the caller may see"),
        ))
    }
}

/// A rule over a burn rate looks at what its objective does, which the caller has to see.
///
/// # Errors
/// 400 that names `objectiveId`.
pub(super) async fn follow_objective(
    app: &App,
    scope: &Scope,
    spec: &mut AlertSpec,
) -> Result<(), Problem> {
    let (AlertType::BurnRate, Some(id)) = (spec.alert_type, spec.objective_id) else {
        return Ok(());
    };
    let control = app.client.control()?;
    let found = app
        .client
        .bounded("objective", control.objective(id, scope))
        .await?;
    let Some(objective) = found else {
        return Err(Problem::parameter(
            "objectiveId",
            format!("`{id}` is the number of no objective that the caller may see"),
        ));
    };
    spec.follow(&objective);
    Ok(())
}
