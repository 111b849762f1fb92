//! What a bucket counts, and that its encoding keeps all of it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    sync::LazyLock,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::Units;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

const KIND: SketchKind = SketchKind::Histogram;

fn request(status: Option<u16>, outcome: Outcome) -> RequestRecord<'static> {
    let mut record = RequestRecord::new("GET", "/", UNIX_EPOCH);
    record.status = status;
    record.outcome = outcome;
    record
}

/// 4xx, 5xx, aborted and the status of one request.
fn counted(status: Option<u16>, outcome: Outcome) -> (u64, u64, u64, u16) {
    let mut bucket = Bucket::new(KIND);
    bucket.record(&request(status, outcome));
    assert_eq!(bucket.request_count, 1);
    let codes: Vec<_> = bucket.status_counts.iter().collect();
    assert_eq!(codes.len(), 1);
    assert_eq!(codes[0].1, 1);
    (
        bucket.error_count_4xx,
        bucket.error_count_5xx,
        bucket.aborted_count,
        codes[0].0,
    )
}

#[test]
fn a_completed_request_is_an_error_by_its_status() {
    use Outcome::Completed;
    assert_eq!(counted(Some(200), Completed), (0, 0, 0, 200));
    assert_eq!(counted(Some(399), Completed), (0, 0, 0, 399));
    assert_eq!(counted(Some(400), Completed), (1, 0, 0, 400));
    assert_eq!(counted(Some(499), Completed), (1, 0, 0, 499));
    assert_eq!(counted(Some(500), Completed), (0, 1, 0, 500));
    assert_eq!(counted(Some(599), Completed), (0, 1, 0, 599));
    assert_eq!(counted(Some(600), Completed), (0, 0, 0, 600));
    assert_eq!(counted(None, Completed), (0, 0, 0, 200));
}

#[test]
fn an_aborted_request_is_an_error_only_if_one_was_sent() {
    use Outcome::Aborted;
    assert_eq!(counted(None, Aborted), (0, 0, 1, 499));
    assert_eq!(counted(Some(200), Aborted), (0, 0, 1, 200));
    assert_eq!(counted(Some(404), Aborted), (1, 0, 1, 404));
    assert_eq!(counted(Some(503), Aborted), (0, 1, 1, 503));
}

#[test]
fn a_failed_or_panicked_request_is_a_server_error_whatever_was_sent() {
    for outcome in [Outcome::Failed, Outcome::Panicked] {
        assert_eq!(counted(None, outcome), (0, 1, 0, 500));
        assert_eq!(counted(Some(200), outcome), (0, 1, 0, 200));
        assert_eq!(counted(Some(404), outcome), (0, 1, 0, 404));
    }
}

#[test]
fn times_are_cut_to_microseconds_and_may_be_absent() {
    let mut bucket = Bucket::new(KIND);
    let mut record = request(Some(200), Outcome::Completed);
    bucket.record(&record);
    assert_eq!((bucket.average_ms(), bucket.quantile_ms(0.5)), (None, None));
    record.latency = Some(Duration::from_nanos(2_999_999));
    record.time_to_headers = Some(Duration::from_nanos(999));
    (record.request_bytes, record.response_bytes) = (10, 20);
    bucket.record(&record);
    assert_eq!(bucket.request_count, 2);
    assert_eq!((bucket.latency_count, bucket.latency_sum_us), (1, 2_999));
    assert_eq!((bucket.ttfb_count, bucket.ttfb_sum_us), (1, 0));
    assert_eq!((bucket.request_bytes, bucket.response_bytes), (10, 20));
    assert_eq!(bucket.average_ms(), Some(2.999));
    assert_eq!(bucket.quantile_ms(0.99), Some(2.999));
}

#[test]
fn the_error_rate_is_in_percent_and_unknown_without_requests() {
    let mut bucket = Bucket::new(KIND);
    assert_eq!(bucket.error_rate(), None);
    for status in [200, 200, 404, 500] {
        bucket.record(&request(Some(status), Outcome::Completed));
    }
    assert_eq!(bucket.error_rate(), Some(50.0));
}

