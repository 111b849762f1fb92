//! `GET /api-audit`: who has changed or deleted what.
//!
//! For admins alone: the trail is of all tenants. Notes are written by the store, in the transaction of what they are
//! about. They hold no secret, and of persons nothing but who has done it.
//!
//! The trail answers "since when is this limit 100, and who set it?" So it is read from the latest note backwards, and
//! its cursor is a note's number: notes that are added while somebody turns pages move none of those pages. Nothing here
//! writes, and nothing at all removes a note.

use api_metrics_store::control::audit::{AuditEntry, AuditQuery};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    request::{Context, NO_RANGE, Page, ParamDocs, Params, QueryParams, Text, Validated},
    response::Problem,
    router::App,
};

/// `action`, exactly: the actions are few, and the page offers them as a list.
const ACTION: Text = Text {
    name: "action",
    description: "Only what was done in these words, such as `change rate limit`.",
    example: "change rate limit",
    max_bytes: 100,
};
/// `subject`, or a part of it: one mostly knows a key's number or a rule's name, and not the whole text.
const SUBJECT: Text = Text {
    name: "subject",
    description: "Only notes whose subject contains this text, capitals or not.",
    example: "API key 17",
    max_bytes: 500,
};

/// The parameters of [`list`].
#[derive(Debug, Clone)]
pub(super) struct AuditParams {
    /// Only notes of this action.
    action: Option<String>,
    /// Only notes whose subject contains it.
    subject: Option<String>,
    /// The page of the list, by the number of the last note of the page before.
    page: Page<i64>,
}

impl QueryParams for AuditParams {
    const LIST: &'static str = "audit trail";

    fn describe(docs: &mut ParamDocs) {
        ACTION.describe(docs);
        SUBJECT.describe(docs);
        Page::<i64>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            action: ACTION.take(params)?,
            subject: SUBJECT.take(params)?,
            page: QueryParams::take(params, context)?,
        })
    }
}

/// A note in the audit trail: one change, by one actor, at one time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = AuditEntry))]
pub(crate) struct AuditEntryView {
    /// Its number; later notes have greater ones.
    id: i64,
    /// When it was done, to the second.
    at: DateTime<Utc>,
    /// Who has done it, as the host names them. `<code>` is the host's own code, `<directory>` its list of keys.
    actor: String,
    /// What was done.
    action: String,
    /// To what, and in which way. Never a secret.
    subject: String,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: DateTime::from_timestamp_millis(entry.at_ms).unwrap_or_default(),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
        }
    }
}

/// A page of the audit trail. One note more than the page holds is asked for, to know whether there is another page.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditPage {
    /// The notes, the latest first.
    data: Vec<AuditEntryView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Who has changed or deleted what
///
/// For admins. Changes of API keys, limits, quotas, price plans, alert rules and ingest tokens, and erasures.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-audit",
    operation_id = "list_audit_trail",
    tag = "audit",
    params(Validated<AuditParams>),
    responses((status = 200, description = "The notes, the latest first", body = AuditPage,
        example = json!(crate::control::examples::audit()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Validated { params, .. }: Validated<AuditParams>,
) -> Result<Json<AuditPage>, Problem> {
    let AuditParams {
        action,
        subject,
        page,
    } = params;
    let limit = page.limit;
    let mut query = AuditQuery::default();
    query.action = action;
    query.subject = subject;
    query.before = page.after().copied();
    query.limit = limit.and_one();
    let control = app.client.control()?;
    let mut entries = app
        .client
        .bounded("audit trail", control.audit_trail(&query))
        .await?;
    let more = entries.len() > limit.rows();
    entries.truncate(limit.rows());
    let last = entries.last().filter(|_| more).map(|entry| entry.id);
    Ok(Json(AuditPage {
        data: entries.into_iter().map(AuditEntryView::from).collect(),
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
    }))
}
