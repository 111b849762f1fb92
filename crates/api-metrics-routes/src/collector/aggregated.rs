//! `GET /aggregated`: windows of time, page by page.
//! A page has as many windows as `limit` says, the earliest first; the cursor carries the range of the first page,
//! because a range up to now moves, and where the next window begins. Each page is a snapshot of its own: what is
//! reported while somebody pages may be in later pages, and nothing is in two of them.

use api_metrics_store::query::AxisWindow;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;

use super::{
    figures::WindowRow,
    params::{Windowed, filter},
    windows::Question,
};
use crate::{
    auth::Caller,
    request::{Page, Validated, query_params},
    response::{Problem, time, time_us},
    router::App,
};

/// A page of windows.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct AggregatedPage {
    /// The windows, the earliest first, those without events included.
    data: Vec<WindowRow>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
    /// How long a window is.
    aggregation_window: &'static str,
    /// The first instant that the answer covers.
    start_date: DateTime<Utc>,
    /// The first instant that it does not cover.
    end_date: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
}

query_params! {
    /// The parameters of [`aggregated`].
    pub(super) struct AggregatedParams of "collector windows" {
        /// Which windows.
        windowed: Windowed,
        /// Which of them, by the start of the first.
        page: Page<i64>,
    }
}

/// Windows of time
///
/// Counts, rates and times of commands and agents, sessions, tokens and named numbers.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/aggregated",
    tag = "read",
    params(Validated<AggregatedParams>),
    responses(
        (status = 200, description = "The windows", body = AggregatedPage,
            example = json!({"data": [super::figures::example()], "next_cursor": null, "aggregation_window": "1h",
                "start_date": "2026-05-18T09:00:00Z", "end_date": "2026-05-18T10:00:00Z",
                "as_of": "2026-05-18T09:25:00.125Z"})),
        (status = 404, description = "There is no such user", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(super) async fn aggregated(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<AggregatedParams>,
) -> Result<Response, Problem> {
    let AggregatedParams { windowed, page } = &params;
    let range = page.range_or(windowed.range);
    let compute = async {
        let from = page.after().copied().unwrap_or(range.from);
        let question = Question {
            scope: &caller.scope,
            filter: filter(windowed.user.as_ref(), None),
            range,
            step: Some(windowed.step),
            window: Some(AxisWindow::new(from, page.limit.rows())),
            quantiles: true,
        };
        let windows = question.read(&app.client).await?;
        Ok(AggregatedPage {
            data: windows.rows,
            next_cursor: windows.next.map(|next| page.next(range, next)),
            aggregation_window: windowed.step.into(),
            start_date: time(windows.range.from),
            end_date: time(windows.range.to),
            as_of: time_us(windows.as_of_us),
        })
    };
    let (cached, hit) = app
        .answer(
            "collector aggregated",
            &caller.scope,
            &params,
            range,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}