#[test]
fn absurd_sums_saturate() {
    let mut bucket = Bucket::new(KIND);
    let mut record = request(Some(200), Outcome::Completed);
    record.latency = Some(Duration::MAX);
    record.time_to_headers = Some(Duration::MAX);
    (record.request_bytes, record.response_bytes) = (u64::MAX, u64::MAX);
    bucket.record(&record);
    bucket.record(&record);
    assert_eq!(bucket.latency_sum_us, u64::MAX);
    assert_eq!(bucket.request_bytes, u64::MAX);
    let same = bucket.clone();
    bucket.merge(&same).unwrap();
    assert_eq!(bucket.request_count, 4);
    assert_eq!(bucket.response_bytes, u64::MAX);
}

#[test]
fn buckets_of_two_kinds_refuse_to_merge_and_stay_as_they_were() {
    let mut bucket = Bucket::new(KIND);
    bucket.record(&request(Some(200), Outcome::Completed));
    let before = bucket.clone();
    let mut other = Bucket::new(SketchKind::TDigest);
    other.record(&request(Some(500), Outcome::Completed));
    assert!(matches!(
        bucket.merge(&other),
        Err(SketchError::KindMismatch { .. })
    ));
    assert_eq!(bucket, before);
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Completed),
        Just(Outcome::Aborted),
        Just(Outcome::Failed),
        Just(Outcome::Panicked),
    ]
}

/// What some requests say that they used.
static UNITS: LazyLock<[Units; 3]> = LazyLock::new(|| {
    [
        Units::new().add("tokens", 7).gauge("score", 0.5),
        Units::new().add("credits", u64::MAX).gauge("score", -3.25),
        Units::new().add("a name that is none", 1),
    ]
});

prop_compose! {
    fn record()(
        status in proptest::option::of(prop_oneof![Just(200_u16), Just(404), 100_u16..700, any::<u16>()]),
        outcome in outcome(),
        latency in proptest::option::of(0_u64..100_000_000),
        ttfb in proptest::option::of(0_u64..100_000_000),
        bytes in any::<(u32, u32)>(),
        units in 0..9_usize,
    ) -> RequestRecord<'static> {
        let mut record = request(status, outcome);
        record.units = UNITS.get(units);
        record.latency = latency.map(Duration::from_micros);
        record.time_to_headers = ttfb.map(Duration::from_micros);
        (record.request_bytes, record.response_bytes) = (bytes.0.into(), bytes.1.into());
        record
    }
}

