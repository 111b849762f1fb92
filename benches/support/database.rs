//! Databases of the benchmark's own.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

/// A database on the server of `DATABASE_URL`.
#[derive(Debug)]
pub struct Scratch {
    server: String,
    name: String,
    keep: bool,
}

impl Scratch {
    pub async fn create() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("api_metrics_bench_{}_{made}", std::process::id());
        let scratch = Self {
            server: server(),
            name,
            keep: false,
        };
        scratch.make().await;
        scratch
    }

    /// The one that an earlier run has kept under `BENCH_KEEP`, or a new one that is to be kept; and
    /// whether it is new. Without `BENCH_KEEP` a new one.
    pub async fn kept(bench: &str, series: usize) -> (Self, bool) {
        if !keeps() {
            return (Self::create().await, true);
        }
        let scratch = Self {
            server: server(),
            name: format!("api_metrics_bench_kept_{bench}_{series}"),
            keep: true,
        };
        let mut sql = PgConnection::connect(&scratch.server).await.unwrap();
        let found: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(&scratch.name)
                .fetch_one(&mut sql)
                .await
                .unwrap();
        if !found {
            scratch.make().await;
        }
        (scratch, !found)
    }

    async fn make(&self) {
        let mut sql = PgConnection::connect(&self.server).await.unwrap();
        let create = format!("CREATE DATABASE {}", self.name);
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&mut sql)
            .await
            .unwrap();
    }

    pub fn options(&self) -> PgConnectOptions {
        self.server
            .parse::<PgConnectOptions>()
            .unwrap()
            .database(&self.name)
    }

    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    pub async fn remove(self) {
        if self.keep {
            println!("kept: {}", self.name);
            return;
        }
        let mut sql = PgConnection::connect(&self.server).await.unwrap();
        let remove = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(remove))
            .execute(&mut sql)
            .await
            .unwrap();
    }
}

fn server() -> String {
    std::env::var("DATABASE_URL")
        .expect("DATABASE_URL names a Postgres server whose user may create databases")
}

/// Whether what was filled stays, so that the next run finds it.
pub fn keeps() -> bool {
    std::env::var_os("BENCH_KEEP").is_some()
}

/// Where the SQLite file is to be.
pub fn file() -> PathBuf {
    std::env::temp_dir().join(format!("api_metrics_bench_{}.db", std::process::id()))
}

/// As [`Scratch::kept`].
pub fn kept_file(series: usize) -> (PathBuf, bool) {
    if !keeps() {
        return (file(), true);
    }
    let path = std::env::temp_dir().join(format!("api_metrics_bench_kept_{series}.db"));
    let new = !path.exists();
    (path, new)
}

/// Removes a file and what SQLite keeps beside it.
pub fn remove_file(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
}
