//! Several questions to one snapshot, a part of the suite of both stores.

use api_metrics_store::{
    query::{Detail, GroupBy, Query, Scope, TimeRange, TimeStep, TopK},
    store::StoreError,
    time::Granularity,
};

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

    let by = |group_by, from, to| Query::over(TimeRange::new(from, to)).group_by(group_by);
    let endpoint = GroupBy::default().endpoint(true);
    let minute_of_key = GroupBy::default()
        .api_key(true)
        .time(TimeStep::Fixed(Granularity::Minute));
    let both = GroupBy::default().endpoint(true).api_key(true);
    let queries = [
        by(GroupBy::default(), NOON - 7_200, NOON + 120),
        by(GroupBy::default(), NOON - 7_200, NOON),
        by(endpoint, NOON - 7_200, NOON + 120).top(TopK::first(2)),
        by(GroupBy::default(), NOON, NOON + 120).top(TopK::first(1)),
        by(minute_of_key, NOON - 3_600, NOON + 120).detail(Detail::Counts),
        by(both, NOON, NOON + 120),
        by(endpoint, NOON - 86_400, NOON - 7_200),
    ];
    let own = || (&writer, writer.recorder().capture(&|_, _| true));
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
    let mine = queries[0].clone().scope(Scope::Tenant("t".into()));
    let error = h.store.read_all(&[queries[0].clone(), mine], None).await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, StoreError::Invalid { field: "scope", .. }),
        "{error:?}"
    );
}
