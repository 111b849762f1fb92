//! A disk that is full or broken under a SQLite file, and mended.

use std::{path::PathBuf, process::Command, sync::Arc, time::Duration};

use api_metrics_store::{
    query::{Query, TimeRange},
    sqlite::SqliteStore,
    store::{Store, StoreError, StoreOptions},
};
use api_metrics_tests::{
    Disk, DiskFault, Process, SqliteFile, eventually, eventually_within,
    fast_clock::{FastClock, retention},
    harness::{NOON, record, writer_of},
};
use uuid::Uuid;

use crate::ledger::{WriterLedger, exact, left_by, now_ms, requests_left_by};

/// A service with a file of its own, on a disk that can be filled.
struct Embedded {
    disk: Disk,
    file: SqliteFile,
    started_ms: u64,
    id: Uuid,
    log: PathBuf,
    process: Process,
    _folder: tempfile::TempDir,
}

impl Embedded {
    fn start(records: u64) -> Self {
        let (disk, file) = (Disk::new(), SqliteFile::on_disk());
        let folder = tempfile::tempdir().unwrap();
        let (started_ms, id) = (now_ms(), Uuid::new_v4());
        let log = folder.path().join("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_faulty"));
        command.args(["embedded", &file.url(), &started_ms.to_string(), "600"]);
        command.arg(&log);
        command.args([id.to_string(), records.to_string(), "7".to_owned()]);
        command.envs(disk.settings());
        let process = Process::start(&mut command);
        Self {
            disk,
            file,
            started_ms,
            id,
            log,
            process,
            _folder: folder,
        }
    }

    fn ledger(&self) -> WriterLedger {
        WriterLedger::read(&self.log)
    }

    /// Waits until so many flushes more were acknowledged.
    async fn acknowledges(&self, more: u64) {
        let before = self.ledger().acknowledgements;
        eventually("flushes are acknowledged", || async {
            (self.ledger().acknowledgements >= before + more).then_some(())
        })
        .await;
    }

    /// Waits until so many flushes more have failed.
    async fn fails(&self, more: u64) {
        let failed = |ledger: &WriterLedger| ledger.failed + ledger.unknown;
        let before = failed(&self.ledger());
        eventually("flushes fail", || async {
            (failed(&self.ledger()) >= before + more).then_some(())
        })
        .await;
    }

    /// Waits for the end, and checks that every record arrived once.
    async fn ends_exactly(self) {
        eventually_within(
            Duration::from_secs(60),
            "everything is delivered",
            || async { self.ledger().done.then_some(()) },
        )
        .await;
        let ended = tokio::task::spawn_blocking(|| self.process.ended())
            .await
            .unwrap();
        assert!(ended.status.success(), "{}", ended.output);
        let clock = FastClock::since(self.started_ms, 600);
        let mut options = StoreOptions::default();
        options.clock = Some(Arc::new(clock.clone()));
        options.retention = retention();
        let database = Arc::new(SqliteStore::open(&self.file.url(), options).unwrap());
        let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&database);
        let logs = [(self.id, self.log)].into();
        let (expected, verdict) = left_by(&store, &logs).await;
        assert_eq!(verdict.recorded, verdict.committed);
        exact(&store, &clock, &expected).await;
        let (kept, _) = requests_left_by(&*database, &logs).await;
        assert!(kept > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_nothing_and_what_waits_is_delivered_when_it_is_free() {
    let service = Embedded::start(6_000);
    service.acknowledges(3).await;
    for _ in 0..3 {
        service.disk.fail(DiskFault::Full, 1);
        service.fails(4).await;
        service.disk.mend();
        service.acknowledges(2).await;
    }
    service.ends_exactly().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_now_and_then_at_any_statement_loses_and_doubles_nothing() {
    let service = Embedded::start(9_000);
    service.acknowledges(2).await;
    for one_in in [1, 2, 3, 5, 9] {
        for how in [DiskFault::Broken, DiskFault::Full] {
            service.disk.fail(how, one_in);
            service.fails(2).await;
            service.disk.mend();
            service.acknowledges(1).await;
        }
    }
    service.ends_exactly().await;
}

/// The limit of SQLite's own: it makes SQLITE_FULL of any statement, the later the more room there is.
#[tokio::test]
async fn a_file_that_may_not_grow_fails_at_each_statement_in_turn_and_is_used_again() {
    let file = SqliteFile::on_disk();
    let clock = Arc::new(api_metrics_store::time::ManualClock::at(NOON));
    let mut options = StoreOptions::default();
    options.clock = Some(clock.clone());
    options.max_connections = 3;
    let store = SqliteStore::open(&file.url(), options).unwrap();
    store.prepare().await.unwrap();
    let writer = writer_of("shop", &clock);
    let (mut expected, mut failures) = (0, 0);
    for room in 0..60 {
        // The limit is a connection's own; one that is thrown away takes it along.
        let mut all = Vec::new();
        for _ in 0..3 {
            let mut connection = store.pool().acquire().await.unwrap();
            let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
                "PRAGMA max_page_count = {}",
                pages + room / 2
            )))
            .execute(&mut *connection)
            .await
            .unwrap();
            all.push(connection);
        }
        drop(all);
        for endpoint in 0..40 {
            record(
                &writer,
                NOON,
                &format!("/{room}/{endpoint}"),
                Some("k"),
                5,
                1,
            );
        }
        expected += 40;
        if let Err(error) = store.flush(&writer).await {
            failures += 1;
            assert!(error.to_string().contains("full"), "{error}");
        }
        if let Err(error) = store.fold().await {
            failures += 1;
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        }
        // Every read answers, whatever became of the connections.
        for _ in 0..4 {
            store.status().await.unwrap();
        }
        // As if the disk had room again.
        let mut all = Vec::new();
        for _ in 0..3 {
            let mut connection = store.pool().acquire().await.unwrap();
            sqlx::raw_sql("PRAGMA max_page_count = 1000000")
                .execute(&mut *connection)
                .await
                .unwrap();
            all.push(connection);
        }
        drop(all);
        store.flush(&writer).await.unwrap();
        while store.fold().await.unwrap().more {}
        let query = Query::over(TimeRange::new(NOON, NOON + 60));
        let answer = store.read(&query, None).await.unwrap();
        assert_eq!(
            answer.total().unwrap().request_count,
            expected,
            "room {room}"
        );
    }
    assert!(failures > 5, "{failures}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_somebody_else_writes_to_for_long_is_used_again_afterwards() {
    let file = SqliteFile::on_disk();
    let clock = Arc::new(api_metrics_store::time::ManualClock::at(NOON));
    let mut options = StoreOptions::default();
    options.clock = Some(clock.clone());
    options.max_connections = 3;
    let store = SqliteStore::open(&file.url(), options).unwrap();
    store.prepare().await.unwrap();
    let writer = writer_of("shop", &clock);
    record(&writer, NOON, "/", None, 5, 3);
    let other = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (flushed, folded) = tokio::join!(store.flush(&writer), store.fold());
    let told = flushed.unwrap_err().to_string();
    assert!(told.starts_with("nothing was flushed"), "{told}");
    assert!(
        matches!(folded, Err(StoreError::Unavailable(_))),
        "{folded:?}"
    );
    store.status().await.unwrap();
    held.rollback().await.unwrap();
    assert_eq!(store.flush(&writer).await.unwrap().records, 3);
    assert_eq!(store.fold().await.unwrap().batches, 1);
}

