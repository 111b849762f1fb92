//! The layer of this workspace.

use std::sync::Arc;

use api_metrics_layer::ApiMetricsLayer;
use api_metrics_store::recorder::{Recorder, RecorderOptions};

use super::{Subject, every, routes};

/// The layer alone: all that it knows goes nowhere.
pub(super) fn off(name: &'static str, series: usize) -> Subject {
    let layer = ApiMetricsLayer::new(()).for_axum();
    Subject::new(name, routes(series).layer(layer))
}

/// As `ApiMetrics::layer` makes it.
pub(super) fn recorder(name: &'static str, series: usize) -> Subject {
    let recorder = Arc::new(Recorder::default());
    let layer = ApiMetricsLayer::new(Arc::clone(&recorder)).for_axum();
    flushed(Subject::new(name, routes(series).layer(layer)), recorder)
}

/// With quantiles of the time to headers, which are off by default.
pub(super) fn headers_quantiles(name: &'static str, series: usize) -> Subject {
    let mut options = RecorderOptions::default();
    options.headers_quantiles = true;
    let recorder = Arc::new(Recorder::new(options));
    let layer = ApiMetricsLayer::new(Arc::clone(&recorder)).for_axum();
    flushed(Subject::new(name, routes(series).layer(layer)), recorder)
}

/// For services of any body: an axum router inside boxes the request's body once more.
pub(super) fn any_body(name: &'static str, series: usize) -> Subject {
    let recorder = Arc::new(Recorder::default());
    let layer = ApiMetricsLayer::new(Arc::clone(&recorder));
    flushed(Subject::new(name, routes(series).layer(layer)), recorder)
}

/// A flush every ten seconds of 20,000 requests a second.
fn flushed(subject: Subject, recorder: Arc<Recorder>) -> Subject {
    let flushed = Arc::clone(&recorder);
    let flush = move || {
        let n = flushed.begin_batch();
        flushed.acknowledge(n);
    };
    subject.resting(every(200_000, flush)).seeing(move || {
        let status = recorder.status();
        (status.unflushed_records, status.series as u64)
    })
}
