//! Instructions and allocations, which no neighbour on the machine can change: under valgrind.

use std::process::Command;

use crate::{
    exchange::exchange,
    own_process,
    requests::Requests,
    subjects::{self, BODY_MAP},
    tables::{self, Row},
};

/// Start-up cancels in the difference of two runs that differ by so many requests.
const REQUESTS: usize = 40 * BATCH;
/// As when time is measured.
const BATCH: usize = 128;

/// Serves `n` requests in the steady state: what runs under valgrind.
pub(crate) fn serve(subject: &str, series: usize, n: usize) {
    let mut subject = subjects::one(subject, series).unwrap();
    let mut requests = Requests::new(series, 1);
    let mut app = subject.app().clone();
    let mut serve = |n: usize| {
        let batches = n / BATCH;
        for _ in 0..batches {
            for request in requests.next(BATCH) {
                exchange(&mut app, request);
            }
        }
    };
    for _ in 0..2 {
        serve(2_000.max(2 * series));
        subject.rest(usize::MAX);
    }
    serve(n);
}

pub(crate) fn print(series: &[usize]) {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!(
            "\nFor instructions and allocations install valgrind (Debian, Ubuntu: apt-get install valgrind)."
        );
        return;
    }
    println!("\nInstructions a request, by callgrind\n");
    const CALLGRIND: [&str; 2] = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let columns = series
        .iter()
        .map(|&series| rows(series, &CALLGRIND, "Collected :"));
    tables::print("instructions", series, &columns.collect::<Vec<_>>());
    println!("\nHeap allocations a request, by memcheck\n");
    const MEMCHECK: [&str; 3] = [
        "--tool=memcheck",
        "--leak-check=no",
        "--undef-value-errors=no",
    ];
    tables::print(
        "allocations",
        &[1],
        &[rows(1, &MEMCHECK, "total heap usage:")],
    );
}

fn rows(series: usize, tool: &[&str], marker: &str) -> Vec<Row> {
    let per_request = |subject: &str| {
        let [none, some] = [0, REQUESTS].map(|n| counted(subject, series, n, tool, marker));
        (some - none) / REQUESTS as f64
    };
    let map = per_request(BODY_MAP);
    subjects::names()
        .map(|subject| {
            let total = per_request(subject);
            Row {
                subject: subject.to_owned(),
                total,
                over: total - map,
            }
        })
        .collect()
}

/// What the tool says of the whole process.
fn counted(subject: &str, series: usize, n: usize, tool: &[&str], marker: &str) -> f64 {
    let output = Command::new("valgrind")
        .args(tool)
        .arg(own_process().get_program())
        .args(["requests", subject, &series.to_string(), &n.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let counted = said.lines().find_map(|line| line.split_once(marker));
    let (_, rest) = counted.unwrap_or_else(|| panic!("no `{marker}` in: {said}"));
    let number = rest.split_whitespace().next().unwrap_or_default();
    number.replace(',', "").parse().unwrap()
}
