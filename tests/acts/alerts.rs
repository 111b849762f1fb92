//! Rules, their states and their history.

use std::{sync::Arc, time::Duration};

use api_metrics_store::{
    alerts::{
        AlertEvent, AlertRule, AlertSpec, AlertType, Comparison, Evaluator, EventQuery, Phase,
        dry_run,
    },
    keys::KeyChange,
    notify::{DeliveryQuery, DeliveryStatus, NoticeKind},
    query::{Scope, TimeRange},
    store::{Store, StoreError, Writer},
    time::{Granularity, UnixSeconds},
    watch::Watch,
};

use crate::{
    harness::{Database, Harness, NOON},
    help::{Memory, Tell, Traffic},
};

on_both! {
    a_rule_is_made_changed_listed_and_removed
    an_edit_of_an_older_revision_is_a_conflict
    a_tenants_rule_sees_its_own_keys_only
    two_leaders_at_once_tell_an_event_once
    a_restart_judges_the_minutes_in_between
    an_edit_while_it_fires_decides_the_next_minute
    switching_off_or_removing_a_rule_that_fires_ends_its_event
    four_requests_page_nobody
    a_glob_sums_all_endpoints_that_it_matches
    quantiles_and_means_are_judged_in_milliseconds
    silence_breaches_a_volume_that_must_not_fall
    a_rate_limit_names_the_busiest_key
    an_anomaly_needs_a_history_and_is_held_against_it
    a_coarsened_span_is_not_judged_in_part
    what_could_not_be_delivered_comes_again_under_its_id
    what_is_never_taken_ends_as_a_dead_letter_that_can_be_revived
    a_dry_run_tells_when_a_rule_would_have_fired
}

fn errors() -> AlertSpec {
    AlertSpec {
        window_minutes: 1,
        ..AlertSpec::new("errors", AlertType::ErrorRate, Comparison::Gt, 10.0)
    }
}

async fn rule(store: &dyn Store) -> AlertRule {
    store
        .acts()
        .alerts(&Scope::All, 0, 10)
        .await
        .unwrap()
        .remove(0)
}

async fn events(store: &dyn Store) -> Vec<AlertEvent> {
    let query = EventQuery {
        scope: Scope::All,
        rule_id: None,
        open_only: false,
        before: None,
        limit: 100,
    };
    store.acts().alert_events(&query).await.unwrap()
}

struct Watched {
    h: Harness,
    writer: Writer,
    watch: Watch,
    memory: Arc<Memory>,
}

impl Watched {
    async fn on(database: Database) -> Self {
        let h = Harness::on(database).await;
        let memory = Arc::new(Memory::default());
        let watch = Watch::default()
            .without_notifiers()
            .notifier(Tell("memory", memory.clone()));
        Self {
            writer: h.writer(),
            h,
            watch,
            memory,
        }
    }

    async fn create(&self, spec: &AlertSpec) -> AlertRule {
        self.h.store.acts().create_alert(spec, None).await.unwrap()
    }

    /// Goes to 15 s after the end of minute `minute` (counted from noon) and judges it.
    async fn judge(&self, minute: i64) -> Vec<String> {
        self.h.store.flush(&self.writer).await.unwrap();
        self.h.clock.step_to(NOON + (minute + 1) * 60 + 15);
        self.watch.tick(&*self.h.store, None).await.unwrap();
        self.memory
            .take()
            .into_iter()
            .map(|notice| notice.message)
            .collect()
    }

    /// `n` requests in a minute, `failed` of them failed.
    fn minute(&self, minute: i64, n: u64, failed: u64) {
        let traffic = Traffic::default();
        traffic.send(&self.writer, NOON + minute * 60, n - failed);
        traffic
            .status(500)
            .send(&self.writer, NOON + minute * 60 + 1, failed);
    }
}

