//! Rules over our own health: what processes say of themselves, and the rules that nobody has to make.

use std::{sync::Arc, time::Duration};

use api_metrics::{ApiMetrics, Maintenance};
use api_metrics_store::{
    calendar::Tz,
    control::{
        ControlSettings, ControlWorker,
        alerts::{AlertRule, AlertSpec, AlertType, Comparison, Phase, dry_run, incident::incident},
        audit::AuditQuery,
        health::HealthSample,
    },
    query::{Scope, TimeRange},
    store::{StoreError, Writer},
    time::ManualClock,
};
use api_metrics_tests::{PgDatabase, Proxy};

use crate::{
    alerts::{AlertStage, events},
    harness::{Database, NOON, writer_of},
};

on_both! {
    the_answers_of_all_processes_are_one_distribution
    the_worst_process_decides_and_is_named
    a_process_that_falls_silent_counts_as_cut_off_until_it_tells
    what_is_told_afterwards_is_judged_as_it_was
    a_rule_over_our_own_health_is_tried_and_explained
    our_own_health_is_the_operators_alone
    ready_made_rules_are_made_once_and_never_again
    ready_made_rules_are_switched_off_where_nobody_has_changed_them
    samples_are_kept_for_two_days
}

fn rule(alert_type: AlertType, threshold: f64) -> AlertSpec {
    let mut spec = AlertSpec::new("own", alert_type, Comparison::Gt, threshold);
    spec.window_minutes = 2;
    spec.cooldown_minutes = 0;
    spec
}

/// What a process says of a minute, counted from noon.
fn said(minute: i64) -> HealthSample {
    HealthSample::new(NOON + minute * 60)
}

async fn tell(w: &AlertStage, of: &Writer, samples: &[HealthSample]) {
    let told = w.watch.record_health(&*w.h.store, of.instance.id, samples);
    told.await.unwrap();
}

/// Another process, which the database knows.
async fn other(w: &AlertStage) -> Writer {
    let other = writer_of("other", &w.h.clock);
    w.h.store.flush(&other).await.unwrap();
    other
}

async fn rules(w: &AlertStage) -> Vec<AlertRule> {
    w.h.store.alerts(&Scope::All, 0, 100).await.unwrap()
}

/// A worker that wants the ready-made rules, or does not: each is one start of a process.
async fn started(w: &AlertStage, wanted: bool) {
    let mut settings = ControlSettings::default();
    settings.log_notices = false;
    settings.health_rules = Some(wanted);
    let worker = ControlWorker::new(settings);
    worker.tick(&*w.h.store, None).await.unwrap();
}

fn answered(minute: i64, count: u64, ms: u64) -> HealthSample {
    let mut sample = said(minute);
    for _ in 0..count {
        sample.answers.add(Duration::from_millis(ms));
    }
    sample
}

async fn the_answers_of_all_processes_are_one_distribution(database: Database) {
    let w = AlertStage::on(database).await;
    let other = other(&w).await;
    let mut slow = rule(AlertType::AnswerTime, 200.0);
    (slow.quantile, slow.min_requests, slow.window_minutes) = (Some(0.95), 50, 1);
    w.create(&slow).await;
    // Half of what one process answered is slow, and all of the other's is quick: 95% of all are quick.
    let mut mixed = answered(0, 4, 400);
    mixed.answers.merge(&answered(0, 4, 10).answers);
    tell(&w, &w.writer, &[mixed]).await;
    tell(&w, &other, &[answered(0, 92, 10)]).await;
    assert_eq!(w.judge(0).await, [] as [&str; 0]);
    let mut mixed = answered(1, 10, 400);
    mixed.answers.merge(&answered(1, 10, 10).answers);
    tell(&w, &w.writer, &[mixed]).await;
    tell(&w, &other, &[answered(1, 40, 10)]).await;
    let [message] = w.judge(1).await.try_into().unwrap();
    assert!(
        message.starts_with("p95 time of api-metrics' own answers jumped from ")
            && message.ends_with(" ms (threshold 200 ms) over 1 min, 60 answers"),
        "{message}"
    );
    let value = events(&*w.h.store).await[0].value;
    assert!((value / 400.0 - 1.0).abs() < 0.01, "{value}");
    // Too few to be judged end it.
    tell(&w, &w.writer, &[answered(2, 49, 900)]).await;
    assert_eq!(
        w.judge(2).await,
        [
            "Resolved: p95 time of api-metrics' own answers can't be judged, 49 answers (threshold 200 ms) after 1 min"
        ]
    );
}

