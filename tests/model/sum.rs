//! Multisets of records by what a bucket keeps of them.
//!
//! Every record carries two random weights, as its request and response bytes. A bucket's sums then
//! tell which records it holds: a record that is missing, doubled or in the wrong place changes them,
//! but for a chance of one in 2^40.

use api_metrics_store::bucket::Bucket;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) requests: u64,
    /// Response bytes.
    pub(crate) weight: u64,
    /// Request bytes.
    pub(crate) other_weight: u64,
    pub(crate) latency_us: u64,
    pub(crate) errors: u64,
    /// A unit's sum: the response bytes once more, of every other record.
    pub(crate) tokens: u64,
    /// A unit's observations, of the same records.
    pub(crate) scores: u64,
}

impl Sum {
    pub(crate) fn of_bucket(bucket: &Bucket) -> Self {
        Self {
            requests: bucket.request_count,
            weight: bucket.response_bytes,
            other_weight: bucket.request_bytes,
            latency_us: bucket.latency_sum_us,
            errors: bucket.error_count_5xx,
            tokens: bucket.units.sum("tokens"),
            scores: bucket.units.gauge("score").map_or(0, |gauge| gauge.count()),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.weight += other.weight;
        self.other_weight += other.other_weight;
        self.latency_us += other.latency_us;
        self.errors += other.errors;
        self.tokens += other.tokens;
        self.scores += other.scores;
    }
}
