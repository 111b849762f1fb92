//! The layer of this workspace with the log of requests beside the recorder.

use std::sync::Arc;

use api_metrics_layer::{ApiMetricsLayer, WithRequestLog};
use api_metrics_store::{
    recorder::Recorder,
    request_log::{Keep, RequestLog, RequestLogBuffer, RequestLogStore},
    sqlite::SqliteStore,
    store::{Instance, Store, StoreOptions},
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{Subject, every, routes};

/// With a log whose policy keeps none of these requests.
pub(super) fn nothing_kept(name: &'static str, series: usize) -> Subject {
    logged(name, series, Keep::Nothing)
}

/// With the policy that holds where none is set: the slowest and a sample, since none of these requests fails.
pub(super) fn sampled(name: &'static str, series: usize) -> Subject {
    logged(name, series, RequestLog::new().keep)
}

/// With a log that keeps each request.
pub(super) fn all_kept(name: &'static str, series: usize) -> Subject {
    logged(name, series, Keep::Everything)
}

/// What stores the log between the turns, or there would be more of it with each.
struct Stored {
    store: SqliteStore,
    runtime: Runtime,
    // Removed last.
    _folder: TempDir,
}

impl Stored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requests.db");
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let store = runtime.block_on(async {
            let store = SqliteStore::open(file.to_str().unwrap(), StoreOptions::default()).unwrap();
            store.prepare().await.unwrap();
            store
        });
        Self {
            store,
            runtime,
            _folder: folder,
        }
    }

    fn flush(&self, log: &RequestLogBuffer) {
        let flush = self.store.flush_requests(log, true);
        self.runtime.block_on(flush).unwrap();
    }
}

fn logged(name: &'static str, series: usize, keep: Keep) -> Subject {
    let mut settings = RequestLog::new();
    settings.keep = keep;
    // Nothing is dropped: that would be the lesser work.
    settings.rows_per_second = u32::MAX;
    settings.bytes_per_second = u64::MAX;
    settings.memory_budget = 1 << 30;
    let instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
    let recorder = Arc::new(Recorder::default());
    let log = Arc::new(RequestLogBuffer::new(settings, instance));
    let sink = WithRequestLog::new(Arc::clone(&recorder), Arc::clone(&log));
    let layer = ApiMetricsLayer::new(sink).for_axum();
    let subject = Subject::new(name, routes(series).layer(layer));

    let (flushed, kept, stored) = (Arc::clone(&recorder), Arc::clone(&log), Stored::new());
    let flush = move || {
        let n = flushed.begin_batch();
        flushed.acknowledge(n);
        stored.flush(&kept);
    };
    subject.resting(every(5_000, flush)).seeing(move || {
        assert_eq!(log.counts().dropped.total(), 0, "requests were dropped");
        let status = recorder.status();
        (status.unflushed_records, status.series as u64)
    })
}
