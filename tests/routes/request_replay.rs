//! Snapshots and replay, over real HTTP: who may, what is refused, and that it leaves no trace but the audit's.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use api_metrics::{ApiMetrics, Keep, Replay, RequestLog, layer::ReplaySecret};
use api_metrics_routes::{Principal, Role};
use api_metrics_tests::SqliteFile;
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{Path, Query, Request},
    http::{HeaderMap, Method, StatusCode},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use reqwest::Client;
use serde_json::{Value, json};

/// What an admin's and a service's process share, to know replays over HTTP.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

struct Site {
    metrics: ApiMetrics,
    address: String,
    client: Client,
    /// Requests that have reached a handler.
    handled: Arc<AtomicU32>,
    file: SqliteFile,
}

/// Says what it was sent; fails the first time.
async fn order(
    Extension(handled): Extension<Arc<AtomicU32>>,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let n = handled.fetch_add(1, Ordering::Relaxed);
    let sent = |name: &str| headers.get(name).map(|it| it.to_str().unwrap().to_owned());
    let answer = json!({
        "n": n, "id": id, "note": query.iter().any(|(_, value)| value == "given-secret"),
        "signed": sent("authorization").as_deref() == Some("Bearer given-secret"),
        "password": "planted-answer",
    });
    let status = if n == 0 {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (status, Json(answer)).into_response()
}

/// Who a header names, for the admin.
async fn principal(mut request: Request, next: Next) -> Response {
    let role = request
        .headers()
        .get("x-role")
        .map(|it| it.to_str().unwrap().to_owned());
    let principal = match role.as_deref() {
        Some("manager") => Principal::new("mia", Role::Manager).with_tenant("acme"),
        Some("viewer") => Principal::new("vic", Role::Viewer),
        _ => Principal::new("ada", Role::Admin),
    };
    request.extensions_mut().insert(principal);
    next.run(request).await
}

impl Site {
    async fn start(change: impl FnOnce(Replay) -> Replay) -> Self {
        Self::start_with(change, None).await
    }

    async fn start_with(
        change: impl FnOnce(Replay) -> Replay,
        secret: Option<ReplaySecret>,
    ) -> Self {
        let file = SqliteFile::create();
        let mut log = RequestLog::new();
        log.keep = Keep::Everything;
        log.capture.snapshots.routes.push("/*".to_owned());
        log.capture.replay_secret = secret;
        let replay = change(Replay::new());
        let of_admin = replay.clone();
        let metrics = ApiMetrics::builder()
            .database(file.url())
            .service("shop")
            .configure_admin(move |admin| admin.replay(of_admin.clone()).cache_bytes(0))
            .request_log(log)
            .start()
            .await
            .unwrap();
        let handled = Arc::new(AtomicU32::new(0));
        let count = |Extension(handled): Extension<Arc<AtomicU32>>| async move {
            handled.fetch_add(1, Ordering::Relaxed);
        };
        let pay = |Extension(handled): Extension<Arc<AtomicU32>>, body: Bytes| async move {
            handled.fetch_add(1, Ordering::Relaxed);
            body
        };
        let api = Router::new()
            .route("/orders/{id}", get(order))
            .route("/orders", post(pay))
            .route("/files/{*path}", get(count))
            .route("/Sign_In", get(count))
            .route("/payments/{id}", get(count))
            .route("/moved", get(|| async { Redirect::to("/orders/1") }))
            .route(
                "/panics",
                get(|| async {
                    if true {
                        panic!("as planned")
                    }
                }),
            )
            .layer(Extension(handled.clone()))
            .layer(metrics.layer());
        replay.serve(api.clone());
        let admin = metrics.admin().layer(from_fn(principal));
        let app = api.nest_service("/admin", admin);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Self {
            metrics,
            address,
            client: client.unwrap(),
            handled,
            file,
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let sent = self.client.get(format!("{}{path}", self.address));
        let sent = sent.header("authorization", "Bearer planted-header");
        sent.send().await.unwrap()
    }

    /// The ids of the requests of an endpoint.
    async fn ids(&self, endpoint: &str) -> Vec<String> {
        self.metrics.flush().await.unwrap();
        let list: Value = self
            .get("/admin/api-requests?limit=1000")
            .await
            .json()
            .await
            .unwrap();
        let all = list["data"].as_array().unwrap().iter();
        let of_endpoint = all.filter(|it| endpoint.is_empty() || it["endpoint"] == endpoint);
        of_endpoint
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn replay(&self, id: &str, values: Value, role: &str) -> (StatusCode, Value) {
        let sent = self
            .client
            .post(format!("{}/admin/api-requests/{id}/replay", self.address));
        let sent = sent.header("x-role", role).json(&json!({"values": values}));
        let answer = sent.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn audit(&self) -> Vec<(String, String, String)> {
        let pool = sqlx::SqlitePool::connect(&self.file.url()).await.unwrap();
        sqlx::query_as("SELECT actor, action, subject FROM api_metrics_audit_trail ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn an_admin_replays_a_failure_and_sees_what_differs_and_it_leaves_no_trace() {
    let site = Site::start(|replay| replay).await;
    let failed = site.get("/orders/7?token=planted-query&page=2").await;
    assert_eq!(failed.status(), 503);
    let [id] = &site.ids("/orders/{id}").await[..] else {
        panic!("one request")
    };
    let path = format!("/admin/api-requests/{id}/snapshot");
    let snapshot: Value = site.get(&path).await.json().await.unwrap();
    assert_eq!(snapshot["replay"]["available"], true);
    let asked = snapshot["replay"]["inputs"].as_array().unwrap().iter();
    let asked: Vec<_> = asked
        .map(|it| {
            (
                it["part"].as_str().unwrap(),
                it["name"].as_str().unwrap(),
                it["required"] == true,
            )
        })
        .collect();
    assert_eq!(
        asked,
        [
            ("path", "id", true),
            ("query", "token", true),
            ("header", "authorization", false)
        ]
    );

    // Nothing is guessed.
    let (status, problem) = site.replay(id, json!([]), "admin").await;
    assert_eq!(
        (status, problem["parameter"].as_str()),
        (StatusCode::BAD_REQUEST, Some("values"))
    );
    assert_eq!(site.handled.load(Ordering::Relaxed), 1);
    let values = json!([
        {"part": "path", "name": "id", "value": "7"},
        {"part": "query", "name": "token", "value": "given-secret"},
        {"part": "header", "name": "authorization", "value": "Bearer given-secret"},
    ]);
    let (status, answer) = site.replay(id, values.clone(), "admin").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        (&answer["recorded"]["status"], &answer["replayed"]["status"]),
        (&503.into(), &200.into())
    );
    let diff = &answer["diff"];
    assert_eq!(
        (&diff["statusChanged"], &diff["bodyCompared"]),
        (&true.into(), &true.into())
    );
    let changed: Vec<_> = diff["body"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    assert_eq!(changed, ["/n", "/note", "/signed"]);

    // Roles below an admin see and do nothing.
    for role in ["manager", "viewer"] {
        let (status, _) = site.replay(id, values.clone(), role).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{role}");
        let sent = site
            .client
            .get(format!("{}{path}", site.address))
            .header("x-role", role);
        assert_eq!(
            sent.send().await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{role}"
        );
    }
    assert_eq!(site.handled.load(Ordering::Relaxed), 2);

    // Neither counted nor logged; the audit trail alone has it.
    assert_eq!(site.ids("").await.len(), 1);
    let summary: Value = site
        .get("/admin/api-metrics/summary?period=1h")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(summary["totalRequests"], 1, "{summary}");
    let audit = site.audit().await;
    let expected = [
        ("ada", "replay request", format!("{id} GET /orders/{{id}}")),
        ("ada", "replayed request", format!("{id}: status 200")),
    ];
    let expected = expected.map(|(who, what, which)| (who.to_owned(), what.to_owned(), which));
    assert_eq!(audit, expected);

    // No secret is in any answer or in the database.
    let mut seen = format!("{snapshot}{answer}{problem}").into_bytes();
    seen.extend(std::fs::read(site.file.path()).unwrap());
    seen.extend(std::fs::read(format!("{}-wal", site.file.path().display())).unwrap_or_default());
    for secret in [
        "planted-header",
        "planted-query",
        "planted-answer",
        "given-secret",
    ] {
        let found = seen
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    site.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn denied_paths_methods_and_values_are_refused_before_anything_is_sent() {
    let site = Site::start(|replay| replay.deny_path("/files/private")).await;
    for path in ["/Sign_In", "/payments/7", "/files/a", "/nowhere/7"] {
        site.get(path).await;
    }
    let sent = site
        .client
        .post(format!("{}/orders", site.address))
        .json(&json!({"a": 1}));
    sent.send().await.unwrap();
    let before = site.handled.load(Ordering::Relaxed);
    for endpoint in ["/Sign_In", "/payments/{id}", "<unmatched>", "/orders"] {
        let [id] = &site.ids(endpoint).await[..] else {
            panic!("{endpoint}")
        };
        let values = json!([{"part": "path", "name": "id", "value": "7"}]);
        let (status, problem) = site.replay(id, values, "admin").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{endpoint}: {problem}");
    }
    // A value that is given leads nowhere else.
    let [file] = &site.ids("/files/{*path}").await[..] else {
        panic!("one request")
    };
    for (value, refused) in [
        ("private/x", StatusCode::FORBIDDEN),
        ("PRIVATE", StatusCode::FORBIDDEN),
        ("%70rivate", StatusCode::FORBIDDEN),
        ("%2570rivate", StatusCode::FORBIDDEN),
        ("/private", StatusCode::FORBIDDEN),
        ("a;b/..;/login", StatusCode::FORBIDDEN),
        ("a/login", StatusCode::FORBIDDEN),
        ("a\\admin", StatusCode::FORBIDDEN),
        ("../Sign_In", StatusCode::BAD_REQUEST),
        ("a/../../Sign_In", StatusCode::BAD_REQUEST),
        ("..%2fSign_In", StatusCode::FORBIDDEN),
        ("", StatusCode::BAD_REQUEST),
    ] {
        let values = json!([{"part": "path", "name": "path", "value": value}]);
        let (status, problem) = site.replay(file, values, "admin").await;
        assert_eq!(status, refused, "{value}: {problem}");
    }
    for (part, name, value) in [
        ("header", "host", "elsewhere"),
        ("header", "x-forwarded-for", "192.0.2.1"),
        ("header", "a b", "c"),
        ("header", "x", "a\r\nb: c"),
        ("path", "other", "a"),
        ("body", "/a", "b"),
    ] {
        let values = json!([
            {"part": "path", "name": "path", "value": "a"},
            {"part": part, "name": name, "value": value},
        ]);
        let (status, problem) = site.replay(file, values, "admin").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {problem}");
        assert!(!problem.to_string().contains("elsewhere"), "{problem}");
    }
    assert_eq!(site.handled.load(Ordering::Relaxed), before);
    assert_eq!(site.audit().await, []);
    // And what is allowed is sent.
    let values = json!([{"part": "path", "name": "path", "value": "a/b c"}]);
    let (status, _) = site.replay(file, values, "admin").await;
    assert_eq!(
        (status, site.handled.load(Ordering::Relaxed)),
        (StatusCode::OK, before + 1)
    );
    site.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn no_client_can_exempt_itself_from_the_counts() {
    let site = Site::start(|replay| replay).await;
    for name in ["x-api-metrics-replay", "replayed", "x-replayed", "x-replay"] {
        let sent = site.client.get(format!("{}/orders/7", site.address));
        sent.header(name, "true").send().await.unwrap();
    }
    assert_eq!(site.ids("/orders/{id}").await.len(), 4);
    let summary: Value = site
        .get("/admin/api-metrics/summary?period=1h")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(summary["totalRequests"], 4);
    site.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn bodies_are_sent_with_what_was_masked_given_anew_and_redirects_are_not_followed() {
    let site = Site::start(|replay| replay.allow_method(Method::POST)).await;
    let sent = site.client.post(format!("{}/orders", site.address));
    let body = json!({"item": "lamp", "to": {"email": "planted.person@example.org"}, "pin": 7});
    sent.json(&body).send().await.unwrap();
    let [id] = &site.ids("/orders").await[..] else {
        panic!("one request")
    };
    let values = json!([
        {"part": "body", "name": "/to/email", "value": "given@example.org"},
        {"part": "body", "name": "/pin", "value": 7},
    ]);
    let (status, answer) = site.replay(id, values, "admin").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["replayed"]["status"], 200);
    assert!(!answer.to_string().contains("given@"), "{answer}");
    site.get("/moved").await;
    let [moved] = &site.ids("/moved").await[..] else {
        panic!("one request")
    };
    let before = site.handled.load(Ordering::Relaxed);
    let (_, answer) = site.replay(moved, json!([]), "admin").await;
    assert_eq!(
        (
            &answer["replayed"]["status"],
            &answer["diff"]["statusChanged"]
        ),
        (&303.into(), &false.into())
    );
    assert_eq!(site.handled.load(Ordering::Relaxed), before);
    // A panic is told, and is nobody else's.
    let _ = site
        .client
        .get(format!("{}/panics", site.address))
        .send()
        .await;
    let [panics] = &site.ids("/panics").await[..] else {
        panic!("one request")
    };
    let (status, _) = site.replay(panics, json!([]), "admin").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        site.audit().await.last().unwrap().2,
        format!("{panics}: failed")
    );
    site.metrics.shutdown().await.unwrap();
}

/// A shop whose requests are replayed over HTTP, by an admin that runs apart from it.
struct Apart {
    shop: Site,
    desk: ApiMetrics,
    /// Where the admin is.
    admin: String,
    client: Client,
}

impl Apart {
    /// The admin replays to the shop, below `base`.
    async fn start(secret: Option<&str>, base: impl FnOnce(&str) -> String) -> Self {
        let known = ReplaySecret::new(SECRET).unwrap();
        let of_shop = secret.and_then(ReplaySecret::new);
        let shop = Site::start_with(|replay| replay, of_shop).await;
        let replay = Replay::new();
        replay.serve_at(&base(&shop.address), &known).unwrap();
        let desk = ApiMetrics::builder()
            .database(shop.file.url())
            .service("desk")
            .request_log(RequestLog::new())
            .configure_admin(move |admin| admin.replay(replay.clone()).cache_bytes(0))
            .start()
            .await
            .unwrap();
        let app = desk.admin().layer(from_fn(principal));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            shop,
            desk,
            admin,
            client: Client::new(),
        }
    }

    /// Replays a request of the shop.
    async fn replay(&self, id: &str, values: Value) -> (StatusCode, Value) {
        let sent = self
            .client
            .post(format!("{}/api-requests/{id}/replay", self.admin))
            .json(&json!({"values": values}));
        let answer = sent.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The consumers of the shop's orders, as the log has them, sorted.
    async fn consumers(&self) -> Vec<Option<String>> {
        self.shop.metrics.flush().await.unwrap();
        let url = format!(
            "{}/api-requests?service=shop&endpoint=/orders/{{id}}",
            self.admin
        );
        let list: Value = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let all = list["data"].as_array().unwrap().iter();
        let mut keys: Vec<_> = all
            .map(|it| it["apiKey"].as_str().map(str::to_owned))
            .collect();
        keys.sort();
        keys
    }

    async fn end(self) {
        self.desk.shutdown().await.unwrap();
        self.shop.metrics.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn over_an_address_a_replay_is_counted_under_a_consumer_of_its_own() {
    for (secret, consumer) in [
        (Some(SECRET), Some("<replay>".to_owned())),
        // Whoever doesn't know the secret takes it for anybody's.
        (Some("ffffffffffffffffffffffffffffffff"), None),
        (None, None),
    ] {
        let apart = Apart::start(secret, str::to_owned).await;
        apart.shop.get("/orders/7?token=planted-query").await;
        let [id] = &apart.shop.ids("/orders/{id}").await[..] else {
            panic!("one request")
        };
        let values = json!([
            {"part": "path", "name": "id", "value": "7"},
            {"part": "query", "name": "token", "value": "given-secret"},
            {"part": "header", "name": "authorization", "value": "Bearer given-secret"},
        ]);
        let (status, answer) = apart.replay(id, values).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(
            (&answer["recorded"]["status"], &answer["replayed"]["status"]),
            (&503.into(), &200.into())
        );
        let body = &answer["replayed"]["message"]["body"]["text"];
        let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        assert_eq!(
            (&body["id"], &body["note"], &body["signed"]),
            (&"7".into(), &true.into(), &true.into())
        );
        assert_eq!(apart.consumers().await, [None, consumer]);
        // The secret is nobody's to see.
        let seen = std::fs::read(apart.shop.file.path()).unwrap();
        let answer = answer.to_string().into_bytes();
        for seen in [seen, answer] {
            let mut windows = seen.windows(SECRET.len());
            assert!(!windows.any(|window| window == SECRET.as_bytes()));
        }
        apart.end().await;
    }
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_told_and_a_redirect_is_not_followed() {
    let apart = Apart::start(Some(SECRET), str::to_owned).await;
    apart.shop.get("/moved").await;
    let [moved] = &apart.shop.ids("/moved").await[..] else {
        panic!("one request")
    };
    let (_, answer) = apart.replay(moved, json!([])).await;
    assert_eq!(answer["replayed"]["status"], 303, "{answer}");
    assert_eq!(apart.shop.handled.load(Ordering::Relaxed), 0);
    apart.end().await;

    // Below a path there is nothing.
    let apart = Apart::start(Some(SECRET), |base| format!("{base}/nothing/")).await;
    apart.shop.get("/moved").await;
    let [moved] = &apart.shop.ids("/moved").await[..] else {
        panic!("one request")
    };
    let (_, answer) = apart.replay(moved, json!([])).await;
    assert_eq!(answer["replayed"]["status"], 404, "{answer}");
    apart.end().await;

    // A port that was bound and let go: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let apart = Apart::start(Some(SECRET), |_| nobody).await;
    apart.shop.get("/moved").await;
    let [moved] = &apart.shop.ids("/moved").await[..] else {
        panic!("one request")
    };
    let (status, problem) = apart.replay(moved, json!([])).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{problem}");
    assert_eq!(
        apart.shop.audit().await.last().unwrap().2,
        format!("{moved}: failed")
    );
    apart.end().await;
}
