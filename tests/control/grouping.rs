//! One outage is one message: alerts that fire together, and the state of the channels that they go through.

use std::{sync::Arc, time::Duration};

use api_metrics_store::control::{
    ControlStore, ControlWorker,
    alerts::{AlertSpec, AlertType, Comparison, Severity},
    notify::{
        DeliveryQuery, DeliveryStatus, Notice, NoticeKind, Notifier, NotifyError, async_trait,
    },
};

use crate::{
    alerts::{AlertStage, errors},
    harness::Database,
    help::{Memory, Tell},
};

on_both! {
    alerts_that_fire_together_are_one_notice_where_a_channel_groups_and_as_many_as_they_are_elsewhere
    a_group_that_was_not_taken_comes_again_whole_under_its_id
    a_test_goes_through_one_channel_alone_and_its_state_says_what_became_of_it
}

/// A notifier that groups.
#[derive(Debug)]
struct Chat(Tell);

#[async_trait]
impl Notifier for Chat {
    fn channel(&self) -> &str {
        self.0.channel()
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.0.notify(notice).await
    }

    fn groups(&self) -> bool {
        true
    }
}

/// A worker that tells each alert to one and groups to another.
fn worker() -> (ControlWorker, Arc<Memory>, Arc<Memory>) {
    let (each, chat) = (Arc::new(Memory::default()), Arc::new(Memory::default()));
    let worker = api_metrics_tests::worker_for(vec![
        Arc::new(Tell("each", each.clone())),
        Arc::new(Chat(Tell("chat", chat.clone()))),
    ]);
    (worker, each, chat)
}

/// Three rules that one outage breaches.
async fn three_rules(stage: &AlertStage) {
    let mut volume = AlertSpec::new("volume", AlertType::RequestVolume, Comparison::Gt, 50.0);
    volume.window_minutes = 1;
    volume.severity = Severity::Critical;
    let mut others = errors();
    others.name = "more errors".to_owned();
    for spec in [errors(), others, volume] {
        stage.create(&spec).await;
    }
}

async fn outage(stage: &AlertStage, minute: i64, worker: &ControlWorker) {
    stage.h.store.flush(&stage.writer).await.unwrap();
    stage
        .h
        .clock
        .step_to(crate::harness::NOON + (minute + 1) * 60 + 15);
    worker.tick(&*stage.h.store, None).await.unwrap();
}

async fn of_status(store: &dyn ControlStore, status: DeliveryStatus) -> usize {
    let mut query = DeliveryQuery::default();
    query.status = Some(status);
    store.deliveries(&query).await.unwrap().len()
}

async fn alerts_that_fire_together_are_one_notice_where_a_channel_groups_and_as_many_as_they_are_elsewhere(
    database: Database,
) {
    let w = AlertStage::on(database).await;
    three_rules(&w).await;
    let (watch, each, chat) = worker();
    w.minute(0, 100, 20);
    outage(&w, 0, &watch).await;
    let single = each.take();
    assert_eq!(single.len(), 3);
    // It waits for others, and not for ever.
    assert_eq!(chat.take(), []);
    w.h.clock.advance(Duration::from_secs(2));
    watch.deliver(&*w.h.store, None).await.unwrap();
    let [group] = &chat.take()[..] else {
        panic!("not one notice")
    };
    assert_eq!(group.kind, NoticeKind::AlertFired);
    assert_eq!(group.severity, Severity::Critical);
    assert_eq!(
        group.title,
        "3 alerts: volume, errors, more errors".to_owned()
    );
    let mut events: Vec<_> = group.alerts.iter().map(|alert| alert.event_id).collect();
    let mut told: Vec<_> = single.iter().map(|notice| notice.event_id).collect();
    events.sort_unstable();
    told.sort_unstable();
    assert_eq!(events, told);
    assert!(single.iter().all(|notice| notice.id != group.id));
    let states = w.h.store.channels().await.unwrap();
    let delivered: Vec<_> = states
        .iter()
        .map(|of| (&*of.channel, of.delivered))
        .collect();
    assert_eq!(
        delivered,
        [("chat", 1), ("each", 3)],
        "members of a group count for nothing"
    );
    // Nothing of it is left behind.
    assert_eq!(of_status(&*w.h.store, DeliveryStatus::Pending).await, 0);
    w.h.clock.advance(Duration::from_secs(600));
    watch.deliver(&*w.h.store, None).await.unwrap();
    assert_eq!((chat.take(), each.take()), (vec![], vec![]));

    // Their end is one notice as well; one that ends alone is told alone.
    w.minute(1, 10, 0);
    w.minute(20, 100, 0);
    outage(&w, 20, &watch).await;
    w.h.clock.advance(Duration::from_secs(2));
    watch.deliver(&*w.h.store, None).await.unwrap();
    let ends = chat.take();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].kind, NoticeKind::AlertResolved);
    assert_eq!(ends[0].alerts.len(), 3);
}

