//! `GET /api-metrics/heatmap`: when the service is busy.
//!
//! The timeline layout has a cell for every step, also where nothing was requested. The weekday
//! layout sums all weeks of the range.
//!
//! | layout | granularity | cells |
//! |---|---|---|
//! | timeline | any step | one a step of the range, at most 11,000 |
//! | weekday | hour, 6h, 12h | 7 * 24, 7 * 4, 7 * 2: from Monday 00:00 on in the zone |
//! | weekday | day | 7 |
//!
//! Cells of a zone follow its clock: where an hour occurs twice, both count in one cell of the weekday
//! layout and in two of the timeline. A day never goes into an hour: the weekday layout by hours begins
//! where hours are kept.

use std::collections::BTreeMap;

use api_metrics_store::{
    bucket::Bucket,
    calendar::{Axis, Step, Tz},
    query::{Answer, Detail, Filter, Query, Row, Scope, TimeRange, TimeStep},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Datelike, Timelike, Utc};
use http::HeaderMap;
use serde::Serialize;

use crate::{
    auth::Caller,
    request::{Context, OneOf, ParamDocs, Params, QueryParams, Validated, check_points},
    response::{
        Figures, Kind, Problem, RowPeriod, alignment, clock, percent, rounded, time, time_us,
    },
    router::App,
};

/// How cells are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One cell a step of time.
    Timeline,
    /// One cell a weekday and hour.
    Weekday,
}

/// `layout`.
const LAYOUT: OneOf<Layout> = OneOf {
    name: "layout",
    description: "One cell a step of time (timeline), or one a weekday and hour, summed over all weeks (weekday).",
    options: &[("timeline", Layout::Timeline), ("weekday", Layout::Weekday)],
    default: Layout::Timeline,
};

/// `granularity`.
const GRANULARITY: OneOf<Step> = OneOf {
    name: "granularity",
    description: "The length of a cell. The weekday layout takes hour, 6h, 12h and day. A step that is no longer kept for the whole range is refused; the weekday layout leaves out what lies before it is kept.",
    options: &[
        ("hour", Step::Hour),
        ("day", Step::Day),
        ("week", Step::Week),
        ("1m", Step::Minute),
        ("5m", Step::FiveMinutes),
        ("15m", Step::QuarterHour),
        ("30m", Step::HalfHour),
        ("1h", Step::Hour),
        ("6h", Step::SixHours),
        ("12h", Step::HalfDay),
        ("1d", Step::Day),
        ("1w", Step::Week),
        ("1mo", Step::Month),
    ],
    default: Step::Hour,
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
    step: Step,
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
            step: GRANULARITY.take(params)?,
            filter: QueryParams::take(params, context)?,
            widened_by: params.given_of(&[GRANULARITY.name, "period", "from"], GRANULARITY.name),
        })
    }

    fn validate(&self) -> Result<(), Problem> {
        let whole_week = [Step::Hour, Step::SixHours, Step::HalfDay, Step::Day];
        if self.layout == Layout::Weekday && !whole_week.contains(&self.step) {
            return Err(Problem::parameter(
                GRANULARITY.name,
                format!(
                    "{} has no place in the weekday layout: choose hour, 6h, 12h or day",
                    name(self.step)
                ),
            ));
        }
        check_points(self.widened_by, self.step, self.range)
    }
}

/// One cell, also where nothing was requested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cell {
    /// The first instant of the cell in the timeline layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    period_start: Option<DateTime<Utc>>,
    /// The first instant after it, in the timeline layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    period_end: Option<DateTime<Utc>>,
    /// In the timeline layout, what `tz`'s clock shows at the start of the hour, date, week or month that holds
    /// most of the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false, example = "2026-05-17T00:00:00"))]
    name: Option<String>,
    /// In the timeline layout, whether the range begins or ends within the cell, or it is not over yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    partial: Option<bool>,
    /// In the timeline layout, whether the cell is not cut where the zone's clock says, or records at its edges
    /// may belong to its neighbours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    approximate: Option<bool>,
    /// The weekday in `tz`, 1 for Monday to 7 for Sunday, in the weekday layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false, minimum = 1, maximum = 7))]
    weekday: Option<u32>,
    /// The hour in `tz`, 0 to 23, in the weekday layout by hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false, minimum = 0, maximum = 23))]
    hour: Option<u32>,
    /// In the weekday layout, how often the cell occurs between the first request of the range and its end or
    /// now, whichever is earlier; with a part for an occurrence that is cut. An average week has
    /// `requestCount / occurrences` requests in the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false, minimum = 0))]
    occurrences: Option<f64>,
    /// Requests that finished in the cell.
    request_count: u64,
    /// 4xx and 5xx in percent of the requests; null without requests.
    error_rate: Option<f64>,
    /// Average latency in milliseconds; null without requests.
    average_ms: Option<f64>,
    /// Requests as a part of those of the busiest cell, 0 to 1.
    #[cfg_attr(test, schema(minimum = 0, maximum = 1))]
    intensity: f64,
}

