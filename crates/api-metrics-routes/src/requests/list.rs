//! `GET /api-requests` and `GET /api-requests/{id}`.
//!
//! A page goes on by its cursor, from newer to older requests. Who follows a log step by step asks by `after` for
//! what is newer than the last request seen, and gets it oldest first; the id of the last one asks for the next
//! step. Requests arrive by batches of their processes, so one may come whose time is before that of another one
//! seen already.
//!
//! A request that is there for somebody else is answered as one that is not there, so that ids can't be probed.

use api_metrics_store::{
    query::Scope,
    request_log::{EntryKind, StoredRequest},
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    selection::{AFTER, Selection},
    view::{RequestView, time_ms},
};
use crate::{
    auth::Caller,
    request::{Context, Page, ParamDocs, Params, QueryParams, Validated},
    response::{Kind, Problem},
    router::App,
};

/// A page of requests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestList {
    /// The requests, newest first; with `after` oldest first.
    data: Vec<RequestView>,
    /// Asks for the next page; null where the range was searched to its end. A page may be short, even empty, and
    /// not be the last: see `searchedTo`.
    next_cursor: Option<String>,
    /// How far the range was searched. Filters by status, outcome, latency,
    /// level, country and `kind=request` look at 20,000 requests a page.
    searched_to: DateTime<Utc>,
}

/// The parameters of [`list`].
#[derive(Debug, Clone)]
pub(crate) struct ListParams {
    /// Which requests.
    selection: Selection,
    /// Where the page begins: at the last request of the page before.
    page: Page<Uuid>,
    /// The request that was seen last, for those who fetch step by step.
    after: Option<Uuid>,
}

impl QueryParams for ListParams {
    const LIST: &'static str = "requests";

    fn describe(docs: &mut ParamDocs) {
        Selection::describe(docs);
        AFTER.describe(docs);
        Page::<Uuid>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            selection: QueryParams::take(params, context)?,
            after: AFTER.take(params)?,
            page: QueryParams::take(params, context)?,
        })
    }

    fn validate(&self) -> Result<(), Problem> {
        if self.after.is_some() && self.page.after().is_some() {
            let detail =
                "can't stand beside `cursor`: the id of the last request asks for the next page";
            return Err(Problem::parameter(AFTER.name, detail));
        }
        Ok(())
    }
}

impl ListParams {
    /// The same without events, which only those who see everything could be shown.
    pub(crate) fn without_events(mut self, scope: &Scope) -> Self {
        if *scope == Scope::All {
            self.selection.filter.kind = Some(EntryKind::Request);
        }
        self
    }
}

/// Single requests, newest first
///
/// What the service's policy has kept; each request says by its `weight` for how many it stands. Tenants and consumers see those
/// of their own keys; admins also events, which the service has logged outside of all requests.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests",
    operation_id = "list_requests",
    tag = "requests",
    params(Validated<ListParams>),
    responses((status = 200, description = "The requests", body = RequestList,
        example = json!(crate::requests::examples::list()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<ListParams>,
) -> Result<Json<RequestList>, Problem> {
    let view = |request| RequestView::of(request, &caller);
    answer(&app, &caller, params, view).await.map(Json)
}

/// The page that is asked for, each request as `view` shows it.
///
/// # Errors
/// Those of the store.
pub(crate) async fn answer(
    app: &App,
    caller: &Caller,
    params: ListParams,
    view: impl Fn(StoredRequest) -> RequestView,
) -> Result<RequestList, Problem> {
    let ListParams {
        selection,
        page,
        after,
    } = params;
    let range = page.range_or(selection.range);
    let limit = u32::try_from(page.limit.rows()).unwrap_or(u32::MAX);
    let mut query = selection.query_of(range, &caller.scope, limit);
    query.before = page.after().copied();
    query.after = after;
    let store = app.client.requests()?;
    let found = app
        .client
        .bounded("requests", store.requests(&query))
        .await?;
    Ok(RequestList {
        data: found.requests.into_iter().map(view).collect(),
        // With `after` the last id is what goes on.
        next_cursor: found
            .next
            .filter(|_| after.is_none())
            .map(|next| page.next(range, next)),
        searched_to: time_ms(found.searched_to_ms),
    })
}

/// One request
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/{id}",
    operation_id = "request",
    tag = "requests",
    params(("id" = Uuid, Path, description = "The request's id")),
    responses(
        (status = 200, description = "The request", body = RequestView,
            example = json!(crate::requests::examples::request())),
        (status = 404, description = "There is no such request, or no more", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
) -> Result<Json<RequestView>, Problem> {
    let found = found(&app, &caller, id).await?;
    Ok(Json(RequestView::of(found, &caller)))
}

/// The request of a path, if the caller may see it.
///
/// # Errors
/// 404 where there is none; those of the store.
pub(crate) async fn found(
    app: &App,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StoredRequest, Problem> {
    let nothing = || Problem::new(Kind::NotFound, "there is no such request, or no more");
    let id = id.ok().and_then(|Path(text)| text.parse::<Uuid>().ok());
    let id = id.ok_or_else(nothing)?;
    let store = app.client.requests()?;
    let found = app
        .client
        .bounded("request", store.request(id, &caller.scope))
        .await?;
    found.ok_or_else(nothing)
}
