//! `POST /commands`, `/agents` and `/batch`: what is answered with a 2xx is in the database, and is there once.
//!
//! Statuses are those of [ingest](crate::Ingest): 200 where at least one item is counted, 422 where none is, or where
//! the idempotency key belongs to another report; 503 and 504 say whether it should be sent again.
//! The items of a batch are numbered over its three lists, and a refusal names the list and the place in it. A batch is
//! written as a whole: all items that are accepted, or none.

use std::time::SystemTime;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{
    auth::Caller,
    ingest::{Answered, Collected, MAX_ITEMS, Shape, Writer, instant, read_as},
    request::{Body, required, wrong},
    response::{Kind, Problem},
    router::App,
};

/// The lists of a batch, in the order in which its items are numbered.
const LISTS: [(&str, Shape); 3] = [
    ("command_executions", Shape::Command),
    ("agent_interactions", Shape::Agent),
    ("productivity_metrics", Shape::Productivity),
];

/// What became of a report.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CollectorReport {
    /// Items that are counted: durably, and once.
    accepted: u32,
    /// Items that are not, kept as dead letters.
    refused: Vec<CollectorRefusal>,
    /// Whether it had been counted before, under the same idempotency key.
    repeated: bool,
}

/// An item that is not counted.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CollectorRefusal {
    /// The list of a batch that it is in; null where the body is the item.
    list: Option<&'static str>,
    /// Its place in the list, from 0.
    index: u32,
    /// The member that is wrong; null: the item as a whole.
    member: Option<String>,
    /// What is wrong with it.
    reason: String,
}

