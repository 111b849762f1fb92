//! A bucket as columns of numbers and lists, which a database can add up by itself.
//!
//! Bins of both sketches stand in one list: those of latencies by their numbers, those of times to headers from
//! [`HEADERS`] on. Units are a list of keys and values; what adds up to what is in the first byte of the key:
//!
//! | byte | the value |
//! |---|---|
//! | `s` | a sum, added; wraps as 64 bits without a sign |
//! | `c` | observations of a gauge, added |
//! | `0` to `3` | 32 bits each of a gauge's sum, the lowest first, the last with its sign; added |
//! | `-` | the least of a gauge |
//! | `+` | the greatest of a gauge |

use std::collections::BTreeMap;

use api_metrics_layer::{Gauge, UnitValue};

use crate::{
    bucket::{Bucket, UnitSums},
    engine::backend::Result,
    sketch::{Sketch, SketchKind, SketchMerger},
};

/// The number from which on bins are of times to headers; latencies have fewer.
const HEADERS: u16 = 4_096;
/// Bits of a gauge's sum in one value.
const LIMB: u32 = 32;

/// A bucket, or what a database has summed of some.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BucketColumns {
    /// Requests, 4xx errors, 5xx errors, aborted ones; the sum of latencies in microseconds and how many there are; the
    /// same of times to headers; bytes of requests and of responses. All of them add up.
    pub sums: [u64; 10],
    /// The least latency and the least time to headers in microseconds; [`u64::MAX`] without any.
    pub least: [u64; 2],
    /// The greatest latency and the greatest time to headers in microseconds; 0 without any.
    pub greatest: [u64; 2],
    /// Status codes, each once.
    pub statuses: Vec<u16>,
    /// How many requests had each of them.
    pub status_counts: Vec<u64>,
    /// Bins of the sketches, each once.
    pub bins: Vec<u16>,
    /// How many values are in each of them.
    pub bin_counts: Vec<u64>,
    /// Keys of units. In a part of a sum one may stand more than once, and its values are to be put together.
    pub unit_keys: Vec<String>,
    /// The value of each of them.
    pub unit_values: Vec<i64>,
}

impl Default for BucketColumns {
    fn default() -> Self {
        Self {
            sums: [0; 10],
            least: [u64::MAX; 2],
            greatest: [0; 2],
            statuses: Vec::new(),
            status_counts: Vec::new(),
            bins: Vec::new(),
            bin_counts: Vec::new(),
            unit_keys: Vec::new(),
            unit_values: Vec::new(),
        }
    }
}

impl BucketColumns {
    /// The columns of a bucket, whose sketches are histograms.
    fn of(bucket: &Bucket) -> Self {
        let (statuses, status_counts) = bucket.status_counts.iter().unzip();
        let mut columns = Self {
            sums: [
                bucket.request_count,
                bucket.error_count_4xx,
                bucket.error_count_5xx,
                bucket.aborted_count,
                bucket.latency_sum_us,
                bucket.latency_count,
                bucket.ttfb_sum_us,
                bucket.ttfb_count,
                bucket.request_bytes,
                bucket.response_bytes,
            ],
            statuses,
            status_counts,
            ..Self::default()
        };
        let headers = bucket.headers_sketch.as_deref();
        columns.least = [
            bucket.latency_min_us.unwrap_or(u64::MAX),
            headers.and_then(Sketch::min).unwrap_or(u64::MAX),
        ];
        columns.greatest = [
            bucket.latency_max_us.unwrap_or_default(),
            headers.and_then(Sketch::max).unwrap_or_default(),
        ];
        let latencies = bucket.sketch.bins().unwrap_or_default();
        let headers = headers.and_then(Sketch::bins).unwrap_or_default();
        let headers = headers.into_iter().map(|(bin, n)| (bin + HEADERS, n));
        (columns.bins, columns.bin_counts) = latencies.into_iter().chain(headers).unzip();
        columns.take_units(&bucket.units);
        columns
    }

