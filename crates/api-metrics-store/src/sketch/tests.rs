//! What holds for a sketch of either kind, and how near the histogram is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

const KINDS: [SketchKind; 2] = [SketchKind::Histogram, SketchKind::TDigest];

fn of(kind: SketchKind, values: &[u64]) -> Sketch {
    let mut sketch = Sketch::new(kind);
    values.iter().for_each(|&value| sketch.record(value));
    sketch
}

fn encoded(sketch: &Sketch) -> Vec<u8> {
    let mut bytes = Vec::new();
    sketch.encode(&mut bytes);
    bytes
}

/// The value at rank `ceil(q n)`.
fn exact(sorted: &[u64], q: f64) -> u64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// All magnitudes alike, as latencies of different endpoints are.
fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (0_u32..64, any::<u64>()).prop_map(|(bits, x)| x >> bits),
        2 => 100_u64..2_000_000,
        1 => prop_oneof![Just(0), Just(1), Just(127), Just(128), Just(u64::MAX), Just(u64::MAX - 1)],
    ]
}

/// Few and many, spread, in two clusters, constant.
fn values() -> impl Strategy<Value = Vec<u64>> {
    prop_oneof![
        vec(value(), 1..80),
        vec(value(), 1..1_500),
        vec(prop_oneof![900_u64..1_100, 45_000_u64..55_000], 1..1_500),
        (value(), 1_usize..300).prop_map(|(value, n)| vec![value; n]),
    ]
}

