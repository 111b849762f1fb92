//! Alerts, limits, quotas, billing and keys over HTTP.

use std::sync::Arc;

use api_metrics_store::{
    control::notify::{Notice, Notifier, NotifyError},
    store::Store as _,
};
use reqwest::Response;
use serde_json::{Value, json};

use crate::host::{Hit, Host, NOW};

/// A channel that never takes anything.
#[derive(Debug)]
struct Refuse;

#[async_trait::async_trait]
impl Notifier for Refuse {
    fn channel(&self) -> &'static str {
        "refuse"
    }

    async fn notify(&self, _: &Notice) -> Result<(), NotifyError> {
        Err(NotifyError::Permanent("it refuses everything".into()))
    }
}

fn rule(name: &str) -> Value {
    json!({"name": name, "alertType": "error_rate", "comparison": "gt", "thresholdValue": 10,
        "windowMinutes": 1})
}

impl Host {
    pub(crate) async fn key_id(&self, external_id: &str) -> i64 {
        let keys = self.store.api_keys(None).await.unwrap();
        let key = keys.iter().find(|key| key.external_id == external_id);
        key.unwrap_or_else(|| panic!("no key {external_id}")).id
    }

    /// Records `n` requests with a key.
    pub(crate) fn hits(&self, key: &str, n: u64, status: u16, at: i64) {
        for _ in 0..n {
            self.record(&Hit {
                key: Some(key),
                status,
                at,
                ..Hit::of("/api/segments")
            });
        }
    }

    /// Fires a rule whose notice nobody takes, and gives the rule.
    pub(crate) async fn fire(&self) -> Value {
        let made = self.sent("POST", "/api-alerts", rule("errors"), 201).await;
        self.hits("alpha", 10, 500, NOW);
        self.store.flush(&self.writer).await.unwrap();
        self.clock.step_to(NOW + 60);
        let watch = api_metrics_tests::worker_for(vec![Arc::new(Refuse)]);
        let (evaluated, delivered) = watch.tick(&*self.store, None).await.unwrap();
        assert_eq!((evaluated.fired, delivered.dead), (1, 1));
        made
    }
}

