//! Between buckets and the columns of the metrics tables.
//!
//! | columns | type | unit |
//! |---|---|---|
//! | `period_start`, `series_id` | timestamptz, bigint | the primary key |
//! | `request_count`, `error_count_*`, `aborted_count` | bigint | requests |
//! | `latency_sum_us`, `_min_us`, `_max_us`, `ttfb_sum_us` | bigint | microseconds; min and max NULL without a latency |
//! | `latency_count`, `ttfb_count` | bigint | requests with such a time |
//! | `total_request_bytes`, `total_response_bytes` | bigint | bytes |
//! | `response_time_*_ms` | real | milliseconds, for readers by SQL; never read here |
//! | `status_counts` | bytea | ten bytes an entry: u16 code, u64 count, big-endian, ascending |
//! | `latency_sketch` | bytea | one encoded sketch |
//! | `units` | bytea | entries of sums and gauges, see `bucket::units`; NULL without any |
//!
//! Counts are 64 bits without a sign in memory. The database's bigint has one, so that counts above
//! 2^63 - 1 are stored as that.

use std::sync::Arc;

use sqlx::{
    Decode, Encode, Postgres, Row, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{
        PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo, PgValueFormat, PgValueRef,
        types::PgRecordEncoder,
    },
};

use super::tx::{at, signed, table, unsigned};
use crate::{
    bucket::Bucket,
    engine::{
        backend::{BucketRow, FoundRow, Result, SeriesLabels, SeriesRow},
        damage::{self, Damage},
        sum::Key,
    },
    series::SeriesKind,
    sketch::SketchKind,
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// Which of the periods `$1` hold any row. One row at most a period: with LIMIT the planner keeps it a
/// lookup in the partition concerned.
pub(super) fn select_used(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "SELECT w.period_start FROM unnest($1::timestamptz[]) AS w (period_start) \
                 CROSS JOIN LATERAL (SELECT FROM api_metrics.{table} AS m WHERE m.period_start = w.period_start LIMIT 1) AS m"
    )
}

/// What [`found`] takes a row from, in this order.
const FOUND: &str = "series_id, request_count, error_count_4xx, error_count_5xx, aborted_count, latency_sum_us, \
    latency_min_us, latency_max_us, latency_count, ttfb_sum_us, ttfb_count, total_request_bytes, \
    total_response_bytes, status_counts, units, latency_sketch";

/// The rows of the series `$2` in the period `$1`, by primary key in one partition.
pub(super) fn select_existing(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "SELECT {FOUND} FROM api_metrics.{table} WHERE period_start = $1 AND series_id = ANY($2)"
    )
}

/// Inserts rows of which none exists: `$1` is an array of `api_metrics.bucket`. Fails with a unique
/// violation otherwise.
pub(super) fn insert(granularity: Granularity) -> String {
    let table = table(granularity);
    format!("INSERT INTO api_metrics.{table} SELECT * FROM unnest($1::api_metrics.bucket[])")
}

/// Inserts rows, replacing every column of those that exist.
pub(super) fn upsert(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "INSERT INTO api_metrics.{table} SELECT * FROM unnest($1::api_metrics.bucket[]) \
     ON CONFLICT (period_start, series_id) DO UPDATE SET \
       request_count = excluded.request_count, error_count_4xx = excluded.error_count_4xx, \
       error_count_5xx = excluded.error_count_5xx, aborted_count = excluded.aborted_count, \
       latency_sum_us = excluded.latency_sum_us, latency_min_us = excluded.latency_min_us, \
       latency_max_us = excluded.latency_max_us, latency_count = excluded.latency_count, \
       ttfb_sum_us = excluded.ttfb_sum_us, ttfb_count = excluded.ttfb_count, \
       total_request_bytes = excluded.total_request_bytes, \
       total_response_bytes = excluded.total_response_bytes, \
       response_time_p50_ms = excluded.response_time_p50_ms, \
       response_time_p95_ms = excluded.response_time_p95_ms, \
       response_time_p99_ms = excluded.response_time_p99_ms, \
       response_time_avg_ms = excluded.response_time_avg_ms, \
       status_counts = excluded.status_counts, latency_sketch = excluded.latency_sketch, \
       units = excluded.units"
    )
}

