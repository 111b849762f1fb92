//! What a database holds, read by a process that recorded nothing of it.

use std::{collections::BTreeMap, sync::Arc};

use api_metrics_store::{
    bucket::Bucket,
    postgres::PostgresStore,
    query::{Query, TimeRange, TimeStep},
    sqlite::SqliteStore,
    store::Store,
    time::Granularity,
};

/// Everything that a clock of ours could have written.
pub const ALWAYS: TimeRange = TimeRange::new(0, 4_102_444_800);

/// Opens the database at this URL, of either kind.
///
/// # Panics
/// Where the URL names no database.
#[must_use]
pub fn open(url: &str) -> Arc<dyn Store> {
    if url.starts_with("postgres") {
        Arc::new(PostgresStore::connect_lazy(url, crate::patient()).unwrap())
    } else {
        Arc::new(SqliteStore::open(url, crate::patient()).unwrap())
    }
}

/// The sum over all time, of one service or of all.
pub async fn sum(store: &dyn Store, service: Option<&str>) -> Option<Bucket> {
    let mut query = Query::over(ALWAYS);
    query.filter.service = service.map(str::to_owned);
    store.read(&query, None).await.unwrap().total().cloned()
}

/// How many requests there are over all time.
pub async fn requests(store: &dyn Store, service: Option<&str>) -> u64 {
    sum(store, service)
        .await
        .map_or(0, |bucket| bucket.request_count)
}

/// The sums by UTC day, as (start in Unix seconds, sum).
pub async fn days(store: &dyn Store) -> BTreeMap<i64, Bucket> {
    let mut query = Query::over(ALWAYS);
    query.group_by.time = Some(TimeStep::Fixed(Granularity::Day));
    let answer = store.read(&query, None).await.unwrap();
    answer
        .rows
        .into_iter()
        .map(|row| (row.group.period_start.unwrap(), row.bucket))
        .collect()
}

/// The counts by endpoint.
pub async fn endpoints(store: &dyn Store) -> BTreeMap<String, u64> {
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
