//! Buckets: the requests of one series in one period.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use api_metrics_layer::RequestRecord;
//! use api_metrics_store::{bucket::Bucket, sketch::SketchKind};
//!
//! let mut record = RequestRecord::new("GET", "/users/{id}", SystemTime::now());
//! record.status = Some(404);
//! record.latency = Some(Duration::from_millis(12));
//!
//! let mut bucket = Bucket::new(SketchKind::Histogram);
//! bucket.record(&record);
//! assert_eq!(bucket.request_count, 1);
//! assert_eq!(bucket.error_rate(), Some(100.0));
//! assert_eq!(bucket.average_ms(), Some(12.0));
//! ```
//!
//! # Identities
//!
//! With `n` the requests of a bucket, these hold after any sequence of records and merges, as long as
//! nothing has saturated:
//!
//! - `status_counts` sums to `n`, and `error_count_4xx + error_count_5xx <= n`.
//! - `latency_count <= n` and `ttfb_count <= n`. They are smaller where an import or an abort lacks a
//!   time.
//! - `sketch.count() == latency_count`, and the sketch's minimum and maximum are the bucket's.
//! - `headers_sketch`, where there is one, counts at most `ttfb_count`. It counts less where some of the
//!   requests come from recorders that don't keep it.
//! - Merging is commutative and associative. For histograms the result is equal bit for bit; a t-digest
//!   depends on the order.
//!
//! Counters saturate at `u64::MAX`: a sum
//! that can't be represented is a large number and never a small one.
//!
//! # Who uses which form
//!
//! The recorder holds `Bucket`s and encodes them when it is drained. A flush batch, the inbox and a
//! capture carry the encoding. The database's tables store the counters as columns, so that SQL can sum
//! them, and the sketch, the status codes and the units as bytes.

mod codec;
mod status;
#[cfg(test)]
mod tests;
mod units;

use std::{sync::Arc, time::Duration};

use api_metrics_layer::{OTHER_UNIT, Outcome, RequestRecord};

pub(crate) use self::units::MAX_UNIT_NAMES;
pub use self::{status::StatusCounts, units::UnitSums};
use crate::sketch::{Sketch, SketchError, SketchKind};

/// The sums, extremes and latencies of one series in one period.
///
/// All arithmetic saturates. Merging two buckets gives exactly the bucket that all their requests would have
/// given.
///
/// A request is one of these, by its outcome and the status that was sent:
///
/// | outcome | status sent | counted as |
/// |---|---|---|
/// | Completed | below 400 | no error |
/// | Completed | 400 to 499 | `error_count_4xx` |
/// | Completed | 500 to 599 | `error_count_5xx` |
/// | Failed, Panicked | any or none | `error_count_5xx`: a response that broke in the middle is the server's failure, whatever its head said |
/// | Aborted | as for Completed | `aborted_count`, and the error of the status that was sent, if one was; the 499 that stands for none is no error |
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bucket {
    /// Requests.
    pub request_count: u64,
    /// Requests that were answered with 400 to 499.
    pub error_count_4xx: u64,
    /// Requests that were answered with 500 to 599, failed or panicked.
    pub error_count_5xx: u64,
    /// Requests whose caller left before the end.
    pub aborted_count: u64,
    /// Requests by [`counted_status`](RequestRecord::counted_status); sums to `request_count`.
    pub status_counts: StatusCounts,
    /// What the requests used beside time and bytes, by the name of the unit.
    pub units: UnitSums,
    /// The sum of the known latencies, in microseconds.
    pub latency_sum_us: u64,
    /// The least latency, in microseconds; `None` if none is known.
    pub latency_min_us: Option<u64>,
    /// The greatest latency, in microseconds; `None` if none is known.
    pub latency_max_us: Option<u64>,
    /// The number of known latencies; an import may lack them.
    pub latency_count: u64,
    /// The sum of the known times to headers, in microseconds.
    pub ttfb_sum_us: u64,
    /// The number of known times to headers.
    pub ttfb_count: u64,
    /// Body bytes of the requests.
    pub request_bytes: u64,
    /// Body bytes of the responses.
    pub response_bytes: u64,
    /// The known latencies, in microseconds.
    pub sketch: Sketch,
    /// The known times to headers, in microseconds, where a recorder keeps them:
    /// [`RecorderOptions::headers_quantiles`](crate::recorder::RecorderOptions::headers_quantiles). Its
    /// count says how many of the requests it covers, which may be fewer than `ttfb_count`.
    pub headers_sketch: Option<Box<Sketch>>,
}

impl Bucket {
    /// A bucket without requests.
    #[must_use]
    pub fn new(kind: SketchKind) -> Self {
        Self {
            request_count: 0,
            error_count_4xx: 0,
            error_count_5xx: 0,
            aborted_count: 0,
            status_counts: StatusCounts::default(),
            units: UnitSums::default(),
            latency_sum_us: 0,
            latency_min_us: None,
            latency_max_us: None,
            latency_count: 0,
            ttfb_sum_us: 0,
            ttfb_count: 0,
            request_bytes: 0,
            response_bytes: 0,
            sketch: Sketch::new(kind),
            headers_sketch: None,
        }
    }

