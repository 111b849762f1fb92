//! A million series-minutes on more and more servers.

use std::time::{Duration, Instant};

use api_metrics_benches::fill::Random;
use api_metrics_store::{
    bucket_database::{BucketColumns, BucketDatabase, CopiedRow, Detail, Rollup, SumOf, View},
    time::Granularity,
};
use api_metrics_tests::ClickHouseCluster;
use uuid::Uuid;

const SERIES: i64 = 20_000;
const MINUTES: i64 = 50;
/// 2026-03-10T00:00:00Z
const START: i64 = 1_773_100_800;
/// Series whose sums a view asks for, each by itself.
const ASKED: usize = 1_000;

pub async fn run() {
    println!(
        "\n| servers | written | rolled up to 5m, 1h, 1d | read by {ASKED} series | bytes of a minute's row | of a 5m row |\n\
         |---:|---:|---:|---:|---:|---:|"
    );
    for servers in [1, 2, 4] {
        let cluster = ClickHouseCluster::of(servers, 1).await;
        let buckets = cluster.database("metrics").await;
        buckets.prepare().await.unwrap();
        let view = View {
            epoch: MINUTES,
            excluded: Vec::new(),
        };
        let measured = Measured::begin(&cluster);
        for minute in 0..MINUTES {
            buckets
                .put(Granularity::Minute, rows(minute))
                .await
                .unwrap();
        }
        let written = measured.end(&cluster);

        let measured = Measured::begin(&cluster);
        for (n, finer) in Granularity::ALL.windows(2).enumerate() {
            let [children, granularity] = *finer else {
                continue;
            };
            let periods: Vec<i64> = (START..START + MINUTES * 60)
                .step_by(granularity.seconds() as usize)
                .collect();
            let rollup = Rollup {
                granularity,
                children,
                periods: &periods,
                view: &view,
                version: n as i64 + 1,
            };
            buckets.roll_up(&rollup).await.unwrap();
        }
        let rolled_up = measured.end(&cluster);

        let series: Vec<i64> = (0..SERIES).step_by(SERIES as usize / ASKED).collect();
        let measured = Measured::begin(&cluster);
        let mut parts = 0;
        buckets
            .sum(
                &SumOf {
                    granularity: Granularity::Minute,
                    ranges: &[(START, START + MINUTES * 60)],
                    edges: &[START, START + MINUTES * 60],
                    series: &series,
                    by_series: true,
                    detail: Detail::Quantiles,
                    view: &view,
                },
                &mut |_| {
                    parts += 1;
                    Ok(())
                },
            )
            .await
            .unwrap();
        assert!(parts >= series.len(), "each series has a sum");
        let read = measured.end(&cluster);
        println!(
            "| {servers} | {written} | {rolled_up} | {read} | {:.0} | {:.0} |",
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
        let requests = bin_counts.iter().sum();
        CopiedRow {
            period_start: START + minute * 60,
            series_id,
            instance: Uuid::from_u128(7),
            number: minute.cast_unsigned() + 1,
            chunk: 0,
            epoch: minute + 1,
            columns: BucketColumns {
                sums: [
                    requests,
                    0,
                    1,
                    0,
                    requests * (20_000 + random.below(9_000)),
                    requests,
                    0,
                    0,
                    requests * 200,
                    requests * 1_500,
                ],
                least: [800 + random.below(300), u64::MAX],
                greatest: [90_000 + random.below(40_000), 0],
                statuses: vec![200, 500],
                status_counts: vec![requests - 1, 1],
                bins,
                bin_counts,
                unit_keys: Vec::new(),
                unit_values: Vec::new(),
            },
        }
    };
    (0..SERIES).map(row).collect()
}

/// Processor time of all servers, and of the wall.
struct Measured {
    since: Instant,
    processor: Duration,
}

impl Measured {
    fn begin(cluster: &ClickHouseCluster) -> Self {
        Self {
            since: Instant::now(),
            processor: cluster.processor_time(),
        }
    }

    /// As a cell of the table.
    fn end(self, cluster: &ClickHouseCluster) -> String {
        let processor = cluster.processor_time() - self.processor;
        format!(
            "{:.1} s ({:.1} s by the clock)",
            processor.as_secs_f64(),
            self.since.elapsed().as_secs_f64()
        )
    }
}

/// Of all servers together, after their parts have become one.
async fn bytes_a_row(cluster: &ClickHouseCluster, table: &str) -> f64 {
    let (mut bytes, mut rows) = (0.0, 0.0);
    for server in 0..cluster.size() {
        cluster
            .ask(
                server,
                &format!("OPTIMIZE TABLE metrics.api_metrics_{table}_local FINAL"),
            )
            .await;
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
