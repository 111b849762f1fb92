//! What recording costs, on average and at worst. `cargo bench --bench recorder`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for people"
)]

mod spikes;
mod traffic;

use std::{sync::Barrier, thread, time::Duration};

use api_metrics_benches::thread_time;
use api_metrics_layer::MetricSink;
use api_metrics_store::recorder::{Recorder, RecorderOptions};
use criterion::{BenchmarkId, Criterion};

use traffic::Traffic;

/// The mean thread time of one record on `threads` threads at once.
fn record(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record");
    for series in [1, 100, 5_000] {
        for threads in [1, 2] {
            let id = BenchmarkId::new(format!("{series} series"), format!("{threads} threads"));
            let traffic = Traffic::new(series);
            let mut options = RecorderOptions::default();
            options.shards = 2;
            let recorder = Recorder::new(options);
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|n| measured(&recorder, &traffic, threads, n));
            });
        }
    }
    group.finish();
}

/// A flush every so many records of a thread, not counted: ten seconds of 20,000 requests a second.
const INTERVAL: usize = 200_000;

fn measured(recorder: &Recorder, traffic: &Traffic, threads: usize, n: u64) -> Duration {
    let together = Barrier::new(threads);
    let interval = |records: usize| {
        let since = thread_time();
        for record in traffic.records().cycle().take(records) {
            recorder.record(&record);
        }
        let spent = thread_time() - since;
        if together.wait().is_leader() {
            let n = recorder.begin_batch();
            recorder.acknowledge(n);
        }
        together.wait();
        spent
    };
    thread::scope(|scope| {
        let worker = || {
            // Both buffers of the pair know all series and have their memory.
            (0..4).for_each(|_| _ = interval(INTERVAL));
            // Whole intervals, or only the cold start of one would be seen.
            let intervals = n.div_ceil(INTERVAL as u64);
            let spent: Duration = (0..intervals).map(|_| interval(INTERVAL)).sum();
            spent.mul_f64(n as f64 / (intervals * INTERVAL as u64) as f64)
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let spent = workers.into_iter().map(|worker| worker.join().unwrap());
        spent.sum::<Duration>() / threads as u32
    })
}

/// What of that is the loop over the records.
fn floor(criterion: &mut Criterion) {
    let traffic = Traffic::new(5_000);
    criterion.bench_function("record/without a recorder", |bencher| {
        bencher.iter_custom(|n| {
            let since = thread_time();
            for record in traffic.records().cycle().take(n as usize) {
                std::hint::black_box(&record);
            }
            thread_time() - since
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    floor(&mut criterion);
    record(&mut criterion);
    criterion.final_summary();
    if std::env::args().any(|arg| arg == "--bench") {
        spikes::print();
    }
}
