//! Buckets in ClickHouse: what is not the same as with one database.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api_metrics_clickhouse::ClickHouse as Buckets;
use api_metrics_store::{
    bucket_database::{
        Announced, BucketColumns, BucketDatabase, CopiedRow, IntoSum, PartOfSum, Rollup, SumOf,
        View,
    },
    postgres::PostgresStore,
    query::{Query, TimeRange},
    store::{Store, StoreError, async_trait},
    time::{Clock, Granularity, ManualClock, UnixSeconds},
};
use api_metrics_tests::{ClickHouse, PgDatabase, patient_by};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::harness::{Database, Harness, NOON, record, writer_of};

fn store_on(
    database: &PgDatabase,
    clock: &Arc<ManualClock>,
    buckets: Option<Arc<dyn BucketDatabase>>,
) -> PostgresStore {
    let options = patient_by(Arc::<ManualClock>::clone(clock) as Arc<dyn Clock>);
    let mut store = PostgresStore::connect_lazy(&database.url(), options).unwrap();
    if let Some(buckets) = buckets {
        store.keep_buckets_in(buckets);
    }
    store
}

async fn requests(store: &dyn Store, from: UnixSeconds, to: UnixSeconds) -> u64 {
    let query = Query::over(TimeRange::new(from, to));
    let answer = store.read(&query, None).await.unwrap();
    answer.total().map_or(0, |bucket| bucket.request_count)
}

#[tokio::test]
async fn writers_do_not_wait_for_clickhouse_and_nothing_is_lost_while_it_is_gone() {
    let database = PgDatabase::create().await;
    let mut engine = ClickHouse::start();
    let clock = Arc::new(ManualClock::at(NOON));
    let url = format!("{}/default?compression=none", engine.url());
    let buckets = Arc::new(Buckets::connect_lazy(&url).unwrap());
    let store = store_on(&database, &clock, Some(buckets));
    // The first start may find it gone too.
    engine.kill();
    store.prepare().await.unwrap();
    let writer = writer_of("shop", &clock);
    record(&writer, NOON, "/a", None, 5, 3);
    store.flush(&writer).await.unwrap();
    let error = store.fold().await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    let status = store.status().await.unwrap();
    let of_buckets = status.buckets.unwrap();
    assert!(of_buckets.error.is_some() && of_buckets.copied_at.is_none());
    assert_eq!(status.inbox.records, 3);
    engine.restart();
    assert_eq!(store.fold().await.unwrap().batches, 1);
    assert_eq!(requests(&store, NOON, NOON + 60).await, 3);
    let status = store.status().await.unwrap();
    let of_buckets = status.buckets.unwrap();
    assert!(of_buckets.error.is_none() && of_buckets.copied_at.is_some());
    let version = of_buckets.version.unwrap();
    assert!(version.starts_with("ClickHouse "), "{version}");
    assert_eq!(status.inbox.records, 0);
    // What was acknowledged is there after a crash.
    engine.kill();
    engine.restart();
    assert_eq!(requests(&store, NOON, NOON + 60).await, 3);
}

#[tokio::test]
async fn who_does_not_name_clickhouse_is_refused_by_a_database_that_has_left_its_buckets_to_it() {
    let h = Harness::on(Database::clickhouse().await).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", None, 5, 3);
    h.store.flush(&writer).await.unwrap();
    let Database::ClickHouse(database, _) = &h.database else {
        unreachable!()
    };
    let without = store_on(database, &h.clock, None);
    let refused = without.prepare().await.unwrap_err().to_string();
    assert!(refused.contains("ClickHouse"), "{refused}");
    // Nor does one lead that has not been started anew.
    assert!(matches!(
        without.fold().await,
        Err(StoreError::Outdated { .. })
    ));
    assert_eq!(h.store.fold().await.unwrap().batches, 1);
}

