//! Single requests in ClickHouse: what is not the same as with one database.

use std::sync::Mutex;

use api_metrics_clickhouse::ClickHouse as Requests;
use api_metrics_store::{
    request_database::{
        Erasable, FoundRequests, GroupOrder, GroupPart, GroupSum, RequestDatabase, RequestOrder,
        RequestRow, RequestView, RequestsOf, RequestsWanted,
    },
    store::{Store, StoreError, async_trait},
    time::ManualClock,
};
use api_metrics_tests::{ClickHouse, PgDatabase, patient_by};
use futures_util::future::BoxFuture;

use super::*;

/// Does something after rows were written, before the writer goes on.
#[derive(Debug)]
struct After {
    inner: Arc<Requests>,
    hook: Mutex<Option<Hook>>,
}

/// What is done, and whether the writer hears that its rows are there.
struct Hook(BoxFuture<'static, ()>, bool);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

impl After {
    fn on(inner: Requests) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::new(inner),
            hook: Mutex::default(),
        })
    }

    fn next(&self, hears: bool, does: BoxFuture<'static, ()>) {
        *self.hook.lock().unwrap() = Some(Hook(does, hears));
    }

    /// The next rows are written, and their writer hears nothing of it.
    fn lose_the_next_answer(&self) {
        self.next(false, Box::pin(async {}));
    }
}

#[async_trait]
impl RequestDatabase for After {
    async fn put_requests(&self, rows: &[RequestRow]) -> Result<(), StoreError> {
        self.inner.put_requests(rows).await?;
        let hook = self.hook.lock().unwrap().take();
        let Some(Hook(does, hears)) = hook else {
            return Ok(());
        };
        does.await;
        if hears {
            return Ok(());
        }
        Err(StoreError::Unavailable("the answer was lost".into()))
    }
    async fn find_requests(
        &self,
        wanted: &RequestsWanted,
        order: RequestOrder,
        limit: u32,
        with_details: bool,
    ) -> Result<FoundRequests, StoreError> {
        self.inner
            .find_requests(wanted, order, limit, with_details)
            .await
    }
    async fn count_requests(&self, wanted: &RequestsWanted) -> Result<u64, StoreError> {
        self.inner.count_requests(wanted).await
    }
    async fn sum_groups(
        &self,
        wanted: &RequestsWanted,
        order: GroupOrder,
        limit: u32,
    ) -> Result<Vec<GroupSum>, StoreError> {
        self.inner.sum_groups(wanted, order, limit).await
    }
    async fn sum_group_parts(
        &self,
        wanted: &RequestsWanted,
        part_ms: i64,
    ) -> Result<Vec<GroupPart>, StoreError> {
        self.inner.sum_group_parts(wanted, part_ms).await
    }
    async fn request_snapshot(
        &self,
        wanted: &RequestsWanted,
    ) -> Result<Option<String>, StoreError> {
        self.inner.request_snapshot(wanted).await
    }
    async fn request_span(&self, view: &RequestView) -> Result<Option<(i64, i64)>, StoreError> {
        self.inner.request_span(view).await
    }
    async fn last_mark(&self) -> Result<i64, StoreError> {
        self.inner.last_mark().await
    }
    async fn erasable(
        &self,
        whose: &RequestsOf,
        view: &RequestView,
    ) -> Result<Erasable, StoreError> {
        self.inner.erasable(whose, view).await
    }
    async fn erase_requests(&self, whose: &RequestsOf) -> Result<(), StoreError> {
        self.inner.erase_requests(whose).await
    }
    async fn request_days(&self) -> Result<Vec<(i64, u64)>, StoreError> {
        self.inner.request_days().await
    }
    async fn remove_request_day(&self, day: i64) -> Result<(), StoreError> {
        self.inner.remove_request_day(day).await
    }
}

