//! Single requests, from a real service to every route that shows them.

use std::time::Duration;

use api_metrics::{ApiKey, ApiMetrics, CaptureEvents, ErrorDetail, Keep, RequestLog, UserId};
use api_metrics_layer::PeerAddress;
use api_metrics_routes::{Principal, Role};
use api_metrics_store::{control::keys::KeyChange, request_log::RequestQuery};
use api_metrics_tests::SqliteFile;
use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tower::ServiceExt;

/// What callers send and nobody may ever see again.
const SECRETS: [&str; 8] = [
    "planted-header",
    "planted-body",
    "planted-query",
    "planted-segment",
    "planted.person@example.org",
    "192.0.2.77",
    "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2ln",
    "4111111111111111",
];

pub(crate) struct Service {
    pub(crate) metrics: ApiMetrics,
    app: Router,
    file: Option<SqliteFile>,
}

#[allow(clippy::unused_async, reason = "a handler")]
async fn locked() -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, "planted-body").into_response();
    let error = ErrorDetail::new("order 17 of planted.person@example.org is locked");
    response.extensions_mut().insert(error.with_type("locked"));
    response
}

#[allow(clippy::unused_async, reason = "a handler")]
async fn logs() {
    tracing::warn!(order = 17, password = "planted body", "the ledger is late");
}

/// The host's own authentication: who a header says.
async fn verify(mut request: Request, next: Next) -> Response {
    let (key, user) = {
        let of = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
        (of("x-key"), of("x-user"))
    };
    if let Some(key) = key {
        request.extensions_mut().insert(ApiKey::from(key));
    }
    if let Some(user) = user {
        request.extensions_mut().insert(UserId::from(user));
    }
    let peer = PeerAddress("192.0.2.77".parse().unwrap());
    request.extensions_mut().insert(peer);
    next.run(request).await
}

impl Service {
    pub(crate) async fn start(change: impl FnOnce(&mut RequestLog)) -> Self {
        Self::start_with_events(change, CaptureEvents::new()).await
    }

    /// The same for a host whose own log is captured.
    pub(crate) async fn start_with_events(
        change: impl FnOnce(&mut RequestLog),
        events: CaptureEvents,
    ) -> Self {
        let file = SqliteFile::create();
        let url = file.url();
        let mut service = Self::on_with_events(&url, change, events).await;
        service.file = Some(file);
        service
    }

    /// An instance on this database.
    pub(crate) async fn on(url: &str, change: impl FnOnce(&mut RequestLog)) -> Self {
        Self::on_with_events(url, change, CaptureEvents::new()).await
    }

    async fn on_with_events(
        url: &str,
        change: impl FnOnce(&mut RequestLog),
        events: CaptureEvents,
    ) -> Self {
        let mut log = RequestLog::new();
        log.keep = Keep::Everything;
        change(&mut log);
        let metrics = ApiMetrics::builder()
            .database(url)
            .configure_admin(|admin| admin.stream_interval(Duration::from_millis(500)))
            .service("shop")
            .version("1.9.1")
            .no_auth()
            .request_log(log)
            .capture_events(events)
            .start()
            .await
            .unwrap();
        let app = Router::new()
            .route("/users/{id}", get(|| async { "a user" }))
            .route("/orders", post(|_: Json<Vec<u8>>| async {}))
            .route("/locked/{id}", get(locked))
            .route("/healthz", get(|| async {}))
            .route("/logs", get(logs))
            .layer(metrics.layer())
            .layer(from_fn(verify));
        Self {
            metrics,
            app,
            file: None,
        }
    }

    pub(crate) async fn send(&self, request: Request) -> StatusCode {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        to_bytes(response.into_body(), 1 << 20).await.unwrap();
        status
    }

