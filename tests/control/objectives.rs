//! Objectives, their budgets, and rules over how fast they burn.

use std::sync::{Arc, atomic::AtomicU64};

use api_metrics_store::{
    calendar::Tz,
    control::{
        ControlStore,
        alerts::{AlertRule, AlertSpec, AlertType, Comparison, Phase, dry_run},
        audit::AuditQuery,
        objectives::{Indicator, Objective, ObjectiveReport, ObjectiveSpec, report, reports},
    },
    query::{Scope, TimeRange},
    store::StoreError,
};

use crate::{
    alerts::{AlertStage, events},
    counting::Counting,
    harness::{Database, NOON},
    help::Traffic,
};

on_both! {
    an_objective_counts_what_is_bad_and_what_is_left
    what_is_not_flushed_yet_counts_too
    a_list_of_objectives_costs_one_snapshot_a_tenant
    a_latency_is_counted_exactly_at_its_edge
    an_objective_looks_at_what_it_names_alone
    a_budget_that_burns_fires_while_both_windows_burn
    a_rule_after_an_outage_of_the_leader_reads_both_windows
    rules_follow_their_objective_and_go_with_it
    an_objective_is_its_tenants_own
    a_rule_that_can_not_be_measured_is_refused
}

async fn made(w: &AlertStage, spec: &ObjectiveSpec, with_rules: bool) -> Objective {
    let made =
        w.h.store
            .create_objective(spec, with_rules, Some("ann"))
            .await;
    made.unwrap()
}

fn answers(target_ppm: u32) -> ObjectiveSpec {
    ObjectiveSpec::new("Answers", Indicator::Availability, target_ppm)
}

/// As one is shown, with its days.
async fn by_day(w: &AlertStage, objective: &Objective) -> ObjectiveReport {
    report(&*w.h.store, objective, None, NOON).await.unwrap()
}

/// As one is listed.
async fn listed(w: &AlertStage, objective: &Objective) -> ObjectiveReport {
    let all = [objective.clone()];
    let mut found = reports(&*w.h.store, &all, None, NOON).await.unwrap();
    found.remove(0)
}

async fn rules(w: &AlertStage) -> Vec<AlertRule> {
    w.h.store.alerts(&Scope::All, 0, 10).await.unwrap()
}