    /// A bucket without requests that keeps the times to headers of those that are recorded into it.
    #[must_use]
    pub(crate) fn with_headers_sketch(kind: SketchKind) -> Self {
        Self {
            headers_sketch: Some(Box::new(Sketch::new(kind))),
            ..Self::new(kind)
        }
    }

    /// Adds one finished request. Times are truncated to whole microseconds.
    #[inline]
    pub fn record(&mut self, record: &RequestRecord<'_>) {
        self.record_named(record, |unit, full| {
            Arc::from(if full { OTHER_UNIT } else { unit })
        });
    }

    /// The same, with the names of new units as `name` says: it is given the unit, and whether there are as
    /// many as a series may have.
    #[inline]
    pub(crate) fn record_named(
        &mut self,
        record: &RequestRecord<'_>,
        name: impl FnMut(&str, bool) -> Arc<str>,
    ) {
        if let Some(units) = record.units {
            self.units.record(units, name);
        }
        add(&mut self.request_count, 1);
        self.status_counts.add(record.counted_status(), 1);
        match record.outcome {
            Outcome::Failed | Outcome::Panicked => add(&mut self.error_count_5xx, 1),
            outcome => {
                if outcome == Outcome::Aborted {
                    add(&mut self.aborted_count, 1);
                }
                match record.status {
                    Some(400..=499) => add(&mut self.error_count_4xx, 1),
                    Some(500..=599) => add(&mut self.error_count_5xx, 1),
                    _ => {}
                }
            }
        }
        if let Some(latency) = record.latency {
            let us = micros(latency);
            add(&mut self.latency_sum_us, us);
            add(&mut self.latency_count, 1);
            self.latency_min_us = Some(self.latency_min_us.map_or(us, |min| min.min(us)));
            self.latency_max_us = Some(self.latency_max_us.map_or(us, |max| max.max(us)));
            self.sketch.record(us);
        }
        if let Some(ttfb) = record.time_to_headers {
            let us = micros(ttfb);
            add(&mut self.ttfb_sum_us, us);
            add(&mut self.ttfb_count, 1);
            if let Some(sketch) = &mut self.headers_sketch {
                sketch.record(us);
            }
        }
        add(&mut self.request_bytes, record.request_bytes);
        add(&mut self.response_bytes, record.response_bytes);
    }

    /// Adds completed requests of one status: their latencies and the sum of their times to headers, in
    /// microseconds, which no sketch takes. Their bytes are added by [`record_bytes`](Self::record_bytes).
    pub(crate) fn record_completed(&mut self, status: u16, latencies_us: &[u32], ttfb_sum_us: u64) {
        let (Some(&min), Some(&max)) = (latencies_us.iter().min(), latencies_us.iter().max())
        else {
            return;
        };
        let (n, min, max) = (latencies_us.len() as u64, u64::from(min), u64::from(max));
        add(&mut self.request_count, n);
        self.status_counts.add(status, n);
        match status {
            400..=499 => add(&mut self.error_count_4xx, n),
            500..=599 => add(&mut self.error_count_5xx, n),
            _ => {}
        }
        let sum = latencies_us.iter().map(|&us| u64::from(us)).sum();
        add(&mut self.latency_sum_us, sum);
        self.add_latencies(n, Some(min), Some(max));
        self.sketch.record_all(latencies_us);
        add(&mut self.ttfb_sum_us, ttfb_sum_us);
        add(&mut self.ttfb_count, n);
    }

    /// Adds `count` requests that another library has summed: of one status and outcome, with the sum of their
    /// latencies in microseconds, and the values that stand for these with how many have each. Those without a value
    /// have no known latency.
    pub(crate) fn record_summed(
        &mut self,
        status: Option<u16>,
        outcome: Outcome,
        count: u64,
        latency_sum_us: u64,
        values: &[(u64, u64)],
    ) {
        let mut record = RequestRecord::new("", "", std::time::SystemTime::UNIX_EPOCH);
        record.status = status;
        record.outcome = outcome;
        add(&mut self.request_count, count);
        self.status_counts.add(record.counted_status(), count);
        if outcome == Outcome::Aborted {
            add(&mut self.aborted_count, count);
        }
        match (outcome, status) {
            (Outcome::Failed | Outcome::Panicked, _) | (_, Some(500..=599)) => {
                add(&mut self.error_count_5xx, count);
            }
            (_, Some(400..=499)) => add(&mut self.error_count_4xx, count),
            _ => {}
        }
        self.record_latencies(latency_sum_us, values);
    }

    /// Adds latencies of requests that are counted beside them.
    pub(crate) fn record_latencies(&mut self, latency_sum_us: u64, values: &[(u64, u64)]) {
        let known = values.iter().map(|(_, n)| n).sum();
        let (min, max) = (values.iter().min(), values.iter().max());
        if let (Some((min, _)), Some((max, _))) = (min, max) {
            add(&mut self.latency_sum_us, latency_sum_us);
            self.add_latencies(known, Some(*min), Some(*max));
            self.sketch.record_pairs(values);
        }
    }

