//! What other services report, over sockets, to both databases.

use std::{io::Write as _, sync::Arc, time::Duration};

use api_metrics_routes::{Admin, Ingest, Jwt};
use api_metrics_store::{
    control::keys::KeyChange,
    ingest::IngestLog,
    request_log::{Keep, RequestLog, RequestLogStore},
};
use api_metrics_tests::harness::{Database, Harness};
use axum::Router;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::host::TOKEN;

/// What the issuer of JSON Web Tokens signs with.
pub(crate) const JWT_SECRET: &[u8] = b"a secret of at least 32 bytes for tests";

macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

on_both_databases! {
    every_form_of_a_body_is_counted_and_shown_in_the_summary
    a_report_that_is_sent_again_gets_the_same_answer
    what_is_wrong_is_named_by_index_and_kept_until_somebody_deletes_it
    a_token_is_shown_once_and_refused_once_it_is_revoked
    an_organisation_has_its_limit_and_batches_have_ten_times_that
}

/// A server of its own, as `api-metrics serve` mounts it.
pub(crate) struct Server {
    pub(crate) h: Harness,
    pub(crate) origin: String,
    pub(crate) client: Client,
    pub(crate) log: IngestLog,
    pub(crate) requests: Arc<dyn RequestLogStore>,
}

