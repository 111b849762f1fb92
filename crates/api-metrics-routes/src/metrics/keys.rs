//! `GET /api-metrics/keys`: one row an API key.
//!
//! Requests without a key are a row of their own, number 0. Keys that were made since the last
//! flush have no number yet.
//!
//! # What one answer costs
//!
//! | step | reads |
//! |---|---|
//! | requests by key over the range | aggregate series by key, one row a key and period |
//! | the page's last use | counts by key and step, of this page's keys only |
//! | the page's limits | the keys themselves, where there is a control plane |
//! | names of the page's keys | the cache of keys |
//!
//! The answer is cached by caller's scope and parameters; a page that was followed by its cursor keeps
//! the range of the first page.
//!
//! # How exact the last use is
//!
//! It is read in about 60 steps over the range, each of a kept granularity: minutes up to an hour, 5
//! minutes up to 5 hours, hours up to 60 hours, then days, and weeks beyond 400 days. `lastSeenAt` is
//! the start of the last step with a request, and `lastSeenWithinSeconds` the length of a step.

use std::{cmp::Reverse, collections::HashMap};

use api_metrics_store::query::{Detail, Filter, GroupBy, Query, Row, Scope, TimeRange, TimeStep};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::consumer::{Consumer, consumer_rows};
use crate::{
    auth::Caller,
    request::{Page, Validated, query_params},
    response::{CLOSED_LIST, Problem, page_of, percent, time, time_to_live, time_us},
    router::App,
};

/// When a key was last used is answered in steps of about this part of the range.
///
/// More would give a finer time and a larger answer.
const LAST_SEEN_STEPS: i64 = 60;

/// One API key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyRow {
    #[serde(flatten)]
    consumer: Consumer,
    /// The start of the last period, `lastSeenWithinSeconds` long, in which it was used.
    last_seen_at: Option<DateTime<Utc>>,
    /// How exact `lastSeenAt` is.
    last_seen_within_seconds: Option<i64>,
    /// Requests that it may send in a minute; null: no limit is known.
    rate_limit_per_minute: Option<u64>,
    /// Its requests in percent of what the limit allows in the whole range.
    utilization: Option<f64>,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyPage {
    /// The keys that were used, the most used first; requests without a key as number 0.
    data: Vec<KeyRow>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// The most used first, then by number.
type KeyKey = (Reverse<u64>, i64);

query_params! {
    /// The parameters of [`keys`].
    pub(super) struct KeyParams of "keys" {
        range: TimeRange,
        filter: Filter,
        page: Page<KeyKey>,
    }
}

/// One row for each API key
#[utoipa::path(
    get,
    path = "/api-metrics/keys",
    tag = "metrics",
    params(Validated<KeyParams>),
    responses((status = 200, description = "The keys that were used", body = KeyPage,
        example = json!(super::examples::keys()))),
)]
pub(super) async fn keys(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<KeyParams>,
) -> Result<Response, Problem> {
    let range = params.page.range_or(params.range);
    let ttl = time_to_live(range, now, CLOSED_LIST, app.flush_interval);
    let compute = async {
        let filter = &params.filter;
        let answer = app
            .client
            .read(&super::consumer::query(&caller.scope, filter, range))
            .await?;
        let limit = params.page.limit.rows();
        let page = page_of(answer.rows, key, params.page.after(), limit);
        let last = page.rows.last().filter(|_| page.more).map(key);
        let seen = last_seen(&app, filter, answer.range, &page.rows).await?;
        let limits = limits(&app, &page.rows).await?;
        let minutes = ((answer.range.to - answer.range.from) / 60).unsigned_abs();
        Ok(KeyPage {
            data: consumer_rows(&app, &page.rows)
                .await?
                .into_iter()
                .zip(&page.rows)
                .map(|(consumer, row)| {
                    let seen = row.group.api_key_id.and_then(|id| seen.get(&id));
                    let limit = row.group.api_key_id.and_then(|id| limits.get(&id)).copied();
                    KeyRow {
                        utilization: limit.and_then(|limit| {
                            percent(consumer.request_count, limit.saturating_mul(minutes))
                        }),
                        rate_limit_per_minute: limit,
                        consumer,
                        last_seen_at: seen.map(|(at, _)| time(*at)),
                        last_seen_within_seconds: seen.map(|(_, within)| *within),
                    }
                })
                .collect(),
            next_cursor: last.map(|key| params.page.next(range, key)),
            from: time(answer.range.from),
            to: time(answer.range.to),
            as_of: time_us(answer.as_of_us),
            approximate: answer.approximate,
            incomplete: answer.incomplete,
        })
    };
    let (cached, hit) = app
        .cache
        .answer("keys", &caller.scope, &params, ttl, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

/// A row's place in the list.
fn key(row: &Row) -> KeyKey {
    (
        Reverse(row.bucket.request_count),
        row.group.api_key_id.unwrap_or_default(),
    )
}

/// The rate limits of the keys of the page, where the store knows any.
#[cfg(feature = "control")]
async fn limits(app: &App, page: &[Row]) -> Result<HashMap<i64, u64>, Problem> {
    if !app.client.has_control() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = page.iter().filter_map(|row| row.group.api_key_id).collect();
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let control = app.client.control()?;
    let keys = app
        .client
        .bounded("api keys", control.keys(&Scope::Keys(ids), 0, most))
        .await?;
    Ok(keys
        .into_iter()
        .filter_map(|key| Some((key.id, key.spec.rate_limit_per_minute?)))
        .collect())
}

/// No limit is known without the control plane.
#[cfg(not(feature = "control"))]
#[expect(
    clippy::unused_async,
    reason = "read from the store with the feature `control`"
)]
async fn limits(_: &App, _: &[Row]) -> Result<HashMap<i64, u64>, Problem> {
    Ok(HashMap::new())
}

/// The start of the last step in which each key of the page was used, and the step's length.
///
/// By the number of the key. Keys without a request in the range are missing.
///
/// # Errors
/// A 503 where the store can't be reached, a 504 where the query took too long.
async fn last_seen(
    app: &App,
    filter: &Filter,
    range: TimeRange,
    page: &[Row],
) -> Result<HashMap<i64, (i64, i64)>, Problem> {
    use api_metrics_store::time::Granularity;

    let length = range.to - range.from;
    let granularity = Granularity::ALL
        .into_iter()
        .find(|granularity| length <= LAST_SEEN_STEPS * granularity.seconds())
        .unwrap_or(Granularity::Day);
    let step = match granularity {
        Granularity::Day if length > 400 * 86_400 => TimeStep::Week(Tz::UTC),
        other => TimeStep::Fixed(other),
    };
    let seconds = match step {
        TimeStep::Fixed(granularity) => granularity.seconds(),
        _ => 7 * 86_400,
    };
    // Only the keys of this page, which the caller's scope has admitted: thousands of keys over
    // many steps would be a large answer for one column.
    let ids = page.iter().filter_map(|row| row.group.api_key_id).collect();
    let answer = app
        .client
        .read(
            &Query::over(range)
                .filter(filter.clone())
                .scope(Scope::Keys(ids))
                .group_by({
                    let mut group_by = GroupBy::default();
                    group_by.api_key = true;
                    group_by.time = Some(step);
                    group_by
                })
                .detail(Detail::Counts),
        )
        .await?;
    let mut seen = HashMap::new();
    for row in answer.rows {
        if let (Some(id), Some(at)) = (row.group.api_key_id, row.group.period_start) {
            let last = seen.entry(id).or_insert((at, seconds));
            last.0 = last.0.max(at);
        }
    }
    Ok(seen)
}
