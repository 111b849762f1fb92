//! The two databases: stores on them, snapshots to go back to, and their tables as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use api_metrics_store::{
    bucket::Bucket,
    postgres::PostgresStore,
    sqlite::SqliteStore,
    store::{Retention, Store, StoreOptions, Synchronous},
    time::{Clock, Granularity, ManualClock, UnixSeconds},
};
use api_metrics_tests::{ClickHouseDatabase, PgDatabase, PgProxy, SqliteFile};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Row, SqliteConnection, SqlitePool,
    sqlite::SqliteConnectOptions,
};
use uuid::Uuid;

use crate::{
    buckets::{SharedTrouble, Unsure},
    sum::Sum,
};

/// Short, so that floors move within a run.
pub(crate) fn retention() -> Retention {
    let mut retention = Retention::default();
    retention.minutes = Duration::from_secs(2 * 3_600);
    retention.five_minutes = Duration::from_secs(86_400);
    retention.hours = Duration::from_secs(15 * 86_400);
    retention
}

pub(crate) enum Database {
    Postgres {
        database: PgDatabase,
        proxy: PgProxy,
        snapshots: usize,
        /// Kept: a new connection has to plan everything anew.
        observer: Option<PgConnection>,
        /// Where the buckets are, if not there.
        buckets: Option<Box<Buckets>>,
    },
    Sqlite {
        file: SqliteFile,
        snapshots: usize,
    },
}

/// Buckets in ClickHouse.
pub(crate) struct Buckets {
    pub(crate) database: ClickHouseDatabase,
    pub(crate) trouble: SharedTrouble,
    /// Whether Postgres may go back to any time, and everything is kept for that.
    keeps_all: bool,
}

/// The pool under a store.
pub(crate) enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Pool {
    /// Closes every connection and waits for that.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite(pool) => pool.close().await,
        }
    }
}

/// Period, series and sum of each row of each flush batch.
pub(crate) type Inbox = BTreeMap<(Uuid, u64), Vec<(UnixSeconds, i64, Sum)>>;

/// Everything that the protocol keeps, read in one transaction while nobody writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    /// By instance: the number of its last flush.
    pub(crate) fences: BTreeMap<Uuid, u64>,
    pub(crate) folded: BTreeMap<Uuid, u64>,
    /// By instance and number.
    pub(crate) inbox: Inbox,
    pub(crate) rows: BTreeMap<Granularity, BTreeMap<(UnixSeconds, i64), Sum>>,
    /// Requests by period and series.
    pub(crate) counts: BTreeMap<(Granularity, UnixSeconds), BTreeMap<i64, u64>>,
    pub(crate) dirty: BTreeSet<(Granularity, UnixSeconds)>,
    pub(crate) floors: BTreeMap<Granularity, UnixSeconds>,
    pub(crate) series: BTreeMap<i64, Labels>,
    /// By their text.
    pub(crate) keys: BTreeMap<String, i64>,
    pub(crate) quarantined: i64,
    /// Whether buckets elsewhere are of a history that was lost, and nobody has seen to it yet.
    pub(crate) has_gone_back: bool,
    /// Counts by version: service, period, requests, server errors.
    pub(crate) versions: Vec<(String, UnixSeconds, u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) service: String,
    pub(crate) endpoint: String,
    pub(crate) api_key_id: i64,
    pub(crate) kind: i64,
    pub(crate) aggregates: [Option<i64>; 3],
}

impl Tables {
    pub(crate) fn floor(&self, granularity: Granularity) -> UnixSeconds {
        self.floors[&granularity]
    }

    /// The finest granularity that keeps the period of `at`.
    pub(crate) fn finest(&self, at: UnixSeconds) -> Granularity {
        Granularity::ALL
            .into_iter()
            .find(|g| g.floor(at) >= self.floor(*g))
            .unwrap_or(Granularity::Day)
    }

    pub(crate) fn fence(&self, id: Uuid) -> u64 {
        self.fences.get(&id).copied().unwrap_or(0)
    }

    pub(crate) fn folded(&self, id: Uuid) -> u64 {
        self.folded.get(&id).copied().unwrap_or(0)
    }
}

