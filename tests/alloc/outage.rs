//! An hour without the store at 5,000 series, through the store itself.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use api_metrics_store::{
    postgres::PostgresStore,
    query::{Group, GroupBy, Query, TimeRange},
    recorder::{Recorder, RecorderOptions},
    sqlite::SqliteStore,
    store::{FlushError, Instance, Store, StoreOptions, Writer},
    time::{Clock, ManualClock, UnixSeconds},
};
use api_metrics_tests::{
    PgDatabase, PgProxy, SqliteFile,
    pg_proxy::{Request, Verdict},
    sized,
};
use sqlx::{Connection, SqliteConnection, pool::PoolConnection};

use crate::{
    counting::{live, take_peak},
    traffic::{ALONE, MIB, START, Service},
};

/// A quarter of them has a quarter of every bound.
fn series() -> usize {
    sized(5_000, 1_240)
}
/// Ten seconds each: a minute of peace, then the hour.
const PEACE: u64 = 6;
const OUTAGE: u64 = 360;
/// Requests of every series in each.
const EACH: u64 = 2;

struct Scene {
    clock: Arc<ManualClock>,
    store: Arc<dyn Store>,
    writer: Writer,
    service: Service,
    idle: isize,
    served: u64,
    bytes: u64,
}

impl Scene {
    fn new(store: Arc<dyn Store>, clock: Arc<ManualClock>, budget: Option<usize>) -> Self {
        let service = Service::new(series());
        let (idle, _) = (live(), take_peak());
        let mut options = RecorderOptions::default();
        options.clock = Arc::<ManualClock>::clone(&clock);
        if let Some(budget) = budget {
            options.memory_budget = budget;
        }
        let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
        instance.version = "1".to_owned();
        instance.host = "here".to_owned();
        instance.started_at = clock.unix_seconds();
        Self {
            writer: Writer::new(instance, Arc::new(Recorder::new(options))),
            clock,
            store,
            service,
            idle,
            served: 0,
            bytes: 0,
        }
    }

    /// Ten seconds of traffic.
    fn traffic(&mut self) {
        let seed = 1_000_000 * self.served;
        let now = self.clock.unix_seconds();
        self.service.serve(&self.writer.recorder, now, EACH, seed);
        self.bytes += (1..=EACH * series() as u64)
            .map(|i| (seed + i) % 3_000)
            .sum::<u64>();
        self.served += 1;
        self.clock.advance(Duration::from_secs(10));
    }

    async fn peace(&mut self) {
        for _ in 0..PEACE {
            self.traffic();
            self.store.flush(&self.writer).await.unwrap();
        }
    }

    /// Attempts come a minute apart, as after some failures.
    async fn outage(&mut self) -> Vec<FlushError> {
        let mut errors = Vec::new();
        for interval in 0..OUTAGE {
            self.traffic();
            if interval < 12 || interval % 6 == 0 {
                errors.push(self.store.flush(&self.writer).await.unwrap_err());
            }
        }
        errors
    }

    fn peak(&self, of: &str) -> isize {
        let peak = take_peak() - self.idle;
        println!(
            "{of}: at most {:.1} MiB above idle",
            peak as f64 / MIB as f64
        );
        assert!(peak < sized(64, 16) * MIB, "{of}: {peak} bytes");
        peak
    }

    /// The store is back: one flush delivers everything, and it is exact.
    async fn recovery(&mut self) {
        let recorder = &self.writer.recorder;
        let expected = self.served * EACH * series() as u64;
        let waiting = (self.served - PEACE) * EACH * series() as u64;
        assert_eq!(
            recorder.status().unflushed_records,
            waiting,
            "nothing was dropped"
        );
        let flushed = self.store.flush(&self.writer).await.unwrap();
        self.peak("the recovery");
        assert_eq!(flushed.records, waiting);
        let recorder = &self.writer.recorder;
        assert_eq!(recorder.status().unflushed_records, 0);
        println!("{} rows for {} records", flushed.rows, flushed.records);
        while self.store.fold().await.unwrap().more {}
        let mut key = GroupBy::default();
        key.api_key = true;
        let range = TimeRange::new(START, self.clock.unix_seconds());
        let mut query = Query::over(range);
        query.group_by = key;
        let answer = self.store.read(&query, None).await.unwrap();
        assert_eq!(answer.rows.len(), self.service.keys.len());
        let of_each = expected / self.service.keys.len() as u64;
        for row in &answer.rows {
            assert_ne!(row.group, Group::default());
            assert_eq!(row.bucket.request_count, of_each, "{:?}", row.group);
            assert_eq!(row.bucket.latency_count, of_each);
        }
        let bytes: u64 = answer
            .rows
            .iter()
            .map(|row| row.bucket.response_bytes)
            .sum();
        assert_eq!(bytes, self.bytes);

        self.clock.advance(Duration::from_secs(61));
        self.store.flush(&self.writer).await.unwrap();
        let after = live() - self.idle;
        println!("afterwards {:.1} MiB above idle", after as f64 / MIB as f64);
        assert!(
            after < sized(24, 6) * MIB,
            "what was delivered is freed: {after}"
        );
    }

