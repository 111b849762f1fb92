//! Checks of everything that is read from stored bytes, for the fuzzer. Not part of the public API: it may
//! change or go in any release.
//!
//! Each target takes arbitrary bytes and panics where a promise about them is broken.

use crate::{
    bucket::{Bucket, StatusCounts, UnitSums},
    engine::fuzzing as engine,
    request_log::fuzzing as masks,
    sketch::{Sketch, SketchKind, SketchMerger, encoded_quantiles, take_encoded, take_headers},
};

/// A name, and what takes the bytes.
type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 7] = [
    ("bucket", bucket),
    ("inbox_payload", engine::inbox_payload),
    ("mask", masks::mask),
    ("period_counts", engine::period_counts),
    ("sketch", sketch),
    ("status_counts", status_counts),
    ("units", units),
];

/// A sketch: what can be read comes back as it was, and answers within its bounds.
fn sketch(data: &[u8]) {
    sketches(data);
    headers_sketch(data);
    let mut rest = data;
    let read = Sketch::decode(&mut rest);
    let mut taken_rest = data;
    let taken = take_encoded(&mut taken_rest);
    assert_eq!(read.is_ok(), taken.is_ok(), "both ways to read agree");
    assert_eq!(rest, taken_rest, "and take as much");
    let (Ok(sketch), Ok(taken)) = (read, taken) else {
        assert_eq!(rest, data, "what can't be read is left where it was");
        return;
    };
    assert_eq!(taken.kind, sketch.kind());
    assert_eq!(taken.count, sketch.count());
    assert_eq!((taken.min, taken.max), (sketch.min(), sketch.max()));

    let mut encoded = Vec::new();
    sketch.encode(&mut encoded);
    let mut rest = encoded.as_slice();
    let again = Sketch::decode(&mut rest);
    assert_eq!(again.as_ref(), Ok(&sketch), "it comes back");
    assert!(rest.is_empty(), "its encoding is as long as it says");
    let mut canonical = Vec::new();
    if let Ok(again) = again {
        again.encode(&mut canonical);
    }
    assert_eq!(canonical, encoded, "one sketch has one encoding");

    let qs = [0.0, 0.5, 0.9, 0.99, 1.0];
    let values = qs.map(|q| sketch.quantile(q));
    assert_eq!(encoded_quantiles(&encoded, qs), Ok(values));
    assert!(values.is_sorted(), "quantiles never decrease: {values:?}");
    if let (Some(min), Some(max)) = (sketch.min(), sketch.max()) {
        let bounds = min as f64..=max as f64;
        assert!(values.iter().flatten().all(|v| bounds.contains(v)));
    }
    assert_eq!(values[0].is_none(), sketch.is_empty());

    let mut sum = Sketch::new(sketch.kind());
    assert_eq!(sum.merge_encoded(&encoded), Ok(()));
    assert_eq!(sum.count(), sketch.count(), "a merge keeps every value");
    assert_eq!((sum.min(), sum.max()), (sketch.min(), sketch.max()));
}

/// A sketch of times to headers: it comes back as it was, and is never taken for latencies.
fn headers_sketch(data: &[u8]) {
    let (mut rest, mut taken_rest) = (data, data);
    let read = Sketch::decode_headers(&mut rest);
    let taken = take_headers(&mut taken_rest);
    assert_eq!(read.is_ok(), taken.is_ok(), "both ways to read agree");
    assert_eq!(rest, taken_rest, "and take as much");
    let (Ok(sketch), Ok(taken)) = (read, taken) else {
        assert_eq!(rest, data, "what can't be read is left where it was");
        return;
    };
    assert!(!sketch.is_empty(), "an empty one is never written");
    assert_eq!((taken.kind, taken.count), (sketch.kind(), sketch.count()));
    assert!(Sketch::decode(&mut &*data).is_err());
    let mut encoded = Vec::new();
    sketch.encode_headers(&mut encoded);
    let again = Sketch::decode_headers(&mut encoded.as_slice());
    assert_eq!(again.as_ref(), Ok(&sketch), "it comes back");
    let mut latencies = Sketch::new(sketch.kind());
    assert_eq!(latencies.merge_encoded(&encoded), Ok(()));
    assert!(latencies.is_empty(), "it is no latency");
}

/// Encodings of either sort, one after another: a sum keeps every value, and is one encoding of each.
fn sketches(data: &[u8]) {
    for kind in [SketchKind::Histogram, SketchKind::TDigest] {
        let (mut latencies, mut headers) = (Sketch::new(kind), None);
        let merged = SketchMerger::default().merge(data, &mut latencies, &mut headers);
        let sum = SketchMerger::default().sum(kind, data);
        assert_eq!(sum.is_ok(), merged.is_ok(), "a sum and a merge agree");
        let Ok(sum) = sum else {
            assert!(latencies.is_empty() && headers.is_none(), "unchanged");
            continue;
        };
        let mut rest = sum.as_slice();
        let taken = take_encoded(&mut rest);
        assert!(taken.is_ok_and(|taken| taken.count == latencies.count()));
        if let Some(headers) = headers {
            let taken = take_headers(&mut rest);
            assert!(taken.is_ok_and(|taken| taken.count == headers.count()));
        }
        assert!(rest.is_empty(), "nothing else is in it");
    }
}

