//! `GET summary` and `GET stream`: a consumer's numbers, once and live.

use api_metrics_store::{
    bucket::Bucket,
    query::{Detail, GroupBy, Query, Scope},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::period::{Asked, PeriodParams};
use crate::{
    app::{App, Shared},
    auth::Caller,
    extract::Params,
    problem::Problem,
    shape::{Figures, time},
    stream::{Vitals, Watch, live},
};

/// A consumer's numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConsoleSummary)]
pub(crate) struct Summary {
    /// Requests that finished in the period.
    total_requests: u64,
    /// Requests without an error in percent; 0 without requests.
    success_rate: f64,
    /// Average response time in whole milliseconds; 0 without requests.
    average_response_time: u64,
    /// 4xx and 5xx together.
    total_error_count: u64,
    /// `DAY`, `WEEK` or `MONTH`.
    period: &'static str,
    /// The first second of the period.
    period_start: DateTime<Utc>,
    /// The last second of the period.
    period_end: DateTime<Utc>,
}

impl Summary {
    /// Requests and errors of the period.
    pub(crate) fn vitals(&self) -> Vitals {
        Vitals(vec![(
            self.period_start.timestamp(),
            self.total_requests,
            self.total_error_count,
        )])
    }
}

/// A consumer's numbers of the running day, week or month
#[utoipa::path(
    get,
    path = "/summary",
    tag = "console",
    params(PeriodParams),
    responses((status = 200, description = "The numbers", body = Summary,
        example = json!({"totalRequests": 1200, "successRate": 99.5, "averageResponseTime": 12,
            "totalErrorCount": 6, "period": "MONTH", "periodStart": "2026-05-01T00:00:00Z",
            "periodEnd": "2026-05-31T23:59:59Z"}))),
)]
pub(super) async fn get_summary(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::take(&mut params)?;
    params.finish()?;
    let range = asked.so_far(app.clock.unix_seconds());
    let (cached, hit) = app
        .cache
        .answer(
            "console summary",
            &caller.scope,
            &(asked, range),
            app.flush_interval,
            async { Ok(summary(&app, &caller.scope, asked).await?.1) },
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// A consumer's numbers, as server-sent events
///
/// An event `metrics-update` every five seconds, or sooner when requests begin or fail all at once, each
/// a whole answer of `summary`.
#[utoipa::path(
    get,
    path = "/stream",
    tag = "console",
    params(PeriodParams),
    responses((status = 200, description = "The events", content_type = "text/event-stream",
        body = String, example = "event: metrics-update\nid: 1779000000000000\ndata: {...}\n\n")),
)]
pub(super) async fn get_stream(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::take(&mut params)?;
    params.finish()?;
    live(&app, caller, Watch::Console(asked))
}

/// The numbers, and the database's time of their snapshot in microseconds.
pub(crate) async fn summary(
    app: &Shared,
    scope: &Scope,
    asked: Asked,
) -> Result<(i64, Summary), Problem> {
    let now = app.clock.unix_seconds();
    let answer = app
        .reader
        .read(
            &Query::over(asked.so_far(now))
                .filter(asked.filter())
                .scope(scope.clone())
                .group_by(GroupBy::default())
                .detail(Detail::Counts),
        )
        .await?;
    let figures = Figures::of(answer.total());
    let (start, end) = asked.bounds(now);
    let summary = Summary {
        total_requests: figures.requests,
        success_rate: figures.success_rate.unwrap_or(0.0),
        average_response_time: whole_ms(answer.total()),
        total_error_count: figures.errors,
        period: asked.period.name(),
        period_start: time(start),
        period_end: time(end - 1),
    };
    Ok((answer.as_of_us, summary))
}

/// The average latency, rounded to whole milliseconds; 0 where there is none.
pub(super) fn whole_ms(bucket: Option<&Bucket>) -> u64 {
    bucket
        .filter(|bucket| bucket.latency_count > 0)
        .map_or(0, |bucket| {
            (bucket.latency_sum_us / bucket.latency_count).saturating_add(500) / 1_000
        })
}
