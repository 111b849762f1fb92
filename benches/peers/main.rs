//! What the layer costs a request, beside other middleware for metrics. `cargo bench --bench layer`.
//!
//! Every subject is the same axum router inside another layer. A request is prebuilt, the router is called
//! in process and the response's body read to its end; what counts is the processor time of the thread.
//! The subjects of one table take turns in one process, so that all of them see the same machine.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a program for people"
)]

mod exchange;
mod instructions;
mod measure;
mod requests;
mod subjects;
// Not as a dependency, which would build both databases and criterion.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "what the other benchmarks use of it"
)]
#[path = "../support/numbers.rs"]
mod support;
mod tables;
mod workers;

use std::{env, process::Command};

use measure::Effort;
use tables::Row;

const SERIES: [usize; 3] = [1, 100, 5_000];
const THREADS: [usize; 2] = [1, 2];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What this program starts of itself: processes of their own, because peers keep globals.
        ["time", series, threads, effort] => {
            measure::print(
                series.parse().unwrap(),
                threads.parse().unwrap(),
                Effort::named(effort),
            );
        }
        ["requests", subject, series, n] => {
            instructions::serve(subject, series.parse().unwrap(), n.parse().unwrap());
        }
        // As a test: every subject answers, and records what it says.
        _ if !words.contains(&"--bench") => {
            subjects::all(3).iter_mut().for_each(|s| s.check(3));
        }
        _ => {
            let quick = words.contains(&"--quick");
            // Times want a quiet machine and instructions do not: each may be had alone.
            let only = ["--times", "--instructions"]
                .into_iter()
                .find(|only| words.contains(only));
            if only != Some("--instructions") {
                print_times(if quick { Effort::Quick } else { Effort::Full });
            }
            if only != Some("--times") {
                instructions::print(if quick { &[1] } else { &SERIES });
            }
        }
    }
}

fn print_times(effort: Effort) {
    for threads in THREADS {
        println!("\nNanoseconds of thread time a request, {threads} at once\n");
        let columns = SERIES.map(|series| times(series, threads, effort));
        tables::print("ns", &SERIES, &columns);
    }
}

fn times(series: usize, threads: usize, effort: Effort) -> Vec<Row> {
    let output = own_process()
        .args(["time", &series.to_string(), &threads.to_string()])
        .arg(effort.name())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines().filter_map(Row::parse).collect()
}

fn own_process() -> Command {
    Command::new(env::current_exe().unwrap())
}
