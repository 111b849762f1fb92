//! The table of one shape.

use crate::{Measured, numbers::quantile, server::Subject, shape::Shape};

pub(crate) fn print(shape: Shape, all: &[Measured]) {
    let (routes, keys) = (shape.routes, shape.keys);
    println!("\n{routes} routes, {keys} keys\n");
    println!("| | µs a request | over bare | × bare | requests a second | p99, ms | memory, MiB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let bare = all
        .iter()
        .find(|measured| measured.subject == Subject::Bare);
    let bare: &[f64] = bare.map_or(&[], |bare| &bare.processor_us);
    for measured in all {
        // Compared within each round: the machine may be another one minutes later.
        let pairs = || measured.processor_us.iter().zip(bare);
        let spent = median(measured.processor_us.clone());
        let over = median(pairs().map(|(ours, bare)| ours - bare).collect());
        let times = median(pairs().map(|(ours, bare)| ours / bare).collect());
        let rate = median(measured.turns.iter().map(|turn| turn.a_second).collect());
        let p99 = measured.turns.iter().map(|turn| f64::from(turn.p99_us));
        let p99 = median(p99.collect()) / 1e3;
        let memory = measured.memory as f64 / 1_024.0;
        println!(
            "| {} | {spent:.2} | {over:.2} | {times:.2} | {rate:.0} | {p99:.2} | {memory:.1} |",
            measured.subject.name()
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5)
}
