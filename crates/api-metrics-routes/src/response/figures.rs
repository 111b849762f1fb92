//! A bucket as the numbers that answers show.
//!
//! One place turns counts into rates and averages, so that no two views round differently.

use std::collections::BTreeMap;

use api_metrics_store::bucket::Bucket;

use super::GaugeView;

/// All numbers of one bucket. Rates are in percent, latencies in milliseconds; both are `None`
/// where there was no request to measure, which is not the same as zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures {
    /// Requests that finished.
    pub(crate) requests: u64,
    /// 4xx and 5xx together.
    pub(crate) errors: u64,
    /// Requests answered with 400 to 499.
    pub(crate) errors_4xx: u64,
    /// Requests answered with 500 to 599, that failed, or that panicked.
    pub(crate) errors_5xx: u64,
    /// Requests whose client left before the end.
    pub(crate) aborted: u64,
    /// 4xx and 5xx in percent of the requests.
    pub(crate) error_rate: Option<f64>,
    /// 100 minus the error rate.
    pub(crate) success_rate: Option<f64>,
    /// Average latency to the last byte.
    pub(crate) average_ms: Option<f64>,
    /// The least latency.
    pub(crate) min_ms: Option<f64>,
    /// The greatest latency.
    pub(crate) max_ms: Option<f64>,
    /// The median latency.
    pub(crate) p50_ms: Option<f64>,
    /// The 95th percentile.
    pub(crate) p95_ms: Option<f64>,
    /// The 99th percentile.
    pub(crate) p99_ms: Option<f64>,
    /// From the request being seen to the response's head.
    pub(crate) average_ttfb_ms: Option<f64>,
    /// The median time to the response's head, where it is kept.
    pub(crate) p50_ttfb_ms: Option<f64>,
    /// Its 95th percentile.
    pub(crate) p95_ttfb_ms: Option<f64>,
    /// Its 99th percentile.
    pub(crate) p99_ttfb_ms: Option<f64>,
    /// How many of the requests these three cover.
    pub(crate) ttfb_quantile_count: u64,
    /// Body bytes that were read.
    pub(crate) request_bytes: u64,
    /// Body bytes that were sent.
    pub(crate) response_bytes: u64,
    /// Requests by the status that was answered.
    pub(crate) status_codes: BTreeMap<String, u64>,
    /// Sums of units, by name.
    pub(crate) units: BTreeMap<String, u64>,
    /// Units that are no sums, by name.
    pub(crate) gauges: BTreeMap<String, GaugeView>,
}

impl Figures {
    /// The numbers of `bucket`; all zero and `None` where there is none.
    pub(crate) fn of(bucket: Option<&Bucket>) -> Self {
        let Some(bucket) = bucket else {
            return Self::default();
        };
        let error_rate = bucket.error_rate();
        Self {
            requests: bucket.request_count,
            errors: bucket
                .error_count_4xx
                .saturating_add(bucket.error_count_5xx),
            errors_4xx: bucket.error_count_4xx,
            errors_5xx: bucket.error_count_5xx,
            aborted: bucket.aborted_count,
            error_rate: error_rate.map(rounded),
            success_rate: error_rate.map(|rate| rounded(100.0 - rate)),
            average_ms: bucket.average_ms().map(rounded),
            min_ms: bucket.latency_min_us.map(ms),
            max_ms: bucket.latency_max_us.map(ms),
            p50_ms: bucket.quantile_ms(0.50).map(rounded),
            p95_ms: bucket.quantile_ms(0.95).map(rounded),
            p99_ms: bucket.quantile_ms(0.99).map(rounded),
            average_ttfb_ms: average_us(bucket.ttfb_sum_us, bucket.ttfb_count).map(rounded),
            p50_ttfb_ms: bucket.headers_quantile_ms(0.50).map(rounded),
            p95_ttfb_ms: bucket.headers_quantile_ms(0.95).map(rounded),
            p99_ttfb_ms: bucket.headers_quantile_ms(0.99).map(rounded),
            ttfb_quantile_count: bucket.headers_count(),
            request_bytes: bucket.request_bytes,
            response_bytes: bucket.response_bytes,
            status_codes: bucket
                .status_counts
                .iter()
                .map(|(code, count)| (code.to_string(), count))
                .collect(),
            units: bucket
                .units
                .sums()
                .map(|(name, sum)| (name.to_owned(), sum))
                .collect(),
            gauges: bucket
                .units
                .gauges()
                .map(|(name, gauge)| (name.to_owned(), GaugeView::of(gauge)))
                .collect(),
        }
    }

    /// Bytes of both directions.
    pub(crate) const fn bandwidth(&self) -> u64 {
        self.request_bytes.saturating_add(self.response_bytes)
    }
}

/// Three decimals: microseconds where the unit is milliseconds, and enough for any rate.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// A part in percent of a whole; `None` where there is no whole.
#[expect(
    clippy::cast_precision_loss,
    reason = "a percentage with three decimals"
)]
pub(crate) fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64 * 100.0))
}

/// The change from `before` to `now` in percent of `before`.
pub(crate) fn percent_of(before: f64, now: f64) -> Option<f64> {
    (before > 0.0).then(|| rounded((now - before) / before * 100.0))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 285 years of microseconds"
)]
/// Microseconds in milliseconds.
fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an average, shown with three decimals"
)]
/// The mean in microseconds; `None` of nothing.
fn average_us(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_requests_have_no_rates_and_no_latencies() {
        let figures = Figures::of(None);
        assert_eq!(figures.requests, 0);
        assert_eq!(figures.error_rate, None);
        assert_eq!(figures.success_rate, None);
        assert_eq!(figures.p99_ms, None);
    }

    #[test]
    fn a_change_from_nothing_has_no_percentage() {
        assert_eq!(percent_of(0.0, 5.0), None);
        assert_eq!(percent_of(4.0, 5.0), Some(25.0));
        assert_eq!(percent_of(3.0, 2.0), Some(-33.333));
    }
}
