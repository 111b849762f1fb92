//! `GET /api-metrics/daily`: one row a calendar day.
//!
//! Days are those of the zone that was asked for, named by the date that holds most of them. The peak of a
//! day is its hour with the most bytes, where hours are kept.
//! A user is counted on a day once, however many of its keys were used. Keys of nobody count as keys and as no user.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use api_metrics_store::{
    bucket::Bucket,
    calendar::{Step, Tz},
    query::{Answer, Detail, Filter, Query, Scope, TimeRange, TimeStep},
    time::UnixSeconds,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use http::HeaderMap;
use serde::Serialize;

use crate::{
    auth::Caller,
    request::{Context, Page, ParamDocs, Params, QueryParams, Validated},
    response::{AxisView, Figures, Problem, RowPeriod, page_of, time, time_us},
    router::App,
};

/// More hours than one answer should be made of: 458 days.
const MAX_HOURS: i64 = 11_000;

/// One day of a zone's calendar.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DailyRow {
    /// The date in `tz` that holds most of the day.
    date: NaiveDate,
    #[serde(flatten)]
    period: RowPeriod,
    /// Requests that finished on this day, within the range.
    request_count: u64,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// Average latency to the last byte, in milliseconds; null without a measured request.
    average_ms: Option<f64>,
    /// Body bytes that were read.
    request_bytes: u64,
    /// Body bytes that were sent.
    response_bytes: u64,
    /// Both together.
    bandwidth_bytes: u64,
    /// The start of the hour with the most bytes, the earliest of several; null where hours are no longer kept
    /// for all of the day.
    peak_hour: Option<DateTime<Utc>>,
    /// The bytes of that hour; null where it is.
    peak_hour_bandwidth_bytes: Option<u64>,
    /// How many API keys were used.
    distinct_keys: u64,
    /// How many users had API keys that were used.
    distinct_users: u64,
}

/// A page of days.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DailyPage {
    /// The days that have requests, the earliest first.
    data: Vec<DailyRow>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The zone of the days.
    tz: String,
    /// How the range is divided, on the first page; null on later ones.
    axis: Option<AxisView>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether days may be cut at other hours than the zone's: old data is kept in UTC days.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// The parameters of [`daily`].
#[derive(Debug, Clone)]
pub(super) struct DailyParams {
    /// The range of all pages.
    range: TimeRange,
    /// Whose days.
    zone: Tz,
    /// Which series count.
    filter: Filter,
    /// The page of the list.
    page: Page<i64>,
    /// The parameter that an answer with too many hours is the fault of.
    widened_by: &'static str,
}

impl DailyParams {
    /// The range of all pages.
    fn range(&self) -> TimeRange {
        self.page.range_or(self.range)
    }
}

impl QueryParams for DailyParams {
    const LIST: &'static str = "daily";

    fn describe(docs: &mut ParamDocs) {
        TimeRange::describe(docs);
        Tz::describe(docs);
        Filter::describe(docs);
        Page::<i64>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            range: QueryParams::take(params, context)?,
            zone: QueryParams::take(params, context)?,
            filter: QueryParams::take(params, context)?,
            page: QueryParams::take(params, context)?,
            widened_by: params.given_of(&["period", "cursor", "from"], "from"),
        })
    }

    fn validate(&self) -> Result<(), Problem> {
        let range = self.range();
        if (range.to - range.from) / 3_600 > MAX_HOURS {
            return Err(Problem::parameter(
                self.widened_by,
                format!("gives more than {MAX_HOURS} hours to choose each day's peak from"),
            ));
        }
        Ok(())
    }
}

