//! A slot: one series in one shard.
//!
//! | offset | bytes | field | read by |
//! |---|---|---|---|
//! | 0 | 24 | API key | the comparison |
//! | 24 | 16 | method, a pointer to static text and its length | the comparison |
//! | 40 | 8 | minute | every record |
//! | 48 | 4 | number of its bucket | every 22nd record |
//! | 52 | 3 | protocol, filled, length of the endpoint | every record |
//! | 55 | 57 | the first 57 bytes of the endpoint | the comparison |
//! | 112 | 120 | [`PendingSamples`] | every record |
//! | 232 | 24 | series, hash, last use | drains and evictions |
//!
//! The struct takes 256 bytes, four lines of 64, and is aligned to 128. A comparison ends within the
//! first two lines, and the sums of the pending samples begin in the second. `repr(C)` keeps this
//! order.

use std::sync::Arc;

use api_metrics_layer::{ApiKey, Protocol};

use super::{lookup::Lookup, pending_samples::PendingSamples};
use crate::{series::SeriesKey, time::UnixSeconds};

/// The slot has no bucket yet.
pub(super) const NO_BUCKET: u32 = u32::MAX;
/// Bytes of an endpoint that are compared without following a pointer. Few endpoints are longer.
const INLINE_ENDPOINT: usize = 57;

/// A protocol in one byte: that of an event has a name beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Family {
    Http,
    Grpc,
    Event,
}

impl Family {
    #[inline]
    const fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => Self::Http,
            Protocol::Grpc => Self::Grpc,
            _ => Self::Event,
        }
    }
}

/// Everything that a record of a known series touches, in four cache lines: the series and its last few
/// requests. The bucket is elsewhere and touched every 22 requests.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct Slot {
    api_key: Option<ApiKey>,
    method: &'static str,
    /// The start of the minute that its requests are in.
    pub(super) minute: UnixSeconds,
    /// Its number in the buffer's buckets, or [`NO_BUCKET`].
    pub(super) bucket: u32,
    protocol: Family,
    /// Whether `pending` or the bucket hold a request.
    pub(super) filled: bool,
    /// Above [`INLINE_ENDPOINT`] the endpoint is read from `series`.
    endpoint_len: u8,
    endpoint: [u8; INLINE_ENDPOINT],
    pub(super) pending: PendingSamples,
    pub(super) series: Arc<SeriesKey>,
    pub(super) hash: u64,
    /// When it last held a request, in seconds of the monotonic clock.
    pub(super) used: u64,
}

impl Slot {
    /// An empty slot for a series; `hash` is that of its labels, and `pending` takes its requests.
    pub(super) fn new(hash: u64, series: Arc<SeriesKey>, pending: PendingSamples) -> Self {
        let mut endpoint = [0; INLINE_ENDPOINT];
        for (to, from) in endpoint.iter_mut().zip(series.endpoint.bytes()) {
            *to = from;
        }
        Self {
            api_key: series.api_key.clone(),
            method: series.method,
            minute: 0,
            bucket: NO_BUCKET,
            protocol: Family::of(series.protocol),
            filled: false,
            endpoint_len: u8::try_from(series.endpoint.len()).unwrap_or(u8::MAX),
            endpoint,
            pending,
            series,
            hash,
            used: 0,
        }
    }

    /// Whether the slot's series has these labels. Endpoints of up to 57 bytes are compared in place;
    /// longer ones cost a look at the shared series.
    #[inline]
    pub(super) fn is_of(&self, key: Lookup<'_>) -> bool {
        let endpoint = self
            .endpoint
            .get(..usize::from(self.endpoint_len))
            .unwrap_or(self.series.endpoint.as_bytes());
        self.protocol == Family::of(key.protocol)
            // Only an event's kind costs a look at the shared series.
            && (self.protocol != Family::Event || self.series.protocol == key.protocol)
            && super::lookup::same_method(self.method, key.method)
            && same_text(endpoint, key.endpoint.as_bytes())
            && self.api_key.as_ref() == key.api_key
    }
}

/// Compares eight bytes at a time. The standard library's comparison is made for longer texts.
///
/// Texts of at least eight bytes are compared word by word, the last word overlapping the one before.
#[inline]
fn same_text(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return a == b;
    };
    let same = |a: &[u8; 8], b: &[u8; 8]| u64::from_le_bytes(*a) == u64::from_le_bytes(*b);
    let (words_a, words_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    // The last word overlaps the ones before.
    words_a.iter().zip(words_b).all(|(a, b)| same(a, b)) && same(last_a, last_b)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use api_metrics_layer::{EventKind, RequestRecord};

    use super::*;

    #[test]
    fn a_slot_takes_four_cache_lines() {
        assert_eq!(size_of::<Slot>(), 4 * 64);
    }

    #[test]
    fn a_slot_is_of_its_own_key_and_of_no_other_however_long_the_endpoint() {
        let endpoints: Vec<_> = [0, 1, 56, 57, 58, 59, 254, 255, 256, 257, 1_024]
            .into_iter()
            .flat_map(|n| ["a".repeat(n), format!("{}b", "a".repeat(n))])
            .collect();
        let keys = [None, Some(ApiKey::from(1)), Some(ApiKey::from("one"))];
        let mut all = Vec::new();
        for endpoint in &endpoints {
            for key in &keys {
                for (method, protocol) in [
                    ("GET", Protocol::Http),
                    ("PUT", Protocol::Http),
                    ("GET", Protocol::Grpc),
                    ("GET", Protocol::Event(EventKind::JOB)),
                    ("GET", Protocol::Event(EventKind::AGENT)),
                ] {
                    let mut record = RequestRecord::new(method, endpoint, UNIX_EPOCH);
                    record.api_key = key.as_ref();
                    record.protocol = protocol;
                    all.push(Lookup::of(&record));
                }
            }
        }
        for a in &all {
            let slot = Slot::new(0, Arc::new(a.to_series()), PendingSamples::default());
            for b in &all {
                assert_eq!(
                    slot.is_of(*b),
                    a.to_series() == b.to_series(),
                    "{:?}",
                    b.to_series()
                );
            }
        }
    }
}
