//! The collector over sockets, on both databases: what is reported, by whom, and what is seen of it.

use api_metrics_store::{control::keys::KeyChange, time::Clock as _};
use api_metrics_tests::harness::Database;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    ingest::{JWT_SECRET, Server, told},
    signer::Signer,
};

/// Two users of one organisation, and one of another.
pub(crate) const ANN: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
pub(crate) const BEN: &str = "0b1c9f4e-2c9d-4a52-9a53-0d3f6d1a7b11";

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
    what_is_reported_is_in_every_answer_at_once
    a_bad_item_is_named_by_list_index_and_member_and_kept_until_it_is_counted
    a_report_that_is_sent_again_counts_once_and_gets_the_same_answer
    a_session_has_the_time_from_its_start_to_its_end_and_ends_once
    an_organisation_sees_and_reports_its_own_alone
    each_role_does_what_it_may
    an_organisation_has_one_limit_and_batches_ten_times_that
    users_and_teams_are_filters_groups_and_a_viewers_scope
    pages_of_windows_tile_the_range_and_exports_have_all_of_them
}

/// A caller of the collector.
pub(crate) struct As<'a> {
    pub(crate) server: &'a Server,
    pub(crate) token: String,
}

impl<'a> As<'a> {
    /// By a token with these claims beside the usual ones.
    pub(crate) fn claims(server: &'a Server, claims: &Value) -> Self {
        let mut all =
            json!({"iss": "login", "aud": "metrics", "exp": 9_999_999_999_i64, "sub": "somebody"});
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let token = Signer::Hs256(JWT_SECRET).sign(&all);
        Self { server, token }
    }

    pub(crate) fn role(server: &'a Server, role: &str, tenant: &str) -> Self {
        Self::claims(server, &json!({"role": role, "tenant": tenant}))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/metrics{path}", self.server.origin);
        self.server
            .client
            .request(method, url)
            .bearer_auth(&self.token)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.request(Method::POST, path).json(body).send().await;
        let (status, answer) = told(answer.unwrap()).await;
        (status.as_u16(), answer)
    }

    pub(crate) async fn status(&self, method: Method, path: &str, body: &Value) -> u16 {
        let answer = self.request(method, path).json(body).send().await;
        answer.unwrap().status().as_u16()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        let (status, answer) = told(answer).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

pub(crate) fn command(user: &str, name: &str, status: &str) -> Value {
    json!({"user_id": user, "command_name": name, "execution_time_ms": 1_000, "status": status,
        "context": {"session_id": "s-1", "__proto__": {"admin": true}}})
}

pub(crate) fn agent(user: &str) -> Value {
    json!({"user_id": user, "agent_name": "reviewer", "interaction_type": "review", "execution_time_ms": 3_000,
        "status": "success", "input_tokens": 800, "output_tokens": 60})
}

/// Two commands, one of which has failed, an agent and two scores of one user, and a command of another.
async fn report(caller: &As<'_>) {
    let one = caller
        .post("/commands", &command(ANN, "deploy", "success"))
        .await;
    assert_eq!(
        one,
        (
            200,
            json!({"accepted": 1, "refused": [], "repeated": false})
        )
    );
    assert_eq!(caller.post("/agents", &agent(ANN)).await.0, 200);
    let batch = json!({
        "command_executions": [command(ANN, "deploy", "error"), command(BEN, "test", "cancelled")],
        "productivity_metrics": [
            {"user_id": ANN, "metrics": {"productivity_score": 80, "lines": 12}},
            {"user_id": ANN, "metrics": {"productivity_score": 90.5, "constructor": 1}},
        ],
    });
    let (status, answer) = caller.post("/batch", &batch).await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(4)), "{answer}");
}

