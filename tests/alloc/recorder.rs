//! Recording allocates nothing once a series is known, and an outage fits into its budget.

use std::{
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

use api_metrics_layer::{MetricSink, RequestRecord, UNMATCHED};
use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    time::{Clock, ManualClock},
};
use api_metrics_tests::sized;

use crate::{
    counting::{allocations, live, take_peak},
    traffic::{ALONE, MIB, START, Service, at, scatter},
};

fn flush_elsewhere(recorder: &Recorder) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let n = recorder.begin_batch();
            recorder.acknowledge(n);
        });
    });
}

#[test]
fn a_record_of_a_known_series_allocates_nothing_through_flushes_and_minute_changes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = RecorderOptions::default();
    options.shards = 2;
    let recorder = Recorder::new(options);
    let service = Service::new(400);
    // An interval in the middle of a minute, one with a change of minute, and many requests of a series
    // so that the sketches take every form.
    let interval = |n: i64| {
        service.serve(&recorder, START + 60 * n, 70, 1);
        service.serve(&recorder, START + 60 * (n + 1), 70, 1);
    };
    let mut first = 0;
    for n in 0..6 {
        first += allocations(|| interval(n));
        flush_elsewhere(&recorder);
    }
    assert!(first > 400, "the counter counts: {first}");
    for n in 6..16 {
        assert_eq!(allocations(|| interval(n)), 0, "interval {n}");
        flush_elsewhere(&recorder);
    }
}

#[test]
fn records_beyond_the_bounds_and_unmatched_paths_allocate_nothing_either() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = RecorderOptions::default();
    options.shards = 1;
    options.max_series = 100;
    options.max_keys = 5;
    let recorder = Recorder::new(options);
    let service = Service::new(2_000);
    let paths: Vec<String> = (0..1_000).map(|i| format!("/wp-admin/{i}.php")).collect();
    let interval = || {
        service.serve(&recorder, START, 2, 1);
        for path in &paths {
            let mut record = RequestRecord::new("GET", UNMATCHED, at(START));
            record.unmatched_path = Some(path);
            recorder.record(&record);
        }
    };
    for _ in 0..4 {
        interval();
        flush_elsewhere(&recorder);
    }
    for _ in 0..4 {
        assert_eq!(allocations(interval), 0);
        flush_elsewhere(&recorder);
    }
    assert!(recorder.status().series_overflow > 0 && recorder.status().key_overflow > 0);
}

#[test]
fn a_flushed_series_allocates_nothing_for_latencies_that_it_held_before() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = RecorderOptions::default();
    options.shards = 1;
    let recorder = Recorder::new(options);
    let fill = || {
        for x in 0..100_000 {
            let mut record = RequestRecord::new("GET", "/orders", at(START));
            record.latency = Some(Duration::from_micros(scatter(x) % 5_000_000));
            recorder.record(&record);
        }
    };
    // Each of the shard's two buffers has a sketch.
    for _ in 0..2 {
        fill();
        flush_elsewhere(&recorder);
    }
    for _ in 0..2 {
        assert_eq!(allocations(fill), 0);
        flush_elsewhere(&recorder);
    }
}

#[test]
fn hours_without_the_store_at_five_thousand_series_stay_under_64_mib_and_lose_nothing() {
    /// Of every series in every ten seconds.
    const EACH: u64 = 2;
    let intervals: u64 = sized(900, 400);
    // A quarter of the series has a quarter of every bound.
    let series: usize = sized(5_000, 1_240);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let service = Service::new(series);
    let (before, _) = (live(), take_peak());
    let clock = Arc::new(ManualClock::at(START));
    let mut options = RecorderOptions::default();
    options.shards = 2;
    options.clock = clock.clone();
    // Reached sooner where fewer intervals are served.
    options.memory_budget = sized(options.memory_budget, options.memory_budget * 3 / 32);
    let recorder = Recorder::new(options);
    for interval in 0..intervals {
        let now = clock.unix_seconds();
        thread::scope(|scope| {
            for half in 0..2 {
                let (recorder, service) = (&recorder, &service);
                let seed = 1_000_000 * interval + half;
                scope.spawn(move || service.serve(recorder, now, EACH / 2, seed));
            }
        });
        clock.advance(Duration::from_secs(10));
        let n = recorder.begin_batch();
        recorder.release(n);
    }
    let outage = take_peak() - before;
    let status = recorder.status();
    println!(
        "peak in the outage {} KiB, estimate {} KiB, coarsened {:?}",
        outage / 1024,
        status.bytes / 1024,
        status.coarsened
    );
    assert!(outage < sized(64, 8) * MIB, "{outage} bytes in the outage");
    assert!(!status.coarsened.is_empty(), "the budget was reached");
    // The estimate that operators see is no fairy tale; the names of the series come on top.
    let live_now = live() - before;
    assert!(
        (status.bytes as isize) < live_now + sized(4, 1) * MIB
            && live_now < status.bytes as isize + sized(8, 2) * MIB
    );

    // The store is back: the flush reads row by row.
    let n = recorder.begin_batch();
    let contents = recorder.contents(0, n);
    let total = intervals * EACH * series as u64;
    let (mut requests, mut latencies, mut bytes, mut rows) = (0, 0, 0, 0);
    for row in contents.rows() {
        let bucket = row.bucket();
        requests += bucket.request_count;
        latencies += bucket.sketch.count();
        bytes += bucket.response_bytes;
        rows += 1;
    }
    let recovery = take_peak() - before;
    println!(
        "peak in the recovery {} KiB for {rows} rows",
        recovery / 1024
    );
    assert!(
        recovery < sized(64, 8) * MIB,
        "{recovery} bytes in the recovery"
    );
    assert_eq!((requests, latencies), (total, total));
    let expected: u64 = (0..intervals)
        .flat_map(|interval| [1_000_000 * interval, 1_000_000 * interval + 1])
        .flat_map(|seed| (1..=EACH / 2 * series as u64).map(move |i| (seed + i) % 3_000))
        .sum();
    assert_eq!(bytes, expected);
    drop(contents);

    recorder.acknowledge(n);
    clock.advance(Duration::from_secs(61));
    recorder.begin_batch();
    assert_eq!(recorder.status().unflushed_records, 0);
    let after = live() - before;
    println!("afterwards {} KiB", after / 1024);
    assert!(
        after < outage - sized(20, 2) * MIB,
        "what was delivered is freed"
    );
}
