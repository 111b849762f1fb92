//! `GET /api-metrics/rate-limits/{keyId}/history`: how near a key came to its limit.
//!
//! Periods are recorded by the control worker and kept for 30 days. They carry the limit of their
//! time.

use api_metrics_store::{control::limits::UtilizationRow, query::TimeRange, time::Granularity};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    auth::Caller,
    control::KeyLabel,
    request::{Context, Id, OneOf, Page, ParamDocs, Params, QueryParams, Validated, nothing},
    response::{AxisView, Problem, rounded, time, utc_axis},
    router::App,
};

/// `granularity`.
const GRANULARITY: OneOf<Granularity> = OneOf {
    name: "granularity",
    description: "How long a period is: 1m, 5m or 1h.",
    options: &[
        ("1m", Granularity::Minute),
        ("5m", Granularity::FiveMinutes),
        ("1h", Granularity::Hour),
    ],
    default: Granularity::FiveMinutes,
};

/// The parameters of [`history`].
#[derive(Debug, Clone)]
pub(crate) struct HistoryParams {
    /// How long a period is.
    granularity: Granularity,
    /// Which time is asked about.
    range: TimeRange,
    /// The page of the list.
    page: Page<i64>,
}

impl QueryParams for HistoryParams {
    const LIST: &'static str = "history";

    fn describe(docs: &mut ParamDocs) {
        GRANULARITY.describe(docs);
        TimeRange::describe(docs);
        Page::<i64>::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            granularity: GRANULARITY.take(params)?,
            range: QueryParams::take(params, context)?,
            page: QueryParams::take(params, context)?,
        })
    }
}

/// Requests of a key in a period, compared with its limit.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Utilization {
    /// The first instant of the period.
    period_start: DateTime<Utc>,
    /// The first instant after it. Only periods that are over are recorded.
    period_end: DateTime<Utc>,
    /// Requests in the period.
    requests_made: u64,
    /// Requests allowed in the period: the limit a minute times its minutes.
    rate_limit: u64,
    /// The first in percent of the second.
    utilization: f64,
}

impl From<&UtilizationRow> for Utilization {
    fn from(row: &UtilizationRow) -> Self {
        Self {
            period_start: time(row.period_start),
            period_end: time(row.period_start + row.granularity.seconds()),
            requests_made: row.requests_made,
            rate_limit: row.rate_limit,
            utilization: rounded(row.utilization_pct),
        }
    }
}

/// A page of periods of one key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UtilizationPage {
    #[serde(flatten)]
    key: KeyLabel,
    /// The limit of today; that of a period is with the period.
    rate_limit_per_minute: Option<u64>,
    /// The periods in which it sent anything, the latest first.
    data: Vec<Utilization>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// How long a period is.
    granularity: &'static str,
    /// The periods of the range, on the first page; null on later ones. Nothing is known of those without a
    /// row: the key sent nothing, or nothing was recorded.
    axis: Option<AxisView>,
    /// The first instant that was asked about.
    from: DateTime<Utc>,
    /// The first instant after it.
    to: DateTime<Utc>,
}

/// How near a key came to its rate limit
///
/// Kept for 30 days; a period is there about 15 seconds after its end.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/rate-limits/{keyId}/history",
    tag = "limits",
    params(("keyId" = i64, Path, description = "The key's number"), Validated<HistoryParams>),
    responses(
        (status = 200, description = "The periods, the latest first", body = UtilizationPage,
            example = json!(crate::control::examples::history())),
        (status = 404, description = "There is no such key", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Validated { params, .. }: Validated<HistoryParams>,
) -> Result<Json<UtilizationPage>, Problem> {
    let HistoryParams {
        granularity, page, ..
    } = &params;
    let (range, limit) = (page.range_or(params.range), page.limit);
    let control = app.client.control()?;
    let key = app
        .client
        .bounded("api keys", control.keys(&caller.scope, id - 1, 1))
        .await?
        .into_iter()
        .find(|key| key.id == id)
        .ok_or_else(nothing)?;
    let range = TimeRange::new(range.from, page.after().copied().unwrap_or(range.to));
    let mut rows = app
        .client
        .bounded(
            "utilization",
            control.utilization(id, *granularity, range, limit.and_one()),
        )
        .await?;
    let more = rows.len() > limit.rows();
    rows.truncate(limit.rows());
    // Periods start in the range, so the next page ends where this one's last starts.
    let last = rows.last().filter(|_| more).map(|row| row.period_start);
    Ok(Json(UtilizationPage {
        key: KeyLabel::from(&key),
        rate_limit_per_minute: app.control.limits.limit_of(&key),
        data: rows.iter().map(Utilization::from).collect(),
        next_cursor: last.map(|at| page.next(range, at)),
        granularity: (*granularity).into(),
        axis: match page.after() {
            None => utc_axis(range, (*granularity).into()),
            Some(_) => None,
        },
        from: time(range.from),
        to: time(range.to),
    }))
}
