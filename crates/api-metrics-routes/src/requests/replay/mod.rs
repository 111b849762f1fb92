//! `POST /api-requests/{id}/replay`: a request of the log once more, and what differs.
//!
//! | rule | where |
//! |---|---|
//! | who: admins alone | the table of routes |
//! | which: a route was found for it, its method is allowed, its path is not denied | [`replayable`] |
//! | what is masked is asked for anew | `plan` |
//! | the path is looked at once more when it is filled | `deny` |
//! | noted before it is sent, and again with its status | [`replay`] |
//! | bounded in time and bytes, no redirect is followed | `service` |
//! | the response is masked as the recorded one was | [`replay`] |
//!
//! A request is replayed to see a fault again, by somebody who may do so, and never by accident. So every rule is looked
//! at twice: when the snapshot is shown (`replay.refused` says why not), and when the replay is asked for, because
//! settings may have changed in between. No answer holds a value that was given, its errors included.

mod diff;
mod plan;

use api_metrics_layer::UNMATCHED;
use api_metrics_store::request_log::{SnapshotMessage, StoredRequest, StoredSnapshot};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use serde::Serialize;
use uuid::Uuid;

pub(crate) use self::plan::Missing;
use self::{
    diff::Diff,
    plan::{Given, Plan},
};
use super::snapshot::{MessageView, both};
use crate::{
    auth::Caller,
    replay::{Replay, Sent},
    request::{Body, Validated},
    response::{Kind, Problem},
    router::App,
};

/// The body of a replay. Empty where nothing is asked for: `{}`, or no body at all.
#[cfg(test)]
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[schema(as = ReplayBody)]
pub(crate) struct ReplayBody {
    /// What was asked for anew, and headers to add. Used once, and kept nowhere.
    #[expect(
        dead_code,
        reason = "the document's shape; members are read one by one"
    )]
    values: Vec<Given>,
}

/// A response, as far as it is shown: what a snapshot of it would hold, whether it was recorded or is new.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = ReplayedResponse))]
pub(crate) struct ResponseView {
    /// Its status; null: none was sent.
    status: Option<u16>,
    /// Its headers and its body; null: no snapshot was kept.
    message: Option<MessageView>,
}

/// Two responses to one request, and what differs. Neither is stored by this: the recorded one is already, and the new
/// one is gone with the answer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = ReplayAnswer))]
pub(crate) struct ReplayAnswer {
    /// The request that was replayed.
    id: Uuid,
    /// The response that was recorded.
    recorded: ResponseView,
    /// The new one, masked in the same way.
    replayed: ResponseView,
    /// What differs.
    diff: Diff,
}

/// How a request would be replayed, by rules that cost nothing: the kind of request, its method, its path.
///
/// The path is compared twice, because each may say what the other doesn't: the template names the route
/// (`/sessions/{id}`), and the recorded path what a wildcard took (`/files/admin/x`). What parameters are filled with is
/// looked at once more, by [`replay`], when it is known.
///
/// # Errors
/// 404 where nothing is replayed here, 403 where this request is not.
pub(super) fn replayable(
    replay: Option<&Replay>,
    request: &StoredRequest,
    snapshot: Option<&StoredSnapshot>,
) -> Result<Plan, Problem> {
    let Some(replay) = replay.filter(|it| it.is_ready()) else {
        let detail = "this service replays no requests";
        return Err(Problem::new(Kind::NotFound, detail));
    };
    let refuse = |detail: &'static str| Err(Problem::new(Kind::Forbidden, detail));
    if request.protocol != "http" || request.endpoint == UNMATCHED {
        return refuse("only HTTP requests that a route was found for are replayed");
    }
    if !replay.allows(&request.method) {
        return refuse("requests of this method are not replayed");
    }
    if replay.denied.denies(&request.endpoint) || replay.denied.denies(&request.path) {
        return refuse("this path is never replayed");
    }
    match Plan::of(request, snapshot) {
        Some(plan) => Ok(plan),
        None => refuse("requests of this method are not replayed"),
    }
}

/// Sends a request once more
///
/// For admins, where the service was given a router to replay into, or an address. In a router it is neither counted
/// nor billed nor logged, and at an address it is counted under the consumer `<replay>`; the audit trail keeps who has done it. GET and HEAD alone unless the service allows others,
/// never paths of sign-in, payment and administration. What was masked is given in `values`, used once and kept
/// nowhere; the `inputs` of the snapshot say what is needed. The new response is masked as the recorded one was.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-requests/{id}/replay",
    operation_id = "replay_request",
    tag = "requests",
    params(("id" = Uuid, Path, description = "The request's id")),
    request_body(content = ReplayBody, example = json!({"values": [
        {"part": "path", "name": "id", "value": "4711"}]})),
    responses(
        (status = 200, description = "Both responses", body = ReplayAnswer, example = json!(crate::requests::examples::replayed())),
        (status = 404, description = "There is no such request, or nothing is replayed here", body = Problem,
            content_type = "application/problem+json"),
        (status = 504, description = "It took too long, and was given up", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
    mut body: Body,
) -> Result<Json<ReplayAnswer>, Problem> {
    let given = body.value("values").flatten();
    body.finish()?;
    // The error of a wrong value would repeat it.
    let given: Vec<Given> = match given {
        None => Vec::new(),
        Some(values) => serde_json::from_value(values).map_err(|_| {
            let detail = "is a list of objects with `part`, `name` and `value`";
            Problem::parameter("values", detail)
        })?,
    };
    let (request, snapshot) = both(&app, &caller, id).await?;
    let plan = replayable(app.replay.as_ref(), &request, snapshot.as_ref())?;
    let Some(replay) = &app.replay else {
        return Err(Problem::new(
            Kind::NotFound,
            "this service replays no requests",
        ));
    };
    let sent = plan.fill(&given)?;
    drop(given);
    if replay.denied.denies(sent.uri().path()) {
        return Err(Problem::new(Kind::Forbidden, "this path is never replayed"));
    }
    let note = async |action: &str, subject: String| {
        let store = app.client.requests()?;
        let actor = &caller.principal.subject;
        let noted = store.note_replay(actor, action, &subject);
        app.client.bounded("note a replay", noted).await
    };
    let what = format!("{} {} {}", request.id, request.method, request.endpoint);
    // What can't be noted is not done.
    note("replay request", what).await?;
    let answered = match replay.send(sent).await {
        Sent::Answered(answered) => answered,
        Sent::TimedOut => {
            note("replayed request", format!("{}: given up", request.id)).await?;
            return Err(Problem::new(Kind::TimedOut, "the replay took too long"));
        }
        Sent::Failed => {
            note("replayed request", format!("{}: failed", request.id)).await?;
            let detail = "no whole response came: the handler has panicked, the connection broke, or nobody is at the address";
            return Err(Problem::new(Kind::Internal, detail));
        }
    };
    let status = answered.status.as_u16();
    note(
        "replayed request",
        format!("{}: status {status}", request.id),
    )
    .await?;
    let replayed = SnapshotMessage::masked(&answered.headers, answered.body(), &app.snapshots);
    let recorded = snapshot.map(|it| it.response);
    let diff = Diff::of((request.status, status), recorded.as_ref(), &replayed);
    Ok(Json(ReplayAnswer {
        id: request.id,
        recorded: ResponseView {
            status: request.status,
            message: recorded.map(MessageView::from),
        },
        replayed: ResponseView {
            status: Some(status),
            message: Some(replayed.into()),
        },
        diff,
    }))
}