proptest! {
    #[test]
    fn every_quantile_of_a_histogram_is_within_its_bound(
        mut values in values(),
        qs in vec(0.0..=1.0_f64, 1..20),
    ) {
        let sketch = of(SketchKind::Histogram, &values);
        values.sort_unstable();
        for q in qs.into_iter().chain([0.0, 0.5, 0.95, 0.99, 0.999, 1.0]) {
            let (exact, found) = (exact(&values, q), sketch.quantile(q).unwrap());
            let error = (found - exact as f64).abs();
            prop_assert!(error <= exact as f64 * 0.008, "q={q} exact={exact} found={found}");
            prop_assert!(exact >= 128 || error == 0.0, "q={q} exact={exact} found={found}");
        }
    }

    #[test]
    fn what_is_left_has_its_own_quantiles((mut rest, part, q) in (values(), values(), 0.0..=1.0_f64)) {
        let taken = of(SketchKind::Histogram, &part);
        let mut all = of(SketchKind::Histogram, &rest);
        all.merge(&taken).unwrap();
        rest.sort_unstable();
        let (exact, found) = (exact(&rest, q), all.quantile_without(&taken, q).unwrap());
        prop_assert!((found - exact as f64).abs() <= exact as f64 * 0.008, "q={q} {exact} {found}");
    }

    #[test]
    fn count_and_extremes_are_exact(values in values()) {
        for kind in KINDS {
            let sketch = of(kind, &values);
            prop_assert_eq!(sketch.count(), values.len() as u64);
            prop_assert_eq!(sketch.min(), values.iter().copied().min());
            prop_assert_eq!(sketch.max(), values.iter().copied().max());
        }
    }

    #[test]
    fn values_with_how_often_they_were_are_the_same_as_one_by_one(pairs in vec((value(), 0_u64..20), 0..100)) {
        let values: Vec<u64> = pairs
            .iter()
            .flat_map(|(value, n)| std::iter::repeat_n(*value, *n as usize))
            .collect();
        let mut sketch = Sketch::new(SketchKind::Histogram);
        sketch.record_pairs(&pairs);
        prop_assert_eq!(&sketch, &of(SketchKind::Histogram, &values));
        let mut digest = Sketch::new(SketchKind::TDigest);
        digest.record_pairs(&pairs);
        prop_assert_eq!(digest.count(), values.len() as u64);
        prop_assert_eq!((digest.min(), digest.max()), (sketch.min(), sketch.max()));
        // However many it stands for, a pair is one step.
        digest.record_pairs(&[(7, u64::MAX)]);
        prop_assert_eq!(digest.count(), u64::MAX);
        let mut encoded = Vec::new();
        digest.encode(&mut encoded);
        prop_assert_eq!(Sketch::decode(&mut &*encoded).map(|it| it.count()), Ok(u64::MAX));
    }

    #[test]
    fn counts_up_to_a_value_are_those_of_a_value_nearby_and_never_fall(values in values(), bound in 0..20_000_000_u64) {
        let mut sketch = Sketch::new(SketchKind::Histogram);
        let mut before = 0;
        for part in values.chunks(values.len().div_ceil(4)) {
            part.iter().for_each(|value| sketch.record(*value));
            let now = sketch.count_up_to(bound);
            prop_assert!(before <= now && now <= sketch.count());
            before = now;
        }
        let exact = |bound: f64| values.iter().filter(|value| **value as f64 <= bound).count() as u64;
        prop_assert!(exact(bound as f64) <= before);
        prop_assert!(before <= exact(bound as f64 * (1.0 + 1.0 / 64.0)));
        let digest = of(SketchKind::TDigest, &values).count_up_to(bound);
        prop_assert!(digest <= values.len() as u64);
    }

    #[test]
    fn quantiles_are_monotone_and_within_the_extremes(values in values(), mut qs in vec(-0.5..1.5_f64, 2..50)) {
        qs.sort_by(f64::total_cmp);
        for kind in KINDS {
            let sketch = of(kind, &values);
            let found: Vec<_> = qs.iter().map(|&q| sketch.quantile(q).unwrap()).collect();
            prop_assert!(found.is_sorted(), "{kind:?} {found:?}");
            let (min, max) = (sketch.min().unwrap() as f64, sketch.max().unwrap() as f64);
            prop_assert!(found.iter().all(|&value| value >= min && value <= max), "{kind:?} {found:?}");
        }
    }

    #[test]
    fn merged_histograms_equal_the_one_that_saw_everything(values in values(), parts in 1_usize..20) {
        let mut pieces = vec![Vec::new(); parts];
        for (i, &value) in values.iter().enumerate() {
            pieces[i % parts].push(value);
        }
        let (mut merged, mut from_bytes) = (Sketch::new(SketchKind::Histogram), Sketch::new(SketchKind::Histogram));
        let mut bytes = Vec::new();
        for piece in &pieces {
            let sketch = of(SketchKind::Histogram, piece);
            merged.merge(&sketch).unwrap();
            sketch.encode(&mut bytes);
        }
        from_bytes.merge_encoded(&bytes).unwrap();
        let whole = of(SketchKind::Histogram, &values);
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&from_bytes, &whole);
        prop_assert_eq!(encoded(&merged), encoded(&whole));
    }

    #[test]
    fn merging_histograms_is_commutative_and_associative(a in values(), b in values(), c in values()) {
        let [a, b, c] = [a, b, c].map(|values| of(SketchKind::Histogram, &values));
        let sum = |x: &Sketch, y: &Sketch| {
            let mut sum = x.clone();
            sum.merge(y).unwrap();
            sum
        };
        prop_assert_eq!(sum(&a, &b), sum(&b, &a));
        prop_assert_eq!(sum(&sum(&a, &b), &c), sum(&a, &sum(&b, &c)));
    }

    #[test]
    fn an_encoding_comes_back_and_leaves_what_follows(values in values(), tail in vec(any::<u8>(), 0..5)) {
        for kind in KINDS {
            let sketch = of(kind, &values);
            let mut bytes = encoded(&sketch);
            bytes.extend_from_slice(&tail);
            let mut rest = bytes.as_slice();
            let back = Sketch::decode(&mut rest).unwrap();
            prop_assert_eq!(&back, &sketch);
            prop_assert_eq!(rest, tail.as_slice());
            prop_assert_eq!(encoded(&back), encoded(&sketch));
        }
    }

    #[test]
    fn a_cut_encoding_is_an_error_that_changes_nothing(values in values(), at in any::<Index>()) {
        for kind in KINDS {
            let bytes = encoded(&of(kind, &values));
            let cut = &bytes[..at.index(bytes.len())];
            let mut rest = cut;
            prop_assert!(Sketch::decode(&mut rest).is_err());
            prop_assert_eq!(rest, cut);

            let mut twice = bytes.clone();
            twice.extend_from_slice(cut);
            let before = of(kind, &[5, 500]);
            let mut sketch = before.clone();
            // Without any byte of the second encoding the first is whole.
            prop_assert_eq!(sketch.merge_encoded(&twice).is_ok(), cut.is_empty());
            prop_assert!(cut.is_empty() || sketch == before);
        }
    }

    #[test]
    fn hostile_bytes_never_panic_and_what_they_give_is_sound(mut bytes in vec(any::<u8>(), 0..300), kind in 0_u8..4) {
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        if let Ok(sketch) = Sketch::decode(&mut bytes.as_slice()) {
            prop_assert_eq!(Sketch::decode(&mut encoded(&sketch).as_slice()).unwrap(), sketch.clone());
            if let Some(median) = sketch.quantile(0.5) {
                prop_assert!(median >= sketch.min().unwrap() as f64 && median <= sketch.max().unwrap() as f64);
            }
        }
        for kind in KINDS {
            let _ = Sketch::new(kind).merge_encoded(&bytes);
        }
    }

    #[test]
    fn a_flipped_byte_never_panics(values in values(), at in any::<Index>(), to in any::<u8>()) {
        for kind in KINDS {
            let mut bytes = encoded(&of(kind, &values));
            let at = at.index(bytes.len());
            bytes[at] = to;
            if let Ok(sketch) = Sketch::decode(&mut bytes.as_slice()) {
                let _ = (sketch.quantile(0.5), sketch.quantile(0.99));
            }
            let _ = Sketch::new(kind).merge_encoded(&bytes);
        }
    }

    #[test]
    fn a_reset_sketch_is_as_good_as_new(first in values(), second in values()) {
        for kind in KINDS {
            let mut sketch = of(kind, &first);
            sketch.reset();
            prop_assert_eq!(&sketch, &Sketch::new(kind));
            prop_assert_eq!(sketch.quantile(0.5), None);
            second.iter().for_each(|&value| sketch.record(value));
            prop_assert_eq!(sketch, of(kind, &second));
        }
    }
}