async fn an_objective_counts_what_is_bad_and_what_is_left(database: Database) {
    let w = AlertStage::on(database).await;
    // What the client did wrong is no failure of the service's.
    let missing = Traffic::default().status(404);
    missing.send(&w.writer, NOON - 2 * 86_400, 4_000);
    for minute in -360..0 {
        let failed = match minute {
            -5.. => 10,
            -60.. => 1,
            _ => 0,
        };
        w.minute(minute, 100, failed);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.settle().await;
    let objective = made(&w, &answers(990_000), false).await;
    let found = by_day(&w, &objective).await;
    assert_eq!((found.outcomes.total, found.outcomes.bad), (40_000, 105));
    // 400 of 40,000 may be bad.
    assert_eq!(found.budget_left, Some(73.75));
    assert_eq!(found.bad_left, 295);
    assert_eq!(
        found.burn_rates,
        [
            (60, Some(1.75)),
            (5, Some(10.0)),
            (360, Some(105.0 / 360.0)),
            (30, Some(2.5))
        ]
    );
    let days: Vec<_> = found
        .days
        .iter()
        .map(|day| {
            (
                day.from - NOON,
                day.outcomes.total,
                day.outcomes.bad,
                day.budget_left,
            )
        })
        .collect();
    assert_eq!(
        days,
        [
            (-2 * 86_400 - 43_200, 4_000, 0, Some(100.0)),
            (-43_200, 36_000, 105, Some(73.75))
        ]
    );
    assert!(found.exact);
    // The list counts the same without the days.
    let listed_too = listed(&w, &objective).await;
    assert_eq!(listed_too.outcomes, found.outcomes);
    assert_eq!(
        (listed_too.burn_rates, listed_too.days.len()),
        (found.burn_rates, 0)
    );
    // A day of it: 360 may be bad.
    let day = {
        let mut spec = answers(990_000);
        spec.window_days = 1;
        spec
    };
    let day = made(&w, &day, false).await;
    let found = listed(&w, &day).await;
    assert_eq!((found.outcomes.total, found.bad_left), (36_000, 255));
    // More has failed than may.
    let strict = made(&w, &answers(999_500), false).await;
    let found = listed(&w, &strict).await;
    assert_eq!((found.budget_left, found.bad_left), (Some(-425.0), 0));
}

async fn what_is_not_flushed_yet_counts_too(database: Database) {
    let w = AlertStage::on(database).await;
    w.minute(-2, 90, 3);
    w.h.store.flush(&w.writer).await.unwrap();
    let objective = made(&w, &answers(990_000), false).await;
    w.minute(-1, 10, 1);
    let own = Some(&w.writer);
    let all = [objective.clone()];
    for _ in 0..2 {
        let shown = report(&*w.h.store, &objective, own, NOON).await.unwrap();
        let listed = reports(&*w.h.store, &all, own, NOON).await.unwrap();
        for found in [&shown, &listed[0]] {
            assert_eq!((found.outcomes.total, found.outcomes.bad), (100, 4));
            assert_eq!(found.burn_rates[1], (5, Some(4.0)));
        }
        // Nor does it count twice once it is flushed.
        w.h.store.flush(&w.writer).await.unwrap();
    }
}

async fn a_list_of_objectives_costs_one_snapshot_a_tenant(database: Database) {
    let w = AlertStage::on(database).await;
    for (endpoint, failed) in [("/a", 1), ("/b", 2), ("/c", 3)] {
        let traffic = Traffic {
            endpoint,
            ..Traffic::default()
        };
        traffic.send(&w.writer, NOON - 120, 10 - failed);
        traffic.status(500).send(&w.writer, NOON - 120, failed);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    let mut all = Vec::new();
    for (endpoint, tenant) in [
        ("/c", None),
        ("/a", Some("acme")),
        ("/b", None),
        ("/a", None),
    ] {
        let mut spec = answers(900_000);
        spec.endpoint = Some(endpoint.to_owned());
        spec.tenant_id = tenant.map(str::to_owned);
        all.push(made(&w, &spec, false).await);
    }
    let counting = Counting {
        inner: Arc::<dyn ControlStore>::clone(&w.h.store),
        reads: AtomicU64::new(0),
    };
    let found = reports(&counting, &all, None, NOON).await.unwrap();
    let bad: Vec<_> = found.iter().map(|found| found.outcomes.bad).collect();
    // In the order in which they were asked for.
    assert_eq!(bad, [3, 0, 2, 1]);
    assert_eq!(counting.reads.into_inner(), 2);
    assert_eq!(reports(&*w.h.store, &[], None, NOON).await.unwrap(), []);
}

async fn a_latency_is_counted_exactly_at_its_edge(database: Database) {
    let w = AlertStage::on(database).await;
    for (latency_ms, n) in [(20, 900), (300, 50), (303, 30), (304, 15), (2_000, 5)] {
        let traffic = Traffic {
            latency_ms,
            ..Traffic::default()
        };
        traffic.send(&w.writer, NOON - 120, n);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    let spec = ObjectiveSpec::new("Fast", Indicator::latency(300_000), 950_000);
    assert_eq!(spec.indicator.threshold_us(), Some(303_103));
    let objective = made(&w, &spec, false).await;
    assert_eq!(objective.spec, spec, "as it was written");
    let found = by_day(&w, &objective).await;
    assert_eq!((found.outcomes.total, found.outcomes.bad), (1_000, 20));
    assert_eq!((found.budget_left, found.exact), (Some(60.0), true));
}

async fn an_objective_looks_at_what_it_names_alone(database: Database) {
    let w = AlertStage::on(database).await;
    for (method, endpoint, status, n) in [
        ("GET", "/orders/{id}", 200, 90),
        ("GET", "/orders/{id}", 503, 10),
        ("POST", "/orders", 500, 7),
        ("GET", "/health", 500, 3),
    ] {
        let traffic = Traffic {
            method,
            endpoint,
            status,
            ..Traffic::default()
        };
        traffic.send(&w.writer, NOON - 120, n);
    }
    w.h.store.flush(&w.writer).await.unwrap();
    for (endpoint, total, bad) in [
        (None, 110, 20),
        (Some("GET /orders/{id}"), 100, 10),
        (Some("/orders*"), 107, 17),
        (Some("GET /o*"), 100, 10),
        (Some("/nowhere"), 0, 0),
    ] {
        let spec = {
            let mut spec = answers(900_000);
            spec.endpoint = endpoint.map(str::to_owned);
            spec
        };
        let objective = made(&w, &spec, false).await;
        for found in [by_day(&w, &objective).await, listed(&w, &objective).await] {
            let counted = (found.outcomes.total, found.outcomes.bad);
            assert_eq!(counted, (total, bad), "{endpoint:?}");
        }
    }
}

async fn a_budget_that_burns_fires_while_both_windows_burn(database: Database) {
    let w = AlertStage::on(database).await;
    let objective = made(&w, &answers(990_000), true).await;
    let settings: Vec<_> = rules(&w)
        .await
        .into_iter()
        .map(|rule| {
            let spec = rule.spec;
            (
                spec.name,
                spec.threshold,
                spec.window_minutes,
                spec.objective_id,
            )
        })
        .collect();
    assert_eq!(
        settings,
        [
            ("Answers burns fast".into(), 14.4, 60, Some(objective.id)),
            ("Answers burns".into(), 6.0, 360, Some(objective.id))
        ]
    );
    let mut told = Vec::new();
    for minute in 0..16 {
        w.minute(minute, 100, if (3..10).contains(&minute) { 50 } else { 0 });
        told.extend(w.judge(minute).await);
    }
    let fast = "Burn rate of 99% availability is 20× (threshold 14.4×) over 1 h, 500 requests";
    assert_eq!(
        told,
        [
            "Burn rate of 99% availability is 12.5× (threshold 6×) over 6 h, 400 requests",
            fast,
            // The hour still burns 25 times too fast; its last five minutes no longer do.
            "Resolved: Burn rate of 99% availability is back at 10× (threshold 14.4×) after 9 min",
        ]
    );
    let mut found = events(&*w.h.store).await;
    found.sort_by_key(|event| event.fired_at);
    assert_eq!(
        (found[1].fired_at, found[1].resolved_at, found[1].value),
        (NOON + 300, Some(NOON + 840), 20.0)
    );
    // A dry run of it says the same.
    let rule = rules(&w).await.remove(0);
    let range = TimeRange::new(NOON, NOON + 16 * 60);
    let run = dry_run(&*w.h.store, &rule.spec, range, Tz::UTC)
        .await
        .unwrap();
    assert_eq!((run.events.len(), run.windows, run.breaches), (1, 16, 9));
    let event = &run.events[0];
    assert_eq!(
        (
            event.fired_at,
            event.resolved_at,
            event.value,
            event.message.as_str()
        ),
        (NOON + 300, Some(NOON + 840), 20.0, fast)
    );
}

async fn a_rule_after_an_outage_of_the_leader_reads_both_windows(database: Database) {
    let w = AlertStage::on(database).await;
    made(&w, &answers(990_000), true).await;
    for minute in 0..16 {
        w.minute(minute, 100, if (3..10).contains(&minute) { 50 } else { 0 });
    }
    // All sixteen minutes are evaluated at once.
    w.judge(15).await;
    let mut found = events(&*w.h.store).await;
    found.sort_by_key(|event| event.fired_at);
    let when: Vec<_> = found
        .iter()
        .map(|event| {
            (
                event.fired_at - NOON,
                event.resolved_at.map(|at| at - NOON),
                event.value,
            )
        })
        .collect();
    assert_eq!(when, [(240, None, 12.5), (300, Some(840), 20.0)]);
}

async fn rules_follow_their_objective_and_go_with_it(database: Database) {
    let w = AlertStage::on(database).await;
    let control = &*w.h.store;
    let objective = made(&w, &answers(990_000), true).await;
    for minute in 0..3 {
        w.minute(minute, 100, 90);
        w.judge(minute).await;
    }
    assert!(
        rules(&w)
            .await
            .iter()
            .all(|rule| rule.state.phase == Phase::Firing)
    );

    let spec = {
        let mut spec = ObjectiveSpec::new("Orders", Indicator::latency(50_000), 950_000);
        spec.endpoint = Some("POST /orders".into());
        spec.service = Some("shop".into());
        spec
    };
    let id = objective.id;
    let stale = control.update_objective(id, &Scope::All, Some(7), &spec, None);
    assert!(matches!(stale.await, Err(StoreError::Conflict(_))));
    let changed = control
        .update_objective(id, &Scope::All, Some(1), &spec, Some("bob"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.revision, &changed.spec), (2, &spec));
    for rule in rules(&w).await {
        assert_eq!(rule.revision, 2);
        assert_eq!(rule.spec.endpoint.as_deref(), Some("POST /orders"));
        assert_eq!(rule.spec.service.as_deref(), Some("shop"));
    }
    // They look at what it looks at now: nothing.
    w.judge(3).await;
    assert!(
        rules(&w)
            .await
            .iter()
            .all(|rule| rule.state.phase == Phase::Resolved)
    );

    // A rule of one's own over it, edited, keeps to it.
    let mine = {
        let mut spec = AlertSpec::new("mine", AlertType::BurnRate, Comparison::Gt, 2.0);
        (spec.objective_id, spec.window_minutes) = (Some(id), 24);
        spec.endpoint = Some("/elsewhere".into());
        spec
    };
    let mine = w.create(&mine).await;
    assert_eq!(mine.spec.endpoint.as_deref(), Some("POST /orders"));
    let traffic = Traffic {
        method: "POST",
        endpoint: "/orders",
        latency_ms: 80,
        ..Traffic::default()
    };
    traffic.send(&w.writer, NOON + 240, 10);
    let told = w.judge(4).await;
    assert!(
        told.iter()
            .any(|text| text.starts_with("Burn rate of 95% within")
                && text.contains("for POST /orders of shop is 20× (threshold 2×)")),
        "{told:?}"
    );

    assert!(
        control
            .delete_objective(id, &Scope::All, Some("bob"))
            .await
            .unwrap()
    );
    assert!(
        !control
            .delete_objective(id, &Scope::All, None)
            .await
            .unwrap()
    );
    assert_eq!(rules(&w).await, []);
    let left = events(control).await;
    assert!(left.iter().all(|event| event.resolved_at.is_some()));
    let why = left.iter().find_map(|event| {
        event
            .resolved_message
            .as_deref()
            .filter(|_| event.name == "mine")
    });
    assert_eq!(why, Some("mine: its objective was removed"));
    let mut asked = AuditQuery::default();
    asked.limit = 100;
    let trail = control.audit_trail(&asked).await.unwrap();
    let told: Vec<_> = trail
        .iter()
        .filter(|entry| entry.action.contains("objective"))
        .map(|entry| {
            (
                entry.actor.as_str(),
                entry.action.as_str(),
                entry.subject.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "bob",
                "remove objective",
                format!("objective {id} (Orders)").as_str()
            ),
            (
                "bob",
                "change objective",
                format!("objective {id} (Answers)").as_str()
            ),
            (
                "ann",
                "create objective",
                format!("objective {id} (Answers)").as_str()
            ),
        ]
    );
}

async fn an_objective_is_its_tenants_own(database: Database) {
    let w = AlertStage::on(database).await;
    let control = &*w.h.store;
    let of = |tenant: &str| {
        let mut spec = answers(990_000);
        spec.tenant_id = Some(tenant.into());
        spec
    };
    let acme = made(&w, &of("acme"), true).await;
    made(&w, &answers(990_000), false).await;
    let tenant = |name: &str| Scope::Tenant(name.into());
    for (scope, seen) in [
        (Scope::All, 2),
        (tenant("acme"), 1),
        (tenant("umbrella"), 0),
        (Scope::Keys(vec![1]), 0),
    ] {
        let found = control.objectives(&scope, 0, 10).await.unwrap();
        assert_eq!(found.len(), seen, "{scope:?}");
    }
    assert!(
        rules(&w)
            .await
            .iter()
            .all(|rule| rule.spec.tenant_id.as_deref() == Some("acme"))
    );
    let umbrella = tenant("umbrella");
    assert!(
        control
            .objective(acme.id, &umbrella)
            .await
            .unwrap()
            .is_none()
    );
    let taken = of("umbrella");
    let changed = control.update_objective(acme.id, &umbrella, None, &taken, None);
    assert!(changed.await.unwrap().is_none());
    assert!(
        !control
            .delete_objective(acme.id, &umbrella, None)
            .await
            .unwrap()
    );
    assert_eq!(
        control.objective(acme.id, &Scope::All).await.unwrap(),
        Some(acme)
    );
}

async fn a_rule_that_can_not_be_measured_is_refused(database: Database) {
    let w = AlertStage::on(database).await;
    let objective = made(&w, &answers(990_000), false).await;
    let burning = {
        let mut spec = AlertSpec::new("burns", AlertType::BurnRate, Comparison::Gte, 14.4);
        (spec.objective_id, spec.window_minutes) = (Some(objective.id), 60);
        spec
    };
    let refused = async |change: fn(&mut AlertSpec)| {
        let mut spec = burning.clone();
        change(&mut spec);
        match w.h.store.create_alert(&spec, None).await {
            Err(StoreError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refused(|spec| spec.objective_id = None).await,
        "objectiveId"
    );
    assert_eq!(
        refused(|spec| spec.objective_id = Some(99)).await,
        "objectiveId"
    );
    assert_eq!(
        refused(|spec| spec.alert_type = AlertType::ErrorRate).await,
        "objectiveId"
    );
    assert_eq!(
        refused(|spec| spec.window_minutes = 50).await,
        "windowMinutes"
    );
    assert_eq!(refused(|spec| spec.threshold = 0.0).await, "thresholdValue");
    assert_eq!(
        refused(|spec| spec.comparison = Comparison::Lt).await,
        "thresholdValue"
    );
    assert_eq!(
        refused(|spec| spec.api_key_id = Some(1)).await,
        "apiKeyFilter"
    );
    assert_eq!(refused(|spec| spec.quantile = Some(0.5)).await, "quantile");
    w.create(&burning).await;
}
