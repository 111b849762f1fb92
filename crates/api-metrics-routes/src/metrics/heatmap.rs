//! `GET /api-metrics/heatmap`: when the service is busy.
//!
//! The timeline layout has a cell for every step, also where nothing was requested. The weekday
//! layout sums all weeks of the range.
//!
//! | layout | granularity | cells |
//! |---|---|---|
//! | timeline | hour, day, week | one a step of the range, at most 11,000 |
//! | weekday | hour | 7 * 24: Monday 00:00 to Sunday 23:00 in the zone |
//! | weekday | day | 7 |
//!
//! A week in the weekday layout is refused. Cells of a zone follow its clock: where an hour occurs
//! twice, both count in one cell of the weekday layout and in two of the timeline.

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
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    read::edge_after,
    request::{Context, OneOf, ParamDocs, Params, QueryParams, Validated},
    response::{CLOSED_LIST, Figures, Problem, percent, rounded, time, time_to_live, time_us},
    router::App,
};

/// More cells than a heatmap can show.
const MAX_CELLS: i64 = 11_000;

/// How cells are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One cell a step of time.
    Timeline,
    /// One cell a weekday and hour.
    Weekday,
}

/// The length of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellLength {
    /// An hour of the zone.
    Hour,
    /// A day of the zone.
    Day,
    /// A week of the zone, from Monday.
    Week,
}

/// `layout`.
const LAYOUT: OneOf<Layout> = OneOf {
    name: "layout",
    description: "One cell a step of time (timeline), or one a weekday and hour, summed over all weeks (weekday).",
    options: &[("timeline", Layout::Timeline), ("weekday", Layout::Weekday)],
    default: Layout::Timeline,
};

/// `granularity`.
const GRANULARITY: OneOf<CellLength> = OneOf {
    name: "granularity",
    description: "The length of a cell. With the weekday layout, day gives seven cells; week is no part of it.",
    options: &[
        ("hour", CellLength::Hour),
        ("day", CellLength::Day),
        ("week", CellLength::Week),
    ],
    default: CellLength::Hour,
};

/// The parameters of [`heatmap`].
#[derive(Debug, Clone)]
pub(super) struct HeatmapParams {
    /// Which time is asked about.
    range: TimeRange,
    /// Whose hours, days and weeks.
    zone: Tz,
    /// How cells are laid out.
    layout: Layout,
    /// The length of a cell.
    length: CellLength,
    /// Which series count.
    filter: Filter,
    /// The parameter that an answer with too many cells is the fault of.
    widened_by: &'static str,
}

impl QueryParams for HeatmapParams {
    fn describe(docs: &mut ParamDocs) {
        LAYOUT.describe(docs);
        GRANULARITY.describe(docs);
        TimeRange::describe(docs);
        Tz::describe(docs);
        Filter::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            range: QueryParams::take(params, context)?,
            zone: QueryParams::take(params, context)?,
            layout: LAYOUT.take(params)?,
            length: GRANULARITY.take(params)?,
            filter: QueryParams::take(params, context)?,
            widened_by: params.given_of(&[GRANULARITY.name, "period", "from"], GRANULARITY.name),
        })
    }

    fn validate(&self) -> Result<(), Problem> {
        if self.layout == Layout::Weekday && self.length == CellLength::Week {
            return Err(Problem::parameter(
                GRANULARITY.name,
                "week has no place in the weekday layout: choose hour or day",
            ));
        }
        if (self.range.to - self.range.from) / self.length.seconds() > MAX_CELLS {
            return Err(Problem::parameter(
                self.widened_by,
                format!("gives more than {MAX_CELLS} cells in this range"),
            ));
        }
        Ok(())
    }
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
    /// Requests that finished in the cell.
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
    /// How cells are laid out.
    layout: &'static str,
    /// The length of a cell: `hour`, `day` or `week`.
    granularity: &'static str,
    /// The zone of hours, days and weeks.
    tz: String,
    /// The requests of the busiest cell.
    max_request_count: u64,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether cells may be cut at other hours than the zone's: old data is kept in UTC days.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// When the service is busy
#[utoipa::path(
    get,
    path = "/api-metrics/heatmap",
    tag = "metrics",
    params(Validated<HeatmapParams>),
    responses((status = 200, description = "The cells", body = Heatmap,
        example = json!(super::examples::heatmap()))),
)]
pub(super) async fn heatmap(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<HeatmapParams>,
) -> Result<Response, Problem> {
    let ttl = time_to_live(params.range, now, CLOSED_LIST, app.flush_interval);
    let compute = async {
        let step = params.length.in_zone(params.zone);
        let query = question(&caller.scope, &params.filter, params.range, step);
        let answer = app.client.read(&query).await?;
        shaped(&answer, params.layout, params.length, params.zone)
    };
    let (cached, hit) = app
        .cache
        .answer("heatmap", &caller.scope, &params, ttl, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

impl CellLength {
    /// The length without changes of the clock.
    const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
        }
    }

    /// The name in queries and answers.
    const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// The step of the store's query.
    const fn in_zone(self, zone: Tz) -> TimeStep {
        match self {
            Self::Hour => TimeStep::Hour(zone),
            Self::Day => TimeStep::Day(zone),
            Self::Week => TimeStep::Week(zone),
        }
    }
}

/// The query behind a heatmap.
fn question(scope: &Scope, filter: &Filter, range: TimeRange, step: TimeStep) -> Query {
    Query::over(range)
        .filter(filter.clone())
        .scope(scope.clone())
        .group_by({
            let mut group_by = GroupBy::default();
            group_by.time = Some(step);
            group_by
        })
        .detail(Detail::Counts)
}

/// The heatmap of an answer.
fn shaped(answer: &Answer, layout: Layout, step: CellLength, zone: Tz) -> Result<Heatmap, Problem> {
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
        incomplete: answer.incomplete,
    })
}

/// A cell of these numbers, without its place.
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
    step: CellLength,
    zone: Tz,
) -> Result<Vec<Cell>, Problem> {
    let mut sums = BTreeMap::<(u32, u32), Bucket>::new();
    for (start, bucket) in buckets {
        let local = time(*start).with_timezone(&zone);
        let hour = if step == CellLength::Hour {
            local.hour()
        } else {
            0
        };
        let place = (local.weekday().number_from_monday(), hour);
        match sums.entry(place) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((*bucket).clone());
            }
            std::collections::btree_map::Entry::Occupied(mut sum) => sum.get_mut().merge(bucket)?,
        }
    }
    let hours = if step == CellLength::Hour { 24 } else { 1 };
    Ok((1..=7)
        .flat_map(|weekday| (0..hours).map(move |hour| (weekday, hour)))
        .map(|(weekday, hour)| Cell {
            weekday: Some(weekday),
            hour: (step == CellLength::Hour).then_some(hour),
            ..cell(sums.get(&(weekday, hour)))
        })
        .collect())
}
