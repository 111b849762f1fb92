//! Silences that were planned: what they keep back, for how long, and who may see and end them.

use api_metrics_store::{
    control::{
        ControlStore,
        alerts::{NewSilence, PlannedSilence},
        notify::NoticeKind,
    },
    query::Scope,
    store::StoreError,
};

use crate::{
    alerts::{AlertStage, errors, events},
    harness::{Database, NOON},
};

on_both! {
    what_fires_in_a_maintenance_window_is_recorded_and_told_afterwards_if_it_still_does
    minutes_that_are_caught_up_with_are_as_silent_as_they_were
    a_rule_that_is_changed_in_a_silence_is_told_of_when_nothing_keeps_it_back
    the_silences_of_some_tenants_leave_room_for_everybody_elses
    a_silence_keeps_back_the_rules_that_it_is_about_and_no_others
    a_silence_that_is_ended_early_lets_go_at_the_next_minute
    a_tenant_sees_makes_and_ends_its_own_silences
    a_silence_that_can_not_be_is_refused_by_the_member_that_is_wrong
}

async fn plan(store: &dyn ControlStore, silence: &NewSilence) -> PlannedSilence {
    let made = store.create_silence(&Scope::All, silence, Some("ann"));
    made.await.unwrap()
}

async fn what_fires_in_a_maintenance_window_is_recorded_and_told_afterwards_if_it_still_does(
    database: Database,
) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    let store = &*w.h.store;
    // Planned from 12:02 to 12:07.
    plan(store, &NewSilence::new(NOON + 120, NOON + 420)).await;
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await.len(), 1, "before it begins");
    // Whoever was told of a beginning is told of its end.
    w.minute(1, 100, 0);
    assert_eq!(w.judge(1).await.len(), 1);
    // A beginning and an end: nobody is told.
    for (minute, failed) in [(2, 50), (3, 0)] {
        w.minute(minute, 100, failed);
        assert_eq!(w.judge(minute).await, [""; 0], "{minute}");
    }
    // Still failing when it is over.
    for minute in 4..6 {
        w.minute(minute, 100, 50);
        assert_eq!(w.judge(minute).await, [""; 0], "{minute}");
    }
    w.minute(6, 100, 50);
    let told = w.judge(6).await;
    let all = events(store).await;
    assert_eq!(all.len(), 3, "each was recorded");
    assert_eq!(told, [all[0].message.clone()]);
    w.minute(7, 100, 50);
    assert_eq!(w.judge(7).await, [""; 0], "once");
    w.minute(8, 100, 0);
    assert_eq!(w.judge(8).await.len(), 1, "its end");
}

async fn minutes_that_are_caught_up_with_are_as_silent_as_they_were(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    let store = &*w.h.store;
    plan(store, &NewSilence::new(NOON, NOON + 600)).await;
    // Nobody evaluates until it is over.
    w.minute(1, 100, 50);
    w.minute(2, 100, 0);
    w.minute(11, 100, 0);
    assert_eq!(w.judge(11).await, [""; 0]);
    assert_eq!(events(store).await.len(), 1);
}

async fn a_rule_that_is_changed_in_a_silence_is_told_of_when_nothing_keeps_it_back(
    database: Database,
) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.service = Some("shop".to_owned());
    let rule = w.create(&spec).await.id;
    let store = &*w.h.store;
    let mut silence = NewSilence::new(NOON - 60, NOON + 36_000);
    silence.service = Some("shop".to_owned());
    plan(store, &silence).await;
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await, [""; 0]);
    spec.service = None;
    let edited = store.update_alert(rule, &Scope::All, None, &spec, None);
    edited.await.unwrap();
    w.minute(1, 100, 50);
    assert_eq!(w.judge(1).await.len(), 1);
    w.minute(2, 100, 50);
    assert_eq!(w.judge(2).await, [""; 0], "once");
}

