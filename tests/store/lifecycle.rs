//! A database over time: partitions that are made ahead, space that is given back, and a kind of sketch
//! that was chosen at the start.

use std::{sync::Arc, task::Poll, time::Duration};

use api_metrics::{ApiMetrics, Maintenance};
use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    recorder::{Recorder, RecorderOptions},
    sketch::{Sketch, SketchKind},
    sqlite::SqliteStore,
    store::{Store, StoreOptions, Writer},
    time::{Granularity, ManualClock},
};
use api_metrics_tests::{PgDatabase, SqliteFile, patient};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::harness::{Database, Harness, NOON, record, writer_of};

const HOUR: i64 = 3_600;

async fn partitions(database: &Database) -> Vec<String> {
    let Database::Postgres(database) = database else {
        panic!("only Postgres has partitions");
    };
    let mut sql = PgConnection::connect_with(&database.options())
        .await
        .unwrap();
    let names = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
         JOIN pg_class AS p ON p.oid = i.inhparent \
         WHERE p.relkind = 'p' AND p.relnamespace = 'api_metrics'::regnamespace ORDER BY 1",
    )
    .fetch_all(&mut sql)
    .await
    .unwrap();
    sql.close().await.unwrap();
    names
}

#[tokio::test]
async fn partitions_are_there_before_the_first_row_and_go_with_their_floor() {
    let h = Harness::on(Database::postgres().await).await;
    h.store.retain().await.unwrap();
    let ahead = partitions(&h.database).await;
    // 2026-03-10 is a Tuesday.
    let names = [
        "metrics_1d_2026",
        "metrics_1h_20260309",
        "metrics_1h_20260316",
        "metrics_1m_20260310_12",
        "metrics_1m_20260310_13",
        "metrics_5m_20260310",
        "metrics_5m_20260311",
    ];
    assert_eq!(ahead, names);
    // What is recorded in this hour and the next finds its place.
    let writer = h.writer();
    for minutes in [0, 59, 61, 119] {
        record(&writer, NOON + 60 * minutes, "/a", None, 5, 1);
    }
    h.clock.advance(Duration::from_secs(2 * 3_600));
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    assert_eq!(partitions(&h.database).await, names);
    assert_eq!(h.requests(NOON, NOON + 2 * HOUR).await, 4);

    h.clock.advance(Duration::from_secs(30 * 3_600));
    for _ in 0..2 {
        h.settle().await;
        while h.store.retain().await.unwrap().more {}
        h.clock.advance(Duration::from_secs(601));
    }
    let later = partitions(&h.database).await;
    assert!(
        !later.contains(&"metrics_1m_20260310_12".to_owned()),
        "{later:?}"
    );
    assert!(
        !later.contains(&"metrics_1m_20260310_13".to_owned()),
        "{later:?}"
    );
    assert!(
        later.contains(&"metrics_5m_20260310".to_owned()),
        "{later:?}"
    );
    assert!(
        later.contains(&"metrics_1m_20260311_21".to_owned()),
        "{later:?}"
    );
    assert_eq!(h.requests(NOON, NOON + 2 * HOUR).await, 4);
}

