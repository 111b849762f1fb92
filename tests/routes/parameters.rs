//! Wrong input is refused by name; no input is answered by a server error.

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use crate::host::Host;

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let host = Host::start().await;
    for (path, parameter) in [
        ("summary?period=3h", "period"),
        ("summary?from=yesterday", "from"),
        ("summary?from=2026-05-02&to=2026-05-01", "to"),
        ("summary?perid=24h", "perid"),
        ("summary?apiKeyId=x", "apiKeyId"),
        ("endpoints?limit=0", "limit"),
        ("endpoints?limit=5&limit=6", "limit"),
        ("endpoints?cursor=nonsense", "cursor"),
        ("daily?tz=Mars/Olympus", "tz"),
        ("realtime?period=5m", "period"),
        ("stream?protocol=ftp", "protocol"),
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
        .bearer_auth(crate::host::TOKEN)
        .send()
        .await
        .unwrap();
    let body = crate::host::problem(response, 405).await;
    assert_eq!(body["type"], "urn:api-metrics:method-not-allowed");
}

#[tokio::test]
async fn ten_thousand_odd_query_strings_cause_no_server_error() {
    const ODD: usize = 10_000;
    let host = Host::start_with(|builder| {
        builder
            .token(crate::host::TOKEN)
            .requests_per_minute(u32::MAX)
    })
    .await;
    let name = prop_oneof![
        prop::sample::select(vec![
            "period",
            "from",
            "to",
            "tz",
            "limit",
            "cursor",
            "apiKeyId",
            "endpoint",
            "service",
            "method",
            "protocol",
            "environment",
            "granularity",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z%&=+]{0,12}",
    ];
    let value = prop_oneof![
        "[0-9TZ:+. -]{0,30}",
        "[ -~]{0,30}",
        "(%[0-9a-fA-F]{2}){0,10}",
        prop::sample::select(vec![
            "24h",
            "1y",
            "9223372036854775807",
            "-9223372036854775808",
            "0001-01-01",
            "9999-12-31",
            "2026-05-18T09:30:60Z",
            "2016-12-31T23:59:60Z",
            "NaN",
            "UTC",
            "<script>",
            "' OR 1=1--",
        ])
        .prop_map(str::to_owned),
    ];
    let route = prop::sample::select(vec!["summary", "endpoints", "daily", "realtime"]);
    let odd = (route, prop::collection::vec((name, value), 0..4));
    let mut runner = TestRunner::deterministic();
    for _ in 0..ODD {
        let (route, pairs) = odd.new_tree(&mut runner).unwrap().current();
        let query: Vec<String> = pairs
            .iter()
            // What can't stand in a request line at all is left to the client to escape.
            .map(|(name, value)| format!("{name}={value}").replace([' ', '#', '"', '<', '>'], "+"))
            .collect();
        let path = format!("/api-metrics/{route}?{}", query.join("&"));
        let response = host.get(&path).await;
        assert!(
            matches!(response.status().as_u16(), 200 | 400),
            "{path}: {}",
            response.status()
        );
        response.bytes().await.unwrap();
    }
}
