//! `/api-releases`: versions of services, each held against the one before.
//!
//! | route | answers | refuses |
//! |---|---|---|
//! | `GET /api-releases` | a page of versions, the latest first, each with its verdict | 400 |
//! | `GET /api-releases/rollout` | what the versions of a service answered over time, side by side | 400 |
//!
//! For admins: counts by version are those of all consumers together. They are counted by the fold, so that the last
//! seconds are not in them yet.

mod shape;

use api_metrics_store::{
    control::releases::{ComparedRelease, ReleaseQuery},
    query::TimeRange,
    time::UnixSeconds,
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use self::shape::{ReleaseView, RolloutVersion};
use crate::{
    auth::Access::Operate,
    openapi::route,
    request::{
        Context, ENVIRONMENT, NO_RANGE, Page, ParamDocs, Params, QueryParams, SERVICE, Validated,
    },
    response::{Problem, time},
    router::{App, RouteTable},
};

/// Releases of a page unless the caller says otherwise.
const PAGE: u32 = 20;
/// Releases of a page, at most: each is compared.
const MOST: u32 = 50;

/// Declares the routes of this module.
pub(super) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Operate, route!(GET "/api-releases" => list))
        .documented(Operate, route!(GET "/api-releases/rollout" => rollout))
}

/// The place of a release in the list: when its first request was, and its number.
type Place = (UnixSeconds, i64);

/// The parameters of [`list`].
#[derive(Debug, Clone)]
pub(super) struct ReleaseParams {
    /// Only this service.
    service: Option<String>,
    /// Only this environment.
    environment: Option<String>,
    page: Page<Place, PAGE>,
}

impl QueryParams for ReleaseParams {
    const LIST: &'static str = "releases";

    fn describe(docs: &mut ParamDocs) {
        SERVICE.describe(docs);
        ENVIRONMENT.describe(docs);
        Page::<Place, PAGE>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            service: SERVICE.take(params)?,
            environment: ENVIRONMENT.take(params)?,
            page: QueryParams::take(params, context)?,
        })
    }
}

/// A page of releases.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleasePage {
    /// The versions, the latest first.
    data: Vec<ReleaseView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Versions of services, each held against the one before
///
/// For admins; at most 50 a page. A version's first day is compared with the version before: side by side where both
/// were live together, else with the same hours the day before or the time just before it. Intervals hold with 99%.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-releases",
    operation_id = "list_releases",
    tag = "metrics",
    params(Validated<ReleaseParams>),
    responses((status = 200, description = "The versions, the latest first", body = ReleasePage,
        example = json!(crate::control::examples::releases()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Validated { params, .. }: Validated<ReleaseParams>,
) -> Result<Json<ReleasePage>, Problem> {
    let page = &params.page;
    let most = (page.limit.and_one() - 1).min(MOST) as usize;
    let mut query = ReleaseQuery::default();
    query.service = params.service;
    query.environment = params.environment;
    query.after = page.after().copied();
    query.limit = most + 1;
    let control = app.client.control()?;
    let mut found = app
        .client
        .bounded("releases", control.releases(&query))
        .await?;
    let more = found.len() > most;
    found.truncate(most);
    let place = |of: &ComparedRelease| (of.version.first_at, of.version.id);
    let last = found.last().filter(|_| more).map(place);
    Ok(Json(ReleasePage {
        data: found.into_iter().map(ReleaseView::from).collect(),
        next_cursor: last.map(|place| page.next(NO_RANGE, place)),
    }))
}

/// The parameters of [`rollout`].
#[derive(Debug, Clone)]
pub(super) struct RolloutParams {
    /// The service.
    service: Option<String>,
    /// The environment.
    environment: Option<String>,
    range: TimeRange,
}

impl QueryParams for RolloutParams {
    fn describe(docs: &mut ParamDocs) {
        SERVICE.describe(docs);
        ENVIRONMENT.describe(docs);
        TimeRange::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            service: SERVICE.take(params)?,
            environment: ENVIRONMENT.take(params)?,
            range: QueryParams::take(params, context)?,
        })
    }
}

/// What a rollout can't do without.
fn needed(name: &'static str, found: Option<String>) -> Result<String, Problem> {
    found.ok_or_else(|| Problem::parameter(name, "is missing: versions are those of one service"))
}

/// What the versions of a service have answered over time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rollout {
    /// The service.
    service: String,
    /// The environment.
    environment: String,
    /// The first instant.
    from: DateTime<Utc>,
    /// The end, exclusive.
    to: DateTime<Utc>,
    /// The length of a step in seconds. What is no longer kept by five minutes comes by hours.
    step_seconds: i64,
    /// The versions with requests in the range, in the order in which they came; the last 20.
    versions: Vec<RolloutVersion>,
}

/// What the versions of a service have answered over time, side by side
///
/// For admins; 31 days at most. `service` and `environment` are needed. Requests that no route matched are left out.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-releases/rollout",
    operation_id = "rollout",
    tag = "metrics",
    params(Validated<RolloutParams>),
    responses((status = 200, description = "The versions over time", body = Rollout,
        example = json!(crate::control::examples::rollout()))),
))]
pub(crate) async fn rollout(
    State(app): State<App>,
    Validated { params, .. }: Validated<RolloutParams>,
) -> Result<Json<Rollout>, Problem> {
    let RolloutParams {
        service,
        environment,
        range,
    } = params;
    let service = needed(SERVICE.name, service)?;
    let environment = needed(ENVIRONMENT.name, environment)?;
    let control = app.client.control()?;
    let work = control.rollout(&service, &environment, range);
    let found = app.client.bounded("rollout", work).await?;
    let versions = found.versions.into_iter().map(RolloutVersion::from);
    Ok(Json(Rollout {
        from: time(range.from),
        to: time(range.to),
        step_seconds: found.step,
        versions: versions.collect(),
        service,
        environment,
    }))
}