async fn what_is_reported_is_in_every_answer_at_once(database: Database) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "developer", "acme");
    report(&caller).await;
    server.flush_log().await;
    let window = caller.get("/real-time/5m").await;
    let figures = [
        ("total_count", json!(4)),
        ("command_count", json!(3)),
        ("agent_count", json!(1)),
        ("session_count", json!(0)),
        ("success_count", json!(2)),
        ("error_count", json!(1)),
        ("cancelled_count", json!(1)),
        ("error_rate", json!(25.0)),
        ("avg_execution_time_ms", json!(1_500.0)),
        ("max_execution_time_ms", json!(3_000.0)),
        ("input_tokens", json!(800)),
        ("output_tokens", json!(60)),
        ("partial", json!(true)),
    ];
    for (name, value) in &figures {
        assert_eq!(&window[name], value, "{name}: {window}");
    }
    let score = json!({"count": 2, "mean": 85.25, "min": 80.0, "max": 90.5, "sum": 170.5});
    assert_eq!(window["metrics"]["productivity_score"], score);
    assert_eq!(window["metrics"].as_object().unwrap().len(), 2, "{window}");
    assert_eq!(window["active_users"], 2);
    let top =
        json!({"name": "deploy", "count": 2, "error_rate": 50.0, "avg_execution_time_ms": 1_000.0});
    assert_eq!(window["top_commands"][0], top);
    assert_eq!(window["top_agents"][0]["name"], "reviewer");
    let of_ben = caller.get(&format!("/real-time/1d?user_id={BEN}")).await;
    assert_eq!(
        (&of_ben["total_count"], &of_ben["active_users"]),
        (&json!(1), &json!(1))
    );
    for page in [
        caller.get("/dashboard?time_range=1h").await,
        caller
            .get("/aggregated?aggregation_window=1h&limit=1000")
            .await,
    ] {
        let windows = page["windows"]
            .as_array()
            .or(page["data"].as_array())
            .unwrap();
        let sum: u64 = windows
            .iter()
            .map(|row| row["total_count"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, 4, "{page}");
    }
    let asked = json!({"user_id": ANN, "aggregation_window": "1d",
        "metric_types": ["error_rate", "productivity_score", "nothing_of_it"]});
    let (status, answer) = caller.post("/query", &asked).await;
    assert_eq!(status, 200, "{answer}");
    let last = answer["data"].as_array().unwrap().last().unwrap();
    assert_eq!(last["error_rate"], 33.333);
    assert_eq!(
        (&last["productivity_score"], &last["nothing_of_it"]),
        (&json!(85.25), &Value::Null)
    );
    // Single ones, from the request log.
    for (path, count) in [
        ("/commands", 3),
        ("/commands?command_name=deploy", 2),
        ("/commands?status=error", 1),
        ("/commands?status=cancelled", 1),
        ("/commands?status=timeout", 0),
        ("/agents", 1),
    ] {
        let page = caller.get(path).await;
        assert_eq!(
            page["data"].as_array().unwrap().len(),
            count,
            "{path}: {page}"
        );
    }
    let event = caller.get("/commands?status=success").await["data"][0].clone();
    assert_eq!(event["user_id"], ANN);
    assert_eq!(
        (&event["command_name"], &event["status"]),
        (&json!("deploy"), &json!("success"))
    );
    assert_eq!(
        (&event["session_id"], &event["execution_time_ms"]),
        (&json!("s-1"), &json!(1_000.0))
    );
    assert_eq!(
        caller.get("/agents").await["data"][0]["interaction_type"],
        "review"
    );
    // And in the admin's routes, as events of their kinds.
    let rows = server
        .json("/api-metrics?period=1h&granularity=none&groupBy=protocol,endpoint&protocol=any&metrics=requestCount,units")
        .await;
    let found: Vec<_> = rows["data"].as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 4, "{rows}");
    let of = |protocol: &str| {
        found
            .iter()
            .find(|row| row["protocol"] == protocol)
            .unwrap()
    };
    assert_eq!(
        of("agent")["units"],
        json!({"input_tokens": 800, "output_tokens": 60})
    );
    assert_eq!(of("productivity")["requestCount"], 2);
    // What JavaScript would take for more than data is gone.
    let log = server
        .json("/api-requests?protocol=command&status=200")
        .await;
    let lines = log["data"][0]["lines"].to_string();
    assert!(
        lines.contains("session_id=s-1") && !lines.contains("__proto__"),
        "{log}"
    );
    let stats = caller.get("/stats").await;
    assert_eq!(
        (&stats["events_last_hour"], &stats["memory_usage_mb"]),
        (&json!(6), &Value::Null)
    );
    assert!(stats["ingestion_rate"].as_f64().unwrap() > 0.0);
    assert_eq!(caller.get("/health").await["status"], "healthy");
}

