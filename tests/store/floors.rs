//! What retention keeps.

use api_metrics_store::{
    query::{Query, TimeRange},
    time::{Clock, Granularity},
};

use crate::harness::{Database, Harness, NOON, record};

pub(crate) async fn floors_move_only_when_two_runs_agree_and_nothing_is_lost(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    for hour in 0..6 {
        record(&writer, NOON + hour * 3_600, "/a", Some("k"), 5, 1);
    }
    h.clock.advance(std::time::Duration::from_secs(6 * 3_600));
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let floor = async |granularity| {
        let status = h.store.status().await.unwrap();
        status.floors[&granularity]
    };
    let before = floor(Granularity::Minute).await;
    h.clock.advance(std::time::Duration::from_secs(40 * 86_400));
    h.settle().await;
    h.store.retain().await.unwrap();
    assert_eq!(
        floor(Granularity::Minute).await,
        before,
        "one run alone moves nothing"
    );
    h.clock.advance(std::time::Duration::from_secs(601));
    while h.store.retain().await.unwrap().more {}
    let moved = floor(Granularity::Minute).await;
    assert!(moved > before && moved <= h.clock.unix_seconds() - 86_400);
    assert_eq!(h.requests(NOON - 3_600, NOON + 7 * 3_600).await, 6);
    // Minutes and fives are gone, hours answer.
    let answer = h
        .read(&Query::over(TimeRange::new(NOON + 1, NOON + 2)))
        .await;
    assert_eq!(answer.range, TimeRange::new(NOON, NOON + 3_600));
    assert_eq!(answer.total().unwrap().request_count, 1);
    // A late record below the floors still counts, once.
    record(&writer, NOON + 5, "/a", Some("k"), 5, 1);
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    assert_eq!(h.requests(NOON - 3_600, NOON + 7 * 3_600).await, 7);
}
