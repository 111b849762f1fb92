//! What every number over time covers: one calendar, rows as long as their step, unknown that is no zero.
//! Each on both databases, through the API, with old periods removed as retention does.

use std::collections::BTreeMap;

use api_metrics_tests::{eventually, harness::Database};
use chrono::{DateTime, Datelike, Timelike, Weekday};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::{
    host::TOKEN,
    site::{NOW, Site},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

macro_rules! both {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Database::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Database::postgres().await).await;
            })*
        }
    };
}

both! {
    rows_under_one_step_have_one_length
    a_step_that_is_not_kept_is_refused_and_the_finest_is_named
    days_have_the_date_that_holds_most_of_them
    a_day_never_goes_into_an_hour
    hours_tile_the_range_in_every_zone
    the_range_before_is_as_long_as_the_range
    what_is_not_known_is_not_found
    a_consumer_shows_its_busiest_minute_and_when_it_was_seen
    a_late_record_changes_all_views_at_once
    the_top_groups_have_all_of_their_periods
}

fn at(text: &Value) -> i64 {
    let text = text.as_str().unwrap();
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

fn text(at: i64) -> String {
    let at = DateTime::from_timestamp(at, 0).unwrap();
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn count(row: &Value) -> u64 {
    row["requestCount"].as_u64().unwrap()
}

/// The range in a query string.
fn between(from: i64, to: i64) -> String {
    format!("from={}&to={}", text(from), text(to))
}

/// Two requests in every minute of these ranges.
async fn even(site: &Site, ranges: &[(i64, i64)]) {
    for (from, to) in ranges {
        let mut minute = from - from.rem_euclid(MINUTE);
        while minute < *to {
            site.record(minute, "/a", None, 2);
            minute += MINUTE;
        }
        site.settle().await;
    }
}

/// Rows tile the range, and each holds two requests for each of its minutes; only the first and last may be short,
/// and say so.
fn is_even(rows: &[Value], page: &Value, seconds: i64) {
    assert_eq!(at(&rows[0]["periodStart"]), at(&page["from"]));
    assert_eq!(at(&rows[rows.len() - 1]["periodEnd"]), at(&page["to"]));
    for (place, row) in rows.iter().enumerate() {
        let length = at(&row["periodEnd"]) - at(&row["periodStart"]);
        assert_eq!(count(row), 2 * (length / MINUTE).unsigned_abs(), "{row}");
        if row["partial"] == false {
            assert_eq!(length, seconds, "{row}");
        } else {
            assert!(place == 0 || place + 1 == rows.len(), "{row}");
            assert!(length <= seconds);
        }
        if place > 0 {
            assert_eq!(rows[place - 1]["periodEnd"], row["periodStart"]);
        }
        assert_eq!(row["approximate"], false);
    }
    let edges = page["axis"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), rows.len() + 1);
    for (edge, row) in edges.iter().zip(rows) {
        assert_eq!(*edge, row["periodStart"]);
    }
}

async fn rows_under_one_step_have_one_length(database: Database) {
    let site = Site::start(database).await;
    let ranges = [
        (NOW - 26 * HOUR, NOW - 22 * HOUR),
        (NOW - 7 * DAY - 12 * HOUR, NOW - 7 * DAY + 3 * HOUR),
        (NOW - 20 * DAY, NOW - 20 * DAY + 3 * HOUR),
    ];
    // What a range is widened to, at most an hour on each side, has traffic too.
    even(&site, &ranges.map(|(from, to)| (from - HOUR, to + HOUR))).await;
    for ((from, to), step, seconds) in [
        (ranges[0], "5m", 300),
        (ranges[1], "1h", HOUR),
        (ranges[2], "1h", HOUR),
    ] {
        let (rows, page) = site.rows(&between(from, to)).await;
        assert_eq!(page["granularity"], step, "{}", between(from, to));
        is_even(&rows, &page, seconds);
    }
    // Steps that are put together from shorter periods.
    for (step, seconds) in [("15m", 900), ("30m", 1_800), ("1h", HOUR)] {
        let question = format!("{}&granularity={step}", between(ranges[0].0, ranges[0].1));
        let (rows, page) = site.rows(&question).await;
        is_even(&rows, &page, seconds);
    }
    // An export says the same.
    let question = format!(
        "{}&granularity=1h&format=json&groupBy=endpoint",
        between(ranges[2].0, ranges[2].1)
    );
    let rows = site.json(&format!("/api-metrics/export?{question}")).await;
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let length = at(&row["periodEnd"]) - at(&row["periodStart"]);
        assert_eq!((length, count(row)), (HOUR, 120), "{row}");
    }
}

