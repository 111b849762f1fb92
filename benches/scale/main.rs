//! What buckets in ClickHouse cost as servers and series grow.
//!
//! `tests/run --with cargo bench -p api-metrics-benches --bench scale` brings the Postgres and the engine of ClickHouse that
//! it needs; the cluster is of the distribution's release, and started here. `BENCH_ONLY` is one of
//!
//! - `servers`: processor time and bytes for a million series-minutes that are written, rolled up and read, on 1, 2 and 4
//!   servers. What stays the same scales: a machine of few processors can't show more.
//! - `leader`: flush, fold and rollup as series grow, on Postgres alone and with the buckets in ClickHouse.
//! - `views`: the dashboard's questions over more and more series.
//!
//! `BENCH_SIZES` are the numbers of series of the last two, `5000,50000` by default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod leader;
mod servers;
mod views;

#[tokio::main]
async fn main() {
    // `cargo test --benches` and `cargo bench -- --list` only want to know that it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let wanted = |name: &str| {
        std::env::var("BENCH_ONLY").map_or(true, |value| value.split(',').any(|one| one == name))
    };
    let sizes = std::env::var("BENCH_SIZES").unwrap_or_else(|_| "5000,50000".to_owned());
    let sizes: Vec<usize> = sizes
        .split(',')
        .map(|size| size.trim().parse().expect("BENCH_SIZES are numbers"))
        .collect();
    if wanted("servers") {
        servers::run().await;
    }
    if wanted("leader") {
        leader::run(&sizes).await;
    }
    if wanted("views") {
        views::run(&sizes).await;
    }
}