async fn the_worst_process_decides_and_is_named(database: Database) {
    let w = AlertStage::on(database).await;
    w.h.store.flush(&w.writer).await.unwrap();
    let other = other(&w).await;
    let mut many = rule(AlertType::OpenStreams, 1_000.0);
    many.window_minutes = 1;
    w.create(&many).await;
    let streams = |minute, open| {
        let mut sample = said(minute);
        sample.open_streams = open;
        sample
    };
    tell(&w, &w.writer, &[streams(0, 900)]).await;
    tell(&w, &other, &[streams(0, 600)]).await;
    assert_eq!(w.judge(0).await, [] as [&str; 0]);
    tell(&w, &other, &[streams(1, 1_200)]).await;
    let [message] = w.judge(1).await.try_into().unwrap();
    let short = &other.instance.id.simple().to_string()[..8];
    assert!(
        message.starts_with("Number of open streams jumped from 900 to 1,200 (threshold 1,000) over 1 min, worst: other")
            && message.contains(short),
        "{message}"
    );
}

async fn a_process_that_falls_silent_counts_as_cut_off_until_it_tells(database: Database) {
    let w = AlertStage::on(database).await;
    w.h.store.flush(&w.writer).await.unwrap();
    let other = other(&w).await;
    w.create(&rule(AlertType::StoreUnreachable, 60.0)).await;
    tell(&w, &other, &[said(0)]).await;
    for minute in 0..=2 {
        tell(&w, &w.writer, &[said(minute)]).await;
        let found = w.judge(minute).await;
        // Silent for a minute, it may be late; for two, it is cut off.
        assert_eq!(found.len(), usize::from(minute == 2), "{minute}: {found:?}");
    }
    assert_eq!(events(&*w.h.store).await[0].value, 120.0);
    // It was there all the time, and nobody heard it.
    tell(&w, &other, &[said(1), said(2), said(3)]).await;
    tell(&w, &w.writer, &[said(3)]).await;
    assert_eq!(
        w.judge(3).await,
        ["Resolved: Time without the store is back at 0 s (threshold 60 s) after 1 min"]
    );
    // One that ends in order is not missed.
    tell(&w, &other, &[said(4)]).await;
    w.h.clock.step_to(NOON + 5 * 60 + 5);
    w.h.store.flush(&other).await.unwrap();
    w.h.store.end(&other).await.unwrap();
    for minute in 4..=7 {
        tell(&w, &w.writer, &[said(minute)]).await;
        assert_eq!(w.judge(minute).await, [] as [&str; 0], "{minute}");
    }
}

async fn what_is_told_afterwards_is_judged_as_it_was(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&rule(AlertType::StoreUnreachable, 90.0)).await;
    tell(&w, &w.writer, &[said(0)]).await;
    assert_eq!(w.judge(0).await, [] as [&str; 0]);
    // Nobody could write or judge for five minutes, of which three were without the store.
    let cut = |minute, seconds| {
        let mut sample = said(minute);
        sample.unreachable = Duration::from_secs(seconds);
        sample
    };
    let afterwards = [said(1), cut(2, 40), cut(3, 60), cut(4, 20), said(5)];
    tell(&w, &w.writer, &afterwards).await;
    let messages = w.judge(5).await;
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].starts_with(
            "Time without the store jumped from 0 s to 100 s (threshold 90 s) over 2 min, worst: "
        ),
        "{}",
        messages[0]
    );
    assert!(messages[1].starts_with("Resolved: Time without the store is back at 80 s"));
    let event = events(&*w.h.store).await.remove(0);
    assert_eq!(event.fired_at, NOON + 4 * 60);
    assert_eq!(event.resolved_at, Some(NOON + 5 * 60));
}

