//! `GET requests` and `GET requests/{id}`: a consumer's own single requests, where a log of them is kept.
//!
//! Which ones are its own is the scope of the caller, as everywhere: a viewer's keys, a manager's or developer's
//! tenant, all of an admin.
//!
//! Shapes and filters are those of the admin's list, because a request has no simpler form. There are no hashes of
//! addresses, no lines of the service's log and no places within a country, whoever asks: a consumer's clients are
//! nobody's business but theirs.

use api_metrics_store::request_log::EntryKind;
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};

use crate::{
    auth::Caller,
    request::Validated,
    requests::{
        list::{ListParams, RequestList, answer, found},
        view::RequestView,
    },
    response::{Kind, Problem},
    router::App,
};

/// A consumer's own requests, newest first
///
/// What the service's policy has kept; each request says by its `weight` for how many it stands.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/requests",
    tag = "console",
    params(Validated<ListParams>),
    responses((status = 200, description = "The requests", body = RequestList,
        example = json!(crate::requests::examples::list()))),
))]
pub(super) async fn get_requests(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<ListParams>,
) -> Result<Json<RequestList>, Problem> {
    let view = |request| RequestView::for_consumers(request, &caller);
    let params = params.without_events(&caller.scope);
    answer(&app, &caller, params, view).await.map(Json)
}

/// One of a consumer's own requests
#[cfg_attr(test, utoipa::path(
    get,
    path = "/requests/{id}",
    tag = "console",
    params(("id" = Uuid, Path, description = "The request's id")),
    responses(
        (status = 200, description = "The request", body = RequestView,
            example = json!(crate::requests::examples::request())),
        (status = 404, description = "There is no such request, or no more", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(super) async fn get_request(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
) -> Result<Json<RequestView>, Problem> {
    let request = found(&app, &caller, id).await?;
    if request.kind != EntryKind::Request {
        return Err(Problem::new(Kind::NotFound, "an event is no request"));
    }
    Ok(Json(RequestView::for_consumers(request, &caller)))
}
