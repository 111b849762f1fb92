//! Databases of the benchmark's own.

use std::path::PathBuf;

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

/// A database on the server of `DATABASE_URL`.
pub struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    pub async fn create() -> Self {
        let server = std::env::var("DATABASE_URL")
            .expect("DATABASE_URL names a Postgres server whose user may create databases");
        let name = format!("api_metrics_bench_{}", std::process::id());
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