/// A statement sees the partitions of its own time, whatever its snapshot. A read is held up at one await
/// after the other while a leader drops the partition that it asks about.
#[tokio::test]
async fn a_read_that_has_begun_finds_what_a_leader_drops_meanwhile() {
    const READS: i64 = 24;
    let h = Harness::on(Database::postgres().await).await;
    let leader = h.database.store(&h.clock);
    let writer = h.writer();
    for hour in 0..READS {
        record(&writer, NOON + hour * HOUR, "/a", None, 5, 1);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
        h.clock.advance(Duration::from_secs(3_600));
    }
    let minutes = async || {
        let mut names = partitions(&h.database).await;
        names.retain(|name| name.starts_with("metrics_1m"));
        names
    };
    // Minutes are kept for a day, and go by the hour.
    h.clock.advance(Duration::from_secs(1_300));
    let mut gave_way = false;
    for hour in 0..READS {
        // A second run that agrees is what lets it go.
        h.clock.advance(Duration::from_secs(2_900));
        h.settle().await;
        leader.retain().await.unwrap();
        h.clock.advance(Duration::from_secs(700));
        let there = minutes().await;
        let minute = NOON + hour * HOUR;
        let query = Query::over(TimeRange::new(minute, minute + 60));
        let mut reading = h.store.read(&query, None);
        let mut polls = hour;
        let early = std::future::poll_fn(|context| match reading.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => {
                polls -= 1;
                Poll::Pending
            }
        });
        let early = early.await;
        gave_way |= leader.retain().await.unwrap().more;
        let answer = match early {
            Some(answer) => answer,
            None => reading.await,
        };
        let requests = answer.unwrap().total().map(|bucket| bucket.request_count);
        assert_eq!(requests, Some(1), "held up at await {hour}");
        while leader.retain().await.unwrap().more {}
        // That one alone, and the read's.
        let kept = minutes().await;
        assert_eq!(kept.first(), there.get(1), "after the read of hour {hour}");
    }
    assert!(gave_way, "no read was held up with its snapshot taken");
}

#[tokio::test]
async fn a_sqlite_file_gets_smaller_when_minutes_go() {
    let database = Database::sqlite().await;
    let Database::Sqlite(file) = &database else {
        unreachable!()
    };
    let url = file.url();
    let h = Harness::on(database).await;
    let pages = async || {
        let mut sql = SqliteConnection::connect(&url).await.unwrap();
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
            .fetch_one(&mut sql)
            .await
            .unwrap();
        sql.close().await.unwrap();
        pages
    };
    let empty = pages().await;
    let writer = h.writer();
    for minute in 0..60 {
        for endpoint in 0..40 {
            let endpoint = format!("/endpoint/{endpoint}");
            record(&writer, NOON + 60 * minute, &endpoint, Some("k"), 5, 1);
        }
    }
    h.clock.advance(Duration::from_secs(7_200));
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let full = pages().await;
    h.clock.advance(Duration::from_secs(26 * 3_600));
    let mut steps = 0;
    for _ in 0..2 {
        h.settle().await;
        while h.store.retain().await.unwrap().more {
            steps += 1;
        }
        h.clock.advance(Duration::from_secs(601));
    }
    let left = pages().await;
    // What is left are the tables themselves and the coarser buckets.
    assert!(
        (left - empty) * 2 < full - empty,
        "{empty} pages, {full} with minutes, {left} without, in {steps} steps"
    );
    assert_eq!(h.requests(NOON, NOON + HOUR).await, 2_400);
}

#[tokio::test]
async fn floors_follow_the_retention_that_was_set_on_both_stores() {
    for database in [Database::postgres().await, Database::sqlite().await] {
        let clock = Arc::new(ManualClock::at(NOON));
        let hours = |n: u64| Duration::from_secs(n * 3_600);
        let mut options = api_metrics_tests::patient_by(Arc::<ManualClock>::clone(&clock));
        options.retention.minutes = hours(3);
        options.retention.five_minutes = hours(48);
        options.retention.hours = hours(24 * 14);
        let store = database.store_with(options);
        store.prepare().await.unwrap();
        clock.advance(hours(24 * 28));
        for _ in 0..2 {
            while store.retain().await.unwrap().more {}
            clock.advance(Duration::from_secs(601));
        }
        let floors: Vec<_> = store.status().await.unwrap().floors.into_values().collect();
        let now = NOON + 28 * 24 * HOUR;
        let age = |at: usize| now - floors[at];
        assert_eq!(age(0), 3 * HOUR);
        // Whole days, and whole weeks from Monday on: never less than asked for.
        assert_eq!(age(1), 60 * HOUR);
        assert_eq!(age(2), 15 * 24 * HOUR + 12 * HOUR);
    }
}

