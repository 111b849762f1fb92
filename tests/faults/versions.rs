//! Two releases on one database.

use std::sync::Arc;

use api_metrics::{ApiMetrics, Maintenance, MetricSink, RequestRecord};
use api_metrics_store::{
    postgres::PostgresStore,
    sqlite::SqliteStore,
    store::{FlushError, Store, StoreError, StoreOptions},
};
use api_metrics_tests::{PgDatabase, SqliteFile, eventually};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::writers::{self, NOON, record, requests, settle};

/// A database, and what a newer release does to it.
enum Database {
    Postgres(PgDatabase),
    Sqlite(SqliteFile),
}

impl Database {
    fn url(&self) -> String {
        match self {
            Self::Postgres(database) => database.url(),
            Self::Sqlite(file) => file.url(),
        }
    }

    fn store(&self, options: StoreOptions) -> Arc<dyn Store> {
        match self {
            Self::Postgres(database) => {
                Arc::new(PostgresStore::connect_lazy(&database.url(), options).unwrap())
            }
            Self::Sqlite(file) => Arc::new(SqliteStore::open(&file.url(), options).unwrap()),
        }
    }

    /// Runs statements that are written for Postgres: the tables of SQLite have other names.
    async fn newer_release_says(&self, statements: &str) {
        match self {
            Self::Postgres(database) => {
                let mut sql = PgConnection::connect(&database.url()).await.unwrap();
                let said = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
                said.execute(&mut sql).await.unwrap();
            }
            Self::Sqlite(file) => {
                let mut sql = SqliteConnection::connect(&file.url()).await.unwrap();
                let statements = statements
                    .replace("api_metrics.metrics_", "api_metrics_")
                    .replace("api_metrics.", "api_metrics_");
                let said = sqlx::raw_sql(AssertSqlSafe(statements));
                said.execute(&mut sql).await.unwrap();
            }
        }
    }
}

fn outdated(error: &StoreError, wanted: &str) -> bool {
    matches!(error, StoreError::Outdated { what, needed, known } if *what == wanted && needed > known)
}

/// Each duty is refused. One that was refused before may hold the lead for a moment: then nothing is done.
async fn may_not_lead(store: &Arc<dyn Store>) {
    let refused =
        |error: Option<StoreError>| error.map(|error| assert!(outdated(&error, "leading")));
    eventually("a refused fold", || async {
        let folded = store.fold().await;
        assert!(!folded.as_ref().is_ok_and(|folded| folded.led));
        refused(folded.err())
    })
    .await;
    eventually("a refused rollup", || async {
        let rolled = store.roll_up().await;
        assert!(!rolled.as_ref().is_ok_and(|rolled| rolled.led));
        refused(rolled.err())
    })
    .await;
    eventually("a refused retention", || async {
        let retained = store.retain().await;
        assert!(!retained.as_ref().is_ok_and(|retained| retained.led));
        refused(retained.err())
    })
    .await;
}

async fn an_older_process_that_may_not_lead_flushes_and_reads(database: Database) {
    let clock = writers::noon();
    let store = database.store(api_metrics_tests::patient_by(clock.clone()));
    store.prepare().await.unwrap();
    let writer = writers::writer("shop", &clock);
    record(&writer, NOON - 3_600, "/a", 3);
    store.flush(&writer).await.unwrap();

    database
        .newer_release_says("UPDATE api_metrics.meta SET leader_min = leader_min + 100")
        .await;
    for turn in 1..=3_u64 {
        record(&writer, NOON - 3_600, "/a", 3);
        store.flush(&writer).await.unwrap();
        may_not_lead(&store).await;
        assert_eq!(requests(&*store).await, 3 + 3 * turn);
    }
    assert_eq!(
        store.status().await.unwrap().inbox.batches,
        4,
        "nothing was folded"
    );

    // The part of the newer leader, which needs no mark to be lowered, is played by this release.
    database
        .newer_release_says("UPDATE api_metrics.meta SET leader_min = leader_min - 100")
        .await;
    settle(&*store).await;
    assert_eq!(requests(&*store).await, 12);
    assert_eq!(store.status().await.unwrap().inbox.batches, 0);
}

