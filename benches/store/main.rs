//! What the store's views cost on a year of data, uncached, on both databases, beside the tables that
//! a team would write by hand.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench store` builds a database of its own on that server,
//! fills it, measures and drops it. `BENCH_SERIES` (5000) scales the data.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod database;
mod fill;
mod measure;
mod plain_log;
mod views;

use std::sync::Arc;

use api_metrics_store::{
    options::StoreOptions, postgres::PostgresStore, sqlite::SqliteStore, store::Store,
};
use database::Scratch;
use sqlx::postgres::PgPoolOptions;

#[tokio::main]
async fn main() {
    // `cargo test --benches` and `cargo bench -- --list` only want to know that it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let size = fill::Size::from_env();
    println!(
        "store: {} series, {} endpoints, {} keys",
        size.series(),
        size.endpoints,
        size.keys
    );
    if std::env::var("BENCH_STORE").is_ok_and(|which| which == "sqlite") {
        return sqlite(size).await;
    }
    postgres(size).await;
    sqlite(size).await;
}

async fn postgres(size: fill::Size) {
    let database = Scratch::create().await;
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_lazy_with(database.options());
    let store = PostgresStore::from_pool(pool, StoreOptions::default());
    fill::prepare(&store, size).await;
    fill::postgres(store.pool(), size).await;
    let pool = store.pool().clone();
    let store: Arc<dyn Store> = Arc::new(store);
    let mut table = measure::Table::new("Postgres");
    views::run(&store, size, &mut table).await;
    measure::sizes(&pool).await;
    if std::env::var_os("BENCH_PLAIN_LOG").is_some() {
        plain_log::run(&pool, size, &mut table).await;
    }
    table.print();
    database.remove().await;
}

async fn sqlite(size: fill::Size) {
    let file = database::file();
    let path = file.to_str().unwrap();
    let store = SqliteStore::open(path, StoreOptions::default()).unwrap();
    fill::prepare(&store, size).await;
    fill::sqlite(store.pool(), size).await;
    let store: Arc<dyn Store> = Arc::new(store);
    let mut table = measure::Table::new("SQLite");
    views::run(&store, size, &mut table).await;
    table.print();
    println!("file: {} MiB", std::fs::metadata(path).unwrap().len() >> 20);
}