fn store_on(
    database: &PgDatabase,
    clock: &Arc<ManualClock>,
    requests: &Arc<After>,
) -> Arc<PostgresStore> {
    let options = patient_by(Arc::<ManualClock>::clone(clock) as Arc<dyn Clock>);
    let mut store = PostgresStore::connect_lazy(&database.url(), options).unwrap();
    store.keep_buckets_in(Arc::<Requests>::clone(&requests.inner));
    store.keep_requests_in(Arc::<After>::clone(requests));
    Arc::new(store)
}

/// A stage, and a process whose writes can be held up.
async fn held_up() -> (Stage, Arc<PostgresStore>, Arc<After>) {
    let stage = Stage::on(Database::clickhouse().await).await;
    let Database::ClickHouse(database, clickhouse) = &stage.h.database else {
        unreachable!()
    };
    let after = After::on(clickhouse.connect());
    let store = store_on(database, &stage.h.clock, &after);
    (stage, store, after)
}

fn of(user: &'static str) -> Shown {
    Shown {
        user: Some(user),
        error: Some(ErrorDetail::new(format!("quixotic {user}"))),
        ..Shown::new("/orders", 500)
    }
}

fn users(found: &[StoredRequest]) -> Vec<&str> {
    let mut users: Vec<_> = found.iter().filter_map(|r| r.user.as_deref()).collect();
    users.sort_unstable();
    users
}

/// Flushes until it works: connections break where Postgres goes back.
async fn flushed(store: &dyn RequestLogStore, log: &RequestLogBuffer) -> u64 {
    for _ in 0..20 {
        if let Ok(flushed) = store.flush_requests(log, false).await {
            return flushed.kept;
        }
    }
    panic!("it is never flushed")
}

#[tokio::test]
async fn rows_of_a_process_that_died_before_its_fence_never_count_and_go_with_their_day() {
    let (stage, store, after) = held_up().await;
    let dead = log_of(&stage.h, |_| {});
    show(&dead, &of("ann"));
    after.lose_the_next_answer();
    let lost = store.flush_requests(&dead, false).await.unwrap_err();
    assert!(lost.may_pass(), "{lost}");
    drop(dead);
    // Its rows are there, between those of others.
    stage.keep(&[of("bob"), of("bob")]).await;
    let rows = "SELECT count(*) FROM api_metrics.request_log";
    assert_eq!(stage.number(rows).await, 3);
    let all = stage.all().await;
    assert_eq!(users(&all), ["bob", "bob"]);
    let query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
    let groups = stage.store.request_groups(&query).await.unwrap();
    let kept: Vec<_> = groups.iter().map(|group| group.kept).collect();
    assert_eq!(kept, [2]);
    let status = stage.store.request_log_status().await.unwrap();
    assert_eq!((status.counts.kept, status.counts.chosen), (2, 2));
    // They are erased as all others are, and nobody counts them.
    let whose = Erasure::User("ann".to_owned());
    let erased = stage.store.erase_requests(&whose, "root").await.unwrap();
    assert_eq!((erased.requests, stage.number(rows).await), (0, 2));
    assert!(!contains(&stage.contents().await, "quixotic ann"));
    // What is open is forgotten with its day.
    let open = "SELECT count(*) FROM api_metrics.request_log_batch";
    assert_eq!(stage.number(open).await, 1);
    stage.set(NOON + 100 * DAY);
    stage.retain(&RequestLog::new()).await;
    assert_eq!(stage.number(rows).await, 0);
    stage.retain(&RequestLog::new()).await;
    assert_eq!((stage.number(open).await, stage.number(rows).await), (0, 0));
}