async fn a_rule_over_our_own_health_is_tried_and_explained(database: Database) {
    let w = AlertStage::on(database).await;
    let mut few = rule(AlertType::CacheHitRate, 80.0);
    (few.comparison, few.min_requests) = (Comparison::Lt, 100);
    let made = w.create(&few).await;
    for minute in 0..6 {
        let mut sample = said(minute);
        sample.cache_lookups = if minute == 5 { 10 } else { 100 };
        sample.cache_hits = if minute == 2 {
            20
        } else {
            sample.cache_lookups
        };
        tell(&w, &w.writer, &[sample]).await;
    }
    let range = TimeRange::new(NOON, NOON + 6 * 60);
    let run = dry_run(&*w.h.store, &few, range, Tz::UTC).await.unwrap();
    let values: Vec<_> = run.curve.iter().map(|bin| bin.value).collect();
    let all = Some(100.0);
    assert_eq!(values, [all, all, Some(60.0), Some(60.0), all, all]);
    assert_eq!((run.breaches, run.too_few), (2, 0));
    assert_eq!(run.events.len(), 1);
    assert_eq!(run.events[0].resolved_at, Some(NOON + 5 * 60));
    for minute in 0..6 {
        w.judge(minute).await;
    }
    let event = events(&*w.h.store).await.remove(0);
    assert_eq!(
        event.message,
        "Cache hit rate dropped from 100.0% to 60.0% (threshold 80%) over 2 min, 200 lookups"
    );
    // It is about no requests, so nobody's are named.
    assert_eq!(event.causes, None);
    let now = NOON + 10 * 60;
    let found = incident(&*w.h.store, None, None, event.id, &Scope::All, now, Tz::UTC);
    let found = found.await.unwrap().unwrap();
    assert_eq!(found.rule.map(|rule| rule.id), Some(made.id));
    assert!(found.consumers.is_none() && found.measure.is_none() && found.verdict.is_none());
    let curve = found.curve.unwrap();
    let at = |minute: i64| {
        let point = curve
            .points
            .iter()
            .find(|point| point.at == NOON + minute * 60);
        point.map(|point| (point.value, point.requests))
    };
    assert_eq!(at(3), Some((Some(60.0), 200)));
    assert_eq!(at(0), Some((None, 0)));
}