    /// Adds body bytes of requests that are counted already.
    pub(crate) fn record_bytes(&mut self, request_bytes: u64, response_bytes: u64) {
        add(&mut self.request_bytes, request_bytes);
        add(&mut self.response_bytes, response_bytes);
    }

    /// Adds all requests of another bucket.
    ///
    /// # Errors
    ///
    /// [`SketchError::KindMismatch`] if the sketches are of different kinds; nothing is changed then.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        // First, because nothing else can fail.
        self.merge_sketches(other)?;
        add(&mut self.request_count, other.request_count);
        add(&mut self.error_count_4xx, other.error_count_4xx);
        add(&mut self.error_count_5xx, other.error_count_5xx);
        add(&mut self.aborted_count, other.aborted_count);
        self.status_counts.merge(&other.status_counts);
        self.units.merge(&other.units);
        add(&mut self.latency_sum_us, other.latency_sum_us);
        self.add_latencies(
            other.latency_count,
            other.latency_min_us,
            other.latency_max_us,
        );
        add(&mut self.ttfb_sum_us, other.ttfb_sum_us);
        add(&mut self.ttfb_count, other.ttfb_count);
        add(&mut self.request_bytes, other.request_bytes);
        add(&mut self.response_bytes, other.response_bytes);
        Ok(())
    }

    /// Adds both sketches, or none of them.
    fn merge_sketches(&mut self, other: &Self) -> Result<(), SketchError> {
        if let Some(theirs) = &other.headers_sketch
            && !theirs.is_empty()
        {
            let kind = self.sketch.kind();
            let mine = self.headers_sketch.as_deref().map_or(kind, Sketch::kind);
            for (expected, found) in [(kind, other.sketch.kind()), (mine, theirs.kind())] {
                if expected != found {
                    return Err(SketchError::KindMismatch { expected, found });
                }
            }
            self.headers_sketch
                .get_or_insert_with(|| Box::new(Sketch::new(kind)))
                .merge(theirs)?;
        }
        self.sketch.merge(&other.sketch)
    }

    /// Adds to how many latencies are known, and to their extremes.
    fn add_latencies(&mut self, count: u64, min_us: Option<u64>, max_us: Option<u64>) {
        add(&mut self.latency_count, count);
        self.latency_min_us = match (self.latency_min_us, min_us) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.latency_max_us = self.latency_max_us.max(max_us);
    }

    /// Whether it holds no request.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.request_count == 0
    }

    /// Removes all requests and keeps the memory for reuse.
    pub(crate) fn reset(&mut self) {
        self.request_count = 0;
        self.error_count_4xx = 0;
        self.error_count_5xx = 0;
        self.aborted_count = 0;
        self.status_counts.reset();
        self.units.reset();
        self.latency_sum_us = 0;
        self.latency_min_us = None;
        self.latency_max_us = None;
        self.latency_count = 0;
        self.ttfb_sum_us = 0;
        self.ttfb_count = 0;
        self.request_bytes = 0;
        self.response_bytes = 0;
        self.sketch.reset();
        if let Some(sketch) = &mut self.headers_sketch {
            sketch.reset();
        }
    }

    /// The latency at quantile `q` (0 to 1), in milliseconds; `None` if no latency is known. See
    /// [`Sketch::quantile`].
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        self.sketch.quantile(q).map(|us| us / 1e3)
    }

    /// The time to headers at quantile `q` (0 to 1), in milliseconds, of the requests whose times are kept:
    /// as many as [`headers_count`](Self::headers_count) says. `None` if there are none.
    #[must_use]
    pub fn headers_quantile_ms(&self, q: f64) -> Option<f64> {
        let sketch = self.headers_sketch.as_deref()?;
        sketch.quantile(q).map(|us| us / 1e3)
    }

    /// How many requests [`headers_quantile_ms`](Self::headers_quantile_ms) covers.
    #[must_use]
    pub fn headers_count(&self) -> u64 {
        self.headers_sketch.as_deref().map_or(0, Sketch::count)
    }

    /// The mean of the known latencies, in milliseconds; `None` if none is known.
    #[must_use]
    pub fn average_ms(&self) -> Option<f64> {
        (self.latency_count > 0)
            .then(|| self.latency_sum_us as f64 / self.latency_count as f64 / 1e3)
    }

    /// 4xx and 5xx errors in percent of all requests; `None` without requests.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        let errors = self.error_count_4xx.saturating_add(self.error_count_5xx);
        (self.request_count > 0).then(|| errors as f64 * 100.0 / self.request_count as f64)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let headers = self.headers_sketch.as_deref();
        self.sketch.heap_bytes()
            + self.status_counts.heap_bytes()
            + self.units.heap_bytes()
            + headers.map_or(0, |sketch| size_of::<Sketch>() + sketch.heap_bytes())
    }
}

#[inline]
fn add(sum: &mut u64, n: u64) {
    *sum = sum.saturating_add(n);
}

/// `Duration::as_micros` in 64 bits, saturating.
#[inline]
pub(crate) fn micros(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1_000_000)
        .saturating_add(u64::from(duration.subsec_micros()))
}
