//! Buckets that move from Postgres into ClickHouse.

use std::sync::Arc;

use api_metrics_store::{
    control::billing::{BillingSettings, reconcile},
    postgres::PostgresStore,
    query::{Answer, GroupBy, Query, TimeRange, TimeStep},
    request_log::{Erasure, RequestLog, RequestLogStore},
    store::{Store, StoreError},
    time::{Clock, Granularity, ManualClock},
};
use api_metrics_tests::{ClickHouseDatabase, patient_by, question};
use chrono::NaiveDate;

use crate::{
    harness::{Database, Harness, NOON, record, writer_of},
    series::questions,
};

const HOUR: i64 = 3_600;

/// Two days of two services, all of it rolled up but for what waits in the inbox.
async fn stage() -> Harness {
    let h = Harness::on(Database::postgres().await).await;
    let writers = ["shop", "bank"].map(|service| writer_of(service, &h.clock));
    for (n, ago) in (0..40).map(|n| (n, n as i64 * 71 * 60)).rev() {
        for (writer, latency) in writers.iter().zip([5, 7]) {
            let key = ["k", "l"].get(n % 3).copied();
            let endpoint = ["/a", "/b", "/c"][n % 3];
            record(
                writer,
                NOON - ago,
                endpoint,
                key,
                latency + n as u64,
                1 + n as u64 % 4,
            );
        }
        if n == 20 || n == 1 {
            for writer in &writers {
                h.store.flush(writer).await.unwrap();
            }
            h.settle().await;
        }
    }
    for writer in &writers {
        h.store.flush(writer).await.unwrap();
    }
    h
}

/// Questions that are answered from every layer.
fn all_questions() -> Vec<Query> {
    let mut all = questions();
    let mut by_endpoint = GroupBy::default();
    by_endpoint.endpoint = true;
    for step in [None, Some(Granularity::Hour), Some(Granularity::Day)] {
        let ranges = [
            (NOON - 49 * HOUR, NOON + 60),
            (NOON - 47 * HOUR - 1_500, NOON - 60),
            (NOON - 2_400, NOON + 60),
        ];
        for (from, to) in ranges {
            all.push(question(TimeRange::new(from, to), |query| {
                query.group_by = by_endpoint;
                query.group_by.time = step.map(TimeStep::Fixed);
            }));
        }
    }
    all
}

async fn answers(store: &dyn Store) -> Vec<Answer> {
    let mut answers = Vec::new();
    for question in all_questions() {
        answers.push(store.read(&question, None).await.unwrap());
    }
    answers
}

fn with_clickhouse(h: &Harness, buckets: &ClickHouseDatabase) -> PostgresStore {
    let Database::Postgres(database) = &h.database else {
        unreachable!()
    };
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&h.clock);
    let mut store = PostgresStore::connect_lazy(&database.url(), patient_by(clock)).unwrap();
    let buckets = Arc::new(buckets.connect());
    store.keep_requests_in(buckets.clone());
    store.keep_buckets_in(buckets);
    store
}

fn assert_same(before: &[Answer], after: &[Answer]) {
    for ((before, after), question) in before.iter().zip(after).zip(all_questions()) {
        assert_eq!(before.rows, after.rows, "{question:?}");
    }
}

async fn execute(h: &mut Harness, sql: &str) {
    h.postgres().admin(sql).await;
}

#[tokio::test]
async fn every_answer_is_the_same_after_the_buckets_have_moved_and_services_go_on() {
    let h = stage().await;
    let before = answers(&*h.store).await;
    assert!(before.iter().all(|answer| !answer.rows.is_empty()));
    let buckets = ClickHouseDatabase::create().await;
    let moved = with_clickhouse(&h, &buckets);
    let refused = moved.prepare().await.unwrap_err().to_string();
    assert!(refused.contains("api-metrics move"), "{refused}");
    let rows = moved.move_buckets().await.unwrap();
    assert!(rows.is_some_and(|rows| rows > 100), "{rows:?}");
    assert_eq!(moved.move_buckets().await.unwrap(), None);
    moved.prepare().await.unwrap();
    assert_same(&before, &answers(&moved).await);

    // A process of before: what it records is kept, and it does not answer from what stands still.
    let writer = h.writer();
    record(&writer, NOON, "/a", None, 5, 4);
    h.store.flush(&writer).await.unwrap();
    let query = Query::over(TimeRange::new(NOON - 40 * HOUR, NOON + 60));
    let left = h.store.read(&query, None).await.unwrap_err();
    assert!(matches!(left, StoreError::Conflict(_)), "{left}");
    let settings = BillingSettings::default();
    let [from, to] = [9, 10].map(|day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap());
    let left = reconcile(&*h.store, &settings, from, to).await.unwrap_err();
    assert!(matches!(left, StoreError::Conflict(_)), "{left}");
    assert!(reconcile(&moved, &settings, from, to).await.is_ok());
    assert!(matches!(
        h.store.fold().await,
        Err(StoreError::Outdated { .. })
    ));

    // Late requests count in periods that were made before, once they are made anew.
    record(&writer, NOON - 30 * HOUR, "/a", None, 5, 3);
    h.store.flush(&writer).await.unwrap();
    let total = |answer: &Answer| answer.total().map_or(0, |bucket| bucket.request_count);
    let all = total(&moved.read(&query, None).await.unwrap());
    for _ in 0..2 {
        while moved.fold().await.unwrap().more {}
        assert_eq!(total(&moved.read(&query, None).await.unwrap()), all);
        while moved.roll_up().await.unwrap().steps > 0 {}
        assert_eq!(total(&moved.read(&query, None).await.unwrap()), all);
    }
    let of_before: u64 = (0..40)
        .filter(|n| n * 71 < 40 * 60)
        .map(|n| 2 * (1 + n % 4))
        .sum();
    assert_eq!(all, of_before + 7);
}

