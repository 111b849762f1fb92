//! A database under test, and short ways to write to it.
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::must_use_candidate,
    reason = "its names say what its parts are for"
)]

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};
use api_metrics_store::{
    control::ControlStore,
    ingest::IngestStore,
    postgres::PostgresStore,
    query::{Answer, Query, TimeRange},
    recorder::{Recorder, RecorderOptions},
    request_log::RequestLogStore,
    sqlite::SqliteStore,
    store::{Instance, Store, StoreOptions, Writer},
    time::{Clock, ManualClock, UnixSeconds},
};

use crate::{ClickHouseDatabase, PgDatabase, SqliteFile};

/// 2026-03-10T12:00:00Z, a Tuesday.
pub const NOON: UnixSeconds = 1_773_144_000;

/// A fresh database; gone with this value.
pub enum Database {
    Postgres(PgDatabase),
    /// As an ordinary role: the first owns the schema, the second was only allowed to serve, where
    /// there is one.
    PostgresAs(PgDatabase, String, Option<String>),
    Sqlite(SqliteFile),
    /// With its buckets in ClickHouse.
    ClickHouse(PgDatabase, ClickHouseDatabase),
}

impl Database {
    /// With its buckets in ClickHouse's engine of today.
    pub async fn clickhouse() -> Self {
        Self::ClickHouse(
            PgDatabase::create().await,
            ClickHouseDatabase::create().await,
        )
    }

    /// With `TESTS_BUCKETS=clickhouse` its buckets are there: that runs what is written for Postgres over both.
    pub async fn postgres() -> Self {
        if std::env::var("TESTS_BUCKETS").is_ok_and(|buckets| buckets == "clickhouse") {
            return Self::clickhouse().await;
        }
        Self::Postgres(PgDatabase::create().await)
    }

    /// As the owner of the schema, who is no superuser.
    pub async fn postgres_as_owner() -> Self {
        let mut database = PgDatabase::create().await;
        let owner = database.role().await;
        database
            .admin(&format!(
                "ALTER DATABASE {} OWNER TO {owner}",
                database.name()
            ))
            .await;
        Self::PostgresAs(database, owner, None)
    }

    /// As a role that neither owns the schema nor is a superuser.
    pub async fn postgres_as_service() -> Self {
        let Self::PostgresAs(mut database, owner, _) = Self::postgres_as_owner().await else {
            unreachable!()
        };
        let service = database.role().await;
        Self::PostgresAs(database, owner, Some(service))
    }

    /// Makes the schema where the role under test may not.
    async fn install(&self, clock: &Arc<ManualClock>) {
        if let Self::PostgresAs(database, owner, Some(service)) = self {
            let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
            let options = crate::patient_by(clock);
            let store = PostgresStore::connect_lazy(&database.url_of(owner), options).unwrap();
            store.prepare().await.unwrap();
            store.pool().close().await;
            database
                .admin(&format!(
                    "SET ROLE {owner}; SELECT api_metrics.allow_service('{service}')"
                ))
                .await;
        }
    }

    pub async fn sqlite() -> Self {
        Self::Sqlite(SqliteFile::create())
    }

    /// Another process's view of the same database.
    pub fn store(&self, clock: &Arc<ManualClock>) -> Arc<dyn ControlStore> {
        self.store_with(options_by(clock))
    }

    /// The same, with its log of requests.
    pub fn request_log(&self, clock: &Arc<ManualClock>) -> Arc<dyn RequestLogStore> {
        match self {
            Self::Sqlite(file) => {
                Arc::new(SqliteStore::open(&file.url(), options_by(clock)).unwrap())
            }
            _ => Arc::new(self.in_postgres(options_by(clock))),
        }
    }

    /// The same, as other services report to it.
    pub fn ingest(&self, clock: &Arc<ManualClock>) -> Arc<dyn IngestStore> {
        match self {
            Self::Sqlite(file) => {
                Arc::new(SqliteStore::open(&file.url(), options_by(clock)).unwrap())
            }
            _ => Arc::new(self.in_postgres(options_by(clock))),
        }
    }

