//! Processes that are stopped in the middle of a transaction, as a debugger, a frozen virtual machine or a
//! paused container would.

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant, UNIX_EPOCH},
};

use api_metrics_layer::{MetricSink, RequestRecord};
use api_metrics_store::{
    postgres::PostgresStore,
    store::{Store, StoreOptions, Writer},
};
use api_metrics_tests::{
    PgDatabase, Process, eventually, eventually_within,
    fast_clock::{FastClock, retention},
    newcomer::{NEWCOMERS, newcomer},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::{
    ledger::{WriterLedger, exact, left_by, now_ms},
    writers::{self, record},
};

/// What the library sets for a writer's and for a leader's transaction.
const WRITER_TIMEOUT: Duration = Duration::from_secs(10);
const LEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// For a machine that is busy with other tests.
const SLACK: Duration = Duration::from_secs(15);

/// A lock, for as long as it lives.
type HeldTransaction = sqlx::Transaction<'static, sqlx::Postgres>;

struct Scene {
    database: PgDatabase,
    clock: FastClock,
    started_ms: u64,
    /// Connections that the observed ones are told apart from by name.
    observer: PgPool,
}

impl Scene {
    async fn set() -> Self {
        let database = PgDatabase::create().await;
        let options = database.options().application_name("observer");
        let observer = PgPoolOptions::new()
            .max_connections(6)
            .connect_with(options)
            .await
            .unwrap();
        let started_ms = now_ms();
        let scene = Self {
            database,
            clock: FastClock::since(started_ms, 1),
            started_ms,
            observer,
        };
        scene.store().prepare().await.unwrap();
        scene
    }

    /// Works by the observer's connections.
    fn store(&self) -> Arc<dyn Store> {
        let mut options = StoreOptions::default();
        options.clock = Some(Arc::new(self.clock.clone()));
        options.retention = retention();
        Arc::new(PostgresStore::from_pool(self.observer.clone(), options))
    }

    fn faulty(&self, duty: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faulty"));
        command.args([duty, &self.database.url()]);
        command.args([self.started_ms.to_string(), "1".into()]);
        command
    }

    /// From here on nobody changes the inbox.
    async fn hold_the_inbox(&self) -> HeldTransaction {
        let mut held = self.observer.begin().await.unwrap();
        sqlx::query("LOCK TABLE api_metrics.inbox IN SHARE MODE")
            .execute(&mut *held)
            .await
            .unwrap();
        held
    }

    /// Stops the process in the middle of a transaction that is about to change the inbox, and tells its
    /// server process.
    ///
    /// It waits there for the lock until it stands still. Then nothing that it has sent is on its way, and
    /// its server ends the one statement and hears no more.
    async fn stop_before_the_inbox(&self, process: &Process, held: HeldTransaction) -> i32 {
        let pid: i32 = eventually("a transaction to reach the inbox", || async {
            sqlx::query_scalar(
                "SELECT pid FROM pg_locks WHERE relation = 'api_metrics.inbox'::regclass \
                 AND mode = 'RowExclusiveLock' AND NOT granted",
            )
            .fetch_optional(&self.observer)
            .await
            .unwrap()
        })
        .await;
        process.signal("STOP");
        eventually("the process to stand still", || async {
            process.is_stopped().then_some(())
        })
        .await;
        held.rollback().await.unwrap();
        eventually("its server process to be done", || async {
            let still: bool = sqlx::query_scalar(
                "SELECT state = 'idle in transaction' FROM pg_stat_activity WHERE pid = $1",
            )
            .bind(pid)
            .fetch_one(&self.observer)
            .await
            .unwrap();
            still.then_some(())
        })
        .await;
        pid
    }

    async fn is_there(&self, pid: i32) -> bool {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)")
            .bind(pid)
            .fetch_one(&self.observer)
            .await
            .unwrap()
    }

    async fn waits_for(&self, pid: i32) -> bool {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)))",
        )
        .bind(pid)
        .fetch_one(&self.observer)
        .await
        .unwrap()
    }

    async fn fence(&self, id: Uuid) -> u64 {
        let seq: i64 = sqlx::query_scalar("SELECT seq FROM api_metrics.instance WHERE id = $1")
            .bind(id)
            .fetch_one(&self.observer)
            .await
            .unwrap();
        seq.unsigned_abs()
    }
}