impl Server {
    pub(crate) async fn on(database: Database) -> Self {
        let h = Harness::on(database).await;
        let mut settings = RequestLog::new();
        settings.keep = Keep::Everything;
        let log = IngestLog::new(settings, "test");
        let store = h.database.ingest(&h.clock);
        let ingest = Ingest::with_log(store, h.clock.clone(), "test", log.clone());
        let requests = h.database.request_log(&h.clock);
        let admin = Admin::builder(h.store.clone())
            .control(h.store.clone())
            .requests(requests.clone())
            .ingest(ingest.clone())
            .clock(h.clock.clone())
            .cache_bytes(0)
            .jwt(Jwt::hs256(JWT_SECRET, "login", "metrics").unwrap())
            .token(TOKEN)
            .build();
        let app = Router::new()
            .nest_service("/admin", admin.router())
            .nest_service("/api/metrics", admin.collector().unwrap())
            .nest_service("/ingest", ingest.router());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            h,
            origin,
            client: Client::new(),
            log,
            requests,
        }
    }

    /// Stores what waits of the request log, as the background work does.
    pub(crate) async fn flush_log(&self) {
        for buffer in self.log.buffers() {
            self.requests.flush_requests(&buffer, true).await.unwrap();
        }
    }

    pub(crate) fn admin(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let url = format!("{}/admin{path}", self.origin);
        self.client.request(method, url).bearer_auth(TOKEN)
    }

    /// A token's number and its secret.
    pub(crate) async fn token(&self, body: Value) -> (i64, String) {
        let made = self
            .admin(reqwest::Method::POST, "/ingest-tokens")
            .json(&body);
        let made = made.send().await.unwrap();
        assert_eq!(made.status(), 201, "{body}");
        let made: Value = made.json().await.unwrap();
        let secret = made["secret"].as_str().unwrap();
        (made["token"]["id"].as_i64().unwrap(), secret.to_owned())
    }

    pub(crate) async fn writer(&self) -> String {
        let body = json!({"name": "ci", "service": "checkout", "environment": "production"});
        self.token(body).await.1
    }

    pub(crate) fn report(&self, secret: &str) -> RequestBuilder {
        self.client
            .post(format!("{}/ingest/v1/requests", self.origin))
            .bearer_auth(secret)
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.admin(reqwest::Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn counted(&self) -> u64 {
        let summary = self
            .json("/api-metrics/summary?period=24h&service=checkout")
            .await;
        summary["totalRequests"]
            .as_u64()
            .unwrap_or_else(|| panic!("{summary}"))
    }
}

pub(crate) async fn told(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"));
    (status, value)
}

fn item(endpoint: &str) -> Value {
    json!({"method": "GET", "endpoint": endpoint, "status": 200, "latencyMs": 12.5})
}

async fn every_form_of_a_body_is_counted_and_shown_in_the_summary(database: Database) {
    let server = Server::on(database).await;
    let secret = server.writer().await;
    let gzip = |text: &str| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(text.as_bytes()).unwrap();
        writer.finish().unwrap()
    };
    let zstd = |text: &str| {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        ruzstd::encoding::compress_to_vec(text.as_bytes(), level)
    };
    let one = item("/a").to_string();
    let list = json!([item("/a"), item("/b"), item("/b")]).to_string();
    let lines = format!("{}\r\n\n{}\n", item("/c"), item("/c"));
    let mut expected = 0;
    for (body, encoding, kind, items) in [
        (one.clone().into_bytes(), None, "application/json", 1),
        (list.clone().into_bytes(), None, "application/json", 3),
        (lines.clone().into_bytes(), None, "application/x-ndjson", 2),
        (gzip(&list), Some("gzip"), "application/json", 3),
        (
            gzip(&lines),
            Some("gzip"),
            "application/x-ndjson; charset=utf-8",
            2,
        ),
        (zstd(&list), Some("zstd"), "application/json", 3),
        (zstd(&one), Some("zstd"), "text/plain", 1),
    ] {
        let mut request = server.report(&secret).header(header::CONTENT_TYPE, kind);
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.headers().contains_key("ratelimit"));
        let expected_answer = json!({"accepted": items, "refused": [], "repeated": false});
        assert_eq!(told(answer).await, (StatusCode::OK, expected_answer));
        expected += items;
        assert_eq!(server.counted().await, expected, "{encoding:?} {kind}");
    }
    // As any other service: its endpoints, its latencies.
    let endpoints = server
        .json("/api-metrics/endpoints?period=24h&service=checkout")
        .await;
    let named: Vec<_> = endpoints["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["endpoint"].as_str().unwrap())
        .collect();
    assert_eq!(named.len(), 3, "{endpoints}");
    // What can't be read counts nothing.
    let big = format!("[{}]", vec!["{}"; 1_001].join(","));
    for (body, encoding, status) in [
        (b"{".to_vec(), None, 400),
        (Vec::new(), None, 400),
        (b"[]".to_vec(), None, 400),
        (one.clone().into_bytes(), Some("gzip"), 400),
        (one.clone().into_bytes(), Some("br"), 415),
        (big.into_bytes(), None, 413),
        (gzip(&" ".repeat((4 << 20) + 1)), Some("gzip"), 413),
        (vec![b' '; (4 << 20) + 1], None, 413),
    ] {
        let mut request = server.report(&secret);
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        let kind = answer.headers()[header::CONTENT_TYPE].clone();
        assert_eq!(kind, "application/problem+json");
    }
    assert_eq!(server.counted().await, expected);
}

