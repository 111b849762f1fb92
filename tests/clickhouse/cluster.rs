//! A cluster of ClickHouse for other programs: prints its address and its name, and lives until it is told to end.
#![allow(clippy::print_stdout, clippy::expect_used)]

use api_metrics_tests::ClickHouseCluster;

#[tokio::main]
async fn main() {
    let cluster = ClickHouseCluster::start().await;
    println!("{} {}", cluster.url(0), cluster.name());
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .expect("a program may listen to signals");
    end.recv().await;
}
