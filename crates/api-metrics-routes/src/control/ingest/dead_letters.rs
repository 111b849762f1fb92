//! `/ingest-dead-letters`: items that were refused. They can be looked at, tried again and deleted.
//!
//! A retry takes the token as it is now: its templates may know the path since, or its tenant may own the
//! key. It is counted under the letter's number, so that a retry whose answer was lost counts once, and a
//! letter is deleted only after that.

use api_metrics_store::ingest::{DeadLetter, IngestToken};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;

use crate::{
    ingest::Ingest,
    request::{Id, NO_RANGE, Page, Validated, nothing, query_params},
    response::{Problem, time},
    router::App,
};

/// An item that was refused.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = DeadLetter))]
pub(crate) struct DeadLetterView {
    /// Its number.
    id: i64,
    /// The token that it came by.
    token_id: i64,
    /// When it came.
    at: DateTime<Utc>,
    /// The member that is wrong; null: the item as a whole.
    member: Option<String>,
    /// What is wrong with it.
    reason: String,
    /// The item as it came, cut to 4 KiB.
    item: String,
    /// Whether it came as an event, and not as a request.
    is_event: bool,
    /// The shape of the collector in which it came: `command`, `agent`, `productivity`, `session_start` or
    /// `session_end`; null: it came as ingest has it.
    shape: Option<String>,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        Self {
            id: letter.id,
            token_id: letter.token_id,
            at: time(letter.at),
            member: letter.member,
            reason: letter.reason,
            item: letter.item,
            is_event: letter.is_event,
            shape: letter.shape,
        }
    }
}

/// A page of dead letters.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetterPage {
    /// The newest first.
    data: Vec<DeadLetterView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

query_params! {
    /// The parameters of [`list`].
    pub(super) struct DeadLetterParams of "dead letters" {
        page: Page<i64>,
    }
}

/// Reported items that were refused
///
/// The last 10,000 are kept.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/ingest-dead-letters",
    operation_id = "list_dead_letters",
    tag = "ingest",
    params(Validated<DeadLetterParams>),
    responses((status = 200, description = "The items", body = DeadLetterPage,
        example = json!({"data": [{"id": 17, "tokenId": 1, "at": "2026-05-18T09:25:00Z",
            "member": "status", "reason": "`99` is not from 100 to 999",
            "item": "{\"method\":\"GET\",\"endpoint\":\"/a\",\"status\":99}", "isEvent": false, "shape": null}],
            "nextCursor": null}))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Validated { params, .. }: Validated<DeadLetterParams>,
) -> Result<Json<DeadLetterPage>, Problem> {
    let (page, limit) = (&params.page, params.page.limit);
    let ingest = app.ingest()?;
    let rows = u32::try_from(limit.rows() + 1).unwrap_or(u32::MAX);
    let letters = ingest.store().dead_letters(page.after().copied(), rows);
    let mut letters = app.client.bounded("dead letters", letters).await?;
    let more = letters.len() > limit.rows();
    letters.truncate(limit.rows());
    let last = letters.last().filter(|_| more).map(|letter| letter.id);
    Ok(Json(DeadLetterPage {
        data: letters.into_iter().map(DeadLetterView::from).collect(),
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
    }))
}

/// Deletes a refused item
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/ingest-dead-letters/{id}",
    operation_id = "delete_dead_letter",
    tag = "ingest",
    params(("id" = i64, Path, description = "The item's number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such item", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    Id(id): Id,
    _: Validated<()>,
) -> Result<StatusCode, Problem> {
    let ingest = app.ingest()?;
    let deleted = ingest.store().delete_dead_letter(id);
    if app.client.bounded("delete a dead letter", deleted).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(nothing())
    }
}

/// Tries a refused item again
///
/// With the token that it came by, whose templates or tenant may be others now. What is accepted is
/// counted once and is no dead letter any more.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/ingest-dead-letters/{id}/retry",
    operation_id = "retry_dead_letter",
    tag = "ingest",
    params(("id" = i64, Path, description = "The item's number")),
    responses(
        (status = 204, description = "It is counted"),
        (status = 400, description = "What is still wrong with it", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such item", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn retry(
    State(app): State<App>,
    Id(id): Id,
    _: Validated<()>,
) -> Result<StatusCode, Problem> {
    let ingest = app.ingest()?;
    let store = ingest.store();
    let letter = app.client.bounded("a dead letter", store.dead_letter(id));
    let letter = letter.await?.ok_or_else(nothing)?;
    let token = token(&app, ingest, letter.token_id).await?;
    ingest.retry(token, &letter).await?;
    let deleted = store.delete_dead_letter(id);
    app.client.bounded("delete a dead letter", deleted).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token that a letter came by, as it is now; also where it is revoked since.
async fn token(app: &App, ingest: &Ingest, id: i64) -> Result<IngestToken, Problem> {
    let tokens = ingest.store().ingest_tokens();
    let tokens = app.client.bounded("ingest tokens", tokens).await?;
    let token = tokens.into_iter().find(|token| token.id == id);
    token.ok_or_else(nothing)
}
