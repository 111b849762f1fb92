//! What a team would write by hand: one row a request, and percentile_cont over it.

use sqlx::{AssertSqlSafe, PgPool};

use api_metrics_benches::fill::{Size, now};
use api_metrics_benches::measure::Table;

const ROWS: i64 = 5_000_000;

pub async fn run(pool: &PgPool, size: Size, table: &mut Table) {
    let found: bool = sqlx::query_scalar("SELECT to_regclass('request_log') IS NOT NULL")
        .fetch_one(pool)
        .await
        .unwrap();
    if !found {
        build(pool, size).await;
    }
    ask(pool, table).await;
}

async fn build(pool: &PgPool, size: Size) {
    let build = format!(
        "CREATE TABLE request_log (at timestamptz NOT NULL, endpoint text NOT NULL, method text NOT NULL, \
                                   api_key_id bigint, status smallint NOT NULL, latency_ms real NOT NULL, bytes bigint NOT NULL); \
         INSERT INTO request_log \
         SELECT to_timestamp({now}) - n * interval '1 day' / {ROWS}, '/api/v1/resource' || (n * 7919 % {endpoints}) / 4 || '/{{id}}', \
                (ARRAY['GET','POST','PUT','DELETE'])[1 + n * 7919 % 4], n * 31 % {keys}, \
                CASE WHEN n % 50 = 0 THEN 404 WHEN n % 50 = 25 THEN 500 ELSE 200 END, 20 * exp(0.6 * (random() + random() + random() - 1.5) * 2), 1500 \
         FROM generate_series(1::bigint, {ROWS}) AS n; \
         CREATE INDEX ON request_log (at); CREATE INDEX ON request_log (api_key_id, at)",
        now = now(),
        endpoints = size.endpoints,
        keys = size.keys,
    );
    sqlx::raw_sql(AssertSqlSafe(build))
        .execute(pool)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE request_log")
        .execute(pool)
        .await
        .unwrap();
}

async fn ask(pool: &PgPool, table: &mut Table) {
    const QUANTILES: &str =
        "percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_ms)";
    let day = format!("WHERE at > to_timestamp({}) - interval '24 hours'", now());
    let queries = [
        (
            "summary 24 h",
            format!("SELECT count(*), {QUANTILES}::text FROM request_log {day}"),
        ),
        (
            "endpoints 24 h",
            format!(
                "SELECT endpoint, method, count(*), {QUANTILES}::text FROM request_log {day} GROUP BY 1, 2"
            ),
        ),
        (
            "top 10 keys 24 h",
            format!(
                "SELECT api_key_id, count(*) FROM request_log {day} GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
            ),
        ),
        (
            "heatmap 24 h x 50 endpoints",
            format!(
                "SELECT endpoint, date_trunc('hour', at), count(*) FROM request_log {day} AND endpoint IN \
             (SELECT endpoint FROM request_log {day} GROUP BY 1 ORDER BY count(*) DESC LIMIT 50) GROUP BY 1, 2"
            ),
        ),
        (
            "one key, 24 h by 5m",
            format!(
                "SELECT date_bin('5 minutes', at, 'epoch'), count(*), {QUANTILES}::text FROM request_log {day} AND api_key_id = 3 GROUP BY 1"
            ),
        ),
    ];
    for (name, sql) in queries {
        table
            .measure(
                &format!("plain log: {name}"),
                async || {
                    sqlx::raw_sql(AssertSqlSafe(sql.clone()))
                        .fetch_all(pool)
                        .await
                        .unwrap()
                        .len()
                },
                |rows| format!("{rows} rows"),
            )
            .await;
    }
}