async fn a_bad_item_is_named_by_list_index_and_member_and_kept_until_it_is_counted(
    database: Database,
) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "manager", "acme");
    let mut slow = command(ANN, "deploy", "success");
    slow["execution_time_ms"] = json!(3_600_001);
    let batch = json!({
        "command_executions": [command(ANN, "deploy", "success"), slow, 7],
        "agent_interactions": [{"user_id": "ann", "agent_name": "a"}],
        "productivity_metrics": [{"user_id": ANN, "metrics": {"x": "much"}}],
    });
    let (status, answer) = caller.post("/batch", &batch).await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
    let refused: Vec<_> = answer["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["list"].as_str().unwrap(),
                one["index"].as_u64().unwrap(),
                one["member"].as_str(),
            )
        })
        .collect();
    let expected = [
        ("command_executions", 1, Some("execution_time_ms")),
        ("command_executions", 2, None),
        ("agent_interactions", 0, Some("user_id")),
        ("productivity_metrics", 0, Some("metrics")),
    ];
    assert_eq!(refused, expected);
    let (status, answer) = caller.post("/commands", &json!({"user_id": ANN})).await;
    assert_eq!(
        (status, &answer["refused"][0]["member"]),
        (422, &json!("command_name"))
    );
    assert_eq!(answer["refused"][0]["list"], Value::Null);
    // Whole bodies that can't be read count nothing and are kept nowhere.
    let many = json!({"command_executions": vec![json!({}); 1_001]});
    for (body, status, named) in [
        (json!([]), 400, Value::Null),
        (json!({}), 400, Value::Null),
        (
            json!({"command_executions": {}}),
            400,
            json!("command_executions"),
        ),
        (
            json!({"timestamp": 7, "command_executions": [{}]}),
            400,
            json!("timestamp"),
        ),
        (json!({"commands": []}), 400, json!("commands")),
        (many, 413, Value::Null),
    ] {
        let (found, problem) = caller.post("/batch", &body).await;
        assert_eq!(
            (found, &problem["parameter"]),
            (status, &named),
            "{problem}"
        );
    }
    let letters = server.json("/ingest-dead-letters").await;
    let letters = letters["data"].as_array().unwrap();
    assert_eq!(letters.len(), 5);
    let shapes: Vec<_> = letters
        .iter()
        .map(|letter| letter["shape"].as_str().unwrap())
        .collect();
    assert_eq!(
        shapes,
        ["command", "productivity", "agent", "command", "command"]
    );
    let path = format!("/ingest-dead-letters/{}/retry", letters[0]["id"]);
    let retried = server.admin(Method::POST, &path).send().await.unwrap();
    let (status, problem) = told(retried).await;
    assert_eq!(
        (status.as_u16(), &problem["parameter"]),
        (400, &json!("command_name"))
    );
    // The organisation's own token stands among the writers'. Revoked, it ends what it may report.
    let tokens = server.json("/ingest-tokens").await;
    let token = &tokens["data"][0];
    assert_eq!(
        (&token["name"], &token["tenantId"]),
        (&json!("collector"), &json!("acme"))
    );
    let path = format!("/ingest-tokens/{}", token["id"]);
    let revoked = server.admin(Method::DELETE, &path).send().await.unwrap();
    assert!(revoked.status().is_success());
    let (status, _) = caller
        .post("/commands", &command(ANN, "deploy", "success"))
        .await;
    assert_eq!(status, 403);
    assert_eq!(caller.get("/real-time/5m").await["command_count"], 1);
}