    /// The columns of a bucket whose sketches stand beside it, encoded one after another.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where one can't be read.
    pub(super) fn with_sketches(
        mut bucket: Bucket,
        sketches: &[u8],
        merger: &mut SketchMerger,
    ) -> Result<Self> {
        bucket.sketch = Sketch::new(SketchKind::Histogram);
        merger.merge(sketches, &mut bucket.sketch, &mut bucket.headers_sketch)?;
        Ok(Self::of(&bucket))
    }

    fn take_units(&mut self, units: &UnitSums) {
        let mut add = |sort: char, name: &str, value: i64| {
            self.unit_keys.push(format!("{sort}{name}"));
            self.unit_values.push(value);
        };
        for (name, value) in units.iter() {
            match value {
                UnitValue::Sum(sum) => add('s', name, sum.cast_signed()),
                UnitValue::Gauge(gauge) => {
                    add('c', name, gauge.count().cast_signed());
                    add('-', name, gauge.min_millionths());
                    add('+', name, gauge.max_millionths());
                    let mut rest = gauge.sum_millionths();
                    for limb in ['0', '1', '2'] {
                        // 32 bits fit.
                        let low = rest.rem_euclid(1 << LIMB);
                        add(limb, name, i64::try_from(low).unwrap_or_default());
                        rest >>= LIMB;
                    }
                    // 128 bits less 96 are 32.
                    add('3', name, i64::try_from(rest).unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    /// The bucket of these columns.
    pub(super) fn to_bucket(&self) -> Bucket {
        let mut bucket = Bucket::new(SketchKind::Histogram);
        [
            bucket.request_count,
            bucket.error_count_4xx,
            bucket.error_count_5xx,
            bucket.aborted_count,
            bucket.latency_sum_us,
            bucket.latency_count,
            bucket.ttfb_sum_us,
            bucket.ttfb_count,
            bucket.request_bytes,
            bucket.response_bytes,
        ] = self.sums;
        let [least, least_headers] = self.least;
        let [greatest, greatest_headers] = self.greatest;
        if least <= greatest {
            bucket.latency_min_us = Some(least);
            bucket.latency_max_us = Some(greatest);
        }
        let statuses = self.statuses.iter().zip(&self.status_counts);
        for (status, n) in statuses {
            bucket.status_counts.add(*status, *n);
        }
        let bins = self.bins.iter().copied();
        let bins = bins.zip(self.bin_counts.iter().copied());
        let (latencies, mut headers): (Vec<_>, Vec<_>) = bins.partition(|(bin, _)| *bin < HEADERS);
        bucket.sketch = Sketch::of_bins(latencies, least, greatest);
        for (bin, _) in &mut headers {
            *bin -= HEADERS;
        }
        if !headers.is_empty() {
            let sketch = Sketch::of_bins(headers, least_headers, greatest_headers);
            bucket.headers_sketch = Some(Box::new(sketch));
        }
        bucket.units = self.units();
        bucket
    }

    fn units(&self) -> UnitSums {
        #[derive(Default)]
        struct Parts {
            sum: u64,
            count: u64,
            least: Option<i64>,
            greatest: Option<i64>,
            total: i128,
        }
        let mut units: BTreeMap<&str, Parts> = BTreeMap::new();
        for (key, value) in self.unit_keys.iter().zip(&self.unit_values) {
            let mut rest = key.chars();
            let sort = rest.next();
            let parts = units.entry(rest.as_str()).or_default();
            match sort {
                Some('s') => parts.sum = parts.sum.wrapping_add(value.cast_unsigned()),
                Some('c') => parts.count = parts.count.wrapping_add(value.cast_unsigned()),
                Some('-') => parts.least = parts.least.or(Some(*value)).min(Some(*value)),
                // What is not there is less than any.
                Some('+') => parts.greatest = parts.greatest.max(Some(*value)),
                limb => {
                    // Another sort is of a later release.
                    if let Some(place) = limb.and_then(|limb| limb.to_digit(4)) {
                        let limb = i128::from(*value).wrapping_shl(LIMB * place);
                        parts.total = parts.total.wrapping_add(limb);
                    }
                }
            }
        }
        let values = units.into_iter().flat_map(|(name, parts)| {
            let sum = (parts.sum > 0).then_some(UnitValue::Sum(parts.sum));
            let ends = [parts.least, parts.greatest].map(Option::unwrap_or_default);
            let gauge = Gauge::from_millionths(parts.count, ends[0], ends[1], parts.total);
            let gauge = gauge.map(UnitValue::Gauge);
            let values = sum.into_iter().chain(gauge);
            values.map(move |value| (name, value))
        });
        values.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api_metrics_layer::{RequestRecord, Units};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A bucket of some requests, with units and times to headers.
    fn bucket(requests: &[(u16, u64, i32)]) -> Bucket {
        let mut bucket = Bucket::with_headers_sketch(SketchKind::Histogram);
        for (status, us, score) in requests {
            let units = Units::new()
                .add("tokens", *us)
                .gauge("score", f64::from(*score) / 8.0);
            let mut record = RequestRecord::new("GET", "/a", std::time::SystemTime::UNIX_EPOCH);
            record.status = Some(*status);
            record.latency = Some(Duration::from_micros(*us));
            record.time_to_headers = Some(Duration::from_micros(us / 2));
            record.units = Some(&units);
            bucket.record(&record);
        }
        bucket
    }

    /// What a database does with columns of the same key.
    fn summed(of: &[BucketColumns]) -> BucketColumns {
        let mut sum = BucketColumns::default();
        let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
        let mut bins: BTreeMap<u16, u64> = BTreeMap::new();
        let mut units: BTreeMap<String, i64> = BTreeMap::new();
        for one in of {
            for (to, from) in sum.sums.iter_mut().zip(one.sums) {
                *to += from;
            }
            for (to, from) in sum.least.iter_mut().zip(one.least) {
                *to = (*to).min(from);
            }
            for (to, from) in sum.greatest.iter_mut().zip(one.greatest) {
                *to = (*to).max(from);
            }
            for (status, n) in one.statuses.iter().zip(&one.status_counts) {
                *statuses.entry(*status).or_default() += n;
            }
            for (bin, n) in one.bins.iter().zip(&one.bin_counts) {
                *bins.entry(*bin).or_default() += n;
            }
            for (key, value) in one.unit_keys.iter().zip(&one.unit_values) {
                let known = units.get(key).copied();
                let value = match key.as_bytes().first() {
                    Some(b'-') => known.map_or(*value, |known| known.min(*value)),
                    Some(b'+') => known.map_or(*value, |known| known.max(*value)),
                    _ => known.unwrap_or_default() + value,
                };
                units.insert(key.clone(), value);
            }
        }
        (sum.statuses, sum.status_counts) = statuses.into_iter().unzip();
        (sum.bins, sum.bin_counts) = bins.into_iter().unzip();
        (sum.unit_keys, sum.unit_values) = units.into_iter().unzip();
        sum
    }

    proptest! {
        #[test]
        fn columns_that_were_added_up_are_the_bucket_of_all(
            one in vec((100_u16..600, 0_u64..1 << 40, any::<i32>()), 0..20),
            two in vec((100_u16..600, 0_u64..1 << 40, any::<i32>()), 0..20),
        ) {
            let (one, two) = (bucket(&one), bucket(&two));
            let columns = [&one, &two].map(BucketColumns::of);
            let mut both = one;
            prop_assert!(both.merge(&two).is_ok());
            // A sketch of nothing is not kept.
            if both.headers_count() == 0 {
                both.headers_sketch = None;
            }
            let sum = summed(&columns);
            prop_assert_eq!(sum.to_bucket(), both.clone());
            let mut listed = sum;
            (listed.unit_keys, listed.unit_values) = columns
                .into_iter()
                .flat_map(|one| one.unit_keys.into_iter().zip(one.unit_values))
                .unzip();
            prop_assert_eq!(listed.to_bucket(), both);
        }
    }

    #[test]
    fn columns_of_nothing_are_a_bucket_without_requests() {
        assert_eq!(
            BucketColumns::default().to_bucket(),
            Bucket::new(SketchKind::Histogram)
        );
    }
}
