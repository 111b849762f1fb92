//! `GET /api-requests/{id}/snapshot`: what a request and its response carried, and whether it can be replayed.
//!
//! For admins alone: what is left after masking is still what somebody has sent. A request without a snapshot is
//! answered all the same, so that the page needs one question to know both.
//!
//! What is shown is what was stored. Nothing is masked here, and nothing can be unmasked: the store never had it. Marks
//! say what was taken out, and why:
//!
//! | mark | stands for |
//! |---|---|
//! | `[hidden]` | a value whose name is masked |
//! | `[cut]` | what lay beyond the bytes that are kept, or from where JSON is broken |
//! | `[deep]` | what lay deeper than 64 levels |
//! | `[email]`, `[token]`, `[card]`, .. | what the scrubber took for one |

use api_metrics_store::request_log::{
    BodyContent, EntryKind, SnapshotBody, SnapshotMessage, StoredRequest, StoredSnapshot,
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use serde::Serialize;

use super::{
    list::found,
    replay::{Missing, replayable},
};
use crate::{
    auth::Caller,
    request::Validated,
    response::{Kind, Problem},
    router::App,
};

/// A name and its value: of a header, of the query, or of a form. A list and no map, because names may come twice, and
/// their order means something to some services.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = SnapshotPair))]
pub(crate) struct PairView {
    /// The name.
    name: String,
    /// The value; marks such as `[hidden]` stand for what was taken out.
    value: String,
}

impl From<(String, String)> for PairView {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value }
    }
}

/// All pairs, in their order.
fn pairs(pairs: Vec<(String, String)>) -> Vec<PairView> {
    pairs.into_iter().map(PairView::from).collect()
}

/// The beginning of a body: at most `max_body_bytes` of the service's settings, 16 KiB by default.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = SnapshotBody))]
pub(crate) struct BodyView {
    /// Its `Content-Type`.
    content_type: String,
    /// `json`, `form` or `text`; `not_kept`: bodies of its type are not kept.
    kind: &'static str,
    /// JSON or text. JSON is valid even where the body was cut or broken.
    text: Option<String>,
    /// The fields of a form, multipart ones included, of which files are told by their size.
    fields: Option<Vec<PairView>>,
    /// Whether it was longer than what was kept, or was broken off.
    is_cut: bool,
    /// Whether it was compressed, and therefore not kept.
    is_encoded: bool,
    /// Bytes of it that have passed, however many were kept.
    bytes: u64,
}

impl From<SnapshotBody> for BodyView {
    fn from(body: SnapshotBody) -> Self {
        let (kind, text, fields) = match body.content {
            BodyContent::Json(text) => ("json", Some(text), None),
            BodyContent::Form(fields) => ("form", None, Some(pairs(fields))),
            BodyContent::Text(text) => ("text", Some(text), None),
            _ => ("not_kept", None, None),
        };
        Self {
            content_type: body.content_type,
            kind,
            text,
            fields,
            is_cut: body.is_cut,
            is_encoded: body.is_encoded,
            bytes: body.bytes,
        }
    }
}

/// What was kept of a request or of a response.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = SnapshotMessage))]
pub(crate) struct MessageView {
    /// Headers, of those that the service lists.
    headers: Vec<PairView>,
    /// The body; null: there was none.
    body: Option<BodyView>,
}

impl From<SnapshotMessage> for MessageView {
    fn from(message: SnapshotMessage) -> Self {
        Self {
            headers: pairs(message.headers),
            body: message.body.map(BodyView::from),
        }
    }
}

/// What a request and its response carried, masked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestSnapshot))]
pub(crate) struct SnapshotView {
    /// Whether there was no memory for it, so that it holds little or nothing.
    is_dropped: bool,
    /// The query, decoded; null: it was not kept, or there was none.
    query: Option<Vec<PairView>>,
    /// What the client has sent.
    request: MessageView,
    /// What it was answered.
    response: MessageView,
}

impl From<StoredSnapshot> for SnapshotView {
    fn from(snapshot: StoredSnapshot) -> Self {
        Self {
            is_dropped: snapshot.is_dropped,
            query: snapshot.query.map(pairs),
            request: snapshot.request.into(),
            response: snapshot.response.into(),
        }
    }
}

/// Whether a request can be replayed, and by what. Told together with the snapshot, so that the page offers a button only
/// where it works, with the fields that it needs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Replayable))]
pub(crate) struct ReplayableView {
    /// Whether the service replays requests at all.
    available: bool,
    /// Whether the service counts a replay, under the consumer `<replay>`: it does where it is reached over its address.
    counted: bool,
    /// Why this one is not replayed; null: it is.
    refused: Option<String>,
    /// What is asked for anew.
    inputs: Vec<Missing>,
}

/// A request's snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = RequestSnapshotAnswer))]
pub(crate) struct SnapshotAnswer {
    /// The snapshot; null: the request has left none.
    snapshot: Option<SnapshotView>,
    /// Whether it can be replayed.
    replay: ReplayableView,
}

/// What a request and its response carried
///
/// For admins. Headers, the query and bodies of routes that leave a snapshot, masked before they were stored; and
/// what has to be given to replay the request.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/{id}/snapshot",
    operation_id = "request_snapshot",
    tag = "requests",
    params(("id" = Uuid, Path, description = "The request's id")),
    responses(
        (status = 200, description = "The snapshot", body = SnapshotAnswer, example = json!(crate::requests::examples::snapshot())),
        (status = 404, description = "There is no such request, or no more", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn snapshot(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
) -> Result<Json<SnapshotAnswer>, Problem> {
    let (request, snapshot) = both(&app, &caller, id).await?;
    let replay = app.replay.as_ref().filter(|it| it.is_ready());
    let replayable = replayable(replay, &request, snapshot.as_ref());
    let (refused, inputs) = match replayable {
        Ok(plan) => (None, plan.missing().to_vec()),
        Err(problem) => (Some(problem.detail().to_owned()), Vec::new()),
    };
    Ok(Json(SnapshotAnswer {
        snapshot: snapshot.map(SnapshotView::from),
        replay: ReplayableView {
            available: replay.is_some(),
            counted: replay.is_some_and(|it| it.is_counted()),
            refused,
            inputs,
        },
    }))
}

/// A request and its snapshot, where it has left one. The request is looked up first, with the caller's own view of
/// tenants and services, so that nobody learns by an id whether another's request left a snapshot.
///
/// # Errors
/// 404 where there is no such request; those of the store.
pub(super) async fn both(
    app: &App,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StoredRequest, Option<StoredSnapshot>), Problem> {
    let request = found(app, caller, id).await?;
    if request.kind != EntryKind::Request {
        return Err(Problem::new(Kind::NotFound, "an event is no request"));
    }
    let store = app.client.requests()?;
    let snapshot = app
        .client
        .bounded("request snapshot", store.request_snapshot(request.id))
        .await?;
    Ok((request, snapshot))
}
