//! Fills a database with four weeks of a small shop's traffic, and serves the dashboard over it.
//!
//! ```text
//! cargo run --release --example seed -- --database sqlite://shop.db --serve 127.0.0.1:3000
//! ```
//!
//! `--database` a SQLite file or a Postgres URL (shop-metrics.db), `--days` how far back (28), `--fine`
//! how many of them every five minutes, those before by the hour (7), `--load` how much of the shop's
//! traffic (1), `--seed` another course of events (1), `--hostile true` adds routes of names that break
//! careless pages, `--serve` an address to serve the admin on
//! afterwards, with a few live requests a second (not at all without it), `--token` the admin token
//! (printed where none is given; `none` lets everybody in). What is written goes the way of real traffic:
//! records, flushes, folds, rollups, retention and alerts, only with a clock that runs ahead.

#![allow(clippy::print_stdout)]

mod history;
mod random;
mod rules;
mod serve;
mod settings;
mod shop;

use std::sync::Arc;

use api_metrics_store::{
    control::ControlStore, postgres::PostgresStore, sqlite::SqliteStore, store::StoreOptions,
};

use settings::Settings;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = api_metrics_examples::parse::<Settings>();
    if settings.days > 0 {
        history::write(&settings).await?;
    }
    match settings.serve {
        Some(address) => serve::until_stopped(&settings, address).await,
        None => Ok(()),
    }
}

/// Opens the database with these options.
fn open(url: &str, options: StoreOptions) -> Result<Arc<dyn ControlStore>, Failure> {
    if url.starts_with("postgres") {
        #[cfg_attr(not(feature = "clickhouse"), expect(unused_mut))]
        let mut store = PostgresStore::connect_lazy(url, options)?;
        #[cfg(feature = "clickhouse")]
        if let Ok(buckets) = std::env::var("API_METRICS_CLICKHOUSE_URL") {
            let buckets = api_metrics_clickhouse::ClickHouse::connect_lazy(&buckets)?;
            store.keep_buckets_in(Arc::new(buckets));
        }
        Ok(Arc::new(store))
    } else {
        Ok(Arc::new(SqliteStore::open(url, options)?))
    }
}
