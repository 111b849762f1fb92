//! A sketch as an exponential histogram.
//!
//! At scale `s`, bin `i` holds what is above `base^i` and up to `base^(i + 1)` seconds, with `base = 2^(2^-s)`. Each
//! bin's count is a difference of two counts up to a bound, so that it can only grow while the sketch does; and as the
//! least and the greatest value only move apart, the scale can only fall. Receivers ask for both of a stream.

use crate::sketch::Sketch;

/// The finest scale: 16 bins an octave, of which each is as wide as 4.4% of its value.
const FINEST: i32 = 4;
/// The coarsest scale that is tried: whatever fits in no bins at it is no time.
const COARSEST: i32 = -8;
/// The most bins, as OpenTelemetry's own libraries have them.
const MAX_BINS: i32 = 160;

/// The bins of a sketch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exponential {
    pub(super) scale: i32,
    /// Values of zero.
    pub(super) zero: u64,
    /// The number of the first bin.
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

/// The bins of the latencies of a sketch, of which these are the least and the greatest, in microseconds.
pub(super) fn exponential(sketch: &Sketch, least_us: u64, greatest_us: u64) -> Exponential {
    let zero = sketch.count_up_to(0);
    let (least, greatest) = (least_us.max(1), greatest_us.max(1));
    let range = |scale| (bin_of(least, scale) - 1, bin_of(greatest, scale) + 1);
    let scale = (COARSEST..=FINEST)
        .rev()
        .find(|scale| {
            let (low, high) = range(*scale);
            high - low < MAX_BINS
        })
        .unwrap_or(COARSEST);
    // One more at both ends: a sketch takes a value for one that is up to 0.8% off.
    let (low, high) = range(scale);
    let mut before = sketch.count_up_to(upper_us(low - 1, scale));
    let mut counts = Vec::new();
    for bin in low..=high {
        let up_to = sketch.count_up_to(upper_us(bin, scale));
        counts.push(up_to.saturating_sub(before));
        before = up_to;
    }
    let first = counts.iter().position(|n| *n > 0).unwrap_or_default();
    let last = counts.iter().rposition(|n| *n > 0).map_or(0, |at| at + 1);
    Exponential {
        scale,
        zero,
        offset: low.saturating_add(i32::try_from(first).unwrap_or_default()),
        counts: counts.get(first..last).unwrap_or_default().to_vec(),
    }
}

/// The bin of a latency.
fn bin_of(us: u64, scale: i32) -> i32 {
    #[expect(clippy::cast_precision_loss, reason = "no request takes 285 years")]
    let seconds = us as f64 / 1e6;
    let at = seconds.log2() * 2f64.powi(scale);
    // From -20 to 45 octaves, 16 bins each.
    at.ceil() as i32 - 1
}

/// The whole microseconds up to which a bin goes.
fn upper_us(bin: i32, scale: i32) -> u64 {
    // Saturates.
    ((f64::from(bin) + 1.0) * 2f64.powi(-scale))
        .exp2()
        .mul_add(1e6, 1e-6) as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::sketch::SketchKind;

    fn sketch_of(values: &[u64]) -> (Sketch, u64, u64) {
        let mut sketch = Sketch::new(SketchKind::Histogram);
        values.iter().for_each(|us| sketch.record(*us));
        let (least, most) = (values.iter().min(), values.iter().max());
        (sketch, *least.unwrap(), *most.unwrap())
    }

    /// The bins at a coarser scale, by their numbers.
    fn at_scale(bins: &Exponential, scale: i32) -> BTreeMap<i32, u64> {
        let mut at = BTreeMap::new();
        for (bin, n) in (bins.offset..).zip(&bins.counts) {
            *at.entry(bin >> (bins.scale - scale)).or_default() += n;
        }
        at
    }

    #[test]
    fn a_second_stands_at_the_top_of_the_bin_below_it() {
        let (sketch, least, most) = sketch_of(&[1_000_000]);
        let bins = exponential(&sketch, least, most);
        assert_eq!(bins.scale, 4);
        // (0.958, 1] s is bin -1; a sketch takes a second for up to 0.8% more.
        assert!((-1..=0).contains(&bins.offset), "{bins:?}");
        assert_eq!(bins.counts, [1]);
        assert_eq!(exponential(&sketch_of(&[0, 0]).0, 0, 0).zero, 2);
    }

    #[test]
    fn a_wide_range_has_a_coarser_scale_and_all_values() {
        let values: Vec<u64> = (0..48).map(|octave| 1_u64 << octave).collect();
        let (sketch, least, most) = sketch_of(&values);
        let bins = exponential(&sketch, least, most);
        // At a finer scale there would be twice as many.
        assert!((81..=160).contains(&bins.counts.len()), "{bins:?}");
        assert!(bins.scale < 4, "{bins:?}");
        assert_eq!(bins.counts.iter().sum::<u64>(), 48);
    }

    fn time() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..300, 300_u64..100_000, 100_000_u64..500_000_000]
    }

    proptest! {
        #[test]
        fn all_values_are_in_bins_that_only_grow(
            first in proptest::collection::vec(time(), 1..60),
            more in proptest::collection::vec(time(), 1..60),
        ) {
            let (sketch, least, most) = sketch_of(&first);
            let before = exponential(&sketch, least, most);
            prop_assert_eq!(before.counts.iter().sum::<u64>() + before.zero, first.len() as u64);
            let all: Vec<u64> = first.iter().chain(&more).copied().collect();
            let (sketch, least, most) = sketch_of(&all);
            let after = exponential(&sketch, least, most);
            prop_assert_eq!(after.counts.iter().sum::<u64>() + after.zero, all.len() as u64);
            prop_assert!(after.scale <= before.scale);
            prop_assert!(after.zero >= before.zero);
            let now = at_scale(&after, after.scale);
            for (bin, n) in at_scale(&before, after.scale) {
                prop_assert!(now.get(&bin).copied().unwrap_or_default() >= n, "{} {:?} {:?}", bin, before, after);
            }
        }

        #[test]
        fn a_value_is_in_the_bin_that_the_protocol_says_within_the_error_of_the_sketch(us in 1_u64..500_000_000) {
            let (sketch, least, most) = sketch_of(&[us]);
            let bins = exponential(&sketch, least, most);
            prop_assert_eq!(bins.counts.len(), 1);
            let base = 2f64.powf(2f64.powi(-bins.scale));
            let (low, high) = (base.powi(bins.offset) * 1e6, base.powi(bins.offset + 1) * 1e6);
            prop_assert!(us as f64 >= low * 0.983 && us as f64 <= high * 1.017, "{} {} {}", us, low, high);
        }
    }
}
