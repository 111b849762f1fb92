//! Calls that are dropped at an await: the caller has gone away, a deadline has passed.

use std::{future::Future, sync::Arc, task::Poll, time::Duration};

use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    recorder::Recorder,
    store::{Instance, Store, StoreOptions, Writer},
};
use api_metrics_tests::PgDatabase;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions};

fn writer() -> Writer {
    let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
    instance.version = "1".to_owned();
    instance.host = "here".to_owned();
    Writer::new(instance, Arc::new(Recorder::default()))
}

/// Polls a call so many times and drops it; answers whether it got to its end.
async fn dropped_after<F: Future>(call: F, polls: usize) -> bool {
    let mut call = Box::pin(call);
    let mut left = polls;
    std::future::poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// The host's next statement must not run in a transaction that a dropped call has left open: it would
/// fail, or be rolled back later, and the host would never know.
async fn the_pool_is_clean(pool: &PgPool, observer: &mut PgConnection, what: &str) {
    let mut connection = pool.acquire().await.unwrap();
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    // The backend says so a moment after its answer.
    loop {
        let state: String = sqlx::query_scalar("SELECT state FROM pg_stat_activity WHERE pid = $1")
            .bind(backend)
            .fetch_one(&mut *observer)
            .await
            .unwrap();
        assert!(!state.contains("in transaction"), "{what}: {state}");
        if state == "idle" {
            break;
        }
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_no_transaction_in_the_hosts_pool() {
    let database = PgDatabase::create().await;
    // One connection, so that the host gets the one that the call has used.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(20))
        .connect_with(database.options())
        .await
        .unwrap();
    let store = PostgresStore::from_pool(pool.clone(), StoreOptions::default());
    store.prepare().await.unwrap();
    let mut observer = PgConnection::connect_with(&database.options())
        .await
        .unwrap();
    let writer = writer();
    let query = Query::over(TimeRange::new(0, 60));
    let mut finished = 0;
    for polls in 0..40 {
        for what in [
            "read", "flush", "fold", "roll up", "retain", "status", "prepare",
        ] {
            let done = match what {
                "read" => dropped_after(store.read(&query, None), polls).await,
                "flush" => dropped_after(store.flush(&writer), polls).await,
                "fold" => dropped_after(store.fold(), polls).await,
                "roll up" => dropped_after(store.roll_up(), polls).await,
                "retain" => dropped_after(store.retain(), polls).await,
                "status" => dropped_after(store.status(), polls).await,
                _ => dropped_after(store.prepare(), polls).await,
            };
            finished += u32::from(done);
            the_pool_is_clean(
                &pool,
                &mut observer,
                &format!("{what} dropped at await {polls}"),
            )
            .await;
        }
    }
    assert!(finished > 0, "the last ones get to their end");
}
