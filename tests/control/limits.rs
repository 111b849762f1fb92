//! How near keys come to their rate limits.

use std::{sync::Arc, time::Duration};

use api_metrics_store::{
    calendar::Tz,
    control::{
        ControlSettings, ControlStore, ControlWorker,
        alerts::{AlertSpec, AlertType, Comparison, RuleSettings, dry_run},
        keys::KeyChange,
        limits::{LimitSettings, limits_now},
        notify::NoticeKind,
    },
    query::{Scope, TimeRange},
    store::Writer,
    time::{Clock, Granularity, UnixSeconds},
};

use crate::{
    harness::{Database, Harness, NOON, writer_of},
    help::{Memory, Tell, Traffic},
};

on_both! {
    minutes_five_minutes_and_hours_are_recorded_once_they_are_over
    what_is_flushed_late_corrects_its_period
    a_pause_is_recorded_afterwards_and_two_leaders_write_the_same
    a_key_is_told_of_before_its_limit_and_at_it_once_an_hour
    what_no_process_has_folded_yet_counts_now
    a_key_that_is_near_its_limit_for_hours_is_named
    history_ends_after_thirty_days
    a_rule_knows_the_default_limit_of_keys_without_their_own
}

pub(crate) fn limit(requests: u64) -> KeyChange {
    {
        let mut change = KeyChange::default();
        change.name = Some(Some("render-farm".into()));
        change.rate_limit_per_minute = Some(Some(requests));
        change
    }
}

/// The number of a key with a limit of 100.
async fn limited(h: &Harness) -> i64 {
    h.store.create_key("k", &limit(100), None).await.unwrap().id
}

fn send(writer: &Writer, key: &str, at: UnixSeconds, n: u64) {
    Traffic {
        key: Some(key),
        ..Traffic::default()
    }
    .send(writer, at, n);
}

fn quiet() -> ControlWorker {
    api_metrics_tests::worker_for(vec![])
}

/// Start from noon in minutes, requests, percent.
async fn rows(
    store: &dyn ControlStore,
    key: i64,
    granularity: Granularity,
) -> Vec<(i64, u64, f64)> {
    let all = TimeRange::new(0, 4_000_000_000);
    let mut rows: Vec<_> = store
        .utilization(key, granularity, all, 10_000)
        .await
        .unwrap()
        .into_iter()
        .map(|row| {
            let percent = row.utilization_pct;
            let exact = row.requests_made as f64 * 100.0 / row.rate_limit as f64;
            assert!((percent - exact).abs() < 1e-3, "{row:?}");
            ((row.period_start - NOON) / 60, row.requests_made, percent)
        })
        .collect();
    rows.reverse();
    rows
}

async fn minutes_five_minutes_and_hours_are_recorded_once_they_are_over(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let key = limited(&h).await;
    let free = control
        .create_key("free", &KeyChange::default(), None)
        .await
        .unwrap()
        .id;
    let off = {
        let mut change = limit(100);
        change.enabled = Some(false);
        change
    };
    let off = control.create_key("off", &off, None).await.unwrap().id;
    let (writer, watch) = (h.writer(), quiet());
    for minute in 0..61 {
        let at = NOON + minute * 60;
        send(&writer, "k", at + 59, 50);
        for other in ["free", "off"] {
            send(&writer, other, at, 10);
        }
        Traffic::default().send(&writer, at, 10);
        h.clock.step_to(at + 60 + 15);
        h.store.flush(&writer).await.unwrap();
        watch.tick(&*h.store, None).await.unwrap();
        if minute == 3 {
            // Five minutes and the hour are not over.
            assert_eq!(rows(&*h.store, key, Granularity::Minute).await.len(), 4);
            assert_eq!(rows(&*h.store, key, Granularity::FiveMinutes).await, []);
        }
    }
    let minutes = rows(&*h.store, key, Granularity::Minute).await;
    assert_eq!(minutes.len(), 61);
    assert_eq!(minutes[7], (7, 50, 50.0));
    let fives = rows(&*h.store, key, Granularity::FiveMinutes).await;
    assert_eq!((fives.len(), fives[3]), (12, (15, 250, 50.0)));
    assert_eq!(
        rows(&*h.store, key, Granularity::Hour).await,
        [(0, 3_000, 50.0)]
    );
    for other in [free, off] {
        assert_eq!(rows(&*h.store, other, Granularity::Minute).await, []);
    }
}

