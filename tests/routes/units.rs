//! Units in every view: sums and gauges by name, and who uses most of one.

use std::time::{Duration, UNIX_EPOCH};

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord, Units};
use serde_json::{Value, json};

use crate::host::{Hit, Host, NOW};

fn used(host: &Host, endpoint: &str, key: Option<&str>, units: &Units) {
    let at = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs() - 60);
    let key = key.map(ApiKey::from);
    let mut record = RequestRecord::new("POST", endpoint, at);
    record.api_key = key.as_ref();
    record.units = Some(units);
    host.writer.recorder.record(&record);
}

/// Alpha uses 10 tokens in five requests, beta 90 in one, nobody 100.
async fn some(host: &Host) {
    for n in 0..5_u32 {
        let units = Units::new().add("tokens", 2).gauge("score", f64::from(n));
        used(host, "/chat", Some("alpha"), &units);
    }
    let many = Units::new().add("tokens", 90).add("images", 1);
    used(host, "/chat", Some("beta"), &many);
    used(host, "/chat", None, &Units::new().add("tokens", 100));
    host.record(&Hit::of("/plain"));
    host.flush().await;
}

#[tokio::test]
async fn every_view_has_sums_and_gauges_of_units() {
    let host = Host::start().await;
    some(&host).await;
    let units = json!({"images": 1, "tokens": 200});
    let score = json!({"count": 5, "mean": 2.0, "min": 0.0, "max": 4.0, "sum": 10.0});
    let gauges = json!({"score": score});
    let summary = host.json("/api-metrics/summary?period=6h").await;
    assert_eq!((&summary["units"], &summary["gauges"]), (&units, &gauges));
    let of = |page: &Value, member: &str, name: Value| {
        let mut rows = page["data"].as_array().unwrap().iter();
        let row = rows.find(|row| row[member] == name).unwrap();
        (row["units"].clone(), row["gauges"].clone())
    };
    let endpoints = host.json("/api-metrics/endpoints?period=6h").await;
    let chat = of(&endpoints, "endpoint", json!("/chat"));
    assert_eq!(chat, (units.clone(), gauges.clone()));
    let plain = of(&endpoints, "endpoint", json!("/plain"));
    assert_eq!(plain, (json!({}), json!({})));
    let keys = host.json("/api-metrics/keys?period=6h").await;
    let alpha = of(&keys, "externalId", json!("alpha"));
    assert_eq!(alpha, (json!({"tokens": 10}), gauges.clone()));
    let rows = host
        .json("/api-metrics?period=6h&granularity=none&metrics=units,gauges")
        .await;
    assert_eq!(rows["data"], json!([{"units": units, "gauges": gauges}]));
    let csv = host
        .get("/api-metrics/export?period=6h&granularity=none&groupBy=endpoint&metrics=units")
        .await;
    let csv = csv.text().await.unwrap();
    assert!(csv.contains("/chat,\"images:1;tokens:200\""), "{csv}");
}

#[tokio::test]
async fn top_consumers_rank_by_the_sum_of_a_unit() {
    let host = Host::start().await;
    some(&host).await;
    let page = host
        .json("/api-metrics/top-consumers?period=6h&sort=unit&unit=tokens")
        .await;
    let rows = page["data"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| (row["externalId"].clone(), row["share"].clone()))
        .collect();
    // Requests without a key are no consumer, and count in the whole.
    assert_eq!(
        rows,
        [(json!("beta"), json!(45.0)), (json!("alpha"), json!(5.0))]
    );
    let first = host
        .json("/api-metrics/top-consumers?period=6h&sort=unit&unit=tokens&limit=1")
        .await;
    let next = first["nextCursor"].as_str().unwrap();
    let second = host
        .json(&format!(
            "/api-metrics/top-consumers?period=6h&sort=unit&unit=tokens&limit=1&cursor={next}"
        ))
        .await;
    assert_eq!(second["data"][0]["externalId"], "alpha");
    for wrong in ["sort=unit", "unit=tokens", "sort=unit&unit=my%20tokens"] {
        let path = format!("/api-metrics/top-consumers?period=6h&{wrong}");
        assert_eq!(host.problem(&path, 400).await["parameter"], "unit");
    }
}
