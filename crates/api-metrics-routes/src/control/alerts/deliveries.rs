//! `GET /api-alerts/deliveries`: notices that are pending, delivered or given up.
//!
//! A notice is delivered through each channel on its own, with retries. One that failed too often
//! is a dead letter: it stays in the list until somebody sends it again.
//!
//! | question | parameters |
//! |---|---|
//! | what failed for good | none: `status=dead` is the default |
//! | what is still being tried | `status=pending` |
//! | what became of one notice, such as a test | `status=all&noticeId=` |
//!
//! The deliveries that changed last come first. One that a group stands for is listed too: it was never tried itself.

use api_metrics_store::control::notify::{Delivery, DeliveryQuery, DeliveryStatus, Notice};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::Caller,
    request::{
        Body, Context, Form, NO_RANGE, OneOf, Page, ParamDocs, Params, Parsed, QueryParams,
        Validated, present, storable,
    },
    response::{Kind, Problem, time},
    router::App,
};

/// The most bytes of a notifier's name.
pub(super) const MAX_CHANNEL_BYTES: usize = 200;

/// `status`.
const STATUS: OneOf<Option<DeliveryStatus>> = OneOf {
    name: "status",
    description: "Given up (dead), to be tried again (pending), taken (delivered), or any of these (all).",
    options: &[
        ("dead", Some(DeliveryStatus::Dead)),
        ("pending", Some(DeliveryStatus::Pending)),
        ("delivered", Some(DeliveryStatus::Delivered)),
        ("all", None),
    ],
    default: Some(DeliveryStatus::Dead),
};

/// `noticeId`.
const NOTICE: Parsed<Uuid> = Parsed {
    name: "noticeId",
    description: "Only the deliveries of this notice, one a channel.",
    example: Some("5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e"),
    form: Form::Uuid,
    read: |text| text.parse().ok(),
    wrong: "no UUID",
};

/// The parameters of [`deliveries`].
#[derive(Debug, Clone)]
pub(super) struct DeliveryParams {
    /// Only deliveries that stand so.
    status: Option<DeliveryStatus>,
    /// Only those of this notice.
    notice: Option<Uuid>,
    /// The page of the list.
    page: Page<(i64, Uuid, String)>,
}

impl QueryParams for DeliveryParams {
    const LIST: &'static str = "deliveries";

    fn describe(docs: &mut ParamDocs) {
        STATUS.describe(docs);
        NOTICE.describe(docs);
        Page::<(i64, Uuid, String)>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            status: STATUS.take(params)?,
            notice: NOTICE.take(params)?,
            page: QueryParams::take(params, context)?,
        })
    }

    fn validate(&self) -> Result<(), Problem> {
        match self.page.after() {
            Some((_, _, channel)) => storable("cursor", channel, MAX_CHANNEL_BYTES),
            None => Ok(()),
        }
    }
}

/// The rule that a notice is about.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeRule {
    /// Its number.
    id: i64,
    /// Its name for people.
    name: String,
    /// What it looks at.
    alert_type: String,
    /// The service that it looks at; null: all of them.
    service: Option<String>,
    /// The environment that it looks at; null: all of them.
    environment: Option<String>,
    /// The endpoint or the pattern that it looks at; null: all of them.
    endpoint: Option<String>,
}

/// The API key that a notice is about.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeKey {
    /// Its number.
    id: i64,
    /// The host's own name for it.
    external_id: String,
    /// Its name for people.
    name: Option<String>,
}

