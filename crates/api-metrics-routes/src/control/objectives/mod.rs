//! `/api-objectives`: service level objectives, their budgets and burn rates.
//!
//! | route | answers | refuses |
//! |---|---|---|
//! | `GET /api-objectives` | a page of objectives by number, each with its budget | 400 |
//! | `GET /api-objectives/{id}` | one, with each of its days | 404 |
//! | `POST /api-objectives` | 201 and the objective, with two rules over its burn rate | 400, 409 where the tenant has 200 |
//! | `PUT /api-objectives/{id}` | the objective; its rules follow | 400, 404, 409 |
//! | `DELETE /api-objectives/{id}` | 204; its rules go too | 404 |
//!
//! An objective of another tenant is a 404, as a rule is.

mod shape;

use api_metrics_store::control::objectives::{Objective, ObjectiveSpec, report, reports};
use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;

use self::shape::{ObjectiveView, read_spec};
use crate::{
    auth::{
        Access::{Read, Write},
        Caller,
    },
    openapi::route,
    request::{Body, Id, NO_RANGE, Page, Validated, nothing, query_params, required, shown},
    response::Problem,
    router::{App, RouteTable},
};

/// Objectives of a page unless the caller says otherwise, and at most: each is counted.
const PAGE: u32 = 50;

/// Declares the routes of this module.
pub(super) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, route!(GET "/api-objectives" => list))
        .documented(Write, route!(POST "/api-objectives" => create))
        .documented(Read, route!(GET "/api-objectives/{id}" => one))
        .documented(Write, route!(PUT "/api-objectives/{id}" => replace))
        .documented(Write, route!(DELETE "/api-objectives/{id}" => remove))
}

/// A page of objectives.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectivePage {
    /// The objectives, in the order of their numbers.
    data: Vec<ObjectiveView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

query_params! {
    /// The parameters of [`list`].
    pub(super) struct ObjectiveListParams of "objectives" {
        page: Page<i64>,
    }
}

/// The objectives, each with what is left of its budget
///
/// At most 50 a page. A manager and a developer see those of their tenant, a viewer none.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-objectives",
    operation_id = "list_objectives",
    tag = "alerts",
    params(Validated<ObjectiveListParams>),
    responses((status = 200, description = "The objectives", body = ObjectivePage,
        example = json!(crate::control::examples::objectives()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<ObjectiveListParams>,
) -> Result<Json<ObjectivePage>, Problem> {
    let page = &params.page;
    let after = page.after().copied().unwrap_or_default();
    let most = (page.limit.and_one() - 1).min(PAGE);
    let control = app.client.control()?;
    let mut found = app
        .client
        .bounded(
            "objectives",
            control.objectives(&caller.scope, after, most + 1),
        )
        .await?;
    let more = found.len() > most as usize;
    found.truncate(most as usize);
    let last = found.last().filter(|_| more).map(|objective| objective.id);
    let data = views(&app, found).await?;
    Ok(Json(ObjectivePage {
        data,
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
    }))
}

/// One objective, with each day of its range
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-objectives/{id}",
    operation_id = "objective",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 200, description = "The objective", body = ObjectiveView,
            example = json!(crate::control::examples::objective())),
        (status = 404, description = "There is no such objective", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
) -> Result<Json<ObjectiveView>, Problem> {
    let control = app.client.control()?;
    let found = app
        .client
        .bounded("objective", control.objective(id, &caller.scope))
        .await?
        .ok_or_else(nothing)?;
    Ok(Json(view(&app, found).await?))
}

/// Makes an objective
///
/// A latency threshold is moved up to the next edge of the sketch, at most 1.6%: `latencyMs` of the answer says where
/// it is, and there it is exact. Two alert rules over its burn rate are made with it, unless `rules` is false: 14.4 over
/// 1 h and 5 min, and 6 over 6 h and 30 min.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-objectives",
    operation_id = "create_objective",
    tag = "alerts",
    request_body(content = shape::ObjectiveBody, example = json!(crate::control::examples::objective_body())),
    responses((status = 201, description = "The objective", body = ObjectiveView,
        example = json!(crate::control::examples::objective()))),
))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<ObjectiveView>), Problem> {
    let spec = read_spec(&mut body, &caller)?;
    let rules = required("rules", body.flag("rules")?)?.unwrap_or(true);
    body.finish()?;
    let control = app.client.control()?;
    let by = shown(caller.principal.subject()).to_string();
    let work = control.create_objective(&spec, rules, Some(&by));
    let made = app.client.bounded("make an objective", work).await?;
    Ok((StatusCode::CREATED, Json(view(&app, made).await?)))
}

