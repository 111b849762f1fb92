//! A cluster of ClickHouse, two shards of two replicas, whose servers and coordinator are killed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    store::{Store, StoreError, Writer},
    time::{Clock, ManualClock, UnixSeconds},
};
use api_metrics_tests::{
    ClickHouseCluster, PgDatabase,
    harness::{NOON, record, writer_of},
    patient_by,
    random::Random,
    sized,
};
use tokio::time::sleep;

const WRITERS: usize = 8;
/// Requests of one flush.
const BATCH: u64 = 2_500;
const HOUR: UnixSeconds = 3_600;
/// Before and after everything that is recorded.
const ALL: (UnixSeconds, UnixSeconds) = (NOON - 10 * 86_400, NOON + 20 * 86_400);

/// What was recorded, by hour, and how much of it may be and must be in an answer.
#[derive(Default)]
struct Truth {
    begun: AtomicU64,
    acknowledged: AtomicU64,
    hours: Mutex<BTreeMap<UnixSeconds, u64>>,
}

/// Records a batch, some of it up to an hour late, and flushes it.
async fn write(store: &PostgresStore, writer: &Writer, now: UnixSeconds, truth: &Truth, seed: u64) {
    let mut random = Random::new(seed);
    let mut left = BATCH;
    while left > 0 {
        let n = left.min(1 + random.below(200));
        let at = now - i64::try_from(random.below(70 * 60)).unwrap();
        let endpoint = format!("/resource/{}", random.below(40));
        record(writer, at, &endpoint, Some("ada"), 1 + random.below(300), n);
        let mut hours = truth.hours.lock().unwrap();
        *hours.entry(at - at.rem_euclid(HOUR)).or_default() += n;
        left -= n;
    }
    truth.begun.fetch_add(BATCH, Ordering::SeqCst);
    // Postgres is whole: a flush that fails here is a fault.
    store.flush(writer).await.unwrap();
    truth.acknowledged.fetch_add(BATCH, Ordering::SeqCst);
}

async fn requests(
    store: &PostgresStore,
    from: UnixSeconds,
    to: UnixSeconds,
) -> Result<u64, StoreError> {
    let answer = store
        .read(&Query::over(TimeRange::new(from, to)), None)
        .await?;
    Ok(answer.total().map_or(0, |bucket| bucket.request_count))
}

/// Folds and rolls up until it is told to end; answers how often something could not be done.
async fn lead(store: Arc<PostgresStore>, end: Arc<AtomicBool>) -> u64 {
    let mut failed = 0;
    while !end.load(Ordering::SeqCst) {
        for outcome in [
            store.fold().await.map(drop),
            store.roll_up().await.map(drop),
        ] {
            if let Err(error) = outcome {
                assert!(error.may_pass(), "{error}");
                failed += 1;
            }
        }
    }
    failed
}

/// Reads until it is told to end; answers how many answers there were, and how many refusals.
async fn look(store: Arc<PostgresStore>, truth: Arc<Truth>, end: Arc<AtomicBool>) -> (u64, u64) {
    let (mut answers, mut refusals) = (0, 0);
    while !end.load(Ordering::SeqCst) {
        let least = truth.acknowledged.load(Ordering::SeqCst);
        match requests(&store, ALL.0, ALL.1).await {
            Ok(found) => {
                let most = truth.begun.load(Ordering::SeqCst);
                assert!(
                    (least..=most).contains(&found),
                    "{found} of {least} to {most}"
                );
                answers += 1;
            }
            Err(error) => {
                assert!(error.may_pass(), "{error}");
                refusals += 1;
            }
        }
    }
    (answers, refusals)
}

