//! Rules tried on the past.

use api_metrics_store::{
    calendar::Tz,
    control::{
        alerts::{AlertEvent, AlertSpec, AlertType, Comparison, dry_run},
        keys::KeyChange,
    },
    query::TimeRange,
    store::StoreError,
    time::{Granularity, UnixSeconds},
};
use api_metrics_tests::random::Random;

use crate::{
    alerts::{AlertStage, errors, events},
    harness::{Database, NOON},
    help::Traffic,
};

on_both! {
    a_dry_run_tells_when_a_rule_would_have_fired
    a_dry_run_of_every_type_tells_what_was_really_told
    a_dry_run_counts_what_it_could_not_judge
}

async fn a_dry_run_counts_what_it_could_not_judge(database: Database) {
    let w = AlertStage::on(database).await;
    // 300 minutes of enough requests, 120 of too few, 300 of none; one minute breaches.
    for minute in -720..-300 {
        let requests = if minute < -420 { 100 } else { 9 };
        w.minute(minute, requests, if minute == -600 { 50 } else { 0 });
    }
    w.h.store.flush(&w.writer).await.unwrap();
    let spec = {
        let mut spec = errors();
        spec.min_requests = 10;
        spec
    };
    let range = TimeRange::new(NOON - 720 * 60, NOON);
    let run = dry_run(&*w.h.store, &spec, range, UTC).await.unwrap();
    assert_eq!(
        (run.windows, run.breaches, run.too_few, run.passed_over),
        (720, 1, 420, 0)
    );
    // Two windows a bin; the breach is in the 61st, and not averaged with the quiet minute beside it.
    assert_eq!(run.curve.len(), 360);
    let breached: Vec<_> = run.curve.iter().filter(|bin| bin.breaches > 0).collect();
    assert_eq!(breached.len(), 1);
    assert_eq!(
        (breached[0].at, breached[0].value, breached[0].windows),
        (NOON - 598 * 60, Some(50.0), 2)
    );
    let judged = run.curve.iter().filter(|bin| bin.value.is_some()).count();
    assert_eq!(judged, 150);
    assert!(
        run.curve[150..]
            .iter()
            .all(|bin| bin.too_few == 2 && bin.breaches == 0)
    );
    // A rule that looks for too little keeps the least value of a bin.
    let quiet = AlertSpec::new("quiet", AlertType::RequestVolume, Comparison::Lt, 20.0);
    let quiet = {
        let mut spec = quiet;
        spec.window_minutes = 1;
        spec
    };
    let range = TimeRange::new(NOON - 420 * 60 - 361 * 60, NOON - 420 * 60 + 361 * 60);
    let run = dry_run(&*w.h.store, &quiet, range, UTC).await.unwrap();
    assert_eq!((run.windows, run.too_few), (722, 0));
    assert_eq!(run.curve.len(), 241, "three windows a bin, two in the last");
    assert_eq!(run.curve[240].windows, 2);
    let windows: u64 = run.curve.iter().map(|bin| bin.windows).sum();
    assert_eq!(windows, run.windows);
    let breaches: u64 = run.curve.iter().map(|bin| bin.breaches).sum();
    assert_eq!(breaches, run.breaches);
    // 61 minutes before the first request, 361 of 9 or none.
    assert_eq!(run.breaches, 61 + 361);
}

