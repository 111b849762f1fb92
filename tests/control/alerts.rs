//! Rules, their states and their history.

use std::sync::Arc;

use api_metrics_store::{
    control::{
        ControlStore, ControlWorker,
        alerts::{AlertEvent, AlertRule, AlertSpec, AlertType, Comparison, EventQuery, Phase},
        keys::KeyChange,
        notify::NoticeKind,
    },
    query::Scope,
    store::{StoreError, Writer},
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
    a_clock_that_was_ahead_does_not_silence_a_rule
}

pub(crate) fn errors() -> AlertSpec {
    {
        let mut spec = AlertSpec::new("errors", AlertType::ErrorRate, Comparison::Gt, 10.0);
        spec.window_minutes = 1;
        spec
    }
}

pub(crate) async fn rule(store: &dyn ControlStore) -> AlertRule {
    store.alerts(&Scope::All, 0, 10).await.unwrap().remove(0)
}

pub(crate) async fn events(store: &dyn ControlStore) -> Vec<AlertEvent> {
    let query = EventQuery::default();
    store.alert_events(&Scope::All, &query).await.unwrap()
}

pub(crate) struct AlertStage {
    pub(crate) h: Harness,
    pub(crate) writer: Writer,
    pub(crate) watch: ControlWorker,
    pub(crate) memory: Arc<Memory>,
}

impl AlertStage {
    pub(crate) async fn on(database: Database) -> Self {
        let h = Harness::on(database).await;
        let memory = Arc::new(Memory::default());
        let watch = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
        Self {
            writer: h.writer(),
            h,
            watch,
            memory,
        }
    }

    pub(crate) async fn create(&self, spec: &AlertSpec) -> AlertRule {
        self.h.store.create_alert(spec, None).await.unwrap()
    }

    async fn edit(&self, id: i64, spec: &AlertSpec) {
        let control = &*self.h.store;
        let edited = control
            .update_alert(id, &Scope::All, None, spec, None)
            .await;
        assert!(edited.unwrap().is_some());
    }

