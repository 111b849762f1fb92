//! Who may see and change what: alerts, limits, quotas, billing, keys.

use api_metrics_routes::{Principal, Role};
use api_metrics_tests::SqliteFile;
use axum::{Extension, Router};
use serde_json::{Value, json};

use crate::host::{Hit, Host, TOKEN};

/// A host with a rule, a key and a plan of `acme` and of `umbrella` each, as somebody sees it who
/// need not sign in.
pub(crate) struct Shop {
    host: Host,
    acme: Ids,
    umbrella: Ids,
}

#[derive(Clone)]
struct Ids {
    key: i64,
    rule: i64,
    plan: i64,
}

impl Shop {
    pub(crate) async fn seen_by(principal: Principal) -> Self {
        let host = Host::start_at(
            SqliteFile::create(),
            |builder| builder.token(TOKEN),
            |router: Router| {
                // Whoever comes with a token is the admin, everybody else the principal.
                router.layer(axum::middleware::from_fn(
                    move |mut request: axum::extract::Request, next: axum::middleware::Next| {
                        if !request.headers().contains_key("authorization") {
                            request.extensions_mut().insert(principal.clone());
                        }
                        next.run(request)
                    },
                ))
            },
        )
        .await;
        let mut ids = Vec::new();
        for (tenant, key) in [("acme", "alpha"), ("umbrella", "beta")] {
            let plan = json!({"name": "plan", "tenantId": tenant, "perThousand": "1"});
            let plan = host.sent("POST", "/api-price-plans", plan, 201).await;
            let key = json!({"externalId": key, "tenantId": tenant, "rateLimitPerMinute": 10,
                "quotaLimit": 10, "pricePlanId": plan["id"]});
            let key = host.sent("POST", "/api-keys", key, 201).await;
            let rule = json!({"name": format!("of {tenant}"), "alertType": "request_volume",
                "comparison": "gt", "thresholdValue": 1, "tenantId": tenant});
            let rule = host.sent("POST", "/api-alerts", rule, 201).await;
            let id = |value: &Value| value["id"].as_i64().unwrap();
            ids.push(Ids {
                key: id(&key),
                rule: id(&rule),
                plan: id(&plan),
            });
        }
        for key in ["alpha", "beta", "beta"] {
            host.record(&Hit {
                key: Some(key),
                ..Hit::of("/a")
            });
        }
        host.flush().await;
        let umbrella = ids.pop().unwrap();
        let acme = ids.pop().unwrap();
        Self {
            host,
            acme,
            umbrella,
        }
    }

    /// Sends something without credentials: as the principal.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = self.host.url(path);
        let mut request = self.host.client.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }
}

pub(crate) const READS: [&str; 13] = [
    "/api-alerts",
    "/api-alerts/events",
    "/api-alerts/silences",
    "/api-objectives",
    "/api-keys",
    "/api-price-plans",
    "/api-metrics/rate-limits",
    "/api-metrics/quotas",
    "/api-metrics/limits",
    "/api-metrics/billing",
    "/api-metrics/billing?tenantId=umbrella",
    "/api-metrics/billing/invoice",
    "/api-metrics/billing/invoice?format=csv",
];

/// The id of no event.
const EVENT: &str = "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6";

fn manager() -> Principal {
    Principal::new("m", Role::Manager).with_tenant("acme")
}