impl CollectorReport {
    /// What became of a report whose lists have so many items each; none where the body is the item.
    pub(super) fn of(answered: Answered, lists: &[(&'static str, u32)]) -> Self {
        let refused = answered.refused.into_iter().map(|refused| {
            let (list, index) = placed(refused.place, lists);
            CollectorRefusal {
                list,
                index,
                member: refused.member,
                reason: refused.reason,
            }
        });
        Self {
            accepted: answered.accepted,
            refused: refused.collect(),
            repeated: answered.repeated,
        }
    }

    /// The status of the answer.
    pub(super) const fn status(&self) -> StatusCode {
        if self.accepted == 0 {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        }
    }
}

/// The list of an item, and its place there.
fn placed(mut place: u32, lists: &[(&'static str, u32)]) -> (Option<&'static str>, u32) {
    for (list, items) in lists {
        if place < *items {
            return (Some(list), place);
        }
        place -= items;
    }
    (None, place)
}

/// A command that was executed.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `ingest::shape` reads")]
pub(super) struct CommandExecution {
    /// Who has executed it.
    #[cfg_attr(test, schema(value_type = uuid::Uuid))]
    user_id: String,
    /// What it is called: one of few.
    #[cfg_attr(test, schema(min_length = 1, max_length = 255))]
    command_name: String,
    /// How long it took, in milliseconds.
    #[cfg_attr(test, schema(minimum = 0, maximum = 3_600_000))]
    execution_time_ms: u64,
    /// `success`, `error`, `timeout` or `cancelled`, which is no error.
    status: String,
    /// When it ended, RFC 3339; now, or the batch's, where it is left out.
    timestamp: Option<String>,
    /// What else is known of it, for the request log: at most 32 members and 4 KiB. Its `session_id` is shown with it.
    context: Option<BTreeMap<String, Value>>,
}

/// An interaction with an agent.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `ingest::shape` reads")]
pub(super) struct AgentInteraction {
    /// Whose it is.
    #[cfg_attr(test, schema(value_type = uuid::Uuid))]
    user_id: String,
    /// What the agent is called: one of few.
    #[cfg_attr(test, schema(min_length = 1, max_length = 255))]
    agent_name: String,
    /// What was asked of it: one of few.
    #[cfg_attr(test, schema(min_length = 1, max_length = 255))]
    interaction_type: String,
    /// How long it took, in milliseconds.
    #[cfg_attr(test, schema(minimum = 0, maximum = 3_600_000))]
    execution_time_ms: u64,
    /// `success`, `error`, `timeout` or `cancelled`, which is no error.
    status: String,
    /// Tokens that it was given: the unit of that name.
    input_tokens: Option<u64>,
    /// Tokens that it has given: the unit of that name.
    output_tokens: Option<u64>,
    /// When it ended, RFC 3339; now, or the batch's, where it is left out.
    timestamp: Option<String>,
    /// What else is known of it, as of a command.
    context: Option<BTreeMap<String, Value>>,
}

/// Named numbers at a time.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `ingest::shape` reads")]
pub(super) struct ProductivityMetric {
    /// Whose they are.
    #[cfg_attr(test, schema(value_type = uuid::Uuid))]
    user_id: String,
    /// 1 to 16 numbers by their names, of letters, digits and any of `_-.:/`.
    metrics: BTreeMap<String, f64>,
    /// When they were measured, RFC 3339; now, or the batch's, where it is left out.
    timestamp: Option<String>,
}

/// Many items at once.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `post_batch` reads")]
pub(super) struct CollectorBatch {
    /// Commands.
    command_executions: Option<Vec<CommandExecution>>,
    /// Interactions with agents.
    agent_interactions: Option<Vec<AgentInteraction>>,
    /// Named numbers.
    productivity_metrics: Option<Vec<ProductivityMetric>>,
    /// When items happened that do not say so, RFC 3339; now, where it is left out.
    timestamp: Option<String>,
}

/// Report a command
///
/// The command's name is its endpoint, `command` its protocol. A 2xx means that it is in the database. With
/// `Idempotency-Key` the same report sent again within 24 hours, to any process, is counted once.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/commands",
    tag = "write",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Names the report, in at most 200 visible characters")),
    request_body(content = CommandExecution, example = json!({
        "user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "command_name": "deploy",
        "execution_time_ms": 1250, "status": "success", "context": {"session_id": "s-1"}})),
    responses(
        (status = 200, description = "It is counted", body = CollectorReport,
            example = json!({"accepted": 1, "refused": [], "repeated": false})),
        (status = 413, description = "More than 4 MiB", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It was refused (`CollectorReport`), or the key was used for another report",
            body = CollectorReport),
    ),
))]
pub(super) async fn post_command(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    post_one(&app, &caller, Shape::Command, request).await
}

/// Report an interaction with an agent
///
/// The agent's name is its endpoint, `agent` its protocol, the type of interaction its method, and tokens are units.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/agents",
    tag = "write",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Names the report, in at most 200 visible characters")),
    request_body(content = AgentInteraction, example = json!({
        "user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "agent_name": "reviewer", "interaction_type": "review",
        "execution_time_ms": 8250, "status": "success", "input_tokens": 812, "output_tokens": 64})),
    responses(
        (status = 200, description = "It is counted", body = CollectorReport,
            example = json!({"accepted": 1, "refused": [], "repeated": false})),
        (status = 413, description = "More than 4 MiB", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It was refused (`CollectorReport`), or the key was used for another report",
            body = CollectorReport),
    ),
))]
pub(super) async fn post_agent(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    post_one(&app, &caller, Shape::Agent, request).await
}