#[test]
fn an_empty_sketch_answers_nothing() {
    for kind in KINDS {
        let sketch = Sketch::new(kind);
        assert!(sketch.is_empty());
        assert_eq!(
            (sketch.quantile(0.5), sketch.min(), sketch.max()),
            (None, None, None)
        );
        assert_eq!(
            Sketch::decode(&mut encoded(&sketch).as_slice()).unwrap(),
            sketch
        );
        let mut merged = sketch.clone();
        merged.merge(&sketch).unwrap();
        merged.merge_encoded(&[]).unwrap();
        merged.merge_encoded(&encoded(&sketch)).unwrap();
        assert_eq!(merged, sketch);
    }
}

#[test]
fn one_value_is_exact_and_nan_asks_for_nothing() {
    for kind in KINDS {
        for value in [0, 1, 63, 64, 127, 128, 12_345, u64::MAX] {
            let sketch = of(kind, &[value]);
            for q in [-1.0, 0.0, 0.3, 1.0, 7.0, f64::INFINITY] {
                assert_eq!(
                    sketch.quantile(q),
                    Some(value as f64),
                    "{kind:?} {value} {q}"
                );
            }
            assert_eq!(sketch.quantile(f64::NAN), None);
        }
    }
}

#[test]
fn two_kinds_refuse_to_merge_even_when_empty() {
    let expected = SketchKind::Histogram;
    let found = SketchKind::TDigest;
    let error = SketchError::KindMismatch { expected, found };
    let digest = of(found, &[1, 2, 3]);
    for mut histogram in [of(expected, &[9]), Sketch::new(expected)] {
        let before = histogram.clone();
        assert_eq!(histogram.merge(&digest), Err(error.clone()));
        assert_eq!(histogram.merge(&Sketch::new(found)), Err(error.clone()));
        assert_eq!(
            histogram.merge_encoded(&encoded(&digest)),
            Err(error.clone())
        );
        assert_eq!(histogram, before);
    }
    assert_eq!(
        error.to_string(),
        "a tdigest sketch can't be merged into a histogram sketch"
    );
}

#[test]
fn counts_saturate_and_quantiles_still_answer() {
    for kind in KINDS {
        let mut sketch = of(kind, &[100, 200_000, 3]);
        for _ in 0..70 {
            let same = sketch.clone();
            sketch.merge(&same).unwrap();
        }
        assert_eq!(sketch.count(), u64::MAX, "{kind:?}");
        sketch.record(50);
        assert_eq!(sketch.count(), u64::MAX, "{kind:?}");
        let median = sketch.quantile(0.5).unwrap();
        assert!((3.0..=200_000.0).contains(&median), "{kind:?} {median}");
        let back = Sketch::decode(&mut encoded(&sketch).as_slice()).unwrap();
        assert_eq!((back.count(), back.min()), (u64::MAX, Some(3)), "{kind:?}");
        let again = back.quantile(0.5).unwrap();
        assert!((3.0..=200_000.0).contains(&again), "{kind:?} {again}");
    }
}