/// Sends everything that can be sent, well and badly; `check` gets the path of the document.
pub(crate) async fn ask_all(host: &Host, mut check: impl AsyncFnMut(&str, &str, Response)) {
    let fired = host.fire().await;
    let key = host.key_id("alpha").await;
    let id = &fired["id"];
    let dead = host.json("/api-alerts/deliveries").await;
    let notice = &dead["data"][0]["notice"]["id"];
    let tiers = json!([{"fromRequests": 0, "perThousand": "0.02"}]);
    for (documented, method, path, bodies) in [
        (
            "/api-alerts",
            "post",
            "/api-alerts".to_owned(),
            vec![rule("another"), json!({"name": "x"}), json!(7)],
        ),
        (
            "/api-alerts/{id}",
            "put",
            format!("/api-alerts/{id}"),
            vec![rule("renamed"), json!({})],
        ),
        (
            "/api-alerts/{id}",
            "patch",
            format!("/api-alerts/{id}"),
            vec![
                json!({"enabled": true}),
                json!({"revision": 1}),
                json!({"x": 1}),
            ],
        ),
        (
            "/api-alerts/dry-run",
            "post",
            "/api-alerts/dry-run".to_owned(),
            vec![
                json!({"rule": rule("tried"), "period": "1h"}),
                json!({"rule": rule("tried"), "period": "3h"}),
                json!({}),
            ],
        ),
        (
            "/api-alerts/deliveries/redeliver",
            "post",
            "/api-alerts/deliveries/redeliver".to_owned(),
            vec![
                json!({"noticeId": notice, "channel": "refuse"}),
                json!({"noticeId": notice, "channel": "other"}),
                json!({"noticeId": "x", "channel": "refuse"}),
            ],
        ),
        (
            "/api-alerts/silences",
            "post",
            "/api-alerts/silences".to_owned(),
            vec![
                json!({"until": "2099-01-01T00:00:00Z"}),
                json!({"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
                json!({"until": "x"}),
            ],
        ),
        (
            "/api-alerts/channels/test",
            "post",
            "/api-alerts/channels/test".to_owned(),
            vec![json!({"channel": "refuse"}), json!({})],
        ),
        (
            "/api-keys",
            "post",
            "/api-keys".to_owned(),
            vec![
                json!({"externalId": "made", "name": "Made", "rateLimitPerMinute": 60,
                    "quotaLimit": 100, "quotaPeriod": "30d", "quotaAnchor": "2026-05-01T00:00:00Z"}),
                json!({"externalId": "made"}),
                json!({"externalId": ""}),
            ],
        ),
        (
            "/api-keys/{id}",
            "patch",
            format!("/api-keys/{key}"),
            vec![
                json!({"rateLimitPerMinute": 12, "quotaLimit": 20}),
                json!({"quotaPeriod": "2w"}),
            ],
        ),
        (
            "/api-price-plans",
            "post",
            "/api-price-plans".to_owned(),
            vec![
                json!({"name": "pro", "tiers": tiers}),
                json!({"name": "pro", "tiers": tiers}),
                json!({"name": "pro"}),
            ],
        ),
    ] {
        for body in bodies {
            check(documented, method, host.send(method, &path, &body).await).await;
        }
    }
    for (documented, path) in [
        ("/api-alerts/{id}", format!("/api-alerts/{id}")),
        ("/api-alerts/{id}", "/api-alerts/99".to_owned()),
        ("/api-alerts/{id}", "/api-alerts/x".to_owned()),
        ("/api-alerts/channels", "/api-alerts/channels".to_owned()),
        ("/api-alerts/silences", "/api-alerts/silences".to_owned()),
        (
            "/api-metrics/rate-limits/{keyId}/history",
            format!("/api-metrics/rate-limits/{key}/history?granularity=1m"),
        ),
        (
            "/api-metrics/rate-limits/{keyId}/history",
            "/api-metrics/rate-limits/99/history".to_owned(),
        ),
    ] {
        check(documented, "get", host.get(&path).await).await;
    }
    crate::control_figures::ask_all(host, key, &mut check).await;
    crate::jobs::ask_all(host, &mut check).await;
    crate::objectives::ask_all(host, &mut check).await;
    crate::releases::ask_all(host, &mut check).await;
    // Of an event where one fired, and of none.
    let fired = host.json("/api-alerts/events?limit=1").await;
    let fired = fired["data"][0]["id"].as_str().unwrap_or("x").to_owned();
    for event in [fired.as_str(), "00000000-0000-0000-0000-000000000000", "y"] {
        let of = format!("/api-alerts/events/{event}");
        let incident = host.get(&format!("{of}/incident")).await;
        check("/api-alerts/events/{id}/incident", "get", incident).await;
        for (what, body) in [
            ("acknowledge", Value::Null),
            ("silence", json!({"period": "1h"})),
            ("silence", json!({"period": "2h"})),
        ] {
            let answer = host.send("post", &format!("{of}/{what}"), &body).await;
            check(&format!("/api-alerts/events/{{id}}/{what}"), "post", answer).await;
        }
    }
    // Now with rows in them.
    for path in [
        "/api-alerts",
        "/api-alerts/events",
        "/api-alerts/deliveries",
        "/api-keys",
        "/api-price-plans",
        "/api-metrics/rate-limits",
        "/api-metrics/quotas",
        "/api-metrics/limits",
        "/api-metrics/billing",
        "/api-metrics/billing/invoice",
    ] {
        let response = host.get(&format!("{path}?limit=1000")).await;
        check(path, "get", response).await;
    }
    for _ in 0..2 {
        let response = host
            .send("delete", &format!("/api-alerts/{id}"), &Value::Null)
            .await;
        check("/api-alerts/{id}", "delete", response).await;
        let response = host
            .send("delete", "/api-alerts/silences/1", &Value::Null)
            .await;
        check("/api-alerts/silences/{id}", "delete", response).await;
    }
}

#[tokio::test]
async fn a_rule_is_made_changed_replaced_and_removed() {
    let host = Host::start().await;
    let made = host.sent("POST", "/api-alerts", rule("errors"), 201).await;
    let path = format!("/api-alerts/{}", made["id"]);
    for (name, value) in [
        ("thresholdValue", json!(10.0)),
        ("windowMinutes", json!(1)),
        ("cooldownMinutes", json!(30)),
        ("severity", json!("medium")),
        ("enabled", json!(true)),
        ("state", json!("ok")),
        ("revision", json!(1)),
        ("createdBy", json!("admin")),
        ("tenantId", json!(null)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let change = json!({"thresholdValue": 12.5, "endpointFilter": "GET /a/*", "severity": "high"});
    let changed = host.sent("PATCH", &path, change, 200).await;
    assert_eq!(changed["thresholdValue"], 12.5);
    assert_eq!(changed["windowMinutes"], 1);
    assert_eq!(changed["revision"], 2);
    // A null takes the default back.
    let cleared = json!({"endpointFilter": null, "severity": null, "windowMinutes": null});
    let cleared = host.sent("PATCH", &path, cleared, 200).await;
    assert_eq!(
        (
            &cleared["endpointFilter"],
            &cleared["severity"],
            &cleared["windowMinutes"]
        ),
        (&json!(null), &json!("medium"), &json!(5))
    );
    let stale = json!({"enabled": false, "revision": 2});
    let conflict = host.sent("PATCH", &path, stale, 409).await;
    assert_eq!(conflict["type"], "urn:api-metrics:conflict");
    let replaced = host.sent("PUT", &path, rule("anew"), 200).await;
    assert_eq!(
        (&replaced["name"], &replaced["thresholdValue"]),
        (&json!("anew"), &json!(10.0))
    );
    assert_eq!(host.json(&path).await, replaced);
    host.sent("DELETE", &path, json!(null), 204).await;
    host.problem(&path, 404).await;
    host.sent("DELETE", &path, json!(null), 404).await;
    assert_eq!(host.json("/api-alerts").await["data"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_in_a_body_is_named() {
    let host = Host::start().await;
    let with = |name: &str, value: Value| {
        let mut body = rule("errors");
        body[name] = value;
        body
    };
    for (path, body, name) in [
        ("/api-alerts", json!({"alertType": "error_rate"}), "name"),
        ("/api-alerts", with("name", json!(null)), "name"),
        ("/api-alerts", with("name", json!(" ")), "name"),
        (
            "/api-alerts",
            with("alertType", json!("errors")),
            "alertType",
        ),
        ("/api-alerts", with("comparison", json!(">")), "comparison"),
        (
            "/api-alerts",
            with("thresholdValue", json!("10")),
            "thresholdValue",
        ),
        (
            "/api-alerts",
            with("thresholdValue", json!(101)),
            "thresholdValue",
        ),
        (
            "/api-alerts",
            with("windowMinutes", json!(0)),
            "windowMinutes",
        ),
        (
            "/api-alerts",
            with("windowMinutes", json!(1.5)),
            "windowMinutes",
        ),
        (
            "/api-alerts",
            with("cooldownMinutes", json!(43_201)),
            "cooldownMinutes",
        ),
        ("/api-alerts", with("severity", json!("urgent")), "severity"),
        ("/api-alerts", with("quantile", json!(0.5)), "quantile"),
        (
            "/api-alerts",
            with("endpointFilter", json!("GET")),
            "endpointFilter",
        ),
        (
            "/api-alerts",
            with("apiKeyFilter", json!(7)),
            "apiKeyFilter",
        ),
        ("/api-alerts", with("treshold", json!(1)), "treshold"),
        ("/api-keys", json!({"name": "x"}), "externalId"),
        (
            "/api-keys",
            json!({"externalId": "k", "rateLimitPerMinute": -1}),
            "rateLimitPerMinute",
        ),
        (
            "/api-keys",
            json!({"externalId": "k", "quotaAnchor": "today"}),
            "quotaAnchor",
        ),
        (
            "/api-keys",
            json!({"externalId": "k", "pricePlanId": 9}),
            "pricePlanId",
        ),
        (
            "/api-keys",
            json!({"externalId": "k", "pricePlanFrom": "2026-05-01"}),
            "pricePlanFrom",
        ),
        ("/api-price-plans", json!({"name": "p"}), "tiers"),
        (
            "/api-price-plans",
            json!({"name": "p", "tiers": [{"fromRequests": 1, "perThousand": "1"}]}),
            "tiers",
        ),
        (
            "/api-price-plans",
            json!({"name": "p", "perThousand": "a"}),
            "perThousand",
        ),
        (
            "/api-price-plans",
            json!({"name": "p", "perThousand": "0.000000001"}),
            "tiers",
        ),
        (
            "/api-price-plans",
            json!({"name": "p", "perThousand": 1, "currency": "usd"}),
            "currency",
        ),
        (
            "/api-price-plans",
            json!({"name": "p", "perThousand": 1, "effectiveFrom": "2026-13-01"}),
            "effectiveFrom",
        ),
        ("/api-alerts/dry-run", json!({"rule": 7}), "rule"),
        (
            "/api-alerts/dry-run",
            json!({"rule": rule("x"), "from": "2015-01-01"}),
            "from",
        ),
    ] {
        let shown = body.to_string();
        let problem = host.sent("POST", path, body, 400).await;
        assert_eq!(problem["parameter"], name, "{path} {shown}: {problem}");
    }
    // Nothing of it was made.
    for path in ["/api-alerts", "/api-keys"] {
        assert_eq!(host.json(path).await["data"], json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_rule_that_fires_is_told_and_a_dead_letter_can_be_sent_again() {
    let host = Host::start().await;
    let made = host.fire().await;
    let now = host.json(&format!("/api-alerts/{}", made["id"])).await;
    assert_eq!(
        (&now["state"], &now["value"]),
        (&json!("firing"), &json!(100.0))
    );
    let events = host.json("/api-alerts/events?open=true").await;
    assert_eq!(events["data"][0]["alertId"], made["id"]);
    assert_eq!(events["data"][0]["id"], now["eventId"]);
    assert_eq!(
        events["data"][0]["message"],
        "Error rate is 100.0% (threshold 10%) over 1 min, 10 requests"
    );
    let of_other = host.json("/api-alerts/events?alertId=99").await;
    assert_eq!(of_other["data"], json!([]));
    let dead = host.json("/api-alerts/deliveries").await["data"][0].clone();
    assert_eq!(
        (
            &dead["channel"],
            &dead["lastError"],
            &dead["notice"]["eventId"]
        ),
        (
            &json!("refuse"),
            &json!("it refuses everything"),
            &now["eventId"]
        )
    );
    let again = json!({"noticeId": dead["notice"]["id"], "channel": "refuse"});
    let path = "/api-alerts/deliveries/redeliver";
    host.sent("POST", path, again.clone(), 202).await;
    host.sent("POST", path, again, 404).await;
    let pending = host.json("/api-alerts/deliveries?status=pending").await;
    assert_eq!(pending["data"][0]["notice"]["id"], dead["notice"]["id"]);
    let of = async |status: &str, id: &str| {
        let path = format!("/api-alerts/deliveries?status={status}&noticeId={id}");
        host.json(&path).await["data"].as_array().unwrap().len()
    };
    let id = dead["notice"]["id"].as_str().unwrap();
    let other = "0a9f3c5e-6d0e-4d49-9b1f-2f6a1f0c7b3d";
    assert_eq!(
        (
            of("all", id).await,
            of("all", other).await,
            of("dead", id).await
        ),
        (1, 0, 0)
    );
    let wrong = host.problem("/api-alerts/deliveries?noticeId=7", 400).await;
    assert_eq!(wrong["detail"], "`7` is no UUID");
    assert_eq!(host.json("/api-alerts/deliveries").await["data"], json!([]));
}

#[tokio::test]
async fn a_dry_run_says_when_a_rule_would_have_fired_and_writes_nothing() {
    let host = Host::start().await;
    host.hits("alpha", 99, 200, NOW - 600);
    host.hits("alpha", 1, 500, NOW - 600);
    host.hits("alpha", 80, 200, NOW - 300);
    host.hits("alpha", 20, 500, NOW - 300);
    host.flush().await;
    let body = json!({"rule": rule("tried"), "period": "15m"});
    let run = host.sent("POST", "/api-alerts/dry-run", body, 200).await;
    assert_eq!((&run["breaches"], &run["step"]), (&json!(1), &json!("1m")));
    assert_eq!(run["events"][0]["firedAt"], "2026-05-18T09:26:00Z");
    assert_eq!(run["events"][0]["resolvedAt"], "2026-05-18T09:27:00Z");
    assert_eq!(
        run["events"][0]["message"],
        "Error rate is 20.0% (threshold 10%) over 1 min, 100 requests"
    );
    assert_eq!(host.json("/api-alerts").await["data"], json!([]));
    assert_eq!(host.json("/api-alerts/events").await["data"], json!([]));
}

#[tokio::test]
async fn lists_are_paged_and_every_row_is_in_one_page() {
    let host = Host::start().await;
    for n in 0..5 {
        let key = json!({"externalId": format!("k{n}"), "rateLimitPerMinute": 100 + n, "quotaLimit": 100});
        host.sent("POST", "/api-keys", key, 201).await;
        host.sent("POST", "/api-alerts", rule(&format!("rule {n}")), 201)
            .await;
        let plan = json!({"name": format!("plan {n}"), "perThousand": "1"});
        host.sent("POST", "/api-price-plans", plan, 201).await;
        host.hits(&format!("k{n}"), 1 + n, 500, NOW);
    }
    host.flush().await;
    host.clock.step_to(NOW + 60);
    let watch = api_metrics_tests::worker_for(vec![Arc::new(Refuse)]);
    watch.tick(&*host.store, None).await.unwrap();
    let utilization = format!(
        "/api-metrics/rate-limits/{}/history?granularity=1m&period=1h",
        host.key_id("k3").await
    );
    for (path, rows) in [
        ("/api-keys?", 5),
        ("/api-alerts?", 5),
        ("/api-alerts/events?open=true", 5),
        ("/api-alerts/deliveries?", 5),
        ("/api-price-plans?", 6),
        ("/api-metrics/quotas?", 5),
        ("/api-metrics/rate-limits?", 5),
        ("/api-metrics/billing?month=2026-05", 5),
        (&utilization, 1),
    ] {
        let all = host.json(&format!("{path}&limit=1000")).await["data"].clone();
        assert_eq!(all.as_array().unwrap().len(), rows, "{path}");
        let mut paged = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let next = cursor.as_str().map(|cursor| format!("&cursor={cursor}"));
            let page = host
                .json(&format!("{path}&limit=2{}", next.unwrap_or_default()))
                .await;
            paged.extend(page["data"].as_array().unwrap().clone());
            cursor = page["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(Value::Array(paged), all, "{path}");
    }
}

#[tokio::test]
async fn a_rule_that_can_never_fire_is_refused_by_the_member_that_was_sent() {
    let host = Host::start().await;
    for (member, value) in [
        ("thresholdValue", json!(100)),
        ("endpointFilter", json!("get /users")),
        ("name", json!("ops\nERROR forged")),
        ("serviceFilter", json!("\u{202e}shop")),
        ("environmentFilter", json!("\u{202e}live")),
    ] {
        let mut body = rule("r");
        body[member] = value;
        let refused = host.sent("POST", "/api-alerts", body, 400).await;
        assert_eq!(refused["parameter"], member, "{refused}");
    }
    let mut at_most = rule("r");
    at_most["comparison"] = json!("gte");
    at_most["thresholdValue"] = json!(100);
    let made = host.sent("POST", "/api-alerts", at_most, 201).await;
    let path = format!("/api-alerts/{}", made["id"]);
    // The threshold is stored and was not sent: what was sent does not go with it.
    let refused = host
        .sent("PATCH", &path, json!({"comparison": "gt"}), 400)
        .await;
    assert_eq!(refused["parameter"], "comparison");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("thresholdValue"), "{detail}");
    // A rule about another tenant's key would wait for ever.
    let key = json!({"externalId": "k", "tenantId": "acme"});
    let key = host.sent("POST", "/api-keys", key, 201).await;
    let mut of_others = rule("r");
    of_others["tenantId"] = json!("umbrella");
    of_others["apiKeyFilter"] = key["id"].clone();
    let refused = host.sent("POST", "/api-alerts", of_others, 400).await;
    assert_eq!(refused["parameter"], "apiKeyFilter");
}

#[tokio::test]
async fn names_that_people_give_hold_no_control_characters_and_problems_show_none() {
    let host = Host::start().await;
    for odd in ["a\nb", "\u{1b}[2J", "\u{202e}", "\0", "a\u{2028}b"] {
        for (path, body, member) in [
            ("/api-keys", json!({"externalId": odd}), "externalId"),
            ("/api-keys", json!({"externalId": "k", "name": odd}), "name"),
            (
                "/api-keys",
                json!({"externalId": "k", "tenantId": odd}),
                "tenantId",
            ),
            (
                "/api-keys",
                json!({"externalId": "k", "userId": odd}),
                "userId",
            ),
            (
                "/api-price-plans",
                json!({"name": odd, "perThousand": "1"}),
                "name",
            ),
        ] {
            let refused = host.sent("POST", path, body, 400).await;
            assert_eq!(refused["parameter"], member, "{refused}");
        }
    }
    // What a caller has sent comes back escaped.
    let path = "/api-metrics/summary?a%0Ab=1&%E2%80%AE=2";
    let refused = host.problem(path, 400).await;
    for member in ["parameter", "detail"] {
        let text = refused[member].as_str().unwrap();
        assert!(api_metrics_store::text::is_plain(text), "{text:?}");
    }
}
