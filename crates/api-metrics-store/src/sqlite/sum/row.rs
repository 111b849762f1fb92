//! What one row of a read holds.

use crate::{
    bucket::Bucket,
    engine::{
        backend::Result,
        damage::{self, Damage},
        sum::Key,
    },
    query::Detail,
    sketch::SketchKind,
    store::StoreError,
    time::Granularity,
};

/// The counts, in the order in which [`SumRow::counts`] takes them. The first is all that an answer of requests
/// needs.
const COUNTS: [&str; 12] = [
    "request_count",
    "error_count_4xx",
    "error_count_5xx",
    "aborted_count",
    "latency_sum_us",
    "latency_min_us",
    "latency_max_us",
    "latency_count",
    "ttfb_sum_us",
    "ttfb_count",
    "total_request_bytes",
    "total_response_bytes",
];
/// The numbers of a row: its period, its series, its counts, and the lengths of its status counts and units.
const NUMBERS: usize = 2 + COUNTS.len() + 2;
/// What ends the numbers.
const END: u8 = b';';

/// The one column of an answer of this detail, of a row as it stands or of several that are added up.
///
/// It is `period,series,count,..;` as text, in which NULL is empty, followed by the bytes of status counts, units and
/// sketch. One value instead of sixteen, because each is copied twice, and freed on another thread under a lock that
/// all threads in SQLite share.
pub(super) fn column(series: &str, detail: Detail, added: bool) -> String {
    let sum = |column: &str| match (added, column) {
        (false, _) => format!("m.{column}"),
        (true, "period_start" | "latency_min_us") => format!("min(m.{column})"),
        (true, "latency_max_us") => format!("max(m.{column})"),
        (true, "status_counts" | "units" | "latency_sketch") => {
            format!("group_concat(m.{column}, '')")
        }
        (true, _) => format!("sum(m.{column})"),
    };
    let mut numbers = vec![sum("period_start"), series.to_owned()];
    let mut bytes = Vec::new();
    if detail == Detail::Requests {
        numbers.push(sum("request_count"));
    } else {
        numbers.extend(COUNTS.map(sum));
        for column in ["status_counts", "units"].map(sum) {
            numbers.push(format!("octet_length({column})"));
            bytes.push(column);
        }
    }
    if detail == Detail::Quantiles {
        bytes.push(sum("latency_sketch"));
    }
    let format = vec!["%s"; numbers.len()].join(",");
    let mut column = format!("printf('{format};', {})", numbers.join(", "));
    for bytes in bytes {
        column.push_str(&format!(" || coalesce({bytes}, '')"));
    }
    format!("CAST({column} AS BLOB)")
}

/// A row, or the sum of some rows of one series.
pub(super) struct SumRow<'r> {
    /// Its period is the first of those that were added up.
    pub(super) key: Key,
    counts: [Option<i64>; COUNTS.len()],
    status_counts: &'r [u8],
    units: &'r [u8],
    /// Encoded, one after another. Empty where the answer has none.
    sketches: &'r [u8],
}

impl<'r> SumRow<'r> {
    /// Reads the value of its column.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where a column of the table holds something else than it should.
    pub(super) fn read(value: &'r [u8], granularity: Granularity, detail: Detail) -> Result<Self> {
        let end = value.iter().position(|byte| *byte == END);
        let (text, bytes) = value.split_at(end.ok_or_else(|| no_numbers(value))?);
        let wanted = if detail == Detail::Requests {
            3
        } else {
            NUMBERS
        };
        if text.split(|byte| *byte == b',').count() != wanted {
            return Err(no_numbers(text));
        }
        let mut numbers = [None; NUMBERS];
        for (number, text) in numbers.iter_mut().zip(text.split(|byte| *byte == b',')) {
            if !text.is_empty() {
                let parsed = std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.parse::<i64>().ok());
                *number = Some(parsed.ok_or_else(|| no_numbers(text))?);
            }
        }
        let [
            Some(period_start),
            Some(series_id),
            counts @ ..,
            statuses,
            units,
        ] = numbers
        else {
            return Err(no_numbers(text));
        };
        let length =
            |number: Option<i64>| usize::try_from(number.unwrap_or(0)).unwrap_or(usize::MAX);
        let bytes = bytes.get(1..).unwrap_or_default();
        let (status_counts, bytes) = bytes
            .split_at_checked(length(statuses))
            .ok_or_else(|| no_numbers(text))?;
        let (units, sketches) = bytes
            .split_at_checked(length(units))
            .ok_or_else(|| no_numbers(text))?;
        Ok(Self {
            key: Key {
                granularity,
                period_start,
                series_id,
            },
            counts,
            status_counts,
            units,
            sketches,
        })
    }

    /// The requests, and nothing else.
    pub(super) fn requests(&self, kind: SketchKind) -> Bucket {
        let mut counts = Bucket::new(kind);
        let [requests, ..] = self.counts;
        counts.request_count = count(requests);
        counts
    }

    /// The counts. The sketch stays empty. A careful transaction leaves out status counts and units that can't be
    /// read.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where status counts or units can't be read, unless the transaction is careful.
    pub(super) fn counts(&self, kind: SketchKind, damage: &mut Option<Damage>) -> Result<Bucket> {
        let perhaps = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let [
            requests,
            errors_4xx,
            errors_5xx,
            aborted,
            latency_sum,
            latency_min,
            latency_max,
            latencies,
            ttfb_sum,
            ttfbs,
            request_bytes,
            response_bytes,
        ] = self.counts;
        let mut bucket = Bucket::new(kind);
        bucket.request_count = count(requests);
        bucket.error_count_4xx = count(errors_4xx);
        bucket.error_count_5xx = count(errors_5xx);
        bucket.aborted_count = count(aborted);
        bucket.latency_sum_us = count(latency_sum);
        bucket.latency_min_us = perhaps(latency_min);
        bucket.latency_max_us = perhaps(latency_max);
        bucket.latency_count = count(latencies);
        bucket.ttfb_sum_us = count(ttfb_sum);
        bucket.ttfb_count = count(ttfbs);
        bucket.request_bytes = count(request_bytes);
        bucket.response_bytes = count(response_bytes);
        damage::add_statuses(damage, self.key, &mut bucket, self.status_counts)?;
        let units = (!self.units.is_empty()).then_some(self.units);
        damage::add_units(damage, self.key, &mut bucket, units)?;
        Ok(bucket)
    }

    /// The encoded sketches, empty where a careful transaction leaves one out.
    pub(super) fn sketches(&self, kind: SketchKind, damage: &mut Option<Damage>) -> &'r [u8] {
        damage::sketch_of(damage, self.key, kind, self.sketches)
    }
}

/// A count that is never NULL.
fn count(number: Option<i64>) -> u64 {
    number
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or_default()
}

fn no_numbers(found: &[u8]) -> StoreError {
    let found = String::from_utf8_lossy(found);
    StoreError::Corrupt(format!("a bucket holds {found:?} where numbers belong"))
}
