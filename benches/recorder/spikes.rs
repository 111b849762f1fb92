//! The worst of it: how a record's cost is distributed, and how long a flush holds a shard's lock.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use api_metrics_benches::{quantile, thread_time};
use api_metrics_layer::MetricSink;
use api_metrics_store::recorder::{Recorder, RecorderOptions};

use crate::traffic::{START, Traffic};

const SERIES: usize = 5_000;

pub(crate) fn print() {
    let traffic = Traffic::new(SERIES);
    println!("\none record at {SERIES} series, ns of thread time, the clock's own cost included");
    row("", &["p50", "p99", "p99.9", "p99.99", "max"]);
    let clock = |_: usize| thread_time();
    print_row("the clock alone", costs(400_000, clock, |_| {}));
    first_sight(&traffic);
    steady(&traffic);
    minutes(&traffic);
    flushing(&traffic);
    begin_batch(&traffic);
}

fn row(name: &str, cells: &[&str]) {
    let cells: String = cells.iter().map(|cell| format!("{cell:>11}")).collect();
    println!("{name:<42}{cells}");
}

fn print_row(name: &str, mut costs: Vec<u64>) {
    costs.sort_unstable();
    let cells = [0.5, 0.99, 0.999, 0.9999, 1.0].map(|q| quantile(&costs, q).to_string());
    row(name, &cells.each_ref().map(String::as_str));
}

/// The time that each of `n` calls takes.
fn costs(n: usize, clock: impl Fn(usize) -> Duration, mut call: impl FnMut(usize)) -> Vec<u64> {
    let mut costs = Vec::with_capacity(n);
    for i in 0..n {
        let since = clock(i);
        call(i);
        costs.push((clock(i) - since).as_nanos() as u64);
    }
    costs
}

fn record_all(recorder: &Recorder, traffic: &Traffic, minute: u64, costs: &mut Vec<u64>) {
    let at = UNIX_EPOCH + Duration::from_secs(START + 60 * minute);
    for record in traffic.records_at(at) {
        let since = thread_time();
        recorder.record(&record);
        costs.push((thread_time() - since).as_nanos() as u64);
    }
}

fn flush(recorder: &Recorder) {
    let n = recorder.begin_batch();
    recorder.acknowledge(n);
}

/// Every series is new, sketches grow; ten services start.
fn first_sight(traffic: &Traffic) {
    let mut costs = Vec::new();
    for _ in 0..10 {
        let mut options = RecorderOptions::default();
        options.shards = 1;
        let recorder = Recorder::new(options);
        record_all(&recorder, traffic, 0, &mut costs);
    }
    print_row("new series, sketches grow", costs);
}

fn warm(traffic: &Traffic) -> Recorder {
    let mut options = RecorderOptions::default();
    options.shards = 1;
    let recorder = Recorder::new(options);
    for minute in [0, 0, 1, 1] {
        record_all(&recorder, traffic, minute, &mut Vec::new());
        record_all(&recorder, traffic, minute + 1, &mut Vec::new());
        flush(&recorder);
    }
    recorder
}

fn steady(traffic: &Traffic) {
    let (recorder, mut costs) = (warm(traffic), Vec::new());
    for _ in 0..25 {
        record_all(&recorder, traffic, 0, &mut costs);
    }
    print_row("known series", costs);
}

fn minutes(traffic: &Traffic) {
    let (recorder, mut costs) = (warm(traffic), Vec::new());
    for minute in 0..25 {
        record_all(&recorder, traffic, minute, &mut costs);
        if minute % 2 == 1 {
            flush(&recorder);
        }
    }
    print_row("the minute changes every 40,000", costs);
}

fn flushing(traffic: &Traffic) {
    let (recorder, mut costs, done) = (warm(traffic), Vec::new(), AtomicBool::new(false));
    let flushes = thread::scope(|scope| {
        let flusher = scope.spawn(|| {
            let mut flushes = 0;
            while !done.load(Ordering::Relaxed) {
                flush(&recorder);
                flushes += 1;
            }
            flushes
        });
        for minute in 0..25 {
            record_all(&recorder, traffic, minute, &mut costs);
        }
        done.store(true, Ordering::Relaxed);
        flusher.join().unwrap_or(0)
    });
    print_row(&format!("a flush always in progress ({flushes})"), costs);
}

/// With every series in use: how long a shard's lock is held, and how long beginning a batch takes.
fn begin_batch(traffic: &Traffic) {
    let mut options = RecorderOptions::default();
    options.shards = 1;
    let recorder = Recorder::new(options);
    let (mut held, mut begun) = (Vec::new(), Vec::new());
    for minute in 0..300 {
        let at = UNIX_EPOCH + Duration::from_secs(START + 60 * minute);
        for record in traffic.records_at(at) {
            recorder.record(&record);
        }
        let since = Instant::now();
        let n = recorder.begin_batch();
        begun.push(since.elapsed().as_nanos() as u64);
        held.push(recorder.status().longest_lock.as_nanos() as u64);
        recorder.acknowledge(n);
    }
    println!("\na batch of {SERIES} series and 40,000 records, ns of wall time");
    row("", &["p50", "p99", "p99.9", "p99.99", "max"]);
    print_row("a shard's lock is held", held);
    print_row("off the path: swap, sum, encode", begun);
}