async fn a_rule_is_made_changed_listed_and_removed(database: Database) {
    let h = Harness::on(database).await;
    let acts = h.store.acts();
    let mut spec = AlertSpec {
        service: Some("shop".into()),
        endpoint: Some("GET /users/*".into()),
        api_key_id: Some(3),
        quantile: Some(0.95),
        min_requests: 20,
        ..AlertSpec::new("slow", AlertType::ResponseTime, Comparison::Gte, 250.5)
    };
    let made = acts.create_alert(&spec, Some("ann")).await.unwrap();
    assert_eq!(
        (made.spec.clone(), made.revision, made.created_by.as_deref()),
        (spec.clone(), 1, Some("ann"))
    );
    assert_eq!((made.state.phase, made.last_fired_at), (Phase::Ok, None));
    assert_eq!(
        acts.alert(made.id, &Scope::All).await.unwrap().unwrap(),
        made
    );
    spec.threshold = 300.0;
    spec.enabled = false;
    let changed = acts
        .update_alert(made.id, &Scope::All, Some(1), &spec)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.spec.clone(), changed.revision), (spec, 2));
    acts.create_alert(&errors(), None).await.unwrap();
    assert_eq!(
        acts.alerts(&Scope::All, made.id, 10).await.unwrap().len(),
        1
    );
    assert_eq!(acts.alerts(&Scope::All, 0, 1).await.unwrap(), [changed]);
    assert!(acts.delete_alert(made.id, &Scope::All).await.unwrap());
    assert!(!acts.delete_alert(made.id, &Scope::All).await.unwrap());
    assert_eq!(acts.alert(made.id, &Scope::All).await.unwrap(), None);

    for (wrong, field) in [
        (
            AlertSpec {
                name: String::new(),
                ..errors()
            },
            "name",
        ),
        (
            AlertSpec {
                threshold: f64::NAN,
                ..errors()
            },
            "threshold",
        ),
        (
            AlertSpec {
                threshold: 101.0,
                ..errors()
            },
            "threshold",
        ),
        (
            AlertSpec {
                window_minutes: 0,
                ..errors()
            },
            "windowMinutes",
        ),
        (
            AlertSpec {
                quantile: Some(0.5),
                ..errors()
            },
            "quantile",
        ),
        (
            AlertSpec {
                endpoint: Some("GET".into()),
                ..errors()
            },
            "endpoint",
        ),
    ] {
        match acts.create_alert(&wrong, None).await {
            Err(StoreError::Invalid { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}

async fn an_edit_of_an_older_revision_is_a_conflict(database: Database) {
    let h = Harness::on(database).await;
    let acts = h.store.acts();
    let made = acts.create_alert(&errors(), None).await.unwrap();
    let edit = errors();
    let (a, b) = tokio::join!(
        acts.update_alert(made.id, &Scope::All, Some(1), &edit),
        acts.update_alert(made.id, &Scope::All, Some(1), &edit),
    );
    let conflicts = [&a, &b]
        .iter()
        .filter(|r| matches!(r, Err(StoreError::Conflict(_))))
        .count();
    assert_eq!(
        (conflicts, usize::from(a.is_ok()) + usize::from(b.is_ok())),
        (1, 1),
        "{a:?} {b:?}"
    );
}

async fn a_tenants_rule_sees_its_own_keys_only(database: Database) {
    let w = Watched::on(database).await;
    let acts = w.h.store.acts();
    let tenant = |name: &str| KeyChange {
        tenant_id: Some(Some(name.into())),
        ..KeyChange::default()
    };
    acts.create_key("a", &tenant("acme")).await.unwrap();
    acts.create_key("b", &tenant("other")).await.unwrap();
    let mine = w
        .create(&AlertSpec {
            tenant_id: Some("acme".into()),
            ..errors()
        })
        .await;
    let acme = Scope::Tenant("acme".into());
    let other = Scope::Tenant("other".into());
    assert_eq!(acts.alerts(&acme, 0, 10).await.unwrap().len(), 1);
    assert_eq!(acts.alerts(&other, 0, 10).await.unwrap(), []);
    assert_eq!(
        acts.update_alert(mine.id, &other, None, &errors())
            .await
            .unwrap(),
        None
    );
    assert!(!acts.delete_alert(mine.id, &other).await.unwrap());
    Traffic {
        key: Some("b"),
        ..Traffic::default()
    }
    .status(500)
    .send(&w.writer, NOON, 100);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    Traffic {
        key: Some("a"),
        ..Traffic::default()
    }
    .status(500)
    .send(&w.writer, NOON + 60, 10);
    assert_eq!(w.judge(1).await.len(), 1);
    let seen = |scope| EventQuery {
        scope,
        rule_id: None,
        open_only: true,
        before: None,
        limit: 10,
    };
    assert_eq!(acts.alert_events(&seen(acme)).await.unwrap().len(), 1);
    assert_eq!(acts.alert_events(&seen(other)).await.unwrap(), []);
}

async fn two_leaders_at_once_tell_an_event_once(database: Database) {
    let h = Harness::on(database).await;
    let other = h.database.store(&h.clock);
    let writer = h.writer();
    for n in 0..20 {
        let spec = AlertSpec {
            name: format!("rule {n}"),
            ..errors()
        };
        h.store.acts().create_alert(&spec, None).await.unwrap();
    }
    let memory = Arc::new(Memory::default());
    let watch = || {
        Watch::default()
            .without_notifiers()
            .notifier(Tell("memory", memory.clone()))
    };
    let (mine, theirs) = (watch(), watch());
    let mut minute = 0;
    for failed in [50, 0, 50, 0] {
        let at = NOON + minute * 60;
        Traffic::default().send(&writer, at, 50);
        Traffic::default().status(500).send(&writer, at, failed);
        h.store.flush(&writer).await.unwrap();
        // The cooldown must not hide a second telling.
        minute += 31;
        h.clock.step_to(NOON + (minute - 30) * 60 + 15);
        let (a, b) = tokio::join!(mine.tick(&*h.store, None), theirs.tick(&*other, None));
        a.unwrap();
        b.unwrap();
        // Whatever one had to leave to the other.
        for _ in 0..4 {
            let (a, b) = tokio::join!(mine.tick(&*h.store, None), theirs.tick(&*other, None));
            a.unwrap();
            b.unwrap();
        }
        let mut told = memory.take();
        assert_eq!(told.len(), 20, "minute {minute}");
        told.sort_by_key(|notice| notice.id);
        told.dedup_by_key(|notice| notice.id);
        assert_eq!(told.len(), 20, "each under an id of its own");
        let kind = if failed > 0 {
            NoticeKind::AlertFired
        } else {
            NoticeKind::AlertResolved
        };
        assert!(told.iter().all(|notice| notice.kind == kind));
    }
    assert_eq!(events(&*h.store).await.len(), 40);
}

async fn a_restart_judges_the_minutes_in_between(database: Database) {
    let w = Watched::on(database).await;
    w.create(&errors()).await;
    w.minute(0, 100, 0);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    // Nobody judges while this happens; the processes that come later share nothing but the store.
    w.minute(3, 100, 40);
    w.minute(4, 100, 40);
    w.minute(5, 100, 0);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 20 * 60 + 15);
    let store = w.h.database.store(&w.h.clock);
    let memory = Arc::new(Memory::default());
    let watch = Watch::default()
        .without_notifiers()
        .notifier(Tell("memory", memory.clone()));
    watch.tick(&*store, None).await.unwrap();
    let told = memory.take();
    let when: Vec<_> = told.iter().map(|n| (n.kind, n.at)).collect();
    assert_eq!(
        when,
        [
            (NoticeKind::AlertFired, NOON + 4 * 60),
            (NoticeKind::AlertResolved, NOON + 6 * 60)
        ]
    );
    assert_eq!(
        told[0].message,
        "Error rate is 40.0% (threshold 10%) over 1 min, 100 requests"
    );
    watch.tick(&*store, None).await.unwrap();
    assert_eq!(memory.take(), []);
    // The cooldown goes on from what the store remembers.
    assert_eq!(rule(&*store).await.last_fired_at, Some(NOON + 4 * 60));
}

async fn an_edit_while_it_fires_decides_the_next_minute(database: Database) {
    let w = Watched::on(database).await;
    let made = w.create(&errors()).await;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await.len(), 1);
    // A threshold that is no longer breached resolves; nothing is told at the moment of the edit.
    let edited = AlertSpec {
        threshold: 30.0,
        ..errors()
    };
    w.h.store
        .acts()
        .update_alert(made.id, &Scope::All, None, &edited)
        .await
        .unwrap();
    assert_eq!(rule(&*w.h.store).await.state.phase, Phase::Firing);
    w.minute(1, 100, 20);
    assert_eq!(
        w.judge(1).await,
        ["Resolved: Error rate is back at 20.0% (threshold 30%) after 1 min"]
    );
    // An edit does not shorten the cooldown.
    w.h.store
        .acts()
        .update_alert(made.id, &Scope::All, None, &errors())
        .await
        .unwrap();
    w.minute(2, 100, 20);
    assert_eq!(w.judge(2).await, Vec::<String>::new());
    assert_eq!(rule(&*w.h.store).await.state.phase, Phase::Pending);
    let patient = AlertSpec {
        cooldown_minutes: 2,
        ..errors()
    };
    w.h.store
        .acts()
        .update_alert(made.id, &Scope::All, None, &patient)
        .await
        .unwrap();
    w.minute(3, 100, 20);
    assert_eq!(w.judge(3).await.len(), 1);
    assert_eq!(events(&*w.h.store).await.len(), 2);
}

async fn switching_off_or_removing_a_rule_that_fires_ends_its_event(database: Database) {
    let w = Watched::on(database).await;
    let made = w
        .create(&AlertSpec {
            cooldown_minutes: 0,
            ..errors()
        })
        .await;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await.len(), 1);
    let off = AlertSpec {
        enabled: false,
        ..made.spec.clone()
    };
    w.h.store
        .acts()
        .update_alert(made.id, &Scope::All, None, &off)
        .await
        .unwrap();
    w.minute(1, 100, 20);
    assert_eq!(w.judge(1).await, ["errors: the rule was switched off"]);
    w.minute(2, 100, 20);
    assert_eq!(w.judge(2).await, Vec::<String>::new());
    // What happened while it was off stays untold.
    w.h.store
        .acts()
        .update_alert(made.id, &Scope::All, None, &made.spec)
        .await
        .unwrap();
    w.minute(3, 100, 20);
    assert_eq!(w.judge(3).await.len(), 1);
    assert!(
        w.h.store
            .acts()
            .delete_alert(made.id, &Scope::All)
            .await
            .unwrap()
    );
    assert_eq!(w.judge(4).await, ["errors: the rule was removed"]);
    let events = events(&*w.h.store).await;
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|e| e.resolved_at.is_some() && e.rule_id.is_none() && e.name == "errors")
    );
}

