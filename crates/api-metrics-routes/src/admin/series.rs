//! `GET /api-metrics`: rows over time, told apart by any dimensions.

use api_metrics_store::query::{Detail, Filter, Group, GroupBy, Query, Scope, TimeRange};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::Caller,
    cache::time_to_live,
    extract::{
        Cursor, FilterParams, GroupParams, PageParams, Params, StepParams, TimeParams, ZoneParams,
        question, take_filter, take_group_by, take_limit, take_metrics, take_range, take_step,
        take_zone,
    },
    problem::Problem,
    shape::{Columns, Metric, MetricRow, metric_row, time, time_us},
    walk::Walk,
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
    /// The database's time of the snapshot, the first where the answer took several.
    as_of: DateTime<Utc>,
    /// Whether records at an edge may belong to the other side of it.
    approximate: bool,
}

/// What is asked, with all parameters resolved.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) range: TimeRange,
    pub(super) zone: Tz,
    pub(super) granularity: &'static str,
    pub(super) filter: Filter,
    pub(super) group_by: GroupBy,
    pub(super) metrics: Vec<Metric>,
}

impl Asked {
    /// Reads everything but the page; `default` are the dimensions where none are named.
    pub(super) fn take(params: &mut Params, now: i64, default: &[&str]) -> Result<Self, Problem> {
        let range = take_range(params, now)?;
        let zone = take_zone(params)?;
        let step = take_step(params, range)?;
        let mut group_by = take_group_by(params, default)?;
        group_by.time = step.map(|step| step.in_zone(zone));
        Ok(Self {
            range,
            zone,
            granularity: step.map_or("none", |step| step.name),
            filter: take_filter(params)?,
            group_by,
            metrics: take_metrics(params)?,
        })
    }

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

/// Rows over time, by any dimensions
#[utoipa::path(
    get,
    path = "/api-metrics",
    tag = "metrics",
    params(TimeParams, StepParams, ZoneParams, GroupParams, FilterParams, PageParams),
    responses((status = 200, description = "The rows that have requests", body = SeriesPage,
        example = json!(crate::openapi::examples::series()))),
)]
pub(super) async fn series(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let now = app.clock.unix_seconds();
    let question = question("series", &params);
    let mut asked = Asked::take(&mut params, now, &[])?;
    let limit = take_limit(&mut params)?;
    let cursor = Cursor::<RowKey>::take(&mut params, &question)?;
    params.finish()?;
    if let Some(cursor) = &cursor {
        asked.range = cursor.range();
    }
    let after = cursor.map(|cursor| cursor.key);
    let ttl = time_to_live(
        asked.range,
        now,
        super::CLOSED_ENDPOINTS,
        app.flush_interval,
    );
    let (cached, hit) = app
        .cache
        .answer(
            "series",
            &caller.scope,
            &(&asked, limit, &after, &question),
            ttl,
            compute(
                &app,
                &caller.scope,
                &asked,
                limit,
                after.as_ref(),
                &question,
            ),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

async fn compute(
    app: &App,
    scope: &Scope,
    asked: &Asked,
    limit: usize,
    after: Option<&RowKey>,
    question: &str,
) -> Result<SeriesPage, Problem> {
    let mut query = asked.query(scope);
    if let Some(start) = after.and_then(|(start, ..)| *start) {
        // The cursor's own step is read again for what comes after the cursor in it.
        query.range.from = start.max(query.range.from);
    }
    let mut walk = Walk::new(query);
    let (mut data, mut last, mut more) = (Vec::new(), None, false);
    while let Some(row) = walk.row(&app.reader).await? {
        let key = key(&row.group);
        if after.is_some_and(|after| key <= *after) {
            continue;
        }
        if data.len() == limit {
            more = true;
            break;
        }
        data.push(metric_row(&asked.group_by, &asked.metrics, &row));
        last = Some(key);
    }
    // The first page says where the range really begins; the others repeat it.
    let from = if after.is_some() {
        asked.range.from
    } else {
        walk.covered().from
    };
    let to = walk.covered().to.max(asked.range.to);
    let next = last
        .filter(|_| more)
        .map(|key| Cursor::new(question, TimeRange::new(from, asked.range.to), key).encode());
    Ok(SeriesPage {
        data,
        next_cursor: next,
        granularity: asked.granularity,
        tz: asked.zone.name().to_owned(),
        from: time(from),
        to: time(to),
        as_of: time_us(walk.as_of_us()),
        approximate: walk.approximate(),
    })
}

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