async fn a_step_that_is_not_kept_is_refused_and_the_finest_is_named(database: Database) {
    let site = Site::start(database).await;
    even(&site, &[(NOW - 10 * MINUTE, NOW)]).await;
    for (from, to, step, finest, since) in [
        (26 * HOUR, 22 * HOUR, "1m", "5m", "2026-11-27T09:00:00Z"),
        (8 * DAY, 6 * DAY, "5m", "1h", "2026-11-21T00:00:00Z"),
        (8 * DAY, 6 * DAY, "30m", "1h", "2026-11-21T00:00:00Z"),
        (100 * DAY, 80 * DAY, "1h", "1d", "2026-08-24T00:00:00Z"),
        (100 * DAY, 80 * DAY, "12h", "1d", "2026-08-24T00:00:00Z"),
    ] {
        let question = format!("{}&granularity={step}", between(NOW - from, NOW - to));
        for path in [
            "/api-metrics",
            "/api-metrics/export",
            "/api-metrics/heatmap",
        ] {
            let (status, problem) = site.get(&format!("{path}?{question}")).await;
            assert_eq!(status, 400, "{path} {question}: {problem}");
            assert_eq!(problem["parameter"], "granularity");
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                detail.contains(since) && detail.ends_with(&format!(" is {finest}")),
                "{detail}"
            );
        }
        let question = format!("{}&granularity={finest}", between(NOW - from, NOW - to));
        site.json(&format!("/api-metrics?{question}")).await;
    }
    // A period as long as its step's retention has an answer.
    for question in [
        "period=24h&granularity=1m",
        "period=7d&granularity=5m",
        "period=90d&granularity=1h",
    ] {
        let page = site.json(&format!("/api-metrics?{question}")).await;
        assert_eq!(
            page["data"].as_array().unwrap().last().unwrap()["partial"],
            true
        );
    }
}

/// Whether a local clock shows working hours: 9 to 17, Monday to Friday.
fn is_work(zone: Tz, at: i64) -> bool {
    let local = DateTime::from_timestamp(at, 0)
        .unwrap()
        .with_timezone(&zone);
    let weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
    !weekend && (9..17).contains(&local.hour())
}