async fn a_report_that_is_sent_again_counts_once_and_gets_the_same_answer(database: Database) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "manager", "acme");
    let send = async |path: &str, key: &str, body: &Value| {
        let request = caller
            .request(Method::POST, path)
            .header("Idempotency-Key", key);
        let (status, answer) = told(request.json(body).send().await.unwrap()).await;
        (status.as_u16(), answer)
    };
    let batch = json!({"command_executions": [command(ANN, "deploy", "success"), {}]});
    let (status, mut first) = send("/batch", "one", &batch).await;
    assert_eq!((status, &first["accepted"]), (200, &json!(1)));
    first["repeated"] = json!(true);
    assert_eq!(send("/batch", "one", &batch).await, (200, first));
    let other = json!({"command_executions": [command(BEN, "deploy", "success")]});
    assert_eq!(send("/batch", "one", &other).await.0, 422);
    // The same key of another route or organisation names another report.
    assert_eq!(
        send("/commands", "one", &command(ANN, "deploy", "success"))
            .await
            .0,
        200
    );
    let elsewhere = As::role(&server, "manager", "umbrella");
    let request = elsewhere.request(Method::POST, "/batch");
    let request = request.header("Idempotency-Key", "one").json(&other);
    assert_eq!(
        told(request.send().await.unwrap()).await.1["repeated"],
        false
    );
    let start = json!({"user_id": ANN});
    let (status, first) = send("/sessions/start", "one", &start).await;
    let (_, again) = send("/sessions/start", "one", &start).await;
    assert_eq!((status, &first["session_id"]), (201, &again["session_id"]));
    assert_eq!(
        (&first["repeated"], &again["repeated"]),
        (&json!(false), &json!(true))
    );
    let window = caller.get("/real-time/5m").await;
    assert_eq!(
        (&window["command_count"], &window["session_count"]),
        (&json!(2), &json!(1))
    );
}

async fn a_session_has_the_time_from_its_start_to_its_end_and_ends_once(database: Database) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "developer", "acme");
    let (status, started) = caller
        .post(
            "/sessions/start",
            &json!({"user_id": ANN, "context": {"client": "cli"}}),
        )
        .await;
    assert_eq!(status, 201, "{started}");
    let path = format!("/sessions/{}", started["session_id"].as_str().unwrap());
    let put = async |caller: &As<'_>, body: Value| {
        let request = caller.request(Method::PUT, &path).json(&body);
        let (status, answer) = told(request.send().await.unwrap()).await;
        (status.as_u16(), answer)
    };
    server.h.clock.advance(std::time::Duration::from_secs(90));
    let (status, answer) = put(&caller, json!({"status": "fine"})).await;
    assert_eq!(
        (status, &answer["refused"][0]["member"]),
        (422, &json!("status"))
    );
    let elsewhere = As::role(&server, "developer", "umbrella");
    assert_eq!(put(&elsewhere, json!({})).await.0, 404);
    let end = json!({"status": "success", "metrics": {"productivity_score": 50}});
    let (status, answer) = put(&caller, end.clone()).await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
    assert_eq!(put(&caller, end.clone()).await.1["repeated"], true);
    assert_eq!(put(&caller, json!({"status": "error"})).await.0, 409);
    let window = caller.get("/real-time/5m").await;
    assert_eq!(
        (&window["session_count"], &window["avg_session_ms"]),
        (&json!(1), &json!(90_000.0))
    );
    assert_eq!(window["metrics"]["productivity_score"]["count"], 1);
    // After a day nobody remembers how it has ended, but that it has.
    server
        .h
        .clock
        .advance(std::time::Duration::from_secs(2 * 86_400));
    assert_eq!(put(&caller, end).await.0, 409);
    for unknown in [
        "/sessions/nothing",
        "/sessions/6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    ] {
        assert_eq!(caller.status(Method::PUT, unknown, &json!({})).await, 404);
    }
    let early = json!({"end_time": "2001-01-01T00:00:00Z"});
    let (_, second) = caller
        .post("/sessions/start", &json!({"user_id": ANN}))
        .await;
    let path = format!("/sessions/{}", second["session_id"].as_str().unwrap());
    assert_eq!(caller.status(Method::PUT, &path, &early).await, 422);
    // What was refused is tried again with the session that it was of.
    let letters = server.json("/ingest-dead-letters").await;
    let item = letters["data"][0]["item"].as_str().unwrap();
    assert!(
        item.contains(second["session_id"].as_str().unwrap()),
        "{item}"
    );
}