async fn a_report_that_is_sent_again_gets_the_same_answer(database: Database) {
    let server = Server::on(database).await;
    let secret = server.writer().await;
    let body = json!([item("/a"), {"method": "GET"}]);
    let send = async |key: &str, body: &Value| {
        let request = server.report(&secret).header("Idempotency-Key", key);
        told(request.json(body).send().await.unwrap()).await
    };
    let (status, mut first) = send("one", &body).await;
    assert_eq!(
        (status.as_u16(), &first["accepted"], &first["repeated"]),
        (200, &json!(1), &json!(false))
    );
    first["repeated"] = json!(true);
    assert_eq!(send("one", &body).await, (StatusCode::OK, first));
    let (status, problem) = send("one", &json!([item("/b")])).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (422, &json!("urn:api-metrics:idempotency-key-reused"))
    );
    assert_eq!(server.counted().await, 1);
    // An instance that numbers its reports, in any order.
    for (number, repeated) in [(7, false), (5, false), (7, true), (5, true), (6, false)] {
        let url = format!(
            "{}/ingest/v1/requests?instance=web-1&number={number}",
            server.origin
        );
        let request = server.client.post(url).bearer_auth(&secret);
        let (status, answer) = told(request.json(&json!([item("/n")])).send().await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), &answer["repeated"]),
            (200, &json!(repeated)),
            "{number}"
        );
    }
    assert_eq!(server.counted().await, 4);
    for (query, named) in [
        ("instance=a", "number"),
        ("number=1", "instance"),
        ("instance=a&number=x", "number"),
        ("instance=a%20b&number=1", "instance"),
        ("surprise=1", "surprise"),
    ] {
        let url = format!("{}/ingest/v1/requests?{query}", server.origin);
        let request = server.client.post(url).bearer_auth(&secret);
        let (status, problem) = told(request.json(&item("/x")).send().await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), &problem["parameter"]),
            (400, &json!(named))
        );
    }
    for key in ["", &"k".repeat(201)] {
        assert_eq!(send(key, &body).await.0, 400);
    }
    assert_eq!(server.counted().await, 4);
}

async fn what_is_wrong_is_named_by_index_and_kept_until_somebody_deletes_it(database: Database) {
    let server = Server::on(database).await;
    let mut own = KeyChange::default();
    own.tenant_id = Some(Some("zeta".into()));
    server
        .h
        .store
        .create_key("zeta-1", &own, None)
        .await
        .unwrap();
    let body = json!({"name": "ci", "service": "checkout", "tenantId": "acme"});
    let (_, secret) = server.token(body).await;
    let mut foreign = item("/a");
    foreign["key"] = json!("zeta-1");
    let body = json!([item("/a"), {"method": "GET", "endpoint": "/a", "status": 99}, 7, foreign,
        {"method": "GET", "path": "/users/7", "status": 200}]);
    let (status, answer) = told(server.report(&secret).json(&body).send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &answer["accepted"]), (200, &json!(2)));
    let refused: Vec<_> = answer["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["member"].as_str()))
        .collect();
    assert_eq!(refused, [(1, Some("status")), (2, None), (3, Some("key"))]);
    // None accepted is an error that says the same.
    let (status, answer) = told(
        server
            .report(&secret)
            .json(&json!([7]))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status.as_u16(), &answer["refused"][0]["index"]),
        (422, &json!(0))
    );
    let page = server.json("/ingest-dead-letters?limit=3").await;
    let letters = page["data"].as_array().unwrap();
    assert_eq!(letters.len(), 3);
    let next = page["nextCursor"].as_str().unwrap();
    let rest = server
        .json(&format!("/ingest-dead-letters?limit=3&cursor={next}"))
        .await;
    assert_eq!(
        (rest["data"].as_array().unwrap().len(), &rest["nextCursor"]),
        (1, &Value::Null)
    );
    let letter = letters.iter().find(|one| one["member"] == "key").unwrap();
    assert!(letter["item"].as_str().unwrap().contains("zeta-1"));
    let path = format!("/ingest-dead-letters/{}", letter["id"]);
    let retry = async || {
        let request = server.admin(reqwest::Method::POST, &format!("{path}/retry"));
        request.send().await.unwrap().status().as_u16()
    };
    // Still another tenant's; then not any more.
    assert_eq!(retry().await, 400);
    let mut moved = KeyChange::default();
    moved.tenant_id = Some(Some("acme".into()));
    let key = server
        .h
        .store
        .all_keys(&api_metrics_store::query::Scope::All)
        .await
        .unwrap();
    let key = key.iter().find(|key| key.external_id == "zeta-1").unwrap();
    server
        .h
        .store
        .update_key(key.id, &api_metrics_store::query::Scope::All, &moved, None)
        .await
        .unwrap();
    assert_eq!(retry().await, 204);
    assert_eq!(retry().await, 404, "it is no dead letter any more");
    let counted = server.json("/api-metrics/summary?period=24h").await;
    assert_eq!(counted["totalRequests"], 3);
    let left = server.json("/ingest-dead-letters").await;
    let left = left["data"].as_array().unwrap();
    assert_eq!(left.len(), 3, "a retry that is refused leaves none behind");
    let path = format!("/ingest-dead-letters/{}", left[0]["id"]);
    for status in [204, 404] {
        let deleted = server
            .admin(reqwest::Method::DELETE, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(deleted.status().as_u16(), status);
    }
}

