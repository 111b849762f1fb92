//! A SQLite file that goes away under its process, tables that somebody drops, and an orderly end.

use std::{sync::Arc, time::Duration};

use api_metrics::{ApiMetrics, MetricSink, RequestRecord};
use api_metrics_store::{
    query::{Query, TimeRange},
    sqlite::SqliteStore,
    store::{Store, StoreError, StoreOptions},
};
use api_metrics_tests::{PgDatabase, SqliteFile};

async fn started(url: &str) -> ApiMetrics {
    ApiMetrics::builder()
        .database(url)
        .no_auth()
        .flush_interval(Duration::from_secs(3_600))
        .start()
        .await
        .unwrap()
}

fn record(metrics: &ApiMetrics, n: u64) {
    let now = std::time::SystemTime::now();
    for _ in 0..n {
        metrics.sink().record(&RequestRecord::new("GET", "/", now));
    }
}

async fn requests(store: &dyn Store) -> u64 {
    let query = Query::over(TimeRange::new(0, 4_102_444_800));
    let answer = store.read(&query, None).await.unwrap();
    answer.total().map_or(0, |bucket| bucket.request_count)
}

/// The requests in a copy of the file, without what stands beside it.
async fn in_the_file_alone(file: &SqliteFile) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(file.path(), &copy).unwrap();
    let store = SqliteStore::open(copy.to_str().unwrap(), StoreOptions::default()).unwrap();
    store.prepare().await.unwrap();
    requests(&store).await
}

fn remove(file: &SqliteFile) {
    for ending in ["db", "db-wal", "db-shm"] {
        // The log and its index are not always there.
        let _ = std::fs::remove_file(file.path().with_extension(ending));
    }
    assert!(!file.path().exists());
}

#[tokio::test]
async fn a_file_that_is_deleted_is_noticed_by_the_next_flush_and_written_anew() {
    let file = SqliteFile::on_disk();
    let metrics = started(&file.url()).await;
    record(&metrics, 5);
    metrics.flush().await.unwrap();
    remove(&file);
    record(&metrics, 3);
    // What was acknowledged within the last minute is still held, and goes once more.
    metrics.flush().await.unwrap();
    assert!(file.path().exists());
    let store = metrics.store().unwrap();
    assert_eq!(requests(&*store).await, 8);
    assert_eq!(store.fold().await.unwrap().batches, 1);
    metrics.shutdown().await.unwrap();
    assert_eq!(in_the_file_alone(&file).await, 8);
}

#[tokio::test]
async fn a_file_that_is_deleted_before_the_end_is_there_after_it() {
    let file = SqliteFile::on_disk();
    let metrics = started(&file.url()).await;
    record(&metrics, 5);
    metrics.flush().await.unwrap();
    remove(&file);
    // Nothing is left to flush, and still no file would be left behind.
    metrics.shutdown().await.unwrap();
    assert_eq!(in_the_file_alone(&file).await, 5);
}

#[tokio::test]
async fn a_file_that_is_replaced_by_an_older_one_gets_what_it_lacks() {
    let file = SqliteFile::on_disk();
    let metrics = started(&file.url()).await;
    record(&metrics, 5);
    metrics.flush().await.unwrap();
    metrics.shutdown().await.unwrap();
    let backup = file.path().with_extension("backup");
    std::fs::copy(file.path(), &backup).unwrap();
    record(&metrics, 4);
    metrics.flush().await.unwrap();
    remove(&file);
    std::fs::rename(&backup, file.path()).unwrap();
    record(&metrics, 2);
    metrics.flush().await.unwrap();
    assert_eq!(requests(&*metrics.store().unwrap()).await, 11);
    metrics.shutdown().await.unwrap();
    assert_eq!(in_the_file_alone(&file).await, 11);
}

#[tokio::test]
async fn tables_that_are_dropped_under_a_process_are_made_anew() {
    let database = PgDatabase::create().await;
    let metrics = started(&database.url()).await;
    record(&metrics, 5);
    metrics.flush().await.unwrap();
    database.admin("DROP SCHEMA api_metrics CASCADE").await;
    let store = metrics.store().unwrap();
    let told = store.status().await.unwrap_err();
    assert!(matches!(told, StoreError::Unprepared(_)), "{told:?}");
    record(&metrics, 3);
    metrics.flush().await.unwrap();
    assert_eq!(requests(&*store).await, 8);
    metrics.shutdown().await.unwrap();
}

async fn an_instance_that_ends_in_order_is_no_longer_live(url: &str) {
    let metrics = started(url).await;
    let live = |store: Arc<dyn Store>| async move {
        let status = store.status().await.unwrap();
        status
            .instances
            .iter()
            .map(|instance| instance.live)
            .collect::<Vec<_>>()
    };
    let store = metrics.store().unwrap();
    record(&metrics, 5);
    metrics.flush().await.unwrap();
    assert_eq!(live(Arc::clone(&store)).await, [true]);
    metrics.shutdown().await.unwrap();
    assert_eq!(live(Arc::clone(&store)).await, [false]);
    // What it left in the inbox is still read and folded.
    assert_eq!(requests(&*store).await, 5);
    assert_eq!(store.fold().await.unwrap().batches, 1);
    assert_eq!(requests(&*store).await, 5);
    // A request that ended late makes it live again.
    record(&metrics, 1);
    metrics.flush().await.unwrap();
    assert_eq!(live(store).await, [true]);
}

#[tokio::test]
async fn an_instance_that_ends_in_order_is_no_longer_live_on_sqlite() {
    an_instance_that_ends_in_order_is_no_longer_live(&SqliteFile::on_disk().url()).await;
}

#[tokio::test]
async fn an_instance_that_ends_in_order_is_no_longer_live_on_postgres() {
    an_instance_that_ends_in_order_is_no_longer_live(&PgDatabase::create().await.url()).await;
}

#[tokio::test]
async fn a_store_that_nobody_has_prepared_says_so() {
    let (file, database) = (SqliteFile::on_disk(), PgDatabase::create().await);
    let sqlite = SqliteStore::open(&file.url(), StoreOptions::default()).unwrap();
    let postgres = api_metrics_store::postgres::PostgresStore::connect_lazy(
        &database.url(),
        api_metrics_tests::patient(),
    )
    .unwrap();
    let stores: [&dyn Store; 2] = [&sqlite, &postgres];
    for store in stores {
        let told = store.fold().await.unwrap_err();
        assert!(matches!(told, StoreError::Unprepared(_)), "{told:?}");
        let told = store.status().await.unwrap_err();
        assert!(
            matches!(
                told,
                StoreError::Unavailable(_) | StoreError::Timeout(_) | StoreError::Unprepared(_)
            ),
            "{told:?}"
        );
        store.prepare().await.unwrap();
        store.status().await.unwrap();
    }
}
