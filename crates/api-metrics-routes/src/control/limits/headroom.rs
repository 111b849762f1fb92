//! `GET /api-metrics/limits`: limits and quotas in one list, whoever hits theirs first at the front.
//!
//! The forecasts are from the same hours of past weeks, and not from the last minute: what they say, they say with the
//! number of weeks that it is made of. A key without a week of history has none.

use std::cmp::Reverse;

use api_metrics_store::control::{
    headroom::{Forecast, Headroom, LimitRoom, QuotaRoom, headroom},
    quotas::QuotaPeriod,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use crate::{
    auth::Caller,
    control::KeyLabel,
    request::{ApiKeyId, NO_RANGE, Page, Validated, query_params},
    response::{Problem, page_of, rounded, time},
    router::App,
};

/// What the same hours of past weeks say.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = LimitForecast))]
pub(crate) struct ForecastView {
    /// Weeks of history that it is made of, at most four; 0: there is less than one, and nothing can be said.
    weeks: u8,
    /// When the bound is reached; null: not within 24 hours for a limit, not within its period for a quota.
    at: Option<DateTime<Utc>>,
    /// The same in words.
    text: String,
}

impl From<Forecast> for ForecastView {
    fn from(forecast: Forecast) -> Self {
        Self {
            weeks: forecast.weeks,
            at: forecast.at.map(time),
            text: forecast.to_string(),
        }
    }
}

/// The busiest minute of the last 24 hours.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BusiestMinute {
    /// Its start.
    at: DateTime<Utc>,
    /// Requests in it.
    requests: u64,
}

impl BusiestMinute {
    /// A minute by its start.
    pub(super) fn new((at, requests): (i64, u64)) -> Self {
        Self {
            at: time(at),
            requests,
        }
    }
}

/// How a key stands towards its rate limit.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = LimitRoom))]
pub(crate) struct LimitRoomView {
    /// Requests that it may send in a minute.
    limit: u64,
    /// Whether that is the default limit, because the key has none of its own.
    is_default: bool,
    /// Requests in the current minute of the clock so far.
    used: u64,
    /// Requests in the minute before.
    previous: u64,
    /// What the current minute has used of the limit, in percent.
    utilization: f64,
    /// Requests a minute over the last 60 seconds.
    requests_per_minute: f64,
    /// The busiest minute of the last 24 hours; null where none is recorded, as before a limit was set.
    busiest: Option<BusiestMinute>,
    /// Requests above the limit of today in the minutes of the last 24 hours.
    over_requests: u64,
    /// Minutes in which there were any.
    over_minutes: u64,
    /// Whether the limit will be reached within the next 24 hours.
    forecast: ForecastView,
}

impl From<&LimitRoom> for LimitRoomView {
    fn from(room: &LimitRoom) -> Self {
        Self {
            limit: room.now.limit,
            is_default: room.now.is_default,
            used: room.now.used,
            previous: room.now.before,
            utilization: rounded(room.now.utilization_pct),
            requests_per_minute: rounded(room.now.requests_per_minute),
            busiest: room.busiest.map(BusiestMinute::new),
            over_requests: room.exceeded.requests,
            over_minutes: room.exceeded.minutes,
            forecast: room.forecast.into(),
        }
    }
}

/// How a key stands towards its quota.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = QuotaRoom))]
pub(crate) struct QuotaRoomView {
    /// The unit that the quota is of; null is requests.
    unit: Option<String>,
    /// What it may use in the period.
    limit: u64,
    /// Whether that is the default quota, because the key has none of its own.
    is_default: bool,
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
    /// When the quota is used up; the moment of the count where it is.
    forecast: ForecastView,
    /// Whether a part of `used` may belong to the period before.
    approximate: bool,
}

