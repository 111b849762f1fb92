//! What the status says of mistakes that nothing fails by, on both databases.

use std::time::Duration;

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord};
use api_metrics_store::{store::Writer, time::Clock as _};
use api_metrics_tests::harness::{Database, writer_of};
use serde_json::{Value, json};

use crate::site::Site;

/// Longer than an answer that touches now is kept.
const LATER: Duration = Duration::from_secs(11);

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
    a_service_that_refuses_and_knows_nobody_is_named
    each_service_and_environment_is_looked_at_by_itself
}

/// Records `n` requests of this status now.
fn record(site: &Site, writer: &Writer, status: u16, key: Option<&str>, n: u64) {
    let key = key.map(ApiKey::from);
    let mut record = RequestRecord::new("GET", "/orders", site.clock.wall());
    record.status = Some(status);
    record.api_key = key.as_ref();
    for _ in 0..n {
        writer.recorder.record(&record);
    }
}

/// The hints of the status: service, environment, requests.
async fn hints(site: &Site) -> Vec<Value> {
    let status = site.json("/api-status").await;
    let hints = status["hints"].as_array().unwrap();
    hints
        .iter()
        .map(|hint| {
            assert_eq!(hint["name"], "no-keys");
            let detail = hint["detail"].as_str().unwrap();
            let shown = format!("{} w", hint["requests"]);
            assert!(detail.contains(&shown), "{detail}");
            json!([hint["service"], hint["environment"], hint["requests"]])
        })
        .collect()
}

async fn a_service_that_refuses_and_knows_nobody_is_named(database: Database) {
    let site = Site::start(database).await;
    assert!(hints(&site).await.is_empty(), "nothing was recorded");

    // Anonymous requests alone are an open service.
    site.clock.advance(LATER);
    record(&site, &site.writer, 200, None, 5);
    record(&site, &site.writer, 403, None, 1);
    assert!(hints(&site).await.is_empty());

    // In memory and in the database.
    site.clock.advance(LATER);
    record(&site, &site.writer, 401, None, 1);
    assert_eq!(hints(&site).await, [json!(["shop", "test", 1])]);
    site.clock.advance(LATER);
    site.settle().await;
    record(&site, &site.writer, 401, None, 2);
    assert_eq!(hints(&site).await, [json!(["shop", "test", 3])]);

    // One key is enough.
    site.clock.advance(LATER);
    record(&site, &site.writer, 200, Some("acme"), 1);
    assert!(hints(&site).await.is_empty());

    // It is about the last day: the key is forgotten, and so are the refusals.
    site.clock.advance(Duration::from_secs(26 * 3_600));
    assert!(hints(&site).await.is_empty());
    record(&site, &site.writer, 401, None, 4);
    site.clock.advance(LATER);
    assert_eq!(hints(&site).await, [json!(["shop", "test", 4])]);
}

async fn each_service_and_environment_is_looked_at_by_itself(database: Database) {
    let site = Site::start(database).await;
    let writer = |service: &str, environment: &str| {
        let mut writer = writer_of(service, &site.clock);
        writer.instance.environment = environment.to_owned();
        writer
    };
    let (known, unknown) = (
        writer("billing", "production"),
        writer("billing", "staging"),
    );
    let many: Vec<Writer> = (0..9)
        .map(|n| writer(&format!("service{n}"), "production"))
        .collect();
    record(&site, &known, 401, None, 7);
    record(&site, &known, 200, Some("acme"), 1);
    record(&site, &unknown, 401, None, 2);
    record(&site, &unknown, 200, None, 1_000);
    for writer in [&known, &unknown] {
        site.store.flush(writer).await.unwrap();
    }
    assert_eq!(hints(&site).await, [json!(["billing", "staging", 2])]);

    // Only those with the most refusals are asked about, so that the status stays cheap.
    site.clock.advance(LATER);
    for (n, writer) in many.iter().enumerate() {
        record(&site, writer, 401, None, 10 + n as u64);
        site.store.flush(writer).await.unwrap();
    }
    let expected: Vec<Value> = (1..9)
        .rev()
        .map(|n| json!([format!("service{n}"), "production", 10 + n]))
        .collect();
    assert_eq!(hints(&site).await, expected);
}