    /// Requests of two keys and of nobody, full of secrets.
    pub(crate) async fn traffic(&self) {
        for (path, key) in [
            ("/users/planted-segment?token=planted-query", None),
            ("/locked/1", Some("alpha")),
            ("/locked/2", Some("alpha")),
            ("/locked/3", Some("beta")),
            ("/planted.person@example.org/planted-segment", None),
        ] {
            let mut request = axum::http::Request::get(path)
                .header("x-user", "u-17")
                .header("cookie", "planted-header")
                .header("authorization", "Bearer planted-header")
                .header("user-agent", "agent 4111111111111111")
                .header(
                    "x-request-id",
                    "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2ln",
                )
                .header(
                    "traceparent",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                );
            if let Some(key) = key {
                request = request.header("x-key", key);
            }
            self.send(request.body(Body::empty()).unwrap()).await;
        }
        let body = r#"["planted-body"]"#;
        let request = axum::http::Request::post("/orders")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        assert_eq!(self.send(request).await, StatusCode::UNPROCESSABLE_ENTITY);
        self.metrics.flush().await.unwrap();
        let control = self.metrics.control().unwrap();
        for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
            let mut change = KeyChange::default();
            change.tenant_id = Some(Some(tenant.to_owned()));
            control.put_keys(&[(key.to_owned(), change)]).await.unwrap();
        }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        by: Option<Principal>,
    ) -> (StatusCode, String) {
        let mut admin = self.metrics.admin();
        if let Some(principal) = by {
            admin = admin.layer(Extension(principal));
        }
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .body(Body::empty())
            .unwrap();
        let response = admin.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) async fn found(&self, query: &str) -> usize {
        let answer = self.json(&format!("/api-requests?{query}")).await;
        answer["data"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn requests_of_a_service_are_listed_found_and_shown_one_by_one() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let list = service.json("/api-requests").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 6);
    assert_eq!(list["nextCursor"], Value::Null);
    for (query, expected) in [
        ("service=shop", 6),
        ("service=other", 0),
        ("environment=default", 6),
        ("version=1.9.1", 6),
        ("method=post", 1),
        ("endpoint=/locked/%7Bid%7D", 3),
        ("endpoint=%3Cunmatched%3E", 1),
        ("status=503", 3),
        ("statusClass=4xx", 2),
        ("outcome=completed", 6),
        ("outcome=panicked", 0),
        ("apiKeyId=0", 3),
        ("user=u-17", 5),
        ("minLatencyMs=60000", 0),
        ("traceId=0af7651916cd43dd8448eb211c80319c", 5),
        ("text=ORDER+locked", 3),
        ("text=planted", 0),
        ("protocol=grpc", 0),
        ("period=5m", 6),
        ("from=2015-05-17&to=2015-05-18", 0),
    ] {
        assert_eq!(service.found(query).await, expected, "{query}");
    }
    let locked = &service.json("/api-requests?status=503&limit=1").await["data"][0];
    assert_eq!(locked["errorType"], "locked");
    assert_eq!(locked["message"], "order 17 of [email] is locked");
    assert_eq!(locked["path"], "/locked/{id}");
    assert_eq!(
        (&locked["weight"], &locked["reason"]),
        (&1.into(), &"everything".into())
    );
    let id = locked["id"].as_str().unwrap();
    assert_eq!(&service.json(&format!("/api-requests/{id}")).await, locked);
    let group = locked["group"].as_str().unwrap();
    assert_eq!(service.found(&format!("group={group}")).await, 3);
    let status = service.json("/api-requests/status").await;
    assert_eq!((&status["chosen"], &status["kept"]), (&6.into(), &6.into()));
    assert_eq!(status["dropped"]["rate"], 0);
    assert_eq!(status["newestAt"], list["data"][0]["at"]);
    assert!(status["bytes"].as_u64() > Some(0), "{status}");
    let groups = service.json("/api-requests/groups?statusClass=5xx").await;
    let groups = groups["data"].as_array().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (&groups[0]["id"], &groups[0]["requests"]),
        (&group.into(), &3.into())
    );
    assert_eq!(groups[0]["firstVersion"], "1.9.1");
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_search_finds_by_words_by_likeness_and_by_both() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    for (query, matched) in [
        ("q=order+is+LOCKED", "both"),
        ("q=order+is+locked&mode=hybrid&statusClass=5xx", "both"),
        ("q=order+locked&mode=words", "words"),
        ("q=ordre+lockd&mode=similar", "similar"),
    ] {
        let found = service.json(&format!("/api-requests/search?{query}")).await;
        let hit = &found["data"][0];
        assert_eq!(hit["matched"], matched, "{query}: {found}");
        assert_eq!((&hit["kept"], &hit["requests"]), (&3.into(), &3.into()));
        assert_eq!(hit["group"], hit["request"]["group"]);
        let id = hit["request"]["id"].as_str().unwrap();
        assert_eq!(
            service.json(&format!("/api-requests/{id}")).await,
            hit["request"]
        );
        assert!(
            hit["score"].as_f64() > Some(0.3) && found["pending"] == 0,
            "{found}"
        );
    }
    let nothing = service
        .json("/api-requests/search?q=zebra&mode=words")
        .await;
    assert_eq!(nothing["data"], Value::Array(Vec::new()));
    let alpha = Principal::new("somebody", Role::Manager).with_tenant("acme");
    for (principal, kept) in [(alpha, 2), (Principal::new("nobody", Role::Viewer), 0)] {
        let (status, body) = service
            .ask(
                Method::GET,
                "/api-requests/search?q=locked",
                Some(principal),
            )
            .await;
        assert_eq!(status, StatusCode::OK);
        let found: Value = serde_json::from_str(&body).unwrap();
        let of = found["data"].as_array().unwrap().iter();
        assert_eq!(
            of.map(|hit| hit["kept"].as_u64().unwrap()).sum::<u64>(),
            kept,
            "{body}"
        );
        assert!(!body.contains("beta"), "{body}");
    }
    for wrong in [
        "",
        "q=",
        "q=a&mode=x",
        "q=a&limit=101",
        "q=a&text=b",
        "q=a&cursor=c",
    ] {
        let path = format!("/api-requests/search?{wrong}");
        let (status, _) = service.ask(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn pages_and_steps_lead_through_all_requests() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let ids = |answer: &Value| {
        let data = answer["data"].as_array().unwrap().iter();
        data.map(|request| request["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = ids(&service.json("/api-requests").await);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service
            .json(&format!("/api-requests?limit=4{cursor}"))
            .await;
        paged.extend(ids(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let mut newer = ids(&service
        .json(&format!("/api-requests?after={}", all[3]))
        .await);
    newer.reverse();
    assert_eq!(newer, all[..3]);
    for wrong in [
        "after=7".to_owned(),
        "status=99".to_owned(),
        "statusClass=5".to_owned(),
        "group=1".to_owned(),
        "traceId=1".to_owned(),
        "surprise=1".to_owned(),
        "cursor=x".to_owned(),
    ] {
        let (status, body) = service
            .ask(Method::GET, &format!("/api-requests?{wrong}"), None)
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        let (name, _) = wrong.split_once('=').unwrap();
        assert!(body.contains(name), "{body}");
    }
    for id in ["7", "019e3512-1f3d-7000-8d2c-61c20b7d4e95"] {
        let (status, _) = service
            .ask(Method::GET, &format!("/api-requests/{id}"), None)
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_export_has_what_the_list_has_and_no_formula() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let request = axum::http::Request::get("/users/7")
        .header("user-agent", "=cmd()")
        .body(Body::empty())
        .unwrap();
    service.send(request).await;
    service.metrics.flush().await.unwrap();
    let list = service.json("/api-requests").await;
    let (_, lines) = service
        .ask(Method::GET, "/api-requests/export?format=ndjson", None)
        .await;
    let exported: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(&exported, list["data"].as_array().unwrap());
    let (_, csv) = service.ask(Method::GET, "/api-requests/export", None).await;
    let mut records = csv.split("\r\n");
    let names: Vec<_> = records.next().unwrap().split(',').collect();
    let members: Vec<_> = exported[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let (mut sorted, mut expected) = (names.clone(), members);
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(records.filter(|record| !record.is_empty()).count(), 7);
    assert!(csv.contains("\"'=cmd()\""), "{csv}");
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn each_caller_sees_its_own_requests_and_only_admins_erase_them() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let by = |role, tenant: Option<&str>, keys: &[&str]| {
        let mut principal = Principal::new("somebody", role);
        if let Some(tenant) = tenant {
            principal = principal.with_tenant(tenant);
        }
        for &key in keys {
            principal = principal.with_key(key);
        }
        Some(principal)
    };
    for (principal, own, others) in [
        (by(Role::Manager, Some("acme"), &[]), 2, "\"beta\""),
        (by(Role::Developer, Some("umbrella"), &[]), 1, "\"alpha\""),
        (by(Role::Viewer, None, &["beta"]), 1, "\"alpha\""),
        (by(Role::Viewer, None, &[]), 0, "\"alpha\""),
    ] {
        for path in [
            "/api-requests",
            "/api-requests/export?format=ndjson",
            "/api-requests/groups",
        ] {
            let (status, body) = service.ask(Method::GET, path, principal.clone()).await;
            assert_eq!(status, StatusCode::OK, "{path}: {body}");
            assert!(!body.contains(others), "{path}: {body}");
            let count = body.matches("\"weight\"").count();
            if !path.ends_with("groups") {
                assert_eq!(count, own, "{path}: {body}");
                assert_eq!(body.matches("\"address\":null").count(), own);
            }
        }
        let erase = "/api-requests?user=u-17";
        let (status, _) = service.ask(Method::DELETE, erase, principal).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let address = service.json("/api-requests").await["data"][0]["address"].clone();
    assert!(address.is_string(), "{address}");
    for wrong in ["", "?user=a&apiKeyId=1", "?apiKeyId=0", "?address=x"] {
        let (status, _) = service
            .ask(Method::DELETE, &format!("/api-requests{wrong}"), None)
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let (status, body) = service
        .ask(Method::DELETE, "/api-requests?user=u-17", None)
        .await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::OK, r#"{"requests":5}"#)
    );
    assert_eq!(service.found("").await, 1);
    let (_, body) = service
        .ask(Method::DELETE, "/api-requests?address=192.0.2.1", None)
        .await;
    assert_eq!(body, r#"{"requests":1}"#);
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn no_planted_secret_is_in_the_database_or_in_any_answer() {
    let service = Service::start(|_| {}).await;
    service.traffic().await;
    let mut shown = String::new();
    for path in [
        "/api-requests",
        "/api-requests/groups",
        "/api-requests/search?q=order+locked",
        "/api-requests/export",
        "/api-requests/export?format=ndjson",
        "/metrics",
    ] {
        shown.push_str(&service.ask(Method::GET, path, None).await.1);
    }
    // While it is open, and once the log of writes has gone over into the file. Sampled paths of requests that no
    // route matched are the bounds of the numbers, kept in memory alone.
    let contents = || {
        let file = service.file.as_ref().unwrap().path();
        let mut all = std::fs::read(&file).unwrap();
        for side in ["-wal", "-shm"] {
            let mut path = file.clone().into_os_string();
            path.push(side);
            all.extend(std::fs::read(path).unwrap_or_default());
        }
        all
    };
    let before = contents();
    service.metrics.shutdown().await.unwrap();
    for bytes in [before, contents()] {
        let holds = |text: &str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(holds("order 17 of [email] is locked"));
        for secret in SECRETS {
            assert!(!holds(secret), "{secret} is in the database");
            assert!(!shown.contains(secret), "{secret} is shown");
        }
    }
}

#[tokio::test]
async fn a_shutdown_stores_what_is_sampled_and_everything_chosen_is_accounted_for() {
    let service = Service::start(|log| {
        log.keep = Keep::default();
        log.endpoints.push(("/healthz".to_owned(), Keep::Nothing));
    })
    .await;
    for n in 0..40 {
        for path in ["/users/7", "/locked/7", "/healthz", "/nowhere"] {
            let path = format!("{path}?{n}");
            service
                .send(axum::http::Request::get(path).body(Body::empty()).unwrap())
                .await;
        }
    }
    let log = service.metrics.request_log().unwrap();
    let requests = service.metrics.requests().unwrap();
    service.metrics.shutdown().await.unwrap();
    let counts = log.counts();
    assert_eq!((counts.waiting, counts.dropped.total()), (0, 0));
    assert_eq!(counts.chosen, counts.kept);
    let status = requests.request_log_status().await.unwrap();
    assert_eq!(status.counts, counts);
    let mut query = RequestQuery::over(0, 4_102_444_800_000);
    query.limit = 1_000;
    let page = requests.requests(&query).await.unwrap();
    let weight = |endpoint: &str| {
        let of = page
            .requests
            .iter()
            .filter(|request| request.endpoint == endpoint);
        of.map(|request| request.weight).sum::<u64>()
    };
    let endpoints = ["/users/{id}", "/locked/{id}", "/healthz", "<unmatched>"];
    assert_eq!(endpoints.map(weight), [40, 40, 0, 40]);
    assert!(page.requests.len() < 120);
}

#[tokio::test]
async fn without_a_request_log_there_are_no_routes_and_nothing_is_kept() {
    let file = SqliteFile::create();
    let builder = ApiMetrics::builder().embedded(file.path()).no_auth();
    let metrics = builder.start().await.unwrap();
    assert!(metrics.request_log().is_none() && metrics.requests().is_none());
    let request = axum::http::Request::get("/api-requests")
        .body(Body::empty())
        .unwrap();
    let response = metrics.admin().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    metrics.shutdown().await.unwrap();
}
