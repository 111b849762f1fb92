//! Objectives over HTTP.

use reqwest::Response;
use serde_json::{Value, json};

use crate::host::{Host, NOW};

/// Sends everything that can be sent, well and badly; `check` gets the path of the document.
pub(crate) async fn ask_all(host: &Host, check: &mut impl AsyncFnMut(&str, &str, Response)) {
    let up = json!({"name": "up", "indicator": "availability", "target": 99.9, "revision": 1});
    let fast = json!({"name": "fast", "indicator": "latency", "target": 99.5, "latencyMs": 300});
    let (list, one) = ("/api-objectives", "/api-objectives/{id}");
    for (method, documented, path, body) in [
        ("post", list, list, fast),
        (
            "post",
            list,
            list,
            json!({"name": "up", "indicator": "availability", "target": 100}),
        ),
        ("post", list, list, json!(7)),
        ("put", one, "/api-objectives/1", up.clone()),
        ("put", one, "/api-objectives/1", up.clone()),
        ("put", one, "/api-objectives/1", json!({})),
        ("put", one, "/api-objectives/99", up),
    ] {
        check(documented, method, host.send(method, path, &body).await).await;
    }
    for (documented, path) in [
        (one, "/api-objectives/1"),
        (one, "/api-objectives/99"),
        (list, "/api-objectives?limit=1000"),
    ] {
        check(documented, "get", host.get(path).await).await;
    }
    for _ in 0..2 {
        let response = host.send("delete", "/api-objectives/1", &Value::Null).await;
        check(one, "delete", response).await;
    }
}

#[tokio::test]
async fn an_objective_is_made_with_its_rules_counted_replaced_and_removed() {
    let host = Host::start().await;
    host.hits("alpha", 995, 200, NOW - 600);
    host.hits("alpha", 5, 500, NOW - 600);
    host.hits("alpha", 100, 404, NOW - 600);
    host.flush().await;
    let body = json!({"name": "Segments answer", "indicator": "availability", "target": 99.0,
        "endpoint": "GET /api/segments"});
    let made = host.sent("POST", "/api-objectives", body, 201).await;
    for (name, value) in [
        ("target", json!(99.0)),
        ("latencyMs", json!(null)),
        ("windowDays", json!(30)),
        ("requests", json!(1_100)),
        ("bad", json!(5)),
        ("badLeft", json!(6)),
        ("exact", json!(true)),
        ("quantileError", json!(null)),
        ("revision", json!(1)),
        ("createdBy", json!("admin")),
        // Five of 1,100 within the hour burn less than half of what is allowed.
        ("state", json!("met")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    // 11 of 1,100 may be bad.
    let left = made["budgetLeft"].as_f64().unwrap();
    assert!((left - 600.0 / 11.0).abs() < 1e-9, "{left}");
    assert_eq!(made["days"].as_array().unwrap().len(), 1);
    let rules = host.json("/api-alerts").await;
    let found: Vec<_> = rules["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            let of = [
                "alertType",
                "thresholdValue",
                "windowMinutes",
                "objectiveId",
                "endpointFilter",
            ];
            of.map(|name| rule[name].clone())
        })
        .collect();
    let endpoint = json!("GET /api/segments");
    assert_eq!(
        found,
        [
            [
                json!("burn_rate"),
                json!(14.4),
                json!(60),
                made["id"].clone(),
                endpoint.clone()
            ],
            [
                json!("burn_rate"),
                json!(6.0),
                json!(360),
                made["id"].clone(),
                endpoint
            ]
        ]
    );

    // A latency is moved to an edge of the sketch, and said to be there.
    let path = format!("/api-objectives/{}", made["id"]);
    let body = json!({"name": "Fast", "indicator": "latency", "target": 99.5, "latencyMs": 300,
        "windowDays": 7, "revision": 1});
    let changed = host.sent("PUT", &path, body.clone(), 200).await;
    assert_eq!(
        (
            &changed["latencyMs"],
            &changed["windowDays"],
            &changed["revision"]
        ),
        (&json!(303.103), &json!(7), &json!(2))
    );
    assert_eq!(
        (&changed["requests"], &changed["bad"]),
        (&json!(1_100), &json!(0))
    );
    host.sent("PUT", &path, body, 409).await;
    let listed = host.json("/api-objectives?limit=1").await;
    assert_eq!(listed["data"][0]["name"], "Fast");
    assert_eq!(
        (&listed["data"][0]["days"], &listed["nextCursor"]),
        (&json!(null), &json!(null))
    );

    host.sent("DELETE", &path, Value::Null, 204).await;
    host.sent("DELETE", &path, Value::Null, 404).await;
    assert_eq!(host.json("/api-alerts").await["data"], json!([]));
}