impl From<&QuotaRoom> for QuotaRoomView {
    fn from(room: &QuotaRoom) -> Self {
        let usage = &room.usage;
        let spec = &usage.key.spec;
        let period = spec.quota_period.unwrap_or(QuotaPeriod::Month);
        Self {
            unit: spec.quota_unit.clone(),
            limit: usage.limit,
            is_default: usage.is_default,
            used: usage.used,
            remaining: usage.remaining,
            usage_percentage: rounded(usage.percentage),
            period: period.to_string(),
            period_start: time(usage.period.from),
            reset_date: time(usage.period.to),
            forecast: room.forecast.into(),
            approximate: usage.approximate,
        }
    }
}

/// How a key stands towards its bounds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Headroom))]
pub(crate) struct HeadroomView {
    #[serde(flatten)]
    key: KeyLabel,
    /// Its rate limit; null where it has none.
    rate: Option<LimitRoomView>,
    /// Its quota; null where it has none.
    quota: Option<QuotaRoomView>,
    /// Requests in the last 24 hours.
    requests: u64,
    /// Those of them that were answered with 429.
    refused: u64,
    /// When it hits the first of its bounds; the moment of the count where it has hit one; null: no forecast says so.
    hits_at: Option<DateTime<Utc>>,
}

impl From<&Headroom> for HeadroomView {
    fn from(room: &Headroom) -> Self {
        Self {
            key: KeyLabel::from(&room.key),
            rate: room.limit.as_ref().map(LimitRoomView::from),
            quota: room.quota.as_ref().map(QuotaRoomView::from),
            requests: room.requests,
            refused: room.refused,
            hits_at: room.hits_at.map(time),
        }
    }
}

/// A page of keys with a limit or a quota.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeadroomPage {
    /// The keys, whoever hits first at the front; then who has used most of a bound.
    data: Vec<HeadroomView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// From which percentage on a key is near its limit.
    threshold: f64,
    /// Requests a minute of keys without a limit of their own; null: they have none.
    default_rate_limit: Option<u64>,
    /// Requests a month of keys without a quota of their own; null: they have none.
    default_quota: Option<u64>,
    /// The moment of the count.
    as_of: DateTime<Utc>,
}

/// Where a key stands in the list.
type Rank = (i64, Reverse<u64>, i64);

query_params! {
    /// The parameters of [`limits`].
    pub(crate) struct HeadroomParams of "limits" {
        only: ApiKeyId,
        page: Page<Rank>,
    }
}

/// Limits and quotas, whoever hits theirs first at the front
///
/// Now, the busiest minute of 24 hours, what is used of the quota, the 429s given, and forecasts from the hour of the week.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/limits",
    tag = "limits",
    params(Validated<HeadroomParams>),
    responses((status = 200, description = "The keys that have a limit or a quota", body = HeadroomPage,
        example = json!(crate::control::examples::limits()))),
))]
pub(crate) async fn limits(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<HeadroomParams>,
) -> Result<Response, Problem> {
    let compute = async {
        let (store, control) = (app.client.control()?, &app.control);
        let own = app.client.writer().map(|writer| &**writer);
        let found = headroom(
            store,
            &control.limits,
            &control.quotas,
            &caller.scope,
            now,
            own,
        );
        let mut all = app.client.bounded("limits", found).await?;
        all.retain(|room| params.only.0.is_none_or(|id| id == room.key.id));
        let page = page_of(
            all,
            Headroom::rank,
            params.page.after(),
            params.page.limit.rows(),
        );
        let last = page.rows.last().filter(|_| page.more).map(Headroom::rank);
        Ok(HeadroomPage {
            data: page.rows.iter().map(HeadroomView::from).collect(),
            next_cursor: last.map(|rank| params.page.next(NO_RANGE, rank)),
            threshold: control.limits.threshold_pct,
            default_rate_limit: control.limits.default_rate_limit,
            default_quota: control.quotas.default_quota,
            as_of: time(now),
        })
    };
    let lifetime = app.lifetimes.realtime;
    let (cached, hit) = app
        .cache
        .answer("limits", &caller.scope, &params, lifetime, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}
