//! Rows over time, by any dimensions; keys, consumers, heatmaps and exports.

use reqwest::header;
use serde_json::{Value, json};

use crate::host::{Hit, Host, NOW, TOKEN, problem};

const HOUR: i64 = 3_600;

/// Two endpoints and two keys over three hours, 21 requests: in the hour `h` before now,
/// `h + 1` times (1 + 2 + 3 = 6) requests to `/a` by alpha and to `/b` by beta and three times one
/// without a key.
async fn three_hours(host: &Host) {
    let start = NOW - NOW % HOUR;
    for h in 0..3 {
        let at = start - h * HOUR;
        for _ in 0..=h {
            host.record(&Hit {
                at,
                key: Some("alpha"),
                ..Hit::of("/a")
            });
            host.record(&Hit {
                at,
                key: Some("beta"),
                status: 500,
                latency_ms: 20,
                ..Hit::of("/b")
            });
        }
        for _ in 0..3 {
            host.record(&Hit {
                at,
                ..Hit::of("/a")
            });
        }
    }
    host.flush().await;
}

fn sum(rows: &Value) -> u64 {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row["requestCount"].as_u64().unwrap())
        .sum()
}

#[tokio::test]
async fn rows_over_time_add_up_to_the_total_whatever_they_are_grouped_by() {
    let host = Host::start().await;
    three_hours(&host).await;
    for group_by in [
        "",
        "endpoint",
        "endpoint,apiKey",
        "service,environment,protocol,method",
    ] {
        for granularity in ["auto", "1m", "5m", "1h", "1d", "1w", "none"] {
            let group = if group_by.is_empty() {
                String::new()
            } else {
                format!("&groupBy={group_by}")
            };
            let path =
                format!("/api-metrics?period=6h&limit=1000&granularity={granularity}{group}");
            let page = host.json(&path).await;
            assert_eq!(sum(&page["data"]), 21, "{path}");
            assert_eq!(page["nextCursor"], Value::Null);
        }
    }
}

#[tokio::test]
async fn a_row_holds_its_group_and_the_metrics_that_were_asked_for() {
    let host = Host::start().await;
    three_hours(&host).await;
    let page = host
        .json("/api-metrics?period=1h&granularity=none&groupBy=method,endpoint&metrics=errorRate,requestCount")
        .await;
    assert_eq!(
        page["data"],
        json!([
            {"method": "GET", "endpoint": "/a", "requestCount": 4, "errorRate": 0.0},
            {"method": "GET", "endpoint": "/b", "requestCount": 1, "errorRate": 100.0},
        ])
    );
    assert_eq!(page["granularity"], "none");
}

#[tokio::test]
async fn pages_of_rows_hold_each_row_once() {
    let host = Host::start().await;
    three_hours(&host).await;
    let base = "/api-metrics?period=6h&granularity=5m&groupBy=endpoint,apiKey&limit=2";
    let (mut path, mut rows) = (base.to_owned(), Vec::new());
    loop {
        let page = host.json(&path).await;
        rows.extend(page["data"].as_array().unwrap().clone());
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("{base}&cursor={cursor}");
    }
    let whole = host.json(&base.replace("limit=2", "limit=1000")).await;
    assert_eq!(&json!(rows), &whole["data"]);
    assert_eq!(rows.len(), 9);
}

#[tokio::test]
async fn one_body_asks_for_several_groupings() {
    let host = Host::start().await;
    three_hours(&host).await;
    let post = |body: Value| {
        let request = host.client.post(host.url("/api-metrics/query"));
        request.bearer_auth(TOKEN).json(&body).send()
    };
    let answer: Value = post(json!({
        "period": "6h", "granularity": "none", "groupings": [["endpoint"], ["apiKey"], []],
        "metrics": ["requestCount"], "filter": {"method": "GET"},
    }))
    .await
    .unwrap()
    .json()
    .await
    .unwrap();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(
        results[0]["data"],
        json!([
            {"endpoint": "/a", "requestCount": 15}, {"endpoint": "/b", "requestCount": 6},
        ])
    );
    assert_eq!(results[1]["data"].as_array().unwrap().len(), 3);
    assert_eq!(results[2]["data"], json!([{"requestCount": 21}]));
    for (body, parameter) in [
        (json!({"period": "3h"}), "period"),
        (json!({"groupings": [["colour"]]}), "groupings"),
        (json!({"groupings": []}), "groupings"),
        (json!({"metrics": ["p42"]}), "metrics"),
        (json!({"filter": {"apiKeyId": -1}}), "apiKeyId"),
        (json!({"limit": true}), "limit"),
        (json!({"perid": "6h"}), "perid"),
    ] {
        let refused = problem(post(body.clone()).await.unwrap(), 400).await;
        assert_eq!(refused["parameter"], parameter, "{body}");
    }
    problem(post(json!([])).await.unwrap(), 400).await;
}

