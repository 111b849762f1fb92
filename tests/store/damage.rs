//! Bytes at rest that are not what anybody wrote: they cost what they held, and nothing else.

use api_metrics_store::{
    query::{Detail, Query, TimeRange, TopK},
    time::Granularity,
};
use api_metrics_tests::question;
use api_metrics_tests::sized;
use sqlx::AssertSqlSafe;

use crate::harness::{Database, Harness, NOON, record};

const DAY: i64 = 86_400;
/// What may stand where an encoding stood: nothing, a byte, halves of entries, noise.
const DAMAGES: [&[u8]; 6] = [
    &[],
    &[0],
    &[0xff; 3],
    &[0xff; 10],
    &[0x01, 0x80, 0x80, 0x80],
    b"not an encoding, whatever it was before",
];
/// What may stand where latencies and times to headers stood, one after the other: the first can be
/// read, the second is cut, damaged, of another kind, empty, or followed by something.
const DAMAGED_HEADERS: [&[u8]; 6] = [
    &[1, 0, 3],
    &[1, 0, 3, 1, 5, 0, 0xff, 0xff, 0x7f],
    &[1, 0, 3, 1, 5, 0xe1, 0xff],
    &[1, 0, 4, 0],
    &[1, 0, 3, 0],
    &[1, 0, 3, 1, 5, 0, 0, 9],
];

/// Runs a statement whose only parameter is `bytes`. `{table}` becomes the table of that name.
async fn overwrite(database: &Database, table: &str, rest: &str, bytes: &[u8]) -> u64 {
    execute(database, "UPDATE", table, rest, bytes).await
}

async fn execute(database: &Database, verb: &str, table: &str, rest: &str, bytes: &[u8]) -> u64 {
    match database {
        Database::Postgres(database) | Database::ClickHouse(database, _) => {
            let name = match table {
                "1m" | "5m" | "1h" | "1d" => format!("api_metrics.metrics_{table}"),
                _ => format!("api_metrics.{table}"),
            };
            let pool = sqlx::PgPool::connect_with(database.options())
                .await
                .unwrap();
            let done = sqlx::query(AssertSqlSafe(format!("{verb} {name} {rest}")))
                .bind(bytes)
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
            done.rows_affected()
        }
        Database::Sqlite(file) => {
            let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
            let sql = format!("{verb} api_metrics_{table} {rest}");
            let done = sqlx::query(AssertSqlSafe(sql))
                .bind(bytes)
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
            done.rows_affected()
        }
        Database::PostgresAs(..) => unreachable!("no test here runs as another role"),
    }
}

/// Minutes of two days, three endpoints and two keys, folded and rolled up.
async fn two_days(database: Database) -> (Harness, u64) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let mut expected = 0;
    for minute in 0..10 {
        let at = NOON - DAY + minute * 60;
        for (endpoint, key) in [("/a", Some("k")), ("/b", None), ("/c", Some("l"))] {
            record(&writer, at, endpoint, key, 5, 2);
            expected += 2;
        }
    }
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    h.clock
        .advance(std::time::Duration::from_secs(DAY.unsigned_abs()));
    h.settle().await;
    (h, expected)
}

/// Everything that views ask about: totals, groups, the top, counts alone.
fn questions() -> Vec<Query> {
    let range = TimeRange::new(NOON - 2 * DAY, NOON + 3 * DAY);
    let minutes = TimeRange::new(NOON - DAY, NOON - DAY + 600);
    vec![
        Query::over(range),
        question(range, |query| query.detail = Detail::Counts),
        question(range, |query| query.detail = Detail::Requests),
        question(range, |query| query.group_by.endpoint = true),
        question(range, |query| {
            query.group_by.endpoint = true;
            query.top = Some(TopK::first(2));
        }),
        question(range, |query| query.group_by.api_key = true),
        question(minutes, |query| query.group_by.endpoint = true),
        // Whole hours, and nothing coarser.
        Query::over(TimeRange::new(NOON - DAY, NOON - DAY + 3_600)),
    ]
}

fn requests(answer: &api_metrics_store::query::Answer) -> u64 {
    answer.rows.iter().map(|row| row.bucket.request_count).sum()
}

/// All questions are answered, and none has lost a request.
async fn all_answered(h: &Harness, expected: u64, at: &str) -> bool {
    let mut incomplete = false;
    for (n, query) in questions().iter().enumerate() {
        let answer = h.read(query).await;
        // The last of the three endpoints has what it began with.
        let all = if query.top.is_some() {
            expected - 20
        } else {
            expected
        };
        assert_eq!(requests(&answer), all, "question {n} after {at}");
        incomplete |= answer.incomplete;
    }
    incomplete
}