#[test]
fn a_digest_of_evenly_spread_values_errs_little_in_rank() {
    // A permutation of 1..100,003, so that a value is its rank.
    let n = 100_002;
    let digest = of(
        SketchKind::TDigest,
        &(1..=n).map(|i| i * 7_919 % (n + 1)).collect::<Vec<_>>(),
    );
    let mut parts = Sketch::new(SketchKind::TDigest);
    for part in 0..100 {
        let values: Vec<_> = (1..=n).filter(|i| i % 100 == part).collect();
        parts.merge(&of(SketchKind::TDigest, &values)).unwrap();
    }
    for q in [0.001, 0.01, 0.5, 0.95, 0.99, 0.999] {
        for sketch in [&digest, &parts] {
            let rank = sketch.quantile(q).unwrap() / n as f64;
            // Half a centroid: its scale function is q = 2 (k / 200)^2 towards either end.
            let bound = 2.0 / 200.0 * (q.min(1.0 - q) / 2.0).sqrt();
            assert!((rank - q).abs() <= bound, "{q}: {rank}");
        }
    }
}

#[test]
fn kinds_have_stable_codes_and_names() {
    assert_eq!(KINDS.map(SketchKind::code), [1, 2]);
    assert_eq!(KINDS.map(<&str>::from), ["histogram", "tdigest"]);
    for kind in KINDS {
        assert_eq!(SketchKind::from_code(kind.code()), Some(kind));
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(encoded(&Sketch::new(kind))[0], kind.code());
    }
    assert_eq!(SketchKind::from_code(0), None);
    assert_eq!(
        "hdr".parse::<SketchKind>(),
        Err(SketchError::UnknownName("hdr".to_owned()))
    );
    assert_eq!(
        Sketch::decode(&mut [9, 0].as_slice()),
        Err(SketchError::UnknownKind(9))
    );
    assert_eq!(
        Sketch::decode(&mut [].as_slice()),
        Err(SketchError::Truncated)
    );
}

#[test]
fn sketches_cross_threads() {
    fn sendable<T: Send + Sync + Clone + Unpin>() {}
    sendable::<Sketch>();
    sendable::<SketchError>();
}

/// Any number of encodings of a kind, empty ones among them.
fn parts() -> impl Strategy<Value = Vec<Vec<u64>>> {
    vec(prop_oneof![1 => Just(Vec::new()), 4 => values()], 0..9)
}

proptest! {
    #[test]
    fn a_sum_of_encodings_is_the_encoding_of_the_merged_sketches(parts in parts(), again in parts()) {
        // Twice with the same memory: nothing of the first sum may be left in it.
        let mut sums = SketchMerger::default();
        for parts in [parts, again] {
            let (mut merged, mut joined) = (Sketch::new(SketchKind::Histogram), Vec::new());
            for values in &parts {
                let part = of(SketchKind::Histogram, values);
                merged.merge(&part).unwrap();
                part.encode(&mut joined);
            }
            prop_assert_eq!(sums.sum(SketchKind::Histogram, &joined).unwrap(), encoded(&merged));
        }
    }

    #[test]
    fn a_sum_of_encoded_digests_holds_what_they_held(parts in parts()) {
        let (mut merged, mut joined) = (Sketch::new(SketchKind::TDigest), Vec::new());
        for values in &parts {
            of(SketchKind::TDigest, values).encode(&mut joined);
        }
        merged.merge_encoded(&joined).unwrap();
        let sum = SketchMerger::default().sum(SketchKind::TDigest, &joined).unwrap();
        let sum = Sketch::decode(&mut sum.as_slice()).unwrap();
        prop_assert_eq!((sum.count(), sum.min(), sum.max()), (merged.count(), merged.min(), merged.max()));
        if parts.len() == 1 {
            prop_assert_eq!(encoded(&sum), joined);
        }
    }

    #[test]
    fn quantiles_and_totals_are_the_same_without_decoding(values in values(), mut qs in vec(0.0..=1.0_f64, 3..4)) {
        qs.sort_unstable_by(f64::total_cmp);
        for kind in KINDS {
            let bytes = encoded(&of(kind, &values));
            let sketch = Sketch::decode(&mut bytes.as_slice()).unwrap();
            for qs in [[0.5, 0.95, 0.99], [0.0, 0.999, 1.0], [qs[0], qs[1], qs[2]]] {
                prop_assert_eq!(encoded_quantiles(&bytes, qs).unwrap(), qs.map(|q| sketch.quantile(q)));
            }
            let followed = [bytes.as_slice(), &[7]].concat();
            let mut rest = followed.as_slice();
            let found = take_encoded(&mut rest).unwrap();
            prop_assert_eq!((found.bytes, rest), (bytes.as_slice(), [7].as_slice()));
            prop_assert_eq!((found.kind, found.count), (kind, sketch.count()));
            prop_assert_eq!((found.min, found.max), (sketch.min(), sketch.max()));
        }
    }

    #[test]
    fn bytes_that_are_no_sketch_leave_the_memory_of_sums_clean(
        bytes in vec(any::<u8>(), 0..60),
        values in values(),
    ) {
        let mut sums = SketchMerger::default();
        let good = encoded(&of(SketchKind::Histogram, &values));
        let _ = sums.sum(SketchKind::Histogram, &[&good, &good, bytes.as_slice()].concat());
        let mut twice = of(SketchKind::Histogram, &values);
        twice.merge(&of(SketchKind::Histogram, &values)).unwrap();
        let sum = sums.sum(SketchKind::Histogram, &[good.as_slice(), &good].concat()).unwrap();
        prop_assert_eq!(sum, encoded(&twice));
        let mut rest = bytes.as_slice();
        if take_encoded(&mut rest).is_err() {
            prop_assert_eq!(rest, bytes.as_slice());
        }
    }
}

