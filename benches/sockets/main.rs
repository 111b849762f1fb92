//! What a request costs a real server, beside other middleware for metrics: over sockets, with all that such a
//! server does besides. `DATABASE_URL=postgres://… cargo bench -p api-metrics-sockets --bench sockets`.
//!
//! Every subject is the same axum router inside another layer, in a process of its own with one worker thread. All
//! of them run at once and are loaded one after another, in another order each round, so that they share whatever
//! the machine does. `--quick` takes shorter turns and fewer of them, `BENCH_ROUNDS` (5) as many as it says. Without `DATABASE_URL` the subjects on
//! Postgres are left out.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a program for people"
)]

// Not as a dependency, which would build the program and criterion.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "what the other benchmarks use of it"
)]
#[path = "../support/database.rs"]
mod database;
mod load;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "what the other benchmarks use of it"
)]
#[path = "../support/numbers.rs"]
mod numbers;
mod process;
mod server;
mod shape;
mod table;

use std::{env, time::Duration};

use database::Scratch;
use load::{Load, Measurement};
use process::Server;
use server::Subject;
use shape::Shape;

/// How long and how often each subject is loaded.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Not counted: connections are opened, series become known.
    warm: Duration,
    turn: Duration,
    rounds: usize,
}

/// A turn is longer than the pause between two flushes, so that each has one.
const FULL: Effort = Effort {
    warm: Duration::from_secs(3),
    turn: Duration::from_secs(12),
    rounds: 5,
};
const QUICK: Effort = Effort {
    warm: Duration::from_secs(1),
    turn: Duration::from_secs(2),
    rounds: 3,
};
const TEST: Effort = Effort {
    warm: Duration::from_millis(50),
    turn: Duration::from_millis(50),
    rounds: 1,
};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What this program starts of itself.
        ["serve", subject, routes, place] => {
            let subject = Subject::named(subject).unwrap();
            server::serve(subject, routes.parse().unwrap(), place);
        }
        _ if words.contains(&"--list") => {}
        // As a test: every subject that needs no database server answers, and ours count what was sent.
        _ if !words.contains(&"--bench") => drop(measure(shape::MANY, TEST, false)),
        _ => {
            let mut effort = if words.contains(&"--quick") {
                QUICK
            } else {
                FULL
            };
            if let Some(rounds) = env::var("BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()) {
                effort.rounds = rounds;
            }
            let on_postgres = env::var_os("DATABASE_URL").is_some();
            for shape in [shape::ONE, shape::MANY] {
                table::print(shape, &measure(shape, effort, on_postgres));
            }
        }
    }
}

/// What was measured of one subject.
struct Measured {
    subject: Subject,
    /// One a round.
    turns: Vec<Measurement>,
    /// Processor time a request, in microseconds, one a round. Whatever the process did until its next turn is in
    /// it: flushes do not wait for the requests that they are of.
    processor_us: Vec<f64>,
    /// Resident memory at the end, in KiB.
    memory: u64,
}

fn measure(shape: Shape, effort: Effort, on_postgres: bool) -> Vec<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut running = Vec::new();
        for subject in Subject::ALL {
            if subject.is_on_postgres() && !on_postgres {
                continue;
            }
            let place = Place::make(subject).await;
            let server = Server::start(subject, shape, &place.name());
            let load = Load::open(server.address, shape).await;
            let measured = Measured {
                subject,
                turns: Vec::new(),
                processor_us: Vec::new(),
                memory: 0,
            };
            running.push((place, server, load, measured));
        }
        for (_, _, load, _) in &mut running {
            load.run(effort.warm).await;
        }
        let subjects = running.len();
        let mut began: Vec<Option<(Duration, u64)>> = vec![None; subjects];
        // One round more than is counted: a subject's round ends where its next begins.
        for round in 0..=effort.rounds {
            for at in 0..subjects {
                let at = (at + round) % subjects;
                let (_, server, load, measured) = &mut running[at];
                let now = server.processor_time();
                if let Some((before, requests)) = began[at] {
                    let spent = (now - before).as_secs_f64() * 1e6;
                    measured.processor_us.push(spent / requests as f64);
                }
                if round < effort.rounds {
                    let turn = load.run(effort.turn).await;
                    began[at] = Some((now, turn.requests));
                    measured.turns.push(turn);
                }
            }
        }
        let mut all = Vec::new();
        for (place, server, load, mut measured) in running {
            measured.memory = server.memory();
            let sent = load.sent();
            drop(load);
            let counted = server.end();
            if let Some(counted) = counted {
                assert_eq!(counted, sent, "{}", measured.subject.name());
            }
            place.remove().await;
            all.push(measured);
        }
        all
    })
}

/// Where a subject keeps what it counts.
enum Place {
    Nowhere,
    File(tempfile::TempDir),
    Database(Scratch),
}

impl Place {
    async fn make(subject: Subject) -> Self {
        if subject.is_on_postgres() {
            Self::Database(Scratch::create().await)
        } else if subject.is_on_sqlite() {
            Self::File(tempfile::tempdir().unwrap())
        } else {
            Self::Nowhere
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Nowhere => "-".to_owned(),
            Self::File(folder) => folder.path().join("metrics.db").display().to_string(),
            Self::Database(scratch) => scratch.url(),
        }
    }

    async fn remove(self) {
        if let Self::Database(scratch) = self {
            scratch.remove().await;
        }
    }
}