async fn an_older_process_that_may_not_write_serves_on_and_keeps_its_counts(database: Database) {
    let metrics = ApiMetrics::builder()
        .database(database.url())
        .maintenance(Maintenance::Manual)
        .start()
        .await
        .unwrap();
    let at = std::time::SystemTime::now();
    let sink = metrics.sink();
    let count = |n: u64| {
        for _ in 0..n {
            sink.record(&RequestRecord::new("GET", "/a", at));
        }
    };
    count(5);
    metrics.flush().await.unwrap();
    database
        .newer_release_says("UPDATE api_metrics.meta SET writer_min = writer_min + 100")
        .await;
    for turn in 1..=3 {
        count(2);
        match metrics.flush().await {
            Err(FlushError::NotSent(error)) => assert!(outdated(&error, "writing"), "{error}"),
            other => panic!("{other:?}"),
        }
        let writer = metrics.writer().unwrap();
        assert_eq!(writer.recorder.status().unflushed_records, 2 * turn);
    }
    let health = metrics.health().unwrap();
    let why = health.store_error.unwrap();
    assert!(why.contains("a newer release has taken over"), "{why}");
    // What it can't write it still knows and shows, and what the others have it reads.
    let store = metrics.store().unwrap();
    assert_eq!(requests(&*store).await, 5);

    // It was a mistake, or the newer release was taken back.
    database
        .newer_release_says("UPDATE api_metrics.meta SET writer_min = writer_min - 100")
        .await;
    metrics.flush().await.unwrap();
    assert_eq!(requests(&*store).await, 11);
    assert_eq!(metrics.health().unwrap().store_error, None);
    metrics.shutdown().await.unwrap();
}

/// What a newer release may do to the schema: add.
const ADDITIONS: &str = "\
    ALTER TABLE api_metrics.metrics_1m ADD COLUMN added_1 bigint NOT NULL DEFAULT 7; \
    ALTER TABLE api_metrics.metrics_5m ADD COLUMN added_1 bigint NOT NULL DEFAULT 7; \
    ALTER TABLE api_metrics.metrics_1h ADD COLUMN added_1 bigint NOT NULL DEFAULT 7; \
    ALTER TABLE api_metrics.metrics_1d ADD COLUMN added_1 bigint NOT NULL DEFAULT 7; \
    ALTER TABLE api_metrics.instance ADD COLUMN added_2 text; \
    ALTER TABLE api_metrics.inbox ADD COLUMN added_3 bigint NOT NULL DEFAULT 0; \
    ALTER TABLE api_metrics.series ADD COLUMN added_4 text NOT NULL DEFAULT ''; \
    ALTER TABLE api_metrics.meta ADD COLUMN added_5 bigint NOT NULL DEFAULT 1; \
    ALTER TABLE api_metrics.api_keys ADD COLUMN added_6 text; \
    CREATE TABLE api_metrics.added_7 (id bigint PRIMARY KEY); \
    INSERT INTO api_metrics.schema_migrations (version, name) VALUES (1000, 'additions');";

async fn a_process_goes_on_while_a_newer_release_adds_to_the_schema(database: Database) {
    let clock = writers::noon();
    let options = api_metrics_tests::patient_by(clock.clone());
    let store = database.store(options.clone());
    store.prepare().await.unwrap();
    let writer = writers::writer("shop", &clock);
    for turn in 0..3_u64 {
        if turn == 1 {
            database.newer_release_says(ADDITIONS).await;
            // One that starts now learns that it is too old; the one that runs is not disturbed.
            let late = database.store(options.clone());
            assert!(matches!(
                late.prepare().await.unwrap_err(),
                StoreError::TooNew { found: 1000, .. }
            ));
        }
        // Known and new series, minutes and days, so that every statement meets the new columns.
        record(&writer, NOON - 7_200, "/known", 3);
        record(&writer, NOON - 7_200, &format!("/turn/{turn}"), 1);
        record(&writer, NOON - 9 * 86_400, "/known", 1);
        record(&writer, NOON - 200 * 86_400, "/known", 1);
        store.flush(&writer).await.unwrap();
        assert_eq!(requests(&*store).await, 6 * (turn + 1));
        settle(&*store).await;
        store.retain().await.unwrap();
        assert_eq!(requests(&*store).await, 6 * (turn + 1));
        assert!(store.status().await.unwrap().instances.len() == 1);
    }
}

macro_rules! on_both {
    ($($test:ident)+) => {
        mod postgres {
            use super::{Database, PgDatabase};
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(Database::Postgres(PgDatabase::create().await)).await;
                }
            )+
        }
        mod sqlite {
            use super::{Database, SqliteFile};
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(Database::Sqlite(SqliteFile::on_disk())).await;
                }
            )+
        }
    };
}

on_both! {
    an_older_process_that_may_not_lead_flushes_and_reads
    an_older_process_that_may_not_write_serves_on_and_keeps_its_counts
    a_process_goes_on_while_a_newer_release_adds_to_the_schema
}