#[tokio::test]
async fn what_burns_or_is_used_up_says_so_and_no_requests_are_not_well() {
    let host = Host::start().await;
    let objective =
        |target: f64| json!({"name": "up", "indicator": "availability", "target": target});
    let made = host
        .sent("POST", "/api-objectives", objective(99.9), 201)
        .await;
    assert_eq!(
        (&made["state"], &made["budgetLeft"]),
        (&json!("unknown"), &json!(null))
    );
    host.hits("alpha", 90, 200, NOW - 120);
    host.hits("alpha", 10, 500, NOW - 120);
    host.flush().await;
    for (target, state) in [(99.9, "missed"), (50.0, "met"), (89.0, "at_risk")] {
        let made = host
            .sent("POST", "/api-objectives", objective(target), 201)
            .await;
        assert_eq!(made["state"], state, "{target}: {made}");
    }
    // An hour burns as fast as the rule looks for, while much of the month's budget is left.
    host.hits("alpha", 5_000, 200, NOW - 86_400);
    host.flush().await;
    let made = host
        .sent("POST", "/api-objectives", objective(99.5), 201)
        .await;
    assert_eq!(made["state"], "at_risk", "{made}");
    assert!(made["budgetLeft"].as_f64().unwrap() > 25.0);
}

#[tokio::test]
async fn what_can_not_be_an_objective_is_refused_by_name() {
    let host = Host::start().await;
    let good = json!({"name": "up", "indicator": "availability", "target": 99.9});
    for (change, parameter) in [
        (json!({"name": ""}), "name"),
        (json!({"indicator": "speed"}), "indicator"),
        (json!({"target": 100}), "target"),
        (json!({"target": 0}), "target"),
        (json!({"target": 99.99999}), "target"),
        (json!({"latencyMs": 300}), "latencyMs"),
        (json!({"indicator": "latency"}), "latencyMs"),
        (json!({"indicator": "latency", "latencyMs": 0}), "latencyMs"),
        (json!({"windowDays": 0}), "windowDays"),
        (json!({"windowDays": 91}), "windowDays"),
        (json!({"endpoint": "get /a"}), "endpoint"),
        (json!({"rules": "yes"}), "rules"),
        (json!({"unknown": 1}), "unknown"),
    ] {
        let mut body = good.clone();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = host.sent("POST", "/api-objectives", body, 400).await;
        assert_eq!(answer["parameter"], parameter, "{change}: {answer}");
    }
    let rule = json!({"name": "burns", "alertType": "burn_rate", "comparison": "gte", "thresholdValue": 14.4,
        "windowMinutes": 60, "objectiveId": 99});
    let answer = host.sent("POST", "/api-alerts", rule.clone(), 400).await;
    assert_eq!(answer["parameter"], "objectiveId");
    let made = host.sent("POST", "/api-objectives", good, 201).await;
    let mut rule = rule;
    rule["objectiveId"] = made["id"].clone();
    let body = json!({"rule": rule, "period": "1h"});
    let run = host.sent("POST", "/api-alerts/dry-run", body, 200).await;
    assert_eq!(
        (&run["breaches"], &run["tooFew"]),
        (&json!(0), &run["windows"])
    );
    host.sent("POST", "/api-alerts", rule, 201).await;
}
