//! `compare_periods`: a range against an earlier one of the same length.
//!
//! Both are asked as ranges of their own, so that any two can be compared. What changed is ranked by the errors
//! and requests that differ, and by the requests that are slower; a few requests more or less are no change.
//!
//! # What counts as a change
//!
//! | word | means |
//! |---|---|
//! | `new`, `gone` | among the rows of one range alone |
//! | `more errors`, `fewer errors` | both the number and the rate of 4xx and 5xx went that way |
//! | `slower`, `faster` | the 95th percentile is a quarter above, or a fifth below, with 30 requests on both sides |
//! | `more traffic`, `less traffic` | a quarter of the requests more or less |
//!
//! A row without any of them is left out. The weight of a row is ten for each error, one for each request more or less,
//! and for each request of the smaller side the logarithm of how much slower or faster it is: one that takes twice as
//! long weighs about as much as one that is missing.
//!
//! Rows are found again by service, method and endpoint, and consumers by the number of their key. Both lists hold the
//! rows with the most requests of their range, so what is `new` may have been below the last row before; a note says so
//! where that can be.

use std::collections::BTreeMap;

use api_metrics_store::query::TimeRange;
use chrono::DateTime;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{
    super::{
        arguments::Schema,
        call::{Call, Pairs, and, body_of, over},
        shape::{hundredths, notes, number, pick, put, range, rows, shown},
    },
    endpoints::{RANKED, errors, ranked},
    overview::{TOTALS, signed, totals},
};
use crate::{
    metrics::top_consumers::top_consumers,
    request::{Form, Parsed},
    response::{Problem, percent_of},
};

/// The rows of each list.
const MOST: usize = 8;
/// A week in seconds.
const WEEK: i64 = 7 * 86_400;
/// The least requests on both sides for which latencies are compared.
const MEASURED: f64 = 30.0;

/// `against`.
const AGAINST: Parsed<Against> = Parsed {
    name: "against",
    description: "The earlier range: previous (the same length, right before), lastWeek (seven days before), or the instant, RFC 3339, at which a range of the same length begins. By default previous.",
    example: Some("previous"),
    form: Form::Text,
    read: |text| match text {
        "previous" => Some(Against::Previous),
        "lastWeek" => Some(Against::LastWeek),
        text => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| Against::From(at.timestamp())),
    },
    wrong: "none of previous, lastWeek, and no RFC 3339 time like 2026-05-17T00:00:00Z",
};

/// Which range is the earlier one.
#[derive(Debug, Clone, Copy)]
enum Against {
    /// Right before.
    Previous,
    /// Seven days before.
    LastWeek,
    /// From this second on.
    From(i64),
}

/// The arguments.
pub(in super::super) fn schema(filtered: Schema) -> Schema {
    filtered.of(|docs| AGAINST.describe(docs), &[AGAINST.name])
}

/// The range that another is compared with.
///
/// # Errors
/// 400 that names `against`, where it does not lie before the other one.
fn earlier(range: TimeRange, against: Against) -> Result<TimeRange, Problem> {
    let length = range.to - range.from;
    let from = match against {
        Against::Previous => range.from - length,
        Against::LastWeek => range.from - WEEK,
        Against::From(at) => at,
    };
    if from.saturating_add(length) > range.from {
        let detail = "the earlier range would overlap the later one";
        return Err(Problem::parameter(AGAINST.name, detail));
    }
    Ok(TimeRange::new(from, from + length))
}

/// What a row is about.
type Key = [String; 3];