    async fn is_approximate(&self, from: UnixSeconds, to: UnixSeconds) -> bool {
        let query = Query::over(TimeRange::new(from, to));
        self.store.read(&query, None).await.unwrap().approximate
    }
}

fn block_on(test: impl Future<Output = ()>) {
    // Bytes are counted over all threads: one test at a time.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

fn options(clock: &Arc<ManualClock>) -> StoreOptions {
    let mut options = api_metrics_tests::patient_by(Arc::<ManualClock>::clone(clock));
    options.max_connections = 2;
    options
}

/// The first commits are lost on their way, so that their outcome is unknown; then nobody answers.
#[test]
fn an_hour_without_postgres_at_5000_series_takes_less_than_64_mib_and_loses_nothing() {
    block_on(async {
        let database = PgDatabase::create().await;
        let proxy = PgProxy::start(database.address().to_string()).await;
        let clock = Arc::new(ManualClock::at(START));
        let url = format!("{}?sslmode=disable", database.url_through(proxy.address()));
        let store = Arc::new(PostgresStore::connect_lazy(&url, options(&clock)).unwrap());
        store.prepare().await.unwrap();
        let mut scene = Scene::new(store, clock, None);
        scene.peace().await;
        let mut commits = 0;
        proxy.judge(move |request| {
            commits += u64::from(request == Request::Commit);
            match request {
                Request::Other if commits < 10 => Verdict::Pass,
                Request::Other | Request::Commit => Verdict::CutBefore,
            }
        });
        let errors = scene.outage().await;
        let unknown = |error: &&FlushError| matches!(error, FlushError::Unknown(_));
        assert_eq!(errors.iter().filter(unknown).count(), 10);
        assert_eq!(scene.writer.recorder.status().unresolved_batches, 8);
        scene.peak("the outage");
        proxy.pass();
        scene.recovery().await;
    });
}

/// A quarter of the memory, so that minutes become coarser; their counts stay.
#[test]
fn an_hour_without_sqlite_in_little_memory_makes_minutes_coarser_and_loses_nothing() {
    block_on(async {
        let file = SqliteFile::create();
        let clock = Arc::new(ManualClock::at(START));
        let store = SqliteStore::open(&file.url(), options(&clock)).unwrap();
        store.prepare().await.unwrap();
        // Both connections of its pool: to be told at once that the file is locked, not after 10 s.
        let mut connections: Vec<PoolConnection<sqlx::Sqlite>> = Vec::new();
        for _ in 0..2 {
            let mut connection = store.pool().acquire().await.unwrap();
            sqlx::query("PRAGMA busy_timeout = 1")
                .execute(&mut *connection)
                .await
                .unwrap();
            connections.push(connection);
        }
        drop(connections);
        let mut scene = Scene::new(Arc::new(store), clock, Some(sized(8, 2) << 20));
        scene.peace().await;
        let mut other = SqliteConnection::connect(&file.url()).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut other)
            .await
            .unwrap();
        scene.outage().await;
        scene.peak("the outage");
        let coarsened = scene.writer.recorder.status().coarsened;
        assert!(!coarsened.is_empty(), "the budget was reached");
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        scene.recovery().await;
        let (from, to) = coarsened[0];
        assert!(
            !scene.is_approximate(from, to).await,
            "a whole span is exact"
        );
        assert!(scene.is_approximate(from + 60, to).await);
    });
}