#[test]
fn an_empty_encoding_has_no_quantiles_and_an_empty_sum_is_an_empty_sketch() {
    for kind in KINDS {
        let empty = encoded(&Sketch::new(kind));
        assert_eq!(encoded_quantiles(&empty, [0.5]).unwrap(), [None]);
        let mut sums = SketchMerger::default();
        assert_eq!(sums.sum(kind, &[]).unwrap(), empty);
        assert_eq!(
            sums.sum(kind, &[empty.clone(), empty.clone()].concat())
                .unwrap(),
            empty
        );
    }
    let other = encoded(&of(SketchKind::TDigest, &[1]));
    assert!(matches!(
        SketchMerger::default().sum(SketchKind::Histogram, &other),
        Err(SketchError::KindMismatch { .. })
    ));
}

/// Latencies and, of some rows, times to headers: empty ones are never written.
fn rows() -> impl Strategy<Value = Vec<(Vec<u64>, Option<Vec<u64>>)>> {
    let latencies = prop_oneof![1 => Just(Vec::new()), 4 => values()];
    vec((latencies, proptest::option::of(values())), 0..7)
}

/// The encodings of rows, each of both sorts by itself.
fn encodings(kind: SketchKind, rows: &[(Vec<u64>, Option<Vec<u64>>)]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (latencies, headers) in rows {
        all.push(encoded(&of(kind, latencies)));
        if let Some(headers) = headers {
            let mut bytes = Vec::new();
            of(kind, headers).encode_headers(&mut bytes);
            all.push(bytes);
        }
    }
    all
}

