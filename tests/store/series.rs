//! What is kept of series from read to read.

use std::collections::BTreeMap;

use api_metrics_store::query::{Detail, Filter, GroupBy, Query, TimeRange, TopK};
use api_metrics_tests::{question, sized};

use crate::harness::{Database, Harness, NOON, record, writer_of};

/// Questions that are answered by each kind of series, with and without a filter.
pub fn questions() -> Vec<Query> {
    let range = TimeRange::new(NOON - 3_600, NOON + 120);
    let mut endpoint = GroupBy::default();
    endpoint.endpoint = true;
    let mut service = GroupBy::default();
    service.service = true;
    let mut key = GroupBy::default();
    key.api_key = true;
    let mut both = GroupBy::default();
    both.endpoint = true;
    both.api_key = true;
    let groupings = [GroupBy::default(), service, endpoint, key, both];
    let mut of_shop = Filter::default();
    of_shop.service = Some("shop".to_owned());
    let mut questions = Vec::new();
    for group_by in groupings {
        for filter in [Filter::default(), of_shop.clone()] {
            for (detail, top) in [
                (Detail::Quantiles, None),
                (Detail::Counts, Some(TopK::first(1))),
                (Detail::Requests, None),
            ] {
                questions.push(question(range, |query| {
                    query.group_by = group_by;
                    query.filter = filter.clone();
                    query.detail = detail;
                    query.top = top;
                }));
            }
        }
    }
    questions
}

/// A part of the suite of both stores.
pub async fn series_that_others_fold_after_a_read_are_in_the_next_one(database: Database) {
    let h = Harness::on(database).await;
    let other = h.database.store(&h.clock);
    let writers = ["shop", "bank"].map(|service| writer_of(service, &h.clock));
    let records = [
        ("/a", None),
        ("/b", Some("k")),
        ("/b", None),
        ("/a", Some("l")),
    ];
    let mut expected = 0;
    let mut round = 0;
    for (endpoint, key) in records.into_iter().take(sized(4, 2)) {
        for writer in &writers {
            record(writer, NOON, endpoint, key, 5, 2);
            other.flush(writer).await.unwrap();
            expected += 2;
            // In the inbox, of a series that no fold has seen; then in buckets.
            for folded in [false, true] {
                if folded {
                    while other.fold().await.unwrap().more {}
                }
                let fresh = h.database.store(&h.clock);
                assert_eq!(h.requests(NOON, NOON + 60).await, expected);
                // Each round some, and all of them in three.
                let third = sized(1, 3);
                round += 1;
                for query in questions().into_iter().skip(round % third).step_by(third) {
                    let of_fresh = fresh.read(&query, None).await.unwrap();
                    let answer = h.read(&query).await;
                    assert_eq!(answer.rows, of_fresh.rows, "{query:?}");
                    // What the first answer has left behind.
                    assert_eq!(h.read(&query).await.rows, of_fresh.rows, "{query:?}");
                }
            }
        }
    }
}

/// In each of two histories of one database the same numbers stand for other series; the store that reads
/// them lives through both.
#[tokio::test]
async fn what_was_read_in_one_history_is_not_taken_for_what_is_in_another() {
    let mut h = Harness::on(Database::postgres().await).await;
    let tell = async |h: &Harness, endpoint: &str, n| {
        let writer = h.writer();
        record(&writer, NOON, endpoint, None, 5, n);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
        // What waits counts by its aggregate series, too.
        record(&writer, NOON, endpoint, None, 5, 1);
        h.store.flush(&writer).await.unwrap();
    };
    let told = async |h: &Harness| {
        let mut by_endpoint = GroupBy::default();
        by_endpoint.endpoint = true;
        let answer = h
            .read(&question(TimeRange::new(NOON, NOON + 60), |query| {
                query.group_by = by_endpoint;
            }))
            .await;
        let rows = answer.rows.iter();
        let rows = rows.map(|row| {
            let endpoint = row.group.endpoint.as_ref().unwrap().to_string();
            (endpoint, row.bucket.request_count)
        });
        rows.collect::<BTreeMap<String, u64>>()
    };
    let counts = |counts: &[(&str, u64)]| {
        let counts = counts.iter();
        counts.map(|(e, n)| (String::from(*e), *n)).collect()
    };
    tell(&h, "/a", 1).await;
    assert_eq!(told(&h).await, counts(&[("/a", 2)]));
    let before = h.postgres().snapshot().await;

    tell(&h, "/b", 10).await;
    assert_eq!(told(&h).await, counts(&[("/a", 2), ("/b", 11)]));
    let with_b = h.postgres().snapshot().await;

    h.postgres().restore(before).await;
    assert_eq!(told(&h).await, counts(&[("/a", 2)]));
    tell(&h, "/z", 20).await;
    assert_eq!(told(&h).await, counts(&[("/a", 2), ("/z", 21)]));

    h.postgres().restore(with_b).await;
    assert_eq!(told(&h).await, counts(&[("/a", 2), ("/b", 11)]));
}