/// A notice: the body that a webhook receives.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Notice))]
pub(crate) struct NoticeView {
    /// The same each time that it is sent: receivers know duplicates by it.
    id: Uuid,
    /// `alert.fired`, `alert.resolved`, `rate_limit.near`, `quota.reached`, `digest.weekly` or `test`.
    kind: &'static str,
    /// When it happened.
    at: DateTime<Utc>,
    /// `low`, `medium`, `high` or `critical`.
    severity: &'static str,
    /// The rule's or the key's name.
    title: String,
    /// The whole notice in one sentence.
    message: String,
    /// For alerts: the event.
    event_id: Option<Uuid>,
    /// For alerts: the rule.
    rule: Option<NoticeRule>,
    /// For limits and quotas: the key.
    api_key: Option<NoticeKey>,
    /// Whose notice it is; null for everybody's.
    tenant_id: Option<String>,
    /// The value that caused it, in the unit of the rule.
    value: Option<f64>,
    /// The threshold that was reached.
    threshold: f64,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id,
            kind: notice.kind.into(),
            at: time(notice.at),
            severity: notice.severity.into(),
            title: notice.title,
            message: notice.message,
            event_id: notice.event_id,
            rule: notice.rule.map(|rule| NoticeRule {
                id: rule.id,
                name: rule.name,
                alert_type: rule.alert_type,
                service: rule.service,
                environment: rule.environment,
                endpoint: rule.endpoint,
            }),
            api_key: notice.api_key.map(|key| NoticeKey {
                id: key.id,
                external_id: key.external_id,
                name: key.name,
            }),
            tenant_id: notice.tenant_id,
            value: notice.value,
            threshold: notice.threshold,
        }
    }
}

/// A notice and how its delivery through one channel stands.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Delivery))]
pub(crate) struct DeliveryView {
    /// The notice itself.
    notice: NoticeView,
    /// The notifier's name.
    channel: String,
    /// `dead`, `pending` or `delivered`.
    status: &'static str,
    /// Attempts made so far.
    attempts: u64,
    /// While pending: when it is tried again.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// When any of this last changed.
    updated_at: DateTime<Utc>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let pending = delivery.status == DeliveryStatus::Pending;
        Self {
            notice: delivery.notice.into(),
            channel: delivery.channel,
            status: delivery.status.into(),
            attempts: delivery.attempts,
            next_attempt_at: pending.then(|| time(delivery.next_attempt_at)),
            last_error: delivery.last_error,
            updated_at: time(delivery.updated_at),
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryPage {
    /// The deliveries, the ones that changed last first.
    data: Vec<DeliveryView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Notices that could not be delivered, or are on their way
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts/deliveries",
    tag = "alerts",
    params(Validated<DeliveryParams>),
    responses((status = 200, description = "The deliveries", body = DeliveryPage,
        example = json!(crate::control::examples::deliveries()))),
))]
pub(crate) async fn deliveries(
    State(app): State<App>,
    _: Caller,
    Validated { params, .. }: Validated<DeliveryParams>,
) -> Result<Json<DeliveryPage>, Problem> {
    let (page, limit) = (&params.page, params.page.limit);
    let mut query = DeliveryQuery::default();
    query.limit = limit.and_one();
    query.status = params.status;
    query.notice = params.notice;
    query.before = page.after().cloned();
    let control = app.client.control()?;
    let mut found = app
        .client
        .bounded("deliveries", control.deliveries(&query))
        .await?;
    let more = found.len() > limit.rows();
    found.truncate(limit.rows());
    let last = found
        .last()
        .filter(|_| more)
        .map(|d| (d.updated_at, d.notice.id, d.channel.clone()));
    Ok(Json(DeliveryPage {
        data: found.into_iter().map(DeliveryView::from).collect(),
        next_cursor: last.map(|key| page.next(NO_RANGE, key)),
    }))
}

/// Names the dead letter that is sent again.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `redeliver` reads")]
pub(crate) struct RedeliverBody {
    /// The notice's id.
    notice_id: Uuid,
    /// The notifier's name.
    #[cfg_attr(test, schema(example = "webhook"))]
    channel: String,
}

/// Tries a dead letter again
///
/// With all its attempts before it, beginning at once.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts/deliveries/redeliver",
    tag = "alerts",
    request_body(content = RedeliverBody, example = json!({
        "noticeId": "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e", "channel": "webhook"})),
    responses(
        (status = 202, description = "It is due again"),
        (status = 404, description = "There is no such dead letter", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn redeliver(
    State(app): State<App>,
    _: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<StatusCode, Problem> {
    let notice = body.word("noticeId", "a UUID", |text| text.parse::<Uuid>().ok())?;
    let notice = present("noticeId", notice)?;
    let channel = present("channel", body.text("channel")?)?;
    storable("channel", &channel, MAX_CHANNEL_BYTES)?;
    body.finish()?;
    let control = app.client.control()?;
    let there = app
        .client
        .bounded("redeliver", control.redeliver(notice, &channel))
        .await?;
    if there {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::new(Kind::NotFound, "there is no such dead letter"))
    }
}
