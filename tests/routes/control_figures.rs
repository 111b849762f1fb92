//! Limits, quotas and bills over HTTP.

use api_metrics_store::control::ControlWorker;
use serde_json::{Value, json};

use reqwest::Response;

use crate::host::{Hit, Host, NOW};

/// Asks for what bounds would have done, for a bill, and for channels, in forms that are right and wrong.
pub(crate) async fn ask_all(
    host: &Host,
    key: i64,
    check: &mut impl AsyncFnMut(&str, &str, Response),
) {
    for (of, query) in [
        (key, "?rateLimitPerMinute=1&quotaLimit=2"),
        (key, "?quotaLimit=x"),
        (99, ""),
    ] {
        let answer = host
            .get(&format!("/api-metrics/limits/{of}/what-if{query}"))
            .await;
        check("/api-metrics/limits/{keyId}/what-if", "get", answer).await;
    }
    for query in ["", "?month=2026-04", "?month=x"] {
        let answer = host
            .get(&format!("/api-metrics/billing/keys/{key}{query}"))
            .await;
        check("/api-metrics/billing/keys/{keyId}", "get", answer).await;
    }
    for muted in [json!("yes"), json!(true), json!(false)] {
        let body = json!({"channel": "nowhere", "muted": muted});
        let answer = host.send("patch", "/api-alerts/channels", &body).await;
        check("/api-alerts/channels", "patch", answer).await;
    }
}

#[tokio::test]
async fn a_limit_is_shown_with_where_the_key_stands() {
    let host = Host::start().await;
    let body = json!({"externalId": "k1", "name": "render-farm", "rateLimitPerMinute": 100});
    let key = host.sent("POST", "/api-keys", body, 201).await["id"].clone();
    host.sent(
        "POST",
        "/api-keys",
        json!({"externalId": "k2", "rateLimitPerMinute": 5}),
        201,
    )
    .await;
    // Half of it flushed, half not.
    host.hits("k1", 41, 200, NOW);
    host.flush().await;
    host.hits("k1", 41, 200, NOW);
    let now = host.json("/api-metrics/rate-limits").await;
    assert_eq!(now["threshold"], 80.0);
    assert_eq!(now["data"].as_array().unwrap().len(), 2);
    let row = &now["data"][0];
    assert_eq!(row["text"], "Key 'render-farm' is at 82/100 req/min");
    // 82 in 29 s: 18 more take 14 s at 82 a minute.
    assert_eq!(row["forecast"], "at this pace the limit is hit in 14 s");
    assert_eq!(
        (
            &row["apiKeyId"],
            &row["used"],
            &row["near"],
            &row["utilization"]
        ),
        (&key, &json!(82), &json!(true), &json!(82.0))
    );
    let only = host
        .json(&format!("/api-metrics/rate-limits?apiKeyId={key}"))
        .await;
    assert_eq!(only["data"].as_array().unwrap().len(), 1);

    // Over a range, a key's requests are held against what its limit allows in it.
    let keys = host.json("/api-metrics/keys?period=5m").await;
    assert_eq!(keys["data"][0]["rateLimitPerMinute"], 100);
    assert_eq!(keys["data"][0]["utilization"], 16.4);

    host.clock.step_to(NOW + 60);
    ControlWorker::default()
        .tick(&*host.store, Some(&host.writer))
        .await
        .unwrap();
    let path = format!("/api-metrics/rate-limits/{key}/history?granularity=1m");
    let history = host.json(&path).await;
    assert_eq!(
        history["data"],
        json!([{"periodStart": "2026-05-18T09:30:00Z", "periodEnd": "2026-05-18T09:31:00Z", "requestsMade": 82, "rateLimit": 100,
            "utilization": 82.0}])
    );
}

#[tokio::test]
async fn a_quota_is_counted_at_the_moment_of_the_question() {
    let host = Host::start().await;
    let body = json!({"externalId": "k1", "quotaLimit": 10});
    let key = host.sent("POST", "/api-keys", body, 201).await["id"].clone();
    host.hits("k1", 3, 200, NOW - 86_400);
    host.flush().await;
    host.hits("k1", 1, 500, NOW);
    let of = |quotas: Value| quotas["data"][0].clone();
    let quota = of(host.json("/api-metrics/quotas").await);
    for (name, value) in [
        ("apiKeyId", key),
        ("used", json!(4)),
        ("limit", json!(10)),
        ("remaining", json!(6)),
        ("usagePercentage", json!(40.0)),
        ("period", json!("month")),
        ("periodStart", json!("2026-05-01T00:00:00Z")),
        ("resetDate", json!("2026-06-01T00:00:00Z")),
    ] {
        assert_eq!(quota[name], value, "{name}");
    }
    host.hits("k1", 8, 200, NOW);
    let quota = of(host.json("/api-metrics/quotas").await);
    assert_eq!(
        (&quota["used"], &quota["remaining"]),
        (&json!(12), &json!(0))
    );
}