pub(crate) async fn what_is_flushed_late_corrects_its_period(database: Database) {
    let h = Harness::on(database).await;
    let key = limited(&h).await;
    let (writer, late, watch) = (h.writer(), writer_of("late", &h.clock), quiet());
    send(&writer, "k", NOON, 40);
    send(&late, "k", NOON + 30, 20);
    h.store.flush(&writer).await.unwrap();
    h.clock.step_to(NOON + 75);
    watch.tick(&*h.store, None).await.unwrap();
    assert_eq!(
        rows(&*h.store, key, Granularity::Minute).await,
        [(0, 40, 40.0)]
    );
    h.clock.step_to(NOON + 300);
    h.store.flush(&late).await.unwrap();
    watch.tick(&*h.store, None).await.unwrap();
    assert_eq!(
        rows(&*h.store, key, Granularity::Minute).await,
        [(0, 60, 60.0)]
    );
}

async fn a_pause_is_recorded_afterwards_and_two_leaders_write_the_same(database: Database) {
    let h = Harness::on(database).await;
    let key = limited(&h).await;
    let (writer, first) = (h.writer(), quiet());
    h.clock.step_to(NOON + 15);
    first.tick(&*h.store, None).await.unwrap();
    // Nobody records for two hours.
    for minute in 0..120 {
        send(&writer, "k", NOON + minute * 60, 10);
    }
    h.clock.step_to(NOON + 120 * 60 + 15);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let other = h.database.store(&h.clock);
    let second = quiet();
    let (a, b) = tokio::join!(first.tick(&*h.store, None), second.tick(&*other, None));
    a.unwrap();
    b.unwrap();
    for _ in 0..3 {
        first.tick(&*h.store, None).await.unwrap();
    }
    let minutes = rows(&*h.store, key, Granularity::Minute).await;
    assert_eq!(minutes.len(), 120);
    assert!(minutes.iter().all(|(_, made, _)| *made == 10));
    assert_eq!(
        rows(&*h.store, key, Granularity::Hour).await,
        [(0, 600, 10.0), (60, 600, 10.0)]
    );
}

async fn a_key_is_told_of_before_its_limit_and_at_it_once_an_hour(database: Database) {
    let h = Harness::on(database).await;
    limited(&h).await;
    let (writer, memory) = (h.writer(), Arc::new(Memory::default()));
    let watch = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
    let tell = async |at: UnixSeconds, n| {
        send(&writer, "k", at, n);
        h.store.flush(&writer).await.unwrap();
        h.clock.step_to(at);
        watch.tick(&*h.store, None).await.unwrap();
        memory.take()
    };
    assert_eq!(tell(NOON + 20, 79).await, []);
    let near = tell(NOON + 30, 3).await;
    assert_eq!(near.len(), 1);
    assert_eq!(near[0].kind, NoticeKind::RateLimitNear);
    assert_eq!(
        near[0].message,
        "Key 'render-farm' is at 82/100 req/min: at this pace the limit is hit in 14 s"
    );
    assert_eq!((near[0].value, near[0].threshold), (Some(82.0), 80.0));
    assert_eq!(tell(NOON + 40, 3).await, [], "told already");
    let hit = tell(NOON + 50, 40).await;
    assert_eq!(
        hit[0].message,
        "Key 'render-farm' is at 125/100 req/min: the limit is hit"
    );
    assert_ne!(hit[0].id, near[0].id);
    // The same hour stays quiet, the next one does not.
    for minute in 1..59 {
        assert_eq!(tell(NOON + minute * 60 + 30, 120).await, [], "{minute}");
    }
    assert_eq!(tell(NOON + 3_630, 85).await.len(), 1);
}

async fn what_no_process_has_folded_yet_counts_now(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    limited(&h).await;
    let tenant = {
        let mut change = limit(10);
        change.tenant_id = Some(Some("acme".into()));
        change
    };
    control.create_key("t", &tenant, None).await.unwrap();
    let (own, other) = (h.writer(), writer_of("other", &h.clock));
    send(&own, "k", NOON - 30, 60);
    send(&other, "k", NOON, 5);
    h.store.flush(&own).await.unwrap();
    h.store.fold().await.unwrap();
    h.store.flush(&other).await.unwrap();
    send(&own, "k", NOON, 7);
    send(&own, "t", NOON, 9);
    h.clock.step_to(NOON + 15);
    let now = h.clock.unix_seconds();
    let settings = LimitSettings::default();
    let all = limits_now(&*h.store, &settings, &Scope::All, now, Some(&own))
        .await
        .unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|l| (l.key.external_id.as_str(), l.used, l.before))
        .collect();
    // The nearest first.
    assert_eq!(seen, [("t", 9, 0), ("k", 12, 60)]);
    // 12 in this minute, and three quarters of the 60 before.
    assert_eq!(all[1].requests_per_minute, 57.0);
    let acme = Scope::Tenant("acme".into());
    let of_acme = limits_now(&*h.store, &settings, &acme, now, Some(&own))
        .await
        .unwrap();
    assert_eq!(of_acme.len(), 1);
}

