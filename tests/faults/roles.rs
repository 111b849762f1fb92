//! The least that a role needs: the grants of `docs/operations.md`, run as they stand there.

use std::sync::Arc;

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};
use api_metrics_store::{
    postgres::PostgresStore,
    store::{Misconfiguration, Store, StoreError},
};
use api_metrics_tests::PgDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::writers::{self, NOON, record, requests, settle};

const PAGE: &str = include_str!("../../docs/operations.md");

/// The page's block that makes this role, for a role of another name.
fn grants(role: &str, actual: &str) -> String {
    let block = PAGE
        .split("```postgresql\n")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("```")?.0))
        .find(|block| block.contains(&format!("CREATE ROLE {role} ")))
        .unwrap_or_else(|| panic!("the page makes the role {role}"));
    let granted: String = block
        .lines()
        .filter(|line| !line.starts_with("CREATE ROLE "))
        .map(|line| format!("{line}\n"))
        .collect();
    granted.replace(role, actual)
}

async fn refused(sql: &mut PgConnection, statement: &str) {
    let error = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(sql)
        .await
        .expect_err(statement);
    let error = error.into_database_error().expect(statement);
    assert_eq!(
        error.code().as_deref(),
        Some("42501"),
        "{statement}: {error}"
    );
}

#[tokio::test]
async fn a_recorder_hands_over_and_can_do_nothing_else() {
    let mut database = PgDatabase::create().await;
    let recorder = database.role().await;
    let clock = writers::noon();
    let options = api_metrics_tests::patient_by(clock.clone());
    let open = |url: &str| -> Arc<dyn Store> {
        Arc::new(PostgresStore::connect_lazy(url, options.clone()).unwrap())
    };
    let leader = open(&database.url());
    leader.prepare().await.unwrap();
    database.admin(&grants("shop_recorder", &recorder)).await;

    let store = open(&database.url_of(&recorder));
    store.prepare().await.unwrap();
    let writer = writers::writer("shop", &clock);
    for round in 1..=3_u64 {
        // Series and keys that are known and such that are new.
        record(&writer, NOON, "/known", 2);
        let (endpoint, key) = (format!("/new/{round}"), ApiKey::from(round.cast_signed()));
        let mut keyed = RequestRecord::new("GET", &endpoint, std::time::UNIX_EPOCH);
        keyed.api_key = Some(&key);
        writer.recorder.record(&keyed);
        assert_eq!(store.flush(&writer).await.unwrap().records, 3);
        settle(&*leader).await;
        assert_eq!(requests(&*leader).await, 3 * round);
    }
    for done in [
        store.fold().await.map(|_| ()),
        store.roll_up().await.map(|_| ()),
        store.retain().await.map(|_| ()),
    ] {
        let what = done.as_ref().err().and_then(StoreError::misconfiguration);
        assert_eq!(what, Some(Misconfiguration::Permission), "{done:?}");
    }

    let mut sql = PgConnection::connect(&database.url_of(&recorder))
        .await
        .unwrap();
    // Whatever it says about itself.
    sqlx::raw_sql("SET api_metrics.access = 'all'")
        .execute(&mut sql)
        .await
        .unwrap();
    for statement in [
        "DELETE FROM api_metrics.instance",
        "DELETE FROM api_metrics.inbox",
        "SELECT payload FROM api_metrics.inbox",
        "SELECT * FROM api_metrics.metrics_1m",
        "SELECT * FROM api_metrics.api_metrics",
        "UPDATE api_metrics.meta SET writer_min = 0",
        "UPDATE api_metrics.series SET endpoint = ''",
        "UPDATE api_metrics.api_keys SET tenant_id = 'acme'",
        "SELECT value FROM api_metrics.shared_secret",
        "SELECT * FROM api_metrics.api_alert_configs",
        "SELECT api_metrics.drop_partition('metrics_1m', 'metrics_1m_20260310_11')",
        "CREATE TABLE api_metrics.mine (id bigint)",
    ] {
        refused(&mut sql, statement).await;
    }
}

#[tokio::test]
async fn a_service_that_owns_nothing_does_everything_but_change_the_schema() {
    let mut database = PgDatabase::create().await;
    let service = database.role().await;
    let clock = writers::noon();
    let options = api_metrics_tests::patient_by(clock.clone());
    let owner = PostgresStore::connect_lazy(&database.url(), options.clone()).unwrap();
    owner.prepare().await.unwrap();
    database.admin(&grants("shop_service", &service)).await;

    let store = PostgresStore::connect_lazy(&database.url_of(&service), options).unwrap();
    store.prepare().await.unwrap();
    let writer = writers::writer("shop", &clock);
    for hours in 0..30 {
        record(&writer, NOON - hours * 3_600, "/a", 2);
    }
    store.flush(&writer).await.unwrap();
    settle(&store).await;
    store.retain().await.unwrap();
    clock.advance(std::time::Duration::from_secs(40 * 3_600));
    // Two runs agree, and partitions go.
    for _ in 0..3 {
        settle(&store).await;
        store.retain().await.unwrap();
        clock.advance(std::time::Duration::from_secs(700));
    }
    assert_eq!(requests(&store).await, 60);
    let mut sql = PgConnection::connect(&database.url_of(&service))
        .await
        .unwrap();
    for statement in [
        "CREATE TABLE api_metrics.mine (id bigint)",
        "DROP TABLE api_metrics.metrics_1d",
        "ALTER TABLE api_metrics.instance DISABLE ROW LEVEL SECURITY",
        "UPDATE api_metrics.meta SET writer_min = 0",
        "INSERT INTO api_metrics.readers VALUES (current_user, NULL)",
    ] {
        refused(&mut sql, statement).await;
    }
}
