//! The queries of docs/sql.md, as an analyst would paste them.

use std::sync::Arc;

use api_metrics_layer::Units;
use api_metrics_store::time::{Clock, ManualClock, SystemClock};
use sqlx::{AssertSqlSafe, Column, Row};

use crate::{
    harness::{Database, Harness, record, writer_of},
    units::used,
};

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
        let units = Units::new().add("tokens", 3).gauge("score", -0.25);
        for key in [Some("render-farm"), None] {
            used(&writer, now - minute * 60, "/chat", key, &units);
        }
    }
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    crate::request_log::count_countries(&h, now).await;
    h
}

/// A connection as the role that the page makes for Grafana, by the page's own statement.
async fn as_grafana(h: &mut Harness) -> sqlx::PgPool {
    let role = h.postgres().role().await;
    let allow = PAGE
        .lines()
        .find(|line| line.contains("allow_analyst('grafana')"))
        .expect("the page makes the role")
        .replace("grafana", &role);
    h.postgres().admin(&allow).await;
    let url = h.postgres().url_of(&role);
    sqlx::PgPool::connect(&url).await.unwrap()
}

async fn finds_something(pool: &sqlx::PgPool, sql: &str) {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_all(pool)
        .await
        .unwrap_or_else(|e| panic!("{e}\n{sql}"));
    assert!(!rows.is_empty(), "nothing found by\n{sql}");
}

#[tokio::test]
async fn queries_of_page_and_grafana_dashboard_find_something_as_the_recommended_role() {
    let mut h = with_traffic(Database::postgres().await).await;
    let pool = as_grafana(&mut h).await;
    for sql in blocks("sql") {
        finds_something(&pool, &sql).await;
    }
    let queries = dashboard_queries();
    assert!(queries.len() >= 12, "{queries:?}");
    for query in queries {
        finds_something(&pool, &filled_in(&query)).await;
    }
    the_views_agree_on_every_request(&pool).await;
    the_view_of_units_is_exact(&pool).await;
}

/// The SQL of all panels, annotations and variables.
fn dashboard_queries() -> Vec<String> {
    let dashboard: serde_json::Value =
        serde_json::from_str(include_str!("../../docs/grafana/api-metrics.json")).unwrap();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let panels = list(&dashboard["panels"])
        .into_iter()
        .flat_map(|panel| list(&panel["targets"]))
        .map(|target| target["rawSql"].clone());
    let annotations = list(&dashboard["annotations"]["list"])
        .into_iter()
        .map(|annotation| annotation["target"]["rawSql"].clone());
    let variables = list(&dashboard["templating"]["list"])
        .into_iter()
        .filter(|variable| variable["type"] == "query")
        .map(|variable| variable["query"].clone());
    panels
        .chain(annotations)
        .chain(variables)
        .map(|sql| sql.as_str().expect("a query is a text").to_owned())
        .collect()
}

/// What Grafana makes of a query: its time macro, and the variables of the dashboard.
fn filled_in(query: &str) -> String {
    let mut sql = query
        .replace("${service:sqlstring}", "'shop'")
        .replace("${environment:sqlstring}", "'test'")
        .replace("$granularity", "5m");
    while let Some((before, rest)) = sql.split_once("$__timeFilter(") {
        let (column, after) = rest.split_once(')').expect("the macro ends");
        sql = format!(
            "{before}{column} BETWEEN now() - interval '2 days' AND now() + interval '1 minute'{after}"
        );
    }
    assert!(
        !sql.contains('$'),
        "a macro that this test does not know: {sql}"
    );
    sql
}

#[tokio::test]
async fn a_tenants_reader_finds_its_consumers_in_the_views_and_no_sum_over_tenants() {
    let mut h = with_traffic(Database::postgres().await).await;
    let role = h.postgres().role().await;
    h.postgres()
        .admin(&format!(
            "UPDATE api_metrics.api_keys SET tenant_id = 'acme' WHERE external_id = 'render-farm'; \
             SELECT api_metrics.allow_reader('{role}', 'acme')"
        ))
        .await;
    let pool = sqlx::PgPool::connect(&h.postgres().url_of(&role))
        .await
        .unwrap();
    for view in ["status_codes", "consumer_totals", "units"] {
        let (rows, others): (i64, i64) = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT count(*), count(*) FILTER (WHERE api_key_id IS NULL) FROM api_metrics.{view}"
        )))
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(rows > 0, "{view}");
        assert_eq!(others, 0, "{view}");
    }
    for view in ["totals", "releases", "request_countries"] {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT count(*) FROM api_metrics.{view}"
        )))
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(rows, 0, "{view}");
    }
}

/// Each request to `/chat` used three tokens and had a score of -0.25.
async fn the_view_of_units_is_exact(pool: &sqlx::PgPool) {
    for granularity in ["1m", "5m", "1h"] {
        let requests: i64 = sqlx::query_scalar(
            "SELECT sum(request_count)::bigint FROM api_metrics.api_metrics \
             WHERE period_granularity = $1 AND endpoint = '/chat'",
        )
        .bind(granularity)
        .fetch_one(pool)
        .await
        .unwrap();
        assert!(requests > 0);
        let exact: bool = sqlx::query_scalar(
            "SELECT sum(amount) = 3 * $2 AND sum(observations) = $2 AND min(minimum) = -0.25 \
                    AND max(maximum) = -0.25 AND sum(total) = -0.25 * $2 \
                    AND count(DISTINCT unit) = 2 AND count(DISTINCT endpoint) = 1 \
             FROM api_metrics.units WHERE period_granularity = $1",
        )
        .bind(granularity)
        .bind(requests)
        .fetch_one(pool)
        .await
        .unwrap();
        assert!(exact, "{granularity}");
    }
}

async fn the_views_agree_on_every_request(pool: &sqlx::PgPool) {
    let mut sums = Vec::new();
    for view in ["api_metrics", "status_codes", "consumer_totals", "totals"] {
        let sum: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT sum(request_count)::bigint FROM api_metrics.{view} WHERE period_granularity = '5m'"
        )))
        .fetch_one(pool)
        .await
        .unwrap();
        sums.push(sum);
    }
    assert!(
        sums[0] > 0 && sums.iter().all(|sum| *sum == sums[0]),
        "{sums:?}"
    );
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
