//! The dashboard in a real Chromium, over the real demo and a store with a history, on both
//! databases.
//!
//! Node runs the files of `specs/`; this program seeds, starts, and reports as Rust's own test
//! programs do, so that every case in the browser counts in the summary. Arguments choose as there:
//! `cargo test -p api-metrics-tests --test browser sqlite::overview`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod node;
mod stage;

use std::process::ExitCode;

use node::{Cases, Node};
use stage::{Kind, Stage};

const SPECS: [&str; 5] = ["sign_in", "overview", "pages", "live", "looks"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let exact = arguments.iter().any(|a| a == "--exact");
    let chosen = |kind: Kind, spec: &str| {
        let name = format!("{}::{spec}", kind.name());
        filters.is_empty()
            || filters.iter().any(|f| {
                if exact {
                    **f == name
                } else {
                    name.contains(f.as_str())
                }
            })
    };
    if arguments.iter().any(|a| a == "--list") {
        for kind in Kind::ALL {
            for spec in SPECS.iter().filter(|spec| chosen(kind, spec)) {
                println!("{}::{spec}: test", kind.name());
            }
        }
        return ExitCode::SUCCESS;
    }
    let mut sum = Cases::default();
    let mut node = None;
    for kind in Kind::ALL {
        let specs: Vec<&str> = SPECS
            .into_iter()
            .filter(|spec| chosen(kind, spec))
            .collect();
        if specs.is_empty() {
            continue;
        }
        let node = node.get_or_insert_with(Node::prepare);
        let stage = Stage::start(kind);
        for spec in specs {
            let cases = node.run(spec, &stage);
            println!(
                "test {}::{spec} ({} cases) ... {}",
                kind.name(),
                cases.passed + cases.failed,
                if cases.failed == 0 { "ok" } else { "FAILED" }
            );
            sum.passed += cases.passed;
            sum.failed += cases.failed;
        }
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; 0 filtered out",
        if sum.failed == 0 { "ok" } else { "FAILED" },
        sum.passed,
        sum.failed
    );
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
