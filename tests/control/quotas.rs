//! Quotas through months, leap days and changes of clocks.

use std::sync::Arc;

use api_metrics_store::{
    calendar::Tz,
    control::{
        keys::KeyChange,
        notify::NoticeKind,
        quotas::{QuotaPeriod, QuotaSettings, QuotaUsage, quota_usage},
    },
    query::Scope,
    store::Writer,
    time::{Clock, UnixSeconds},
};
use chrono::DateTime;

use crate::{
    harness::{Database, Harness, writer_of},
    help::{Memory, Tell, Traffic},
};

on_both! {
    a_month_ends_with_its_last_second_through_a_leap_day
    months_of_a_zone_begin_at_its_midnight_through_changes_of_clocks
    a_month_anchored_on_the_31st_begins_on_the_last_day_of_short_ones
    a_key_made_within_a_period_has_all_of_it
    rolling_days_begin_with_the_keys_creation_or_its_anchor
    what_nobody_has_folded_yet_is_used
    only_the_answers_that_count_are_used
    each_threshold_is_told_once_a_period_and_a_new_limit_begins_anew
}

pub(crate) fn at(text: &str) -> UnixSeconds {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

fn quota(limit: u64) -> KeyChange {
    {
        let mut change = KeyChange::default();
        change.quota_limit = Some(Some(limit));
        change
    }
}

fn send(writer: &Writer, when: &str, n: u64) {
    Traffic {
        key: Some("k"),
        ..Traffic::default()
    }
    .send(writer, at(when), n);
}

async fn usage(h: &Harness, settings: &QuotaSettings, own: Option<&Writer>) -> QuotaUsage {
    let keys = h.store.all_keys(&Scope::All).await.unwrap();
    let now = h.clock.unix_seconds();
    quota_usage(&*h.store, settings, &keys, now, own)
        .await
        .unwrap()
        .remove(0)
}

async fn a_month_ends_with_its_last_second_through_a_leap_day(database: Database) {
    let h = Harness::on(database).await;
    h.clock.step_to(at("2028-02-10T00:00:00Z"));
    h.store.create_key("k", &quota(10), None).await.unwrap();
    let writer = h.writer();
    let settings = QuotaSettings::default();
    for (when, n) in [
        ("2028-02-28T23:59:59Z", 1),
        ("2028-02-29T12:00:00Z", 2),
        ("2028-02-29T23:59:59Z", 3),
        ("2028-03-01T00:00:00Z", 4),
    ] {
        h.clock.step_to(at(when));
        send(&writer, when, n);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    h.clock.step_to(at("2028-02-29T23:59:59Z"));
    let february = usage(&h, &settings, None).await;
    assert_eq!((february.used, february.remaining), (6, 4));
    assert_eq!(february.period.to, at("2028-03-01T00:00:00Z"));
    assert!(!february.approximate);
    h.clock.step_to(at("2028-03-01T00:00:01Z"));
    let march = usage(&h, &settings, None).await;
    assert_eq!((march.used, march.percentage), (4, 40.0));
    assert_eq!(march.period.to, at("2028-04-01T00:00:00Z"));
}

async fn a_month_anchored_on_the_31st_begins_on_the_last_day_of_short_ones(database: Database) {
    let h = Harness::on(database).await;
    h.clock.step_to(at("2028-01-31T10:00:00Z"));
    let mut anchored = quota(100);
    anchored.quota_period = Some(Some(QuotaPeriod::Month));
    anchored.quota_anchor = Some(Some(at("2027-12-31T10:42:00Z")));
    h.store.create_key("k", &anchored, None).await.unwrap();
    let writer = h.writer();
    for (when, n) in [
        ("2028-02-29T09:59:59Z", 1),
        ("2028-02-29T10:00:00Z", 2),
        ("2028-03-31T09:59:59Z", 4),
        ("2028-03-31T10:00:00Z", 8),
        ("2028-04-30T09:59:59Z", 16),
        ("2028-04-30T10:00:00Z", 32),
    ] {
        h.clock.step_to(at(when));
        send(&writer, when, n);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    for (now, used, from, to) in [
        ("2028-02-29T09:59:59Z", 1, "2028-01-31T10", "2028-02-29T10"),
        ("2028-03-30T10:00:00Z", 6, "2028-02-29T10", "2028-03-31T10"),
        ("2028-04-30T09:59:59Z", 24, "2028-03-31T10", "2028-04-30T10"),
        ("2028-05-01T00:00:00Z", 32, "2028-04-30T10", "2028-05-31T10"),
    ] {
        h.clock.step_to(at(now));
        let usage = usage(&h, &QuotaSettings::default(), None).await;
        let hour = |text: &str| at(&format!("{text}:00:00Z"));
        assert_eq!(usage.used, used, "{now}");
        assert_eq!((usage.period.from, usage.period.to), (hour(from), hour(to)));
    }
}

async fn months_of_a_zone_begin_at_its_midnight_through_changes_of_clocks(database: Database) {
    let h = Harness::on(database).await;
    h.store.create_key("k", &quota(100), None).await.unwrap();
    let writer = h.writer();
    let mut settings = QuotaSettings::default();
    settings.tz = "Europe/Berlin".parse::<Tz>().unwrap();
    // March 2026 loses an hour on the 29th: it ends at 22:00 UTC, the one before it began at 23:00.
    for (when, n) in [
        ("2026-03-28T23:30:00Z", 1),
        ("2026-03-29T01:30:00Z", 2),
        ("2026-03-31T21:59:59Z", 4),
        ("2026-03-31T22:00:00Z", 8),
        // October gains one on the 25th: the hour from 02:00 to 03:00 is there twice.
        ("2026-10-25T00:30:00Z", 16),
        ("2026-10-25T01:30:00Z", 32),
        ("2026-10-31T22:59:59Z", 64),
        ("2026-10-31T23:00:00Z", 128),
    ] {
        h.clock.step_to(at(when));
        send(&writer, when, n);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    for (now, used, from, reset) in [
        (
            "2026-03-31T21:59:59Z",
            7,
            "2026-02-28T23:00:00Z",
            "2026-03-31T22:00:00Z",
        ),
        (
            "2026-03-31T22:00:00Z",
            8,
            "2026-03-31T22:00:00Z",
            "2026-04-30T22:00:00Z",
        ),
        (
            "2026-10-31T12:00:00Z",
            112,
            "2026-09-30T22:00:00Z",
            "2026-10-31T23:00:00Z",
        ),
        (
            "2026-10-31T23:30:00Z",
            128,
            "2026-10-31T23:00:00Z",
            "2026-11-30T23:00:00Z",
        ),
    ] {
        h.clock.step_to(at(now));
        let usage = usage(&h, &settings, None).await;
        assert_eq!(
            (usage.used, usage.period.from, usage.period.to),
            (used, at(from), at(reset)),
            "{now}"
        );
    }
}

async fn a_key_made_within_a_period_has_all_of_it(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    // Used before anybody knew of its quota: that counts.
    h.clock.step_to(at("2026-03-20T09:00:00Z"));
    send(&writer, "2026-03-20T09:00:00Z", 5);
    h.store.flush(&writer).await.unwrap();
    h.clock.step_to(at("2026-03-21T10:00:00Z"));
    h.store
        .put_keys(&[("k".to_owned(), quota(50))])
        .await
        .unwrap();
    send(&writer, "2026-03-21T10:00:00Z", 5);
    h.store.flush(&writer).await.unwrap();
    let usage = usage(&h, &QuotaSettings::default(), None).await;
    assert_eq!((usage.used, usage.limit), (10, 50));
    assert_eq!(usage.period.from, at("2026-03-01T00:00:00Z"));
}

async fn rolling_days_begin_with_the_keys_creation_or_its_anchor(database: Database) {
    let h = Harness::on(database).await;
    let rolling = {
        let mut change = quota(50);
        change.quota_period = Some(Some(QuotaPeriod::Days(30)));
        change
    };
    h.clock.step_to(at("2026-03-10T12:42:17Z"));
    let key = h.store.create_key("k", &rolling, None).await.unwrap();
    let writer = h.writer();
    for (when, n) in [
        ("2026-03-10T12:59:00Z", 1),
        ("2026-04-09T11:59:59Z", 2),
        ("2026-04-09T12:00:00Z", 4),
    ] {
        h.clock.step_to(at(when));
        send(&writer, when, n);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    let settings = QuotaSettings::default();
    h.clock.step_to(at("2026-04-09T11:59:59Z"));
    let first = usage(&h, &settings, None).await;
    // Snapped down to the hour, so that the ledger can say it for ever.
    assert_eq!(
        (first.used, first.period.from, first.period.to),
        (3, at("2026-03-10T12:00:00Z"), at("2026-04-09T12:00:00Z"))
    );
    h.clock.step_to(at("2026-04-09T12:00:00Z"));
    assert_eq!(usage(&h, &settings, None).await.used, 4);
    let anchored = {
        let mut change = KeyChange::default();
        change.quota_anchor = Some(Some(at("2026-04-01T00:30:00Z")));
        change
    };
    h.store
        .update_key(key.id, &Scope::All, &anchored, None)
        .await
        .unwrap();
    let moved = usage(&h, &settings, None).await;
    assert_eq!(
        (moved.used, moved.period.from),
        (6, at("2026-04-01T00:00:00Z"))
    );
}

async fn what_nobody_has_folded_yet_is_used(database: Database) {
    let h = Harness::on(database).await;
    h.store.create_key("k", &quota(10), None).await.unwrap();
    let (own, other) = (h.writer(), writer_of("other", &h.clock));
    let now = "2026-03-10T12:00:00Z";
    send(&own, now, 1);
    h.store.flush(&own).await.unwrap();
    h.store.fold().await.unwrap();
    send(&other, now, 2);
    h.store.flush(&other).await.unwrap();
    send(&own, now, 4);
    let settings = QuotaSettings::default();
    assert_eq!(usage(&h, &settings, Some(&own)).await.used, 7);
    assert_eq!(usage(&h, &settings, None).await.used, 3);
    h.store.flush(&own).await.unwrap();
    h.settle().await;
    for own in [Some(&own), None] {
        assert_eq!(usage(&h, &settings, own).await.used, 7);
    }
}

async fn only_the_answers_that_count_are_used(database: Database) {
    let h = Harness::on(database).await;
    h.store.create_key("k", &quota(10), None).await.unwrap();
    let writer = h.writer();
    for (status, n) in [(200, 3), (304, 2), (429, 50), (500, 1)] {
        Traffic {
            key: Some("k"),
            status,
            ..Traffic::default()
        }
        .send(&writer, h.clock.unix_seconds(), n);
    }
    h.store.flush(&writer).await.unwrap();
    for (counted, used) in [("all", 56), ("2xx,3xx", 5), ("2xx,500", 4), ("5xx", 1)] {
        let mut settings = QuotaSettings::default();
        settings.status_counts = counted.parse().unwrap();
        assert_eq!(usage(&h, &settings, None).await.used, used, "{counted}");
    }
}

pub(crate) async fn each_threshold_is_told_once_a_period_and_a_new_limit_begins_anew(
    database: Database,
) {
    let h = Harness::on(database).await;
    let named = {
        let mut change = quota(100);
        change.name = Some(Some("render-farm".into()));
        change
    };
    let key = h.store.create_key("k", &named, None).await.unwrap();
    let (writer, memory) = (h.writer(), Arc::new(Memory::default()));
    let watch = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
    let tell = async |when: &str, n| -> Vec<f64> {
        h.clock.step_to(at(when));
        send(&writer, when, n);
        h.store.flush(&writer).await.unwrap();
        watch.tick(&*h.store, None).await.unwrap();
        let told = memory.take();
        assert!(told.iter().all(|n| n.kind == NoticeKind::QuotaReached));
        told.into_iter().map(|notice| notice.threshold).collect()
    };
    assert_eq!(tell("2026-03-11T00:00:00Z", 49).await, [0.0; 0]);
    assert_eq!(tell("2026-03-12T00:00:00Z", 1).await, [50.0]);
    assert_eq!(tell("2026-03-12T00:02:00Z", 1).await, [0.0; 0]);
    // Two at once: only the higher is news.
    assert_eq!(tell("2026-03-13T00:00:00Z", 60).await, [100.0]);
    assert_eq!(tell("2026-03-14T00:00:00Z", 60).await, [0.0; 0]);
    // A larger quota is another one, of which 171 of 200 are used.
    h.store
        .update_key(key.id, &Scope::All, &quota(200), None)
        .await
        .unwrap();
    assert_eq!(tell("2026-03-15T00:00:00Z", 0).await, [80.0]);
    // The next month begins with nothing.
    assert_eq!(tell("2026-04-01T00:00:00Z", 10).await, [0.0; 0]);
    assert_eq!(tell("2026-04-02T00:00:00Z", 90).await, [50.0]);
    // A restart tells nothing twice.
    let restarted = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
    h.clock.step_to(at("2026-04-02T00:05:00Z"));
    restarted
        .tick(&*h.database.store(&h.clock), None)
        .await
        .unwrap();
    assert_eq!(memory.take(), []);
}