async fn an_organisation_sees_and_reports_its_own_alone(database: Database) {
    let server = Server::on(database).await;
    let acme = As::role(&server, "manager", "acme");
    let umbrella = As::role(&server, "manager", "umbrella");
    report(&acme).await;
    // The same user of another organisation is another user.
    assert_eq!(
        umbrella
            .post("/commands", &command(ANN, "other", "success"))
            .await
            .0,
        200
    );
    server.flush_log().await;
    for path in [
        "/real-time/1h",
        "/dashboard",
        "/aggregated",
        "/commands",
        "/agents",
        "/export/json",
        "/stats",
        "/realtime",
        "/hourly",
    ] {
        let seen = umbrella.get(path).await.to_string();
        for other in ["deploy", "reviewer", "productivity_score", BEN] {
            assert!(!seen.contains(other), "{path}: {seen}");
        }
    }
    assert_eq!(umbrella.get("/real-time/1h").await["total_count"], 1);
    assert_eq!(acme.get("/real-time/1h").await["total_count"], 4);
    for path in [
        format!("/real-time/1h?user_id={BEN}"),
        format!("/aggregated?user_id={BEN}"),
    ] {
        assert_eq!(
            umbrella.status(Method::GET, &path, &Value::Null).await,
            404,
            "{path}"
        );
    }
    // An admin without an organisation sees all of them.
    let admin = As::claims(&server, &json!({"role": "admin"}));
    assert_eq!(admin.get("/real-time/1h").await["total_count"], 5);
    let keys = server.json("/api-keys").await;
    let of_ann = keys["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["userId"] == ANN);
    assert_eq!(of_ann.count(), 2, "{keys}");
    // A key that was another's before is not taken over.
    let mut own = KeyChange::default();
    own.tenant_id = Some(Some("umbrella".into()));
    let taken = "33333333-8b86-4d01-b42d-00cf4fc964ff";
    let key = format!("acme/{taken}");
    server.h.store.create_key(&key, &own, None).await.unwrap();
    let (status, answer) = acme
        .post("/commands", &command(taken, "deploy", "success"))
        .await;
    assert_eq!(
        (status, &answer["refused"][0]["member"]),
        (422, &json!("user_id"))
    );
}

async fn each_role_does_what_it_may(database: Database) {
    let server = Server::on(database).await;
    let manager = As::role(&server, "manager", "acme");
    report(&manager).await;
    let writes = [
        (Method::POST, "/commands"),
        (Method::POST, "/agents"),
        (Method::POST, "/batch"),
        (Method::POST, "/sessions/start"),
        (
            Method::PUT,
            "/sessions/6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        ),
    ];
    for (role, may_write, may_operate) in [
        ("admin", true, true),
        ("manager", true, false),
        ("developer", true, false),
        ("viewer", false, false),
    ] {
        let caller = As::claims(
            &server,
            &json!({"role": role, "tenant": "acme", "user_id": BEN}),
        );
        for (method, path) in &writes {
            let status = caller.status(method.clone(), path, &json!({})).await;
            assert_eq!(status != 403, may_write, "{role} {path}: {status}");
        }
        let status = caller
            .status(Method::GET, "/performance", &Value::Null)
            .await;
        assert_eq!(status, if may_operate { 200 } else { 403 }, "{role}");
        let expected = if role == "viewer" { 1 } else { 4 };
        assert_eq!(
            caller.get("/real-time/1h").await["total_count"],
            expected,
            "{role}"
        );
    }
    let admin = As::role(&server, "admin", "acme");
    let measured = admin.get("/performance").await;
    for name in [
        "ingestion_rate",
        "processing_latency_ms",
        "query_response_time_ms",
        "active_connections",
    ] {
        assert!(measured[name].is_number(), "{name}: {measured}");
    }
    // Nobody gets in without a token, and a writer's token is for ingest.
    for token in ["", "amw_0", &server.writer().await] {
        let nobody = As {
            server: &server,
            token: token.to_owned(),
        };
        let status = nobody
            .status(Method::POST, "/commands", &command(ANN, "x", "success"))
            .await;
        assert_eq!(status, 401);
    }
    let nowhere = As::claims(&server, &json!({"role": "developer"}));
    assert_eq!(
        nowhere.status(Method::GET, "/stats", &Value::Null).await,
        403
    );
}

async fn an_organisation_has_one_limit_and_batches_ten_times_that(database: Database) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "manager", "acme");
    let second = As::claims(
        &server,
        &json!({"role": "developer", "tenant": "acme", "sub": "another"}),
    );
    // What can't be read is counted too.
    for at in 0..1_000 {
        let caller = if at % 2 == 0 { &caller } else { &second };
        assert_eq!(
            caller.status(Method::POST, "/commands", &json!([])).await,
            400
        );
    }
    let refused = caller
        .request(Method::POST, "/agents")
        .json(&agent(ANN))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let batch = json!({"agent_interactions": [agent(ANN)]});
    let answer = caller
        .request(Method::POST, "/batch")
        .json(&batch)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["ratelimit-policy"],
        "\"batches\";q=10000;w=60"
    );
    assert_eq!(caller.get("/real-time/5m").await["agent_count"], 1);
    // The tokens of the same organisation share it, another one has its own.
    let body = json!({"name": "ci", "service": "checkout", "tenantId": "acme"});
    let (_, secret) = server.token(body).await;
    let item = json!({"method": "GET", "endpoint": "/a", "status": 200});
    let shared = server.report(&secret).json(&item).send().await.unwrap();
    assert_eq!(shared.status(), 429);
    let elsewhere = As::role(&server, "manager", "umbrella");
    assert_eq!(elsewhere.post("/agents", &agent(ANN)).await.0, 200);
    server.h.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(caller.post("/agents", &agent(ANN)).await.0, 200);
}