/// Kills a server or the coordinator, and starts it again some time later.
async fn harm(cluster: &mut ClickHouseCluster, random: &mut Random) {
    sleep(Duration::from_millis(random.below(800))).await;
    let victim = random.index(cluster.size() + 1);
    let gone_for = Duration::from_millis(100 + random.below(1_500));
    if victim == cluster.size() {
        cluster.kill_coordinator();
        sleep(gone_for).await;
        cluster.start_coordinator().await;
        return;
    }
    cluster.kill(victim);
    sleep(gone_for).await;
    cluster.restart(victim).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_stay_exact_on_a_cluster_whose_servers_and_coordinator_are_killed() {
    let kills = sized(30, 3);
    let batches = sized(10_000_000, 100_000) / (kills * BATCH * WRITERS as u64) + 1;
    let seed = std::env::var("FAULTS_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("FAULTS_SEED={seed}");
    let mut random = Random::new(seed);
    let mut cluster = ClickHouseCluster::start().await;
    let database = PgDatabase::create().await;
    let clock = Arc::new(ManualClock::at(NOON));
    let buckets = Arc::new(cluster.database("metrics").await);
    let mut store = PostgresStore::connect_lazy(
        &database.url(),
        patient_by(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>),
    )
    .unwrap();
    store.keep_buckets_in(buckets);
    store.prepare().await.unwrap();
    let store = Arc::new(store);
    let (truth, end) = (Arc::new(Truth::default()), Arc::new(AtomicBool::new(false)));
    let leader = tokio::spawn(lead(Arc::clone(&store), Arc::clone(&end)));
    let reader = tokio::spawn(look(
        Arc::clone(&store),
        Arc::clone(&truth),
        Arc::clone(&end),
    ));
    let writers: Vec<Writer> = (0..WRITERS).map(|_| writer_of("shop", &clock)).collect();
    for _ in 0..kills {
        let (now, seed) = (clock.unix_seconds(), random.next());
        let written = async {
            for batch in 0..batches {
                let all = writers.iter().enumerate().map(|(n, writer)| {
                    let seed = seed.wrapping_add(batch * 64 + n as u64);
                    write(&store, writer, now, &truth, seed)
                });
                futures_util::future::join_all(all).await;
            }
        };
        tokio::join!(written, harm(&mut cluster, &mut random));
        clock.advance(Duration::from_secs(40 * 60));
    }
    end.store(true, Ordering::SeqCst);
    let (failed, (answers, refusals)) = (leader.await.unwrap(), reader.await.unwrap());

    // Everything runs again, and what waits is done.
    clock.advance(Duration::from_secs(3 * 86_400));
    let recorded = truth.acknowledged.load(Ordering::SeqCst);
    api_metrics_tests::eventually("a fold of all", async || {
        store.fold().await.ok().filter(|folded| !folded.more)
    })
    .await;
    assert_eq!(requests(&store, ALL.0, ALL.1).await.unwrap(), recorded);
    api_metrics_tests::eventually("a rollup of all", async || {
        store.roll_up().await.ok().filter(|done| done.steps == 0)
    })
    .await;
    assert_eq!(store.status().await.unwrap().inbox.records, 0);
    assert_eq!(requests(&store, ALL.0, ALL.1).await.unwrap(), recorded);
    let hours = truth.hours.lock().unwrap().clone();
    assert_eq!(hours.values().sum::<u64>(), recorded);
    for (hour, of_hour) in hours {
        let found = requests(&store, hour, hour + HOUR).await.unwrap();
        assert_eq!(found, of_hour, "in the hour from {hour}");
    }
    // Both replicas of each shard have the same, and each shard a part.
    for table in ["1m", "5m", "1h", "1d"] {
        let mut of_servers = Vec::new();
        for server in 0..cluster.size() {
            let table = format!("metrics.api_metrics_{table}_local");
            cluster
                .ask(server, &format!("SYSTEM SYNC REPLICA {table}"))
                .await;
            let sql = format!(
                "SELECT count(), sum(requests), sum(cityHash64(period, series, number, requests)) FROM {table} FINAL"
            );
            of_servers.push(cluster.ask(server, &sql).await);
        }
        assert_eq!(of_servers[0], of_servers[1], "{table}");
        assert_eq!(of_servers[2], of_servers[3], "{table}");
        assert_ne!(of_servers[0], of_servers[2], "{table}");
        assert!(
            of_servers.iter().all(|found| !found.starts_with("0\t")),
            "{table}"
        );
    }
    println!(
        "{recorded} requests exact after {kills} kills; the leader failed {failed} times; {answers} answers, {refusals} refusals"
    );
    assert!(answers > 0, "{refusals} refusals and no answer");
}