/// A program with the whole of the library in it.
struct Program {
    disk: Disk,
    file: SqliteFile,
    process: Process,
    base: String,
}

impl Program {
    /// One that has flushed 20 requests, and keeps 30 since the disk is full.
    async fn with_a_full_disk() -> Self {
        let program = Self::start();
        program.requests(20).await;
        eventually("the first flush", || async {
            program.ready().await.then_some(())
        })
        .await;
        program.disk.fail(DiskFault::Full, 1);
        program.requests(30).await;
        eventually("a failed flush", || async {
            (!program.ready().await).then_some(())
        })
        .await;
        program
    }

    fn start() -> Self {
        let (disk, file) = (Disk::new(), SqliteFile::on_disk());
        let mut process = Process::start(
            Command::new(env!("CARGO_BIN_EXE_demo"))
                .env("DEMO_LISTEN", "127.0.0.1:0")
                .env("DEMO_TRAFFIC", "0")
                .env("DATABASE_URL", file.url())
                .env("API_METRICS_FLUSH_INTERVAL", "0.2")
                .envs(disk.settings()),
        );
        let base = process.line(|line| {
            let dashboard = line.strip_prefix("dashboard")?.trim();
            Some(dashboard.strip_suffix("/admin/")?.to_owned())
        });
        Self {
            disk,
            file,
            process,
            base,
        }
    }

    async fn requests(&self, n: u64) {
        for id in 1..=n {
            let answer = reqwest::get(format!("{}/api/users/{id}", self.base))
                .await
                .unwrap();
            assert!(answer.status().is_success());
        }
    }

    async fn ready(&self) -> bool {
        let url = format!("{}/admin/health/ready", self.base);
        reqwest::get(url).await.unwrap().status().is_success()
    }

    /// The requests that the file alone holds, without what stands beside it.
    async fn stored(&self) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.db");
        std::fs::copy(self.file.path(), &copy).unwrap();
        let store = SqliteStore::open(copy.to_str().unwrap(), StoreOptions::default()).unwrap();
        store.prepare().await.unwrap();
        let query = Query::over(TimeRange::new(0, 4_102_444_800));
        let answer = store.read(&query, None).await.unwrap();
        answer.total().map_or(0, |bucket| bucket.request_count)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_ends_while_the_disk_is_full_says_what_it_could_not_deliver() {
    let program = Program::with_a_full_disk().await;
    program.process.signal("TERM");
    let Program {
        disk,
        process,
        file,
        base,
    } = program;
    let ended = tokio::task::spawn_blocking(|| process.ended())
        .await
        .unwrap();
    assert!(!ended.status.success(), "{}", ended.output);
    assert!(
        ended
            .output
            .contains("recorded requests could not be delivered"),
        "{}",
        ended.output
    );
    disk.mend();
    drop((file, base));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_ends_delivers_what_waited_for_a_full_disk_and_leaves_one_whole_file() {
    let program = Program::with_a_full_disk().await;
    program.process.signal("TERM");
    // Free again while the service is on its way out.
    program.disk.mend();
    let Program {
        disk,
        process,
        file,
        base,
    } = program;
    let ended = tokio::task::spawn_blocking(|| process.ended())
        .await
        .unwrap();
    assert!(ended.status.success(), "{}", ended.output);
    // Nothing but the file is needed: its log is empty.
    let log = std::fs::metadata(file.path().with_extension("db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0);
    let process = Process::start(&mut Command::new("true"));
    let program = Program {
        disk,
        file,
        process,
        base,
    };
    assert_eq!(program.stored().await, 50);
}
