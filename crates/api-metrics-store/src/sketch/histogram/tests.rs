//! The layout of the buckets, and that no form of the counters changes an answer.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::sketch::SketchKind;

/// A fixed sequence that looks random (Knuth's MMIX generator).
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed), |x| {
        Some(
            x.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    })
    .map(|x| x >> 20)
}

#[test]
fn buckets_tile_all_values_without_gap_or_overlap() {
    let mut next = 0_u128;
    for bucket in 0..BUCKETS {
        let (low, extent) = bounds_of(bucket);
        assert_eq!(u128::from(low), next, "bucket {bucket}");
        assert_eq!(bucket_of(low), bucket);
        assert_eq!(bucket_of(low + extent), bucket);
        next = u128::from(low) + u128::from(extent) + 1;
    }
    assert_eq!(next, 1 << 64);
}

#[test]
fn a_midpoint_is_within_a_128th_of_every_value_of_its_bucket() {
    for bucket in 0..BUCKETS {
        let (low, extent) = bounds_of(bucket);
        assert!(extent as f64 / 2.0 <= low as f64 / 128.0, "bucket {bucket}");
    }
}

#[test]
fn a_histogram_counts_the_same_in_every_form() {
    for (name, modulus) in [("one bucket", 1), ("few", 500), ("many", 1 << 40)] {
        let mut histogram = Histogram::default();
        let mut counted = std::collections::BTreeMap::<u16, u64>::new();
        // Past the log's 64 values and the 16-bit counters' 65,535.
        for (i, value) in numbers(7).take(140_000).map(|x| x % modulus).enumerate() {
            histogram.record(value);
            *counted.entry(bucket_of(value)).or_default() += 1;
            if [0, 15, 16, 62, 63, 64, 65, 65_534, 65_535, 65_536, 139_999].contains(&i) {
                let expected: Vec<_> = counted.iter().map(|(&b, &n)| (b, n)).collect();
                assert_eq!(
                    histogram.counts.to_pairs(),
                    expected,
                    "{name} after {}",
                    i + 1
                );
            }
        }
    }
}

#[test]
fn merging_is_the_same_from_and_into_every_form() {
    let sizes = [0, 1, 16, 17, 64, 65, 3_000, 70_000];
    let made = |n: usize, seed| {
        let mut histogram = Histogram::default();
        for x in numbers(seed).take(n) {
            // Different ranges, so that windows have to grow on either side.
            histogram.record(x % (1 << (10 + seed)));
        }
        histogram
    };
    for n in sizes {
        for m in sizes {
            for (seed_a, seed_b) in [(1, 20), (20, 1), (5, 5)] {
                let mut whole = made(n, seed_a);
                for x in numbers(seed_b).take(m) {
                    whole.record(x % (1 << (10 + seed_b)));
                }
                let mut merged = made(n, seed_a);
                merged.merge(&made(m, seed_b));
                assert_eq!(merged, whole, "{n} and {m}");
                let mut bytes = vec![SketchKind::Histogram.code()];
                made(m, seed_b).encode(&mut bytes);
                let mut from_bytes = made(n, seed_a);
                from_bytes.merge_encoded(&bytes).unwrap();
                assert_eq!(from_bytes, whole, "{n} and {m} encoded");
            }
        }
    }
}

#[test]
fn a_single_value_takes_few_bytes_and_few_values_little_memory() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.heap_bytes(), 0);
    histogram.record(12_345);
    let mut bytes = Vec::new();
    histogram.encode(&mut bytes);
    assert_eq!(bytes.len(), 5, "{bytes:?}");
    (0..15).for_each(|i| histogram.record(i * 1_000_000));
    assert_eq!(histogram.heap_bytes(), 0);
    (0..48).for_each(|i| histogram.record(i * 1_000_000));
    assert!(histogram.heap_bytes() <= 128);
}

#[test]
fn a_reset_histogram_records_as_much_again_without_growing() {
    let mut histogram = Histogram::default();
    let fill = |histogram: &mut Histogram| {
        numbers(3)
            .take(5_000)
            .for_each(|x| histogram.record(x % 100_000));
    };
    fill(&mut histogram);
    let bytes = histogram.heap_bytes();
    histogram.reset();
    fill(&mut histogram);
    assert_eq!(histogram.heap_bytes(), bytes);
}

proptest! {
    #[test]
    fn encodings_counted_in_one_pass_add_up_to_the_same(
        before in vec(any::<u64>(), 0..80),
        parts in vec(vec(0_u64..1 << 30, 0..90), 0..6),
        garbage in vec(any::<u8>(), 1..9),
    ) {
        let of = |values: &[u64]| {
            let mut histogram = Histogram::default();
            values.iter().for_each(|&value| histogram.record(value));
            histogram
        };
        let mut joined = Vec::new();
        for part in &parts {
            joined.push(SketchKind::Histogram.code());
            of(part).encode(&mut joined);
        }
        let mut expected = of(&before);
        expected.merge_encoded(&joined).unwrap();
        // With one memory for both: what can't be read may leave nothing in it.
        let mut counters = Counters::default();
        let mut spoilt = joined.clone();
        spoilt.extend(garbage);
        let mut histogram = of(&before);
        if counters.merge(&spoilt, &mut histogram).is_err() {
            prop_assert_eq!(&histogram, &of(&before));
        }
        let mut histogram = of(&before);
        counters.merge(&joined, &mut histogram).unwrap();
        prop_assert_eq!(&histogram, &expected);
    }
}
