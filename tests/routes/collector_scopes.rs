//! The collector over sockets, on both databases: who sees and reports what, users and teams, pages and files.

use api_metrics_store::{control::keys::KeyChange, time::Clock as _};
use api_metrics_tests::harness::Database;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    collector::{ANN, As, BEN, agent, command, report},
    ingest::{Server, told},
};

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
    an_organisation_sees_and_reports_its_own_alone
    each_role_does_what_it_may
    an_organisation_has_one_limit_and_batches_ten_times_that
    users_and_teams_are_filters_groups_and_a_viewers_scope
    pages_of_windows_tile_the_range_and_exports_have_all_of_them
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
