//! `POST /v1/requests` and `POST /v1/events`: what is answered with a 2xx is in the database, and is there once.
//!
//! | what happened | status | what a client does |
//! |---|---|---|
//! | every item was looked at, and at least one is counted | 200 | nothing |
//! | no item is counted | 422 | looks at what was refused |
//! | the key belongs to another report | 422 | takes another key |
//! | nothing was committed | 503 | sends it again |
//! | nobody knows whether it was | 503, 504 | sends it again with its key |
//!
//! The request's future may be dropped at any time, as when a client leaves: what the queue has taken is
//! committed all the same.

use std::time::{Duration, SystemTime};

use api_metrics_store::{
    ingest::{DeadLetter, IngestAnswer, IngestBatch, IngestError, IngestItem, RefusedItem},
    store::StoreError,
};
use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    IngestParts, IngestState, browser, collected, event, item,
    payload::{self, Payload},
    shape::Shape,
    writer::{AnyWriter, Authenticated, Counted, Writer},
};
use crate::{
    request::Params,
    response::{Kind, Problem},
};

/// How long the database may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 200;

/// What became of a report.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Items that are counted: durably, and once.
    accepted: u32,
    /// Items that are not, kept as dead letters.
    refused: Vec<Refusal>,
    /// Whether it had been counted before, under the same idempotency key.
    repeated: bool,
}

/// An item that is not counted.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct Refusal {
    /// Its place in the body, from 0.
    index: u32,
    /// The member that is wrong; null: the item as a whole.
    member: Option<String>,
    /// What is wrong with it.
    reason: String,
}

impl From<IngestAnswer> for Report {
    fn from(answer: IngestAnswer) -> Self {
        Self {
            accepted: answer.accepted,
            refused: answer.refused.into_iter().map(Refusal::from).collect(),
            repeated: answer.repeated,
        }
    }
}

impl From<RefusedItem> for Refusal {
    fn from(refused: RefusedItem) -> Self {
        Self {
            index: refused.place,
            member: refused.member,
            reason: refused.reason,
        }
    }
}

/// Report finished requests
///
/// A JSON object, a list of at most 1,000, or one on each line (`application/x-ndjson`); as it is,
/// `gzip` or `zstd`; at most 4 MiB after decompression. Each item is looked at by itself. A 2xx means
/// that what was accepted is in the database. With `Idempotency-Key`, or with `instance` and `number`, the
/// same report sent again within 24 hours, to any process, is counted once and gets the same answer.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/requests",
    operation_id = "report_requests",
    tag = "ingest",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "Names the report, in at most 200 visible characters"),
        ("instance" = Option<String>, Query,
            description = "Names the sender, together with `number`, instead of an idempotency key"),
        ("number" = Option<u64>, Query, description = "The sender's number of this report"),
    ),
    request_body(content = Vec<item::ReportedRequest>, example = json!([
        {"time": "2026-05-18T09:25:00.250Z", "method": "GET", "endpoint": "/users/{id}",
         "status": 200, "latencyMs": 12.5, "key": "k-2041"}])),
    responses(
        (status = 200, description = "What became of each item", body = Report,
            example = json!({"accepted": 1, "refused": [], "repeated": false})),
        (status = 400, description = "The body or the key can't be read", body = Problem,
            content_type = "application/problem+json"),
        (status = 401, description = "No token, a wrong or a revoked one", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "More than 1,000 items or 4 MiB", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "An unknown Content-Encoding", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "No item was accepted (`Report`), or the key was used for another report",
            body = Report),
        (status = 429, description = "More than 1,000 requests a minute, or 10,000 with several items",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer: send it again, with its key",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
))]
pub(super) async fn report(
    State(state): State<IngestState>,
    Authenticated(writer): Authenticated,
    request: Request,
) -> Result<Response, Problem> {
    report_as(Form::Requests, &state, &writer, request).await
}