#[tokio::test]
async fn limits_and_quotas_stand_in_one_list_whoever_hits_first_at_the_front() {
    let host = Host::start().await;
    for (name, limit, quota) in [
        ("calm", 1_000, 50_000),
        ("near", 100, 50_000),
        ("done", 500, 20),
    ] {
        let body = json!({"externalId": name, "rateLimitPerMinute": limit, "quotaLimit": quota});
        host.sent("POST", "/api-keys", body, 201).await;
        host.hits(name, 21, 429, NOW);
    }
    host.hits("near", 61, 200, NOW);
    let page = host.json("/api-metrics/limits?limit=2").await;
    let names = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["externalId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&page), ["done", "near"]);
    let row = &page["data"][0];
    assert_eq!(row["hitsAt"], page["asOf"]);
    assert_eq!(
        (
            &row["quota"]["used"],
            &row["quota"]["remaining"],
            &row["refused"]
        ),
        (&json!(21), &json!(0), &json!(21))
    );
    assert_eq!(row["quota"]["forecast"]["text"], "used up");
    let near = &page["data"][1]["rate"];
    assert_eq!(
        (
            &near["used"],
            &near["busiest"]["requests"],
            &near["overRequests"]
        ),
        (&json!(82), &json!(82), &json!(0))
    );
    assert_eq!(near["forecast"]["weeks"], 0);
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = host
        .json(&format!("/api-metrics/limits?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(names(&rest), ["calm"]);
    assert_eq!(rest["nextCursor"], json!(null));
    // What half of the limit would have done.
    let id = &page["data"][1]["apiKeyId"];
    let what_if = host
        .json(&format!(
            "/api-metrics/limits/{id}/what-if?rateLimitPerMinute=50&quotaLimit=80"
        ))
        .await;
    assert_eq!(
        what_if["rate"],
        json!({"tried": {"limit": 50, "requests": 32, "minutes": 1},
            "today": {"limit": 100, "requests": 0, "minutes": 0}})
    );
    assert_eq!(
        what_if["quota"]["tried"],
        json!({"limit": 80, "requests": 2, "minutes": 1})
    );
    let path = format!("/api-metrics/limits/{id}/what-if?rateLimitPerMinute=-1");
    host.problem(&path, 400).await;
}

#[tokio::test]
async fn an_invoice_comes_by_pages_whose_totals_are_of_all_lines() {
    let host = Host::start().await;
    let plan = json!({"name": "pro", "currency": "EUR", "effectiveFrom": "2026-05-01",
        "freeRequests": 1, "perThousand": "10"});
    let plan = host.sent("POST", "/api-price-plans", plan, 201).await;
    for n in 0..5 {
        let mut key = json!({"externalId": format!("k{n}")});
        if n < 3 {
            key["pricePlanId"] = plan["id"].clone();
        }
        host.sent("POST", "/api-keys", key, 201).await;
        host.hits(&format!("k{n}"), 100 + n, 200, NOW);
    }
    let (mut lines, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("/api-metrics/billing/invoice?month=2026-05&limit=3{cursor}");
        let page = host.json(&path).await;
        pages += 1;
        for (at, currency, total, count) in [(0, "EUR", "3.00", 6), (1, "USD", "0.00", 2)] {
            let of = &page["data"][at];
            assert_eq!(
                (&of["currency"], &of["total"], &of["lineCount"]),
                (&json!(currency), &json!(total), &json!(count))
            );
            for line in of["lines"].as_array().unwrap() {
                lines.push((
                    currency,
                    line["externalId"].as_str().unwrap().to_owned(),
                    line["quantity"].as_u64().unwrap(),
                ));
            }
        }
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let line = |currency, key: &str, quantity| (currency, key.to_owned(), quantity);
    assert_eq!(
        lines,
        [
            line("EUR", "k0", 1),
            line("EUR", "k0", 99),
            line("EUR", "k1", 1),
            line("EUR", "k1", 100),
            line("EUR", "k2", 1),
            line("EUR", "k2", 101),
            line("USD", "k3", 103),
            line("USD", "k4", 104),
        ]
    );
    assert_eq!(pages, 3);
    let csv = host
        .get("/api-metrics/billing/invoice?month=2026-05&format=csv&limit=1")
        .await;
    let csv = csv.text().await.unwrap();
    assert_eq!(csv.lines().count(), 1 + 8 + 2, "{csv}");
}

#[tokio::test]
async fn a_bill_is_explained_with_the_same_amounts() {
    let host = Host::start().await;
    let plan = json!({"name": "pro", "currency": "EUR", "effectiveFrom": "2026-04-01",
        "freeRequests": 2, "tiers": [{"fromRequests": 0, "perThousand": "10"},
            {"fromRequests": 5, "perThousand": "2.5"}]});
    let plan = host.sent("POST", "/api-price-plans", plan, 201).await;
    let key = json!({"externalId": "k1", "pricePlanId": plan["id"], "pricePlanFrom": "2026-04-01"});
    let key = host.sent("POST", "/api-keys", key, 201).await;
    host.hits("k1", 4, 200, NOW - 86_400);
    host.hits("k1", 3, 200, NOW);
    let path = format!("/api-metrics/billing/keys/{}", key["id"]);
    let bill = host.json(&path).await;
    let days: Vec<_> = bill["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (&day["date"], &day["position"], &day["cost"]["amount"]))
        .collect();
    assert_eq!(
        days,
        [
            (&json!("2026-05-17"), &json!(4), &json!("0.02")),
            (&json!("2026-05-18"), &json!(7), &json!("0.015"))
        ]
    );
    assert_eq!(bill["plans"][0]["plan"]["tiers"][1]["fromRequests"], 5);
    assert_eq!(bill["invoices"][0]["total"], "0.04");
    let billing = host.json("/api-metrics/billing").await;
    assert_eq!(
        bill["projection"][0]["cost"],
        billing["projection"][0]["projectedCost"]
    );
    assert_eq!(
        bill["projectedRequests"],
        billing["projection"][0]["projectedRequests"]
    );
    // 4 requests in the days that are over; none in April, when they would have cost the same.
    let before = &bill["before"];
    assert_eq!(
        (
            &before["days"],
            &before["requests"],
            &before["requestsBefore"]
        ),
        (&json!(17), &json!(4), &json!(0))
    );
    assert_eq!(
        (&before["byUsage"], &before["byPrices"]),
        (&json!("0.02"), &json!("0"))
    );
    let names: Vec<_> = bill["alternatives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| (&of["plan"]["name"], &of["isCurrent"], &of["difference"]))
        .collect();
    assert_eq!(
        names,
        [
            (&json!("default"), &json!(false), &json!(null)),
            (&json!("pro"), &json!(true), &json!("0"))
        ]
    );
    host.problem("/api-metrics/billing/keys/99", 404).await;
}

#[tokio::test]
async fn a_channel_is_muted_and_listed_as_that() {
    let host = Host::start().await;
    let body = |muted: bool| json!({"channel": "log", "muted": muted});
    // Neither this process nor any delivery knows it.
    host.sent("PATCH", "/api-alerts/channels", body(true), 404)
        .await;
    let key = json!({"externalId": "k1", "rateLimitPerMinute": 1});
    host.sent("POST", "/api-keys", key, 201).await;
    host.hits("k1", 5, 200, NOW);
    ControlWorker::default()
        .tick(&*host.store, Some(&host.writer))
        .await
        .unwrap();
    host.sent("PATCH", "/api-alerts/channels", body(true), 204)
        .await;
    let of = host.json("/api-alerts/channels").await["data"][0].clone();
    assert_eq!(
        (&of["channel"], &of["mutedBy"]),
        (&json!("log"), &json!("admin"))
    );
    assert!(of["mutedSince"].is_string(), "{of}");
    host.sent("PATCH", "/api-alerts/channels", body(false), 204)
        .await;
    let of = host.json("/api-alerts/channels").await["data"][0].clone();
    assert_eq!(
        (&of["mutedSince"], &of["mutedBy"]),
        (&json!(null), &json!(null))
    );
}

#[tokio::test]
async fn a_bill_an_invoice_and_the_ledger_agree() {
    let host = Host::start().await;
    let plan = json!({"name": "pro", "currency": "EUR", "effectiveFrom": "2026-05-01",
        "freeRequests": 2, "tiers": [{"fromRequests": 0, "perThousand": "10"},
            {"fromRequests": 5, "perThousand": 2.5}]});
    let plan = host.sent("POST", "/api-price-plans", plan, 201).await;
    assert_eq!(plan["tiers"][1]["perThousand"], "2.5");
    for (name, tenant, plan) in [
        ("k1", "acme", plan["id"].clone()),
        ("k2", "umbrella", json!(null)),
    ] {
        let mut key = json!({"externalId": name, "tenantId": tenant, "pricePlanId": plan});
        if !plan.is_null() {
            key["pricePlanFrom"] = json!("2026-05-01");
        }
        host.sent("POST", "/api-keys", key, 201).await;
    }
    host.hits("k1", 4, 200, NOW - 86_400);
    host.hits("k1", 3, 200, NOW);
    host.hits("k2", 50, 200, NOW);
    host.record(&Hit::of("/nobody"));
    host.flush().await;

    let bill = host.json("/api-metrics/billing").await;
    assert_eq!(
        (&bill["from"], &bill["to"]),
        (&json!("2026-05-01"), &json!("2026-06-01"))
    );
    let eur = |amount: &str| json!([{"amount": amount, "currency": "EUR"}]);
    let acme = &bill["data"][0];
    // 2 free, 2 at 10, then 1 at 10 and 2 at 2.5 for 1,000.
    assert_eq!(
        (&acme["requests"], &acme["cost"]),
        (&json!(7), &eur("0.035"))
    );
    assert_eq!(
        acme["days"],
        json!([
            {"date": "2026-05-17", "periodStart": "2026-05-17T00:00:00Z", "periodEnd": "2026-05-18T00:00:00Z",
                "requests": 4, "notCounted": 0, "cost": eur("0.02")},
            {"date": "2026-05-18", "periodStart": "2026-05-18T00:00:00Z", "periodEnd": "2026-05-19T00:00:00Z",
                "requests": 3, "notCounted": 0, "cost": eur("0.015")},
        ])
    );
    assert_eq!(bill["tenants"][1]["tenantId"], "umbrella");
    assert_eq!(
        bill["total"]["cost"],
        json!([{"amount": "0.035", "currency": "EUR"}, {"amount": "0.001", "currency": "USD"}])
    );
    assert_eq!(bill["unbilledRequests"], 1);
    assert_eq!(bill["projection"].as_array().unwrap().len(), 2);
    let acme = host.json("/api-metrics/billing?tenantId=acme").await;
    assert_eq!(acme["data"].as_array().unwrap().len(), 1);

    let invoice = host
        .json("/api-metrics/billing/invoice?month=2026-05")
        .await;
    let lines = &invoice["data"][0]["lines"];
    let line = |at: usize| {
        let line = &lines[at];
        (
            line["description"].clone(),
            line["quantity"].clone(),
            line["exact"].clone(),
            line["amount"].clone(),
        )
    };
    let said = |text: &str, n: u64, exact: &str, amount: &str| {
        (json!(text), json!(n), json!(exact), json!(amount))
    };
    assert_eq!(
        line(0),
        said("Free allowance of 2 requests", 2, "0", "0.00")
    );
    assert_eq!(line(1), said("Requests", 3, "0.03", "0.03"));
    assert_eq!(line(2), said("Requests above 5", 2, "0.005", "0.01"));
    assert_eq!(invoice["data"][0]["total"], "0.04");
    assert_eq!(
        (&invoice["data"][1]["currency"], &invoice["closed"]),
        (&json!("USD"), &json!(false))
    );

    let csv = host
        .get("/api-metrics/billing/invoice?month=2026-05&format=csv")
        .await;
    assert_eq!(
        csv.headers()["content-disposition"],
        "attachment; filename=\"invoice_2026-05.csv\""
    );
    let csv = csv.text().await.unwrap();
    assert_eq!(csv.lines().count(), 1 + 3 + 1 + 1 + 1, "{csv}");
    assert!(csv.contains(",Total,,,,,,7,,0.035,0.04,EUR,\r\n"), "{csv}");

    let all = host
        .json("/api-metrics/billing/reconciliation?from=2026-05-17")
        .await;
    assert_eq!(all["agrees"], true, "{all:#}");
    let today = &all["days"][1];
    assert_eq!(
        (&today["ledger"], &today["billed"], &today["unbilled"]),
        (&json!(54), &json!(53), &json!(1))
    );
    // Somebody's hand in the tables is seen.
    sqlx::query("UPDATE api_metrics_1m SET request_count = request_count + 1")
        .execute(host.store.pool())
        .await
        .unwrap();
    let all = host
        .json("/api-metrics/billing/reconciliation?from=2026-05-17")
        .await;
    assert_eq!(all["agrees"], false, "{all:#}");
}

#[tokio::test]
async fn a_changed_plan_shows_in_a_bill_at_once() {
    let host = Host::start().await;
    host.hits("k1", 1_000, 200, NOW - 40 * 86_400);
    host.flush().await;
    let path = "/api-metrics/billing?month=2026-04";
    let cost = |bill: Value| bill["total"]["cost"][0]["amount"].clone();
    assert_eq!(cost(host.json(path).await), "0.02");
    let plan = json!({"name": "dear", "perThousand": "7", "effectiveFrom": "2026-01-01"});
    let plan = host.sent("POST", "/api-price-plans", plan, 201).await["id"].clone();
    let key = host.key_id("k1").await;
    let change = json!({"pricePlanId": plan, "pricePlanFrom": "2026-04-01"});
    host.sent("PATCH", &format!("/api-keys/{key}"), change, 200)
        .await;
    assert_eq!(cost(host.json(path).await), "7");
}
