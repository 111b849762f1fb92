//! An event explained, and what people do about it.

use api_metrics_store::{
    calendar::Tz,
    control::{
        alerts::{
            AlertEvent, AlertSpec, AlertType, Comparison, EventHandling, Silence,
            incident::{Incident, Verdict, incident},
        },
        audit::AuditQuery,
        notify::NoticeKind,
    },
    query::Scope,
    store::StoreError,
    time::Granularity,
};

use crate::{
    alerts::{AlertStage, errors, events},
    causes::Logging,
    harness::{Database, NOON},
    help::{Tell, Traffic},
};

on_both! {
    an_incident_names_the_client_the_endpoint_and_the_code
    requests_of_a_pattern_are_of_its_endpoints_alone
    an_event_of_many_hours_shows_its_end
    an_outage_of_all_is_the_services_and_few_errors_are_too_few_to_tell
    a_tenant_sees_its_own_incidents_alone
    a_silence_keeps_notices_back_and_the_events_stay
    what_fires_while_its_rule_is_silent_is_told_when_the_time_is_over
    a_silence_until_resolved_ends_with_its_event_when_minutes_are_caught_up
    a_silence_is_the_rules_at_whichever_event_it_is_made_and_ended
    an_event_that_is_resolved_takes_no_silence_until_it_is_resolved
    the_first_who_acknowledges_stays_and_both_are_audited
    what_several_do_about_an_event_at_once_all_stays
    a_notice_carries_the_link_to_its_incident
}

async fn explained(w: &AlertStage, scope: &Scope) -> Option<Incident> {
    let event = events(&*w.h.store).await.remove(0);
    let now = api_metrics_store::time::Clock::unix_seconds(&*w.h.clock);
    let found = incident(&*w.h.store, None, None, event.id, scope, now, Tz::UTC);
    found.await.unwrap()
}

/// An hour of good traffic of three keys, of which the first sends a tenth.
fn usual(w: &AlertStage) {
    for minute in 1..30 {
        for (key, n) in [("partner", 10), ("shop", 50), ("app", 40)] {
            let traffic = Traffic {
                key: Some(key),
                endpoint: if minute % 3 == 0 { "/orders" } else { "/carts" },
                ..Traffic::default()
            };
            traffic.send(&w.writer, NOON - minute * 60, n);
        }
    }
}

fn failing(key: &'static str, endpoint: &'static str) -> Traffic<'static> {
    Traffic {
        key: Some(key),
        endpoint,
        ..Traffic::default()
    }
    .status(503)
}

async fn an_incident_names_the_client_the_endpoint_and_the_code(database: Database) {
    let l = Logging::on(database).await;
    l.keys_of("acme", &["partner", "shop", "app"]).await;
    let w = &l.w;
    let rule = w.create(&errors()).await;
    usual(w);
    l.fail("/orders", Some("partner"), "order 17 is locked", 92);
    l.fail("/orders", Some("shop"), "order 18 is locked", 8);
    assert_eq!(l.judge().await.len(), 1);
    let event = events(&*w.h.store).await.remove(0);
    let log = Some(&*l.store);
    let found = incident(
        &*w.h.store,
        log,
        None,
        event.id,
        &Scope::All,
        NOON + 75,
        Tz::UTC,
    )
    .await;
    let found = found.unwrap().unwrap();
    let verdict = "Name of partner is 92% of the errors and 10% of the traffic: one client; \
                   mostly GET /orders; all with status 503";
    assert_eq!(found.verdict.as_deref(), Some(verdict));
    assert_eq!(found.rule.map(|rule| rule.id), Some(rule.id));
    let consumers = found.consumers.unwrap();
    assert_eq!((consumers.verdict, consumers.total), (Verdict::One, 100));
    let shares: f64 = consumers.parts.iter().map(|part| part.share).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    assert_eq!(found.endpoints.unwrap().verdict, Verdict::One);
    assert_eq!(found.groups.unwrap()[0].requests, 100);
    let requests = found.requests.unwrap();
    assert_eq!(requests.len(), 5);
    assert!(requests.iter().all(|request| request.counted_status == 503));
    // The curve is what the rule was judged by.
    let curve = found.curve.unwrap();
    let fired = curve.points.iter().find(|point| point.at == event.fired_at);
    assert_eq!(fired.and_then(|point| point.value), Some(event.value));
    assert!(
        curve
            .points
            .iter()
            .any(|point| point.value == Some(0.0) && point.at == NOON - 60)
    );
}

