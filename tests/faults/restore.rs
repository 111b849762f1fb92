//! A backup is restored while everybody writes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics::{ApiMetrics, Maintenance, MetricSink, RequestRecord};
use api_metrics_store::{
    postgres::PostgresStore,
    store::Store,
    time::{Clock, ManualClock},
};
use api_metrics_tests::{
    Cluster, Process, eventually, eventually_within,
    fast_clock::{FastClock, retention},
};
use axum::body::Body;
use http_body_util::BodyExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tower::ServiceExt;
use uuid::Uuid;

use crate::ledger::{Days, WriterLedger, add, exact, fences, now_ms, records};

/// A minute passes in a second: acknowledged parts are held for that long.
const SPEED: u32 = 60;

struct Scene {
    cluster: Cluster,
    folder: tempfile::TempDir,
    started_ms: u64,
    clock: FastClock,
    writers: Vec<(Uuid, PathBuf, Option<Process>)>,
    leader: Option<Process>,
}

impl Scene {
    fn store(&self, database: &str) -> Arc<dyn Store> {
        let mut options = api_metrics_tests::patient_by(Arc::new(self.clock.clone()));
        options.retention = retention();
        Arc::new(PostgresStore::connect_lazy(&self.cluster.url_of(database), options).unwrap())
    }

    fn faulty(&self, duty: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faulty"));
        command.args([duty, &self.cluster.url_of("metrics")]);
        command.args([self.started_ms.to_string(), SPEED.to_string()]);
        command
    }

    fn start_writer(&mut self, seed: u64) {
        let id = Uuid::new_v4();
        let log = self.folder.path().join(id.to_string());
        let mut command = self.faulty("writer");
        command.arg(&log);
        command.args([id.to_string(), u64::MAX.to_string(), seed.to_string()]);
        self.writers
            .push((id, log, Some(Process::start(&mut command))));
    }

    async fn acknowledged(&self, more: u64, what: &str) {
        let before: Vec<_> = self.lives().iter().map(|l| l.acknowledgements).collect();
        eventually_within(Duration::from_secs(60), what, || async {
            let lives = self.lives();
            let mut both = lives.iter().zip(&before);
            both.all(|(life, before)| life.done || life.acknowledgements >= before + more)
                .then_some(())
        })
        .await;
    }

    fn lives(&self) -> Vec<WriterLedger> {
        self.writers
            .iter()
            .map(|(_, log, _)| WriterLedger::read(log))
            .collect()
    }

    /// Asks a writer to end, and lets it end in good order.
    async fn end_writer(&mut self, at: usize) {
        let (_, log, process) = &mut self.writers[at];
        std::fs::write(log.with_extension("stop"), "").unwrap();
        let process = process.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || process.ended());
        let ended = ended.await.unwrap();
        assert!(ended.status.success(), "{}", ended.output);
        assert!(WriterLedger::read(log).done);
    }

    /// As `docs/operations.md` tells: into a database beside, which takes the place of the other at once.
    async fn restore(&self, backup: &str) -> BTreeMap<Uuid, u64> {
        let mut admin = PgConnection::connect(&self.cluster.url()).await.unwrap();
        say(&mut admin, "CREATE DATABASE metrics_restored").await;
        let restored = self.cluster.url_of("metrics_restored");
        self.cluster
            .run("pg_restore", &["--exit-on-error", "-d", &restored, backup]);
        let store = self.store("metrics_restored");
        let fences = fences(&store).await;
        drop(store);
        for statement in [
            "ALTER DATABASE metrics WITH ALLOW_CONNECTIONS false",
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
             WHERE datname IN ('metrics', 'metrics_restored')",
            "ALTER DATABASE metrics RENAME TO metrics_broken",
            "ALTER DATABASE metrics_restored RENAME TO metrics",
        ] {
            say(&mut admin, statement).await;
        }
        fences
    }
}

