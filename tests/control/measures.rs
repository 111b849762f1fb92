//! What a rule measures.

use api_metrics_store::{
    control::{
        alerts::{AlertSpec, AlertType, Comparison},
        keys::KeyChange,
    },
    time::UnixSeconds,
};

use crate::{
    harness::{Database, NOON},
    help::{Traffic, by_hand},
};

use crate::alerts::{AlertStage, errors, events};

on_both! {
    four_requests_page_nobody
    a_glob_sums_all_endpoints_that_it_matches
    quantiles_and_means_are_judged_in_milliseconds
    silence_breaches_a_volume_that_must_not_fall
    a_rate_limit_names_the_busiest_key
    an_anomaly_needs_a_history_and_is_held_against_it
    a_coarsened_span_is_not_judged_in_part
    a_rule_of_an_environment_watches_its_requests_alone
}

async fn four_requests_page_nobody(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&{
        let mut spec = errors();
        spec.min_requests = 5;
        spec
    })
    .await;
    w.minute(0, 4, 4);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    w.minute(1, 5, 4);
    assert_eq!(w.judge(1).await.len(), 1);
    w.minute(2, 4, 4);
    assert_eq!(
        w.judge(2).await,
        [
            "Resolved: Error rate can't be judged with 4 requests in 1 min (threshold 10%) after 1 min"
        ]
    );
}

async fn a_glob_sums_all_endpoints_that_it_matches(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&{
        let mut spec = errors();
        spec.endpoint = Some("GET /users/*".into());
        spec
    })
    .await;
    let at = |method, endpoint, status, n| {
        Traffic {
            method,
            endpoint,
            status,
            ..Traffic::default()
        }
        .send(&w.writer, NOON, n);
    };
    at("GET", "/users/{id}", 500, 10);
    at("GET", "/users/{id}/orders", 200, 60);
    at("POST", "/users/{id}", 500, 500);
    at("GET", "/orders", 500, 500);
    assert_eq!(
        w.judge(0).await,
        ["Error rate for GET /users/* is 14.3% (threshold 10%) over 1 min, 70 requests"]
    );
}

async fn quantiles_and_means_are_judged_in_milliseconds(database: Database) {
    let w = AlertStage::on(database).await;
    let slow = {
        let mut spec = AlertSpec::new("slow", AlertType::ResponseTime, Comparison::Gt, 500.0);
        spec.window_minutes = 1;
        spec.quantile = Some(0.95);
        spec
    };
    w.create(&slow).await;
    w.create(&{
        let mut spec = slow;
        spec.quantile = None;
        spec
    })
    .await;
    let at = |minute: i64, latency_ms, n| {
        Traffic {
            latency_ms,
            ..Traffic::default()
        }
        .send(&w.writer, NOON + minute * 60, n);
    };
    at(0, 20, 100);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    at(1, 20, 94);
    at(1, 1_000, 6);
    let told = w.judge(1).await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("p95 response time jumped from 20"),
        "{told:?}"
    );
    assert!(
        told[0].ends_with("ms (threshold 500 ms) over 1 min, 100 requests"),
        "{told:?}"
    );
    at(2, 1_000, 100);
    assert_eq!(
        w.judge(2).await,
        [
            "Average response time jumped from 78.8 ms to 1,000 ms (threshold 500 ms) over 1 min, 100 requests"
        ]
    );
}

async fn silence_breaches_a_volume_that_must_not_fall(database: Database) {
    let w = AlertStage::on(database).await;
    let quiet = {
        let mut spec = AlertSpec::new("quiet", AlertType::RequestVolume, Comparison::Lt, 10.0);
        spec.window_minutes = 1;
        spec
    };
    w.create(&quiet).await;
    let wide = {
        let mut spec = AlertSpec::new("wide", AlertType::Bandwidth, Comparison::Gt, 99_000.0);
        spec.window_minutes = 1;
        spec
    };
    w.create(&wide).await;
    w.minute(0, 99, 0);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    assert_eq!(
        w.judge(1).await,
        ["Request volume dropped from 99 to 0 (threshold 10) over 1 min, 0 requests"]
    );
    w.minute(2, 100, 0);
    let mut told = w.judge(2).await;
    told.sort();
    assert_eq!(
        told,
        [
            "Bandwidth is 100 kB (threshold 99 kB) over 1 min, 100 requests",
            "Resolved: Request volume is back at 100 (threshold 10) after 1 min",
        ]
    );
}

