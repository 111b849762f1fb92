//! Databases of the benchmark's own.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

/// A database on the server of `DATABASE_URL`.
pub struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    pub async fn create() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("DATABASE_URL")
            .expect("DATABASE_URL names a Postgres server whose user may create databases");
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("api_metrics_bench_{}_{made}", std::process::id());
        let mut sql = PgConnection::connect(&server).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&mut sql)
            .await
            .unwrap();
        Self { server, name }
    }

    pub fn options(&self) -> PgConnectOptions {
        self.server
            .parse::<PgConnectOptions>()
            .unwrap()
            .database(&self.name)
    }

    pub async fn remove(self) {
        let mut sql = PgConnection::connect(&self.server).await.unwrap();
        let remove = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(remove))
            .execute(&mut sql)
            .await
            .unwrap();
    }
}

/// Where the SQLite file is to be.
pub fn file() -> PathBuf {
    std::env::temp_dir().join(format!("api_metrics_bench_{}.db", std::process::id()))
}

/// Removes a file and what SQLite keeps beside it.
pub fn remove_file(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
}
