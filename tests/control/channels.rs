//! Channels that are switched off.

use std::sync::Arc;

use api_metrics_store::control::{audit::AuditQuery, keys::KeyChange, notify::DeliveryQuery};

use crate::{
    harness::{Database, Harness, NOON},
    help::{Memory, Tell, Traffic},
};

on_both! {
    a_muted_channel_gets_no_notice_then_or_later_but_a_test
}

async fn a_muted_channel_gets_no_notice_then_or_later_but_a_test(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let mut limited = KeyChange::default();
    limited.rate_limit_per_minute = Some(Some(10));
    control.create_key("k", &limited, None).await.unwrap();
    let (quiet, open) = (Arc::new(Memory::default()), Arc::new(Memory::default()));
    let watch = api_metrics_tests::worker_for(vec![
        Arc::new(Tell("quiet", quiet.clone())),
        Arc::new(Tell("open", open.clone())),
    ]);
    let writer = h.writer();
    let hit = async |hour: i64| {
        let at = NOON + hour * 3_600;
        h.clock.step_to(at + 30);
        let traffic = Traffic {
            key: Some("k"),
            ..Traffic::default()
        };
        traffic.send(&writer, at, 12);
        h.store.flush(&writer).await.unwrap();
        watch.tick(control, None).await.unwrap();
        (quiet.take().len(), open.take().len())
    };
    assert_eq!(hit(0).await, (1, 1));
    control
        .mute_channel("quiet", true, Some("ann"))
        .await
        .unwrap();
    // Twice is once.
    control
        .mute_channel("quiet", true, Some("bob"))
        .await
        .unwrap();
    let muted = control.muted_channels().await.unwrap();
    assert_eq!(muted.len(), 1);
    assert_eq!(
        (muted[0].channel.as_str(), muted[0].by.as_str(), muted[0].at),
        ("quiet", "ann", NOON + 30)
    );
    assert_eq!(hit(1).await, (0, 1));
    control.test_channel("quiet", None).await.unwrap();
    watch.tick(control, None).await.unwrap();
    assert_eq!((quiet.take().len(), open.take().len()), (1, 0));
    control
        .mute_channel("quiet", false, Some("ann"))
        .await
        .unwrap();
    control
        .mute_channel("quiet", false, Some("ann"))
        .await
        .unwrap();
    assert_eq!(control.muted_channels().await.unwrap(), []);
    // What came up while it was muted stays away.
    watch.tick(control, None).await.unwrap();
    assert_eq!(quiet.take(), []);
    assert_eq!(hit(2).await, (1, 1));
    let kept = control.deliveries(&DeliveryQuery::default()).await.unwrap();
    let to_quiet = kept.iter().filter(|each| each.channel == "quiet").count();
    assert_eq!((kept.len(), to_quiet), (6, 3));
    let notes = control.audit_trail(&AuditQuery::default()).await.unwrap();
    let notes: Vec<_> = notes
        .iter()
        .filter(|note| note.action.ends_with("mute channel"))
        .map(|note| {
            (
                note.actor.as_str(),
                note.action.as_str(),
                note.subject.as_str(),
            )
        })
        .collect();
    assert_eq!(
        notes,
        [
            ("ann", "unmute channel", "quiet"),
            ("ann", "mute channel", "quiet")
        ]
    );
}
