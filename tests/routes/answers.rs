//! What was recorded is what is answered, flushed or not.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{MetricSink as _, RequestRecord};
use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    store::{Instance, Store as _, Writer},
};
use serde_json::{Value, json};

use crate::host::{Hit, Host, NOW};

/// Ten requests: eight to `/users/{id}` with latencies of 10 to 80 ms, of which one is a 404 and
/// one a 500, and two to `/orders` by a second key.
async fn ten(host: &Host) {
    for i in 1..=8 {
        host.record(&Hit {
            status: match i {
                7 => 404,
                8 => 500,
                _ => 200,
            },
            key: (i % 2 == 0).then_some("alpha"),
            latency_ms: i * 10,
            ..Hit::of("/users/{id}")
        });
    }
    for _ in 0..2 {
        host.record(&Hit {
            key: Some("beta"),
            latency_ms: 5,
            ..Hit::of("/orders")
        });
    }
}

fn near(value: &Value, expected: f64) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"));
    assert!(
        (value - expected).abs() <= expected * 0.01 + 0.001,
        "{value} is not {expected}"
    );
}

fn is_ten(summary: &Value) {
    assert_eq!(summary["totalRequests"], 10);
    assert_eq!(summary["errorRate"], 20.0);
    assert_eq!(summary["successRate"], 80.0);
    assert_eq!(summary["totalErrorCount"], 2);
    assert_eq!(summary["errorCount4xx"], 1);
    assert_eq!(summary["errorCount5xx"], 1);
    assert_eq!(summary["abortedCount"], 0);
    assert_eq!(summary["totalRequestBytes"], 100);
    assert_eq!(summary["totalResponseBytes"], 1_000);
    assert_eq!(summary["averageMs"], 37.0);
    assert_eq!(summary["minMs"], 5.0);
    assert_eq!(summary["maxMs"], 80.0);
    near(&summary["p50Ms"], 30.0);
    near(&summary["p99Ms"], 80.0);
    assert_eq!(summary["approximate"], false);
    assert_eq!(summary["topEndpoints"][0]["endpoint"], "/users/{id}");
    assert_eq!(summary["topEndpoints"][0]["requestCount"], 8);
}

#[tokio::test]
async fn a_summary_holds_what_is_not_flushed_yet() {
    let host = Host::start().await;
    ten(&host).await;
    is_ten(&host.json("/api-metrics/summary").await);
}

#[tokio::test]
async fn a_summary_is_the_same_flushed_folded_and_with_more_on_top() {
    let host = Host::start().await;
    ten(&host).await;
    host.store.flush(&host.writer).await.unwrap();
    // Asked with parameters that differ, or the cache would answer.
    is_ten(&host.json("/api-metrics/summary?period=6h").await);
    host.flush().await;
    let summary = host.json("/api-metrics/summary?period=1h").await;
    is_ten(&summary);
    assert_eq!(summary["distinctKeys"], 2);
    host.record(&Hit::of("/orders"));
    let more = host.json("/api-metrics/summary?period=15m").await;
    assert_eq!(more["totalRequests"], 11);
}

/// Streams of an instance that keeps quantiles of the time to headers: 1 to 100 ms.
async fn hundred_streams(host: &Host) {
    let mut options = RecorderOptions::default();
    options.clock = host.clock.clone();
    options.headers_quantiles = true;
    let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
    instance.started_at = NOW;
    let writer = Writer::new(instance, Arc::new(Recorder::new(options)));
    for ms in 1..=100 {
        let at = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
        let mut record = RequestRecord::new("GET", "/users/{id}", at);
        record.latency = Some(Duration::from_secs(8));
        record.time_to_headers = Some(Duration::from_millis(ms));
        writer.recorder.record(&record);
    }
    host.store.flush(&writer).await.unwrap();
}