async fn our_own_health_is_the_operators_alone(database: Database) {
    let w = AlertStage::on(database).await;
    let made = w.create(&rule(AlertType::QueryTime, 500.0)).await;
    let acme = Scope::Tenant("acme".into());
    assert_eq!(w.h.store.alerts(&acme, 0, 10).await.unwrap(), []);
    assert_eq!(w.h.store.alert(made.id, &acme).await.unwrap(), None);
    let mut theirs = rule(AlertType::QueryTime, 500.0);
    theirs.tenant_id = Some("acme".into());
    for refused in [
        w.h.store.create_alert(&theirs, None).await.map(drop),
        w.h.store
            .update_alert(made.id, &Scope::All, None, &theirs, None)
            .await
            .map(drop),
    ] {
        assert!(
            matches!(
                refused,
                Err(StoreError::Invalid {
                    field: "tenantId",
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

async fn ready_made_rules_are_made_once_and_never_again(database: Database) {
    let w = AlertStage::on(database).await;
    started(&w, true).await;
    let made = rules(&w).await;
    let found: Vec<_> = made
        .iter()
        .map(|rule| {
            let spec = &rule.spec;
            (
                spec.alert_type,
                spec.comparison,
                spec.threshold,
                spec.quantile,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (AlertType::AnswerTime, Comparison::Gt, 200.0, Some(0.95)),
            (AlertType::QueryTime, Comparison::Gt, 500.0, Some(0.95)),
            (AlertType::OpenStreams, Comparison::Gt, 1_000.0, None),
            (AlertType::CacheHitRate, Comparison::Lt, 80.0, None),
        ]
    );
    assert!(made.iter().all(|rule| rule.spec.enabled
        && rule.created_by.as_deref() == Some("api-metrics")
        && rule.state.phase == Phase::Ok));
    let trail = w.h.store.audit_trail(&AuditQuery::default()).await.unwrap();
    assert!(trail.iter().all(|entry| entry.actor == "api-metrics"));
    assert_eq!(trail.len(), 4);
    // One is changed, one is switched off, one is deleted: a later start leaves them so.
    let changed = |change: fn(&mut AlertSpec), at: usize| {
        let mut spec = made[at].spec.clone();
        change(&mut spec);
        spec
    };
    let louder = changed(|spec| spec.threshold = 900.0, 0);
    let off = changed(|spec| spec.enabled = false, 1);
    for (at, spec) in [(0, &louder), (1, &off)] {
        let edit =
            w.h.store
                .update_alert(made[at].id, &Scope::All, None, spec, Some("ann"));
        edit.await.unwrap().unwrap();
    }
    let deleted = w.h.store.delete_alert(made[2].id, &Scope::All, Some("ann"));
    assert!(deleted.await.unwrap());
    started(&w, true).await;
    let left: Vec<_> = rules(&w).await.into_iter().map(|rule| rule.spec).collect();
    assert_eq!(left, [louder, off, made[3].spec.clone()]);
}

async fn ready_made_rules_are_switched_off_where_nobody_has_changed_them(database: Database) {
    let w = AlertStage::on(database).await;
    started(&w, false).await;
    assert_eq!(rules(&w).await, []);
    started(&w, true).await;
    let made = rules(&w).await;
    let mut theirs = made[0].spec.clone();
    theirs.threshold = 900.0;
    let edit =
        w.h.store
            .update_alert(made[0].id, &Scope::All, None, &theirs, Some("ann"));
    edit.await.unwrap().unwrap();
    let deleted = w.h.store.delete_alert(made[1].id, &Scope::All, Some("ann"));
    assert!(deleted.await.unwrap());
    started(&w, false).await;
    let left: Vec<_> = rules(&w).await.into_iter().map(|rule| rule.spec).collect();
    assert_eq!(left, [theirs.clone()]);
    // Wanted again, those come back that nobody has touched.
    started(&w, true).await;
    let left: Vec<_> = rules(&w).await.into_iter().map(|rule| rule.spec).collect();
    assert_eq!(left, [theirs, made[2].spec.clone(), made[3].spec.clone()]);
    // A worker of the host's own that says nothing of it leaves them alone.
    w.watch.tick(&*w.h.store, None).await.unwrap();
    assert_eq!(rules(&w).await.len(), 3);
}

async fn samples_are_kept_for_two_days(database: Database) {
    let w = AlertStage::on(database).await;
    let spec = rule(AlertType::DroppedLogRows, 0.0);
    let mut lost = said(0);
    lost.dropped_requests = 3;
    tell(&w, &w.writer, &[lost]).await;
    let told = async || {
        let range = TimeRange::new(NOON, NOON + 120);
        let run = dry_run(&*w.h.store, &spec, range, Tz::UTC).await.unwrap();
        run.breaches
    };
    w.judge(0).await;
    assert_eq!(told().await, 2);
    w.judge(48 * 60).await;
    assert_eq!(told().await, 0);
}

/// The whole of it: a service whose connection is cut for good, and comes back.
#[tokio::test]
async fn a_service_tells_afterwards_how_long_it_could_not_reach_its_database() {
    let database = PgDatabase::create().await;
    let mut wire = Proxy::reserve();
    wire.connect(database.address());
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = ApiMetrics::builder()
        .database(database.url_through(wire.address()))
        .service("shop")
        .no_auth()
        .maintenance(Maintenance::Manual)
        .clock(Arc::<ManualClock>::clone(&clock))
        .start()
        .await
        .unwrap();
    metrics.maintain().await.unwrap();
    metrics.flush().await.unwrap();
    let control = metrics.control().unwrap();
    assert_eq!(control.alerts(&Scope::All, 0, 10).await.unwrap().len(), 4);
    let mut cut = rule(AlertType::StoreUnreachable, 90.0);
    cut.window_minutes = 5;
    control.create_alert(&cut, None).await.unwrap();

    wire.cut().await;
    clock.advance(Duration::from_secs(60));
    metrics.flush().await.unwrap_err();
    for _ in 0..2 {
        clock.advance(Duration::from_secs(60));
        metrics.maintain().await.unwrap_err();
    }
    wire.connect(database.address());
    api_metrics_tests::eventually("a flush", async || metrics.flush().await.ok()).await;
    clock.advance(Duration::from_secs(80));
    api_metrics_tests::eventually("an evaluation", async || {
        metrics.maintain().await.ok().filter(|done| done.led)
    })
    .await;
    let event = events(&*control).await.remove(0);
    assert_eq!(event.value, 120.0);
    assert!(
        event.message.starts_with(
            "Time without the store is 120 s (threshold 90 s) over 5 min, worst: shop on "
        ),
        "{}",
        event.message
    );
    metrics.shutdown().await.unwrap();
}
