//! What a body may cost.

use reqwest::Body;
use serde_json::json;

use crate::host::{Host, TOKEN, problem};

/// Every route that takes one.
const ROUTES: [(&str, &str); 14] = [
    ("POST", "/api-metrics/query"),
    ("POST", "/api-alerts"),
    ("PUT", "/api-alerts/1"),
    ("PATCH", "/api-alerts/1"),
    ("POST", "/api-alerts/dry-run"),
    ("POST", "/api-alerts/channels/test"),
    ("POST", "/api-alerts/deliveries/redeliver"),
    ("POST", "/api-alerts/silences"),
    ("POST", "/api-objectives"),
    ("PUT", "/api-objectives/1"),
    ("POST", "/api-keys"),
    ("PATCH", "/api-keys/1"),
    ("POST", "/api-price-plans"),
    ("POST", "/session"),
];

#[tokio::test]
async fn a_body_beyond_64_kib_is_refused_whether_it_says_its_length_or_not() {
    let host = Host::start().await;
    let large = json!({"name": "x".repeat(65 * 1024)}).to_string();
    for (method, path) in ROUTES {
        let chunks: Vec<_> = large
            .as_bytes()
            .chunks(8 * 1024)
            .map(<[u8]>::to_vec)
            .collect();
        let chunks = chunks.into_iter().map(Ok::<_, std::convert::Infallible>);
        for body in [
            Body::from(large.clone()),
            Body::wrap_stream(futures_util::stream::iter(chunks)),
        ] {
            let request = host
                .client
                .request(method.parse().unwrap(), host.url(path))
                .bearer_auth(TOKEN)
                .header("content-type", "application/json")
                .body(body);
            let refused = problem(request.send().await.unwrap(), 413).await;
            assert_eq!(refused["type"], "urn:api-metrics:body-too-large", "{path}");
        }
    }
    // The next request is served as ever.
    assert_eq!(host.json("/api-alerts").await["data"], json!([]));
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let host = Host::start().await;
    for (method, path) in ROUTES {
        for (kind, body) in [
            ("application/json", "{"),
            ("application/json", "[]"),
            ("application/json", "\"text\""),
            ("application/json", ""),
            ("text/plain", "{}"),
            ("application/json", "\u{0}"),
        ] {
            let request = host
                .client
                .request(method.parse().unwrap(), host.url(path))
                .bearer_auth(TOKEN)
                .header("content-type", kind)
                .body(body);
            let refused = problem(request.send().await.unwrap(), 400).await;
            assert_eq!(
                refused["type"], "urn:api-metrics:bad-body",
                "{method} {path} {kind} {body}"
            );
        }
    }
}
