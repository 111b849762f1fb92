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

use api_metrics_store::query::{Detail, Filter, Group, GroupBy, Query, Scope, TimeRange};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    read::WindowedReader,
    request::{
        Context, Page, ParamDocs, Params, QueryParams, Validated, describe_columns, describe_step,
        query_params, take_group_by, take_metrics, take_step,
    },
    response::{
        CLOSED_LIST, Columns, Metric, MetricRow, Problem, metric_row, time, time_to_live, time_us,
    },
    router::App,
};

/// A row's place in the order of rows, which is that of [`Group`].
type RowKey = (Option<i64>, [Option<String>; 5], Option<i64>);

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeriesPage {
    /// The rows that have requests, by time, then by their dimensions.
    #[schema(value_type = Vec<MetricRow>)]
    data: Vec<Columns>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// The length of a point; `none` for one over the whole range.
    granularity: &'static str,
    /// The zone of hours, days and weeks.
    tz: String,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database; the first of several.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
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
    /// The name of the step in answers.
    pub(super) granularity: &'static str,
    /// Which series count.
    pub(super) filter: Filter,
    /// The dimensions, and the step.
    pub(super) group_by: GroupBy,
    /// The numbers of a row, in the order of columns.
    pub(super) metrics: Vec<Metric>,
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
        group_by.time = step.map(|step| step.in_zone(zone));
        Ok(Self {
            range,
            zone,
            granularity: step.map_or("none", |step| step.name),
            filter: Filter::take(params, context)?,
            group_by,
            metrics: take_metrics(params)?,
        })
    }

    /// The store's query for these rows.
    pub(super) fn query(&self, scope: &Scope) -> Query {
        Query::over(self.range)
            .filter(self.filter.clone())
            .scope(scope.clone())
            .group_by(self.group_by)
            .detail(if self.metrics.iter().any(|metric| metric.is_quantile()) {
                Detail::Quantiles
            } else {
                Detail::Counts
            })
    }
}

/// Without dimensions where none are named.
impl QueryParams for RowParams {
    fn describe(docs: &mut ParamDocs) {
        TimeRange::describe(docs);
        describe_step(docs);
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
#[utoipa::path(
    get,
    path = "/api-metrics",
    tag = "metrics",
    params(Validated<SeriesParams>),
    responses((status = 200, description = "The rows that have requests", body = SeriesPage,
        example = json!(super::examples::series()))),
)]
pub(super) async fn series(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<SeriesParams>,
) -> Result<Response, Problem> {
    let ttl = time_to_live(params.range(), now, CLOSED_LIST, app.flush_interval);
    let (cached, hit) = app
        .cache
        .answer(
            "series",
            &caller.scope,
            &params,
            ttl,
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
    if let Some(start) = after.and_then(|(start, ..)| *start) {
        // The cursor's own step is read again for what comes after the cursor in it.
        query.range.from = start.max(query.range.from);
    }
    let mut windows = WindowedReader::new(query);
    let (mut data, mut last, mut more) = (Vec::new(), None, false);
    while let Some(row) = windows.row(&app.client).await? {
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
        ));
        last = Some(key);
    }
    // The first page says where the range really begins; the others repeat it.
    let from = if after.is_some() {
        range.from
    } else {
        windows.covered().from
    };
    let to = windows.covered().to.max(range.to);
    let next = last
        .filter(|_| more)
        .map(|key| params.page.next(TimeRange::new(from, range.to), key));
    Ok(SeriesPage {
        data,
        next_cursor: next,
        granularity: params.rows.granularity,
        tz: params.rows.zone.name().to_owned(),
        from: time(from),
        to: time(to),
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
    (
        group.period_start,
        labels.map(|label| label.as_deref().map(str::to_owned)),
        group.api_key_id,
    )
}
