//! Who calls what, beside everybody else, on both databases; and answers narrowed to one tenant.

use std::time::{Duration, UNIX_EPOCH};

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord};
use api_metrics_store::sketch::{Sketch, SketchKind};
use api_metrics_tests::harness::Database;
use serde_json::Value;

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
    everybody_else_is_the_endpoint_without_that_consumer,
    the_busiest_pairs_are_answered_and_it_is_said_that_there_are_others,
);

/// Latencies of one consumer at `/a`, in milliseconds.
fn latencies(from: u64) -> impl Iterator<Item = u64> {
    (0..60).map(move |n| from + n * 7 % 50)
}

fn record(site: &Site, key: Option<&str>, endpoint: &str, status: u16, ms: u64) {
    let at = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs() - 600);
    let key = key.map(ApiKey::from);
    let mut record = RequestRecord::new("GET", endpoint, at);
    record.status = Some(status);
    record.latency = Some(Duration::from_millis(ms));
    record.api_key = key.as_ref();
    site.writer.recorder.record(&record);
}

/// The consumers of `/a`, with what each begins at.
const CONSUMERS: [(Option<&str>, u64); 3] = [(Some("slow"), 900), (Some("fast"), 10), (None, 200)];

fn p95_of(starts: &[u64]) -> f64 {
    let mut sketch = Sketch::new(SketchKind::Histogram);
    for ms in starts.iter().flat_map(|from| latencies(*from)) {
        sketch.record(ms * 1_000);
    }
    sketch.quantile(0.95).unwrap().round() / 1e3
}

fn row<'a>(page: &'a Value, key: &Value) -> &'a Value {
    let rows = page["data"].as_array().unwrap();
    let found = rows.iter().find(|row| row["externalId"] == *key);
    found.unwrap_or_else(|| panic!("no row of {key}: {page}"))
}

async fn everybody_else_is_the_endpoint_without_that_consumer(database: Database) {
    let site = Site::start(database).await;
    for (key, from) in CONSUMERS {
        for (n, ms) in latencies(from).enumerate() {
            let fails = key == Some("slow") && n % 3 == 0;
            record(&site, key, "/a", if fails { 500 } else { 200 }, ms);
        }
    }
    record(&site, Some("slow"), "/alone", 200, 5);
    site.settle().await;
    let page = site
        .json("/api-metrics/endpoint-consumers?period=1h&endpoint=/a")
        .await;
    assert_eq!(page["complete"], true, "{page}");
    assert_eq!(page["data"].as_array().unwrap().len(), 3);
    for (key, own) in CONSUMERS {
        let others: Vec<u64> = CONSUMERS
            .iter()
            .filter(|(other, _)| *other != key)
            .map(|(_, from)| *from)
            .collect();
        let found = row(&page, &key.map_or(Value::Null, Value::from));
        assert_eq!(found["requestCount"], 60);
        assert_eq!(found["othersRequestCount"], 120);
        assert_eq!(found["p95Ms"], p95_of(&[own]), "{found}");
        assert_eq!(found["othersP95Ms"], p95_of(&others), "{found}");
    }
    let slow = row(&page, &Value::from("slow"));
    assert_eq!(
        (&slow["errorCount"], &slow["errorRate"]),
        (&20.into(), &33.333.into())
    );
    assert_eq!(slow["othersErrorRate"], 0.0);
    let fast = row(&page, &Value::from("fast"));
    assert_eq!(fast["othersErrorRate"], 16.667);
    // One consumer's filter leaves everybody else as they are.
    let id = &slow["apiKeyId"];
    let only = site
        .json(&format!(
            "/api-metrics/endpoint-consumers?period=1h&apiKeyId={id}"
        ))
        .await;
    assert_eq!(only["data"].as_array().unwrap().len(), 2);
    assert_eq!(only["data"][0], *slow);
    // Where nobody else calls, nothing is compared with.
    let alone = &only["data"][1];
    assert_eq!(alone["endpoint"], "/alone");
    assert_eq!(alone["othersRequestCount"], 0);
    assert_eq!(alone["othersP95Ms"], Value::Null);
    assert_eq!(alone["othersErrorRate"], Value::Null);
}

async fn the_busiest_pairs_are_answered_and_it_is_said_that_there_are_others(database: Database) {
    let site = Site::start(database).await;
    for (n, name) in ["one", "two", "three"].into_iter().enumerate() {
        for _ in 0..=n {
            record(&site, Some(name), "/a", 200, 10);
        }
    }
    site.settle().await;
    let page = site
        .json("/api-metrics/endpoint-consumers?period=1h&limit=2")
        .await;
    assert_eq!(page["complete"], false);
    let names = page["data"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|row| row["externalId"].clone()).collect();
    assert_eq!(names, ["three", "two"]);
    assert_eq!(page["data"][0]["othersRequestCount"], 3);
}
