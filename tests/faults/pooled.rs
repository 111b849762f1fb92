//! Everything through a pooler that hands connections round between transactions.

use std::{sync::Arc, time::Duration};

use api_metrics::{ApiMetrics, Maintenance};
use api_metrics_store::{
    control::{ControlStore, keys::KeyChange},
    postgres::PostgresStore,
    store::StoreOptions,
    time::Clock,
    time::ManualClock,
};
use api_metrics_tests::{PgBouncer, PgDatabase};
use futures_util::future::join_all;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::writers::{self, record, requests, settle};

/// Fewer than there are clients, so that they do share.
const SERVERS: u32 = 3;

fn options(clock: &Arc<ManualClock>) -> StoreOptions {
    let mut options = api_metrics_tests::patient_by(Arc::<ManualClock>::clone(clock));
    options.retention.minutes = Duration::from_secs(3_600);
    options.retention.five_minutes = Duration::from_secs(86_400);
    options.retention.hours = Duration::from_secs(7 * 86_400);
    options.max_connections = 4;
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_works_whole_through_pgbouncer_in_transaction_mode() {
    let database = PgDatabase::create().await;
    let bouncer = PgBouncer::start(&database, SERVERS);
    let clock = writers::noon();
    // As the library connects by a URL, and by a pool that a host has set up for pgbouncer.
    let by_url = || -> Arc<dyn ControlStore> {
        Arc::new(PostgresStore::connect_lazy(bouncer.url(), options(&clock)).unwrap())
    };
    let mut stores: Vec<Arc<dyn ControlStore>> = (0..3).map(|_| by_url()).collect();
    let host: PgConnectOptions = bouncer.url().parse().unwrap();
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(4)
        .connect_lazy_with(host.extra_float_digits(None));
    stores.push(Arc::new(PostgresStore::from_pool(pool, options(&clock))));

    // All at once find an empty server.
    for prepared in join_all(stores.iter().map(|store| store.prepare())).await {
        prepared.unwrap();
    }
    let own: Vec<_> = stores
        .iter()
        .map(|_| writers::writer("shop", &clock))
        .collect();
    let mut total = 0;
    for round in 0..30_u64 {
        let now = clock.unix_seconds();
        for (n, writer) in own.iter().enumerate() {
            record(writer, now - 7, &format!("/round/{round}/{n}"), 3);
            record(writer, now - 5_000, "/late", 1);
            total += 4;
        }
        let flushes = join_all(
            stores
                .iter()
                .zip(&own)
                .map(|(store, writer)| store.flush(writer)),
        );
        let reads = join_all(stores.iter().map(|store| requests(&**store)));
        let leads = join_all(stores.iter().map(|store| async {
            store.fold().await?;
            store.roll_up().await?;
            store.retain().await
        }));
        let (flushes, reads, leads) = tokio::join!(flushes, reads, leads);
        for flushed in flushes {
            flushed.unwrap();
        }
        assert!(reads.iter().all(|read| *read <= total), "{reads:?} {total}");
        for led in leads {
            led.unwrap();
        }
        clock.advance(Duration::from_secs(if round % 3 == 0 {
            4_000
        } else {
            700
        }));
    }
    for store in &stores {
        settle(&**store).await;
        assert_eq!(requests(&**store).await, total);
        assert!(store.status().await.unwrap().series > 0);
    }
    // Floors have moved, so partitions were dropped through it as well.
    let dropped: i64 = {
        let mut direct = PgConnection::connect(&database.url()).await.unwrap();
        shared(&mut direct).await;
        sqlx::query_scalar(
            "SELECT count(*) FROM api_metrics.retention_floor WHERE granularity = '1m' AND floor > to_timestamp($1)",
        )
        .bind(writers::NOON)
        .fetch_one(&mut direct)
        .await
        .unwrap()
    };
    assert_eq!(dropped, 1);

    // The control plane too.
    let control = &stores[0];
    let change = {
        let mut change = KeyChange::default();
        change.name = Some(Some("Render farm".into()));
        change
    };
    control
        .put_keys(&[("render-farm".into(), change)])
        .await
        .unwrap();
    assert_eq!(stores[3].api_keys(None).await.unwrap().len(), 1);
    let first = stores[0].shared_secret("word", b"one").await.unwrap();
    assert!(first.created);
    for store in &stores {
        let secret = store.shared_secret("word", b"two").await.unwrap();
        assert_eq!(secret.value, b"one");
    }
}

/// All clients together have had no more than these connections.
async fn shared(direct: &mut sqlx::PgConnection) {
    let servers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .fetch_one(direct)
    .await
    .unwrap();
    assert!((1..=i64::from(SERVERS)).contains(&servers), "{servers}");
}

#[tokio::test]
async fn a_service_starts_flushes_and_maintains_through_pgbouncer() {
    let database = PgDatabase::create().await;
    let bouncer = PgBouncer::start(&database, 2);
    let metrics = ApiMetrics::builder()
        .postgres(bouncer.url())
        .maintenance(Maintenance::Manual)
        .start()
        .await
        .unwrap();
    let at = std::time::SystemTime::now();
    for round in 1..=5_u64 {
        let record = api_metrics::RequestRecord::new("GET", "/a", at);
        api_metrics::MetricSink::record(&metrics.sink(), &record);
        metrics.flush().await.unwrap();
        metrics.maintain().await.unwrap();
        assert_eq!(requests(&*metrics.store().unwrap()).await, round);
    }
    metrics.shutdown().await.unwrap();
}