async fn requests_of_a_pattern_are_of_its_endpoints_alone(database: Database) {
    let l = Logging::on(database).await;
    let mut volume = AlertSpec::new("many", AlertType::RequestVolume, Comparison::Gt, 10.0);
    volume.window_minutes = 1;
    volume.endpoint = Some("GET /orders*".into());
    let volume = l.w.create(&volume).await.id;
    let mut errors = errors();
    errors.endpoint = Some("/mail*".into());
    let errors = l.w.create(&errors).await.id;
    l.fail("/orders/{id}", None, "order 17 is locked", 40);
    l.fail("/carts", None, "no cart", 40);
    // Counted and not logged.
    failing("partner", "/mails").send(&l.w.writer, NOON, 40);
    assert_eq!(l.judge().await.len(), 2);
    for event in events(&*l.w.h.store).await {
        let log = Some(&*l.store);
        let found = incident(
            &*l.w.h.store,
            log,
            None,
            event.id,
            &Scope::All,
            NOON + 75,
            Tz::UTC,
        )
        .await;
        let requests = found.unwrap().unwrap().requests.unwrap();
        let endpoints: Vec<_> = requests.iter().map(|of| of.endpoint.as_str()).collect();
        if event.rule_id == Some(volume) {
            assert_eq!(endpoints, ["/orders/{id}"; 5]);
        } else {
            assert_eq!(event.rule_id, Some(errors));
            assert_eq!(endpoints, [""; 0]);
        }
    }
}

async fn an_event_of_many_hours_shows_its_end(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = AlertSpec::new("silence", AlertType::RequestVolume, Comparison::Lt, 10.0);
    spec.window_minutes = 1;
    w.create(&spec).await;
    assert_eq!(w.judge(0).await.len(), 1);
    for (hours, step) in [(5, Granularity::Minute), (30, Granularity::FiveMinutes)] {
        let now = NOON + hours * 3_600;
        w.h.clock.step_to(now);
        let curve = explained(&w, &Scope::All).await.unwrap().curve.unwrap();
        assert_eq!((curve.step, curve.cut), (step, false), "{hours}");
        assert!(curve.points.len() <= 720);
        assert_eq!(curve.points.last().unwrap().at, now);
        let step = step.seconds();
        assert!(
            curve
                .points
                .windows(2)
                .all(|two| two[1].at - two[0].at == step)
        );
        assert!(curve.points.iter().all(|point| point.value == Some(0.0)));
    }
}

async fn an_outage_of_all_is_the_services_and_few_errors_are_too_few_to_tell(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    usual(&w);
    for (key, n) in [("partner", 3), ("shop", 15), ("app", 11)] {
        failing(key, "/orders").send(&w.writer, NOON, n);
    }
    assert_eq!(w.judge(0).await.len(), 1);
    let few = explained(&w, &Scope::All).await.unwrap().consumers.unwrap();
    assert_eq!(few.text, "29 errors: too few to tell");
    for (key, n) in [("partner", 7), ("shop", 35), ("app", 29)] {
        failing(key, "/carts").send(&w.writer, NOON + 60, n);
    }
    w.judge(1).await;
    let found = explained(&w, &Scope::All).await.unwrap();
    let all = found.consumers.unwrap();
    assert_eq!(all.text, "all consumers alike: the service");
}

