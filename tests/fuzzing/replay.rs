//! The committed corpus once more, in every run of the tests.
//!
//! `SEEDS=write` writes the made seeds; those that the fuzzer found are added by hand under the name of
//! what they showed.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod seeds;

use std::{collections::BTreeSet, env, fs, path::Path, path::PathBuf};

use api_metrics_fuzzing::targets;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn every_target_holds_over_its_corpus() {
    if env::var("SEEDS").as_deref() == Ok("write") {
        seeds::write(&corpus());
    }
    for (name, target) in targets() {
        let mut seeds = 0;
        for file in fs::read_dir(corpus().join(name)).unwrap() {
            let file = file.unwrap().path();
            // Told if it panics.
            eprintln!("{}", file.display());
            target(&fs::read(file).unwrap());
            seeds += 1;
        }
        assert!(seeds >= 10, "{name} has {seeds} seeds");
    }
}

/// The places of a seed that are damaged: all in `tests/long`, else all of its beginning and some of the rest.
fn damaged_places(length: usize) -> impl Iterator<Item = usize> {
    let stride = if env::var_os("TESTS_LONG").is_some() {
        1
    } else {
        5
    };
    let beginning = length.min(24);
    (0..beginning).chain((beginning..length).step_by(stride))
}

#[test]
fn every_target_holds_over_damaged_seeds() {
    for (name, target) in targets() {
        for file in fs::read_dir(corpus().join(name)).unwrap() {
            let whole = fs::read(file.unwrap().path()).unwrap();
            let whole = &whole[..whole.len().min(200)];
            for at in damaged_places(whole.len()) {
                target(&whole[..at]);
                for change in [1, 0x80, 0xff] {
                    let mut changed = whole.to_vec();
                    changed[at] ^= change;
                    target(&changed);
                }
            }
        }
    }
}

#[test]
fn every_target_has_a_fuzzer_and_every_fuzzer_a_target() {
    let fuzzers: BTreeSet<String> = fs::read_dir(corpus().join("../fuzz/fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let targets: BTreeSet<String> = targets().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(fuzzers, targets);
}
