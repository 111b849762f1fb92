//! The processes that the fault tests kill, stop and cut off: a writer, a leader, an embedded service.
//! What it does it writes to a log first, so that a test can tell to
//! the record what a killed one had and had not handed over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod work;

use std::sync::Arc;

use api_metrics_store::{
    postgres::PostgresStore,
    request_log::RequestLogStore,
    sqlite::SqliteStore,
    store::{Store, StoreOptions},
};
use api_metrics_tests::fast_clock::FastClock;
use work::{Task, lead, write};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("one more argument");
    let (duty, url) = (next(), next());
    let started = next().parse().expect("when the clock started, in ms");
    let clock = FastClock::since(started, next().parse().expect("how fast the clock runs"));
    let mut options = StoreOptions::default();
    options.clock = Some(Arc::new(clock.clone()));
    options.retention = api_metrics_tests::fast_clock::retention();
    options.max_connections = if duty == "leader" { 4 } else { 2 };
    options.folds_side_by_side = 2;
    let (store, requests): (Arc<dyn Store>, Arc<dyn RequestLogStore>) =
        if url.starts_with("postgres") {
            let mut store = PostgresStore::connect_lazy(&url, options).expect("a URL");
            store.fold_side_by_side_from(1);
            let store = Arc::new(store);
            (Arc::<PostgresStore>::clone(&store), store)
        } else {
            let store = Arc::new(SqliteStore::open(&url, options).expect("a path"));
            (Arc::<SqliteStore>::clone(&store), store)
        };
    if duty == "leader" {
        return lead(store, requests).await;
    }
    let task = Task {
        log: next().into(),
        id: next().parse().expect("an id"),
        total: next().parse().expect("how many records"),
        seed: next().parse().expect("a seed"),
        always_new: duty == "newcomer",
        of_two: duty == "writer",
    };
    if duty == "embedded" {
        // A service with a file of its own leads too. Its disk may be full or broken when it starts: like the
        // facade it goes on, and prepares the store as soon as that can be done.
        let (prepared, log) = (Arc::clone(&store), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Err(error) = prepared.prepare().await {
                eprintln!("not prepared yet: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            lead(prepared, log).await;
        });
    }
    write(store, requests, task, clock).await;
}
