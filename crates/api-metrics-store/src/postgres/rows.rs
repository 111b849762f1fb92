//! Between buckets and the columns of the metrics tables.

use chrono::{DateTime, Utc};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::tx::{at, signed, unsigned};
use crate::{
    bucket::Bucket,
    protocol::backend::{BucketRow, Result, SeriesLabels, SeriesRow},
    series::SeriesKind,
    sketch::SketchKind,
    store::StoreError,
    time::Granularity,
};

/// One statement a granularity: the table's name can't be a parameter.
macro_rules! by_granularity {
    ($name:ident, $before:literal, $after:literal) => {
        pub(super) fn $name(granularity: Granularity) -> &'static str {
            match granularity {
                Granularity::Minute => concat!($before, "api_metrics.metrics_1m", $after),
                Granularity::FiveMinutes => concat!($before, "api_metrics.metrics_5m", $after),
                Granularity::Hour => concat!($before, "api_metrics.metrics_1h", $after),
                Granularity::Day => concat!($before, "api_metrics.metrics_1d", $after),
            }
        }
    };
}

by_granularity!(
    select_existing,
    "SELECT m.* FROM unnest($1::timestamptz[], $2::bigint[]) AS w (period_start, series_id) JOIN ",
    " AS m USING (period_start, series_id)"
);

by_granularity!(
    upsert,
    "INSERT INTO ",
    " (period_start, series_id, request_count, error_count_4xx, error_count_5xx, aborted_count, \
       latency_sum_us, latency_min_us, latency_max_us, latency_count, ttfb_sum_us, ttfb_count, \
       total_request_bytes, total_response_bytes, response_time_p50_ms, response_time_p95_ms, \
       response_time_p99_ms, response_time_avg_ms, status_counts, latency_sketch) \
     SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], \
       $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], \
       $12::bigint[], $13::bigint[], $14::bigint[], $15::real[], $16::real[], $17::real[], \
       $18::real[], $19::bytea[], $20::bytea[]) \
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
       status_counts = excluded.status_counts, latency_sketch = excluded.latency_sketch"
);

/// Rows turned into the arrays of one statement.
#[derive(Debug, Default)]
pub(super) struct Columns {
    period_start: Vec<DateTime<Utc>>,
    series_id: Vec<i64>,
    /// Request count to response bytes, in the statement's order.
    numbers: [Vec<Option<i64>>; 12],
    /// p50, p95, p99, average.
    milliseconds: [Vec<Option<f32>>; 4],
    status_counts: Vec<Vec<u8>>,
    latency_sketch: Vec<Vec<u8>>,
}

impl Columns {
    pub(super) fn of(rows: &[BucketRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            let b = &row.bucket;
            columns.period_start.push(at(row.period_start));
            columns.series_id.push(row.series_id);
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
            for (column, number) in columns.numbers.iter_mut().zip(numbers) {
                column.push(number.map(signed));
            }
            let times = [
                b.quantile_ms(0.5),
                b.quantile_ms(0.95),
                b.quantile_ms(0.99),
                b.average_ms(),
            ];
            for (column, time) in columns.milliseconds.iter_mut().zip(times) {
                column.push(time.map(|ms| ms as f32));
            }
            let mut statuses = Vec::new();
            b.status_counts.encode(&mut statuses);
            columns.status_counts.push(statuses);
            let mut sketch = Vec::new();
            b.sketch.encode(&mut sketch);
            columns.latency_sketch.push(sketch);
        }
        columns
    }

    pub(super) fn upsert(self, granularity: Granularity) -> Query<'static, Postgres, PgArguments> {
        let mut query = sqlx::query(upsert(granularity))
            .bind(self.period_start)
            .bind(self.series_id);
        for column in self.numbers {
            query = query.bind(column);
        }
        for column in self.milliseconds {
            query = query.bind(column);
        }
        query.bind(self.status_counts).bind(self.latency_sketch)
    }
}

/// The counts of a row, by the tables' names; the sketch stays empty.
pub(super) fn counts(row: &PgRow, kind: SketchKind) -> Result<Bucket> {
    let number = |column: &str| -> Result<u64> { Ok(unsigned(row.try_get(column)?)) };
    let perhaps = |column: &str| -> Result<Option<u64>> {
        let value: Option<i64> = row.try_get(column)?;
        Ok(value.map(unsigned))
    };
    let mut bucket = Bucket::new(kind);
    bucket.request_count = number("request_count")?;
    bucket.error_count_4xx = number("error_count_4xx")?;
    bucket.error_count_5xx = number("error_count_5xx")?;
    bucket.aborted_count = number("aborted_count")?;
    bucket.latency_sum_us = number("latency_sum_us")?;
    bucket.latency_min_us = perhaps("latency_min_us")?;
    bucket.latency_max_us = perhaps("latency_max_us")?;
    bucket.latency_count = number("latency_count")?;
    bucket.ttfb_sum_us = number("ttfb_sum_us")?;
    bucket.ttfb_count = number("ttfb_count")?;
    bucket.request_bytes = number("total_request_bytes")?;
    bucket.response_bytes = number("total_response_bytes")?;
    bucket
        .status_counts
        .merge_encoded(row.try_get("status_counts")?)?;
    Ok(bucket)
}

pub(super) fn bucket_row(row: &PgRow, kind: SketchKind) -> Result<BucketRow> {
    let period: DateTime<Utc> = row.try_get("period_start")?;
    let mut bucket = counts(row, kind)?;
    bucket
        .sketch
        .merge_encoded(row.try_get("latency_sketch")?)?;
    Ok(BucketRow {
        period_start: period.timestamp(),
        series_id: row.try_get("series_id")?,
        bucket,
    })
}

pub(super) fn series(row: &PgRow) -> Result<SeriesRow> {
    let text = |column: &str| -> Result<std::sync::Arc<str>> {
        Ok(row.try_get::<&str, _>(column)?.into())
    };
    let code: i16 = row.try_get("kind")?;
    let premerged: (Option<i64>, Option<i64>, Option<i64>) = (
        row.try_get("any_key_id")?,
        row.try_get("any_endpoint_id")?,
        row.try_get("total_id")?,
    );
    Ok(SeriesRow {
        id: row.try_get("id")?,
        labels: SeriesLabels {
            service: text("service")?,
            environment: text("environment")?,
            protocol: text("protocol")?,
            method: text("http_method")?,
            endpoint: text("endpoint")?,
            api_key_id: row.try_get("api_key_id")?,
            kind: SeriesKind::from_code(code).ok_or_else(|| {
                StoreError::Corrupt(format!("a series of the unknown kind {code}"))
            })?,
        },
        premerged: match premerged {
            (Some(any_key), Some(any_endpoint), Some(total)) => {
                Some([any_key, any_endpoint, total])
            }
            _ => None,
        },
    })
}