/// Records one request of each series that the stopped flush may have been about to make known.
fn meet(writer: &Writer, number: u64) {
    for n in 0..NEWCOMERS {
        let endpoint = newcomer(number, n);
        let at = UNIX_EPOCH + Duration::from_secs(writers::NOON.unsigned_abs());
        writer
            .recorder
            .record(&RequestRecord::new("GET", &endpoint, at));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_stopped_in_its_flush_blocks_nobody_for_longer_than_its_timeout() {
    let scene = Scene::set().await;
    let folder = tempfile::tempdir().unwrap();
    let id = Uuid::new_v4();
    let log = folder.path().join(id.to_string());
    let mut command = scene.faulty("newcomer");
    command.arg(&log);
    command.args([id.to_string(), u64::MAX.to_string(), "7".into()]);
    let process = Process::start(&mut command);
    flushed(&log).await;
    // It has interned series that nobody else can see yet.
    let held = scene.hold_the_inbox().await;
    let pid = scene.stop_before_the_inbox(&process, held).await;
    let stopped = Instant::now();
    let number = WriterLedger::read(&log)
        .flushes
        .keys()
        .copied()
        .max()
        .unwrap();
    assert!(scene.fence(id).await < number, "its flush is not committed");

    // Nobody else is touched: other writers, the leader, readers.
    let store = scene.store();
    let clock = writers::noon();
    let other = writers::writer("other", &clock);
    record(&other, writers::NOON, "/elsewhere", 5);
    assert_eq!(store.flush(&other).await.unwrap().records, 5);
    assert!(store.fold().await.unwrap().led);
    assert!(writers::requests(&*store).await >= 5);
    assert!(scene.is_there(pid).await, "it was stopped all the while");

    // Whoever meets it in a series that is new to both waits, but not for ever.
    let twin = writers::writer("shop", &clock);
    meet(&twin, number);
    let flushing = async {
        eventually_within(WRITER_TIMEOUT + SLACK, "the twin's flush", || async {
            store.flush(&twin).await.ok()
        })
        .await
    };
    let watching = eventually("the twin to wait", || async {
        scene.waits_for(pid).await.then_some(())
    });
    let (flushed, ()) = tokio::join!(flushing, watching);
    assert_eq!(flushed.records, NEWCOMERS);
    assert!(stopped.elapsed() < WRITER_TIMEOUT + SLACK);
    assert!(!scene.is_there(pid).await, "the server has ended it");

    // It wakes up, finds its transaction gone, and loses nothing.
    process.signal("CONT");
    std::fs::write(log.with_extension("stop"), "").unwrap();
    let ended = tokio::task::spawn_blocking(move || process.ended());
    let ended = ended.await.unwrap();
    assert!(ended.status.success(), "{}", ended.output);
    let (mut expected, verdict) = left_by(&store, &[(id, log)].into()).await;
    assert!(verdict.failed + verdict.unknown > 0, "{verdict:?}");
    let day = writers::NOON.div_euclid(86_400) * 86_400;
    let others = expected.entry(day).or_default();
    others.0 += 5 + NEWCOMERS;
    exact_with_the_others(&scene, &store, &expected, day).await;
}

/// The others recorded long before the range that is compared by day.
async fn exact_with_the_others(
    scene: &Scene,
    store: &Arc<dyn Store>,
    expected: &crate::ledger::Days,
    day: i64,
) {
    let total: u64 = expected.values().map(|(records, _)| records).sum();
    assert_eq!(writers::requests(&**store).await, total);
    let mut days = expected.clone();
    days.remove(&day);
    exact(store, &scene.clock, &days).await;
    assert_eq!(writers::requests(&**store).await, total);
}

async fn flushed(log: &Path) {
    eventually("its first flushes", || async {
        (WriterLedger::read(log).acknowledgements >= 3).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_stopped_in_its_duty_is_replaced_after_its_timeout() {
    let scene = Scene::set().await;
    let store = scene.store();
    let clock = writers::noon();
    let writer = writers::writer("shop", &clock);
    record(&writer, writers::NOON, "/a", 10);
    store.flush(&writer).await.unwrap();
    // It has read the inbox and stored the sums, and is about to take away what it has read.
    let held = scene.hold_the_inbox().await;
    let process = Process::start(&mut scene.faulty("leader"));
    let pid = scene.stop_before_the_inbox(&process, held).await;
    let stopped = Instant::now();
    // Writers and readers don't notice.
    for _ in 0..3 {
        record(&writer, writers::NOON, "/a", 10);
        store.flush(&writer).await.unwrap();
    }
    assert_eq!(writers::requests(&*store).await, 40);
    assert!(!store.fold().await.unwrap().led, "the stopped one leads");
    assert!(scene.is_there(pid).await);
    let folded = eventually_within(LEADER_TIMEOUT + SLACK, "another leader", || async {
        let folded = store.fold().await.unwrap();
        folded.led.then_some(folded)
    })
    .await;
    assert!(stopped.elapsed() < LEADER_TIMEOUT + SLACK);
    assert!(folded.batches > 0 && !scene.is_there(pid).await);
    assert_eq!(writers::requests(&*store).await, 40);

    // Woken up, it leads again, and nothing counts twice.
    process.signal("CONT");
    record(&writer, writers::NOON, "/a", 1);
    store.flush(&writer).await.unwrap();
    eventually("the inbox to be folded by the woken leader", || async {
        (store.status().await.unwrap().inbox.batches == 0).then_some(())
    })
    .await;
    assert_eq!(writers::requests(&*store).await, 41);
}
