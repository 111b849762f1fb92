//! Shapes that others expect, exactly; and bodies that nobody does.

use std::{collections::BTreeSet, sync::Arc};

use api_metrics_tests::{harness::Database, random::Random};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    collector::{ANN, As, agent, command},
    ingest::{Server, told},
};

fn members(value: &Value) -> BTreeSet<&str> {
    let members = value.as_object().unwrap_or_else(|| panic!("{value}"));
    members.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_three_aliases_have_exactly_their_members() {
    let server = Server::on(Database::sqlite().await).await;
    let caller = As::role(&server, "manager", "acme");
    let empty = caller.get("/realtime").await;
    let nothing = json!({"endpoints": [],
        "summary": {"totalBandwidth": 0, "totalRequests": 0, "avgResponseTime": 0.0}});
    assert_eq!(empty, nothing);
    assert_eq!(caller.get("/hourly").await, json!([]));
    assert_eq!(
        caller
            .post("/commands", &command(ANN, "deploy", "error"))
            .await
            .0,
        200
    );
    server
        .h
        .clock
        .advance(std::time::Duration::from_secs(3_600));
    for _ in 0..2 {
        assert_eq!(caller.post("/agents", &agent(ANN)).await.0, 200);
    }
    let realtime = caller.get("/realtime").await;
    let expected = json!({
        "endpoints": [{"endpoint": "reviewer", "method": "review", "totalRequests": 2, "totalInbound": 0,
            "totalOutbound": 0, "avgResponseTime": 3_000.0, "maxResponseTime": 3_000.0, "errorCount": 0}],
        "summary": {"totalBandwidth": 0, "totalRequests": 2, "avgResponseTime": 3_000.0},
    });
    assert_eq!(realtime, expected);
    let hourly = caller.get("/hourly?hours=24").await;
    let rows = hourly.as_array().unwrap();
    let expected = BTreeSet::from([
        "avg_response_time",
        "endpoint",
        "error_count",
        "hour_start",
        "max_response_time",
        "method",
        "min_response_time",
        "protocol",
        "success_count",
        "total_inbound",
        "total_outbound",
        "total_requests",
    ]);
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| members(row) == expected), "{hourly}");
    // The newest first.
    assert_eq!(
        (&rows[0]["protocol"], &rows[1]["protocol"]),
        (&json!("agent"), &json!("command"))
    );
    assert!(rows[0]["hour_start"].as_str() > rows[1]["hour_start"].as_str());
    assert_eq!(
        (&rows[1]["error_count"], &rows[1]["success_count"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        caller
            .get("/hourly?hours=1")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let status = caller.get("/status").await;
    assert_eq!(
        members(&status),
        BTreeSet::from(["bufferSize", "lastPersist", "status"])
    );
    assert_eq!(
        (&status["bufferSize"], &status["status"]),
        (&json!(0), &json!("healthy"))
    );
    assert!(status["lastPersist"].is_string());
}

#[tokio::test]
async fn the_document_has_every_route_with_examples_of_its_members() {
    let server = Server::on(Database::sqlite().await).await;
    let url = format!("{}/api/metrics/openapi.json", server.origin);
    let document: Value = server
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum();
    assert_eq!(operations, 19, "{:?}", paths.keys());
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            for part in ["summary", "responses", "tags"] {
                assert!(operation.get(part).is_some(), "{method} {path}: {part}");
            }
        }
    }
}

/// A value that a member might have, or might not.
fn value(random: &mut Random, depth: u32) -> Value {
    match random.below(if depth > 0 { 12 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.below(4_000_000)),
        3 => json!(-1),
        4 => json!(1e308),
        5 => json!("success"),
        6 => json!(ANN),
        7 => json!("2026-05-18T09:25:00Z"),
        8 => json!("\0'\u{202e}x".repeat(usize::try_from(random.below(300)).unwrap())),
        9 => Value::Array(
            (0..random.below(4))
                .map(|_| value(random, depth - 1))
                .collect(),
        ),
        _ => object(random, depth - 1),
    }
}

const NAMES: [&str; 20] = [
    "user_id",
    "command_name",
    "agent_name",
    "interaction_type",
    "execution_time_ms",
    "status",
    "input_tokens",
    "output_tokens",
    "context",
    "metrics",
    "timestamp",
    "end_time",
    "session_id",
    "command_executions",
    "agent_interactions",
    "productivity_metrics",
    "__proto__",
    "constructor",
    "",
    "x",
];

fn object(random: &mut Random, depth: u32) -> Value {
    let mut members = Map::new();
    for _ in 0..random.below(6) {
        let name = NAMES[usize::try_from(random.below(NAMES.len() as u64)).unwrap()];
        members.insert(name.to_owned(), value(random, depth));
    }
    Value::Object(members)
}

/// A good item of which some members are others.
fn nearly(random: &mut Random) -> Value {
    let mut item = match random.below(3) {
        0 => command(ANN, "deploy", "success"),
        1 => agent(ANN),
        _ => json!({"user_id": ANN, "metrics": {"score": 1}}),
    };
    for _ in 0..random.below(3) {
        let name = NAMES[usize::try_from(random.below(NAMES.len() as u64)).unwrap()];
        item[name] = value(random, 3);
    }
    item
}

#[tokio::test]
async fn whatever_a_body_holds_each_item_is_counted_or_refused_and_nothing_fails() {
    let server = Arc::new(Server::on(Database::sqlite().await).await);
    let caller = As::role(&server, "manager", "acme");
    let mut random = Random::new(18);
    let mut counted = 0;
    for _ in 0..api_metrics_tests::sized(300, 60) {
        let lists = [
            "command_executions",
            "agent_interactions",
            "productivity_metrics",
        ];
        let (mut body, mut items) = (json!({}), 0);
        for list in lists {
            let few: Vec<Value> = (0..random.below(4)).map(|_| nearly(&mut random)).collect();
            items += few.len() as u64;
            body[list] = Value::Array(few);
        }
        let (status, answer) = caller.post("/batch", &body).await;
        if items == 0 {
            assert_eq!(status, 400, "{body}");
            continue;
        }
        assert!([200, 422].contains(&status), "{status} {answer}: {body}");
        let accepted = answer["accepted"].as_u64().unwrap();
        let refused = answer["refused"].as_array().unwrap();
        assert_eq!(accepted + refused.len() as u64, items, "{answer}: {body}");
        for one in refused {
            let index = usize::try_from(one["index"].as_u64().unwrap()).unwrap();
            assert!(
                body[one["list"].as_str().unwrap()].get(index).is_some(),
                "{one}: {body}"
            );
        }
        counted += accepted;
        // And what is no batch at all.
        let garbage = value(&mut random, 3);
        for (method, path) in [
            (Method::POST, "/batch"),
            (Method::POST, "/commands"),
            (Method::POST, "/agents"),
            (Method::POST, "/query"),
            (Method::POST, "/sessions/start"),
        ] {
            let answer = caller
                .request(method, path)
                .json(&garbage)
                .send()
                .await
                .unwrap();
            let status = answer.status().as_u16();
            assert!(status < 500, "{path} {status}: {garbage}");
            // They are limited, and were counted where they were good by chance.
            let (_, answer) = told(answer).await;
            if path != "/query" {
                counted += answer["accepted"].as_u64().unwrap_or_default();
            }
        }
        server.h.clock.advance(std::time::Duration::from_secs(1));
    }
    assert!(counted > 0);
    let rows = server
        .json("/api-metrics?period=7d&granularity=none&protocol=any&metrics=requestCount")
        .await;
    assert_eq!(rows["data"][0]["requestCount"], counted, "{rows}");
}
