//! Wrong input is refused by name; no input is answered by a server error.

use api_metrics_routes::AdminBuilder;
use api_metrics_tests::sized;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::Value;

use crate::host::{Hit, Host, TOKEN, problem};

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let host = Host::start().await;
    for (path, parameter) in [
        ("summary?period=3h", "period"),
        ("summary?from=yesterday", "from"),
        ("summary?from=2026-05-02&to=2026-05-01", "to"),
        // Without `to` the range ends now.
        ("summary?from=2126-05-02", "from"),
        ("billing?from=2126-05-02", "from"),
        ("heatmap?from=1950-01-01&granularity=hour", "granularity"),
        ("heatmap?from=1950-01-01", "from"),
        ("daily?from=1950-01-01", "from"),
        ("summary?perid=24h", "perid"),
        ("summary?apiKeyId=x", "apiKeyId"),
        ("endpoints?limit=0", "limit"),
        ("endpoints?limit=5&limit=6", "limit"),
        ("endpoints?cursor=nonsense", "cursor"),
        ("daily?tz=Mars/Olympus", "tz"),
        ("realtime?period=5m", "period"),
        ("stream?protocol=No%20Kind", "protocol"),
    ] {
        let body = host.problem(&format!("/api-metrics/{path}"), 400).await;
        assert_eq!(body["parameter"], parameter, "{path}: {body}");
        assert_eq!(body["type"], "urn:api-metrics:bad-parameter");
        assert!(!body["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems_too() {
    let host = Host::start().await;
    let body = host.problem("/api-metrics/nothing", 404).await;
    assert_eq!(body["type"], "urn:api-metrics:not-found");
    let response = host
        .client
        .put(host.url("/api-metrics/summary"))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    let body = problem(response, 405).await;
    assert_eq!(body["type"], "urn:api-metrics:method-not-allowed");
}

/// The query parameters of every documented GET route, admin's and console's, with their schemas.
async fn documented(host: &Host) -> Vec<(String, Vec<(String, Value)>)> {
    let console = format!("http://{}/api/v2/console/metrics", host.address);
    let mut routes = Vec::new();
    for base in [host.url(""), console] {
        let document = host.client.get(format!("{base}/openapi.json"));
        let document: Value = document.send().await.unwrap().json().await.unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(operation) = item.get("get") else {
                continue;
            };
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters = parameters
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| {
                    let name = parameter["name"].as_str().unwrap().to_owned();
                    (name, parameter["schema"].clone())
                })
                .collect();
            let path = path.replace("{id}", "1").replace("{keyId}", "1");
            routes.push((format!("{base}{path}"), parameters));
        }
    }
    assert!(routes.len() >= 30, "{routes:?}");
    routes
}

#[tokio::test]
async fn every_parameter_refuses_what_it_does_not_know_by_name() {
    /// Whatever text these hold, it is only looked for.
    const FREE: [&str; 9] = [
        "service",
        "environment",
        "method",
        "endpoint",
        "tenantId",
        "userId",
        "teamId",
        "action",
        "subject",
    ];
    let host = Host::start_with(unlimited).await;
    let mut refused = 0;
    for (url, parameters) in documented(&host).await {
        for (name, schema) in parameters {
            if FREE.contains(&name.as_str()) {
                continue;
            }
            for wrong in ["nonsense", "-1", "", "1e400", "%00", "99999999999999999999"] {
                if name == "protocol" && wrong == "nonsense" {
                    // A kind of events of somebody's own.
                    continue;
                }
                let url = format!("{url}?{name}={wrong}");
                let request = host.client.get(&url).bearer_auth(TOKEN);
                let body = problem(request.send().await.unwrap(), 400).await;
                // `to` alone lacks its `from`, a format or cursor is told before the range is.
                let parameter = body["parameter"].as_str().unwrap_or_default();
                assert!(
                    parameter == name || (name == "to" && parameter == "from"),
                    "{url} {schema}: {body}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 400, "{refused}");
}

fn unlimited(builder: AdminBuilder) -> AdminBuilder {
    builder
        .token(TOKEN)
        .requests_per_minute(u32::MAX)
        .console_requests_per_minute(u32::MAX)
}

#[tokio::test]
async fn thousands_of_odd_query_strings_cause_no_server_error_on_any_route() {
    let odd_strings = sized(10_000, 2_500);
    let host = Host::start_with(unlimited).await;
    for key in ["alpha", "beta"] {
        host.record(&Hit {
            key: Some(key),
            ..Hit::of("/x")
        });
    }
    host.flush().await;
    let routes = documented(&host).await;
    let value = prop_oneof![
        "[0-9TZ:+. -]{0,30}",
        "[ -~]{0,30}",
        "(%[0-9a-fA-F]{2}){0,10}",
        prop::sample::select(vec![
            "24h",
            "1y",
            "1",
            "1000",
            "true",
            "json",
            "9223372036854775807",
            "-9223372036854775808",
            "0001-01-01",
            "9999-12-31",
            "2026-05",
            "2026-05-18T09:30:60Z",
            "2016-12-31T23:59:60Z",
            "NaN",
            "UTC",
            "America/Sao_Paulo",
            "weekday",
            "endpoint,apiKey",
            "<script>",
            "' OR 1=1--",
        ])
        .prop_map(str::to_owned),
    ];
    let odd = (
        prop::sample::select(routes),
        prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                "[a-zA-Z%&=+]{0,12}",
                0..10,
                value,
            ),
            0..4,
        ),
    );
    let mut runner = TestRunner::deterministic();
    let mut answered = 0;
    for _ in 0..odd_strings {
        let ((url, known), pairs) = odd.new_tree(&mut runner).unwrap().current();
        let query: Vec<String> = pairs
            .iter()
            .map(|(index, strange, dice, value)| {
                let name = if *dice == 0 || known.is_empty() {
                    strange
                } else {
                    &index.get(&known).0
                };
                // What can't stand in a request line at all is left to the client to escape.
                format!("{name}={value}").replace([' ', '#', '"', '<', '>'], "+")
            })
            .collect();
        let url = format!("{url}?{}", query.join("&"));
        let response = host
            .client
            .get(&url)
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        assert!(matches!(status, 200 | 400 | 404), "{url}: {status}");
        answered += usize::from(status == 200);
        // A stream has no end, and is left.
        if response.headers()["content-type"] != "text/event-stream" {
            response.bytes().await.unwrap();
        }
    }
    assert!(
        answered * 20 > odd_strings,
        "{answered} were not odd at all"
    );
}