#[tokio::test]
async fn nobody_sees_anothers_tenant_or_key() {
    for principal in [
        manager(),
        Principal::new("d", Role::Developer).with_tenant("acme"),
        Principal::new("v", Role::Viewer).with_key("alpha"),
    ] {
        let shop = Shop::seen_by(principal.clone()).await;
        for path in READS {
            let (status, body) = shop.ask("GET", path, None).await;
            assert_eq!(status, 200, "{path}: {body}");
            let text = body.to_string();
            for other in ["umbrella", "beta"] {
                assert!(!text.contains(other), "{path} shows {other}: {text}");
            }
        }
        let (_, bill) = shop.ask("GET", "/api-metrics/billing", None).await;
        assert_eq!(bill["total"]["requests"], 1);
        let Ids { key, rule, .. } = shop.umbrella;
        for path in [
            format!("/api-metrics/rate-limits/{key}/history"),
            format!("/api-metrics/limits/{key}/what-if?rateLimitPerMinute=1"),
            format!("/api-metrics/billing/keys/{key}"),
            format!("/api-alerts/{rule}"),
            format!("/api-alerts/events/{EVENT}/incident"),
            "/api-alerts/events/none/incident".to_owned(),
        ] {
            assert_eq!(shop.ask("GET", &path, None).await.0, 404, "{path}");
        }
        for path in [
            format!("/api-metrics/rate-limits?apiKeyId={key}"),
            format!("/api-metrics/quotas?apiKeyId={key}"),
            format!("/api-metrics/limits?apiKeyId={key}"),
            format!("/api-metrics/billing?apiKeyId={key}"),
        ] {
            let (status, body) = shop.ask("GET", &path, None).await;
            assert_eq!((status, &body["data"]), (200, &json!([])), "{path}");
        }
        for closed in [
            "/api-metrics/billing/reconciliation",
            "/api-alerts/deliveries",
            "/api-audit",
            "/api-releases",
            "/api-releases/rollout?service=shop&environment=test",
        ] {
            assert_eq!(shop.ask("GET", closed, None).await.0, 403, "{closed}");
        }
        // Its own is there.
        for (path, rows) in [
            ("/api-keys", 1),
            ("/api-metrics/rate-limits", 1),
            ("/api-metrics/quotas", 1),
            ("/api-metrics/limits", 1),
        ] {
            let (_, body) = shop.ask("GET", path, None).await;
            assert_eq!(body["data"].as_array().unwrap().len(), rows, "{path}");
        }
        let own = shop.acme.key;
        let what_if = format!("/api-metrics/limits/{own}/what-if?rateLimitPerMinute=0");
        let (_, body) = shop.ask("GET", &what_if, None).await;
        assert_eq!(body["rate"]["tried"]["requests"], 1);
        let (_, bill) = shop
            .ask("GET", &format!("/api-metrics/billing/keys/{own}"), None)
            .await;
        assert_eq!(bill["days"][0]["requests"], 1);
        assert!(!bill.to_string().contains("umbrella"), "{bill}");
        // Of its tenant's plans a viewer sees the one that prices its own bill, in the days that it counts.
        let plans = if principal.role() == Role::Viewer {
            1
        } else {
            2
        };
        assert_eq!(bill["alternatives"].as_array().unwrap().len(), plans);
        let rules = usize::from(principal.role() != Role::Viewer);
        let (_, body) = shop.ask("GET", "/api-alerts", None).await;
        assert_eq!(body["data"].as_array().unwrap().len(), rules);
    }
}

#[tokio::test]
async fn only_admins_and_managers_change_anything() {
    for principal in [
        Principal::new("d", Role::Developer).with_tenant("acme"),
        Principal::new("v", Role::Viewer).with_key("alpha"),
    ] {
        let shop = Shop::seen_by(principal).await;
        let Ids { key, rule, .. } = shop.acme.clone();
        for (method, path) in [
            ("POST", "/api-alerts".to_owned()),
            ("POST", "/api-alerts/dry-run".to_owned()),
            ("POST", "/api-alerts/deliveries/redeliver".to_owned()),
            ("PATCH", "/api-alerts/channels".to_owned()),
            ("POST", format!("/api-alerts/events/{EVENT}/acknowledge")),
            ("POST", format!("/api-alerts/events/{EVENT}/silence")),
            ("PUT", format!("/api-alerts/{rule}")),
            ("PATCH", format!("/api-alerts/{rule}")),
            ("DELETE", format!("/api-alerts/{rule}")),
            ("POST", "/api-objectives".to_owned()),
            ("PUT", "/api-objectives/1".to_owned()),
            ("DELETE", "/api-objectives/1".to_owned()),
            ("POST", "/api-keys".to_owned()),
            ("PATCH", format!("/api-keys/{key}")),
            ("POST", "/api-price-plans".to_owned()),
        ] {
            let (status, body) = shop.ask(method, &path, Some(json!({}))).await;
            assert_eq!(status, 403, "{method} {path}: {body}");
        }
    }
}

