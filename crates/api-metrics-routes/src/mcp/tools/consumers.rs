//! `consumer_report`: one consumer beside everybody else, or the largest ones.
//!
//! A consumer is an API key. Its endpoints stand beside everybody else's at the same endpoint, because "slow" is either
//! the consumer's calls or the endpoint: the two columns tell which. A caller that sees no other consumers has no others
//! to compare with.
//!
//! The rate limit and the quota are of this moment, also where the range lies in the past.

use http::HeaderMap;
use serde_json::{Map, Value, json};

#[cfg(feature = "control")]
use super::super::call::json_of;
use super::{
    super::{
        call::{Call, Pairs, and, body_of},
        shape::{notes, number, pick, pick_each, put, range, rows, shown, text},
    },
    overview::{TOTALS, totals},
};
use crate::{
    metrics::{endpoint_consumers::endpoint_consumers, top_consumers::top_consumers},
    response::Problem,
};

/// The rows of each list.
const MOST: usize = 10;
/// How a key is named.
const KEY: [&str; 4] = ["apiKeyId", "externalId", "name", "tenantId"];

/// Answers `consumer_report`.
///
/// # Errors
/// Those of the routes.
pub(in super::super) async fn report(mut call: Call<'_>) -> Result<Value, Problem> {
    let key = call.arguments.peek("apiKeyId")?;
    let pairs = call.pairs()?;
    match key {
        Some(key) => of_one(&call, &key, pairs).await,
        None => largest(&call, &pairs).await,
    }
}

/// The consumers with the most requests.
///
/// # Errors
/// Those of the route.
async fn largest(call: &Call<'_>, pairs: &Pairs) -> Result<Value, Problem> {
    let params = call.params(and(pairs, "limit", MOST))?;
    let found = top_consumers(call.state(), call.caller(), HeaderMap::new(), params).await?;
    let found = body_of(found).await?;
    let members = [&KEY[..], &["requestCount", "share", "errorRate", "p95Ms"]].concat();
    let consumers = pick_each(&found["data"], MOST, &members);
    let more = if found["nextCursor"].is_null() {
        "These are all consumers"
    } else {
        "The consumers with the most requests"
    };
    let summary = format!("{more}. Call again with `apiKeyId` for one of them.");
    Ok(
        json!({"summary": summary, "range": range(&found), "consumers": consumers,
        "notes": notes(&[&found])}),
    )
}

/// One consumer.
///
/// # Errors
/// Those of the routes.
async fn of_one(call: &Call<'_>, key: &str, pairs: Pairs) -> Result<Value, Problem> {
    let params = call.params(and(&pairs, "limit", MOST))?;
    let found = endpoint_consumers(call.state(), call.caller(), HeaderMap::new(), params).await?;
    let endpoints = body_of(found).await?;
    let total = totals(call, pairs).await?;
    let label = rows(&endpoints["data"])
        .first()
        .cloned()
        .unwrap_or_default();
    let name = [text(&label, "name"), text(&label, "externalId")]
        .into_iter()
        .find(|name| !name.is_empty())
        .map_or_else(|| format!("Consumer {key}"), str::to_owned);
    let mut answer = Map::new();
    let mut said = format!(
        "{name}: {} requests, {} errors, 95th percentile {}.",
        total["totalRequests"],
        shown(number(&total, "errorRate"), "%"),
        shown(number(&total, "p95Ms"), " ms"),
    );
    let (limit, quota) = bounds(call, key).await?;
    for bound in [&limit, &quota] {
        if let Some(text) = bound["text"].as_str() {
            said.push_str(&format!(" {text}"));
        }
    }
    answer.insert("summary".to_owned(), said.into());
    answer.insert("range".to_owned(), range(&total));
    put(&mut answer, "consumer", pick(&label, &KEY));
    answer.insert("now".to_owned(), pick(&total, &TOTALS));
    let members = [
        "service",
        "method",
        "endpoint",
        "requestCount",
        "errorRate",
        "p95Ms",
        "othersRequestCount",
        "othersErrorRate",
        "othersP95Ms",
    ];
    let rows = pick_each(&endpoints["data"], MOST, &members);
    put(&mut answer, "endpoints", Value::Array(rows));
    put(&mut answer, "rateLimit", limit);
    put(&mut answer, "quota", quota);
    let mut notes = notes(&[&total, &endpoints]);
    if endpoints["complete"] == json!(false) {
        notes.push(format!(
            "The {MOST} endpoints with its most requests; there are more."
        ));
    }
    answer.insert("notes".to_owned(), json!(notes));
    Ok(Value::Object(answer))
}

/// The rate limit and the quota of a key, where it has them. Both are of now, whatever the range is.
///
/// # Errors
/// Those of the routes.
#[cfg(feature = "control")]
async fn bounds(call: &Call<'_>, key: &str) -> Result<(Value, Value), Problem> {
    use crate::control::{limits::rate_limits, quotas::quotas};
    if !call.app.client.has_control() || key == "0" {
        return Ok((Value::Null, Value::Null));
    }
    let pairs = vec![("apiKeyId".to_owned(), key.to_owned())];
    let params = call.params(pairs.clone())?;
    let limits = rate_limits(call.state(), call.caller(), HeaderMap::new(), params).await?;
    let limits = body_of(limits).await?;
    let members = [
        "limit",
        "used",
        "previous",
        "utilization",
        "text",
        "forecast",
    ];
    let limit = pick_each(&limits["data"], 1, &members).pop();
    let used = quotas(call.state(), call.caller(), call.params(pairs)?).await?;
    let used = json_of(used.0)?;
    let members = [
        "unit",
        "limit",
        "used",
        "usagePercentage",
        "period",
        "resetDate",
        "projectedExhaustion",
    ];
    let quota = pick_each(&used["data"], 1, &members).pop();
    Ok((limit.unwrap_or_default(), quota.unwrap_or_default()))
}

/// Nothing: there are no limits.
#[cfg(not(feature = "control"))]
async fn bounds(_: &Call<'_>, _: &str) -> Result<(Value, Value), Problem> {
    Ok((Value::Null, Value::Null))
}
