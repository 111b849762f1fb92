//! `GET /commands` and `GET /agents`: single events, from the request log.
//!
//! There only where a request log is kept; by its policy some may be left out, and `weight` says for how many each
//! stands.
//! | status | is counted as | and found by |
//! |---|---|---|
//! | `success` | 200 | `status=success` |
//! | `error` | 500 | `status=error` |
//! | `timeout` | 504 | `status=timeout` |
//! | `cancelled` | 499, which is no error | `status=cancelled` |
//!
//! A filter by status has no index: a page looks at a bounded number of entries and may be short, even empty, and not be
//! the last.

use api_metrics_layer::Outcome;
use api_metrics_store::request_log::{RequestQuery, StoredRequest};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::params::Dates;
use crate::{
    auth::Caller,
    ingest::{Shape, outcome},
    request::{
        Context, OneOf, Page, ParamDocs, Params, QueryParams, Text, Validated, query_params,
    },
    response::{Problem, rounded},
    router::App,
};

/// `command_name`.
const COMMAND: Text = Text {
    name: "command_name",
    description: "Only commands of this name, exactly.",
    example: "deploy",
    max_bytes: 1_024,
};
/// `agent_name`.
const AGENT: Text = Text {
    name: "agent_name",
    description: "Only agents of this name, exactly.",
    example: "reviewer",
    max_bytes: 1_024,
};
/// `status`.
const STATUS: OneOf<Option<&str>> = OneOf {
    name: "status",
    description: "Only those that ended so.",
    options: &[
        ("success", Some("success")),
        ("error", Some("error")),
        ("timeout", Some("timeout")),
        ("cancelled", Some("cancelled")),
    ],
    default: None,
};

/// A command.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CommandEvent {
    /// Its id.
    id: Uuid,
    /// When it ended.
    timestamp: DateTime<Utc>,
    /// Who has executed it.
    user_id: Option<String>,
    /// What it is called.
    command_name: String,
    /// How long it took, in milliseconds.
    execution_time_ms: Option<f64>,
    /// `success`, `error`, `timeout` or `cancelled`.
    status: &'static str,
    /// The `session_id` of its context.
    session_id: Option<String>,
    /// For how many commands it stands, itself included.
    weight: u64,
}

/// An interaction with an agent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct AgentEvent {
    /// Its id.
    id: Uuid,
    /// When it ended.
    timestamp: DateTime<Utc>,
    /// Whose it is.
    user_id: Option<String>,
    /// What the agent is called.
    agent_name: String,
    /// What was asked of it.
    interaction_type: String,
    /// How long it took, in milliseconds.
    execution_time_ms: Option<f64>,
    /// `success`, `error`, `timeout` or `cancelled`.
    status: &'static str,
    /// The `session_id` of its context.
    session_id: Option<String>,
    /// For how many interactions it stands, itself included.
    weight: u64,
}

/// A page of commands.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CommandPage {
    /// The commands, the newest first.
    data: Vec<CommandEvent>,
    /// Asks for the next page; null where the range was searched to its end. A page may be short and not be the last.
    next_cursor: Option<String>,
}

/// A page of interactions.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct AgentPage {
    /// The interactions, the newest first.
    data: Vec<AgentEvent>,
    /// Asks for the next page; null where the range was searched to its end. A page may be short and not be the last.
    next_cursor: Option<String>,
}

/// The name of commands.
#[derive(Debug, Clone)]
pub(super) struct OfCommand(Option<String>);

impl QueryParams for OfCommand {
    fn describe(docs: &mut ParamDocs) {
        COMMAND.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(COMMAND.take(params)?))
    }
}

/// The name of agents.
#[derive(Debug, Clone)]
pub(super) struct OfAgent(Option<String>);

impl QueryParams for OfAgent {
    fn describe(docs: &mut ParamDocs) {
        AGENT.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(AGENT.take(params)?))
    }
}

/// How events ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended(Option<&'static str>);

impl QueryParams for Ended {
    fn describe(docs: &mut ParamDocs) {
        STATUS.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(STATUS.take(params)?))
    }
}

query_params! {
    /// The parameters of [`commands`].
    pub(super) struct CommandParams of "collector commands" {
        /// When they ended.
        dates: Dates,
        /// What they are called.
        name: OfCommand,
        /// How they ended.
        ended: Ended,
        /// The page of the list.
        page: Page<Uuid>,
    }
}

query_params! {
    /// The parameters of [`agents`].
    pub(super) struct AgentParams of "collector agents" {
        /// When they ended.
        dates: Dates,
        /// What they are called.
        name: OfAgent,
        /// How they ended.
        ended: Ended,
        /// The page of the list.
        page: Page<Uuid>,
    }
}

