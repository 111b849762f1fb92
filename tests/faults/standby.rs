//! Reads on a real streaming standby: own records once, fallback to the primary, failover.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    store::{StandbyState, StandbyStatus, Store, StoreError, StoreOptions, Writer},
    time::ManualClock,
};
use api_metrics_tests::{Cluster, Proxy, eventually};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::writers::{NOON, noon, record, settle, writer};

/// A primary behind an address that can be moved, its standby, and a service that reads there.
struct Scene {
    primary: Cluster,
    standby: Cluster,
    wire: Proxy,
    clock: Arc<ManualClock>,
    store: PostgresStore,
    own: Writer,
}

impl Scene {
    async fn start(max_lag: Duration) -> Self {
        let primary = Cluster::start();
        let mut wire = Proxy::reserve();
        wire.connect(([127, 0, 0, 1], primary.port()).into());
        let mut options = StoreOptions::default();
        options.max_replica_lag = max_lag;
        options.acquire_timeout = Duration::from_secs(2);
        let url = format!("postgres://postgres@{}/postgres", wire.address());
        let mut store = PostgresStore::connect_lazy(&url, options).unwrap();
        store.prepare().await.unwrap();
        let standby = primary.standby();
        store.read_replica(&standby.url()).unwrap();
        let clock = noon();
        let own = writer("own", &clock);
        Self {
            primary,
            standby,
            wire,
            clock,
            store,
            own,
        }
    }

    /// Another process, which writes to the primary alone.
    fn other(&self) -> (PostgresStore, Writer) {
        let options = StoreOptions::default();
        let store = PostgresStore::connect_lazy(&self.primary.url(), options).unwrap();
        (store, writer("other", &self.clock))
    }

    async fn on_standby(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.standby.url()).await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        done.execute(&mut connection).await.unwrap();
    }

    /// What a dashboard of this service shows.
    async fn read(&self) -> Result<u64, StoreError> {
        let query = Query::over(TimeRange::new(0, 4_102_444_800));
        let own = self.own.recorder.capture(&|_, _| true);
        let answer = self.store.read(&query, Some((&self.own, own))).await?;
        Ok(answer.total().map_or(0, |bucket| bucket.request_count))
    }

    async fn shows(&self, expected: u64) {
        eventually(&format!("{expected} requests"), || async {
            (self.read().await.unwrap() == expected).then_some(())
        })
        .await;
    }

    async fn status(&self) -> StandbyStatus {
        self.store.status().await.unwrap().standby.unwrap()
    }

    async fn stands(&self, state: StandbyState) -> StandbyStatus {
        eventually(&format!("{state:?}"), || async {
            Some(self.status().await).filter(|status| status.state == state)
        })
        .await
    }
}

async fn flushed(store: &PostgresStore, writer: &Writer, n: u64) {
    record(writer, NOON, "/a", n);
    store.flush(writer).await.unwrap();
}

#[tokio::test]
async fn reads_go_to_the_standby_and_count_own_records_once() {
    let scene = Scene::start(Duration::from_secs(30)).await;
    let (there, other) = scene.other();
    flushed(&scene.store, &scene.own, 10).await;
    flushed(&there, &other, 7).await;
    scene.shows(17).await;
    let status = scene.stands(StandbyState::Used).await;
    assert_eq!(status.max_lag, Duration::from_secs(30));
    // It stands still. What others flush now is on the primary alone, so an answer shows where it was read.
    scene.on_standby("SELECT pg_wal_replay_pause()").await;
    flushed(&there, &other, 5).await;
    flushed(&scene.store, &scene.own, 3).await;
    record(&scene.own, NOON, "/a", 2);
    for _ in 0..3 {
        assert_eq!(scene.read().await.unwrap(), 10 + 7 + 3 + 2);
    }
    // Folded there or not makes no difference.
    settle(&scene.store).await;
    assert_eq!(scene.read().await.unwrap(), 10 + 7 + 3 + 2);
    // A snapshot without a batch that is not held any more is not read, whatever its lag.
    scene.clock.advance(Duration::from_secs(61));
    flushed(&scene.store, &scene.own, 1).await;
    flushed(&scene.store, &scene.own, 1).await;
    assert_eq!(scene.read().await.unwrap(), 10 + 7 + 5 + 3 + 2 + 2);
    scene.on_standby("SELECT pg_wal_replay_resume()").await;
    scene.stands(StandbyState::Used).await;
    scene.shows(10 + 7 + 5 + 3 + 2 + 2).await;
}

