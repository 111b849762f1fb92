//! Who gets in, and how.

use std::sync::Arc;

use api_metrics_routes::{Principal, Role};
use api_metrics_store::store::Store as _;
use api_metrics_tests::SqliteFile;
use axum::{Extension, Router};
use reqwest::{Response, header};
use serde_json::json;

use crate::host::{Hit, Host, TOKEN, problem};

const CLOSED: [&str; 15] = [
    "/api-metrics",
    "/api-metrics/query",
    "/api-metrics/keys",
    "/api-metrics/heatmap",
    "/api-metrics/top-consumers",
    "/api-metrics/export",
    "/api-metrics/summary",
    "/api-metrics/endpoints",
    "/api-metrics/dependencies",
    "/api-metrics/endpoint-consumers",
    "/session",
    "/api-metrics/daily",
    "/api-metrics/realtime",
    "/api-metrics/stream",
    "/api-status",
];

#[tokio::test]
async fn every_closed_route_answers_401_before_it_reads_its_parameters() {
    let host = Host::start().await;
    for path in CLOSED {
        for query in ["", "?period=nonsense&%ff=%zz"] {
            let response = host.anonymous(&format!("{path}{query}")).await;
            assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
            let body = problem(response, 401).await;
            assert_eq!(body["type"], "urn:api-metrics:unauthenticated");
        }
    }
    // Whoever is not signed in does not learn which routes exist.
    problem(host.anonymous("/api-metrics/nothing").await, 401).await;
    let put = host.client.put(host.url("/api-metrics/summary"));
    problem(put.send().await.unwrap(), 401).await;
}

#[tokio::test]
async fn a_wrong_bearer_token_does_not_get_in() {
    let host = Host::start().await;
    for value in [
        "Bearer wrong".to_owned(),
        format!("Bearer {TOKEN}x"),
        format!("Basic {TOKEN}"),
        "Bearer".to_owned(),
        TOKEN.to_owned(),
    ] {
        let request = host.client.get(host.url("/api-metrics/summary"));
        let response = request.header(header::AUTHORIZATION, &value).send().await;
        problem(response.unwrap(), 401).await;
    }
}