/// A heatmap.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Heatmap {
    /// The cells, in order of time or of weekday and hour.
    data: Vec<Cell>,
    /// How cells are laid out.
    layout: &'static str,
    /// The length of a cell: `hour`, `day`, `week`, or the name of another step.
    granularity: &'static str,
    /// The zone of hours, days and weeks.
    tz: String,
    /// The requests of the busiest cell.
    max_request_count: u64,
    /// The first instant that the answer covers. In the weekday layout by hours it is later than asked where
    /// only days are kept: a day is never put into an hour.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Where periods begin: `local` by the zone's clock, `utcHours` or `utcDays` where what is kept can't be
    /// cut so.
    alignment: &'static str,
    /// Whether what lies between the start that was asked for and `from` is left out, because hours are no
    /// longer kept there.
    cut_short: bool,
    /// Whether cells may be cut at other hours than the zone's, or records at their edges belong to others.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// When the service is busy
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/heatmap",
    tag = "metrics",
    params(Validated<HeatmapParams>),
    responses((status = 200, description = "The cells", body = Heatmap,
        example = json!(super::examples::heatmap()))),
))]
pub(super) async fn heatmap(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<HeatmapParams>,
) -> Result<Response, Problem> {
    let compute = async {
        let (answer, cut_short) = read(&app, &caller.scope, &params).await?;
        app.client
            .found(&caller.scope, &params.filter, answer.matched)
            .await?;
        shaped(&answer, params.layout, params.step, params.zone, cut_short)
    };
    let (cached, hit) = app
        .answer("heatmap", &caller.scope, &params, params.range, compute)
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads the steps of the range, and tells whether its start was left out.
///
/// # Errors
/// 400 that names `granularity`, where the step is not kept; those of the store.
async fn read(app: &App, scope: &Scope, params: &HeatmapParams) -> Result<(Answer, bool), Problem> {
    let query = |range| {
        let mut query = Query::over(range);
        query.filter = params.filter.clone();
        query.scope = scope.clone();
        query.group_by.time = Some(TimeStep::Calendar(params.step, params.zone));
        query.detail = Detail::Counts;
        query
    };
    match app.client.read(&query(params.range)).await {
        Ok(answer) => Ok((answer, false)),
        Err(problem) => match problem.not_kept() {
            Some(not_kept)
                if params.layout == Layout::Weekday && not_kept.since < params.range.to =>
            {
                let kept = TimeRange::new(not_kept.since, params.range.to);
                Ok((app.client.read(&query(kept)).await?, true))
            }
            _ => Err(problem),
        },
    }
}

/// The name of a cell's length.
fn name(step: Step) -> &'static str {
    match step {
        Step::Hour => "hour",
        Step::Day => "day",
        Step::Week => "week",
        other => other.into(),
    }
}

/// The heatmap of an answer.
fn shaped(
    answer: &Answer,
    layout: Layout,
    step: Step,
    zone: Tz,
    cut_short: bool,
) -> Result<Heatmap, Problem> {
    let Some(axis) = answer.axis.as_deref() else {
        return Err(Problem::new(Kind::Internal, "a heatmap without an axis"));
    };
    let rows: BTreeMap<usize, &Row> = answer
        .rows
        .iter()
        .filter_map(|row| Some((axis.place(row.group.period_start?)?, row)))
        .collect();
    let mut data = match layout {
        Layout::Timeline => timeline(axis, &rows, answer.as_of_us),
        Layout::Weekday => by_weekday(axis, &rows, answer.as_of_us)?,
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
        granularity: name(step),
        tz: zone.name().to_owned(),
        max_request_count: most,
        from: time(answer.range.from),
        to: time(answer.range.to),
        as_of: time_us(answer.as_of_us),
        alignment: alignment(axis),
        cut_short,
        approximate: answer.approximate,
        incomplete: answer.incomplete,
    })
}