#[tokio::test]
async fn quantiles_of_the_time_to_headers_are_null_or_say_what_they_cover() {
    let host = Host::start().await;
    ten(&host).await;
    let quantiles = [
        ("p50TimeToHeadersMs", 50.0),
        ("p95TimeToHeadersMs", 95.0),
        ("p99TimeToHeadersMs", 99.0),
    ];
    let rows = "/api-metrics?granularity=none&groupBy=endpoint";
    let none = host.json("/api-metrics/summary").await;
    let row = host.json(rows).await["data"][0].clone();
    for row in [&none, &none["topEndpoints"][0], &row] {
        assert_eq!(row["averageTimeToHeadersMs"], 1.0);
        assert_eq!(row["timeToHeadersQuantileCount"], 0);
        for (name, _) in quantiles {
            assert_eq!(row.get(name), Some(&Value::Null), "{name}");
        }
    }
    hundred_streams(&host).await;
    host.flush().await;
    // Asked with parameters that differ, or the cache would answer.
    let some = host.json("/api-metrics/summary?period=6h").await;
    let page = host.json("/api-metrics/endpoints?period=6h").await;
    let row = host.json(&format!("{rows}&period=6h")).await;
    let row = row["data"].as_array().unwrap().iter();
    let row = row.clone().find(|row| row["endpoint"] == "/users/{id}");
    for row in [&some, &page["data"][0], row.unwrap()] {
        assert_eq!(row["timeToHeadersQuantileCount"], 100);
        for (name, expected) in quantiles {
            near(&row[name], expected);
        }
    }
    assert_eq!(some["totalRequests"], 110);
    // A column that is asked for alone.
    let one = "/api-metrics?granularity=none&groupBy=endpoint&period=1h&metrics=p95TimeToHeadersMs";
    let one = host.json(one).await;
    let values = one["data"].as_array().unwrap().iter();
    let values = values.filter_map(|row| row["p95TimeToHeadersMs"].as_f64());
    assert_eq!(values.count(), 1, "of the two endpoints one has some");
}

#[tokio::test]
async fn a_range_without_requests_has_null_rates_and_latencies() {
    let host = Host::start().await;
    let summary = host.json("/api-metrics/summary").await;
    assert_eq!(summary["totalRequests"], 0);
    for name in [
        "errorRate",
        "successRate",
        "averageMs",
        "minMs",
        "maxMs",
        "p50Ms",
        "p95Ms",
        "p99Ms",
    ] {
        assert_eq!(summary[name], Value::Null, "{name}");
    }
    assert_eq!(summary["topEndpoints"], json!([]));
    assert_eq!(summary["previous"]["totalRequestsChange"], Value::Null);
    let endpoints = host.json("/api-metrics/endpoints").await;
    assert_eq!(endpoints["data"], json!([]));
    assert_eq!(endpoints["nextCursor"], Value::Null);
}

#[tokio::test]
async fn an_endpoint_row_has_its_own_numbers() {
    let host = Host::start().await;
    ten(&host).await;
    let page = host.json("/api-metrics/endpoints").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    let users = &page["data"][0];
    assert_eq!(users["service"], "shop");
    assert_eq!(users["method"], "GET");
    assert_eq!(users["endpoint"], "/users/{id}");
    assert_eq!(users["requestCount"], 8);
    assert_eq!(users["errorRate"], 25.0);
    assert_eq!(users["statusCodes"], json!({"200": 6, "404": 1, "500": 1}));
    assert_eq!(users["averageMs"], 45.0);
    assert_eq!(
        (&users["minMs"], &users["maxMs"]),
        (&json!(10.0), &json!(80.0))
    );
    near(&users["p50Ms"], 40.0);
    assert_eq!(
        (&users["requestBytes"], &users["responseBytes"]),
        (&json!(80), &json!(800))
    );
    assert_eq!(page["data"][1]["endpoint"], "/orders");
}