async fn a_dry_run_tells_when_a_rule_would_have_fired(database: Database) {
    let w = AlertStage::on(database).await;
    for minute in -120..0 {
        let failed = if (-60..-50).contains(&minute) || (-20..-18).contains(&minute) {
            20
        } else {
            1
        };
        w.minute(minute, 100, failed);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    let range = TimeRange::new(NOON - 7_200, NOON);
    let run = dry_run(&*w.h.store, &errors(), range, UTC).await.unwrap();
    assert_eq!(
        (run.step, run.windows, run.breaches),
        (Granularity::Minute, 120, 12)
    );
    let when: Vec<_> = run
        .events
        .iter()
        .map(|e| (e.fired_at - NOON, e.resolved_at.map(|at| at - NOON)))
        .collect();
    assert_eq!(
        when,
        [(-59 * 60, Some(-49 * 60)), (-19 * 60, Some(-17 * 60))]
    );
    assert_eq!(
        run.events[0].message,
        "Error rate jumped from 1.0% to 20.0% (threshold 10%) over 1 min, 100 requests"
    );
    // With the cooldown still running the second one waits, and is over by then.
    let patient = {
        let mut spec = errors();
        spec.cooldown_minutes = 60;
        spec
    };
    assert_eq!(
        dry_run(&*w.h.store, &patient, range, UTC)
            .await
            .unwrap()
            .events
            .len(),
        1
    );
    // Where minutes are no longer kept, windows of five minutes are judged every five minutes.
    let old = TimeRange::new(NOON - 3 * 86_400, NOON - 3 * 86_400 + 3_600);
    let five = {
        let mut spec = errors();
        spec.window_minutes = 5;
        spec
    };
    let run = dry_run(&*w.h.store, &five, old, UTC).await.unwrap();
    assert_eq!(
        (run.step, run.windows, run.events.len()),
        (Granularity::FiveMinutes, 12, 0)
    );
    assert!(matches!(
        dry_run(&*w.h.store, &errors(), old, UTC).await,
        Err(StoreError::Invalid { field: "from", .. })
    ));
    // Nothing was written, nobody was told.
    assert_eq!(events(&*w.h.store).await, []);
}

const UTC: Tz = Tz::UTC;
const WEEK: UnixSeconds = 7 * 86_400;
const MINUTES: i64 = 30;

/// One of each type, at thresholds that random traffic crosses now and then.
fn rules() -> Vec<AlertSpec> {
    let rule = |name: &str, alert_type, comparison, threshold| {
        let mut spec = AlertSpec::new(name, alert_type, comparison, threshold);
        spec.window_minutes = 2;
        spec.cooldown_minutes = 6;
        spec
    };
    vec![
        {
            let mut spec = rule("errors", AlertType::ErrorRate, Comparison::Gt, 12.0);
            spec.endpoint = Some("GET /api/*".into());
            spec.min_requests = 10;
            spec
        },
        rule("mean", AlertType::ResponseTime, Comparison::Gte, 70.0),
        {
            let mut spec = rule("p95", AlertType::ResponseTime, Comparison::Gt, 150.0);
            spec.quantile = Some(0.95);
            spec
        },
        rule("limits", AlertType::RateLimit, Comparison::Gte, 80.0),
        rule("silence", AlertType::RequestVolume, Comparison::Lt, 110.0),
        rule("bytes", AlertType::Bandwidth, Comparison::Gt, 140_000.0),
        rule("odd", AlertType::Anomaly, Comparison::Gt, 2.0),
        rule("odd errors", AlertType::AnomalyErrors, Comparison::Gt, 3.0),
        {
            let mut spec = rule(
                "odd latency",
                AlertType::AnomalyLatency,
                Comparison::Gt,
                2.0,
            );
            spec.quantile = Some(0.9);
            spec
        },
        rule(
            "odd bytes",
            AlertType::AnomalyBandwidth,
            Comparison::Gte,
            2.0,
        ),
    ]
}

async fn a_dry_run_of_every_type_tells_what_was_really_told(database: Database) {
    let w = AlertStage::on(database).await;
    let control = &*w.h.store;
    let key = |name: &str, enabled| {
        let mut change = KeyChange::default();
        change.name = Some(Some(name.into()));
        change.rate_limit_per_minute = Some(Some(30));
        change.enabled = Some(enabled);
        change
    };
    control
        .create_key("a", &key("render-farm", true), None)
        .await
        .unwrap();
    // Out of the watch, however much it sends.
    control
        .create_key("b", &key("switched off", false), None)
        .await
        .unwrap();
    for (week, hourly) in [(1, 3_000), (2, 3_300), (3, 2_700), (4, 3_600)] {
        Traffic::default().send(&w.writer, NOON - week * WEEK + 60, hourly);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.settle().await;
    for spec in &rules() {
        w.create(spec).await;
    }
    let mut random = Random::new(11);
    for minute in 0..MINUTES {
        for (method, endpoint, key) in [
            ("GET", "/api/segments", None),
            ("GET", "/api/orders", Some("a")),
            ("POST", "/api/orders", Some("b")),
        ] {
            for (status, most) in [(200, 40), (503, 6)] {
                Traffic {
                    method,
                    endpoint,
                    key,
                    status,
                    latency_ms: random.below(200),
                }
                .send(&w.writer, NOON + minute * 60 + 7, random.below(most));
            }
        }
        w.judge(minute).await;
    }
    let told = events(&*w.h.store).await;
    let range = TimeRange::new(NOON, NOON + MINUTES * 60);
    for spec in &rules() {
        let run = dry_run(&*w.h.store, spec, range, UTC).await.unwrap();
        let seen: Vec<_> = run
            .events
            .iter()
            .map(|e| (e.fired_at, e.resolved_at, e.value, e.message.as_str()))
            .collect();
        let mut really: Vec<&AlertEvent> = told.iter().filter(|e| e.name == spec.name).collect();
        really.sort_by_key(|e| e.fired_at);
        let really: Vec<_> = really
            .into_iter()
            .map(|e| (e.fired_at, e.resolved_at, e.value, e.message.as_str()))
            .collect();
        assert_eq!(seen, really, "{}", spec.name);
        assert!(!seen.is_empty(), "{} never fired", spec.name);
    }
}
