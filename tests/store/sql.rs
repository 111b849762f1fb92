//! The queries of docs/sql.md, as an analyst would paste them.

use std::sync::Arc;

use api_metrics_store::time::{Clock, ManualClock, SystemClock};
use sqlx::{AssertSqlSafe, Column, Row};

use crate::harness::{Database, Harness, record, writer_of};

const PAGE: &str = include_str!("../../docs/sql.md");

/// The blocks of the page in this language.
fn blocks(language: &str) -> Vec<String> {
    let blocks: Vec<_> = PAGE
        .split(&format!("```{language}\n"))
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()))
        .collect();
    assert!(!blocks.is_empty(), "the page has queries in {language}");
    blocks
}

/// Traffic of the last two days, folded and rolled up.
async fn with_traffic(database: Database) -> Harness {
    let now = SystemClock::default().unix_seconds();
    let clock = Arc::new(ManualClock::at(now));
    let store = database.store(&clock);
    store.prepare().await.unwrap();
    let h = Harness {
        store,
        clock,
        database,
    };
    let writer = writer_of("shop", &h.clock);
    for minute in 0..(2 * 24 * 60) {
        record(
            &writer,
            now - minute * 60,
            "/orders",
            Some("render-farm"),
            5 + minute.cast_unsigned() % 50,
            1,
        );
        record(&writer, now - minute * 60, "/users/{id}", None, 5, 1);
    }
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    h
}

#[tokio::test]
async fn every_query_for_postgres_runs_and_finds_something() {
    let h = with_traffic(Database::postgres().await).await;
    let Database::Postgres(database) = &h.database else {
        unreachable!()
    };
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    for sql in blocks("sql") {
        let rows = sqlx::query(AssertSqlSafe(sql.clone()))
            .fetch_all(&pool)
            .await
            .unwrap_or_else(|e| panic!("{e}\n{sql}"));
        assert!(!rows.is_empty(), "nothing found by\n{sql}");
    }
}

#[tokio::test]
async fn every_query_for_sqlite_runs_and_finds_something() {
    let h = with_traffic(Database::sqlite().await).await;
    let Database::Sqlite(file) = &h.database else {
        unreachable!()
    };
    let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
    for sql in blocks("sqlite") {
        let rows = sqlx::query(AssertSqlSafe(sql.clone()))
            .fetch_all(&pool)
            .await
            .unwrap_or_else(|e| panic!("{e}\n{sql}"));
        assert!(!rows.is_empty(), "nothing found by\n{sql}");
    }
}

#[tokio::test]
async fn the_view_has_the_promised_columns_and_exact_sums() {
    let h = with_traffic(Database::postgres().await).await;
    let Database::Postgres(database) = &h.database else {
        unreachable!()
    };
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    let row = sqlx::query("SELECT * FROM api_metrics.api_metrics LIMIT 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    let columns: Vec<_> = row.columns().iter().map(|c| c.name().to_owned()).collect();
    assert_eq!(
        columns,
        [
            "period_start",
            "period_granularity",
            "service",
            "environment",
            "endpoint",
            "http_method",
            "api_key_id",
            "request_count",
            "error_count_4xx",
            "error_count_5xx",
            "response_time_p50_ms",
            "response_time_p95_ms",
            "response_time_p99_ms",
            "response_time_avg_ms",
            "total_request_bytes",
            "total_response_bytes",
        ]
    );
    // Days hold everything that is over; what they lack is today's.
    let (keyed, unkeyed): (i64, i64) = sqlx::query_as(
        "SELECT sum(request_count) FILTER (WHERE api_key_id IS NOT NULL)::bigint, \
                sum(request_count) FILTER (WHERE api_key_id IS NULL)::bigint \
         FROM api_metrics.api_metrics WHERE period_granularity = '5m' AND period_start < date_trunc('hour', now())",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(keyed, unkeyed);
    let by_code: i64 = sqlx::query_scalar(
        "SELECT sum(c.requests)::bigint FROM api_metrics.metrics_5m AS m \
         JOIN api_metrics.series AS s ON s.id = m.series_id AND s.kind = 0 \
         CROSS JOIN LATERAL api_metrics.status_counts(m.status_counts) AS c \
         WHERE m.period_start < date_trunc('hour', now()) AND c.status = 200",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(by_code, keyed + unkeyed);
}