async fn a_tenant_sees_its_own_incidents_alone(database: Database) {
    let w = AlertStage::on(database).await;
    for (key, tenant) in [("partner", "acme"), ("shop", "umbrella")] {
        let mut change = api_metrics_store::control::keys::KeyChange::default();
        change.tenant_id = Some(Some(tenant.into()));
        w.h.store.create_key(key, &change, None).await.unwrap();
    }
    let mut spec = errors();
    spec.tenant_id = Some("acme".into());
    w.create(&spec).await;
    failing("partner", "/orders").send(&w.writer, NOON, 40);
    failing("shop", "/orders").send(&w.writer, NOON, 400);
    assert_eq!(w.judge(0).await.len(), 1);
    let own = explained(&w, &Scope::Tenant("acme".into())).await.unwrap();
    assert_eq!(own.consumers.unwrap().text, "partner is the only consumer");
    assert_eq!((own.event.causes, own.release), (None, None));
    let id = own.event.id;
    for scope in [Scope::Tenant("umbrella".into()), Scope::Keys(vec![1])] {
        assert_eq!(explained(&w, &scope).await, None, "{scope:?}");
        let store = &*w.h.store;
        let taken = store.acknowledge_event(id, &scope, Some("x")).await;
        assert_eq!(taken.unwrap(), None);
        let silenced = store.silence_event(id, &scope, Silence::UntilResolved, None);
        assert_eq!(silenced.await.unwrap(), None);
    }
}

async fn a_silence_keeps_notices_back_and_the_events_stay(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await.len(), 1);
    let id = events(&*w.h.store).await.remove(0).id;
    let store = &*w.h.store;
    let silence = |silence| store.silence_event(id, &Scope::All, silence, Some("ann"));
    for seconds in [0, 30 * 86_400 + 1] {
        let refused = silence(Silence::For(seconds)).await;
        assert!(matches!(refused, Err(StoreError::Invalid { .. })));
    }
    // Until it is resolved: that it is over is kept back too, and what fires next is not.
    silence(Silence::UntilResolved).await.unwrap().unwrap();
    w.minute(1, 100, 0);
    assert_eq!(w.judge(1).await, [""; 0]);
    w.minute(2, 100, 50);
    assert_eq!(w.judge(2).await.len(), 1);
    // For an hour: whatever the rule does.
    silence(Silence::For(3_600)).await.unwrap().unwrap();
    w.minute(3, 100, 0);
    assert_eq!(w.judge(3).await, [""; 0]);
    w.minute(4, 100, 50);
    assert_eq!(w.judge(4).await, [""; 0]);
    assert_eq!(events(store).await.len(), 3);
    // What still fires is told of when the silence is ended.
    silence(Silence::Off).await.unwrap().unwrap();
    let told = w.judge(4).await;
    let last = events(store).await.remove(0);
    assert_eq!(told, [last.message]);
    w.minute(5, 100, 0);
    assert_eq!(w.judge(5).await.len(), 1);
}

async fn what_fires_while_its_rule_is_silent_is_told_when_the_time_is_over(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await.len(), 1);
    let store = &*w.h.store;
    let id = events(store).await.remove(0).id;
    let silenced = store.silence_event(id, &Scope::All, Silence::For(270), None);
    silenced.await.unwrap().unwrap();
    // Over before the silence is: nobody needs to know.
    for (minute, failed) in [(1, 0), (2, 50), (3, 0)] {
        w.minute(minute, 100, failed);
        assert_eq!(w.judge(minute).await, [""; 0], "{minute}");
    }
    w.minute(4, 100, 50);
    assert_eq!(w.judge(4).await, [""; 0]);
    let fired = events(store).await.remove(0);
    w.minute(5, 100, 50);
    assert_eq!(w.judge(5).await, [fired.message], "the time is over");
    w.minute(6, 100, 50);
    assert_eq!(w.judge(6).await, [""; 0], "once");
    w.minute(7, 100, 0);
    assert_eq!(w.judge(7).await.len(), 1, "and that it is over");
}

