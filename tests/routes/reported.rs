//! Single requests that other services report, in the request log.

use api_metrics_tests::harness::Database;
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use crate::ingest::{Server, told};

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
    what_is_counted_is_logged_once_and_scrubbed
    the_log_adds_up_and_has_bounds_of_its_own
    an_agents_seconds_never_enter_the_p95_of_an_api
    a_browsers_token_is_for_its_origins_and_webrtc_alone
    a_refused_event_is_tried_again_as_one
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn what_is_counted_is_logged_once_and_scrubbed(database: Database) {
    let server = Server::on(database).await;
    let body = json!({"name": "ci", "service": "checkout", "templates": ["/users/{id}"]});
    let (_, secret) = server.token(body).await;
    let items = json!([
        {"method": "POST", "path": "/users/7041?token=geheim", "status": 503, "latencyMs": 12.5,
         "key": "k-1", "user": "u-9", "requestId": "r-1",
         "trace": format!("00-{TRACE}-00f067aa0ba902b7-01"),
         "error": {"type": "ledger_locked", "message": "no ledger for ann@example.com"}},
        {"method": "GET", "path": "/wp-admin/setup.php?x=1", "status": 404},
        {"method": "GET", "endpoint": "/orders", "status": 42},
    ]);
    for repeated in [false, true] {
        let request = server.report(&secret).header("Idempotency-Key", "one");
        let (status, answer) = told(request.json(&items).send().await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), &answer["repeated"]),
            (200, &json!(repeated))
        );
    }
    server.flush_log().await;
    let page = server.json("/api-requests?period=24h").await;
    let rows = page["data"].as_array().unwrap();
    assert_eq!(
        rows.len(),
        2,
        "refused ones and repetitions are not logged: {page}"
    );
    let found = |endpoint: &str| {
        let row = rows.iter().find(|row| row["endpoint"] == endpoint);
        row.unwrap_or_else(|| panic!("{page}")).clone()
    };
    let row = found("/users/{id}");
    let told_by = |name: &str| row[name].clone();
    for (name, expected) in [
        ("service", json!("checkout")),
        ("method", json!("POST")),
        ("path", json!("/users/{id}")),
        ("status", json!(503)),
        ("latencyMs", json!(12.5)),
        ("user", json!("u-9")),
        ("traceId", json!(TRACE)),
        ("requestId", json!("r-1")),
    ] {
        assert_eq!(told_by(name), expected, "{name}: {row}");
    }
    assert_eq!(found("<unmatched>")["path"], "/wp-admin/…");
    let text = page.to_string();
    assert!(
        text.contains("ledger_locked") && text.contains("[email]"),
        "{text}"
    );
    for secret in ["geheim", "ann@example.com", "7041", "x=1"] {
        assert!(!text.contains(secret), "{secret}");
    }
    // It is found and erased as any other request.
    let of_user = server.json("/api-requests?period=24h&user=u-9").await;
    assert_eq!(of_user["data"].as_array().unwrap().len(), 1);
}

async fn the_log_adds_up_and_has_bounds_of_its_own(database: Database) {
    let server = Server::on(database).await;
    let (_, shop) = server.token(json!({"name": "a", "service": "shop"})).await;
    let secrets = [server.writer().await, shop];
    let items: Vec<Value> = (0..800)
        .map(|n| json!({"method": "GET", "endpoint": format!("/{}", n % 3), "status": 500}))
        .collect();
    for secret in &secrets {
        for _ in 0..2 {
            let sent = server.report(secret).json(&items).send().await.unwrap();
            assert_eq!(sent.status(), 200);
        }
    }
    server.flush_log().await;
    let counts = server.log.counts();
    // 1,000 of each service in this second.
    assert_eq!(
        (counts.chosen, counts.kept, counts.dropped.rate),
        (3_200, 2_000, 1_200)
    );
    assert_eq!(
        counts.chosen,
        counts.kept + counts.dropped.total() + counts.waiting
    );
    for buffer in server.log.buffers() {
        let counts = buffer.counts();
        assert_eq!(
            (counts.chosen, counts.kept),
            (1_600, 1_000),
            "{:?}",
            buffer.instance()
        );
        assert_eq!(buffer.memory(), 0, "what is stored is free again");
    }
    assert_eq!(
        server.json("/api-metrics/summary?period=24h").await["totalRequests"],
        3_200
    );
}