/// Replaces an objective
///
/// What is left out takes its default. Its rules look at what it looks at from the next minute on; their thresholds
/// and windows stay.
#[cfg_attr(test, utoipa::path(
    put,
    path = "/api-objectives/{id}",
    operation_id = "replace_objective",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    request_body(content = shape::ObjectiveBody, example = json!(crate::control::examples::objective_body())),
    responses(
        (status = 200, description = "The objective", body = ObjectiveView,
            example = json!(crate::control::examples::objective())),
        (status = 404, description = "There is no such objective", body = Problem,
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
) -> Result<Json<ObjectiveView>, Problem> {
    let spec: ObjectiveSpec = read_spec(&mut body, &caller)?;
    let revision = required("revision", body.id("revision")?)?;
    body.finish()?;
    let control = app.client.control()?;
    let by = shown(caller.principal.subject()).to_string();
    let work = control.update_objective(id, &caller.scope, revision, &spec, Some(&by));
    let changed = app
        .client
        .bounded("change an objective", work)
        .await?
        .ok_or_else(nothing)?;
    Ok(Json(view(&app, changed).await?))
}

/// Removes an objective and its rules
///
/// The rules' events stay. A rule that fires is resolved first, with a notice.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api-objectives/{id}",
    operation_id = "remove_objective",
    tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such objective", body = Problem,
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
    let by = shown(caller.principal.subject()).to_string();
    let work = control.delete_objective(id, &caller.scope, Some(&by));
    if app.client.bounded("remove an objective", work).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(nothing())
    }
}

/// An objective with its budget and its days as they are now.
async fn view(app: &App, objective: Objective) -> Result<ObjectiveView, Problem> {
    let now = app.clock.unix_seconds();
    let (store, own) = (app.client.control()?, app.client.writer());
    let work = report(store, &objective, own.map(|own| &**own), now);
    let found = app.client.bounded("objective", work).await?;
    let error = match has_quantile(&objective) {
        true => app.quantile_error(&shape::filter_of(&objective)).await?,
        false => None,
    };
    Ok(ObjectiveView::of(objective, &found, true, error))
}

/// Objectives with their budgets as they are now, all from one snapshot.
async fn views(app: &App, objectives: Vec<Objective>) -> Result<Vec<ObjectiveView>, Problem> {
    let now = app.clock.unix_seconds();
    let (store, own) = (app.client.control()?, app.client.writer());
    let work = reports(store, &objectives, own.map(|own| &**own), now);
    let found = app.client.bounded("objectives", work).await?;
    let filters: Vec<_> = objectives
        .iter()
        .filter(|objective| has_quantile(objective))
        .map(shape::filter_of)
        .collect();
    let mut errors = app.quantile_errors(&filters).await?.into_iter();
    let views = objectives
        .into_iter()
        .zip(&found)
        .map(|(objective, found)| {
            let error = match has_quantile(&objective) {
                true => errors.next().flatten(),
                false => None,
            };
            ObjectiveView::of(objective, found, false, error)
        });
    Ok(views.collect())
}

/// Whether an objective's counts are from sketches.
fn has_quantile(objective: &Objective) -> bool {
    objective.spec.indicator.threshold_us().is_some()
}
