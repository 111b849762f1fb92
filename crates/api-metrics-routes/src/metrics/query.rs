//! `POST /api-metrics/query`: several groupings of one question at once.
//!
//! The members of the body that are also parameters of `GET /api-metrics` are read by the same
//! code.

use api_metrics_store::query::{GroupBy, Scope};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::series::RowParams;
use crate::{
    auth::{Caller, within},
    read::WindowedReader,
    request::{Context, Limit, Params, QueryParams, TENANT, group_by, json_object, metrics},
    response::{AxisView, Columns, Problem, metric_row, time, time_us},
    router::App,
};

/// More groupings in one question than any page shows.
const MAX_GROUPINGS: usize = 8;

/// A question.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `members` reads")]
pub(crate) struct QueryBody {
    /// The range up to now; not together with `from`.
    #[cfg_attr(test, schema(example = "24h", nullable = false))]
    period: Option<String>,
    /// The first instant of the range, RFC 3339.
    #[cfg_attr(test, schema(nullable = false))]
    from: Option<DateTime<Utc>>,
    /// The first instant after the range, RFC 3339; up to now without it.
    #[cfg_attr(test, schema(nullable = false))]
    to: Option<DateTime<Utc>>,
    /// As in `GET /api-metrics`.
    #[cfg_attr(test, schema(example = "auto", nullable = false))]
    granularity: Option<String>,
    /// The most points that `auto` gives, about.
    #[cfg_attr(
        test,
        schema(minimum = 1, maximum = 1000, default = 300, nullable = false)
    )]
    points: Option<u32>,
    /// Only the groups of each grouping with the most requests over the whole range, at most so many.
    #[cfg_attr(test, schema(minimum = 1, maximum = 100, nullable = false))]
    top: Option<u32>,
    /// The zone of hours, days and weeks.
    #[cfg_attr(test, schema(example = "UTC", nullable = false))]
    tz: Option<String>,
    /// Which series count: the filters of `GET /api-metrics`.
    #[cfg_attr(test, schema(nullable = false))]
    filter: Option<QueryFilter>,
    /// The groupings, each a list of dimensions; one without any by default. At most 8.
    #[cfg_attr(test, schema(example = json!([["endpoint"], ["apiKey"]]), nullable = false))]
    groupings: Option<Vec<Vec<String>>>,
    /// The numbers of a row; all by default.
    #[cfg_attr(test, schema(example = json!(["requestCount", "p95Ms"]), nullable = false))]
    metrics: Option<Vec<String>>,
    /// The most rows of each grouping.
    #[cfg_attr(
        test,
        schema(minimum = 1, maximum = 1000, default = 100, nullable = false)
    )]
    limit: Option<u32>,
}

/// Which series count.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `members` reads")]
pub(crate) struct QueryFilter {
    /// Only this recording service.
    #[cfg_attr(test, schema(nullable = false))]
    service: Option<String>,
    /// Only this environment.
    #[cfg_attr(test, schema(nullable = false))]
    environment: Option<String>,
    /// Only this protocol: `http`, `grpc`, a kind of events, `any`, or `billed`. Without it, requests to the
    /// server: `http` and `grpc`.
    #[cfg_attr(test, schema(nullable = false))]
    protocol: Option<String>,
    /// Only this method, in any case.
    #[cfg_attr(test, schema(nullable = false))]
    method: Option<String>,
    /// Only this route template, exactly.
    #[cfg_attr(test, schema(nullable = false))]
    endpoint: Option<String>,
    /// Only the API key of this number; 0 for requests without a key.
    #[cfg_attr(test, schema(nullable = false))]
    api_key_id: Option<i64>,
    /// Only the API keys of this user.
    #[cfg_attr(test, schema(nullable = false))]
    user_id: Option<String>,
    /// Only the API keys of this team.
    #[cfg_attr(test, schema(nullable = false))]
    team_id: Option<String>,
    /// Only the API keys of this tenant. Never more than the caller may see.
    #[cfg_attr(test, schema(nullable = false))]
    tenant_id: Option<String>,
}

/// The rows of each grouping.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryAnswer {
    /// In the order of `groupings`.
    results: Vec<QueryResult>,
    /// The length of a point, as it was chosen for `auto`; `none` for one over the whole range.
    granularity: &'static str,
    /// The zone of hours, days and weeks.
    tz: String,
    /// How the range is divided, the same for all groupings; null with `granularity=none`.
    axis: Option<AxisView>,
    /// The first instant that the answer covers.
    from: DateTime<Utc>,
    /// The first instant that the answer does not cover.
    to: DateTime<Utc>,
    /// When the first snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
    /// Whether any row is approximate, or records at an end of the range may belong to the other side of it.
    approximate: bool,
    /// Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
    /// flush batches, are left out. The status names them.
    incomplete: bool,
}

/// The rows of one grouping.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryResult {
    /// Its dimensions.
    group_by: Vec<String>,
    /// Its rows, by time, then by their dimensions.
    #[cfg_attr(test, schema(value_type = Vec<crate::response::MetricRow>))]
    data: Vec<Columns>,
    /// Whether there are more than `limit`; `GET /api-metrics` pages through them.
    truncated: bool,
}