async fn days_have_the_date_that_holds_most_of_them(database: Database) {
    let site = Site::start(database).await;
    let zones = [
        (Tz::Asia__Kolkata, "/kolkata"),
        (Tz::America__New_York, "/new-york"),
        (Tz::America__St_Johns, "/st-johns"),
    ];
    for (zone, endpoint) in zones {
        for hour in 0..365 * 24 {
            let at = NOW - NOW.rem_euclid(HOUR) - hour * HOUR + 30 * MINUTE;
            if at < NOW && is_work(zone, at) {
                site.record(at, endpoint, None, 2);
            }
        }
        site.settle().await;
    }
    for (zone, endpoint) in zones {
        for period in ["30d", "90d", "1y"] {
            let path = format!(
                "/api-metrics/daily?tz={zone}&endpoint={endpoint}&period={period}&limit=1000"
            );
            let page = site.json(&path).await;
            let rows = page["data"].as_array().unwrap();
            let mut dates = Vec::new();
            for row in rows {
                let date: chrono::NaiveDate = row["date"].as_str().unwrap().parse().unwrap();
                assert!(date.weekday().num_days_from_monday() < 5, "{path}: {row}");
                if row["partial"] == false {
                    assert_eq!(count(row), 16, "{path}: {row}");
                }
                assert_eq!(row["averageMs"], 10.0);
                dates.push(date);
            }
            assert!(dates.is_sorted_by(|a, b| a < b), "{path}: {dates:?}");
            let days = page["axis"]["names"].as_array().unwrap();
            let expected = days.iter().filter(|name| {
                let name = name.as_str().unwrap().get(..10).unwrap();
                let date: chrono::NaiveDate = name.parse().unwrap();
                date.weekday().num_days_from_monday() < 5
            });
            // The first and the last day may hold no working hour.
            assert!(dates.len() + 2 >= expected.count(), "{path}");
            let approximate = page["axis"]["alignment"] != "local";
            assert_eq!(page["approximate"], approximate);
            assert!(rows.iter().all(|row| row["approximate"] == approximate));
        }
        let path = format!(
            "/api-metrics/heatmap?layout=weekday&granularity=day&period=1y&tz={zone}&endpoint={endpoint}"
        );
        for cell in site.json(&path).await["data"].as_array().unwrap() {
            let works = cell["weekday"].as_u64().unwrap() < 6;
            assert_eq!(count(cell) > 0, works, "{path}: {cell}");
        }
    }
}

async fn a_day_never_goes_into_an_hour(database: Database) {
    let site = Site::start(database).await;
    // Four requests in every hour of 200 days.
    let start = NOW - NOW.rem_euclid(DAY) - 200 * DAY;
    for hour in 0..(NOW - start) / HOUR {
        site.record(start + hour * HOUR + 60, "/a", None, 4);
        if hour % 500 == 499 {
            site.settle().await;
        }
    }
    site.settle().await;
    let map = site
        .json("/api-metrics/heatmap?layout=weekday&period=1y")
        .await;
    assert_eq!(map["from"], "2026-08-24T00:00:00Z");
    assert_eq!(map["cutShort"], true);
    let counts: Vec<u64> = map["data"].as_array().unwrap().iter().map(count).collect();
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 4, "{least} to {most}");
    // Where no hour is kept there is no heatmap of hours.
    let old = between(NOW - 150 * DAY, NOW - 120 * DAY);
    let (status, problem) = site
        .get(&format!("/api-metrics/heatmap?layout=weekday&{old}"))
        .await;
    assert_eq!(
        (status, &problem["parameter"]),
        (400, &json!("granularity"))
    );
    let daily = site
        .json(&format!(
            "/api-metrics/daily?limit=1000&{}",
            between(NOW - 150 * DAY, NOW)
        ))
        .await;
    let mut peaks = BTreeMap::new();
    for row in daily["data"].as_array().unwrap() {
        let kept = at(&row["periodStart"]) >= at(&json!("2026-08-24T00:00:00Z"));
        assert_eq!(row["peakHour"].is_string(), kept, "{row}");
        assert_eq!(row["peakHourBandwidthBytes"].is_u64(), kept, "{row}");
        if kept {
            *peaks
                .entry(row["peakHourBandwidthBytes"].as_u64())
                .or_insert(0) += 1;
        }
    }
    assert_eq!(peaks.keys().collect::<Vec<_>>(), [&Some(400)]);
}