#[tokio::test]
async fn a_database_with_buckets_of_its_own_does_not_leave_them_behind() {
    let h = Harness::on(Database::postgres().await).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", None, 5, 3);
    h.store.flush(&writer).await.unwrap();
    h.store.fold().await.unwrap();
    let Database::Postgres(database) = &h.database else {
        unreachable!()
    };
    let nowhere = Buckets::connect_lazy("http://127.0.0.1:9/default").unwrap();
    let store = store_on(database, &h.clock, Some(Arc::new(nowhere)));
    let refused = store.prepare().await.unwrap_err().to_string();
    assert!(refused.contains("buckets of its own"), "{refused}");
    assert_eq!(h.requests(NOON, NOON + 60).await, 3);
}

/// Does something before the first sum that it is asked for; or writes once without anybody hearing of it.
#[derive(Debug)]
struct Between {
    inner: Buckets,
    first: Mutex<Option<Hook>>,
    is_unheard: AtomicBool,
}

struct Hook(BoxFuture<'static, ()>);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

#[async_trait]
impl BucketDatabase for Between {
    async fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare().await
    }
    async fn announced(&self) -> Result<Announced, StoreError> {
        self.inner.announced().await
    }
    async fn announce(&self, what: Announced) -> Result<(), StoreError> {
        self.inner.announce(what).await
    }
    async fn put(&self, granularity: Granularity, rows: Vec<CopiedRow>) -> Result<(), StoreError> {
        self.inner.put(granularity, rows).await?;
        if self.is_unheard.swap(false, Ordering::SeqCst) {
            return Err(StoreError::Unavailable("nobody hears of it".into()));
        }
        Ok(())
    }
    async fn roll_up(&self, rollup: &Rollup<'_>) -> Result<(), StoreError> {
        self.inner.roll_up(rollup).await
    }
    async fn rolled_up(
        &self,
        granularity: Granularity,
        epochs: (i64, i64),
    ) -> Result<Vec<UnixSeconds>, StoreError> {
        self.inner.rolled_up(granularity, epochs).await
    }
    async fn sum(&self, of: &SumOf<'_>, into: &mut IntoSum<'_>) -> Result<(), StoreError> {
        let first = self.first.lock().unwrap().take();
        if let Some(Hook(first)) = first {
            first.await;
        }
        self.inner.sum(of, into).await
    }
    async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<u64, StoreError> {
        self.inner.remove_below(granularity, floor).await
    }
    async fn version(&self) -> Result<String, StoreError> {
        self.inner.version().await
    }
}

/// A store over the same databases, which does `first` in the middle of its first read.
fn held_up(h: &Harness, first: BoxFuture<'static, ()>) -> PostgresStore {
    between(h, Some(Hook(first)), false)
}

fn between(h: &Harness, first: Option<Hook>, is_unheard: bool) -> PostgresStore {
    let Database::ClickHouse(database, buckets) = &h.database else {
        unreachable!()
    };
    let between = Between {
        inner: buckets.connect(),
        first: Mutex::new(first),
        is_unheard: AtomicBool::new(is_unheard),
    };
    store_on(database, &h.clock, Some(Arc::new(between)))
}

#[tokio::test]
async fn what_was_copied_by_a_fold_that_did_not_end_counts_once() {
    let h = Harness::on(Database::clickhouse().await).await;
    let writer = h.writer();
    record(&writer, NOON, "/a", None, 5, 3);
    h.store.flush(&writer).await.unwrap();
    let leader = between(&h, None, true);
    let failed = leader.fold().await.unwrap_err();
    assert!(failed.may_pass(), "{failed}");
    // Its rows are there, and the inbox has them still.
    assert_eq!(requests(&*h.store, NOON, NOON + 60).await, 3);
    assert_eq!(h.store.fold().await.unwrap().batches, 1);
    assert_eq!(requests(&*h.store, NOON, NOON + 60).await, 3);
    assert_eq!(leader.fold().await.unwrap().batches, 0);
}

