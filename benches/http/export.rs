//! A million rows in one file.

use std::time::Duration;

use api_metrics_store::{sqlite::SqliteStore, store::StoreOptions};
use chrono::DateTime;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::Instant;

use crate::{Place, client::Connection, open, server::Server};
use api_metrics_benches::fill::{self, Random, Size, now, record_every_series};

const HOUR: i64 = 3_600;
const HOURS: i64 = 720;
/// 1,400 base series in 720 hours: 1,008,000 rows.
const SIZE: Size = Size {
    endpoints: 280,
    keys: 20,
};

pub async fn run(place: &Place) {
    let last = now().div_euclid(HOUR) * HOUR - 2 * HOUR;
    fill_hours(place, last).await;
    let server = Server::start(&place.url(), &[]);
    let mut connection = Connection::open(server.address).await;
    // Idle, but not cold: its connections are open, its code is loaded.
    connection.get("/api-metrics/summary?period=30d").await;
    connection.get("/api-status").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let at = |seconds: i64| {
        DateTime::from_timestamp(seconds, 0)
            .unwrap()
            .format("%FT%TZ")
    };
    for format in ["csv", "ndjson"] {
        server.forget_peak();
        let idle = server.memory().0;
        let before = server.processor_time();
        let path = format!(
            "/api-metrics/export?format={format}&granularity=1h&from={}&to={}",
            at(last - (HOURS - 1) * HOUR),
            at(last + HOUR),
        );
        let started = Instant::now();
        connection.ask(&path).await;
        let (mut rows, mut bytes) = (0_usize, 0_usize);
        while let Some(piece) = connection.chunk().await.filter(|piece| !piece.is_empty()) {
            bytes += piece.len();
            rows += piece.iter().filter(|byte| **byte == b'\n').count();
        }
        println!(
            "{}, {format}: {rows} lines, {:.0} MB in {:.1} s, {:.1} s of processor time; {:.1} MiB idle, at most {:.1} MiB above",
            place.name(),
            bytes as f64 / 1e6,
            started.elapsed().as_secs_f64(),
            (server.processor_time() - before).as_secs_f64(),
            idle as f64 / 1024.0,
            server.memory().1.saturating_sub(idle) as f64 / 1024.0,
        );
        assert!(rows >= 1_000_000, "{rows}");
    }
}

/// One recorded hour, copied into those before it.
async fn fill_hours(place: &Place, last: i64) {
    let store = open(&place.url());
    store.prepare().await.unwrap();
    let (writer, mut random) = (fill::writer(), Random::new(1));
    // Whatever is recorded in a week makes its partition.
    for week in 0..=6 {
        let times = if week == 0 { 20 } else { 1 };
        for _ in 0..times {
            let size = if week == 0 {
                SIZE
            } else {
                Size {
                    endpoints: 1,
                    keys: 1,
                }
            };
            record_every_series(&writer, size, last - week * 7 * 24 * HOUR, &mut random);
        }
    }
    store.flush(&writer).await.unwrap();
    while store.fold().await.unwrap().more {}
    while store.roll_up().await.unwrap().steps > 0 {}
    drop(store);
    match place {
        Place::Postgres { scratch, .. } => {
            let pool = PgPool::connect_with(scratch.options()).await.unwrap();
            let mut sql = pool.acquire().await.unwrap();
            let copy = format!(
                "CREATE TEMP TABLE hour AS SELECT * FROM api_metrics.metrics_1h WHERE period_start = to_timestamp({last})"
            );
            sqlx::raw_sql(AssertSqlSafe(copy))
                .execute(&mut *sql)
                .await
                .unwrap();
            for _ in 1..HOURS {
                sqlx::raw_sql(
                    "UPDATE hour SET period_start = period_start - interval '1 hour'; \
                     INSERT INTO api_metrics.metrics_1h SELECT * FROM hour ON CONFLICT DO NOTHING",
                )
                .execute(&mut *sql)
                .await
                .unwrap();
            }
            sqlx::raw_sql("VACUUM ANALYZE")
                .execute(&mut *sql)
                .await
                .unwrap();
        }
        Place::Sqlite(path) => {
            let options = StoreOptions::default();
            let store = SqliteStore::open(path.to_str().unwrap(), options).unwrap();
            let mut sql = store.pool().begin().await.unwrap();
            let copy = format!(
                "CREATE TEMP TABLE hour AS SELECT * FROM api_metrics_1h WHERE period_start = {last}"
            );
            sqlx::raw_sql(AssertSqlSafe(copy))
                .execute(&mut *sql)
                .await
                .unwrap();
            for _ in 1..HOURS {
                sqlx::raw_sql(
                    "UPDATE hour SET period_start = period_start - 3600; \
                     INSERT OR IGNORE INTO api_metrics_1h SELECT * FROM hour",
                )
                .execute(&mut *sql)
                .await
                .unwrap();
            }
            sqlx::raw_sql("DROP TABLE temp.hour")
                .execute(&mut *sql)
                .await
                .unwrap();
            sql.commit().await.unwrap();
            store.pool().close().await;
        }
    }
}