/// Report events
///
/// What is no request: commands, agents, sessions, connections of WebRTC, jobs, or a kind of one's own. In the
/// same forms, within the same bounds and with the same promises as requests. They are series of another
/// protocol, the kind's: views without `protocol` leave them out. A browser's token, which is bound to origins,
/// writes `webrtc` alone.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/events",
    operation_id = "report_events",
    tag = "ingest",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "Names the report, in at most 200 visible characters"),
        ("instance" = Option<String>, Query,
            description = "Names the sender, together with `number`, instead of an idempotency key"),
        ("number" = Option<u64>, Query, description = "The sender's number of this report"),
    ),
    request_body(content = Vec<event::ReportedEvent>, example = json!([
        {"kind": "agent", "name": "triage", "outcome": "success", "durationMs": 1250.5, "model": "small",
         "inputTokens": 812, "outputTokens": 64, "key": "k-2041"}])),
    responses(
        (status = 200, description = "What became of each event", body = Report,
            example = json!({"accepted": 1, "refused": [], "repeated": false})),
        (status = 400, description = "The body or the key can't be read", body = Problem,
            content_type = "application/problem+json"),
        (status = 401, description = "No token, a wrong or a revoked one", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "A browser's token from another origin than its own", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "More than 1,000 events or 4 MiB", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "An unknown Content-Encoding", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "No event was accepted (`Report`), or the key was used for another report",
            body = Report),
        (status = 429, description = "More than 1,000 requests a minute, or 10,000 with several events",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer: send it again, with its key",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
))]
pub(super) async fn report_events(
    State(state): State<IngestState>,
    AnyWriter(writer): AnyWriter,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let answer = match browser::check(&writer, &headers) {
        Ok(()) => report_as(Form::Events, &state, &writer, request).await,
        Err(problem) => Err(problem),
    };
    let mut response = answer.unwrap_or_else(Problem::into_response);
    browser::mark(&writer, &headers, &mut response);
    response
}

/// What the items of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Requests,
    Events,
}

impl Form {
    /// Reads an item.
    ///
    /// # Errors
    /// A problem that names the member.
    fn read(self, item: Value, writer: &Writer, now: SystemTime) -> Result<IngestItem, Problem> {
        match self {
            Self::Requests => item::read(item, &writer.templates, now),
            Self::Events => event::read(item, writer, now),
        }
    }
}

/// Counts a report.
///
/// # Errors
/// 400, 413 and 415 for a body that can't be read.
async fn report_as(
    form: Form,
    state: &IngestState,
    writer: &Writer,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let key = idempotency_key(&parts.headers, &parts.uri)?;
    // The same key of the other route names another report.
    let key = key.map(|key| match form {
        Form::Requests => key,
        Form::Events => format!("events {key}"),
    });
    let request = Request::from_parts(parts, body);
    let payload = payload::read(request).await?;
    let counted = if payload.is_single {
        Counted::One
    } else {
        Counted::Batch
    };
    let verdict = state.0.writers.count(writer, counted);
    let mut response = match verdict.refusal() {
        Some(problem) => problem.into_response(),
        None => submit(form, &state.0, writer, payload, key)
            .await
            .unwrap_or_else(Problem::into_response),
    };
    verdict.write(response.headers_mut());
    Ok(response)
}

/// Reads the items and counts them.
///
/// # Errors
/// 400 without an item, 422 for a key of another report, 503 and 504 where the database does not answer.
async fn submit(
    form: Form,
    parts: &IngestParts,
    writer: &Writer,
    payload: Payload,
    key: Option<String>,
) -> Result<Response, Problem> {
    if payload.items.is_empty() {
        return Err(Problem::new(Kind::BadBody, "the body has no item"));
    }
    let batch = batch(form, parts, writer, payload, key.as_deref());
    let answer = match timeout(PATIENCE, parts.queue.submit(&writer.token, batch)).await {
        Ok(answer) => answer.map_err(problem)?,
        Err(_) => {
            let detail = "the database did not answer in time: send it again, with its key";
            return Err(Problem::new(Kind::TimedOut, detail));
        }
    };
    let status = if answer.accepted == 0 {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, Json(Report::from(answer))).into_response())
}

/// The items of a body, each read by itself.
fn batch(
    form: Form,
    parts: &IngestParts,
    writer: &Writer,
    payload: Payload,
    key: Option<&str>,
) -> IngestBatch {
    let now = parts.clock.wall();
    let mut batch = IngestBatch::new(key, &payload.bytes);
    if form == Form::Events {
        batch = batch.of_events();
    }
    // Only a tenant's item can still be refused.
    let text = |item: &Value| {
        if writer.token.tenant_id.is_some() {
            item.to_string()
        } else {
            String::new()
        }
    };
    for (place, item) in (0..).zip(payload.items) {
        match item {
            Err((reason, line)) => batch.refuse(place, None, reason, &line),
            Ok(value) => {
                let kept = text(&value);
                match form.read(value.clone(), writer, now) {
                    Ok(read) => batch.push(place, read, &kept),
                    Err(problem) => {
                        let member = problem.named().filter(|name| !name.is_empty());
                        batch.refuse(place, member, problem.detail(), &value.to_string());
                    }
                }
            }
        }
    }
    batch
}

