//! The medians of one table's column.

use crate::support::quantile;

use crate::{
    subjects::{self, BODY_MAP},
    tables::Row,
    workers::{Round, Workers},
};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Effort {
    Quick,
    Full,
}

impl Effort {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        if name == "quick" {
            Self::Quick
        } else {
            Self::Full
        }
    }

    fn rounds(self) -> usize {
        match self {
            Self::Quick => 5,
            Self::Full => 41,
        }
    }
}

pub(crate) fn print(series: usize, threads: usize, effort: Effort) {
    let turn = Round {
        // Every series twice: the turns of the others have emptied the caches.
        warm: 10 + (2 * series).div_ceil(128),
        measured: 30,
    };
    let mut subjects = subjects::all(series);
    let workers = Workers::start(threads, series);
    for subject in &mut subjects {
        subject.check(series);
        // Both halves of what is double-buffered know all series.
        for _ in 0..4 {
            let turn = Round {
                warm: series.div_ceil(128),
                measured: 0,
            };
            workers.take_turn(subject.app(), turn);
            subject.rest(usize::MAX);
        }
    }
    let mut rounds: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..effort.rounds() {
        // Nobody always follows the same one.
        for at in 0..subjects.len() {
            let at = (at + round) % subjects.len();
            let subject = &mut subjects[at];
            let times = workers.take_turn(subject.app(), turn);
            subject.rest(turn.requests() * threads);
            rounds[at].push(median(times));
        }
    }
    // Compared within each round: the machine may be another one minutes later.
    let map = subjects.iter().position(|subject| subject.name == BODY_MAP);
    let map = rounds[map.unwrap()].clone();
    for (subject, rounds) in subjects.iter().zip(rounds) {
        let over = rounds.iter().zip(&map).map(|(a, b)| a - b).collect();
        let row = Row {
            subject: subject.name.to_owned(),
            total: median(rounds),
            over: median(over),
        };
        row.print();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5)
}
