#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _};
use tempfile::TempDir;

use super::{access::AccessPath, part::Part, *};
use crate::{
    engine::backend::Mode,
    sqlite::{SqliteStore, rows},
    store::{Store as _, StoreOptions},
};

const DAY: UnixSeconds = 86_400;
const MONTH: UnixSeconds = 30 * DAY;

const fn segment(granularity: Granularity, from: UnixSeconds, to: UnixSeconds) -> Segment {
    Segment {
        granularity,
        from,
        to,
    }
}

/// A file with so many series, numbered from 1, and rows.
struct Database {
    store: SqliteStore,
    _folder: TempDir,
}

impl Database {
    async fn of(series: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.db");
        let store = SqliteStore::open(path.to_str().unwrap(), StoreOptions::default()).unwrap();
        store.prepare().await.unwrap();
        let database = Self {
            store,
            _folder: folder,
        };
        database
            .run(&format!(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {series}) \
                 INSERT INTO api_metrics_series (service, environment, protocol, http_method, endpoint) \
                 SELECT '', '', '', '', n FROM n"
            ))
            .await;
        database
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(self.store.pool())
            .await
            .unwrap();
    }

    /// A row of every series whose number `every` divides, in each of these periods.
    async fn fill(&self, of: Segment, every: i64) {
        let Segment {
            granularity,
            from,
            to,
        } = of;
        let (table, step) = (rows::table(granularity), granularity.seconds());
        // 200 three times, and a sketch without values.
        self.run(&format!(
            "WITH RECURSIVE p (p) AS (SELECT {from} UNION ALL SELECT p + {step} FROM p WHERE p + {step} < {to}) \
             INSERT INTO {table} (period_start, series_id, request_count, error_count_4xx, error_count_5xx, \
                 aborted_count, latency_sum_us, latency_min_us, latency_max_us, latency_count, ttfb_sum_us, \
                 ttfb_count, total_request_bytes, total_response_bytes, status_counts, latency_sketch) \
             SELECT p, s.id, 3, 0, 0, 0, p % 7, s.id, p % 1000, 0, 0, 0, 5, 7, x'00c80000000000000003', x'' \
             FROM p CROSS JOIN api_metrics_series AS s WHERE s.id % {every} = 0"
        ))
        .await;
    }

    async fn tx(&self) -> SqliteTx {
        self.store.0.backend().begun(Mode::Read).await.unwrap()
    }

    /// The path to these series, and how SQLite follows it where all that can be is added up.
    async fn plan(&self, segment: Segment, series: Option<&[i64]>) -> (AccessPath, Vec<String>) {
        let mut tx = self.tx().await;
        let path = AccessPath::of(&mut tx, segment, series).await.unwrap();
        let part = parts(segment, path, &[segment.from, segment.to], true)[0];
        let text = format!("EXPLAIN QUERY PLAN {}", part.text(Detail::Quantiles));
        let list = json_numbers(series.unwrap_or_default().iter().copied());
        let plan = part.bind(&text, &list).fetch_all(&mut *tx.sql).await;
        let details = plan.unwrap().iter().map(|row| row.get(3)).collect();
        (path, details)
    }
}

/// The requests, the greatest latency and the statuses of each series and step.
type Sums = BTreeMap<(i64, usize), (u64, Option<u64>, u64)>;

async fn sums_by(
    database: &Database,
    parts: &[Part],
    edges: &[UnixSeconds],
    series: &[i64],
) -> Sums {
    let mut tx = database.tx().await;
    let list = json_numbers(series.iter().copied());
    let mut sums: BTreeMap<(i64, usize), Bucket> = BTreeMap::new();
    for part in parts {
        let mut each = |row: &SumRow<'_>, damage: &mut Option<Damage>| {
            let counts = row.counts(SketchKind::Histogram, damage)?;
            let step = step_of(edges, row.key.period_start).unwrap();
            let sum = sums
                .entry((row.key.series_id, step))
                .or_insert_with(|| Bucket::new(SketchKind::Histogram));
            sum.merge(&counts)?;
            Ok(())
        };
        let read = part.read(&mut tx, Detail::Quantiles, &list, &mut each);
        read.await.unwrap();
    }
    sums.into_iter()
        .map(|(key, sum)| {
            let statuses = sum.status_counts.iter().map(|(_, n)| n).sum();
            (key, (sum.request_count, sum.latency_max_us, statuses))
        })
        .collect()
}