/// A row as the composite type of the statements above: one array of rows costs the server less than
/// half of what an array a column does. Its members are encoded in the order of the type, which is that
/// of the tables.
#[derive(Debug)]
pub(super) struct Composite<'a>(pub(super) &'a BucketRow);

impl Type<Postgres> for Composite<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("api_metrics.bucket")
    }
}

impl PgHasArrayType for Composite<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::array_of("api_metrics.bucket")
    }
}

impl Encode<'_, Postgres> for Composite<'_> {
    fn encode_by_ref(
        &self,
        out: &mut PgArgumentBuffer,
    ) -> std::result::Result<IsNull, BoxDynError> {
        let (row, b) = (self.0, &self.0.counts);
        let mut record = PgRecordEncoder::new(out);
        record.encode(at(row.period_start))?;
        record.encode(row.series_id)?;
        let numbers = [
            Some(b.request_count),
            Some(b.error_count_4xx),
            Some(b.error_count_5xx),
            Some(b.aborted_count),
            Some(b.latency_sum_us),
            b.latency_min_us,
            b.latency_max_us,
            Some(b.latency_count),
            Some(b.ttfb_sum_us),
            Some(b.ttfb_count),
            Some(b.request_bytes),
            Some(b.response_bytes),
        ];
        for number in numbers {
            record.encode(number.map(signed))?;
        }
        let [p50, p95, p99] = row.quantiles_ms;
        for time in [p50, p95, p99, b.average_ms()] {
            record.encode(time.map(|ms| ms as f32))?;
        }
        let mut statuses = Vec::with_capacity(10 * b.status_counts.len());
        b.status_counts.encode(&mut statuses);
        record.encode(statuses)?;
        record.encode(row.sketch.as_slice())?;
        record.encode(b.units.column())?;
        record.finish();
        Ok(IsNull::No)
    }
}

/// The counts of a row, whose columns they are from `first` on in the order of the tables. By their
/// places, because looking names up would take longer than reading them. The sketch stays empty. A
/// careful transaction leaves out status counts and units that can't be read; `key` is then the row.
///
/// # Errors
/// `StoreError::Corrupt` where status counts or units can't be read, unless the transaction is careful.
pub(super) fn counts(
    row: &PgRow,
    first: usize,
    kind: SketchKind,
    key: Key,
    damage: &mut Option<Damage>,
) -> Result<Bucket> {
    let number = |n: usize| -> Result<u64> { Ok(unsigned(row.try_get(first + n)?)) };
    let perhaps = |n: usize| -> Result<Option<u64>> {
        let value: Option<i64> = row.try_get(first + n)?;
        Ok(value.map(unsigned))
    };
    let mut bucket = Bucket::new(kind);
    bucket.request_count = number(0)?;
    bucket.error_count_4xx = number(1)?;
    bucket.error_count_5xx = number(2)?;
    bucket.aborted_count = number(3)?;
    bucket.latency_sum_us = number(4)?;
    bucket.latency_min_us = perhaps(5)?;
    bucket.latency_max_us = perhaps(6)?;
    bucket.latency_count = number(7)?;
    bucket.ttfb_sum_us = number(8)?;
    bucket.ttfb_count = number(9)?;
    bucket.request_bytes = number(10)?;
    bucket.response_bytes = number(11)?;
    damage::add_statuses(damage, key, &mut bucket, row.try_get(first + 12)?)?;
    damage::add_units(damage, key, &mut bucket, row.try_get(first + 13)?)?;
    Ok(bucket)
}

/// The counts of a sum that the database has made of several rows, in which no damage can be told
/// apart. Otherwise as `counts`.
///
/// # Errors
/// `StoreError::Corrupt` where status counts or units can't be read.
pub(super) fn summed(row: &PgRow, first: usize, kind: SketchKind) -> Result<Bucket> {
    let nobody = Key {
        granularity: Granularity::Minute,
        period_start: 0,
        series_id: 0,
    };
    counts(row, first, kind, nobody, &mut None)
}

