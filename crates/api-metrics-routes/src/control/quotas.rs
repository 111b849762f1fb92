//! `GET /api-metrics/quotas`: what keys have used of their quotas.
//!
//! Counted at the moment of the question, what is not folded or flushed yet included; never kept.

use api_metrics_store::{
    control::keys::KeyRecord,
    control::quotas::{QuotaPeriod, QuotaUsage, quota_usage},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    auth::Caller,
    control::KeyLabel,
    request::{ApiKeyId, NO_RANGE, Page, Validated, query_params},
    response::{Problem, page_of, rounded, time},
    router::{App, AppState},
};

/// What a key has used of its quota.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quota {
    #[serde(flatten)]
    key: KeyLabel,
    /// The unit that the quota is of; null is requests.
    unit: Option<String>,
    /// Requests that it may send in the period, or how much of the unit it may use.
    limit: u64,
    /// What counted so far.
    used: u64,
    /// What is left; 0 where more than the limit was used.
    remaining: u64,
    /// What was used in percent of the limit.
    usage_percentage: f64,
    /// `month`, or a number of days as in `30d`.
    period: String,
    /// When the period began.
    period_start: DateTime<Utc>,
    /// When the next one begins.
    reset_date: DateTime<Utc>,
    /// When nothing will be left at the pace of the period so far; null: not in this period, or
    /// nothing is left already.
    projected_exhaustion: Option<DateTime<Utc>>,
    /// Whether a part of `used` may belong to the period before.
    approximate: bool,
}

impl From<&QuotaUsage> for Quota {
    fn from(usage: &QuotaUsage) -> Self {
        Self {
            key: KeyLabel::from(&usage.key),
            unit: usage.key.spec.quota_unit.clone(),
            limit: usage.limit,
            used: usage.used,
            remaining: usage.remaining,
            usage_percentage: rounded(usage.percentage),
            period: usage
                .key
                .spec
                .quota_period
                .unwrap_or(QuotaPeriod::Month)
                .to_string(),
            period_start: time(usage.period.from),
            reset_date: time(usage.period.to),
            projected_exhaustion: usage.projected_exhaustion.map(time),
            approximate: usage.approximate,
        }
    }
}

/// A page of keys with a quota.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotaPage {
    /// The keys that have a quota, in the order of their numbers.
    data: Vec<Quota>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// Which answers count against quotas of requests: `all`, or classes and codes.
    #[cfg_attr(test, schema(example = "all"))]
    counted_statuses: String,
    /// The zone of calendar months.
    tz: String,
    /// The moment of the count.
    as_of: DateTime<Utc>,
}

query_params! {
    /// The parameters of [`quotas`].
    pub(crate) struct QuotaParams of "quotas" {
        only: ApiKeyId,
        page: Page<i64>,
    }
}

/// What keys have used of their quotas
///
/// Counted at the moment of the question, what is not folded or flushed yet included; never kept.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/quotas",
    tag = "limits",
    params(Validated<QuotaParams>),
    responses((status = 200, description = "The keys that have a quota", body = QuotaPage,
        example = json!(crate::control::examples::quotas()))),
))]
pub(crate) async fn quotas(
    State(app): State<App>,
    caller: Caller,
    Validated { params, now }: Validated<QuotaParams>,
) -> Result<Json<QuotaPage>, Problem> {
    let keys = keys_with_quota(&app, &caller, params.only.0).await?;
    let limit = params.page.limit.rows();
    let page = page_of(keys, |key| key.id, params.page.after(), limit);
    let last = page.rows.last().filter(|_| page.more).map(|key| key.id);
    let usage = used(&app, &page.rows, now).await?;
    Ok(Json(QuotaPage {
        data: usage.iter().map(Quota::from).collect(),
        next_cursor: last.map(|id| params.page.next(NO_RANGE, id)),
        counted_statuses: app.control.quotas.status_counts.to_string(),
        tz: app.control.quotas.tz.name().to_owned(),
        as_of: time(now),
    }))
}

/// The keys that the caller may see and that have a quota.
///
/// # Errors
/// 404 without a control plane, else those of the store.
pub(crate) async fn keys_with_quota(
    app: &AppState,
    caller: &Caller,
    only: Option<i64>,
) -> Result<Vec<KeyRecord>, Problem> {
    let mut keys = app
        .client
        .bounded("api keys", app.client.control()?.all_keys(&caller.scope))
        .await?;
    keys.retain(|key| {
        key.spec.enabled
            && app.control.quotas.quota_of(key).is_some()
            && only.is_none_or(|only| only == key.id)
    });
    Ok(keys)
}

/// What these keys have used.
///
/// # Errors
/// 404 without a control plane, else those of the store.
pub(crate) async fn used(
    app: &AppState,
    keys: &[KeyRecord],
    now: i64,
) -> Result<Vec<QuotaUsage>, Problem> {
    let own = app.client.writer().map(|writer| &**writer);
    let store = app.client.control()?;
    app.client
        .bounded(
            "quotas",
            quota_usage(store, &app.control.quotas, keys, now, own),
        )
        .await
}
