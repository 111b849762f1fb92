//! Several questions to one snapshot, a part of the suite of both stores.

use api_metrics_store::{
    query::{Detail, GroupBy, Scope, TimeRange, TimeStep, TopK},
    store::StoreError,
    time::Granularity,
};
use api_metrics_tests::question;

use crate::harness::{Database, Harness, NOON, record};

pub async fn questions_of_one_snapshot_are_answered_as_if_asked_alone(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    // In buckets, in the inbox with series that no fold has seen, and in memory with a key that no flush has.
    record(&writer, NOON - 3_600, "/a", Some("k"), 5, 3);
    record(&writer, NOON - 3_600, "/b", None, 7, 1);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    record(&writer, NOON, "/b", Some("k"), 50, 4);
    record(&writer, NOON + 60, "/c", Some("l"), 60, 2);
    h.store.flush(&writer).await.unwrap();
    record(&writer, NOON + 60, "/a", Some("m"), 70, 1);
    record(&writer, NOON - 3_600, "/c", None, 80, 1);

    let of = |group_by, from, to, detail, top| {
        question(TimeRange::new(from, to), |query| {
            query.group_by = group_by;
            query.detail = detail;
            query.top = top;
        })
    };
    let by = |group_by, from, to| of(group_by, from, to, Detail::Quantiles, None);
    let first = |group_by, from, to, top| {
        let top = Some(TopK::first(top));
        of(group_by, from, to, Detail::Quantiles, top)
    };
    let mut endpoint = GroupBy::default();
    endpoint.endpoint = true;
    let mut minute_of_key = GroupBy::default();
    minute_of_key.api_key = true;
    minute_of_key.time = Some(TimeStep::Fixed(Granularity::Minute));
    let mut both = GroupBy::default();
    both.endpoint = true;
    both.api_key = true;
    let queries = [
        by(GroupBy::default(), NOON - 7_200, NOON + 120),
        by(GroupBy::default(), NOON - 7_200, NOON),
        first(endpoint, NOON - 7_200, NOON + 120, 2),
        first(GroupBy::default(), NOON, NOON + 120, 1),
        of(
            minute_of_key,
            NOON - 3_600,
            NOON + 120,
            Detail::Counts,
            None,
        ),
        by(both, NOON, NOON + 120),
        by(endpoint, NOON - 86_400, NOON - 7_200),
    ];
    let own = || (&writer, writer.recorder.capture(&|_, _| true));
    let together = h.store.read_all(&queries, Some(own())).await.unwrap();
    let mut requests = Vec::new();
    for (query, together) in queries.iter().zip(&together) {
        let alone = h.store.read(query, Some(own())).await.unwrap();
        assert_eq!(together.rows, alone.rows, "{query:?}");
        assert_eq!(together.range, alone.range, "{query:?}");
        assert_eq!(together.as_of_us, alone.as_of_us, "{query:?}");
        requests.push(
            together
                .rows
                .iter()
                .map(|row| row.bucket.request_count)
                .sum::<u64>(),
        );
    }
    assert_eq!(requests, [12, 5, 9, 7, 12, 7, 0]);

    assert!(h.store.read_all(&[], None).await.unwrap().is_empty());
    let mut mine = queries[0].clone();
    mine.scope = Scope::Tenant("t".into());
    let error = h.store.read_all(&[queries[0].clone(), mine], None).await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, StoreError::Invalid { field: "scope", .. }),
        "{error:?}"
    );
}