async fn say(sql: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn record(metrics: &ApiMetrics, clock: &ManualClock, n: u64) -> Days {
    let now = clock.unix_seconds();
    let finished_at = UNIX_EPOCH + Duration::from_secs(now.unsigned_abs());
    let mut record = RequestRecord::new("GET", "/through/the/facade", finished_at);
    record.response_bytes = 1;
    for _ in 0..n {
        metrics.sink().record(&record);
    }
    Days::from([(now.div_euclid(86_400) * 86_400, (n, n))])
}

/// The member of the status route that names what is gone.
async fn lost_in_status(metrics: &ApiMetrics) -> serde_json::Value {
    let request = http::Request::get("/api-status")
        .body(Body::empty())
        .unwrap();
    let answer = metrics.admin().oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
    status["lostBatches"].clone()
}

/// Two writers live through it, one ends between backup and restore, and a service with an admin router
/// tells what it can't deliver any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_under_running_writers_names_what_is_gone_and_keeps_the_rest_exact() {
    let cluster = Cluster::start();
    let mut admin = PgConnection::connect(&cluster.url()).await.unwrap();
    say(&mut admin, "CREATE DATABASE metrics").await;
    let started_ms = now_ms();
    let mut scene = Scene {
        folder: tempfile::tempdir().unwrap(),
        started_ms,
        clock: FastClock::since(started_ms, SPEED),
        writers: Vec::new(),
        leader: None,
        cluster,
    };
    scene.store("metrics").prepare().await.unwrap();
    for seed in 1..=3 {
        scene.start_writer(seed);
    }
    scene.leader = Some(Process::start(&mut scene.faulty("leader")));
    let clock = scene.clock.clone();
    // A clock that stands still between its steps: how long the restore takes decides nothing.
    let own = Arc::new(ManualClock::at(clock.unix_seconds()));
    let metrics = ApiMetrics::builder()
        .postgres(scene.cluster.url_of("metrics"))
        .service("facade")
        .clock(Arc::<ManualClock>::clone(&own))
        .maintenance(Maintenance::Manual)
        .no_auth()
        .start()
        .await
        .unwrap();

    let mut kept = record(&metrics, &own, 100);
    let safe = metrics.flush().await.unwrap().unwrap().number;
    scene
        .acknowledged(5, "some flushes before the backup")
        .await;
    let backup = scene.cluster.file("backup");
    let url = scene.cluster.url_of("metrics");
    scene
        .cluster
        .run("pg_dump", &["-Fc", "-d", &url, "-f", &backup]);

    // Old enough at the restore that nobody holds it any more.
    let gone = record(&metrics, &own, 7);
    let lost = metrics.flush().await.unwrap().unwrap().number;
    own.advance(Duration::from_secs(120));
    let held_until = clock.monotonic() + Duration::from_secs(120);
    scene.acknowledged(20, "flushes after the backup").await;
    scene.end_writer(2).await;
    eventually("what was flushed then to be old", || async {
        (clock.monotonic() > held_until).then_some(())
    })
    .await;
    // Young enough to be sent again.
    add(&mut kept, &record(&metrics, &own, 11));
    metrics.flush().await.unwrap();
    scene
        .acknowledged(5, "flushes just before the restore")
        .await;

    let at_backup = scene.restore(&backup).await;
    scene.acknowledged(5, "flushes after the restore").await;
    add(&mut kept, &record(&metrics, &own, 13));
    let flushed = eventually("the service's flush", || async {
        metrics.flush().await.ok()
    })
    .await;
    assert_eq!(flushed.unwrap().lost, Some((lost, lost)));
    assert_eq!(metrics.health().unwrap().lost, [(lost, lost)]);
    assert_eq!(
        lost_in_status(&metrics).await,
        serde_json::json!([{"first": lost, "last": lost}])
    );
    assert!(lost > safe && records(&gone) == 7);
    scene.end_writer(0).await;
    scene.end_writer(1).await;
    scene.leader = None;

    let mut expected = kept;
    let (mut recorded, mut lost_records) = (0, 0);
    for (at, (id, log, _)) in scene.writers.iter().enumerate() {
        let life = WriterLedger::read(log);
        recorded += life.recorded();
        let before = at_backup[id];
        let end = life.flushes.keys().copied().max().unwrap();
        if at == 2 {
            // It is no more and can send nothing again: its fence in the backup says what is there.
            add(&mut expected, &life.upto(before));
            lost_records += records(&life.within(before, end));
            continue;
        }
        let [(first, last)] = life.lost[..] else {
            panic!("told once: {:?}", life.lost);
        };
        assert!(
            before < first && first <= last && last < end,
            "{first}..={last}"
        );
        assert_eq!(
            records(&life.within(before, first - 1)),
            0,
            "nothing is gone that is not named"
        );
        lost_records += records(&life.within(before, last));
        add(&mut expected, &life.upto(before));
        add(&mut expected, &life.within(last, end));
    }
    let store = scene.store("metrics");
    exact(&store, &clock, &expected).await;
    println!("{recorded} recorded, {lost_records} of them gone with the restore, to the record");
    assert!(lost_records > 0 && Path::new(&backup).exists());
}