#[tokio::test]
async fn a_request_is_kept_once_though_the_engine_is_killed_between_rows_and_fence() {
    let database = PgDatabase::create().await;
    let engine = Arc::new(tokio::sync::Mutex::new(ClickHouse::start()));
    let clock = Arc::new(ManualClock::at(NOON));
    let url = format!("{}/default?compression=none", engine.lock().await.url());
    let after = After::on(Requests::connect_lazy(&url).unwrap());
    let store = store_on(&database, &clock, &after);
    store.prepare().await.unwrap();
    let mut settings = RequestLog::new();
    settings.keep = Keep::Everything;
    let log = RequestLogBuffer::new(settings, Instance::new(Uuid::new_v4(), "shop", "test"));
    let mut shown = 0_u64;
    for (hears, kills) in [(true, true), (false, true), (false, false), (true, false)] {
        for _ in 0..5 {
            show(&log, &Shown::failed("it is broken"));
            shown += 1;
        }
        let killed = Arc::clone(&engine);
        after.next(
            hears,
            Box::pin(async move {
                if kills {
                    killed.lock().await.kill();
                }
            }),
        );
        // The fence does not need the engine: what it has acknowledged is on its disk.
        let first = store.flush_requests(&log, false).await;
        assert_eq!(first.is_ok(), hears, "{first:?}");
        if kills {
            show(&log, &Shown::failed("it is broken"));
            shown += 1;
            let down = store.flush_requests(&log, false).await.unwrap_err();
            assert!(down.may_pass(), "{down}");
        }
        engine.lock().await.restart();
        store.flush_requests(&log, false).await.unwrap();
    }
    let mut query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
    query.limit = 1_000;
    let found = store.requests(&query).await.unwrap().requests;
    let ids: std::collections::BTreeSet<_> = found.iter().map(|request| request.id).collect();
    assert_eq!((found.len() as u64, ids.len() as u64), (shown, shown));
    let groups = store.request_groups(&query).await.unwrap();
    assert_eq!((groups[0].kept, groups[0].weight), (shown, shown));
    let counts = store.request_log_status().await.unwrap().counts;
    assert_eq!(counts, log.counts());
    assert_eq!((counts.kept, counts.dropped.total()), (shown, 0));
}

#[tokio::test]
async fn what_postgres_has_lost_is_lost_in_clickhouse_too_and_nothing_else_is() {
    // Who flushes first after it went back: a process that lost batches, one that lost none, or a new one.
    for first in ["loser", "other", "new"] {
        let mut stage = Stage::on(Database::clickhouse().await).await;
        let (loser, other) = (log_of(&stage.h, |_| {}), log_of(&stage.h, |_| {}));
        for log in [&loser, &other] {
            show(log, &of("kept"));
            assert_eq!(stage.flush(log).await, 1);
        }
        let before = stage.h.postgres().snapshot().await;
        for _ in 0..3 {
            show(&loser, &of("lost"));
            assert_eq!(flushed(&*stage.store, &loser).await, 1);
        }
        assert_eq!(stage.all().await.len(), 5);
        stage.h.postgres().restore(before).await;
        let new = log_of(&stage.h, |_| {});
        let mut order = vec![&loser, &other, &new];
        order.rotate_left(
            ["loser", "other", "new"]
                .iter()
                .position(|it| *it == first)
                .unwrap(),
        );
        for log in order {
            for _ in 0..2 {
                show(log, &of("later"));
                assert_eq!(flushed(&*stage.store, log).await, 1);
            }
        }
        let all = stage.all().await;
        let expected = [
            "kept", "kept", "later", "later", "later", "later", "later", "later",
        ];
        assert_eq!(users(&all), expected, "{first}");
        let status = stage.store.request_log_status().await.unwrap();
        assert_eq!(status.counts.kept, 8, "{first}");
    }
}

