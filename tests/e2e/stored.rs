//! What a database holds, read by a process that recorded nothing of it.

use std::{collections::BTreeMap, sync::Arc};

use api_metrics_store::{
    bucket::Bucket,
    postgres::PostgresStore,
    query::{Query, TimeRange},
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
    let mut query = Query::over(ALWAYS);
    query.filter.service = service.map(str::to_owned);
    store.read(&query, None).await.unwrap().total().cloned()
}

/// How many requests there are over all time.
pub(crate) async fn requests(store: &dyn Store, service: Option<&str>) -> u64 {
    sum(store, service)
        .await
        .map_or(0, |bucket| bucket.request_count)
}

/// The counts by endpoint.
pub(crate) async fn endpoints(store: &dyn Store) -> BTreeMap<String, u64> {
    let mut query = Query::over(ALWAYS);
    query.group_by.endpoint = true;
    let answer = store.read(&query, None).await.unwrap();
    answer
        .rows
        .into_iter()
        .map(|row| {
            let endpoint = row.group.endpoint.unwrap();
            (endpoint.to_string(), row.bucket.request_count)
        })
        .collect()
}
