//! How notices travel: again where they were not taken, in the order of what happened.

use std::{sync::Arc, time::Duration};

use api_metrics_store::control::notify::{
    DeliveryQuery, DeliveryStatus, Notice, NoticeKind, Notifier,
};

use crate::{
    alerts::{AlertStage, errors},
    harness::{Database, NOON},
    help::{Memory, Stalled, Tell},
    receiver::Receiver,
    webhook::hook,
};

on_both! {
    what_could_not_be_delivered_comes_again_under_its_id
    what_is_never_taken_ends_as_a_dead_letter_that_can_be_revived
    an_event_is_told_before_its_end_however_many_there_are
}

pub(crate) async fn what_could_not_be_delivered_comes_again_under_its_id(database: Database) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    let second = Arc::new(Memory::default());
    let watch = api_metrics_tests::worker_for(vec![
        Arc::new(Tell("memory", w.memory.clone())),
        Arc::new(Tell("second", second.clone())),
    ]);
    *w.memory.failures.lock().unwrap() = 2;
    w.minute(0, 100, 20);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    let (_, delivered) = watch.tick(&*w.h.store, None).await.unwrap();
    assert_eq!((delivered.delivered, delivered.retried), (1, 1));
    // One channel's failure is not the other's.
    let id = second.take()[0].id;
    assert_eq!(
        watch.deliver(&*w.h.store, None).await.unwrap().retried,
        0,
        "not before its time"
    );
    w.h.clock.advance(Duration::from_secs(15));
    assert_eq!(watch.deliver(&*w.h.store, None).await.unwrap().retried, 1);
    w.h.clock.advance(Duration::from_secs(30));
    assert_eq!(watch.deliver(&*w.h.store, None).await.unwrap().delivered, 1);
    assert_eq!(w.memory.take()[0].id, id);
    assert_eq!(second.take(), []);

    // A process that dies between delivery and acknowledgement: its attempt counts as lost.
    w.minute(1, 100, 0);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 240);
    let stalled = ["memory", "second"].map(|channel| {
        let tell = Tell(channel, Arc::new(Memory::default()));
        Arc::new(Stalled::new(tell))
    });
    let notifiers = stalled.each_ref().map(|stalled| stalled.clone() as _);
    let dying = api_metrics_tests::worker_for(notifiers.into());
    dying.evaluate(&*w.h.store, None).await.unwrap();
    let mut attempts = stalled.each_ref().map(|stalled| {
        let attempt = dying.deliver(&*w.h.store, Some(stalled.channel()));
        (Box::pin(attempt), stalled)
    });
    for (attempt, stalled) in &mut attempts {
        tokio::select! {
            _ = attempt => unreachable!("nobody lets it go"),
            () = stalled.begun.notified() => {}
        }
    }
    assert_eq!(watch.deliver(&*w.h.store, None).await.unwrap().delivered, 0);
    w.h.clock.advance(Duration::from_secs(90));
    assert_eq!(watch.deliver(&*w.h.store, None).await.unwrap().delivered, 2);
    assert_eq!(w.memory.take()[0].id, stalled[0].inner.1.take()[0].id);
    // Should the dead process come back, it changes nothing.
    for (attempt, stalled) in attempts {
        stalled.go_on.notify_one();
        attempt.await.unwrap();
    }
    w.h.clock.advance(Duration::from_secs(3_600));
    let again = watch.deliver(&*w.h.store, None).await.unwrap();
    assert_eq!((again.delivered, again.retried), (0, 0));
}

pub(crate) async fn what_is_never_taken_ends_as_a_dead_letter_that_can_be_revived(
    database: Database,
) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    *w.memory.failures.lock().unwrap() = 10;
    w.minute(0, 100, 20);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    let mut dead = 0;
    let mut attempts = 1;
    while dead == 0 {
        w.h.clock.advance(Duration::from_secs(2 * 3_600));
        let done = w.watch.deliver(&*w.h.store, None).await.unwrap();
        dead += done.dead;
        attempts += done.dead + done.retried;
    }
    assert_eq!(attempts, 10);
    let query = {
        let mut query = DeliveryQuery::default();
        query.status = Some(DeliveryStatus::Dead);
        query
    };
    let letters = w.h.store.deliveries(&query).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (
            letters[0].channel.as_str(),
            letters[0].attempts,
            letters[0].last_error.as_deref()
        ),
        ("memory", 10, Some("not now"))
    );
    let after = {
        let mut query = query.clone();
        query.before = Some((
            letters[0].updated_at,
            letters[0].notice.id,
            letters[0].channel.clone(),
        ));
        query
    };
    assert_eq!(w.h.store.deliveries(&after).await.unwrap(), []);
    assert!(
        w.h.store
            .redeliver(letters[0].notice.id, "memory")
            .await
            .unwrap()
    );
    assert!(
        !w.h.store
            .redeliver(letters[0].notice.id, "memory")
            .await
            .unwrap()
    );
    assert_eq!(
        w.watch.deliver(&*w.h.store, None).await.unwrap().delivered,
        1
    );
    assert_eq!(w.memory.take()[0].id, letters[0].notice.id);
    assert_eq!(w.h.store.deliveries(&query).await.unwrap(), []);
}

async fn an_event_is_told_before_its_end_however_many_there_are(database: Database) {
    let w = AlertStage::on(database).await;
    for n in 0..8 {
        w.create(&{
            let mut spec = errors();
            spec.name = format!("rule {n}");
            spec
        })
        .await;
    }
    // Judged afterwards, so that beginnings and ends wait together.
    w.minute(3, 100, 40);
    w.minute(4, 100, 0);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 20 * 60 + 15);
    let receiver = Receiver::start([]).await;
    let watch = api_metrics_tests::worker_for(vec![Arc::new(hook(&receiver))]);
    watch.tick(&*w.h.store, None).await.unwrap();
    let told: Vec<Notice> = receiver
        .take()
        .iter()
        .map(|request| serde_json::from_str::<Notice>(&request.body).unwrap())
        .collect();
    assert_eq!(told.len(), 16);
    let place = |rule, kind| {
        told.iter()
            .position(|n| n.kind == kind && n.rule.as_ref().is_some_and(|r| r.id == rule))
            .unwrap()
    };
    for rule in told.iter().map(|n| n.rule.as_ref().unwrap().id) {
        assert!(place(rule, NoticeKind::AlertFired) < place(rule, NoticeKind::AlertResolved));
    }
}