#[tokio::test]
async fn a_standby_that_lags_or_is_gone_is_not_read_and_no_question_fails() {
    let scene = Scene::start(Duration::from_secs(2)).await;
    let (there, other) = scene.other();
    flushed(&there, &other, 7).await;
    scene.shows(7).await;
    scene.stands(StandbyState::Used).await;
    scene.on_standby("SELECT pg_wal_replay_pause()").await;
    flushed(&there, &other, 5).await;
    let behind = scene.stands(StandbyState::Behind).await;
    assert!(behind.lag.unwrap() > Duration::from_secs(2), "{behind:?}");
    assert_eq!(scene.read().await.unwrap(), 12);
    scene.on_standby("SELECT pg_wal_replay_resume()").await;
    scene.stands(StandbyState::Used).await;
    // Without traffic it is not behind.
    tokio::time::sleep(Duration::from_secs(3)).await;
    scene.stands(StandbyState::Used).await;
    scene.standby.crash();
    flushed(&there, &other, 1).await;
    for _ in 0..3 {
        assert_eq!(scene.read().await.unwrap(), 13);
    }
    let gone = scene.stands(StandbyState::Gone).await;
    assert!(gone.error.is_some());
    scene.standby.restart();
    scene.stands(StandbyState::Used).await;
    scene.shows(13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_stay_exact_while_the_standby_is_promoted_under_load() {
    let mut scene = Scene::start(Duration::from_secs(10)).await;
    flushed(&scene.store, &scene.own, 1).await;
    scene.shows(1).await;
    scene.stands(StandbyState::Used).await;
    let (begun, done) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicU64::new(1)));
    let stop = Arc::new(AtomicBool::new(false));
    // Records without a pause. What is counted before and after a record bounds what an answer may say.
    let load = {
        let (begun, done, stop) = (Arc::clone(&begun), Arc::clone(&done), Arc::clone(&stop));
        let recorder = Arc::clone(&scene.own.recorder);
        let clock = Arc::clone(&scene.clock);
        tokio::task::spawn_blocking(move || {
            let mut twin = writer("own", &clock);
            twin.recorder = recorder;
            while !stop.load(Ordering::Acquire) {
                begun.fetch_add(5, Ordering::AcqRel);
                record(&twin, NOON, "/a", 5);
                done.fetch_add(5, Ordering::AcqRel);
                std::thread::sleep(Duration::from_millis(1));
            }
        })
    };
    let exact = async |scene: &Scene| {
        let least = done.load(Ordering::Acquire);
        let Ok(shown) = scene.read().await else {
            return false;
        };
        let most = begun.load(Ordering::Acquire);
        assert!((least..=most).contains(&shown), "{least} {shown} {most}");
        true
    };
    let (mut answers, mut flushes) = (0, 0);
    for round in 0..60 {
        answers += u32::from(exact(&scene).await);
        flushes += u32::from(scene.store.flush(&scene.own).await.is_ok());
        if round % 10 == 9 {
            let _ = scene.store.fold().await;
        }
        if round == 20 {
            scene.wire.cut().await;
            scene.primary.crash();
        }
        if round == 23 {
            scene.standby.promote();
            scene
                .wire
                .connect(([127, 0, 0, 1], scene.standby.port()).into());
        }
    }
    eventually("a flush after the failover", || async {
        scene.store.flush(&scene.own).await.ok()
    })
    .await;
    stop.store(true, Ordering::Release);
    load.await.unwrap();
    assert!(answers > 30 && flushes > 30, "{answers} {flushes}");
    let promoted = scene.stands(StandbyState::Promoted).await;
    assert_eq!(promoted.error, None);
    scene.store.flush(&scene.own).await.unwrap();
    settle(&scene.store).await;
    assert!(exact(&scene).await);
    assert_eq!(
        crate::writers::requests(&scene.store).await,
        done.load(Ordering::Acquire)
    );
}
