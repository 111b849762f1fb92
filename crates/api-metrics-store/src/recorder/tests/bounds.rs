//! Whatever is asked for, memory stays within its bounds and totals exact.

use api_metrics_layer::{OTHER_ENDPOINT, OTHER_METHOD};

use super::*;
use crate::recorder::registry::OTHER_KEY;

const METHODS: [&str; 3] = ["GET", "POST", OTHER_METHOD];

#[test]
fn a_million_random_paths_methods_and_keys_stay_within_the_bounds() {
    const MAX: usize = 500;
    let (recorder, clock) = recorder(|o| {
        o.max_series = MAX;
        o.max_keys = 100;
    });
    let (mut dice, mut total, mut bytes) = (Dice(5), 0_u64, Vec::new());
    for round in 0..10 {
        for _ in 0..100_000 {
            let path = format!("/{}", dice.roll(1 << 40));
            let key = ApiKey::from(dice.roll(1 << 40) as i64);
            let mut record = request(&path, START + 60 * round);
            record.method = METHODS[dice.roll(3) as usize];
            record.api_key = (dice.roll(2) == 0).then_some(&key);
            recorder.record(&record);
        }
        let n = recorder.begin_batch();
        let deltas = recorder.contents(n - 1, n);
        total += deltas.records();
        recorder.acknowledge(n);
        let status = recorder.status();
        // Beyond the bound: every method with every key, the other key and none.
        assert!(status.series <= MAX + 3 * 102, "{} series", status.series);
        assert!(status.keys <= 100, "{} keys", status.keys);
        assert!(deltas.len() <= status.series);
        bytes.push(status.bytes);
        clock.advance(Duration::from_secs(10));
    }
    assert_eq!(total, 1_000_000);
    let status = recorder.status();
    assert!(status.series_overflow > 990_000, "{status:?}");
    assert!(status.key_overflow > 450_000, "{status:?}");
    // Retention is full after six rounds; from then on nothing grows.
    assert!(bytes[9] <= bytes[6] + bytes[6] / 20, "{bytes:?}");
}

#[test]
fn an_endpoint_too_many_is_other_but_keeps_method_and_key() {
    let (recorder, _) = recorder(|o| o.max_series = 2);
    let key = ApiKey::from("a");
    for endpoint in ["/1", "/2", "/3", "/4", "/1"] {
        for method in ["GET", "POST"] {
            let mut record = request(endpoint, START);
            (record.method, record.api_key) = (method, Some(&key));
            recorder.record(&record);
        }
    }
    let got: Vec<_> = rows(&everything(&recorder))
        .into_iter()
        .map(|((method, endpoint, key, _), bucket)| {
            (method, endpoint, key.unwrap(), bucket.request_count)
        })
        .collect();
    let row = |method: &str, endpoint: &str, n| (method.into(), endpoint.into(), "a".into(), n);
    assert_eq!(
        got,
        [
            row("GET", "/1", 2),
            row("GET", OTHER_ENDPOINT, 3),
            row("POST", "/1", 2),
            row("POST", OTHER_ENDPOINT, 3),
        ]
    );
    assert_eq!(recorder.status().series_overflow, 6);
    assert_eq!(recorder.status().key_overflow, 0);
}

#[test]
fn a_key_too_many_is_the_other_key_and_the_endpoint_stays() {
    let (recorder, _) = recorder(|o| o.max_keys = 1);
    for key in ["a", "b", "c", "a"] {
        let key = ApiKey::from(key);
        let mut record = request("/", START);
        record.api_key = Some(&key);
        recorder.record(&record);
    }
    recorder.record(&request("/", START));
    let got: Vec<_> = rows(&everything(&recorder))
        .into_iter()
        .map(|((_, endpoint, key, _), bucket)| (endpoint, key, bucket.request_count))
        .collect();
    let row = |key: Option<&str>, n| ("/".to_owned(), key.map(str::to_owned), n);
    assert_eq!(
        got,
        [row(None, 1), row(Some(OTHER_KEY), 2), row(Some("a"), 2)]
    );
    assert_eq!(recorder.status().key_overflow, 2);
    assert_eq!(recorder.status().keys, 1);
}

