//! Assistants ask by the Model Context Protocol: the protocol's own client, over sockets.

use api_metrics_routes::{Principal, Role};
use reqwest::header;
use rmcp::{ClientLifecycleMode, model::CallToolRequestParams};
use serde_json::{Value, json};

use crate::{
    assistant::{Assistant, Trouble},
    host::{Host, TOKEN},
    scopes,
};

/// As answers are rounded.
fn rounded(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() => json!((number * 100.0).round() / 100.0),
        _ => value.clone(),
    }
}

/// Each of these members is the same in both, but for rounding; what the route has as null is left out.
fn same(answer: &Value, route: &Value, members: &[&str]) {
    for member in members {
        assert_eq!(
            answer[member],
            rounded(&route[member]),
            "{member}: {answer} {route}"
        );
    }
}

#[tokio::test]
async fn an_assistant_of_the_newest_protocol_and_of_older_ones_finds_tools_that_only_read() {
    let trouble = Trouble::start().await;
    let url = || trouble.host.url("/mcp");
    let older = Assistant::by(url(), Some(TOKEN), ClientLifecycleMode::Initialize).await;
    for assistant in [trouble.assistant().await, older] {
        let server = assistant.0.peer_info().unwrap();
        assert!(server.instructions.as_deref().unwrap().contains("overview"));
        let tools = assistant.tools().await;
        let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(
            names,
            [
                "overview",
                "triage_incident",
                "compare_periods",
                "top_endpoints",
                "consumer_report",
                "explain_alert",
                "dry_run_rule",
                "search_errors",
            ]
        );
        for tool in &tools {
            let hints = tool.annotations.as_ref().unwrap();
            assert_eq!(hints.read_only_hint, Some(true), "{}", tool.name);
            let properties = tool.input_schema["properties"].as_object().unwrap();
            for (name, schema) in properties {
                assert!(schema["description"].is_string(), "{}: {name}", tool.name);
                assert!(schema["type"].is_string(), "{}: {name}", tool.name);
            }
        }
        let answer = assistant.answer("overview", json!({})).await;
        assert_eq!(answer["now"]["totalRequests"], 85);
    }
}

#[tokio::test]
async fn metrics_are_told_as_the_routes_answer_them() {
    let trouble = Trouble::start().await;
    let (host, assistant) = (&trouble.host, trouble.assistant().await);
    let summary = host.json("/api-metrics/summary?period=1h").await;
    let totals = ["totalRequests", "errorRate", "errorCount5xx", "p95Ms"];
    let overview = assistant.answer("overview", json!({"period": "1h"})).await;
    same(&overview["now"], &summary, &totals);
    assert_eq!(overview["now"]["errorCount5xx"], 10);
    same(&overview["range"], &summary, &["from", "to"]);
    same(
        &overview["previous"],
        &summary["previous"],
        &["totalRequests", "p95Ms"],
    );
    assert_eq!(overview["firing"][0]["name"], "errors");
    assert_eq!(overview["metricsStore"]["reachable"], true);

    let compared = assistant
        .answer("compare_periods", json!({"period": "1h"}))
        .await;
    same(&compared["now"], &summary, &totals);
    same(
        &compared["before"],
        &summary["previous"],
        &["totalRequests"],
    );
    assert_eq!(compared["before"]["totalRequests"], 75);
    let why = |list: &str, label: &str, name: &str| {
        let rows = compared[list].as_array().unwrap();
        let row = rows.iter().find(|row| row[label] == name);
        row.unwrap_or_else(|| panic!("no {name}: {rows:?}"))["why"].clone()
    };
    assert_eq!(why("endpoints", "endpoint", "/orders"), json!(["gone"]));
    let new = why("endpoints", "endpoint", "/api/segments");
    assert_eq!(new, json!(["new", "more errors"]));
    let alpha = why("consumers", "externalId", "alpha");
    assert_eq!(alpha, json!(["more errors", "less traffic"]));

    let route = host.json("/api-metrics/endpoints").await;
    let top = assistant.answer("top_endpoints", json!({})).await;
    let (rows, listed) = (
        route["data"].as_array().unwrap(),
        top["endpoints"].as_array().unwrap(),
    );
    assert_eq!(rows.len(), listed.len());
    for (row, listed) in rows.iter().zip(listed) {
        same(
            listed,
            row,
            &["method", "endpoint", "requestCount", "errorRate", "p95Ms"],
        );
    }
    let sorted = json!({"sort": "errors", "limit": 1});
    let top = assistant.answer("top_endpoints", sorted).await;
    let [only] = &top["endpoints"].as_array().unwrap()[..] else {
        panic!("one was asked for: {top}");
    };
    assert_eq!(
        (&only["endpoint"], &only["errors"]),
        (&json!("/api/segments"), &json!(10.0))
    );

    let route = host.json("/api-metrics/top-consumers").await;
    let largest = assistant.answer("consumer_report", json!({})).await;
    for (row, listed) in route["data"]
        .as_array()
        .unwrap()
        .iter()
        .zip(largest["consumers"].as_array().unwrap())
    {
        same(
            listed,
            row,
            &["apiKeyId", "externalId", "name", "requestCount", "share"],
        );
    }
    let id = trouble.alpha;
    let report = json!({"apiKeyId": id});
    let report = assistant.answer("consumer_report", report).await;
    let summary = host
        .json(&format!("/api-metrics/summary?apiKeyId={id}"))
        .await;
    same(&report["now"], &summary, &totals);
    assert_eq!(report["consumer"]["name"], "Name of alpha");
    let quota = host
        .json(&format!("/api-metrics/quotas?apiKeyId={id}"))
        .await;
    same(
        &report["quota"],
        &quota["data"][0],
        &["limit", "used", "usagePercentage"],
    );
    let limit = host
        .json(&format!("/api-metrics/rate-limits?apiKeyId={id}"))
        .await;
    same(
        &report["rateLimit"],
        &limit["data"][0],
        &["limit", "used", "text"],
    );
}

