//! `top_endpoints`: the endpoints with the most of something.
//!
//! The store ranks endpoints by requests alone. Any other order is made here, of the 200 with the most requests: an
//! endpoint below them, of a handful of requests, would lead a list by error rate and mean nothing.

use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    super::{
        arguments::Schema,
        call::{Call, Pairs, and, body_of},
        shape::{notes, number, pick, range, rows},
    },
    overview::ENDPOINT,
};
use crate::{
    metrics::endpoints::endpoints,
    request::{Form, OneOf, Parsed},
    response::Problem,
};

/// The endpoints that are ranked: those with the most requests.
pub(super) const RANKED: usize = 200;
/// The endpoints where the caller names no number.
const DEFAULT: u32 = 10;

/// By what endpoints are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// By requests.
    Requests,
    /// By answers of 4xx and 5xx.
    Errors,
    /// By errors in percent.
    ErrorRate,
    /// By the 95th percentile.
    P95,
}

/// `sort`.
const SORT: OneOf<By> = OneOf {
    name: "sort",
    description: "By requests, by errors (4xx and 5xx), by errors in percent of the requests (errorRate), or by the 95th percentile (p95).",
    options: &[
        ("requests", By::Requests),
        ("errors", By::Errors),
        ("errorRate", By::ErrorRate),
        ("p95", By::P95),
    ],
    default: By::Requests,
};

/// `limit`.
const LIMIT: Parsed<u32> = Parsed {
    name: "limit",
    description: "The most endpoints to answer.",
    example: Some("10"),
    form: Form::Small {
        minimum: 1,
        maximum: 20,
        default: DEFAULT,
    },
    read: |text| text.parse().ok().filter(|n| (1..=20).contains(n)),
    wrong: "no number from 1 to 20",
};

/// The arguments.
pub(in super::super) fn schema(filtered: Schema) -> Schema {
    filtered.of(
        |docs| {
            SORT.describe(docs);
            LIMIT.describe(docs);
        },
        &[SORT.name, LIMIT.name],
    )
}

/// The endpoints with the most requests of a range, by the route that answers them.
///
/// # Errors
/// Those of the route.
pub(super) async fn ranked(call: &Call<'_>, pairs: &Pairs) -> Result<Value, Problem> {
    let params = call.params(and(pairs, "limit", RANKED))?;
    body_of(endpoints(call.state(), call.caller(), HeaderMap::new(), params).await?).await
}

/// Answers of 4xx and 5xx of an endpoint or a consumer.
pub(super) fn errors(row: &Value) -> f64 {
    let requests = number(row, "requestCount").unwrap_or_default();
    (requests * number(row, "errorRate").unwrap_or_default() / 1e2).round()
}

/// Answers `top_endpoints`.
///
/// # Errors
/// Those of the route, and 400 that names `sort` or `limit`.
pub(in super::super) async fn top(mut call: Call<'_>) -> Result<Value, Problem> {
    let sort = call.arguments.text(SORT.name)?;
    let by = sort
        .as_deref()
        .map_or(Ok(SORT.default), |text| SORT.read(text))?;
    let limit = call.arguments.text(LIMIT.name)?;
    let limit = limit
        .as_deref()
        .map_or(Ok(DEFAULT), |text| LIMIT.read(text))?;
    let pairs = call.pairs()?;
    let found = ranked(&call, &pairs).await?;
    let mut list: Vec<&Value> = rows(&found["data"]).iter().collect();
    let value = |row: &Value| match by {
        By::Requests => number(row, "requestCount"),
        By::Errors => Some(errors(row)),
        By::ErrorRate => number(row, "errorRate"),
        By::P95 => number(row, "p95Ms"),
    };
    // The sort is stable: equal ones stay in the order of their requests.
    list.sort_by(|a, b| {
        let of = |row| value(row).unwrap_or(-1.0);
        of(b).total_cmp(&of(a))
    });
    let of = list.len();
    let data: Vec<Value> = list
        .into_iter()
        .take(limit as usize)
        .map(|row| {
            let mut picked = pick(row, &ENDPOINT);
            picked["errors"] = json!(errors(row));
            picked
        })
        .collect();
    let mut notes = notes(&[&found]);
    let all = found["nextCursor"].is_null();
    if !all && by != By::Requests {
        notes.push(format!(
            "Ranked among the {RANKED} endpoints with the most requests; there are more."
        ));
    }
    let summary = format!(
        "{} of {}{of} endpoints.",
        data.len(),
        if all { "" } else { "more than " }
    );
    Ok(json!({"summary": summary, "range": range(&found), "endpoints": data, "notes": notes}))
}
