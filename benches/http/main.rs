//! What the HTTP API costs: views over a year of data, uncached and cached; 2,000 live streams on one
//! process; an export of a million rows. The server is a process of its own, so that its memory and
//! processor time are its own too.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench http` makes databases of its own on that server and drops
//! them. `BENCH_ONLY` (`speed,streams,export`), `BENCH_STORE` (`postgres,sqlite`), `BENCH_SERIES` (5000, of
//! `speed`), `BENCH_STREAMS` (2000) choose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod client;
mod export;
mod server;
mod speed;
mod streams;

use std::sync::Arc;

use api_metrics_benches::{
    database::{self, Scratch},
    fill,
};
use api_metrics_store::{
    control::ControlStore, postgres::PostgresStore, sqlite::SqliteStore, store::StoreOptions,
};
use sqlx::ConnectOptions as _;

/// A database, to be filled where it is new, and then served by a process of its own.
enum Place {
    Postgres { scratch: Scratch, new: bool },
    Sqlite(std::path::PathBuf),
}

impl Place {
    /// Only that of the views is worth keeping under `BENCH_KEEP`; what is in it grows older.
    async fn make(on_postgres: bool, part: &str) -> Self {
        if on_postgres {
            let (scratch, new) = match part {
                "speed" => Scratch::kept("http", fill::Size::from_env().series()).await,
                _ => (Scratch::create().await, true),
            };
            Self::Postgres { scratch, new }
        } else {
            Self::Sqlite(database::file())
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "Postgres",
            Self::Sqlite(_) => "SQLite",
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Postgres { scratch, .. } => scratch.options().to_url_lossy().to_string(),
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
        }
    }

    async fn remove(self) {
        match self {
            Self::Postgres { scratch, .. } => scratch.remove().await,
            Self::Sqlite(path) => database::remove_file(&path),
        }
    }
}

/// Opens the database of a URL.
fn open(url: &str) -> Arc<dyn ControlStore> {
    let options = StoreOptions::default();
    if url.starts_with("postgres") {
        Arc::new(PostgresStore::connect_lazy(url, options).unwrap())
    } else {
        Arc::new(SqliteStore::open(url, options).unwrap())
    }
}

#[tokio::main]
async fn main() {
    fill::follow_the_machines_clock();
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "serve") {
        return server::serve(&arguments[at + 1..]).await;
    }
    // `cargo test --benches` and `cargo bench -- --list` only want to know that it starts.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    server::allow_many_connections();
    let wanted = |variable: &str, name: &str| {
        std::env::var(variable).map_or(true, |value| value.split(',').any(|one| one == name))
    };
    for (name, on_postgres) in [("postgres", true), ("sqlite", false)] {
        if !wanted("BENCH_STORE", name) {
            continue;
        }
        for part in ["speed", "export", "streams"] {
            if !wanted("BENCH_ONLY", part) {
                continue;
            }
            let place = Place::make(on_postgres, part).await;
            match part {
                "speed" => speed::run(&place).await,
                "export" => export::run(&place).await,
                _ => streams::run(&place).await,
            }
            place.remove().await;
        }
    }
}