/// A row of a known period, as `select_existing` selects it.
pub(super) fn found(
    row: &PgRow,
    granularity: Granularity,
    period_start: UnixSeconds,
    kind: SketchKind,
    damage: &mut Option<Damage>,
) -> Result<FoundRow> {
    let key = Key {
        granularity,
        period_start,
        series_id: row.try_get(0)?,
    };
    Ok(FoundRow {
        period_start,
        series_id: key.series_id,
        counts: counts(row, 1, kind, key, damage)?,
        sketch: damage::sketch_of(damage, key, kind, row.try_get(15)?).to_vec(),
    })
}

/// The rows of `[$1, $2)`, of the series `$3` or of all where that is NULL, each by itself: in the order
/// of `select_existing`, then the start of the period. For careful transactions alone, because every
/// row travels.
pub(super) fn select_rows(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "SELECT {FOUND}, period_start FROM api_metrics.{table} \
     WHERE period_start >= $1 AND period_start < $2 AND ($3::bigint[] IS NULL OR series_id = ANY($3))"
    )
}

/// The first `$3` rows after the series `$2` of the period `$1`, in the order of their keys: [`FOUND`],
/// then the start of the period.
pub(super) fn select_after(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "SELECT {FOUND}, period_start FROM api_metrics.{table} \
     WHERE (period_start, series_id) > ($1, $2) ORDER BY period_start, series_id LIMIT $3"
    )
}

/// Series, their columns selected in the order of the table, then `kind`. Names that are equal to those
/// of the row before are shared rather than copied: most rows have service, environment and method in
/// common.
///
/// # Errors
/// `StoreError::Corrupt` for an unknown kind.
pub(super) fn series(rows: &[PgRow]) -> Result<Vec<SeriesRow>> {
    let mut all: Vec<SeriesRow> = Vec::with_capacity(rows.len());
    for row in rows {
        let before = all.last().map(|row| &row.labels);
        let text = |at: usize, label: fn(&SeriesLabels) -> &Arc<str>| -> Result<Arc<str>> {
            let text = row.try_get::<&str, _>(at)?;
            // Rows mostly have names in common.
            let same = before.map(label).filter(|label| ***label == *text);
            Ok(same.map_or_else(|| text.into(), Arc::clone))
        };
        let code: i16 = row.try_get(7)?;
        let labels = SeriesLabels {
            service: text(1, |labels| &labels.service)?,
            environment: text(2, |labels| &labels.environment)?,
            protocol: text(3, |labels| &labels.protocol)?,
            method: text(4, |labels| &labels.method)?,
            endpoint: text(5, |labels| &labels.endpoint)?,
            api_key_id: row.try_get(6)?,
            kind: SeriesKind::from_code(code).ok_or_else(|| {
                StoreError::Corrupt(format!("a series of the unknown kind {code}"))
            })?,
        };
        all.push(SeriesRow {
            id: row.try_get(0)?,
            labels,
        });
    }
    Ok(all)
}

/// An array of integers without NULLs. sqlx looks at the type of each element; taking thousands of them
/// apart at once takes a tenth of the time.
///
/// | bytes | what (all big-endian) |
/// |---|---|
/// | 20 | dimensions, flags, element type, length, first index; 12 bytes if it is empty |
/// | 4 | the length of an element, 8 |
/// | 8 | the element |
#[derive(Debug)]
pub(super) struct Numbers(pub(super) Vec<i64>);

impl Type<Postgres> for Numbers {
    fn type_info() -> PgTypeInfo {
        <Vec<i64> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Numbers {
    fn decode(value: PgValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
        /// Dimensions, flags and type; then, unless it is empty, its length and the number of its first element.
        const HEAD: usize = 20;
        /// Its length, and the integer.
        const ELEMENT: usize = 12;
        if value.format() != PgValueFormat::Binary {
            return Ok(Self(<Vec<i64> as Decode<Postgres>>::decode(value)?));
        }
        let elements = value.as_bytes()?.get(HEAD..).unwrap_or_default();
        let (elements, rest) = elements.as_chunks::<ELEMENT>();
        let number = |element: &[u8; ELEMENT]| match element {
            [0, 0, 0, 8, number @ ..] => Some(i64::from_be_bytes(*number)),
            _ => None,
        };
        let numbers = elements.iter().map(number).collect::<Option<_>>();
        numbers
            .filter(|_| rest.is_empty())
            .map(Self)
            .ok_or_else(|| "an array of integers has a NULL among them".into())
    }
}
