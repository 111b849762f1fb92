//! What the store's views cost on a year of data, uncached, on both databases, beside the tables that
//! a team would write by hand.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench store` builds a database of its own on that server,
//! fills it, measures and drops it. `BENCH_SERIES` (5000) scales the data; with `BENCH_KEEP` the
//! databases stay, and the next run of that size begins with the measurements. `BENCH_STORE` is
//! `postgres` or `sqlite`, `BENCH_ONLY` is `leader`, `views`, `log` (the tables that a team would write
//! by hand) or `growth`; `BENCH_MATCH=keys` leaves the views whose names have it. `BENCH_FILL` only
//! fills that database, a SQLite file or the URL of an empty one on Postgres, to look at it in the
//! dashboard.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod leader;
mod plain_log;
mod views;

use std::sync::Arc;

use api_metrics_benches::{
    database::{self, Scratch},
    fill, measure,
};
use api_metrics_store::{
    postgres::PostgresStore,
    sqlite::SqliteStore,
    store::{Store, StoreOptions},
    time::{Clock, ManualClock},
};
use sqlx::postgres::PgPoolOptions;

#[tokio::main(flavor = "current_thread")]
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
    if std::env::var("BENCH_ONLY").is_ok_and(|only| only == "growth") {
        leader::growth().await;
        return;
    }
    if let Ok(place) = std::env::var("BENCH_FILL") {
        // A dashboard over it asks for the last 24 hours.
        fill::follow_the_machines_clock();
        if place.starts_with("postgres") {
            let store = PostgresStore::connect_lazy(&place, StoreOptions::default()).unwrap();
            fill::prepare(&store, size).await;
            fill::postgres(store.pool(), size).await;
            return;
        }
        let store = SqliteStore::open(&place, StoreOptions::default()).unwrap();
        fill::prepare(&store, size).await;
        fill::sqlite(store.pool(), size).await;
        store.pool().close().await;
        return;
    }
    let wanted = |variable: &str, name: &str| {
        std::env::var(variable).map_or(true, |value| value.split(',').any(|one| one == name))
    };
    for (name, on_postgres) in [("postgres", true), ("sqlite", false)] {
        if !wanted("BENCH_STORE", name) {
            continue;
        }
        let mut table = measure::Table::new(if on_postgres { "Postgres" } else { "SQLite" });
        if wanted("BENCH_ONLY", "leader") {
            let rounds = 8;
            let figures = if on_postgres {
                leader::on_postgres(size, rounds).await
            } else {
                leader::on_sqlite(size, rounds).await
            };
            leader::report(figures, size, &mut table);
        }
        if on_postgres && wanted("BENCH_ONLY", "log") {
            log(size, &mut table).await;
        }
        if wanted("BENCH_ONLY", "views") {
            if on_postgres {
                postgres(size, &mut table).await;
            } else {
                sqlite(size, &mut table).await;
            }
        }
        table.print();
    }
}

async fn postgres(size: fill::Size, table: &mut measure::Table) {
    let (database, new) = Scratch::kept("store", size.series()).await;
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_lazy_with(database.options());
    let store = PostgresStore::from_pool(pool, options());
    if new {
        fill::prepare(&store, size).await;
        fill::postgres(store.pool(), size).await;
    }
    let pool = store.pool().clone();
    fill::empty_inbox(&pool).await;
    let store: Arc<dyn Store> = Arc::new(store);
    views::run(&store, size, table).await;
    measure::sizes(
        &pool,
        &["metrics_1m", "metrics_5m", "metrics_1h", "metrics_1d"],
    )
    .await;
    database.remove().await;
}

async fn log(size: fill::Size, table: &mut measure::Table) {
    let (database, _) = Scratch::kept("store", size.series()).await;
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_lazy_with(database.options());
    plain_log::run(&pool, size, table).await;
    database.remove().await;
}

async fn sqlite(size: fill::Size, table: &mut measure::Table) {
    let (file, new) = database::kept_file(size.series());
    let path = file.to_str().unwrap();
    let store = SqliteStore::open(path, options()).unwrap();
    if new {
        fill::prepare(&store, size).await;
        fill::sqlite(store.pool(), size).await;
    }
    let store_pool = store.pool().clone();
    sqlx::raw_sql("DELETE FROM api_metrics_inbox; UPDATE api_metrics_instance SET live = false")
        .execute(&store_pool)
        .await
        .unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    views::run(&store, size, table).await;
    println!("file: {} MiB", std::fs::metadata(path).unwrap().len() >> 20);
    store_pool.close().await;
    if !database::keeps() {
        database::remove_file(&file);
    }
}

/// A store to which it is always the same time.
fn options() -> StoreOptions {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(fill::now()));
    let mut options = StoreOptions::default();
    options.clock = Some(clock);
    options
}