async fn the_silences_of_some_tenants_leave_room_for_everybody_elses(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    let store = &*w.h.store;
    let own = plan(store, &NewSilence::new(NOON - 60, NOON + 3_600)).await;
    for tenant in 0..3 {
        for n in 0..350 {
            let mut silence = NewSilence::new(NOON, NOON + 86_400 + n);
            silence.tenant_id = Some(format!("tenant {tenant}"));
            plan(store, &silence).await;
        }
    }
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await, [""; 0]);
    assert!(store.end_silence(own.id, &Scope::All, None).await.unwrap());
    w.minute(1, 100, 50);
    assert_eq!(w.judge(1).await.len(), 1);
}

async fn a_silence_keeps_back_the_rules_that_it_is_about_and_no_others(database: Database) {
    let w = AlertStage::on(database).await;
    let named = |name: &str| {
        let mut spec = errors();
        spec.name = name.to_owned();
        spec
    };
    let mut of_service = named("of the service");
    of_service.service = Some("shop".to_owned());
    let mut of_endpoint = named("of the endpoint");
    of_endpoint.endpoint = Some("GET /api/segments".to_owned());
    let everything = named("everything");
    for spec in [&of_service, &of_endpoint] {
        w.create(spec).await;
    }
    let rule = w.create(&everything).await.id;
    let store = &*w.h.store;
    let titles = |minute| {
        let w = &w;
        async move {
            w.h.store.flush(&w.writer).await.unwrap();
            w.h.clock.step_to(NOON + (minute + 1) * 60 + 15);
            w.watch.tick(&*w.h.store, None).await.unwrap();
            let told = w.memory.take().into_iter();
            let mut fired: Vec<_> = told
                .filter(|notice| notice.kind == NoticeKind::AlertFired)
                .map(|notice| notice.title)
                .collect();
            fired.sort_unstable();
            fired
        }
    };
    let all = ["everything", "of the endpoint", "of the service"];
    type Change = fn(&mut NewSilence, i64);
    let cases: [(&str, Change); 5] = [
        ("", |_, _| {}),
        ("of the service", |silence, _| {
            silence.service = Some("shop".to_owned())
        }),
        ("of the endpoint", |silence, _| {
            silence.endpoint = Some("GET /api/*".to_owned())
        }),
        ("everything", |silence, rule| silence.rule_id = Some(rule)),
        ("nobody", |silence, _| {
            silence.tenant_id = Some("acme".to_owned())
        }),
    ];
    for (case, (silent, change)) in cases.into_iter().enumerate() {
        // Each an hour after the one before, so that every rule fires anew.
        let minute = 120 * (i64::try_from(case).unwrap() + 1);
        let at = NOON + minute * 60;
        w.h.clock.step_to(at);
        titles(minute - 2).await;
        let mut silence = NewSilence::new(at, at + 3_600);
        change(&mut silence, rule);
        let planned = plan(store, &silence).await;
        w.minute(minute, 100, 50);
        let told = titles(minute).await;
        let wanted: Vec<_> = all
            .into_iter()
            .filter(|title| !silent.is_empty() && *title != silent)
            .collect();
        assert_eq!(told, wanted, "{silent}");
        let fired = events(store).await;
        let new = fired.iter().filter(|event| event.fired_at > at).count();
        assert_eq!(new, 3, "{silent}");
        w.minute(minute + 1, 100, 0);
        titles(minute + 1).await;
        assert!(
            store
                .end_silence(planned.id, &Scope::All, None)
                .await
                .unwrap()
        );
    }
}

async fn a_silence_that_is_ended_early_lets_go_at_the_next_minute(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    let store = &*w.h.store;
    let planned = plan(store, &NewSilence::new(NOON - 60, NOON + 36_000)).await;
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await, [""; 0]);
    let ended = store.end_silence(planned.id, &Scope::All, Some("bob"));
    assert!(ended.await.unwrap());
    let again = store.end_silence(planned.id, &Scope::All, Some("bob"));
    assert!(!again.await.unwrap(), "it is over");
    w.minute(1, 100, 50);
    assert_eq!(w.judge(1).await.len(), 1);
    // One that has not begun leaves nothing.
    let later = plan(store, &NewSilence::new(NOON + 7_200, NOON + 9_000)).await;
    assert!(
        store
            .end_silence(later.id, &Scope::All, None)
            .await
            .unwrap()
    );
    let left = store.silences(&Scope::All).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].id, left[0].silence.until), (planned.id, NOON + 75));
    let trail = store.audit_trail(&Default::default()).await.unwrap();
    let notes: Vec<_> = trail
        .iter()
        .filter(|note| note.action.ends_with("silence"))
        .map(|note| (&*note.actor, &*note.action))
        .collect();
    assert_eq!(
        notes,
        [
            ("<code>", "end silence"),
            ("ann", "create silence"),
            ("bob", "end silence"),
            ("ann", "create silence")
        ]
    );
}

