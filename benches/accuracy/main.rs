//! How near both kinds of sketch are, and what they cost. `cargo bench --bench accuracy` prints the tables
//! of `docs/accuracy.md`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for people"
)]

use std::{hint::black_box, time::Duration};

use api_metrics_benches::{Dice, quantile, thread_time};
use api_metrics_store::sketch::{Sketch, SketchKind};

const KINDS: [SketchKind; 2] = [SketchKind::Histogram, SketchKind::TDigest];
const QUANTILES: [f64; 5] = [0.5, 0.95, 0.989, 0.99, 0.999];
/// Sketches that are merged into one, and samples of each.
const PARTS: usize = 1_000;
/// As many as an hour has minutes.
const HOUR: usize = 60;

/// Latencies in microseconds, `n` of them.
type Distribution = fn(n: usize) -> Vec<u64>;

const DISTRIBUTIONS: [(&str, Distribution); 5] = [
    ("lognormal, median 8 ms, sigma 1", |n| {
        let mut dice = Dice(1);
        (0..n)
            .map(|_| dice.lognormal(8_000.0, 1.0) as u64)
            .collect()
    }),
    ("uniform, 1 to 100 ms", |n| {
        let mut dice = Dice(2);
        (0..n).map(|_| 1_000 + dice.roll(99_001)).collect()
    }),
    ("bimodal, exactly 1% are 50 times slower", |n| {
        let mut dice = Dice(3);
        let slow = |i: usize| if i % 100 == 99 { 50.0 } else { 1.0 };
        (0..n)
            .map(|i| (slow(i) * dice.lognormal(8_000.0, 0.1)) as u64)
            .collect()
    }),
    ("constant, 12.345 ms", |n| vec![12_345; n]),
    ("sorted, 1 to 100 ms", |n| {
        (0..n).map(|i| 1_000 + (i * 99_000 / n) as u64).collect()
    }),
];

fn main() {
    // As a test of the benchmark itself a hundredth will do.
    let each = if std::env::args().any(|arg| arg == "--bench") {
        1_000
    } else {
        10
    };
    println!(
        "{} samples: in one sketch, and in {PARTS} that are merged\n",
        each * PARTS
    );
    errors(each);
    println!();
    costs(each);
}

fn of(kind: SketchKind, values: &[u64]) -> Sketch {
    let mut sketch = Sketch::new(kind);
    values.iter().for_each(|&value| sketch.record(value));
    sketch
}

fn encoded<'a>(sketches: impl IntoIterator<Item = &'a Sketch>) -> Vec<u8> {
    let mut bytes = Vec::new();
    sketches
        .into_iter()
        .for_each(|sketch| sketch.encode(&mut bytes));
    bytes
}

/// The relative error of each quantile in percent.
fn errors(each: usize) {
    println!("| distribution | sketch | | p50 | p95 | p98.9 | p99 | p99.9 |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, distribution) in DISTRIBUTIONS {
        let values = distribution(each * PARTS);
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let exact = QUANTILES.map(|q| format!("{:.3} ms", quantile(&sorted, q) as f64 / 1e3));
        println!("| {name} | exact | | {} |", exact.join(" | "));
        for kind in KINDS {
            let parts: Vec<_> = values.chunks(each).map(|part| of(kind, part)).collect();
            let mut at_once = Sketch::new(kind);
            at_once.merge_encoded(&encoded(&parts)).unwrap();
            let mut by_hours = Sketch::new(kind);
            for hour in parts.chunks(HOUR) {
                let mut sum = Sketch::new(kind);
                sum.merge_encoded(&encoded(hour)).unwrap();
                by_hours.merge_encoded(&encoded([&sum])).unwrap();
            }
            let one = of(kind, &values);
            let ways = [
                ("one", one),
                ("merged at once", at_once),
                ("merged by 60", by_hours),
            ];
            for (way, sketch) in ways {
                let errors = QUANTILES.map(|q| {
                    let exact = quantile(&sorted, q) as f64;
                    let error = sketch.quantile(q).unwrap() / exact - 1.0;
                    format!("{:+.3}%", 100.0 * error)
                });
                println!("| | {} | {way} | {} |", kind, errors.join(" | "));
            }
        }
    }
}

/// Bytes and thread time, the least of several runs.
fn costs(each: usize) {
    println!(
        "| distribution | sketch | bytes, 20 values | bytes, {each} values | bytes, all values | ns an insert | µs for merging {HOUR} |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, distribution) in DISTRIBUTIONS {
        let values = distribution(each * PARTS);
        for kind in KINDS {
            let parts: Vec<_> = values
                .chunks(each)
                .take(HOUR)
                .map(|part| of(kind, part))
                .collect();
            let hour = encoded(&parts);
            let insert = least(5, || drop(black_box(of(kind, black_box(&values)))));
            let merge = least(50, || {
                let mut sum = Sketch::new(kind);
                sum.merge_encoded(black_box(&hour)).unwrap();
                black_box(sum);
            });
            println!(
                "| {name} | {} | {} | {} | {} | {:.1} | {:.0} |",
                kind,
                encoded([&of(kind, &values[..20])]).len(),
                encoded(parts.first()).len(),
                encoded([&of(kind, &values)]).len(),
                insert.as_nanos() as f64 / values.len() as f64,
                merge.as_nanos() as f64 / 1e3,
            );
        }
    }
}

fn least(runs: usize, mut f: impl FnMut()) -> Duration {
    let run = |_| {
        let since = thread_time();
        f();
        thread_time() - since
    };
    (0..runs).map(run).min().unwrap_or_default()
}
