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
//! It is read in about 60 steps over the range, and then in shorter ones within those in which a key was last
//! used: down to the minute where minutes are kept. `lastSeenAt` is the start of the last period with a
//! request, and `lastSeenWithinSeconds` its length.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use api_metrics_store::{
    query::{Answer, Detail, Filter, Query, Row, Scope, TimeRange, TimeStep},
    time::{Granularity, UnixSeconds},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::consumer::{Consumer, consumer_rows};
use crate::{
    auth::Caller,
    request::{Page, Validated, query_params},
    response::{Problem, page_of, percent, rounded, time, time_us},
    router::App,
};

/// When a key was last used is answered in steps of about this part of the range.
///
/// More would give a finer time and a larger answer.
const LAST_SEEN_STEPS: i64 = 60;

/// One API key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
    /// Its requests in percent of what the limit allows in the whole range: the mean of all minutes.
    utilization: Option<f64>,
    /// What its busiest minute in the range used of the limit, in percent: of the minutes that are kept, and of
    /// those whose utilization was recorded in the last 30 days. Null where neither is known.
    peak_utilization: Option<f64>,
}

/// A page of keys.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/keys",
    tag = "metrics",
    params(Validated<KeyParams>),
    responses((status = 200, description = "The keys that were used", body = KeyPage,
        example = json!(super::examples::keys()))),
))]
pub(super) async fn keys(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<KeyParams>,
) -> Result<Response, Problem> {
    let range = params.page.range_or(params.range);
    let compute = async {
        let filter = &params.filter;
        let mut answer = app
            .client
            .read(&super::consumer::query(&caller.scope, filter, range))
            .await?;
        app.client
            .found(&caller.scope, filter, answer.matched)
            .await?;
        let limit = params.page.limit.rows();
        let rows = std::mem::take(&mut answer.rows);
        let page = page_of(rows, key, params.page.after(), limit);
        let last = page.rows.last().filter(|_| page.more).map(key);
        let seen = last_seen(&app, filter, answer.range, &page.rows).await?;
        let limits = limits(&app, &page.rows).await?;
        let peaks = peaks(&app, &answer, &limits).await?;
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
                        peak_utilization: row
                            .group
                            .api_key_id
                            .and_then(|id| peaks.get(&id).copied())
                            .map(rounded),
                        consumer,
                        last_seen_at: seen.map(|(from, _)| time(*from)),
                        last_seen_within_seconds: seen.map(|(from, to)| to - from),
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
        .answer("keys", &caller.scope, &params, range, compute)
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
        .iter()
        .filter_map(|key| Some((key.id, app.control.limits.limit_of(key)?)))
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

/// Minutes of all keys of a page that are looked at for the busiest; beyond, only what was recorded is known.
const MAX_MINUTES: i64 = 30_000;

/// What the busiest minute of each limited key used of its limit, in percent. Keys of which no minute is known
/// are missing.
///
/// # Errors
/// Those of the store.
async fn peaks(
    app: &App,
    answer: &Answer,
    limits: &HashMap<i64, u64>,
) -> Result<HashMap<i64, f64>, Problem> {
    let ids: Vec<i64> = limits.keys().copied().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let range = answer.range;
    let mut peaks = recorded_peaks(app, &ids, range).await?;
    // What has not been recorded yet, or is not where no worker runs.
    let from = range.from.max(answer.kept.since(Granularity::Minute));
    let keys = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let minutes = (range.to.saturating_sub(from) / 60).min(MAX_MINUTES / keys.max(1));
    if minutes > 0 {
        let from = from.max(range.to - minutes * 60);
        // A limit is of all requests, whatever the list is filtered by.
        let mut question = Query::over(TimeRange::new(from, range.to));
        question.scope = Scope::Keys(ids);
        question.group_by.api_key = true;
        question.group_by.time = Some(TimeStep::Fixed(Granularity::Minute));
        question.detail = Detail::Requests;
        for row in app.client.read(&question).await?.rows {
            let limit = row
                .group
                .api_key_id
                .and_then(|id| Some((id, limits.get(&id)?)));
            if let Some((id, limit)) = limit
                && let Some(used) = percent(row.bucket.request_count, *limit)
            {
                let peak = peaks.entry(id).or_insert(used);
                *peak = peak.max(used);
            }
        }
    }
    Ok(peaks)
}

/// What the control worker has recorded.
#[cfg(feature = "control")]
async fn recorded_peaks(
    app: &App,
    ids: &[i64],
    range: TimeRange,
) -> Result<HashMap<i64, f64>, Problem> {
    let control = app.client.control()?;
    let peaks = app
        .client
        .bounded("utilization", control.peak_utilization(ids, range))
        .await?;
    Ok(peaks.into_iter().collect())
}

/// Nothing is recorded without the control plane.
#[cfg(not(feature = "control"))]
#[expect(
    clippy::unused_async,
    reason = "read from the store with the feature `control`"
)]
async fn recorded_peaks(_: &App, _: &[i64], _: TimeRange) -> Result<HashMap<i64, f64>, Problem> {
    Ok(HashMap::new())
}