/// Several groupings of one question at once
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-metrics/query",
    tag = "metrics",
    request_body(content = QueryBody,
        example = json!({"period": "24h", "granularity": "none", "groupings": [["endpoint"], []],
            "metrics": ["requestCount", "p95Ms"]})),
    responses((status = 200, description = "The rows of each grouping", body = QueryAnswer,
        example = json!(super::examples::query()))),
))]
pub(super) async fn query(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    let body = json_object(body)?;
    let now = app.clock.unix_seconds();
    let mut members = Members::of(body)?;
    let context = Context::at(now);
    let mut asked = RowParams::take(&mut members.params, &context)?;
    let limit = Limit::<100>::take(&mut members.params, &context)?.rows();
    members.params.finish()?;
    if let Some(names) = &members.metrics {
        asked.metrics = metrics("metrics", names)?;
    }
    let groupings = members
        .groupings
        .into_iter()
        .map(|names| Ok((group_by("groupings", &names)?, names)))
        .collect::<Result<Vec<_>, Problem>>()?;
    let scope = match members.tenant {
        Some(tenant) => within(caller.scope, tenant, caller.principal.tenant()),
        None => caller.scope,
    };
    let (cached, hit) = app
        .answer(
            "query",
            &scope,
            &(&asked, &groupings, limit),
            asked.range,
            compute(&app, &scope, &asked, &groupings, limit),
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// Reads the groupings one after the other, each within its limit.
async fn compute(
    app: &App,
    scope: &Scope,
    asked: &RowParams,
    groupings: &[(GroupBy, Vec<String>)],
    limit: usize,
) -> Result<QueryAnswer, Problem> {
    let mut answer = QueryAnswer {
        results: Vec::new(),
        granularity: "none",
        tz: asked.zone.name().to_owned(),
        axis: None,
        from: time(asked.range.from),
        to: time(asked.range.to),
        as_of: time_us(0),
        approximate: false,
        incomplete: false,
    };
    let (mut axis, mut matched) = (None, false);
    for (dimensions, names) in groupings {
        let mut query = asked.query(scope);
        query.axis.clone_from(&axis);
        query.group_by = *dimensions;
        query.group_by.time = asked.group_by.time;
        let by = query.group_by;
        let mut windows = WindowedReader::new(query, None);
        let (mut data, mut truncated) = (Vec::new(), false);
        while let Some((row, period)) = windows.row(&app.client).await? {
            if data.len() == limit {
                truncated = true;
                break;
            }
            data.push(metric_row(&by, &asked.metrics, &row, period));
        }
        if answer.results.is_empty() {
            answer.from = time(windows.range().from);
            answer.to = time(windows.range().to);
            answer.as_of = time_us(windows.as_of_us());
            axis = windows.axis().cloned();
            answer.axis = axis.as_deref().map(AxisView::from);
            answer.granularity = axis.as_ref().map_or("none", |axis| axis.step.into());
        }
        matched |= windows.matched();
        answer.approximate |= windows.approximate();
        answer.incomplete |= windows.incomplete();
        answer.results.push(QueryResult {
            group_by: names.clone(),
            data,
            truncated,
        });
    }
    app.client.found(scope, &asked.filter, matched).await?;
    Ok(answer)
}

/// The members of a body: those that are also parameters of `GET /api-metrics` are read by the same
/// code, so that both refuse the same things in the same words.
struct Members {
    /// The members that are parameters of `GET /api-metrics` too.
    params: Params,
    /// The tenant to which `filter` narrows the scope, as a query string does elsewhere.
    tenant: Option<String>,
    /// Dimensions of each grouping.
    groupings: Vec<Vec<String>>,
    /// The metrics, where the body names some.
    metrics: Option<Vec<String>>,
}

impl Members {
    /// Sorts the members of a body.
    ///
    /// # Errors
    /// 400 that names the member that is wrong.
    fn of(body: Map<String, Value>) -> Result<Self, Problem> {
        let (mut pairs, mut groupings, mut metrics) = (Vec::new(), vec![Vec::new()], None);
        for (name, value) in body {
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                ("groupBy", _) => {
                    return Err(Problem::parameter(
                        "groupBy",
                        "here it is `groupings`, a list of lists",
                    ));
                }
                ("groupings", value) => groupings = lists(value)?,
                ("metrics", value) => metrics = Some(list("metrics", value)?),
                ("filter", Value::Object(filter)) => {
                    for (name, value) in filter {
                        pairs.extend(scalar(name, value)?);
                    }
                }
                ("filter", _) => return Err(Problem::parameter("filter", "must be an object")),
                (_, value) => pairs.extend(scalar(name, value)?),
            }
        }
        Ok(Self {
            tenant: (pairs.iter())
                .find(|(name, _)| name == TENANT.name)
                .map(|(_, tenant)| tenant.clone()),
            params: Params::from_pairs(pairs)?,
            groupings,
            metrics,
        })
    }
}

/// A member that is also a parameter, as its text.
///
/// # Errors
/// 400 that names the member.
fn scalar(name: String, value: Value) -> Result<Option<(String, String)>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some((name, text))),
        Value::Number(number) => Ok(Some((name, number.to_string()))),
        _ => Err(Problem::parameter(
            crate::request::shown(&name),
            "must be a string or a number",
        )),
    }
}

/// A member that is a list of names.
///
/// # Errors
/// 400 that names the member.
fn list(name: &'static str, value: Value) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::parameter(name, "must be a list of names");
    let Value::Array(values) = value else {
        return Err(wrong());
    };
    values
        .into_iter()
        .map(|value| match value {
            Value::String(text) => Ok(text),
            _ => Err(wrong()),
        })
        .collect()
}

/// The groupings.
///
/// # Errors
/// 400 that names `groupings`.
fn lists(value: Value) -> Result<Vec<Vec<String>>, Problem> {
    let Value::Array(values) = value else {
        return Err(Problem::parameter(
            "groupings",
            "must be a list of lists of names",
        ));
    };
    if values.is_empty() || values.len() > MAX_GROUPINGS {
        return Err(Problem::parameter(
            "groupings",
            format!("must be 1 to {MAX_GROUPINGS} lists"),
        ));
    }
    values
        .into_iter()
        .map(|value| list("groupings", value))
        .collect()
}