fn events(server: &Server, secret: &str) -> RequestBuilder {
    let url = format!("{}/ingest/v1/events", server.origin);
    server.client.post(url).bearer_auth(secret)
}

async fn an_agents_seconds_never_enter_the_p95_of_an_api(database: Database) {
    let server = Server::on(database).await;
    let secret = server.writer().await;
    let requests: Vec<Value> = (0..20)
        .map(|_| json!({"method": "GET", "endpoint": "/a", "status": 200, "latencyMs": 10}))
        .collect();
    let sent = server.report(&secret).json(&requests).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let items = json!([
        {"kind": "agent", "name": "/a", "durationMs": 90_000, "model": "small", "inputTokens": 7,
            "key": "bot"},
        {"kind": "agent", "name": "/a", "durationMs": 90_000, "model": "small", "outcome": "timeout"},
        {"kind": "command", "name": "deploy", "outcome": "cancelled", "user": "u-9"},
        {"kind": "session", "name": "web", "action": "start"},
        {"kind": "render-frame", "name": "scene", "outcome": "error", "error": {"message": "no disk"}},
        {"kind": "http", "name": "x"},
        {"kind": "job", "name": "x", "inputTokens": 1},
    ]);
    for repeated in [false, true] {
        let request = events(&server, &secret).header("Idempotency-Key", "one");
        let (status, answer) = told(request.json(&items).send().await.unwrap()).await;
        let named = |at: usize| answer["refused"][at]["member"].clone();
        assert_eq!(
            (status.as_u16(), &answer["accepted"], &answer["repeated"]),
            (200, &json!(5), &json!(repeated)),
            "{answer}"
        );
        assert_eq!((named(0), named(1)), (json!("kind"), json!("inputTokens")));
    }
    let p95 = async |query: &str| {
        let path = format!("/api-metrics?period=24h&granularity=none{query}");
        let answer = server.json(&path).await;
        let rows = answer["data"].as_array().unwrap().clone();
        let sum: u64 = rows
            .iter()
            .map(|row| row["requestCount"].as_u64().unwrap())
            .sum();
        (
            sum,
            rows.first()
                .and_then(|row| row["p95Ms"].as_f64())
                .unwrap_or_default(),
        )
    };
    let (requests, ms) = p95("").await;
    assert!(requests == 20 && ms < 11.0, "{requests} {ms}");
    let (agents, ms) = p95("&protocol=agent").await;
    assert!(agents == 2 && ms > 80_000.0, "{agents} {ms}");
    assert_eq!(p95("&protocol=any").await.0, 25);
    // Each place that has no protocol means the server's own, and each takes one.
    for path in [
        "summary",
        "daily",
        "endpoints",
        "heatmap",
        "keys",
        "top-consumers",
        "endpoint-consumers",
    ] {
        let sum = async |query: &str| {
            let url = format!(
                "{}/admin/api-metrics/{path}?period=24h{query}",
                server.origin
            );
            let answer = server
                .client
                .get(url)
                .bearer_auth(crate::host::TOKEN)
                .send()
                .await
                .unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let (status, own) = sum("").await;
        assert_eq!(status, 200, "{path}: {own}");
        assert!(!own.contains("deploy"), "{path}: {own}");
        let (status, agents) = sum("&protocol=agent").await;
        assert_eq!(status, 200, "{path}: {agents}");
        assert_ne!(own, agents, "{path}");
    }
    let wrong = server
        .admin(Method::GET, "/api-metrics?protocol=No%20Kind")
        .send()
        .await
        .unwrap();
    assert_eq!(told(wrong).await.1["parameter"], "protocol");
    // Of single requests too.
    server.flush_log().await;
    let logged = async |query: &str| {
        let page = server
            .json(&format!("/api-requests?period=24h{query}"))
            .await;
        let rows = page["data"].as_array().unwrap().iter();
        let mut kinds: Vec<_> = rows
            .map(|row| row["protocol"].as_str().unwrap().to_owned())
            .collect();
        kinds.dedup();
        kinds.sort();
        (page["data"].as_array().unwrap().len(), kinds.join(" "))
    };
    assert_eq!(logged("").await, (20, "http".into()));
    assert_eq!(logged("&protocol=agent").await, (2, "agent".into()));
    assert_eq!(logged("&protocol=any").await.0, 25);
    assert_eq!(logged("&endpoint=/a").await, (20, "http".into()));
    let groups = async |query: &str| {
        let found = server
            .json(&format!("/api-requests/groups?period=24h{query}"))
            .await;
        found["data"].as_array().unwrap().len()
    };
    assert_eq!(
        (groups("").await, groups("&protocol=render-frame").await),
        (0, 1)
    );
    // A rule names one.
    let rule = |protocol: Value| {
        json!({"name": "slow agents", "alertType": "response_time", "thresholdValue": 1_000,
            "comparison": "gt", "protocolFilter": protocol, "endpointFilter": "/a"})
    };
    for (protocol, breaches) in [
        (Value::Null, false),
        (json!("agent"), true),
        (json!("any"), true),
    ] {
        let body = json!({"rule": rule(protocol.clone()), "from": "2026-03-10T11:00:00Z", "to": "2026-03-10T12:10:00Z"});
        server.h.clock.advance(std::time::Duration::from_secs(600));
        let tried = server
            .admin(Method::POST, "/api-alerts/dry-run")
            .json(&body);
        let (status, answer) = told(tried.send().await.unwrap()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            answer["breaches"].as_u64().unwrap() > 0,
            breaches,
            "{protocol}: {answer}"
        );
    }
    let made = server
        .admin(Method::POST, "/api-alerts")
        .json(&rule(json!("agent")));
    let (status, made) = told(made.send().await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), &made["protocolFilter"]),
        (201, &json!("agent"))
    );
    let path = format!("/api-alerts/{}", made["id"]);
    assert_eq!(server.json(&path).await["protocolFilter"], "agent");
    let wrong = server
        .admin(Method::POST, "/api-alerts")
        .json(&rule(json!("No Kind")));
    let (status, problem) = told(wrong.send().await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), &problem["parameter"]),
        (400, &json!("protocolFilter"))
    );
}