/// Counts the item of a dead letter; what is still wrong with it is the problem.
pub(super) async fn again(
    parts: &IngestParts,
    writer: &Writer,
    letter: &DeadLetter,
) -> Result<(), Problem> {
    let value: Value = serde_json::from_str(&letter.item)
        .map_err(|error| Problem::parameter("item", format!("is no JSON: {error}")))?;
    let form = if letter.is_event {
        Form::Events
    } else {
        Form::Requests
    };
    let now = parts.clock.wall();
    let read = match letter.shape.as_deref().map(Shape::of) {
        None => form.read(value, writer, now)?,
        Some(shape) => collected::again(parts, writer, shape, value, letter, now).await?,
    };
    let batch = IngestBatch::retry_of(letter.id, read, &letter.item);
    let answer = parts
        .queue
        .submit(&writer.token, batch)
        .await
        .map_err(problem)?;
    match answer.refused.into_iter().next() {
        None => Ok(()),
        Some(refused) => {
            let member = refused.member.unwrap_or_default();
            Err(Problem::parameter(member, refused.reason))
        }
    }
}

/// What a client is told of a report that was not acknowledged.
pub(super) fn problem(error: IngestError) -> Problem {
    match error {
        IngestError::KeyReused => Problem::new(
            Kind::IdempotencyKeyReused,
            "the idempotency key was used for another report in the last 24 hours",
        ),
        IngestError::Busy => {
            let detail =
                "too many requests wait for the database; nothing of this report is counted";
            Problem::new(Kind::StoreUnavailable, detail).retry_after(1)
        }
        IngestError::Store(error) => Problem::from_store(&error),
        IngestError::Unknown(error) => {
            tracing::warn!(%error, "whether a report is counted is not known");
            let detail = "whether the report is counted is not known: sent again with its key, it is \
                          counted once";
            Problem::new(Kind::StoreUnavailable, detail).retry_after(1)
        }
        _ => Problem::from_store(&StoreError::Corrupt(error.to_string())),
    }
}

/// The name under which a report is counted once, where it has one. Both forms are told apart by their
/// first word, and from the retries of dead letters.
///
/// # Errors
/// 400 that names what is wrong or missing.
pub(super) fn idempotency_key(headers: &HeaderMap, uri: &Uri) -> Result<Option<String>, Problem> {
    let mut params = Params::from_uri(uri)?;
    let instance = params.take("instance")?;
    let number = params.take("number")?;
    params.finish()?;
    let header = headers.get("idempotency-key");
    match (header, instance, number) {
        (None, None, None) => Ok(None),
        (Some(key), None, None) => {
            let key = key.to_str().unwrap_or_default().trim();
            if key.is_empty() || key.len() > MAX_KEY_BYTES {
                let detail = format!("takes 1 to {MAX_KEY_BYTES} visible characters");
                return Err(Problem::parameter("Idempotency-Key", detail));
            }
            Ok(Some(format!("key {key}")))
        }
        (None, Some(instance), Some(number)) => {
            let plain = instance
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
            if instance.is_empty() || instance.len() > 100 || !plain {
                let detail = "takes 1 to 100 letters, digits and any of `-_.:`";
                return Err(Problem::parameter("instance", detail));
            }
            let number: u64 = number
                .parse()
                .map_err(|_| Problem::parameter("number", "is no whole number from 0 up"))?;
            Ok(Some(format!("number {number} of {instance}")))
        }
        (None, Some(_), None) => Err(Problem::parameter("number", "is missing beside `instance`")),
        (None, None, Some(_)) => Err(Problem::parameter("instance", "is missing beside `number`")),
        (Some(_), ..) => {
            let detail = "can't stand beside `instance` and `number`";
            Err(Problem::parameter("Idempotency-Key", detail))
        }
    }
}
