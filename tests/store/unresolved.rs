//! Flushes whose outcome is never heard of.

use std::sync::Arc;

use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    store::{FlushError, Store},
    time::{Clock, ManualClock},
};
use api_metrics_tests::{
    PgDatabase, PgProxy,
    pg_proxy::{Request, Verdict},
};

use crate::harness::{NOON, record, writer_of};

/// Each is another part that the recorder can't let go of, unless the next one that reads the fence tells
/// what became of it.
#[tokio::test]
async fn however_many_outcomes_are_unknown_one_part_waits_and_all_is_counted_once() {
    let database = PgDatabase::create().await;
    let proxy = PgProxy::start(database.address().to_string()).await;
    let clock = Arc::new(ManualClock::at(NOON));
    let options = || api_metrics_tests::patient().clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let url = database.url_through(proxy.address());
    let store = PostgresStore::connect_lazy(&url, options()).unwrap();
    store.prepare().await.unwrap();
    let writer = writer_of("shop", &clock);
    for n in 1..=12 {
        record(&writer, NOON, "/users/{id}", None, 5, 1);
        proxy.judge(move |request| match (request, n % 3) {
            (Request::Commit, 0) => Verdict::CutAfter,
            (Request::Commit, _) => Verdict::CutBefore,
            (Request::Other, _) => Verdict::Pass,
        });
        let error = store.flush(&writer).await.unwrap_err();
        assert!(matches!(error, FlushError::Unknown(_)), "{error}");
        assert_eq!(writer.recorder().unresolved_parts(), 1, "after flush {n}");
        // What is known to be in has been acknowledged: two cut flushes, and the one that got in.
        let unheard = writer.recorder().unflushed_records();
        assert_eq!(unheard, (n - 1) % 3 + 1, "after flush {n}");
    }
    proxy.pass();
    record(&writer, NOON, "/users/{id}", None, 5, 1);
    store.flush(&writer).await.unwrap();
    assert_eq!(writer.recorder().unresolved_parts(), 0);
    assert_eq!(writer.recorder().unflushed_records(), 0);
    while store.fold().await.unwrap().more {}
    let query = Query::over(TimeRange::new(NOON, NOON + 60));
    let answer = store.read(&query, None).await.unwrap();
    assert_eq!(answer.total().unwrap().request_count, 13);
}