async fn a_browsers_token_is_for_its_origins_and_webrtc_alone(database: Database) {
    let server = Server::on(database).await;
    let origins = ["https://app.example", "http://localhost:3000"];
    let body = json!({"name": "page", "service": "shop", "tenantId": "acme", "origins": origins});
    let (_, secret) = server.token(body).await;
    let url = format!("{}/ingest/v1/events", server.origin);
    let allowed = |answer: &reqwest::Response| {
        let origin = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        origin.map(|origin| origin.to_str().unwrap().to_owned())
    };
    for (origin, is_known) in [
        ("https://app.example", true),
        ("http://localhost:3000", true),
        ("https://app.example:8443", false),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let asked = server
            .client
            .request(Method::OPTIONS, &url)
            .header(header::ORIGIN, origin);
        let asked = asked
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .send()
            .await
            .unwrap();
        assert_eq!(asked.status(), 204);
        assert_eq!(
            allowed(&asked),
            is_known.then(|| origin.to_owned()),
            "{origin}"
        );
        assert!(
            asked.headers()[header::VARY]
                .to_str()
                .unwrap()
                .contains("origin")
        );
        let event =
            json!({"kind": "webrtc", "name": "call", "candidateType": "relay", "bytesSent": 7});
        let sent = events(&server, &secret)
            .header(header::ORIGIN, origin)
            .json(&event);
        let sent = sent.send().await.unwrap();
        assert_eq!(sent.status(), if is_known { 200 } else { 403 }, "{origin}");
        assert_eq!(
            allowed(&sent),
            is_known.then(|| origin.to_owned()),
            "{origin}"
        );
    }
    let page = || events(&server, &secret).header(header::ORIGIN, origins[0]);
    // What is refused is refused readably.
    let refused = page()
        .json(&json!({"kind": "job", "name": "x"}))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (refused.status().as_u16(), allowed(&refused).is_some()),
        (422, true)
    );
    let elsewhere = events(&server, &secret).json(&json!({"kind": "webrtc", "name": "x"}));
    assert_eq!(
        elsewhere.send().await.unwrap().status(),
        403,
        "a program, no page"
    );
    for request in [
        server
            .report(&secret)
            .json(&json!({"method": "GET", "endpoint": "/a", "status": 200})),
        server
            .client
            .get(format!("{}/ingest/v1/templates", server.origin))
            .bearer_auth(&secret),
    ] {
        let answer = request
            .header(header::ORIGIN, origins[0])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403);
    }
    // A server's token opens no page.
    let service = server.writer().await;
    let sent = events(&server, &service).header(header::ORIGIN, origins[0]);
    let sent = sent
        .json(&json!({"kind": "webrtc", "name": "x"}))
        .send()
        .await
        .unwrap();
    assert_eq!((sent.status().as_u16(), allowed(&sent)), (200, None));
    // Pages use up nothing of what the tenant's servers may send.
    let left =
        |answer: &reqwest::Response| answer.headers()["ratelimit"].to_str().unwrap().to_owned();
    let of_page = left(
        &page()
            .json(&json!({"kind": "webrtc", "name": "x"}))
            .send()
            .await
            .unwrap(),
    );
    let (_, tenant) = server
        .token(json!({"name": "ci", "service": "shop", "tenantId": "acme"}))
        .await;
    let item = json!({"method": "GET", "endpoint": "/a", "status": 200});
    let of_tenant = left(&server.report(&tenant).json(&item).send().await.unwrap());
    assert!(
        of_tenant.contains("r=999") && of_page.contains("r=996"),
        "{of_tenant} {of_page}"
    );
    // Relays are told apart, and nobody is billed for them.
    let rows = server
        .json("/api-metrics?period=24h&granularity=none&protocol=webrtc&groupBy=method")
        .await;
    let rows = rows["data"].as_array().unwrap().clone();
    let relayed = rows.iter().find(|row| row["method"] == "relay").unwrap();
    assert_eq!(
        (&relayed["requestCount"], &relayed["requestBytes"]),
        (&json!(2), &json!(14))
    );
    let billed = server
        .json("/api-metrics?period=24h&granularity=none&protocol=billed")
        .await;
    assert_eq!(billed["data"][0]["requestCount"], 1, "{billed}");
    for wrong in [
        json!(["*"]),
        json!(["https://app.example/"]),
        json!("https://app.example"),
        json!([7]),
    ] {
        let body = json!({"name": "page", "service": "shop", "origins": wrong});
        let made = server
            .admin(Method::POST, "/ingest-tokens")
            .json(&body)
            .send()
            .await
            .unwrap();
        let (status, problem) = told(made).await;
        assert_eq!(
            (status.as_u16(), &problem["parameter"]),
            (400, &json!("origins")),
            "{wrong}"
        );
    }
}

