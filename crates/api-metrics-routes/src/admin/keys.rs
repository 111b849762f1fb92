//! `GET /api-metrics/keys`: one row an API key.

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
    app::App,
    auth::Caller,
    cache::time_to_live,
    extract::{
        Cursor, FilterParams, PageParams, Params, TimeParams, question, take_filter, take_limit,
        take_range,
    },
    problem::Problem,
    shape::{page_of, percent, time, time_us},
};

/// When a key was last seen is told in steps of about this part of the range.
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
    /// The database's time of the snapshot.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
}

/// The most used first, then by number.
type KeyKey = (Reverse<u64>, i64);

/// One row for each API key
#[utoipa::path(
    get,
    path = "/api-metrics/keys",
    tag = "metrics",
    params(TimeParams, FilterParams, PageParams),
    responses((status = 200, description = "The keys that were used", body = KeyPage,
        example = json!(crate::openapi::examples::keys()))),
)]
pub(super) async fn keys(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let now = app.clock.unix_seconds();
    let question = question("keys", &params);
    let mut range = take_range(&mut params, now)?;
    let filter = take_filter(&mut params)?;
    let limit = take_limit(&mut params)?;
    let cursor = Cursor::<KeyKey>::take(&mut params, &question)?;
    params.finish()?;
    if let Some(cursor) = &cursor {
        range = cursor.range();
    }
    let after = cursor.map(|cursor| cursor.key);
    let ttl = time_to_live(range, now, super::CLOSED_ENDPOINTS, app.flush_interval);
    let compute = async {
        let answer = app
            .reader
            .read(&super::consumer::query(&caller.scope, &filter, range))
            .await?;
        let page = page_of(answer.rows, key, after.as_ref(), limit);
        let last = page.rows.last().filter(|_| page.more).map(key);
        let seen = last_seen(&app, &filter, answer.range, &page.rows).await?;
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
            next_cursor: last.map(|key| Cursor::new(&question, range, key).encode()),
            from: time(answer.range.from),
            to: time(answer.range.to),
            as_of: time_us(answer.as_of_us),
            approximate: answer.approximate,
        })
    };
    let asked = (range, &filter, limit, after, &question);
    let (cached, hit) = app
        .cache
        .answer("keys", &caller.scope, &asked, ttl, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

fn key(row: &Row) -> KeyKey {
    (
        Reverse(row.bucket.request_count),
        row.group.api_key_id.unwrap_or_default(),
    )
}

/// The rate limits of the keys of the page.
async fn limits(app: &App, page: &[Row]) -> Result<HashMap<i64, u64>, Problem> {
    let ids: Vec<i64> = page.iter().filter_map(|row| row.group.api_key_id).collect();
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let control = app.reader.control()?;
    let keys = app
        .reader
        .bounded("api keys", control.keys(&Scope::Keys(ids), 0, most))
        .await?;
    Ok(keys
        .into_iter()
        .filter_map(|key| Some((key.id, key.spec.rate_limit_per_minute?)))
        .collect())
}

/// The start of the last step in which each key of the page was used, and the step's length.
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
        .reader
        .read(
            &Query::over(range)
                .filter(filter.clone())
                .scope(Scope::Keys(ids))
                .group_by(GroupBy::default().api_key(true).time(step))
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