async fn a_silence_until_resolved_ends_with_its_event_when_minutes_are_caught_up(
    database: Database,
) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    w.minute(0, 100, 50);
    assert_eq!(w.judge(0).await.len(), 1);
    let store = &*w.h.store;
    let id = events(store).await.remove(0).id;
    let silenced = store.silence_event(id, &Scope::All, Silence::UntilResolved, None);
    silenced.await.unwrap().unwrap();
    // Its end and the next event are evaluated at once.
    w.minute(1, 100, 0);
    w.minute(2, 100, 50);
    let told = w.judge(2).await;
    assert!(
        matches!(&told[..], [fired] if !fired.starts_with("Resolved")),
        "{told:?}"
    );
    assert_eq!(events(store).await.len(), 2);
}

async fn a_silence_is_the_rules_at_whichever_event_it_is_made_and_ended(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    // Another rule's events are none of its business.
    (spec.name, spec.threshold) = ("other".into(), 20.0);
    let other = w.create(&spec).await.id;
    w.minute(0, 100, 15);
    w.judge(0).await;
    let store = &*w.h.store;
    let silence = |id, silence| store.silence_event(id, &Scope::All, silence, Some("ann"));
    let first = events(store).await.remove(0).id;
    silence(first, Silence::For(28_800)).await.unwrap().unwrap();
    w.minute(1, 100, 0);
    w.minute(2, 100, 50);
    assert_eq!(w.judge(2).await.len(), 1, "the other's");
    let all = events(store).await;
    let until = |events: &[AlertEvent]| -> Vec<_> {
        let mut own: Vec<_> = events.iter().collect();
        own.retain(|event| event.rule_id != Some(other));
        own.iter().map(|e| e.handling.silenced_until).collect()
    };
    assert_eq!(until(&all), [Some(NOON + 75 + 28_800); 2]);
    let others = all.iter().find(|event| event.rule_id == Some(other));
    assert_eq!(others.unwrap().handling.silenced_at, None);
    // One made at another event takes its place, and ending it there ends it.
    let second = all
        .iter()
        .find(|event| event.id != first && event.rule_id != Some(other));
    let second = second.unwrap().id;
    let shorter = silence(second, Silence::For(3_600)).await;
    let shorter = shorter.unwrap().unwrap().handling.silenced_until;
    assert_eq!(shorter, Some(NOON + 195 + 3_600));
    assert_eq!(until(&events(store).await), [shorter; 2]);
    let ended = silence(first, Silence::Off).await.unwrap().unwrap();
    assert_eq!(ended.handling, EventHandling::default());
    assert_eq!(until(&events(store).await), [None; 2]);
    w.minute(3, 100, 0);
    let told = w.judge(3).await;
    let resolved = told.iter().filter(|told| told.starts_with("Resolved"));
    assert_eq!(resolved.count(), 2, "{told:?}");
}

async fn an_event_that_is_resolved_takes_no_silence_until_it_is_resolved(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    w.minute(0, 100, 50);
    w.judge(0).await;
    let store = &*w.h.store;
    let id = events(store).await.remove(0).id;
    let silence = |silence| store.silence_event(id, &Scope::All, silence, None);
    silence(Silence::For(3_600)).await.unwrap().unwrap();
    w.minute(1, 100, 0);
    w.minute(2, 100, 50);
    assert_eq!(w.judge(2).await, [""; 0]);
    let refused = silence(Silence::UntilResolved).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    // What was refused has changed nothing.
    let until = events(store).await.remove(0).handling.silenced_until;
    assert_eq!(until, Some(NOON + 75 + 3_600));
    let trail = store.audit_trail(&AuditQuery::default()).await.unwrap();
    let silences = trail.iter().filter(|note| note.action == "silence alert");
    assert_eq!(silences.count(), 1);
}

