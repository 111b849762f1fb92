//! The console: a consumer sees itself, in the shapes that its clients know.

use api_metrics_routes::{Principal, Role};
use api_metrics_store::store::Store as _;
use api_metrics_tests::SqliteFile;
use axum::{Extension, Router};
use serde_json::{Value, json};

use crate::host::{Hit, Host, TOKEN, problem};

const MOUNT: &str = "/api/v2/console/metrics";

async fn host_of(principal: Principal) -> Host {
    let host = Host::start_at(
        SqliteFile::create(),
        |builder| builder.token(TOKEN),
        |router: Router| router.layer(Extension(principal)),
    )
    .await;
    for (key, endpoint, status, count) in [
        ("alpha", "/users/{id}", 200, 3),
        ("alpha", "/orders", 500, 1),
        ("beta", "/users/{id}", 200, 5),
    ] {
        for _ in 0..count {
            host.record(&Hit {
                key: Some(key),
                status,
                latency_ms: 12,
                ..Hit::of(endpoint)
            });
        }
    }
    host.flush().await;
    host
}

fn alpha() -> Principal {
    Principal::new("user-7", Role::Viewer).with_key("alpha")
}

async fn get(host: &Host, path: &str) -> reqwest::Response {
    let url = format!("http://{}{MOUNT}{path}", host.address);
    host.client.get(url).send().await.unwrap()
}

async fn json_of(host: &Host, path: &str) -> Value {
    let response = get(host, path).await;
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn whoever_reads_is_not_counted_where_the_console_stands_inside_the_layer() {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    };

    let (counted, seen) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(Mutex::new(Vec::new())),
    );
    let sink = {
        let (counted, seen) = (counted.clone(), seen.clone());
        move |record: &api_metrics_layer::RequestRecord<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
            seen.lock().unwrap().push(record.endpoint.to_owned());
        }
    };
    let layer = api_metrics_layer::ApiMetricsLayer::new(sink)
        .api_key(|_| Some(api_metrics_layer::ApiKey::from("alpha")));
    let in_flight = layer.in_flight();
    let host = Host::start_at(
        SqliteFile::create(),
        |builder| builder.token(TOKEN),
        |router: Router| {
            router
                .layer(Extension(alpha()))
                .route("/orders", axum::routing::get(async || "orders"))
                .layer(layer.for_axum())
        },
    )
    .await;
    for path in [
        "/summary",
        "/endpoints",
        "/quota",
        "/billing",
        "/nothing",
        "/summary?period=x",
    ] {
        get(&host, path).await.bytes().await.unwrap();
    }
    for path in [
        "/",
        "/api-metrics/summary",
        "/health/live",
        "/openapi.json",
        "/nothing",
    ] {
        let answer = host.client.get(host.url(path)).send().await.unwrap();
        answer.bytes().await.unwrap();
    }
    drop(get(&host, "/stream").await);
    assert_eq!(
        counted.load(Ordering::Relaxed),
        0,
        "{:?}",
        seen.lock().unwrap()
    );
    let orders = format!("http://{}/orders", host.address);
    host.client
        .get(orders)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    api_metrics_tests::eventually("all requests have ended", || async {
        (in_flight.get() == 0).then_some(())
    })
    .await;
    assert_eq!(*seen.lock().unwrap(), ["/orders"]);
}

#[tokio::test]
async fn a_summary_is_bare_and_of_the_callers_own_keys() {
    let host = host_of(alpha()).await;
    assert_eq!(
        json_of(&host, "/summary?period=MONTH").await,
        json!({
            "totalRequests": 4, "successRate": 75.0, "averageResponseTime": 12,
            "totalErrorCount": 1, "period": "MONTH",
            "periodStart": "2026-05-01T00:00:00Z", "periodEnd": "2026-05-31T23:59:59Z",
        })
    );
}

#[tokio::test]
async fn endpoints_are_a_bare_array_the_most_requested_first() {
    let host = host_of(alpha()).await;
    assert_eq!(
        json_of(&host, "/endpoints?limit=10").await,
        json!([
            {"method": "GET", "endpoint": "/users/{id}", "requestCount": 3,
                "averageResponseTime": 12, "errorRate": 0.0},
            {"method": "GET", "endpoint": "/orders", "requestCount": 1,
                "averageResponseTime": 12, "errorRate": 100.0},
        ])
    );
    assert_eq!(
        json_of(&host, "/endpoints?limit=1")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn nothing_is_zero_and_not_null() {
    let host = host_of(Principal::new("nobody", Role::Viewer)).await;
    let summary = json_of(&host, "/summary?period=DAY").await;
    for name in ["totalRequests", "averageResponseTime", "totalErrorCount"] {
        assert_eq!(summary[name], 0, "{name}");
    }
    assert_eq!(summary["successRate"], 0.0);
    assert_eq!(json_of(&host, "/endpoints").await, json!([]));
}

#[tokio::test]
async fn a_caller_with_several_keys_may_ask_for_one_but_not_for_anothers() {
    let host = host_of(alpha().with_key("gamma")).await;
    let keys = host.store.api_keys(None).await.unwrap();
    let total = async |name: &str| {
        let id = keys.iter().find(|key| key.external_id == name).unwrap().id;
        json_of(&host, &format!("/summary?apiKeyId={id}")).await["totalRequests"].clone()
    };
    assert_eq!(total("alpha").await, 4);
    assert_eq!(total("beta").await, 0);
}

#[tokio::test]
async fn the_console_is_closed_and_names_wrong_parameters() {
    let host = Host::start().await;
    for path in [
        "/summary",
        "/endpoints",
        "/quota",
        "/billing",
        "/stream",
        "/summary?period=x",
    ] {
        problem(get(&host, path).await, 401).await;
    }
    let host = host_of(alpha()).await;
    for (path, name) in [
        ("/summary?period=day", "period"),
        ("/summary?tz=x", "tz"),
        ("/endpoints?limit=0", "limit"),
        ("/stream?from=x", "from"),
        ("/quota?apiKeyId=x", "apiKeyId"),
        ("/quota?period=DAY", "period"),
        ("/billing?period=day", "period"),
        ("/billing?currency=usd", "currency"),
    ] {
        assert_eq!(
            problem(get(&host, path).await, 400).await["parameter"],
            name
        );
    }
}

#[tokio::test]
async fn the_stream_sends_the_summary() {
    let host = host_of(alpha()).await;
    let mut response = get(&host, "/stream?period=WEEK").await;
    let mut text = String::new();
    while !text.contains("event: metrics-update\n") || !text.ends_with("\n\n") {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let (first, rest) = text.split_once("\n\n").unwrap();
    assert!(first.contains("event: metrics-stream\n"), "{first}");
    let data = rest
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(
        (&data["totalRequests"], &data["period"]),
        (&json!(4), &json!("WEEK"))
    );
}

#[tokio::test]
async fn a_consumer_may_ask_sixty_times_a_minute() {
    let host = host_of(alpha()).await;
    for _ in 0..60 {
        assert_eq!(get(&host, "/summary").await.status(), 200);
    }
    let refused = get(&host, "/summary").await;
    assert_eq!(refused.headers()["ratelimit-policy"], "\"reads\";q=60;w=60");
    problem(refused, 429).await;
}

#[tokio::test]
async fn the_console_serves_its_own_document() {
    let host = Host::start().await;
    let document = json_of(&host, "/openapi.json").await;
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        ["/billing", "/endpoints", "/quota", "/stream", "/summary"]
    );
}
