//! The numbers of a row by name: the same in JSON, in CSV and in what a caller asks for.
//!
//! A metric's name is its column in CSV, its member in JSON and its word in the parameter
//! `metrics`.

use serde_json::{Value, json};

use super::Figures;

/// One number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Metric {
    /// Requests that finished.
    RequestCount,
    /// Requests answered with 400 to 499.
    ErrorCount4xx,
    /// Requests answered with 500 to 599, that failed, or that panicked.
    ErrorCount5xx,
    /// Requests whose client left before the end.
    AbortedCount,
    /// 4xx and 5xx in percent of the requests.
    ErrorRate,
    /// Requests by status.
    StatusCodes,
    /// Average latency to the last byte, in milliseconds.
    AverageMs,
    /// The least latency in milliseconds.
    MinMs,
    /// The greatest latency in milliseconds.
    MaxMs,
    /// The median latency in milliseconds.
    P50Ms,
    /// The 95th percentile in milliseconds.
    P95Ms,
    /// The 99th percentile in milliseconds.
    P99Ms,
    /// From the request being seen to the response's head, in milliseconds.
    AverageTimeToHeadersMs,
    /// The median time to headers in milliseconds, where it is kept.
    P50TimeToHeadersMs,
    /// Its 95th percentile in milliseconds.
    P95TimeToHeadersMs,
    /// Its 99th percentile in milliseconds.
    P99TimeToHeadersMs,
    /// How many of the requests these three cover.
    TimeToHeadersQuantileCount,
    /// Body bytes that were read.
    RequestBytes,
    /// Body bytes that were sent.
    ResponseBytes,
    /// Sums of units by name.
    Units,
    /// Units that are no sums, by name.
    Gauges,
}

impl Metric {
    /// All of them, in the order of columns.
    pub(crate) const ALL: [Self; 21] = [
        Self::RequestCount,
        Self::ErrorCount4xx,
        Self::ErrorCount5xx,
        Self::AbortedCount,
        Self::ErrorRate,
        Self::StatusCodes,
        Self::AverageMs,
        Self::MinMs,
        Self::MaxMs,
        Self::P50Ms,
        Self::P95Ms,
        Self::P99Ms,
        Self::AverageTimeToHeadersMs,
        Self::P50TimeToHeadersMs,
        Self::P95TimeToHeadersMs,
        Self::P99TimeToHeadersMs,
        Self::TimeToHeadersQuantileCount,
        Self::RequestBytes,
        Self::ResponseBytes,
        Self::Units,
        Self::Gauges,
    ];

    /// The name in queries, JSON and CSV.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RequestCount => "requestCount",
            Self::ErrorCount4xx => "errorCount4xx",
            Self::ErrorCount5xx => "errorCount5xx",
            Self::AbortedCount => "abortedCount",
            Self::ErrorRate => "errorRate",
            Self::StatusCodes => "statusCodes",
            Self::AverageMs => "averageMs",
            Self::MinMs => "minMs",
            Self::MaxMs => "maxMs",
            Self::P50Ms => "p50Ms",
            Self::P95Ms => "p95Ms",
            Self::P99Ms => "p99Ms",
            Self::AverageTimeToHeadersMs => "averageTimeToHeadersMs",
            Self::P50TimeToHeadersMs => "p50TimeToHeadersMs",
            Self::P95TimeToHeadersMs => "p95TimeToHeadersMs",
            Self::P99TimeToHeadersMs => "p99TimeToHeadersMs",
            Self::TimeToHeadersQuantileCount => "timeToHeadersQuantileCount",
            Self::RequestBytes => "requestBytes",
            Self::ResponseBytes => "responseBytes",
            Self::Units => "units",
            Self::Gauges => "gauges",
        }
    }

    /// Whether sketches have to be read for it.
    pub(crate) const fn is_quantile(self) -> bool {
        matches!(
            self,
            Self::P50Ms
                | Self::P95Ms
                | Self::P99Ms
                | Self::P50TimeToHeadersMs
                | Self::P95TimeToHeadersMs
                | Self::P99TimeToHeadersMs
                | Self::TimeToHeadersQuantileCount
        )
    }

    /// The value as JSON; null where there was nothing to measure.
    pub(crate) fn value(self, figures: &Figures) -> Value {
        match self {
            Self::RequestCount => json!(figures.requests),
            Self::ErrorCount4xx => json!(figures.errors_4xx),
            Self::ErrorCount5xx => json!(figures.errors_5xx),
            Self::AbortedCount => json!(figures.aborted),
            Self::ErrorRate => json!(figures.error_rate),
            Self::StatusCodes => json!(figures.status_codes),
            Self::AverageMs => json!(figures.average_ms),
            Self::MinMs => json!(figures.min_ms),
            Self::MaxMs => json!(figures.max_ms),
            Self::P50Ms => json!(figures.p50_ms),
            Self::P95Ms => json!(figures.p95_ms),
            Self::P99Ms => json!(figures.p99_ms),
            Self::AverageTimeToHeadersMs => json!(figures.average_ttfb_ms),
            Self::P50TimeToHeadersMs => json!(figures.p50_ttfb_ms),
            Self::P95TimeToHeadersMs => json!(figures.p95_ttfb_ms),
            Self::P99TimeToHeadersMs => json!(figures.p99_ttfb_ms),
            Self::TimeToHeadersQuantileCount => json!(figures.ttfb_quantile_count),
            Self::RequestBytes => json!(figures.request_bytes),
            Self::ResponseBytes => json!(figures.response_bytes),
            Self::Units => json!(figures.units),
            Self::Gauges => json!(figures.gauges),
        }
    }
}
