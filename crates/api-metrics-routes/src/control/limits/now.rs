//! `GET /api-metrics/rate-limits`: where keys stand right now.
//!
//! Counted from the current minute of the clock and the one before it, what no flush has delivered
//! yet included.

use std::{cmp::Reverse, collections::HashMap};

use api_metrics_store::control::limits::{LimitNow, NearLimit, limits_now};
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

/// How a key stood in the last 24 hours, where it was near its limit consistently.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consistently {
    /// Five-minute periods in which it sent anything.
    active_periods: u64,
    /// Those in which it was near its limit, or above it.
    near_periods: u64,
    /// The latter in percent of the former; at least 50.
    share: f64,
    /// The highest utilization among them, in percent.
    peak: f64,
}

impl From<&NearLimit> for Consistently {
    fn from(near: &NearLimit) -> Self {
        Self {
            active_periods: near.active_periods,
            near_periods: near.near_periods,
            share: rounded(near.share_pct),
            peak: rounded(near.peak_pct),
        }
    }
}

/// How a key stands towards its limit.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateLimit {
    #[serde(flatten)]
    key: KeyLabel,
    /// Requests that it may send in a minute.
    limit: u64,
    /// Requests in the current minute of the clock so far.
    used: u64,
    /// Requests in the minute before.
    previous: u64,
    /// What the current minute has used of the limit, in percent.
    utilization: f64,
    /// Requests a minute over the last 60 seconds.
    requests_per_minute: f64,
    /// Whether it is at `threshold` or above.
    near: bool,
    /// In how many seconds the limit is hit at the pace of the last 60; 0: it is hit; null: it will
    /// not be before the minute ends.
    hits_in_seconds: Option<i64>,
    /// Where it stands, in words.
    text: String,
    /// When the limit is hit, in words; null: it will not be.
    forecast: Option<String>,
    /// Where it was near its limit in at least an hour, and at least half, of the five-minute
    /// periods of the last 24 hours in which it sent anything; null: it was not.
    consistently: Option<Consistently>,
}

/// A page of keys with a limit.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateLimitPage {
    /// The keys that have a limit, the nearest to it first.
    data: Vec<RateLimit>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// From which percentage on a key is near its limit.
    threshold: f64,
    /// The moment of the count.
    as_of: DateTime<Utc>,
}

/// The nearest first (in millionths of the limit), then by number.
type NearKey = (Reverse<u64>, i64);

/// The order of the list: the nearest to its limit first, then by number.
fn key(limit: &LimitNow) -> NearKey {
    let parts = u128::from(limit.used) * 1_000_000 / u128::from(limit.limit.max(1));
    (
        Reverse(u64::try_from(parts).unwrap_or(u64::MAX)),
        limit.key.id,
    )
}

query_params! {
    /// The parameters of [`rate_limits`].
    pub(crate) struct RateLimitParams of "rate limits" {
        only: ApiKeyId,
        page: Page<NearKey>,
    }
}

/// Where keys stand towards their rate limits right now
///
/// What is neither folded nor, in this process, flushed is counted too.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/rate-limits",
    tag = "limits",
    params(Validated<RateLimitParams>),
    responses((status = 200, description = "The keys that have a limit, the nearest to it first",
        body = RateLimitPage, example = json!(crate::control::examples::rate_limits()))),
))]
pub(crate) async fn rate_limits(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<RateLimitParams>,
) -> Result<Response, Problem> {
    let compute = async {
        let (store, settings) = (app.client.control()?, &app.control.limits);
        let own = app.client.writer().map(|writer| &**writer);
        let mut limits = app
            .client
            .bounded(
                "rate limits",
                limits_now(store, settings, &caller.scope, now, own),
            )
            .await?;
        limits.retain(|limit| params.only.0.is_none_or(|id| id == limit.key.id));
        let near: HashMap<i64, NearLimit> = app
            .client
            .bounded(
                "near limits",
                store.near_limits(settings, &caller.scope, now),
            )
            .await?
            .into_iter()
            .map(|near| (near.api_key_id, near))
            .collect();
        let page = page_of(limits, key, params.page.after(), params.page.limit.rows());
        let last = page.rows.last().filter(|_| page.more).map(key);
        Ok(RateLimitPage {
            data: page
                .rows
                .iter()
                .map(|limit| row(limit, settings.threshold_pct, &near))
                .collect(),
            next_cursor: last.map(|key| params.page.next(NO_RANGE, key)),
            threshold: settings.threshold_pct,
            as_of: time(now),
        })
    };
    let (cached, hit) = app
        .cache
        .answer(
            "rate limits",
            &caller.scope,
            &params,
            app.lifetimes.realtime,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// A key as the list shows it.
fn row(limit: &LimitNow, threshold: f64, near: &HashMap<i64, NearLimit>) -> RateLimit {
    let utilization = limit.utilization_pct;
    RateLimit {
        key: KeyLabel::from(&limit.key),
        limit: limit.limit,
        used: limit.used,
        previous: limit.before,
        utilization: rounded(utilization),
        requests_per_minute: rounded(limit.requests_per_minute),
        near: utilization >= threshold,
        hits_in_seconds: limit.hits_in_seconds,
        text: limit.to_string(),
        forecast: limit.forecast.clone(),
        consistently: near.get(&limit.key.id).map(Consistently::from),
    }
}
