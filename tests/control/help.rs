//! Short ways to record traffic and to watch it.

use std::{
    sync::Mutex,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};
use api_metrics_store::{
    control::notify::{Notice, Notifier, NotifyError},
    store::Writer,
    time::UnixSeconds,
};
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::harness::Database;

/// Requests of one kind.
#[derive(Clone, Copy)]
pub struct Traffic<'a> {
    pub method: &'static str,
    pub endpoint: &'a str,
    pub key: Option<&'a str>,
    pub status: u16,
    pub latency_ms: u64,
}

impl Default for Traffic<'_> {
    fn default() -> Self {
        Self {
            method: "GET",
            endpoint: "/api/segments",
            key: None,
            status: 200,
            latency_ms: 20,
        }
    }
}

impl Traffic<'_> {
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Records `n` of them at `at`.
    pub fn send(&self, writer: &Writer, at: UnixSeconds, n: u64) {
        let key = self.key.map(ApiKey::from);
        let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
        let mut record = RequestRecord::new(self.method, self.endpoint, finished_at);
        record.api_key = key.as_ref();
        record.status = Some(self.status);
        record.latency = Some(Duration::from_millis(self.latency_ms));
        record.request_bytes = 100;
        record.response_bytes = 900;
        for _ in 0..n {
            writer.recorder.record(&record);
        }
    }
}

/// Remembers what it was told, and refuses the first `failures` notices.
#[derive(Debug, Default)]
pub struct Memory {
    pub told: Mutex<Vec<Notice>>,
    pub failures: Mutex<u32>,
}

impl Memory {
    pub fn messages(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        told.iter().map(|notice| notice.message.clone()).collect()
    }

    pub fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

/// Runs a statement by hand, as somebody would who should not: the first on Postgres, the second on
/// SQLite.
pub async fn by_hand(database: &Database, postgres: &str, sqlite: &str) {
    match database {
        Database::Postgres(database)
        | Database::PostgresAs(database, ..)
        | Database::ClickHouse(database, _) => {
            database.admin(postgres).await;
        }
        Database::Sqlite(file) => {
            let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(sqlite.to_owned()))
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
        }
    }
}

/// A notifier into a [`Memory`].
#[derive(Debug, Clone)]
pub struct Tell(pub &'static str, pub std::sync::Arc<Memory>);

#[async_trait]
impl Notifier for Tell {
    fn channel(&self) -> &str {
        self.0
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut failures = self.1.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(NotifyError::Retry("not now".into()));
        }
        self.1.told.lock().unwrap().push(notice.clone());
        Ok(())
    }
}

/// Lets another notifier tell, and then answers nothing until it is let go: as a process that dies
/// before it has written down how its attempt went.
#[derive(Debug)]
pub struct Stalled<N> {
    pub inner: N,
    /// Told when the other has told.
    pub begun: Notify,
    /// To be told when it may answer: that it failed.
    pub go_on: Notify,
}

impl<N> Stalled<N> {
    pub fn new(inner: N) -> Self {
        Self {
            inner,
            begun: Notify::new(),
            go_on: Notify::new(),
        }
    }
}

#[async_trait]
impl<N: Notifier> Notifier for Stalled<N> {
    fn channel(&self) -> &str {
        self.inner.channel()
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.inner.notify(notice).await?;
        self.begun.notify_one();
        self.go_on.notified().await;
        Err(NotifyError::Retry("too late".into()))
    }
}
