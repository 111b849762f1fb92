//! `GET endpoints`: which routes a consumer has asked for.
//!
//! Endpoints of all services together, by method and route template.

use api_metrics_store::query::{Detail, Query};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Serialize;

use super::{period::PeriodParams, summary::whole_ms};
use crate::{
    auth::Caller,
    request::{Context, Limit, ParamDocs, Params, QueryParams, Validated},
    response::{Figures, Problem},
    router::App,
};

/// One route.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsoleEndpoint {
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

/// The parameters of [`get_endpoints`].
#[derive(Debug, Clone, Copy)]
pub(super) struct ConsoleEndpointParams {
    /// Which day, week or month, and which key.
    period: PeriodParams,
    /// How many are answered.
    limit: Limit<10>,
}

impl QueryParams for ConsoleEndpointParams {
    fn describe(docs: &mut ParamDocs) {
        Limit::<10>::describe(docs);
        PeriodParams::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            period: QueryParams::take(params, context)?,
            limit: QueryParams::take(params, context)?,
        })
    }
}

/// The routes that a consumer has asked for, the most requested first
#[cfg_attr(test, utoipa::path(
    get,
    path = "/endpoints",
    tag = "console",
    params(Validated<ConsoleEndpointParams>),
    responses((status = 200, description = "The routes", body = Vec<ConsoleEndpoint>,
        example = json!([{"method": "GET", "endpoint": "/users/{id}", "requestCount": 1200,
            "averageResponseTime": 12, "errorRate": 0.5}]))),
))]
pub(super) async fn get_endpoints(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, now }: Validated<ConsoleEndpointParams>,
) -> Result<Response, Problem> {
    let range = params.period.so_far(now);
    let mut query = Query::over(range);
    query.filter = params.period.filter();
    query.scope = caller.scope.clone();
    query.group_by.method = true;
    query.group_by.endpoint = true;
    query.detail = Detail::Counts;
    let compute = async {
        let mut rows = app.client.read(&query).await?.rows;
        rows.sort_by(|a, b| {
            (b.bucket.request_count, &a.group).cmp(&(a.bucket.request_count, &b.group))
        });
        let text = |label: &Option<std::sync::Arc<str>>| label.as_deref().unwrap_or("").to_owned();
        Ok(rows
            .iter()
            .take(params.limit.rows())
            .map(|row| ConsoleEndpoint {
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
            &(params, range),
            app.lifetimes.open,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}