/// Single commands, the newest first
#[cfg_attr(test, utoipa::path(
    get,
    path = "/commands",
    operation_id = "list_commands",
    tag = "read",
    params(Validated<CommandParams>),
    responses((status = 200, description = "The commands", body = CommandPage,
        example = json!({"data": [{"id": "019e3a4c-7d1e-7d2a-8f00-1c2d3e4f5a6b",
            "timestamp": "2026-05-18T09:25:00Z", "user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
            "command_name": "deploy", "execution_time_ms": 1250.0, "status": "success", "session_id": "s-1",
            "weight": 1}], "next_cursor": null}))),
))]
pub(super) async fn commands(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<CommandParams>,
) -> Result<Json<CommandPage>, Problem> {
    let CommandParams {
        dates,
        name,
        ended,
        page,
    } = params;
    let (found, next_cursor) =
        list(&app, &caller, Shape::Command, (dates, name.0, ended), &page).await?;
    let data = found.into_iter().map(|event| CommandEvent {
        id: event.id,
        timestamp: DateTime::from_timestamp_millis(event.at_ms).unwrap_or_default(),
        execution_time_ms: ms(&event),
        status: status(&event),
        user_id: event.user,
        command_name: event.endpoint,
        session_id: event.request_id,
        weight: event.weight,
    });
    Ok(Json(CommandPage {
        data: data.collect(),
        next_cursor,
    }))
}

/// Single interactions with agents, the newest first
#[cfg_attr(test, utoipa::path(
    get,
    path = "/agents",
    operation_id = "list_agents",
    tag = "read",
    params(Validated<AgentParams>),
    responses((status = 200, description = "The interactions", body = AgentPage,
        example = json!({"data": [{"id": "019e3a4c-7d1e-7d2a-8f00-1c2d3e4f5a6b",
            "timestamp": "2026-05-18T09:25:00Z", "user_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
            "agent_name": "reviewer", "interaction_type": "review", "execution_time_ms": 8250.0,
            "status": "success", "session_id": null, "weight": 1}], "next_cursor": null}))),
))]
pub(super) async fn agents(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<AgentParams>,
) -> Result<Json<AgentPage>, Problem> {
    let AgentParams {
        dates,
        name,
        ended,
        page,
    } = params;
    let (found, next_cursor) =
        list(&app, &caller, Shape::Agent, (dates, name.0, ended), &page).await?;
    let data = found.into_iter().map(|event| AgentEvent {
        id: event.id,
        timestamp: DateTime::from_timestamp_millis(event.at_ms).unwrap_or_default(),
        execution_time_ms: ms(&event),
        status: status(&event),
        user_id: event.user,
        agent_name: event.endpoint,
        interaction_type: event.method,
        session_id: event.request_id,
        weight: event.weight,
    });
    Ok(Json(AgentPage {
        data: data.collect(),
        next_cursor,
    }))
}

/// A page of events of one kind, and the cursor of the next one.
///
/// # Errors
/// Those of the store.
async fn list(
    app: &App,
    caller: &Caller,
    shape: Shape,
    (Dates(range), name, Ended(ended)): (Dates, Option<String>, Ended),
    page: &Page<Uuid>,
) -> Result<(Vec<StoredRequest>, Option<String>), Problem> {
    let range = page.range_or(range);
    let ms = |seconds: i64| seconds.saturating_mul(1_000);
    let mut query = RequestQuery::over(ms(range.from), ms(range.to));
    query.scope = caller.scope.clone();
    query.limit = u32::try_from(page.limit.rows()).unwrap_or(u32::MAX);
    query.before = page.after().copied();
    query.filter.protocol = Some(shape.protocol().as_str().to_owned());
    query.filter.endpoint = name;
    query.filter.status = ended.and_then(counted);
    let store = app.client.requests()?;
    let found = app
        .client
        .bounded("collector events", store.requests(&query));
    let found = found.await?;
    let next = found.next.map(|next| page.next(range, next));
    Ok((found.requests, next))
}

/// The status under which events of that name are counted.
fn counted(name: &str) -> Option<u16> {
    let (status, outcome) = outcome(name)?;
    status.or(match outcome {
        Outcome::Aborted => Some(499),
        Outcome::Failed => Some(500),
        _ => None,
    })
}

/// How an event ended.
fn status(event: &StoredRequest) -> &'static str {
    match event.counted_status {
        499 => "cancelled",
        504 => "timeout",
        500.. => "error",
        _ => "success",
    }
}

/// How long an event took, in milliseconds.
fn ms(event: &StoredRequest) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of an hour at most"
    )]
    event.latency_us.map(|us| rounded(us as f64 / 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn each_status_is_found_as_it_is_counted() {
        let all = ["success", "error", "timeout", "cancelled", "other"];
        assert_eq!(
            all.map(counted),
            [Some(200), Some(500), Some(504), Some(499), None]
        );
    }
}
