//! `GET summary` and `GET stream`: a consumer's numbers, once and live.
//!
//! Both come from the same function, so that a stream and the page that it updates can't disagree.

use api_metrics_store::{
    bucket::Bucket,
    query::{Detail, Query, Scope},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::period::PeriodParams;
use crate::{
    auth::Caller,
    live::{self, FeedReading, HealthSample, Subscription},
    request::Validated,
    response::{Figures, Problem, time},
    router::{App, AppState},
};

/// A consumer's numbers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsoleSummary {
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

impl ConsoleSummary {
    /// Requests and errors of the period.
    pub(crate) fn sample(&self) -> HealthSample {
        HealthSample(vec![(
            self.period_start.timestamp(),
            self.total_requests,
            self.total_error_count,
        )])
    }
}

/// A consumer's numbers of the running day, week or month
#[cfg_attr(test, utoipa::path(
    get,
    path = "/summary",
    tag = "console",
    params(Validated<PeriodParams>),
    responses((status = 200, description = "The numbers", body = ConsoleSummary,
        example = json!({"totalRequests": 1200, "successRate": 99.5, "averageResponseTime": 12,
            "totalErrorCount": 6, "period": "MONTH", "periodStart": "2026-05-01T00:00:00Z",
            "periodEnd": "2026-05-31T23:59:59Z"}))),
))]
pub(super) async fn get_summary(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params: asked, now }: Validated<PeriodParams>,
) -> Result<Response, Problem> {
    let range = asked.so_far(now);
    let (cached, hit) = app
        .cache
        .answer(
            "console summary",
            &caller.scope,
            &(asked, range),
            app.lifetimes.open,
            async { Ok(summary(&app, &caller.scope, asked).await?.1) },
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// A consumer's numbers, as server-sent events
///
/// An event `metrics-update` every five seconds, or sooner when requests begin or fail all at once, each
/// a whole answer of `summary`.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/stream",
    tag = "console",
    params(Validated<PeriodParams>),
    responses((status = 200, description = "The events", content_type = "text/event-stream",
        body = String, example = "event: metrics-update\nid: 1779000000000000\ndata: {...}\n\n")),
))]
pub(super) async fn get_stream(
    State(app): State<App>,
    caller: Caller,
    Validated { params: asked, .. }: Validated<PeriodParams>,
) -> Result<Response, Problem> {
    let scope = caller.scope.clone();
    let name = format!("console {asked:?}");
    let subscription = Subscription::new(caller.scope.clone(), name, &app, move |app| {
        let scope = scope.clone();
        async move {
            let (as_of_us, summary) = summary(&app, &scope, asked).await?;
            Ok(FeedReading::new(as_of_us, summary.sample(), &summary))
        }
    });
    live::stream(&app.hub, &caller, subscription)
}

/// The numbers, and when their snapshot was taken: microseconds since the Unix epoch.
///
/// # Errors
/// Those of the store.
pub(crate) async fn summary(
    app: &AppState,
    scope: &Scope,
    asked: PeriodParams,
) -> Result<(i64, ConsoleSummary), Problem> {
    let now = app.clock.unix_seconds();
    let mut query = Query::over(asked.so_far(now));
    query.filter = asked.filter();
    query.scope = scope.clone();
    query.detail = Detail::Counts;
    let answer = app.client.read(&query).await?;
    let figures = Figures::of(answer.total());
    let (start, end) = asked.bounds(now);
    let summary = ConsoleSummary {
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
