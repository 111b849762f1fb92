//! 100 requests a second, of which 1% fail, then 15%.

use std::{sync::Arc, time::Duration};

use api_metrics_store::{
    control::{
        ControlWorker,
        alerts::{AlertSpec, AlertType, Comparison, Phase, Severity},
        notify::NoticeKind,
    },
    store::Writer,
    time::{Clock, UnixSeconds},
};

use crate::{
    alerts::{events, rule},
    harness::{Database, Harness, NOON},
    help::{Memory, Tell, Traffic},
};

on_both! {
    one_alert_within_two_minutes_of_the_onset_with_a_window_of_a_minute
    one_alert_as_soon_as_a_window_of_five_minutes_breaches
}

/// Sends a second of traffic: 100 requests of which `errors` fail.
fn second(writer: &Writer, at: UnixSeconds, errors: u64) {
    let traffic = Traffic::default();
    traffic.send(writer, at, 100 - errors);
    traffic.status(503).send(writer, at, errors);
}

struct Scenario {
    h: Harness,
    writer: Writer,
    watch: ControlWorker,
    memory: Arc<Memory>,
}

impl Scenario {
    async fn new(database: Database, window: u32) -> Self {
        let h = Harness::on(database).await;
        let mut spec = AlertSpec::new("segments fail", AlertType::ErrorRate, Comparison::Gt, 10.0);
        spec.endpoint = Some("/api/segments".into());
        spec.window_minutes = window;
        spec.cooldown_minutes = 30;
        spec.min_requests = 100;
        spec.severity = Severity::High;
        h.store.create_alert(&spec, Some("ops")).await.unwrap();
        let memory = Arc::new(Memory::default());
        let watch = api_metrics_tests::worker_for(vec![Arc::new(Tell("memory", memory.clone()))]);
        Self {
            writer: h.writer(),
            h,
            watch,
            memory,
        }
    }

    /// Lives through `seconds`: a flush and a round of the watch every 10 s, as a service does. The
    /// watch sees only what was flushed. Answers when notices arrived.
    async fn live(&self, seconds: i64, errors: u64) -> Vec<UnixSeconds> {
        let mut arrivals = Vec::new();
        for _ in 0..seconds {
            let now = self.h.clock.unix_seconds();
            second(&self.writer, now, errors);
            self.h.clock.advance(Duration::from_secs(1));
            let now = now + 1;
            if now % 10 == 3 {
                self.h.store.flush(&self.writer).await.unwrap();
                self.h.store.fold().await.unwrap();
            }
            if now % 5 == 0 {
                let before = self.memory.messages().len();
                self.watch.tick(&*self.h.store, None).await.unwrap();
                arrivals.extend((before..self.memory.messages().len()).map(|_| now));
            }
        }
        arrivals
    }
}

async fn one_alert_within_two_minutes_of_the_onset_with_a_window_of_a_minute(database: Database) {
    let s = Scenario::new(database, 1).await;
    // The onset that takes longest: 22 s into a minute, whose rest is not enough to breach.
    assert!(s.live(5 * 60 + 22, 1).await.is_empty());
    let onset = s.h.clock.unix_seconds();
    let arrivals = s.live(4 * 60, 15).await;
    assert_eq!(arrivals.len(), 1, "{:?}", s.memory.messages());
    assert!(
        arrivals[0] - onset < 120,
        "it took {} s",
        arrivals[0] - onset
    );
    let fired = s.memory.take().remove(0);
    assert_eq!(fired.kind, NoticeKind::AlertFired);
    assert_eq!(fired.severity, Severity::High);
    assert_eq!(
        fired.message,
        "Error rate for GET /api/segments jumped from 9.9% to 15.0% (threshold 10%) over 1 min, 6,000 requests"
    );
    // Over: told once. The minute in which it ended holds both.
    let arrivals = s.live(5 * 60, 1).await;
    assert_eq!(arrivals.len(), 1);
    let resolved = s.memory.take().remove(0);
    assert_eq!(resolved.kind, NoticeKind::AlertResolved);
    assert_eq!(
        (resolved.event_id, resolved.rule),
        (fired.event_id, fired.rule)
    );
    assert!(
        resolved
            .message
            .starts_with("Resolved: Error rate for GET /api/segments is back at "),
        "{}",
        resolved.message
    );
    // A second breach within the cooldown is not told.
    assert!(s.live(5 * 60, 15).await.is_empty());
    assert_eq!(rule(&*s.h.store).await.state.phase, Phase::Pending);
    assert!(s.live(3 * 60, 1).await.is_empty());
    let events = events(&*s.h.store).await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].resolved_message.as_deref(),
        Some(resolved.message.as_str())
    );
}

async fn one_alert_as_soon_as_a_window_of_five_minutes_breaches(database: Database) {
    let s = Scenario::new(database, 5).await;
    assert!(s.live(10 * 60, 1).await.is_empty());
    assert_eq!(s.h.clock.unix_seconds(), NOON + 600);
    let arrivals = s.live(6 * 60, 15).await;
    // 2 x 1% + 3 x 15% of five minutes are 9.4%, 1 x 1% + 4 x 15% are 12.2%: it breaches when the
    // fourth minute ends.
    let breach = NOON + 600 + 4 * 60;
    assert_eq!(arrivals.len(), 1, "{:?}", s.memory.messages());
    assert!(
        (0..=20).contains(&(arrivals[0] - breach)),
        "{} s",
        arrivals[0] - breach
    );
    let fired = s.memory.take().remove(0);
    assert_eq!(fired.at, breach);
    assert_eq!(
        fired.message,
        "Error rate for GET /api/segments jumped from 1.0% to 12.2% (threshold 10%) over 5 min, 30,000 requests"
    );
    let arrivals = s.live(6 * 60, 1).await;
    assert_eq!(arrivals.len(), 1);
    let resolved = s.memory.take().remove(0);
    // 3 x 15% + 2 x 1% are 9.4%, two minutes after its end.
    assert_eq!(resolved.at, NOON + 600 + 6 * 60 + 2 * 60);
    assert_eq!(
        resolved.message,
        "Resolved: Error rate for GET /api/segments is back at 9.4% (threshold 10%) after 4 min"
    );
}