#[tokio::test]
async fn filters_narrow_every_view() {
    let host = Host::start().await;
    ten(&host).await;
    host.flush().await;
    let total = async |query: &str| {
        let path = format!("/api-metrics/summary?{query}");
        host.json(&path).await["totalRequests"].as_u64().unwrap()
    };
    assert_eq!(total("endpoint=/orders").await, 2);
    assert_eq!(total("endpoint=/users/%7Bid%7D&method=get").await, 8);
    assert_eq!(total("method=POST").await, 0);
    assert_eq!(
        total("service=shop&environment=test&protocol=http").await,
        10
    );
    assert_eq!(total("service=other").await, 0);
    assert_eq!(total("protocol=grpc").await, 0);
    assert_eq!(total("apiKeyId=0").await, 4);
    let beta = host
        .store
        .api_keys(None)
        .await
        .unwrap()
        .into_iter()
        .find(|key| key.external_id == "beta")
        .unwrap();
    assert_eq!(total(&format!("apiKeyId={}", beta.id)).await, 2);
}

#[tokio::test]
async fn a_list_is_paged_without_gaps_and_over_one_range() {
    let host = Host::start().await;
    for i in 0..25 {
        for _ in 0..=(i % 5) {
            host.record(&Hit::of(&format!("/route/{i}")));
        }
    }
    host.flush().await;
    let mut path = "/api-metrics/endpoints?period=1h&limit=10".to_owned();
    let (mut seen, mut sizes, mut froms) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let page = host.json(&path).await;
        let rows = page["data"].as_array().unwrap();
        sizes.push(rows.len());
        froms.push(page["from"].clone());
        seen.extend(
            rows.iter()
                .map(|row| row["endpoint"].as_str().unwrap().to_owned()),
        );
        // The range of the first page holds, however long the reader takes.
        host.clock.advance(std::time::Duration::from_secs(90));
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/api-metrics/endpoints?period=1h&limit=10&cursor={cursor}");
    }
    assert_eq!(sizes, [10, 10, 5]);
    assert!(froms.iter().all(|from| *from == froms[0]));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 25);
}

#[tokio::test]
async fn imports_of_2015_are_answered_by_day() {
    let host = Host::start().await;
    // 2015-05-17T10:05:00Z and the three days after it.
    for (day, count) in [(0, 3), (1, 5), (2, 4), (3, 1)] {
        for i in 0..count {
            host.record(&Hit {
                at: 1_431_857_100 + day * 86_400 + i * 3_600,
                ..Hit::of("/archive")
            });
        }
    }
    host.flush().await;
    for (day, count) in [(17, 3), (18, 5), (19, 4), (20, 1)] {
        let path = format!(
            "/api-metrics/summary?from=2015-05-{day}T00:00:00Z&to=2015-05-{}T00:00:00Z",
            day + 1
        );
        let summary = host.json(&path).await;
        assert_eq!(summary["totalRequests"], count);
        assert_eq!(summary["from"], format!("2015-05-{day}T00:00:00Z"));
    }
    let daily = host
        .json("/api-metrics/daily?from=2015-05-17T00:00:00Z&to=2015-05-21T00:00:00Z")
        .await;
    let rows = daily["data"].as_array().unwrap();
    let counts: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["date"].as_str().unwrap(),
                row["requestCount"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        counts,
        [
            ("2015-05-17", 3),
            ("2015-05-18", 5),
            ("2015-05-19", 4),
            ("2015-05-20", 1)
        ]
    );
    assert_eq!(rows[0]["bandwidthBytes"], 330);
}

#[tokio::test]
async fn a_day_knows_its_peak_hour_and_its_keys() {
    let host = Host::start().await;
    let hour = NOW - NOW % 3_600;
    for (at, count, key) in [
        (hour - 7_200, 2, "alpha"),
        (hour - 3_600, 5, "beta"),
        (hour, 1, "alpha"),
    ] {
        for _ in 0..count {
            host.record(&Hit {
                at,
                key: Some(key),
                ..Hit::of("/x")
            });
        }
    }
    host.flush().await;
    let daily = host.json("/api-metrics/daily?period=24h").await;
    let today = daily["data"].as_array().unwrap().last().unwrap();
    assert_eq!(today["date"], "2026-05-18");
    assert_eq!(today["requestCount"], 8);
    assert_eq!(today["peakHour"], "2026-05-18T08:00:00Z");
    assert_eq!(today["peakHourBandwidthBytes"], 550);
    assert_eq!(today["distinctKeys"], 2);
}

