//! `GET /api-requests/groups`: errors that are one. Events of the levels ERROR and WARN are errors too.
//!
//! A group's id is a hash of what its errors have in common, so that it is the same in each range, process and
//! database. Its figures are those of the range: `requests` adds up weights and so counts what was seen, `kept`
//! what is stored. When it was first seen at all, and by which version, is known of everybody's requests together, and so
//! shown to admins alone.

use api_metrics_store::request_log::RequestGroup;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    selection::{Selection, group_id},
    view::time_ms,
};
use crate::{
    auth::Caller,
    request::{Limit, Validated, query_params},
    response::{Problem, time},
    router::App,
};

/// Errors of one endpoint with the same status, type and message, but for numbers and names in it; or events of one
/// source and level.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestGroup))]
pub(crate) struct GroupView {
    /// Its id, which `group` of the list takes.
    id: String,
    /// What its entries are: `request`, or `event`, whose method and endpoint are empty and whose status is 0.
    kind: &'static str,
    /// Where its events come from.
    source: Option<String>,
    /// The level of its events.
    level: Option<&'static str>,
    /// The method.
    method: String,
    /// The route template.
    endpoint: String,
    /// The status under which its requests are counted.
    status: u16,
    /// The kind of error.
    error_type: Option<String>,
    /// What its latest request said.
    message: Option<String>,
    /// Its latest request.
    latest: Uuid,
    /// Requests kept of it.
    kept: u64,
    /// Requests that they stand for.
    requests: u64,
    /// Different API keys among them.
    api_keys: u64,
    /// Versions of the service that had it, at most 20.
    versions: Vec<String>,
    /// Its first request in the range.
    first_at: DateTime<Utc>,
    /// Its last one.
    last_at: DateTime<Utc>,
    /// When it was first seen at all. For admins.
    first_seen_at: Option<DateTime<Utc>>,
    /// The version that had it first. For admins.
    first_version: Option<String>,
    /// Requests in 24 equal parts of the range.
    series: Vec<u64>,
}

impl From<RequestGroup> for GroupView {
    fn from(group: RequestGroup) -> Self {
        Self {
            id: group_id(group.id),
            kind: group.kind.into(),
            source: group.source,
            level: group.level.map(|level| level.as_str()),
            method: group.method,
            endpoint: group.endpoint,
            status: group.status,
            error_type: group.error_type,
            message: group.message,
            latest: group.latest,
            kept: group.kept,
            requests: group.weight,
            api_keys: group.api_keys,
            versions: group.versions,
            first_at: time_ms(group.first_ms),
            last_at: time_ms(group.last_ms),
            first_seen_at: group.first_seen_ms.map(time_ms),
            first_version: group.first_version,
            series: group.series,
        }
    }
}

/// The groups of a range.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupList {
    /// The groups, those of most requests first.
    data: Vec<GroupView>,
    /// The start of the range.
    from: DateTime<Utc>,
    /// The end of the range.
    to: DateTime<Utc>,
}

query_params! {
    /// The parameters of [`groups`].
    pub(crate) struct GroupParams {
        /// Which requests are grouped.
        selection: Selection,
        /// How many groups.
        limit: Limit,
    }
}

/// Groups of errors
///
/// Errors with the same endpoint, status, type and message are one group; numbers, ids and quoted texts in the
/// message make no difference. `text` has no effect.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/groups",
    operation_id = "request_groups",
    tag = "requests",
    params(Validated<GroupParams>),
    responses((status = 200, description = "The groups", body = GroupList,
        example = json!(crate::requests::examples::groups()))),
))]
pub(crate) async fn groups(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<GroupParams>,
) -> Result<Json<GroupList>, Problem> {
    let GroupParams { selection, limit } = params;
    let limit = u32::try_from(limit.rows()).unwrap_or(u32::MAX);
    let query = selection.query(&caller.scope, limit);
    let store = app.client.requests()?;
    let found = app
        .client
        .bounded("request groups", store.request_groups(&query))
        .await?;
    Ok(Json(GroupList {
        data: found.into_iter().map(GroupView::from).collect(),
        from: time(selection.range.from),
        to: time(selection.range.to),
    }))
}