pub(crate) async fn damaged_columns_of_buckets_cost_no_request_and_block_nobody(
    database: Database,
) {
    let (h, mut expected) = two_days(database).await;
    let clean = all_answered(&h, expected, "nothing").await;
    assert!(!clean, "nothing is damaged yet");
    let writer = h.writer();
    for granularity in Granularity::ALL {
        let name = <&str>::from(granularity);
        for column in ["status_counts", "latency_sketch", "units"] {
            let mut damages = DAMAGES[sized(0, 3)..].to_vec();
            if column == "latency_sketch" {
                damages.extend(&DAMAGED_HEADERS[sized(0, 3)..]);
            }
            for (n, damage) in damages.iter().enumerate() {
                // No status and no unit at all is what a bucket without one says.
                if column != "latency_sketch" && damage.is_empty() {
                    continue;
                }
                let at = format!("damage {n} of {column} in {name}");
                let by = if matches!(h.database, Database::Sqlite(_)) {
                    "?"
                } else {
                    "$1"
                };
                let rest = format!("SET {column} = {by}");
                assert!(
                    overwrite(&h.database, name, &rest, damage).await > 0,
                    "{at}"
                );
                // A reader comes first, or the leader does.
                if n % 2 == 0 {
                    all_answered(&h, expected, &at).await;
                }
                // Late records reach every granularity: the fold merges with the damaged minutes, the
                // rollup sums damaged children.
                record(&writer, NOON - DAY + 60, "/a", Some("k"), 7, 3);
                expected += 3;
                h.store.flush(&writer).await.unwrap();
                // The careful attempt leads at once, whatever the plain one has met.
                assert!(h.store.fold().await.expect(&at).led, "{at}");
                h.clock.advance(std::time::Duration::from_secs(1_000));
                loop {
                    let done = h.store.roll_up().await.expect(&at);
                    assert!(done.led, "{at}");
                    if done.steps == 0 {
                        break;
                    }
                }
                // A coarser row that nobody has met is made anew from its children, and nothing is lost.
                let told = all_answered(&h, expected, &at).await;
                assert!(
                    told || (n % 2 == 1 && granularity > Granularity::Minute),
                    "{at} is told"
                );
            }
        }
        let status = h.store.status().await.unwrap();
        let named = status
            .quarantined_rows
            .iter()
            .find(|row| row.granularity == name && row.series_id > 0 && row.service == "shop");
        assert!(status.quarantined_row_count > 0);
        assert!(
            named.is_some(),
            "{name} of {}",
            status.quarantined_row_count
        );
        // Whoever has looked at the entries removes them, and answers are whole again.
        let all = if matches!(h.database, Database::Sqlite(_)) {
            "?"
        } else {
            "$1"
        };
        let all = format!("WHERE {all} IS NOT NULL");
        execute(&h.database, "DELETE FROM", "quarantined_rows", &all, &[]).await;
        assert!(!all_answered(&h, expected, "the entries are gone").await);
    }
    h.store.retain().await.unwrap();
}

pub(crate) async fn damaged_period_counts_are_made_anew_from_the_buckets(database: Database) {
    let (h, mut expected) = two_days(database).await;
    let writer = h.writer();
    for (n, damage) in DAMAGES.iter().enumerate() {
        let at = format!("damage {n} of period counts");
        let by = if matches!(h.database, Database::Sqlite(_)) {
            "?"
        } else {
            "$1"
        };
        let rest = format!("SET requests = {by}");
        assert!(overwrite(&h.database, "period_counts", &rest, damage).await > 0);
        if n % 2 == 0 {
            let incomplete = all_answered(&h, expected, &at).await;
            assert!(!incomplete, "{at} loses nothing");
        }
        record(&writer, NOON - DAY + 60, "/b", None, 7, 6);
        expected += 6;
        h.store.flush(&writer).await.unwrap();
        h.store.fold().await.expect(&at);
        h.clock.advance(std::time::Duration::from_secs(1_000));
        while h.store.roll_up().await.expect(&at).steps > 0 {}
        let by_key = h.read(&questions()[5]).await;
        assert_eq!(requests(&by_key), expected, "{at}");
    }
    let status = h.store.status().await.unwrap();
    assert!(
        status
            .quarantined_rows
            .iter()
            .any(|row| row.part == "requests" && row.series_id == 0)
    );
}

pub(crate) async fn damaged_flush_batches_are_left_out_and_the_answer_says_so(database: Database) {
    let h = Harness::on(database).await;
    let (good, bad) = (h.writer(), h.writer());
    let query = Query::over(TimeRange::new(NOON - 600, NOON + 600));
    let mut kept = 0;
    for (n, damage) in DAMAGES.iter().enumerate() {
        record(&good, NOON, "/a", None, 5, 2);
        kept += 2;
        record(&bad, NOON, "/a", None, 5, 1);
        h.store.flush(&good).await.unwrap();
        h.store.flush(&bad).await.unwrap();
        let by = if matches!(h.database, Database::Sqlite(_)) {
            "?"
        } else {
            "$1"
        };
        let id = bad.instance.id;
        let only = match h.database {
            Database::Sqlite(_) => format!("lower(hex(id)) = '{}'", id.simple()),
            _ => format!("id = '{id}'"),
        };
        let rest = format!("SET payload = {by} WHERE {only}");
        assert_eq!(overwrite(&h.database, "inbox", &rest, damage).await, 1);
        let before = h.read(&query).await;
        assert_eq!(requests(&before), kept, "damage {n}, in the inbox");
        assert!(before.incomplete, "damage {n}, in the inbox");
        h.store.fold().await.unwrap();
        let after = h.read(&query).await;
        assert_eq!(requests(&after), kept, "damage {n}, folded");
        assert!(after.incomplete, "damage {n}, folded");
        assert_eq!(h.store.status().await.unwrap().quarantined, n as u64 + 1);
    }
    // What was quarantined elsewhere concerns no other range.
    let later = Query::over(TimeRange::new(NOON + DAY, NOON + 2 * DAY));
    assert!(!h.read(&later).await.incomplete);
}