async fn four_requests_page_nobody(database: Database) {
    let w = Watched::on(database).await;
    w.create(&AlertSpec {
        min_requests: 5,
        ..errors()
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
    let w = Watched::on(database).await;
    w.create(&AlertSpec {
        endpoint: Some("GET /users/*".into()),
        ..errors()
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
    let w = Watched::on(database).await;
    let slow = AlertSpec {
        window_minutes: 1,
        quantile: Some(0.95),
        ..AlertSpec::new("slow", AlertType::ResponseTime, Comparison::Gt, 500.0)
    };
    w.create(&slow).await;
    w.create(&AlertSpec {
        quantile: None,
        ..slow
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
    let w = Watched::on(database).await;
    let quiet = AlertSpec {
        window_minutes: 1,
        ..AlertSpec::new("quiet", AlertType::RequestVolume, Comparison::Lt, 10.0)
    };
    w.create(&quiet).await;
    let wide = AlertSpec {
        window_minutes: 1,
        ..AlertSpec::new("wide", AlertType::Bandwidth, Comparison::Gt, 99_000.0)
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
    let w = Watched::on(database).await;
    let acts = w.h.store.acts();
    let limited = |name: &str, limit| KeyChange {
        name: Some(Some(name.into())),
        rate_limit_per_minute: Some(limit),
        // Limits and quotas have notices of their own; here only the rule is to speak.
        enabled: Some(true),
        ..KeyChange::default()
    };
    acts.create_key("a", &limited("render-farm", Some(100)))
        .await
        .unwrap();
    acts.create_key("b", &limited("batch", Some(1_000)))
        .await
        .unwrap();
    acts.create_key("c", &limited("free", None)).await.unwrap();
    let near = AlertSpec {
        window_minutes: 5,
        ..AlertSpec::new("near", AlertType::RateLimit, Comparison::Gte, 80.0)
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
    let w = Watched::on(database).await;
    let odd = AlertSpec {
        cooldown_minutes: 0,
        ..AlertSpec::new("odd", AlertType::Anomaly, Comparison::Gt, 4.0)
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
        Evaluator::default()
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
    let w = Watched::on(database).await;
    w.create(&errors()).await;
    w.create(&AlertSpec {
        window_minutes: 5,
        cooldown_minutes: 0,
        ..errors()
    })
    .await;
    // An outage made a process count five minutes as one.
    let span = "INSERT INTO";
    match &w.h.database {
        Database::Postgres(pg) => {
            let pool = sqlx::PgPool::connect_with(pg.options()).await.unwrap();
            let text = format!(
                "{span} api_metrics.coarse (period_from, period_to) VALUES (to_timestamp({NOON}), to_timestamp({}))",
                NOON + 300
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(text))
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
        }
        Database::Sqlite(file) => {
            let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
            let text = format!(
                "{span} api_metrics_coarse (period_from, period_to) VALUES ({NOON}, {})",
                NOON + 300
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(text))
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
        }
    }
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

async fn what_could_not_be_delivered_comes_again_under_its_id(database: Database) {
    let w = Watched::on(database).await;
    w.create(&errors()).await;
    let second = Arc::new(Memory::default());
    let watch = Watch::default()
        .without_notifiers()
        .notifier(Tell("memory", w.memory.clone()))
        .notifier(Tell("second", second.clone()));
    *w.memory.failures.lock().unwrap() = 2;
    w.minute(0, 100, 20);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    let ticked = watch.tick(&*w.h.store, None).await.unwrap();
    assert_eq!(
        (ticked.delivered.delivered, ticked.delivered.retried),
        (1, 1)
    );
    // One channel's failure is not the other's.
    let id = second.take()[0].id;
    assert_eq!(
        watch.deliver(&*w.h.store).await.unwrap().retried,
        0,
        "not before its time"
    );
    w.h.clock.advance(Duration::from_secs(15));
    assert_eq!(watch.deliver(&*w.h.store).await.unwrap().retried, 1);
    w.h.clock.advance(Duration::from_secs(30));
    assert_eq!(watch.deliver(&*w.h.store).await.unwrap().delivered, 1);
    assert_eq!(w.memory.take()[0].id, id);
    assert_eq!(second.take(), []);

    // A process that dies between delivery and acknowledgement: its attempt counts as lost.
    w.minute(1, 100, 0);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 240);
    Evaluator::default()
        .evaluate(&*w.h.store, None)
        .await
        .unwrap();
    let taken =
        w.h.store
            .acts()
            .claim_deliveries(&["memory", "second"], 90, 16)
            .await
            .unwrap();
    assert_eq!(taken.len(), 2);
    assert_eq!(watch.deliver(&*w.h.store).await.unwrap().delivered, 0);
    w.h.clock.advance(Duration::from_secs(90));
    assert_eq!(watch.deliver(&*w.h.store).await.unwrap().delivered, 2);
    assert_eq!(w.memory.take()[0].id, taken[0].notice.id);
    // Should the dead process come back, it changes nothing.
    w.h.store.acts().settle_delivery(&taken[0]).await.unwrap();
    assert_eq!(watch.deliver(&*w.h.store).await.unwrap().delivered, 0);
}

async fn what_is_never_taken_ends_as_a_dead_letter_that_can_be_revived(database: Database) {
    let w = Watched::on(database).await;
    w.create(&errors()).await;
    *w.memory.failures.lock().unwrap() = 10;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    let mut dead = 0;
    let mut attempts = 1;
    while dead == 0 {
        w.h.clock.advance(Duration::from_secs(2 * 3_600));
        let done = w.watch.deliver(&*w.h.store).await.unwrap();
        dead += done.dead;
        attempts += done.dead + done.retried;
    }
    assert_eq!(attempts, 10);
    let query = DeliveryQuery {
        status: Some(DeliveryStatus::Dead),
        before: None,
        limit: 10,
    };
    let letters = w.h.store.acts().deliveries(&query).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (
            letters[0].channel.as_str(),
            letters[0].attempts,
            letters[0].last_error.as_deref()
        ),
        ("memory", 10, Some("not now"))
    );
    let after = DeliveryQuery {
        before: Some((
            letters[0].updated_at,
            letters[0].notice.id,
            letters[0].channel.clone(),
        )),
        ..query.clone()
    };
    assert_eq!(w.h.store.acts().deliveries(&after).await.unwrap(), []);
    assert!(
        w.h.store
            .acts()
            .redeliver(letters[0].notice.id, "memory")
            .await
            .unwrap()
    );
    assert!(
        !w.h.store
            .acts()
            .redeliver(letters[0].notice.id, "memory")
            .await
            .unwrap()
    );
    assert_eq!(w.watch.deliver(&*w.h.store).await.unwrap().delivered, 1);
    assert_eq!(w.memory.take()[0].id, letters[0].notice.id);
    assert_eq!(w.h.store.acts().deliveries(&query).await.unwrap(), []);
}

async fn a_dry_run_tells_when_a_rule_would_have_fired(database: Database) {
    let w = Watched::on(database).await;
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
    let run = dry_run(&*w.h.store, &errors(), range).await.unwrap();
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
    let patient = AlertSpec {
        cooldown_minutes: 60,
        ..errors()
    };
    assert_eq!(
        dry_run(&*w.h.store, &patient, range)
            .await
            .unwrap()
            .events
            .len(),
        1
    );
    // Where minutes are no longer kept, windows of five minutes are judged every five minutes.
    let old = TimeRange::new(NOON - 3 * 86_400, NOON - 3 * 86_400 + 3_600);
    let five = AlertSpec {
        window_minutes: 5,
        ..errors()
    };
    let run = dry_run(&*w.h.store, &five, old).await.unwrap();
    assert_eq!(
        (run.step, run.windows, run.events.len()),
        (Granularity::FiveMinutes, 12, 0)
    );
    assert!(matches!(
        dry_run(&*w.h.store, &errors(), old).await,
        Err(StoreError::Invalid { field: "from", .. })
    ));
    // Nothing was written, nobody was told.
    assert_eq!(events(&*w.h.store).await, []);
}
