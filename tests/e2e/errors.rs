//! What can't work says so, by name.

use std::process::Command;

use api_metrics::{ApiMetrics, SketchKind, StartError};
use api_metrics_store::store::StoreError;
use api_metrics_tests::{PgDatabase, Process, SqliteFile, process::Ended};

fn demo_on(database: &str) -> Ended {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_demo"))
            .env("DEMO_LISTEN", "127.0.0.1:0")
            .env("DEMO_TRAFFIC", "0")
            .env("DATABASE_URL", database),
    )
    .ended()
}

#[test]
fn a_wrong_database_url_is_named_without_its_password() {
    for (url, named) in [
        ("mysql://app:hunter2@db/app", "mysql://"),
        ("postgres://app:hunter2@db:port/app", "db:port"),
        ("sqlite://metrics.db?mode=hunter", "mode"),
    ] {
        let ended = demo_on(url);
        assert!(!ended.status.success(), "{}", ended.output);
        assert!(ended.output.contains(named), "{url}: {}", ended.output);
        assert!(!ended.output.contains("hunter2"), "{}", ended.output);
    }
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let file = SqliteFile::create();
    let text = "these are the notes of a meeting, not a database. ".repeat(100);
    std::fs::write(file.path(), &text).unwrap();
    let ended = demo_on(&file.url());
    assert!(!ended.status.success(), "{}", ended.output);
    assert!(ended.output.contains("metrics.db"), "{}", ended.output);
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
}

#[tokio::test]
async fn a_sqlite_file_of_a_newer_release_is_refused_and_left_alone() {
    let file = SqliteFile::create();
    started(&file.url())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
    sqlx::query("INSERT INTO api_metrics_schema_migrations (version, name) VALUES (999, 'future')")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    refused_as_newer(&file.url()).await;
}

#[tokio::test]
async fn a_postgres_database_of_a_newer_release_is_refused_and_left_alone() {
    let database = PgDatabase::create().await;
    started(&database.url())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    let pool = sqlx::PgPool::connect_with(database.options())
        .await
        .unwrap();
    sqlx::query("INSERT INTO api_metrics.schema_migrations (version, name) VALUES (999, 'future')")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    refused_as_newer(&database.url()).await;
}

async fn started(url: &str) -> Result<ApiMetrics, StartError> {
    ApiMetrics::builder().database(url).no_auth().start().await
}

async fn refused_as_newer(url: &str) {
    let error = started(url).await.unwrap_err();
    assert!(
        matches!(
            &error,
            StartError::Store {
                source: StoreError::TooNew { found: 999, .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("999"), "{error}");
    let url = url.to_owned();
    let ended = tokio::task::spawn_blocking(move || demo_on(&url))
        .await
        .unwrap();
    assert!(!ended.status.success());
    assert!(
        ended.output.contains("schema version 999"),
        "{}",
        ended.output
    );
}

#[tokio::test]
async fn another_kind_of_sketch_than_the_databases_is_refused() {
    let file = SqliteFile::create();
    started(&file.url())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    let error = ApiMetrics::builder()
        .embedded(file.path())
        .sketch_kind(SketchKind::TDigest)
        .no_auth()
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(
            &error,
            StartError::Store {
                source: StoreError::SketchKind { .. },
                ..
            }
        ),
        "{error:?}"
    );
}