/// A span of time: its first second and the first after it.
type Span = (UnixSeconds, UnixSeconds);

/// The last period in which each key of the page was used, by the number of the key. Keys without a request
/// in the range are missing.
///
/// First by about 60 periods over the whole range, then each of the periods that came out by shorter ones,
/// down to the finest that is kept.
///
/// # Errors
/// A 503 where the store can't be reached, a 504 where the query took too long.
async fn last_seen(
    app: &App,
    filter: &Filter,
    range: TimeRange,
    page: &[Row],
) -> Result<HashMap<i64, Span>, Problem> {
    // Only the keys of this page, which the caller's scope has admitted: thousands of keys over
    // many steps would be a large answer for one column.
    let ids: Vec<i64> = page.iter().filter_map(|row| row.group.api_key_id).collect();
    let mut seen: HashMap<i64, Span> = HashMap::new();
    let mut spans = vec![(range.from, range.to)];
    for _ in 0..ROUNDS {
        let question = |(from, to): &Span| {
            let mut query = Query::over(TimeRange::new(*from, *to));
            query.filter = filter.clone();
            query.scope = Scope::Keys(ids.clone());
            query.group_by.api_key = true;
            query.group_by.time = Some(TimeStep::Fixed(divided_by(to - from)));
            query.detail = Detail::Counts;
            query
        };
        let questions: Vec<Query> = spans.iter().map(question).collect();
        let answers = app.client.read_each(&questions).await?;
        let mut coarse = BTreeSet::new();
        let mut found: HashMap<i64, Span> = HashMap::new();
        for (answer, (from, to)) in answers.iter().zip(&spans) {
            let wanted = divided_by(to - from);
            for row in &answer.rows {
                if let (Some(id), Some(at)) = (row.group.api_key_id, row.group.period_start) {
                    let length = wanted.max(answer.kept.finest_at(at)).seconds();
                    let last = found.entry(id).or_insert((at, at + length));
                    *last = (*last).max((at, at + length));
                }
            }
        }
        for (id, last) in found {
            // A key may also have been used in a period that came out for another one.
            let known = seen.entry(id).or_insert(last);
            if last.0 >= known.0 {
                *known = last;
            }
        }
        for (from, to) in seen.values() {
            let finest = answers
                .first()
                .map_or(Granularity::Minute, |answer| answer.kept.finest_at(*from));
            if to - from > finest.seconds() {
                coarse.insert((*from, *to));
            }
        }
        spans = coarse.into_iter().rev().take(MAX_SPANS).collect();
        if spans.is_empty() {
            break;
        }
    }
    Ok(seen)
}

/// How often the last use is looked at more closely, the first look included.
const ROUNDS: usize = 3;
/// How many different periods are looked at more closely at once, the latest first.
const MAX_SPANS: usize = 16;

/// The granularity that divides a length into about [`LAST_SEEN_STEPS`] periods.
fn divided_by(length: i64) -> Granularity {
    Granularity::ALL
        .into_iter()
        .find(|granularity| length <= LAST_SEEN_STEPS * granularity.seconds())
        .unwrap_or(Granularity::Day)
}
