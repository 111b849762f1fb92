//! States of a Postgres database to go back to, as copies of its tables. Copying whole databases would
//! be the real thing, and is, in the fault tests; here it would take most of a run's time.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgConnectOptions};

/// Copies all tables into a schema of its own, with their partitions and sequences.
pub(crate) async fn take(options: &PgConnectOptions, number: usize) {
    let mut sql = PgConnection::connect_with(options).await.unwrap();
    let mut script = format!("BEGIN; CREATE SCHEMA snapshot_{number};");
    for (table, _) in tables(&mut sql).await {
        script += &format!(
            "CREATE UNLOGGED TABLE snapshot_{number}.{table} AS TABLE api_metrics.{table};"
        );
    }
    script += &format!(
        "CREATE UNLOGGED TABLE snapshot_{number}.the_partitions AS \
             SELECT p.relname AS parent, c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound \
             FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent \
             WHERE p.relkind = 'p' AND p.relnamespace = 'api_metrics'::regnamespace; \
         CREATE UNLOGGED TABLE snapshot_{number}.the_sequences AS \
             SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'api_metrics'; \
         COMMIT"
    );
    run(&mut sql, script).await;
    sql.close().await.unwrap();
}

/// Breaks all connections and brings the tables back.
pub(crate) async fn restore(options: &PgConnectOptions, number: usize) {
    let mut sql = PgConnection::connect_with(options).await.unwrap();
    run(
        &mut sql,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()"
            .into(),
    )
    .await;
    let mut script = "BEGIN;".to_owned();
    let attached: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
         JOIN pg_class AS p ON p.oid = i.inhparent \
         WHERE p.relkind = 'p' AND p.relnamespace = 'api_metrics'::regnamespace",
    )
    .fetch_all(&mut sql)
    .await
    .unwrap();
    for name in attached {
        script += &format!("DROP TABLE api_metrics.{name};");
    }
    let partitions =
        format!("SELECT parent::text, name::text, bound FROM snapshot_{number}.the_partitions");
    for row in sqlx::query(AssertSqlSafe(partitions))
        .fetch_all(&mut sql)
        .await
        .unwrap()
    {
        let (parent, name, bound): (String, String, String) =
            (row.get("parent"), row.get("name"), row.get("bound"));
        script +=
            &format!("CREATE TABLE api_metrics.{name} PARTITION OF api_metrics.{parent} {bound};");
    }
    for (table, partitioned) in tables(&mut sql).await {
        if !partitioned {
            script += &format!("DELETE FROM api_metrics.{table};");
        }
        script += &format!(
            "INSERT INTO api_metrics.{table} OVERRIDING SYSTEM VALUE TABLE snapshot_{number}.{table};"
        );
    }
    script += &format!(
        "SELECT setval('api_metrics.' || sequencename, coalesce(last_value, 1), last_value IS NOT NULL) \
         FROM snapshot_{number}.the_sequences; COMMIT"
    );
    run(&mut sql, script).await;
    sql.close().await.unwrap();
}

/// The tables and whether they are partitioned, those first that others refer to.
async fn tables(sql: &mut PgConnection) -> Vec<(String, bool)> {
    sqlx::query_as(
        "SELECT relname::text, relkind = 'p' FROM pg_class WHERE relnamespace = 'api_metrics'::regnamespace \
         AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY oid",
    )
    .fetch_all(sql)
    .await
    .unwrap()
}

async fn run(sql: &mut PgConnection, script: String) {
    sqlx::raw_sql(AssertSqlSafe(script))
        .execute(sql)
        .await
        .unwrap();
}