#[tokio::test]
async fn alerts_and_errors_are_told_as_the_routes_answer_them() {
    let trouble = Trouble::start().await;
    let (host, assistant) = (&trouble.host, trouble.assistant().await);
    let event = host.json("/api-alerts/events?open=true").await["data"][0].take();
    let incident = format!(
        "/api-alerts/events/{}/incident",
        event["id"].as_str().unwrap()
    );
    let incident = host.json(&incident).await;
    for arguments in [json!({}), json!({"eventId": event["id"]})] {
        let told = assistant.answer("triage_incident", arguments).await;
        same(
            &told["event"],
            &event,
            &["id", "name", "firedAt", "value", "threshold"],
        );
        same(&told["range"], &incident, &["from", "to", "usualFrom"]);
        let verdict = incident["verdict"].as_str().unwrap();
        assert!(
            told["summary"].as_str().unwrap().contains(verdict),
            "{told}"
        );
        for part in ["consumers", "endpoints", "statuses"] {
            same(
                &told[part],
                &incident[part],
                &["verdict", "text", "total", "of"],
            );
            let (part, route) = (&told[part]["parts"][0], &incident[part]["parts"][0]);
            same(part, route, &["name", "amount", "share"]);
        }
        assert_eq!(told["errorGroups"][0]["message"], "order 17 is locked");
        assert_eq!(told["errorGroups"][0]["requests"], 10);
        assert_eq!(told["curve"]["highest"]["value"], rounded(&event["value"]));
    }

    let rule = host.json(&format!("/api-alerts/{}", trouble.rule)).await;
    let told = json!({"alertId": trouble.rule});
    let told = assistant.answer("explain_alert", told).await;
    same(&told["current"], &rule, &["state", "value", "evaluatedTo"]);
    same(
        &told["rule"],
        &rule,
        &["thresholdValue", "comparison", "windowMinutes"],
    );
    assert!(
        told["summary"].as_str().unwrap().contains("it fires since"),
        "{told}"
    );
    assert_eq!(told["latestEvents"][0]["id"], event["id"]);
    let listed = assistant.answer("explain_alert", json!({})).await;
    same(&listed["rules"][0], &rule, &["id", "name", "state"]);

    let spec = json!({"name": "tried", "alertType": "request_volume", "comparison": "gt", "thresholdValue": 30,
        "windowMinutes": 1});
    let asked = json!({"rule": spec, "period": "6h"});
    let run = host
        .sent("POST", "/api-alerts/dry-run", asked.clone(), 200)
        .await;
    let told = assistant.answer("dry_run_rule", asked).await;
    same(&told, &run, &["windows", "breaches"]);
    assert_eq!(told["fired"], 1);
    same(
        &told["events"][0],
        &run["events"][0],
        &["firedAt", "value", "message"],
    );
    assert_eq!(
        host.json("/api-alerts").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let groups = host.json("/api-requests/groups").await;
    let told = assistant.answer("search_errors", json!({})).await;
    same(
        &told["groups"][0],
        &groups["data"][0],
        &["id", "endpoint", "status", "message", "requests"],
    );
    assert_eq!(told["groups"][0]["requests"], 10);
    let hits = host.json("/api-requests/search?q=lockd").await;
    let told = assistant
        .answer("search_errors", json!({"q": "lockd"}))
        .await;
    same(
        &told["groups"][0],
        &hits["data"][0],
        &["score", "matched", "requests"],
    );
    assert_eq!(told["groups"][0]["id"], hits["data"][0]["group"]);
    let none = json!({"statusClass": "4xx"});
    let none = assistant.answer("search_errors", none).await;
    assert_eq!(none["groups"], json!([]));
}

#[tokio::test]
async fn a_bad_argument_is_named_and_an_unknown_thing_is_not_there() {
    let trouble = Trouble::start().await;
    let assistant = trouble.assistant().await;
    let rule =
        |name: &str| json!({"rule": {"name": name, "alertType": "error_rate", "comparison": "gt"}});
    for (tool, arguments, named) in [
        ("overview", json!({"period": "3h"}), "period"),
        ("overview", json!({"perod": "1h"}), "perod"),
        ("overview", json!({"period": ["1h"]}), "period"),
        ("overview", json!({"tenantId": " "}), "tenantId"),
        ("overview", json!({"to": "2026-05-18"}), "to"),
        ("triage_incident", json!({"eventId": "x"}), "eventId"),
        (
            "compare_periods",
            json!({"against": "yesterday"}),
            "against",
        ),
        (
            "compare_periods",
            json!({"period": "30d", "against": "lastWeek"}),
            "against",
        ),
        ("top_endpoints", json!({"limit": 21}), "limit"),
        ("top_endpoints", json!({"sort": "size"}), "sort"),
        ("consumer_report", json!({"apiKeyId": "x"}), "apiKeyId"),
        ("explain_alert", json!({"alertId": 0}), "alertId"),
        ("dry_run_rule", json!({}), "rule"),
        ("dry_run_rule", rule("x"), "thresholdValue"),
        ("search_errors", json!({"q": ""}), "q"),
        ("search_errors", json!({"status": 7}), "status"),
    ] {
        let wrong = assistant.call(tool, arguments.clone()).await.unwrap_err();
        assert!(
            wrong.starts_with(&format!("`{named}`: ")),
            "{tool} {arguments}: {wrong}"
        );
    }
    for (tool, arguments) in [
        (
            "triage_incident",
            json!({"eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6"}),
        ),
        ("explain_alert", json!({"alertId": 4_711})),
    ] {
        let wrong = assistant.call(tool, arguments).await.unwrap_err();
        assert!(wrong.contains("there is nothing"), "{tool}: {wrong}");
    }
    let call = CallToolRequestParams::new("drop_tables");
    assert!(assistant.0.call_tool(call).await.is_err());
}

#[tokio::test]
async fn no_message_is_read_without_credentials_or_from_a_page_without_its_csrf_token() {
    let host = Host::start().await;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let post = || {
        let both = "application/json, text/event-stream";
        let request = host
            .client
            .post(host.url("/mcp"))
            .header(header::ACCEPT, both);
        request.json(&message)
    };
    let answer = post().send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let wrong = post().bearer_auth("wrong").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let right = post().bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(right.status(), 200);
    assert_eq!(right.headers()[header::CONTENT_TYPE], "application/json");
    assert!(
        !right.headers().contains_key("mcp-session-id"),
        "nothing is kept"
    );
    let listed: Value = right.json().await.unwrap();
    // Without a log there is nothing to search.
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 7);
    // A page of another origin gets no leave to read, and none to ask with credentials.
    let elsewhere = post()
        .bearer_auth(TOKEN)
        .header(header::ORIGIN, "https://elsewhere.example");
    let elsewhere = elsewhere.send().await.unwrap();
    assert!(
        !elsewhere
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
    // A browser session writes and asks here only with its CSRF token.
    let signed_in = host
        .client
        .post(host.url("/session"))
        .json(&json!({"token": TOKEN}));
    let signed_in = signed_in.send().await.unwrap();
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let csrf = signed_in.json::<Value>().await.unwrap()["csrfToken"].clone();
    let by_page = || post().header(header::COOKIE, &cookie);
    assert_eq!(by_page().send().await.unwrap().status(), 403);
    let with_token = by_page().header("x-csrf-token", csrf.as_str().unwrap());
    assert_eq!(with_token.send().await.unwrap().status(), 200);
    // What is no message is refused, and never an error of ours.
    let deep = "[".repeat(50_000);
    let long = format!("{{\"jsonrpc\": \"{}\"}}", "x".repeat(70_000));
    let batch = json!([message, message]).to_string();
    let unknown =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": 7}).to_string();
    for body in ["", "{", "null", "\u{0}", &deep, &long, &batch, &unknown] {
        let sent = post().bearer_auth(TOKEN).body(body.to_owned());
        let status = sent.send().await.unwrap().status();
        let shown: String = body.chars().take(40).collect();
        assert!(status.is_client_error(), "{status}: {shown}");
    }
    for method in ["GET", "DELETE"] {
        let answer = host.send(method, "/mcp", &json!({})).await;
        assert_eq!(answer.status(), 405, "{method}: there are no sessions");
    }
}

/// Every tool, asked for all that it can show.
pub(crate) fn calls() -> Vec<(&'static str, Value)> {
    let rule = json!({"name": "r", "alertType": "request_volume", "comparison": "gt", "thresholdValue": 0});
    vec![
        ("overview", json!({})),
        ("overview", json!({"tenantId": "umbrella"})),
        ("triage_incident", json!({})),
        ("compare_periods", json!({"period": "1h"})),
        (
            "compare_periods",
            json!({"period": "1h", "against": "2026-05-18T00:00:00Z"}),
        ),
        ("top_endpoints", json!({"limit": 20})),
        ("top_endpoints", json!({"endpoint": "/of-beta"})),
        ("consumer_report", json!({})),
        ("consumer_report", json!({"apiKeyId": 0})),
        ("consumer_report", json!({"apiKeyId": 1})),
        ("consumer_report", json!({"apiKeyId": 2})),
        ("explain_alert", json!({})),
        ("explain_alert", json!({"alertId": 1})),
        ("explain_alert", json!({"alertId": 2})),
        ("dry_run_rule", json!({"rule": rule, "period": "1h"})),
    ]
}

/// No tool shows this principal anything but what is alpha's, and what it may not call is not listed.
pub(crate) async fn sees_only_alpha(assistant: &Assistant, principal: &Principal) {
    let writes = principal.role() == Role::Manager;
    let tools = assistant.tools().await;
    assert_eq!(tools.iter().any(|tool| tool.name == "dry_run_rule"), writes);
    for (tool, arguments) in calls() {
        let asked = format!("{tool} {arguments}");
        match assistant.call(tool, arguments).await {
            Ok(answer) => {
                let text = answer.to_string();
                scopes::sees_only_alpha(&asked, &text);
                assert!(!text.contains("metricsStore"), "{asked}: {text}");
            }
            // What is not there for it says no more than that.
            Err(wrong) if tool == "dry_run_rule" && !writes => {
                assert_eq!(wrong, "this role may not call this tool");
            }
            Err(wrong) => {
                assert!(
                    wrong.contains("there is no") || wrong.contains("nothing"),
                    "{asked}: {wrong}"
                );
                assert!(
                    !wrong.contains("beta") && !wrong.contains("umbrella"),
                    "{asked}: {wrong}"
                );
            }
        }
    }
    let own = assistant
        .answer("top_endpoints", json!({"period": "1h"}))
        .await;
    let [only] = &own["endpoints"].as_array().unwrap()[..] else {
        panic!("its own endpoint: {own}");
    };
    assert_eq!(
        (&only["endpoint"], &only["requestCount"]),
        (&json!("/of-alpha"), &json!(3))
    );
}

#[tokio::test]
async fn no_tool_shows_another_tenant_or_another_key() {
    for principal in [
        Principal::new("m", Role::Manager).with_tenant("acme"),
        Principal::new("d", Role::Developer).with_tenant("acme"),
        Principal::new("v", Role::Viewer).with_key("alpha"),
    ] {
        let host = scopes::host_of(principal.clone()).await;
        let assistant = Assistant::of(host.url("/mcp"), None).await;
        sees_only_alpha(&assistant, &principal).await;
    }
    // An address that names a tenant narrows all tools to it.
    let host = scopes::host_of(Principal::new("a", Role::Admin)).await;
    let narrow = Assistant::of(host.url("/mcp?tenantId=acme"), None).await;
    let told = narrow.answer("overview", json!({"period": "1h"})).await;
    assert_eq!(told["now"]["totalRequests"], 3);
    let wide = Assistant::of(host.url("/mcp"), None).await;
    let told = wide.answer("overview", json!({"period": "1h"})).await;
    assert_eq!(told["now"]["totalRequests"], 15);
}