async fn the_first_who_acknowledges_stays_and_both_are_audited(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    w.minute(0, 100, 50);
    w.judge(0).await;
    let store = &*w.h.store;
    let id = events(store).await.remove(0).id;
    for who in ["ann", "bob"] {
        let taken = store.acknowledge_event(id, &Scope::All, Some(who)).await;
        let handling = taken.unwrap().unwrap().handling;
        assert_eq!(handling.acknowledged_by.as_deref(), Some("ann"));
        assert_eq!(handling.acknowledged_at, Some(NOON + 75));
    }
    let silence = Silence::For(28_800);
    let silenced = store.silence_event(id, &Scope::All, silence, Some("bob"));
    let handling = silenced.await.unwrap().unwrap().handling;
    assert_eq!(handling.silenced_until, Some(NOON + 75 + 28_800));
    assert_eq!(events(store).await.remove(0).handling, handling);
    let trail = store.audit_trail(&AuditQuery::default()).await.unwrap();
    let trail: Vec<_> = trail
        .iter()
        .filter(|note| note.subject.contains(&id.to_string()))
        .map(|note| (note.actor.as_str(), note.action.as_str()))
        .collect();
    assert_eq!(
        trail,
        [("bob", "silence alert"), ("ann", "acknowledge alert")]
    );
}

async fn what_several_do_about_an_event_at_once_all_stays(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = errors();
    spec.cooldown_minutes = 0;
    w.create(&spec).await;
    let (store, all) = (&*w.h.store, Scope::All);
    for round in 0..8 {
        w.minute(2 * round, 100, 50);
        w.judge(2 * round).await;
        let id = events(store).await.remove(0).id;
        let (ann, silenced, bob) = tokio::join!(
            store.acknowledge_event(id, &all, Some("ann")),
            store.silence_event(id, &all, Silence::UntilResolved, Some("cid")),
            store.acknowledge_event(id, &all, Some("bob")),
        );
        let [ann, bob] = [ann, bob].map(|event| event.unwrap().unwrap().handling.acknowledged_by);
        assert!(ann.is_some());
        assert_eq!(ann, bob, "both are told the same");
        silenced.unwrap().unwrap();
        let handling = events(store).await.remove(0).handling;
        assert_eq!(handling.acknowledged_by, ann);
        assert_eq!(handling.silenced_by.as_deref(), Some("cid"));
        let trail = store.audit_trail(&AuditQuery::default()).await.unwrap();
        let taken = trail.iter().filter(|note| {
            note.action == "acknowledge alert" && note.subject.contains(&id.to_string())
        });
        assert_eq!(taken.count(), 1);
        w.minute(2 * round + 1, 100, 0);
        w.judge(2 * round + 1).await;
    }
}

async fn a_notice_carries_the_link_to_its_incident(database: Database) {
    let w = AlertStage::on(database).await;
    let mut settings = api_metrics_store::control::ControlSettings::default();
    settings.public_url = Some("https://example.com/admin/".into());
    settings.notifiers = vec![std::sync::Arc::new(Tell("memory", w.memory.clone()))];
    let worker = api_metrics_store::control::ControlWorker::new(settings);
    let mut spec = errors();
    spec.endpoint = Some("GET /*".into());
    w.create(&spec).await;
    w.minute(0, 100, 50);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    worker.tick(&*w.h.store, None).await.unwrap();
    let told = w.memory.take();
    assert_eq!(told[0].kind, NoticeKind::AlertFired);
    let id = events(&*w.h.store).await.remove(0).id;
    let link = format!("https://example.com/admin/#/incident/{id}");
    assert_eq!(told[0].url, Some(link));
    let rule = told[0].rule.as_ref().unwrap();
    assert_eq!(rule.endpoint.as_deref(), Some("GET /*"));
}
