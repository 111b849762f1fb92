//! A model of the protocol against all stores: random records, flushes, lost acknowledgements,
//! crashes, leaders, clocks, floors, failovers and reads, with every invariant checked on the tables
//! after each step.
//!
//! `MODEL_SEED` repeats one run, `MODEL_RUNS` sets how many runs each scenario gets, `MODEL_STEPS` how
//! long they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeMap;

mod buckets;
mod database;
mod drained;
mod flushes;
mod invariants;
mod mutations;
mod reads;
mod simulation;
mod snapshots;
mod steps;
mod sum;
mod tables;

use database::Database;
use simulation::{Scenario, Simulation};

/// What a run is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    Sqlite,
    /// Postgres, with the buckets in ClickHouse.
    ClickHouse,
}

const PLAIN: Scenario = Scenario {
    coarse: false,
    failover: false,
};
const COARSE: Scenario = Scenario {
    coarse: true,
    failover: false,
};
const FAILOVER: Scenario = Scenario {
    coarse: false,
    failover: true,
};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number"))
    })
}

/// At most this many times the runs that were asked for, until everything that can happen has happened.
const MOST_TIMES: u64 = 5;

/// Runs a scenario with as many seeds as asked for; the first are the same every time, so that a
/// failure is everybody's.
async fn runs(scenario: Scenario, kind: Kind, default: u64) {
    let steps = number("MODEL_STEPS").unwrap_or(100);
    // A model in which nothing happens proves nothing.
    let mut wanted = vec![
        "commits that nobody heard of",
        "numbers tried again",
        "flushes cancelled",
        "floors moved",
        "leaders interrupted",
        "reads held up",
    ];
    if kind != Kind::Sqlite {
        wanted.extend(["flushes with an unknown outcome", "flushes not sent"]);
    }
    if kind == Kind::Postgres {
        wanted.extend(["services folded side by side", "shares that failed alone"]);
    }
    if scenario.coarse {
        wanted.push("memories coarsened");
    }
    if scenario.failover {
        wanted.extend(match kind {
            // What becomes of records in memory is the same with Postgres alone, where a run takes a tenth of the time.
            Kind::ClickHouse => &["copies of a lost history"][..],
            Kind::Postgres | Kind::Sqlite => {
                &["records gone", "losses told", "abandoned histories"][..]
            }
        });
    }
    if kind == Kind::ClickHouse {
        wanted.push("buckets in trouble");
    }
    let (first, runs) = match number("MODEL_SEED") {
        Some(seed) => (seed, 1),
        None => (1, number("MODEL_RUNS").unwrap_or(default)),
    };
    let started = std::time::Instant::now();
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut done = 0;
    // Where a call is cancelled depends on the machine too: what has not happened yet may take more runs.
    let missing = |seen: &BTreeMap<&str, u64>| {
        wanted
            .iter()
            .find(|what| !seen.contains_key(**what))
            .copied()
    };
    while done < runs || runs >= default && done < MOST_TIMES * runs && missing(&seen).is_some() {
        let database = match kind {
            Kind::Postgres => Database::postgres(None).await,
            Kind::Sqlite => Database::sqlite(),
            Kind::ClickHouse => {
                let buckets = api_metrics_tests::ClickHouseDatabase::create().await;
                Database::postgres(Some((buckets, scenario.failover))).await
            }
        };
        let mut simulation = Simulation::new(first + done, scenario, database).await;
        simulation.look().await;
        for _ in 0..steps {
            simulation.step().await;
        }
        simulation.drain().await;
        for (what, n) in &simulation.seen {
            *seen.entry(what).or_default() += n;
        }
        done += 1;
    }
    println!(
        "{scenario:?}: {done} runs of {steps} steps in {:.1?}: {seen:?}",
        started.elapsed()
    );
    if runs >= default {
        assert_eq!(missing(&seen), None, "in no run");
    }
}

macro_rules! scenarios {
    ($($store:ident $kind:ident: $($name:ident $scenario:ident $runs:literal),*;)*) => { $(
        mod $store {
            use super::*;
            $(#[tokio::test] async fn $name() { runs($scenario, Kind::$kind, $runs).await; })*
        }
    )* };
}

scenarios! {
    postgres Postgres:
        counts_stay_exact_through_everything PLAIN 1,
        counts_stay_exact_while_memory_is_coarsened COARSE 1,
        counts_stay_exact_through_failovers FAILOVER 1;
    sqlite Sqlite:
        counts_stay_exact_through_everything PLAIN 2,
        counts_stay_exact_while_memory_is_coarsened COARSE 2,
        counts_stay_exact_through_failovers FAILOVER 2;
    clickhouse ClickHouse:
        counts_stay_exact_through_everything PLAIN 1,
        counts_stay_exact_while_memory_is_coarsened COARSE 1,
        counts_stay_exact_through_failovers FAILOVER 1;
}
