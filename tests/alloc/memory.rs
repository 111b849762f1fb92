//! What a series takes, by shard: the table of docs/operations.md.

use std::{
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    time::{Clock, ManualClock},
};

use api_metrics_tests::sized;

use crate::{
    counting::live,
    traffic::{ALONE, START, Service},
};

/// What a series takes once, in bytes: its names, and its places in the registry and in the indexes.
const SERIES: isize = 250;

/// What a recorder takes beside its deltas, in bytes, once every shard has seen every series.
fn taken(shards: usize, series: usize, requests: u64) -> isize {
    let service = Service::new(series);
    let clock = Arc::new(ManualClock::at(START));
    let before = live();
    let mut options = RecorderOptions::default();
    options.shards = shards;
    options.clock = Arc::<ManualClock>::clone(&clock);
    let recorder = Recorder::new(options);
    // Twice, because each shard has two buffers.
    for interval in 0..2 {
        for shard in 0..shards {
            // Threads are given shards in turn.
            thread::scope(|scope| {
                let (recorder, service, clock) = (&recorder, &service, &clock);
                let seed = (interval * shards + shard) as u64 * 1_000_003;
                scope.spawn(move || service.serve(recorder, clock.unix_seconds(), requests, seed));
            });
        }
        let batch = recorder.begin_batch();
        recorder.acknowledge(batch);
        // What was delivered is freed.
        clock.advance(Duration::from_secs(61));
        recorder.acknowledge(batch);
    }
    let batch = recorder.begin_batch();
    recorder.acknowledge(batch);
    assert_eq!(recorder.status().series, series);
    let taken = live() - before;
    drop(recorder);
    taken
}

/// What a further series takes.
fn of_a_series(shards: usize, requests: u64) -> isize {
    let (few, many) = sized((640, 1_280), (160, 320));
    let more = taken(shards, many, requests) - taken(shards, few, requests);
    more / (many - few) as isize
}

#[test]
fn a_series_takes_as_much_as_the_documentation_says() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Requests of a series in each shard between two flushes, and bytes a shard.
    for (requests, a_shard) in [(3, 1_050), (60, 1_300), (200, 2_300)] {
        for shards in [1, 2, 8] {
            let bytes = of_a_series(shards, requests);
            println!("{shards} shards, {requests} requests in each: {bytes} bytes a series");
            let most = SERIES + a_shard * shards as isize;
            assert!(bytes <= most, "{bytes} bytes instead of {most}");
            assert!(
                bytes > most * 3 / 4,
                "{bytes} bytes: the documentation says {most}"
            );
        }
    }
}

#[test]
fn a_recorder_without_series_takes_an_index_for_each_buffer() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for shards in [1, 2, 8] {
        let before = live();
        let mut options = RecorderOptions::default();
        options.shards = shards;
        let recorder = Recorder::new(options);
        let bytes = live() - before;
        println!("{shards} shards: {bytes} bytes");
        // 16,384 entries of 4 bytes in each of two buffers, and a few kilobytes.
        let indexes = 2 * 65_536 * shards as isize;
        assert!((indexes..indexes + 8_192).contains(&bytes), "{bytes} bytes");
        drop(recorder);
    }
}