#[tokio::test]
async fn a_move_that_failed_is_done_once_more_and_nothing_is_lost_or_counted_twice() {
    let mut h = stage().await;
    let before = answers(&*h.store).await;
    let buckets = ClickHouseDatabase::create().await;
    let moved = with_clickhouse(&h, &buckets);
    // Of the hours one can't be read.
    execute(
        &mut h,
        "CREATE TABLE public.kept AS SELECT * FROM api_metrics.metrics_1h; \
         UPDATE api_metrics.metrics_1h SET latency_sketch = '\\xff00' \
         WHERE period_start = (SELECT max(period_start) FROM api_metrics.metrics_1h)",
    )
    .await;
    let failed = moved.move_buckets().await.unwrap_err();
    assert!(matches!(failed, StoreError::Corrupt(_)), "{failed}");
    execute(
        &mut h,
        "UPDATE api_metrics.metrics_1h AS m SET latency_sketch = k.latency_sketch FROM public.kept AS k \
         WHERE k.period_start = m.period_start AND k.series_id = m.series_id",
    )
    .await;
    // Meanwhile everything is read where it is, and nobody changes it.
    assert_same(&before, &answers(&*h.store).await);
    assert!(matches!(
        h.store.fold().await,
        Err(StoreError::Outdated { .. })
    ));
    assert!(moved.fold().await.is_err());
    assert!(moved.move_buckets().await.unwrap().is_some());
    assert_same(&before, &answers(&moved).await);
    while moved.fold().await.unwrap().more {}
    while moved.roll_up().await.unwrap().steps > 0 {}
    assert_same(&before, &answers(&moved).await);
}

#[tokio::test]
async fn buckets_do_not_move_to_where_those_of_another_store_are() {
    let other = Harness::on(Database::clickhouse().await).await;
    let writer = other.writer();
    record(&writer, NOON, "/a", None, 5, 1);
    other.store.flush(&writer).await.unwrap();
    other.settle().await;
    let Database::ClickHouse(_, buckets) = &other.database else {
        unreachable!()
    };
    let h = stage().await;
    let refused = with_clickhouse(&h, buckets)
        .move_buckets()
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("another store"), "{refused}");
    assert!(h.store.fold().await.unwrap().led);
    assert!(h.requests(NOON - HOUR, NOON + 60).await > 0);
}

#[tokio::test]
async fn single_requests_of_before_a_move_are_erased_and_go_in_their_time() {
    let mut h = Harness::on(Database::postgres().await).await;
    crate::request_log::keep_of(&h, &["alpha", "beta"]).await;
    let url = h.postgres().url();
    let count = async || -> i64 {
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let sql = "SELECT count(*) FROM api_metrics.request_log";
        let count = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
        pool.close().await;
        count
    };
    let kept = count().await;
    assert!(kept > 1);
    let buckets = ClickHouseDatabase::create().await;
    let moved = with_clickhouse(&h, &buckets);
    moved.move_buckets().await.unwrap();
    moved.prepare().await.unwrap();
    let alpha = moved.api_keys_named(&["alpha".to_owned()]).await.unwrap();
    let of_alpha = Erasure::ApiKey(alpha[0].id);
    let erased = moved.erase_requests(&of_alpha, "root").await.unwrap();
    assert_eq!(erased.requests, 1);
    assert_eq!(count().await, kept - 1);
    h.clock.step_to(NOON + 100 * 24 * HOUR);
    let settings = RequestLog::new();
    while moved.retain_requests(&settings).await.unwrap().more {}
    assert_eq!(count().await, 0);
}
