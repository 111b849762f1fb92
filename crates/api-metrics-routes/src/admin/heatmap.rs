//! `GET /api-metrics/heatmap`: when the service is busy.

use std::collections::BTreeMap;

use api_metrics_store::{
    bucket::Bucket,
    query::{Answer, Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
    time::UnixSeconds,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    auth::Caller,
    cache::time_to_live,
    extract::{FilterParams, Params, TimeParams, ZoneParams, take_filter, take_range, take_zone},
    problem::Problem,
    shape::{Figures, percent, rounded, time, time_us},
    walk::edge_after,
};

/// More cells than a heatmap can show.
const MAX_CELLS: i64 = 11_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Timeline,
    Weekday,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Hour,
    Day,
    Week,
}

/// `layout` and `granularity`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct HeatmapParams {
    /// One cell a step of time (timeline), or one a weekday and hour, summed over all weeks
    /// (weekday).
    #[param(inline, schema_with = layout_schema)]
    layout: Option<String>,
    /// The length of a cell. With the weekday layout, day gives seven cells; week is no part of it.
    #[param(inline, schema_with = step_schema)]
    granularity: Option<String>,
}

fn layout_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice(
        "One cell a step of time (timeline), or one a weekday and hour, summed over all weeks (weekday).",
        &["timeline", "weekday"],
        Some("timeline"),
    )
}

fn step_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice(
        "The length of a cell. With the weekday layout, day gives seven cells; week is no part of it.",
        &["hour", "day", "week"],
        Some("hour"),
    )
}

/// One cell, also where nothing was requested.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cell {
    /// The start of the cell in the timeline layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    period_start: Option<DateTime<Utc>>,
    /// The weekday in `tz`, 1 for Monday to 7 for Sunday, in the weekday layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 7)]
    weekday: Option<u32>,
    /// The hour in `tz`, 0 to 23, in the weekday layout by hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 23)]
    hour: Option<u32>,
    request_count: u64,
    /// 4xx and 5xx in percent of the requests; null without requests.
    error_rate: Option<f64>,
    /// Average latency in milliseconds; null without requests.
    average_ms: Option<f64>,
    /// Requests as a part of those of the busiest cell, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    intensity: f64,
}

/// A heatmap.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Heatmap {
    /// The cells, in order of time or of weekday and hour.
    data: Vec<Cell>,
    layout: &'static str,
    granularity: &'static str,
    /// The zone of hours, days and weeks.
    tz: String,
    /// The requests of the busiest cell.
    max_request_count: u64,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// The database's time of the snapshot.
    as_of: DateTime<Utc>,
    /// Whether cells may be cut at other hours than the zone's: old data is kept in UTC days.
    approximate: bool,
}