#[tokio::test]
async fn a_read_that_a_rollup_comes_into_begins_again() {
    let h = Harness::on(Database::clickhouse().await).await;
    let writer = h.writer();
    record(&writer, NOON - 7_000, "/a", None, 5, 3);
    h.store.flush(&writer).await.unwrap();
    h.clock.advance(Duration::from_secs(2 * 86_400));
    h.settle().await;
    record(&writer, NOON - 6_900, "/a", None, 5, 2);
    h.store.flush(&writer).await.unwrap();
    let leader = Arc::clone(&h.store);
    // The reader's snapshot has the late batch in the inbox, and the day clean.
    let reader = held_up(
        &h,
        Box::pin(async move {
            while leader.fold().await.unwrap().more {}
            while leader.roll_up().await.unwrap().steps > 0 {}
        }),
    );
    assert_eq!(requests(&reader, NOON - 43_200, NOON + 43_200).await, 5);
}

#[tokio::test]
async fn a_read_whose_import_is_taken_back_meanwhile_begins_again() {
    use api_metrics_store::control::imports::{ImportRecord, ImportUndo, ImportedRequests};
    let h = Harness::on(Database::clickhouse().await).await;
    let writer = h.writer();
    let mut import = ImportRecord::new(writer.instance.id, "head");
    import.service = "shop".into();
    import.environment = "test".into();
    h.store.put_import(&import).await.unwrap();
    record(&writer, NOON, "/a", None, 5, 3);
    h.store.flush(&writer).await.unwrap();
    h.clock.advance(Duration::from_secs(3_600));
    h.settle().await;
    let fence = h.store.fence(writer.instance.id).await.unwrap();
    let wanted = ImportedRequests::new(&import, 3, (NOON, NOON), fence);
    let leader = Arc::clone(&h.store);
    let reader = held_up(
        &h,
        Box::pin(async move {
            let undone = leader.undo_import(&wanted).await.unwrap();
            assert!(matches!(undone, ImportUndo::Done { .. }), "{undone:?}");
        }),
    );
    assert_eq!(requests(&reader, NOON - 3_600, NOON + 3_600).await, 0);
}

#[tokio::test]
async fn a_rollup_of_more_series_than_one_statement_may_sum_misses_none() {
    let Database::ClickHouse(_, database) = Database::clickhouse().await else {
        unreachable!()
    };
    let buckets = database.connect();
    buckets.prepare().await.unwrap();
    let minutes: Vec<UnixSeconds> = (0..12).map(|n| NOON + n * 300).collect();
    // Numbers of series have gaps where others were removed.
    let series: Vec<i64> = (1..=2_600).map(|n| n * 7 / 3 + n / 900 * 5_000).collect();
    let rows = minutes.iter().flat_map(|minute| {
        series.iter().map(|id| {
            let mut columns = BucketColumns::default();
            columns.sums[0] = id.cast_unsigned();
            CopiedRow::new((*minute, *id), (Uuid::from_u128(7), 1, 0), 1, columns)
        })
    });
    (buckets.put(Granularity::Minute, rows.collect()).await).unwrap();
    let view = View::upto(1);
    let tables = (Granularity::FiveMinutes, Granularity::Minute);
    let rollup = Rollup::new(tables, &minutes, &view, 2);
    buckets.roll_up(&rollup).await.unwrap();

    let (ranges, edges) = ([(NOON, NOON + 3_600)], [NOON, NOON + 3_600]);
    let mut asked = SumOf::new(tables.0, (&ranges, &edges), &series, &view);
    asked.by_series = true;
    let mut found: Vec<(i64, u64)> = Vec::new();
    let mut add = |part: PartOfSum| {
        if part.columns.sums[0] > 0 {
            found.push((part.series_id, part.columns.sums[0]));
        }
        Ok(())
    };
    buckets.sum(&asked, &mut add).await.unwrap();
    found.sort_unstable();
    let twelve: Vec<_> = series
        .iter()
        .map(|id| (*id, 12 * id.cast_unsigned()))
        .collect();
    assert_eq!(found, twelve);
}