    /// Goes to 15 s after the end of minute `minute` (counted from noon) and judges it.
    pub(crate) async fn judge(&self, minute: i64) -> Vec<String> {
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
    pub(crate) fn minute(&self, minute: i64, n: u64, failed: u64) {
        let traffic = Traffic::default();
        traffic.send(&self.writer, NOON + minute * 60, n - failed);
        traffic
            .status(500)
            .send(&self.writer, NOON + minute * 60 + 1, failed);
    }
}

async fn a_rule_is_made_changed_listed_and_removed(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let mut spec = {
        let mut spec = AlertSpec::new("slow", AlertType::ResponseTime, Comparison::Gte, 250.5);
        spec.service = Some("shop".into());
        spec.environment = Some("live".into());
        spec.endpoint = Some("GET /users/*".into());
        spec.api_key_id = Some(3);
        spec.quantile = Some(0.95);
        spec.min_requests = 20;
        spec
    };
    let made = control.create_alert(&spec, Some("ann")).await.unwrap();
    assert_eq!(
        (made.spec.clone(), made.revision, made.created_by.as_deref()),
        (spec.clone(), 1, Some("ann"))
    );
    assert_eq!((made.state.phase, made.last_fired_at), (Phase::Ok, None));
    assert_eq!(
        control.alert(made.id, &Scope::All).await.unwrap().unwrap(),
        made
    );
    spec.threshold = 300.0;
    spec.enabled = false;
    let changed = control
        .update_alert(made.id, &Scope::All, Some(1), &spec, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.spec.clone(), changed.revision), (spec, 2));
    control.create_alert(&errors(), None).await.unwrap();
    assert_eq!(
        control
            .alerts(&Scope::All, made.id, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(control.alerts(&Scope::All, 0, 1).await.unwrap(), [changed]);
    assert!(
        control
            .delete_alert(made.id, &Scope::All, None)
            .await
            .unwrap()
    );
    assert!(
        !control
            .delete_alert(made.id, &Scope::All, None)
            .await
            .unwrap()
    );
    assert_eq!(control.alert(made.id, &Scope::All).await.unwrap(), None);

    for (wrong, field) in [
        (
            {
                let mut spec = errors();
                spec.name = String::new();
                spec
            },
            "name",
        ),
        (
            {
                let mut spec = errors();
                spec.threshold = f64::NAN;
                spec
            },
            "thresholdValue",
        ),
        (
            {
                let mut spec = errors();
                spec.threshold = 101.0;
                spec
            },
            "thresholdValue",
        ),
        (
            {
                let mut spec = errors();
                spec.window_minutes = 0;
                spec
            },
            "windowMinutes",
        ),
        (
            {
                let mut spec = errors();
                spec.quantile = Some(0.5);
                spec
            },
            "quantile",
        ),
        (
            {
                let mut spec = errors();
                spec.endpoint = Some("GET".into());
                spec
            },
            "endpointFilter",
        ),
    ] {
        match control.create_alert(&wrong, None).await {
            Err(StoreError::Invalid { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}

async fn an_edit_of_an_older_revision_is_a_conflict(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let made = control.create_alert(&errors(), None).await.unwrap();
    let edit = errors();
    let (a, b) = tokio::join!(
        control.update_alert(made.id, &Scope::All, Some(1), &edit, None),
        control.update_alert(made.id, &Scope::All, Some(1), &edit, None),
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

pub(crate) async fn a_tenants_rule_sees_its_own_keys_only(database: Database) {
    let w = AlertStage::on(database).await;
    let control = &*w.h.store;
    let tenant = |name: &str| {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(name.into()));
        change
    };
    control
        .create_key("a", &tenant("acme"), None)
        .await
        .unwrap();
    control
        .create_key("b", &tenant("other"), None)
        .await
        .unwrap();
    let mine = w
        .create(&{
            let mut spec = errors();
            spec.tenant_id = Some("acme".into());
            spec
        })
        .await;
    let acme = Scope::Tenant("acme".into());
    let other = Scope::Tenant("other".into());
    assert_eq!(control.alerts(&acme, 0, 10).await.unwrap().len(), 1);
    assert_eq!(control.alerts(&other, 0, 10).await.unwrap(), []);
    assert_eq!(
        control
            .update_alert(mine.id, &other, None, &errors(), None)
            .await
            .unwrap(),
        None
    );
    assert!(!control.delete_alert(mine.id, &other, None).await.unwrap());
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
    let mut open = EventQuery::default();
    open.open_only = true;
    let seen = async |scope| control.alert_events(&scope, &open).await.unwrap();
    assert_eq!(seen(acme).await.len(), 1);
    assert_eq!(seen(other).await, []);
}

pub(crate) async fn two_leaders_at_once_tell_an_event_once(database: Database) {
    let h = Harness::on(database).await;
    let other = h.database.store(&h.clock);
    let writer = h.writer();
    for n in 0..20 {
        let spec = {
            let mut spec = errors();
            spec.name = format!("rule {n}");
            spec
        };
        h.store.create_alert(&spec, None).await.unwrap();
    }
    let memory = Arc::new(Memory::default());
    let watch = || api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
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
    let w = AlertStage::on(database).await;
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
    let watch = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
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
    let w = AlertStage::on(database).await;
    let made = w.create(&errors()).await;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await.len(), 1);
    // A threshold that is no longer breached resolves; nothing is told at the moment of the edit.
    let edited = {
        let mut spec = errors();
        spec.threshold = 30.0;
        spec
    };
    w.edit(made.id, &edited).await;
    assert_eq!(rule(&*w.h.store).await.state.phase, Phase::Firing);
    w.minute(1, 100, 20);
    assert_eq!(
        w.judge(1).await,
        ["Resolved: Error rate is back at 20.0% (threshold 30%) after 1 min"]
    );
    // An edit does not shorten the cooldown.
    w.edit(made.id, &errors()).await;
    w.minute(2, 100, 20);
    assert_eq!(w.judge(2).await, Vec::<String>::new());
    assert_eq!(rule(&*w.h.store).await.state.phase, Phase::Pending);
    let patient = {
        let mut spec = errors();
        spec.cooldown_minutes = 2;
        spec
    };
    w.edit(made.id, &patient).await;
    w.minute(3, 100, 20);
    assert_eq!(w.judge(3).await.len(), 1);
    assert_eq!(events(&*w.h.store).await.len(), 2);
}

async fn switching_off_or_removing_a_rule_that_fires_ends_its_event(database: Database) {
    let w = AlertStage::on(database).await;
    let made = w
        .create(&{
            let mut spec = errors();
            spec.cooldown_minutes = 0;
            spec
        })
        .await;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await.len(), 1);
    let off = {
        let mut spec = made.spec.clone();
        spec.enabled = false;
        spec
    };
    w.edit(made.id, &off).await;
    w.minute(1, 100, 20);
    assert_eq!(w.judge(1).await, ["errors: the rule was switched off"]);
    w.minute(2, 100, 20);
    assert_eq!(w.judge(2).await, Vec::<String>::new());
    // What happened while it was off stays untold.
    w.edit(made.id, &made.spec).await;
    w.minute(3, 100, 20);
    assert_eq!(w.judge(3).await.len(), 1);
    assert!(
        w.h.store
            .delete_alert(made.id, &Scope::All, None)
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

async fn a_clock_that_was_ahead_does_not_silence_a_rule(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    let ahead = 2 * 1_440;
    w.h.clock.step_to(NOON + ahead * 60);
    w.minute(ahead, 100, 20);
    assert_eq!(w.judge(ahead).await.len(), 1);
    // Set right.
    w.h.clock.step_to(NOON);
    w.minute(0, 100, 0);
    assert_eq!(
        w.judge(0).await,
        ["Resolved: Error rate is back at 0.0% (threshold 10%) after 0 min"]
    );
    w.minute(1, 100, 20);
    assert_eq!(w.judge(1).await.len(), 1);
}
