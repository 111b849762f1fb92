//! The collector over sockets, on both databases: what is reported, by whom, and what is seen of it.

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
pub(crate) async fn report(caller: &As<'_>) {
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
