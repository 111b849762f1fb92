//! The dashboard's questions about the last day, over more and more series.

use std::{hint::black_box, sync::Arc};

use api_metrics_benches::{
    database::Scratch,
    fill::{self, Random, Size},
    measure::Table,
};
use api_metrics_store::{
    postgres::PostgresStore,
    query::{Detail, Query, TimeRange, TimeStep, TopK},
    store::{Store, StoreOptions},
    time::{Clock, Granularity, ManualClock},
};
use api_metrics_tests::ClickHouseDatabase;

const DAY: i64 = 86_400;
/// Buckets of each kind of series that differ.
const VARIANTS: u64 = 97;

pub async fn run(sizes: &[usize]) {
    for &series in sizes {
        measure(Size::of(series)).await;
    }
}

async fn measure(size: Size) {
    let database = Scratch::create().await;
    let buckets = ClickHouseDatabase::create().await;
    let mut options = StoreOptions::default();
    options.clock = Some(Arc::new(ManualClock::at(fill::now())) as Arc<dyn Clock>);
    let mut store = PostgresStore::connect_lazy(&database.url(), options).unwrap();
    store.keep_buckets_in(Arc::new(buckets.connect()));
    fill::prepare(&store, size).await;
    let series: Vec<(i64, i16)> =
        sqlx::query_as("SELECT id, kind FROM api_metrics.series ORDER BY id")
            .fetch_all(store.pool())
            .await
            .unwrap();
    fill(&buckets, &series).await;

    let mut table = Table::new("ClickHouse");
    println!("{} series, aggregate series included", series.len());
    let last_day = || Query::over(TimeRange::new(fill::now() - DAY, fill::now()));
    let ask = async |query: &Query| {
        let answer = store.read(query, None).await.unwrap();
        for row in answer
            .rows
            .iter()
            .filter(|_| query.detail == Detail::Quantiles)
        {
            black_box([0.5, 0.95, 0.99].map(|q| row.bucket.quantile_ms(q)));
        }
        answer.rows.len()
    };
    let rows = |rows: &usize| format!("{rows} rows");
    table
        .measure(
            "summary 24 h with p50/p95/p99",
            async || ask(&last_day()).await,
            rows,
        )
        .await;
    let mut endpoints = last_day();
    endpoints.group_by.endpoint = true;
    endpoints.group_by.method = true;
    endpoints.top = Some(TopK::first(1_000));
    table
        .measure(
            "endpoints 24 h with p50/p95/p99",
            async || ask(&endpoints).await,
            rows,
        )
        .await;
    let mut heatmap = last_day();
    heatmap.group_by.endpoint = true;
    heatmap.group_by.time = Some(TimeStep::Fixed(Granularity::Hour));
    heatmap.detail = Detail::Counts;
    heatmap.top = Some(TopK::first(50));
    table
        .measure(
            "heatmap 24 h x 50 endpoints",
            async || ask(&heatmap).await,
            rows,
        )
        .await;
    let mut keys = last_day();
    keys.group_by.api_key = true;
    keys.detail = Detail::Counts;
    keys.top = Some(TopK::first(10));
    table
        .measure("top 10 keys 24 h", async || ask(&keys).await, rows)
        .await;
    table.print();
    store.pool().close().await;
    database.remove().await;
    buckets.remove().await;
}

/// A day of hours, two hours of five minutes and one of minutes, of every series, as rollups would have left them.
async fn fill(buckets: &ClickHouseDatabase, series: &[(i64, i16)]) {
    let started = std::time::Instant::now();
    let send = async |sql: String| drop(buckets.ask(&sql).await);
    send("CREATE TABLE bench_series (id Int64, kind Int16) ENGINE = Memory".to_owned()).await;
    for some in series.chunks(100_000) {
        let rows: Vec<String> = some
            .iter()
            .map(|(id, kind)| format!("({id},{kind})"))
            .collect();
        send(format!(
            "INSERT INTO bench_series VALUES {}",
            rows.join(",")
        ))
        .await;
    }
    send(
        "CREATE TABLE bench_pool (kind Int16, variant UInt64, n UInt64, bins Array(UInt16), bin_counts Array(UInt64)) \
         ENGINE = Memory"
            .to_owned(),
    )
    .await;
    let mut random = Random::new(7);
    let mut rows = Vec::new();
    // Base series; any key; any endpoint; the total.
    for (kind, of) in [(0, 12_u64), (1, 30), (2, 60), (3, 120)] {
        for variant in 0..VARIANTS {
            let first = 180 + random.below(60);
            let bins: Vec<u64> = (0..of).map(|n| first + n * 3).collect();
            let counts: Vec<u64> = bins.iter().map(|_| 1 + random.below(40)).collect();
            let n: u64 = counts.iter().sum();
            rows.push(format!("({kind},{variant},{n},{bins:?},{counts:?})"));
        }
    }
    send(format!("INSERT INTO bench_pool VALUES {}", rows.join(","))).await;
    let now = fill::now();
    for (name, granularity, span) in [
        ("1m", Granularity::Minute, 3_600),
        ("5m", Granularity::FiveMinutes, 7_200),
        ("1h", Granularity::Hour, DAY + 3_600),
    ] {
        let step = granularity.seconds();
        let (from, periods) = (granularity.floor(now - span), span / step);
        for period in (0..periods).map(|n| from + n * step) {
            send(format!(
                "INSERT INTO api_metrics_{name} SELECT toInt64({period}), s.id, toFixedString('', 16), toUInt64(0), toInt32(0), \
                   toInt64(0), toInt64(0), toUInt64(1), p.n, toUInt64(0), toUInt64(1), toUInt64(0), p.n * 24000, p.n, \
                   toUInt64(0), toUInt64(0), p.n * 200, p.n * 1500, toUInt64(900), toUInt64(18446744073709551615), \
                   toUInt64(90000), toUInt64(0), [toUInt16(200), toUInt16(500)], [p.n - 1, toUInt64(1)], p.bins, p.bin_counts, \
                   emptyArrayString(), emptyArrayInt64() \
                 FROM (SELECT id, kind, toUInt64((id * 17 + {period}) % {VARIANTS}) AS variant FROM bench_series) AS s \
                 INNER JOIN bench_pool AS p ON s.kind = p.kind AND s.variant = p.variant"
            ))
            .await;
        }
    }
    println!("filled in {:.0} s", started.elapsed().as_secs_f64());
}
