//! Eight instances that flush the same series at the same moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};
use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    store::{Store, Writer},
};
use api_metrics_tests::{PgDatabase, random::Random};
use tokio::sync::Barrier;

use crate::writers::{self, NOON};

const INSTANCES: u64 = 8;
const ENDPOINTS: u64 = 250;
const KEYS: u64 = 20;

/// One request of each of the 5,000 series, in an order of this writer's own.
fn record_all(writer: &Writer, random: &mut Random) {
    let mut series: Vec<u64> = (0..ENDPOINTS * KEYS).collect();
    for at in (1..series.len()).rev() {
        series.swap(at, random.index(at + 1));
    }
    for n in series {
        let endpoint = format!("/orders/{}", n / KEYS);
        let key = ApiKey::from(format!("customer-{}", n % KEYS).as_str());
        let at = UNIX_EPOCH + Duration::from_secs(NOON.unsigned_abs());
        let mut record = RequestRecord::new("GET", &endpoint, at);
        record.api_key = Some(&key);
        record.status = Some(200);
        record.latency = Some(Duration::from_millis(1 + n % 40));
        writer.recorder.record(&record);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_that_flush_the_same_5000_series_at_once_never_deadlock() {
    let database = PgDatabase::create().await;
    let clock = writers::noon();
    let open = || -> Arc<dyn Store> {
        let options = api_metrics_tests::patient_by(clock.clone());
        Arc::new(PostgresStore::connect_lazy(&database.url(), options).unwrap())
    };
    let leader = open();
    leader.prepare().await.unwrap();
    let together = Arc::new(Barrier::new(usize::try_from(INSTANCES).unwrap()));
    let done = Arc::new(AtomicBool::new(false));
    // Folding and reading go on meanwhile: they lock too.
    let (busy, until) = (Arc::clone(&leader), Arc::clone(&done));
    let leading = tokio::spawn(async move {
        while !until.load(Ordering::SeqCst) {
            busy.fold().await.unwrap();
            busy.read(&everything(false), None).await.unwrap();
        }
    });
    let mut instances = Vec::new();
    for seed in 0..INSTANCES {
        let (store, together) = (open(), Arc::clone(&together));
        let writer = writers::writer("shop", &clock);
        instances.push(tokio::spawn(async move {
            let mut random = Random::new(seed);
            // In the first round all series are new to everybody.
            for _ in 0..2 {
                record_all(&writer, &mut random);
                together.wait().await;
                let flushed = store.flush(&writer).await.unwrap();
                assert_eq!(flushed.rows, ENDPOINTS * KEYS);
            }
        }));
    }
    for instance in instances {
        instance.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    leading.await.unwrap();
    while leader.fold().await.unwrap().more {}
    let answer = leader.read(&everything(true), None).await.unwrap();
    assert_eq!(answer.rows.len() as u64, ENDPOINTS * KEYS);
    for row in &answer.rows {
        assert_eq!(row.bucket.request_count, 2 * INSTANCES);
    }
}

fn everything(by_series: bool) -> Query {
    let mut query = Query::over(TimeRange::new(NOON - 3_600, NOON + 3_600));
    query.group_by.endpoint = by_series;
    query.group_by.api_key = by_series;
    query
}
