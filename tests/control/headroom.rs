//! Who hits a limit or a quota first, and what other bounds would have done.

use api_metrics_store::{
    control::{
        ControlStore,
        headroom::{Exceeded, Headroom, headroom, what_if},
        keys::{KeyChange, KeyRecord},
        limits::LimitSettings,
        quotas::{QuotaPeriod, QuotaSettings},
    },
    query::{Scope, TimeRange},
    store::Writer,
    time::{Clock, UnixSeconds},
};

use crate::{
    harness::{Database, Harness, NOON},
    help::{Traffic, by_hand},
};

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

on_both! {
    the_busiest_minute_and_what_was_over_the_limit_are_counted_with_what_is_not_recorded_yet
    a_limit_is_forecast_from_the_same_hours_of_past_weeks
    a_quota_is_forecast_from_the_same_hours_of_past_weeks
    keys_without_their_own_bounds_have_the_default_ones
    what_if_counts_requests_and_minutes_of_the_last_day
    what_if_of_a_quota_begins_anew_with_its_period
}

/// A key with these bounds.
fn bounds(limit: Option<u64>, quota: Option<u64>) -> KeyChange {
    let mut change = KeyChange::default();
    change.rate_limit_per_minute = Some(limit);
    change.quota_limit = Some(quota);
    change
}

async fn key(control: &dyn ControlStore, name: &str, change: &KeyChange) -> KeyRecord {
    control.create_key(name, change, None).await.unwrap()
}

fn send(writer: &Writer, key: &str, at: UnixSeconds, n: u64) {
    sent(writer, key, at, n, 200);
}

fn sent(writer: &Writer, key: &str, at: UnixSeconds, n: u64, status: u16) {
    let traffic = Traffic {
        key: Some(key),
        ..Traffic::default()
    };
    traffic.status(status).send(writer, at, n);
}

async fn rooms(h: &Harness, scope: &Scope, own: Option<&Writer>) -> Vec<Headroom> {
    let (limits, quotas) = (LimitSettings::default(), QuotaSettings::default());
    let now = h.clock.unix_seconds();
    headroom(&*h.store, &limits, &quotas, scope, now, own)
        .await
        .unwrap()
}

async fn the_busiest_minute_and_what_was_over_the_limit_are_counted_with_what_is_not_recorded_yet(
    database: Database,
) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    key(control, "k", &bounds(Some(100), None)).await;
    let mut of_acme = bounds(Some(1_000), None);
    of_acme.tenant_id = Some(Some("acme".into()));
    key(control, "calm", &of_acme).await;
    key(control, "free", &bounds(None, None)).await;
    let mut off = bounds(Some(1), None);
    off.enabled = Some(false);
    key(control, "off", &off).await;
    let (writer, watch) = (h.writer(), api_metrics_tests::worker_for(vec![]));
    for (minute, n) in [(0, 90), (1, 130), (2, 145), (3, 145), (4, 20)] {
        let at = NOON + minute * 60;
        send(&writer, "k", at, n - 5);
        sent(&writer, "k", at, 5, 429);
        send(&writer, "calm", at, 10);
        send(&writer, "off", at, 10);
        h.clock.step_to(at + 75);
        h.store.flush(&writer).await.unwrap();
        watch.tick(control, None).await.unwrap();
    }
    // The running minute is in no row yet, and not even flushed.
    h.clock.step_to(NOON + 330);
    send(&writer, "k", NOON + 301, 170);
    let all = rooms(&h, &Scope::All, Some(&writer)).await;
    let names: Vec<_> = all
        .iter()
        .map(|room| room.key.external_id.as_str())
        .collect();
    assert_eq!(names, ["k", "calm"]);
    let k = &all[0];
    let limit = k.limit.as_ref().unwrap();
    assert_eq!(limit.busiest, Some((NOON + 300, 170)));
    assert_eq!(
        (limit.exceeded.requests, limit.exceeded.minutes),
        (30 + 45 + 45 + 70, 4)
    );
    assert_eq!((limit.now.used, limit.now.before), (170, 20));
    assert_eq!(
        (k.requests, k.refused),
        (90 + 130 + 145 + 145 + 20 + 170, 25)
    );
    assert_eq!(k.hits_at, Some(NOON + 330), "it is hit now");
    assert_eq!((limit.forecast.weeks, limit.forecast.at), (0, None));
    assert_eq!(all[1].hits_at, None);
    assert_eq!(all[1].used_millionths, 10_000);
    assert_eq!(all[1].limit.as_ref().unwrap().exceeded, Exceeded::default());
    // What is recorded alone, by another process: the first of two busiest minutes.
    let other = rooms(&h, &Scope::All, None).await;
    let limit = other[0].limit.as_ref().unwrap();
    assert_eq!(limit.busiest, Some((NOON + 120, 145)));
    assert_eq!(limit.exceeded.requests, 120);
    // A tenant sees its own.
    let acme = rooms(&h, &Scope::Tenant("acme".into()), None).await;
    assert_eq!(acme.len(), 1);
    assert_eq!(acme[0].key.external_id, "calm");
    let nobody = rooms(&h, &Scope::Tenant("umbrella".into()), None).await;
    assert_eq!(nobody, []);
}

