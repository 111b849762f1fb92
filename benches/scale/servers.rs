//! A million series-minutes on more and more servers.
//!
//! Servers merge small parts while they have time, in more and smaller steps the less they have to do. What that takes
//! depends on how busy the machine is, and not on how many rows there are, so nothing is merged while rows are written and
//! rolled up, and then all of it at once.
//!
//! Run it with `TMPDIR=/dev/shm`: to make a file, of which a part has sixty, costs a journalling file system more the more
//! files were removed in the last seconds, which hides what the servers do.

use std::time::{Duration, Instant};

use api_metrics_benches::fill::Random;
use api_metrics_store::{
    bucket_database::{BucketColumns, BucketDatabase, CopiedRow, Detail, Rollup, SumOf, View},
    time::Granularity,
};
use api_metrics_tests::ClickHouseCluster;
use uuid::Uuid;

const SERIES: i64 = 20_000;
/// Each of some hours, which are partitions: a server refuses inserts where one has hundreds of parts.
const HOURS: i64 = 10;
const MINUTES: i64 = 5;
/// 2026-03-10T00:00:00Z
const START: i64 = 1_773_100_800;
/// Series whose sums a view asks for, each by itself.
const ASKED: usize = 1_000;

pub async fn run() {
    println!(
        "\n| servers | at rest, a second | written | merged | rolled up to 5m, 1h, 1d | merged | read by {ASKED} series | \
         bytes of a minute's row | of a 5m row |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    );
    for servers in [1, 2, 4] {
        let cluster = ClickHouseCluster::of(servers, 1).await;
        let buckets = cluster.database("metrics").await;
        buckets.prepare().await.unwrap();
        let view = View::upto(HOURS * MINUTES);
        // Servers without work are not idle: their tasks look for some.
        let at_rest = Measured::begin(&cluster, 0.0);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let at_rest = at_rest.processor_a_second(&cluster);
        on_all(&cluster, "SYSTEM STOP MERGES").await;
        let measured = Measured::begin(&cluster, at_rest);
        for minute in 0..HOURS * MINUTES {
            buckets
                .put(Granularity::Minute, rows(minute))
                .await
                .unwrap();
        }
        let written = measured.end(&cluster);
        let minutes_merged = merge(&cluster, at_rest).await;

        on_all(&cluster, "SYSTEM STOP MERGES").await;
        let measured = Measured::begin(&cluster, at_rest);
        for (n, finer) in Granularity::ALL.windows(2).enumerate() {
            let [children, granularity] = *finer else {
                continue;
            };
            let mut periods: Vec<i64> = (0..HOURS)
                .map(|hour| granularity.floor(START + hour * 3_600))
                .collect();
            periods.dedup();
            for some in periods.chunks(12) {
                let tables = (granularity, children);
                let rollup = Rollup::new(tables, some, &view, n as i64 + 1);
                buckets.roll_up(&rollup).await.unwrap();
            }
        }
        let rolled_up = measured.end(&cluster);
        let sums_merged = merge(&cluster, at_rest).await;

        let series: Vec<i64> = (0..SERIES).step_by(SERIES as usize / ASKED).collect();
        let measured = Measured::begin(&cluster, at_rest);
        let mut parts = 0;
        let (from, to) = (START, START + HOURS * 3_600);
        let (ranges, edges) = ([(from, to)], [from, to]);
        let mut asked = SumOf::new(Granularity::Minute, (&ranges, &edges), &series, &view);
        (asked.by_series, asked.detail) = (true, Detail::Quantiles);
        let mut add = |_| {
            parts += 1;
            Ok(())
        };
        buckets.sum(&asked, &mut add).await.unwrap();
        assert!(parts >= series.len(), "each series has a sum");
        let read = measured.end(&cluster);
        println!(
            "| {servers} | {at_rest:.2} s | {written} | {minutes_merged} | {rolled_up} | {sums_merged} | {read} | {:.0} | {:.0} |",
            bytes_a_row(&cluster, "1m").await,
            bytes_a_row(&cluster, "5m").await,
        );
    }
}

/// A bucket of every series: a dozen bins, two status codes.
fn rows(minute: i64) -> Vec<CopiedRow> {
    let mut random = Random::new(minute.cast_unsigned());
    let row = |series_id| {
        let first = 200 + random.below(120) as u16;
        let bins: Vec<u16> = (0..12).map(|n| first + n * 9).collect();
        let bin_counts: Vec<u64> = bins.iter().map(|_| 1 + random.below(4)).collect();
        let requests: u64 = bin_counts.iter().sum();
        let latencies = requests * (20_000 + random.below(9_000));
        let (sent, answered) = (requests * 200, requests * 1_500);
        let mut columns = BucketColumns::default();
        columns.sums = [requests, 0, 1, 0, latencies, requests, 0, 0, sent, answered];
        columns.least = [800 + random.below(300), u64::MAX];
        columns.greatest = [90_000 + random.below(40_000), 0];
        columns.statuses = vec![200, 500];
        columns.status_counts = vec![requests - 1, 1];
        (columns.bins, columns.bin_counts) = (bins, bin_counts);
        let batch = (Uuid::from_u128(7), minute.cast_unsigned() + 1, 0);
        let start = START + minute / MINUTES * 3_600 + minute % MINUTES * 60;
        CopiedRow::new((start, series_id), batch, minute + 1, columns)
    };
    (0..SERIES).map(row).collect()
}

/// Processor time of all servers beyond what they take at rest, and time of the wall.
struct Measured {
    since: Instant,
    processor: Duration,
    at_rest: f64,
}

impl Measured {
    fn begin(cluster: &ClickHouseCluster, at_rest: f64) -> Self {
        Self {
            since: Instant::now(),
            processor: cluster.processor_time(),
            at_rest,
        }
    }

    fn processor_a_second(&self, cluster: &ClickHouseCluster) -> f64 {
        let processor = cluster.processor_time() - self.processor;
        processor.as_secs_f64() / self.since.elapsed().as_secs_f64()
    }

    /// As a cell of the table.
    fn end(self, cluster: &ClickHouseCluster) -> String {
        let seconds = self.since.elapsed().as_secs_f64();
        let processor = self.processor_a_second(cluster) - self.at_rest;
        format!(
            "{:.1} s ({seconds:.1} s by the clock)",
            processor.max(0.0) * seconds
        )
    }
}

async fn on_all(cluster: &ClickHouseCluster, sql: &str) {
    for server in 0..cluster.size() {
        cluster.ask(server, sql).await;
    }
}

/// Makes one part of those of each partition.
async fn merge(cluster: &ClickHouseCluster, at_rest: f64) -> String {
    let measured = Measured::begin(cluster, at_rest);
    on_all(cluster, "SYSTEM START MERGES").await;
    for server in 0..cluster.size() {
        let parts = "SELECT DISTINCT table, partition FROM system.parts WHERE active AND database = 'metrics'";
        let told = cluster.ask(server, parts).await;
        for (table, partition) in told.lines().filter_map(|line| line.split_once('\t')) {
            let sql = format!("OPTIMIZE TABLE metrics.{table} PARTITION {partition} FINAL");
            cluster.ask(server, &sql).await;
        }
    }
    measured.end(cluster)
}

/// Of all servers together, once parts were merged.
async fn bytes_a_row(cluster: &ClickHouseCluster, table: &str) -> f64 {
    let (mut bytes, mut rows) = (0.0, 0.0);
    for server in 0..cluster.size() {
        let sql = format!(
            "SELECT sum(bytes_on_disk), sum(rows) FROM system.parts \
             WHERE active AND database = 'metrics' AND table = 'api_metrics_{table}_local'"
        );
        let answer = cluster.ask(server, &sql).await;
        let (of_bytes, of_rows) = answer.trim().split_once('\t').unwrap();
        bytes += of_bytes.parse::<f64>().unwrap();
        rows += of_rows.parse::<f64>().unwrap();
    }
    bytes / rows
}