/// One row for each calendar day
///
/// Of at most 458 days at once.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/daily",
    tag = "metrics",
    params(Validated<DailyParams>),
    responses((status = 200, description = "The days that have requests, the earliest first",
        body = DailyPage, example = json!(super::examples::daily()))),
))]
pub(super) async fn daily(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<DailyParams>,
) -> Result<Response, Problem> {
    let (range, zone) = (params.range(), params.zone);
    let compute = async {
        let (days, rows) = compute(&app, &caller.scope, &params.filter, range, zone).await?;
        let page = page_of(
            rows,
            |row| row.period.period_start.timestamp(),
            params.page.after(),
            params.page.limit.rows(),
        );
        let last = page.rows.last().filter(|_| page.more);
        let next = last.map(|row| row.period.period_start.timestamp());
        Ok(DailyPage {
            next_cursor: next.map(|start| params.page.next(range, start)),
            data: page.rows,
            tz: zone.name().to_owned(),
            axis: days
                .axis
                .as_deref()
                .filter(|_| params.page.after().is_none())
                .map(AxisView::from),
            from: time(days.range.from),
            to: time(days.range.to),
            as_of: time_us(days.as_of_us),
            approximate: days.approximate,
            incomplete: days.incomplete,
        })
    };
    let (cached, hit) = app
        .answer("daily", &caller.scope, &params, range, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads days by key and hours without, from one snapshot.
async fn compute(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    range: TimeRange,
    zone: Tz,
) -> Result<(Answer, Vec<DailyRow>), Problem> {
    let query = |range, step, api_key| {
        let mut query = Query::over(range);
        query.filter = filter.clone();
        query.scope = scope.clone();
        query.group_by.api_key = api_key;
        query.group_by.user = api_key;
        query.group_by.time = Some(TimeStep::Calendar(step, zone));
        query.detail = Detail::Counts;
        query
    };
    let days = query(range, Step::Day, true);
    let hours = |from| query(TimeRange::new(from, range.to), Step::Hour, false);
    // A day never goes into an hour: peaks are of days whose hours are all kept.
    let read = app
        .client
        .read_all(&[days.clone(), hours(range.from)])
        .await;
    let (mut days, hours) = match read {
        Ok([days, hours]) => (days, Some(hours)),
        Err(problem) => match problem.not_kept() {
            Some(not_kept) if not_kept.since < range.to => {
                let questions = [days, hours(not_kept.since)];
                let [days, hours] = app.client.read_all(&questions).await?;
                (days, Some(hours))
            }
            Some(_) => (app.client.read(&days).await?, None),
            None => return Err(problem),
        },
    };
    app.client.found(scope, filter, days.matched).await?;
    let rows = rows(&days, hours.as_ref())?;
    // The peaks are of the hours.
    days.incomplete |= hours.is_some_and(|hours| hours.incomplete);
    Ok((days, rows))
}

/// A day's sum over all keys, how many there were, whose they are, and its hour with the most bytes.
struct Day {
    bucket: Bucket,
    approximate: bool,
    keys: u64,
    users: BTreeSet<Arc<str>>,
    peak: Option<(UnixSeconds, u64)>,
}

/// One row a day that has requests.
fn rows(days: &Answer, hours: Option<&Answer>) -> Result<Vec<DailyRow>, Problem> {
    let Some(axis) = days.axis.as_deref() else {
        return Ok(Vec::new());
    };
    let mut sums: BTreeMap<usize, Day> = BTreeMap::new();
    for row in &days.rows {
        let Some(place) = row.group.period_start.and_then(|start| axis.place(start)) else {
            continue;
        };
        let named = u64::from(row.group.api_key_id.is_some_and(|id| id != 0));
        let user = row.group.user_id.clone().filter(|user| !user.is_empty());
        match sums.entry(place) {
            Entry::Vacant(free) => {
                free.insert(Day {
                    bucket: row.bucket.clone(),
                    approximate: row.approximate,
                    keys: named,
                    users: user.into_iter().collect(),
                    peak: None,
                });
            }
            Entry::Occupied(mut day) => {
                let day = day.get_mut();
                day.bucket.merge(&row.bucket)?;
                day.approximate |= row.approximate;
                day.keys += named;
                day.users.extend(user);
            }
        }
    }
    let hours_from = hours.map(|hours| hours.range.from);
    for row in hours.into_iter().flat_map(|hours| &hours.rows) {
        let Some(hour) = row.group.period_start else {
            continue;
        };
        let day = axis.place(hour).and_then(|place| {
            let whole = axis.period(place).map(|day| day.start) >= hours_from;
            sums.get_mut(&place).filter(|_| whole)
        });
        let bytes = Figures::of(Some(&row.bucket)).bandwidth();
        if let Some(day) = day
            && day.peak.is_none_or(|(_, most)| bytes > most)
        {
            day.peak = Some((hour, bytes));
        }
    }
    let rows = sums.into_iter().filter_map(|(place, day)| {
        let figures = Figures::of(Some(&day.bucket));
        Some(DailyRow {
            date: axis.name(place)?.date(),
            period: RowPeriod::new(axis.period(place)?, days.as_of_us, day.approximate),
            request_count: figures.requests,
            error_rate: figures.error_rate,
            average_ms: figures.average_ms,
            request_bytes: figures.request_bytes,
            response_bytes: figures.response_bytes,
            bandwidth_bytes: figures.bandwidth(),
            peak_hour: day.peak.map(|(hour, _)| time(hour)),
            peak_hour_bandwidth_bytes: day.peak.map(|(_, bytes)| bytes),
            distinct_keys: day.keys,
            distinct_users: u64::try_from(day.users.len()).unwrap_or(u64::MAX),
        })
    });
    Ok(rows.collect())
}
