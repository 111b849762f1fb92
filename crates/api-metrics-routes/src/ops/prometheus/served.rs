//! Rate, errors and duration of what the service has served, by OpenTelemetry's names (semantic
//! conventions for HTTP servers) in Prometheus' spelling.

use api_metrics_store::{
    query::{Detail, Group, Query, Row, TimeRange},
    time::Granularity,
};

use super::text::{MetricsText, count};
use crate::{
    response::{Figures, Problem},
    router::App,
};

/// The upper bounds of the histogram, in microseconds and in seconds: those that the semantic conventions advise.
const BOUNDS: [(u64, &str); 14] = [
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (75_000, "0.075"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (750_000, "0.75"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (7_500_000, "7.5"),
    (10_000_000, "10"),
];
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
pub(super) async fn write(app: &App, text: &mut MetricsText) -> Result<(), Problem> {
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
    durations(&today.rows, text);
    quantiles(&today.rows, &recent.rows, text);
    counters(&today.rows, text);
    Ok(())
}

/// The labels of a series.
fn labels(group: &Group) -> [(&'static str, &str); 4] {
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
fn durations(today: &[Row], text: &mut MetricsText) {
    let name = "http_server_request_duration_seconds";
    text.family(
        name,
        "histogram",
        "Latency to the last byte, since midnight UTC.",
    );
    let bucket = format!("{name}_bucket");
    for row in today {
        let latencies = &row.bucket.sketch;
        for (bound, label) in BOUNDS {
            let below = latencies.count_up_to(bound);
            text.sample(&bucket, &with(&row.group, "le", label), count(below));
        }
        let measured = count(row.bucket.latency_count);
        text.sample(&bucket, &with(&row.group, "le", "+Inf"), measured);
    }
    sums(name, today, text);
}

/// A summary by our own sketches, whose quantiles are within 1%: those of a histogram's bounds are not.
fn quantiles(today: &[Row], recent: &[Row], text: &mut MetricsText) {
    let name = "api_metrics_request_duration_seconds";
    text.family(
        name,
        "summary",
        "Latency to the last byte: sum and count since midnight UTC, quantiles of five minutes.",
    );
    for row in recent {
        let figures = Figures::of(Some(&row.bucket));
        let values = [figures.p50_ms, figures.p95_ms, figures.p99_ms];
        for (quantile, value) in QUANTILES.iter().zip(values) {
            if let Some(ms) = value {
                text.sample(name, &with(&row.group, "quantile", quantile), seconds(ms));
            }
        }
    }
    sums(name, today, text);
}

/// The sum and the count of latencies, with which a histogram and a summary end.
fn sums(name: &str, today: &[Row], text: &mut MetricsText) {
    for row in today {
        let labels = labels(&row.group);
        let seconds = count(row.bucket.latency_sum_us) / 1e6;
        text.sample(&format!("{name}_sum"), &labels, seconds);
        let measured = count(row.bucket.latency_count);
        text.sample(&format!("{name}_count"), &labels, measured);
    }
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