#[tokio::test]
async fn a_day_of_another_zone_has_other_borders() {
    let host = Host::start().await;
    // 2026-05-17T22:30:00Z is the 18th in Berlin.
    host.record(&Hit {
        at: 1_779_057_000,
        ..Hit::of("/x")
    });
    host.flush().await;
    let date = async |tz: &str| {
        let path = format!("/api-metrics/daily?period=24h&tz={tz}");
        host.json(&path).await["data"][0]["date"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(date("UTC").await, "2026-05-17");
    assert_eq!(date("Europe/Berlin").await, "2026-05-18");
}

#[tokio::test]
async fn the_period_before_is_compared_with() {
    let host = Host::start().await;
    for (at, count) in [(NOW, 6), (NOW - 3_600, 4)] {
        for _ in 0..count {
            host.record(&Hit {
                at,
                ..Hit::of("/x")
            });
        }
    }
    let summary = host.json("/api-metrics/summary?period=1h").await;
    assert_eq!(summary["totalRequests"], 6);
    assert_eq!(summary["previous"]["totalRequests"], 4);
    assert_eq!(summary["previous"]["totalRequestsChange"], 50.0);
    assert_eq!(summary["previous"]["to"], summary["from"]);
}

#[tokio::test]
async fn realtime_holds_the_last_five_minutes() {
    let host = Host::start().await;
    host.record(&Hit {
        at: NOW - 600,
        ..Hit::of("/old")
    });
    ten(&host).await;
    let live = host.json("/api-metrics/realtime").await;
    assert_eq!(live["totalRequests"], 10);
    let minutes = live["minutes"].as_array().unwrap();
    assert_eq!(minutes.len(), 5);
    assert_eq!(minutes[4]["requestCount"], 10);
    assert_eq!(minutes[3]["requestCount"], 0);
    assert_eq!(live["endpoints"][0]["endpoint"], "/users/{id}");
}

#[tokio::test]
async fn an_answer_is_cached_and_revalidated() {
    let host = Host::start().await;
    ten(&host).await;
    let first = host.get("/api-metrics/summary").await;
    assert_eq!(first.headers()["cache-status"], "api-metrics; fwd=miss");
    assert_eq!(first.headers()["cache-control"], "private, no-cache");
    let second = host.get("/api-metrics/summary").await;
    assert_eq!(second.headers()["cache-status"], "api-metrics; hit");
    let etag = first.headers()["etag"].clone();
    assert_eq!(etag, second.headers()["etag"]);
    let third = host
        .client
        .get(host.url("/api-metrics/summary"))
        .bearer_auth(crate::host::TOKEN)
        .header("if-none-match", etag)
        .send()
        .await
        .unwrap();
    assert_eq!(third.status(), 304);
    assert_eq!(third.text().await.unwrap(), "");
    let cache = host.json("/api-status").await["cache"].clone();
    assert_eq!(
        (&cache["hits"], &cache["misses"], &cache["entries"]),
        (&json!(2), &json!(1), &json!(1))
    );
}

#[tokio::test]
async fn the_status_names_instances_and_what_waits() {
    let host = Host::start().await;
    ten(&host).await;
    host.record(&Hit {
        status: 404,
        ..Hit::of("/late")
    });
    host.store.flush(&host.writer).await.unwrap();
    host.record(&Hit::of("/later"));
    let status = host.json("/api-status").await;
    assert_eq!(status["store"]["reachable"], true);
    assert_eq!(status["store"]["backend"], "sqlite");
    assert_eq!(status["store"]["inbox"]["records"], 11);
    assert_eq!(status["instances"][0]["service"], "shop");
    assert_eq!(status["instances"][0]["version"], "2.3.1");
    assert_eq!(status["recorder"]["unflushedRecords"], 1);
    assert_eq!(status["lost"], 0);
}