#[tokio::test(flavor = "current_thread")]
async fn rows_are_found_by_the_path_of_their_shape_whatever_sqlite_knows_of_them() {
    let database = Database::of(1_200).await;
    let hours = segment(Granularity::Hour, 0, MONTH);
    let full = segment(Granularity::Minute, 0, 20 * 60);
    let sparse = segment(Granularity::Minute, MONTH, 2 * MONTH);
    database.fill(segment(Granularity::Hour, 0, DAY), 1).await;
    database.fill(full, 1).await;
    database
        .fill(segment(Granularity::Minute, MONTH, MONTH + DAY), 1_000)
        .await;
    let one = [1_000];
    let few: Vec<i64> = (1..=1_200).step_by(100).collect();
    let many: Vec<i64> = (1..=1_200).step_by(10).collect();
    let half: Vec<i64> = (1..=1_200).step_by(2).collect();

    let list = "SCAN json_each VIRTUAL TABLE INDEX 1:";
    let index = [
        "SEARCH m USING INDEX api_metrics_1h_series (series_id=? AND period_start>? AND period_start<?)",
        "LIST SUBQUERY",
        list,
    ];
    let each = [
        "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
        "LIST SUBQUERY",
        list,
        "SEARCH m USING PRIMARY KEY (period_start=? AND series_id=?)",
        "LIST SUBQUERY",
        list,
    ];
    let range = "SEARCH m USING PRIMARY KEY (period_start>? AND period_start<?)";
    let filter = [range, "LIST SUBQUERY", list];
    let all = [range, "USE TEMP B-TREE FOR GROUP BY"];
    let shapes = [
        (
            "few series, many hours",
            hours,
            Some(&few[..]),
            AccessPath::Index,
            &index[..],
        ),
        (
            "many series, many hours",
            hours,
            Some(&many),
            AccessPath::Index,
            &index,
        ),
        (
            "half of all series",
            hours,
            Some(&half),
            AccessPath::Filter,
            &filter,
        ),
        ("all series", hours, None, AccessPath::All, &all),
        (
            "many series, few minutes",
            full,
            Some(&many),
            AccessPath::Each,
            &each,
        ),
        (
            "one series, few minutes",
            full,
            Some(&one),
            AccessPath::Each,
            &each,
        ),
        (
            "one series, a month of minutes with few rows",
            sparse,
            Some(&one),
            AccessPath::Filter,
            &filter,
        ),
        (
            "many series, a month of minutes with few rows",
            sparse,
            Some(&many),
            AccessPath::Filter,
            &filter,
        ),
    ];
    for analyzed in [false, true] {
        if analyzed {
            database.run("ANALYZE").await;
            // What is known of the tables is read by a connection once, when it reads the schema.
            database
                .store
                .pool()
                .acquire()
                .await
                .unwrap()
                .close()
                .await
                .unwrap();
        }
        for (name, segment, series, path, plan) in shapes {
            let (found, steps) = database.plan(segment, series).await;
            assert_eq!(found, path, "{name}");
            let steps: Vec<&str> = steps
                .iter()
                // Numbered, and a list may have a filter of its own.
                .map(|step| step.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' '))
                .filter(|step| *step != "CREATE BLOOM FILTER")
                .collect();
            assert_eq!(steps, plan, "{name}, analyzed: {analyzed}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_day_of_minutes_is_looked_up_where_it_has_many_rows() {
    let database = Database::of(1_200).await;
    let minutes = segment(Granularity::Minute, 0, DAY);
    // 24,000 rows, and 1,440 minutes.
    database
        .fill(segment(Granularity::Minute, 0, 20 * 60), 1)
        .await;
    let (path, _) = database.plan(minutes, Some(&[7])).await;
    assert_eq!(path, AccessPath::Each);
    let (path, _) = database.plan(minutes, Some(&[7, 9, 11])).await;
    assert_eq!(path, AccessPath::Filter);
}

#[tokio::test(flavor = "current_thread")]
async fn every_path_finds_the_same_sums_added_up_or_not() {
    let database = Database::of(30).await;
    let series = [3, 4, 6, 9, 12, 30];
    for granularity in [Granularity::Minute, Granularity::Hour] {
        let seconds = granularity.seconds();
        let all = segment(granularity, 0, 1_200 * seconds);
        // Some periods, some series.
        database
            .fill(segment(granularity, 0, 30 * seconds), 3)
            .await;
        let later = segment(granularity, 700 * seconds, 1_100 * seconds);
        database.fill(later, 6).await;
        let edges = [
            0,
            20 * seconds,
            703 * seconds,
            705 * seconds,
            1_200 * seconds,
        ];
        let by = match granularity {
            Granularity::Minute => AccessPath::Each,
            _ => AccessPath::Index,
        };
        let plain = parts(all, AccessPath::Filter, &edges, true);
        assert!(plain.iter().all(|part| !part.added));
        let expected = sums_by(&database, &plain, &edges, &series).await;
        assert_eq!(
            expected.len(),
            5 + 5 + 3 + 3,
            "series and steps that have rows"
        );
        for add in [false, true] {
            let parts = parts(all, by, &edges, add);
            assert_eq!(parts.iter().any(|part| part.added), add);
            let found = sums_by(&database, &parts, &edges, &series).await;
            assert_eq!(found, expected, "{by:?}, added up: {add}");
        }
        let everything = parts(all, AccessPath::All, &edges, true);
        let mut found = sums_by(&database, &everything, &edges, &[]).await;
        found.retain(|(id, _), _| series.contains(id));
        assert_eq!(found, expected, "all");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_sum_that_sqlite_cannot_hold_is_the_largest_and_no_series_is_read_twice() {
    let database = Database::of(3).await;
    let hours = segment(Granularity::Hour, 0, DAY);
    database.fill(hours, 1).await;
    database
        .run(&format!(
            "UPDATE api_metrics_1h SET request_count = {} WHERE series_id = 2",
            i64::MAX
        ))
        .await;
    let edges = [0, DAY];
    for (path, series) in [(AccessPath::Index, &[1, 2, 3][..]), (AccessPath::All, &[])] {
        let parts = parts(hours, path, &edges, true);
        assert!(parts[0].added);
        let sums = sums_by(&database, &parts, &edges, series).await;
        let requests: Vec<u64> = sums.values().map(|(requests, ..)| *requests).collect();
        assert_eq!(requests, [72, u64::MAX, 72], "{path:?}");
    }
}

#[test]
fn periods_of_one_step_are_added_up_where_there_are_several() {
    let day = segment(Granularity::Hour, 0, DAY);
    let of = |edges: &[UnixSeconds], add| {
        let parts = parts(day, AccessPath::Index, edges, add);
        let bounds: Vec<_> = parts
            .iter()
            .map(|part| (part.segment.from, part.segment.to))
            .collect();
        (bounds, parts[0].added)
    };
    assert_eq!(of(&[0, DAY], true), (vec![(0, DAY)], true));
    let halves = (vec![(0, 43_200), (43_200, DAY)], true);
    assert_eq!(of(&[0, 43_200, DAY], true), halves);
    let hours: Vec<UnixSeconds> = (0..=24).map(|hour| hour * 3_600).collect();
    assert_eq!(of(&hours, true), (vec![(0, DAY)], false));
    assert_eq!(of(&[0, DAY], false), (vec![(0, DAY)], false));
}

#[test]
fn every_period_is_in_one_part_however_many_there_are() {
    let minutes = segment(Granularity::Minute, 600, 600 + 1_201 * 60);
    for path in [AccessPath::Each, AccessPath::Filter, AccessPath::All] {
        for edges in [vec![0, 1_000_000], vec![0, 6_000, 36_060, 1_000_000]] {
            for add in [false, true] {
                let parts = parts(minutes, path, &edges, add);
                let segments: Vec<Segment> = parts.iter().map(|part| part.segment).collect();
                assert_eq!(segments.first().map(|first| first.from), Some(minutes.from));
                assert_eq!(segments.last().map(|last| last.to), Some(minutes.to));
                assert!(segments.windows(2).all(|two| two[0].to == two[1].from));
                let added = parts.iter().any(|part| part.added);
                assert_eq!(added, add && path != AccessPath::Filter);
                let long = |segment: &Segment| segment.periods().len() > 500;
                assert!(!segments.iter().any(long) || !added && path != AccessPath::Each);
            }
        }
    }
}