    pub fn store_with(&self, options: StoreOptions) -> Arc<dyn ControlStore> {
        match self {
            Self::Sqlite(file) => Arc::new(SqliteStore::open(&file.url(), options).unwrap()),
            _ => Arc::new(self.in_postgres(options)),
        }
    }

    /// A store that is in Postgres, but for the buckets where they are in ClickHouse.
    pub fn in_postgres(&self, options: StoreOptions) -> PostgresStore {
        match self {
            Self::Postgres(database) => {
                PostgresStore::connect_lazy(&database.url(), options).unwrap()
            }
            Self::PostgresAs(database, owner, service) => {
                let url = database.url_of(service.as_ref().unwrap_or(owner));
                PostgresStore::connect_lazy(&url, options).unwrap()
            }
            Self::ClickHouse(database, buckets) => {
                let mut store = PostgresStore::connect_lazy(&database.url(), options).unwrap();
                let buckets = Arc::new(buckets.connect());
                store.keep_requests_in(buckets.clone());
                store.keep_buckets_in(buckets);
                store
            }
            Self::Sqlite(_) => panic!("it is on SQLite"),
        }
    }
}

fn options_by(clock: &Arc<ManualClock>) -> StoreOptions {
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    crate::patient_by(clock)
}

/// A database with one store on it, prepared, and a clock that stands at noon.
pub struct Harness {
    pub store: Arc<dyn ControlStore>,
    pub clock: Arc<ManualClock>,
    pub database: Database,
}

impl Harness {
    pub async fn on(database: Database) -> Self {
        let clock = Arc::new(ManualClock::at(NOON));
        database.install(&clock).await;
        let store = database.store(&clock);
        store.prepare().await.unwrap();
        Self {
            store,
            clock,
            database,
        }
    }

    /// The Postgres database that it is on.
    pub fn postgres(&mut self) -> &mut PgDatabase {
        match &mut self.database {
            Database::Postgres(database)
            | Database::PostgresAs(database, ..)
            | Database::ClickHouse(database, _) => database,
            Database::Sqlite(_) => panic!("it is on SQLite"),
        }
    }

    pub fn writer(&self) -> Writer {
        writer_of("shop", &self.clock)
    }

    /// Folds and rolls up until nothing more is due.
    pub async fn settle(&self) {
        while self.store.fold().await.unwrap().more {}
        while self.store.roll_up().await.unwrap().steps > 0 {}
    }

    pub async fn read(&self, query: &Query) -> Answer {
        self.store.read(query, None).await.unwrap()
    }

    /// The answer that the writer's own process would give.
    pub async fn read_with(&self, query: &Query, writer: &Writer) -> Answer {
        let own = writer.recorder.capture(&|_, _| true);
        self.store.read(query, Some((writer, own))).await.unwrap()
    }

    pub async fn requests(&self, from: UnixSeconds, to: UnixSeconds) -> u64 {
        let answer = self.read(&Query::over(TimeRange::new(from, to))).await;
        answer.total().map_or(0, |bucket| bucket.request_count)
    }
}

pub fn writer_of(service: &str, clock: &Arc<ManualClock>) -> Writer {
    let mut options = RecorderOptions::default();
    options.clock = Arc::<ManualClock>::clone(clock);
    let recorder = Recorder::new(options);
    let mut instance = Instance::new(uuid::Uuid::new_v4(), service.to_owned(), "test");
    instance.version = "1.0.0".to_owned();
    instance.host = "here".to_owned();
    instance.started_at = clock.unix_seconds();
    Writer::new(instance, Arc::new(recorder))
}

/// Records `n` completed requests of `latency_ms` at `at`.
pub fn record(
    writer: &Writer,
    at: UnixSeconds,
    endpoint: &str,
    key: Option<&str>,
    latency_ms: u64,
    n: u64,
) {
    let key = key.map(ApiKey::from);
    let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
    let mut record = RequestRecord::new("GET", endpoint, finished_at);
    record.api_key = key.as_ref();
    record.latency = Some(Duration::from_millis(latency_ms));
    record.response_bytes = 10;
    for _ in 0..n {
        writer.recorder.record(&record);
    }
}
