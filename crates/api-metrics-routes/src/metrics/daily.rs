//! `GET /api-metrics/daily`: one row a calendar day.
//!
//! Days are those of the zone that was asked for. The peak of a day is its hour with the most
//! bytes.

use std::collections::BTreeMap;

use api_metrics_store::query::{
    Answer, Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    request::{Context, Page, ParamDocs, Params, QueryParams, Validated},
    response::{CLOSED_LIST, Figures, Problem, page_of, time, time_to_live, time_us},
    router::App,
};

/// More hours than one answer should be made of: 458 days.
const MAX_HOURS: i64 = 11_000;

/// One day of a zone's calendar.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DailyRow {
    /// The date in `tz`.
    #[schema(format = Date)]
    date: String,
    /// The day's first instant.
    period_start: DateTime<Utc>,
    /// Requests that finished on this day, within the range.
    request_count: u64,
    /// 4xx and 5xx in percent of the requests.
    error_rate: Option<f64>,
    /// Body bytes that were read.
    request_bytes: u64,
    /// Body bytes that were sent.
    response_bytes: u64,
    /// Both together.
    bandwidth_bytes: u64,
    /// The start of the hour with the most bytes; the earliest of several.
    peak_hour: Option<DateTime<Utc>>,
    /// The bytes of that hour.
    peak_hour_bandwidth_bytes: u64,
    /// How many API keys were used.
    distinct_keys: u64,
}

/// A page of days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DailyPage {
    /// The days that have requests, the earliest first.
    data: Vec<DailyRow>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The zone of the days.
    tz: String,
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
#[utoipa::path(
    get,
    path = "/api-metrics/daily",
    tag = "metrics",
    params(Validated<DailyParams>),
    responses((status = 200, description = "The days that have requests, the earliest first",
        body = DailyPage, example = json!(super::examples::daily()))),
)]
pub(super) async fn daily(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<DailyParams>,
) -> Result<Response, Problem> {
    let (range, zone) = (params.range(), params.zone);
    let ttl = time_to_live(range, now, CLOSED_LIST, app.flush_interval);
    let compute = async {
        let (answer, approximate, rows) =
            compute(&app, &caller.scope, &params.filter, range, zone).await?;
        let page = page_of(
            rows,
            |row| row.period_start.timestamp(),
            params.page.after(),
            params.page.limit.rows(),
        );
        let last = page.rows.last().filter(|_| page.more);
        Ok(DailyPage {
            next_cursor: last.map(|row| params.page.next(range, row.period_start.timestamp())),
            data: page.rows,
            tz: zone.name().to_owned(),
            from: time(answer.range.from),
            to: time(answer.range.to),
            as_of: time_us(answer.as_of_us),
            approximate,
            incomplete: answer.incomplete,
        })
    };
    let (cached, hit) = app
        .cache
        .answer("daily", &caller.scope, &params, ttl, compute)
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
) -> Result<(Answer, bool, Vec<DailyRow>), Problem> {
    let query = |step, api_key| {
        Query::over(range)
            .filter(filter.clone())
            .scope(scope.clone())
            .group_by({
                let mut group_by = GroupBy::default();
                group_by.api_key = api_key;
                group_by.time = Some(step);
                group_by
            })
            .detail(Detail::Counts)
    };
    let questions = [
        query(TimeStep::Day(zone), true),
        query(TimeStep::Hour(zone), false),
    ];
    let [mut days, hours] = app.client.read_all(&questions).await?;
    let mut rows = BTreeMap::new();
    for row in &days.rows {
        let Some(start) = row.group.period_start else {
            continue;
        };
        let (day, bucket): &mut (DailyRow, Option<api_metrics_store::bucket::Bucket>) =
            rows.entry(start).or_default();
        day.distinct_keys += u64::from(row.group.api_key_id.is_some_and(|id| id != 0));
        match bucket {
            Some(sum) => sum.merge(&row.bucket)?,
            None => *bucket = Some(row.bucket.clone()),
        }
    }
    for row in &hours.rows {
        let Some(hour) = row.group.period_start else {
            continue;
        };
        let bytes = Figures::of(Some(&row.bucket)).bandwidth();
        if let Some((_, (day, _))) = rows.range_mut(..=hour).next_back()
            && (day.peak_hour.is_none() || bytes > day.peak_hour_bandwidth_bytes)
        {
            day.peak_hour = Some(time(hour));
            day.peak_hour_bandwidth_bytes = bytes;
        }
    }
    let rows = rows
        .into_iter()
        .map(|(start, (day, bucket))| {
            let figures = Figures::of(bucket.as_ref());
            DailyRow {
                date: time(start).with_timezone(&zone).date_naive().to_string(),
                period_start: time(start),
                request_count: figures.requests,
                error_rate: figures.error_rate,
                request_bytes: figures.request_bytes,
                response_bytes: figures.response_bytes,
                bandwidth_bytes: figures.bandwidth(),
                ..day
            }
        })
        .collect();
    let approximate = days.approximate || hours.approximate;
    days.incomplete |= hours.incomplete;
    Ok((days, approximate, rows))
}