async fn users_and_teams_are_filters_groups_and_a_viewers_scope(database: Database) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "manager", "acme");
    // A user who had a key before is counted for that one.
    let mut own = KeyChange::default();
    own.tenant_id = Some(Some("acme".into()));
    own.user_id = Some(Some(ANN.into()));
    own.team_id = Some(Some("platform".into()));
    let known = server
        .h
        .store
        .create_key("anns-laptop", &own, None)
        .await
        .unwrap();
    report(&caller).await;
    let keys = server.json("/api-keys").await;
    let keys = keys["data"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert_eq!(
        (&keys[0]["id"], &keys[0]["teamId"]),
        (&json!(known.id), &json!("platform"))
    );
    assert_eq!(
        (&keys[1]["externalId"], &keys[1]["userId"]),
        (&json!(format!("acme/{BEN}")), &json!(BEN))
    );
    let every = "period=1h&granularity=none&protocol=any&metrics=requestCount";
    for (filter, requests) in [
        (format!("userId={ANN}"), 5),
        (format!("userId={BEN}"), 1),
        ("teamId=platform".to_owned(), 5),
        (format!("teamId=platform&userId={BEN}"), 0),
    ] {
        let path = format!("/api-metrics?{every}&{filter}");
        let answer = server.admin(Method::GET, &path).send().await.unwrap();
        let (status, rows) = told(answer).await;
        let found = rows["data"][0]["requestCount"].as_u64().unwrap_or_default();
        assert_eq!(
            (status == 200, found),
            (requests > 0, requests),
            "{filter}: {rows}"
        );
    }
    let rows = server
        .json(&format!("/api-metrics?{every}&groupBy=user,team"))
        .await;
    let expected = json!([
        {"userId": BEN, "teamId": null, "requestCount": 1},
        {"userId": ANN, "teamId": "platform", "requestCount": 5},
    ]);
    assert_eq!(rows["data"], expected);
    let days = server
        .json("/api-metrics/daily?period=24h&protocol=any")
        .await;
    let distinct: u64 = days["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["distinctUsers"].as_u64().unwrap())
        .sum();
    assert_eq!(distinct, 2, "{days}");
    server.flush_log().await;
    let log = server
        .json("/api-requests?protocol=any&teamId=platform")
        .await;
    assert_eq!(log["data"].as_array().unwrap().len(), 5);
    assert_eq!(
        caller.get("/dashboard?team_id=platform").await["total_count"],
        3
    );
    assert_eq!(
        caller
            .status(Method::GET, "/dashboard?team_id=other", &Value::Null)
            .await,
        404
    );
    for (claims, seen) in [
        (json!({"user_id": ANN}), 3),
        (json!({"user_id": BEN}), 1),
        (json!({"team_id": "platform"}), 3),
        (json!({"team_id": "platform", "user_id": BEN}), 4),
        (json!({"keys": [format!("acme/{BEN}")]}), 1),
        (json!({}), 0),
        (json!({"tenant": "umbrella", "user_id": ANN}), 0),
    ] {
        let mut all = json!({"role": "viewer", "tenant": "acme"});
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let viewer = As::claims(&server, &all);
        assert_eq!(
            viewer.get("/real-time/1h").await["total_count"],
            seen,
            "{claims}"
        );
    }
    // Once moved to another team, its events are the other's, those of before included.
    let mut change = KeyChange::default();
    change.team_id = Some(Some("web".into()));
    let scope = api_metrics_store::query::Scope::All;
    server
        .h
        .store
        .update_key(known.id, &scope, &change, None)
        .await
        .unwrap();
    assert_eq!(caller.get("/dashboard?team_id=web").await["total_count"], 3);
}

async fn pages_of_windows_tile_the_range_and_exports_have_all_of_them(database: Database) {
    let server = Server::on(database).await;
    let caller = As::role(&server, "developer", "acme");
    let start = server.h.clock.unix_seconds();
    for _ in 0..7 {
        assert_eq!(
            caller
                .post("/commands", &command(ANN, "deploy", "success"))
                .await
                .0,
            200
        );
        server.h.clock.advance(std::time::Duration::from_secs(60));
    }
    let at = |seconds: i64| {
        chrono::DateTime::from_timestamp(seconds, 0)
            .unwrap()
            .format("%Y-%m-%dT%H:%M:%SZ")
    };
    let start = start.div_euclid(300) * 300;
    let range = format!("start_date={}&end_date={}", at(start), at(start + 900));
    let first = format!("/aggregated?aggregation_window=1m&limit=4&{range}");
    let (mut path, mut rows) = (first.clone(), Vec::new());
    loop {
        let page = caller.get(&path).await;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 4);
        rows.extend(data.clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(rows.len(), 15);
    let total: u64 = rows
        .iter()
        .map(|row| row["total_count"].as_u64().unwrap())
        .sum();
    assert_eq!(total, 7);
    for pair in rows.windows(2) {
        assert_eq!(pair[0]["window_end"], pair[1]["window_start"]);
    }
    let exported = caller
        .get(&format!("/export/json?aggregation_window=1m&{range}"))
        .await;
    assert_eq!(exported.as_array().unwrap(), &rows);
    let csv = caller.request(
        Method::GET,
        &format!("/export/csv?aggregation_window=1m&{range}"),
    );
    let csv = csv.send().await.unwrap();
    assert_eq!(
        csv.headers()["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let csv = csv.text().await.unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 16, "{csv}");
    let names: Vec<_> = lines[0].split(',').collect();
    assert_eq!(names.len(), lines[1].split(',').count());
    for (name, value) in names.iter().zip(lines[1].split(',')) {
        let json = match &rows[0][name] {
            Value::String(text) => text.clone(),
            Value::Null | Value::Object(_) => String::new(),
            other => other.to_string(),
        };
        assert_eq!(value, json, "{name}");
    }
    for (wrong, named) in [
        ("/aggregated?aggregation_window=2m", "aggregation_window"),
        ("/aggregated?start_date=yesterday", "start_date"),
        (
            "/aggregated?start_date=2026-05-18&end_date=2026-05-17",
            "end_date",
        ),
        ("/aggregated?cursor=x", "cursor"),
        ("/aggregated?user=x", "user"),
        ("/dashboard?time_range=1y", "time_range"),
        ("/real-time/2m", "window"),
        ("/hourly?hours=0", "hours"),
        ("/commands?status=fine", "status"),
    ] {
        let answer = caller.request(Method::GET, wrong).send().await.unwrap();
        let (status, problem) = told(answer).await;
        assert_eq!(
            (status.as_u16(), &problem["parameter"]),
            (400, &json!(named)),
            "{wrong}"
        );
    }
}
