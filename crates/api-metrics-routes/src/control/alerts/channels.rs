//! `GET /api-alerts/channels`: where notices go, and whether they arrive.
//!
//! A channel is listed where this process has it, and where deliveries through it are kept: another process may have it, or
//! none any more.
//!
//! | state | the channel |
//! |---|---|
//! | `ok` | took its last notice |
//! | `failing` | did not take it, or not yet |
//! | `waiting` | has one that was not tried yet |
//! | `unused` | never had one |
//!
//! A test takes the way of all notices, through the outbox and with retries, and is delivered through that channel alone.

use std::collections::BTreeMap;

use api_metrics_store::control::notify::{ChannelState, DeliveryStatus};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::Caller,
    request::{Body, Validated, present, storable},
    response::{Kind, Problem, time},
    router::App,
};

use super::deliveries::MAX_CHANNEL_BYTES;

/// The delivery through a channel that changed last.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = LastDelivery))]
pub(crate) struct LastView {
    /// The notice's id.
    notice_id: Uuid,
    /// `dead`, `pending` or `delivered`.
    status: &'static str,
    /// Attempts made so far.
    attempts: u64,
    /// Why the last attempt failed; null where none has.
    error: Option<String>,
    /// When any of this last changed.
    at: DateTime<Utc>,
}

/// A way that notices go.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Channel))]
pub(crate) struct ChannelView {
    /// Its name.
    channel: String,
    /// Whether the process that answers has it.
    configured: bool,
    /// `ok`: the last notice was taken; `failing`: it was not, or not yet; `waiting`: it was not tried yet; `unused`: there
    /// was none.
    state: &'static str,
    /// Notices that were taken, of those that are kept.
    delivered: u64,
    /// Notices that are to be tried.
    pending: u64,
    /// Notices that were given up.
    dead: u64,
    /// When a notice was last taken.
    last_delivered_at: Option<DateTime<Utc>>,
    /// The delivery that changed last; null where there was none.
    last: Option<LastView>,
    /// Since when it is muted: notices do not go through it; null where it is not.
    muted_since: Option<DateTime<Utc>>,
    /// Who has muted it; null where it is not.
    muted_by: Option<String>,
}

impl ChannelView {
    /// A channel without any delivery.
    fn unused(channel: String) -> Self {
        Self {
            channel,
            configured: true,
            state: "unused",
            delivered: 0,
            pending: 0,
            dead: 0,
            last_delivered_at: None,
            last: None,
            muted_since: None,
            muted_by: None,
        }
    }

    /// A channel with deliveries.
    fn used(of: ChannelState, configured: bool) -> Self {
        let state = match of.last.status {
            DeliveryStatus::Delivered => "ok",
            DeliveryStatus::Pending if of.last.error.is_none() => "waiting",
            _ => "failing",
        };
        Self {
            channel: of.channel,
            configured,
            state,
            delivered: of.delivered,
            pending: of.pending,
            dead: of.dead,
            last_delivered_at: of.last_delivered_at.map(time),
            last: Some(LastView {
                notice_id: of.last.notice,
                status: of.last.status.into(),
                attempts: of.last.attempts,
                // What was delivered after all leaves the error of the attempt before.
                error: of
                    .last
                    .error
                    .filter(|_| of.last.status != DeliveryStatus::Delivered),
                at: time(of.last.at),
            }),
            muted_since: None,
            muted_by: None,
        }
    }
}

/// All channels, by name.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelList {
    /// The channels.
    data: Vec<ChannelView>,
}

