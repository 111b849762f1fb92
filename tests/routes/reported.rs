//! Single requests that other services report, in the request log.

use api_metrics_tests::harness::Database;
use serde_json::{Value, json};

use crate::ingest::{Server, told};

macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

on_both_databases! {
    what_is_counted_is_logged_once_and_scrubbed
    the_log_adds_up_and_has_bounds_of_its_own
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn what_is_counted_is_logged_once_and_scrubbed(database: Database) {
    let server = Server::on(database).await;
    let body = json!({"name": "ci", "service": "checkout", "templates": ["/users/{id}"]});
    let (_, secret) = server.token(body).await;
    let items = json!([
        {"method": "POST", "path": "/users/7041?token=geheim", "status": 503, "latencyMs": 12.5,
         "key": "k-1", "user": "u-9", "requestId": "r-1",
         "trace": format!("00-{TRACE}-00f067aa0ba902b7-01"),
         "error": {"type": "ledger_locked", "message": "no ledger for ann@example.com"}},
        {"method": "GET", "path": "/wp-admin/setup.php?x=1", "status": 404},
        {"method": "GET", "endpoint": "/orders", "status": 42},
    ]);
    for repeated in [false, true] {
        let request = server.report(&secret).header("Idempotency-Key", "one");
        let (status, answer) = told(request.json(&items).send().await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), &answer["repeated"]),
            (200, &json!(repeated))
        );
    }
    server.flush_log().await;
    let page = server.json("/api-metrics/requests?period=24h").await;
    let rows = page["data"].as_array().unwrap();
    assert_eq!(
        rows.len(),
        2,
        "refused ones and repetitions are not logged: {page}"
    );
    let found = |endpoint: &str| {
        let row = rows.iter().find(|row| row["endpoint"] == endpoint);
        row.unwrap_or_else(|| panic!("{page}")).clone()
    };
    let row = found("/users/{id}");
    let told_by = |name: &str| row[name].clone();
    for (name, expected) in [
        ("service", json!("checkout")),
        ("method", json!("POST")),
        ("path", json!("/users/{id}")),
        ("status", json!(503)),
        ("latencyMs", json!(12.5)),
        ("user", json!("u-9")),
        ("traceId", json!(TRACE)),
        ("requestId", json!("r-1")),
    ] {
        assert_eq!(told_by(name), expected, "{name}: {row}");
    }
    assert_eq!(found("<unmatched>")["path"], "/wp-admin/…");
    let text = page.to_string();
    assert!(
        text.contains("ledger_locked") && text.contains("[email]"),
        "{text}"
    );
    for secret in ["geheim", "ann@example.com", "7041", "x=1"] {
        assert!(!text.contains(secret), "{secret}");
    }
    // It is found and erased as any other request.
    let of_user = server
        .json("/api-metrics/requests?period=24h&user=u-9")
        .await;
    assert_eq!(of_user["data"].as_array().unwrap().len(), 1);
}

async fn the_log_adds_up_and_has_bounds_of_its_own(database: Database) {
    let server = Server::on(database).await;
    let (_, shop) = server.token(json!({"name": "a", "service": "shop"})).await;
    let secrets = [server.writer().await, shop];
    let items: Vec<Value> = (0..800)
        .map(|n| json!({"method": "GET", "endpoint": format!("/{}", n % 3), "status": 500}))
        .collect();
    for secret in &secrets {
        for _ in 0..2 {
            let sent = server.report(secret).json(&items).send().await.unwrap();
            assert_eq!(sent.status(), 200);
        }
    }
    server.flush_log().await;
    let counts = server.log.counts();
    // 1,000 of each service in this second.
    assert_eq!(
        (counts.chosen, counts.kept, counts.dropped.rate),
        (3_200, 2_000, 1_200)
    );
    assert_eq!(
        counts.chosen,
        counts.kept + counts.dropped.total() + counts.waiting
    );
    for buffer in server.log.buffers() {
        let counts = buffer.counts();
        assert_eq!(
            (counts.chosen, counts.kept),
            (1_600, 1_000),
            "{:?}",
            buffer.instance()
        );
        assert_eq!(buffer.memory(), 0, "what is stored is free again");
    }
    assert_eq!(
        server.json("/api-metrics/summary?period=24h").await["totalRequests"],
        3_200
    );
}
