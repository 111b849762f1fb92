//! Six writers and two leaders on a real server, and everything that can befall them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use api_metrics_store::{
    postgres::PostgresStore,
    sqlite::SqliteStore,
    store::{Store, StoreOptions},
};
use api_metrics_tests::{
    Cluster, PgProxy, Process,
    fast_clock::{FastClock, retention},
    pg_proxy::{Request, Verdict},
    random::Random,
    sized,
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::ledger::{WriterLedger, exact, left_by, now_ms, requests_left_by};

/// Records of all writers together; ten of eleven are to be in the database in the end, at least.
fn records() -> u64 {
    sized(110_000, 33_000)
}
const WRITERS: usize = 6;
/// Ten minutes pass in a second, so that hours are rolled up and floors move.
const SPEED: u32 = 600;

struct Chaos {
    url: String,
    folder: PathBuf,
    started_ms: u64,
    random: Random,
    /// Its process, unless it has ended, and its log.
    writers: Vec<(Option<Process>, Uuid)>,
    leaders: Vec<Process>,
    logs: BTreeMap<Uuid, PathBuf>,
    done: BTreeMap<&'static str, u64>,
}

impl Chaos {
    fn faulty(&self, duty: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faulty"));
        command.args([
            duty,
            &self.url,
            &self.started_ms.to_string(),
            &SPEED.to_string(),
        ]);
        command
    }

    fn start_writer(&mut self, total: u64) -> (Option<Process>, Uuid) {
        let id = Uuid::new_v4();
        let log = self.folder.join(id.to_string());
        let seed = self.random.next();
        let mut command = self.faulty("writer");
        command
            .arg(&log)
            .args([id.to_string(), total.to_string(), seed.to_string()]);
        self.logs.insert(id, log);
        (Some(Process::start(&mut command)), id)
    }

    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// Kills a writer and starts another for what it had not recorded yet.
    fn kill_a_writer(&mut self) {
        let at = self.random.index(self.writers.len());
        let (process, id) = &mut self.writers[at];
        let life = WriterLedger::read(&self.logs[id]);
        if life.done || process.take().is_none() {
            return;
        }
        let left = (records() / WRITERS as u64)
            .saturating_sub(life.recorded())
            .max(2_000);
        self.writers[at] = self.start_writer(left);
        self.count("writers killed");
    }

    fn kill_a_leader(&mut self) {
        let at = self.random.index(self.leaders.len());
        self.leaders[at] = Process::start(&mut self.faulty("leader"));
        self.count("leaders killed");
    }

    /// Stops some process for a while.
    async fn stop_a_process(&mut self) {
        let for_ms = 50 + self.random.below(1_500);
        let at = self.random.index(self.writers.len() + self.leaders.len());
        let process = match self.writers.get(at) {
            Some((Some(process), id)) if !WriterLedger::read(&self.logs[id]).done => process,
            Some(_) => return,
            None => &self.leaders[at - self.writers.len()],
        };
        process.signal("STOP");
        tokio::time::sleep(Duration::from_millis(for_ms)).await;
        process.signal("CONT");
        self.count("processes stopped");
    }

    async fn terminate_a_backend(&mut self, server: &str) {
        let Ok(mut sql) = PgConnection::connect(server).await else {
            return;
        };
        let ended = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'api-metrics' ORDER BY random() LIMIT 1",
        )
        .execute(&mut sql)
        .await;
        if ended.is_ok_and(|ended| ended.rows_affected() == 1) {
            self.count("backends terminated");
        }
    }

    fn is_running(&self) -> bool {
        self.writers
            .iter()
            .any(|(_, id)| !WriterLedger::read(&self.logs[id]).done)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_writers_and_two_leaders_stay_exact_through_kills_stops_cuts_and_crashes() {
    let cluster = Cluster::start();
    let proxy = PgProxy::start(format!("127.0.0.1:{}", cluster.port())).await;
    let folder = tempfile::tempdir().unwrap();
    let started_ms = now_ms();
    let clock = FastClock::since(started_ms, SPEED);
    let mut options = StoreOptions::default();
    options.clock = Some(Arc::new(clock.clone()));
    options.retention = retention();
    let database = Arc::new(PostgresStore::connect_lazy(&cluster.url(), options).unwrap());
    let store: Arc<dyn Store> = Arc::<PostgresStore>::clone(&database);
    store.prepare().await.unwrap();

    let seed = std::env::var("FAULTS_SEED")
        .map_or_else(|_| sized(started_ms, 1), |seed| seed.parse().unwrap());
    println!("FAULTS_SEED={seed}");
    let mut cuts = Random::new(seed);
    proxy.judge(move |request| match (request, cuts.below(300)) {
        (Request::Commit, 0..9) => Verdict::CutAfter,
        (Request::Commit, 9..15) => Verdict::CutBefore,
        (Request::Commit, 15..18) => Verdict::CutAtOnce,
        (Request::Other, 0) => Verdict::CutBefore,
        _ => Verdict::Pass,
    });

    let mut chaos = Chaos {
        url: format!(
            "postgres://postgres@{}/postgres?sslmode=disable",
            proxy.address()
        ),
        folder: Path::new(folder.path()).to_owned(),
        started_ms,
        random: Random::new(seed),
        writers: Vec::new(),
        leaders: Vec::new(),
        logs: BTreeMap::new(),
        done: BTreeMap::new(),
    };
    for _ in 0..WRITERS {
        let writer = chaos.start_writer(records() / WRITERS as u64);
        chaos.writers.push(writer);
    }
    for _ in 0..2 {
        chaos
            .leaders
            .push(Process::start(&mut chaos.faulty("leader")));
    }

    let begun = Instant::now();
    let mut kills = 0;
    while chaos.is_running() {
        assert!(
            begun.elapsed() < Duration::from_secs(240),
            "it does not come to its end: {:?}",
            chaos.done
        );
        kills += 1;
        if kills == 8 || kills == 24 {
            cluster.crash_and_restart();
            chaos.count("servers crashed");
        }
        match chaos.random.below(12) {
            0..2 if kills < 120 => chaos.kill_a_writer(),
            2 => chaos.kill_a_leader(),
            3..6 => chaos.stop_a_process().await,
            6..9 => chaos.terminate_a_backend(&cluster.url()).await,
            _ => {}
        }
        let pause = 50 + chaos.random.below(250);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    proxy.pass();
    chaos.leaders.clear();
    for (process, _) in &mut chaos.writers {
        if let Some(process) = process.take() {
            let ended = process.ended();
            assert!(ended.status.success(), "{}", ended.output);
        }
    }
    let (expected, verdict) = left_by(&store, &chaos.logs).await;
    exact(&store, &clock, &expected).await;
    let (kept, dropped) = requests_left_by(&*database, &chaos.logs).await;
    println!(
        "{verdict:?} {:?}, {} cuts, {kept} requests kept, {dropped} dropped, {:.1?}",
        chaos.done,
        proxy.cuts(),
        begun.elapsed()
    );
    assert!(kept > verdict.committed / 2, "{kept} of {verdict:?}");
    assert!(verdict.committed >= records() / 11 * 10, "{verdict:?}");
    for what in [
        "writers killed",
        "leaders killed",
        "processes stopped",
        "backends terminated",
        "servers crashed",
    ] {
        assert!(chaos.done.contains_key(what), "no {what}");
    }
    assert!(verdict.unknown > 0 && verdict.killed > 0, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_service_that_is_killed_and_reopened_stays_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.db");
    let started_ms = now_ms();
    let clock = FastClock::since(started_ms, SPEED);
    let mut random = Random::new(sized(started_ms, 1));
    let mut logs = BTreeMap::new();
    let mut killed = 0;
    loop {
        let (id, seed) = (Uuid::new_v4(), random.next());
        let log = folder.path().join(id.to_string());
        let mut command = Command::new(env!("CARGO_BIN_EXE_faulty"));
        command
            .arg("embedded")
            .arg(&path)
            .args([started_ms.to_string(), SPEED.to_string()])
            .arg(&log);
        command.args([id.to_string(), "4000".into(), seed.to_string()]);
        logs.insert(id, log.clone());
        let process = Process::start(&mut command);
        if killed == sized(12, 6) {
            // The last one may end in peace.
            let ended = process.ended();
            assert!(ended.status.success(), "{}", ended.output);
            break;
        }
        // Somewhere in the middle of its work, counted in its own flushes.
        let after = random.below(12) + 1;
        let since = Instant::now();
        while (WriterLedger::read(&log).flushes.len() as u64) < after
            && !WriterLedger::read(&log).done
        {
            assert!(
                since.elapsed() < Duration::from_secs(60),
                "it does not flush"
            );
            tokio::time::sleep(Duration::from_millis(random.below(10))).await;
        }
        drop(process);
        killed += 1;
    }
    let mut options = StoreOptions::default();
    options.clock = Some(Arc::new(clock.clone()));
    options.retention = retention();
    let database = Arc::new(SqliteStore::open(path.to_str().unwrap(), options).unwrap());
    let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&database);
    store.prepare().await.unwrap();
    let (expected, verdict) = left_by(&store, &logs).await;
    exact(&store, &clock, &expected).await;
    let (kept, dropped) = requests_left_by(&*database, &logs).await;
    println!("{verdict:?}, {kept} requests kept, {dropped} dropped");
    assert!(kept >= 4_000, "{kept}");
    assert!(
        verdict.committed >= 4_000 && verdict.killed > 0,
        "{verdict:?}"
    );
}