proptest! {
    #[test]
    fn times_to_headers_come_back_and_are_never_taken_for_latencies(
        values in values(),
        tail in vec(any::<u8>(), 0..5),
        at in any::<Index>(),
    ) {
        for kind in KINDS {
            let sketch = of(kind, &values);
            let mut bytes = Vec::new();
            sketch.encode_headers(&mut bytes);
            let tag = bytes[0];
            prop_assert_eq!(&bytes[1..], &encoded(&sketch)[1..]);
            prop_assert_eq!(Sketch::decode(&mut bytes.as_slice()), Err(SketchError::UnknownKind(tag)));
            let latencies = encoded(&sketch);
            prop_assert_eq!(
                Sketch::decode_headers(&mut latencies.as_slice()),
                Err(SketchError::UnknownKind(kind.code()))
            );
            let mut cut = &bytes[..at.index(bytes.len())];
            let before = cut;
            prop_assert!(Sketch::decode_headers(&mut cut).is_err());
            prop_assert!(take_headers(&mut cut).is_err());
            prop_assert_eq!(cut, before);
            let len = bytes.len();
            bytes.extend_from_slice(&tail);
            let (mut rest, mut taken_rest) = (bytes.as_slice(), bytes.as_slice());
            prop_assert_eq!(Sketch::decode_headers(&mut rest).unwrap(), sketch.clone());
            let taken = take_headers(&mut taken_rest).unwrap();
            prop_assert_eq!((taken.kind, taken.count, taken.bytes), (kind, sketch.count(), &bytes[..len]));
            prop_assert_eq!((rest, taken_rest), (tail.as_slice(), tail.as_slice()));
        }
    }

    #[test]
    fn mixed_encodings_in_any_order_add_up_to_one_of_each_sort(rows in rows(), order in any::<u64>()) {
        let kind = SketchKind::Histogram;
        let latencies: Vec<u64> = rows.iter().flat_map(|(latencies, _)| latencies.clone()).collect();
        let headers: Vec<u64> = rows.iter().filter_map(|(_, headers)| headers.clone()).flatten().collect();
        let mut expected = encoded(&of(kind, &latencies));
        if !headers.is_empty() {
            of(kind, &headers).encode_headers(&mut expected);
        }
        let mut all = encodings(kind, &rows);
        let turn = usize::try_from(order % 64).unwrap();
        if !all.is_empty() {
            let turn = turn % all.len();
            all.rotate_left(turn);
        }
        if order % 2 == 1 {
            all.reverse();
        }
        let joined = all.concat();
        // Twice with the same memory: nothing of the first sum may be left in it.
        let mut merger = SketchMerger::default();
        for _ in 0..2 {
            prop_assert_eq!(merger.sum(kind, &joined).unwrap(), expected.clone());
        }
        let (mut into, mut into_headers) = (of(kind, &[7]), None);
        merger.merge(&joined, &mut into, &mut into_headers).unwrap();
        let with_seven = [[7].as_slice(), &latencies].concat();
        prop_assert_eq!(&into, &of(kind, &with_seven));
        let whole = (!headers.is_empty()).then(|| Box::new(of(kind, &headers)));
        prop_assert_eq!(&into_headers, &whole);
        // Whoever wants latencies alone passes over the others.
        let mut alone = of(kind, &[7]);
        alone.merge_encoded(&joined).unwrap();
        prop_assert_eq!(&alone, &into);
        // A sum is summed like any row.
        prop_assert_eq!(merger.sum(kind, &expected).unwrap(), expected);
    }

    #[test]
    fn mixed_digests_keep_every_value_of_each_sort(rows in rows()) {
        let kind = SketchKind::TDigest;
        let joined = encodings(kind, &rows).concat();
        let sum = SketchMerger::default().sum(kind, &joined).unwrap();
        let (mut latencies, mut headers) = (Sketch::new(kind), None);
        SketchMerger::default().merge(&joined, &mut latencies, &mut headers).unwrap();
        let mut rest = sum.as_slice();
        let one = Sketch::decode(&mut rest).unwrap();
        prop_assert_eq!((one.count(), one.min(), one.max()), (latencies.count(), latencies.min(), latencies.max()));
        let values: Vec<u64> = rows.iter().filter_map(|(_, headers)| headers.clone()).flatten().collect();
        prop_assert_eq!(headers.is_some(), !values.is_empty());
        if let Some(headers) = headers {
            let other = Sketch::decode_headers(&mut rest).unwrap();
            for sketch in [&*headers, &other] {
                prop_assert_eq!(sketch.count(), values.len() as u64);
                prop_assert_eq!(sketch.min(), values.iter().copied().min());
                prop_assert_eq!(sketch.max(), values.iter().copied().max());
            }
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn mixed_encodings_that_are_cut_or_of_two_kinds_change_nothing(rows in rows(), at in any::<Index>()) {
        let mut all = encodings(SketchKind::Histogram, &rows).concat();
        of(SketchKind::Histogram, &[5, 6]).encode_headers(&mut all);
        let mut other_kind = all.clone();
        of(SketchKind::TDigest, &[5, 6]).encode_headers(&mut other_kind);
        let empty = [all.as_slice(), &[3, 0]].concat();
        let cut = all[..all.len() - 1 - at.index(2)].to_vec();
        let mut merger = SketchMerger::default();
        for bytes in [other_kind, empty, cut] {
            let mut latencies = of(SketchKind::Histogram, &[9]);
            let mut headers = Some(Box::new(of(SketchKind::Histogram, &[8])));
            prop_assert!(merger.merge(&bytes, &mut latencies, &mut headers).is_err());
            prop_assert!(merger.sum(SketchKind::Histogram, &bytes).is_err());
            prop_assert_eq!(latencies, of(SketchKind::Histogram, &[9]));
            prop_assert_eq!(headers, Some(Box::new(of(SketchKind::Histogram, &[8]))));
        }
    }
}