async fn a_token_is_shown_once_and_refused_once_it_is_revoked(database: Database) {
    let server = Server::on(database).await;
    let body = json!({"name": "ci", "service": "checkout", "templates": ["/users/{id}"]});
    let (id, secret) = server.token(body).await;
    let list = server.json("/ingest-tokens").await.to_string();
    assert!(!list.contains(&secret) && list.contains("/users/{id}"));
    // Templates are the service's own to change.
    let url = format!("{}/ingest/v1/templates", server.origin);
    let put = server.client.put(&url).bearer_auth(&secret);
    let put = put.json(&json!({"templates": ["/orders/{id}", "/orders/new"]}));
    assert_eq!(put.send().await.unwrap().status(), 200);
    for wrong in [
        json!({"templates": ["orders"]}),
        json!({"templates": ["/a/{x}", "/a/{y}"]}),
        json!({"templates": 7}),
        json!({}),
    ] {
        let put = server.client.put(&url).bearer_auth(&secret).json(&wrong);
        let (status, problem) = told(put.send().await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), &problem["parameter"]),
            (400, &json!("templates")),
            "{wrong}"
        );
    }
    let items = json!([{"method": "GET", "path": "/orders/7?x=1", "status": 200},
        {"method": "GET", "path": "/orders/new", "status": 200},
        {"method": "GET", "path": "/wp-login.php", "status": 404}]);
    assert_eq!(
        server
            .report(&secret)
            .json(&items)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let endpoints = server
        .json("/api-metrics/endpoints?period=24h&service=checkout")
        .await;
    let mut named: Vec<_> = endpoints["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["endpoint"].as_str().unwrap())
        .collect();
    named.sort_unstable();
    assert_eq!(named, ["/orders/new", "/orders/{id}", "<unmatched>"]);
    let used = server.json("/ingest-tokens").await;
    assert!(used["data"][0]["lastUsedAt"].is_string());
    // A writer reads nothing, and an admin writes nothing.
    let peek = server
        .client
        .get(format!("{}/admin/api-metrics/summary", server.origin));
    assert_eq!(
        peek.bearer_auth(&secret).send().await.unwrap().status(),
        401
    );
    assert_eq!(
        server
            .report(TOKEN)
            .json(&items)
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let revoked = server.admin(reqwest::Method::DELETE, &format!("/ingest-tokens/{id}"));
    let (status, revoked) = told(revoked.send().await.unwrap()).await;
    assert!(status == 200 && revoked["revokedAt"].is_string());
    let refused = server.report(&secret).json(&items).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.headers().contains_key(header::WWW_AUTHENTICATE));
    let unsigned = server
        .client
        .post(format!("{}/ingest/v1/requests", server.origin));
    assert_eq!(unsigned.json(&items).send().await.unwrap().status(), 401);
    assert_eq!(server.counted().await, 3);
}

async fn an_organisation_has_its_limit_and_batches_have_ten_times_that(database: Database) {
    let server = Server::on(database).await;
    let of = |name: &str| json!({"name": name, "service": "checkout", "tenantId": "acme"});
    let (_, first) = server.token(of("one")).await;
    let (_, second) = server.token(of("two")).await;
    let other = server.writer().await;
    let left = async |secret: &str, body: &Value| {
        let answer = server.report(secret).json(body).send().await.unwrap();
        let policy = answer.headers()["ratelimit-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        let state = answer.headers()["ratelimit"].to_str().unwrap().to_owned();
        let left = state.split("r=").nth(1).unwrap().split(';').next().unwrap();
        (
            answer.status().as_u16(),
            policy,
            left.parse::<u32>().unwrap(),
        )
    };
    let one = item("/a");
    let many = json!([item("/a"), item("/b")]);
    let policy = |name: &str, n: u32| format!("\"{name}\";q={n};w=60");
    assert_eq!(
        left(&first, &one).await,
        (200, policy("writes", 1_000), 999)
    );
    // All tokens of a tenant together; others, and batches, by themselves.
    assert_eq!(
        left(&second, &one).await,
        (200, policy("writes", 1_000), 998)
    );
    assert_eq!(
        left(&other, &one).await,
        (200, policy("writes", 1_000), 999)
    );
    assert_eq!(
        left(&first, &many).await,
        (200, policy("batches", 10_000), 9_999)
    );
    // The rest at once: what is beyond is refused, and nothing of it is counted.
    let rest = futures_util::future::join_all((0..1_010).map(|_| left(&first, &one))).await;
    let accepted = rest.iter().filter(|(status, ..)| *status == 200).count();
    let refused = rest.iter().filter(|(status, ..)| *status == 429).count();
    assert_eq!((accepted, refused), (998, 12));
    assert_eq!(server.counted().await, 5 + 998);
    server.h.clock.advance(Duration::from_secs(6));
    assert_eq!(
        left(&first, &one).await.0,
        200,
        "100 come back in six seconds"
    );
}

#[tokio::test]
async fn the_documents_say_what_writers_and_admins_can_do() {
    let server = Server::on(Database::sqlite().await).await;
    let document = |path: &str| {
        server
            .client
            .get(format!("{}{path}/openapi.json", server.origin))
    };
    let ingest: Value = document("/ingest")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths: Vec<_> = ingest["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/v1/events", "/v1/requests", "/v1/templates"]);
    let members = &ingest["components"]["schemas"]["ReportedRequest"]["properties"];
    for member in [
        "time",
        "method",
        "endpoint",
        "path",
        "status",
        "latencyMs",
        "key",
        "units",
    ] {
        assert!(members[member].is_object(), "{member}");
    }
    let admin: Value = document("/admin")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    for path in [
        "/ingest-tokens",
        "/ingest-tokens/{id}",
        "/ingest-dead-letters",
        "/ingest-dead-letters/{id}/retry",
    ] {
        assert!(admin["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test]
async fn units_are_summed_and_what_can_be_none_is_refused_by_itself() {
    let server = Server::on(Database::sqlite().await).await;
    let secret = server.writer().await;
    let with = |units: Value| {
        let mut item = item("/chat");
        item["units"] = units;
        item
    };
    let many: serde_json::Map<_, _> = (0..17).map(|n| (format!("u{n}"), json!(1))).collect();
    let refused = [
        json!({"my tokens": 1}),
        json!({"tokens": -1}),
        json!({"tokens": 1.5}),
        json!({"tokens": "1"}),
        json!([1]),
        Value::Null,
        Value::Object(many),
    ];
    let good = [
        json!({"tokens": 7}),
        json!({"tokens": 5, "images": 0}),
        json!({}),
    ];
    let items: Vec<_> = good.iter().chain(&refused).cloned().map(with).collect();
    let answer = server.report(&secret).json(&items).send().await.unwrap();
    let (_, told) = told(answer).await;
    let members: Vec<_> = told["refused"].as_array().unwrap().iter().collect();
    assert_eq!(members.len(), refused.len(), "{told}");
    for (n, member) in (3..).zip(members) {
        assert_eq!(
            (&member["index"], &member["member"]),
            (&json!(n), &json!("units"))
        );
    }
    assert_eq!(server.counted().await, 3);
    let summary = server
        .json("/api-metrics/summary?period=24h&service=checkout")
        .await;
    assert_eq!(summary["units"], json!({"tokens": 12}));
}