/// Answers `compare_periods`.
///
/// # Errors
/// Those of the routes, and 400 that names `against`.
pub(in super::super) async fn compare(mut call: Call<'_>) -> Result<Value, Problem> {
    let against = call.arguments.text(AGAINST.name)?;
    let against = against
        .as_deref()
        .map_or(Ok(Against::Previous), |text| AGAINST.read(text))?;
    let pairs = call.pairs()?;
    let (later, filters) = call.range(pairs)?;
    let earlier = earlier(later, against)?;
    let (later, earlier) = (over(later, &filters), over(earlier, &filters));
    let now = totals(&call, later.clone()).await?;
    let before = totals(&call, earlier.clone()).await?;
    let endpoints = (ranked(&call, &later).await?, ranked(&call, &earlier).await?);
    let consumers = (
        consumers(&call, &later).await?,
        consumers(&call, &earlier).await?,
    );
    let of_endpoint = ["service", "method", "endpoint"];
    let of_consumer = ["apiKeyId", "name", "externalId"];
    let mut answer = Map::new();
    answer.insert("summary".to_owned(), said(&before, &now).into());
    answer.insert("range".to_owned(), range(&now));
    answer.insert("against".to_owned(), range(&before));
    answer.insert("now".to_owned(), pick(&now, &TOTALS));
    answer.insert("before".to_owned(), pick(&before, &TOTALS));
    let changed = changes(&endpoints.0, &endpoints.1, of_endpoint);
    put(&mut answer, "endpoints", Value::Array(changed));
    let changed = changes(&consumers.0, &consumers.1, of_consumer);
    put(&mut answer, "consumers", Value::Array(changed));
    let mut told = notes(&[&now, &before, &endpoints.0, &consumers.0]);
    let lists = [&endpoints.0, &endpoints.1, &consumers.0, &consumers.1];
    if lists.iter().any(|list| !list["nextCursor"].is_null()) {
        told.push(format!(
            "Only the {RANKED} endpoints and consumers with the most requests of each range are compared: what is new \
             or gone may have had fewer requests."
        ));
    }
    answer.insert("notes".to_owned(), json!(told));
    Ok(Value::Object(answer))
}

/// The consumers with the most requests of a range, by the route that answers them.
///
/// # Errors
/// Those of the route.
async fn consumers(call: &Call<'_>, pairs: &Pairs) -> Result<Value, Problem> {
    let params = call.params(and(pairs, "limit", RANKED))?;
    body_of(top_consumers(call.state(), call.caller(), HeaderMap::new(), params).await?).await
}

/// The totals in words.
fn said(before: &Value, now: &Value) -> String {
    let change = |name| {
        let change = percent_of(number(before, name)?, number(now, name)?);
        change.map(signed)
    };
    let changed = |name| change(name).map_or(String::new(), |change| format!(" ({change})"));
    format!(
        "Requests {} to {}{}; errors {} to {}; 95th percentile {} to {}{}.",
        before["totalRequests"],
        now["totalRequests"],
        changed("totalRequests"),
        shown(number(before, "errorRate"), "%"),
        shown(number(now, "errorRate"), "%"),
        shown(number(before, "p95Ms"), " ms"),
        shown(number(now, "p95Ms"), " ms"),
        changed("p95Ms"),
    )
}

