//! `GET /api-metrics/rate-limits/{keyId}/history`: how near a key came to its limit.

use api_metrics_store::{
    limits::{UtilizationQuery, UtilizationRow},
    query::TimeRange,
    time::Granularity,
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    auth::Caller,
    extract::{
        Cursor, Id, PageParams, Params, TimeParams, nothing, question, take_limit, take_range,
    },
    problem::Problem,
    shape::{KeyLabel, rounded, time},
};

/// `granularity`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct HistoryParams {
    /// How long a period is: 1m, 5m or 1h.
    #[param(inline, schema_with = granularity_schema)]
    granularity: Option<String>,
}

fn granularity_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice(
        "How long a period is: 1m, 5m or 1h.",
        &["1m", "5m", "1h"],
        Some("5m"),
    )
}

/// What a key did in a period, held against what it may.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Utilization {
    /// The start of the period.
    period_start: DateTime<Utc>,
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
            requests_made: row.requests_made,
            rate_limit: row.rate_limit,
            utilization: rounded(row.utilization_pct),
        }
    }
}

/// A page of periods of one key.
#[derive(Debug, Serialize, ToSchema)]
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
    /// The first instant that was asked about.
    from: DateTime<Utc>,
    /// The first instant after it.
    to: DateTime<Utc>,
}

/// How near a key came to its rate limit
///
/// Kept for 30 days; a period is there about 15 seconds after its end.
#[utoipa::path(
    get,
    path = "/api-metrics/rate-limits/{keyId}/history",
    tag = "limits",
    params(("keyId" = i64, Path, description = "The key's number"), HistoryParams, TimeParams, PageParams),
    responses(
        (status = 200, description = "The periods, the latest first", body = UtilizationPage,
            example = json!(crate::openapi::act_examples::history())),
        (status = 404, description = "There is no such key", body = Problem,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    mut params: Params,
) -> Result<Json<UtilizationPage>, Problem> {
    let now = app.clock.unix_seconds();
    let question = question(&format!("history of {id}"), &params);
    let choices = [
        ("1m", Granularity::Minute),
        ("5m", Granularity::FiveMinutes),
        ("1h", Granularity::Hour),
    ];
    let granularity = params.choice("granularity", &choices, Granularity::FiveMinutes)?;
    let mut range = take_range(&mut params, now)?;
    let limit = take_limit(&mut params)?;
    let cursor = Cursor::<i64>::take(&mut params, &question)?;
    params.finish()?;
    if let Some(cursor) = &cursor {
        range = cursor.range();
    }
    let control = app.reader.control()?;
    let key = app
        .reader
        .bounded("api keys", control.keys(&caller.scope, id - 1, 1))
        .await?
        .into_iter()
        .find(|key| key.id == id)
        .ok_or_else(nothing)?;
    let query = UtilizationQuery::new(
        id,
        granularity,
        TimeRange::new(range.from, cursor.map_or(range.to, |cursor| cursor.key)),
        u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1),
    );
    let mut rows = app
        .reader
        .bounded("utilization", control.utilization(&query))
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    // Periods start in the range, so the next page ends where this one's last starts.
    let last = rows.last().filter(|_| more).map(|row| row.period_start);
    Ok(Json(UtilizationPage {
        key: KeyLabel::from(&key),
        rate_limit_per_minute: key.spec.rate_limit_per_minute,
        data: rows.iter().map(Utilization::from).collect(),
        next_cursor: last.map(|at| Cursor::new(&question, range, at).encode()),
        granularity: granularity.as_str(),
        from: time(range.from),
        to: time(range.to),
    }))
}