/// A row of the history, as a worker of weeks ago has left it.
async fn recorded(
    h: &Harness,
    key: i64,
    granularity: &str,
    at: UnixSeconds,
    made: u64,
    limit: u64,
) {
    let row = |table: &str, at: String| {
        format!(
            "INSERT INTO {table} (api_key_id, period_granularity, period_start, requests_made, rate_limit, \
               utilization_pct) VALUES ({key}, '{granularity}', {at}, {made}, {limit}, 1)"
        )
    };
    by_hand(
        &h.database,
        &row(
            "api_metrics.rate_limit_utilization",
            format!("to_timestamp({at})"),
        ),
        &row("api_metrics_rate_limit_utilization", at.to_string()),
    )
    .await;
}

async fn a_limit_is_forecast_from_the_same_hours_of_past_weeks(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let often = key(control, "often", &bounds(Some(100), None)).await.id;
    let once = key(control, "once", &bounds(Some(100), None)).await.id;
    let raised = key(control, "raised", &bounds(Some(200), None)).await.id;
    let young = key(control, "young", &bounds(Some(100), None)).await.id;
    let at = |weeks: i64, minute: i64| NOON + 2 * 3_600 + minute * 60 - weeks * WEEK;
    for key in [often, once, raised] {
        recorded(&h, key, "1h", NOON - 4 * WEEK, 5, 6_000).await;
    }
    recorded(&h, young, "1h", NOON - 6 * DAY, 5, 6_000).await;
    // In two of the four weeks, by different minutes; and in one of them.
    recorded(&h, often, "1m", at(1, 9), 140, 100).await;
    recorded(&h, often, "1m", at(3, 7), 100, 100).await;
    recorded(&h, often, "1m", at(4, 1), 99, 100).await;
    recorded(&h, once, "1m", at(2, 7), 140, 100).await;
    // What was a limit of 100 then is one of 200 now.
    for week in 1..=4 {
        recorded(&h, raised, "1m", at(week, 7), 140, 100).await;
    }
    let all = rooms(&h, &Scope::All, None).await;
    let found: Vec<_> = all
        .iter()
        .map(|room| {
            let limit = room.limit.as_ref().unwrap();
            let forecast = limit.forecast;
            (
                room.key.external_id.as_str(),
                forecast.weeks,
                forecast.at,
                room.hits_at,
            )
        })
        .collect();
    let hit = Some(at(0, 7));
    assert_eq!(
        found,
        [
            ("often", 4, hit, hit),
            ("once", 4, None, None),
            ("raised", 4, None, None),
            ("young", 0, None, None)
        ]
    );
    assert_eq!(
        all[0].limit.as_ref().unwrap().forecast.to_string(),
        "reached, by the same hours of the last 4 weeks"
    );
}