/// A cell of these numbers, without its place.
fn cell(bucket: Option<&Bucket>) -> Cell {
    let figures = Figures::of(bucket);
    Cell {
        period_start: None,
        period_end: None,
        name: None,
        partial: None,
        approximate: None,
        weekday: None,
        hour: None,
        occurrences: None,
        request_count: figures.requests,
        error_rate: figures.error_rate,
        average_ms: figures.average_ms,
        intensity: 0.0,
    }
}

/// Every period of the axis, also those without requests.
fn timeline(axis: &Axis, rows: &BTreeMap<usize, &Row>, as_of_us: i64) -> Vec<Cell> {
    let moved = alignment(axis) != "local";
    axis.periods()
        .enumerate()
        .map(|(place, period)| {
            let row = rows.get(&place);
            let approximate = row.map_or(moved, |row| row.approximate);
            let period = RowPeriod::new(period, as_of_us, approximate);
            Cell {
                period_start: Some(period.period_start),
                period_end: Some(period.period_end),
                name: axis.name(place).map(clock),
                partial: Some(period.partial),
                approximate: Some(period.approximate),
                ..cell(row.map(|row| &row.bucket))
            }
        })
        .collect()
}

/// Seven days of 24 hours, or of fewer and longer steps; each period by the weekday and hour that holds most of it.
fn by_weekday(
    axis: &Axis,
    rows: &BTreeMap<usize, &Row>,
    as_of_us: i64,
) -> Result<Vec<Cell>, Problem> {
    let by_day = axis.step >= Step::Day;
    let mut sums = BTreeMap::<(u32, u32), Bucket>::new();
    for (place, row) in rows {
        let Some(name) = axis.name(*place) else {
            continue;
        };
        let hour = if by_day { 0 } else { name.hour() };
        let cell = (name.weekday().number_from_monday(), hour);
        match sums.entry(cell) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(row.bucket.clone());
            }
            std::collections::btree_map::Entry::Occupied(mut sum) => {
                sum.get_mut().merge(&row.bucket)?;
            }
        }
    }
    let passed = occurrences(axis, rows, as_of_us);
    let hours: Vec<u32> = match axis.step {
        Step::SixHours => vec![0, 6, 12, 18],
        Step::HalfDay => vec![0, 12],
        _ if by_day => vec![0],
        _ => (0..24).collect(),
    };
    Ok((1..=7)
        .flat_map(|weekday| hours.iter().map(move |hour| (weekday, *hour)))
        .map(|(weekday, hour)| Cell {
            weekday: Some(weekday),
            hour: (!by_day).then_some(hour),
            occurrences: passed
                .get(&(weekday, hour))
                .copied()
                .map(rounded)
                .or(Some(0.0)),
            ..cell(sums.get(&(weekday, hour)))
        })
        .collect())
}

/// How often each weekday and hour occurs from the first period with a request on, as far as it has passed.
#[expect(
    clippy::cast_precision_loss,
    reason = "parts of an hour or a day, shown with three decimals"
)]
fn occurrences(
    axis: &Axis,
    rows: &BTreeMap<usize, &Row>,
    as_of_us: i64,
) -> BTreeMap<(u32, u32), f64> {
    let mut found = BTreeMap::new();
    let Some(first) = rows.keys().next() else {
        return found;
    };
    let now = as_of_us.div_euclid(1_000_000);
    for (place, period) in axis.periods().enumerate().skip(*first) {
        let Some(name) = axis.name(place) else {
            continue;
        };
        let hour = if axis.step >= Step::Day {
            0
        } else {
            name.hour()
        };
        let passed = (period.end.min(now) - period.start).max(0);
        *found
            .entry((name.weekday().number_from_monday(), hour))
            .or_default() += passed as f64 / period.length.max(1) as f64;
    }
    found
}
