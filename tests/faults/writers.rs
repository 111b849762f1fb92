//! Writers within the test's own process.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{MetricSink, RequestRecord};
use api_metrics_store::{
    query::{Query, TimeRange},
    recorder::{Recorder, RecorderOptions},
    store::{Instance, Store, Writer},
    time::{Clock, ManualClock, UnixSeconds},
};

/// 2026-03-10T12:00:00Z, a Tuesday.
pub(crate) const NOON: UnixSeconds = 1_773_144_000;

pub(crate) fn noon() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOON))
}

pub(crate) fn writer(service: &str, clock: &Arc<ManualClock>) -> Writer {
    let mut instance = Instance::new(uuid::Uuid::new_v4(), service, "test");
    instance.version = "1".to_owned();
    instance.host = "here".to_owned();
    instance.started_at = clock.unix_seconds();
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    Writer::new(
        instance,
        Arc::new({
            let mut options = RecorderOptions::default();
            options.clock = clock;
            Recorder::new(options)
        }),
    )
}

/// Records `n` requests of this endpoint at `at`.
pub(crate) fn record(writer: &Writer, at: UnixSeconds, endpoint: &str, n: u64) {
    let at = UNIX_EPOCH + Duration::from_secs(at.unsigned_abs());
    let mut record = RequestRecord::new("GET", endpoint, at);
    record.status = Some(200);
    record.latency = Some(Duration::from_millis(3));
    for _ in 0..n {
        writer.recorder.record(&record);
    }
}

/// How many requests a store tells of, over all time.
pub(crate) async fn requests(store: &dyn Store) -> u64 {
    let query = Query::over(TimeRange::new(0, 4_102_444_800));
    let answer = store.read(&query, None).await.unwrap();
    answer.total().map_or(0, |bucket| bucket.request_count)
}

/// Folds and rolls up until nothing more is due.
pub(crate) async fn settle(store: &dyn Store) {
    while store.fold().await.unwrap().more {}
    while store.roll_up().await.unwrap().steps > 0 {}
}
