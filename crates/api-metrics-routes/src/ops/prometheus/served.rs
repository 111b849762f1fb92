//! Rate, errors and duration of what the service has served, by OpenTelemetry's names (semantic
//! conventions for HTTP servers) in Prometheus' spelling.
//!
//! | metric | type | covers |
//! |---|---|---|
//! | `http_server_request_duration_seconds` | histogram | since midnight UTC |
//! | `api_metrics_request_duration_seconds` | summary | quantiles of five minutes; sum and count since midnight UTC |
//! | `http_server_requests_total` | counter, by status | since midnight UTC |
//! | `http_server_requests_aborted_total` | counter | since midnight UTC |
//! | `http_server_request_body_bytes_total`, `http_server_response_body_bytes_total` | counter | since midnight UTC |
//!
//! All have the labels `service_name`, `deployment_environment_name`, `http_request_method` and `http_route`. They are
//! read from the database, so that every instance says the same, and what this process has not flushed is added. A
//! counter that falls back to 0 at midnight is a reset to Prometheus, as of a process that was started anew.
//!
//! A bound of the histogram lies within a bin of our sketches, which is taken for below it: a bucket's count is that
//! of values up to 0.8% above its bound.

use std::collections::HashMap;

use api_metrics_store::{
    query::{Detail, Group, Query, Row, TimeRange},
    time::Granularity,
};

use super::{
    exemplars::{Exemplars, Labels},
    text::{MetricsText, count},
};
use crate::{
    response::{Figures, Problem},
    router::App,
    timing::BOUNDS,
};

/// The quantiles of the summary.
const QUANTILES: [&str; 3] = ["0.5", "0.95", "0.99"];
/// Counters begin at midnight UTC.
const DAY: i64 = 86_400;
/// Quantiles are of the last five minutes.
const WINDOW: i64 = 300;

/// Writes what was served, read from one snapshot.
///
/// # Errors
/// Those of the store; nothing was written then.
pub(super) async fn write(
    app: &App,
    exemplars: &Exemplars,
    text: &mut MetricsText,
) -> Result<(), Problem> {
    let end = Granularity::Minute.floor(app.clock.unix_seconds()) + 60;
    let now = end - 1;
    let question = |from, detail| {
        let mut query = Query::over(TimeRange::new(from, end));
        query.group_by.service = true;
        query.group_by.environment = true;
        query.group_by.method = true;
        query.group_by.endpoint = true;
        query.detail = detail;
        query
    };
    let questions = [
        question(now - now.rem_euclid(DAY), Detail::Quantiles),
        question(end - WINDOW, Detail::Quantiles),
    ];
    let [today, recent] = app.client.read_all(&questions).await?;
    durations(&today.rows, exemplars, text);
    quantiles(&today.rows, &recent.rows, text);
    counters(&today.rows, text);
    Ok(())
}

/// The labels of a series.
fn labels(group: &Group) -> Labels<'_> {
    [
        ("service_name", group.service.as_deref().unwrap_or("")),
        (
            "deployment_environment_name",
            group.environment.as_deref().unwrap_or(""),
        ),
        ("http_request_method", group.method.as_deref().unwrap_or("")),
        ("http_route", group.endpoint.as_deref().unwrap_or("")),
    ]
}

fn with<'a>(group: &'a Group, label: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = labels(group).to_vec();
    all.push((label, value));
    all
}

/// The histogram of latencies.
fn durations(today: &[Row], exemplars: &Exemplars, text: &mut MetricsText) {
    let name = "http_server_request_duration_seconds";
    text.family(
        name,
        "histogram",
        "Latency to the last byte, since midnight UTC.",
    );
    let bucket = format!("{name}_bucket");
    for row in today {
        let latencies = &row.bucket.sketch;
        let labels = labels(&row.group);
        for (at, (bound, label)) in BOUNDS.iter().enumerate() {
            let below = count(latencies.count_up_to(*bound));
            let of = with(&row.group, "le", label);
            text.sample_like(&bucket, &of, below, exemplars.get(&labels, at));
        }
        let measured = count(row.bucket.latency_count);
        let of = with(&row.group, "le", "+Inf");
        text.sample_like(&bucket, &of, measured, exemplars.get(&labels, BOUNDS.len()));
        sums(name, row, text);
    }
}

/// A summary by our own sketches, whose quantiles are within 1%: those of a histogram's bounds are not.
fn quantiles(today: &[Row], recent: &[Row], text: &mut MetricsText) {
    let name = "api_metrics_request_duration_seconds";
    text.family(
        name,
        "summary",
        "Latency to the last byte: sum and count since midnight UTC, quantiles of five minutes.",
    );
    let mut left: HashMap<&Group, &Row> = today.iter().map(|row| (&row.group, row)).collect();
    for row in recent {
        let figures = Figures::of(Some(&row.bucket));
        let values = [figures.p50_ms, figures.p95_ms, figures.p99_ms];
        for (quantile, value) in QUANTILES.iter().zip(values) {
            if let Some(ms) = value {
                text.sample(name, &with(&row.group, "quantile", quantile), seconds(ms));
            }
        }
        // All samples of one series stand together, which OpenMetrics asks for.
        if let Some(row) = left.remove(&row.group) {
            sums(name, row, text);
        }
    }
    for row in today.iter().filter(|row| left.contains_key(&row.group)) {
        sums(name, row, text);
    }
}

/// The sum and the count of latencies, with which a histogram and a summary end.
fn sums(name: &str, row: &Row, text: &mut MetricsText) {
    let labels = labels(&row.group);
    let seconds = count(row.bucket.latency_sum_us) / 1e6;
    text.sample(&format!("{name}_sum"), &labels, seconds);
    let measured = count(row.bucket.latency_count);
    text.sample(&format!("{name}_count"), &labels, measured);
}

/// Milliseconds as seconds, in whole microseconds: a division alone would leave digits of noise.
fn seconds(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e6
}

/// Requests, aborts and bytes.
fn counters(today: &[Row], text: &mut MetricsText) {
    let name = "http_server_requests_total";
    text.family(
        name,
        "counter",
        "Requests by the status that was answered, since midnight UTC.",
    );
    for row in today {
        for (code, n) in row.bucket.status_counts.iter() {
            let code = code.to_string();
            let labels = with(&row.group, "http_response_status_code", &code);
            text.sample(name, &labels, count(n));
        }
    }
    type Value = fn(&Row) -> u64;
    let families: [(&str, &str, Value); 3] = [
        (
            "http_server_requests_aborted_total",
            "Requests whose client left before the end, since midnight UTC.",
            |row| row.bucket.aborted_count,
        ),
        (
            "http_server_request_body_bytes_total",
            "Body bytes that were read, since midnight UTC.",
            |row| row.bucket.request_bytes,
        ),
        (
            "http_server_response_body_bytes_total",
            "Body bytes that were sent, since midnight UTC.",
            |row| row.bucket.response_bytes,
        ),
    ];
    for (name, help, value) in families {
        text.family(name, "counter", help);
        for row in today {
            text.sample(name, &labels(&row.group), count(value(row)));
        }
    }
}
