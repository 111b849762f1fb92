//! The same scopes once more, on Postgres under row-level security, by a role that neither owns the tables
//! nor is a superuser.

use std::sync::Arc;

use api_metrics_routes::{Principal, Role};
use api_metrics_store::{
    postgres::PostgresStore,
    store::{Store as _, StoreOptions},
    time::ManualClock,
};
use api_metrics_tests::PgDatabase;
use axum::{Router, extract::Request, middleware};
use serde_json::{Value, json};

use crate::{assistant::Assistant, control_scopes, host::NOW, mcp, process::Process, scopes};

/// A process whose database role was only allowed to serve, as somebody sees it who need not sign in.
/// Tenant acme has 3 requests by its key alpha, umbrella 5 by its key beta, 7 have no key; each tenant has a
/// plan, a limit, a quota and a rule that has fired.
struct Shop {
    process: Process,
    of_umbrella: Ids,
    _database: PgDatabase,
}

#[derive(Clone, Copy)]
struct Ids {
    key: i64,
    rule: i64,
}

impl Shop {
    async fn seen_by(principal: Principal) -> Self {
        let mut database = PgDatabase::create().await;
        let (owner, service) = (database.role().await, database.role().await);
        let name = database.name();
        database
            .admin(&format!("ALTER DATABASE {name} OWNER TO {owner}"))
            .await;
        let clock = Arc::new(ManualClock::at(NOW));
        let mut options = StoreOptions::default();
        options.clock = Some(clock.clone());
        let store = PostgresStore::connect_lazy(&database.url_of(&owner), options).unwrap();
        store.prepare().await.unwrap();
        store.pool().close().await;
        database
            .admin(&format!(
                "SET ROLE {owner}; SELECT api_metrics.allow_service('{service}')"
            ))
            .await;
        let process = Process::start_with(
            &database.url_of(&service),
            &clock,
            |builder| builder.requests_per_minute(10_000),
            |router: Router| {
                // Whoever comes with a token is the admin, everybody else the principal.
                router.layer(middleware::from_fn(
                    move |mut request: Request, next: middleware::Next| {
                        if !request.headers().contains_key("authorization") {
                            request.extensions_mut().insert(principal.clone());
                        }
                        next.run(request)
                    },
                ))
            },
        )
        .await;
        let role: (bool, bool, bool) = sqlx::query_as(
            "SELECT rolsuper, rolbypassrls, \
                    EXISTS (SELECT FROM pg_class AS c WHERE c.relowner = r.oid) \
             FROM pg_roles AS r WHERE rolname = current_user",
        )
        .fetch_one(process.store.pool())
        .await
        .unwrap();
        assert_eq!(role, (false, false, false), "an ordinary role");
        let mut ids = Vec::new();
        for (tenant, key) in [("acme", "alpha"), ("umbrella", "beta")] {
            let id = |made: Value| made["id"].as_i64().unwrap();
            let plan = json!({"name": "plan", "tenantId": tenant, "perThousand": "1"});
            let plan = id(process.made("/api-price-plans", plan).await);
            let key = json!({"externalId": key, "tenantId": tenant, "rateLimitPerMinute": 10,
                "quotaLimit": 10, "pricePlanId": plan});
            let key = id(process.made("/api-keys", key).await);
            let rule = json!({"name": format!("of {tenant}"), "alertType": "request_volume",
                "comparison": "gt", "thresholdValue": 1, "windowMinutes": 1, "tenantId": tenant});
            let rule = id(process.made("/api-alerts", rule).await);
            ids.push(Ids { key, rule });
        }
        let record = |alpha, beta, nobody| {
            process.record("/of-alpha", Some("alpha"), alpha);
            process.record("/of-beta", Some("beta"), beta);
            process.record("/of-nobody", None, nobody);
        };
        record(2, 3, 4);
        process.flush().await;
        clock.step_to(NOW + 60);
        let ticked = api_metrics_tests::worker_for(vec![]);
        let (evaluated, _) = ticked.tick(&*process.store, None).await.unwrap();
        assert_eq!(evaluated.fired, 2);
        // Some of it is not flushed yet.
        record(1, 2, 3);
        Self {
            process,
            of_umbrella: ids.pop().unwrap(),
            _database: database,
        }
    }

    async fn status(&self, method: &str, path: &str) -> u16 {
        let request = self
            .process
            .client
            .request(method.parse().unwrap(), self.process.admin(path));
        let response = request.json(&json!({"name": "x"})).send().await.unwrap();
        response.status().as_u16()
    }
}