#[tokio::test]
async fn a_manager_changes_what_is_its_tenants_and_nothing_else() {
    let shop = Shop::seen_by(manager()).await;
    let rule = |tenant: Value| {
        json!({"name": "mine", "alertType": "request_volume", "comparison": "gt",
            "thresholdValue": 1, "tenantId": tenant})
    };
    // Without a tenant it is its own's.
    let (status, made) = shop
        .ask("POST", "/api-alerts", Some(rule(Value::Null)))
        .await;
    assert_eq!((status, &made["tenantId"]), (201, &json!("acme")));
    assert_eq!(made["createdBy"], "m");
    let (status, _) = shop
        .ask("POST", "/api-alerts", Some(rule(json!("umbrella"))))
        .await;
    assert_eq!(status, 403);
    let mut of_other = rule(Value::Null);
    of_other["apiKeyFilter"] = json!(shop.umbrella.key);
    let (status, body) = shop.ask("POST", "/api-alerts", Some(of_other)).await;
    assert_eq!((status, &body["parameter"]), (400, &json!("apiKeyFilter")));

    for (method, body) in [
        ("PUT", Some(rule(Value::Null))),
        ("PATCH", Some(json!({"enabled": false}))),
        ("DELETE", None),
    ] {
        let theirs = format!("/api-alerts/{}", shop.umbrella.rule);
        let own = format!("/api-alerts/{}", shop.acme.rule);
        assert_eq!(
            shop.ask(method, &theirs, body.clone()).await.0,
            404,
            "{method}"
        );
        assert!(shop.ask(method, &own, body).await.0 < 300, "{method}");
    }

    // Objectives likewise: its own, and no rule over another's.
    let objective = |tenant: Value| json!({"name": "up", "indicator": "availability", "target": 99.9, "tenantId": tenant, "rules": false});
    let (status, made) = shop
        .ask("POST", "/api-objectives", Some(objective(Value::Null)))
        .await;
    assert_eq!((status, &made["tenantId"]), (201, &json!("acme")));
    let (status, _) = shop
        .ask(
            "POST",
            "/api-objectives",
            Some(objective(json!("umbrella"))),
        )
        .await;
    assert_eq!(status, 403);
    let theirs = objective(json!("umbrella"));
    let theirs = shop.host.sent("POST", "/api-objectives", theirs, 201).await["id"].clone();
    let path = format!("/api-objectives/{theirs}");
    for (method, body) in [
        ("GET", None),
        (
            "PUT",
            Some(json!({"name": "up", "indicator": "availability", "target": 99.9})),
        ),
        ("DELETE", None),
    ] {
        assert_eq!(shop.ask(method, &path, body).await.0, 404, "{method}");
    }
    let burning = json!({"name": "theirs", "alertType": "burn_rate", "comparison": "gte", "thresholdValue": 6,
        "windowMinutes": 60, "objectiveId": theirs});
    let (status, body) = shop.ask("POST", "/api-alerts", Some(burning.clone())).await;
    assert_eq!((status, &body["parameter"]), (400, &json!("objectiveId")));
    let tried = Some(json!({"rule": burning, "period": "1h"}));
    let (status, body) = shop.ask("POST", "/api-alerts/dry-run", tried).await;
    assert_eq!((status, &body["parameter"]), (400, &json!("objectiveId")));

    let key = |id: i64| format!("/api-keys/{id}");
    let change = Some(json!({"name": "renamed", "rateLimitPerMinute": 20}));
    assert_eq!(
        shop.ask("PATCH", &key(shop.umbrella.key), change.clone())
            .await
            .0,
        404
    );
    assert_eq!(shop.ask("PATCH", &key(shop.acme.key), change).await.0, 200);
    // Giving it away, or taking another tenant's plan, is not its to do.
    for (change, status) in [
        (json!({"tenantId": "umbrella"}), 403),
        (json!({"tenantId": null}), 403),
        (json!({"tenantId": "acme"}), 200),
        (json!({"pricePlanId": shop.umbrella.plan}), 400),
        (json!({"pricePlanId": shop.acme.plan}), 200),
    ] {
        let (got, body) = shop
            .ask("PATCH", &key(shop.acme.key), Some(change.clone()))
            .await;
        assert_eq!(got, status, "{change}: {body}");
    }
    // A key's text may be another tenant's who has not used it yet, or already has: a manager could
    // claim the one and find out about the other.
    for external_id in ["gamma", "beta"] {
        let made = Some(json!({"externalId": external_id}));
        assert_eq!(shop.ask("POST", "/api-keys", made).await.0, 403);
    }
    let plan = |tenant: Value| Some(json!({"name": "x", "perThousand": "2", "tenantId": tenant}));
    let (status, made) = shop
        .ask("POST", "/api-price-plans", plan(Value::Null))
        .await;
    assert_eq!((status, &made["tenantId"]), (201, &json!("acme")));
    assert_eq!(
        shop.ask("POST", "/api-price-plans", plan(json!("umbrella")))
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn a_manager_without_a_tenant_may_do_nothing() {
    let shop = Shop::seen_by(Principal::new("m", Role::Manager)).await;
    for path in READS {
        assert_eq!(shop.ask("GET", path, None).await.0, 403, "{path}");
    }
    assert_eq!(
        shop.ask("POST", "/api-keys", Some(json!({"externalId": "x"})))
            .await
            .0,
        403
    );
}

async fn console_of(principal: Principal) -> Host {
    let host = Host::start_at(
        SqliteFile::create(),
        |builder| builder.token(TOKEN),
        |router: Router| router.layer(Extension(principal)),
    )
    .await;
    for (key, at) in [("alpha", -86_400), ("alpha", 0), ("beta", 0)] {
        for _ in 0..3 {
            host.record(&Hit {
                key: Some(key),
                at: crate::host::NOW + at,
                ..Hit::of("/a")
            });
        }
    }
    host.flush().await;
    for (key, limit) in [("alpha", 10), ("beta", 4)] {
        sqlx::query("UPDATE api_metrics_api_keys SET quota_limit = ? WHERE external_id = ?")
            .bind(limit)
            .bind(key)
            .execute(host.store.pool())
            .await
            .unwrap();
    }
    host
}

async fn console(host: &Host, path: &str) -> Value {
    let url = format!("http://{}/api/v2/console/metrics{path}", host.address);
    let response = host.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_consumer_sees_its_quota_and_its_bill_in_bare_shapes() {
    let alpha = Principal::new("v", Role::Viewer).with_key("alpha");
    let host = console_of(alpha).await;
    assert_eq!(
        console(&host, "/quota").await,
        json!({"used": 6, "limit": 10, "remaining": 4, "resetDate": "2026-06-01T00:00:00Z",
            "unlimited": false, "usagePercentage": 60.0})
    );
    assert_eq!(
        console(&host, "/billing?period=MONTH").await,
        json!({
            "currentPeriod": {"totalCost": 0.000_12, "totalCostExact": "0.00012",
                "currency": "USD", "totalRequests": 6, "costPerRequest": 0.000_02},
            "breakdown": [
                {"date": "2026-05-17", "requests": 3, "cost": 0.000_06},
                {"date": "2026-05-18", "requests": 3, "cost": 0.000_06},
            ],
        })
    );
    // The week began today.
    let week = console(&host, "/billing?period=WEEK").await;
    assert_eq!(week["currentPeriod"]["totalRequests"], 3);
    let beta = host.key_id("beta").await;
    let other = console(&host, &format!("/billing?apiKeyId={beta}")).await;
    assert_eq!(other["breakdown"], json!([]));
}

#[tokio::test]
async fn of_several_quotas_the_fullest_is_shown_unless_one_is_picked() {
    let both = Principal::new("v", Role::Viewer)
        .with_key("alpha")
        .with_key("beta");
    let host = console_of(both).await;
    let (alpha, beta) = (host.key_id("alpha").await, host.key_id("beta").await);
    let fullest = console(&host, "/quota").await;
    assert_eq!(
        (&fullest["apiKeyId"], &fullest["used"]),
        (&json!(beta), &json!(3))
    );
    let picked = console(&host, &format!("/quota?apiKeyId={alpha}")).await;
    assert_eq!(
        (&picked["used"], &picked["remaining"]),
        (&json!(6), &json!(4))
    );
}

#[tokio::test]
async fn without_a_quota_or_a_bill_there_are_zeros() {
    let host = console_of(Principal::new("v", Role::Viewer).with_key("nobody")).await;
    assert_eq!(
        console(&host, "/quota").await,
        json!({"used": 0, "limit": 0, "remaining": 0, "resetDate": "2026-06-01T00:00:00Z",
            "unlimited": true, "usagePercentage": 0.0})
    );
    assert_eq!(
        console(&host, "/billing").await,
        json!({"currentPeriod": {"totalCost": 0.0, "totalCostExact": "0", "currency": null,
            "totalRequests": 0, "costPerRequest": 0.0},
            "breakdown": []})
    );
}

#[tokio::test]
async fn the_audit_trail_says_who_has_changed_what_page_by_page() {
    let shop = Shop::seen_by(manager()).await;
    let key = shop.acme.key;
    for limit in [77, 78, 79] {
        let change = json!({"rateLimitPerMinute": limit});
        let path = format!("/api-keys/{key}");
        assert_eq!(shop.ask("PATCH", &path, Some(change)).await.0, 200);
    }
    let mut path =
        format!("/api-audit?action=change%20rate%20limit&subject=api%20key%20{key}:&limit=2");
    let mut found = Vec::new();
    loop {
        let page = shop.host.json(&path).await;
        found.extend(page["data"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(cursor) => {
                path = format!(
                    "/api-audit?action=change%20rate%20limit&subject=api%20key%20{key}:&limit=2&cursor={cursor}"
                );
            }
            None => break,
        }
    }
    let by_manager: Vec<_> = found.iter().filter(|e| e["actor"] == "m").collect();
    assert_eq!(by_manager.len(), 3, "{found:?}");
    assert_eq!(
        by_manager[0]["subject"],
        format!("API key {key}: 78 to 79 a minute")
    );
    assert_eq!(by_manager[2]["action"], "change rate limit");
    let ids: Vec<_> = found.iter().map(|e| e["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
}
