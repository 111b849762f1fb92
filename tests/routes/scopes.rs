//! No route shows anything of another tenant or of another key.

use api_metrics_routes::{Principal, Role};
use api_metrics_tests::SqliteFile;
use axum::{Extension, Router};
use reqwest::Client;
use serde_json::Value;

use crate::host::{Hit, Host, TOKEN};

/// Every route of metrics, with parameters that make it show all it can.
pub(crate) const READS: [&str; 20] = [
    "/api-metrics?groupBy=service,method,endpoint,apiKey&limit=1000",
    "/api-metrics?granularity=none&groupBy=endpoint",
    "/api-metrics?granularity=none",
    "/api-metrics/summary",
    "/api-metrics/summary?endpoint=/of-beta",
    "/api-metrics/endpoints",
    "/api-metrics/dependencies",
    "/api-metrics/endpoint-consumers",
    "/api-metrics/endpoint-consumers?tenantId=umbrella",
    "/api-metrics?groupBy=endpoint&tenantId=umbrella",
    "/api-metrics/keys",
    "/api-metrics/heatmap",
    "/api-metrics/heatmap?layout=weekday",
    "/api-metrics/top-consumers",
    "/api-metrics/daily",
    "/api-metrics/realtime",
    "/api-metrics/export?format=json",
    "/api-metrics/export?format=csv",
    "/api-metrics/export?format=ndjson",
    "/api-metrics/stream",
];
pub(crate) const CONSOLE: [&str; 5] = ["/summary", "/endpoints", "/stream", "/quota", "/billing"];

/// 3 requests to `/of-alpha` by tenant acme's key, 5 to `/of-beta` by another tenant's, 7 without a
/// key: half of each flushed and folded, half still in memory.
pub(crate) async fn host_of(principal: Principal) -> Host {
    let host = Host::start_at(
        SqliteFile::create(),
        |builder| builder.token(TOKEN),
        |router: Router| router.layer(Extension(principal)),
    )
    .await;
    let record = |of_alpha, of_beta, of_nobody| {
        for (key, endpoint, count) in [
            (Some("alpha"), "/of-alpha", of_alpha),
            (Some("beta"), "/of-beta", of_beta),
            (None, "/of-nobody", of_nobody),
        ] {
            for _ in 0..count {
                host.record(&Hit {
                    key,
                    ..Hit::of(endpoint)
                });
            }
        }
    };
    record(2, 3, 4);
    host.flush().await;
    for (tenant, key) in [("acme", "alpha"), ("umbrella", "beta")] {
        sqlx::query("UPDATE api_metrics_api_keys SET tenant_id = ? WHERE external_id = ?")
            .bind(tenant)
            .bind(key)
            .execute(host.store.pool())
            .await
            .unwrap();
    }
    record(1, 2, 3);
    host
}

/// The body of an answer; of a stream, its first event.
pub(crate) async fn body(client: &Client, url: &str) -> String {
    let mut response = client.get(url).send().await.unwrap();
    // What one may not see is not there.
    let filtered = url.contains("endpoint=") || url.contains("apiKeyId=");
    if filtered && response.status() == 404 {
        return response.text().await.unwrap();
    }
    assert_eq!(response.status(), 200, "{url}");
    if response.headers()["content-type"] != "text/event-stream" {
        return response.text().await.unwrap();
    }
    let mut text = String::new();
    while !text.contains("\ndata: ") || !text.ends_with("\n\n") {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    text
}

pub(crate) fn sees_only_alpha(path: &str, body: &str) {
    for other in ["of-beta", "of-nobody", "\"beta\"", "umbrella"] {
        assert!(!body.contains(other), "{path} shows {other}: {body}");
    }
    // Sums must not hold them either: any count of requests is at most its own three.
    let json = body
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap_or(body);
    if let Ok(json) = serde_json::from_str::<Value>(json) {
        at_most_three(path, &json);
    }
}

fn at_most_three(path: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if [
                    "requestCount",
                    "totalRequests",
                    "maxRequestCount",
                    "distinctKeys",
                ]
                .contains(&name.as_str())
                {
                    assert!(member.as_u64().unwrap() <= 3, "{path}: {name} is {member}");
                }
                at_most_three(path, member);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| at_most_three(path, value)),
        _ => {}
    }
}

#[tokio::test]
async fn a_tenant_in_the_query_narrows_what_is_seen_and_never_widens_it() {
    let admin = host_of(Principal::new("a", Role::Admin)).await;
    for path in READS.iter().filter(|path| !path.contains("tenantId")) {
        // Of the other's endpoint nothing is known within the tenant.
        let and = if path.contains('?') { '&' } else { '?' };
        let url = admin.url(&format!("{path}{and}tenantId=acme"));
        sees_only_alpha(path, &body(&admin.client, &url).await);
    }
    let summary = admin.json("/api-metrics/summary?tenantId=acme").await;
    assert_eq!(summary["totalRequests"], 3);
    let nobody = admin.json("/api-metrics/summary?tenantId=nobody").await;
    assert_eq!(nobody["totalRequests"], 0);
    let asked =
        serde_json::json!({"period": "24h", "granularity": "none", "filter": {"tenantId": "acme"}});
    let answer = admin
        .client
        .post(admin.url("/api-metrics/query"))
        .json(&asked)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        answer["results"][0]["data"][0]["requestCount"], 3,
        "{answer}"
    );
    let viewer = host_of(Principal::new("v", Role::Viewer).with_key("alpha")).await;
    for (tenant, seen) in [("umbrella", 0), ("acme", 0)] {
        let path = format!("/api-metrics/summary?tenantId={tenant}");
        assert_eq!(viewer.json(&path).await["totalRequests"], seen, "{tenant}");
    }
}

#[tokio::test]
async fn the_session_says_who_is_signed_in() {
    let host = host_of(Principal::new("m", Role::Manager).with_tenant("acme")).await;
    let who = host.json("/session").await;
    assert_eq!(
        who,
        serde_json::json!({"subject": "m", "role": "manager", "tenantId": "acme", "apiKeyIds": null, "expiresAt": null})
    );
    let host = host_of(Principal::new("v", Role::Viewer).with_key("alpha")).await;
    let who = host.json("/session").await;
    assert_eq!(who["role"], "viewer");
    assert_eq!(who["apiKeyIds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn no_route_shows_another_tenant_or_another_key() {
    for principal in [
        Principal::new("m", Role::Manager).with_tenant("acme"),
        Principal::new("d", Role::Developer).with_tenant("acme"),
        Principal::new("v", Role::Viewer).with_key("alpha"),
    ] {
        let host = host_of(principal).await;
        for path in READS {
            sees_only_alpha(path, &body(&host.client, &host.url(path)).await);
        }
        for path in CONSOLE {
            let url = format!("http://{}/api/v2/console/metrics{path}", host.address);
            sees_only_alpha(path, &body(&host.client, &url).await);
        }
        // And its own is there, what is not flushed included.
        let summary = body(&host.client, &host.url("/api-metrics/summary?period=1h")).await;
        let summary: Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["totalRequests"], 3);
        assert_eq!(summary["topEndpoints"][0]["endpoint"], "/of-alpha");
        for closed in ["/api-status", "/metrics"] {
            let response = host.client.get(host.url(closed)).send().await.unwrap();
            assert_eq!(response.status(), 403);
        }
    }
}

#[tokio::test]
async fn an_admin_sees_all_of_them() {
    let host = host_of(Principal::new("a", Role::Admin)).await;
    let summary = body(&host.client, &host.url("/api-metrics/summary")).await;
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["totalRequests"], 15);
}