async fn a_refused_event_is_tried_again_as_one(database: Database) {
    let server = Server::on(database).await;
    let mut own = api_metrics_store::control::keys::KeyChange::default();
    own.tenant_id = Some(Some("zeta".into()));
    let store = &server.h.store;
    store.create_key("zeta-1", &own, None).await.unwrap();
    let (_, secret) = server
        .token(json!({"name": "ci", "service": "s", "tenantId": "acme"}))
        .await;
    let event = json!({"kind": "job", "name": "nightly", "key": "zeta-1"});
    let sent = events(&server, &secret).json(&event).send().await.unwrap();
    assert_eq!(sent.status(), 422);
    let letters = server.json("/ingest-dead-letters").await;
    let letter = &letters["data"][0];
    assert_eq!(
        (&letter["isEvent"], &letter["member"]),
        (&json!(true), &json!("key"))
    );
    own.tenant_id = Some(Some("acme".into()));
    let all = api_metrics_store::query::Scope::All;
    let id = store.all_keys(&all).await.unwrap()[0].id;
    store.update_key(id, &all, &own, None).await.unwrap();
    let path = format!("/ingest-dead-letters/{}/retry", letter["id"]);
    assert_eq!(
        server
            .admin(Method::POST, &path)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let summary = async |protocol: &str| {
        let path = format!("/api-metrics?period=24h&granularity=none&protocol={protocol}");
        server.json(&path).await["data"][0]["requestCount"].clone()
    };
    assert_eq!(
        (summary("job").await, summary("http").await),
        (json!(1), Value::Null)
    );
}
