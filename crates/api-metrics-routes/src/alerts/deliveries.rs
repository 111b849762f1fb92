//! `GET /api-alerts/deliveries`: notices on their way, dead letters first of all.

use api_metrics_store::notify::{Delivery, DeliveryQuery, DeliveryStatus, Notice};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    app::App,
    auth::Caller,
    extract::{
        Body, Cursor, NO_RANGE, PageParams, Params, present, question, storable, take_limit,
    },
    problem::{Kind, Problem},
    shape::time,
};

/// Longer than any notifier's name.
const MAX_CHANNEL_BYTES: usize = 200;

/// `status`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct DeliveryParams {
    /// Given up (dead), to be tried again (pending), or taken (delivered).
    #[param(inline, schema_with = status_schema)]
    status: Option<String>,
}

fn status_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice(
        "Given up (dead), to be tried again (pending), or taken (delivered).",
        &["dead", "pending", "delivered"],
        Some("dead"),
    )
}

/// The rule that a notice is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeRule {
    id: i64,
    name: String,
    alert_type: String,
}

/// The API key that a notice is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeKey {
    id: i64,
    external_id: String,
    name: Option<String>,
}

/// What is told; the body that a webhook receives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notice)]
pub(crate) struct NoticeView {
    /// The same however often it arrives.
    id: Uuid,
    /// `alert.fired`, `alert.resolved`, `rate_limit.near` or `quota.reached`.
    kind: &'static str,
    /// When it happened.
    at: DateTime<Utc>,
    severity: &'static str,
    title: String,
    /// All of it in one sentence.
    message: String,
    /// For alerts: the event.
    event_id: Option<Uuid>,
    rule: Option<NoticeRule>,
    api_key: Option<NoticeKey>,
    tenant_id: Option<String>,
    value: Option<f64>,
    threshold: f64,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id,
            kind: notice.kind.as_str(),
            at: time(notice.at),
            severity: notice.severity.as_str(),
            title: notice.title,
            message: notice.message,
            event_id: notice.event_id,
            rule: notice.rule.map(|rule| NoticeRule {
                id: rule.id,
                name: rule.name,
                alert_type: rule.alert_type,
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

/// A notice on its way through one channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
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
            status: delivery.status.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: pending.then(|| time(delivery.next_attempt_at)),
            last_error: delivery.last_error,
            updated_at: time(delivery.updated_at),
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryPage {
    /// The deliveries, the ones that changed last first.
    data: Vec<DeliveryView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Notices that could not be delivered, or are on their way
#[utoipa::path(
    get,
    path = "/api-alerts/deliveries",
    tag = "alerts",
    params(DeliveryParams, PageParams),
    responses((status = 200, description = "The deliveries", body = DeliveryPage,
        example = json!(crate::openapi::act_examples::deliveries()))),
)]
pub(crate) async fn deliveries(
    State(app): State<App>,
    _: Caller,
    mut params: Params,
) -> Result<Json<DeliveryPage>, Problem> {
    let question = question("deliveries", &params);
    let choices = [
        ("dead", DeliveryStatus::Dead),
        ("pending", DeliveryStatus::Pending),
        ("delivered", DeliveryStatus::Delivered),
    ];
    let status = params.choice("status", &choices, DeliveryStatus::Dead)?;
    let limit = take_limit(&mut params)?;
    let cursor = Cursor::<(i64, Uuid, String)>::take(&mut params, &question)?;
    if let Some(Cursor {
        key: (_, _, channel),
        ..
    }) = &cursor
    {
        storable("cursor", channel, MAX_CHANNEL_BYTES)?;
    }
    params.finish()?;
    let query = {
        let mut query =
            DeliveryQuery::new(u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1));
        query.status = Some(status);
        query.before = cursor.map(|cursor| cursor.key);
        query
    };
    let control = app.reader.control()?;
    let mut found = app
        .reader
        .bounded("deliveries", control.deliveries(&query))
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found
        .last()
        .filter(|_| more)
        .map(|d| (d.updated_at, d.notice.id, d.channel.clone()));
    Ok(Json(DeliveryPage {
        data: found.into_iter().map(DeliveryView::from).collect(),
        next_cursor: last.map(|key| Cursor::new(&question, NO_RANGE, key).encode()),
    }))
}

/// Which dead letter is meant.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the shape of what `redeliver` reads")]
pub(crate) struct RedeliverBody {
    /// The notice's id.
    notice_id: Uuid,
    /// The notifier's name.
    #[schema(example = "webhook")]
    channel: String,
}

/// Tries a dead letter again
///
/// With all its attempts before it, beginning at once.
#[utoipa::path(
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
)]
pub(crate) async fn redeliver(
    State(app): State<App>,
    _: Caller,
    params: Params,
    mut body: Body,
) -> Result<StatusCode, Problem> {
    params.finish()?;
    let notice = body.word("noticeId", "a UUID", |text| text.parse::<Uuid>().ok())?;
    let notice = present("noticeId", notice)?;
    let channel = present("channel", body.text("channel")?)?;
    storable("channel", &channel, MAX_CHANNEL_BYTES)?;
    body.finish()?;
    let control = app.reader.control()?;
    let there = app
        .reader
        .bounded("redeliver", control.redeliver(notice, &channel))
        .await?;
    if there {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::new(Kind::NotFound, "there is no such dead letter"))
    }
}
