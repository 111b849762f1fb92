//! A service on a SQLite file, and everything that can befall the two: a full disk, a broken one, kills,
//! and bytes at rest that somebody spoils.

use std::{collections::BTreeMap, path::PathBuf, process::Command, sync::Arc, time::Duration};

use api_metrics_store::{
    sqlite::SqliteStore,
    store::{Store, StoreOptions},
};
use api_metrics_tests::{
    Disk, DiskFault, Process, SqliteFile,
    fast_clock::{FastClock, retention},
    random::Random,
    sized,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::ledger::{WriterLedger, exact, left_by, now_ms, requests_left_by};

/// Records of one seed, which all arrive unless their process is killed.
const RECORDS: u64 = 4_000;
const SPEED: u32 = 600;

struct Chaos {
    random: Random,
    disk: Disk,
    file: SqliteFile,
    folder: tempfile::TempDir,
    started_ms: u64,
    logs: BTreeMap<Uuid, PathBuf>,
    done: BTreeMap<&'static str, u64>,
}

impl Chaos {
    /// A service for what is left to record.
    fn start(&mut self) -> (Process, PathBuf) {
        let recorded: u64 = self
            .logs
            .values()
            .map(|log| WriterLedger::read(log).recorded())
            .sum();
        let id = Uuid::new_v4();
        let log = self.folder.path().join(id.to_string());
        let mut command = Command::new(env!("CARGO_BIN_EXE_faulty"));
        command.args(["embedded", &self.file.url()]);
        command.args([self.started_ms.to_string(), SPEED.to_string()]);
        command.arg(&log).args([
            id.to_string(),
            RECORDS.saturating_sub(recorded).max(500).to_string(),
            self.random.next().to_string(),
        ]);
        command.envs(self.disk.settings());
        self.logs.insert(id, log.clone());
        (Process::start(&mut command), log)
    }

    /// Spoils an encoded column of some rows. Flush batches are left alone: what they hold would be lost.
    async fn spoil(&mut self) {
        let column = match self.random.below(3) {
            0 => "status_counts",
            1 => "latency_sketch",
            _ => "requests",
        };
        let table = match column {
            "requests" => "period_counts",
            _ => *self.random.pick::<&str>(&["1m", "5m", "1h", "1d"]),
        };
        let noise: Vec<u8> = (0..self.random.below(30))
            .map(|_| self.random.next().to_le_bytes()[0])
            .collect();
        let options: sqlx::sqlite::SqliteConnectOptions = self.file.url().parse().unwrap();
        let options = options.busy_timeout(Duration::from_secs(10));
        // Its process may have been killed before it made the file.
        let connected = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await;
        let Ok(mut sql) = connected else { return };
        let text =
            format!("UPDATE api_metrics_{table} SET {column} = ? WHERE abs(random()) % 4 = 0");
        // The file may have no tables yet, and somebody may be writing.
        if sqlx::query(AssertSqlSafe(text))
            .bind(noise)
            .execute(&mut sql)
            .await
            .is_ok()
        {
            self.count("spoiled");
        }
        sqlx::Connection::close(sql).await.unwrap();
    }

    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    async fn run(mut self) -> BTreeMap<&'static str, u64> {
        let (mut process, mut log) = self.start();
        for _ in 0..12 {
            let pause = Duration::from_millis(20 + self.random.below(180));
            match self.random.below(6) {
                0 => {
                    self.disk.fail(DiskFault::Full, 1);
                    tokio::time::sleep(pause).await;
                    self.count("full");
                }
                1 => {
                    self.disk.fail(DiskFault::Broken, 1 + self.random.below(20));
                    tokio::time::sleep(pause).await;
                    self.count("broken");
                }
                // Killed with the disk as it is.
                2 if !WriterLedger::read(&log).done => {
                    drop(process);
                    self.count("killed");
                    self.disk.mend();
                    (process, log) = self.start();
                }
                _ => self.spoil().await,
            }
            if self.random.one_in(2) {
                self.disk.mend();
            }
            tokio::time::sleep(pause).await;
        }
        self.disk.mend();
        let ended = tokio::task::spawn_blocking(|| process.ended_within(Duration::from_secs(180)))
            .await
            .unwrap();
        let done = WriterLedger::read(&log).done;
        assert!(ended.status.success() && done, "{}", ended.output);
        let clock = FastClock::since(self.started_ms, SPEED);
        let mut options = StoreOptions::default();
        options.clock = Some(Arc::new(clock.clone()));
        options.retention = retention();
        let database = Arc::new(SqliteStore::open(&self.file.url(), options).unwrap());
        let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&database);
        let (expected, verdict) = left_by(&store, &self.logs).await;
        assert!(verdict.recorded >= RECORDS, "{verdict:?}");
        exact(&store, &clock, &expected).await;
        let (kept, dropped) = requests_left_by(&*database, &self.logs).await;
        self.done.insert("requests kept", kept);
        self.done.insert("requests dropped", dropped);
        self.done.insert("failed", verdict.failed + verdict.unknown);
        self.done
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_kills_and_damage_cost_nothing_that_was_acknowledged() {
    let mut all = BTreeMap::<&str, u64>::new();
    let first: u64 = std::env::var("FAULTS_SEED").map_or(1, |seed| seed.parse().unwrap());
    for seed in first..first + sized(20, 2) {
        println!("seed {seed}");
        let chaos = Chaos {
            random: Random::new(seed),
            disk: Disk::new(),
            file: SqliteFile::on_disk(),
            folder: tempfile::tempdir().unwrap(),
            started_ms: now_ms(),
            logs: BTreeMap::new(),
            done: BTreeMap::new(),
        };
        for (what, n) in chaos.run().await {
            *all.entry(what).or_default() += n;
        }
    }
    println!("{all:?}");
    // No seed has all of it; two have most.
    assert!(all["failed"] > 0 && all["spoiled"] > 0, "{all:?}");
    assert!(all["requests kept"] > RECORDS / 2, "{all:?}");
}
