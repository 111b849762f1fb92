//! What somebody may send who means no good, or knows no better.

use std::sync::Arc;

use api_metrics_routes::{Principal, Role};
use api_metrics_store::time::ManualClock;
use api_metrics_tests::{PgDatabase, SqliteFile};
use axum::{Extension, Router};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    host::{Hit, Host, NOW, TOKEN, problem},
    process::Process,
};

#[tokio::test]
async fn a_year_that_no_answer_can_name_is_refused() {
    let host = Host::start().await;
    host.record(&Hit::of("/x"));
    for (path, query) in [
        ("daily", "from=-262143-01-01&to=-262143-02-01"),
        ("daily", "from=0000-01-01&to=0000-02-01"),
        ("daily", "from=%2B262142-01-01&to=%2B262142-02-01"),
        ("heatmap", "from=%2B12000-01-01&to=%2B12000-01-02"),
        ("export", "from=-262143-01-01&to=-262142-01-01"),
    ] {
        let path = format!("/api-metrics/{path}?{query}&tz=America/New_York");
        let body = host.problem(&path, 400).await;
        assert_eq!(body["parameter"], "from", "{path}");
    }
    let rows = "/api-metrics?from=-262143-01-01&to=-262142-01-01&granularity=1d\
                &tz=America/New_York&groupBy=endpoint";
    assert_eq!(host.problem(rows, 400).await["parameter"], "from");
    // The ends of what is taken can be named in every zone, and lead on to a next page.
    for query in [
        "from=0001-01-01&to=0001-02-01",
        "from=9998-12-01&to=9999-01-01",
    ] {
        for zone in ["America/New_York", "Pacific/Kiritimati"] {
            let path = format!("/api-metrics/daily?{query}&tz={zone}");
            let body = host.json(&path).await;
            let from = body["from"].as_str().unwrap();
            assert!(chrono::DateTime::parse_from_rfc3339(from).is_ok(), "{from}");
        }
    }
}

#[tokio::test]
async fn days_are_bounded_by_the_hours_that_they_are_made_of() {
    let host = Host::start().await;
    host.json("/api-metrics/daily?period=1y").await;
    host.json("/api-metrics/daily?from=2024-01-01&to=2025-04-03")
        .await;
    for query in [
        "from=2024-01-01&to=2025-04-04",
        "from=1950-01-01&to=2026-01-01",
    ] {
        let path = format!("/api-metrics/daily?{query}");
        assert_eq!(host.problem(&path, 400).await["parameter"], "from");
    }
}

#[tokio::test]
async fn a_manager_of_nobody_makes_no_plan_for_everybody() {
    for tenant in ["", " ", "a\0b"] {
        let principal = Principal::new("m", Role::Manager).with_tenant(tenant);
        let host = Host::start_at(
            SqliteFile::create(),
            |builder| builder.token(TOKEN),
            |router: Router| router.layer(Extension(principal)),
        )
        .await;
        let plan = json!({"name": "free", "perThousand": "0", "tenantId": tenant});
        let request = host.client.post(host.url("/api-price-plans"));
        problem(request.json(&plan).send().await.unwrap(), 403).await;
        problem(host.anonymous("/api-price-plans").await, 403).await;
    }
    let host = Host::start().await;
    // Not even an admin names a tenant so: the plan would be everybody's.
    let plan = json!({"name": "free", "perThousand": "0", "tenantId": ""});
    let refused = host.sent("POST", "/api-price-plans", plan, 400).await;
    assert_eq!(refused["parameter"], "tenantId");
}

/// An admin over Postgres, which takes less text and fewer times than SQLite.
async fn on_postgres() -> (PgDatabase, Process) {
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let process = Process::start(&database.url(), &clock).await;
    (database, process)
}

async fn refused(request: RequestBuilder) -> Value {
    let body = problem(request.bearer_auth(TOKEN).send().await.unwrap(), 400).await;
    body["parameter"].clone()
}

#[tokio::test]
async fn text_that_postgres_can_not_hold_is_refused_by_name() {
    let (_database, process) = on_postgres().await;
    let get = |path: &str| process.client.get(process.admin(path));
    let post = |path: &str, body: &Value| process.client.post(process.admin(path)).json(body);
    let long = "x".repeat(4_000);
    for tenant in ["%00", "a%00", &long] {
        for path in ["billing", "billing/invoice"] {
            let path = format!("/api-metrics/{path}?tenantId={tenant}");
            assert_eq!(refused(get(&path)).await, "tenantId");
        }
    }
    let notice = "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e";
    for channel in ["\0", &long] {
        let body = json!({"noticeId": notice, "channel": channel});
        let path = "/api-alerts/deliveries/redeliver";
        assert_eq!(refused(post(path, &body)).await, "channel");
    }
    for tenant in ["", " ", "\0", &long] {
        let plan = json!({"name": "p", "perThousand": "1", "tenantId": tenant});
        let rule = json!({"name": "r", "alertType": "error_rate", "comparison": "gt",
            "thresholdValue": 1, "tenantId": tenant});
        let key = json!({"externalId": "k", "tenantId": tenant});
        let tried = json!({"rule": rule, "period": "1h"});
        for (path, body) in [
            ("/api-price-plans", &plan),
            ("/api-alerts", &rule),
            ("/api-alerts/dry-run", &tried),
            ("/api-keys", &key),
        ] {
            assert_eq!(refused(post(path, body)).await, "tenantId", "{path}");
        }
    }
}

/// A cursor that says it came from the first page of a list without parameters.
fn forged(list: &str, key: &Value) -> String {
    let digest = Sha256::digest(format!("{list} []").as_bytes());
    let question = URL_SAFE_NO_PAD.encode(&digest[..9]);
    URL_SAFE_NO_PAD.encode(json!({"q": question, "f": 0, "t": 60, "k": key}).to_string())
}

#[tokio::test]
async fn a_forged_cursor_names_no_time_that_postgres_can_not_hold() {
    let (_database, process) = on_postgres().await;
    let id = "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e";
    for at in [i64::MAX, i64::MIN] {
        for (path, list, key) in [
            ("events", "alert events", json!([at, id])),
            ("deliveries", "deliveries", json!([at, id, "webhook"])),
        ] {
            let cursor = forged(list, &key);
            let path = format!("/api-alerts/{path}?cursor={cursor}");
            assert_eq!(process.json(&path).await["data"], json!([]), "{path}");
        }
    }
    let cursor = forged("deliveries", &json!([0, id, "\0"]));
    let path = format!("/api-alerts/deliveries?cursor={cursor}");
    let request = process.client.get(process.admin(&path));
    assert_eq!(refused(request).await, "cursor");
}
