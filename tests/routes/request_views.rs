//! Other views of single requests: as a command, and in the console.

use api_metrics_routes::{Principal, Role};
use axum::{
    Extension,
    body::{Body, to_bytes},
    http::{Method, StatusCode},
};
use serde_json::Value;
use tower::ServiceExt;

use crate::requests::Service;

#[tokio::test]
async fn a_request_as_a_command_has_variables_where_something_is_not_kept() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let list = service.json("/api-requests?apiKeyId=1&status=503").await;
    let id = list["data"][0]["id"].as_str().unwrap();
    let curl = service.json(&format!("/api-requests/{id}/curl")).await;
    assert_eq!(
        curl["command"],
        r#"curl -sS -g "${BASE_URL}"'/locked/'"${id}" -H 'authorization: Bearer '"${API_KEY}" -H 'user-agent: agent [card]'"#
    );
    assert_eq!(
        curl["placeholders"],
        serde_json::json!(["BASE_URL", "id", "API_KEY"])
    );
    let list = service.json("/api-requests?method=post").await;
    let id = list["data"][0]["id"].as_str().unwrap();
    let curl = service.json(&format!("/api-requests/{id}/curl")).await;
    let command = curl["command"].as_str().unwrap();
    assert!(
        command.starts_with(r#"curl -sS -g -X POST "${BASE_URL}"'/orders'"#),
        "{command}"
    );
    assert!(
        command.ends_with(r#" --data-binary "${BODY}""#),
        "{command}"
    );
    // As for the request itself: nobody else's.
    let (_, shown) = service
        .ask(
            Method::GET,
            &format!("/api-requests/{id}/curl"),
            Some(Principal::new("x", Role::Viewer)),
        )
        .await;
    assert!(shown.contains("there is no such request"), "{shown}");
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_consumer_sees_its_own_requests_without_addresses() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let all = service.json("/api-requests").await;
    let of_alpha = |request: &&Value| request["apiKey"] == "alpha";
    let ask = async |path: &str, principal: Principal| {
        let console = service.metrics.console().layer(Extension(principal));
        let request = axum::http::Request::get(path).body(Body::empty()).unwrap();
        let response = console.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let viewer = || Principal::new("consumer", Role::Viewer).with_key("alpha");
    let (status, own) = ask("/requests?statusClass=5xx", viewer()).await;
    assert_eq!(status, StatusCode::OK, "{own}");
    let mut expected: Vec<Value> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(of_alpha)
        .cloned()
        .collect();
    for request in &mut expected {
        assert!(request["address"].is_string());
        request["address"] = Value::Null;
    }
    assert_eq!(
        (expected.len(), own["data"].as_array().unwrap()),
        (2, &expected)
    );
    let (_, page) = ask("/requests?limit=1", viewer()).await;
    let cursor = page["nextCursor"].as_str().unwrap();
    let (_, rest) = ask(&format!("/requests?limit=1&cursor={cursor}"), viewer()).await;
    assert_eq!(rest["data"][0], expected[1]);
    let id = expected[0]["id"].as_str().unwrap();
    assert_eq!(
        ask(&format!("/requests/{id}"), viewer()).await.1,
        expected[0]
    );
    // An admin sees all here too, and no address.
    let (_, seen) = ask("/requests", Principal::new("root", Role::Admin)).await;
    assert_eq!(seen["data"].as_array().unwrap().len(), 6);
    assert!(
        seen["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|request| request["address"].is_null())
    );
    let beta = || Principal::new("other", Role::Viewer).with_key("beta");
    assert_eq!(
        ask(&format!("/requests/{id}"), beta()).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(ask("/requests/7", beta()).await.0, StatusCode::NOT_FOUND);
    service.metrics.shutdown().await.unwrap();
}
