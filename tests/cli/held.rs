//! What a database holds by day and by endpoint.

use std::collections::BTreeMap;

use api_metrics_store::{
    bucket::Bucket,
    query::{Query, TimeStep},
    store::Store,
    time::Granularity,
};

use crate::stored::ALWAYS;

/// The sums by UTC day, as (start in Unix seconds, sum).
pub(crate) async fn days(store: &dyn Store) -> BTreeMap<i64, Bucket> {
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
