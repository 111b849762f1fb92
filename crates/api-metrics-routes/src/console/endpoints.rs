//! `GET endpoints`: which routes a consumer has asked for.

use api_metrics_store::query::{Detail, GroupBy, Query};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    period::{Asked, PeriodParams},
    summary::whole_ms,
};
use crate::{
    app::App,
    auth::Caller,
    extract::{Params, take_limit_or},
    problem::Problem,
    shape::Figures,
};

/// One route.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConsoleEndpoint)]
pub(crate) struct Endpoint {
    /// The method, or `_OTHER`.
    method: String,
    /// The route template.
    endpoint: String,
    /// Requests that finished in the period.
    request_count: u64,
    /// Average response time in whole milliseconds.
    average_response_time: u64,
    /// 4xx and 5xx in percent of the requests.
    error_rate: f64,
}

/// `limit`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct LimitParams {
    /// At most so many.
    #[param(example = 10, minimum = 1, maximum = 1000, default = 10)]
    limit: Option<u32>,
}

/// The routes that a consumer has asked for, the most requested first
#[utoipa::path(
    get,
    path = "/endpoints",
    tag = "console",
    params(LimitParams, PeriodParams),
    responses((status = 200, description = "The routes", body = Vec<Endpoint>,
        example = json!([{"method": "GET", "endpoint": "/users/{id}", "requestCount": 1200,
            "averageResponseTime": 12, "errorRate": 0.5}]))),
)]
pub(super) async fn get_endpoints(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::take(&mut params)?;
    let limit = take_limit_or(&mut params, 10)?;
    params.finish()?;
    let range = asked.so_far(app.clock.unix_seconds());
    let query = Query::over(range)
        .filter(asked.filter())
        .scope(caller.scope.clone())
        .group_by(GroupBy::default().method(true).endpoint(true))
        .detail(Detail::Counts);
    let compute = async {
        let mut rows = app.reader.read(&query).await?.rows;
        rows.sort_by(|a, b| {
            (b.bucket.request_count, &a.group).cmp(&(a.bucket.request_count, &b.group))
        });
        let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap_or("").to_owned();
        Ok(rows
            .iter()
            .take(limit)
            .map(|row| Endpoint {
                method: text(&row.group.method),
                endpoint: text(&row.group.endpoint),
                request_count: row.bucket.request_count,
                average_response_time: whole_ms(Some(&row.bucket)),
                error_rate: Figures::of(Some(&row.bucket)).error_rate.unwrap_or(0.0),
            })
            .collect::<Vec<_>>())
    };
    let (cached, hit) = app
        .cache
        .answer(
            "console endpoints",
            &caller.scope,
            &(asked, range, limit),
            app.flush_interval,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}
