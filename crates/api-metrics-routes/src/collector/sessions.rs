//! `POST /sessions/start` and `PUT /sessions/{id}`.
//!
//! Start and end are one event each, and the end has the time between both. A session is known for a month after its
//! start. The id of a session is made of its report's idempotency key where there is one, so that the same report
//! answers the same id.
//! | what comes | answer |
//! |---|---|
//! | a start | 201 with the id; with the same idempotency key the same id again |
//! | an end | 200; the same end again is answered as repeated |
//! | another end of a session that has ended | 409 |
//! | the end of another organisation's session, or of none | 404: ids can't be probed |
//! | an end that can't be read | 422, and it may be corrected and sent again |
//!
//! An end is counted under the session's own name, in the transaction that counts it, so that a retry after a lost answer
//! counts once. After a day, when that name is forgotten, the session's row still knows that it has ended.

use std::collections::BTreeMap;

use api_metrics_store::ingest::CollectorSession;
use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::write::{CollectorReport, read, writer};
use crate::{
    auth::Caller,
    ingest::{Shape, session_id, user_id},
    response::{Kind, Problem},
    router::App,
};

/// For how long the end of a session is known by its idempotency key, in seconds; an hour less.
const KEPT_SECONDS: i64 = 23 * 3_600;

/// A session that begins.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `ingest::shape` reads")]
pub(super) struct SessionStart {
    /// Whose it is.
    #[cfg_attr(test, schema(value_type = Uuid))]
    user_id: String,
    /// When it began, RFC 3339; now, where it is left out.
    timestamp: Option<String>,
    /// What else is known of it, as of a command.
    context: Option<BTreeMap<String, Value>>,
}

/// A session that ends.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `ingest::shape` reads")]
pub(super) struct SessionEnd {
    /// When it ended, RFC 3339; now, where it is left out.
    end_time: Option<String>,
    /// `success` by default; `error`, `timeout` or `cancelled`.
    status: Option<String>,
    /// 1 to 16 numbers by their names.
    metrics: Option<BTreeMap<String, f64>>,
}

/// What became of a start or an end.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct SessionReport {
    /// The session; null where its start was refused.
    session_id: Option<Uuid>,
    /// What became of the event.
    #[serde(flatten)]
    report: CollectorReport,
}

/// Begin a session
#[cfg_attr(test, utoipa::path(
    post,
    path = "/sessions/start",
    operation_id = "start_session",
    tag = "write",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Names the report, in at most 200 visible characters: again, it answers the same session")),
    request_body(content = SessionStart, example = json!({
        "user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "context": {"client": "cli"}})),
    responses(
        (status = 201, description = "The session", body = SessionReport,
            example = json!({"session_id": "0b1c9f4e-2c9d-4a52-9a53-0d3f6d1a7b11", "accepted": 1, "refused": [],
                "repeated": false})),
        (status = 422, description = "It was refused (`SessionReport`), or the key was used for another report",
            body = SessionReport),
    ),
))]
pub(super) async fn start(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (mut collected, members) = read(request, "session_start").await?;
    let writer = writer(&app, &caller).await?;
    let ingest = app.ingest()?;
    let id = session_id(&writer, collected.key.as_deref());
    let item = Value::Object(members);
    let now = app.clock.wall();
    // Before its event, so that whatever is counted can end. One without an event is forgotten in a month.
    if let Some((user, started)) = ingest.starts(&item, now) {
        let session = CollectorSession::new(id, writer.token.id, user, started);
        ingest.start_session(&session).await?;
    }
    collected.items.push((Shape::SessionStart, item));
    let answered = ingest.collect(&writer, collected).await?;
    let report = CollectorReport::of(answered, &[]);
    let (status, session_id) = match report.status() {
        StatusCode::OK => (StatusCode::CREATED, Some(id)),
        refused => (refused, None),
    };
    Ok((status, Json(SessionReport { session_id, report })).into_response())
}

/// End a session
///
/// Counted once, whether it has an idempotency key or not.
#[cfg_attr(test, utoipa::path(
    put,
    path = "/sessions/{id}",
    operation_id = "end_session",
    tag = "write",
    params(("id" = Uuid, Path, description = "The session")),
    request_body(content = SessionEnd, example = json!({
        "status": "success", "metrics": {"productivity_score": 87.5}})),
    responses(
        (status = 200, description = "It has ended", body = SessionReport,
            example = json!({"session_id": "0b1c9f4e-2c9d-4a52-9a53-0d3f6d1a7b11", "accepted": 1, "refused": [],
                "repeated": false})),
        (status = 404, description = "The organisation has no such session, or no more", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It has ended in another way", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It was refused", body = SessionReport),
    ),
))]
pub(super) async fn end(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let id = id.ok().and_then(|Path(text)| Uuid::try_parse(&text).ok());
    let id = id.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such session"))?;
    let (mut collected, members) = read(request, "session_end").await?;
    let writer = writer(&app, &caller).await?;
    let ingest = app.ingest()?;
    let session = ingest.session(&writer, id).await?;
    let ended = || Problem::new(Kind::Conflict, "the session has ended already");
    let now = app.clock.unix_seconds();
    if session.ended_at.is_some_and(|at| at < now - KEPT_SECONDS) {
        return Err(ended());
    }
    let item = Value::Object(members);
    // What is refused may be corrected and sent again.
    let reads = ingest.reads(Shape::SessionEnd, &item, &session, app.clock.wall());
    collected.key = reads.then(|| format!("collector end of session {id}"));
    collected.items.push((Shape::SessionEnd, item));
    collected.session = Some(session);
    let answered = match ingest.collect(&writer, collected).await {
        Err(problem) if problem.is(Kind::IdempotencyKeyReused) => return Err(ended()),
        answered => answered?,
    };
    if answered.accepted > 0 {
        ingest.end_session(id).await?;
    }
    let report = CollectorReport::of(answered, &[]);
    let answer = SessionReport {
        session_id: Some(id),
        report,
    };
    Ok((answer.report.status(), Json(answer)).into_response())
}

/// A user as the collector takes it, for the paths that read.
pub(super) fn user_of(text: &str) -> String {
    user_id(text).unwrap_or_else(|| text.to_owned())
}
