//! What a database holds, read by a process that recorded nothing of it.

use std::sync::Arc;

use api_metrics_store::{
    bucket::Bucket,
    postgres::PostgresStore,
    query::{Filter, Query, TimeRange},
    sqlite::SqliteStore,
    store::Store,
};

/// Everything that a clock of ours could have written.
pub(crate) const ALWAYS: TimeRange = TimeRange::new(0, 4_102_444_800);

pub(crate) fn open(url: &str) -> Arc<dyn Store> {
    if url.starts_with("postgres") {
        Arc::new(PostgresStore::connect_lazy(url, api_metrics_tests::patient()).unwrap())
    } else {
        Arc::new(SqliteStore::open(url, api_metrics_tests::patient()).unwrap())
    }
}

/// The sum over all time, of one service or of all.
pub(crate) async fn sum(store: &dyn Store, service: Option<&str>) -> Option<Bucket> {
    let query = Query::over(ALWAYS).filter({
        let mut filter = Filter::default();
        filter.service = service.map(str::to_owned);
        filter
    });
    store.read(&query, None).await.unwrap().total().cloned()
}

/// How many requests there are over all time.
pub(crate) async fn requests(store: &dyn Store, service: Option<&str>) -> u64 {
    sum(store, service)
        .await
        .map_or(0, |bucket| bucket.request_count)
}