/// Where notices go, and whether they arrive
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-alerts/channels",
    tag = "alerts",
    responses((status = 200, description = "All channels, by name", body = ChannelList,
        example = json!(crate::control::examples::channels()))),
))]
pub(crate) async fn channels(
    State(app): State<App>,
    _: Caller,
    _: Validated<()>,
) -> Result<Json<ChannelList>, Problem> {
    let control = app.client.control()?;
    let found = app.client.bounded("channels", control.channels()).await?;
    let own = &app.control.channels;
    let mut all: BTreeMap<String, ChannelView> = own
        .iter()
        .map(|name| (name.clone(), ChannelView::unused(name.clone())))
        .collect();
    for of in found {
        let configured = own.contains(&of.channel);
        all.insert(of.channel.clone(), ChannelView::used(of, configured));
    }
    let muted = control.muted_channels();
    for of in app.client.bounded("channels", muted).await? {
        // One that no process has any more can still be switched on again.
        let view = all
            .entry(of.channel.clone())
            .or_insert_with(|| ChannelView {
                configured: false,
                ..ChannelView::unused(of.channel)
            });
        view.muted_since = Some(time(of.at));
        view.muted_by = Some(of.by);
    }
    Ok(Json(ChannelList {
        data: all.into_values().collect(),
    }))
}

/// Names the channel that a test goes through.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `test` reads")]
pub(crate) struct TestBody {
    /// The channel's name.
    #[cfg_attr(test, schema(example = "slack"))]
    channel: String,
}

/// The test that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentTest {
    /// The notice's id: `noticeId` of `GET /api-alerts/deliveries`, which says what became of it.
    notice_id: Uuid,
}

/// Sends a test through one channel
///
/// A notice of the kind `test`, by the way that all notices take: through the outbox, with retries. It is delivered within
/// seconds; `GET /api-alerts/deliveries?status=all&noticeId=` says what became of it.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-alerts/channels/test",
    tag = "alerts",
    request_body(content = TestBody, example = json!({"channel": "slack"})),
    responses(
        (status = 202, description = "It is on its way", body = SentTest,
            example = json!({"noticeId": "5d1c1d6e-3f0f-4d5e-9a55-5f6a7b8c9d0e"})),
        (status = 404, description = "This process has no such channel", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn test(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<SentTest>), Problem> {
    let channel = present("channel", body.text("channel")?)?;
    storable("channel", &channel, MAX_CHANNEL_BYTES)?;
    body.finish()?;
    if !app.control.channels.contains(&channel) {
        return Err(Problem::new(
            Kind::NotFound,
            "there is no such channel here",
        ));
    }
    let control = app.client.control()?;
    let sent = control.test_channel(&channel, Some(caller.principal.subject()));
    let notice_id = app.client.bounded("test channel", sent).await?;
    Ok((StatusCode::ACCEPTED, Json(SentTest { notice_id })))
}

/// Whether notices go through a channel.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `mute` reads")]
pub(crate) struct ChannelPatch {
    /// The channel's name.
    #[cfg_attr(test, schema(example = "slack"))]
    channel: String,
    /// Whether notices do not go through it.
    muted: bool,
}

/// Mutes a channel, or ends that
///
/// Channels are configured by the host. This switches off whether notices go to one: what comes up while it is muted is not
/// delivered through it, nor later. A test still goes through.
#[cfg_attr(test, utoipa::path(
    patch,
    path = "/api-alerts/channels",
    operation_id = "mute_channel",
    tag = "alerts",
    request_body(content = ChannelPatch, example = json!({"channel": "slack", "muted": true})),
    responses(
        (status = 204, description = "It is so now"),
        (status = 404, description = "There is no such channel", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn mute(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<StatusCode, Problem> {
    let channel = present("channel", body.text("channel")?)?;
    storable("channel", &channel, MAX_CHANNEL_BYTES)?;
    let muted = present("muted", body.flag("muted")?)?;
    body.finish()?;
    let control = app.client.control()?;
    let known = app.control.channels.contains(&channel) || {
        let used = app.client.bounded("channels", control.channels()).await?;
        let muted = control.muted_channels();
        let muted = app.client.bounded("channels", muted).await?;
        used.iter().any(|of| of.channel == channel) || muted.iter().any(|of| of.channel == channel)
    };
    if !known {
        return Err(Problem::new(Kind::NotFound, "there is no such channel"));
    }
    let done = control.mute_channel(&channel, muted, Some(caller.principal.subject()));
    app.client.bounded("mute channel", done).await?;
    Ok(StatusCode::NO_CONTENT)
}