#[tokio::test]
async fn the_builder_hands_its_retention_on() {
    let file = SqliteFile::create();
    let clock = Arc::new(ManualClock::at(NOON));
    let metrics = ApiMetrics::builder()
        .embedded(file.path())
        .clock(Arc::<ManualClock>::clone(&clock))
        .maintenance(Maintenance::Manual)
        .store_options({
            let mut options = StoreOptions::default();
            options.retention.minutes = Duration::from_secs(7_200);
            options
        })
        .no_auth()
        .start()
        .await
        .unwrap();
    clock.advance(Duration::from_secs(5 * 86_400));
    for _ in 0..2 {
        metrics.maintain().await.unwrap();
        clock.advance(Duration::from_secs(601));
    }
    metrics.shutdown().await.unwrap();
    let store = SqliteStore::open(&file.url(), api_metrics_tests::patient()).unwrap();
    let floors = store.status().await.unwrap().floors;
    assert_eq!(floors[&Granularity::Minute], NOON + 5 * 86_400 - 7_200);
}

fn digests(clock: &Arc<ManualClock>) -> StoreOptions {
    let mut options = api_metrics_tests::patient_by(Arc::<ManualClock>::clone(clock));
    options.sketch_kind = SketchKind::TDigest;
    options
}

#[tokio::test]
async fn a_database_of_digests_answers_from_digests_at_every_granularity() {
    for database in [Database::postgres().await, Database::sqlite().await] {
        let clock = Arc::new(ManualClock::at(NOON));
        let store = database.store_with(digests(&clock));
        store.prepare().await.unwrap();
        let mut options = RecorderOptions::default();
        options.clock = Arc::<ManualClock>::clone(&clock);
        options.sketch_kind = SketchKind::TDigest;
        let recorder = Recorder::new(options);
        let instance = writer_of("shop", &clock).instance.clone();
        let writer = Writer::new(instance, Arc::new(recorder));
        // 1 to 1,000 ms, spread over an hour.
        for ms in 1..=1_000_u64 {
            let at = NOON + i64::try_from(ms * 7_919 % 3_600).unwrap();
            record(&writer, at, "/a", None, ms, 1);
        }
        store.flush(&writer).await.unwrap();
        let query = Query::over(TimeRange::new(NOON, NOON + HOUR));
        clock.advance(Duration::from_secs(2 * 3_600));
        for folded in [false, true] {
            if folded {
                while store.fold().await.unwrap().more {}
                while store.roll_up().await.unwrap().steps > 0 {}
            }
            let answer = store.read(&query, None).await.unwrap();
            let total = answer.total().unwrap();
            assert_eq!(total.request_count, 1_000);
            let digest = Sketch::new(SketchKind::TDigest);
            assert!(
                total.sketch.clone().merge(&digest).is_ok(),
                "it is a digest"
            );
            for (q, ms) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
                let found = total.quantile_ms(q).unwrap();
                assert!((found - ms).abs() < 10.0, "p{q}: {found}");
            }
        }
    }
}

#[tokio::test]
async fn who_has_waited_for_another_process_to_make_the_schema_finds_it() {
    let database = PgDatabase::create().await;
    let store = || {
        let mut options = patient();
        options.max_connections = 1;
        PostgresStore::connect_lazy(&database.url(), options).unwrap()
    };
    store().prepare().await.unwrap();
    let mut other = PgConnection::connect_with(&database.options())
        .await
        .unwrap();
    // It is about to make it, and has the lock.
    database
        .admin("ALTER SCHEMA api_metrics RENAME TO being_made")
        .await;
    let mut tx = other.begin().await.unwrap();
    sqlx::raw_sql(
        "SELECT pg_advisory_xact_lock(1634757748, 1); ALTER SCHEMA being_made RENAME TO api_metrics",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    let waiting = store();
    let prepared = async { waiting.prepare().await };
    let made = async {
        let waits = "SELECT count(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event = 'advisory'";
        let mut look = PgConnection::connect_with(&database.options())
            .await
            .unwrap();
        loop {
            let found: i64 = sqlx::query_scalar(waits)
                .fetch_one(&mut look)
                .await
                .unwrap();
            if found > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        look.close().await.unwrap();
        tx.commit().await.unwrap();
    };
    let (prepared, ()) = tokio::join!(prepared, made);
    prepared.unwrap();
}