/// Report many items at once
///
/// At most 1,000 items in all and 4 MiB, as it is, `gzip` or `zstd`. Each item is looked at by itself: what is wrong
/// with one refuses that one, by list, index and member. Batches have a limit of their own, ten times that of single
/// reports.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/batch",
    tag = "write",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Names the report, in at most 200 visible characters")),
    request_body(content = CollectorBatch, example = json!({
        "command_executions": [{"user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "command_name": "deploy",
            "execution_time_ms": 1250, "status": "success"}],
        "productivity_metrics": [{"user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
            "metrics": {"productivity_score": 87.5}}],
        "timestamp": "2026-05-18T09:25:00Z"})),
    responses(
        (status = 200, description = "What became of each item", body = CollectorReport,
            example = json!({"accepted": 1, "refused": [{"list": "productivity_metrics", "index": 0,
                "member": "metrics", "reason": "is missing"}], "repeated": false})),
        (status = 413, description = "More than 1,000 items or 4 MiB", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "No item was accepted (`CollectorReport`), or the key was used for another report",
            body = CollectorReport),
    ),
))]
pub(super) async fn post_batch(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let received = app.clock.monotonic();
    let (mut collected, members) = read(request, "batch").await?;
    let mut body = Body::from(members);
    let mut lists = Vec::with_capacity(LISTS.len());
    for (list, shape) in LISTS {
        let items = match required(list, body.value(list))? {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(wrong(list, &other, "a list")),
        };
        lists.push((list, u32::try_from(items.len()).unwrap_or(u32::MAX)));
        let items = items.into_iter().map(|item| (shape, item));
        collected.items.extend(items);
    }
    collected.at = timestamp(&mut body, app.clock.wall())?;
    body.finish()?;
    if collected.items.len() > MAX_ITEMS {
        let detail = format!("a batch has at most {MAX_ITEMS} items");
        return Err(Problem::new(Kind::BodyTooLarge, detail));
    }
    let writer = writer(&app, &caller).await?;
    let answered = app.ingest()?.collect(&writer, collected).await?;
    app.ingest()?
        .took(app.clock.monotonic().saturating_sub(received));
    let report = CollectorReport::of(answered, &lists);
    Ok((report.status(), Json(report)).into_response())
}

/// `timestamp`, where there is one.
///
/// # Errors
/// A problem that names it.
fn timestamp(body: &mut Body, now: SystemTime) -> Result<Option<SystemTime>, Problem> {
    let text = required("timestamp", body.value("timestamp"))?;
    let at = text.map(|text| match text {
        Value::String(_) => instant("timestamp", &text, now),
        _ => Err(wrong("timestamp", &text, "an RFC 3339 time")),
    });
    at.transpose()
}

/// Counts a report whose body is the item.
async fn post_one(
    app: &App,
    caller: &Caller,
    shape: Shape,
    request: Request,
) -> Result<Response, Problem> {
    let received = app.clock.monotonic();
    let (mut collected, members) = read(request, shape.as_str()).await?;
    collected.items.push((shape, Value::Object(members)));
    let writer = writer(app, caller).await?;
    let answered = app.ingest()?.collect(&writer, collected).await?;
    app.ingest()?
        .took(app.clock.monotonic().saturating_sub(received));
    let report = CollectorReport::of(answered, &[]);
    Ok((report.status(), Json(report)).into_response())
}

/// Reads a body that has to be an object. `route` tells its idempotency key from others'.
///
/// # Errors
/// 400, 413 and 415 for what can't be read.
pub(super) async fn read(
    request: Request,
    route: &str,
) -> Result<(Collected, Map<String, Value>), Problem> {
    let key = Collected::key(route, request.headers(), request.uri())?;
    read_as(request, move |bytes| {
        let Ok(Value::Object(members)) = serde_json::from_slice(&bytes) else {
            return Err(Problem::new(
                Kind::BadBody,
                "the body must be a JSON object",
            ));
        };
        let collected = Collected {
            body: bytes.to_vec(),
            key,
            ..Collected::default()
        };
        Ok((collected, members))
    })
    .await
}

/// By which token a caller's organisation reports.
///
/// # Errors
/// 403 where it was revoked, 503 and 504 where the store does not answer.
pub(super) async fn writer(app: &App, caller: &Caller) -> Result<Arc<Writer>, Problem> {
    let environment = app
        .client
        .writer()
        .map(|writer| &writer.instance.environment);
    let environment = environment.map_or("", String::as_str);
    let tenant = caller.principal.tenant();
    app.ingest()?.organisation(environment, tenant).await
}

#[cfg(test)]
mod tests {
    use super::placed;

    #[test]
    fn an_item_is_placed_in_its_list() {
        let lists = [("a", 2), ("b", 0), ("c", 1)];
        let found: Vec<_> = (0..3).map(|place| placed(place, &lists)).collect();
        assert_eq!(found, [(Some("a"), 0), (Some("a"), 1), (Some("c"), 0)]);
        assert_eq!(placed(0, &[]), (None, 0));
    }
}
