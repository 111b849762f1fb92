//! The weekly digest: what it says of planted weeks, and that there is one of each.

use std::{sync::Arc, time::Duration};

use api_metrics_store::{
    control::{
        ControlSettings, ControlWorker,
        keys::KeyChange,
        notify::{Notice, NoticeKind},
    },
    store::Writer,
};

use crate::{
    harness::{Database, Harness, NOON},
    help::{Memory, Tell, Traffic},
};

on_both! {
    a_week_is_summed_up_once_when_its_digest_is_due
    a_digest_that_is_a_day_late_is_not_sent
}

const DAY: i64 = 86_400;

fn worker() -> (ControlWorker, Arc<Memory>) {
    let memory = Arc::new(Memory::default());
    let mut settings = ControlSettings::default();
    settings.log_notices = false;
    settings.notifiers = vec![Arc::new(Tell("memory", memory.clone()))];
    // Noon is that of a Tuesday.
    settings.weekly_digest = Some("Tue 12:00".parse().unwrap());
    (ControlWorker::new(settings), memory)
}

/// Two weeks of requests, and a key that has used most of its quota.
async fn weeks(h: &Harness) -> Writer {
    let writer = h.writer();
    let mut change = KeyChange::default();
    change.quota_limit = Some(Some(100));
    h.store.create_key("farm", &change, None).await.unwrap();
    let send = |endpoint, status, latency_ms, at, n| {
        let traffic = Traffic {
            endpoint,
            status,
            latency_ms,
            ..Traffic::default()
        };
        traffic.send(&writer, at, n);
    };
    let (week, before) = (NOON - 3 * DAY, NOON - 9 * DAY);
    send("/orders", 200, 20, before, 200);
    send("/gone", 200, 20, before, 150);
    send("/orders", 200, 20, week, 130);
    send("/orders", 503, 20, week, 30);
    send("/reports", 200, 500, week, 120);
    // Neither of the week nor of the one before.
    send("/orders", 200, 20, NOON - 20 * DAY, 1_000);
    send("/orders", 200, 20, NOON - 60, 1_000);
    let farm = Traffic {
        endpoint: "/orders",
        key: Some("farm"),
        ..Traffic::default()
    };
    farm.send(&writer, week, 90);
    h.store.flush(&writer).await.unwrap();
    // Another version, for which nobody has done anything yet.
    let mut second = h.writer();
    "2.0.0".clone_into(&mut second.instance.version);
    let probe = Traffic {
        endpoint: "/orders",
        latency_ms: 20,
        ..Traffic::default()
    };
    probe.send(&second, week + 60, 10);
    h.store.flush(&second).await.unwrap();
    while h.store.fold().await.unwrap().more {}
    writer
}

fn sections(notice: &Notice) -> Vec<(&str, Vec<&str>)> {
    let digest = notice.digest.as_ref().unwrap();
    digest
        .sections
        .iter()
        .map(|section| {
            let lines = section.lines.iter().map(String::as_str).collect();
            (section.title.as_str(), lines)
        })
        .collect()
}

async fn a_week_is_summed_up_once_when_its_digest_is_due(database: Database) {
    let h = Harness::on(database).await;
    weeks(&h).await;
    h.clock.step_to(NOON - 60);
    let (early, told) = worker();
    early.tick(&*h.store, None).await.unwrap();
    let digests = |memory: &Memory| -> Vec<Notice> {
        let all = memory.take();
        let digest = |notice: &Notice| notice.kind == NoticeKind::WeeklyDigest;
        all.into_iter().filter(digest).collect()
    };
    // That of the week before is a week late.
    assert_eq!(digests(&told), []);
    h.clock.step_to(NOON + 5);
    early.tick(&*h.store, None).await.unwrap();
    let told = digests(&told);
    let [digest] = &told[..] else {
        panic!("not one digest: {told:?}")
    };
    assert_eq!(digest.title, "The week from 3 March to 9 March 2026");
    assert_eq!(
        digest.message,
        "380 requests (+8.6% against the week before), 7.9% errors, p95 500 ms"
    );
    assert_eq!(
        sections(digest),
        [
            (
                "Traffic",
                vec![
                    "380 requests (+8.6% against the week before)",
                    "7.9% errors: 0 of the client, 30 of the server; 0.0% the week before",
                    "p95 500 ms, 20 ms the week before",
                ]
            ),
            (
                "Most errors",
                vec!["GET /orders (shop): 30 of 260 requests"]
            ),
            (
                "Slowest",
                vec![
                    "GET /reports (shop): p95 500 ms, 120 requests",
                    "GET /orders (shop): p95 20 ms, 260 requests",
                ]
            ),
            (
                "Changed most",
                vec![
                    "GET /gone (shop): silent, 150 requests before",
                    "GET /reports (shop): new, 120 requests",
                    "GET /orders (shop): 11.5% errors, 0.0% before",
                ]
            ),
            (
                "Releases",
                vec!["Too few requests to tell: 10 of 2.0.0, 0 of 1.0.0 (shop)"]
            ),
            ("Quotas", vec!["farm: 90.0% of 100 requests"]),
            (
                "Bill so far",
                vec![
                    "0.00 USD for 90 requests since 1 March, about 0.01 USD by the end of the month"
                ]
            ),
        ]
    );
    // Neither this process nor another one sends it again.
    let (other, again) = worker();
    for minute in 1..4 {
        h.clock.step_to(NOON + minute * 61);
        early.tick(&*h.store, None).await.unwrap();
        other.tick(&*h.store, None).await.unwrap();
    }
    assert_eq!(digests(&again), []);
    // The next one is due in a week.
    h.clock.step_to(NOON + 7 * DAY + 5);
    other.tick(&*h.store, None).await.unwrap();
    let next = digests(&again);
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].title, "The week from 10 March to 16 March 2026");
    assert_ne!(next[0].id, digest.id);
}

async fn a_digest_that_is_a_day_late_is_not_sent(database: Database) {
    let h = Harness::on(database).await;
    weeks(&h).await;
    let (worker, told) = worker();
    h.clock.step_to(NOON + DAY + 1);
    worker.tick(&*h.store, None).await.unwrap();
    assert!(
        told.take()
            .iter()
            .all(|notice| notice.kind != NoticeKind::WeeklyDigest)
    );
    h.clock.advance(Duration::from_secs(60));
    worker.tick(&*h.store, None).await.unwrap();
    assert!(
        told.take()
            .iter()
            .all(|notice| notice.kind != NoticeKind::WeeklyDigest)
    );
}