pub(crate) async fn a_key_that_is_near_its_limit_for_hours_is_named(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let near = control
        .create_key("near", &limit(10), None)
        .await
        .unwrap()
        .id;
    control
        .create_key("busy once", &limit(10), None)
        .await
        .unwrap();
    let (writer, watch) = (h.writer(), quiet());
    watch.tick(&*h.store, None).await.unwrap();
    for minute in 0..180 {
        let at = NOON + minute * 60;
        send(&writer, "near", at, if minute < 120 { 9 } else { 1 });
        send(&writer, "busy once", at, if minute < 40 { 10 } else { 1 });
    }
    h.clock.step_to(NOON + 180 * 60 + 15);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    watch.tick(&*h.store, None).await.unwrap();
    let settings = LimitSettings::default();
    let now = h.clock.unix_seconds();
    let found = control
        .near_limits(&settings, &Scope::All, now)
        .await
        .unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (
            found[0].api_key_id,
            found[0].active_periods,
            found[0].near_periods
        ),
        (near, 36, 24)
    );
    assert!((found[0].share_pct - 66.666).abs() < 0.01);
    let nobody = Scope::Tenant("nobody".into());
    assert_eq!(
        control.near_limits(&settings, &nobody, now).await.unwrap(),
        []
    );
    // A day later it is no longer so.
    assert_eq!(
        control
            .near_limits(&settings, &Scope::All, now + 86_400)
            .await
            .unwrap(),
        []
    );
}

pub(crate) async fn history_ends_after_thirty_days(database: Database) {
    let h = Harness::on(database).await;
    let key = limited(&h).await;
    let (writer, watch) = (h.writer(), quiet());
    send(&writer, "k", NOON, 1);
    h.store.flush(&writer).await.unwrap();
    h.clock.step_to(NOON + 75);
    watch.tick(&*h.store, None).await.unwrap();
    let month = Duration::from_secs(30 * 86_400 - 600);
    h.clock.advance(month);
    watch.tick(&*h.store, None).await.unwrap();
    assert_eq!(rows(&*h.store, key, Granularity::Minute).await.len(), 1);
    h.clock.advance(Duration::from_secs(1_200));
    watch.tick(&*h.store, None).await.unwrap();
    assert_eq!(rows(&*h.store, key, Granularity::Minute).await, []);
}

async fn a_rule_knows_the_default_limit_of_keys_without_their_own(database: Database) {
    let h = Harness::on(database).await;
    let mut near = AlertSpec::new("near", AlertType::RateLimit, Comparison::Gte, 80.0);
    near.window_minutes = 1;
    h.store.create_alert(&near, None).await.unwrap();
    // Its own limit is not near.
    let own = limit(1_000);
    h.store.create_key("own", &own, None).await.unwrap();
    let writer = h.writer();
    for (key, n) in [("own", 95), ("bare", 90), ("<other key>", 99)] {
        send(&writer, key, NOON, n);
    }
    h.store.flush(&writer).await.unwrap();
    h.clock.step_to(NOON + 75);
    let mut limits = LimitSettings::default();
    limits.default_rate_limit = Some(100);
    let range = TimeRange::new(NOON, NOON + 60);
    let tried = async |settings: RuleSettings| {
        let run = dry_run(&*h.store, &near, range, settings).await.unwrap();
        let messages = run.events.into_iter().map(|event| event.message);
        messages.collect::<Vec<_>>()
    };
    assert_eq!(tried(Tz::UTC.into()).await, [] as [&str; 0]);
    let expected =
        "Key 'bare' is at 90/100 req/min, 90.0% (threshold 80%) over 1 min, 284 requests";
    assert_eq!(
        tried(RuleSettings::new(Tz::UTC, limits.clone())).await,
        [expected]
    );
    let memory = Arc::new(Memory::default());
    let mut settings = ControlSettings::default();
    settings.log_notices = false;
    settings.limits = limits;
    settings.notifiers = vec![Arc::new(Tell("memory", memory.clone()))];
    ControlWorker::new(settings)
        .tick(&*h.store, None)
        .await
        .unwrap();
    let fired = memory.take().into_iter();
    let fired: Vec<_> = fired
        .filter(|notice| notice.kind == NoticeKind::AlertFired)
        .map(|notice| notice.message)
        .collect();
    assert_eq!(fired, [expected]);
}