async fn a_quota_is_forecast_from_the_same_hours_of_past_weeks(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let mut monthly = bounds(None, Some(420));
    monthly.quota_period = Some(Some(QuotaPeriod::Days(30)));
    monthly.quota_anchor = Some(Some(NOON));
    key(control, "steady", &monthly).await;
    monthly.quota_limit = Some(Some(100_000));
    key(control, "far", &monthly).await;
    monthly.quota_limit = Some(Some(5));
    key(control, "done", &monthly).await;
    monthly.quota_limit = Some(Some(12));
    key(control, "young", &monthly).await;
    let writer = h.writer();
    for (at, n) in [
        (NOON, 40),
        (NOON + 3_600, 140),
        (NOON + WEEK, 40),
        (NOON + WEEK + 3_600, 100),
    ] {
        h.clock.step_to(at);
        for key in ["steady", "far"] {
            send(&writer, key, at, n);
        }
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    let now = NOON + 2 * WEEK;
    h.clock.step_to(now);
    send(&writer, "done", now, 5);
    send(&writer, "young", now, 11);
    let all = rooms(&h, &Scope::All, Some(&writer)).await;
    let found: Vec<_> = all
        .iter()
        .map(|room| {
            let quota = room.quota.as_ref().unwrap();
            (
                room.key.external_id.as_str(),
                quota.usage.used,
                quota.forecast.weeks,
                quota.forecast.at,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("done", 5, 0, Some(now)),
            // 320 used; 40 in the first hour, and 60 of the 120 of the second.
            ("steady", 320, 2, Some(now + 3_600 + 1_800)),
            // At the pace of the last minutes it would be used up at once.
            ("young", 11, 0, None),
            ("far", 320, 2, None),
        ]
    );
    // The last minute says nothing: the same hours do.
    let steady = all[1].quota.as_ref().unwrap();
    assert_ne!(steady.usage.projected_exhaustion, steady.forecast.at);
}

async fn keys_without_their_own_bounds_have_the_default_ones(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    key(control, "own", &bounds(Some(1_000), Some(10_000))).await;
    key(control, "bare", &bounds(None, None)).await;
    let mut tokens = bounds(None, None);
    tokens.quota_unit = Some(Some("tokens".into()));
    key(control, "tokens", &tokens).await;
    let others = key(control, "<other key>", &bounds(None, None)).await;
    let mut limits = LimitSettings::default();
    limits.default_rate_limit = Some(50);
    let mut quotas = QuotaSettings::default();
    quotas.default_quota = Some(60);
    assert_eq!(limits.limit_of(&others), None);
    assert_eq!(quotas.quota_of(&others), None);
    let mut settings = api_metrics_store::control::ControlSettings::default();
    settings.log_notices = false;
    settings.limits = limits.clone();
    settings.quotas = quotas.clone();
    let memory = std::sync::Arc::new(crate::help::Memory::default());
    settings.notifiers = vec![std::sync::Arc::new(crate::help::Tell(
        "memory",
        memory.clone(),
    ))];
    let watch = api_metrics_store::control::ControlWorker::new(settings);
    let writer = h.writer();
    for key in ["own", "bare", "tokens", "<other key>"] {
        send(&writer, key, NOON, 55);
    }
    h.store.flush(&writer).await.unwrap();
    h.clock.step_to(NOON + 75);
    watch.tick(control, None).await.unwrap();
    let now = h.clock.unix_seconds();
    let all = headroom(control, &limits, &quotas, &Scope::All, now, None)
        .await
        .unwrap();
    let mut found: Vec<_> = all
        .iter()
        .map(|room| {
            let limit = room.limit.as_ref().unwrap();
            let quota = room.quota.as_ref();
            (
                room.key.external_id.as_str(),
                (limit.now.limit, limit.now.is_default),
                quota.map(|quota| (quota.usage.limit, quota.usage.is_default, quota.usage.used)),
                limit.exceeded.requests,
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("bare", (50, true), Some((60, true, 55)), 5),
            ("own", (1_000, false), Some((10_000, false, 55)), 0),
            ("tokens", (50, true), None, 5),
        ]
    );
    // They are told of as well.
    let mut told = memory.messages();
    told.sort();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("Key 'bare' has used 91.7% of its quota, 55/60 requests"));
    assert!(told[1].starts_with("Key 'bare' is at 55/50 req/min"));
    assert!(told[2].starts_with("Key 'tokens' is at 55/50 req/min"));
}

async fn what_if_counts_requests_and_minutes_of_the_last_day(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let key = key(control, "k", &bounds(None, None)).await;
    let writer = h.writer();
    send(&writer, "k", NOON, 850);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let day = NOON + 2 * DAY;
    h.clock.step_to(day + 120);
    for (minute, n) in [(0, 90), (1, 130), (2, 100)] {
        send(&writer, "k", day + minute * 60, n);
        send(&writer, "other", day + minute * 60, 1_000);
    }
    let quotas = QuotaSettings::default();
    let now = h.clock.unix_seconds();
    let tried = async |limit, quota, own| {
        what_if(control, &quotas, &key, (limit, quota), now, own)
            .await
            .unwrap()
    };
    let found = tried(Some(100), Some(1_000), Some(&writer)).await;
    assert_eq!(found.range, TimeRange::new(day + 180 - DAY, day + 180));
    assert_eq!(found.requests, 320);
    assert_eq!(found.busiest, Some((day + 60, 130)));
    let over = |found: Option<Exceeded>| found.map(|over| (over.requests, over.minutes));
    assert_eq!(over(found.limit), Some((30, 1)));
    assert_eq!(over(found.quota), Some((70 + 100, 2)));
    assert!(!found.approximate);
    let found = tried(Some(0), Some(0), Some(&writer)).await;
    assert_eq!(over(found.limit), Some((320, 3)));
    assert_eq!(over(found.quota), Some((320, 3)));
    let found = tried(Some(130), None, Some(&writer)).await;
    assert_eq!((over(found.limit), found.quota), (Some((0, 0)), None));
    // Flushed and folded it is the same.
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let found = tried(Some(100), Some(1_000), None).await;
    assert_eq!(over(found.limit), Some((30, 1)));
    assert_eq!(over(found.quota), Some((170, 2)));
}

async fn what_if_of_a_quota_begins_anew_with_its_period(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let mut daily = bounds(None, Some(400));
    daily.quota_period = Some(Some(QuotaPeriod::Days(1)));
    daily.quota_anchor = Some(Some(NOON));
    let key = key(control, "k", &daily).await;
    let writer = h.writer();
    for (at, n) in [(NOON + DAY + 3_600, 500), (NOON + 2 * DAY, 320)] {
        h.clock.step_to(at);
        send(&writer, "k", at, n);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    let quotas = QuotaSettings::default();
    let now = h.clock.unix_seconds();
    let found = what_if(control, &quotas, &key, (None, Some(400)), now, None)
        .await
        .unwrap();
    let over = found.quota.unwrap();
    assert_eq!((over.requests, over.minutes), (100, 1));
}