async fn hours_tile_the_range_in_every_zone(database: Database) {
    // The clocks of Lord Howe went back by half an hour at 15:00 UTC.
    let change = 1_775_314_800;
    let now = change + 13 * HOUR;
    let site = Site::start_at(database, now).await;
    site.record(now, "/a", None, 1);
    site.settle().await;
    for (zone, period, granularity, cells) in [
        ("Asia/Kolkata", "30d", "hour", 721),
        ("Asia/Kolkata", "1y", "day", 366),
        ("Asia/Kathmandu", "30d", "hour", 721),
        ("Europe/Berlin", "90d", "day", 91),
    ] {
        let path =
            format!("/api-metrics/heatmap?tz={zone}&period={period}&granularity={granularity}");
        let map = site.json(&path).await;
        let data = map["data"].as_array().unwrap();
        assert!(data.len().abs_diff(cells) <= 1, "{path}: {}", data.len());
        for pair in data.windows(2) {
            assert_eq!(pair[0]["periodEnd"], pair[1]["periodStart"], "{path}");
        }
    }
    let path = format!(
        "/api-metrics/heatmap?tz=Australia/Lord_Howe&{}",
        between(change - 12 * HOUR, change + 12 * HOUR)
    );
    let map = site.json(&path).await;
    let data = map["data"].as_array().unwrap();
    assert_eq!(data.len(), 24);
    for cell in data {
        assert_eq!(at(&cell["periodEnd"]) - at(&cell["periodStart"]), HOUR);
    }
}

async fn the_range_before_is_as_long_as_the_range(database: Database) {
    let site = Site::start(database).await;
    // Even traffic around the start of the kept hours.
    let kept = at(&json!("2026-08-24T00:00:00Z"));
    for hour in 0..6 * 24 {
        site.record(kept - 3 * DAY + hour * HOUR, "/a", None, 6);
    }
    site.settle().await;
    let noon = kept + 12 * HOUR;
    let path = format!("/api-metrics/summary?{}", between(noon, noon + DAY));
    let summary = site.json(&path).await;
    let previous = &summary["previous"];
    let length = |of: &Value| at(&of["to"]) - at(&of["from"]);
    assert_eq!(length(&summary), DAY);
    assert_eq!(length(previous), DAY);
    assert_eq!(previous["totalRequestsChange"], 0.0, "{summary}");
    // An hour and a half before days alone: nothing of this length can be cut.
    let path = format!("/api-metrics/summary?{}", between(kept, kept + HOUR));
    let summary = site.json(&path).await;
    assert_eq!(length(&summary), HOUR);
    assert_eq!(summary["totalRequests"], 6);
    let previous = &summary["previous"];
    for member in ["from", "to", "totalRequests", "totalRequestsChange"] {
        assert_eq!(previous[member], Value::Null, "{previous}");
    }
    // Ranges up to now have one, whatever is kept of the time before.
    for period in ["24h", "7d", "30d", "90d", "1y"] {
        let summary = site
            .json(&format!("/api-metrics/summary?period={period}"))
            .await;
        assert_eq!(length(&summary), length(&summary["previous"]), "{period}");
        assert!(at(&summary["previous"]["to"]) <= at(&summary["from"]));
    }
}

async fn what_is_not_known_is_not_found(database: Database) {
    let site = Site::start(database).await;
    site.record(NOW - 30 * DAY, "/old", Some("alpha"), 1);
    site.settle().await;
    for view in [
        "/api-metrics",
        "/api-metrics/summary",
        "/api-metrics/endpoints",
        "/api-metrics/endpoint-consumers",
        "/api-metrics/keys",
        "/api-metrics/daily",
        "/api-metrics/heatmap",
        "/api-metrics/top-consumers",
        "/api-metrics/export",
    ] {
        for unknown in ["endpoint=/nope", "apiKeyId=4711"] {
            let (status, problem) = site.get(&format!("{view}?{unknown}")).await;
            assert_eq!(status, 404, "{view} {unknown}: {problem}");
            assert_eq!(problem["type"], "urn:api-metrics:not-found");
        }
        // Known, and nothing in this range.
        for known in ["endpoint=/old", "apiKeyId=1", "apiKeyId=0"] {
            let (status, body) = site.get(&format!("{view}?{known}")).await;
            assert_eq!(status, 200, "{view} {known}: {body}");
        }
    }
}

