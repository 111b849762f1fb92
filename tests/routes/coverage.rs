//! Operations of OpenAPI documents beside what is called, on both databases.

use std::time::{Duration, UNIX_EPOCH};

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord};
use api_metrics_routes::OpenApiDocument;
use api_metrics_tests::harness::Database;
use serde_json::{Value, json};

use crate::site::{NOW, Site};

macro_rules! both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                super::$test(Database::sqlite().await).await;
            })*
        }
        mod postgres {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                super::$test(Database::postgres().await).await;
            })*
        }
    };
}

both!(
    what_is_called_is_held_against_the_document,
    who_still_calls_what_is_deprecated_is_named,
);

fn document() -> OpenApiDocument {
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "The shop", "version": "1"},
        "servers": [{"url": "https://shop.example/v1"}],
        "paths": {
            "/orders/{id}": {
                "get": {"operationId": "getOrder", "summary": "One order"},
                "delete": {"operationId": "deleteOrder"},
            },
            "/basket": {"get": {"deprecated": true}, "put": {"deprecated": true}},
        },
    });
    OpenApiDocument::from_json("shop", &document.to_string()).unwrap()
}

fn record(
    site: &Site,
    method: &'static str,
    endpoint: &str,
    status: u16,
    key: Option<&str>,
    n: usize,
) {
    let at = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs() - 600);
    let key = key.map(ApiKey::from);
    let mut record = RequestRecord::new(method, endpoint, at);
    record.status = Some(status);
    record.api_key = key.as_ref();
    for _ in 0..n {
        site.writer.recorder.record(&record);
    }
}

async fn what_is_called_is_held_against_the_document(database: Database) {
    let site = Site::start_with(database, |admin| admin.openapi(document())).await;
    record(&site, "GET", "/v1/orders/{order}", 200, None, 3);
    record(&site, "GET", "/orders/{id}", 500, None, 1);
    record(&site, "POST", "/orders/{id}", 200, None, 2);
    record(&site, "OPTIONS", "/v1/orders/{order}", 204, None, 5);
    record(&site, "GET", "<unmatched>", 404, None, 7);
    site.settle().await;
    let answer = site.json("/api-metrics/coverage?period=24h").await;
    let operations = answer["operations"].as_array().unwrap();
    let told: Vec<(&str, &str, u64)> = operations
        .iter()
        .map(|one| {
            let text = |member: &str| one[member].as_str().unwrap();
            (
                text("method"),
                text("path"),
                one["requestCount"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("GET", "/basket", 0),
            ("PUT", "/basket", 0),
            ("GET", "/orders/{id}", 4),
            ("DELETE", "/orders/{id}", 0),
        ]
    );
    assert_eq!(operations[2]["errorRate"], 25.0);
    assert_eq!(operations[2]["endpoint"], "/v1/orders/{order}");
    assert_eq!(operations[3]["endpoint"], Value::Null);
    assert_eq!(
        answer["undocumented"],
        json!([{"service": "shop", "method": "POST", "endpoint": "/orders/{id}", "requestCount": 2, "errorRate": 0.0}])
    );
    assert_eq!(
        answer["documents"],
        json!([{
            "service": "shop", "title": "The shop", "operationCount": 4, "calledCount": 1, "calledPercent": 25.0,
            "deprecatedCalledCount": 0, "undocumentedCount": 1, "undocumentedRequestCount": 2
        }])
    );
    let (status, _) = site.get("/api-metrics/coverage?service=bank").await;
    assert_eq!(status, 404);
}

async fn who_still_calls_what_is_deprecated_is_named(database: Database) {
    let site = Site::start_with(database, |admin| admin.openapi(document())).await;
    for (key, n) in [(Some("partner"), 5), (Some("phone"), 2), (None, 1)] {
        record(&site, "GET", "/basket", 200, key, n);
    }
    record(&site, "GET", "/v1/basket", 200, Some("phone"), 4);
    record(&site, "GET", "/orders/{id}", 200, Some("partner"), 9);
    site.settle().await;
    let answer = site.json("/api-metrics/coverage?period=24h").await;
    let basket = &answer["operations"][0];
    assert_eq!(
        (&basket["deprecated"], &basket["requestCount"]),
        (&json!(true), &json!(12))
    );
    let callers: Vec<(Option<&str>, u64)> = basket["callers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["externalId"].as_str(),
                one["requestCount"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        callers,
        [(Some("phone"), 6), (Some("partner"), 5), (None, 1)]
    );
    assert_eq!(basket["moreCallers"], false);
    // Of what is not deprecated nobody is told.
    assert_eq!(answer["operations"][2]["callers"], json!([]));
    assert_eq!(answer["documents"][0]["deprecatedCalledCount"], 1);
}
