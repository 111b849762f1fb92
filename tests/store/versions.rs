//! Counts by version: exact, once, kept as buckets are, and what is said of a release by them.

use std::time::{Duration, UNIX_EPOCH};

use api_metrics_layer::{EventKind, MetricSink as _, Protocol, RequestRecord, UNMATCHED};
use api_metrics_store::{
    control::releases::{ComparedRelease, ComparedWith, ReleaseQuery, ReleaseVerdict},
    query::{Query, TimeRange},
    store::Writer,
    time::{Clock as _, UnixSeconds},
};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::harness::{Database, Harness, NOON, record, writer_of};

const DAY: i64 = 86_400;

/// Each on both databases, and where row-level security binds the role.
macro_rules! on_all {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod postgres_as_service {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres_as_service().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
    };
}

on_all! {
    versions_add_up_to_the_buckets_of_the_same_time
    counts_of_versions_become_hours_and_go_with_them
    versions_are_bounded_and_the_oldest_go
    a_release_is_held_against_the_version_before
}

/// A process of this version.
fn writer(h: &Harness, service: &str, version: &str) -> Writer {
    let mut writer = writer_of(service, &h.clock);
    version.clone_into(&mut writer.instance.version);
    writer
}

/// Requests with a status, a latency and a protocol.
fn answer(
    writer: &Writer,
    at: UnixSeconds,
    (endpoint, protocol): (&str, Protocol),
    (status, ms): (u16, u64),
    n: u64,
) {
    let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
    let mut record = RequestRecord::new("GET", endpoint, finished_at);
    record.protocol = protocol;
    record.status = Some(status);
    record.latency = Some(Duration::from_millis(ms));
    (0..n).for_each(|_| writer.recorder.record(&record));
}

/// Requests and unmatched ones of all versions, as the table has them.
async fn counted(h: &Harness) -> (i64, i64) {
    const SUMS: &str = "coalesce(sum(request_count), 0) AS requests, coalesce(sum(unmatched_count), 0) AS unmatched";
    match &h.database {
        Database::Sqlite(file) => {
            let mut sql = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(file.path())
                .connect()
                .await
                .unwrap();
            let select = format!("SELECT {SUMS} FROM api_metrics_version_counts");
            let row = sqlx::query(sqlx::AssertSqlSafe(select));
            let row = row.fetch_one(&mut sql).await.unwrap();
            (row.get("requests"), row.get("unmatched"))
        }
        Database::Postgres(database)
        | Database::PostgresAs(database, ..)
        | Database::ClickHouse(database, _) => {
            let mut sql = sqlx::PgConnection::connect(&database.url()).await.unwrap();
            let select = format!(
                "SELECT requests::bigint AS requests, unmatched::bigint AS unmatched \
                 FROM (SELECT {SUMS} FROM api_metrics.version_counts) AS v"
            );
            let row = sqlx::query(sqlx::AssertSqlSafe(select));
            let row = row.fetch_one(&mut sql).await.unwrap();
            (row.get("requests"), row.get("unmatched"))
        }
    }
}

async fn releases(h: &Harness) -> Vec<ComparedRelease> {
    let mut query = ReleaseQuery::default();
    query.limit = 50;
    h.store.releases(&query).await.unwrap()
}

async fn versions_add_up_to_the_buckets_of_the_same_time(database: Database) {
    let h = Harness::on(database).await;
    let (one, two) = (writer(&h, "shop", "1"), writer(&h, "shop", "2"));
    let unnamed = writer(&h, "shop", "");
    let http = ("/a", Protocol::Http);
    for minute in 0..40_u64 {
        let at = NOON + minute.cast_signed() * 60;
        answer(&one, at, http, (200, 5), 3 + minute % 4);
        answer(&two, at, http, (503, 9), 1 + minute % 3);
        answer(&two, at, ("/pkg.S/Do", Protocol::Grpc), (200, 7), 2);
        answer(&one, at, (UNMATCHED, Protocol::Http), (404, 1), 1);
        // What the service calls and what happens in it is nobody's answer.
        answer(
            &one,
            at,
            ("/peer", Protocol::Event(EventKind::HTTP_CLIENT)),
            (200, 1),
            50,
        );
        h.clock.advance(Duration::from_secs(60));
        for writer in [&one, &two] {
            h.store.flush(writer).await.unwrap();
        }
        if minute % 7 == 0 {
            while h.store.fold().await.unwrap().more {}
        }
    }
    h.settle().await;
    let all = h.requests(NOON, NOON + 3_600).await.cast_signed();
    let (requests, unmatched) = counted(&h).await;
    assert_eq!((requests + unmatched, unmatched), (all, 40));
    // Without a version a request counts in buckets alone.
    answer(&unnamed, NOON, http, (200, 5), 9);
    h.store.flush(&unnamed).await.unwrap();
    h.settle().await;
    assert_eq!(counted(&h).await, (requests, unmatched));
    assert_eq!(h.requests(NOON, NOON + 3_600).await.cast_signed(), all + 9);
    // A fold that has nothing new adds nothing.
    h.settle().await;
    assert_eq!(counted(&h).await.0, requests);
}

