//! Between buckets and the columns of the metrics tables.
//!
//! The columns and units are those of Postgres: microseconds, bytes, requests, with times as Unix
//! seconds. The tables are WITHOUT ROWID, so that a row lies in the primary key `(period_start,
//! series_id)` itself. Selects name `period_start` and `series_id` first, then the counts in one order,
//! which `counts` reads by place; those of the views stand in `sum`.

use std::sync::Arc;

use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

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
    time::Granularity,
};

// Statements name their columns: a newer release may add some while this one runs, and `*` would then
// return more of them than this release knows.

/// The columns of the counts, in the one order in which all statements name them.
pub(super) const COUNTS: [&str; 12] = [
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

/// The table of a granularity.
pub(super) const fn table(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Minute => "api_metrics_1m",
        Granularity::FiveMinutes => "api_metrics_5m",
        Granularity::Hour => "api_metrics_1h",
        Granularity::Day => "api_metrics_1d",
    }
}

/// The rows of the series `?2` (JSON) in the period `?1`.
pub(super) fn select_existing(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "SELECT period_start, series_id, {}, status_counts, units, latency_sketch FROM {table} WHERE period_start = ?1 \
         AND series_id IN (SELECT value FROM json_each(?2))",
        COUNTS.join(", ")
    )
}

/// Deletes up to `?2` rows below the floor `?1` of the granularity `?3`. The subselect walks the
/// primary key from its low end, so that a step costs what it removes. The floor is looked up again:
/// since it was moved, the file may have been replaced by an older one.
pub(super) fn remove_below(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "DELETE FROM {table} WHERE (period_start, series_id) IN (SELECT period_start, series_id FROM {table} WHERE period_start < min(?1, (SELECT floor FROM api_metrics_retention_floor WHERE granularity = ?3)) \
                 ORDER BY period_start LIMIT ?2)"
    )
}

/// Rows of one statement at most: 2,100 parameters. More would cost more to parse than fewer statements
/// save.
pub(super) const ROWS_A_STATEMENT: usize = 100;

/// Writes these rows, at most [`ROWS_A_STATEMENT`], replacing those that exist.
pub(super) fn replace(granularity: Granularity, rows: &[BucketRow]) -> QueryBuilder<Sqlite> {
    // In the order in which `bind` gives them.
    let mut query = QueryBuilder::new(format!(
        "INSERT OR REPLACE INTO {} (period_start, series_id, {}, response_time_p50_ms, response_time_p95_ms, \
         response_time_p99_ms, response_time_avg_ms, status_counts, latency_sketch, units) VALUES ",
        table(granularity),
        COUNTS.join(", ")
    ));
    for (n, row) in rows.iter().enumerate() {
        query.push(if n == 0 { "(" } else { ", (" });
        bind(&mut query, row);
        query.push(")");
    }
    query
}

/// Appends the 21 values of a row. Counts above 2^63 - 1 are stored as that.
fn bind(query: &mut QueryBuilder<Sqlite>, row: &BucketRow) {
    let b = &row.counts;
    let mut query = query.separated(", ");
    query.push_bind(row.period_start).push_bind(row.series_id);
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
        query.push_bind(number.map(|n| i64::try_from(n).unwrap_or(i64::MAX)));
    }
    let [p50, p95, p99] = row.quantiles_ms;
    for time in [p50, p95, p99, b.average_ms()] {
        query.push_bind(time);
    }
    let mut statuses = Vec::new();
    b.status_counts.encode(&mut statuses);
    query
        .push_bind(statuses)
        .push_bind(row.sketch.clone())
        .push_bind(b.units.column());
}

/// Which of the periods `?1` (JSON) hold any row: one lookup in the primary key each.
pub(super) fn select_used(granularity: Granularity) -> String {
    let table = table(granularity);
    format!(
        "SELECT w.value FROM json_each(?1) AS w WHERE EXISTS (SELECT 1 FROM {table} AS m WHERE m.period_start = w.value)"
    )
}

/// The counts of a row of one of the selects above, by the places of its columns, because looking their
/// names up would take longer than reading them. The sketch stays empty. A careful transaction leaves
/// out status counts and units that can't be read.
///
/// # Errors
/// `StoreError::Corrupt` where status counts or units can't be read, unless the transaction is careful.
pub(super) fn counts(
    row: &SqliteRow,
    key: Key,
    kind: SketchKind,
    damage: &mut Option<Damage>,
) -> Result<Bucket> {
    let mut numbers = [None; COUNTS.len()];
    for (number, at) in numbers.iter_mut().zip(2..) {
        *number = row.try_get::<Option<i64>, _>(at)?;
    }
    let mut bucket = of_counts(kind, numbers)?;
    damage::add_statuses(damage, key, &mut bucket, row.try_get(14)?)?;
    damage::add_units(damage, key, &mut bucket, row.try_get(15)?)?;
    Ok(bucket)
}

/// A bucket of these counts, in the order of [`COUNTS`], and nothing else.
///
/// # Errors
/// `StoreError::Corrupt` where a count is NULL that never is.
pub(super) fn of_counts(kind: SketchKind, numbers: [Option<i64>; COUNTS.len()]) -> Result<Bucket> {
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
    ] = numbers;
    let mut bucket = Bucket::new(kind);
    bucket.request_count = count(requests)?;
    bucket.error_count_4xx = count(errors_4xx)?;
    bucket.error_count_5xx = count(errors_5xx)?;
    bucket.aborted_count = count(aborted)?;
    bucket.latency_sum_us = count(latency_sum)?;
    bucket.latency_min_us = perhaps(latency_min);
    bucket.latency_max_us = perhaps(latency_max);
    bucket.latency_count = count(latencies)?;
    bucket.ttfb_sum_us = count(ttfb_sum)?;
    bucket.ttfb_count = count(ttfbs)?;
    bucket.request_bytes = count(request_bytes)?;
    bucket.response_bytes = count(response_bytes)?;
    Ok(bucket)
}

/// A count that is never NULL.
///
/// # Errors
/// `StoreError::Corrupt` where it is.
pub(super) fn count(number: Option<i64>) -> Result<u64> {
    let number = number.ok_or_else(|| StoreError::Corrupt("a bucket lacks a count".to_owned()))?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// The encoded sketch of a row of one of the selects above, empty where a careful transaction leaves it
/// out.
pub(super) fn sketch<'r>(
    row: &'r SqliteRow,
    key: Key,
    kind: SketchKind,
    damage: &mut Option<Damage>,
) -> Result<&'r [u8]> {
    Ok(damage::sketch_of(damage, key, kind, row.try_get(16)?))
}

/// A row as `select_existing` selects it.
pub(super) fn found(
    row: &SqliteRow,
    granularity: Granularity,
    kind: SketchKind,
    damage: &mut Option<Damage>,
) -> Result<FoundRow> {
    let key = Key {
        granularity,
        period_start: row.try_get(0)?,
        series_id: row.try_get(1)?,
    };
    Ok(FoundRow {
        period_start: key.period_start,
        series_id: key.series_id,
        counts: counts(row, key, kind, damage)?,
        sketch: sketch(row, key, kind, damage)?.to_vec(),
    })
}

/// A series from its row.
///
/// # Errors
/// `StoreError::Corrupt` for an unknown kind.
pub(super) fn series(row: &SqliteRow) -> Result<SeriesRow> {
    let text = |column: &str| -> Result<Arc<str>> { Ok(row.try_get::<&str, _>(column)?.into()) };
    let code: i16 = row.try_get("kind")?;
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
    })
}
