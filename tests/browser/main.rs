//! Tests the dashboard in a real Chromium, against the demo with a seeded store, on both databases: in `tests/run` each
//! file of cases on one of them, in turns, since a page does not know its database; whatever is named, and all of
//! `tests/long`, on each.
//!
//! Node runs the files of `specs/`. This program seeds the store, starts the demo, and reports like
//! Rust's own test programs, so that every browser case counts in the summary. Arguments select
//! tests in the same way: `cargo test -p api-metrics-tests --test browser sqlite::overview`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod node;
mod stage;

use std::{process::ExitCode, thread};

use api_metrics_tests::sized;
use node::{Cases, Node};
use stage::{Kind, Stage};

const SPECS: [&str; 19] = [
    "sign_in",
    "overview",
    "pages",
    "limits",
    "objectives",
    "releases",
    "documented",
    "alerts",
    "billing",
    "live",
    "coverage",
    "requests",
    "incident",
    "ingest",
    "dependencies",
    "jobs",
    "filters",
    "compare",
    "looks",
];

/// About the page alone, whatever the database; they run on the embedded one.
const PAGE_ALONE: [&str; 5] = ["tabs", "roles", "links", "shape", "tasks"];

/// Stops the database's server, so it runs on a server of its own, after the others.
const OUTAGE: &str = "outage";

/// Whether a file is this database's turn, where both take turns.
fn is_turn_of(kind: Kind, spec: &str) -> bool {
    let at = SPECS.iter().position(|one| *one == spec);
    at.is_none_or(|at| (kind == Kind::Sqlite) == at.is_multiple_of(2))
}

/// The test files that one database has.
fn specs(kind: Kind) -> impl Iterator<Item = &'static str> {
    let outage = (kind == Kind::Postgres).then_some(OUTAGE);
    let page = PAGE_ALONE.into_iter().filter(move |_| kind == Kind::Sqlite);
    SPECS.into_iter().chain(page).chain(outage)
}

/// Seeds one database and runs the test files against it.
fn run(node: &Node, kind: Kind, specs: &[&str]) -> Cases {
    let mut sum = Cases::default();
    let seeded = specs.iter().any(|spec| *spec != OUTAGE);
    let stage = seeded.then(|| Stage::start(kind));
    for spec in specs {
        let own = (*spec == OUTAGE).then(Stage::start_with_own_server);
        let Some(stage) = own.as_ref().or(stage.as_ref()) else {
            unreachable!("every other file has the seeded stage")
        };
        let cases = node.run(spec, stage);
        println!(
            "test {}::{spec} ({} cases) ... {}",
            kind.name(),
            cases.passed + cases.failed,
            if cases.failed == 0 { "ok" } else { "FAILED" }
        );
        sum.passed += cases.passed;
        sum.failed += cases.failed;
    }
    sum
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let exact = arguments.iter().any(|a| a == "--exact");
    let in_turns = filters.is_empty() && sized(false, true);
    let chosen = |kind: Kind, spec: &str| {
        let name = format!("{}::{spec}", kind.name());
        if filters.is_empty() {
            return !in_turns || is_turn_of(kind, spec);
        }
        filters.iter().any(|f| {
            if exact {
                **f == name
            } else {
                name.contains(f.as_str())
            }
        })
    };
    if arguments.iter().any(|a| a == "--list") {
        for &kind in Kind::all() {
            for spec in specs(kind).filter(|spec| chosen(kind, spec)) {
                println!("{}::{spec}: test", kind.name());
            }
        }
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<(Kind, Vec<&str>)> = Kind::all()
        .iter()
        .copied()
        .map(|kind| {
            let specs = specs(kind).filter(|spec| chosen(kind, spec));
            (kind, specs.collect::<Vec<_>>())
        })
        .filter(|(_, specs)| !specs.is_empty())
        .collect();
    let mut sum = Cases::default();
    if !wanted.is_empty() {
        let node = Node::prepare();
        // Both databases run at once, because seeding waits for the disk and browsers wait for timers.
        let ran: Vec<Cases> = thread::scope(|scope| {
            let running: Vec<_> = wanted
                .iter()
                .map(|(kind, specs)| scope.spawn(|| run(&node, *kind, specs)))
                .collect();
            running
                .into_iter()
                // A stage that could not be set up counts as a failure.
                .map(|run| run.join().unwrap_or(Cases::FAILED))
                .collect()
        });
        for cases in ran {
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