/// The rows of two lists that differ most.
fn changes(now: &Value, before: &Value, labels: [&str; 3]) -> Vec<Value> {
    let mut pairs: BTreeMap<Key, [Option<&Value>; 2]> = BTreeMap::new();
    for (side, list) in [before, now].into_iter().enumerate() {
        for row in rows(&list["data"]) {
            let key = labels.map(|label| match &row[label] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            if let Some(place) = pairs.entry(key).or_default().get_mut(side) {
                *place = Some(row);
            }
        }
    }
    let mut changed: Vec<(f64, Value)> = pairs
        .values()
        .filter_map(|[before, now]| change(*before, *now, &labels))
        .collect();
    changed.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    changed.truncate(MOST);
    changed.into_iter().map(|(_, row)| row).collect()
}

/// How much a row changed, and how; none where it did not.
fn change(before: Option<&Value>, now: Option<&Value>, labels: &[&str]) -> Option<(f64, Value)> {
    let of = |row: Option<&Value>, name| row.and_then(|row| number(row, name));
    let requests = [before, now].map(|row| of(row, "requestCount").unwrap_or_default());
    let failed = [before, now].map(|row| row.map_or(0.0, errors));
    let p95 = [before, now].map(|row| of(row, "p95Ms"));
    let mut why = Vec::new();
    match (before, now) {
        (None, _) => why.push("new"),
        (_, None) => why.push("gone"),
        _ => {}
    }
    let more = requests[1] - requests[0];
    let more_errors = failed[1] - failed[0];
    let rate = [0, 1].map(|side: usize| failed[side] / requests[side].max(1.0));
    if more_errors > 0.0 && rate[1] > rate[0] {
        why.push("more errors");
    } else if more_errors < 0.0 && rate[1] < rate[0] {
        why.push("fewer errors");
    }
    let measured = requests[0].min(requests[1]);
    let slower = match p95 {
        [Some(before), Some(now)] if measured >= MEASURED && before > 0.0 => now / before,
        _ => 1.0,
    };
    if slower >= 1.25 {
        why.push("slower");
    } else if slower <= 0.8 {
        why.push("faster");
    }
    if before.is_some() && now.is_some() && more.abs() >= requests[0] * 0.25 {
        why.push(if more > 0.0 {
            "more traffic"
        } else {
            "less traffic"
        });
    }
    if why.is_empty() {
        return None;
    }
    let weight = more_errors.abs() * 10.0 + more.abs() + measured * slower.ln().abs();
    let shown = |row: Option<&Value>| {
        let row = row?;
        let mut numbers = pick(row, &["requestCount", "errorRate", "p95Ms"]);
        numbers["errors"] = json!(hundredths(errors(row)));
        Some(numbers)
    };
    let mut row = pick(now.or(before)?, labels);
    row["why"] = json!(why);
    row["before"] = json!(shown(before));
    row["now"] = json!(shown(now));
    Some((weight, row))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{super::super::shape::text, *};

    fn list(rows: &[(&str, u64, f64, f64)]) -> Value {
        let rows = rows.iter().map(|(name, requests, rate, p95)| {
            json!({"service": "s", "method": "GET", "endpoint": name, "requestCount": requests,
                "errorRate": rate, "p95Ms": p95})
        });
        json!({"data": rows.collect::<Vec<_>>()})
    }

    #[test]
    fn what_changed_most_stands_first_and_says_how() {
        let before = list(&[
            ("/a", 100, 0.0, 10.0),
            ("/b", 100, 0.0, 10.0),
            ("/same", 100, 1.0, 10.0),
            ("/old", 5, 0.0, 1.0),
        ]);
        let now = list(&[
            ("/a", 100, 0.0, 40.0),
            ("/b", 100, 50.0, 10.0),
            ("/same", 101, 1.0, 10.1),
            ("/fresh", 7, 0.0, 1.0),
        ]);
        let changed = changes(&now, &before, ["service", "method", "endpoint"]);
        let told: Vec<_> = changed
            .iter()
            .map(|row| (text(row, "endpoint"), row["why"].clone()))
            .collect();
        assert_eq!(
            told,
            [
                ("/b", json!(["more errors"])),
                ("/a", json!(["slower"])),
                ("/fresh", json!(["new"])),
                ("/old", json!(["gone"])),
            ]
        );
        assert_eq!(changed[0]["now"]["errors"], 50.0);
        assert_eq!(changed[2]["before"], Value::Null);
    }

    #[test]
    fn the_earlier_range_lies_before_the_later_one() {
        let range = TimeRange::new(100_000, 103_600);
        let before = earlier(range, Against::Previous).unwrap();
        assert_eq!((before.from, before.to), (96_400, 100_000));
        assert_eq!(earlier(range, Against::From(50)).unwrap().to, 3_650);
        for wrong in [Against::From(96_401), Against::From(i64::MAX)] {
            assert_eq!(earlier(range, wrong).unwrap_err().named(), Some("against"));
        }
        let long = TimeRange::new(0, WEEK + 1);
        assert!(earlier(long, Against::LastWeek).is_err());
    }
}
