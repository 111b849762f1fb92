//! What the leader has to do in five minutes, as series grow.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api_metrics_benches::{
    database::Scratch,
    fill::{Random, Size, record_every_series, writer},
    measure::ms,
};
use api_metrics_store::{
    postgres::PostgresStore,
    store::{Store, StoreOptions},
    time::{Clock, Granularity, ManualClock},
};
use api_metrics_tests::ClickHouseDatabase;

/// Flushes of five minutes, in each of which every series has requests.
const FLUSHES: i64 = 10;

pub async fn run(sizes: &[usize]) {
    println!(
        "\n| series | buckets in | flush p50 ms | fold of one flush p50 ms | rollup of 5 minutes ms | the leader is busy |\n\
         |---:|---|---:|---:|---:|---:|"
    );
    for &series in sizes {
        for clickhouse in [false, true] {
            let buckets = if clickhouse {
                Some(ClickHouseDatabase::create().await)
            } else {
                None
            };
            measure(Size::of(series), buckets).await;
        }
    }
}

async fn measure(size: Size, buckets: Option<ClickHouseDatabase>) {
    let database = Scratch::create().await;
    // A Monday noon.
    let clock = Arc::new(ManualClock::at(1_773_057_600));
    let mut options = StoreOptions::default();
    options.clock = Some(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>);
    let mut store = PostgresStore::connect_lazy(&database.url(), options).unwrap();
    if let Some(buckets) = &buckets {
        store.keep_buckets_in(Arc::new(buckets.connect()));
    }
    store.prepare().await.unwrap();
    let writer = writer();
    let mut random = Random::new(5);
    let from = Granularity::Day.floor(clock.unix_seconds()) + 3_600;
    let (mut flushes, mut folds) = (Vec::new(), Vec::new());
    // The first one makes the series.
    for flush in 0..=FLUSHES {
        clock.step_to(from + flush * (300 / FLUSHES) - 1);
        record_every_series(&writer, size, clock.unix_seconds(), &mut random);
        let started = Instant::now();
        store.flush(&writer).await.unwrap();
        flushes.push(started.elapsed());
        let started = Instant::now();
        while store.fold().await.unwrap().more {}
        folds.push(started.elapsed());
    }
    clock.step_to(from + 300 + 75);
    let started = Instant::now();
    while store.roll_up().await.unwrap().steps > 0 {}
    let rollup = started.elapsed();
    let folded: Duration = folds.iter().skip(1).sum();
    let busy = (folded + rollup).as_secs_f64() / 300.0;
    println!(
        "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1}% |",
        size.series(),
        if buckets.is_some() {
            "ClickHouse"
        } else {
            "Postgres"
        },
        ms(middle(flushes.split_off(1))),
        ms(middle(folds.split_off(1))),
        ms(rollup),
        busy * 100.0,
    );
    store.pool().close().await;
    database.remove().await;
    if let Some(buckets) = buckets {
        buckets.remove().await;
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