#[tokio::test]
async fn no_route_shows_another_tenant_or_another_key_under_row_level_security() {
    for principal in [
        Principal::new("m", Role::Manager).with_tenant("acme"),
        Principal::new("d", Role::Developer).with_tenant("acme"),
        Principal::new("v", Role::Viewer).with_key("alpha"),
    ] {
        let shop = Shop::seen_by(principal.clone()).await;
        let Shop {
            process,
            of_umbrella: Ids { key, rule },
            ..
        } = &shop;
        let admin = scopes::READS.iter().chain(&control_scopes::READS);
        let admin = admin.map(|path| process.admin(path));
        let console = scopes::CONSOLE.iter();
        let console =
            console.map(|path| format!("{}/api/v2/console/metrics{path}", process.origin));
        for url in admin.chain(console) {
            let body = scopes::body(&process.client, &url).await;
            scopes::sees_only_alpha(&url, &body);
            assert!(!body.contains("beta"), "{url}: {body}");
        }
        let assistant = Assistant::of(process.admin("/mcp"), None).await;
        mcp::sees_only_alpha(&assistant, &principal).await;
        // What is asked for by its number is not there either.
        for path in [
            format!("/api-metrics/rate-limits/{key}/history"),
            format!("/api-metrics/limits/{key}/what-if?quotaLimit=1"),
            format!("/api-metrics/billing/keys/{key}"),
            format!("/api-alerts/{rule}"),
        ] {
            assert_eq!(shop.status("GET", &path).await, 404, "{path}");
        }
        for view in [
            "summary",
            "endpoints",
            "keys",
            "quotas",
            "limits",
            "billing",
            "rate-limits",
        ] {
            let url = process.admin(&format!("/api-metrics/{view}?apiKeyId={key}"));
            let body: Value =
                serde_json::from_str(&scopes::body(&process.client, &url).await).unwrap();
            // What one may not see is not there.
            let nothing = if body["status"] == 404 {
                true
            } else if view == "summary" {
                body["totalRequests"] == 0
            } else {
                body["data"] == json!([])
            };
            assert!(nothing, "{url}: {body}");
        }
        let refused = if principal.role() == Role::Manager {
            404
        } else {
            403
        };
        for (method, path) in [
            ("PATCH", format!("/api-keys/{key}")),
            ("PATCH", format!("/api-alerts/{rule}")),
            ("DELETE", format!("/api-alerts/{rule}")),
        ] {
            assert_eq!(shop.status(method, &path).await, refused, "{method} {path}");
        }
        for closed in [
            "/api-status",
            "/metrics",
            "/api-metrics/billing/reconciliation",
            "/api-alerts/deliveries",
        ] {
            assert_eq!(shop.status("GET", closed).await, 403, "{closed}");
        }
        // Its own is there, what is not flushed included.
        let summary = process.admin("/api-metrics/summary?period=1h");
        let summary = scopes::body(&process.client, &summary).await;
        let summary: Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["totalRequests"], 3);
        let events = process.admin("/api-alerts/events");
        let events = scopes::body(&process.client, &events).await;
        let of_tenant = principal.role() != Role::Viewer;
        assert_eq!(events.contains("of acme"), of_tenant, "{events}");
        // What is behind an alert is for those who see everything.
        assert_eq!(events.contains(r#""causes":null"#), of_tenant, "{events}");
        assert!(!events.contains("consumers"), "{events}");
        for closed in ["/api-audit", "/api-releases"] {
            let url = process.admin(closed);
            let answer = process.client.get(url).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{closed}");
        }
    }
}

#[tokio::test]
async fn an_admin_sees_all_tenants_under_row_level_security() {
    let shop = Shop::seen_by(Principal::new("a", Role::Admin)).await;
    let total = shop.process.json("/api-metrics/summary?period=1h").await;
    assert_eq!(total["totalRequests"], 15);
    for (path, rows) in [
        ("/api-keys", 2),
        ("/api-alerts", 2),
        ("/api-alerts/events", 2),
        ("/api-metrics/quotas", 2),
        ("/api-metrics/rate-limits", 2),
        ("/api-metrics/limits", 2),
        // Two plans, two keys with a limit, a quota and a plan each, and two rules.
        ("/api-audit", 14),
    ] {
        let body = shop.process.json(path).await;
        assert_eq!(body["data"].as_array().unwrap().len(), rows, "{path}");
    }
    let events = shop.process.json("/api-alerts/events").await;
    for event in events["data"].as_array().unwrap() {
        let of = if event["name"] == "of acme" {
            "alpha"
        } else {
            "beta"
        };
        let consumers = event["causes"]["consumers"].as_array().unwrap();
        assert_eq!(consumers.len(), 1, "{event}");
        assert_eq!(consumers[0]["externalId"], of);
        assert_eq!(event["causes"].get("groups"), None, "no log");
    }
    assert_eq!(
        shop.status("PATCH", &format!("/api-keys/{}", shop.of_umbrella.key))
            .await,
        200
    );
}
