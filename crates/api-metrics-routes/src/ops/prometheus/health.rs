//! How api-metrics itself is doing.
//!
//! Names and units follow Prometheus' conventions: base units, `_total` for counters.

use api_metrics_store::{recorder::RecorderStatus, store::StoreStatus};

use super::text::{MetricsText, count};
use crate::{
    read::{BOUNDS_MS, Health, QueryTimesNow},
    router::App,
};

/// Writes it; tells whether the store answers.
pub(super) async fn write(app: &App, text: &mut MetricsText) -> bool {
    let status = app
        .client
        .bounded("status", app.client.store().status())
        .await;
    text.family(
        "api_metrics_build_info",
        "gauge",
        "The release of api-metrics.",
    );
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.sample("api_metrics_build_info", &version, 1.0);
    text.single(
        "api_metrics_store_up",
        "gauge",
        "Whether the store answers.",
        f64::from(u8::from(status.is_ok())),
    );
    if let Ok(status) = &status {
        store(status, text);
    }
    if let Some(writer) = app.client.writer() {
        recorder(&writer.recorder.status(), text);
    }
    if let Some(source) = &app.health {
        tasks(&source.health(), text);
    }
    text.single(
        "api_metrics_wrong_admin_tokens_total",
        "counter",
        "Wrong admin tokens that were presented.",
        count(app.auth.failed_logins.total()),
    );
    queries(&app.client.times().now(), text);
    cache(app, text);
    for (name, help, value) in [
        (
            "api_metrics_stream_connections",
            "Live streams that are open.",
            app.hub.connections(),
        ),
        (
            "api_metrics_stream_feeds",
            "Feeds that poll the store for streams.",
            app.hub.feeds(),
        ),
    ] {
        text.single(name, "gauge", help, count(value as u64));
    }
    status.is_ok()
}

/// What the store says about itself.
fn store(status: &StoreStatus, text: &mut MetricsText) {
    for (name, help, value) in [
        (
            "api_metrics_inbox_records",
            "Records that wait to be folded into buckets.",
            status.inbox.records,
        ),
        (
            "api_metrics_inbox_batches",
            "Flush batches that wait to be folded into buckets.",
            status.inbox.batches,
        ),
        (
            "api_metrics_inbox_bytes",
            "Bytes of what waits to be folded.",
            status.inbox.bytes,
        ),
        (
            "api_metrics_stored_series",
            "Series that the store knows.",
            status.series,
        ),
        (
            "api_metrics_quarantined_batches",
            "Flush batches that could not be read and were quarantined.",
            status.quarantined,
        ),
    ] {
        text.single(name, "gauge", help, count(value));
    }
    let dirty = "api_metrics_dirty_periods";
    text.family(dirty, "gauge", "Periods that wait for their rollup.");
    for (granularity, periods) in &status.dirty {
        let labels = [("granularity", (*granularity).into())];
        text.sample(dirty, &labels, count(*periods));
    }
}

/// What this process holds in memory.
fn recorder(status: &RecorderStatus, text: &mut MetricsText) {
    for (name, kind, help, value) in [
        (
            "api_metrics_recorder_series",
            "gauge",
            "Series in memory.",
            status.series as u64,
        ),
        (
            "api_metrics_recorder_keys",
            "gauge",
            "API keys in memory.",
            status.keys as u64,
        ),
        (
            "api_metrics_recorder_series_overflow_total",
            "counter",
            "Records whose endpoint was counted as <other>.",
            status.series_overflow,
        ),
        (
            "api_metrics_recorder_key_overflow_total",
            "counter",
            "Records whose key was counted as <other key>.",
            status.key_overflow,
        ),
        (
            "api_metrics_recorder_unit_overflow_total",
            "counter",
            "Units that were counted as <other>.",
            status.unit_overflow,
        ),
        (
            "api_metrics_recorder_memory_bytes",
            "gauge",
            "Bytes that records take in memory, an estimate.",
            status.bytes as u64,
        ),
        (
            "api_metrics_recorder_unflushed_records",
            "gauge",
            "Records that no flush has delivered yet.",
            status.unflushed_records,
        ),
        (
            "api_metrics_queue_waited_total",
            "counter",
            "Requests that waited for the host's service to become ready before they were called.",
            status.queue_waited,
        ),
        (
            "api_metrics_queue_abandoned_total",
            "counter",
            "Requests that gave up waiting, or were refused, and were never called.",
            status.queue_abandoned,
        ),
        (
            "api_metrics_recorder_unresolved_batches",
            "gauge",
            "Flush batches whose outcome is not known.",
            status.unresolved_batches as u64,
        ),
    ] {
        text.single(name, kind, help, count(value));
    }
    text.single(
        "api_metrics_queue_wait_seconds_total",
        "counter",
        "How long requests waited before they were called, all together; no part of their latency.",
        status.queue_wait.as_secs_f64(),
    );
}

/// The flush and the other background tasks.
fn tasks(health: &Health, text: &mut MetricsText) {
    text.single(
        "api_metrics_flush_lag_seconds",
        "gauge",
        "How long records have been waiting beyond the flush interval.",
        health.flush_lag.as_secs_f64(),
    );
    if let Some(at) = health.last_flush_at {
        let since = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        text.single(
            "api_metrics_last_flush_timestamp_seconds",
            "gauge",
            "When a flush was last acknowledged.",
            since.as_secs_f64(),
        );
    }
    let lost = health
        .lost
        .iter()
        .map(|(first, last)| last.saturating_sub(*first).saturating_add(1))
        .fold(0, u64::saturating_add);
    text.single(
        "api_metrics_lost_batches",
        "gauge",
        "Flush batches that the database has lost by a restore or a failover.",
        count(lost),
    );
    if !health.tasks.is_empty() {
        let running = "api_metrics_task_running";
        text.family(running, "gauge", "Whether a background task runs.");
        for task in &health.tasks {
            let up = f64::from(u8::from(task.running));
            text.sample(running, &[("task", task.name)], up);
        }
    }
}

/// How long queries took.
fn queries(times: &QueryTimesNow, text: &mut MetricsText) {
    let name = "api_metrics_query_duration_seconds";
    text.family(name, "histogram", "How long queries of the store took.");
    let bucket = format!("{name}_bucket");
    let bounds = BOUNDS_MS
        .iter()
        // As OpenMetrics writes numbers: 1.0, not 1.
        .map(|ms| format!("{:?}", count(*ms) / 1e3))
        .chain(["+Inf".to_owned()]);
    for (bound, total) in bounds.zip(times.cumulative) {
        text.sample(&bucket, &[("le", &bound)], count(total));
    }
    text.sample(&format!("{name}_sum"), &[], times.sum_seconds);
    let total = times.cumulative.last().copied().unwrap_or_default();
    text.sample(&format!("{name}_count"), &[], count(total));
    text.single(
        "api_metrics_query_failures_total",
        "counter",
        "Queries of the store that failed or took too long.",
        count(times.failed),
    );
}

/// The cache of answers.
fn cache(app: &App, text: &mut MetricsText) {
    let (hits, misses) = app.cache.counts();
    let (entries, bytes) = app.cache.held();
    let requests = "api_metrics_cache_requests_total";
    text.family(
        requests,
        "counter",
        "Answers that were looked up in the cache.",
    );
    text.sample(requests, &[("result", "hit")], count(hits));
    text.sample(requests, &[("result", "miss")], count(misses));
    let help = "Answers that are kept.";
    text.single("api_metrics_cache_entries", "gauge", help, count(entries));
    let help = "Bytes of answers that are kept.";
    text.single("api_metrics_cache_bytes", "gauge", help, count(bytes));
}