async fn counts_of_versions_become_hours_and_go_with_them(database: Database) {
    let h = Harness::on(database).await;
    let writer = writer(&h, "shop", "1");
    let rollout = async |from: i64, to: i64| {
        let found = h
            .store
            .rollout("shop", "test", TimeRange::new(from, to))
            .await;
        found
            .unwrap()
            .versions
            .pop()
            .map_or(Vec::new(), |(_, steps)| {
                steps
                    .iter()
                    .map(|of| (of.from - NOON, of.requests))
                    .collect()
            })
    };
    for minute in [0, 7, 61] {
        record(&writer, NOON + minute * 60, "/a", None, 5, 2);
    }
    h.clock.advance(Duration::from_secs(7_200));
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let range = (NOON - 3_600, NOON + 7_200);
    assert_eq!(
        rollout(range.0, range.1).await,
        [(0, 2), (300, 2), (3_600, 2)]
    );
    let keep = async |days: u64| {
        h.clock
            .advance(Duration::from_secs(days * DAY.unsigned_abs()));
        h.settle().await;
        h.store.retain().await.unwrap();
        h.clock.advance(Duration::from_secs(601));
        while h.store.retain().await.unwrap().more {}
    };
    keep(20).await;
    assert_eq!(rollout(range.0, range.1).await, [(0, 4), (3_600, 2)]);
    // Late, and below the floor of five minutes: in its hour.
    record(&writer, NOON + 11 * 60, "/a", None, 5, 1);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    assert_eq!(rollout(range.0, range.1).await, [(0, 5), (3_600, 2)]);
    assert_eq!(h.requests(NOON, NOON + 7_200).await, 7);
    assert_eq!(counted(&h).await, (7, 0));
    keep(120).await;
    assert_eq!(counted(&h).await, (0, 0));
    assert_eq!(releases(&h).await, []);
    // Below the floor of hours it counts in its day, and of no version.
    record(&writer, NOON + 60, "/a", None, 5, 1);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    assert_eq!(counted(&h).await, (0, 0));
    let days = Query::over(TimeRange::new(NOON - 43_200, NOON + 43_200));
    assert_eq!(h.read(&days).await.total().unwrap().request_count, 8);
}

async fn versions_are_bounded_and_the_oldest_go(database: Database) {
    let h = Harness::on(database).await;
    for n in 0..205 {
        let writer = writer(&h, "shop", &format!("build-{n}"));
        record(&writer, NOON + n * 60, "/a", None, 5, 1);
        h.clock.advance(Duration::from_secs(60));
        h.store.flush(&writer).await.unwrap();
    }
    let other = writer(&h, "mail", "1");
    record(&other, NOON, "/a", None, 5, 1);
    h.store.flush(&other).await.unwrap();
    h.settle().await;
    assert_eq!(counted(&h).await, (201, 0));
    let mut query = ReleaseQuery::default();
    query.service = Some("shop".to_owned());
    query.limit = 50;
    let mut seen = Vec::new();
    loop {
        let page = h.store.releases(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some((last.version.first_at, last.version.id));
        seen.extend(page.into_iter().map(|release| release.version.version));
    }
    let expected: Vec<String> = (5..205).rev().map(|n| format!("build-{n}")).collect();
    assert_eq!(seen, expected);
}

async fn a_release_is_held_against_the_version_before(database: Database) {
    let h = Harness::on(database).await;
    let (one, two) = (writer(&h, "shop", "1"), writer(&h, "shop", "2"));
    let http = ("/a", Protocol::Http);
    for minute in 0..120 {
        let at = NOON + minute * 60;
        answer(&one, at, http, (200, 10), 99);
        answer(&one, at, http, (500, 10), 1);
        if minute >= 60 {
            // A canary beside it: slower for certain, and as many errors.
            answer(&two, at, http, (200, 16), 99);
            answer(&two, at, http, (500, 16), 1);
        }
        h.clock.advance(Duration::from_secs(60));
    }
    for writer in [&one, &two] {
        h.store.flush(writer).await.unwrap();
    }
    h.settle().await;
    let found = releases(&h).await;
    let [second, first] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((&*first.version.version, &first.comparison), ("1", &None));
    assert_eq!(second.version.first_at, NOON + 3_600);
    assert_eq!(second.version.last_at, NOON + 7_200);
    let compared = second.comparison.as_ref().unwrap();
    assert_eq!(compared.previous.version, "1");
    assert_eq!(compared.with, ComparedWith::SideBySide);
    assert_eq!(
        (compared.before.requests, compared.after.requests),
        (6_000, 6_000)
    );
    assert_eq!(compared.after.rate_5xx, Some(1.0));
    assert_eq!(compared.errors.verdict, ReleaseVerdict::NoDifference);
    assert_eq!(compared.p95.verdict, ReleaseVerdict::Worse);
    assert!(
        (compared.p95.value.unwrap() - 60.0).abs() < 2.0,
        "{compared:?}"
    );
    assert_eq!(compared.verdict, ReleaseVerdict::Worse);
    let both = h
        .store
        .rollout("shop", "test", TimeRange::new(NOON, NOON + 7_200))
        .await
        .unwrap();
    assert_eq!(both.step, 300);
    let steps: Vec<_> = both
        .versions
        .iter()
        .map(|(of, steps)| (&*of.version, steps.len()))
        .collect();
    assert_eq!(steps, [("1", 24), ("2", 12)]);
    assert!(h.clock.unix_seconds() == NOON + 7_200);
}