/// When the service is busy
#[utoipa::path(
    get,
    path = "/api-metrics/heatmap",
    tag = "metrics",
    params(HeatmapParams, TimeParams, ZoneParams, FilterParams),
    responses((status = 200, description = "The cells", body = Heatmap,
        example = json!(crate::openapi::examples::heatmap()))),
)]
pub(super) async fn heatmap(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let now = app.clock.unix_seconds();
    let range = take_range(&mut params, now)?;
    let zone = take_zone(&mut params)?;
    let layouts = [("timeline", Layout::Timeline), ("weekday", Layout::Weekday)];
    let layout = params.choice("layout", &layouts, Layout::Timeline)?;
    let steps = [
        ("hour", Step::Hour),
        ("day", Step::Day),
        ("week", Step::Week),
    ];
    let step = params.choice("granularity", &steps, Step::Hour)?;
    let filter = take_filter(&mut params)?;
    params.finish()?;
    if layout == Layout::Weekday && step == Step::Week {
        return Err(Problem::parameter(
            "granularity",
            "week has no place in the weekday layout: choose hour or day",
        ));
    }
    if (range.to - range.from) / step.seconds() > MAX_CELLS {
        return Err(Problem::parameter(
            "granularity",
            format!("gives more than {MAX_CELLS} cells in this range"),
        ));
    }
    let ttl = time_to_live(range, now, super::CLOSED_ENDPOINTS, app.flush_interval);
    let asked = (range, zone.name(), layout, step, &filter);
    let compute = async {
        let query = question(&caller.scope, &filter, range, step.in_zone(zone));
        let answer = app.reader.read(&query).await?;
        shaped(&answer, layout, step, zone)
    };
    let (cached, hit) = app
        .cache
        .answer("heatmap", &caller.scope, &asked, ttl, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

impl Step {
    const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    const fn in_zone(self, zone: Tz) -> TimeStep {
        match self {
            Self::Hour => TimeStep::Hour(zone),
            Self::Day => TimeStep::Day(zone),
            Self::Week => TimeStep::Week(zone),
        }
    }
}

fn question(scope: &Scope, filter: &Filter, range: TimeRange, step: TimeStep) -> Query {
    Query::over(range)
        .filter(filter.clone())
        .scope(scope.clone())
        .group_by(GroupBy::default().time(step))
        .detail(Detail::Counts)
}

fn shaped(answer: &Answer, layout: Layout, step: Step, zone: Tz) -> Result<Heatmap, Problem> {
    let buckets: BTreeMap<UnixSeconds, &Bucket> = answer
        .rows
        .iter()
        .filter_map(|row| Some((row.group.period_start?, &row.bucket)))
        .collect();
    let mut data = match layout {
        Layout::Timeline => timeline(&buckets, answer.range, step.in_zone(zone)),
        Layout::Weekday => by_weekday(&buckets, step, zone)?,
    };
    let most = data
        .iter()
        .map(|cell| cell.request_count)
        .max()
        .unwrap_or(0);
    for cell in &mut data {
        let share = percent(cell.request_count, most).unwrap_or_default();
        cell.intensity = rounded(share / 100.0);
    }
    Ok(Heatmap {
        data,
        layout: match layout {
            Layout::Timeline => "timeline",
            Layout::Weekday => "weekday",
        },
        granularity: step.name(),
        tz: zone.name().to_owned(),
        max_request_count: most,
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        approximate: answer.approximate,
    })
}

fn cell(bucket: Option<&Bucket>) -> Cell {
    let figures = Figures::of(bucket);
    Cell {
        period_start: None,
        weekday: None,
        hour: None,
        request_count: figures.requests,
        error_rate: figures.error_rate,
        average_ms: figures.average_ms,
        intensity: 0.0,
    }
}

/// Every step of the range. A row that begins between two of them, because the store has only longer
/// periods there, gets a cell of its own.
fn timeline(
    buckets: &BTreeMap<UnixSeconds, &Bucket>,
    range: TimeRange,
    step: TimeStep,
) -> Vec<Cell> {
    let mut starts: Vec<UnixSeconds> = buckets.keys().copied().collect();
    let mut at = range.from;
    while at < range.to {
        starts.push(at);
        at = edge_after(step, at, 1).max(at + 1);
    }
    starts.sort_unstable();
    starts.dedup();
    starts
        .into_iter()
        .map(|start| Cell {
            period_start: Some(time(start)),
            ..cell(buckets.get(&start).copied())
        })
        .collect()
}

/// Seven days of 24 hours, or seven days.
fn by_weekday(
    buckets: &BTreeMap<UnixSeconds, &Bucket>,
    step: Step,
    zone: Tz,
) -> Result<Vec<Cell>, Problem> {
    let mut sums = BTreeMap::<(u32, u32), Bucket>::new();
    for (start, bucket) in buckets {
        let local = time(*start).with_timezone(&zone);
        let hour = if step == Step::Hour { local.hour() } else { 0 };
        let place = (local.weekday().number_from_monday(), hour);
        match sums.entry(place) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((*bucket).clone());
            }
            std::collections::btree_map::Entry::Occupied(mut sum) => sum.get_mut().merge(bucket)?,
        }
    }
    let hours = if step == Step::Hour { 24 } else { 1 };
    Ok((1..=7)
        .flat_map(|weekday| (0..hours).map(move |hour| (weekday, hour)))
        .map(|(weekday, hour)| Cell {
            weekday: Some(weekday),
            hour: (step == Step::Hour).then_some(hour),
            ..cell(sums.get(&(weekday, hour)))
        })
        .collect())
}