#[test]
fn the_bound_is_the_recorders_and_not_a_shards() {
    let (recorder, _) = recorder(|o| {
        o.shards = 8;
        o.max_series = 100;
    });
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let recorder = &recorder;
            scope.spawn(move || {
                for i in 0..200 {
                    // Half of the endpoints are common to all threads.
                    let endpoint = match i % 2 {
                        0 => format!("/common/{i}"),
                        _ => format!("/{thread}/{i}"),
                    };
                    recorder.record(&request(&endpoint, START));
                }
            });
        }
    });
    let deltas = everything(&recorder);
    assert_eq!(deltas.records(), 1_600);
    // The common <other> on top.
    assert_eq!(recorder.status().series, 101);
    assert_eq!(deltas.len(), 101);
}

#[test]
fn an_endpoint_that_is_no_label_is_made_one() {
    let (recorder, _) = recorder(|_| {});
    let long = "/é".repeat(1_000);
    for _ in 0..3 {
        recorder.record(&request(&long, START));
        recorder.record(&request("/nul\0", START));
    }
    let deltas = everything(&recorder);
    let got: Vec<_> = deltas
        .rows()
        .map(|row| (row.series.endpoint.len(), row.bucket().request_count))
        .collect();
    assert_eq!(got, [("/nul\u{fffd}".len(), 3), (1_024, 3)]);
    assert_eq!(recorder.status().series, 2);
}

#[test]
fn idle_series_and_keys_make_room_for_new_ones() {
    let (recorder, clock) = recorder(|o| {
        o.max_series = 100;
        o.max_keys = 100;
    });
    let visit = |name: &str| {
        for i in 0..100 {
            let (endpoint, key) = (format!("/{name}/{i}"), ApiKey::from(format!("{name}{i}")));
            let mut record = request(&endpoint, START);
            record.api_key = Some(&key);
            recorder.record(&record);
        }
    };
    let flush = || {
        let n = recorder.begin_batch();
        recorder.acknowledge(n);
    };
    visit("old");
    flush();
    visit("old");
    flush();
    assert_eq!(
        (recorder.status().series, recorder.status().keys),
        (100, 100)
    );
    let full = recorder.status().bytes;
    clock.advance(Duration::from_secs(901));
    // Each flush empties one buffer of every pair.
    flush();
    flush();
    assert_eq!((recorder.status().series, recorder.status().keys), (0, 0));
    assert!(recorder.status().bytes < full / 2);
    visit("new");
    flush();
    let status = recorder.status();
    assert_eq!((status.series, status.keys), (100, 100));
    assert_eq!((status.series_overflow, status.key_overflow), (0, 0));
}

#[test]
fn an_unsorted_import_is_drained_before_it_fills_memory() {
    let (recorder, _) = recorder(|o| o.shards = 1);
    let (mut dice, mut peak) = (Dice(9), 0);
    for _ in 0..60_000 {
        let minute = dice.roll(525_600) as i64;
        recorder.record(&request("/", START - 60 * minute));
        peak = peak.max(lock(&recorder.shards[0].0).records());
    }
    assert!(peak <= 17_000, "{peak} records waited");
    assert_eq!(everything(&recorder).records(), 60_000);
}

#[test]
fn many_series_are_spread_over_fewer_shards_and_nothing_is_lost() {
    let (recorder, clock) = recorder(|o| {
        o.shards = 16;
        o.max_series = 100_000;
    });
    let used = || recorder.mask.load(Ordering::Relaxed) + 1;
    let visit = |from: usize, to: usize| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let recorder = &recorder;
                scope.spawn(move || {
                    for i in (from..to).skip(thread).step_by(4) {
                        recorder.record(&request(&format!("/{i}"), START));
                    }
                });
            }
        });
        let n = recorder.begin_batch();
        recorder.acknowledge(n);
        recorder.contents(n - 1, n).records()
    };
    assert_eq!((visit(0, 1_000), used()), (1_000, 16));
    assert_eq!((visit(0, 5_000), used()), (5_000, 4));
    assert_eq!((visit(0, 10_000), used()), (10_000, 2));
    assert_eq!((visit(0, 21_000), used()), (21_000, 1));
    assert_eq!((visit(0, 100), used()), (100, 1));
    clock.advance(Duration::from_secs(901));
    assert_eq!((visit(0, 100), visit(0, 100)), (100, 100));
    assert_eq!(used(), 16);
}