#[tokio::test]
async fn the_page_answers_with_and_without_a_slash_and_holds_no_inline_script() {
    let host = Host::start().await;
    for (path, base) in [("", "./admin/"), ("/", "./")] {
        let response = host.anonymous(path).await;
        assert_eq!(response.status(), 200);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"));
        assert!(policy.contains("frame-ancestors 'none'"));
        let html = response.text().await.unwrap();
        assert!(html.contains(&format!("<base href=\"{base}\">")), "{html}");
        assert!(!html.contains("<script>") && !html.contains(" style="));
        assert!(!html.contains("open to everybody"));
    }
    for asset in ["/assets/page.css", "/assets/reference.js", "/openapi.json"] {
        let response = host.anonymous(asset).await;
        assert_eq!(response.status(), 200, "{asset}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

async fn sign_in(host: &Host, token: &str) -> Response {
    let request = host.client.post(host.url("/session"));
    request.json(&json!({"token": token})).send().await.unwrap()
}

/// The `Cookie` header after a sign-in.
fn cookies(response: &Response) -> String {
    let pairs: Vec<&str> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().split(';').next().unwrap())
        .collect();
    pairs.join("; ")
}

#[tokio::test]
async fn a_browser_signs_in_reads_and_signs_out() {
    let host = Host::start().await;
    let started = sign_in(&host, TOKEN).await;
    assert_eq!(started.status(), 200);
    let cookie = cookies(&started);
    let csrf = started.json::<serde_json::Value>().await.unwrap()["csrfToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let get = host.client.get(host.url("/api-metrics/summary"));
    let read = get.header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(read.status(), 200);
    let sign_out = || {
        host.client
            .delete(host.url("/session"))
            .header(header::COOKIE, &cookie)
    };
    let forged = sign_out().send().await.unwrap();
    assert_eq!(
        problem(forged, 403).await["type"],
        "urn:api-metrics:bad-csrf-token"
    );
    let ended = sign_out()
        .header("x-csrf-token", csrf)
        .send()
        .await
        .unwrap();
    assert_eq!(ended.status(), 204);
    assert!(cookies(&ended).contains("api_metrics_session="));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_its_streams_in_all_instances() {
    let file = SqliteFile::create();
    let path = file.path().to_str().unwrap().to_owned();
    let host = Host::start_at(file, |builder| builder.token(TOKEN), |router| router).await;
    // Another instance on the same database, which has heard of nothing.
    let options = api_metrics_tests::patient_by(host.clock.clone());
    let store = api_metrics_store::sqlite::SqliteStore::open(&path, options).unwrap();
    store.prepare().await.unwrap();
    let other = api_metrics_routes::Admin::builder(Arc::new(store))
        .clock(host.clock.clone())
        .stream_interval(std::time::Duration::from_millis(20))
        .token(TOKEN)
        .build();
    let app = Router::new().nest_service("/admin", other.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://{}/admin", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut sessions = Vec::new();
    for _ in 0..2 {
        let started = sign_in(&host, TOKEN).await;
        let cookie = cookies(&started);
        let body: serde_json::Value = started.json().await.unwrap();
        sessions.push((cookie, body["csrfToken"].as_str().unwrap().to_owned()));
    }
    let read = async |base: &str, cookie: &str, path: &str| {
        let request = host.client.get(format!("{base}/{path}"));
        let request = request.header(header::COOKIE, cookie);
        request.send().await.unwrap()
    };
    let here = host.url("");
    let (ended, csrf) = &sessions[0];
    for base in [&*here, &*elsewhere] {
        let stats = "api-metrics/summary";
        assert_eq!(read(base, ended, stats).await.status(), 200);
    }
    let streams = [
        read(&here, ended, "api-metrics/stream").await,
        read(&elsewhere, ended, "api-metrics/stream").await,
    ];
    let request = host.client.delete(host.url("/session"));
    let request = request.header(header::COOKIE, ended);
    let signed_out = request.header("x-csrf-token", csrf).send().await.unwrap();
    assert_eq!(signed_out.status(), 204);
    for stream in streams {
        assert_eq!(stream.status(), 200);
        // It would go on for an hour.
        stream.text().await.unwrap();
    }
    for base in [&*here, &*elsewhere] {
        problem(read(base, ended, "api-metrics/summary").await, 401).await;
        // Another session of the same operator goes on.
        let other = read(base, &sessions[1].0, "api-metrics/summary").await;
        assert_eq!(other.status(), 200);
    }
}

#[tokio::test]
async fn a_sign_out_that_other_instances_do_not_hear_of_says_so_and_holds_here() {
    let host = Host::start().await;
    let started = sign_in(&host, TOKEN).await;
    let cookie = cookies(&started);
    let body: serde_json::Value = started.json().await.unwrap();
    let csrf = body["csrfToken"].as_str().unwrap().to_owned();
    host.store.pool().close().await;
    // With the database away the page still opens for whoever has signed in.
    let assets = host.client.get(host.url("/api-status"));
    let assets = assets.header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(assets.status(), 200);
    let request = host.client.delete(host.url("/session"));
    let request = request.header(header::COOKIE, &cookie);
    let answer = request.header("x-csrf-token", csrf).send().await.unwrap();
    problem(answer, 503).await;
    let again = host.client.get(host.url("/api-status"));
    problem(
        again.header(header::COOKIE, &cookie).send().await.unwrap(),
        401,
    )
    .await;
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let host = Host::start().await;
    let cookie = cookies(&sign_in(&host, TOKEN).await);
    host.clock
        .advance(std::time::Duration::from_secs(12 * 3_600));
    let get = host.client.get(host.url("/api-metrics/summary"));
    problem(
        get.header(header::COOKIE, cookie).send().await.unwrap(),
        401,
    )
    .await;
}

#[tokio::test]
async fn a_form_signs_in_and_leads_back_to_the_page() {
    let host = Host::start().await;
    let request = host.client.post(host.url("/session"));
    let response = request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("token=the+operator%27s+own+token%2C+32+characters+or+more")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()[header::LOCATION], "./");
    assert!(cookies(&response).contains("api_metrics_session="));
}

#[tokio::test]
async fn a_wrong_sign_in_is_refused() {
    let host = Host::start().await;
    problem(sign_in(&host, "wrong").await, 401).await;
    problem(sign_in(&host, "").await, 401).await;
    let post = || host.client.post(host.url("/session"));
    problem(post().body("{").send().await.unwrap(), 400).await;
    let large = "x".repeat(1 << 20);
    let large = post().json(&json!({"token": large})).send().await.unwrap();
    assert!(matches!(large.status().as_u16(), 400 | 413));
}

#[tokio::test]
async fn without_auth_everybody_reads_and_every_page_says_so() {
    let host = Host::start_with(|builder| builder.no_auth()).await;
    assert_eq!(host.anonymous("/api-metrics/summary").await.status(), 200);
    let html = host.anonymous("/").await.text().await.unwrap();
    // The dashboard's script shows the notice, which the page only asks for.
    assert!(html.contains("data-open=\"true\""));
}

#[tokio::test]
async fn instances_agree_on_a_token_that_was_made_by_one_of_them() {
    let file = SqliteFile::create();
    let path = file.path();
    let host = Host::start_at(file, |builder| builder, |router| router).await;
    // Nobody knows the token but the one who read stderr; its hash is what instances share.
    problem(host.get("/api-metrics/summary").await, 401).await;
    let shared = async |name: &str| host.store.shared_secret(name, b"other").await.unwrap();
    let hash = shared("admin-token-hash").await;
    assert!(!hash.created);
    assert_eq!(hash.value.len(), 32);
    let key = shared("admin-session-key").await;
    assert!(!key.created && key.value != hash.value);
    // A second instance on the same database finds the same.
    let second = api_metrics_store::sqlite::SqliteStore::open(
        path.to_str().unwrap(),
        api_metrics_tests::patient(),
    )
    .unwrap();
    second.prepare().await.unwrap();
    let second = Arc::new(second);
    let admin = api_metrics_routes::Admin::builder(second.clone()).build();
    admin.prepare_sign_in().await.unwrap();
    let again = second
        .shared_secret("admin-token-hash", b"other")
        .await
        .unwrap();
    assert_eq!(again.value, hash.value);
}

#[tokio::test]
async fn a_sign_in_that_needs_the_store_waits_for_it() {
    let host = Host::start_with(|builder| builder).await;
    host.store.pool().close().await;
    let body = problem(host.get("/api-metrics/summary").await, 503).await;
    assert_eq!(body["type"], "urn:api-metrics:sign-in-not-ready");
    // Without credentials nothing has to be checked.
    problem(host.anonymous("/api-metrics/summary").await, 401).await;
}

async fn host_with(principal: Principal) -> Host {
    Host::start_at(
        SqliteFile::create(),
        |builder| builder.token(TOKEN),
        |router: Router| router.layer(Extension(principal)),
    )
    .await
}

async fn three_keys(host: &Host) {
    for (key, count) in [(Some("alpha"), 3), (Some("beta"), 5), (None, 7)] {
        for _ in 0..count {
            host.record(&Hit {
                key,
                ..Hit::of("/x")
            });
        }
    }
    host.flush().await;
}

#[tokio::test]
async fn a_viewer_sees_its_own_keys_and_nothing_else() {
    let host = host_with(Principal::new("a", Role::Viewer).with_key("alpha")).await;
    three_keys(&host).await;
    let total = async |path: &str| {
        let body: serde_json::Value = host.anonymous(path).await.json().await.unwrap();
        body["totalRequests"].as_u64().unwrap()
    };
    assert_eq!(total("/api-metrics/summary").await, 3);
    assert_eq!(total("/api-metrics/summary?apiKeyId=0").await, 0);
    assert_eq!(total("/api-metrics/realtime").await, 3);
    let beta = host.store.api_keys(None).await.unwrap();
    let beta = beta
        .iter()
        .find(|key| key.external_id == "beta")
        .unwrap()
        .id;
    let of_beta = format!("/api-metrics/summary?apiKeyId={beta}");
    problem(host.anonymous(&of_beta).await, 404).await;
    problem(host.anonymous("/api-status").await, 403).await;
}

#[tokio::test]
async fn a_viewer_without_keys_and_a_tenant_without_keys_see_nothing() {
    for principal in [
        Principal::new("v", Role::Viewer),
        Principal::new("v", Role::Viewer).with_key("unknown"),
        Principal::new("d", Role::Developer).with_tenant("empty"),
    ] {
        let host = host_with(principal).await;
        three_keys(&host).await;
        let body: serde_json::Value = host
            .anonymous("/api-metrics/summary")
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(body["totalRequests"], 0);
        assert_eq!(body["topEndpoints"], json!([]));
    }
}

#[tokio::test]
async fn a_principal_that_asks_too_often_is_told_when_to_come_back() {
    let host = Host::start_with(|builder| builder.token(TOKEN).requests_per_minute(2)).await;
    for left in ["\"reads\";r=1;t=30", "\"reads\";r=0;t=60"] {
        let response = host.get("/api-status").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["ratelimit"], left);
        assert_eq!(response.headers()["ratelimit-policy"], "\"reads\";q=2;w=60");
    }
    let refused = host.get("/api-status").await;
    assert_eq!(refused.headers()["retry-after"], "30");
    problem(refused, 429).await;
    host.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(host.get("/api-status").await.status(), 200);
}

#[tokio::test]
async fn reads_and_writes_are_limited_apart() {
    let host = Host::start_with(|builder| builder.token(TOKEN).requests_per_minute(1)).await;
    assert_eq!(host.get("/api-status").await.status(), 200);
    problem(host.get("/api-status").await, 429).await;
    let write = async || {
        let request = host.client.post(host.url("/api-metrics/query"));
        let request = request.bearer_auth(TOKEN).json(&json!({"groupings": [[]]}));
        request.send().await.unwrap()
    };
    let first = write().await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["ratelimit-policy"], "\"writes\";q=1;w=60");
    problem(write().await, 429).await;
}