fn of(records: &[RequestRecord<'_>], kind: SketchKind) -> Bucket {
    let mut bucket = Bucket::new(kind);
    records.iter().for_each(|record| bucket.record(record));
    bucket
}

/// As [`of`], by a recorder that keeps times to headers. One without any is written, and so comes
/// back, as a bucket that keeps none.
fn keeping(records: &[RequestRecord<'_>], kind: SketchKind) -> Bucket {
    let mut bucket = Bucket::with_headers_sketch(kind);
    records.iter().for_each(|record| bucket.record(record));
    if bucket.headers_count() == 0 {
        bucket.headers_sketch = None;
    }
    bucket
}

fn encoded(bucket: &Bucket) -> Vec<u8> {
    let mut bytes = Vec::new();
    bucket.encode(&mut bytes);
    bytes
}

proptest! {
    #[test]
    fn times_to_headers_are_kept_beside_everything_else(
        a in vec(record(), 0..90),
        b in vec(record(), 0..90),
        none in vec(record(), 0..40),
        tail in vec(any::<u8>(), 0..4),
    ) {
        for kind in [KIND, SketchKind::TDigest] {
            let kept = keeping(&a, kind);
            let mut counts = kept.clone();
            counts.headers_sketch = None;
            prop_assert_eq!(&counts, &of(&a, kind));
            prop_assert_eq!(kept.headers_count(), kept.ttfb_count);
            // They come back, whole and in parts.
            let bytes = [encoded(&kept), tail.clone()].concat();
            let mut rest = bytes.as_slice();
            prop_assert_eq!(&Bucket::decode(&mut rest).unwrap(), &kept);
            prop_assert_eq!(rest, tail.as_slice());
            let bytes = encoded(&kept);
            prop_assert_eq!(Bucket::peek_request_count(&bytes), kept.request_count);
            let (mut parts, sketches) = Bucket::decode_parts(&bytes).unwrap();
            prop_assert!(parts.headers_sketch.is_none());
            let mut merger = crate::sketch::SketchMerger::default();
            merger.merge(sketches, &mut parts.sketch, &mut parts.headers_sketch).unwrap();
            if kind == KIND {
                prop_assert_eq!(&parts, &kept);
            }
            prop_assert_eq!(parts.headers_count(), kept.headers_count());
            let mut added = Bucket::new(kind);
            prop_assert_eq!(added.add_encoded(&bytes).unwrap(), sketches);
            // Merged with others that keep them, and with some that don't.
            let mut merged = kept.clone();
            merged.merge(&keeping(&b, kind)).unwrap();
            let mut turned = of(&none, kind);
            turned.merge(&keeping(&b, kind)).unwrap();
            turned.merge(&kept).unwrap();
            merged.merge(&of(&none, kind)).unwrap();
            let both = keeping(&[a.clone(), b.clone()].concat(), kind);
            for sum in [&merged, &turned] {
                prop_assert_eq!(sum.headers_count(), both.headers_count());
                prop_assert!(sum.headers_count() <= sum.ttfb_count);
            }
            if kind == KIND {
                prop_assert_eq!(&merged, &turned);
                prop_assert_eq!(&merged.headers_sketch, &both.headers_sketch);
            }
        }
    }

    #[test]
    fn quantiles_of_the_time_to_headers_are_within_one_percent(
        times in vec(prop_oneof![0_u64..1_000, 1_000_u64..100_000_000], 1..300),
    ) {
        let mut bucket = Bucket::with_headers_sketch(KIND);
        for &us in &times {
            let mut record = request(Some(200), Outcome::Completed);
            record.time_to_headers = Some(Duration::from_micros(us));
            bucket.record(&record);
        }
        let mut sorted = times;
        sorted.sort_unstable();
        for q in [0.5, 0.95, 0.99] {
            let rank = (q * sorted.len() as f64).ceil() as usize;
            let exact = sorted[rank - 1] as f64 / 1e3;
            let found = bucket.headers_quantile_ms(q).unwrap();
            prop_assert!((found - exact).abs() <= exact * 0.01, "{found} is not {exact}");
        }
        prop_assert_eq!(bucket.quantile_ms(0.5), None);
    }

    #[test]
    fn a_reset_bucket_goes_on_keeping_times_to_headers(first in vec(record(), 0..50), second in vec(record(), 0..50)) {
        let mut bucket = Bucket::with_headers_sketch(KIND);
        first.iter().for_each(|record| bucket.record(record));
        bucket.reset();
        prop_assert_eq!(&bucket, &Bucket::with_headers_sketch(KIND));
        second.iter().for_each(|record| bucket.record(record));
        prop_assert_eq!(encoded(&bucket), encoded(&keeping(&second, KIND)));
    }

    #[test]
    fn a_changed_encoding_with_times_to_headers_never_panics(records in vec(record(), 1..50), at in any::<Index>(), to in any::<u8>()) {
        let mut bytes = encoded(&keeping(&records, KIND));
        let at = at.index(bytes.len());
        let mut cut = &bytes[..at];
        prop_assert!(Bucket::decode(&mut cut).is_err());
        prop_assert_eq!(cut.len(), at);
        bytes[at] = to;
        let mut rest = bytes.as_slice();
        if Bucket::decode(&mut rest).is_ok() {
            prop_assert_eq!(Bucket::decode_parts(&bytes).is_ok(), rest.is_empty());
        } else {
            prop_assert!(Bucket::decode_parts(&bytes).is_err());
        }
    }

    #[test]
    fn merged_buckets_equal_the_one_that_saw_everything(a in vec(record(), 0..90), b in vec(record(), 0..90)) {
        let mut merged = of(&a, KIND);
        merged.merge(&of(&b, KIND)).unwrap();
        prop_assert_eq!(merged, of(&[a, b].concat(), KIND));
    }

    #[test]
    fn an_encoding_comes_back(records in vec(record(), 0..90), tail in vec(any::<u8>(), 0..4)) {
        for kind in [KIND, SketchKind::TDigest] {
            let bucket = of(&records, kind);
            let mut bytes = Vec::new();
            bucket.encode(&mut bytes);
            prop_assert_eq!(Bucket::peek_request_count(&bytes), bucket.request_count);
            bytes.extend_from_slice(&tail);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(Bucket::decode(&mut rest).unwrap(), bucket);
            prop_assert_eq!(rest, tail.as_slice());
        }
    }

    #[test]
    fn parts_are_the_bucket_with_its_sketch_left_encoded(
        records in vec(record(), 0..90),
        count in any::<Option<u64>>(),
    ) {
        for kind in [KIND, SketchKind::TDigest] {
            let mut bucket = of(&records, kind);
            // Also where the latencies' totals are not the sketch's.
            bucket.latency_count = count.unwrap_or(bucket.latency_count);
            let mut bytes = Vec::new();
            bucket.encode(&mut bytes);
            let (mut parts, sketch) = Bucket::decode_parts(&bytes).unwrap();
            prop_assert!(parts.sketch.is_empty());
            parts.sketch.merge_encoded(sketch).unwrap();
            let whole = Bucket::decode(&mut bytes.as_slice()).unwrap();
            prop_assert_eq!((&parts, sketch.len()), (&whole, { let mut e = Vec::new(); whole.sketch.encode(&mut e); e.len() }));
        }
    }

    #[test]
    fn adding_an_encoding_is_merging_its_bucket(
        (into, records) in (vec(record(), 0..40), vec(record(), 0..40)),
        count in any::<Option<u64>>(),
        tail in vec(any::<u8>(), 1..4),
    ) {
        for kind in [KIND, SketchKind::TDigest] {
            let (mut sum, mut bucket) = (of(&into, kind), of(&records, kind));
            bucket.latency_count = count.unwrap_or(bucket.latency_count);
            let mut expected = sum.clone();
            expected.merge(&bucket).unwrap();
            let mut bytes = Vec::new();
            bucket.encode(&mut bytes);
            let sketch = sum.add_encoded(&bytes).unwrap();
            sum.sketch.merge_encoded(sketch).unwrap();
            // A t-digest of merged parts depends on the order of its inputs, within its error.
            if kind == SketchKind::TDigest {
                expected.sketch = sum.sketch.clone();
            }
            prop_assert_eq!(&sum, &expected);
            bytes.extend_from_slice(&tail);
            prop_assert!(sum.add_encoded(&bytes).is_err(), "nothing may follow it");
        }
    }

    #[test]
    fn fields_that_contradict_the_sketch_come_back_too(n in any::<[u64; 4]>(), extremes in any::<(Option<u64>, Option<u64>)>()) {
        let mut bucket = Bucket::new(KIND);
        bucket.sketch.record(5);
        [bucket.request_count, bucket.latency_count, bucket.latency_sum_us, bucket.ttfb_count] = n;
        (bucket.latency_min_us, bucket.latency_max_us) = extremes;
        let mut bytes = Vec::new();
        bucket.encode(&mut bytes);
        prop_assert_eq!(Bucket::decode(&mut bytes.as_slice()).unwrap(), bucket);
    }

    #[test]
    fn a_cut_or_changed_encoding_never_panics(records in vec(record(), 0..50), at in any::<Index>(), to in any::<u8>()) {
        let mut bytes = Vec::new();
        of(&records, KIND).encode(&mut bytes);
        let at = at.index(bytes.len());
        let mut cut = &bytes[..at];
        prop_assert!(Bucket::decode(&mut cut).is_err());
        prop_assert_eq!(cut.len(), at);
        bytes[at] = to;
        let _ = Bucket::decode(&mut bytes.as_slice());
    }

    #[test]
    fn hostile_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first %= 2;
        }
        let _ = Bucket::decode(&mut bytes.as_slice());
        let _ = Bucket::peek_request_count(&bytes);
    }

    #[test]
    fn status_counts_are_a_sorted_map(entries in vec((prop_oneof![195_u16..205, any::<u16>()], 0_u64..5), 0..40)) {
        let mut expected = BTreeMap::<u16, u64>::new();
        for &(code, n) in entries.iter().filter(|(_, n)| *n > 0) {
            *expected.entry(code).or_default() += n;
        }
        let counts: StatusCounts = entries.iter().copied().collect();
        prop_assert!(counts.iter().eq(expected.iter().map(|(&code, &n)| (code, n))));
        prop_assert_eq!(counts.len(), expected.len());
        prop_assert_eq!(counts.get(200), expected.get(&200).copied().unwrap_or(0));

        let mut bytes = Vec::new();
        counts.encode(&mut bytes);
        prop_assert_eq!(bytes.len(), 10 * counts.len());
        counts.encode(&mut bytes);
        let mut twice = StatusCounts::default();
        twice.merge_encoded(&bytes).unwrap();
        let mut sum = counts.clone();
        sum.merge(&counts);
        prop_assert_eq!(&twice, &sum);
        let before = twice.clone();
        bytes.push(0);
        prop_assert_eq!(twice.merge_encoded(&bytes), Err(SketchError::Truncated));
        prop_assert_eq!(twice, before);
    }

    #[test]
    fn a_reset_bucket_is_as_good_as_new(first in vec(record(), 0..90), second in vec(record(), 0..90)) {
        let mut bucket = of(&first, KIND);
        bucket.reset();
        prop_assert_eq!(&bucket, &Bucket::new(KIND));
        prop_assert!(bucket.is_empty());
        second.iter().for_each(|record| bucket.record(record));
        prop_assert_eq!(bucket, of(&second, KIND));
    }
}