impl Database {
    /// With the buckets there, where it is named, and whether all of them are kept.
    pub(crate) async fn postgres(buckets: Option<(ClickHouseDatabase, bool)>) -> Self {
        let database = PgDatabase::create().await;
        let options = database.options();
        let proxy = PgProxy::start(format!("{}:{}", options.get_host(), options.get_port())).await;
        let mut admin = PgConnection::connect_with(&options).await.unwrap();
        // A model of the protocol, not of the disk.
        let off = format!(
            "ALTER DATABASE {} SET synchronous_commit = off",
            database.name()
        );
        sqlx::raw_sql(AssertSqlSafe(off))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self::Postgres {
            database,
            proxy,
            snapshots: 0,
            observer: None,
            buckets: buckets.map(|(database, keeps_all)| {
                Box::new(Buckets {
                    database,
                    trouble: SharedTrouble::default(),
                    keeps_all,
                })
            }),
        }
    }

    pub(crate) fn sqlite() -> Self {
        Self::Sqlite {
            file: SqliteFile::create(),
            snapshots: 0,
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub(crate) fn buckets(&self) -> Option<&Buckets> {
        match self {
            Self::Postgres { buckets, .. } => buckets.as_deref(),
            Self::Sqlite { .. } => None,
        }
    }

    pub(crate) fn proxy(&self) -> Option<&PgProxy> {
        match self {
            Self::Postgres { proxy, .. } => Some(proxy),
            Self::Sqlite { .. } => None,
        }
    }

    /// A process's own view.
    pub(crate) fn store(&self, clock: &Arc<ManualClock>) -> (Arc<dyn Store>, Pool) {
        let mut options = StoreOptions::default();
        options.clock = Some(Arc::<ManualClock>::clone(clock) as Arc<dyn Clock>);
        options.retention = retention();
        // Enough for shares of a fold beside a read and a flush.
        options.max_connections = 5;
        options.folds_side_by_side = 3;
        options.acquire_timeout = Duration::from_secs(20);
        options.synchronous = Synchronous::Normal;
        match self {
            Self::Postgres {
                database,
                proxy,
                buckets,
                ..
            } => {
                // The proxy reads what passes.
                let url = format!("{}?sslmode=disable", database.url_through(proxy.address()));
                let mut store = PostgresStore::connect_lazy(&url, options).unwrap();
                // A run has a few rows.
                store.fold_side_by_side_from(1);
                if let Some(buckets) = buckets {
                    let kept = if buckets.keeps_all { 10_000 } else { 0 };
                    let inner = buckets.database.connect();
                    store.keep_buckets_in(Arc::new(Unsure {
                        inner: inner.kept_after(Duration::from_secs(kept * 86_400)),
                        trouble: Arc::clone(&buckets.trouble),
                    }));
                }
                let pool = Pool::Postgres(store.pool().clone());
                (Arc::new(store), pool)
            }
            Self::Sqlite { file, .. } => {
                let path = file.path();
                let path = path.to_str().unwrap();
                let store = SqliteStore::open(path, options).unwrap();
                let pool = Pool::Sqlite(store.pool().clone());
                (Arc::new(store), pool)
            }
        }
    }

    /// Remembers the database as it is; no transaction may be open.
    pub(crate) async fn snapshot(&mut self) -> usize {
        match self {
            Self::Postgres {
                database,
                snapshots,
                observer,
                ..
            } => {
                *observer = None;
                crate::snapshots::take(&database.options(), *snapshots).await;
                *snapshots += 1;
                *snapshots - 1
            }
            Self::Sqlite { file, snapshots } => {
                let mut sql = sqlite(file).await;
                let to = snapshot_file(file, *snapshots);
                sqlx::query("VACUUM INTO ?")
                    .bind(to.to_str().unwrap())
                    .execute(&mut sql)
                    .await
                    .unwrap();
                sql.close().await.unwrap();
                *snapshots += 1;
                *snapshots - 1
            }
        }
    }

    /// Goes back to a snapshot. All connections break; on SQLite nobody may have the file open.
    pub(crate) async fn restore(&mut self, snapshot: usize) {
        match self {
            Self::Postgres {
                database, observer, ..
            } => {
                *observer = None;
                crate::snapshots::restore(&database.options(), snapshot).await;
            }
            Self::Sqlite { file, .. } => {
                for suffix in ["-wal", "-shm"] {
                    let mut path = file.path().into_os_string();
                    path.push(suffix);
                    let _ = std::fs::remove_file(path);
                }
                std::fs::copy(snapshot_file(file, snapshot), file.path()).unwrap();
            }
        }
    }

    /// Runs a flush of `id` until the file says that it is committed, and drops it before it can hear of
    /// that.
    pub(crate) async fn until_committed<F: Future>(&self, id: Uuid, call: F) -> Option<F::Output> {
        let Self::Sqlite { file, .. } = self else {
            panic!("the proxy does this on Postgres");
        };
        let mut sql = sqlite(file).await;
        let mut call = Box::pin(call);
        let mut first = None;
        loop {
            let polled = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context)));
            if let Poll::Ready(outcome) = polled.await {
                return Some(outcome);
            }
            let fence: Option<i64> =
                sqlx::query_scalar("SELECT seq FROM api_metrics_instance WHERE id = ?")
                    .bind(id)
                    .fetch_optional(&mut sql)
                    .await
                    .unwrap();
            if *first.get_or_insert(fence) != fence {
                return None;
            }
        }
    }

    /// Waits for every transaction that is under way, then reads everything.
    pub(crate) async fn tables(&mut self) -> Tables {
        match self {
            Self::Postgres {
                database,
                observer,
                buckets,
                ..
            } => {
                let mut sql = match observer.take() {
                    Some(sql) => sql,
                    None => PgConnection::connect_with(&database.options())
                        .await
                        .unwrap(),
                };
                let mut tables = crate::tables::postgres(&mut sql).await;
                if let Some(buckets) = buckets {
                    crate::buckets::read(&mut sql, &buckets.database, &mut tables).await;
                }
                *observer = Some(sql);
                tables
            }
            Self::Sqlite { file, .. } => {
                let mut sql = sqlite(file).await;
                let tables = crate::tables::sqlite(&mut sql).await;
                sql.close().await.unwrap();
                tables
            }
        }
    }
}