async fn a_tenant_sees_makes_and_ends_its_own_silences(database: Database) {
    let w = AlertStage::on(database).await;
    let store = &*w.h.store;
    let acme = Scope::Tenant("acme".to_owned());
    let everybodys = plan(store, &NewSilence::new(NOON, NOON + 60)).await;
    let own = |tenant: Option<&str>| {
        let mut silence = NewSilence::new(NOON, NOON + 60);
        silence.tenant_id = tenant.map(str::to_owned);
        silence
    };
    for other in [None, Some("umbrella")] {
        let refused = store.create_silence(&acme, &own(other), None).await;
        assert!(matches!(
            refused,
            Err(StoreError::Invalid {
                field: "tenantId",
                ..
            })
        ));
    }
    // Nor of a rule that is none of its own.
    let foreign = w.create(&errors()).await.id;
    let mut of_rule = own(Some("acme"));
    of_rule.rule_id = Some(foreign);
    let refused = store.create_silence(&acme, &of_rule, None).await;
    assert!(matches!(
        refused,
        Err(StoreError::Invalid {
            field: "alertId",
            ..
        })
    ));
    let made = store
        .create_silence(&acme, &own(Some("acme")), None)
        .await
        .unwrap();
    let seen = store.silences(&acme).await.unwrap();
    assert_eq!(seen, std::slice::from_ref(&made));
    assert_eq!(store.silences(&Scope::All).await.unwrap().len(), 2);
    assert_eq!(store.silences(&Scope::Keys(vec![])).await.unwrap(), []);
    assert!(!store.end_silence(everybodys.id, &acme, None).await.unwrap());
    assert!(
        !store
            .end_silence(made.id, &Scope::Keys(vec![]), None)
            .await
            .unwrap()
    );
    assert!(store.end_silence(made.id, &acme, None).await.unwrap());
}

async fn a_silence_that_can_not_be_is_refused_by_the_member_that_is_wrong(database: Database) {
    let w = AlertStage::on(database).await;
    let store = &*w.h.store;
    let year = 366 * 86_400;
    type Change = fn(&mut NewSilence);
    let cases: [(&str, i64, i64, Change); 9] = [
        ("until", NOON + 60, NOON + 60, |_| {}),
        ("until", NOON - 120, NOON, |_| {}),
        ("until", NOON, NOON + year + 1, |_| {}),
        ("from", NOON + year + 1, NOON + year + 2, |_| {}),
        ("service", NOON, NOON + 60, |s| {
            s.service = Some(" ".to_owned())
        }),
        ("reason", NOON, NOON + 60, |s| {
            s.reason = Some("a\nb".to_owned())
        }),
        ("reason", NOON, NOON + 60, |s| {
            s.reason = Some("x".repeat(513))
        }),
        ("endpoint", NOON, NOON + 60, |s| {
            s.endpoint = Some("get /a".to_owned())
        }),
        ("alertId", NOON, NOON + 60, |s| s.rule_id = Some(7)),
    ];
    for (member, from, until, change) in cases {
        let mut silence = NewSilence::new(from, until);
        change(&mut silence);
        match store.create_silence(&Scope::All, &silence, None).await {
            Err(StoreError::Invalid { field, .. }) => assert_eq!(field, member),
            other => panic!("{member}: {other:?}"),
        }
    }
    assert_eq!(store.silences(&Scope::All).await.unwrap(), []);
}
