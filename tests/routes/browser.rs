//! What browsers rely on: compression, origins, headers.

use reqwest::{Method, header};

use crate::host::{Hit, Host, TOKEN};

#[tokio::test]
async fn answers_are_compressed_for_who_asks_and_streams_are_not() {
    let host = Host::start().await;
    for i in 0..50 {
        host.record(&Hit::of(&format!("/route/{i}")));
    }
    let ask = |path: &str| {
        let request = host.client.get(host.url(path)).bearer_auth(TOKEN);
        request.header(header::ACCEPT_ENCODING, "gzip").send()
    };
    let packed = ask("/api-metrics/endpoints").await.unwrap();
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    let packed = packed.bytes().await.unwrap().len();
    let plain = host
        .get("/api-metrics/endpoints")
        .await
        .bytes()
        .await
        .unwrap()
        .len();
    assert!(packed * 4 < plain, "{packed} of {plain}");
    let stream = ask("/api-metrics/stream").await.unwrap();
    assert!(!stream.headers().contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn every_answer_carries_security_headers() {
    let host = Host::start().await;
    let console = format!("http://{}/api/v2/console/metrics", host.address);
    let mut urls: Vec<String> = [
        "",
        "/",
        "/reference",
        "/assets/page.css",
        "/assets/reference.js",
        "/openapi.json",
        "/session",
        "/nothing",
    ]
    .map(|path| host.url(path))
    .into();
    for base in [host.url(""), console] {
        let document = host.client.get(format!("{base}/openapi.json"));
        let document = document.send().await.unwrap();
        let document: serde_json::Value = document.json().await.unwrap();
        let paths = document["paths"].as_object().unwrap().keys();
        urls.extend(paths.map(|path| format!("{base}{path}")));
    }
    assert!(urls.len() > 35, "{urls:?}");
    for path in urls {
        let response = host.client.get(&path).bearer_auth(TOKEN);
        let response = response.send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        let policy = header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        // What is the same for everybody may be kept; what is somebody's is asked for again.
        let kept = header("cache-control");
        assert!(
            ["no-store", "private, no-cache", "no-cache"].contains(&kept.as_str()),
            "{path}: {kept}"
        );
    }
}

#[tokio::test]
async fn only_origins_that_were_named_may_ask() {
    let host = Host::start_with(|builder| {
        builder
            .token(TOKEN)
            .allow_origins(["https://ops.example.com"])
    })
    .await;
    let preflight = |origin: &str| {
        let url = host.url("/api-metrics/summary");
        let request = host.client.request(Method::OPTIONS, url);
        request
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
            .send()
    };
    let admitted = preflight("https://ops.example.com").await.unwrap();
    assert_eq!(admitted.status(), 204);
    let allowed = admitted.headers();
    assert_eq!(
        allowed[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "https://ops.example.com"
    );
    assert!(!allowed.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    let refused = preflight("https://evil.example.com").await.unwrap();
    assert!(
        !refused
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
    let answer = host
        .client
        .get(host.url("/api-metrics/summary"))
        .bearer_auth(TOKEN);
    let answer = answer
        .header(header::ORIGIN, "https://ops.example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "https://ops.example.com"
    );
    // Credentials are asked for all the same.
    let anonymous = host.client.get(host.url("/api-metrics/summary"));
    let anonymous = anonymous
        .header(header::ORIGIN, "https://ops.example.com")
        .send()
        .await;
    assert_eq!(anonymous.unwrap().status(), 401);
}

#[tokio::test]
async fn without_the_option_no_other_origin_may_ask() {
    let host = Host::start().await;
    let request = host
        .client
        .get(host.url("/api-metrics/summary"))
        .bearer_auth(TOKEN);
    let answer = request
        .header(header::ORIGIN, "https://ops.example.com")
        .send()
        .await
        .unwrap();
    assert!(
        !answer
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
}