#[tokio::test]
async fn a_batch_that_is_under_way_when_postgres_goes_back_is_kept_once() {
    for had_a_mark in [false, true] {
        let (stage, store, after) = held_up().await;
        let log = log_of(&stage.h, |_| {});
        let database = Arc::new(tokio::sync::Mutex::new(stage.h.database));
        let snapshot = async |database: &tokio::sync::Mutex<Database>| {
            let mut database = database.lock().await;
            let Database::ClickHouse(database, _) = &mut *database else {
                unreachable!()
            };
            database.snapshot().await
        };
        show(&log, &of("before"));
        assert_eq!(flushed(&*store, &log).await, 1);
        show(&log, &of("under way"));
        let mut back = snapshot(&database).await;
        if had_a_mark {
            // Its mark is known, and its rows are there already.
            after.lose_the_next_answer();
            while after.hook.lock().unwrap().is_some() {
                assert!(store.flush_requests(&log, false).await.is_err());
            }
            back = snapshot(&database).await;
        }
        let held = Arc::clone(&database);
        after.next(
            true,
            Box::pin(async move {
                let Database::ClickHouse(database, _) = &*held.lock().await else {
                    unreachable!()
                };
                database.restore(back).await;
            }),
        );
        assert_eq!(flushed(&*store, &log).await, 1);
        show(&log, &of("later"));
        assert_eq!(flushed(&*store, &log).await, 1);
        let query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
        let found = store.requests(&query).await.unwrap().requests;
        assert_eq!(users(&found), ["before", "later", "under way"]);
        let counts = store.request_log_status().await.unwrap().counts;
        assert_eq!(counts.kept, 3);
    }
}

#[tokio::test]
async fn an_erasure_between_rows_and_fence_takes_them_and_what_is_sent_again_comes_after_it() {
    let (stage, store, after) = held_up().await;
    let log = log_of(&stage.h, |_| {});
    let erase = |hears| {
        let eraser = Arc::clone(&stage.store);
        after.next(
            hears,
            Box::pin(async move {
                let whose = Erasure::User("ann".to_owned());
                let erased = eraser.erase_requests(&whose, "root").await.unwrap();
                assert_eq!(erased.requests, 0);
            }),
        );
    };
    show(&log, &of("ann"));
    show(&log, &of("bob"));
    erase(true);
    store.flush_requests(&log, false).await.unwrap();
    assert_eq!(users(&stage.all().await), ["bob"]);
    let rows = "SELECT count(*) FROM api_metrics.request_log_detail";
    assert_eq!(stage.number(rows).await, 1);
    // As with Postgres alone: a batch that is committed after an erasure is not erased.
    show(&log, &of("ann"));
    erase(false);
    store.flush_requests(&log, false).await.unwrap_err();
    store.flush_requests(&log, false).await.unwrap();
    assert_eq!(users(&stage.all().await), ["ann", "bob"]);
}

#[tokio::test]
async fn what_comes_late_into_a_day_that_is_gone_goes_with_the_next_run() {
    let stage = Stage::on(Database::clickhouse().await).await;
    let mut short = RequestLog::new();
    short.retention = Duration::from_secs(2 * 86_400);
    let at = |at| Shown {
        at,
        ..Shown::new("/a", 200)
    };
    stage.keep(&[at(NOON - 5 * DAY), at(NOON)]).await;
    stage.retain(&short).await;
    assert_eq!(stage.all().await.len(), 1);
    // Another process keeps for longer.
    stage.keep(&[at(NOON - 5 * DAY)]).await;
    assert_eq!(stage.all().await.len(), 2);
    stage.retain(&short).await;
    assert_eq!(stage.all().await.len(), 1);
}

#[tokio::test]
async fn a_log_that_clickhouse_is_down_for_keeps_what_its_memory_holds_and_delays_no_count() {
    let database = PgDatabase::create().await;
    let mut engine = ClickHouse::start();
    let clock = Arc::new(ManualClock::at(NOON));
    let url = format!("{}/default?compression=none", engine.url());
    let after = After::on(Requests::connect_lazy(&url).unwrap());
    let store = store_on(&database, &clock, &after);
    store.prepare().await.unwrap();
    engine.kill();
    let mut settings = RequestLog::new();
    settings.keep = Keep::Everything;
    let log = RequestLogBuffer::new(settings, Instance::new(Uuid::new_v4(), "shop", "test"));
    show(&log, &Shown::new("/a", 200));
    let error = store.flush_requests(&log, false).await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    let writer = crate::harness::writer_of("shop", &clock);
    crate::harness::record(&writer, NOON, "/a", None, 5, 3);
    store.flush(&writer).await.unwrap();
    assert_eq!(log.counts().waiting, 1);
    engine.restart();
    assert_eq!(store.flush_requests(&log, true).await.unwrap().kept, 1);
}