async fn a_group_that_was_not_taken_comes_again_whole_under_its_id(database: Database) {
    let w = AlertStage::on(database).await;
    three_rules(&w).await;
    let (watch, _, chat) = worker();
    *chat.failures.lock().unwrap() = 1;
    w.minute(0, 100, 20);
    outage(&w, 0, &watch).await;
    w.h.clock.advance(Duration::from_secs(2));
    let done = watch.deliver(&*w.h.store, Some("chat")).await.unwrap();
    assert_eq!((done.delivered, done.retried), (0, 1));
    let mut query = DeliveryQuery::default();
    query.status = Some(DeliveryStatus::Pending);
    let waiting = w.h.store.deliveries(&query).await.unwrap();
    assert_eq!(waiting.len(), 1);
    // Another process takes it over; what comes meanwhile is no part of it.
    let (other, _, _) = worker();
    w.h.clock.advance(Duration::from_secs(60));
    drop(other);
    watch.deliver(&*w.h.store, Some("chat")).await.unwrap();
    let told = chat.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].id, waiting[0].notice.id);
    assert_eq!(told[0].alerts.len(), 3);
}

async fn a_test_goes_through_one_channel_alone_and_its_state_says_what_became_of_it(
    database: Database,
) {
    let w = AlertStage::on(database).await;
    let (watch, each, chat) = worker();
    assert_eq!(w.h.store.channels().await.unwrap(), []);
    *each.failures.lock().unwrap() = 1;
    let id = w.h.store.test_channel("each", Some("ann")).await.unwrap();
    let state = || async { w.h.store.channels().await.unwrap().remove(0) };
    let before = state().await;
    assert_eq!(
        (
            before.channel.as_str(),
            before.pending,
            before.last.attempts
        ),
        ("each", 1, 0)
    );
    watch.deliver(&*w.h.store, None).await.unwrap();
    let failed = state().await;
    assert_eq!(failed.last.notice, id);
    assert_eq!(failed.last.status, DeliveryStatus::Pending);
    assert_eq!(failed.last.error.as_deref(), Some("not now"));
    assert_eq!(failed.last_delivered_at, None);
    w.h.clock.advance(Duration::from_secs(15));
    watch.deliver(&*w.h.store, None).await.unwrap();
    let told = each.take();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].id, told[0].kind), (id, NoticeKind::Test));
    assert!(told[0].message.contains("ann"), "{}", told[0].message);
    assert_eq!(chat.take(), []);
    let good = state().await;
    assert_eq!((good.delivered, good.pending, good.dead), (1, 0, 0));
    assert_eq!(good.last.status, DeliveryStatus::Delivered);
    assert!(good.last_delivered_at.is_some());
    assert_eq!(w.h.store.channels().await.unwrap().len(), 1);
    let trail = w.h.store.audit_trail(&Default::default()).await.unwrap();
    assert_eq!(
        (trail[0].action.as_str(), trail[0].subject.as_str()),
        ("test channel", "each")
    );
    // What comes through the channel afterwards doesn't hide it.
    w.h.clock.advance(Duration::from_secs(5));
    let later = w.h.store.test_channel("each", Some("bob")).await.unwrap();
    watch.deliver(&*w.h.store, None).await.unwrap();
    assert_eq!(state().await.last.notice, later);
    let mut query = DeliveryQuery::default();
    query.notice = Some(id);
    let found = w.h.store.deliveries(&query).await.unwrap();
    let [of] = &found[..] else {
        panic!("not one: {found:?}")
    };
    assert_eq!(
        (of.notice.id, &*of.channel, of.status, of.attempts),
        (id, "each", DeliveryStatus::Delivered, 2)
    );
}