/// A bucket: what can be read comes back as it was, whole, in parts or added to another.
fn bucket(data: &[u8]) {
    let mut rest = data;
    let Ok(bucket) = Bucket::decode(&mut rest) else {
        assert_eq!(rest, data, "what can't be read is left where it was");
        assert!(Bucket::decode_parts(data).is_err(), "nor can its parts");
        return;
    };
    let read = &data[..data.len() - rest.len()];
    assert_eq!(Bucket::decode_parts(data).is_ok(), rest.is_empty());
    let mut encoded = Vec::new();
    bucket.encode(&mut encoded);
    let mut rest = encoded.as_slice();
    assert_eq!(
        Bucket::decode(&mut rest).as_ref(),
        Ok(&bucket),
        "it comes back"
    );
    assert!(rest.is_empty(), "its encoding is as long as it says");
    assert_eq!(Bucket::peek_request_count(&encoded), bucket.request_count);

    for bytes in [read, &encoded] {
        let parts = Bucket::decode_parts(bytes);
        assert!(parts.is_ok(), "its parts can be read");
        let Ok((counts, sketch)) = parts else { return };
        let mut added = Bucket::new(bucket.sketch.kind());
        assert_eq!(added.add_encoded(bytes), Ok(sketch));
        assert_eq!(added, counts, "added to nothing it is the same");
        let mut whole = counts;
        let mut rest = sketch;
        if let Ok(sketch) = Sketch::decode(&mut rest) {
            whole.sketch = sketch;
        }
        if !rest.is_empty() {
            whole.headers_sketch = Sketch::decode_headers(&mut rest).ok().map(Box::new);
        }
        assert!(rest.is_empty(), "one of latencies, at most one of headers");
        assert_eq!(whole, bucket, "parts make the whole");
    }
}

/// Counts by status code: sorted, merged in any order, as many as the encoding says.
fn status_counts(data: &[u8]) {
    let mut counts = StatusCounts::default();
    let read = counts.merge_encoded(data);
    assert_eq!(read.is_ok(), data.len().is_multiple_of(10));
    if read.is_err() {
        assert!(
            counts.is_empty(),
            "nothing is changed by what can't be read"
        );
        return;
    }
    let codes: Vec<u16> = counts.iter().map(|(code, _)| code).collect();
    assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
    assert!(counts.iter().all(|(_, n)| n > 0));
    assert_eq!(counts.len(), codes.len());

    let mut encoded = Vec::new();
    counts.encode(&mut encoded);
    let mut again = StatusCounts::default();
    assert_eq!(again.merge_encoded(&encoded), Ok(()));
    assert_eq!(again, counts, "they come back");

    // One after another is their sum, whichever comes first.
    let middle = data.len() / 20 * 10;
    let (one, other) = data.split_at(middle);
    let mut turned = StatusCounts::default();
    assert_eq!(turned.merge_encoded(other), Ok(()));
    assert_eq!(turned.merge_encoded(one), Ok(()));
    assert_eq!(turned, counts);
}

/// Units: sorted, merged in any order, and nothing is changed by what can't be read.
fn units(data: &[u8]) {
    let mut units = UnitSums::default();
    if units.merge_encoded(data).is_err() {
        assert!(units.is_empty(), "nothing is changed by what can't be read");
        return;
    }
    let names: Vec<_> = units.names().collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    let encoded = units.column().unwrap_or_default();
    assert!(encoded.len() <= data.len(), "nothing is made up");
    let mut again = UnitSums::default();
    assert_eq!(again.merge_encoded(&encoded), Ok(()));
    assert_eq!(again, units, "they come back");

    // Two after another are their sum, whichever comes first.
    let (mut one, mut other) = (UnitSums::default(), UnitSums::default());
    let cut = (0..data.len()).rev().find(|cut| {
        let (start, end) = data.split_at(*cut);
        (one, other) = (UnitSums::default(), UnitSums::default());
        one.merge_encoded(start).is_ok() && other.merge_encoded(end).is_ok()
    });
    // Where a count has saturated, its sum is as good as any that it can have.
    let exact = units.gauges().all(|(_, gauge)| gauge.count() < u64::MAX);
    if cut.is_some() && exact {
        let mut turned = other.clone();
        turned.merge(&one);
        one.merge(&other);
        assert_eq!(one, units);
        assert_eq!(turned, units);
    }
    let before = units
        .sums()
        .fold(0_u64, |sum, (_, n)| sum.saturating_add(n));
    units.keep_names(|_| false);
    let after = units
        .sums()
        .fold(0_u64, |sum, (_, n)| sum.saturating_add(n));
    assert_eq!(after, before, "what is not kept is not lost");
}