#[test]
fn the_status_encoding_is_big_endian() {
    let counts: StatusCounts = [(404, 3)].into_iter().collect();
    let mut bytes = Vec::new();
    counts.encode(&mut bytes);
    assert_eq!(bytes, [1, 148, 0, 0, 0, 0, 0, 0, 0, 3]);
}

#[test]
fn a_bucket_of_one_request_takes_little_room() {
    let mut record = request(Some(200), Outcome::Completed);
    record.latency = Some(Duration::from_micros(12_345));
    record.time_to_headers = Some(Duration::from_micros(12_300));
    record.response_bytes = 1_500;
    let mut bytes = Vec::new();
    of(&[record], KIND).encode(&mut bytes);
    assert!(bytes.len() <= 25, "{} bytes", bytes.len());
    bytes[0] = 2;
    assert_eq!(
        Bucket::decode(&mut bytes.as_slice()),
        Err(SketchError::UnknownVersion(2))
    );
}

#[test]
fn a_bucket_that_keeps_no_times_to_headers_is_written_as_ever() {
    let mut record = request(Some(200), Outcome::Completed);
    record.latency = Some(Duration::from_micros(5));
    record.time_to_headers = Some(Duration::from_micros(4));
    let as_ever = [1, 0xf1, 0x0c, 1, 5, 4, 1, 1, 0xc8, 1, 1, 1, 1, 5, 0, 0];
    assert_eq!(encoded(&of(&[record.clone()], KIND)), as_ever);
    // Bit 14 of the flags, and behind everything the sketch with its tag.
    let kept = [
        1, 0xf1, 0x8c, 1, 1, 5, 4, 1, 1, 0xc8, 1, 1, 1, 1, 5, 0, 0, 3, 1, 4, 0, 0,
    ];
    assert_eq!(encoded(&keeping(&[record], KIND)), kept);
    let mut none = Bucket::with_headers_sketch(KIND);
    none.record(&request(Some(200), Outcome::Aborted));
    assert_eq!(
        encoded(&none),
        encoded(&of(&[request(Some(200), Outcome::Aborted)], KIND))
    );
}

#[test]
fn sketches_of_two_kinds_in_one_bucket_are_refused() {
    let mut odd = Bucket::new(KIND);
    let mut digest = Sketch::new(SketchKind::TDigest);
    digest.record(5);
    odd.headers_sketch = Some(Box::new(digest));
    let bytes = encoded(&odd);
    assert!(Bucket::decode(&mut bytes.as_slice()).is_err());
    assert!(Bucket::decode_parts(&bytes).is_err());
    let mut into = Bucket::new(KIND);
    let before = into.clone();
    assert!(into.merge(&odd).is_err());
    assert_eq!(into, before);
}
