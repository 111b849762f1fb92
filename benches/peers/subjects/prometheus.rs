//! axum-prometheus with the recorder that it installs by default.

use std::sync::OnceLock;

use axum_prometheus::{
    AXUM_HTTP_REQUESTS_DURATION_SECONDS, AXUM_HTTP_REQUESTS_TOTAL, PrometheusMetricLayer,
    PrometheusMetricLayerBuilder,
    metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle},
    utils::SECONDS_DURATION_BUCKETS,
};

use super::{Subject, every, routes};

/// As its documentation begins: requests, durations, pending.
pub(super) fn default(name: &'static str, series: usize) -> Subject {
    with_layer(name, series, false)
}

/// The response's size too, as ours records it.
pub(super) fn body_sizes(name: &'static str, series: usize) -> Subject {
    with_layer(name, series, true)
}

fn with_layer(name: &'static str, series: usize, body_sizes: bool) -> Subject {
    handle();
    let layer: PrometheusMetricLayer<'_> = PrometheusMetricLayerBuilder::new()
        .enable_response_body_size(body_sizes)
        .build();
    // What its task does every five seconds.
    let upkeep = every(100_000, || handle().run_upkeep());
    Subject::new(name, routes(series).layer(layer))
        .resting(upkeep)
        .seeing(seen)
}

/// The recorder is one for the whole process; the same as by default, without the task.
fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let durations = Matcher::Full(AXUM_HTTP_REQUESTS_DURATION_SECONDS.to_owned());
        PrometheusBuilder::new()
            .set_buckets_for_metric(durations, SECONDS_DURATION_BUCKETS)
            .unwrap()
            .install_recorder()
            .unwrap()
    })
}

fn seen() -> (u64, u64) {
    let text = handle().render();
    let counters = text
        .lines()
        .filter(|line| line.starts_with(AXUM_HTTP_REQUESTS_TOTAL))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    counters.fold((0, 0), |(requests, series), n| (requests + n, series + 1))
}