async fn a_rate_limit_names_the_busiest_key(database: Database) {
    let w = AlertStage::on(database).await;
    let control = &*w.h.store;
    let limited = |name: &str, limit| {
        let mut change = KeyChange::default();
        change.name = Some(Some(name.into()));
        change.rate_limit_per_minute = Some(limit);
        // Limits and quotas have notices of their own; here only the rule is to speak.
        change.enabled = Some(true);
        change
    };
    control
        .create_key("a", &limited("render-farm", Some(100)), None)
        .await
        .unwrap();
    control
        .create_key("b", &limited("batch", Some(1_000)), None)
        .await
        .unwrap();
    control
        .create_key("c", &limited("free", None), None)
        .await
        .unwrap();
    let near = {
        let mut spec = AlertSpec::new("near", AlertType::RateLimit, Comparison::Gte, 80.0);
        spec.window_minutes = 5;
        spec
    };
    w.create(&near).await;
    let send = |key, minute: i64, n| {
        Traffic {
            key: Some(key),
            ..Traffic::default()
        }
        .send(&w.writer, NOON + minute * 60, n)
    };
    send("a", 0, 79);
    send("b", 0, 500);
    send("c", 0, 5_000);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    send("a", 1, 82);
    let told = w.judge(1).await;
    assert_eq!(
        told.iter()
            .filter(|m| m.contains("threshold"))
            .collect::<Vec<_>>(),
        [
            "Key 'render-farm' is at 82/100 req/min, 82.0% (threshold 80%) over 5 min, 5,661 requests"
        ]
    );
    let event = &events(&*w.h.store).await[0];
    assert_eq!(event.value, 82.0);
}

async fn an_anomaly_needs_a_history_and_is_held_against_it(database: Database) {
    const WEEK: UnixSeconds = 7 * 86_400;
    let w = AlertStage::on(database).await;
    let odd = {
        let mut spec = AlertSpec::new("odd", AlertType::Anomaly, Comparison::Gt, 4.0);
        spec.cooldown_minutes = 0;
        spec
    };
    w.create(&odd).await;
    // 300 a minute, now. The same hour of earlier weeks: about 100 a minute.
    let now = |minute: i64| Traffic::default().send(&w.writer, NOON + minute * 60, 300);
    for minute in 0..5 {
        now(minute);
    }
    assert_eq!(w.judge(4).await, Vec::<String>::new());
    for (week, hourly) in [(1, 6_000), (2, 6_600)] {
        Traffic::default().send(&w.writer, NOON - week * WEEK + 600, hourly);
    }
    // Two weeks are no history. What is usual is read once an hour and rule, so another process asks.
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.settle().await;
    let judge = async |minute: i64| {
        w.h.store.flush(&w.writer).await.unwrap();
        w.h.clock.step_to(NOON + (minute + 1) * 60 + 15);
        api_metrics_tests::worker_for(Vec::new())
            .evaluate(&*w.h.store, None)
            .await
            .unwrap()
    };
    now(5);
    assert_eq!(judge(5).await.fired, 0);
    // The week that went wild does not matter.
    for (week, hourly) in [(3, 5_400), (4, 60_000)] {
        Traffic::default().send(&w.writer, NOON - week * WEEK + 600, hourly);
    }
    // The hour before is another hour of the week.
    Traffic::default().send(&w.writer, NOON - WEEK - 600, 60_000);
    now(6);
    assert_eq!(judge(6).await.fired, 1);
    let event = events(&*w.h.store).await.remove(0);
    // Rates 100, 110, 90, 1,000: median 105, deviations 5, 5, 15, 895 with median 10, so 14.8.
    assert!(
        (event.value - (300.0 - 105.0) / 14.826).abs() < 0.001,
        "{}",
        event.value
    );
    assert_eq!(
        event.message,
        "Requests are at 300 req/min, usually 105 at this hour of the week: 13.2 deviations (threshold 4 deviations) \
         over 5 min, 1,500 requests"
    );
}

async fn a_coarsened_span_is_not_judged_in_part(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    w.create(&{
        let mut spec = errors();
        spec.window_minutes = 5;
        spec.cooldown_minutes = 0;
        spec
    })
    .await;
    // An outage made a process count five minutes as one.
    let to = NOON + 300;
    by_hand(
        &w.h.database,
        &format!(
            "INSERT INTO api_metrics.coarse (period_from, period_to) VALUES (to_timestamp({NOON}), to_timestamp({to}))"
        ),
        &format!("INSERT INTO api_metrics_coarse (period_from, period_to) VALUES ({NOON}, {to})"),
    )
    .await;
    w.minute(0, 500, 100);
    for minute in 0..4 {
        assert_eq!(
            w.judge(minute).await,
            Vec::<String>::new(),
            "minute {minute}"
        );
    }
    // The window that holds the span whole is judged; the minutes within it never are.
    assert_eq!(
        w.judge(4).await,
        ["Error rate is 20.0% (threshold 10%) over 5 min, 500 requests"]
    );
    w.minute(5, 100, 50);
    assert_eq!(
        w.judge(5).await,
        ["Error rate is 50.0% (threshold 10%) over 1 min, 100 requests"]
    );
}

async fn a_rule_of_an_environment_watches_its_requests_alone(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    // The stage's own writer is of the environment `test`.
    spec.environment = Some("live".to_owned());
    w.create(&spec).await;
    let mut live = w.h.writer();
    live.instance.environment = "live".to_owned();
    let send = |writer, minute: i64, status| {
        Traffic::default()
            .status(status)
            .send(writer, NOON + minute * 60, 10);
    };
    send(&w.writer, 0, 500);
    send(&live, 0, 200);
    w.h.store.flush(&live).await.unwrap();
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    send(&w.writer, 1, 200);
    send(&live, 1, 500);
    w.h.store.flush(&live).await.unwrap();
    let told = w.judge(1).await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("Error rate in live jumped from 0.0% to 100.0%"),
        "{told:?}"
    );
}