async fn sqlite(file: &SqliteFile) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(file.path())
        .busy_timeout(Duration::from_secs(20));
    SqliteConnection::connect_with(&options).await.unwrap()
}

fn snapshot_file(file: &SqliteFile, snapshot: usize) -> PathBuf {
    file.path()
        .with_file_name(format!("snapshot-{snapshot}.db"))
}

/// The rows of a payload of the inbox, decoded independently of the library: a version, then rows
/// whose series number and minute are zigzag varints relative to the row before, the length of the bucket
/// as a varint, and the bucket.
pub(crate) fn decode(payload: &[u8]) -> Vec<(UnixSeconds, i64, Sum)> {
    let (version, mut rest) = payload.split_first().expect("a payload has a version");
    assert_eq!(*version, 1, "the version of a payload");
    let (mut series, mut minute) = (0, 0);
    let mut rows = Vec::new();
    while !rest.is_empty() {
        series += zigzag(&mut rest);
        minute += zigzag(&mut rest);
        let length = usize::try_from(varint(&mut rest)).expect("a length");
        let (bucket, after) = rest.split_at(length);
        rest = after;
        let bucket = Bucket::try_from(bucket).expect("a bucket");
        rows.push((minute * 60, series, Sum::of_bucket(&bucket)));
    }
    rows
}

fn zigzag(input: &mut &[u8]) -> i64 {
    let value = varint(input);
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn varint(input: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let (byte, rest) = input.split_first().expect("a varint ends");
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}

/// A bucket's columns as a sum, by the names that both databases use.
pub(crate) fn sum_of<R: Row>(row: &R) -> Sum
where
    for<'a> &'a str: sqlx::ColumnIndex<R>,
    for<'a> i64: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
    for<'a> Vec<u8>: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
{
    let (tokens, scores) = units(&row.get::<Option<Vec<u8>>, _>("units").unwrap_or_default());
    let number = |column: &str| row.get::<i64, _>(column).cast_unsigned();
    Sum {
        requests: number("request_count"),
        weight: number("total_response_bytes"),
        other_weight: number("total_request_bytes"),
        latency_us: number("latency_sum_us"),
        errors: number("error_count_5xx"),
        tokens,
        scores,
    }
}

/// The column of units, decoded independently of the library: the sum of `tokens`, and the observations of
/// `score`.
fn units(mut encoded: &[u8]) -> (u64, u64) {
    let (mut tokens, mut scores) = (0, 0);
    while let [sort, length, rest @ ..] = encoded {
        let (name, rest) = rest.split_at(usize::from(*length));
        let (first, rest) = rest.split_first_chunk().expect("a number");
        let first = u64::from_be_bytes(*first);
        match (sort, name) {
            (0, b"tokens") => (tokens, encoded) = (tokens + first, rest),
            (1, b"score") => (scores, encoded) = (scores + first, &rest[32..]),
            _ => panic!("an entry of {name:?} and sort {sort}"),
        }
    }
    assert!(encoded.is_empty(), "whole entries");
    (tokens, scores)
}
