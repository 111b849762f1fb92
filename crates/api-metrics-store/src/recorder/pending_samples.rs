//! Requests buffered beside a slot, before they are added to its bucket.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | sum of the request bodies, bytes |
//! | 8 | 8 | sum of the response bodies, bytes |
//! | 16 | 8 | sum of the times to headers, microseconds |
//! | 24 | 2 | the status that all of them share |
//! | 26 | 1 | how many there are |
//! | 28 | 88 | 22 latencies of 32 bits, microseconds |
//!
//! A request fits if it has completed, has a latency below 2^32 µs (71 minutes), a time to headers and no units,
//! and has the status of those before it. Any other one goes to the bucket directly. Because buckets only add,
//! the pending ones may wait: only a t-digest depends on the order of its values.
//!
//! Where quantiles of times to headers are kept, nothing is buffered: the buckets take each time by itself.
//! A slot's samples are then closed for good, which looks like being full, so that the fast path of those
//! that buffer has nothing more to ask.
//!
//! Sums saturate. A drain moves them before it encodes, so that nothing waits longer than one flush
//! interval.

use api_metrics_layer::{Outcome, RequestRecord};

use crate::bucket::{Bucket, micros};

/// Requests buffered per slot before they are added to its bucket; 22 fill the slot's four cache lines.
const CAPACITY: usize = 22;
/// The `len` of samples that are closed: above the capacity, so that nothing fits.
const CLOSED: u8 = u8::MAX;

/// Completed requests with the same status. With thousands of series the cost of a record is the number of
/// cache lines that it waits for, and buffering spares the bucket's four.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct PendingSamples {
    request_bytes: u64,
    response_bytes: u64,
    ttfb_sum_us: u64,
    status: u16,
    len: u8,
    latencies_us: [u32; CAPACITY],
}

impl PendingSamples {
    /// Samples that never buffer a request.
    pub(super) fn closed() -> Self {
        Self {
            len: CLOSED,
            ..Self::default()
        }
    }

    /// Buffers a request. Returns `false` where it is full, or the request differs from those in it.
    #[inline]
    pub(super) fn add(&mut self, record: &RequestRecord<'_>) -> bool {
        let (Some(latency), Some(ttfb), Outcome::Completed, None) = (
            record.latency,
            record.time_to_headers,
            record.outcome,
            record.units,
        ) else {
            return false;
        };
        let status = record.counted_status();
        if self.len == 0 {
            self.status = status;
        }
        let (Ok(us), Some(place)) = (
            u32::try_from(micros(latency)),
            self.latencies_us.get_mut(usize::from(self.len)),
        ) else {
            return false;
        };
        if status != self.status {
            return false;
        }
        *place = us;
        self.len += 1;
        self.ttfb_sum_us = self.ttfb_sum_us.saturating_add(micros(ttfb));
        self.request_bytes = self.request_bytes.saturating_add(record.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(record.response_bytes);
        true
    }

    /// Whether 22 requests are in it, so that the next one needs a [`drain_into`](Self::drain_into), or
    /// whether it is closed.
    pub(super) fn is_full(&self) -> bool {
        usize::from(self.len) >= CAPACITY
    }

    /// Moves everything into a bucket, with the same result as recording the requests one by one.
    ///
    /// The sketch takes all latencies in one call, which chooses its form once instead of 22 times.
    pub(super) fn drain_into(&mut self, bucket: &mut Bucket) {
        let Some(latencies_us) = self.latencies_us.get(..usize::from(self.len)) else {
            // Closed, which it stays.
            return;
        };
        if self.len > 0 {
            bucket.record_completed(self.status, latencies_us, self.ttfb_sum_us);
            bucket.record_bytes(self.request_bytes, self.response_bytes);
        }
        self.len = 0;
        self.ttfb_sum_us = 0;
        self.request_bytes = 0;
        self.response_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::sketch::SketchKind;

    fn record((status, outcome, latency_us, ttfb_us, bytes): Request) -> RequestRecord<'static> {
        let mut record = RequestRecord::new("GET", "/", UNIX_EPOCH);
        record.status = status;
        record.outcome = outcome;
        record.latency = latency_us.map(Duration::from_micros);
        record.time_to_headers = ttfb_us.map(Duration::from_micros);
        record.request_bytes = bytes;
        record.response_bytes = bytes / 2;
        record
    }

    type Request = (Option<u16>, Outcome, Option<u64>, Option<u64>, u64);

    fn request() -> impl Strategy<Value = Request> {
        let outcomes = vec![
            Outcome::Completed,
            Outcome::Completed,
            Outcome::Completed,
            Outcome::Aborted,
            Outcome::Failed,
            Outcome::Panicked,
        ];
        let time = || {
            prop_oneof![
                8 => (0_u64..10_000_000).prop_map(Some),
                1 => (u64::from(u32::MAX) - 1..u64::from(u32::MAX) + 2).prop_map(Some),
                1 => Just(None),
            ]
        };
        let bytes = prop_oneof![8 => 0_u64..100_000, 1 => Just(u64::MAX)];
        let statuses = vec![Some(200), Some(200), Some(200), Some(404), Some(503), None];
        (select(statuses), select(outcomes), time(), time(), bytes)
    }

    proptest! {
        #[test]
        fn buffered_requests_make_the_bucket_that_they_make_one_by_one(
            requests in proptest::collection::vec(request(), 0..200),
            kind in select(vec![SketchKind::Histogram, SketchKind::TDigest]),
        ) {
            let (mut pending, mut through) = (PendingSamples::default(), Bucket::new(kind));
            let mut one_by_one = Bucket::new(kind);
            let mut rest = Bucket::new(kind);
            for request in requests {
                let record = record(request);
                one_by_one.record(&record);
                if pending.is_full() {
                    pending.drain_into(&mut through);
                }
                if !pending.add(&record) {
                    rest.record(&record);
                }
            }
            pending.drain_into(&mut through);
            prop_assert!(through.merge(&rest).is_ok());
            // A digest depends on the order of its values.
            if kind == SketchKind::TDigest {
                prop_assert_eq!(through.sketch.count(), one_by_one.sketch.count());
                through.sketch = one_by_one.sketch.clone();
            }
            prop_assert_eq!(through, one_by_one);
        }

        #[test]
        fn closed_samples_take_no_request_and_stay_closed(
            requests in proptest::collection::vec(request(), 0..50),
        ) {
            let mut pending = PendingSamples::closed();
            let mut bucket = Bucket::new(SketchKind::Histogram);
            for request in requests {
                prop_assert!(!pending.add(&record(request)));
                prop_assert!(pending.is_full());
                pending.drain_into(&mut bucket);
                prop_assert!(bucket.is_empty());
            }
        }
    }
}