#[tokio::test]
async fn keys_have_their_own_numbers_and_when_they_were_last_seen() {
    let host = Host::start().await;
    three_hours(&host).await;
    let page = host.json("/api-metrics/keys?period=6h").await;
    let row = |name: Value| {
        let rows = page["data"].as_array().unwrap();
        rows.iter()
            .find(|row| row["externalId"] == name)
            .unwrap()
            .clone()
    };
    let (alpha, nobody) = (row(json!("alpha")), row(Value::Null));
    assert_eq!(alpha["requestCount"], 6);
    assert_eq!(alpha["bandwidthBytes"], 660);
    assert_eq!(alpha["lastSeenAt"], "2026-05-18T09:00:00Z");
    assert_eq!(
        (&nobody["apiKeyId"], &nobody["requestCount"]),
        (&json!(0), &json!(9))
    );
    assert_eq!(row(json!("beta"))["errorRate"], 100.0);
}

#[tokio::test]
async fn top_consumers_are_sorted_by_what_is_asked() {
    let host = Host::start().await;
    three_hours(&host).await;
    host.record(&Hit {
        key: Some("alpha"),
        ..Hit::of("/a")
    });
    host.flush().await;
    let top = async |query: &str| {
        let page = host
            .json(&format!("/api-metrics/top-consumers?period=6h&{query}"))
            .await;
        let rows = page["data"].as_array().unwrap();
        let names = rows
            .iter()
            .map(|row| row["externalId"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(top("").await, ["alpha", "beta"]);
    assert_eq!(top("sort=bandwidth&limit=1").await, ["alpha"]);
    assert_eq!(top("sort=errorRate").await, ["beta", "alpha"]);
    let page = host.json("/api-metrics/top-consumers?period=6h").await;
    assert_eq!(page["data"][0]["share"], 31.818);
    assert_eq!(
        host.problem("/api-metrics/top-consumers?sort=name", 400)
            .await["parameter"],
        "sort"
    );
}

#[tokio::test]
async fn top_consumers_page_without_gaps_or_repeats_in_every_order() {
    let host = Host::start().await;
    for n in 0..25_u64 {
        let key = format!("key-{n:02}");
        // Ties in every order.
        for i in 0..=n / 3 {
            host.record(&Hit {
                key: Some(&key),
                status: if (n + i) % 4 == 0 { 500 } else { 200 },
                ..Hit::of("/a")
            });
        }
    }
    host.record(&Hit::of("/a"));
    host.flush().await;
    for sort in ["volume", "errorRate", "bandwidth"] {
        let base = format!("/api-metrics/top-consumers?period=6h&sort={sort}");
        let whole = host.json(&format!("{base}&limit=1000")).await;
        assert_eq!(whole["nextCursor"], Value::Null);
        let whole = whole["data"].as_array().unwrap().clone();
        assert_eq!(whole.len(), 25);
        // Ten are answered where no limit is named, and it is said that there is more.
        let first = host.json(&base).await;
        assert_eq!(first["data"].as_array().unwrap().len(), 10);
        assert!(first["nextCursor"].is_string());
        for limit in [1, 7, 24, 25] {
            let (mut pages, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = host.json(&format!("{base}&limit={limit}{cursor}")).await;
                pages.extend(page["data"].as_array().unwrap().clone());
                match page["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(pages, whole, "{sort} {limit}");
        }
    }
    let elsewhere = host.json("/api-metrics/top-consumers?limit=1").await;
    let cursor = elsewhere["nextCursor"].as_str().unwrap();
    let other = format!("/api-metrics/top-consumers?sort=bandwidth&cursor={cursor}");
    assert_eq!(host.problem(&other, 400).await["parameter"], "cursor");
}

#[tokio::test]
async fn a_timeline_has_every_hour_and_a_week_has_168() {
    let host = Host::start().await;
    three_hours(&host).await;
    let timeline = host.json("/api-metrics/heatmap?period=24h").await;
    let cells = timeline["data"].as_array().unwrap();
    assert!((24..=25).contains(&cells.len()), "{}", cells.len());
    let counts: Vec<u64> = cells
        .iter()
        .map(|c| c["requestCount"].as_u64().unwrap())
        .collect();
    assert_eq!(counts[counts.len() - 3..], [9, 7, 5]);
    assert_eq!(cells[cells.len() - 3]["intensity"], 1.0);
    assert_eq!(cells[0]["intensity"], 0.0);
    let week = host
        .json("/api-metrics/heatmap?layout=weekday&period=7d")
        .await;
    let cells = week["data"].as_array().unwrap();
    assert_eq!(cells.len(), 168);
    // 2026-05-18 is a Monday.
    let busiest = cells.iter().find(|cell| cell["intensity"] == 1.0).unwrap();
    assert_eq!(
        (&busiest["weekday"], &busiest["hour"]),
        (&json!(1), &json!(7))
    );
    let days = host
        .json("/api-metrics/heatmap?layout=weekday&granularity=day&period=7d")
        .await;
    assert_eq!(days["data"].as_array().unwrap().len(), 7);
    let wrong = host
        .problem("/api-metrics/heatmap?layout=weekday&granularity=week", 400)
        .await;
    assert_eq!(wrong["parameter"], "granularity");
}

#[tokio::test]
async fn an_export_has_the_same_rows_in_every_format() {
    let host = Host::start().await;
    three_hours(&host).await;
    let path =
        |format: &str| format!("/api-metrics/export?format={format}&period=6h&granularity=1h");
    let json: Value = host.json(&path("json")).await;
    assert_eq!(sum(&json), 21);
    let ndjson = host.get(&path("ndjson")).await.text().await.unwrap();
    let lines: Vec<Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::Array(lines), json);
    let csv = host.get(&path("csv")).await;
    assert_eq!(
        csv.headers()[header::CONTENT_TYPE],
        "text/csv; charset=utf-8; header=present"
    );
    let csv = csv.text().await.unwrap();
    let mut lines = csv.split_terminator("\r\n");
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(
        head[..8],
        [
            "periodStart",
            "service",
            "environment",
            "protocol",
            "method",
            "endpoint",
            "apiKeyId",
            "requestCount",
        ]
    );
    let count = lines.map(|line| line.split(',').nth(7).unwrap().parse::<u64>().unwrap());
    assert_eq!(count.sum::<u64>(), 21);
}

#[tokio::test]
async fn an_export_is_whole_in_every_encoding() {
    let host = Host::start().await;
    three_hours(&host).await;
    let path = "/api-metrics/export?format=csv&period=6h&granularity=1h";
    let plain = host.get(path).await.bytes().await.unwrap();
    let response = reqwest::Client::new()
        .get(host.url(path))
        .bearer_auth(TOKEN)
        .header(header::ACCEPT_ENCODING, "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let packed = response.bytes().await.unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*packed), &mut text).unwrap();
    assert_eq!(text, plain);
}

#[tokio::test]
async fn an_export_defuses_formulas_and_names_its_range_and_filters() {
    let host = Host::start().await;
    host.record(&Hit::of("=cmd|' /C calc'!A0"));
    host.flush().await;
    let response = host
        .get("/api-metrics/export?from=2026-05-18T09:00:00Z&to=2026-05-18T10:00:00Z&granularity=1h&service=shop")
        .await;
    assert_eq!(
        response.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"api-metrics_20260518T0900Z_20260518T1000Z_1h_shop.csv\""
    );
    let csv = response.text().await.unwrap();
    assert!(csv.contains(",\"'=cmd|' /C calc'!A0\","), "{csv}");
}

#[tokio::test]
async fn an_export_of_many_windows_holds_every_row_once() {
    let host = Host::start().await;
    let mut expected = 0;
    for minute in 0..600 {
        for route in 0..7 {
            host.record(&Hit {
                at: NOW - minute * 60,
                ..Hit::of(&format!("/r{route}"))
            });
            expected += 1;
        }
    }
    host.flush().await;
    // Some of it is not flushed yet.
    host.record(&Hit {
        at: NOW - 60,
        ..Hit::of("/r0")
    });
    host.record(&Hit {
        at: NOW - 30_000,
        ..Hit::of("/r0")
    });
    let path = "/api-metrics/export?format=ndjson&period=24h&granularity=1m&metrics=requestCount";
    let text = host.get(path).await.text().await.unwrap();
    let rows: Vec<&str> = text.lines().collect();
    let mut unique = rows.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!((rows.len(), unique.len()), (4_200, 4_200));
    let sum: u64 = rows
        .iter()
        .map(|row| {
            serde_json::from_str::<Value>(row).unwrap()["requestCount"]
                .as_u64()
                .unwrap()
        })
        .sum();
    assert_eq!(sum, expected + 2);
}

#[tokio::test]
async fn an_export_of_a_store_that_is_away_is_a_problem_and_not_an_empty_file() {
    let host = Host::start().await;
    host.store.pool().close().await;
    host.problem("/api-metrics/export", 503).await;
}