async fn a_consumer_shows_its_busiest_minute_and_when_it_was_seen(database: Database) {
    let site = Site::start(database).await;
    let minute = NOW - NOW.rem_euclid(MINUTE);
    site.record(minute - 100 * MINUTE, "/a", Some("alpha"), 15);
    site.record(minute - 37 * MINUTE, "/a", Some("alpha"), 1);
    site.record(minute - 3 * MINUTE, "/a", Some("beta"), 1);
    site.settle().await;
    let url = format!("{}/api-keys/1", site.origin);
    let limit = json!({"rateLimitPerMinute": 10});
    let patched = site
        .client
        .patch(url)
        .bearer_auth(TOKEN)
        .json(&limit)
        .send()
        .await;
    assert_eq!(patched.unwrap().status(), 200);
    for period in ["6h", "24h", "7d", "30d", "1y"] {
        let page = site
            .json(&format!("/api-metrics/keys?period={period}"))
            .await;
        let key = |name: &str| {
            let rows = page["data"].as_array().unwrap();
            rows.iter()
                .find(|row| row["externalId"] == name)
                .unwrap()
                .clone()
        };
        let (alpha, beta) = (key("alpha"), key("beta"));
        assert_eq!(alpha["peakUtilization"], 150.0, "{period}: {alpha}");
        assert_eq!(alpha["lastSeenAt"], text(minute - 37 * MINUTE), "{period}");
        assert_eq!(beta["lastSeenAt"], text(minute - 3 * MINUTE), "{period}");
        assert_eq!(beta["lastSeenWithinSeconds"], 60);
        assert_eq!(beta["peakUtilization"], Value::Null);
    }
}

async fn a_late_record_changes_all_views_at_once(database: Database) {
    let site = Site::start(database).await;
    let day = NOW - NOW.rem_euclid(DAY) - 2 * DAY;
    site.record(day - HOUR, "/a", Some("alpha"), 1);
    site.settle().await;
    let range = between(day, day + DAY);
    let views = [
        ("/api-metrics/summary", "/totalRequests"),
        ("/api-metrics/endpoints", "/data/0/requestCount"),
        ("/api-metrics/endpoint-consumers", "/data/0/requestCount"),
        ("/api-metrics/keys", "/data/0/requestCount"),
        ("/api-metrics/daily", "/data/0/requestCount"),
        ("/api-metrics/top-consumers", "/data/0/requestCount"),
        ("/api-metrics/heatmap", "/maxRequestCount"),
    ];
    let all = async |expected: u64| {
        let mut seen = Vec::new();
        for (view, pointer) in views {
            let body = site.json(&format!("{view}?{range}")).await;
            seen.push(body.pointer(pointer).map_or(0, |n| n.as_u64().unwrap()));
        }
        seen.iter().all(|n| *n == expected)
    };
    assert!(all(0).await);
    site.record(day + HOUR, "/a", Some("alpha"), 50);
    site.settle().await;
    // Kept answers are looked at again within a second.
    eventually("all views", || async { all(50).await.then_some(()) }).await;
    // Nothing has changed since: the answer is kept.
    let url = format!("{}/api-metrics/summary?{range}", site.origin);
    let again = site
        .client
        .get(url)
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(again.headers()["cache-status"], "api-metrics; hit");
}

async fn the_top_groups_have_all_of_their_periods(database: Database) {
    let site = Site::start(database).await;
    for n in 0..40_u64 {
        for hour in 0..6 {
            let at = NOW - hour * HOUR;
            site.record(at, &format!("/e{n:02}"), None, 1 + n);
        }
    }
    site.settle().await;
    let (rows, page) = site
        .rows("period=6h&granularity=1h&groupBy=endpoint&top=5")
        .await;
    assert_eq!(page["granularity"], "1h");
    let mut by_endpoint: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *by_endpoint
            .entry(row["endpoint"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    let names: Vec<&str> = by_endpoint.keys().map(String::as_str).collect();
    assert_eq!(names, ["/e35", "/e36", "/e37", "/e38", "/e39"]);
    assert!(
        by_endpoint.values().all(|periods| *periods == 6),
        "{by_endpoint:?}"
    );
}
