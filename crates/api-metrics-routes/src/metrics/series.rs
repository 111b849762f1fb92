//! `GET /api-metrics`: rows over time, grouped by any dimensions.
//!
//! Long answers are read window by window and cut into pages. A cursor carries the range of the
//! first page, because a range up to now moves.
//!
//! Two rows of one page never have the same time and dimensions, so that the cursor names the last row
//! by its key and the next page begins behind it. A row is missing where nothing was requested: absent
//! is 0 for counts and null for rates and latencies.
//!
//! Only a question with a quantile among its metrics reads sketches. All others read counters, and from
//! aggregate series where the dimensions and filters allow it.

use api_metrics_store::{
    calendar::Tz,
    query::{Detail, Filter, Group, GroupBy, Query, Scope, TimeRange, TimeStep, TopK},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use crate::{
    auth::Caller,
    read::WindowedReader,
    request::{
        Context, Form, Page, ParamDocs, Params, Parsed, QueryParams, Validated, Wanted,
        describe_columns, describe_step, query_params, take_group_by, take_metrics, take_step,
    },
    response::{AxisView, Columns, Metric, Problem, metric_row, time, time_us},
    router::App,
};

/// A row's place in the order of rows, which is that of [`Group`].
type RowKey = (
    Option<i64>,
    [Option<String>; 5],
    Option<i64>,
    [Option<String>; 2],
);

/// A page of rows.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeriesPage {
    /// The rows that have requests, by time, then by their dimensions.
    #[cfg_attr(test, schema(value_type = Vec<crate::response::MetricRow>))]
    data: Vec<Columns>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The length of a point, as it was chosen for `auto`; `none` for one over the whole range.
    granularity: &'static str,
    /// The zone of hours, days and weeks.
    tz: String,
    /// How the range is divided, on the first page; null on later ones and with `granularity=none`.
    axis: Option<AxisView>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database; the first of several.
    as_of: DateTime<Utc>,
    /// Whether any row is approximate, or records at an end of the range may belong to the other side of it.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// Which rows are asked for, with all parameters resolved.
#[derive(Debug, Clone)]
pub(super) struct RowParams {
    /// Which time is asked about.
    pub(super) range: TimeRange,
    /// Whose hours, days and weeks.
    pub(super) zone: Tz,
    /// Only so many groups, those with the most requests.
    pub(super) top: Option<u32>,
    /// Which series count.
    pub(super) filter: Filter,
    /// The dimensions, and the step.
    pub(super) group_by: GroupBy,
    /// The numbers of a row, in the order of columns.
    pub(super) metrics: Vec<Metric>,
}

/// `top`.
const TOP: Parsed<u32> = Parsed {
    name: "top",
    description: "Only the groups with the most requests over the whole range, at most so many, 1 to 100; each with all of its periods.",
    example: Some("20"),
    form: Form::Number(1),
    read: |text| text.parse().ok().filter(|top| (1..=MAX_TOP).contains(top)),
    wrong: "no number from 1 to 100",
};

/// The most groups that a caller can ask for.
const MAX_TOP: u32 = 100;
/// The most rows that are ranked and read at once.
const MAX_RANKED_ROWS: i64 = 100_000;

/// Reads `top`.
///
/// # Errors
/// 400 that names it, where it is no such number or multiplies the points to more than 100,000.
fn take_top(params: &mut Params, step: Wanted, range: TimeRange) -> Result<Option<u32>, Problem> {
    let Some(top) = TOP.take(params)? else {
        return Ok(None);
    };
    if let Some(TimeStep::Calendar(step, _)) = step.in_zone(Tz::UTC)
        && (range.to - range.from) / step.seconds() * i64::from(top) > MAX_RANKED_ROWS
    {
        return Err(Problem::parameter(
            TOP.name,
            format!(
                "gives more than {MAX_RANKED_ROWS} rows in this range: choose fewer groups or a longer step"
            ),
        ));
    }
    Ok(Some(top))
}

impl RowParams {
    /// Reads the parameters; `default` are the dimensions where none are named.
    ///
    /// # Errors
    /// 400 that names the parameter that is wrong.
    pub(super) fn take_by(
        params: &mut Params,
        context: &Context,
        default: &[&str],
    ) -> Result<Self, Problem> {
        let range = TimeRange::take(params, context)?;
        let zone = Tz::take(params, context)?;
        let step = take_step(params, range)?;
        let mut group_by = take_group_by(params, default)?;
        group_by.time = step.in_zone(zone);
        Ok(Self {
            range,
            zone,
            top: take_top(params, step, range)?,
            filter: Filter::take(params, context)?,
            group_by,
            metrics: take_metrics(params)?,
        })
    }

    /// The store's query for these rows.
    pub(super) fn query(&self, scope: &Scope) -> Query {
        let mut query = Query::over(self.range);
        query.filter = self.filter.clone();
        query.scope = scope.clone();
        query.group_by = self.group_by;
        query.top = self.top.map(|top| TopK::first(top as usize));
        query.detail = if self.metrics.iter().any(|metric| metric.is_quantile()) {
            Detail::Quantiles
        } else {
            Detail::Counts
        };
        query
    }
}

/// Without dimensions where none are named.
impl QueryParams for RowParams {
    fn describe(docs: &mut ParamDocs) {
        TimeRange::describe(docs);
        describe_step(docs);
        TOP.describe(docs);
        Tz::describe(docs);
        describe_columns(docs);
        Filter::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Self::take_by(params, context, &[])
    }
}

query_params! {
    /// The parameters of [`series`].
    pub(super) struct SeriesParams of "series" {
        rows: RowParams,
        page: Page<RowKey>,
    }
}

impl SeriesParams {
    /// Which time is asked about.
    fn range(&self) -> TimeRange {
        self.page.range_or(self.rows.range)
    }
}

/// Rows over time, by any dimensions
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics",
    tag = "metrics",
    params(Validated<SeriesParams>),
    responses((status = 200, description = "The rows that have requests", body = SeriesPage,
        example = json!(super::examples::series()))),
))]
pub(super) async fn series(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<SeriesParams>,
) -> Result<Response, Problem> {
    let (cached, hit) = app
        .answer(
            "series",
            &caller.scope,
            &params,
            params.range(),
            compute(&app, &caller.scope, &params),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads one page, window by window.
async fn compute(app: &App, scope: &Scope, params: &SeriesParams) -> Result<SeriesPage, Problem> {
    let (range, limit, after) = (
        params.range(),
        params.page.limit.rows(),
        params.page.after(),
    );
    let mut query = params.rows.query(scope);
    query.range = range;
    // The cursor's own step is read again for what comes after the cursor in it.
    let mut windows = WindowedReader::new(query, after.and_then(|(start, ..)| *start));
    let (mut data, mut last, mut more) = (Vec::new(), None, false);
    while let Some((row, period)) = windows.row(&app.client).await? {
        let key = key(&row.group);
        if after.is_some_and(|after| key <= *after) {
            continue;
        }
        if data.len() == limit {
            more = true;
            break;
        }
        data.push(metric_row(
            &params.rows.group_by,
            &params.rows.metrics,
            &row,
            period,
        ));
        last = Some(key);
    }
    app.client
        .found(scope, &params.rows.filter, windows.matched())
        .await?;
    let covered = windows.range();
    let axis = windows.axis();
    Ok(SeriesPage {
        data,
        next_cursor: last
            .filter(|_| more)
            .map(|key| params.page.next(range, key)),
        granularity: axis.map_or("none", |axis| axis.step.into()),
        tz: params.rows.zone.name().to_owned(),
        axis: axis
            .filter(|_| after.is_none())
            .map(|axis| AxisView::from(&**axis)),
        from: time(covered.from),
        to: time(covered.to),
        as_of: time_us(windows.as_of_us()),
        approximate: windows.approximate(),
        incomplete: windows.incomplete(),
    })
}

/// A row's place in the order of rows.
fn key(group: &Group) -> RowKey {
    let labels = [
        &group.service,
        &group.environment,
        &group.protocol,
        &group.method,
        &group.endpoint,
    ];
    let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().map(str::to_owned);
    (
        group.period_start,
        labels.map(text),
        group.api_key_id,
        [&group.user_id, &group.team_id].map(text),
    )
}
