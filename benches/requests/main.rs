//! What the log of requests costs and how fast it answers, on each database.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench requests` makes databases of its own on that server, which
//! must run on this machine, and drops them afterwards. `BENCH_STORE` is `postgres` or `sqlite`, `BENCH_ONLY`
//! is `write`, `read` or `tail`. `BENCH_ROWS` is the size of the log that is read (20,000,000 on Postgres, a tenth on
//! SQLite), spread over four days; with `BENCH_KEEP` it stays, and the next run of that size begins with the
//! measurements. `BENCH_SECONDS` (60) is how long requests are written, `BENCH_RATE` how many a second
//! (10,000 on Postgres, 3,000 on SQLite).
//!
//! `BENCH_STORE=clickhouse` reads requests that are in ClickHouse, on the server of `CLICKHOUSE_URL`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod fill;
mod processor;
mod read;
mod tail;
mod write;

use std::sync::Arc;

use api_metrics_benches::database::{self, Scratch};
use api_metrics_benches::measure::{self, Table};
use api_metrics_store::{
    postgres::PostgresStore, request_log::RequestLogStore, sqlite::SqliteStore, store::StoreOptions,
};
use api_metrics_tests::ClickHouseDatabase;
use sqlx::postgres::PgPoolOptions;

/// A number from the environment.
pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| {
        text.replace(['_', ','], "")
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number"))
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` and `cargo bench -- --list` only want to know that it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let wanted = |variable: &str, name: &str| {
        std::env::var(variable).map_or(true, |value| value.split(',').any(|one| one == name))
    };
    if wanted("BENCH_STORE", "postgres") {
        let mut table = Table::new("Postgres");
        if wanted("BENCH_ONLY", "write") {
            let (database, store) = on_postgres(Scratch::create().await);
            write::run(&store, number("BENCH_RATE", 10_000), Some(store.pool())).await;
            drop(store);
            database.remove().await;
        }
        if wanted("BENCH_ONLY", "tail") {
            let database = Scratch::create().await;
            tail::run(&database.url(), &mut table).await;
            database.remove().await;
        }
        if wanted("BENCH_ONLY", "read") {
            let rows = number("BENCH_ROWS", 20_000_000);
            let (database, new) = Scratch::kept("requests", usize::try_from(rows).unwrap()).await;
            let (database, store) = on_postgres(database);
            if new {
                fill::postgres(&store, rows).await;
            }
            measure::sizes(store.pool(), &["request_log", "request_log_detail"]).await;
            read::run(&store, rows, &mut table).await;
            drop(store);
            database.remove().await;
        }
        table.print();
    }
    // Only where it is asked for: it needs a server of its own.
    if std::env::var("BENCH_STORE")
        .is_ok_and(|value| value.split(',').any(|one| one == "clickhouse"))
    {
        let mut table = Table::new("ClickHouse");
        let requests = ClickHouseDatabase::create().await;
        let (database, mut store) = on_postgres(Scratch::create().await);
        let kept = Arc::new(requests.connect());
        store.keep_buckets_in(kept.clone());
        store.keep_requests_in(kept);
        if wanted("BENCH_ONLY", "read") {
            let rows = number("BENCH_ROWS", 20_000_000);
            fill::clickhouse(&store, &requests, rows).await;
            read::run(&store, rows, &mut table).await;
        }
        drop(store);
        database.remove().await;
        requests.remove().await;
        table.print();
    }
    if wanted("BENCH_STORE", "sqlite") {
        let mut table = Table::new("SQLite");
        if wanted("BENCH_ONLY", "write") {
            let (path, store) = on_sqlite(database::file());
            write::run(&store, number("BENCH_RATE", 3_000), None).await;
            store.pool().close().await;
            database::remove_file(&path);
        }
        if wanted("BENCH_ONLY", "tail") {
            let path = database::file();
            tail::run(&format!("sqlite://{}", path.display()), &mut table).await;
            database::remove_file(&path);
        }
        if wanted("BENCH_ONLY", "read") {
            let rows = number("BENCH_ROWS", 20_000_000) / 10;
            let (path, new) = database::kept_file(usize::try_from(rows).unwrap());
            let (path, store) = on_sqlite(path);
            if new {
                fill::sqlite(&store, rows).await;
            }
            read::run(&store, rows, &mut table).await;
            store.pool().close().await;
            if !database::keeps() {
                database::remove_file(&path);
            }
        }
        table.print();
    }
}

fn on_postgres(database: Scratch) -> (Scratch, PostgresStore) {
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_lazy_with(database.options());
    let store = PostgresStore::from_pool(pool, StoreOptions::default());
    (database, store)
}

fn on_sqlite(path: std::path::PathBuf) -> (std::path::PathBuf, SqliteStore) {
    let store = SqliteStore::open(path.to_str().unwrap(), StoreOptions::default()).unwrap();
    (path, store)
}

/// What the parts ask of a database.
pub trait Database: RequestLogStore + api_metrics_store::store::Store {}
impl<T: RequestLogStore + api_metrics_store::store::Store> Database for T {}
