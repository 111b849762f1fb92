//! What a caller sees while something is broken.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_routes::{Health, HealthSource, TaskHealth};

use crate::host::{Host, NOW, TOKEN, problem};

#[derive(Debug, Default)]
struct Reported(std::sync::Mutex<Health>);

impl HealthSource for Reported {
    fn health(&self) -> Health {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_problem_without_its_secrets() {
    let host = Host::start().await;
    host.store.pool().close().await;
    let response = host.get("/api-metrics/summary").await;
    assert_eq!(response.headers()["retry-after"], "5");
    let body = problem(response, 503).await;
    assert_eq!(body["type"], "urn:api-metrics:store-unavailable");
    assert_eq!(body["detail"], "the metrics store did not answer");
    // The status page is for exactly this moment.
    let status = host.json("/api-status").await;
    assert_eq!(status["store"]["reachable"], false);
    assert_eq!(status["recorder"]["unflushedRecords"], 0);
}

#[tokio::test]
async fn a_database_that_lacks_its_tables_is_an_error_without_sql() {
    let host = Host::start().await;
    sqlx::query("DROP TABLE api_metrics_retention_floor")
        .execute(host.store.pool())
        .await
        .unwrap();
    let body = host.problem("/api-metrics/summary", 500).await;
    let text = body.to_string().to_lowercase();
    for secret in ["select", "level", "table", "sqlite", "/"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn readiness_follows_the_store_and_liveness_does_not() {
    let host = Host::start().await;
    assert_eq!(host.anonymous("/health/live").await.status(), 200);
    assert_eq!(host.anonymous("/health/ready").await.status(), 200);
    let closed = Host::start().await;
    closed.store.pool().close().await;
    let ready = closed.anonymous("/health/ready").await;
    assert_eq!(ready.status(), 503);
    let body: serde_json::Value = ready.json().await.unwrap();
    assert_eq!(body["status"], "degraded");
    assert_eq!(closed.anonymous("/health/live").await.status(), 200);
}

#[tokio::test]
async fn readiness_says_since_when_the_store_has_been_away() {
    let reported = Arc::new(Reported::default());
    let source = reported.clone();
    let host = Host::start_with(|builder| builder.token(TOKEN).health(source)).await;
    assert_eq!(host.anonymous("/health/ready").await.status(), 200);
    let mut away = Health::default();
    away.store_unreachable_since = Some(UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()));
    away.store_error = Some("connection refused".to_owned());
    away.lost = vec![(3, 5)];
    *reported.0.lock().unwrap() = away;
    let ready = host.anonymous("/health/ready").await;
    assert_eq!(ready.status(), 503);
    let body = ready.text().await.unwrap();
    assert!(body.contains("2026-05-18T09:30:29Z"), "{body}");
    // The reason is for admins.
    assert!(!body.contains("refused"), "{body}");
    assert_eq!(host.json("/api-status").await["lost"], 3);
}

#[tokio::test]
async fn a_task_that_has_ended_is_not_ready() {
    let mut flush = TaskHealth::new("flush", false);
    flush.last_error = Some("it panicked".to_owned());
    let mut health = Health::default();
    health.tasks = vec![flush];
    let reported = Arc::new(Reported(std::sync::Mutex::new(health)));
    let host = Host::start_with(|builder| builder.token(TOKEN).health(reported)).await;
    assert_eq!(host.anonymous("/health/ready").await.status(), 503);
    let status = host.json("/api-status").await;
    assert_eq!(status["tasks"]["tasks"][0]["lastError"], "it panicked");
}

#[tokio::test]
async fn a_task_that_has_failed_for_long_is_not_ready_and_is_named() {
    let mut fold = TaskHealth::new("fold", true);
    fold.last_error = Some("a row can't be read".to_owned());
    fold.failing_since = Some(UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()));
    let reported = Arc::new(Reported::default());
    reported.0.lock().unwrap().tasks = vec![fold.clone()];
    let source = reported.clone();
    let host = Host::start_with(|builder| builder.token(TOKEN).health(source)).await;
    assert_eq!(host.anonymous("/health/ready").await.status(), 200);
    fold.stalled = true;
    reported.0.lock().unwrap().tasks = vec![fold];
    let ready = host.anonymous("/health/ready").await;
    assert_eq!(ready.status(), 503);
    let body: serde_json::Value = ready.json().await.unwrap();
    assert_eq!(body["task"], "fold");
    assert_eq!(body["reason"], "a background task has failed for long");
    let status = host.json("/api-status").await;
    assert_eq!(status["tasks"]["tasks"][0]["stalled"], true);
    assert_eq!(
        status["tasks"]["tasks"][0]["failingSince"],
        "2026-05-18T09:30:29Z"
    );
}
